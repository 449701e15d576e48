"""Random graphs of every gate in the table: their values and gradients against differences in 60 digits."""

import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference import defined, difference, exact, flat, mp, shaped

from tinygrad_edu import Value, grad
from tinygrad_edu.gates import GATES, Gate

Wires = list[Any]  # what enters a gate: the number of a node, a float for a constant, a list of these for a group
Arithmetic = Callable[[str, list[Any]], Any]  # from a gate's name and inputs to its output


@dataclass(frozen=True)
class Recipe:
    """A graph to be evaluated in any arithmetic: the leaves, then the gates, each on leaves and gates before it."""

    leaves: list[float]
    gates: list[tuple[str, Wires]]

    def run(self, leaves: list[Any], arithmetic: Arithmetic) -> list[Any]:
        """The nodes; the last is the output."""
        nodes = list(leaves)
        for name, wires in self.gates:
            nodes.append(arithmetic(name, connected(wires, nodes)))
        return nodes

    def taken(self) -> list[int]:
        """The nodes that enter gates, as often as they do."""
        return [wire for _, wires in self.gates for wire in flat(wires) if type(wire) is int]


def connected(wires: Wires, nodes: list[Any]) -> list[Any]:
    """The wires with the nodes in the place of their numbers."""
    return shaped(wires, [nodes[wire] if type(wire) is int else wire for wire in flat(wires)])


def in_mpmath(name: str, inputs: list[Any]) -> Any:
    return exact(GATES[name], inputs)


OPERATORS = {
    **{name: getattr(operator, name) for name in ("add", "sub", "mul", "neg", "abs", "pow")},
    "div": operator.truediv,
    "power": operator.pow,
}


def in_values(name: str, inputs: list[Any]) -> Value:
    """By the operator where there is one, so that constants meet Values on either side of it."""
    return OPERATORS.get(name, GATES[name])(*inputs)


# ---------------- random recipes


def slopes_beside(gate: Gate, inputs: list[Any], k: int) -> tuple[Any, Any] | None:
    """The slope to inputs[k] on its left and on its right, over a ten-thousandth of it; None outside the domain."""
    point = flat(inputs)
    step = (abs(point[k]) or 1) / mp.mpf(10000)
    moved = [shaped(inputs, [*point[:k], point[k] + h, *point[k + 1 :]]) for h in (-step, 0, step)]
    if not all(defined(gate, at) for at in moved):
        return None
    before, here, after = [exact(gate, at) for at in moved]
    return (here - before) / step, (after - here) / step


def reach(gate: Gate, wires: Wires, nodes: list[Any], reaches: list[list[float]]) -> list[float] | None:
    """For each leaf, the sum over all paths from it to this gate of |the product of the slopes along the path|.

    That is what its gradient would be if nothing cancelled, so rounding errors are small beside it. None where the
    slopes to the left and to the right differ, or one is missing: at a kink or the edge of the domain.
    """
    total = [0.0] * len(reaches[0])
    for k, wire in enumerate(flat(wires)):
        if type(wire) is int:
            beside = slopes_beside(gate, connected(wires, nodes), k)
            if beside is None or abs(beside[0] - beside[1]) > (1 + abs(beside[0])) / 1000:
                return None
            slope = float(max(map(abs, beside)))
            total = [old + slope * new for old, new in zip(total, reaches[wire], strict=True)]
    return total


def is_tame(x: Any) -> bool:
    return x == 0 or 1e-3 <= abs(x) <= 1e2


constants = st.sampled_from([-3.0, -2.0, -1.0, -0.5, 0.5, 1.0, 2.0, 3.0]) | st.floats(0.1, 3.0) | st.floats(-3.0, -0.1)


@st.composite
def wirings(draw: Any, gate: Gate, nodes: int, last: int) -> Wires:
    """Wires for a gate from any of so many nodes and constants; one of them is from the node `last`."""
    names = gate.takes.split(", ")
    members = draw(st.integers(1, 4))
    wires = [[None] * members if "[]" in name else None for name in names]
    fixed = names[len(gate.local) :]  # these take constants only
    free = len(flat(wires)) - len(fixed)
    place = draw(st.integers(0, free - 1))
    anything = st.integers(0, nodes - 1) | constants
    return shaped(
        wires, [last if k == place else draw(anything) for k in range(free)] + [draw(constants) for _ in fixed]
    )


@st.composite
def recipes(draw: Any) -> Recipe:
    """A random recipe of up to 60 gates, its nodes tame numbers, its gradients well-conditioned.

    Every gate takes the last node whose gradient is not all but zero, so a graph is about as deep as it has gates. A
    gate that would be undefined, wild or near a kink is left out. Nodes that no gate took are summed in the end.
    """
    recipe = Recipe(draw(st.lists(constants, min_size=1, max_size=4)), [])
    nodes = [mp.mpf(x) for x in recipe.leaves]
    reaches = [[float(leaf is x) for leaf in nodes] for x in nodes]
    last = 0
    shortest = draw(st.sampled_from([1, 5, 20, 60]))
    for name in draw(st.lists(st.sampled_from(list(GATES)), min_size=shortest, max_size=60)):
        wires = draw(wirings(GATES[name], len(nodes), last))
        inputs = connected(wires, nodes)
        if not defined(GATES[name], inputs) or not is_tame(output := in_mpmath(name, inputs)):
            continue
        reached = reach(GATES[name], wires, nodes, reaches)
        if reached is not None and sum(reached) < 1e3:
            if sum(reached) > 0.1:
                last = len(nodes)
            recipe.gates.append((name, wires))
            nodes.append(output)
            reaches.append(reached)
    recipe.gates.append(("sum", [[*{*range(len(nodes))}.difference(recipe.taken())]]))
    return recipe


# ---------------- the comparison


def assert_agrees(recipe: Recipe, arithmetic: Arithmetic = in_values) -> None:
    """The value, and the gradients of the leaves by backward() and by grad(), are those of 60 digits."""
    with mp.workdps(60):
        point = [mp.mpf(x) for x in recipe.leaves]
        value = recipe.run(point, in_mpmath)[-1]
        gradient = [difference(lambda p: recipe.run(p, in_mpmath)[-1], point, k) for k in range(len(point))]
    leaves = [Value(x) for x in recipe.leaves]
    output = recipe.run(leaves, arithmetic)[-1]
    output.backward()
    assert output.data == close_to(value)
    assert [x.grad for x in leaves] == list(map(close_to, gradient))
    assert [x.data for x in grad(output, leaves)] == list(map(close_to, gradient))


def close_to(x: Any) -> Any:
    # The absolute part is for terms that cancel. They are below 1000, as `recipes` sees to.
    return pytest.approx(float(x), rel=1e-9, abs=1e-11)


slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
deterministic = settings(deadline=None, derandomize=True, database=None, suppress_health_check=slow)


@settings(deterministic, max_examples=100)
@given(recipes())
def test_random_graphs_have_the_values_and_gradients_of_sixty_digits(recipe: Recipe) -> None:
    assert_agrees(recipe)


def depth(recipe: Recipe) -> int:
    """The number of gates on the longest path."""
    below = [0] * len(recipe.leaves)
    for _, wires in recipe.gates:
        below.append(1 + max(below[wire] for wire in flat(wires) if type(wire) is int))
    return max(below)


def test_random_graphs_are_of_every_gate_deep_shared_and_with_constants_on_either_side() -> None:
    met: list[Recipe] = []

    @settings(deterministic, max_examples=300)
    @given(recipes())
    def meet(recipe: Recipe) -> None:
        met.append(recipe)

    meet()
    gates = [gate for recipe in met for gate in recipe.gates]
    assert {name for name, _ in gates} == set(GATES)
    assert {"add", "sub", "mul", "div", "pow"} <= {name for name, wires in gates if type(wires[0]) is float}
    assert {"add", "sub", "mul", "div", "power"} <= {name for name, wires in gates if type(wires[-1]) is float}
    assert max(map(depth, met)) > 30
    assert max(recipe.taken().count(node) for recipe in met for node in recipe.taken()) > 2


# ---------------- the comparison itself


def graph_around(gate: Gate) -> Recipe:
    """A small graph in which the gate's every input has its part, and its output goes two ways."""
    names = gate.takes.split(", ")
    wires: Wires = [[k, 1] if "[]" in name else k for k, name in enumerate(names)]
    wires[len(gate.local) :] = [2.5] * (len(names) - len(gate.local))
    return Recipe([0.8, 1.7, 0.6], [(gate.name, wires), ("tanh", [3]), ("mul", [4, 3]), ("sum", [[5, 0, 1, 2]])])


def with_slope_off(gate: Gate, k: int) -> Gate:
    """The gate with its slope for input k wrong by a thousandth; by 0.001 where it is 0."""

    def off(slope: Any) -> Any:
        return slope + (0.001 * slope or 0.001)

    def wrong(output: Any, *inputs: Any) -> Any:
        slope = gate.local[k](output, *inputs)
        return list(map(off, slope)) if hasattr(slope, "__iter__") else off(slope)

    return replace(gate, local=(*gate.local[:k], wrong, *gate.local[k + 1 :]))


@pytest.mark.parametrize("gate", GATES.values(), ids=list(GATES))
def test_the_comparison_passes_around_every_gate(gate: Gate) -> None:
    assert_agrees(graph_around(gate), lambda name, inputs: GATES[name](*inputs))


@pytest.mark.parametrize("gate", GATES.values(), ids=list(GATES))
def test_the_comparison_notices_a_slope_that_is_off_by_a_thousandth(gate: Gate) -> None:
    for k in range(len(gate.local)):
        table = {**GATES, gate.name: with_slope_off(gate, k)}
        with pytest.raises(AssertionError):
            assert_agrees(graph_around(gate), lambda name, inputs, table=table: table[name](*inputs))
