"""A program as Python: it reads as one would write it by hand, and it is a file to run."""

import re

import pytest
from hypothesis import given, settings
from test_program import FUNCTIONS, P, Q, R, networks
from test_random_graphs import close_to, deterministic, in_values, recipes

from nn import MLP, hinge_loss, squared_error
from tinygrad_edu import DomainError, Program, Value, dot, maximum, sigmoid, total
from tinygrad_edu.gates import neg
from tinygrad_edu.program.code import Code, Name, Statement, Stored
from tinygrad_edu.program.expressions import WIDTH
from tinygrad_edu.program.passes import add_up


def functions_of(program):
    """What the text defines when it is run as a file is."""
    names = {}
    exec(program.source, names)
    return names["forward"], names["backward"]


def body(function, *parameters, inputs=()):
    """The statements of both functions, for a function of parameters that are called w[0], w[1], ..."""
    text = Program(function(*inputs, *parameters), list(inputs), list(parameters)).source
    return [line.strip() for line in text.splitlines() if line.startswith("    ")]


def returned(function, *parameters, inputs=()):
    return body(function, *parameters, inputs=inputs)[0].removeprefix("return ")


# ---------------- as one would write it


def test_a_loss_reads_as_on_paper():
    w, x, t = Value(2.0, "w"), Value(3.0, "x"), Value(5.0, "t")
    program = Program(squared_error((w * x).tanh(), t), [x, t], [w])
    assert f"{program}\n" == program.source  # a file ends its last line; print() does that itself
    assert program.source.splitlines() == [
        "# forward(x, w) is the output for one row, backward(x, w) the output and its gradient.",
        "#",
        "# x, the row: x, t",
        "# w, the parameters: w",
        "",
        "from tinygrad_edu.gates import sigmoid, tanh",
        "",
        "",
        "def forward(x, w):",
        "    return (tanh(w[0] * x[0]) - x[1])**2 / 2.0",
        "",
        "",
        "def backward(x, w):",
        "    v1 = w[0] * x[0]",
        "    v2 = tanh(v1) - x[1]",
        "    # backward",
        "    v3 = 0.5 * (2.0 * v2) * (4.0 * sigmoid(2.0 * v1) * sigmoid(-2.0 * v1))",
        "    return v2**2 / 2.0, [v3 * x[0]]",
    ]


def test_the_lectures_neuron_reads_as_on_the_slide():
    w = [Value(x) for x in (2.0, -3.0, -3.0)]
    x = [Value(-1.0), Value(-2.0)]
    neuron = ((w[0] * x[0] + w[1] * x[1] + w[2]) * -1.0).exp() + 1.0
    lines = Program(neuron.reciprocal(), x, w).source.splitlines()
    assert lines[lines.index("def forward(x, w):") :] == [
        "def forward(x, w):",
        "    return 1.0 / (exp(-(w[0] * x[0] + w[1] * x[1] + w[2])) + 1.0)",
        "",
        "",
        "def backward(x, w):",
        "    v1 = exp(-(w[0] * x[0] + w[1] * x[1] + w[2]))",
        "    v2 = 1.0 / (v1 + 1.0)",
        "    # backward",
        "    v3 = v2 * v2 * v1",
        "    return v2, [v3 * x[0], v3 * x[1], v3]",
    ]


def test_a_layer_is_a_line():
    """A neuron of the first layer has two weights and a bias; of the second four weights and a bias."""
    model, x, t = MLP(2, [4, 3, 1], activation="relu", seed=1), [Value(0.3), Value(-0.4)], Value(1.0)
    lines = Program(hinge_loss(model(x), t), [*x, t], model.parameters()).source.splitlines()
    assert lines[lines.index("def forward(x, w):") :] == [
        "def forward(x, w):",
        "    g1 = [relu(dot(w[k:k + 2], x[0:2], w[k + 2])) for k in range(0, 12, 3)]",
        "    g2 = [relu(dot(w[k:k + 4], g1, w[k + 4])) for k in range(12, 27, 5)]",
        "    return relu(1.0 - x[2] * dot(w[27:30], g2, w[30]))",
        "",
        "",
        "def backward(x, w):",
        "    g1 = [dot(w[k:k + 2], x[0:2], w[k + 2]) for k in range(0, 12, 3)]",
        "    g2 = [relu(a) for a in g1]",
        "    g3 = [dot(w[k:k + 4], g2, w[k + 4]) for k in range(12, 27, 5)]",
        "    g4 = [relu(a) for a in g3]",
        "    v1 = 1.0 - x[2] * dot(w[27:30], g4, w[30])",
        "    # backward",
        "    v2 = -step(v1) * x[2]",
        "    g5 = [v2 * a * step(b) for a, b in zip(w[27:30], g3)]",
        "    g6 = [dot(w[k:27:5], g5) * step(a) for k, a in zip(range(12, 16), g1)]",
        "    gradient = [0.0] * 31",
        "    for k, a in zip(range(0, 12, 3), g6):",
        "        gradient[k:k + 2] = [a * b for b in x[0:2]]",
        "    gradient[2:12:3] = g6",
        "    for k, a in zip(range(12, 27, 5), g5):",
        "        gradient[k:k + 4] = [a * b for b in g2]",
        "    gradient[16:27:5] = g5",
        "    gradient[27:30] = [v2 * a for a in g4]",
        "    gradient[30] = v2",
        "    return relu(v1), gradient",
    ]


def test_a_penalty_is_one_term_of_each_weights_gradient():
    """The slope of w² times 0.25 is 0.5 w."""
    model, x = MLP(2, [4, 1], activation="relu", seed=1), [Value(0.3), Value(-0.4)]
    w = model.parameters()
    source = Program(hinge_loss(model(x), 1) + 0.25 * dot(w, w), x, w).source
    lines = [line.strip() for line in source.splitlines()]
    assert "gradient[k:k + 2] = [a * b + 0.5 * c for b, c in zip(x[0:2], w[k:k + 2])]" in lines
    assert "gradient[2:12:3] = [a + 0.5 * b for a, b in zip(g3, w[2:12:3])]" in lines
    assert "gradient[16] = v2 + 0.5 * w[16]" in lines


def test_what_two_terms_are_added_to_is_not_lost_where_it_is_the_output():
    """x + y / 2 + y / 2 is x + y, but the output x + y / 2 stays what it is."""
    w, x, y = Name(0), Stored("w", 0), Stored("w", 1)
    output, slope = Name(1), Name(2)
    statements = (Statement(w, "mul", (0.5, y)), Statement(output, "add", (x, w)), Statement(slope, "add", (output, w)))
    assert add_up(Code(statements, 2, output, ((y, slope),))).statements == statements
    inner = Name(3)
    apart = (*statements[:2], Statement(inner, "add", (x, w)), Statement(slope, "add", (inner, w)))
    found = add_up(Code(apart, 2, output, ((y, slope),)))
    assert found.statements[2:] == (Statement(inner, "mul", (1.0, y)), Statement(slope, "add", (x, inner)))


def test_the_text_grows_with_layers_and_not_with_neurons():
    def lines(width):
        model, x, t = MLP(2, [width, width, 1], seed=1), [Value(0.3), Value(-0.4)], Value(1.0)
        penalty = 1e-4 * dot(model.parameters(), model.parameters())
        return Program(hinge_loss(model(x), t) + penalty, [*x, t], model.parameters()).source.splitlines()

    assert all(len(lines(width)) < 40 for width in (4, 16, 40))


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda p, q: p - -q, "w[0] + w[1]"),
        (lambda p, q: p + -q, "w[0] - w[1]"),
        (lambda p, q: p + q * -1.0, "w[0] - w[1]"),
        (lambda p, q: -p + q, "w[1] - w[0]"),
        (lambda p, q: -p + (p + q), "w[0] + w[1] - w[0]"),
        (lambda p, q: -p + -q, "-w[0] - w[1]"),
        (lambda p, q: p - (p - q), "w[0] - (w[0] - w[1])"),
        (lambda p, q: p + -3.0 * q, "w[0] - 3.0 * w[1]"),
        (lambda p, q: p - -3.0, "w[0] + 3.0"),
        (lambda p, q: -(p * q), "-w[0] * w[1]"),
        (lambda p, q: -(-p * q), "w[0] * w[1]"),
        (lambda p, q: -(p - q), "-(w[0] - w[1])"),
        (lambda p, q: neg(neg(p)), "w[0]"),
        (lambda p, q: p * -q, "w[0] * -w[1]"),
        (lambda p, q: p * (-p * q), "w[0] * (-w[0] * w[1])"),
        (lambda p, q: p / (p * q), "w[0] / (w[0] * w[1])"),
        (lambda p, q: (-p) ** 2, "(-w[0])**2"),
        (lambda p, q: -(p**2), "-w[0]**2"),
        (lambda p, q: (p**2) ** 3, "(w[0]**2)**3"),
        (lambda p, q: (-(p * -q)) ** 2, "(-w[0] * -w[1])**2"),
        (lambda p, q: p**-2, "w[0]**-2"),
        (lambda p, q: p**0.5, "pow(w[0], 0.5)"),
        (lambda p, q: p**1e9, "pow(w[0], 1000000000.0)"),
        (lambda p, q: 2.0 ** (p * 2.0), "pow(2.0, w[0] * 2.0)"),
        (lambda p, q: (p * 2.0).reciprocal(), "1.0 / (w[0] * 2.0)"),
        (lambda p, q: p / 2.0 - q.reciprocal(), "w[0] / 2.0 - 1.0 / w[1]"),
    ],
)
def test_signs_and_brackets(function, text):
    """By the rules of precedence and of signs in Python; the numbers agree to the bit."""
    p, q = Value(1.0), Value(0.5)
    assert returned(function, p, q) == text
    assert functions_of(Program(function(p, q), [], [p, q]))[0]([], [1.0, 0.5]) == function(p, q).data


def test_what_is_one_number_is_not_computed_for_each_of_a_group():
    x = [Value(float(i)) for i in range(3)]
    lines = body(lambda *x: maximum(*x), *x)
    assert "v2 = sum(g1)" in lines
    assert "g1 = [1.0 - step(v1 - a) for a in w[0:3]]" in lines
    assert lines[-1] == "return v1, [a / v2 for a in g1]"


def test_the_gradient_says_a_number_once_for_many_parameters():
    w = [Value(1.0) for _ in range(4)]
    assert body(lambda *w: total(w[:3]) ** 2, *w)[-1] == "return v1**2, [*[2.0 * v1] * 3, 0.0]"
    assert body(lambda *w: total(w), *w)[-1] == "return sum(w[0:4]), [1.0] * 4"


def test_long_lists_are_broken_and_names_are_counted_without_holes():
    model, x = MLP(2, [8, 1]), [Value(0.3), Value(-0.4)]
    source = Program(hinge_loss(model(x), 1), x, model.parameters()).source
    assert max(map(len, source.splitlines())) <= WIDTH
    for function in source.split("def ")[1:]:
        for kind in "vg":
            found = [int(i) for i in re.findall(rf"^    {kind}(\d+) = ", function, re.M)]
            assert found == list(range(1, len(found) + 1))


def test_a_group_of_very_many_parts_has_a_letter_for_each():
    """More parts than there are letters, which may not be those of the row, the parameters or other groups."""
    w = [Value(0.1 * i) for i in range(60)]
    powers = [total([dot(w[2 * i : 2 * i + 2], [x, 1.0]) for i in range(30)]) for x in w[:2]]
    program = Program(powers[0] * powers[1], [], w)
    output = powers[0] * powers[1]
    output.backward()
    value, gradient = functions_of(program)[1]([], [x.data for x in w])
    assert value == pytest.approx(output.data, rel=1e-14)
    assert gradient == pytest.approx([x.grad for x in w], rel=1e-13)


# ---------------- as a file


@pytest.mark.parametrize("name", FUNCTIONS)
def test_it_runs_as_it_stands_and_on_values_too(name):
    x, y = Value(0.8), Value(1.7)
    output = FUNCTIONS[name](x, y)
    for leaf in (P, Q, R):
        leaf.grad = 0.0
    output.backward()
    forward, backward = functions_of(Program(output, [x, y], [P, Q, R]))
    value, gradient = backward([0.8, 1.7], [P.data, Q.data, R.data])
    assert value == forward([0.8, 1.7], [P.data, Q.data, R.data]) == pytest.approx(output.data, rel=1e-14)
    assert gradient == pytest.approx([P.grad, Q.grad, R.grad], rel=1e-12, abs=1e-15)
    on_values = forward([x, y], [P, Q, R])
    on_values.backward()
    assert [P.grad, Q.grad, R.grad] == pytest.approx([2.0 * slope for slope in gradient], rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("name", ["deep", "convolution", "channels"])
def test_networks_run_as_they_stand(name):
    model, columns, function = networks()[name]
    row = [0.3 * (i % 5) - 0.5 for i in range(columns)]
    x = [Value(number) for number in row]
    output = function(*x)
    output.backward()
    value, gradient = functions_of(Program(output, x, model.parameters()))[1](row, [w.data for w in model.parameters()])
    assert value == pytest.approx(output.data, rel=1e-13)
    assert gradient == pytest.approx([w.grad for w in model.parameters()], rel=1e-12, abs=1e-15)


@settings(deterministic, max_examples=60)
@given(recipes())
def test_random_graphs_as_the_eager_engine_has_them(recipe):
    leaves = [Value(x) for x in recipe.leaves]
    output = recipe.run(leaves, in_values)[-1]
    output.backward()
    x, w = leaves[::2], leaves[1::2]
    row, numbers = [leaf.data for leaf in x], [leaf.data for leaf in w]
    forward, backward = functions_of(Program(output, x, w))
    value, gradient = backward(row, numbers)
    assert forward(row, numbers) == value == close_to(output.data)
    assert gradient == [close_to(leaf.grad) for leaf in w]


def test_it_names_the_gate_that_is_left():
    x = Value(1.0)
    with pytest.raises(DomainError, match="log needs x > 0"):
        functions_of(Program(x.log(), [x], []))[0]([-1.0], [])


@pytest.mark.parametrize("exponent", [0.5, -1.5, 1 / 3])
def test_a_negative_number_to_a_power_that_is_not_whole_is_no_complex_number(exponent):
    x, w = Value(1.0), Value(exponent)
    for program in (Program(x**exponent, [x], [], "python"), Program(x**w, [x], [w], "python")):
        with pytest.raises(DomainError, match="pow"):
            program.values([[-8.0]])
        with pytest.raises(DomainError, match="pow"):
            program([[-8.0]])


# ---------------- what x and w are


def header(inputs, parameters):
    x, w = [Value(1.0, label) for label in inputs], [Value(1.0, label) for label in parameters]
    lines = Program(total([*x, *w, 1.0]), x, w).source.splitlines()
    return [lines[2].removeprefix("# x, the row: "), lines[3].removeprefix("# w, the parameters: ")]


def test_the_header_has_the_labels():
    assert header(["x0", "the target"], ["w", "", "β"]) == ["x0, the target", "w, w[1], β"]
    assert header([], ["", ""]) == ["no numbers", "2 numbers"]
    assert header([""], []) == ["1 number", "no numbers"]


def test_many_labels_are_cut():
    _, found = header([], [f"weight {i}" for i in range(100)])
    assert found.startswith("weight 0, weight 1, ")
    assert found.endswith(" ...")
    assert len(found) < WIDTH


@pytest.mark.parametrize("label", ["two\nimport os", "\r\u2028x", "\x00", "-*- coding: utf-16 -*-", "\ud800", "#"])
def test_a_label_stays_within_its_comment(label, tmp_path):
    w, x = Value(2.0, label), Value(3.0, label)
    path = tmp_path / "program.py"
    path.write_text(Program(w * sigmoid(x), [x], [w]).source, encoding="utf-8")
    names = {}
    exec(compile(path.read_bytes(), path, "exec"), names)
    assert names["forward"]([0.0], [2.0]) == 1.0
    assert "os" not in names
