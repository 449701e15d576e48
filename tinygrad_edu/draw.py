"""draw(): the graph as a picture, as in the lecture: on every wire the value above and the gradient below."""

from collections.abc import Mapping, Sequence
from typing import Literal

from tinygrad_edu.backprop import nodes
from tinygrad_edu.labels import escaped, one_line
from tinygrad_edu.ledger import ledger
from tinygrad_edu.names import names
from tinygrad_edu.numerals import brief
from tinygrad_edu.picture import Part, Picture
from tinygrad_edu.routes import routes
from tinygrad_edu.value import Value

Direction = Literal["right", "down"]

MOST_NODES = 1000  # a larger picture could not be read
SHORT = 5  # characters that a circle holds; a longer symbol has an ellipse
BLANK = "\N{NO-BREAK SPACE}"  # keeps the place of a text that is not there


def draw(
    output: Value,
    *,
    direction: Direction = "right",
    decimals: int = 2,
    local: bool = False,
) -> Picture:
    """The graph under `output`, every value a wire and every gate a circle between its wires.

    On a wire stand its label, its value and, after backward(), its gradient. A constant is written into the gate that
    it enters, as in `×-1`.

    direction  in which the forward pass runs: `right` or `down`
    decimals   of the numbers shown; a very small or large one is shown by its power of ten
    local      whether the arrow into a gate shows the local gradient, ∂output/∂input

    >>> x, y = Value(2, "x"), Value(3, "y")
    >>> [line.split("[")[0].strip() for line in draw(x * y).source.splitlines() if "->" in line]
    ['g2 -> v2:w', 'v0:e -> g2', 'v1:e -> g2']
    """
    if direction not in ("right", "down"):
        raise ValueError(f"a picture runs 'right' or 'down', not {direction!r}")
    values = nodes(output)
    gradients = {node: node.grad for node in values} if any(node.grad for node in values) else {}
    slopes = {wire: row.local for wire, row in routes(output, ledger(output).backward).items()} if local else {}
    return picture(values, gradients, slopes, direction=direction, decimals=decimals)


def picture(
    values: Sequence[Value],
    gradients: Mapping[Value, float],
    slopes: Mapping[tuple[Value, int], float],
    *,
    direction: Direction = "right",
    decimals: int = 2,
) -> Picture:
    """The picture of `nodes(output)` with these gradients, whatever stands in `.grad`, and these local gradients.

    values     every Value of the graph, each after what it was made from
    gradients  of the values; a value that is not among them shows none
    slopes     by a gate's output and the place of the wire among its wires; a wire that is not among them shows none

    Value i is `v{i}`, the gate that made it `g{i}`, the wire in that gate's place k `w{i}-{k}`, and what leads from the
    gate to the value `o{i}`.
    """
    import graphviz

    ahead, behind = ("e", "w") if direction == "right" else ("s", "n")
    graph = graphviz.Digraph(
        graph_attr={"rankdir": "LR" if direction == "right" else "TB", "nodesep": "0.15", "ranksep": "0.3"},
        node_attr={"shape": "record", "fontname": "Arial", "fontsize": "11", "height": "0.2", "width": "0.2"},
        edge_attr={"arrowsize": "0.6", "fontname": "Arial", "fontsize": "9"},
    )
    parts: dict[str, Part] = {}
    places = {node: i for i, node in enumerate(values)}
    called = {node: one_line(name) for node, name in names(values).items()}

    for i, node in enumerate(values):
        equation = _equation(node, called)
        name = one_line(node.label)
        data, grad = brief(node.data, decimals), BLANK
        title = f"{equation}\nvalue {node.data!r}"
        if node in gradients:
            grad = brief(gradients[node], decimals)
            title += f"\ngradient {gradients[node]!r}"
        fields = "|".join([escaped(name)] * bool(name) + [f"{{{data}|{grad}}}"])
        graph.node(f"v{i}", f"{{{fields}}}", id=f"v{i}")
        kinds = ["value"] + ["leaf input"] * (node.gate is None) + ["output"] * (i == len(values) - 1)
        parts[f"v{i}"] = Part(" ".join(kinds), title, ("name", "data", "grad") if name else ("data", "grad"))
        if node.gate is None:
            continue

        symbol = _symbol(node)
        shape = "circle" if max(map(len, symbol)) <= SHORT else "ellipse"
        graph.node(f"g{i}", "\\n".join(map(escaped, symbol)), id=f"g{i}", shape=shape, margin="0.02")
        parts[f"g{i}"] = Part("gate", f"{node.gate.name} gate: {equation}", ("symbol",) * len(symbol))
        graph.edge(f"g{i}", f"v{i}:{behind}", id=f"o{i}", arrowhead="none", weight="4")
        parts[f"o{i}"] = Part("out", equation)
        ordered = node.second is not None and node.gate.name in ORDERED
        for k, wire in enumerate(node.wires()):
            if type(wire) is float:
                continue
            labels: dict[str, str] = {}
            texts: tuple[str, ...] = ()
            if (node, k) in slopes:
                labels["label"] = brief(slopes[node, k], decimals)
                texts += ("local",)
            if ordered and type(node.first) is Value and type(node.second) is Value:
                labels["headlabel"] = ("1st", "2nd")[k]
                texts += ("order",)
            graph.edge(f"v{places[wire]}:{ahead}", f"g{i}", id=f"w{i}-{k}", **labels)
            parts[f"w{i}-{k}"] = Part("wire", f"{called[wire]} enters {equation}", texts)
    title = f"the graph of {called[values[-1]]}: {len(values)} values"
    return Picture(graph.source, title, parts)


ORDERED = ("sub", "div", "pow")  # gates of two inputs that may not change places


def _symbol(node: Value) -> list[str]:
    """The lines in a gate's circle: its symbol with the constants that enter it."""
    assert node.gate
    symbol = node.gate.label
    constants = [f"{wire:.4g}" for wire in node.wires() if type(wire) is float]
    if len(constants) > 1:
        return [symbol, f"{len(constants)} constants"]
    if not constants:
        return [symbol]
    if type(node.first) is float:
        return [f"{constants[0]} {symbol}"]
    apart = len(symbol) > 1 or (symbol in "+−" and constants[0].startswith("-"))
    return [symbol + " " * apart + constants[0]]


def _equation(node: Value, called: Mapping[Value, str]) -> str:
    """How a value was made, in names: `q = add(x, y)`."""
    if node.gate is None:
        return called[node]
    wires = node.wires()
    inputs = [f"{x:.6g}" if type(x) is float else called[x] for x in wires[:8]] + ["…"] * (len(wires) > 8)
    return f"{called[node]} = {node.gate.name}({', '.join(inputs)})"
