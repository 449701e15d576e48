"""The table of gates against mpmath. Most tests loop over the table, so a new row is tested by being there."""

import math
import pickle
import random
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import Any

import pytest
from reference import Inputs, defined, exact, exact_curvatures, exact_slopes, flat, mp, shaped

from tinygrad_edu import DomainError, Value, gates, grad
from tinygrad_edu.gates import GATES, Gate

FUSED = {name: row for name, row in GATES.items() if row.expansion}
every_gate = pytest.mark.parametrize("gate", GATES.values(), ids=list(GATES))
fused_gates = pytest.mark.parametrize("gate", FUSED.values(), ids=list(FUSED))
both_powers = pytest.mark.parametrize("gate", [gates.pow, gates.power], ids=["pow", "power"])
both_extremes = pytest.mark.parametrize("gate", [gates.maximum, gates.minimum], ids=["maximum", "minimum"])

LARGEST, SMALLEST, EPSILON = 1.7976931348623157e308, 5e-324, 2.0**-52
PLAIN = [
    sign * x for x in (0.0, 1 / 3, 0.5, 1.0, 2.0, 2.5, 3.0, 1e16, 1e300, LARGEST, SMALLEST) for sign in (1.0, -1.0)
]
# and where rules of one number saturate, underflow and overflow
SPECIAL = [
    *PLAIN,
    *(sign * x for x in (1e-300, 1e-17, 1e-8, 36.8, 709.78, 709.79, 745.1, 745.2) for sign in (1.0, -1.0)),
]

Band = Callable[[random.Random], float]


# ---------------- samples


def signed(rng: random.Random, magnitude: float) -> float:
    return rng.choice((1.0, -1.0)) * magnitude


BANDS: dict[str, Band] = {
    "the double range": lambda rng: signed(rng, 10 ** rng.uniform(-300, 300)),
    "moderate numbers": lambda rng: signed(rng, 10 ** rng.uniform(-6, math.log10(800))),
    "saturated ends": lambda rng: signed(rng, rng.uniform(30, 760)),
    "around 1": lambda rng: 1.0 + signed(rng, 2 ** rng.uniform(-52, -1)),
    "around 1e16, where x - 1 is rounded": lambda rng: signed(rng, 10 ** rng.uniform(14, 19)),
    "whole numbers": lambda rng: signed(rng, float(rng.randrange(1, 7))),
}
TAME: dict[str, Band] = {"tame numbers": lambda rng: signed(rng, rng.uniform(0.3, 3))}


def inputs_of(gate: Gate, number: Callable[[], float], members: int) -> Inputs:
    return [[number() for _ in range(members)] if "[]" in name else number() for name in gate.takes.split(", ")]


def mostly(rng: random.Random, usual: Band, bands: dict[str, Band]) -> float:
    return (usual if rng.random() < 0.7 else rng.choice([*bands.values()]))(rng)


def samples(gate: Gate, count: int, bands: dict[str, Band] = BANDS) -> Iterator[Inputs]:
    """Inputs on which the gate is defined and its result is a double, the same ones every time.

    Most of the numbers of a sample come from one band. The members of a group are distinct: ties have tests of their
    own.
    """
    rng = random.Random(gate.name)
    while count:
        number = partial(mostly, rng, rng.choice([*bands.values()]), bands)
        inputs = inputs_of(gate, number, members=rng.randrange(1, 5))
        ties = any(len(set(given)) < len(given) for given in inputs if isinstance(given, list))
        if not ties and defined(gate, inputs) and is_double(exact(gate, inputs)):
            count -= 1
            yield inputs


def is_double(x: Any) -> bool:
    return isinstance(x, mp.mpf) and math.isfinite(float(x))


def ends(gate: Gate) -> Iterator[Inputs]:
    """The ends of the double range and the points where rules saturate, for a gate of one number."""
    if gate.takes == "x":
        yield from ([x] for x in SPECIAL if x and defined(gate, [x]) and is_double(exact(gate, [x])))


def slopes(gate: Gate, output: Any, inputs: Inputs) -> list[Any]:
    """The slopes of the row, end to end; where a slope is too large for a double or does not exist, None."""
    found: list[Any] = []
    for given, local in zip(inputs, gate.local, strict=False):
        try:
            slope = local(output, *inputs)
        except (ArithmeticError, DomainError):
            slope = [None] * len(given) if isinstance(given, list) else None
        found += slope if isinstance(given, list) else [slope]
    return [None if x is None or math.isinf(float(x)) else x for x in found]


# ---------------- accuracy


def added_up(gate: Gate, inputs: Inputs) -> list[Any]:
    """What a gate adds, which may cancel: its error is measured in ulps of the largest of these and the result."""
    if gate.name == "dot":
        weights, values, bias = inputs
        return [*(mp.convert(w) * x for w, x in zip(weights, values, strict=True)), bias]
    if gate.name == "logsumexp":
        return inputs[0]
    return []  # `sum` cancels too, but is rounded only once


@every_gate
def test_forward_is_within_2_ulp(gate: Gate) -> None:
    for inputs in [*samples(gate, 300), *ends(gate)]:
        want = exact(gate, inputs)
        terms = added_up(gate, inputs)
        # dot rounds each product to a double before it adds them: half an ulp for each, and half for the sum.
        allowed = max(2, len(terms) / 2) if gate.name == "dot" else 2
        ulp = math.ulp(float(max(map(abs, [*terms, want]))))
        assert abs(gate(*inputs) - want) <= allowed * ulp, inputs


def lost(gate: Gate, inputs: Inputs, k: int, ulp: float) -> float:
    """What slope number k may miss beyond 8 ulp. Every entry has its reason."""
    if gate.name in ("pow", "power", "elu"):
        # y * x**(y - 1), x**y * log(x), alpha * exp(x): a factor that is subnormal is off by up to half the smallest
        # double before the other factor enlarges it.
        x, constant = inputs
        return abs(math.log(abs(x)) if k else constant) * SMALLEST
    if gate.name == "logsumexp":
        # exp(x - top): the rounding of x - top moves the slope by as many ulps as x is below the top.
        (values,) = inputs
        return min(max(values) - values[k], 746.0) * ulp
    return 0.0


@every_gate
def test_slopes_are_within_8_ulp(gate: Gate) -> None:
    for inputs in [*samples(gate, 60), *ends(gate)]:
        found = slopes(gate, gate(*inputs), inputs)
        with mp.workdps(960):
            wanted = exact_slopes(gate, inputs)
        for k, (slope, want) in enumerate(zip(found, wanted, strict=False)):
            if is_double(want):
                ulp = math.ulp(float(want))
                assert slope is not None, (inputs, k, float(want))
                assert abs(slope - want) <= 8 * ulp + lost(gate, inputs, k, ulp), (inputs, k, slope, float(want))
            else:
                assert slope is None, (inputs, k, slope)


DEFINITIONS = {
    "sub": lambda x, y: x + -1 * y,
    "div": lambda x, y: x * y**-1,
    "pow": lambda x, y: mp.exp(y * mp.log(x)),
    "power": lambda x, exponent: mp.exp(exponent * mp.log(x)),
    "abs": lambda x: mp.sqrt(x * x),
    "reciprocal": lambda x: x**-1,
    "exp": lambda x: mp.e**x,
    "log": lambda x: mp.log(x, 2) * mp.log(2),
    "sqrt": lambda x: mp.exp(mp.log(x) / 2),
    "sin": lambda x: (mp.expj(x) - mp.expj(-x)).imag / 2,
    "cos": lambda x: (mp.expj(x) + mp.expj(-x)).real / 2,
    "tanh": lambda x: (mp.exp(x) - mp.exp(-x)) / (mp.exp(x) + mp.exp(-x)),
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log(1 + mp.exp(x)),
    "step": lambda x: (1 + mp.sign(x)) / 2,
    "relu": lambda x: (x + abs(x)) / 2,
    "leaky_relu": lambda x, alpha: x * (1 if x > 0 else alpha),
    "elu": lambda x, alpha: x if x > 0 else alpha * (mp.exp(x) - 1),
    "sum": lambda values: sum(values),
    "maximum": lambda values: sorted(values)[-1],
    "minimum": lambda values: sorted(values)[0],
    "logsumexp": lambda values: mp.log(sum(mp.exp(x) for x in values)),
    "dot": lambda weights, inputs, bias: sum(w * x for w, x in zip(weights, inputs, strict=True)) + bias,
}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_forward_is_the_textbook_definition(name: str) -> None:
    with mp.workdps(450):
        for inputs in samples(GATES[name], 20):
            if name in ("pow", "power") and inputs[0] < 0:
                continue  # no logarithm; whole powers are tested below
            want = DEFINITIONS[name](*shaped(inputs, [mp.mpf(x) for x in flat(inputs)]))
            assert abs(exact(GATES[name], inputs) - want) <= abs(want) * mp.mpf("1e-50") + mp.mpf("1e-400"), inputs


@both_powers
def test_a_whole_power_of_a_negative_number_is_a_product(gate: Gate) -> None:
    assert [gate(-2.0, float(n)) for n in range(-3, 4)] == [-1 / 8, 1 / 4, -1 / 2, 1.0, -2.0, 4.0, -8.0]
    assert [gate.local[0](gate(-2.0, n), -2.0, n) for n in (-1.0, 0.0, 1.0, 2.0, 3.0)] == [-1 / 4, 0.0, 1.0, -4.0, 12.0]


# ---------------- digits at the ends, one by one


def near(x: Any, rel: float = 2 * EPSILON) -> Any:
    """What a double that is relatively so near to x compares equal to: 2 epsilon are 2 to 4 ulp."""
    return pytest.approx(float(x), rel=rel, abs=0.0)


def slope(gate: Gate, *inputs: float) -> float:
    """The first slope at these inputs."""
    return gate.local[0](gate(*inputs), *inputs)


def test_the_slope_of_sigmoid_at_40_is_not_zero() -> None:
    assert slope(gates.sigmoid, 40.0) == near(mp.exp(-40) / (1 + mp.exp(-40)) ** 2, 8 * EPSILON)
    assert slope(gates.sigmoid, 40.0) == near(4.248e-18, rel=1e-3)


def test_the_slope_of_sigmoid_is_even() -> None:
    assert slope(gates.sigmoid, 40.0) == slope(gates.sigmoid, -40.0)


def test_the_slope_of_tanh_at_20_is_not_zero() -> None:
    assert slope(gates.tanh, 20.0) == near(mp.sech(20) ** 2, 8 * EPSILON)
    assert slope(gates.tanh, 20.0) == near(1.699e-17, rel=1e-3)


def test_softplus_of_minus_700_is_exp_of_minus_700() -> None:
    assert gates.softplus(-700.0) == near(mp.exp(-700))
    assert slope(gates.softplus, -700.0) == near(mp.exp(-700))


def test_softplus_of_800_is_800() -> None:
    assert gates.softplus(800.0) == 800.0
    assert slope(gates.softplus, 800.0) == 1.0


def test_elu_just_below_0_keeps_its_digits() -> None:
    assert gates.elu(-1e-9, 1.0) == near(mp.expm1(mp.mpf(-1e-9)))
    assert gates.elu(-1e-9, 1.0) == near(-9.999999995e-10)


def test_sigmoid_of_minus_800_is_0_and_no_error() -> None:
    assert gates.sigmoid(-800.0) == 0.0
    assert slope(gates.sigmoid, -800.0) == 0.0


def test_sigmoid_keeps_its_digits_as_long_as_there_are_doubles() -> None:
    assert gates.sigmoid(-700.0) == near(mp.exp(-700))
    assert gates.sigmoid(-745.0) == SMALLEST


def test_sigmoid_and_tanh_saturate_at_the_largest_double() -> None:
    assert gates.sigmoid(LARGEST) == gates.tanh(LARGEST) == 1.0
    assert slope(gates.sigmoid, LARGEST) == slope(gates.tanh, LARGEST) == slope(gates.tanh, -LARGEST) == 0.0


def test_logsumexp_of_huge_inputs_does_not_overflow() -> None:
    assert gates.logsumexp([1000.0, 1000.0]) == near(1000 + mp.log(2))
    assert gates.logsumexp([-1000.0, -1000.0]) == near(-1000 + mp.log(2))
    assert slope(gates.logsumexp, [1000.0, 1000.0]) == [0.5, 0.5]


def test_logsumexp_keeps_a_small_second_term() -> None:
    assert gates.logsumexp([0.0, -50.0]) == near(mp.log1p(mp.exp(-50)))
    assert slope(gates.logsumexp, [0.0, -50.0]) == [1.0, near(mp.exp(-50), 8 * EPSILON)]


def test_logsumexp_of_one_value_is_that_value() -> None:
    assert [gates.logsumexp([x]) for x in (0.1, -745.3, 1e300)] == [0.1, -745.3, 1e300]


def test_sum_is_rounded_once() -> None:
    assert gates.sum([1e16, 1.0, -1e16]) == 1.0
    assert gates.sum([0.1] * 10) == 1.0


def test_dot_rounds_its_products_and_then_once() -> None:
    assert gates.dot([1e16, 1.0, -1e16], [1.0, 1.0, 1.0], 0.0) == 1.0
    assert gates.dot([0.1] * 10, [1.0] * 10, 0.0) == 1.0


def test_dot_needs_no_bias() -> None:
    assert gates.dot([2.0, -3.0], [-1.0, -2.0]) == gates.dot([2.0, -3.0], [-1.0, -2.0], 0.0) == 4.0


def test_products_too_large_for_a_double_are_an_overflow_even_where_they_cancel() -> None:
    with pytest.raises(DomainError, match="too large for a double"):
        gates.dot([1e200, 1e200], [1e200, -1e200], 0.0)


@both_powers
def test_the_slope_of_a_power_knows_what_rounding_took_from_its_exponent(gate: Gate) -> None:
    # y - 1 is y for 1e17, 1 for 1e-20; and -1 to an odd power is not -1 to an even one
    assert slope(gate, -1.0, 1e17) == -1e17
    for x, y in [(1.0000000000000036, 2.263481069744832e16), (1e300, 1e-20), (1e-300, 0.1), (3.0, -1e-9)]:
        assert slope(gate, x, y) == near(mp.mpf(y) * mp.power(x, mp.mpf(y) - 1), 8 * EPSILON)


def test_the_slope_of_a_power_at_0() -> None:
    assert [slope(gates.power, 0.0, n) for n in (0.0, 1.0, 1.5, 2.0)] == [0.0, 1.0, 0.0, 0.0]
    assert [slope(gates.pow, 0.0, y) for y in (1.0, 1.5, 2.0)] == [1.0, 0.0, 0.0]


def test_the_slope_of_a_power_of_0_in_its_exponent_is_0() -> None:
    assert [gates.pow.local[1](0.0, 0.0, y) for y in (0.5, 1.0, 2.0)] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "gate, want",
    [
        (gates.exp, 1.0),
        (gates.sin, 1.0),
        (gates.cos, 0.0),
        (gates.sigmoid, 0.25),
        (gates.tanh, 1.0),
        (gates.softplus, 0.5),
    ],
    ids=lambda row: getattr(row, "name", ""),
)
def test_the_slope_at_0(gate: Gate, want: float) -> None:
    assert slope(gate, 0.0) == slope(gate, -0.0) == want


# ---------------- the domain


def special_inputs(gate: Gate) -> Iterator[Inputs]:
    """Zeros of both signs, fractions, whole numbers and the ends of the range in every combination.

    For groups a selection, with groups that are empty and groups that are not of one length.
    """
    if "[]" not in gate.takes:
        yield from map(list, product(PLAIN, repeat=2) if "," in gate.takes else product(SPECIAL))
        return
    rng = random.Random(gate.name)
    for members in [*range(3)] * 200:
        first, *rest = inputs_of(gate, lambda: rng.choice(SPECIAL), members)
        yield [first[: rng.choice((members, members, 1))], *rest]


def trouble(gate: Gate, inputs: Inputs) -> str:
    """What a DomainError has to say here; empty where the gate has a value."""
    if not defined(gate, inputs):
        return f"{gate.name} needs {gate.domain}"
    # A product on the way to a dot counts as well, though others may bring the sum back.
    parts = [*added_up(gate, inputs), exact(gate, inputs)]
    return "" if all(math.isfinite(float(x)) for x in parts) else "the result is too large for a double"


@every_gate
def test_a_gate_raises_exactly_outside_its_domain_and_where_its_result_is_too_large(gate: Gate) -> None:
    for inputs in special_inputs(gate):
        reason = trouble(gate, inputs)
        if not reason:
            assert float(gate(*on_values(gate, inputs))) == gate(*inputs), inputs
        for given in (inputs, on_values(gate, inputs)) if reason else ():
            with pytest.raises(DomainError) as error:
                gate(*given)
            assert f": {reason}" in str(error.value)


# ---------------- on Values


def on_values(gate: Gate, inputs: Inputs) -> list[Any]:
    """The inputs as Values, but for those without a slope: constants."""
    with_slopes = [[Value(x) for x in given] if isinstance(given, list) else Value(given) for given in inputs]
    return [*with_slopes[: len(gate.local)], *inputs[len(gate.local) :]]


def variables(inputs: Inputs) -> list[Value]:
    return [x for x in flat(inputs) if isinstance(x, Value)]


@every_gate
def test_slopes_give_the_same_on_values_as_on_numbers(gate: Gate) -> None:
    for inputs in samples(gate, 100, TAME | {"whole": BANDS["whole numbers"], "moderate": BANDS["moderate numbers"]}):
        on_numbers = slopes(gate, gate(*inputs), inputs)
        values = on_values(gate, inputs)
        assert [x if x is None else float(x) for x in slopes(gate, gate(*values), values)] == on_numbers, inputs


@every_gate
def test_second_derivatives_are_gradients_of_gradients(gate: Gate) -> None:
    for inputs in samples(gate, 12, TAME):
        with mp.workdps(150):
            wanted = exact_curvatures(gate, inputs)
        values = on_values(gate, inputs)
        given = variables(values)
        for first, row in zip(grad(gate(*values), given), wanted, strict=False):
            found = [second.data for second in grad(first, given)]
            assert found == pytest.approx([float(x) for x in row[: len(given)]], rel=1e-13, abs=1e-14), inputs


@fused_gates
def test_an_expansion_has_the_value_and_the_gradients_of_its_gate(gate: Gate) -> None:
    for inputs in samples(gate, 50, TAME):
        fused, unfolded = on_values(gate, inputs), on_values(gate, inputs)
        output, expansion = gate(*fused), gate.expansion(*unfolded)
        output.backward()
        expansion.backward()
        wanted = [x.grad for x in variables(fused)]
        assert expansion.data == pytest.approx(output.data, rel=8 * EPSILON, abs=8 * EPSILON), inputs
        assert [x.grad for x in variables(unfolded)] == pytest.approx(wanted, rel=16 * EPSILON, abs=16 * EPSILON), (
            inputs
        )


@fused_gates
def test_an_expansion_is_of_other_gates(gate: Gate) -> None:
    output = gate.expansion(*on_values(gate, next(samples(gate, 1, TAME))))
    assert isinstance(output, Value)
    assert output.gate is not gate


# ---------------- kinks and ties


def test_a_kink_belongs_to_its_left_side() -> None:
    for zero in (0.0, -0.0):
        assert gates.step(zero) == 0.0
        assert slope(gates.relu, zero) == 0.0
        assert slope(gates.leaky_relu, zero, 0.1) == 0.1
        assert slope(gates.elu, zero, 0.7) == 0.7


def test_the_slope_of_abs_at_0_is_0() -> None:
    assert slope(gates.abs, 0.0) == slope(gates.abs, -0.0) == 0.0


def test_the_slope_of_step_is_0_everywhere() -> None:
    assert [slope(gates.step, x) for x in (-1.0, 0.0, 1.0)] == [0.0, 0.0, 0.0]


@both_extremes
def test_ties_share_the_gradient_equally(gate: Gate) -> None:
    far = {"maximum": -9.0, "minimum": 9.0}[gate.name]
    assert slope(gate, [2.0, 2.0, far]) == [0.5, 0.5, 0.0]
    assert slope(gate, [2.0, far, 2.0, 2.0]) == [1 / 3, 0.0, 1 / 3, 1 / 3]
    assert slope(gate, [0.0, -0.0]) == [0.5, 0.5]


@both_extremes
def test_a_value_that_ties_with_itself_takes_the_whole_gradient(gate: Gate) -> None:
    x = Value(2.0)
    gate([x, x]).backward()
    assert x.grad == 1.0


# ---------------- the form of a row


def test_the_table_holds_every_gate_of_its_module_under_its_own_name() -> None:
    assert {name: row for name, row in vars(gates).items() if isinstance(row, Gate)} == GATES
    assert all(name == gate.name for name, gate in GATES.items())


@every_gate
def test_a_row_says_how_it_is_called_drawn_and_written(gate: Gate) -> None:
    assert gate.label
    assert all(name.removesuffix("[]").isidentifier() for name in gate.takes.split(", "))
    for k in range(1, 5):
        assert (f"#{k}" in gate.latex) == (k <= len(gate.takes.split(", ")))


@every_gate
def test_a_row_has_a_slope_for_every_input_but_a_last_constant(gate: Gate) -> None:
    assert len(gate.takes.split(", ")) - len(gate.local) in (0, 1)


@every_gate
def test_a_row_pickles_to_itself(gate: Gate) -> None:
    assert pickle.loads(pickle.dumps(gate)) is gate
