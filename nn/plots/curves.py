"""Functions of one number in one picture and, beside it, their slopes: what each would send back."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from nn.activations import Activation
from nn.plots.chart import chart
from tinygrad_edu import Value, grad, total

STEPS = 200
STYLES = ("-", "--", "-.", ":")  # who cannot tell the colours can tell these


def function_curves(functions: Mapping[str, Activation], start: float, stop: float, x: str = "x") -> Figure:
    """The functions on the left, and on the right their derivatives, which the chain rule finds.

    functions    of a Value, by the names to show
    start, stop  the ends of the axis
    x            what the axis is called

    At a jump the two sides are joined.

    Raises ValueError if there are no functions, or if the axis does not go upwards.

    >>> figure = function_curves({"square": lambda x: x * x}, -1, 1)
    >>> value, slope = (panel.lines[-1].get_ydata() for panel in figure.axes)
    >>> float(value[0]), float(slope[0])
    (1.0, -2.0)
    """
    if not functions:
        raise ValueError("there are no functions to draw")
    if not start < stop:
        raise ValueError(f"the axis goes from the smaller number to the larger, not from {start} to {stop}")
    points = [start + (stop - start) * i / STEPS for i in range(STEPS + 1)]
    figure = chart(7.2, 3.2)
    left, right = figure.subplots(1, 2)
    for panel, title in ((left, "value"), (right, "slope")):
        panel.axhline(0.0, color="0.8", linewidth=0.8)
        panel.set(title=title, xlabel=x, xlim=(start, stop))
    for k, (name, function) in enumerate(functions.items()):
        inputs = [Value(point) for point in points]
        outputs = [function(point) for point in inputs]
        slopes = grad(total(outputs), inputs)
        for panel, curve in ((left, outputs), (right, slopes)):
            panel.plot(points, [y.data for y in curve], STYLES[k % len(STYLES)], color=f"C{k}", linewidth=2, label=name)
    keys, names = left.get_legend_handles_labels()
    figure.legend(keys, names, loc="outside upper center", ncols=min(len(names), 4), frameon=False)
    return figure
