"""Code: a straight-line program as a value. It knows nothing of graphs and of how it will be run."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Name:
    """What a statement computed for each row: one number, a group of so many, or a matrix of rows by columns."""

    index: int
    shape: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Stored:
    """Numbers of the row (`x`) or parameters (`w`): a single one, or a group or matrix of them at regular distances."""

    array: str
    start: int
    shape: tuple[int, ...] = ()
    strides: tuple[int, ...] = ()

    @property
    def places(self) -> range:
        """Where in the array a single number or a group is."""
        return (
            range(self.start, self.start + self.shape[0] * self.strides[0], self.strides[0])
            if self.shape
            else range(self.start, self.start + 1)
        )


def stretch(array: str, start: int, stop: int) -> Stored:
    """The group of the numbers from start to stop."""
    return Stored(array, start, (stop - start,), (1,))


@dataclass(frozen=True, slots=True)
class Column:
    """A group as the column of a matrix: its number for each row of that."""

    of: "Operand"

    @property
    def shape(self) -> tuple[int, ...]:
        """As many rows as the group has members, and one column."""
        return (*shape(self.of), 1)


KNOWN = {  # what every backend computes itself
    *("add", "sub", "mul", "div", "pow", "power", "neg", "abs", "exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid"),
    *("relu", "leaky_relu", "elu", "softplus", "reciprocal", "step"),
    *("sum", "maximum", "minimum", "logsumexp", "dot"),
    *("stack", "pick", "part"),
}

ONE = Stored("one", 0)  # the gradient of the output with respect to itself; 0 for a row that is to be left out

Operand = Name | Stored | Column | float


@dataclass(frozen=True, slots=True)
class Statement:
    """target = gate(*inputs).

    The gates are those of the table, on single numbers or, where an input is a group or a matrix, on each of its
    numbers: a single number is the same for all of them, a group the same for all rows of a matrix. Gates of groups
    reduce them, or each row of a matrix, to one number. Three more make groups and take them apart: `stack`, `pick`
    and `part`. A gate that is not KNOWN has no expansion in its row either, and runs in Python alone.
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


def shape(operand: Operand) -> tuple[int, ...]:
    """() of a single number, (n,) of a group, (m, n) of a matrix."""
    return () if isinstance(operand, float) else operand.shape


def size(operand: Operand) -> int:
    """How many numbers a group has, 0 for a single number."""
    return shape(operand)[0] if shape(operand) else 0


def group_of(operand: Operand) -> Operand:
    """What is computed where this is used: of a column its group."""
    return operand.of if isinstance(operand, Column) else operand


def position(operand: Operand) -> int:
    """The place in a group that `pick` takes, or from which on `part` does."""
    assert isinstance(operand, float)
    return int(operand)


def turned(stored: Stored) -> Stored:
    """A matrix with its rows as columns."""
    return Stored(stored.array, stored.start, stored.shape[::-1], stored.strides[::-1])
