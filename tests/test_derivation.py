"""derivation(): the chain rule as a student would write it for the graphs of the lectures."""

import re

import pytest

from tinygrad_edu import DomainError, Value, derivation, relu, sqrt


def lines(text):
    """The lines within the aligned block, without their ends."""
    first, *inner, last = text.splitlines()
    assert (first, last) == (r"\begin{aligned}", r"\end{aligned}")
    return [re.sub(r" \\\\(\[1ex\])?$", "", line) for line in inner]


def partial(of, wrt):
    return rf"\frac{{\partial {of}}}{{\partial {wrt}}}"


def test_the_sigmoid_neuron_in_elementary_gates():
    w, x, b = Value(2.0, "w"), Value(-1.0, "x"), Value(-3.0, "b")
    s = ((w * x).named("p") + b).named("s")
    n = (s * -1.0).named("n")
    f = (n.exp().named("e") + 1.0).named("d").reciprocal().named("f")
    assert lines(derivation(f, w)) == [
        r"p &= w \cdot x",
        r"s &= p + b",
        r"n &= s \cdot \left(-1\right)",
        r"e &= e^{n}",
        r"d &= e + 1",
        r"f &= \frac{1}{d}",
        partial("f", "w") + " &= " + r" \cdot ".join(partial(*pair) for pair in ["fd", "de", "en", "ns", "sp", "pw"]),
        r"&= \left(-f^{2}\right) \cdot 1 \cdot e \cdot \left(-1\right) \cdot 1 \cdot x",
        # s = -5: e = exp(5) = 148.413, f = 1/149.413 = 0.00669285; f^2 = 4.47943e-05; f (1 - f) = 0.00664806
        r"&= \left(-4.47943 \times 10^{-5}\right) \cdot 1 \cdot 148.413 \cdot \left(-1\right) \cdot 1 \cdot "
        r"\left(-1\right)",
        "&= -0.00664806",
    ]


def test_two_paths_are_added():
    t = Value(3.0, "t")
    x, y = (t * 2.0).named("x"), (t**2).named("y")
    assert lines(derivation((x * y).named("f"), t)) == [
        r"x &= t \cdot 2",
        r"y &= t^{2}",
        r"f &= x \cdot y",
        rf"{partial('f', 't')} &= {partial('f', 'x')} \cdot {partial('x', 't')} + "
        rf"{partial('f', 'y')} \cdot {partial('y', 't')}",
        r"&= y \cdot 2 + x \cdot 2 \, t",
        r"&= 9 \cdot 2 + 6 \cdot 6",
        "&= 18 + 36",
        "&= 54",
    ]


def test_a_value_used_twice_by_one_gate_is_two_paths():
    x = Value(5.0, "x")
    assert lines(derivation((x * x).named("f"), x))[1:] == [
        rf"{partial('f', 'x')} &= {partial('f', 'x')} + {partial('f', 'x')}",
        "&= x + x",
        "&= 5 + 5",
        "&= 10",
    ]


def test_one_gate_needs_no_sum_and_no_product():
    x, y = Value(5.0, "x"), Value(-2.0, "y")
    assert lines(derivation((x * y).named("f"), x)) == [
        r"f &= x \cdot y",
        rf"{partial('f', 'x')} &= {partial('f', 'x')}",
        "&= y",
        "&= -2",
    ]


def test_an_inner_value_and_the_output_itself():
    x = Value(2.0, "x")
    q = (x + 1.0).named("q")
    f = (q * 4.0).named("f")
    assert lines(derivation(f, q))[-1] == "&= 4"
    assert derivation(f, f) == rf"{partial('f', 'f')} = 1"


def test_what_the_output_does_not_depend_on_has_the_gradient_0():
    assert derivation(Value(2.0, "x").exp().named("f"), Value(1.0, "z")) == rf"{partial('f', 'z')} = 0"


def test_a_path_through_a_gate_that_sends_nothing_is_written_as_its_zero():
    x = Value(-2.0, "x")
    p = (x * 3.0).named("p")
    assert lines(derivation((relu(p).named("r") + x).named("f"), x))[-3:] == [
        r"&= 1 \cdot 0 \cdot 3 + 1",
        "&= 0 + 1",
        "&= 1",
    ]


def test_of_many_paths_the_first_and_the_last_are_shown():
    t = Value(1.0, "t")
    v = t
    for _ in range(200):  # 2**200 paths
        v = v * 0.5 + v * 0.5
    chain, *_, products, total = lines(derivation(v.named("f"), t))[12:]
    assert chain.count("+") == 4
    assert r"+ \cdots +" in chain
    assert max(chain.count(partial(f"v_{{{i}}}", "t")) for i in (1, 2)) >= 1
    assert products.count("6.22302") == 4  # each is 2**-200
    assert total == "&= 1"


def test_of_a_long_path_and_of_its_gates_the_first_and_the_last_are_shown():
    x = Value(1.0, "x")
    v = x
    for _ in range(1000):
        v = v * 2.0 / 2.0
    text = derivation(v.named("f"), x)
    assert len(text) < 2000
    definitions = [line for line in lines(text) if not line.startswith(("&=", r"\frac"))]
    assert definitions[0] == r"v_{1} &= x \cdot 2"
    assert definitions[6] == r"&\;\;\vdots"
    assert definitions[-1] == r"f &= \frac{v_{1999}}{2}"
    (chain,) = [line for line in lines(text) if line.startswith(r"\frac")]
    assert chain.count(r"\cdots") == 1
    assert chain.endswith(partial("v_{1}", "x"))


def test_gradients_are_left_alone():
    x = Value(2.0, "x")
    f = x * x
    derivation(f, x)
    assert (x.grad, f.grad) == (0.0, 0.0)


def test_where_there_is_no_slope_the_gate_is_named():
    x = Value(0.0, "x")
    with pytest.raises(DomainError, match="sqrt has no finite slope here"):
        derivation(sqrt(x), x)


def test_a_number_is_not_a_value():
    with pytest.raises(TypeError, match="derivation needs Values, got float"):
        derivation(Value(1.0).exp(), 2.0)
