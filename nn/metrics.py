"""How often a classifier is right."""

from collections.abc import Sequence
from typing import Any

from nn.modes import mode
from nn.module import Module


def correct(prediction: Any, target: int) -> bool:
    """Whether a prediction is of the target's class; a metric for train().

    Of several outputs the class is the index of the largest, the first of those that tie (lecture 002: one output per
    class, pick the highest); of one output, a logit or a score, it is right if it is positive just where the target is.

    >>> correct([0.1, 2.5, -1.0], 1), correct(-0.3, 1)
    (True, False)
    """
    if isinstance(prediction, Sequence):
        return bool(max(range(len(prediction)), key=lambda k: float(prediction[k])) == target)
    return bool((prediction > 0) == (target > 0))


def accuracy(model: Module, inputs: Any, targets: Any) -> float:
    """The share of rows whose class the model gets right, from 0 to 1. See `correct` for what the class is.

    The rows and their classes are lists or arrays.

    >>> from nn import Perceptron
    >>> accuracy(Perceptron([1, 1], bias=-1.5), [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1])
    1.0
    """
    if not len(targets):
        raise ValueError("there are no rows to be right about")
    with mode(model, training=False):
        right = sum(correct(model(row), target) for row, target in zip(inputs, targets, strict=True))
    return right / len(targets)
