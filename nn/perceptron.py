"""The perceptron: a neuron that decides."""

from collections.abc import Iterable, Sequence
from typing import Any

from nn.module import Module
from tinygrad_edu import Group, Value, dot, step


class Perceptron(Module):
    """step(weights · inputs + bias): 1 on the positive side of a line or plane, 0 on it and on the other side.

    weights  the numbers to begin with, or how many inputs there are: then all weights begin at 0
    bias     the number that the bias begins with

    >>> both = Perceptron([1, 1], bias=-1.5)
    >>> [both([a, b]).data for a in (0, 1) for b in (0, 1)]
    [0.0, 0.0, 0.0, 1.0]
    """

    def __init__(self, weights: int | Sequence[float], bias: float = 0.0) -> None:
        self.weights = Group([Value(w) for w in ([0.0] * weights if isinstance(weights, int) else weights)])
        self.bias = Value(bias)

    def __call__(self, inputs: Iterable[Any]) -> Value:
        """1 or 0 for one row of inputs."""
        return step(dot(self.weights, inputs, self.bias))  # type: ignore[no-any-return]
