"""A graph value by value: wires that carry numbers, and circles for the gates between them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tinygrad_edu.anatomy import slots
from tinygrad_edu.labels import escaped, one_line
from tinygrad_edu.ledger import BackwardRow
from tinygrad_edu.names import names
from tinygrad_edu.numerals import brief
from tinygrad_edu.picture import Part, Picture
from tinygrad_edu.value import Group, Value

if TYPE_CHECKING:
    from tinygrad_edu.sheet import Direction

BLANK = "\N{NO-BREAK SPACE}"  # keeps the place of a text that is not there
SHORT = 5  # characters that a circle holds; a longer symbol has an ellipse
ORDERED = ("sub", "div", "pow")  # gates of two inputs that may not change places


def diagram(
    values: Sequence[Value],
    gradients: Mapping[Value, float],
    rows: Mapping[tuple[Value, int], BackwardRow],
    *,
    direction: "Direction" = "right",
    decimals: int = 2,
    show_values: bool = True,
    local: bool = False,
    copies: bool = False,
    parameters: Mapping[Value, str] | None = None,
    homes: Mapping[Value, str] | None = None,
    fold: bool = False,
) -> Picture:
    """The picture of `nodes(output)` with these gradients, whatever stands in `.grad`.

    values      every Value of the graph, each after what it was made from
    gradients   of the values; one that is not among them shows none
    rows        of the ledger, as `routes` gives them: for local gradients and for those of copies' branches
    parameters  their names in a model
    homes       the part of the model that a value belongs to, framed or, with `fold`, drawn as one box

    Value i is `v{i}`, the gate that made it `g{i}`, the wire in that gate's place k `w{i}-{k}`, and what leads from
    the gate to the value `o{i}`. The copy gate of value i is `c{i}`, what leads to it `s{i}`.
    """
    from tinygrad_edu.sheet import Sheet

    parameters, homes = parameters or {}, homes or {}
    sheet = Sheet(direction, len(values))
    places = {node: i for i, node in enumerate(values)}
    called = {node: one_line(name) for node, name in names(values).items()}
    called |= {node: one_line(name) for node, name in parameters.items() if not node.label}
    folded = homes if fold else {}
    boxes = {part: f"b{j}" for j, part in enumerate(dict.fromkeys(folded.values()))}
    leaving = _leaving(values, folded)
    fans = Counter(x for node in values for x in node.wires() if type(x) is Value) if copies else Counter()
    sources = {}  # where the wires from a value begin
    drawn = set()

    for part, key in boxes.items():
        inside = [node for node in values if folded.get(node) == part]
        gates = sum(node.gate is not None for node in inside)
        count = f"{_count(gates, 'gate')}, {_count(len(inside) - gates, 'parameter')}"
        look = Part("gate folded", f"{part}: {count}", ("name", "count"))
        sheet.node(key, f"{escaped(one_line(part))}\\n{count}", look, shape="box", style="rounded")

    for i, node in enumerate(values):
        box = boxes.get(folded.get(node, ""))
        frame = "" if fold else homes.get(node, "")
        equation = _equation(node, called)

        if box and node.gate is None:
            sources[node] = box
        elif not box or node in leaving:
            name = one_line(node.label or parameters.get(node, "").removeprefix(f"{frame}."))
            title = f"{equation}\nvalue {node.data!r}"
            data, grad = brief(node.data, decimals) if show_values else BLANK, BLANK
            if node in gradients:
                grad = brief(gradients[node], decimals)
                title += f"\ngradient {gradients[node]!r}"
            kinds = ["value"]
            if node.gate is None:
                kinds += ["leaf", "parameter" if node in parameters else "input"]
            if i == len(values) - 1:
                kinds += ["output"]
            fields = [escaped(name), f"{{{data}|{grad}}}"] if name else [f"{{{data}|{grad}}}"]
            texts = ("name", "data", "grad") if name else ("data", "grad")
            part = Part(" ".join(kinds), title, texts)
            sheet.node(f"v{i}", f"{{{'|'.join(fields)}}}", part, frame, shape="record")
            sources[node] = f"v{i}:{sheet.ahead}"
            if fans[node] > 1:
                sheet.node(f"c{i}", "copy", Part("gate copy", f"{called[node]} is copied", ("symbol",)), frame,
                           shape="circle", margin="0.02")
                sheet.edge(f"s{i}", sources[node], f"c{i}", Part("wire", f"{called[node]} is copied"), weight="4")
                sources[node] = f"c{i}"

        if node.gate is None:
            continue
        gate = box or f"g{i}"
        if not box:
            symbol = _symbol(node)
            shape = "circle" if max(map(len, symbol)) <= SHORT else "ellipse"
            part = Part("gate", f"{node.gate.name} gate: {equation}", ("symbol",) * len(symbol))
            sheet.node(gate, "\\n".join(map(escaped, symbol)), part, frame, shape=shape, margin="0.02")
        if not box or node in leaving:
            sheet.edge(f"o{i}", gate, f"v{i}:{sheet.behind}", Part("out", equation), arrowhead="none", weight="4")
        for k, (slot, x) in enumerate(zip(_slot_names(node), node.wires(), strict=True)):
            if type(x) is float or (box and folded.get(x) == folded[node]):
                continue
            if box:
                if (sources[x], box) not in drawn:
                    drawn.add((sources[x], box))
                    sheet.edge(f"w{i}-{k}", sources[x], box, Part("wire", f"{called[x]} enters {folded[node]}"))
                continue
            labels = []
            row = rows.get((node, k))
            if row and local:
                labels.append((brief(row.local, decimals), "local"))
            if row and fans[x] > 1 and gradients:
                labels.append((brief(row.downstream, decimals), "branch"))
            look = {"label": "\\n".join(text for text, _ in labels)} if labels else {}
            texts = tuple(kind for _, kind in labels)
            if node.gate.name in ORDERED and type(node.first) is type(node.second):
                look["headlabel"] = ("1st", "2nd")[k]
                texts += ("order",)
            part = Part(f"wire {slot}", f"{called[x]} enters {equation}", texts)
            sheet.edge(f"w{i}-{k}", sources[x], gate, part, **look)
    return sheet.picture(f"the graph of {called[values[-1]]}: {_count(len(values), 'value')}")


def _leaving(values: Sequence[Value], folded: Mapping[Value, str]) -> set[Value]:
    """The values that leave the box that they are folded into: the output, and what enters gates elsewhere."""
    if not folded:
        return set()
    elsewhere = {x for node in values for x in node.wires() if type(x) is not float and folded.get(x) != folded.get(node)}
    return elsewhere | {values[-1]}


def _symbol(node: Value) -> list[str]:
    """The lines in a gate's circle: its symbol with the constants that enter it."""
    assert node.gate
    symbol = node.gate.label
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
    """For each wire of a gate the name of what it is to the gate, as the table calls it: `weights`, `x`."""
    assert node.gate
    named = zip(node.gate.takes.replace("[]", "").split(", "), slots(node), strict=False)
    return [name for name, x in named for _ in range(len(x) if type(x) is Group else x is not None)]


def _equation(node: Value, called: Mapping[Value, str]) -> str:
    """How a value was made, in names: `q = add(x, y)`."""
    if node.gate is None:
        return called[node]
    wires = node.wires()
    inputs = [f"{x:.6g}" if type(x) is float else called[x] for x in wires[:8]] + ["…"] * (len(wires) > 8)
    return f"{called[node]} = {node.gate.name}({', '.join(inputs)})"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + "s" * (number != 1)
