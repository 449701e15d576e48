"""The Python backend: the printed program itself, on all rows at once; of single numbers, on one row after another."""

from collections.abc import Callable, Sequence
from functools import cached_property
from math import isfinite
from typing import Any

from tinygrad_edu.gates import GATES
from tinygrad_edu.program.code import KNOWN, Code
from tinygrad_edu.program.printing import functions
from tinygrad_edu.program.rows import PerRow, mean
from tinygrad_edu.value import number


class Interpreter:
    """The two functions of a printed program."""

    def __init__(self, code: Code, columns: int) -> None:
        self.columns = columns
        self.program = compile(functions(code)[1], "<program>", "exec")
        self.row_by_row = not any(statement.target.shape for statement in code)
        rules = {name: gate.forward for name, gate in GATES.items()}
        self.forward, self.backward = self._functions(rules if self.row_by_row else GATES)

    def mean(self, rows: Any, w: Sequence[float]) -> tuple[tuple[float, Any], bool]:
        """The means of output and gradient, and whether they are finite."""
        if hasattr(rows, "dtype"):
            return self._mean_of_arrays(rows, w)
        given, w = self._read(rows), list(map(float, w))
        if self.row_by_row:
            results = [self.backward(row, w) for row in given]
            columns = zip(*[(output, *gradient) for output, gradient in results], strict=True)
            value, *slopes = [sum(column) / len(given) for column in columns]
        else:
            output, gradient = self.backward(_columns(given), w)
            value, *slopes = [mean(x, len(given)) for x in (output, *gradient)]
        return (value, slopes), all(map(isfinite, (value, *slopes)))

    def values(self, rows: Any, w: Sequence[float]) -> tuple[Any, bool]:
        """The output for each row, and whether all are finite."""
        if hasattr(rows, "dtype"):
            import numpy as np

            rows, (forward, _) = checked_array(rows, self.columns), self._of_arrays
            with np.errstate(all="raise", under="ignore"):
                values = np.broadcast_to(forward(list(rows.T), w), len(rows)).copy()
            return values, bool(np.isfinite(values).all())
        given, w = self._read(rows), list(map(float, w))
        if self.row_by_row:
            outputs = [self.forward(row, w) for row in given]
        else:
            output = self.forward(_columns(given), w)
            outputs = output.numbers if isinstance(output, PerRow) else [output] * len(given)
        return outputs, all(map(isfinite, outputs))

    def _mean_of_arrays(self, rows: Any, w: Sequence[float]) -> tuple[tuple[float, Any], bool]:
        import numpy as np

        rows, (_, backward) = checked_array(rows, self.columns), self._of_arrays
        with np.errstate(all="raise", under="ignore"):
            output, gradient = backward(list(rows.T), w)
            value, gradient = float(np.mean(output)), np.array([np.mean(x) for x in gradient], dtype=float)
        return (value, gradient), bool(np.isfinite(value) and np.isfinite(gradient).all())

    def _functions(self, gates: dict[str, Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
        names = dict(gates)
        exec(self.program, names)
        return names["forward"], names["backward"]

    def _read(self, rows: Any) -> list[list[float]]:
        """Rows of as many finite numbers as there are inputs."""
        given = []
        for i, row in enumerate(rows):
            row = [number(x) for x in row]
            if len(row) != self.columns:
                raise ValueError(f"the program has {self.columns} inputs, and row {i} has {len(row)} numbers")
            given.append(row)
        if not given:
            raise ValueError("there are no rows")
        return given

    @cached_property
    def _of_arrays(self) -> tuple[Callable[..., Any], Callable[..., Any]]:
        return self._functions(on_arrays())


def _columns(rows: Sequence[Sequence[float]]) -> Sequence[Any]:
    """What the program computes with: for each input its number in every row; of a single row its numbers."""
    return rows[0] if len(rows) == 1 else [PerRow.of(list(column)) for column in zip(*rows, strict=True)]


def checked_array(rows: Any, columns: int, dtype: str = "float64") -> Any:
    """The rows as a contiguous array of numbers, if they fit."""
    import numpy as np

    try:
        rows = np.asarray(rows)
    except ValueError:
        raise ValueError(f"the program has {columns} inputs, and the rows are not of one length") from None
    if rows.shape[:1] == (0,):
        raise ValueError("there are no rows")
    if rows.ndim != 2 or rows.shape[1] != columns:
        raise ValueError(f"the program has {columns} inputs, and was given rows of the shape {rows.shape}")
    if rows.dtype.kind not in "fiub":
        raise TypeError(f"rows are numbers, got an array of {rows.dtype.name}")
    return np.ascontiguousarray(rows, dtype)


def on_arrays() -> dict[str, Any]:
    """The gates on arrays, one number for each row; a group is a list of them."""
    import numpy as np

    def folded(pair: Callable[[Any, Any], Any]) -> Callable[[Sequence[Any]], Any]:
        def fold(values: Sequence[Any]) -> Any:
            result = values[0]
            for x in values[1:]:
                result = pair(result, x)
            return result

        return fold

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
            "maximum": folded(np.maximum),
            "minimum": folded(np.minimum),
            "logsumexp": folded(np.logaddexp),
            "dot": dot,
        }
    )
