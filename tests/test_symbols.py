"""Slopes in symbols: what a student would write for every gate, and that it is the number beside it."""

import math
import random

import pytest

from tinygrad_edu import Value, exp, ledger, logsumexp, maximum, sigmoid, tanh, total
from tinygrad_edu.functions import dot, elu, leaky_relu
from tinygrad_edu.gates import GATES
from tinygrad_edu.symbols import Call, Name, Symbol, added, constant, multiplied, name, raised, scaled

X, Y = name("x"), name("y")

HERE = {
    "log": math.log,
    "exp": math.exp,
    "sin": math.sin,
    "cos": math.cos,
    "step": lambda x: float(x > 0),
    "relu": lambda x: max(x, 0.0),
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "pow": lambda x, y: x**y,
    "elu": lambda x, alpha: x if x > 0 else alpha * (math.exp(x) - 1),
    "maximum": lambda *values: max(values),
}


def worth(symbol, numbers):
    """The number a symbol stands for, by this file's own arithmetic."""
    return sum(c * math.prod([base_worth(b, numbers) ** e for b, e in factors]) for c, factors in symbol.terms)


def base_worth(base, numbers):
    match base:
        case Name(text=text):
            return numbers[text]
        case Call(gate=gate, inputs=inputs):
            return HERE[gate.name](*[worth(x, numbers) for x in inputs])
    return worth(base, numbers)


def slopes(output):
    """The slopes of the last gate, as text, in the order of its inputs."""
    rows = [row for row in ledger(output.named("f")).backward if row.output is output]
    return [str(row.symbol) for row in rows]


# ---------------- what a student would write


@pytest.mark.parametrize(
    ("function", "written"),
    [
        (lambda x, y: x + y, ["1", "1"]),
        (lambda x, y: x - y, ["1", "−1"]),
        (lambda x, y: x * y, ["y", "x"]),
        (lambda x, y: x / y, ["1/y", "−f/y"]),
        (lambda x, y: x**y, ["y·x^(y − 1)", "f·log(x)"]),
        (lambda x, y: -x, ["−1"]),
        (lambda x, y: x.exp(), ["f"]),
        (lambda x, y: x.log(), ["1/x"]),
        (lambda x, y: x.sqrt(), ["0.5/f"]),
        (lambda x, y: x.sin(), ["cos(x)"]),
        (lambda x, y: x.cos(), ["−sin(x)"]),
        (lambda x, y: x.reciprocal(), ["−f²"]),
        (lambda x, y: x.relu(), ["step(x)"]),
        (lambda x, y: x.sigmoid(), ["f·(1 − f)"]),
        (lambda x, y: x.tanh(), ["(1 + f)·(1 − f)"]),
        (lambda x, y: x.softplus(), ["σ(x)"]),
        (lambda x, y: abs(x), ["step(x) − step(−x)"]),
        (lambda x, y: x**3, ["3·x²"]),
        (lambda x, y: x**1, ["1"]),
        (lambda x, y: x**-1, ["−1/x²"]),
        (lambda x, y: x**0.5, ["0.5/x^0.5"]),
        (lambda x, y: leaky_relu(x, 0.1), ["step(x) + 0.1·(1 − step(x))"]),
        (lambda x, y: elu(x, 0.1), ["step(x) + 0.1·(1 − step(x))/exp(relu(−x))"]),
        (lambda x, y: x * -4.0, ["−4"]),
        (lambda x, y: dot([x, y], [y, 2.0], 1.0), ["2", "y", "x"]),
        (lambda x, y: logsumexp([x, y]), ["exp(x)/(exp(x) + exp(y))", "exp(y)/(exp(x) + exp(y))"]),
        (
            lambda x, y: maximum(x, y),
            ["(1 − step(f − x))/(2 − step(f − x) − step(f − y))", "(1 − step(f − y))/(2 − step(f − x) − step(f − y))"],
        ),
    ],
)
def test_a_gates_slopes_as_one_writes_them(function, written):
    assert sorted(slopes(function(Value(2.0, "x"), Value(3.0, "y")))) == sorted(written)


def test_what_the_graph_has_a_name_for_goes_by_its_name():
    x = Value(0.3, "x")
    g, c, s = sigmoid(x).named("g"), x.cos().named("c"), x.sin().named("s")
    rows = ledger((x.softplus() + s + g + c).named("f")).backward
    assert {row.gate: str(row.symbol) for row in rows if row.input is x} == {
        "softplus": "g",
        "sin": "c",
        "sigmoid": "g·(1 − g)",
        "cos": "−s",
    }


def test_a_slope_in_latex():
    x, y = Value(2.0, "x0"), Value(3.0, "y")
    latex = {row.input: row.symbol.latex for row in ledger((x / y).named("f")).backward}
    assert latex == {x: r"\frac{1}{y}", y: r"-\frac{f}{y}"}
    (row,) = ledger(sigmoid(x).named("yhat")).backward
    assert row.symbol.latex == r"\hat{y} \, \left(1 - \hat{y}\right)"
    (row,) = ledger((x**3).named("f")).backward
    assert row.symbol.latex == r"3 \, x_{0}^{2}"


def test_a_long_sum_is_left_out_in_the_middle():
    values = [Value(float(i), f"a{i}") for i in range(9)]
    row = next(row for row in ledger(logsumexp(values).named("f")).backward if row.input is values[1])
    assert str(row.symbol) == "exp(a1)/(exp(a0) + exp(a1) + exp(a2) + … + exp(a8))"
    assert r"e^{a_{2}} + \cdots + e^{a_{8}}" in row.symbol.latex


# ---------------- and that it is the number beside it


def test_every_slope_of_the_table_is_worth_its_number():
    numbers = random.Random(5)
    missing = set(GATES)
    for _ in range(60):
        x, y, z = (Value(numbers.uniform(0.2, 2.0) * numbers.choice([1, 1, -1]), label) for label in "xyz")
        values = {"x": x.data, "y": y.data, "z": z.data}
        for output in (
            *[gate(abs(x) if gate.domain else x) for gate in GATES.values() if gate.takes == "x"],
            x + y, x - y, x * y, x / y, abs(x) ** y, sigmoid(x, 2.0), x**3,
            leaky_relu(x, 0.1), elu(x, 0.7), maximum(x, y, z), total([x, y, z]), logsumexp([x, y, z]),
            dot([x, y], [y, z], x), -maximum(-x, -y),
        ):  # fmt: skip
            record = ledger(output.named("f"))
            values |= {called: node.data for node, called in record.names.items()}
            for row in record.backward:
                missing.discard(row.gate)
                assert worth(row.symbol, values) == pytest.approx(row.local, rel=1e-9, abs=1e-12), (
                    row.gate,
                    row.symbol,
                )
    assert missing == {"minimum"}  # the mirror image of maximum


def test_the_number_of_a_slope_is_the_engines_own_to_the_bit():
    numbers = random.Random(3)
    for _ in range(50):
        x, y = Value(numbers.uniform(-3, 3), "x"), Value(numbers.uniform(0.1, 3), "y")
        output = tanh(x * y) + elu(x) * sigmoid(y) / y + exp(-(x**2)) + y**x + logsumexp([x, y, x * y])
        totals = {row.input: row.total for row in ledger(output).backward}
        output.backward()
        assert (totals[x], totals[y]) == (x.grad, y.grad)


# ---------------- school algebra


def test_like_terms_are_collected_and_nothing_is_left_of_a_difference():
    assert added([X, Y, X]) == added([scaled(X, 2.0), Y])
    assert added([X, scaled(X, -1.0)]) == constant(0.0)
    assert str(added([X, constant(-1.0), scaled(Y, -2.0)])) == "x − 1 − 2·y"


def test_powers_of_one_thing_are_joined():
    assert multiplied(X, X) == raised(X, 2.0)
    assert multiplied(raised(X, -1.0), X) == constant(1.0)
    assert str(multiplied(multiplied(X, raised(Y, -2.0)), constant(3.0))) == "3·x/y²"
    assert str(raised(multiplied(X, Y), -1.0)) == "1/(x·y)"


def test_a_sum_keeps_its_brackets_in_a_product():
    both = added([X, Y])
    assert str(multiplied(both, X)) == "(x + y)·x"
    assert str(multiplied(both, both)) == "(x + y)²"
    assert str(raised(both, -1.0)) == "1/(x + y)"
    assert str(raised(both, 0.5)) == "(x + y)^0.5"


def test_a_factor_that_all_terms_share_stands_before_the_bracket():
    shared = added([multiplied(X, Y), scaled(Y, -1.0)])
    assert str(multiplied(shared, X)) == "(x − 1)·y·x"
    assert multiplied(shared, raised(Y, -1.0)) == added([X, constant(-1.0)])


def test_the_order_of_terms_and_factors_does_not_matter():
    assert added([X, Y]) == added([Y, X])
    assert hash(multiplied(X, Y)) == hash(multiplied(Y, X))
    assert {added([X, Y]): 1}[added([Y, X])] == 1
    assert Symbol(()) != 0
