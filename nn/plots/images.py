"""Pictures side by side on one scale: those that a network is given, and those that it makes of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from nn.plots.chart import Chart, chart

COLUMNS = 8
PAGE = 7.4  # inches, the width of all columns together
SIDE = 1.6  # inches, the side of a picture where there are few
MOST = 100  # pictures


def image_grid(pictures: Mapping[str, Sequence[Sequence[Any]]]) -> Figure:
    """The pictures with their names above them, from left to right and down. One scale holds for all.

    Where no number is below 0, white is 0 and black the largest of all. Otherwise red is above 0, and blue, with a
    small stroke besides, below it; white is 0, and the largest number of all, by its size, is at the end of the scale.

    pictures  by the names to show: rows of numbers or Values. They need not be of one size

    Raises ValueError if there are none or more than 100, or for rows that are empty or not equally long, and TypeError
    for what is not rows of numbers.

    >>> from nn import AvgPool2d
    >>> picture = [[0, 4], [8, 0]]
    >>> figure = image_grid({"before": picture, "after": AvgPool2d(2)([picture])[0]})
    >>> [panel.images[0].get_array().tolist() for panel in figure.axes[:2]]
    [[[0.0, 4.0], [8.0, 0.0]], [[3.0]]]
    """
    if not pictures:
        raise ValueError("there are no pictures to draw")
    grids = {name: _grid(name, picture) for name, picture in pictures.items()}
    signed = any(number < 0.0 for grid in grids.values() for row in grid for number in row)
    return on_one_scale(grids, signed, "a stroke: below 0" if signed else "")


def on_one_scale(grids: Mapping[str, Sequence[Sequence[float]]], signed: bool, label: str) -> Chart:
    """The pictures of image_grid, and a colour bar with a label. `signed` says whether there may be numbers below 0."""
    if len(grids) > MOST:
        raise ValueError(f"{len(grids)} images could not be read: give {MOST} or fewer")
    limit = max(abs(number) for grid in grids.values() for row in grid for number in row) or 1.0
    columns = min(COLUMNS, len(grids))
    rows = -(-len(grids) // columns)
    side = min(SIDE, PAGE / columns)
    figure = chart(1.0 + side * columns, 0.3 + (side + 0.2) * rows)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for unused in panels[len(grids) :]:
        unused.remove()
    image: Any = None
    for panel, (name, grid) in zip(panels, grids.items(), strict=False):
        colours = {"cmap": "RdBu_r", "vmin": -limit} if signed else {"cmap": "Greys", "vmin": 0.0}
        image = panel.imshow(grid, vmax=limit, **colours)
        negative = [(x, y) for y, row in enumerate(grid) for x, number in enumerate(row) if number < 0.0]
        panel.plot([x for x, _ in negative], [y for _, y in negative], "_", color="0.25", markersize=2.5, mew=0.5)
        panel.set(xticks=[], yticks=[])
        panel.set_title(name, fontsize="small")
    bar = figure.colorbar(image, ax=panels[: len(grids)], fraction=0.15 / columns, pad=0.1 / columns)
    bar.set_label(label, fontsize="small")
    return figure


def _grid(name: str, picture: Sequence[Sequence[Any]]) -> list[list[float]]:
    try:
        grid = [[float(number) for number in row] for row in picture]
    except TypeError:
        raise TypeError(
            f"{name!r} is no picture, which is rows of numbers; of an image [channel][row][column] give one channel"
        ) from None
    widths = {len(row) for row in grid}
    if len(widths) != 1 or widths == {0}:
        raise ValueError(f"{name!r} is no picture: it needs rows, each of as many numbers as the others")
    return grid
