"""Activations by name: each against its formula, and what is no name of one."""

import math
from functools import partial

import mpmath
import pytest

from nn.activations import ACTIVATIONS, activation, log_softmax
from tinygrad_edu import DomainError, Value, softmax

close = partial(pytest.approx, rel=1e-14, abs=1e-300)


def logistic(x):
    return 1.0 / (1.0 + math.exp(-x))


# name: (value, slope), as the books write them
FORMULAS = {
    "linear": (lambda x: x, lambda x: 1.0),
    "step": (lambda x: float(x > 0), lambda x: 0.0),
    "sign": (lambda x: math.copysign(1.0, x), lambda x: 0.0),
    "sigmoid": (logistic, lambda x: logistic(x) * (1.0 - logistic(x))),
    "tanh": (math.tanh, lambda x: 1.0 - math.tanh(x) ** 2),
    "relu": (lambda x: max(x, 0.0), lambda x: float(x > 0)),
    "leaky_relu": (lambda x: x if x > 0 else 0.01 * x, lambda x: 1.0 if x > 0 else 0.01),
    "elu": (lambda x: x if x > 0 else math.exp(x) - 1.0, lambda x: 1.0 if x > 0 else math.exp(x)),
    "softplus": (lambda x: math.log(1.0 + math.exp(x)), logistic),
}

NAME = pytest.mark.parametrize("name", FORMULAS)
NUMBER = pytest.mark.parametrize("number", [-1.75, -0.5, 0.25, 3.0])


def test_every_activation_has_its_formula_here():
    assert ACTIVATIONS.keys() == FORMULAS.keys()


@NAME
@NUMBER
def test_an_activation_by_name_has_the_value_of_its_formula(name, number):
    assert activation(name)(Value(number)).data == close(FORMULAS[name][0](number))


@NAME
@NUMBER
def test_an_activation_by_name_has_the_slope_of_its_formula(name, number):
    x = Value(number)
    activation(name)(x).backward()
    assert x.grad == close(FORMULAS[name][1](number))


def test_linear_is_the_value_itself():
    x = Value(3.0)
    assert activation("linear")(x) is x


@pytest.mark.parametrize("function", [Value.tanh, math.tanh, lambda x: x * x, ACTIVATIONS["relu"]])
def test_a_function_is_returned_as_it_is(function):
    assert activation(function) is function


@pytest.mark.parametrize("name", ["", "ReLU", "relu ", "softmax", "tan", None, 3])
def test_what_is_no_name_is_refused_and_the_names_are_listed(name):
    with pytest.raises(ValueError, match=r"linear, step, sign, sigmoid, tanh, relu") as error:
        activation(name)
    assert "Softmax() behind a layer" in str(error.value)
    assert repr(name) in str(error.value)


# ---------------- kinks, and the ends of the range

AT_ZERO = {
    "linear": (0.0, 1.0),
    "step": (0.0, 0.0),
    "sign": (0.0, 0.0),
    "sigmoid": (0.5, 0.25),
    "tanh": (0.0, 1.0),
    "relu": (0.0, 0.0),
    "leaky_relu": (0.0, 0.01),
    "elu": (0.0, 1.0),
    "softplus": (math.log(2.0), 0.5),
}


@NAME
def test_at_zero_a_kink_belongs_to_its_left_side(name):
    x = Value(0.0)
    y = activation(name)(x)
    y.backward()
    assert (y.data, x.grad) == close(AT_ZERO[name])


AT_THE_ENDS = {
    "linear": (-1e300, 1e300),
    "step": (0.0, 1.0),
    "sign": (-1.0, 1.0),
    "sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "relu": (0.0, 1e300),
    "leaky_relu": (-1e298, 1e300),
    "elu": (-1.0, 1e300),
    "softplus": (0.0, 1e300),
}


@NAME
def test_no_activation_overflows(name):
    assert tuple(activation(name)(Value(x)).data for x in (-1e300, 1e300)) == close(AT_THE_ENDS[name])


# ---------------- with another alpha or beta


@NUMBER
def test_the_leaky_relu_of_the_lectures_is_the_larger_of_x_and_a_tenth_of_it(number):
    x = Value(number)
    y = activation(partial(Value.leaky_relu, alpha=0.1))(x)
    y.backward()
    assert (y.data, x.grad) == close((max(0.1 * number, number), 0.1 if number < 0.0 else 1.0))


@NUMBER
@pytest.mark.parametrize("beta", [0.5, 2.0])
def test_the_slope_of_the_sigmoid_with_beta_has_beta_before_it(number, beta):
    """Lecture 002: β σ (1 - σ)."""
    x = Value(number)
    y = activation(partial(Value.sigmoid, beta=beta))(x)
    y.backward()
    sigma = logistic(beta * number)
    assert (y.data, x.grad) == close((sigma, beta * sigma * logistic(-beta * number)))


@NUMBER
def test_elu_with_another_alpha_levels_off_elsewhere(number):
    x = Value(number)
    y = activation(partial(Value.elu, alpha=0.3))(x)
    y.backward()
    assert (y.data, x.grad) == close(
        (number, 1.0) if number > 0.0 else (0.3 * math.expm1(number), 0.3 * math.exp(number))
    )


# ---------------- log_softmax

LOGITS = pytest.mark.parametrize("logits", [[0.0, 0.0], [1.0, 2.0, 3.0], [-0.5, 4.0, 0.3, -2.2], [7.0]], ids=str)


@LOGITS
def test_log_softmax_is_the_logarithm_of_softmax(logits):
    powers = [mpmath.exp(z) for z in logits]
    expected = [float(mpmath.log(power / mpmath.fsum(powers))) for power in powers]
    assert [y.data for y in log_softmax(Value(z) for z in logits)] == pytest.approx(expected, rel=1e-14)


@LOGITS
def test_each_slope_of_log_softmax_is_kronecker_minus_the_probability(logits):
    for i in range(len(logits)):
        z = [Value(number) for number in logits]
        log_softmax(z)[i].backward()
        expected = [(i == k) - p for k, p in enumerate(softmax(logits))]
        assert [leaf.grad for leaf in z] == pytest.approx(expected, abs=1e-15)


def test_log_softmax_is_finite_where_the_probability_is_not_above_0():
    assert log_softmax([0.0, -800.0]) == [0.0, -800.0]
    assert softmax([0.0, -800.0])[1] == 0.0


def test_there_is_no_log_softmax_of_nothing():
    with pytest.raises(DomainError):
        log_softmax([])
