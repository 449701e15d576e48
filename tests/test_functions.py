"""The functions as one calls them: Values in give a Value, numbers alone give a number, whatever holds them."""

import math
from fractions import Fraction
from functools import partial

import numpy as np
import pytest

from tinygrad_edu import (
    DomainError,
    Group,
    Value,
    cos,
    dot,
    elu,
    exp,
    leaky_relu,
    log,
    logsumexp,
    maximum,
    minimum,
    reciprocal,
    relu,
    sigmoid,
    sin,
    softmax,
    softplus,
    sqrt,
    step,
    tanh,
    total,
)

close = partial(pytest.approx, rel=1e-14, abs=1e-300)


def logistic(x):
    return 1.0 / (1.0 + math.exp(-x))


def gradients(function, *numbers):
    values = [Value(number) for number in numbers]
    function(*values).backward()
    return [value.grad for value in values]


# ---------------- one input

CLOSED_FORMS = [
    (exp, math.exp),
    (log, math.log),
    (sqrt, math.sqrt),
    (sin, math.sin),
    (cos, math.cos),
    (tanh, math.tanh),
    (relu, lambda x: max(x, 0.0)),
    (softplus, lambda x: math.log(1.0 + math.exp(x))),
    (reciprocal, lambda x: 1.0 / x),
    (step, lambda x: 1.0),
    (sigmoid, logistic),
    (leaky_relu, lambda x: x),
    (elu, lambda x: x),
]
each_function = pytest.mark.parametrize(("function", "expected"), CLOSED_FORMS)


@each_function
@pytest.mark.parametrize("number", [1.5, Fraction(3, 2), np.float64(1.5), np.float32(1.5)])
def test_a_number_gives_the_number_of_the_closed_form(function, expected, number):
    assert function(number) == close(expected(1.5))


@each_function
def test_a_value_gives_a_value_with_the_number_of_the_closed_form(function, expected):
    output = function(Value(1.5))
    assert type(output) is Value
    assert output.data == close(expected(1.5))


@each_function
@pytest.mark.parametrize("number", [2, True, np.int64(2)])
def test_an_integer_is_a_number_too(function, expected, number):
    assert function(number) == close(expected(float(number)))


@pytest.mark.parametrize("x", ["3", None, 1j, [1.0], np.array([1.0])], ids=lambda x: type(x).__name__)
@pytest.mark.parametrize("function", [exp, log, sin, tanh, sqrt], ids=repr)
def test_what_is_no_number_is_a_type_error(function, x):
    with pytest.raises(TypeError, match=f"{function.name} takes x, each a Value or a number"):
        function(x)


# ---------------- sigmoid, leaky_relu and elu have a parameter


@pytest.mark.parametrize("beta", [0.5, 1, 2.0, Fraction(7, 2), np.float64(3.0)])
@pytest.mark.parametrize("x", [-1.5, 0.0, 0.7])
def test_sigmoid_is_steeper_with_beta(x, beta):
    s = logistic(float(beta) * x)
    assert sigmoid(x, beta) == close(s)
    assert gradients(lambda x: sigmoid(x, beta), x) == close([float(beta) * s * (1.0 - s)])


def test_sigmoid_differentiates_a_beta_that_is_a_value():
    s = logistic(1.4)
    assert gradients(sigmoid, 0.7, 2.0) == close([2.0 * s * (1.0 - s), 0.7 * s * (1.0 - s)])


@pytest.mark.parametrize(
    ("function", "x", "data", "slope"),
    [
        (leaky_relu, -2.0, -0.02, 0.01),
        (leaky_relu, 2.0, 2.0, 1.0),
        (leaky_relu, 0.0, 0.0, 0.01),
        (lambda x: leaky_relu(x, 0.1), -2.0, -0.2, 0.1),
        (lambda x: leaky_relu(x, alpha=0.1), 2.0, 2.0, 1.0),
        (elu, -2.0, math.expm1(-2.0), math.exp(-2.0)),
        (elu, 2.0, 2.0, 1.0),
        (elu, 0.0, 0.0, 1.0),
        (lambda x: elu(x, 0.5), -2.0, 0.5 * math.expm1(-2.0), 0.5 * math.exp(-2.0)),
        (lambda x: elu(x, alpha=0.5), 0.0, 0.0, 0.5),
    ],
)
def test_leaky_relu_and_elu(function, x, data, slope):
    assert function(x) == close(data)
    assert function(Value(x)).data == close(data)
    assert gradients(function, x) == close([slope])


@pytest.mark.parametrize(
    ("function", "slope"), [(leaky_relu, -2.0), (elu, math.expm1(-2.0))], ids=["leaky_relu", "elu"]
)
def test_alpha_can_be_a_value_as_in_a_parametric_relu(function, slope):
    assert gradients(function, -2.0, 0.25)[1] == close(slope)


# ---------------- maximum and minimum


@pytest.mark.parametrize(
    ("function", "inputs", "data", "slopes"),
    [
        (maximum, [2.0, 5.0, 3.0], 5.0, [0.0, 1.0, 0.0]),
        (minimum, [2.0, 5.0, 3.0], 2.0, [1.0, 0.0, 0.0]),
        (maximum, [2.0], 2.0, [1.0]),
        (minimum, [-2.0, -5.0], -5.0, [0.0, 1.0]),
        (maximum, [4.0, 4.0], 4.0, [0.5, 0.5]),
        (minimum, [4.0, 9.0, 4.0, 4.0, 4.0], 4.0, [0.25, 0.0, 0.25, 0.25, 0.25]),
    ],
)
def test_the_extremes_of_values_route_the_gradient(function, inputs, data, slopes):
    assert function(*map(Value, inputs)).data == data
    assert gradients(function, *inputs) == slopes


@pytest.mark.parametrize(
    ("function", "x", "data", "slope"),
    [
        (lambda x: maximum(x, 0), 3.0, 3.0, 1.0),
        (lambda x: maximum(0, x), -3.0, 0.0, 0.0),
        (lambda x: minimum(Fraction(1, 2), x, np.float64(7.0)), 3.0, 0.5, 0.0),
        (lambda x: minimum(True, x), -3.0, -3.0, 1.0),
        (lambda x: maximum(x, 3), 3.0, 3.0, 0.5),
    ],
)
def test_the_extremes_take_numbers_beside_values(function, x, data, slope):
    assert function(Value(x)).data == data
    assert gradients(function, x) == [slope]


@pytest.mark.parametrize(("function", "expected"), [(maximum, 5.0), (minimum, -1.0)])
def test_the_extremes_of_numbers_are_a_number(function, expected):
    assert function(2, 5.0, np.float64(-1.0)) == expected


@pytest.mark.parametrize("function", [maximum, minimum])
@pytest.mark.parametrize("values", [[1.0, 2.0], [Value(1.0), Value(2.0)], (Value(1.0),)])
def test_the_extremes_of_a_list_are_an_error_that_says_what_they_take(function, values):
    with pytest.raises(TypeError, match="takes values"):
        function(values)


# ---------------- total


@pytest.mark.parametrize("kind", [list, tuple, iter, Group])
def test_total_takes_any_iterable(kind):
    x, y = Value(2.0), Value(3.0)
    f = total(kind([x, y, 5]))
    f.backward()
    assert (f.data, x.grad, y.grad) == (10.0, 1.0, 1.0)


def test_total_is_one_gate():
    x, y = Value(2.0), Value(3.0)
    assert total([x, y]).inputs == (x, y)


@pytest.mark.parametrize("big", [1e100, Value(1e100)], ids=["number", "value"])
def test_total_is_rounded_once(big):
    assert float(total([1.0, big, 1.0, -1e100])) == 2.0


def test_the_total_of_numbers_is_a_number():
    assert total([1, 2.5, np.float64(3.0)]) == 6.5


# ---------------- dot


@pytest.mark.parametrize(("bias", "data"), [(None, 8.0), (0.5, 8.5), (0, 8.0), (Value(0.5), 8.5)])
def test_dot_is_the_weighted_sum_and_the_bias(bias, data):
    assert float(dot([2.0, -3.0], [7.0, 2.0], bias)) == data
    assert dot([Value(2.0), -3.0], [7.0, Value(2.0)], bias).data == data


def test_the_slopes_of_dot_are_the_inputs_the_weights_and_one():
    slopes = gradients(lambda w1, w2, x1, x2, b: dot([w1, w2], [x1, x2], b), 2.0, -3.0, 7.0, 2.0, 0.5)
    assert slopes == [7.0, 2.0, 2.0, -3.0, 1.0]


def test_a_bias_whose_number_is_zero_still_takes_its_gradient():
    assert gradients(lambda b: dot([2.0], [7.0], b), 0.0) == [1.0]


@pytest.mark.parametrize("weights", [list, tuple, iter, np.array, Group], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("inputs", [list, tuple, iter, Group], ids=lambda kind: kind.__name__)
def test_dot_takes_any_iterables(weights, inputs):
    x, y = Value(7.0), Value(2.0)
    f = dot(weights([2.0, -3.0]), inputs([x, y]))
    f.backward()
    assert (f.data, x.grad, y.grad) == (8.0, 2.0, -3.0)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
def test_dot_takes_the_row_of_a_numpy_array(dtype):
    rows = np.array([[7, 2], [1, 1]], dtype=dtype)
    w, v = Value(2.0), Value(-3.0)
    f = dot([w, v], rows[0])
    f.backward()
    assert (f.data, w.grad, v.grad) == (8.0, 7.0, 2.0)


@pytest.mark.parametrize("lists", [([2.0, -3.0], [7.0, 2.0]), (np.array([2.0, -3.0]), (7, 2))])
def test_the_dot_of_numbers_is_a_number(lists):
    assert dot(*lists) == 8.0


@pytest.mark.parametrize("numbers", [[1e16, 1.0, -1e16], [Value(1e16), 1.0, -1e16]], ids=["numbers", "values"])
def test_the_sum_within_dot_is_rounded_once(numbers):
    assert float(dot(numbers, [1.0, 1.0, 1.0], 2.0)) == 3.0


@pytest.mark.parametrize("make", [float, Value])
@pytest.mark.parametrize(("weights", "inputs"), [(1, 2), (2, 1), (0, 1), (3, 0)])
def test_a_different_number_of_weights_and_inputs_is_an_error(make, weights, inputs):
    with pytest.raises(DomainError, match=r"dot needs len\(weights\) == len\(inputs\)"):
        dot([make(1.0)] * weights, [make(1.0)] * inputs)


# ---------------- logsumexp and softmax


@pytest.mark.parametrize("kind", [list, tuple, iter, Group])
def test_logsumexp_takes_any_iterable(kind):
    assert float(logsumexp(kind([Value(0.0), 1.0]))) == close(math.log(1.0 + math.e))


def test_the_logsumexp_of_numbers_is_a_number():
    assert logsumexp([0, np.float64(1.0)]) == close(math.log(1.0 + math.e))


@pytest.mark.parametrize("shift", [-1000.0, 0.0, 1000.0, 1e10])
def test_logsumexp_survives_large_numbers(shift):
    assert logsumexp([shift, shift]) == close(shift + math.log(2.0))


@pytest.mark.parametrize("make", [float, Value])
@pytest.mark.parametrize("kind", [list, tuple, iter])
def test_softmax_is_each_ones_share_of_the_exponentials(make, kind):
    powers = [math.exp(1.0), math.exp(2.0), math.exp(-0.5)]
    shares = softmax(kind([make(1.0), make(2.0), make(-0.5)]))
    assert [float(share) for share in shares] == close([power / math.fsum(powers) for power in powers])
    assert {type(share) for share in shares} == {make}


@pytest.mark.parametrize("make", [float, Value])
@pytest.mark.parametrize("values", [[1.0], [1.0, 2.0, 3.0], [-5.0, 0.1, 7.0, 7.0], [1000.0, 999.0, -1000.0]])
def test_softmax_sums_to_one(make, values):
    assert math.fsum(map(float, softmax(map(make, values)))) == close(1.0)


@pytest.mark.parametrize("make", [float, Value])
@pytest.mark.parametrize("top", [1000.0, -1000.0, 1e300])
def test_softmax_survives_large_numbers(make, top):
    assert [float(share) for share in softmax([make(top), make(top), make(top - 1e299)])] == pytest.approx(
        [0.5, 0.5, 0.0]
    )


def test_softmax_of_values_and_numbers_is_values():
    assert [type(share) for share in softmax([Value(1.0), 2.0])] == [Value, Value]


# ---------------- nothing to work on


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda: total([]), 0.0),
        (lambda: dot([], []), 0.0),
        (lambda: dot([], [], 3.0), 3.0),
        (lambda: total(iter(())), 0.0),
    ],
)
def test_an_empty_sum_is_zero(function, expected):
    assert function() == expected


def test_an_empty_dot_with_a_bias_is_the_bias():
    b = Value(3.0)
    f = dot([], [], b)
    f.backward()
    assert (f.data, b.grad) == (3.0, 1.0)


@pytest.mark.parametrize(
    ("function", "name"), [(maximum, "maximum"), (minimum, "minimum"), (lambda: logsumexp([]), "logsumexp")]
)
def test_an_empty_group_has_no_extreme_and_no_logarithm(function, name):
    with pytest.raises(DomainError, match=rf"{name} needs len\(values\) > 0"):
        function()


def test_the_softmax_of_nothing_is_an_error():
    with pytest.raises(DomainError, match=r"needs len\(values\) > 0"):
        softmax([])
