"""A graph too large to read, in a few boxes: the layers of its model, or its gates by kind and depth, counted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from heapq import nlargest
from typing import Any, Literal

from tinygrad_edu.drawing.labels import escaped, one_line
from tinygrad_edu.drawing.picture import Part, Picture
from tinygrad_edu.numerals import brief, counted
from tinygrad_edu.value import Group, Value

MOST_BOXES = 40
BANDS = (12, 6, 3, 1)  # into how many the depths are cut when there are too many for a box each
NAMED = 3  # of the largest gradients

INPUTS = (-1, "inputs")  # the box of the leaves that are not parameters
Box = str | tuple[int, str]  # what the values of a box share: a part of the model, or a depth and a kind of gate


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

    boxes, kinds, bands = _boxes(order, homes)
    gates = Counter([box for node, box in boxes.items() if node.gate])
    leaves = Counter([box for node, box in boxes.items() if not node.gate])
    steepest = [0.0] * len(kinds)
    for node, gradient in gradients.items():
        if abs(gradient) > steepest[boxes[node]]:
            steepest[boxes[node]] = abs(gradient)

    sheet = Sheet(direction, len(kinds))
    for box, kind in enumerate(kinds):
        lines = [(one_line(kind if type(kind) is str else kind[1]), "name")]
        if gates[box]:
            lines.append((counted(gates[box], "gate"), "count"))
        if leaves[box]:
            lines.append((counted(leaves[box], "input" if kind == INPUTS else "parameter"), "count"))
        if gradients:
            lines.append((f"∂ up to {brief(steepest[box], decimals)}", "grad"))
        classes = "gate folded" + " output" * (box == boxes[order[-1]])
        part = Part(classes, ", ".join([text for text, _ in lines]), tuple([style for _, style in lines]))
        sheet.node(f"b{box}", "\\n".join([escaped(text) for text, _ in lines]), part, shape="box", style="rounded")
    for j, ((tail, head), wires) in enumerate(_arrows(order, boxes).items()):
        look = {"label": f"{wires:,}"} if wires > 1 else {}
        part = Part("wire", counted(wires, "wire"), ("count",) * len(look))
        sheet.edge(f"e{j}", f"b{tail}", f"b{head}", part, **look)

    stands_for = ["a part of the model"] * bool(homes)
    stands_for += [f"gates of one kind {f'in one of {bands} bands of depth' if bands else 'at one depth'}"]
    remark = f"A summary of {len(boxes):,} values: a box stands for {' or '.join(stands_for)}"
    if named := {node: node.label or parameters[node] for node in gradients if node.label or node in parameters}:
        largest = nlargest(NAMED, named, key=lambda node: abs(gradients[node]))
        shown = [f"{one_line(named[node])} {brief(gradients[node], decimals)}" for node in largest]
        remark += f". Largest gradients: {', '.join(shown)}"
    return sheet.picture(remark, remark)


def _boxes(order: Sequence[Any], homes: Mapping[Value, str]) -> tuple[dict[Value, int], list[Box], int]:
    """The number of each value's box, what each box stands for, and how many bands the depths are cut into, if any."""
    depths = _depths(order)
    deepest = max(depths.values())
    for bands in (0, *BANDS):
        boxes: dict[Value, int] = {}
        numbers: dict[Box, int] = {}
        for node in order:
            if type(node) is Group:
                continue
            box: Box = INPUTS
            if node in homes:
                box = homes[node]
            elif node.gate:
                box = (depths[node] * bands // (deepest + 1) if bands else depths[node], node.gate.name)
            boxes[node] = numbers.setdefault(box, len(numbers))
            if len(numbers) > MOST_BOXES and bands != BANDS[-1]:
                break
        else:
            break
    return boxes, list(numbers), bands


def _depths(order: Sequence[Any]) -> dict[Any, int]:
    """How many gates the longest path to each value, or to a member of each group, has."""
    depths: dict[Any, int] = {}
    for node in order:
        if type(node) is Group:
            depths[node] = max([depths[x] for x in node.members if type(x) is not float], default=0)
        elif node.gate is None:
            depths[node] = 0
        elif type(node.first) is tuple:
            depths[node] = 1 + max([depths.get(x, 0) for x in node.first])
        else:
            first, second = depths.get(node.first, 0), depths.get(node.second, 0)
            depths[node] = 1 + (first if first > second else second)
    return depths


def _arrows(order: Sequence[Any], boxes: Mapping[Value, int]) -> dict[tuple[int, int], int]:
    """How many wires lead from box to box."""
    arrows: Counter[tuple[int, int]] = Counter()
    of_group: dict[Group, Counter[int]] = {}
    for node in order:
        if type(node) is Group:
            of_group[node] = Counter([boxes[x] for x in node.members if type(x) is not float])
            continue
        head = boxes[node]
        for x in node.first if type(node.first) is tuple else (node.first, node.second):
            if x in of_group:
                for tail, wires in of_group[x].items():
                    arrows[tail, head] += wires
            elif boxes.get(x, head) != head:
                arrows[boxes[x], head] += 1
    return {(tail, head): wires for (tail, head), wires in arrows.items() if tail != head}
