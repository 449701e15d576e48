"""The plane of two inputs: points with a marker for each class, and the lines where neurons turn."""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from nn.rows import paired

MARKERS = "osD^vPX<>*"
HATCHES = ("//", "\\\\", "--", "||", "xx", "++", "/-", "\\-", "/|", "\\|")
ON_THE_LINE = -sys.float_info.min  # still class 0
HATCH_WIDTH = 0.5
PALE = 0.25  # of its colour has a region, beside the points of its class
MARGIN = 0.25  # of the points' width and height, on each side of them
ARROW = 0.08  # of the box

Point = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """The line w1 x1 + w2 x2 + bias = 0."""

    w1: float
    w2: float
    bias: float


@dataclass(frozen=True)
class Box:
    """The part of the plane that is shown."""

    left: float
    right: float
    bottom: float
    top: float

    def ends(self, line: Line) -> tuple[Point, Point] | None:
        """Where a line enters and leaves the box; None if it does not pass through it, or is no line.

        >>> Box(-1.0, 2.0, -1.0, 2.0).ends(Line(1.0, 1.0, -1.5))
        ((-0.5, 2.0), (2.0, -0.5))
        >>> Box(0.0, 1.0, 0.0, 1.0).ends(Line(1.0, 1.0, 1.0)) is None
        True
        """
        points = set()
        if line.w2:
            for x in (self.left, self.right):
                points.add((x, -(line.w1 * x + line.bias) / line.w2))
        if line.w1:
            for y in (self.bottom, self.top):
                points.add((-(line.w2 * y + line.bias) / line.w1, y))
        crossings = [(x, y) for x, y in points if self.left <= x <= self.right and self.bottom <= y <= self.top]
        return (min(crossings), max(crossings)) if len(crossings) > 1 else None


def points_of(inputs: Any, targets: Any) -> tuple[list[Point], list[Any]]:
    """The rows as points, and their targets, once they are known to be sound."""
    rows = paired(inputs, targets)
    for row, _ in rows:
        if not isinstance(row, list) or len(row) != 2:
            width = len(row) if isinstance(row, list) else 1
            raise ValueError(f"a picture in the plane needs rows of two inputs; these have {width}")
    return [(row[0], row[1]) for row, _ in rows], [target for _, target in rows]


def box_around(points: Sequence[Point]) -> Box:
    """The box that holds the points and a margin."""
    sides = []
    for numbers in zip(*points, strict=True):
        margin = MARGIN * (max(numbers) - min(numbers)) or 1.0
        sides += [min(numbers) - margin, max(numbers) + margin]
    return Box(*sides)


def draw_box(panel: Axes, box: Box) -> None:
    """Show this part of the plane, square."""
    panel.set_xlim(box.left, box.right)
    panel.set_ylim(box.bottom, box.top)
    panel.set_box_aspect(1)


def draw_points(panel: Axes, points: Sequence[Point], classes: Sequence[int]) -> None:
    """The points, marker and colour by class."""
    for k in sorted(set(classes)):
        xs, ys = zip(*[point for point, of_point in zip(points, classes, strict=True) if of_point == k], strict=True)
        panel.plot(xs, ys, **marker(k), zorder=3)


def two_classes(targets: Sequence[Any]) -> list[str]:
    """What the two classes of a yes or no are called: 0 and 1, or -1 and +1 if there is a -1 among the targets.

    >>> two_classes([1, -1]), two_classes([1, 1])
    (['class -1', 'class +1'], ['class 0', 'class 1'])
    """
    return ["class -1", "class +1"] if min(targets) < 0 else ["class 0", "class 1"]


def marker(k: int) -> dict[str, Any]:
    """How the points of class k look."""
    look = {"marker": MARKERS[k % len(MARKERS)], "color": f"C{k}", "linestyle": "none"}
    return look | {"markersize": 6, "markeredgecolor": "black", "markeredgewidth": 0.8}


def draw_region(
    panel: Axes, xs: Sequence[float], ys: Sequence[float], margin: Sequence[Sequence[float]], k: int
) -> None:
    """Where on a grid the margin of class k is positive, in the colour and the hatching of that class."""
    if max(map(max, margin)) <= 0.0:
        return
    region = panel.contourf(xs, ys, margin, [0.0, math.inf], colors=[_pale(k)], hatches=[_hatch(k)])
    region.set(edgecolor=f"C{k}", linewidth=0.0, hatch_linewidth=HATCH_WIDTH)
    if min(map(min, margin)) < 0.0:
        panel.contour(xs, ys, margin, [0.0], colors="white", linewidths=4.0)


def draw_sides(panel: Axes, box: Box, line: Line) -> None:
    """Both sides of a line, as regions of the classes 0 and 1; the whole box if the line does not pass through it."""
    xs, ys = (box.left, box.right), (box.bottom, box.top)
    sums = [[line.w1 * x + line.w2 * y + line.bias or ON_THE_LINE for x in xs] for y in ys]
    draw_region(panel, xs, ys, [[-s for s in row] for row in sums], 0)
    draw_region(panel, xs, ys, sums, 1)


def region_key(k: int) -> Patch:
    """The region of class k for a legend."""
    return Patch(facecolor=_pale(k), edgecolor=f"C{k}", hatch=_hatch(k), linewidth=0.0, hatch_linewidth=HATCH_WIDTH)


def draw_line(panel: Axes, box: Box, line: Line, style: str = "-", label: str = "", place: float = 0.5) -> bool:
    """The line with an arrow to the side where its sum is positive, and whether the box shows it at all.

    label  at the arrow's tip
    place  of the arrow: 0 is the left end of the line and 1 the right
    """
    ends = box.ends(line)
    if ends is None:
        return False
    (x1, y1), (x2, y2) = ends
    panel.plot([x1, x2], [y1, y2], style, color="black", linewidth=1.2)
    foot = x1 + place * (x2 - x1), y1 + place * (y2 - y1)
    width, height = box.right - box.left, box.top - box.bottom
    across, up = line.w1 * width, line.w2 * height  # at right angles to the line as it is seen
    length = math.hypot(across, up)
    across, up = across / length, up / length
    tip = foot[0] + ARROW * across * width, foot[1] + ARROW * up * height
    look = {"arrowstyle": "-|>", "color": "black", "shrinkA": 0, "shrinkB": 0}
    panel.annotate("", tip, foot, arrowprops=look)
    halo = [withStroke(linewidth=3, foreground="white")]
    panel.annotate(
        label,
        tip,
        (9 * across, 8 * up),
        textcoords="offset points",
        ha="center",
        va="center",
        path_effects=halo,
        zorder=4,
    )
    return True


def _pale(k: int) -> Any:
    return [1.0 - PALE * (1.0 - part) for part in to_rgb(f"C{k}")]


def _hatch(k: int) -> str:
    return HATCHES[k % len(HATCHES)]
