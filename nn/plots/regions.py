"""Which class a model gives every point of the plane, and the lines its first units see it by."""

from collections.abc import Callable, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nn.metrics import needs_threshold
from nn.modes import mode
from nn.module import Module
from nn.plots.chart import chart
from nn.plots.plane import (
    ON_THE_LINE,
    Line,
    Point,
    box_around,
    draw_box,
    draw_line,
    draw_points,
    draw_region,
    marker,
    points_of,
    region_key,
    two_classes,
)
from tinygrad_edu import Value
from tinygrad_edu.backprop import nodes
from tinygrad_edu.gates import dot

GRID = 60  # points in each direction at which the model is asked


def decision_regions(model: Module, inputs: Any, targets: Any, threshold: float = 0.0) -> Figure:
    """The decision boundary of a model with two inputs, its regions coloured and hatched, among the rows.

    A first layer's units are the straight lines where their `dot` gate is 0, each with an arrow to its positive side.

    inputs, targets  rows of two numbers; of a model with one output the targets are 0 and 1 or -1 and +1, of one with
                     several they are indices of its outputs
    threshold        where there is one output, the class is 1 above this: 0 for a logit or a decision, 0.5 for a
                     probability. Of several outputs the largest is the class

    Raises ValueError for a model or rows of another number of inputs, for a target that is no class of the model, and
    for a threshold that no probability can be below or above where the output is a sigmoid's.

    >>> from nn import Perceptron
    >>> figure = decision_regions(Perceptron([1, 1], bias=-1.5), [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1])
    >>> figure.axes[0].get_title()
    'decision boundary'
    """
    points, targets = points_of(inputs, targets)
    box = box_around(points)
    with mode(model, training=False):
        lines, hidden, outputs = _first_units(model, points[0], threshold)
        xs = [box.left + (box.right - box.left) * i / (GRID - 1) for i in range(GRID)]
        ys = [box.bottom + (box.top - box.bottom) * i / (GRID - 1) for i in range(GRID)]
        margins = _margins([[_numbers(model([x, y])) for x in xs] for y in ys], threshold)
    classes = _classes(targets, outputs)

    figure = chart(6.2, 4.2)
    panel = figure.subplots()
    for k, margin in enumerate(margins):
        draw_region(panel, xs, ys, margin, k)
    unit = "hidden unit" if hidden else "output"
    shown = False
    for k, line in enumerate(lines, start=1):
        label = f"{unit[0]}{k}" if len(lines) > 1 else ""
        shown |= draw_line(panel, box, line, "--", label, place=k / (len(lines) + 1))
    draw_points(panel, points, classes)
    draw_box(panel, box)
    panel.set(xlabel="x1", ylabel="x2", title="decision boundary", anchor="W")
    labels = two_classes(targets) if outputs == 1 else [f"class {k}" for k in range(outputs)]
    keys: list[Any] = [(region_key(k), Line2D([], [], **marker(k))) for k in range(len(labels))]
    if shown:
        keys.append(Line2D([], [], color="black", linestyle="--", linewidth=1.2))
        labels.append("w · x + b = 0" + (f"\nof each {unit}" if len(lines) > 1 else ""))
    figure.legend(keys, labels, loc="outside right center", frameon=False, handlelength=2.5, handleheight=1.6)
    return figure


def _first_units(model: Module, point: Point, threshold: float) -> tuple[list[Line], bool, int]:
    """The lines of the `dot` gates that take the two inputs, whether more gates of the kind follow, how many outputs.

    They are found in the graph of one call, so any model whose first units are `dot` gates has them.
    """
    x1, x2 = Value(point[0], "x1"), Value(point[1], "x2")
    try:
        answer = model([x1, x2])
    except (TypeError, ValueError) as error:
        raise ValueError(f"{model!r} has no boundary in the plane; asked about the row {point}: {error}") from error
    outputs = list(answer) if isinstance(answer, Sequence) else [answer]
    if len(outputs) == 1:
        needs_threshold(outputs[0], threshold)
    sums = {node for output in outputs for node in nodes(output) if node.gate is dot}
    first = [node.inputs for node in sums if node.inputs[2:4] == (x1, x2)]
    places = {parameter: i for i, parameter in enumerate(model.parameters())}
    first.sort(key=lambda wires: places.get(wires[0], len(places)))
    lines = [Line(w1.data, w2.data, bias[0].data if bias else 0.0) for w1, w2, _, _, *bias in first]
    return lines, len(sums) > len(first), len(outputs)


def _numbers(answer: Any) -> list[float]:
    return [float(x) for x in answer] if isinstance(answer, Sequence) else [float(answer)]


def _margins(answers: list[list[list[float]]], threshold: float) -> list[list[list[float]]]:
    """For each class a grid of numbers that are positive where the model decides for it."""
    if len(answers[0][0]) == 1:
        level = _level(sorted({answer[0] for row in answers for answer in row}), threshold)
        above = [[answer[0] - level or ON_THE_LINE for answer in row] for row in answers]
        return [[[-x for x in row] for row in above], above]

    def lead(k: int) -> Callable[[list[float]], float]:
        return lambda answer: answer[k] - max(answer[:k] + answer[k + 1 :])

    return [[[lead(k)(answer) for answer in row] for row in answers] for k in range(len(answers[0][0]))]


def _level(values: list[float], threshold: float) -> float:
    """Where between the outputs the boundary is drawn: halfway, if there are but two, a no and a yes."""
    if len(values) == 2 and values[0] <= threshold < values[1]:
        return sum(values) / 2.0
    return threshold


def _classes(targets: list[Any], outputs: int) -> list[int]:
    """The index of each target's class."""
    allowed = range(outputs) if outputs > 1 else (-1, 0, 1)
    for row, target in enumerate(targets):
        if target not in allowed:
            needed = f"a class from 0 to {outputs - 1}" if outputs > 1 else "0 or 1, or -1 or +1"
            raise ValueError(f"row {row} has the target {target!r}, where this model needs {needed}")
    return [int(target) for target in targets] if outputs > 1 else [int(target > 0) for target in targets]
