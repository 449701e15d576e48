"""Three ways to say how wrong a perceptron is on a set of rows, and what each gives gradient descent to follow."""

from collections.abc import Sequence
from typing import Any

from nn.losses import squared_error
from nn.perceptron import Perceptron
from tinygrad_edu import Value, step, total

Rows = Sequence[Sequence[Any]]


def perceptron_criterion(perceptron: Perceptron, inputs: Rows, targets: Sequence[Any]) -> Value:
    """J(w) = -Σ y w·x over the misclassified rows, with y = ±1: how far they are on the wrong side.

    It is built as Σ w·x (step(w·x) - t), t = 0 or 1, which is the same sum: a row that is right has the factor 0. As
    the step has no slope, the gradient is -Σ y x over the misclassified rows. Misclassified is a row whose output is
    not its target, also one that is on the line with y = +1: a perceptron that begins at 0 would never learn from rows
    with y w·x < 0 alone.

    Lecture 003, "Perceptron criterion"; lecture 002, "The Perceptron error".

    >>> perceptron = Perceptron([0.5, -1.0], output="sign")
    >>> J = perceptron_criterion(perceptron, [[2.0, 3.0], [4.0, 1.0]], [+1, +1])
    >>> J.backward()
    >>> J.data, [w.grad for w in perceptron.weights], perceptron.bias.grad
    (2.0, [-2.0, -3.0], -1.0)
    """
    scores = [perceptron.score(row) for row in inputs]
    wanted = perceptron.wants(targets)
    return total([s * (step(s) - t) for s, t in zip(scores, wanted, strict=True)])  # type: ignore[no-any-return]


def number_of_errors(perceptron: Perceptron, inputs: Rows, targets: Sequence[Any]) -> Value:
    """E(w) = Σ |y - t|, y and t being 0 or 1: how many rows are misclassified.

    What one wants to be small, but flat: its gradient is 0 everywhere, so there is nothing to descend along.

    Lecture 002, "Error definition".

    >>> number_of_errors(Perceptron([1, 1], bias=-0.5), [[0, 0], [0, 1], [1, 1]], [0, 0, 1]).data
    1.0
    """
    fires = [step(perceptron.score(row)) for row in inputs]
    wanted = perceptron.wants(targets)
    return total([abs(y - t) for y, t in zip(fires, wanted, strict=True)])  # type: ignore[no-any-return]


def squared_error_criterion(model: Any, inputs: Rows, targets: Sequence[Any]) -> Value:
    """E(w) = ½ Σ (y - t)², y being the output of any model of one output.

    With a threshold it is as flat as the number of errors. Where the activation has a slope it has one too: for a
    sigmoid neuron the gradient is Σ (y - t) y (1 - y) x.

    Lecture 002, "Error definition".

    >>> squared_error_criterion(Perceptron([1, 1], bias=-0.5), [[0, 0], [0, 1], [1, 1]], [0, 0, 1]).data
    0.5
    """
    return total([squared_error(model(row), t) for row, t in zip(inputs, targets, strict=True)])  # type: ignore[no-any-return]
