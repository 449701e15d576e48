"""Where a neuron of two inputs turns from no to yes, as numbers to plot."""

import math
from typing import Any

Point = tuple[float, float]


def decision_boundary(neuron: Any) -> tuple[Point, Point]:
    """Two points of the line w1 x1 + w2 x2 + b = 0, steep and upright ones as well: `axes.axline(*points)` draws it.

    The first is the point nearest to the origin, -b w / |w|². The second is one unit further along the line, with the
    side where w1 x1 + w2 x2 + b > 0 on its right hand.

    neuron  a Perceptron or a Neuron with two inputs

    Raises ValueError for another number of inputs, and where both weights are 0: then there is no line.

    >>> from nn import Perceptron
    >>> decision_boundary(Perceptron([0, 2], bias=-1))
    ((0.0, 0.5), (-1.0, 0.5))
    """
    if len(neuron.weights) != 2:
        raise ValueError(f"the boundary is a line where there are two inputs; {neuron!r} has {len(neuron.weights)}")
    w1, w2 = (float(weight) for weight in neuron.weights)
    length = math.hypot(w1, w2)
    if length == 0.0:
        raise ValueError(f"both weights of {neuron!r} are 0: it gives the same answer everywhere, there is no line")
    across = w1 / length, w2 / length
    distance = -(0.0 if neuron.bias is None else float(neuron.bias)) / length
    near = distance * across[0], distance * across[1]
    return near, (near[0] - across[1], near[1] + across[0])
