"""The output of a class that a Value says: in a program, the next row may be of another class."""

from collections.abc import Sequence
from typing import Any

from tinygrad_edu import Value, dot, step, total


def picked(outputs: Sequence[Any], which: Value) -> Any:
    """The output whose place `which` is, by gates; a DomainError of a div gate if it is none.

    >>> picked([5.0, 7.0, 9.0], Value(1.0)).data
    7.0
    """
    picks = [1.0 - step(which - k) - step(k - which) for k in map(float, range(len(outputs)))]
    return dot(picks, outputs) / total(picks)  # by 1, or by 0 if there is no such place
