"""Rows as a NumPy array: whether they fit a program, and the printed program on all of them at once."""

from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import Any

import numpy as np

from tinygrad_edu.gates import GATES
from tinygrad_edu.program.code import KNOWN
from tinygrad_edu.program.given import each_row


def checked(rows: Any, columns: int, dtype: str = "float64") -> Any:
    """The rows as a contiguous array of numbers, if they fit."""
    try:
        table = np.asarray(rows)
        fits = table.ndim == 2 and table.shape[1] == columns and len(table) and table.dtype.kind in "fiub"
    except ValueError:  # they are not of one length
        fits = False
    return np.ascontiguousarray(table if fits else [*each_row(rows, columns)], dtype)


class OnArrays:
    """The two functions of a printed program, for which each input is the array of its numbers in all rows."""

    def __init__(self, forward: Callable[..., Any], backward: Callable[..., Any], columns: int) -> None:
        self.forward, self.backward, self.columns = forward, backward, columns

    def mean(self, rows: Any, w: Sequence[float]) -> tuple[tuple[float, Any], bool]:
        """The means of output and gradient, and whether they are finite."""
        rows = checked(rows, self.columns)
        with np.errstate(all="raise", under="ignore"):
            output, gradient = self.backward(list(rows.T), w)
            value, gradient = float(np.mean(output)), np.array([np.mean(x) for x in gradient], dtype=float)
        return (value, gradient), bool(np.isfinite(value) and np.isfinite(gradient).all())

    def values(self, rows: Any, w: Sequence[float]) -> tuple[Any, bool]:
        """The output for each row, and whether all are finite."""
        rows = checked(rows, self.columns)
        with np.errstate(all="raise", under="ignore"):
            outputs = np.broadcast_to(self.forward(list(rows.T), w), len(rows)).copy()
        return outputs, bool(np.isfinite(outputs).all())


def gates() -> dict[str, Any]:
    """The gates on arrays, one number for each row; a group is a list of them."""

    def dot(weights: Sequence[Any], inputs: Sequence[Any], bias: Any = 0.0) -> Any:
        return sum([w * x for w, x in zip(weights, inputs, strict=True)], bias)

    def sigmoid(x: Any) -> Any:
        return np.exp(np.minimum(x, 0.0)) / (1.0 + np.exp(-np.abs(x)))

    names = ("abs", "exp", "log", "sqrt", "sin", "cos", "tanh", "reciprocal")
    own = {name: np.vectorize(row.forward, otypes=[float]) for name, row in GATES.items() if name not in KNOWN}
    return (
        own
        | {name: getattr(np, name) for name in names}
        | {
            "pow": np.power,
            "sigmoid": sigmoid,
            "relu": lambda x: np.maximum(x, 0.0),
            "step": lambda x: np.where(np.asarray(x) > 0.0, 1.0, 0.0),
            "leaky_relu": lambda x, alpha: np.where(np.asarray(x) > 0.0, x, alpha * x),
            "elu": lambda x, alpha: np.where(np.asarray(x) > 0.0, x, alpha * np.expm1(np.minimum(x, 0.0))),
            "softplus": lambda x: np.logaddexp(x, 0.0),
            "sum": sum,
            "maximum": partial(reduce, np.maximum),
            "minimum": partial(reduce, np.minimum),
            "logsumexp": partial(reduce, np.logaddexp),
            "dot": dot,
        }
    )
