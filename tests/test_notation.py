"""LaTeX of labels, numbers and gates: brackets where they are needed, and no label that could break out."""

import pytest

from tinygrad_edu import gates
from tinygrad_edu.gates import GATES
from tinygrad_edu.notation import CALL, LOOSE, PRODUCT, TIGHT, filled, latex_name, latex_number

SUM, NEGATIVE, NAME = ("a + b", LOOSE), ("-2", LOOSE), ("c", TIGHT)


@pytest.mark.parametrize(
    ("gate", "inputs", "written"),
    [
        (gates.add, [SUM, NAME], "a + b + c"),
        (gates.add, [NAME, NEGATIVE], r"c + \left(-2\right)"),
        (gates.sub, [SUM, SUM], r"a + b - \left(a + b\right)"),
        (gates.mul, [SUM, NAME], r"\left(a + b\right) \cdot c"),
        (gates.mul, [NAME, ("a \\cdot b", PRODUCT)], r"c \cdot a \cdot b"),
        (gates.div, [SUM, NEGATIVE], r"\frac{a + b}{-2}"),
        (gates.neg, [SUM], r"-\left(a + b\right)"),
        (gates.neg, [("a \\cdot b", PRODUCT)], r"-a \cdot b"),
        (gates.power, [NAME, NEGATIVE], r"c^{-2}"),
        (gates.power, [NEGATIVE, NAME], r"\left(-2\right)^{c}"),
        (gates.power, [(r"\frac{a}{b}", CALL), NAME], r"\left(\frac{a}{b}\right)^{c}"),
        (gates.exp, [SUM], "e^{a + b}"),
        (gates.sigmoid, [SUM], r"\sigma\left(a + b\right)"),
        (gates.reciprocal, [NEGATIVE], r"\frac{1}{-2}"),
        (gates.leaky_relu, [NEGATIVE, NAME], r"\operatorname{LeakyReLU}_{c}\left(-2\right)"),
        (gates.dot, [SUM, NAME], r"\left(a + b\right) \cdot \left(c\right)"),
        (gates.dot, [SUM, NAME, NAME], r"\left(a + b\right) \cdot \left(c\right) + c"),
    ],
)
def test_a_gate_with_its_inputs(gate, inputs, written):
    assert filled(gate, inputs)[0] == written


def test_how_tightly_a_gate_holds_together():
    assert filled(gates.add, [NAME, NAME])[1] == filled(gates.neg, [NAME])[1] == LOOSE
    assert filled(gates.dot, [NAME, NAME, NAME])[1] == LOOSE
    assert filled(gates.mul, [NAME, NAME])[1] == PRODUCT
    assert filled(gates.softplus, [NAME])[1] == CALL  # its plus stands in brackets


@pytest.mark.parametrize("gate", GATES.values(), ids=GATES)
def test_every_row_has_a_place_for_each_of_its_inputs_and_balanced_braces(gate):
    inputs = [(f"input{i}", TIGHT) for i, _ in enumerate(gate.takes.split(", "))]
    text = filled(gate, inputs)[0]
    assert all(name in text for name, _ in inputs)
    assert "#" not in text
    assert text.count("{") == text.count("}")
    assert text.count(r"\left") == text.count(r"\right")


@pytest.mark.parametrize(
    ("label", "written"),
    [
        ("x", "x"),
        ("w0", "w_{0}"),
        ("w_12", "w_{12}"),
        ("yhat", r"\hat{y}"),
        ("y_hat1", r"\hat{y}_{1}"),
        ("beta", r"\beta"),
        ("alpha2", r"\alpha_{2}"),
        ("loss", r"\text{loss}"),
        ("hat", r"\text{hat}"),
        ("net loss", r"\text{net loss}"),
        ("7", r"\text{7}"),
        ("σ", r"\text{σ}"),
        ("_", r"{\_}"),
        ("pi", r"\pi"),
        ("w0′", "w_{0}'"),
        ("a_b", r"\text{a}{\_}\text{b}"),
        ("50%", r"\text{50}{\%}"),
        ("$x$", r"{\$}\text{x}{\$}"),
        ("\\input{f}", r"{\backslash}\text{input}{\{}\text{f}{\}}"),
        ("<script>", r"{\lt}\text{script}{\gt}"),
        ("a\ud800\x00b", "\\text{a\ufffd\ufffdb}"),
        ("m" * 1_000_000, rf"\text{{{'m' * 39}…}}"),
    ],
)
def test_a_label(label, written):
    assert latex_name(label) == written


@pytest.mark.parametrize(
    ("x", "written"),
    [(-4.0, "-4"), (0.1, "0.1"), (1 / 3, "0.333333"), (4.2e-18, r"4.2 \times 10^{-18}"), (1e6, r"1 \times 10^{6}")],
)
def test_a_number(x, written):
    assert latex_number(x) == written
