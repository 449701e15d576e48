"""Program.to_c(): the file compiles without a warning, and computes what the eager engine does."""

import ctypes
import math
import random
import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import mpmath
import pytest
from hypothesis import given, settings
from test_program import FUNCTIONS, P, Q, R, eager, networks
from test_program_roll import FUNCTIONS as LAYERS
from test_program_roll import W
from test_random_graphs import close_to, deterministic, in_values, recipes

from nn import MLP, hinge_loss
from tinygrad_edu import Group, Program, Value, dot, elu, logsumexp, sigmoid, softplus, total
from tinygrad_edu.gates import GATES
from tinygrad_edu.program import c
from tinygrad_edu.program.code import KNOWN, Code, Name, Statement, stretch
from tinygrad_edu.program.expressions import SIGNS

STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O2"]


@pytest.fixture(scope="module")
def compiler():
    found = shutil.which("cc") or shutil.which("gcc")
    if found is None:
        pytest.skip("no C compiler is installed: neither cc nor gcc is on PATH")
    return found


@pytest.fixture
def run(compiler, tmp_path):
    """Compiles a program and gives its mean, its gradient, and the outputs of the rows."""

    def run(program, rows):
        numbers = [parameter.data for parameter in program.parameters]
        library = load(compiler, tmp_path, program.to_c())
        given = array([x for row in rows for x in row])
        gradient, w = array([7.0] * len(numbers)), array(numbers)
        mean = library.mean(given, ctypes.c_long(len(rows)), w, gradient)
        return mean, list(gradient)[: len(numbers)], [library.forward(array(row), w) for row in rows]

    return run


def load(compiler, folder, source):
    path = folder / "program.c"
    path.write_text(source, encoding="utf-8")
    library = folder / f"program{random.random()}.so"
    done = subprocess.run(
        [compiler, "-std=c99", *STRICT, "-shared", "-fPIC", "-o", library, path, "-lm"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    loaded = ctypes.CDLL(str(library))
    loaded.mean.restype = loaded.forward.restype = ctypes.c_double
    return loaded


def array(numbers):
    return (ctypes.c_double * (len(numbers) or 1))(*numbers)


def compare(run, function, columns, parameters, low=0.2, high=2.0):
    numbers = random.Random(7)
    rows = [[numbers.uniform(low, high) for _ in range(columns)] for _ in range(9)]
    inputs = [Value(x) for x in rows[0]]
    mean, gradient, outputs = run(Program(function(*inputs), inputs, parameters), rows)
    expected = eager(function, rows, parameters)
    assert mean == pytest.approx(expected[0], rel=1e-12, abs=1e-14)
    assert gradient == pytest.approx(expected[1], rel=1e-12, abs=1e-14)
    assert outputs == pytest.approx(expected[2], rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_gate_as_the_eager_engine_has_it(run, name):
    compare(run, FUNCTIONS[name], 2, [P, Q, R])


@pytest.mark.parametrize("name", ["deep", "wide, with a penalty", "convolution", "channels"])
def test_networks_as_the_eager_engine_has_them(run, name):
    model, columns, function = networks()[name]
    compare(run, function, columns, model.parameters(), low=-1.0, high=1.0)


@pytest.mark.parametrize("function", LAYERS, ids=lambda f: f.__name__)
def test_what_is_rolled_as_the_eager_engine_has_it(run, function):
    compare(run, function, 2, W, low=-1.0, high=1.0)


def test_stretches_that_overlap_receive_both_gradients(run):
    weights = Group([Value(0.1 * i + 0.2) for i in range(11)])
    w = list(weights)
    compare(run, lambda x, y: dot(weights, [x, y] * 5 + [1.0]) * w[3] + dot(w[2:9], w[2:9]) + total(w[4:6]), 2, w)


def test_without_inputs_and_without_parameters(run):
    x, y, z = Value(-2.0), Value(5.0), Value(-4.0)
    assert run(Program((x + y) * z, [], [x, y, z]), [[]]) == (-12.0, [-4.0, -4.0, 3.0], [-12.0])
    assert run(Program((x + y) * z, [x, y, z], []), [[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]]) == (5.5, [], [9.0, 2.0])
    assert run(Program(Value(1.5) * 2.0, [], []), [[]]) == (3.0, [], [3.0])


def test_every_gate_of_a_program_can_be_written():
    ours = {*SIGNS, *c.IN_MATH_H, *c.FUNCTIONS, "neg", "reciprocal", "power"}
    assert ours == KNOWN & GATES.keys()


def test_the_lectures_neuron_reads_as_one_would_write_it():
    w, x, b = [Value(2.0), Value(-3.0)], [Value(-1.0), Value(-2.0)], Value(-3.0)
    source = Program(sigmoid(dot(w, x, b)), x, [*w, b]).to_c()
    assert (
        "\n".join(
            [
                "double backward(const double *x, const double *w, double *gradient)",
                "{",
                "    const double v1 = dot(2, w, x, w[2]);",
                "    const double v2 = sigmoid(v1);",
                "    /* backward */",
                "    const double v3 = v2 * sigmoid(-v1);",
                "    for (int i = 0; i < 2; i++)",
                "        gradient[i] += v3 * x[i];",
                "    gradient[2] += v3;",
                "    return v2;",
                "}",
            ]
        )
        in source
    )
    assert set(re.findall(r"^static double (\w+)", source, re.M)) == {"dot", "sigmoid"}


def test_a_layer_is_a_loop_over_its_rows_and_its_gradient_two():
    model, x = MLP(2, [4, 3, 1], activation="relu"), [Value(0.5), Value(0.25)]
    source = Program(hinge_loss(model(x), 1), x, model.parameters()).to_c()
    assert "g1[i] = dot(2, w + 3 * i, x, w[2 + 3 * i]);" in source
    assert "g3[i] = dot(4, w + 12 + 5 * i, g2, w[16 + 5 * i]);" in source
    across = [
        "    for (int j = 0; j < 3; j++)",
        "        for (int i = 0; i < 4; i++)",
        "            g6[i] += w[12 + i + 5 * j] * g5[j];",
    ]
    assert "\n".join(across) in source
    into = [
        "    for (int i = 0; i < 3; i++)",
        "        for (int j = 0; j < 4; j++)",
        "            gradient[12 + 5 * i + j] += g5[i] * g2[j];",
        "    for (int i = 0; i < 3; i++)",
        "        gradient[16 + 5 * i] += g5[i];",
    ]
    assert "\n".join(into) in source


def test_the_text_grows_with_layers_and_not_with_neurons_or_weights():
    def lines(inputs, neurons):
        model, x = MLP(inputs, [neurons, 1]), [Value(0.5) for _ in range(inputs)]
        return Program(hinge_loss(model(x), 1), x, model.parameters()).to_c().count("\n")

    assert lines(400, 4) == lines(40, 4) == lines(40, 50)


CONSTANTS = [0.1, -0.1, 1e300, 5e-324, -1.7976931348623157e308, 2.2250738585072014e-308, 1e22, 123456789.0, -3.0]


def test_constants_are_exact_to_the_bit(run):
    """Each is picked out of a group by a row of zeros and a one."""
    x = [Value(1.0) for _ in CONSTANTS]
    rows = [[float(i == k) for i in range(len(x))] for k in range(len(x))]
    assert run(Program(dot(CONSTANTS, x), x, []), rows)[2] == CONSTANTS
    assert run(Program(2.0 - (x[0] - -0.1), x[:1], []), [[0.0]])[2] == [1.9]


ENDS = [-800.0, -40.0, -1e-12, 0.0, 1e-12, 40.0, 800.0]


@pytest.mark.parametrize(
    ("function", "exact"),
    [
        (sigmoid, lambda x: 1 / (1 + mpmath.exp(-x))),
        (softplus, lambda x: mpmath.log1p(mpmath.exp(x))),
        (lambda x: elu(x, 2.0), lambda x: x if x > 0 else 2 * mpmath.expm1(x)),
        (lambda x: logsumexp([0.0, x]), lambda x: mpmath.log1p(mpmath.exp(x))),
        (lambda x: logsumexp([x, 0.0]), lambda x: mpmath.log1p(mpmath.exp(x))),
    ],
)
def test_values_at_the_ends_of_the_range_keep_their_digits(run, function, exact):
    x = Value(1.0)
    outputs = run(Program(function(x), [x], []), [[end] for end in ENDS])[2]
    with mpmath.workdps(50):
        expected = [float(exact(mpmath.mpf(end))) for end in ENDS]
    assert outputs == [pytest.approx(y, rel=1e-15, abs=5e-324) for y in expected]


def test_outside_a_domain_it_says_nan_as_c_does(run):
    x = Value(1.0)
    assert math.isnan(run(Program(x.log(), [x], []), [[-1.0]])[0])


@pytest.mark.parametrize(
    "label", ["*/ #include", "**//**/", "a ??/", "tail\\", "two\nlines", "\u202e\u2066", "\ud800", "∂λ"]
)
def test_a_label_stays_within_its_comment(run, label):
    w, x = Value(2.0, label), Value(3.0, label)
    program = Program(w * x, [x], [w])
    assert program.to_c().count("*/") == 2
    assert run(program, [[3.0]]) == (6.0, [3.0], [6.0])


def test_it_is_cpp_as_well(tmp_path):
    compiler = shutil.which("c++") or shutil.which("g++")
    if compiler is None:
        pytest.skip("no C++ compiler is installed: neither c++ nor g++ is on PATH")
    model, columns, function = networks()["convolution"]
    x = [Value(0.1 * i) for i in range(columns)]
    path = tmp_path / "program.cpp"
    path.write_text(Program(function(*x), x, model.parameters()).to_c(), encoding="utf-8")
    subprocess.run([compiler, *STRICT, "-c", "-o", tmp_path / "program.o", path], check=True)


def test_a_loop_neither_stands_in_a_call_nor_repeats_what_is_the_same_for_all(compiler, tmp_path):
    w, x = stretch("w", 0, 3), stretch("x", 0, 3)
    products, their_sum, slope = Name(0, (3,)), Name(1), Name(2)
    statements = (
        Statement(products, "mul", (w, x)),
        Statement(their_sum, "sum", (products,)),
        Statement(slope, "sigmoid", (their_sum,)),
    )
    source = c.in_c(Code(statements, 2, their_sum, ((w, slope),)), ["", "", ""], ["", "", ""])
    assert "gradient[i] += v2;" in source
    gradient = array([0.0] * 3)
    library = load(compiler, tmp_path, source)
    assert library.mean(array([1.0, 2.0, -4.0]), ctypes.c_long(1), array([2.0, 3.0, 2.0]), gradient) == 0.0
    assert list(gradient) == [0.5] * 3


@settings(deterministic, max_examples=15)
@given(recipes())
def test_random_graphs_as_the_eager_engine_has_them(compiler, recipe):
    leaves = [Value(x) for x in recipe.leaves]
    output = recipe.run(leaves, in_values)[-1]
    output.backward()
    x, w = leaves[::2], leaves[1::2]
    row, numbers, gradient = ([leaf.data for leaf in x], [leaf.data for leaf in w], array([0.0] * len(w)))
    with TemporaryDirectory() as folder:
        library = load(compiler, Path(folder), Program(output, x, w).to_c())
    assert library.mean(array(row), ctypes.c_long(1), array(numbers), gradient) == close_to(output.data)
    assert list(gradient)[: len(w)] == [close_to(leaf.grad) for leaf in w]
