"""Chart: a matplotlib Figure that shows itself in Jupyter, without pyplot and its list of open figures."""

import math
from io import StringIO

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tinygrad_edu.webpage import image

PANEL = 2.1  # inches, the side of one of several panels: four fit a page
LEGEND = 3.2  # inches, the width of one that stands above the panels in two columns


class Chart(Figure):
    """A Figure that Jupyter shows as an image of SVG."""

    @property
    def svg(self) -> str:
        """The picture as SVG; the same picture is the same text each time.

        Its words are text, not outlines, and it is on one line: less than half of matplotlib's own, as notebooks keep
        many.
        """
        svg = StringIO()
        fonts = ["DejaVu Sans", "Verdana"]
        with rc_context({"svg.hashsalt": "nn.plots", "svg.fonttype": "none", "font.sans-serif": fonts}):
            self.draw_without_rendering()  # a first layout leaves square panels too large: their words touch others
            self.savefig(svg, format="svg", metadata={"Date": None})
        return " ".join(svg.getvalue().split())

    def _repr_html_(self) -> str:
        titles = [panel.get_title() or panel.get_ylabel() for panel in self.axes]
        return image(self.svg, f"chart: {', '.join(filter(None, titles))}")


def chart(width: float, height: float) -> Chart:
    """An empty chart of that many inches, whose titles and labels keep clear of one another."""
    return Chart(figsize=(width, height), layout="constrained")


def panels(count: int, columns: int = 4, shared: bool = True) -> tuple[Chart, list[Axes]]:
    """A chart of so many square panels, row by row, and the axes of each.

    shared  whether all have the same ranges, whose numbers then stand at the left and the bottom only
    """
    columns = min(count, columns)
    rows = math.ceil(count / columns)
    figure = chart(max(PANEL * columns, LEGEND), PANEL * rows + 0.6)
    grid = figure.subplots(rows, columns, sharex=shared, sharey=shared, squeeze=False)
    axes = list(grid.flat)
    for unused in axes[count:]:
        unused.remove()
    for panel in axes[:count]:
        panel.locator_params(nbins=4)
    for above in axes[max(count - columns, 0) : count]:
        above.tick_params(labelbottom=True)
    return figure, axes[:count]
