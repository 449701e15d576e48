"""A perceptron learning: one frame for each change of its weights, side by side or as an animation."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from matplotlib.animation import PillowWriter
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nn.plots.chart import chart, panels
from nn.plots.plane import Line, Point, box_around, draw_box, draw_line, draw_points, points_of

MOST_FRAMES = 24  # side by side
PER_SECOND = 2  # frames of an animation
SIDE = 4.0  # inches


class Correction(Protocol):
    """One change of the weights: the epoch, the rows whose mistakes led to it, and the numbers after it."""

    @property
    def epoch(self) -> int: ...  # noqa: D102

    @property
    def rows(self) -> tuple[int, ...]: ...  # noqa: D102

    @property
    def weights(self) -> tuple[float, ...]: ...  # noqa: D102

    @property
    def bias(self) -> float: ...  # noqa: D102


def learning_frames(corrections: Sequence[Correction], inputs: Any, targets: Any) -> Figure:
    """The line of a perceptron with two inputs after each correction, side by side, from left to right and down.

    The line before is dotted, the rows that led to the correction have rings, and the arrow shows the side of class 1.
    Of more than 24 corrections, 24 are shown: the first, the last, and others evenly between.

    corrections      the log of the mistakes
    inputs, targets  the rows that were learned; targets 0 and 1, or -1 and +1

    Raises ValueError if there was no correction, and for rows or weights that are not two.
    """
    points, classes, lines = _scenes(corrections, inputs, targets)
    count = min(len(corrections), MOST_FRAMES)
    chosen = [round(i * (len(corrections) - 1) / max(count - 1, 1)) for i in range(count)]
    figure, axes = panels(count)
    for panel, k in zip(axes, chosen, strict=True):
        _draw_frame(panel, k, corrections[k], points, classes, lines)
    figure.supxlabel("x1")
    figure.supylabel("x2")
    return figure


def learning_animation(corrections: Sequence[Correction], inputs: Any, targets: Any, path: str | Path) -> None:
    """Write the frames of `learning_frames`, all of them, as a GIF, two a second."""
    points, classes, lines = _scenes(corrections, inputs, targets)
    figure = chart(SIDE, SIDE)
    panel = figure.subplots()
    writer = PillowWriter(fps=PER_SECOND)
    with writer.saving(figure, str(path), dpi=100):
        for k, correction in enumerate(corrections):
            panel.clear()
            _draw_frame(panel, k, correction, points, classes, lines)
            panel.set(xlabel="x1", ylabel="x2")
            writer.grab_frame()


def _scenes(
    corrections: Sequence[Correction], inputs: Any, targets: Any
) -> tuple[list[Point], list[int], list[Line]]:
    """The points, their classes, and the line after each correction."""
    if not corrections:
        raise ValueError("there was no mistake, so no correction to draw")
    width = len(corrections[0].weights)
    if width != 2:
        raise ValueError(f"a picture in the plane needs a perceptron of two weights; this one has {width}")
    points, targets = points_of(inputs, targets)
    lines = [Line(*correction.weights, correction.bias) for correction in corrections]
    return points, [int(target > 0) for target in targets], lines


def _draw_frame(
    panel: Axes, k: int, correction: Correction, points: list[Point], classes: list[int], lines: list[Line]
) -> None:
    box = box_around(points)
    if k:
        draw_line(panel, box, lines[k - 1], ":", arrow=False)
    draw_line(panel, box, lines[k])
    draw_points(panel, points, classes, ringed=correction.rows)
    draw_box(panel, box)
    panel.set_title(f"correction {k + 1}, epoch {correction.epoch + 1}", fontsize="medium")
