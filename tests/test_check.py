"""gradcheck passes every rule of the table, sees a rule that is off by a thousandth, and says what it saw."""

import dataclasses
import math

import pytest

from tinygrad_edu import DomainError, Value, cos, dot, exp, grad, log, logsumexp, maximum, relu, sin, sqrt, step, tanh
from tinygrad_edu.check import GradientError, gradcheck
from tinygrad_edu.gates import GATES, Gate

MAGNITUDES = (1e-3, 0.0123, 0.5, 1.0, 3.0, 20.0, 317.0, 1e3)
POINTS = tuple(sign * size for size in MAGNITUDES for sign in (1.0, -1.0))

UNARY = [gate for gate in GATES.values() if gate.takes == "x"]
BINARY = [GATES[name] for name in ("add", "sub", "mul", "div", "leaky_relu", "elu")]
OF_ONE_GROUP = [GATES[name] for name in ("sum", "maximum", "minimum", "logsumexp")]

# A point for each gate at which none of its slopes is zero. step is not here: its slope is zero everywhere.
STEEP = {gate.name: [0.7] for gate in UNARY if gate.name != "step"}
STEEP |= {"add": [0.7, -1.3], "sub": [0.7, -1.3], "mul": [0.7, -1.3], "div": [0.7, -1.3], "pow": [0.7, -1.3]}
STEEP |= {"power": [0.7], "leaky_relu": [-0.7, 0.1], "elu": [-0.7, 0.8]}
STEEP |= {"sum": [0.7, -1.3], "maximum": [0.7, -1.3], "minimum": [0.7, -1.3], "logsumexp": [0.7, -1.3]}
STEEP |= {"dot": [0.7, -1.3, 0.4, 2.0, 0.1]}


def defined(gate, x):
    return {"log": x > 0, "sqrt": x > 0, "exp": x < 700}.get(gate.name, True)


def of_scalars(gate):
    """The gate as a function of Values only, its groups filled from them."""
    return {
        "power": lambda x: gate(x, 2.5),
        "dot": lambda w1, w2, x1, x2, b: gate([w1, w2], [x1, x2], b),
    }.get(gate.name, (lambda *values: gate(values)) if "[]" in gate.takes else gate)


def scaled(slope, factor):
    def wrong(*inputs):
        right = slope(*inputs)
        return [factor * x for x in right] if isinstance(right, (list, tuple)) else factor * right

    return wrong


def with_wrong_slope(gate, k, factor=1.001):
    slopes = list(gate.local)
    slopes[k] = scaled(slopes[k], factor)
    return dataclasses.replace(gate, local=tuple(slopes))


def message(function, inputs):
    with pytest.raises(GradientError) as caught:
        gradcheck(function, inputs)
    return str(caught.value)


wrong_mul = with_wrong_slope(GATES["mul"], 0)


# ---------------- it passes what is right


@pytest.mark.parametrize(("gate", "x"), [(gate, x) for gate in UNARY for x in POINTS if defined(gate, x)], ids=repr)
def test_a_gate_of_one_input_passes(gate, x):
    assert gradcheck(gate, [x]) is True


@pytest.mark.parametrize("gate", BINARY, ids=repr)
@pytest.mark.parametrize("x", POINTS)
def test_a_gate_of_two_inputs_passes(gate, x):
    assert all(gradcheck(gate, [x, y]) for y in POINTS)


@pytest.mark.parametrize(("x", "y"), [(1e-3, 1e-3), (0.5, -20.0), (1e3, 20.0), (317.0, -3.0), (1.0, 1e3), (20.0, 0.5)])
def test_the_power_of_two_values_passes(x, y):
    assert gradcheck(GATES["pow"], [x, y])


@pytest.mark.parametrize("exponent", [-3.0, -0.5, 0.0, 0.5, 1.0, 2.0, 7.0])
@pytest.mark.parametrize("x", MAGNITUDES)
def test_the_power_with_a_constant_exponent_passes(x, exponent):
    assert gradcheck(lambda x: x**exponent, [x])


@pytest.mark.parametrize("gate", OF_ONE_GROUP, ids=repr)
@pytest.mark.parametrize("x", POINTS)
def test_a_gate_of_a_group_passes(gate, x):
    assert gradcheck(of_scalars(gate), [x, 0.3, -2.0])


@pytest.mark.parametrize("w", POINTS)
@pytest.mark.parametrize("x", POINTS)
def test_dot_passes(w, x):
    assert gradcheck(of_scalars(GATES["dot"]), [w, x, x, w, 0.3])


@pytest.mark.parametrize("function", [abs, lambda x: maximum(x, -x)])
def test_a_kink_passes_where_the_convention_is_the_mean_of_its_sides(function):
    assert gradcheck(function, [0.0])


@pytest.mark.parametrize(("function", "x"), [(relu, 1e-9), (relu, -1e-9), (step, 1e-7), (cos, 1e-9), (log, 1e-20)])
def test_steps_shrink_until_they_fit(function, x):
    assert gradcheck(function, [x])


@pytest.mark.parametrize(
    ("function", "x"),
    [(sin, 0.7), (exp, 3.0), (tanh, 0.5), (log, 0.0123), (sqrt, 317.0), (lambda x: x**7, 20.0), (cos, 1000.0)],
)
def test_the_differences_have_eleven_digits_of_a_smooth_function(function, x):
    assert gradcheck(function, [x], rtol=4e-12, atol=0.0)


def test_a_peak_much_narrower_than_the_first_steps_passes():
    assert gradcheck(lambda x: exp(-((100.0 * x) ** 2)), [0.01])


def test_a_small_slope_of_a_large_number_passes():
    assert gradcheck(lambda x: x * 1e-3 + 1e6, [1e-3])


def test_a_function_that_ignores_an_input_passes():
    assert gradcheck(lambda x, y: x * x, [3.0, 5.0])


def test_a_function_of_nothing_passes():
    assert gradcheck(lambda: Value(1.0), [])


@pytest.mark.parametrize("order", [1, 2, 3])
def test_gradients_of_gradients_can_be_checked(order):
    def derivative(x):
        f = tanh(x) * exp(x)
        for _ in range(order):
            (f,) = grad(f, [x])
        return f

    assert gradcheck(derivative, [0.3])


def test_a_whole_network_passes():
    def loss(*p):
        hidden = [dot(p[0:2], [0.3, -1.2], p[2]).tanh(), dot(p[3:5], [0.3, -1.2], p[5]).sigmoid()]
        scores = [dot(p[6:8], hidden, p[8]), dot(p[9:11], hidden, p[11])]
        return logsumexp(scores) - scores[0]

    assert gradcheck(loss, [math.sin(k) for k in range(12)])


# ---------------- it fails what is wrong


@pytest.mark.parametrize(
    ("gate", "k"),
    [(GATES[name], k) for name in STEEP for k in range(1 if name == "power" else len(GATES[name].local))],
    ids=repr,
)
@pytest.mark.parametrize("factor", [1.001, 0.999, -1.0])
def test_a_slope_off_by_a_thousandth_fails(gate, k, factor):
    message(of_scalars(with_wrong_slope(gate, k, factor)), STEEP[gate.name])


def test_every_gate_but_step_is_made_wrong():
    assert set(GATES) - set(STEEP) == {"step"}


@pytest.mark.parametrize("x", [s * size for size in MAGNITUDES for s in (1.0, -1.0)])
def test_a_wrong_slope_is_seen_at_every_magnitude(x):
    message(lambda x: wrong_mul(x, x), [x])


def test_a_number_taken_out_of_the_graph_is_seen():
    assert "chain rule 3.0, differences 6.0" in message(lambda x: x * x.data, [3.0])


def test_a_slope_that_is_not_there_is_seen():
    nothing = Gate("nothing", "x", "", "", math.sin, (lambda out, x: 0.0,))
    message(nothing, [0.0])


def test_differences_that_do_not_settle_fail():
    message(step, [0.0])


@pytest.mark.parametrize("tolerance", [{"rtol": 1e-2}, {"atol": 1e-2}])
def test_a_tolerance_lets_a_thousandth_pass(tolerance):
    assert gradcheck(lambda x: wrong_mul(x, 2.0), [3.0], **tolerance)


# ---------------- what it says


def test_the_message_gives_both_numbers_and_the_distance():
    expected = "∂/∂inputs[0] at 3.0: chain rule 2.002, differences 2.0 ± "
    said = message(lambda x: wrong_mul(x, 2.0), [3.0])
    assert said.startswith(expected)
    assert said.endswith("distance 0.002 > 2e-06")


def test_an_input_is_named_by_its_label():
    assert message(lambda x: wrong_mul(x, 2.0), [Value(3.0, "w")]).startswith("∂/∂w at 3.0:")


def test_an_input_without_a_label_is_named_by_its_position():
    assert message(lambda x, y: wrong_mul(y, x), [3.0, 5.0]).startswith("∂/∂inputs[1] at 5.0:")


def test_every_input_that_fails_has_its_line():
    both = message(lambda x, y, z: wrong_mul(x, 2.0) + y + wrong_mul(z, 2.0), [3.0, 4.0, 5.0]).splitlines()
    assert [line.split(":")[0] for line in both] == ["∂/∂inputs[0] at 3.0", "∂/∂inputs[2] at 5.0"]


def test_a_kink_is_hinted_at():
    assert message(relu, [0.0]).endswith("\n  a kink? the slope is 0 on its left and 1 on its right")


@pytest.mark.parametrize("x", [0.0, 1e-3, 3.0])
def test_no_kink_is_hinted_at_where_there_is_none(x):
    assert "kink" not in message(lambda x: wrong_mul(x, 2.0) + x * x, [x])


def test_the_error_is_an_assertion_error():
    assert issubclass(GradientError, AssertionError)


@pytest.mark.parametrize("returned", [3.0, None, [Value(1.0)], "x"])
def test_a_function_that_returns_no_value_is_a_type_error(returned):
    with pytest.raises(TypeError, match=f"function that returns a Value, got {type(returned).__name__}"):
        gradcheck(lambda x: returned, [1.0])


@pytest.mark.parametrize("inputs", [["3"], [None], [1j]])
def test_an_input_that_is_no_number_is_a_type_error(inputs):
    with pytest.raises(TypeError, match="needs a real number"):
        gradcheck(sin, inputs)


@pytest.mark.parametrize(("function", "x"), [(log, -1.0), (sqrt, 0.0), (exp, 1000.0)])
def test_a_point_without_a_slope_is_a_domain_error(function, x):
    with pytest.raises(DomainError, match=function.name):
        gradcheck(function, [x])


def test_a_point_on_the_edge_of_the_domain_is_a_value_error_that_names_it():
    with pytest.raises(ValueError, match=r"defined on both sides of edge = 0\.0"):
        gradcheck(lambda x: x**2.5, [Value(0.0, "edge")])


# ---------------- it leaves no trace


def test_values_that_are_given_keep_their_numbers():
    x = Value(3.0, "x")
    x.grad = 7.0
    gradcheck(lambda x: x * x, [x])
    assert (x.data, x.grad, x.gate) == (3.0, 7.0, None)


def test_an_output_of_a_gate_can_be_given():
    x = Value(3.0)
    q = x * x
    gradcheck(lambda q: q * q, [q])
    assert (q.data, q.grad, x.grad) == (9.0, 0.0, 0.0)


@pytest.mark.parametrize("factor", [1.0, 1.001])
def test_values_that_the_function_uses_keep_their_gradients(factor):
    w = Value(2.0)
    w.grad = 7.0
    gate = with_wrong_slope(GATES["mul"], 0, factor)
    try:
        gradcheck(lambda x: gate(x, w), [3.0])
    except GradientError:
        assert factor != 1.0
    assert w.grad == 7.0


def test_the_function_gets_values_of_its_own():
    x, got = Value(3.0), []
    gradcheck(lambda y: got.append(y) or y * y, [x])
    assert x not in got
