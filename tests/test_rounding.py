"""Rounding by hand: derivations rounded at every number pass on random graphs, and the tolerance can tell a sign."""

import math
from dataclasses import dataclass

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from test_random_graphs import deterministic

from tinygrad_edu import Value, check_answers, dot, leaky_relu, logsumexp, maximum, minimum
from tinygrad_edu.answers.rounding import forward_pass, locals_of
from tinygrad_edu.backprop import nodes


def logistic(x):
    return 1.0 / (1.0 + math.exp(-x))


# The lecture's gates by hand: on Values, on numbers, and the slopes as functions of the inputs and then the output.
ONE_INPUT = {
    "neg": (lambda x: -x, lambda x: -x, lambda x, f: -1.0),
    "twice": (lambda x: 2.0 * x, lambda x: 2.0 * x, lambda x, f: 2.0),
    "half": (lambda x: x * 0.5, lambda x: x * 0.5, lambda x, f: 0.5),
    "plus 1": (lambda x: x + 1.0, lambda x: x + 1.0, lambda x, f: 1.0),
    "square": (lambda x: x**2, lambda x: x * x, lambda x, f: 2.0 * x),
    "exp": (Value.exp, math.exp, lambda x, f: f),
    "log": (Value.log, math.log, lambda x, f: 1.0 / x),
    "1/x": (Value.reciprocal, lambda x: 1.0 / x, lambda x, f: -1.0 / x**2),
    "-f²": (Value.reciprocal, lambda x: 1.0 / x, lambda x, f: -(f**2)),
    "sigmoid": (Value.sigmoid, logistic, lambda x, f: f * (1.0 - f)),
    "tanh": (Value.tanh, math.tanh, lambda x, f: 1.0 - f**2),
    "relu": (Value.relu, lambda x: max(0.0, x), lambda x, f: float(x > 0.0)),
    "leaky": (lambda x: leaky_relu(x, 0.1), lambda x: max(0.1 * x, x), lambda x, f: 1.0 if x > 0.0 else 0.1),
}
TWO_INPUTS = {
    "add": (lambda x, y: x + y, lambda x, y: x + y, lambda x, y, f: 1.0, lambda x, y, f: 1.0),
    "sub": (lambda x, y: x - y, lambda x, y: x - y, lambda x, y, f: 1.0, lambda x, y, f: -1.0),
    "mul": (lambda x, y: x * y, lambda x, y: x * y, lambda x, y, f: y, lambda x, y, f: x),
    "div": (lambda x, y: x / y, lambda x, y: x / y, lambda x, y, f: 1.0 / y, lambda x, y, f: -x / y**2),
    "max": (maximum, max, lambda x, y, f: float(x > y) + 0.5 * (x == y), lambda x, y, f: float(y > x) + 0.5 * (x == y)),
}
GATES = ONE_INPUT | TWO_INPUTS
DOMAINS = {"log": lambda x: x > 0.3, "1/x": lambda x: abs(x) > 0.5, "-f²": lambda x: abs(x) > 0.5}
DOMAINS["div"] = lambda x, y: abs(y) > 0.5


@dataclass
class Recipe:
    """A graph: the leaves, then gates on any nodes before them; the last node is the output."""

    leaves: list[float]
    gates: list[tuple[str, list[int]]]

    def values(self):
        found = [Value(x) for x in self.leaves]
        for name, inputs in self.gates:
            found.append(GATES[name][0](*[found[i] for i in inputs]))
        return found

    def by_hand(self, decimals):
        """The gradients of all nodes, every number rounded as soon as it is found."""

        def rounded(x):
            return round(x, decimals)

        found = [rounded(x) for x in self.leaves]
        for name, inputs in self.gates:
            found.append(rounded(GATES[name][1](*[found[i] for i in inputs])))
        gradients = [0.0] * (len(found) - 1) + [1.0]
        for k in reversed(range(len(self.gates))):
            name, inputs = self.gates[k]
            output = len(self.leaves) + k
            for i, slope in zip(inputs, GATES[name][2:], strict=True):
                local = rounded(slope(*[found[j] for j in inputs], found[output]))
                gradients[i] = rounded(gradients[i] + rounded(gradients[output] * local))
        return gradients


given_numbers = st.integers(-300, 300).map(lambda k: k / 100) | st.integers(-3, 3).map(float) | st.floats(-3, 3)


@st.composite
def recipes(draw):
    """Up to eight gates, each on the node before it and any other, its output below 10."""
    leaves = draw(st.lists(given_numbers, min_size=1, max_size=3))
    numbers, gates = list(leaves), []
    for name in draw(st.lists(st.sampled_from(list(GATES)), min_size=1, max_size=8)):
        inputs = [len(numbers) - 1]
        if name in TWO_INPUTS:
            inputs.insert(draw(st.integers(0, 1)), draw(st.integers(0, len(numbers) - 1)))
        taken = [numbers[i] for i in inputs]
        if DOMAINS.get(name, lambda *_: True)(*taken) and max(map(abs, taken)) < 10.0:
            output = GATES[name][1](*taken)
            if abs(output) < 10.0:
                numbers.append(output)
                gates.append((name, inputs))
    assume(gates)
    return Recipe(leaves, gates)


@settings(deterministic, max_examples=1000)
@given(recipes(), st.integers(1, 6))
def test_a_right_derivation_passes_however_its_numbers_are_rounded(recipe, decimals):
    values = recipe.values()
    try:
        gradients = recipe.by_hand(decimals)
    except (ZeroDivisionError, ValueError):
        assume(False)  # a number was rounded to 0, and there the derivation ends
    under = set(nodes(values[-1]))
    answers = {x: gradient for x, gradient in zip(values, gradients, strict=True) if x in under}
    report = check_answers(values[-1], answers, decimals)
    assert report, report
    event(f"{len(answers) // 3 * 3} or more answers")


@settings(deterministic, max_examples=400)
@given(recipes(), st.integers(1, 6))
def test_a_wrong_sign_does_not_pass_where_the_gradient_is_larger_than_the_tolerance(recipe, decimals):
    output = recipe.values()[-1]
    output.backward()
    answers = {node: -node.grad for node in nodes(output)}
    for x, gradient in answers.items():
        report = check_answers(output, {x: gradient}, decimals)
        assert bool(report) is (abs(2.0 * x.grad) <= report.verdicts[0].allowed)


# ---------------- errors at single gates, by hand


def at_gate(gate, *numbers, decimals=2):
    """The gate's own error, and its slopes with theirs, for inputs that may be off by half a unit."""
    leaves = [Value(x) for x in numbers]
    output = gate(*leaves)
    found = forward_pass(nodes(output), decimals)
    return found[output].error, [local.slope.error for local in locals_of(output, found, decimals)]


U = 0.005


@pytest.mark.parametrize(
    ("gate", "numbers", "error", "slopes"),
    [
        (lambda x: x + 1.0, (0.123,), U, [0.0]),  # a sum of rounded numbers needs no rounding
        (lambda x: x + 1.0, (0.12,), 0.0, [0.0]),
        (lambda x: x * 3.0, (0.123,), 3 * U, [0.0]),
        (lambda x: x * 0.3, (0.123,), 0.3 * U + U, [0.0]),
        (lambda x: x * 0.3, (2.0,), 0.0, [0.0]),
        (lambda x: x * 0.125, (0.123,), 0.125 * U + U, [U]),
        (lambda x, y: x * y, (0.123, 2.0), 2 * U, [0.0, U]),
        (lambda x, y: x * y, (0.123, -0.456), U * (0.123 + 0.456) + U * U + U, [U, U]),
        (lambda x, y: x - y, (0.123, 0.456), 2 * U, [0.0, 0.0]),
        (Value.exp, (0.0,), 0.0, [0.0]),
        (Value.exp, (1.0,), U, [U]),
        (Value.exp, (0.123,), math.exp(0.123) * math.expm1(U) + U, [math.exp(0.123) * math.expm1(U) + U]),
        (Value.reciprocal, (2.0,), 0.0, [0.0]),
        (Value.relu, (0.123,), U, [0.0]),
        (Value.relu, (-0.123,), 0.0, [0.0]),
        (Value.relu, (0.001,), U, [1.0]),  # 0.001 is rounded to 0, where the slope is 0
        (Value.step, (0.001,), 1.0, [0.0]),
        (lambda x: maximum(x, 1.0), (1.001,), U, [1.0]),  # 1.001 may be less than 1
        (lambda x: maximum(x, 0.0), (1.001,), U, [0.0]),
        (lambda x, y: maximum(x, y), (1.234, 0.5), U, [0.0, 0.0]),
        (lambda x, y: minimum(x, y), (1.234, 1.234), 2 * U, [0.5, 0.5]),  # a tie that rounding can break either way
        (lambda x: maximum(x, x), (1.234,), U, [0.0, 0.0]),  # one that it cannot break
        (lambda w, x: dot([w, 2.0], [x, 3.0], 1.0), (0.123, 4.0), 4 * U, [0.0, U]),
    ],
)
def test_how_far_off_a_gate_is(gate, numbers, error, slopes):
    assert at_gate(gate, *numbers) == (pytest.approx(error, rel=1e-9, abs=1e-12), pytest.approx(slopes, abs=1e-12))


def test_a_slope_taken_from_a_rounded_output_is_covered():
    """tanh 0.5 = 0.4621 is off by half a unit u, so 1 - tanh² by 0.9242 u, and by its own rounding."""
    _, [slope] = at_gate(Value.tanh, 0.5)
    assert 0.9242 * U + U < slope < 3 * U


def test_the_shares_of_logsumexp_are_off_by_what_moves_them_most():
    """One share is σ(x - y): x up and y down together move it by σ' · 2 u."""
    _, slopes = at_gate(lambda x, y: logsumexp([x, y]), 0.123, 0.123)
    assert slopes == pytest.approx([logistic(2 * U) - 0.5 + U] * 2)


def test_no_number_was_rounded_out_of_the_domain():
    error, [slope] = at_gate(Value.log, 0.003)
    assert error == pytest.approx(math.log(0.008 / 0.003) + U)
    assert slope == pytest.approx(1 / 0.003 - 1 / 0.008 + U)


@pytest.mark.parametrize("decimals", range(16))
def test_the_errors_are_units_of_the_last_decimal(decimals):
    error, _ = at_gate(lambda x, y: x * y, 1 / 3, 3.0, decimals=decimals)
    assert error == pytest.approx(1.5 * 10.0**-decimals)
