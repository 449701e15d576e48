"""Code: a straight-line program as a value. It knows nothing of graphs and of how it will be run."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Name:
    """What a statement computed: one number for each row or, with a size, so many of them."""

    index: int
    size: int = 0


@dataclass(frozen=True, slots=True)
class Stored:
    """A number of the row (`x`) or a parameter (`w`); from start to stop, so many of them."""

    array: str
    start: int
    stop: int | None = None

    @property
    def size(self) -> int:
        """How many numbers, 0 for a single one."""
        return 0 if self.stop is None else self.stop - self.start

    @property
    def places(self) -> range:
        """Where in the array they are."""
        return range(self.start, self.start + max(self.size, 1))


ONE = Stored("one", 0)  # the gradient of the output with respect to itself; 0 for a row that is to be left out

Operand = Name | Stored | float


@dataclass(frozen=True, slots=True)
class Statement:
    """target = gate(*inputs).

    The gates are those of the table, on single numbers or, where an input has a size, on each of its numbers; gates
    of groups reduce them to one. Two more make groups and take them apart: `stack` and `pick`.
    """

    target: Name
    gate: str
    inputs: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """A program for one row.

    statements  in the order in which they run; the first `forward` of them compute the output alone
    output      what the program computes
    gradients   what is to be added to the gradient of which parameters
    """

    statements: tuple[Statement, ...]
    forward: int
    output: Operand
    gradients: tuple[tuple[Stored, Operand], ...]

    def __iter__(self) -> Iterator[Statement]:
        return iter(self.statements)

    def __len__(self) -> int:
        return len(self.statements)


def size(operand: Operand) -> int:
    """How many numbers an operand has for each row, 0 for a single one."""
    return 0 if isinstance(operand, float) else operand.size
