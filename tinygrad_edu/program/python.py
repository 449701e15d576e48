"""The Python backend: the printed program itself, on all rows at once; of single numbers, on one row after another."""

from collections.abc import Callable, Sequence
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING, Any

from tinygrad_edu.gates import GATES
from tinygrad_edu.program.code import Code
from tinygrad_edu.program.given import each_row
from tinygrad_edu.program.printing import functions
from tinygrad_edu.program.rows import PerRow, mean
from tinygrad_edu.value import number

if TYPE_CHECKING:
    from tinygrad_edu.program.arrays import OnArrays


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
            return self._on_arrays.mean(rows, w)
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
            return self._on_arrays.values(rows, w)
        given, w = self._read(rows), list(map(float, w))
        if self.row_by_row:
            outputs = [self.forward(row, w) for row in given]
        else:
            output = self.forward(_columns(given), w)
            outputs = output.numbers if isinstance(output, PerRow) else [output] * len(given)
        return outputs, all(map(isfinite, outputs))

    def _functions(self, gates: dict[str, Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
        names = dict(gates)
        exec(self.program, names)
        return names["forward"], names["backward"]

    def _read(self, rows: Any) -> list[list[float]]:
        """Rows of as many finite numbers as there are inputs."""
        given = []
        try:
            for row in rows:
                row = [number(x) for x in row]
                if len(row) != self.columns:
                    break
                given.append(row)
            if len(given) == len(rows) > 0:
                return given
        except (TypeError, ValueError):
            pass
        return [*each_row(rows, self.columns)]

    @cached_property
    def _on_arrays(self) -> "OnArrays":
        from tinygrad_edu.program import arrays  # here, since it needs NumPy

        return arrays.OnArrays(*self._functions(arrays.gates()), self.columns)


def _columns(rows: Sequence[Sequence[float]]) -> Sequence[Any]:
    """What the program computes with: for each input its number in every row; of a single row its numbers."""
    return rows[0] if len(rows) == 1 else [PerRow.of(list(column)) for column in zip(*rows, strict=True)]
