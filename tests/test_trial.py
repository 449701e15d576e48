"""A traced program and a row that it was not traced on: what differs from call to call of the function is found out."""

import itertools
import math
import pickle
import random

import numpy as np
import pytest

from nn import Dropout, Layer, Sequential, squared_error
from tinygrad_edu import DomainError, Program, Value, logsumexp

BACKENDS = pytest.mark.parametrize("backend", ["python", "llvm"])
W = Value(2.0, "w")


def counted():
    count = itertools.count()
    return lambda x: W * x + next(count)


def collected():
    seen = []

    def function(x):
        seen.append(x)
        return W * x * len(seen)

    return function


def kept():
    seen = []

    def function(x):
        seen.append(W * x)
        return seen[0]

    return function


def at_random():
    numbers = random.Random(1)
    return lambda x: W * x * numbers.random()


def branching_on_a_global():
    state = {"first": True}

    def function(x):
        first, state["first"] = state["first"], False
        return W * x if first else W * x**2

    return function


def caught():
    """The refusal itself, caught: the program would be that of the other branch."""

    def function(x):
        try:
            return W * x * float(x)
        except ArithmeticError:
            return W * x

    return function


def dropping():
    model = Sequential(Layer(1, 8, "tanh", seed=1), Dropout(0.5, seed=2), Layer(8, 1, seed=3))
    return lambda x: squared_error(model([x])[0], 1.0)


FICKLE = [counted, collected, kept, at_random, branching_on_a_global, caught, dropping]


@BACKENDS
@pytest.mark.parametrize("make", FICKLE)
@pytest.mark.parametrize("method", ["__call__", "values"])
def test_a_function_that_does_not_do_the_same_at_every_call_is_found_out(make, method, backend):
    program = Program.trace(make(), [1.0], [W], backend)
    with pytest.raises(ValueError, match="does not do the same at every call"):
        getattr(program, method)([[1.0], [3.0]])


def test_the_error_shows_the_row_and_both_outputs():
    program = Program.trace(counted(), [1.0], [W])
    with pytest.raises(
        ValueError, match=r"gives 6.0 for the row \[3.0\] where the function .* gives 7.0: the function does"
    ):
        program([[3.0]])


class Calls:
    """A function that counts its calls."""

    def __init__(self):
        self.rows = []

    def __call__(self, x, y):
        self.rows.append(x)
        return logsumexp([W * x, y])

    @property
    def numbers(self):
        return [x.data for x in self.rows[1:]]  # the first was the tracing's


@BACKENDS
@pytest.mark.parametrize("array", [list, np.array])
def test_one_row_is_tried_once_and_never_again(array, backend):
    calls = Calls()
    program = Program.trace(calls, [1.0, 2.0], [W], backend)
    for rows in ([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[7.0, 8.0]]):
        program(array(rows))
        program.values(array(rows))
    assert calls.numbers == [3.0]


def test_a_row_like_the_example_does_not_do_for_good():
    calls = Calls()
    program = Program.trace(calls, [1.0, 2.0], [W])
    program([[1.0, 2.0]])
    program([[1.0, 2.0], [1.0, 2.5]])
    program([[4.0, 2.5]])
    assert calls.numbers == [1.0, 1.0]


def test_rows_that_the_program_refuses_leave_the_trial_to_the_next():
    calls = Calls()
    program = Program.trace(calls, [1.0, 2.0], [W])
    for rows in ([], [[1.0]]):
        with pytest.raises(ValueError):
            program(rows)
    assert calls.numbers == []
    program([[3.0, 4.0]])
    assert calls.numbers == [3.0]


@BACKENDS
def test_rounding_is_no_difference(backend):
    """Near 0 the sums of large numbers have lost their digits on both sides, not the same ones."""
    program = Program.trace(lambda x: (x * W + 1e6) * 3.7 - 3.7e6 - 7.4 * x, [1.0], [W], backend)
    program([[math.pi]])


@BACKENDS
@pytest.mark.parametrize("array", [list, np.array])
def test_a_program_at_other_numbers_than_its_parameters_have(array, backend):
    """∂(w² x)/∂w = 2 w x; the function is tried at these numbers too, and the parameter keeps its own."""
    calls = []
    program = Program.trace(lambda x: [calls.append(W.data), W**2 * x][1], [1.0], [W], backend)
    mean, gradient = program(array([[3.0], [5.0]]), at=array([10.0]))
    assert (mean, list(gradient), W.data) == (400.0, [80.0], 2.0)
    assert calls[1:] == [10.0]
    assert list(program.values(array([[3.0]]), at=array([-1.0]))) == [3.0]
    assert list(program.values(array([[3.0]]))) == [12.0]


@BACKENDS
def test_an_error_at_other_numbers_shows_them(backend):
    program = Program.trace(lambda x: (W * x).log(), [1.0], [W], backend)
    with pytest.raises(DomainError, match=r"log\(x = -3.0\): log needs x > 0"):
        program([[1.0]], at=[-3.0])


def test_in_float32_rounding_is_coarser_and_no_difference_either():
    program = Program.trace(lambda x: (W * x).exp() * 0.1, [1.0], [W], "llvm", "float32")
    assert program.values([[0.7]])[0] == pytest.approx(0.1 * math.exp(1.4), rel=1e-6)
    with pytest.raises(ValueError, match="does not do the same at every call"):
        Program.trace(counted(), [1.0], [W], "llvm", "float32")([[3.0]])


def test_the_function_is_no_part_of_a_pickle():
    program = Program.trace(lambda x: W * x, [1.0], [W])
    mean, gradient = pickle.loads(pickle.dumps(program))([[3.0]])
    assert (mean, list(gradient)) == (6.0, [3.0])
