"""The gates in as many digits as one likes: what the tests of the engine compare with.

The forward rules are the table's own, run in mpmath's arithmetic instead of the machine's: a new row is here as soon
as it is in the table. Slopes are differences of these over a minute step, so no rule of calculus enters.
"""

from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

import mpmath

from tinygrad_edu import gates
from tinygrad_edu.gates import Gate

mp = mpmath.mp.clone()
mp.dps = 50

Inputs = Sequence[Any]  # numbers, and for a group a list of them


class MathInMpmath:
    """The functions of the module `math`, by the same names."""

    def __getattr__(self, name: str) -> Any:
        return getattr(mp, {"pow": "power"}.get(name, name))


# What a rule finds under a global name: the names of gates.py, with math and the rules' own helpers in mpmath.
names: dict[str, Any] = {**vars(gates), "math": MathInMpmath()}


def in_mpmath(rule: Any) -> Any:
    """The same rule on mpmath's numbers. Rules of `operator` and the built-in max and min take them as they are."""
    if isinstance(rule, FunctionType):
        return FunctionType(rule.__code__, names, rule.__name__, rule.__defaults__, rule.__closure__)
    return getattr(names["math"], rule.__name__) if rule.__module__ == "math" else rule


names |= {name: in_mpmath(rule) for name, rule in vars(gates).items() if isinstance(rule, FunctionType)}


def exact(gate: Gate, inputs: Inputs) -> Any:
    """The gate's forward rule on these inputs, to mp.dps digits."""
    return mp.convert(in_mpmath(gate.forward)(*shaped(inputs, [mp.convert(x) for x in flat(inputs)])))


def flat(inputs: Inputs) -> list[Any]:
    """The inputs with the members of groups laid end to end."""
    return [x for given in inputs for x in (given if isinstance(given, list) else [given])]


def shaped(inputs: Inputs, members: Sequence[Any]) -> list[Any]:
    """The way back from flat(): the members in the groups of `inputs`."""
    rest = iter(members)
    return [[next(rest) for _ in given] if isinstance(given, list) else next(rest) for given in inputs]


def defined(gate: Gate, inputs: Inputs) -> bool:
    """Whether the row's domain, a Python expression over the names it takes, holds here."""
    taken = gate.takes.replace("[]", "").split(", ")
    return not gate.domain or eval(gate.domain, {}, dict(zip(taken, inputs, strict=True)))


def difference(function: Callable[[list[Any]], Any], point: Sequence[Any], k: int) -> Any:
    """∂function/∂point[k] by a step to either side. A third of the digits goes into the step, so a third is right."""
    x = mp.convert(point[k])
    step = mp.mpf(10) ** -(mp.dps // 3) * (min(abs(x), 1) or 1)
    after, before = [[*point[:k], x + h, *point[k + 1 :]] for h in (step, -step)]
    return (function(after) - function(before)) / (2 * step)


def exact_slopes(gate: Gate, inputs: Inputs) -> list[Any]:
    """∂output/∂input for every input, the members of groups laid end to end."""
    point = flat(inputs)
    return [difference(lambda p: exact(gate, shaped(inputs, p)), point, k) for k in range(len(point))]


def exact_curvatures(gate: Gate, inputs: Inputs) -> list[list[Any]]:
    """The matrix of second derivatives."""
    point = flat(inputs)

    def slope(k: int) -> Callable[[list[Any]], Any]:
        return lambda p: difference(lambda q: exact(gate, shaped(inputs, q)), p, k)

    return [[difference(slope(i), point, j) for j in range(len(point))] for i in range(len(point))]
