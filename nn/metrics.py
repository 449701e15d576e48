"""How often a classifier is right."""

from collections.abc import Sequence
from typing import Any

from nn.modes import mode
from nn.module import Module
from nn.rows import paired
from tinygrad_edu import Value, gates


def correct(prediction: Any, target: Any, threshold: float = 0.0) -> bool:
    """Whether a prediction is of the target's class; a metric for train().

    Of several outputs the class is the index of the largest, the first of those that tie (lecture 002: one output per
    class, pick the highest). The target is such an index, or a list as one-hot is, of which the same holds.

    Of one output the class is 1 if it is above the threshold: 0 for a logit, a score or a perceptron's decision, 0.5
    for a probability, as `partial(correct, threshold=0.5)`. The target is 0 or 1, or -1 or +1.

    Raises ValueError for a target that is no class of the prediction, and for a sigmoid's output, a probability, with a
    threshold that no probability can be below or above.

    >>> correct([0.1, 2.5, -1.0], 1), correct(-0.3, 1), correct(0.3, 0, threshold=0.5)
    (True, False, True)
    """
    if isinstance(prediction, Sequence):
        if isinstance(target, Sequence) and len(target) == len(prediction):
            target = largest(target)
        if target not in range(len(prediction)):
            raise ValueError(f"of {len(prediction)} outputs the class is 0 to {len(prediction) - 1}, got {target!r}")
        return bool(largest(prediction) == target)
    needs_threshold(prediction, threshold)
    if target not in (-1, 0, 1):
        raise ValueError(f"of one output the class is 0 or 1, or -1 or +1, got {target!r}")
    return bool((prediction > threshold) == (target > 0))


def accuracy(model: Module, inputs: Any, targets: Any, threshold: float = 0.0) -> float:
    """The share of rows whose class the model gets right, from 0 to 1. See `correct` for what the class is.

    The rows and their classes are lists or arrays; what is unsound among them is refused as train() does.

    >>> from nn import Perceptron
    >>> accuracy(Perceptron([1, 1], bias=-1.5), [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1])
    1.0
    """
    rows = paired(inputs, targets)
    right = 0
    with mode(model, training=False):
        for k, (row, target) in enumerate(rows):
            try:
                right += correct(model(row), target, threshold)
            except ValueError as error:
                error.add_note(f"this is row {k}")
                raise
    return right / len(rows)


def largest(numbers: Sequence[Any]) -> int:
    """The index of the largest, the first of those that tie.

    >>> largest([1.0, 3.0, 3.0])
    1
    """
    return max(range(len(numbers)), key=lambda k: float(numbers[k]))


def needs_threshold(output: Any, threshold: float) -> None:
    """A probability has its classes apart at a threshold within 0 and 1; raises ValueError for a sigmoid and another.

    >>> needs_threshold(Value(2.0).sigmoid(), 0.0)
    Traceback (most recent call last):
    ValueError: a sigmoid's output is a probability, never below 0.0: ask with threshold=0.5
    """
    if isinstance(output, Value) and output.gate is gates.sigmoid and not 0.0 < threshold < 1.0:
        side = "below" if threshold <= 0.0 else "above"
        raise ValueError(f"a sigmoid's output is a probability, never {side} {threshold}: ask with threshold=0.5")
