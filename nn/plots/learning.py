"""A perceptron learning: one frame for each change of its weights, side by side or as an animation."""

from pathlib import Path
from typing import Any

from matplotlib.animation import PillowWriter
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nn.mistakes import Learning
from nn.plots.chart import chart, panels
from nn.plots.plane import (
    Line,
    Point,
    box_around,
    draw_box,
    draw_line,
    draw_points,
    draw_sides,
    marker,
    points_of,
    region_key,
    two_classes,
)

MOST_FRAMES = 24  # side by side
PER_SECOND = 2  # frames of an animation
SIDE = 4.0  # inches of an animation
RING: dict[str, Any] = {"marker": "o", "markersize": 14, "color": "none", "markeredgecolor": "black"}


def learning_frames(learning: Learning, inputs: Any, targets: Any) -> Figure:
    """The line of a perceptron with two inputs after each correction, side by side, from left to right and down.

    The line before is dotted, the rows that led to the correction have rings, and the arrow shows the side of class 1.
    A frame of one colour has its line outside the picture: the perceptron then gives all of it the same class.
    Of more than 24 corrections, 24 are shown: the first, the last, and others evenly between.

    learning         what `learn_from_mistakes` returned
    inputs, targets  the rows that were learned; targets 0 and 1, or -1 and +1

    Raises ValueError if there was no correction, and for rows or weights that are not two.

    >>> from nn import Perceptron, learn_from_mistakes
    >>> rows, targets = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 1]
    >>> learning = learn_from_mistakes(Perceptron(2), rows, targets)
    >>> len(learning_frames(learning, rows, targets).axes) == len(learning.corrections)
    True
    """
    points, classes = _rows(learning, inputs, targets)
    last = len(learning.corrections) - 1
    count = min(last + 1, MOST_FRAMES)
    figure, axes = panels(count)
    for i, panel in enumerate(axes):
        _draw_frame(panel, learning, round(i * last / max(count - 1, 1)), points, classes)
    end = "interrupted" if learning.interrupted else "converged" if learning.converged else "has not converged"
    figure.supxlabel("x1")
    figure.supylabel("x2")
    keys: list[Any] = [
        Line2D([], [], color="black", linestyle=":"),
        Line2D([], [], color="black"),
        Line2D([], [], linestyle="none", **RING),
        *[(region_key(k), Line2D([], [], **marker(k))) for k in (0, 1)],
    ]
    words = ["line before", "line after", "misclassified", *two_classes(targets)]
    how = f"{end}: mistakes {learning.mistakes}, epochs {learning.epochs}"
    figure.legend(keys, words, title=how, loc="outside upper center", ncols=min(2 * count, 5), frameon=False)
    return figure


def learning_animation(learning: Learning, inputs: Any, targets: Any, path: str | Path) -> None:
    """Write the frames of `learning_frames`, all of them, to a GIF, two a second. The arguments are the same."""
    points, classes = _rows(learning, inputs, targets)
    figure = chart(SIDE, SIDE)
    panel = figure.subplots()
    writer = PillowWriter(fps=PER_SECOND)
    with writer.saving(figure, str(path), dpi=100):
        for k in range(len(learning.corrections)):
            panel.clear()
            _draw_frame(panel, learning, k, points, classes)
            panel.set(xlabel="x1", ylabel="x2")
            writer.grab_frame()


def _rows(learning: Learning, inputs: Any, targets: Any) -> tuple[list[Point], list[int]]:
    """The points and their classes, once there is something to draw."""
    if not learning.corrections:
        raise ValueError("there was no mistake, so there is no correction to draw")
    width = len(learning.corrections[0].weights)
    if width != 2:
        raise ValueError(f"a picture in the plane needs a perceptron of two inputs; this one has {width}")
    points, targets = points_of(inputs, targets)
    return points, [int(target > 0) for target in targets]


def _draw_frame(panel: Axes, learning: Learning, k: int, points: list[Point], classes: list[int]) -> None:
    correction = learning.corrections[k]
    box = box_around(points)
    lines = [Line(one.weights[0], one.weights[1], one.bias) for one in learning.corrections[max(k - 1, 0) : k + 1]]
    ends = box.ends(lines[0])
    draw_sides(panel, box, lines[-1])
    if k and ends is not None:
        panel.plot(*zip(*ends, strict=True), ":", color="black", linewidth=1.2)
    draw_line(panel, box, lines[-1])
    draw_points(panel, points, classes)
    panel.plot(*zip(*[points[i] for i in correction.rows], strict=True), linestyle="none", zorder=3, **RING)
    draw_box(panel, box)
    w1, w2 = correction.weights
    state = f"w = ({w1:.3g}, {w2:.3g}), b = {correction.bias:.3g}"
    panel.set_title(f"correction {k + 1}, epoch {correction.epoch + 1}\n{state}", fontsize="medium")
