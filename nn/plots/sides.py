"""What single neurons say: the line of each, and on which side of it are the rows."""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nn.plots.chart import panels
from nn.plots.plane import (
    Line,
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


def neuron_sides(neurons: Mapping[str, tuple[Any, Any]], inputs: Any) -> Figure:
    """The two sides of the line w1 x1 + w2 x2 + b = 0 of each neuron, among the rows; a panel for each.

    An arrow shows the side where the sum is above 0: there a perceptron says yes, and a neuron more than halfway to it.
    A panel of one colour has its line outside the picture: the neuron gives all of it the same class.

    neurons  by the names to show: a Perceptron, or a Neuron, of two inputs, and the target of each row, 0 and 1 or -1
             and +1
    inputs   the rows, the same for all

    Raises ValueError if there are none, and for neurons or rows that are not of two inputs.

    >>> rows = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> from nn import Perceptron
    >>> both, either = Perceptron([1, 1], bias=-1.5), Perceptron([1, 1], bias=-0.5)
    >>> figure = neuron_sides({"AND": (both, [0, 0, 0, 1]), "OR": (either, [0, 1, 1, 1])}, rows)
    >>> [panel.get_title() for panel in figure.axes]
    ['AND', 'OR']
    """
    if not neurons:
        raise ValueError("there are no neurons to draw")
    figure, axes = panels(len(neurons))
    for panel, (name, (neuron, targets)) in zip(axes, neurons.items(), strict=True):
        if len(neuron.weights) != 2:
            raise ValueError(f"a picture in the plane needs neurons of two inputs; {name!r} has {len(neuron.weights)}")
        points, targets = points_of(inputs, targets)
        w1, w2 = (weight.data for weight in neuron.weights)
        line = Line(w1, w2, 0.0 if neuron.bias is None else neuron.bias.data)
        box = box_around(points)
        draw_sides(panel, box, line)
        draw_line(panel, box, line)
        draw_points(panel, points, [int(target > 0) for target in targets])
        draw_box(panel, box)
        panel.set_title(name, fontsize="medium")
    figure.supxlabel("x1")
    figure.supylabel("x2")
    keys: list[Any] = [(region_key(k), Line2D([], [], **marker(k))) for k in (0, 1)]
    keys.append(Line2D([], [], color="black"))
    words = [*two_classes(targets), "w · x + b = 0"]
    figure.legend(keys, words, loc="outside upper center", ncols=min(2 * len(axes), 3), frameon=False)
    return figure
