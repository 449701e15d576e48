"""Activations by name: each against its formula, and what is no name of one."""

import math
from functools import partial

import pytest

from nn.activations import ACTIVATIONS, activation
from tinygrad_edu import Value

close = partial(pytest.approx, rel=1e-14, abs=1e-300)


def logistic(x):
    return 1.0 / (1.0 + math.exp(-x))


# name: (value, slope), as the books write them
FORMULAS = {
    "linear": (lambda x: x, lambda x: 1.0),
    "step": (lambda x: float(x > 0), lambda x: 0.0),
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
    with pytest.raises(ValueError, match=r"linear, step, sigmoid, tanh, relu") as error:
        activation(name)
    assert repr(name) in str(error.value)
