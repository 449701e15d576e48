"""A graph too large to read, in a few boxes: the layers of its model, or its gates by kind and depth, counted."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from heapq import nlargest
from typing import Any, Literal

from tinygrad_edu.drawing.diagram import counted
from tinygrad_edu.drawing.labels import escaped, one_line
from tinygrad_edu.drawing.picture import Part, Picture
from tinygrad_edu.numerals import brief
from tinygrad_edu.value import Group, Value

MOST_BOXES = 40
BANDS = (12, 6, 3, 1)  # into how many the depths are cut when there are too many for a box each
NAMED = 3  # of the largest gradients

INPUTS = (-1, "inputs")  # the box of the leaves that are not parameters
Box = str | tuple[int, str]  # what the values of one box share: a part of the model, or a depth and a kind of gate


def summary(
    order: Sequence[Any],
    gradients: Mapping[Value, float],
    parameters: Mapping[Value, str],
    homes: Mapping[Value, str],
    *,
    direction: Literal["right", "down"],
    decimals: int,
) -> Picture:
    """A picture of `topological_order(output)` in boxes: one for each part of the model, one for the inputs, and for
    all else one for the gates of one kind at one depth, or in one band of depths where there are too many.

    A box says how many gates it stands for and how large their gradients are; an arrow, how many wires.
    """
    from tinygrad_edu.drawing.sheet import Sheet

    boxes, bands = _boxes(order, homes)
    keys = {box: f"b{j}" for j, box in enumerate(dict.fromkeys(boxes.values()))}
    gates = Counter([box for node, box in boxes.items() if node.gate])
    leaves = Counter([box for node, box in boxes.items() if not node.gate])
    steepest: dict[Box, float] = defaultdict(float)
    for node, gradient in gradients.items():
        steepest[boxes[node]] = max(steepest[boxes[node]], abs(gradient))

    sheet = Sheet(direction, len(keys))
    for box, key in keys.items():
        lines = [(one_line(box if type(box) is str else box[1]), "name")]
        if gates[box]:
            lines.append((counted(gates[box], "gate"), "count"))
        if leaves[box]:
            lines.append((counted(leaves[box], "input" if box == INPUTS else "parameter"), "count"))
        if gradients:
            lines.append((f"∂ up to {brief(steepest[box], decimals)}", "grad"))
        classes = "gate folded" + " output" * (box == boxes[order[-1]])
        part = Part(classes, ", ".join([text for text, _ in lines]), tuple([kind for _, kind in lines]))
        sheet.node(key, "\\n".join([escaped(text) for text, _ in lines]), part, shape="box", style="rounded")
    for j, ((tail, head), wires) in enumerate(_arrows(order, boxes).items()):
        look = {"label": f"{wires:,}"} if wires > 1 else {}
        part = Part("wire", counted(wires, "wire"), ("count",) * len(look))
        sheet.edge(f"e{j}", keys[tail], keys[head], part, **look)

    stands_for = ["a part of the model"] * bool(homes)
    stands_for += [f"gates of one kind {f'in one of {bands} bands of depth' if bands else 'at one depth'}"]
    remark = f"A summary of {len(boxes):,} values: a box stands for {' or '.join(stands_for)}"
    if named := {node: node.label or parameters[node] for node in gradients if node.label or node in parameters}:
        largest = nlargest(NAMED, named, key=lambda node: abs(gradients[node]))
        shown = [f"{one_line(named[node])} {brief(gradients[node], decimals)}" for node in largest]
        remark += f". Largest gradients: {', '.join(shown)}"
    return sheet.picture(remark, remark)


def _boxes(order: Sequence[Any], homes: Mapping[Value, str]) -> tuple[dict[Value, Box], int]:
    """The box of every value, and into how many bands the depths were cut, 0 if they were not."""
    depths = _depths(order)
    deepest = max(depths.values())
    for bands in (0, *BANDS):
        boxes: dict[Value, Box] = {}
        alike: dict[Box, Box] = {}  # one tuple for all that are in one box
        for node in order:
            if type(node) is Group:
                continue
            if node in homes:
                boxes[node] = homes[node]
            elif node.gate is None:
                boxes[node] = INPUTS
            else:
                depth = depths[node]
                box = (depth * bands // (deepest + 1) if bands else depth, node.gate.name)
                boxes[node] = alike.setdefault(box, box)
                if len(alike) > MOST_BOXES and bands != BANDS[-1]:
                    break
        else:
            break
    return boxes, bands


def _depths(order: Sequence[Any]) -> dict[Any, int]:
    """How many gates the longest path to each value, or to a member of each group, has."""
    depths: dict[Any, int] = {}
    for node in order:
        if type(node) is Group:
            depths[node] = max([depths[x] for x in node.members if type(x) is not float], default=0)
        elif node.gate is None:
            depths[node] = 0
        else:
            deepest = 0
            for x in _operands(node):
                depth = depths.get(x, 0)
                if depth > deepest:
                    deepest = depth
            depths[node] = deepest + 1
    return depths


def _operands(node: Value) -> tuple[Any, ...]:
    """`node.operands()` as the graph holds them, in less time; None where a gate of one input has no other."""
    return node.first if type(node.first) is tuple else (node.first, node.second)


def _arrows(order: Sequence[Any], boxes: Mapping[Value, Box]) -> dict[tuple[Box, Box], int]:
    """How many wires lead from box to box."""
    arrows: dict[Box, dict[Box, int]] = defaultdict(lambda: defaultdict(int))  # by their heads
    of_group: dict[Group, Counter[Box]] = {}
    for node in order:
        if type(node) is Group:
            of_group[node] = Counter([boxes[x] for x in node.members if type(x) is not float])
            continue
        tails = arrows[boxes[node]]
        for x in _operands(node):
            if x in boxes:
                tails[boxes[x]] += 1
            elif x in of_group:
                for tail, wires in of_group[x].items():
                    tails[tail] += wires
    return {(tail, head): wires for head, tails in arrows.items() for tail, wires in tails.items() if tail != head}
