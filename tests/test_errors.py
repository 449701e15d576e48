"""A DomainError names the gate, what entered it and the user's own line, wherever it was raised."""

import linecache
import pickle
from dataclasses import replace

import pytest

from tinygrad_edu import DomainError, Group, Value, dot, exp, grad, log, logsumexp, sigmoid, softmax, sqrt, total
from tinygrad_edu.gates import GATES


def error_of(function):
    with pytest.raises(DomainError) as caught:
        function()
    return caught.value


def line_of(function):
    number = function.__code__.co_firstlineno
    return f"{__file__}:{number}: {linecache.getline(__file__, number).strip()}"


def gradient(function, *values):
    """The gradient graph of the function for these values."""
    return grad(function(*values), values)


# ---------------- the gate and its inputs


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda: log(-1.0), "log(x = -1.0): log needs x > 0"),
        (lambda: log(Value(-1.0)), "log(x = -1.0): log needs x > 0"),
        (lambda: log(Value(-1.0, "p")), "log(x = -1.0 (labelled 'p')): log needs x > 0"),
        (lambda: Value(2.0, "a") / Value(0.0, "b"), "div(x = 2.0 (labelled 'a'), y = 0.0 (labelled 'b')): div needs y"),
        (lambda: 2 / Value(0.0, "b"), "div(x = 2.0, y = 0.0 (labelled 'b')): div needs y != 0"),
        (lambda: Value(1e200, "w") * 1e200, "mul(x = 1e+200 (labelled 'w'), y = 1e+200): the result is too large for"),
        (lambda: Value(-8.0) ** 0.5, "power(x = -8.0, exponent = 0.5): power needs x > 0 or"),
        (lambda: exp(1000), "exp(x = 1000): the result is too large for a double"),
        (lambda: logsumexp([]), "logsumexp(values = []): logsumexp needs len(values) > 0"),
        (lambda: total([1e308, 1e308]), "sum(values = [1e+308, 1e+308]): the result is too large for a double"),
        (lambda: total([Value(1e308, "w"), 1e308]), "sum(values = [1e+308 (labelled 'w'), 1e+308]): the result is"),
        (
            lambda: total(Group([Value(1e308, "w")] * 2)),
            "sum(values = [1e+308 (labelled 'w'), 1e+308 (labelled 'w')]):",
        ),
        (lambda: total([1e308] * 9), "sum(values = [1e+308, 1e+308, 1e+308, 1e+308, ... 9 in all]): the result is"),
        (
            lambda: dot([Value(1e200, "w")], [1e200], Value(3.0, "b")),
            "dot(weights = [1e+200 (labelled 'w')], inputs = [1e+200], bias = 3.0 (labelled 'b')): the result is",
        ),
        (
            lambda: dot([1.0], [1.0, 2.0]),
            "dot(weights = [1.0], inputs = [1.0, 2.0]): dot needs len(weights) == len(inp",
        ),
    ],
)
def test_the_message_names_the_gate_its_inputs_and_what_it_needs(function, message):
    assert str(error_of(function)).startswith(message)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda: sqrt(Value(0.0, "x")).backward(), "sqrt(x = 0.0 (labelled 'x')): sqrt has no finite slope here"),
        (lambda: gradient(sqrt, Value(0.0, "x")), "sqrt(x = 0.0 (labelled 'x')): sqrt has no finite slope here"),
        (
            lambda: (Value(0.0, "x") ** 0.5).backward(),
            "power(x = 0.0 (labelled 'x'), exponent = 0.5): power has no fin",
        ),
        (lambda: (Value(0.0, "x") ** 1.5 * 3.0).sqrt().backward(), "sqrt(x = 0.0): sqrt has no finite slope here"),
        (
            lambda: (Value(-2.0, "x") ** Value(3.0, "y")).backward(),
            "pow(x = -2.0 (labelled 'x'), y = 3.0 (labelled 'y')): pow has no finite slope here",
        ),
    ],
)
def test_the_message_of_a_missing_slope_names_the_gate_and_its_inputs(function, message):
    assert str(error_of(function)).startswith(message)


def test_a_gradient_of_a_gradient_names_the_numbers_of_the_first_graph():
    x = Value(0.0, "x")
    (first,) = grad(x**1.5, [x])
    assert str(error_of(lambda: grad(first, [x]))).startswith(
        "power(x = 0.0 (labelled 'x'), exponent = 0.5): power has"
    )


@pytest.mark.parametrize("differentiate", [Value.backward, lambda f: grad(f, [])], ids=["backward", "grad"])
def test_a_missing_slope_of_a_group_names_its_members(differentiate):
    def fail(out, values):
        raise ZeroDivisionError

    broken = replace(GATES["sum"], name="broken", local=(fail,))
    f = broken([Value(1.0, "x"), 2.0])
    assert str(error_of(lambda: differentiate(f))).startswith(
        "broken(values = [1.0 (labelled 'x'), 2.0]): broken has no"
    )


def test_a_sum_of_gradients_that_overflows_in_a_group_is_a_domain_error():
    x = Value(1e-10, "x")
    error_of(lambda: grad(dot([x], [1e308]) + 1e308 * x, [x]))


@pytest.mark.parametrize(
    "function", [lambda x: 1.0 / x, Value.reciprocal, lambda x: dot([x], [1e200]) * 1e200 + x * 0.0]
)
def test_a_gradient_too_large_for_a_double_is_a_domain_error_and_leaves_no_trace(function):
    x = Value(1e-200)
    output = function(x)
    with pytest.raises(DomainError, match="the gradient it sends is too large for a double"):
        output.backward()
    assert [node.grad for node in (x, output)] == [0.0, 0.0]


def test_the_attributes_hold_the_gate_and_the_inputs():
    x, y = Value(2.0), Value(0.0)
    error = error_of(lambda: x / y)
    assert (error.gate, error.inputs) == (GATES["div"], (x, y))


def test_it_is_a_value_error():
    with pytest.raises(ValueError, match="log needs x > 0"):
        log(-1.0)


@pytest.mark.parametrize("function", [lambda: log(-1.0), lambda: exp(1000.0), lambda: sqrt(Value(0.0)).backward()])
def test_the_error_of_the_arithmetic_beneath_it_is_not_shown(function):
    error = error_of(function)
    assert error.__cause__ is None
    assert error.__suppress_context__


# ---------------- the user's line

NEGATIVE, ZERO = Value(-1.0), Value(0.0)


@pytest.mark.parametrize(
    "function",
    [
        lambda: log(-1.0),
        lambda: log(NEGATIVE),
        lambda: NEGATIVE.log(),
        lambda: NEGATIVE / 0.0,
        lambda: 1.0 / ZERO,
        lambda: NEGATIVE**0.5,
        lambda: 1e308 + Value(1e308),
        lambda: sigmoid(NEGATIVE * 1e308, beta=2.0),
        lambda: softmax([]),
        lambda: dot([NEGATIVE], []),
        lambda: [log(x) for x in (1.0, -1.0)],
        lambda: list(map(log, [1.0, -1.0])),
        lambda: sqrt(ZERO).backward(),
        lambda: ZERO.sqrt().backward(),
        lambda: grad(sqrt(ZERO), [ZERO]),
        lambda: grad(grad(ZERO**1.5, [ZERO])[0], [ZERO]),
    ],
)
def test_the_line_is_the_users_own(function):
    assert error_of(function).line == line_of(function)


def test_the_line_is_the_innermost_of_the_users():
    def inner(x):
        return log(x)  # here

    assert error_of(lambda: inner(-1.0)).line.endswith(": return log(x)  # here")


def test_the_line_ends_the_message():
    error = error_of(lambda: log(-1.0))
    assert str(error).endswith(f"\n  at {error.line}")


def test_a_line_that_ends_with_a_colon_keeps_it():
    def condition(x):
        if log(x) > 0.0:
            return x
        return -x

    assert error_of(lambda: condition(-1.0)).line.endswith(": if log(x) > 0.0:")


def test_code_without_a_source_file_has_a_line_number():
    names = {"log": log, "__name__": "typed"}
    assert error_of(lambda: exec("x = 1\nlog(-x)", names)).line == "<string>:2"


@pytest.mark.parametrize("package", ["tinygrad_edu.anything", "nn", "nn.losses"])
def test_a_line_of_the_projects_packages_is_not_the_users(package):
    names = {"log": log, "__name__": package}
    exec("def ours(x):\n    return log(x)", names)
    users = lambda: names["ours"](-1.0)  # noqa: E731
    assert error_of(users).line == line_of(users)


@pytest.mark.parametrize("package", ["nn_of_mine", "tinygrad_edu_exercises"])
def test_a_package_whose_name_only_begins_like_ours_is_the_users(package):
    names = {"log": log, "__name__": package}
    exec("def theirs(x):\n    return log(x)", names)
    assert error_of(lambda: names["theirs"](-1.0)).line == "<string>:2"


# ---------------- to another process


@pytest.mark.parametrize("function", [lambda: log(-1.0), lambda: sqrt(Value(0.0, "x")).backward()])
def test_a_pickled_error_keeps_all_but_its_inputs(function):
    error = error_of(function)
    restored = pickle.loads(pickle.dumps(error))
    assert type(restored) is DomainError
    assert (str(restored), restored.line, restored.inputs) == (str(error), error.line, ())
    assert restored.gate is error.gate


def test_a_pickled_error_leaves_a_deep_graph_behind():
    x = Value(2.0)
    for _ in range(10_000):
        x = x + 0.0
    error = error_of(lambda: log(-x))
    assert len(pickle.dumps(error)) < 1000
