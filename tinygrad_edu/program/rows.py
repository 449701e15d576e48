"""Many rows without NumPy: a number for each of them, and the gates on these, so that one text serves for all rows."""

import sys
from collections.abc import Iterable, Sequence
from itertools import repeat
from math import isfinite
from operator import mul
from typing import Any

from tinygrad_edu import gates
from tinygrad_edu.arithmetic import Arithmetic
from tinygrad_edu.gates import Gate

if sys.version_info >= (3, 12):
    from math import sumprod

    def _affine(weights: Sequence[float], rows: Iterable[Any], bias: float) -> list[float]:
        """The dot of the weights with each row, and the bias."""
        return [sumprod(weights, x) + bias for x in rows]

else:

    def sumprod(p: Sequence[float], q: Sequence[float], /) -> float:
        """The sum of the products."""
        return sum(map(mul, p, q), 0.0)

    def _affine(weights: Sequence[float], rows: Iterable[Any], bias: float) -> list[float]:
        """The same by what is at hand, without a call for each row."""
        return [sum(map(mul, weights, x), bias) for x in rows]


class PerRow(Arithmetic):
    """A number for each row.

    A sum or a product is computed when its numbers are first asked for; most of a gradient's are only ever added up.

    >>> x = PerRow.of([1.0, 2.0, 3.0])
    >>> (2.0 * x + 1.0).numbers, gates.dot([x, 10.0], [x, 1.0]).numbers
    ([3.0, 5.0, 7.0], [11.0, 14.0, 19.0])
    """

    __slots__ = ("gate", "inputs", "known")

    def __init__(self, gate: Gate | None, inputs: Sequence[Any], known: list[float] | None) -> None:
        self.gate = gate
        self.inputs = inputs
        self.known = known

    @classmethod
    def of(cls, numbers: list[float]) -> "PerRow":
        """These numbers, one for each row."""
        return cls(None, (), numbers)

    @staticmethod
    def through(gate: Gate, inputs: Sequence[Any]) -> "PerRow":
        """What a gate gives for each row; a plain number, or a group of them, is the same for all."""
        if gate is gates.dot:
            return PerRow.of(_dots(*inputs))
        if gate is not gates.add and gate is not gates.mul:
            return PerRow.of(list(map(gate.forward, *map(_by_row, inputs))))
        for x in inputs:  # a sum waits with its products, nothing else waits for anything: no chain becomes deep
            if isinstance(x, PerRow) and x.known is None and not (gate is gates.add and x.gate is gates.mul):
                x.compute()
        return PerRow(gate, inputs, None)

    def compute(self) -> list[float]:
        """Its numbers, computed now."""
        assert self.gate
        self.known = list(map(self.gate.forward, *map(_by_row, self.inputs)))
        self.inputs = ()
        return self.known

    @property
    def numbers(self) -> list[float]:
        """One for each row."""
        return self.compute() if self.known is None else self.known


def mean(x: Any, count: int) -> float:
    """The mean over so many rows."""
    if not isinstance(x, PerRow):
        return float(x)
    if x.known is not None:
        return sum(x.known) / count
    left, right = x.inputs
    if x.gate is gates.add:
        return mean(left, count) + mean(right, count)
    if isinstance(left, PerRow) and isinstance(right, PerRow):
        return sumprod(left.numbers, right.numbers) / count
    return mean(left, count) * mean(right, count)


def _by_row(x: Any) -> Iterable[Any]:
    """Row by row what a gate takes: a number, or a group of numbers."""
    if isinstance(x, PerRow):
        return x.numbers
    if isinstance(x, list) and any(isinstance(member, PerRow) for member in x):
        return zip(*map(_by_row, x), strict=False)  # what is the same for all rows never ends
    return repeat(x)


def _dots(weights: Sequence[Any], inputs: Sequence[Any], bias: Any = 0.0) -> list[float]:
    """A dot for each row, by adding, as the other backends do; the gate's own sum is exact and takes longer."""
    if isinstance(bias, PerRow) or any(isinstance(w, PerRow) for w in weights):
        rows = zip(_by_row(weights), _by_row(inputs), _by_row(bias), strict=False)
        found = [sumprod(w, x) + b for w, x, b in rows]
    else:
        found = _affine(weights, _by_row(inputs), bias)
    if not all(map(isfinite, found)):
        raise OverflowError
    return found
