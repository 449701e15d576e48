"""Lectures 003 and 004, back-propagation: small graphs, each gradient derived gate by gate on paper."""

import math
from functools import partial

import pytest

from tinygrad_edu import Group, Value, dot, elu, exp, leaky_relu, maximum, minimum, relu, sigmoid, step, tanh

close = partial(pytest.approx, rel=1e-12, abs=1e-12)


def logistic(h):
    return 1.0 / (1.0 + math.exp(-h))


# ---------------- f = (x + y) z


def sum_times_z():
    x, y, z = Value(-2.0), Value(5.0), Value(-4.0)
    q = x + y
    f = q * z
    f.backward()
    return {"x": x, "y": y, "z": z, "q": q, "f": f}


@pytest.mark.parametrize(("name", "data"), [("x", -2.0), ("y", 5.0), ("z", -4.0), ("q", 3.0), ("f", -12.0)])
def test_forward_pass_of_the_sum_times_z(name, data):
    assert sum_times_z()[name].data == data


@pytest.mark.parametrize(("name", "grad"), [("f", 1.0), ("q", -4.0), ("z", 3.0), ("x", -4.0), ("y", -4.0)])
def test_backward_pass_of_the_sum_times_z(name, grad):
    assert sum_times_z()[name].grad == grad


def test_the_same_function_multiplied_out_has_the_same_gradients():
    x, y, z = Value(-2.0), Value(5.0), Value(-4.0)
    f = x * z + y * z
    f.backward()
    assert (f.data, x.grad, y.grad, z.grad) == (-12.0, -4.0, -4.0, 3.0)


# ---------------- 1 / (1 + exp(-(w1 x1 + w2 x2 + w0))), drawn gate by gate

W1, W2, W0, X1, X2 = NEURON = (2.0, -3.0, -3.0, -1.0, -2.0)


def gate_by_gate():
    w1, w2, w0, x1, x2 = (Value(number) for number in NEURON)
    products = (w1 * x1, w2 * x2)
    h = products[0] + products[1] + w0
    negative = h * -1
    power = negative.exp()
    denominator = power + 1
    f = denominator.reciprocal()
    f.backward()
    return {
        "w1x1": products[0],
        "w2x2": products[1],
        "h": h,
        "*-1": negative,
        "exp": power,
        "+1": denominator,
        "1/x": f,
    }


@pytest.mark.parametrize(
    ("gate", "data", "grad"),
    [
        ("w1x1", -2.00, 0.20),
        ("w2x2", 6.00, 0.20),
        ("h", 1.00, 0.20),
        ("*-1", -1.00, -0.20),
        ("exp", 0.37, -0.53),
        ("+1", 1.37, -0.53),
        ("1/x", 0.73, 1.00),
    ],
)
def test_every_wire_of_the_neuron_carries_the_numbers_of_the_slide(gate, data, grad):
    node = gate_by_gate()[gate]
    assert (round(node.data, 2), round(node.grad, 2)) == (data, grad)


def test_every_wire_of_the_neuron_in_full_precision():
    e = math.exp(-1.0)
    at_denominator = 1.0 * -1.0 / (1.0 + e) ** 2  # 1/x: -1/x²
    at_power = at_denominator * 1.0  # +1
    at_negative = at_power * e  # exp: its own output
    at_h = at_negative * -1.0  # *-1
    expected = {
        "1/x": (1.0 / (1.0 + e), 1.0),
        "+1": (1.0 + e, at_denominator),
        "exp": (e, at_power),
        "*-1": (-1.0, at_negative),
        "h": (1.0, at_h),
        "w2x2": (6.0, at_h),
        "w1x1": (-2.0, at_h),
    }
    nodes = gate_by_gate()
    for gate, pair in expected.items():
        assert (nodes[gate].data, nodes[gate].grad) == close(pair), gate


def in_elementary_gates(w1, w2, w0, x1, x2):
    return (((w1 * x1 + w2 * x2 + w0) * -1).exp() + 1).reciprocal()


def with_a_sigmoid_gate(w1, w2, w0, x1, x2):
    return (w1 * x1 + w2 * x2 + w0).sigmoid()


def with_a_dot_gate(w1, w2, w0, x1, x2):
    return sigmoid(dot([w1, w2], [x1, x2], w0))


DRAWINGS = pytest.mark.parametrize("drawing", [in_elementary_gates, with_a_sigmoid_gate, with_a_dot_gate])


@DRAWINGS
def test_each_drawing_of_the_neuron_gives_the_gradients_of_the_slide(drawing):
    leaves = [Value(number) for number in NEURON]
    drawing(*leaves).backward()
    assert [round(leaf.grad, 2) for leaf in leaves] == [-0.20, -0.39, 0.20, 0.39, -0.59]


@DRAWINGS
@pytest.mark.parametrize("numbers", [NEURON, (0.0, 0.0, 0.0, 1.0, 1.0), (0.3, 1.7, -0.9, 2.5, -1.1)])
def test_each_drawing_of_the_neuron_has_the_same_value_and_gradients(drawing, numbers):
    w1, w2, w0, x1, x2 = numbers
    f = logistic(w1 * x1 + w2 * x2 + w0)
    slope = f * (1.0 - f)
    leaves = [Value(number) for number in numbers]
    output = drawing(*leaves)
    output.backward()
    assert output.data == close(f)
    assert [leaf.grad for leaf in leaves] == close([slope * d for d in (x1, x2, 1.0, w1, w2)])


# ---------------- the four patterns


@pytest.mark.parametrize("upstream", [2.0, -0.5, 0.0])
def test_the_add_gate_distributes_its_gradient(upstream):
    x, y = Value(3.0), Value(-4.0)
    ((x + y) * upstream).backward()
    assert (x.grad, y.grad) == (upstream, upstream)


def test_the_copy_gate_adds_the_gradients_of_its_copies():
    x = Value(0.7)
    (2.0 * x + -5.0 * x + 4.0 * x).backward()
    assert x.grad == 2.0 - 5.0 + 4.0


@pytest.mark.parametrize("copies", [1, 2, 3, 7])
def test_a_value_multiplied_with_itself_gathers_the_power_rule(copies):
    x = Value(1.5)
    math.prod([x] * copies, start=Value(1.0)).backward()
    assert x.grad == close(copies * 1.5 ** (copies - 1))


def test_values_that_enter_a_dot_gate_twice_gather_both_gradients():
    xs = (Value(1.5), Value(-2.0))
    dot(xs, xs).backward()
    assert [x.grad for x in xs] == [2.0 * 1.5, 2.0 * -2.0]


@pytest.mark.parametrize("kind", [list, tuple, Group])
def test_inputs_shared_by_several_dot_gates_gather_the_gradients_of_all(kind):
    xs = kind([Value(1.5), Value(-2.0)])
    (dot((1.0, 2.0), xs) + 10.0 * dot((3.0, 4.0), xs)).backward()
    assert [x.grad for x in xs] == [1.0 + 30.0, 2.0 + 40.0]


@pytest.mark.parametrize("upstream", [2.0, -0.5, 0.0])
def test_the_mul_gate_swaps_its_inputs(upstream):
    x, y = Value(3.0), Value(-4.0)
    ((x * y) * upstream).backward()
    assert (x.grad, y.grad) == (upstream * -4.0, upstream * 3.0)


@pytest.mark.parametrize("upstream", [2.0, -0.5, 0.0])
def test_the_max_gate_routes_its_gradient_to_the_largest(upstream):
    x, y, z = Value(3.0), Value(-4.0), Value(5.0)
    (maximum(x, y, z) * upstream).backward()
    assert (x.grad, y.grad, z.grad) == (0.0, 0.0, upstream)


def test_the_min_gate_routes_its_gradient_to_the_smallest():
    x, y, z = Value(3.0), Value(-4.0), Value(5.0)
    (minimum(x, y, z) * 2.0).backward()
    assert (x.grad, y.grad, z.grad) == (0.0, 2.0, 0.0)


# ---------------- kinks and ties: the convention of gates.py


@pytest.mark.parametrize("gate", [maximum, minimum])
@pytest.mark.parametrize("tied", [2, 3, 4])
def test_inputs_that_tie_share_the_gradient_equally(gate, tied):
    values = [Value(1.5) for _ in range(tied)]
    (gate(*values) * 6.0).backward()
    assert [value.grad for value in values] == close([6.0 / tied] * tied)


def test_only_the_winners_share():
    x, y, z = Value(2.0), Value(1.0), Value(2.0)
    maximum(x, y, z).backward()
    assert (x.grad, y.grad, z.grad) == (0.5, 0.0, 0.5)


def test_a_value_that_ties_with_itself_gets_everything():
    x = Value(2.0)
    maximum(x, x).backward()
    assert x.grad == 1.0


@pytest.mark.parametrize(
    ("gate", "slope"),
    [
        (step, 0.0),
        (relu, 0.0),
        (abs, 0.0),
        (lambda x: leaky_relu(x, 0.1), 0.1),
        (lambda x: elu(x, 0.7), 0.7),
    ],
    ids=["step", "relu", "abs", "leaky_relu", "elu"],
)
def test_at_its_kink_a_gate_takes_the_slope_of_the_convention(gate, slope):
    x = Value(0.0)
    output = gate(x)
    output.backward()
    assert (output.data, x.grad) == (0.0, slope)


@pytest.mark.parametrize(
    ("gate", "below", "above"),
    [
        (step, 0.0, 0.0),
        (relu, 0.0, 1.0),
        (abs, -1.0, 1.0),
        (lambda x: leaky_relu(x, 0.1), 0.1, 1.0),
        (lambda x: elu(x, 0.7), 0.7 * math.exp(-2.0), 1.0),
        (lambda x: maximum(0.0, x), 0.0, 1.0),
        (lambda x: maximum(0.1 * x, x), 0.1, 1.0),
    ],
    ids=["step", "relu", "abs", "leaky_relu", "elu", "max(0, x)", "max(0.1x, x)"],
)
def test_away_from_its_kink_a_gate_has_the_slope_of_its_piece(gate, below, above):
    left, right = Value(-2.0), Value(2.0)
    gate(left).backward()
    gate(right).backward()
    assert (left.grad, right.grad) == close((below, above))


@pytest.mark.parametrize(
    ("drawn_as_max", "slope"),
    [(lambda x: maximum(0.0, x), 0.5), (lambda x: maximum(0.1 * x, x), 0.55)],
    ids=["relu", "leaky relu"],
)
def test_an_activation_drawn_as_a_max_gate_is_tied_at_its_kink(drawn_as_max, slope):
    x = Value(0.0)
    drawn_as_max(x).backward()
    assert x.grad == close(slope)


# ---------------- the multivariate chain rule: f = y + e^(xy), x = cos t, y = t²

TIMES = pytest.mark.parametrize("number", [-1.3, 0.0, 0.5, 1.0, math.pi / 2.0, 2.4])


@TIMES
def test_both_paths_from_t_to_f_add_up(number):
    t = Value(number)
    x, y = t.cos(), t**2
    (y + exp(x * y)).backward()
    cos, square = math.cos(number), number**2
    power = math.exp(cos * square)
    assert t.grad == close(square * power * -math.sin(number) + (1.0 + cos * power) * 2.0 * number)


@TIMES
def test_each_path_from_t_to_f_carries_its_partial_derivative(number):
    t = Value(number)
    x, y = t.cos(), t**2
    (y + exp(x * y)).backward()
    power = math.exp(math.cos(number) * number**2)
    assert (x.grad, y.grad) == close((number**2 * power, 1.0 + math.cos(number) * power))


# ---------------- activation functions


@pytest.mark.parametrize("number", [-3.0, -0.4, 0.0, 1.0, 2.5])
@pytest.mark.parametrize("beta", [0.5, 1.0, 3.0, -2.0])
def test_the_sigmoid_with_slope_beta_is_beta_times_as_steep(number, beta):
    x = Value(number)
    output = x.sigmoid(beta)
    output.backward()
    sigma = 1.0 / (1.0 + math.exp(-beta * number))
    assert (output.data, x.grad) == close((sigma, beta * sigma * (1.0 - sigma)))


@pytest.mark.parametrize("number", [-3.0, 0.0, 1.0])
def test_the_slope_beta_can_itself_be_learned(number):
    x, beta = Value(number), Value(3.0)
    sigmoid(x, beta).backward()
    sigma = logistic(3.0 * number)
    assert (x.grad, beta.grad) == close((3.0 * sigma * (1.0 - sigma), number * sigma * (1.0 - sigma)))


@pytest.mark.parametrize("number", [-2.0, -0.1, 0.0, 0.7, 3.0])
def test_the_sigmoid_slope_is_the_quotient_that_the_slide_starts_from(number):
    x = Value(number)
    sigmoid(x).backward()
    e = math.exp(-number)
    assert x.grad == close(e / (1.0 + e) ** 2)


@pytest.mark.parametrize("number", [-2.0, -0.1, 0.0, 0.7, 3.0])
def test_tanh_is_the_quotient_of_the_slide_and_has_slope_one_minus_its_square(number):
    x = Value(number)
    output = tanh(x)
    output.backward()
    t = (math.exp(2.0 * number) - 1.0) / (math.exp(2.0 * number) + 1.0)
    assert (output.data, x.grad) == close((t, 1.0 - t * t))


# ---------------- regularised logistic regression: z = wx + b, y = σ(z), L = (y - t)²/2, R = w²/2, L_reg = L + λR


@pytest.mark.parametrize("penalty", [0.0, 0.1, 2.0])
@pytest.mark.parametrize("target", [0.0, 1.0])
def test_every_error_signal_of_regularised_logistic_regression(target, penalty):
    x_, w_, b_ = 1.5, -0.8, 0.3
    y_ = logistic(w_ * x_ + b_)

    l_reg_bar = 1.0
    r_bar = l_reg_bar * penalty
    l_bar = l_reg_bar
    y_bar = l_bar * (y_ - target)
    z_bar = y_bar * y_ * (1.0 - y_)
    w_bar = z_bar * x_ + r_bar * w_
    b_bar = z_bar

    w, b = Value(w_), Value(b_)
    z = w * x_ + b
    y = sigmoid(z)
    loss = (y - target) ** 2 / 2
    regularizer = w**2 / 2
    l_reg = loss + penalty * regularizer
    l_reg.backward()

    assert l_reg.data == close((y_ - target) ** 2 / 2.0 + penalty * w_**2 / 2.0)
    signals = [node.grad for node in (l_reg, regularizer, loss, y, z, w, b)]
    assert signals == close([l_reg_bar, r_bar, l_bar, y_bar, z_bar, w_bar, b_bar])


def test_the_error_signals_reach_the_data_too_if_the_data_are_values():
    w, x, b, t = Value(-0.8), Value(1.5), Value(0.3), Value(1.0)
    y = sigmoid(w * x + b)
    ((y - t) ** 2 / 2).backward()
    y_ = logistic(-0.8 * 1.5 + 0.3)
    assert x.grad == close((y_ - 1.0) * y_ * (1.0 - y_) * -0.8)
    assert t.grad == close(-(y_ - 1.0))
