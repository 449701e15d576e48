"""Sheet: what is drawn piece by piece, as DOT for Graphviz and, beside it, what the dressing of its SVG needs."""

from collections.abc import Mapping
from typing import Literal

import graphviz

from tinygrad_edu.drawing.labels import escaped
from tinygrad_edu.drawing.picture import Part, Picture

LARGE = 300  # nodes, and places of edges at what they pass, from which on a quick layout is preferred to the best one
QUICK = {"nslimit": "0.2", "nslimit1": "0.2", "mclimit": "0.1"}
TANGLED = 1000  # places of edges, from which on to lead them around what they pass takes longest
STRAIGHT = {"splines": "line"}


class Sheet:
    """Nodes, edges and frames around them, each found again in the SVG by its key, which becomes its id.

    direction  in which the edges run
    nodes      about how many there will be, and texts on edges
    passed     about how many of them the edges run past, all together
    gap        between a node and the next in that direction, in inches
    """

    def __init__(self, direction: Literal["right", "down"], nodes: int, passed: int = 0, gap: float = 0.3) -> None:
        if direction not in ("right", "down"):
            raise ValueError(f"a picture runs 'right' or 'down', not {direction!r}")
        self.direction = direction
        self.ahead, self.behind = ("e", "w") if direction == "right" else ("s", "n")
        self.sides = ("nw", "sw") if direction == "right" else ("nw", "ne")
        self.graph = graphviz.Digraph(
            graph_attr={
                "rankdir": "LR" if direction == "right" else "TB",
                "nodesep": "0.15",
                "ranksep": f"{gap:.2g}",
                "fontname": "Arial",
                "fontsize": "11",
                **(QUICK if nodes + passed > LARGE else {}),
                **(STRAIGHT if passed > TANGLED else {}),
            },
            node_attr={"id": r"\N", "fontname": "Arial", "fontsize": "11", "height": "0.2", "width": "0.2"},
            edge_attr={"fontname": "Arial", "fontsize": "9", "arrowsize": "0.6"},
        )
        self.frames: dict[str, graphviz.Digraph] = {}
        self.parts: dict[str, Part] = {}

    def node(self, key: str, label: str, part: Part, frame: str = "", **look: str) -> None:
        """A node with a label in DOT; inside a frame, and the frames around it, named as in `layers.0`."""
        self.parts[key] = part
        (self._frame(frame) if frame else self.graph).body.append(_statement(key, {"label": label, **look}))

    def edge(self, key: str, tail: str, head: str, part: Part, **look: str) -> None:
        """An edge from node to node."""
        self.parts[key] = part
        self.graph.body.append(_statement(f"{tail} -> {head}", {"id": key, **look}))

    def picture(self, title: str, remark: str = "") -> Picture:
        """All that was drawn. The remark stands below it."""
        for name in sorted(self.frames, key=lambda name: name.count("."), reverse=True):
            self._around(name).subgraph(self.frames[name])
        if self.frames:
            self.graph.attr(remincross="false")  # it would shuffle what is in the frames
        if remark:
            self.graph.attr(label=escaped(remark), labelloc="b")
        return Picture(self.graph.source, title, self.parts)

    def _frame(self, name: str) -> graphviz.Digraph:
        if name not in self.frames:
            key = f"f{len(self.frames)}"
            look = {"id": key, "label": escaped(name), "style": "rounded", "margin": "6"}
            self.frames[name] = graphviz.Digraph(f"cluster_{key}", graph_attr=look)
            self.parts[key] = Part("frame", name, ("name",))
        return self.frames[name]

    def _around(self, name: str) -> graphviz.Digraph:
        """The innermost other frame that a frame is inside of."""
        while "." in name:
            name = name.rpartition(".")[0]
            if name in self.frames:
                return self.frames[name]
        return self.graph


def _statement(subject: str, look: Mapping[str, str]) -> str:
    """A node or an edge in DOT. Graphviz's package asks of each word whether it must be quoted; here all are."""
    attributes = [name + '="' + text.replace('"', r"\"") + '"' for name, text in look.items()]
    return f"\t{subject} [{' '.join(attributes)}]\n"
