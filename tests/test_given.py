"""What a program is made of and called with: every message names the mistake and the way out."""

import math
import re
from fractions import Fraction
from functools import wraps

import numpy as np
import pytest

from nn import MLP
from tinygrad_edu import DomainError, Program, Value

BACKENDS = pytest.mark.parametrize("backend", ["python", "llvm"])
W, X, T = Value(2.0, "w"), Value(3.0, "x"), Value(5.0, "t")
BOTH = "Program(output, inputs, parameters) takes a Value, Program.trace(function, example, parameters) a function"


def refused(kind, message, make, *given, **named):
    """Whether this is refused with a message that begins so."""
    with pytest.raises(kind, match=f"^{re.escape(message)}"):
        make(*given, **named)


# ---------------- what it is made of


@pytest.mark.parametrize(
    ("inputs", "parameters", "message"),
    [
        (X, [W], "`inputs` is a list of Values, such as [x]; got Value(data=3.0, grad=0.0, label='x')"),
        ([X], W, "`parameters` is a list of Values, such as [w] or model.parameters(); got Value(data=2.0"),
        (X, W, "`inputs` is a list of Values"),
        (None, [W], "`inputs` is a list of Values, such as [x]; got NoneType None"),
        ([X], MLP(1, [1]), "`parameters` is a list of Values, such as [w] or model.parameters(); got MLP(inputs=1"),
        (
            [X],
            MLP(1, [1]).parameters,
            "`parameters` is a list of Values, such as [w] or model.parameters(); got <bound",
        ),
        ([[X]], [W], "input 0 of a program is to be a Value, got list [Value(data=3.0"),
        ([X], [2.0], "parameter 0 of a program is to be a Value, got float 2.0"),
    ],
)
def test_inputs_and_parameters_are_lists_of_values(inputs, parameters, message):
    refused(TypeError, message, Program, W * X, inputs, parameters)
    if inputs == [X]:
        refused(TypeError, message, Program.trace, lambda x: W * x, [3.0], parameters)


@pytest.mark.parametrize("output", [[W * X], None, lambda x: W * x])
def test_a_program_takes_a_value_and_names_the_way_for_a_function(output):
    refused(TypeError, "a program's output is a Value, got ", Program, output, [X], [W])
    with pytest.raises(TypeError, match=re.escape(BOTH)):
        Program(output, [X], [W])


@pytest.mark.parametrize("function", [W * X, None, 3.0])
def test_trace_takes_a_function_and_names_the_way_for_a_value(function):
    refused(TypeError, "a program is traced from a function, got ", Program.trace, function, [3.0], [W])
    with pytest.raises(TypeError, match=re.escape(BOTH)):
        Program.trace(function, [3.0], [W])


@pytest.mark.parametrize("result", [None, [W * X]])
def test_a_function_without_a_value_is_told_to_return_one(result):
    with pytest.raises(TypeError, match=r"returned .*: `return` the one Value that is to be computed"):
        Program.trace(lambda x: result, [3.0])


@pytest.mark.parametrize(
    ("example", "message"),
    [
        (3.0, "`example` is a list of numbers, such as [3.0]: one for each input of the function; got float 3.0"),
        (X, "`example` is a list of numbers, such as [3.0]: one for each input of the function; got Value(data=3.0"),
        (np.array(3.0), "`example` is a list of numbers"),
        ([1.0, X], "example[1]: needs a plain number, got Value(data=3.0, grad=0.0, label='x'); its number is .data"),
        ([[3.0]], "example[0]: needs a real number, got list [3.0]"),
        (["3"], "example[0]: needs a real number, got str '3'; convert text with float()"),
    ],
)
def test_an_example_is_a_list_of_numbers(example, message):
    refused(TypeError, message, Program.trace, lambda *x: W * x[0], example, [W])


@pytest.mark.parametrize(
    ("function", "example", "message"),
    [
        (lambda x, y: x * y, [3.0], "it has 1 number where that takes (x, y): missing a required argument: 'y'"),
        (
            lambda xs: xs[0] * W,
            [3.0, 4.0],
            "it has 2 numbers where that takes (xs): too many positional arguments; "
            "one that takes a list is traced as lambda *x: function(x)",
        ),
        (lambda x: x * W, [], "it has 0 numbers where that takes (x): missing a required argument: 'x'"),
        (lambda x, *, y: x * y, [3.0], "it has 1 number where that takes (x, *, y): missing a required"),
    ],
)
def test_an_example_has_a_number_for_each_argument(function, example, message):
    message = f"each number of the example is an argument of the function, and {message}"
    refused(TypeError, message, Program.trace, function, example, [W])


def test_a_type_error_within_the_function_is_the_users_to_see():
    def needs_two(x, y):
        return x * y

    def fails(x):
        raise TypeError("of its own")

    refused(TypeError, "needs a real number, got str 's'", Program.trace, lambda x: x + "s", [3.0])
    refused(TypeError, "of its own", Program.trace, fails, [3.0])
    refused(TypeError, "of its own", Program.trace, wraps(lambda x, y: x)(lambda x: fails(x)), [3.0])
    with pytest.raises(TypeError, match=r"needs_two\(\) missing 1 required positional argument: 'y'"):
        Program.trace(lambda x: needs_two(x), [3.0])
    with pytest.raises(TypeError, match="expected"):  # nobody knows what this one takes
        Program.trace(next, [])


def test_parameters_that_can_be_read_only_once_have_their_gradients():
    program = Program.trace(lambda x: W * x, [3.0], (w for w in [W]), "python")
    assert program([[5.0]]) == (10.0, [5.0])


def test_a_dtype_may_be_numpys():
    program = Program.trace(lambda x: W * x, [3.0], [W], dtype=np.dtype("float32"))
    assert program.values([[0.5]]).dtype == np.float32


# ---------------- rows


class Frame:
    """As a data frame of pandas: it goes through the names of its columns."""

    def __init__(self, rows):
        self.rows = np.array(rows)

    def __iter__(self):
        return iter(["x", "t"])

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, name):
        return self.rows[:, "xt".index(name)]

    def __array__(self, dtype=None, copy=None):
        return self.rows

    def to_numpy(self):
        return self.rows


LISTS = "rows are a list of lists, or an array; got "
SINGLE = "rows are a list of lists: a single row is written "
ROWS = [
    ([1.0, 2.0], TypeError, SINGLE + "[[1.0, 2.0]]"),
    (np.array([1.0, 2.0]), TypeError, SINGLE + "[[1.0, 2.0]]"),
    ([1.0], TypeError, "row 0 is to be a list of 2 numbers, one for each input, got float 1.0"),
    ([1.0, 2.0, 3.0], TypeError, "row 0 is to be a list of 2 numbers, one for each input, got float 1.0"),
    (3.0, TypeError, LISTS + "float 3.0"),
    (None, TypeError, LISTS + "NoneType None"),
    (X, TypeError, LISTS + "Value(data=3.0"),
    (np.array(3.0), TypeError, LISTS + "ndarray array(3.)"),
    ("12", TypeError, LISTS + "str '12'"),
    ({"x": [1.0], "t": [2.0]}, TypeError, LISTS + "dict {'x'"),
    (zip([1.0], [2.0], strict=True), TypeError, LISTS + "<zip"),
    ([{"x": 1.0, "t": 2.0}] * 2, TypeError, "row 0 is to be a list of 2 numbers, one for each input, got dict {'x'"),
    ([[1.0, X]], TypeError, "row 0, column 1: needs a plain number, got Value(data=3.0"),
    (
        [[1.0, 2.0], [1.0, "2"]],
        TypeError,
        "row 1, column 1: needs a real number, got str '2'; convert text with float()",
    ),
    ([[1.0, b"2"]], TypeError, "row 0, column 1: needs a real number, got "),
    ([[[1.0], [2.0]]], TypeError, "row 0, column 0: needs a real number, got "),
    (np.array([[1.0, None]]), TypeError, "row 0, column 1: needs a real number, got NoneType None"),
    (np.array([["1", "2"]]), TypeError, "row 0, column 0: needs a real number, got str"),
    (np.array([[1.0, 2j]]), TypeError, "row 0, column 0: needs a real number, got complex128"),
    (np.ones((2, 3)), ValueError, "the program has 2 inputs, and row 0 has 3 numbers"),
    (np.ones((2, 3, 1)), ValueError, "the program has 2 inputs, and row 0 has 3 numbers"),
    ([[1.0, 2.0], [1.0]], ValueError, "the program has 2 inputs, and row 1 has 1 number"),
    ([[1.0, 2.0], [1.0, math.nan]], ValueError, "row 1, column 1: needs a finite number, got nan"),
    (np.array([[1.0, 2.0], [1.0, math.nan]]), ValueError, "row 1, column 1: needs a finite number, got nan"),
    ([[1.0, 10**400]], ValueError, "row 0, column 1: this integer is too large for a double"),
    ([], ValueError, "there are no rows"),
    (np.empty((0, 2)), ValueError, "there are no rows"),
]


@BACKENDS
@pytest.mark.parametrize(("rows", "kind", "message"), ROWS)
def test_rows_that_do_not_fit_are_named(rows, kind, message, backend):
    program = Program(W * X + T, [X, T], [W], backend)
    for call in (program, program.values):
        refused(kind, message, call, rows)


def test_a_row_without_numbers_is_a_row_too():
    refused(ValueError, "there are no rows: one without inputs is written [[]]", Program(W * W, [], [W]), [])


@BACKENDS
@pytest.mark.parametrize(
    "rows",
    [
        [[Fraction(1, 2), 10**30]],
        np.array([[Fraction(1, 2), 10**30]]),
        ((0.5, 10**30),),
        Frame([[0.5, 1e30]]),
    ],
)
def test_numbers_of_any_kind_are_the_same_on_every_backend(rows, backend):
    program = Program(W * X + T * 1e-30, [X, T], [W], backend)
    mean, gradient = program(rows)
    assert (mean, list(gradient), list(program.values(rows))) == (2.0, [0.5], [2.0])


@BACKENDS
def test_a_data_frame_is_tried_and_has_its_errors(backend):
    program = Program.trace(lambda x, t: (W * x).log() + t, [1.0, 2.0], [W], backend)
    assert list(program.values(Frame([[0.5, 7.0]]))) == [7.0]
    refused(DomainError, "log(x = -2.0)", program, Frame([[0.5, 1.0], [-1.0, 1.0]]))


# ---------------- numbers of the parameters


@BACKENDS
@pytest.mark.parametrize(
    ("at", "kind", "message"),
    [
        (3.0, TypeError, "`at` is to be a list of 1 number, one for each parameter, got float 3.0"),
        (W, TypeError, "`at` is to be a list of 1 number, one for each parameter, got Value(data=2.0"),
        (np.array(1.0), TypeError, "`at` is to be a list of 1 number, one for each parameter, got "),
        ("5", TypeError, "`at` is to be a list of 1 number, one for each parameter, got str '5'"),
        ({"w": 5.0}, TypeError, "`at` is to be a list of 1 number, one for each parameter, got dict {'w': 5.0}"),
        ({5.0}, TypeError, "`at` is to be a list of 1 number, one for each parameter, got set {5.0}"),
        ([], ValueError, "the program has 1 parameter, and `at` has 0 numbers"),
        ([1.0, 2.0], ValueError, "the program has 1 parameter, and `at` has 2 numbers"),
        (np.ones(2), ValueError, "the program has 1 parameter, and `at` has 2 numbers"),
        ([[1.0]], TypeError, "at[0]: needs a real number, got list [1.0]"),
        (["5"], TypeError, "at[0]: needs a real number, got str '5'; convert text with float()"),
        ([W], TypeError, "at[0]: needs a plain number, got Value(data=2.0"),
        ([math.nan], ValueError, "at[0]: needs a finite number, got nan"),
        (np.array([math.nan]), ValueError, "parameter 0: needs a finite number, got nan"),
    ],
)
def test_numbers_that_are_not_those_of_the_parameters_are_named(at, kind, message, backend):
    refused(kind, message, Program(W * X, [X], [W], backend), [[1.0]], at=at)


# ---------------- the trial


@pytest.mark.parametrize("later", [None, [W]])
def test_a_function_that_returns_no_value_any_more_is_found_out(later):
    results = iter([W, later])
    program = Program.trace(lambda x: next(results), [1.0], [W])
    with pytest.raises(
        ValueError, match=r"the program gives 2.0 for the row .* gives .*: the function does not do the"
    ):
        program([[3.0]])
