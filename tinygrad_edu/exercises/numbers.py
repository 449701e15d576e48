"""Numbers for an exercise that one can do by hand: drawn from the seed, and drawn again until they are tidy."""

import math
from collections.abc import Sequence
from random import Random

from tinygrad_edu.answers import Derivation, agrees
from tinygrad_edu.errors import DomainError
from tinygrad_edu.exercises.shapes import Level, built, inputs
from tinygrad_edu.exercises.slipped import slipped
from tinygrad_edu.ledger import Ledger, ledger
from tinygrad_edu.value import Value

DECIMALS = 2  # to which all is rounded
DIGITS = 3  # that no number has more of,
LARGE = 100.0  # and none is as large


def numbered(shape: str, level: Level, random: Random) -> dict[str, Value]:
    """The graph of a shape, every Value by name, with the first tidy numbers that `random` comes to."""
    while True:
        try:
            values = built(shape, drawn(inputs(shape), level, random))
            record = ledger(values["f"])
        except DomainError:
            continue
        if tidy(record, level.exact) and worth_doing(record):
            return values


def drawn(names: tuple[str, ...], level: Level, random: Random) -> dict[str, float]:
    """A number for each name, no two of the same size. Only `random()` itself is used: it is the same everywhere."""
    sizes = list(range(level.least, level.most + 1))
    numbers = {}
    for name in names:
        size = sizes.pop(int(random.random() * len(sizes)))
        numbers[name] = level.unit * (size if random.random() < 0.5 else -size)
    return numbers


def tidy(record: Ledger, exact: bool) -> bool:
    """Whether each number on the way is below 100 and has at most three digits, as it is or rounded to two decimals."""
    numbers = [value.data for value in record.names]
    for row in record.backward:
        numbers += [row.local, row.downstream, row.total]
    return all(abs(x) < LARGE and digits(x) <= DIGITS and (not exact or is_short(x)) for x in numbers)


def digits(x: float) -> int:
    """The digits of a number rounded to two decimals, without zeros at its ends.

    >>> [digits(x) for x in (-12.0, 0.25, 31.416, 0.001)]
    [2, 2, 4, 0]
    """
    return len(f"{abs(x):.{DECIMALS}f}".rstrip("0").rstrip(".").replace(".", "").lstrip("0"))


def is_short(x: float) -> bool:
    """Whether two decimals are all that a number has, but for what doubles themselves round."""
    return math.isclose(x, round(x, DECIMALS), rel_tol=1e-12)


def worth_doing(record: Ledger) -> bool:
    """Whether no gate stands on its kink, some input has a gradient, and a mistake is not taken for rounding.

    No number is 0 by accident, though a relu may give 0. What enters one gate differs in size, so that a max has one
    winner and it shows which factor was taken for a slope.
    """
    for value in record.names:
        if value.data == 0.0 and (value.gate is None or value.gate.name != "relu"):
            return False
        sizes = [abs(x.data) for x in {*value.inputs}]
        if len({*sizes}) < len(sizes):
            return False
    if not any(row.downstream for row in record.backward if row.input.gate is None):
        return False
    return all_slips_show([*record.names])


def all_slips_show(values: Sequence[Value]) -> bool:
    """Whether each usual slip leads to another number than the right one, or to the very same, and no gradient to 0."""
    derivation = Derivation(values[-1], values, DECIMALS)
    for node, right in derivation.passed_back({}, {}).items():
        if right.number and agrees(0.0, right, DECIMALS):
            return False
        for found, _ in slipped(derivation, node):
            if agrees(found.number, right, DECIMALS) and not math.isclose(found.number, right.number, abs_tol=1e-12):
                return False
    return True
