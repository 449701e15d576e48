"""The backward pass: exact when repeated, undone when cut short, linear in the graph, and without a trace after it."""

import gc
import math
import operator
import subprocess
import sys
import textwrap
from dataclasses import replace
from functools import partial
from itertools import pairwise

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu import (
    DomainError,
    Group,
    Value,
    cos,
    dot,
    elu,
    exp,
    grad,
    leaky_relu,
    log,
    logsumexp,
    maximum,
    minimum,
    relu,
    sigmoid,
    sin,
    softmax,
    softplus,
    sqrt,
    tanh,
    total,
)
from tinygrad_edu.backprop import nodes
from tinygrad_edu.gates import GATES

close = partial(pytest.approx, rel=1e-13, abs=1e-13)


def gradients(function, *numbers):
    values = [Value(number) for number in numbers]
    function(*values).backward()
    return [value.grad for value in values]


def hessian(function, *numbers):
    values = [Value(number) for number in numbers]
    return [[second.data for second in grad(first, values)] for first in grad(function(*values), values)]


def messy(x=0.1, y=-0.7, z=1 / 3):
    """An output with shared nodes, shared groups and constants under it, and gradients that use all their digits."""
    x, y, z = Value(x, "x"), Value(y, "y"), Value(z, "z")
    q = (x * y + z).tanh()
    shared = Group([x, q, x, 0.3])
    r = dot(shared, [z, y, 0.7, q], q) + dot([y, y, z, z], shared)
    return logsumexp([q * r, x, r]) * exp(-y) + maximum(x, r, q) / (z + 3) - logsumexp(shared)


def leaves(output):
    return [node for node in nodes(output) if node.gate is None]


# ---------------- the order


def test_the_order_of_the_sum_times_z_is_the_lectures():
    x, y, z = Value(-2), Value(5), Value(-4)
    q = x + y
    f = q * z
    assert nodes(f)[::-1] == [f, z, q, y, x]


def test_a_leaf_is_its_own_order():
    x = Value(2.0)
    assert nodes(x) == [x]


def test_constants_and_groups_are_not_among_the_nodes():
    w, x = Value(2.0), Value(3.0)
    f = dot(Group([w, 7.0]), [x, x], 5.0) ** 2
    assert nodes(f) == [w, x, f.inputs[0], f]


@st.composite
def graphs(draw):
    """Outputs of random gates over random earlier nodes."""
    values = [Value(number) for number in draw(st.lists(st.floats(-2.0, 2.0), min_size=1, max_size=3))]
    any_value = st.integers(0, 1000).map(lambda k: values[k % len(values)])
    for _ in range(draw(st.integers(0, 25))):
        x, y = draw(any_value), draw(any_value)
        group = draw(st.lists(any_value, min_size=1, max_size=4))
        make = [
            lambda x, y, group: x.tanh() + y,
            lambda x, y, group: (x * y).sin(),
            lambda x, y, group: (x - 0.7 * y).sigmoid(),
            lambda x, y, group: dot(group, group[::-1], x).cos(),
            lambda x, y, group: logsumexp(group) / 3.0,
            lambda x, y, group: maximum(*group),
        ]
        values.append(draw(st.sampled_from(make))(x, y, group))
    return values[-1]


@settings(deadline=None, max_examples=50)
@given(graphs())
def test_every_node_is_in_the_order_once_after_its_inputs_and_the_output_is_last(f):
    order = nodes(f)
    place = {node: k for k, node in enumerate(order)}
    assert len(place) == len(order)
    assert order[-1] is f
    assert all(place[x] < place[node] for node in order for x in node.inputs if x in place)


@settings(deadline=None, max_examples=50)
@given(graphs())
def test_a_second_pass_over_any_graph_adds_exactly_the_same_again(f):
    f.backward()
    once = [node.grad for node in nodes(f)]
    f.backward()
    assert [node.grad for node in nodes(f)] == [g + g for g in once]


# ---------------- sharing


@pytest.mark.parametrize(
    ("function", "slope"),
    [
        (lambda x: x * x, 6.0),
        (lambda x: x + x, 2.0),
        (lambda x: x - x, 0.0),
        (lambda x: x / x, 0.0),
        (lambda x: x**x, 27.0 * (math.log(3.0) + 1.0)),
        (lambda x: x * x * x, 27.0),
        (lambda x: (x + x) * (x + x), 24.0),
        (lambda x: total([x, x, x]), 3.0),
        (lambda x: maximum(x, x), 1.0),
        (lambda x: minimum(x, 5, x, x), 1.0),
        (lambda x: logsumexp([x, x]), 1.0),
        (lambda x: dot([x, x], [5.0, 7.0]), 12.0),
        (lambda x: dot([x], [x], x), 7.0),
        (lambda x: dot([x, 2.0], [x, x], x), 9.0),
    ],
)
def test_a_value_used_twice_sums_what_it_is_sent(function, slope):
    assert gradients(function, 3.0) == close([slope])


def test_doubling_twice_gives_four_to_the_first_and_two_to_the_second():
    a = Value(3.0)
    b = a + a
    c = b + b
    c.backward()
    assert (a.grad, b.grad, c.grad) == (4.0, 2.0, 1.0)


@pytest.mark.parametrize("kind", [list, tuple, Group])
def test_a_vector_times_itself_has_twice_the_vector_as_gradient(kind):
    w = [Value(2.0), Value(-3.0)]
    group = kind(w)
    dot(group, group).backward()
    assert [x.grad for x in w] == [4.0, -6.0]


def test_a_group_in_several_gates_sums_what_each_of_them_sends():
    x, y = Value(0.5), Value(-1.0)
    group = Group([x, y, 3.0])
    f = dot([2.0, 3.0, 5.0], group) + total(group) * 7.0 + maximum(*group) + logsumexp(group) + x * y
    f.backward()
    powers = [math.exp(0.5), math.exp(-1.0), math.exp(3.0)]
    shares = [power / math.fsum(powers) for power in powers]
    assert (x.grad, y.grad) == close((2.0 + 7.0 + shares[0] - 1.0, 3.0 + 7.0 + shares[1] + 0.5))


def counted(gate, calls):
    """The gate, its slopes adding their names to `calls` whenever they are asked for."""

    def counting(slope):
        def counted_slope(*inputs):
            calls.append(gate.name)
            return slope(*inputs)

        return counted_slope

    return replace(gate, local=tuple(map(counting, gate.local)))


LADDERS = {
    "one node twice": (lambda gate, x: gate["add"](x, x), {"add": 2}),
    "two nodes": (
        lambda gate, x: gate["add"](gate["sin"](x), gate["neg"](gate["neg"](x))),
        {"add": 2, "sin": 1, "neg": 2},
    ),
    "a group": (lambda gate, x: gate["sum"]([x, x, x]), {"sum": 1}),
    "two groups": (lambda gate, x: gate["dot"]([x, 2.0], [1.0, x]), {"dot": 2}),
}


@pytest.mark.parametrize(("rung", "slopes"), LADDERS.values(), ids=LADDERS)
def test_the_work_is_linear_in_the_gates_not_in_the_paths(rung, slopes):
    calls = []
    gate = {name: counted(row, calls) for name, row in GATES.items()}
    x = Value(0.0)
    for _ in range(200):
        x = rung(gate, x)
    x.backward()
    assert {name: calls.count(name) for name in calls} == {name: 200 * count for name, count in slopes.items()}


@pytest.mark.parametrize(
    ("rung", "factor"),
    [
        (lambda x: x + x, 2.0),
        (lambda x: x / 1.0 + x * 1.0, 2.0),
        (lambda x: dot([x, x], [1.0, 1.0]), 2.0),
        (lambda x: total([x, x, x, x]), 4.0),
    ],
)
def test_a_ladder_of_two_hundred_rungs_sums_all_its_paths(rung, factor):
    x = first = Value(0.0)
    for _ in range(200):
        x = rung(x)
    x.backward()
    assert first.grad == factor**200


def test_a_leaf_has_the_gradient_one():
    x = Value(3.0)
    x.backward()
    assert x.grad == 1.0


def test_gradients_of_two_outputs_add_up():
    x = Value(3.0)
    (x * x).backward()
    (x * 5.0).backward()
    assert x.grad == 11.0


# ---------------- again


def test_the_messy_graph_has_a_gradient_everywhere():
    f = messy()
    f.backward()
    assert all(node.grad != 0.0 for node in leaves(f))


def test_a_second_pass_adds_exactly_the_same_again():
    f = messy()
    f.backward()
    once = [node.grad for node in nodes(f)]
    f.backward()
    assert [node.grad for node in nodes(f)] == [g + g for g in once]


def test_a_pass_adds_exactly_the_same_to_whatever_was_there():
    f, g = messy(), messy()
    f.backward()
    for k, node in enumerate(nodes(g)):
        node.grad = 0.1 * k - 1.0
    g.backward()
    assert [node.grad for node in nodes(g)] == [(0.1 * k - 1.0) + node.grad for k, node in enumerate(nodes(f))]


def test_zero_grad_clears_every_node():
    f = messy()
    f.backward()
    f.zero_grad()
    assert {node.grad for node in nodes(f)} == {0.0}


def test_zero_grad_leaves_other_graphs_alone():
    x, y = Value(2.0), Value(3.0)
    (x * y).backward()
    (x * x).zero_grad()
    assert (x.grad, y.grad) == (0.0, 2.0)


# ---------------- cut short


def breaking(error):
    """Two graphs with the same gate in their middle; its slope raises while `broken` has a member."""
    broken = [True]

    def slope(out, x):
        if broken:
            raise error("stop")
        return cos(x)

    gate = replace(GATES["sin"], local=(slope,))
    x, y = Value(0.1), Value(-0.7)
    group = Group([x, x * y, y, 0.3])
    f = gate(dot(group, [y, x, 0.7, x])) + dot(group, [0.1, 0.2, y, 0.4]) * logsumexp(group)
    return f, group, broken


ERRORS = [KeyboardInterrupt, RuntimeError, ZeroDivisionError, MemoryError, SystemExit]
each_error = pytest.mark.parametrize("error", ERRORS)


@each_error
def test_an_error_in_a_slope_leaves_every_gradient_as_it_was(error):
    f, group, _ = breaking(error)
    for k, node in enumerate(nodes(f)):
        node.grad = 0.1 * k
    with pytest.raises(DomainError if error is ZeroDivisionError else error):
        f.backward()
    assert [node.grad for node in nodes(f)] == [0.1 * k for k in range(len(nodes(f)))]
    assert group.grad == []


@each_error
def test_the_pass_after_an_error_is_as_if_there_had_been_none(error):
    f, _, broken = breaking(error)
    with pytest.raises(BaseException):  # noqa: B017
        f.backward()
    broken.clear()
    f.backward()
    whole, _, broken = breaking(error)
    broken.clear()
    whole.backward()
    assert [node.grad for node in nodes(f)] == [node.grad for node in nodes(whole)]


def test_a_missing_slope_in_the_middle_leaves_every_gradient_as_it_was():
    x, y = Value(3.0), Value(2.0)
    f = (x * sqrt(y - 2.0) + x * x).exp()
    f.inputs[0].grad = x.grad = 0.7
    with pytest.raises(DomainError):
        f.backward()
    assert [node.grad for node in nodes(f) if node.grad] == [0.7, 0.7]


def test_an_error_while_grad_works_leaves_every_gradient_as_it_was():
    f, group, _ = breaking(KeyboardInterrupt)
    for k, node in enumerate(nodes(f)):
        node.grad = 0.1 * k
    with pytest.raises(KeyboardInterrupt):
        grad(f, leaves(f))
    assert [node.grad for node in nodes(f)] == [0.1 * k for k in range(len(nodes(f)))]
    assert group.grad == []


def interrupted_at(line, function):
    """Call the function with a KeyboardInterrupt at the given line counted from the start; was it reached?

    Once the chain rule has returned the gradients are being added, and the interrupt comes too late.
    """
    reached = 0

    def trace(frame, event, _):
        nonlocal reached
        if frame.f_globals["__name__"] != "tinygrad_edu.backprop":
            return None
        if event == "return" and frame.f_code.co_name == "chain_rule":
            reached = math.inf
        reached += event == "line"
        if reached == line:
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def test_an_interrupt_at_any_line_before_the_sums_leaves_every_gradient_as_it_was():
    line = 1
    while True:
        f = messy()
        for k, node in enumerate(nodes(f)):
            node.grad = 0.1 * k
        if not interrupted_at(line, f.backward):
            break
        assert [node.grad for node in nodes(f)] == [0.1 * k for k in range(len(nodes(f)))]
        line += 1
    assert line > 100


# ---------------- grad()

EVERY_ORDER = {
    "x**4": (lambda x: x**4, lambda x: x**4),
    "x*x*x*x": (lambda x: x * x * x * x, lambda x: x**4),
    "exp(tanh)": (lambda x: exp(tanh(x)), lambda x: mpmath.exp(mpmath.tanh(x))),
    "sin(exp)": (lambda x: sin(exp(x)), lambda x: mpmath.sin(mpmath.exp(x))),
    "cos(x)/x": (lambda x: cos(x) / x, lambda x: mpmath.cos(x) / x),
    "log(1+x**2)": (lambda x: log(1 + x**2), lambda x: mpmath.log(1 + x**2)),
    "swish": (lambda x: x * sigmoid(x), lambda x: x / (1 + mpmath.exp(-x))),
    "softplus": (softplus, lambda x: mpmath.log(1 + mpmath.exp(x))),
    "x**x": (lambda x: x**x, lambda x: x**x),
    "2**x": (lambda x: 2**x, lambda x: mpmath.mpf(2) ** x),
    "sqrt": (sqrt, mpmath.sqrt),
    "x**-0.5": (lambda x: x**-0.5, lambda x: 1 / mpmath.sqrt(x)),
    "reciprocal": (lambda x: x.reciprocal(), lambda x: 1 / x),
    "1/x - x": (lambda x: 1 / x - x, lambda x: 1 / x - x),
    "elu": (lambda x: elu(-x, 0.5), lambda x: (mpmath.exp(-x) - 1) / 2),
    "dot": (lambda x: dot([x, x * x], [sin(x), 2.0], exp(x)), lambda x: x * mpmath.sin(x) + 2 * x * x + mpmath.exp(x)),
    "total": (lambda x: total([x**3, sin(x), 5.0]), lambda x: x**3 + mpmath.sin(x) + 5),
    "logsumexp": (
        lambda x: logsumexp([x, 2 * x, 0.5]),
        lambda x: mpmath.log(mpmath.exp(x) + mpmath.exp(2 * x) + mpmath.exp(0.5)),
    ),
    "softmax": (
        lambda x: softmax([x, x * x])[0],
        lambda x: mpmath.exp(x) / (mpmath.exp(x) + mpmath.exp(x * x)),
    ),
    "maximum": (lambda x: maximum(x**3, x - 9, 0.0), lambda x: x**3),
    "minimum": (lambda x: minimum(x**3, x + 9, 9), lambda x: x**3),
}


@pytest.mark.parametrize(("function", "exact"), EVERY_ORDER.values(), ids=EVERY_ORDER)
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_each_order_agrees_with_differences_at_many_digits(function, exact, order):
    x = Value(0.7)
    f = function(x)
    for _ in range(order):
        (f,) = grad(f, [x])
    with mpmath.workdps(60):
        expected = float(mpmath.diff(exact, mpmath.mpf(0.7), order))
    assert f.data == pytest.approx(expected, rel=1e-11, abs=1e-11)


@pytest.mark.parametrize(("order", "expected"), [(1, 32.0), (2, 48.0), (3, 48.0), (4, 24.0), (5, 0.0), (6, 0.0)])
def test_every_order_of_the_fourth_power(order, expected):
    x = Value(2.0)
    f = x**4
    for _ in range(order):
        (f,) = grad(f, [x])
    assert f.data == expected


@pytest.mark.parametrize(("x", "y"), [(1.0, 1.0), (-1.2, 1.0), (0.5, -0.25)])
def test_the_hessian_of_the_rosenbrock_function(x, y):
    expected = [[2.0 - 400.0 * y + 1200.0 * x * x, -400.0 * x], [-400.0 * x, 200.0]]
    found = hessian(lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2, x, y)
    assert found[0] == close(expected[0])
    assert found[1] == close(expected[1])


def test_mixed_partials_do_not_depend_on_the_order():
    found = hessian(lambda x, y, z: exp(x * y) * sin(z * x) + logsumexp([x, y * z, z]) / (2 + cos(y)), 0.3, -0.8, 1.1)
    assert [[found[j][i] for j in range(3)] for i in range(3)] == [close(row) for row in found]
    assert all(entry != 0.0 for row in found for entry in row)


def test_a_mixed_third_partial_agrees_with_the_closed_form():
    x, y = Value(0.3), Value(-0.8)
    (fx,) = grad(exp(x * y), [x])
    (fxy,) = grad(fx, [y])
    (fxyx,) = grad(fxy, [x])  # y exp(xy) -> (1 + xy) exp(xy) -> (2y + xy²) exp(xy)
    assert fxyx.data == close((2 * -0.8 + 0.3 * 0.64) * math.exp(-0.24))


def test_the_gradient_of_the_output_is_one():
    x = Value(2.0)
    f = x * x
    assert [g.data for g in grad(f, [f, x])] == [1.0, 4.0]


def test_an_intermediate_node_has_a_gradient_of_every_order():
    x, y = Value(2.0), Value(3.0)
    q = x * y
    (first,) = grad(q**3 + x, [q])
    (second,) = grad(first, [q])
    assert (first.data, second.data) == (108.0, 36.0)


def test_an_input_that_is_not_reached_has_the_gradient_zero():
    x, y = Value(2.0), Value(3.0)
    (unreached,) = grad(x * x, [y])
    assert (type(unreached), unreached.data) == (Value, 0.0)


def test_the_gradients_come_in_the_order_of_the_inputs_from_any_iterable():
    x, y = Value(2.0), Value(3.0)
    assert [g.data for g in grad(x * y, iter([y, x, y]))] == [2.0, 3.0, 2.0]


def test_grad_of_no_inputs_is_empty():
    assert grad(Value(2.0) * 3.0, []) == []


def test_gradients_are_values_that_nothing_has_been_added_to():
    x, y = Value(2.0), Value(3.0)
    found = grad((x * y) ** 2, [x, y])
    assert [(type(g), g.grad) for g in found] == [(Value, 0.0)] * 2


def test_grad_leaves_the_gradients_of_the_graph_alone():
    f = messy()
    for k, node in enumerate(nodes(f)):
        node.grad = 0.1 * k
    for first in grad(f, leaves(f)):
        grad(first, leaves(f))
    assert [node.grad for node in nodes(f)] == [0.1 * k for k in range(len(nodes(f)))]


def test_grad_agrees_with_backward_to_the_last_digits():
    f = messy()
    found = [g.data for g in grad(f, nodes(f))]
    f.backward()
    assert found == [pytest.approx(node.grad, rel=1e-14) for node in nodes(f)]


def test_after_assigning_to_a_leaf_a_new_graph_has_the_new_gradient():
    x = Value(2.0)
    x.data = 5.0
    assert grad(x * x, [x])[0].data == 10.0


def test_a_penalty_on_the_gradient_can_be_differentiated_by_backward():
    w = Value(2.0)
    (slope,) = grad(w**3, [w])
    (slope * slope).backward()  # (3w²)² = 9w⁴ -> 36w³
    assert w.grad == 288.0


def test_the_gradient_of_a_dot_with_respect_to_a_weight_depends_on_its_input():
    w, v, x, y = values = [Value(2.0), Value(3.0), Value(5.0), Value(7.0)]
    found = [[second.data for second in grad(first, values)] for first in grad(dot([w, v], [x, y]), values)]
    assert found == [[0, 0, 1, 0], [0, 0, 0, 1], [1, 0, 0, 0], [0, 1, 0, 0]]


def test_the_hessian_of_a_squared_dot():
    found = hessian(lambda w, v, b: dot([w, v], [5.0, 7.0], b) ** 2, 2.0, 3.0, 1.0)
    assert found == [[50.0, 70.0, 10.0], [70.0, 98.0, 14.0], [10.0, 14.0, 2.0]]


def shares(numbers):
    powers = [math.exp(number) for number in numbers]
    return [power / math.fsum(powers) for power in powers]


def delta(i, j):
    return 1.0 if i == j else 0.0


POINT = (0.3, -1.2, 2.0)


def test_the_hessian_of_logsumexp_is_the_covariance_of_a_draw():
    p = shares(POINT)
    found = hessian(lambda *values: logsumexp(values), *POINT)
    assert found == [close([p[i] * (delta(i, j) - p[j]) for j in range(3)]) for i in range(3)]


@pytest.mark.parametrize("i", range(3))
def test_the_gradient_of_softmax(i):
    p = shares(POINT)
    assert gradients(lambda *values: softmax(values)[i], *POINT) == close(
        [p[i] * (delta(i, j) - p[j]) for j in range(3)]
    )


@pytest.mark.parametrize("i", range(3))
def test_the_hessian_of_softmax(i):
    p = shares(POINT)
    found = hessian(lambda *values: softmax(values)[i], *POINT)
    for j in range(3):
        assert found[j] == close(
            [p[i] * ((delta(i, j) - p[j]) * (delta(i, k) - p[k]) - p[j] * (delta(j, k) - p[k])) for k in range(3)]
        )


@pytest.mark.parametrize(
    ("function", "first", "second"),
    [
        (lambda x, y: maximum(x * x, y), [6.0, 0.0], [[2.0, 0.0], [0.0, 0.0]]),
        (lambda x, y: minimum(x * x, y), [0.0, 1.0], [[0.0, 0.0], [0.0, 0.0]]),
        (lambda x, y: maximum(x * x, 9.0, y), [3.0, 0.0], [[1.0, 0.0], [0.0, 0.0]]),
        (lambda x, y: maximum(x, y) ** 2, [6.0, 0.0], [[2.0, 0.0], [0.0, 0.0]]),
        (lambda x, y: maximum(x, x) * y, [2.0, 3.0], [[0.0, 1.0], [1.0, 0.0]]),
    ],
)
def test_the_extremes_to_second_order(function, first, second):
    assert gradients(function, 3.0, 2.0) == first
    assert hessian(function, 3.0, 2.0) == second


@pytest.mark.parametrize("x", [-2.0, -0.0, 0.0, 3.0])
@pytest.mark.parametrize(
    ("function", "left", "kink", "right"),
    [(relu, 0.0, 0.0, 1.0), (abs, -1.0, 0.0, 1.0), (leaky_relu, 0.01, 0.01, 1.0), (lambda x: x.step(), 0.0, 0.0, 0.0)],
    ids=["relu", "abs", "leaky_relu", "step"],
)
def test_a_gate_of_straight_lines_has_no_second_slope(function, left, kink, right, x):
    value = Value(x)
    (first,) = grad(function(value), [value])
    (second,) = grad(first, [value])
    assert (first.data, second.data) == (left if x < 0 else right if x > 0 else kink, 0.0)


@pytest.mark.parametrize(("x", "second"), [(-2.0, 0.0), (0.0, 0.0), (3.0, 2.0)])
def test_the_second_slope_of_a_squared_relu(x, second):
    assert hessian(lambda x: relu(x) ** 2, x) == [[second]]


def test_newtons_own_example_of_his_method():
    x = Value(2.0)
    for _ in range(6):
        f = x**3 - 2 * x - 5
        (slope,) = grad(f, [x])
        x.data -= f.data / slope.data
    assert x.data == pytest.approx(2.0945514815423265, rel=1e-15)


# ---------------- depth and width

PRELUDE = """
    import gc, sys, threading
    from tinygrad_edu import Group, Value, dot, grad, total
    from tinygrad_edu.backprop import nodes
    limit = sys.getrecursionlimit()
    def alive():
        return sum(type(x) in (Value, Group) for x in gc.get_objects())
"""


def run(script):
    """Run the script in a process of its own, so that a crash is a failed test and not the end of them."""
    script = (
        textwrap.dedent(PRELUDE) + textwrap.dedent(script) + "\nassert sys.getrecursionlimit() == limit\nprint('done')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr[-2000:]) == (0, "done\n", "")


def test_a_chain_of_a_million_gates():
    run("""
        gc.disable()
        x = Value(1.0)
        f = x
        for k in range(500_000):
            f = (f + 1.0) * 1.0
        assert f.data == 500_001.0
        f.backward()
        assert x.grad == 1.0
        f.backward()
        assert x.grad == 2.0
        assert len(nodes(f)) == 1_000_001
        f.zero_grad()
        assert x.grad == 0.0
        del f
        assert alive() == 1
    """)


def test_the_gradient_graph_of_a_chain_of_a_million_gates():
    run("""
        gc.disable()
        x = Value(1.0)
        f = x
        for k in range(1_000_000):
            f = -f
        (g,) = grad(f, [x])
        assert g.data == 1.0
        del f, g
        assert alive() == 1
    """)


def test_a_chain_of_a_hundred_thousand_groups():
    run("""
        gc.disable()
        w, x = Value(1.0), Value(2.0)
        f = x
        for k in range(100_000):
            f = dot([w, 3.0], [f, 0.0], x)
        f.backward()
        assert x.grad == 100_001.0
        assert w.grad == 2.0 * sum(range(1, 100_001))
        del f
        assert alive() == 2
    """)


def test_the_gradient_graph_of_a_chain_of_groups():
    run("""
        gc.disable()
        w, x = Value(1.0), Value(2.0)
        f = x
        for k in range(20_000):
            f = dot([w, 3.0], [f, 0.0], x)
        (g,) = grad(f, [x])
        assert g.data == 20_001.0
        del f
        g.backward()
        assert w.grad == sum(range(1, 20_001))
        del g
        assert alive() == 2
    """)


def test_a_sum_of_a_hundred_thousand_values():
    run("""
        gc.disable()
        values = [Value(k) for k in range(100_000)]
        f = total(values)
        assert f.data == 4_999_950_000.0
        f.backward()
        assert {x.grad for x in values} == {1.0}
        assert {g.data for g in grad(f * f, values)} == {2.0 * 4_999_950_000.0}
        del f, values
        assert alive() == 0
    """)


def test_pythons_own_sum_of_a_hundred_thousand_values():
    run("""
        values = [Value(k) for k in range(100_000)]
        sum(values).backward()
        assert {x.grad for x in values} == {1.0}
    """)


def test_a_value_that_a_hundred_thousand_gates_use():
    run("""
        x = Value(3.0)
        total([x * k for k in range(100_000)]).backward()
        assert x.grad == sum(range(100_000))
    """)


@pytest.mark.parametrize("link", ["-f", "f + x", "dot([f], [1.0])", "dot([1.0, x], [f, 0.0], x)", "f ** 1"])
def test_a_deep_graph_is_built_used_and_freed_in_a_thread_with_a_small_stack(link):
    run(f"""
        gc.disable()
        def work():
            x = Value(0.0)
            f = x
            for k in range(30_000):
                f = {link}
            f.backward()
            del f
            passed.append(alive())
        passed = []
        threading.stack_size(1024 * 1024)  # with less, CPython 3.13.0 itself crashes on a nest of lists
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert passed == [1]
    """)


def test_a_deep_graph_lives_and_dies_within_a_low_recursion_limit():
    run("""
        sys.setrecursionlimit(60)
        limit = 60
        x = f = Value(0.0)
        for k in range(20_000):
            f = dot([f], [1.0]) if k % 3 == 0 else f - x
        f.backward()
        f.zero_grad()
        grad(f, [x])
        del f
    """)


# ---------------- no reference cycles


@pytest.fixture
def without_collector():
    gc.collect()
    gc.freeze()  # what is alive by now is not counted
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


def alive():
    return sum(type(x) in (Value, Group) for x in gc.get_objects())


def network(sizes):
    return [
        [([Value(math.sin(1 + i + 3 * j)) for i in range(inputs)], Value(0.1)) for j in range(outputs)]
        for inputs, outputs in pairwise(sizes)
    ]


def loss_of(layers, rows):
    losses = []
    for row, target in rows:
        for layer in layers[:-1]:
            row = Group([dot(weights, row, bias).tanh() for weights, bias in layer])
        scores = [dot(weights, row, bias) for weights, bias in layers[-1]]
        losses.append(logsumexp(scores) - scores[target])
    return total(losses) / len(losses)


ROWS = [([0.1, -0.7], 0), ([0.9, 0.2], 1), ([-0.4, 0.4], 0)]


def test_training_leaves_no_value_behind_without_the_cyclic_collector(without_collector):
    layers = network([2, 4, 3, 2])
    parameters = [p for layer in layers for weights, bias in layer for p in (*weights, bias)]
    before, seen, history = alive(), set(), []
    for _ in range(100):
        loss = loss_of(layers, ROWS)
        loss.zero_grad()
        loss.backward()
        for p in parameters:
            p.data -= 0.1 * p.grad
        history.append(loss.data)
        del loss
        seen.add(alive())
    assert seen == {before}
    assert history[-1] < 0.5 * history[0]


@pytest.mark.parametrize(
    "use",
    [
        lambda f: f.backward(),
        lambda f: f.zero_grad(),
        lambda f: nodes(f),
        lambda f: grad(f, leaves(f)),
        lambda f: grad(grad(f, leaves(f))[0], leaves(f)),
        lambda f: repr(f.inputs),
    ],
    ids=["backward", "zero_grad", "nodes", "grad", "grad of grad", "inputs"],
)
def test_a_graph_dies_with_its_last_name(use, without_collector):
    before = alive()
    use(messy())
    assert alive() == before


@pytest.mark.parametrize(
    "fail",
    [
        lambda: log(messy() - 100.0),
        lambda: sqrt(messy() * 0.0).backward(),
        lambda: grad(sqrt(messy() * 0.0), []),
        lambda: breaking(RuntimeError)[0].backward(),
        lambda: dot([messy()], [1.0, 2.0]),
    ],
    ids=["forward", "backward", "grad", "slope", "lengths"],
)
def test_a_graph_dies_with_the_error_that_named_it(fail, without_collector):
    before = alive()
    try:
        fail()
    except (DomainError, RuntimeError) as error:
        assert error.args is not None
    assert alive() == before


def test_operators_of_a_long_loop_leave_no_memory_behind(without_collector):
    def step():
        f = Value(0.5)
        for gate in (operator.neg, abs, exp, tanh, sigmoid, softplus):
            f = gate(f) * 0.5 + 0.1
        f.backward()

    step()
    before = alive()
    for _ in range(50):
        step()
    assert alive() == before


@pytest.mark.parametrize("arguments", [(3.0, [Value(1.0)]), (Value(1.0), [3.0])])
def test_grad_of_or_by_what_is_no_value_is_a_type_error(arguments):
    with pytest.raises(TypeError, match="grad needs Values, got float"):
        grad(*arguments)
