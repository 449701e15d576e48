"""latex(): a graph as the expression one would write."""

import pytest

from tinygrad_edu import Value, dot, exp, latex, maximum, parse, sigmoid
from tinygrad_edu.gates import GATES


def leaves(names):
    return [Value(i + 1.0, name) for i, name in enumerate(names)]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("(x + y)*z", r"\left(x + y\right) \cdot z"),
        ("x + y*z", r"x + y \cdot z"),
        ("x - (y - z)", r"x - \left(y - z\right)"),
        ("x - y - z", r"x - y - z"),
        ("-(x + y) * z", r"\left(-\left(x + y\right)\right) \cdot z"),
        ("x / (y + z)", r"\frac{x}{y + z}"),
        ("(x / y)**2 * z", r"\left(\frac{x}{y}\right)^{2} \cdot z"),
        ("x**(y*z)", r"x^{y \cdot z}"),
        ("1/(1 + exp(-1*(x*y + z)))", r"\frac{1}{1 + e^{\left(-1\right) \cdot \left(x \cdot y + z\right)}}"),
        ("abs(x - y) * z", r"\left|x - y\right| \cdot z"),
        ("maximum(x, y, z)", r"\max\left(x, y, z\right)"),
        ("dot([x, 2], [y, z], 3)", r"\left(x, 2\right) \cdot \left(y, z\right) + 3"),
        ("dot([x], [y]) * z", r"\left(x\right) \cdot \left(y\right) \cdot z"),
    ],
)
def test_an_expression(text, written):
    used = {name: 2.0 for name in "xyz" if name in text.replace("exp", "").replace("max", "")}
    assert str(latex(parse(text, **used))) == written


def test_a_leaf_without_a_label_is_its_number_and_a_label_of_a_gate_is_passed_over():
    x = Value(2.0, "x")
    assert latex((x * 3.0).named("q") + Value(-1.5)) == r"x \cdot 3 + \left(-1.5\right)"
    assert latex(Value(-1.5)) == "-1.5"
    assert latex(x) == "x"


def test_a_long_chain_shows_what_is_nearest_to_the_output():
    v = Value(1.0, "x")
    for _ in range(100_000):
        v = v + 1.0
    text = latex(v)
    assert text.startswith(r"\cdots + 1 + 1")
    assert text.count("+ 1") == 40


def test_the_label_of_what_is_left_out_stands_for_it():
    v = Value(1.0, "x")
    for i in range(100):
        v = (v + 1.0).named(f"q{i}")
    assert latex(v).startswith("q_{59} + 1 + 1")


def test_a_ladder_of_diamonds_is_short_though_it_has_two_to_the_two_hundred_paths():
    v = Value(1.0, "x")
    for _ in range(200):
        v = v + v
    assert len(latex(v)) < 1000


def test_a_group_of_many_shows_its_first_and_its_last():
    values = leaves([f"a{i}" for i in range(50)])
    assert latex(maximum(*values)) == r"\max\left(a_{0}, a_{1}, a_{2}, a_{3}, \cdots, a_{49}\right)"
    text = latex(dot(values, values))
    assert text.count(r"a_{49}") == 2
    assert len(text) < 200


def test_jupyter_sets_it_and_print_shows_its_source():
    formula = latex(exp(Value(1.0, "x")))
    assert formula._repr_latex_() == r"$\displaystyle e^{x}$"
    assert str(formula) == "e^{x}"


def test_every_gate_of_the_table_is_written():
    x, y = Value(0.5, "x"), Value(0.25, "y")
    for gate in GATES.values():
        inputs = [[x, y] if name.endswith("[]") else y if i else x for i, name in enumerate(gate.takes.split(", "))]
        text = latex(gate(*inputs))
        assert "#" not in text
        assert "x" in text


def test_a_number_is_not_a_graph():
    with pytest.raises(TypeError, match="latex needs a Value, got float"):
        latex(sigmoid(0.0))
