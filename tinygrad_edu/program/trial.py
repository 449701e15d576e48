"""The trial of a traced program: a row that it was not traced on goes through the function as well, once."""

from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

from tinygrad_edu.backprop import nodes
from tinygrad_edu.program.given import each_row
from tinygrad_edu.program.unknown import Unknown, replaced
from tinygrad_edu.value import Value

TOLERANCES = {"float64": 1e-12, "float32": 1e-4}  # of the largest number on the way to the output, for rounding


class Trial:
    """A function, the example a program was traced from it on, and how far its output may be from the program's."""

    def __init__(self, function: Callable[..., Any], example: Sequence[float], tolerance: float) -> None:
        self.tolerance = tolerance
        self.function = function
        self.example = list(example)

    def passed(
        self, rows: Any, run: Callable[[Any], Any], parameters: Sequence[Value], numbers: Sequence[float]
    ) -> bool:
        """Whether there was another row than the example among these, to try the program on.

        run         (row) -> the program's output
        parameters  of the program, which had these numbers

        Raises ValueError if the function itself comes to another output.
        """
        row = next((row for row in each_row(rows, len(self.example)) if row != self.example), self.example)
        found = run(row)
        with replaced(parameters, map(float, numbers)):
            output = self.function(*map(Value, row))
        if not self._same(found, output):
            given = output.data if isinstance(output, Value) else output
            raise ValueError(
                f"the program gives {found} for the row {row} where the function it was traced from gives {given!r}: "
                "the function does not do the same at every call. What it depends on has to be an input, a parameter "
                "or a constant; random numbers, as in Dropout while it is trained, and what it counts or collects are "
                "not"
            )
        return row != self.example

    def _same(self, found: float, output: Any) -> bool:
        """Whether the function's output is the program's but for rounding."""
        numbers = [node.data for node in nodes(output)] if isinstance(output, Value) else [output]
        if any(isinstance(x, Unknown) or not isinstance(x, Real) for x in numbers):
            return False  # it has kept Values from when it was traced, or gives none any more
        return bool(abs(found - numbers[-1]) <= self.tolerance * max(map(abs, numbers)))
