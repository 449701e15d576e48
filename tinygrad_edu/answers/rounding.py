"""Rounding by hand: how far a number is off when every number on the way to it was rounded to so many decimals.

A number of so many decimals is exact if all it was made from is; any other may be off by half a unit in its last
decimal, and by what the numbers it was made from are off. How that goes through a gate is read off the gate itself:
its rules are run once more on numbers that are off.
"""

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tinygrad_edu.value import Group, Value

LARGEST = sys.float_info.max

Rule = Callable[[list[float]], float]


@dataclass(frozen=True, slots=True)
class Rounded:
    """A number, and how far the one found by hand may be from it."""

    number: float
    error: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Local:
    """The slope of the gate of `output` for one of its inputs, as found by hand."""

    output: Value
    input: Value
    slope: Rounded


def forward_pass(values: Sequence[Value], decimals: int) -> dict[Value, Rounded]:
    """Every value as found by hand, for values each after what it was made from. Leaves are rounded too."""
    found: dict[Value, Rounded] = {}
    for node in values:
        if node.gate is None:
            found[node] = Rounded(node.data, 0.0 if _fits(node.data, decimals) else half_unit(decimals))
        else:
            found[node] = Rounded(node.data, _error(_forward(node), _wires(node, found), decimals))
    return found


def locals_of(node: Value, found: dict[Value, Rounded], decimals: int) -> list[Local]:
    """The slopes of the node's gate for each Value that enters it, from the values as found by hand.

    A slope is found from the rounded inputs, or from the rounded output where the gate's rule says so; that of a fused
    gate of one input may be found from the output in any case, as σ' = σ (1 - σ) is.
    """
    wires = _wires(node, found)
    return [
        Local(node, x, _slope(node, k, wires, found[node], decimals))
        for k, x in enumerate(node.wires())
        if type(x) is not float
    ]


def product(x: Rounded, y: Rounded, decimals: int) -> Rounded:
    """The product of two rounded numbers, rounded, unless one of them is exact and whole."""
    x_error, y_error = min(x.error, LARGEST), min(y.error, LARGEST)  # infinity times a slope of 0 would be nan
    number = x.number * y.number
    error = x_error * abs(y.number) + abs(x.number) * y_error + x_error * y_error
    whole = (not x_error and x.number.is_integer()) or (not y_error and y.number.is_integer())
    if whole or (not error and _fits(number, decimals)):
        return Rounded(number, error)
    return Rounded(number, error + half_unit(decimals))


def half_unit(decimals: int) -> float:
    """Half a unit in the last of so many decimals."""
    return 0.5 * 10.0**-decimals


def _slope(node: Value, k: int, wires: list[Rounded], out: Rounded, decimals: int) -> Rounded:
    """The slope for the k-th wire and how far it is off, from every corner of what the inputs and the output may be."""
    forward, slope = _forward(node), _slope_rule(node, k)
    exact = _defined(slope, [out.number, *[x.number for x in wires]])
    if exact is None:  # upstream is 0, else the chain rule had stopped here
        return Rounded(0.0)
    at_output = 0.0 if _keeps_decimals(forward, wires, decimals) else half_unit(decimals)

    def from_inputs(point: list[float]) -> float:
        return slope([round(forward(point), decimals) if at_output else forward(point), *point])

    rounded = 0.0 if _keeps_decimals(from_inputs, wires, decimals) else half_unit(decimals)
    if node.gate and node.gate.expansion and len(wires) == 1 and exact:
        wires = [Rounded(wires[0].number, wires[0].error + at_output / abs(exact))]
    spread = 0.0
    for point in _corners(wires, k):
        moved = _defined(forward, point)
        for h in (-at_output, 0.0, at_output):
            there = None if moved is None else _defined(slope, [moved + h, *point])
            spread = spread if there is None else max(spread, abs(there - exact))
    return Rounded(exact, spread + rounded)


def _error(rule: Rule, inputs: list[Rounded], decimals: int) -> float:
    """How far the rule's result is off: by what each input's error does to it, or all of them do, and its rounding."""
    exact = rule([x.number for x in inputs])
    one_by_one = together = 0.0
    for k in {id(x): k for k, x in enumerate(inputs) if x.error}.values():
        alone = [x if x is inputs[k] else Rounded(x.number) for x in inputs]
        one_by_one += max(_distances(rule, exact, _corners(alone, k)), default=0.0)
        together = max([together, *_distances(rule, exact, _corners(inputs, k))])
    rounded = 0.0 if _keeps_decimals(rule, inputs, decimals) else half_unit(decimals)
    return max(one_by_one, together) + rounded


def _distances(rule: Rule, exact: float, points: Iterator[list[float]]) -> list[float]:
    return [abs(there - exact) for point in points if (there := _defined(rule, point)) is not None]


def _corners(inputs: list[Rounded], k: int) -> Iterator[list[float]]:
    """All inputs moved by their errors, up or down, the k-th with the others or against them.

    A Value that enters more than once moves as one.
    """
    for kth in (1.0, -1.0):
        for others in (1.0, -1.0) if len(inputs) > 1 else (1.0,):
            yield [x.number + x.error * (kth if x is inputs[k] else others) for x in inputs]


def _keeps_decimals(rule: Rule, inputs: list[Rounded], decimals: int) -> bool:
    """Whether the result for inputs of so many decimals needs no rounding, as for a sum or for twice a number.

    Tried with the rounded inputs, and with these moved by a few units, each by others.
    """
    for probe in range(4):
        point = [
            round(x.number, decimals) + probe * (probe + i + 1) * 10.0**-decimals if x.error else x.number
            for i, x in enumerate(inputs)
        ]
        y = _defined(rule, point)
        if y is None or not _fits(y, decimals):
            return False
    return True


def _fits(x: float, decimals: int) -> bool:
    """Whether x has no more than so many decimals, but for what doubles themselves round."""
    return abs(round(x, decimals) - x) <= 4.0 * math.ulp(x)


def _defined(rule: Rule, point: list[float]) -> float | None:
    """The rule's result; None where there is none, so that no number can have been rounded to there."""
    try:
        y = rule(point)
    except (ArithmeticError, ValueError):
        return None
    return y if math.isfinite(y) else None


def _wires(node: Value, found: dict[Value, Rounded]) -> list[Rounded]:
    return [Rounded(x) if type(x) is float else found[x] for x in node.wires()]


def _grouped(node: Value, numbers: list[float]) -> list[Any]:
    """Numbers for the wires, groups laid end to end, as the gate's rules take them."""
    rest = iter(numbers)
    return [[next(rest) for _ in x] if type(x) is Group else next(rest) for x in node.operands()]


def _forward(node: Value) -> Rule:
    assert node.gate
    gate = node.gate
    return lambda numbers: gate.forward(*_grouped(node, numbers))


def _slope_rule(node: Value, k: int) -> Rule:
    """The slope for the k-th wire, as a rule of the output followed by the inputs."""
    assert node.gate
    for local, x in zip(node.gate.local, node.operands(), strict=False):
        if type(x) is Group and k < len(x):
            return lambda numbers: local(numbers[0], *_grouped(node, numbers[1:]))[k]
        if type(x) is not Group and k == 0:
            return lambda numbers: local(numbers[0], *_grouped(node, numbers[1:]))
        k -= len(x) if type(x) is Group else 1
    raise IndexError(k)
