"""Activation functions beside their derivatives."""

import math
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from nn.activations import ACTIVATIONS, Activation
from nn.plots.chart import panels
from tinygrad_edu import Value, grad, total

REACH = 4.0  # each curve goes from -REACH to REACH
STEPS = 200  # on either side of 0, which is among the points
JUMP = 0.5  # between neighbouring points; a curve that rises by more is drawn with a gap


def activation_curves(activations: Mapping[str, Activation] = ACTIVATIONS) -> Figure:
    """Each activation as a solid curve and its derivative, from the chain rule, as a dashed one; a panel for each.

    activations  functions of a Value by the names to show; all those of `nn.activations` where none are given

    A jump is a gap in the curve, and the point at 0 is on the side that the gate's convention says.

    Raises ValueError if there are none.

    >>> figure = activation_curves({"sigmoid, β = 2": lambda x: x.sigmoid(2.0)})
    >>> value, slope = figure.axes[0].lines[-2:]
    >>> float(max(value.get_ydata())) < 1.0, float(max(slope.get_ydata()))
    (True, 0.5)
    """
    if not activations:
        raise ValueError("there are no activations to draw")
    points = [REACH * i / STEPS for i in range(-STEPS, STEPS + 1)]
    figure, axes = panels(len(activations))
    for panel, (name, function) in zip(axes, activations.items(), strict=True):
        inputs = [Value(x) for x in points]
        outputs = [function(x) for x in inputs]
        slopes = grad(total(outputs), inputs)
        panel.axhline(0.0, color="0.8", linewidth=0.8)
        panel.axvline(0.0, color="0.8", linewidth=0.8)
        panel.plot(*_with_gaps(points, [y.data for y in outputs]), color="C0", linewidth=2, label="f(x)")
        panel.plot(*_with_gaps(points, [y.data for y in slopes]), "--", color="C1", linewidth=2, label="f′(x)")
        panel.set_title(name)
        panel.set(xticks=[-4, -2, 0, 2, 4], ylim=(-1.6, 2.6))
        panel.set_box_aspect(1)
    figure.supxlabel("x")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2, frameon=False)
    return figure


def _with_gaps(xs: Sequence[float], ys: Sequence[float]) -> tuple[list[float], list[float]]:
    """The points of a curve, with one that is not a number wherever it jumps."""
    gapped = [(xs[0], ys[0])]
    for x, before, y in zip(xs[1:], ys, ys[1:], strict=False):
        if abs(y - before) > JUMP:
            gapped.append((x, math.nan))
        gapped.append((x, y))
    return [x for x, _ in gapped], [y for _, y in gapped]
