"""A graph value by value: wires that carry numbers, and circles for the gates between them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from tinygrad_edu.drawing.labels import escaped, one_line
from tinygrad_edu.drawing.lengths import passed
from tinygrad_edu.drawing.picture import Part, Picture
from tinygrad_edu.ledger import BackwardRow
from tinygrad_edu.names import names
from tinygrad_edu.numerals import brief, counted
from tinygrad_edu.value import Group, Value

BLANK = "\N{NO-BREAK SPACE}"  # keeps the place of a text that is not there
ROUND = 5  # characters that a circle holds; a longer symbol has an ellipse
ROOM = 7  # characters of the place in which a number can be written by hand
MANY = 6  # wires into one gate for which there must be some room
ORDERED = ("sub", "div", "pow")  # gates of two inputs that may not change places
PLACES = (
    {"headlabel": "1st", "labelangle": "-30", "labeldistance": "1.3"},
    {"headlabel": "2nd", "labelangle": "30", "labeldistance": "1.3"},
)


def diagram(
    values: Sequence[Value],
    gradients: Mapping[Value, float],
    rows: Mapping[tuple[Value, int], BackwardRow],
    *,
    direction: Literal["right", "down"] = "right",
    decimals: int = 2,
    numbers: bool = True,
    local: bool = False,
    copies: bool = False,
    parameters: Mapping[Value, str] | None = None,
    homes: Mapping[Value, str] | None = None,
    fold: bool = False,
    all_names: bool = False,
    asked: str = "",
) -> Picture:
    """The picture of `nodes(output)` with these gradients, whatever stands in `.grad`.

    values      every Value of the graph, each after what it was made from
    gradients   of the values; one that is not among them shows none
    rows        of the ledger, as `routes` gives them: for local gradients and those of the branches of a copy
    numbers     whether the values' own numbers are shown
    parameters  their names in a model
    homes       the part of the model that a value belongs to, framed or, with `fold`, drawn as one box
    all_names   whether a value without a label shows the name that ledgers give it
    asked       what stands, with room to write in, for what is to be found: the numbers that gates compute, and the
                gradients that are not given

    Value i is `v{i}`, the gate that made it `g{i}`, the wire in that gate's place k `w{i}-{k}`, and what leads from
    the gate to the value `o{i}`. The copy gate of value i is `c{i}`, what leads to it `s{i}`. Boxes are `b0`, `b1`, ...
    """
    drawing = Drawing(values, gradients, rows, direction, decimals, parameters or {}, homes or {})
    fans = Counter(x for node in values for x in node.wires() if type(x) is Value)
    copied = {x for x, wires in fans.items() if wires > 1} if copies else set()
    elsewhere = drawing.fold_parts() if fold else set()
    for i, node in enumerate(values):
        box = drawing.boxes.get(node)
        if node.gate is None and box:
            drawing.starts[node] = box
        elif not box or node in elsewhere:
            drawing.draw_value(i, node, numbers, all_names, asked.center(ROOM, BLANK) if asked else "")
            if node in copied:
                drawing.draw_copy(i, node)
        if node.gate and box:
            drawing.draw_wires_into_box(i, node, box, leaving=node in elsewhere)
        elif node.gate:
            drawing.draw_gate(i, node)
            drawing.draw_wires(i, node, local, copied if gradients else set())
    return drawing.sheet.picture(f"the graph of {drawing.called[values[-1]]}: {counted(len(values), 'value')}")


class Drawing:
    """What is known while a graph is drawn.

    called     what tooltips call each value
    equations  how each was made, in names
    boxes      the key of the box that a value is folded into
    starts     where the wires of a value begin: at the value, at its copy gate or at its box
    """

    def __init__(
        self,
        values: Sequence[Value],
        gradients: Mapping[Value, float],
        rows: Mapping[tuple[Value, int], BackwardRow],
        direction: Literal["right", "down"],
        decimals: int,
        parameters: Mapping[Value, str],
        homes: Mapping[Value, str],
    ) -> None:
        from tinygrad_edu.drawing.sheet import Sheet  # here, since it takes a while to load

        self.values = values
        self.gradients = gradients
        self.rows = rows
        self.decimals = decimals
        self.parameters = parameters
        self.homes = homes
        widest = max([len(node.wires()) for node in values])
        places = len(values) + len(rows)  # a text on an edge has one too
        self.sheet = Sheet(direction, places, passed(values), gap=0.8 if widest > MANY else 0.3)
        self.called = {node: one_line(name) for node, name in names(values).items()}
        self.called |= {node: one_line(name) for node, name in parameters.items() if not node.label}
        self.equations = {node: self.equation(node) for node in values}
        self.boxes: dict[Value, str] = {}
        self.starts: dict[Value, str] = {}
        self.entered: set[tuple[str, str]] = set()

    def fold_parts(self) -> set[Value]:
        """Draw a box for each part of the model. Returns the values that are needed outside of their boxes."""
        for j, part in enumerate(dict.fromkeys(self.homes.values())):
            inside = [node for node in self.values if self.homes.get(node) == part]
            self.boxes |= dict.fromkeys(inside, f"b{j}")
            gates = sum(node.gate is not None for node in inside)
            count = f"{counted(gates, 'gate')}, {counted(len(inside) - gates, 'parameter')}"
            look = Part("gate folded", f"{part}: {count}", ("name", "count"))
            self.sheet.node(f"b{j}", f"{escaped(one_line(part))}\\n{count}", look, shape="box", style="rounded")
        boxes = self.boxes
        wires = [(x, node) for node in self.values for x in node.wires() if type(x) is not float]
        return {x for x, node in wires if boxes.get(x) != boxes.get(node)} | {self.values[-1]}

    def draw_value(self, i: int, node: Value, numbers: bool, all_names: bool, asked: str) -> None:
        """A wire: the name of the value, its number, and its gradient."""
        frame = "" if self.boxes else self.homes.get(node, "")
        name = one_line(node.label or self.parameters.get(node, "").removeprefix(f"{frame}."))
        if all_names:
            name = name or self.called[node]
        title = self.equations[node]
        data = grad = asked or BLANK
        if node.gate is None or not asked:
            title += f"\nvalue {node.data!r}"
            data = brief(node.data, self.decimals) if numbers else BLANK
        if node in self.gradients:
            grad = brief(self.gradients[node], self.decimals)
            title += f"\ngradient {self.gradients[node]!r}"
        if self.sheet.direction == "down":  # side by side; as wide as each other, for the wire to run in the middle
            data, grad = (text.center(max(len(data), len(grad)), BLANK) for text in (data, grad))
        classes = "value"
        if node.gate is None:
            classes += " leaf parameter" if node in self.parameters else " leaf input"
        if node is self.values[-1]:
            classes += " output"
        fields = [escaped(name)] * bool(name) + [f"{{{data}|{grad}}}"]
        part = Part(classes, title, ("name", "data", "grad")[-1 - len(fields) :])
        self.sheet.node(f"v{i}", f"{{{'|'.join(fields)}}}", part, frame, shape="record")
        self.starts[node] = f"v{i}:{self.sheet.ahead}"

    def draw_copy(self, i: int, node: Value) -> None:
        """The copy gate of a value: its wires begin there."""
        title = f"copy gate: {self.called[node]} enters several gates, and its gradient is the sum of what they send"
        frame = "" if self.boxes else self.homes.get(node, "")
        part = Part("gate copy", title, ("symbol",))
        self.sheet.node(f"c{i}", "copy", part, frame, shape="circle", margin="0.02")
        self.sheet.edge(f"s{i}", self.starts[node], f"c{i}", Part("wire", title), weight="4")
        self.starts[node] = f"c{i}"

    def draw_gate(self, i: int, node: Value) -> None:
        """The circle of a gate, and what leads from it to the value that it made."""
        symbol = _symbol(node)
        look = {"shape": "circle" if max(map(len, symbol)) <= ROUND else "ellipse", "margin": "0.02"}
        if _order_matters(node):
            look["ordering"] = "in"
        title = f"{node.gate.name if node.gate else ''} gate: {self.equations[node]}"
        part = Part("gate", title, ("symbol",) * len(symbol))
        self.sheet.node(f"g{i}", "\\n".join(map(escaped, symbol)), part, self.homes.get(node, ""), **look)
        self.draw_output(i, node, f"g{i}")

    def draw_output(self, i: int, node: Value, gate: str) -> None:
        """What leads from a gate, or the box that it is in, to the value that it made."""
        part = Part("out", self.equations[node])
        self.sheet.edge(f"o{i}", gate, f"v{i}:{self.sheet.behind}", part, arrowhead="none", weight="4")

    def draw_wires(self, i: int, node: Value, local: bool, copied: set[Value]) -> None:
        """The arrows from values to a gate that they enter, with local gradients and those of copies' branches."""
        wires = list(enumerate(zip(node.wires(), _slot_names(node), strict=True)))
        for k, (x, slot) in reversed(wires) if self.homes else wires:  # in frames Graphviz puts the last one first
            if type(x) is float:
                continue
            texts = []
            if row := self.rows.get((node, k)):
                if local:
                    texts.append((brief(row.local, self.decimals), "local"))
                if x in copied:
                    texts.append((brief(row.downstream, self.decimals), "branch"))
            look = {"label": "\\n".join([text for text, _ in texts])} if texts else {}
            kinds = tuple([kind for _, kind in texts])
            if _order_matters(node):
                look |= PLACES[k]
                kinds += ("order",)
            part = Part(f"wire {slot}", f"{self.called[x]} enters {self.equations[node]}", kinds)
            side = f":{self.sheet.sides[k]}" if node.first is node.second else ""  # two like wires, in a bow each
            self.sheet.edge(f"w{i}-{k}", self.starts[x], f"g{i}{side}", part, **look)

    def draw_wires_into_box(self, i: int, node: Value, box: str, leaving: bool) -> None:
        """For a gate that is folded into a box the arrows that enter the box, one for each value however often."""
        if leaving:
            self.draw_output(i, node, box)
        for k, x in enumerate(node.wires()):
            if type(x) is float or self.boxes.get(x) == box or (self.starts[x], box) in self.entered:
                continue
            self.entered.add((self.starts[x], box))
            part = Part("wire", f"{self.called[x]} enters {self.homes[node]}")
            self.sheet.edge(f"w{i}-{k}", self.starts[x], box, part, headport=self.sheet.behind)

    def equation(self, node: Value) -> str:
        """How a value was made, in names: `q = add(x, y)`."""
        if node.gate is None:
            return self.called[node]
        wires = node.wires()
        inputs = [f"{x:.6g}" if type(x) is float else self.called[x] for x in wires[:8]] + ["…"] * (len(wires) > 8)
        return f"{self.called[node]} = {node.gate.name}({', '.join(inputs)})"


def _order_matters(node: Value) -> bool:
    two = type(node.first) is type(node.second) and node.first is not node.second
    return node.gate is not None and node.gate.name in ORDERED and two


def _symbol(node: Value) -> list[str]:
    """The lines in a gate's circle: its symbol with the constants that enter it."""
    symbol = node.gate.label if node.gate else ""
    constants = [f"{x:.4g}" for x in node.wires() if type(x) is float]
    if len(constants) > 1:
        return [symbol, f"{len(constants)} constants"]
    if not constants:
        return [symbol]
    if type(node.first) is float:
        return [f"{constants[0]} {symbol}"]
    apart = len(symbol) > 1 or (symbol in "+−" and constants[0].startswith("-"))
    return [symbol + " " * apart + constants[0]]


def _slot_names(node: Value) -> list[str]:
    """What each wire of a gate is to the gate, as the table calls it: `x`, `weights`."""
    takes = node.gate.takes.replace("[]", "").split(", ") if node.gate else []
    counts = [len(x) if type(x) is Group else 1 for x in node.operands()]
    return [name for name, count in zip(takes, counts, strict=False) for _ in range(count)]
