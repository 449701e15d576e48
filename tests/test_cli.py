"""The command line: what it prints and where, its exit status, and that no mistake of a user's ends in a traceback."""

import itertools
import math
import os
import re
import signal
import subprocess
import sys
import sysconfig
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tinygrad_edu.cli import main

SCRIPT = [str(Path(sysconfig.get_path("scripts")) / "tinygrad-edu")]
MODULE = [sys.executable, "-m", "tinygrad_edu"]


@pytest.fixture
def run(capsys):
    """Runs main() and gives its exit status, its stdout and its stderr."""

    def run(*arguments):
        try:
            status = main(arguments)
        except SystemExit as end:
            status = end.code
        return (status, *capsys.readouterr())

    return run


def process(*command, **settings):
    """Runs a program and gives its exit status, its stdout and its stderr."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | settings
    done = subprocess.run(command, timeout=120, check=False, **pipes)
    return (done.returncode, *[(stream or b"").decode("utf-8", "replace") for stream in (done.stdout, done.stderr)])


@pytest.fixture
def no_dot(monkeypatch, tmp_path):
    (tmp_path / "no programs").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "no programs"))


def environment(**variables):
    return os.environ | variables


# ---------------- grad


def test_grad_prints_the_value_and_the_gradient_of_every_variable(run):
    printed = "value = -12\n∂/∂x = -4\n∂/∂y = -4\n∂/∂z = 3\n"
    assert run("grad", "(x+y)*z", "x=-2", "y=5", "z=-4") == (0, printed, "")


def numbers_in(out):
    return {name: float(number) for name, number in (line.split(" = ") for line in out.splitlines())}


@pytest.mark.parametrize(
    ("expression", "variables", "expected"),
    [
        ("x**3", ["x=2"], {"value": 8.0, "∂/∂x": 12.0}),
        ("x*x", ["x=-3"], {"value": 9.0, "∂/∂x": -6.0}),
        ("x/y", ["x=1", "y=4"], {"value": 0.25, "∂/∂x": 0.25, "∂/∂y": -1 / 16}),
        ("sigmoid(w*x + b)", ["w=2", "x=-1", "b=2"], {"value": 0.5, "∂/∂w": -0.25, "∂/∂x": 0.5, "∂/∂b": 0.25}),
        ("exp(x)", ["x=1"], {"value": math.e, "∂/∂x": math.e}),
        ("log(2*x)", ["x=1e3"], {"value": math.log(2000.0), "∂/∂x": 1e-3}),
        ("x", ["x=7"], {"value": 7.0, "∂/∂x": 1.0}),
        ("0*x", ["x=7"], {"value": 0.0, "∂/∂x": 0.0}),
        ("1/3 + 1", [], {"value": 4.0 / 3.0}),
        ("λ*x_1", ["λ=2", "x_1=5"], {"value": 10.0, "∂/∂λ": 5.0, "∂/∂x_1": 2.0}),
    ],
)
def test_grad_gives_the_derivatives_of_paper(run, expression, variables, expected):
    status, out, err = run("grad", expression, *variables)
    assert (status, err) == (0, "")
    assert numbers_in(out) == pytest.approx(expected, rel=1e-11)


def test_gradients_come_in_the_order_in_which_the_variables_are_given(run):
    _, out, _ = run("grad", "x*y*z", "z=1", "x=2", "y=3")
    assert list(numbers_in(out)) == ["value", "∂/∂z", "∂/∂x", "∂/∂y"]


@pytest.mark.parametrize("number", ["-2", "+2", "2.5", ".5", "1e3", "-1E-3", "0", " 7"])
def test_a_variable_may_be_any_number(run, number):
    status, out, _ = run("grad", "x", f"x={number}")
    assert (status, numbers_in(out)["value"]) == (0, float(number))


def test_a_variable_is_the_same_however_its_letter_is_encoded(run):
    """The micro sign of a keyboard and the Greek letter are one name to Python."""
    status, out, err = run("grad", "\u00b5*2", "\u00b5=3")
    assert (status, err) == (0, "")
    assert "value = 6\n" in out


@pytest.mark.parametrize(
    "arguments",
    [
        ["-x*x", "x=3"],
        ["--", "-x*x", "x=3"],
        ["-(x*x)", "x=3"],
        ["-3*x", "x=3"],
        ["--x", "x=3"],
        ["-h*x", "x=3", "h=2"],
    ],
)
def test_an_expression_may_begin_with_a_minus(run, arguments):
    assert run("grad", *arguments)[::2] == (0, "")
    assert "∂/∂x = " in run("grad", *arguments)[1]


# ---------------- draw, step, check, latex, compile

PRODUCT = ["(x+y)*z", "x=-2", "y=5", "z=-4"]


def test_step_prints_both_passes(run):
    status, out, err = run("step", *PRODUCT)
    assert (status, err) == (0, "")
    assert re.sub(" +", " ", out).splitlines() == [
        "forward",
        "output gate inputs value",
        "v1 add x = -2, y = 5 3",
        "f mul v1 = 3, z = -4 -12",
        "",
        "backward",
        "output gate input ∂output/∂input upstream × local = downstream total",
        "f mul v1 z 1 × -4 = -4 -4",
        "f mul z v1 1 × 3 = 3 3",
        "v1 add x 1 -4 × 1 = -4 -4",
        "v1 add y 1 -4 × 1 = -4 -4",
    ]


def test_step_writes_a_page(run, tmp_path, no_dot):
    page = tmp_path / "product.html"
    assert run("step", *PRODUCT, "--html", str(page)) == (0, f"page: {page}\n", "")
    assert "<html" in page.read_text(encoding="utf-8")


def texts_of(path):
    return ["".join(element.itertext()) for element in ET.parse(path).iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("option", ["-o", "--output"])
def test_draw_writes_the_picture(run, tmp_path, no_dot, option):
    path = tmp_path / "product.svg"
    assert run("draw", *PRODUCT, option, str(path)) == (0, f"picture: {path}\n", "")
    assert {"x", "y", "z", "f", "-2", "5", "-4", "3", "-12", "1"} <= set(texts_of(path))


def test_draw_rounds_and_expands_as_it_is_told(run, tmp_path, no_dot):
    path = tmp_path / "sigmoid.svg"
    arguments = ["draw", "sigmoid(x)", "x=1", "-o", str(path), "--decimals", "4"]
    assert run(*arguments)[0] == 0
    assert "0.7311" in texts_of(path)
    assert "0.1966" in texts_of(path)  # σ'(1) = 0.19661
    assert run(*arguments, "--expand")[0] == 0
    assert {"exp", "1/x"} <= set(texts_of(path))


def test_draw_shows_local_slopes_and_copies_when_asked(run, tmp_path, no_dot):
    path = tmp_path / "square.svg"
    assert run("draw", "x*3 + x*4", "x=5", "-o", str(path), "--local", "--copies")[0] == 0
    written = path.read_text(encoding="utf-8")
    assert "copy" in written
    assert "local" in written


def test_check_praises_right_answers_with_status_0(run):
    status, out, err = run("check", *PRODUCT, "--answer", "x=-4", "--answer", "z=3")
    assert (status, err) == (0, "")
    assert "x" in out


def test_check_has_status_1_for_a_wrong_answer_and_names_the_gate(run):
    status, out, err = run("check", *PRODUCT, "--answer", "z=-3")
    assert (status, err) == (1, "")
    assert "mul" in out
    assert "3" in out


def test_check_counts_on_the_rounding_it_is_told(run):
    arguments = ["check", "sigmoid(x)", "x=1", "--answer", "x=0.2"]  # 0.19661
    assert run(*arguments)[0] == 0
    assert run(*arguments, "--decimals", "4")[0] == 1


def test_latex_needs_no_numbers(run):
    assert run("latex", "(x+y)*z") == (0, "\\left(x + y\\right) \\cdot z\n", "")
    assert run("latex", "-x*2") == (0, "\\left(-x\\right) \\cdot 2\n", "")


@pytest.mark.parametrize("expression", ["log(x - 5)", "log(x - y)", "log(-x)*log(1 - x)", "sqrt(1 - x)"])
def test_latex_finds_numbers_at_which_an_expression_is_defined(run, expression):
    status, out, err = run("latex", expression)
    assert (status, err) == (0, "")
    assert "x" in out


def test_latex_asks_for_numbers_where_it_finds_none(run):
    status, out, err = run("latex", "log(x - 1000)")
    assert (status, out) == (2, "")
    assert "tried at a few numbers: give one for which it is defined, as in x=NUMBER" in err
    assert run("latex", "log(x - 1000)", "x=1001")[0] == 0


def test_latex_asks_for_no_numbers_where_there_are_no_variables(run):
    status, out, err = run("latex", "log(0 - 1)")
    assert (status, out) == (2, "")
    assert "NUMBER" not in err


def test_latex_prints_a_derivation(run):
    status, out, err = run("latex", *PRODUCT, "--wrt", "x")
    assert (status, err) == (0, "")
    assert out.splitlines()[-3:] == [r"&= \left(-4\right) \cdot 1 \\", "&= -4", r"\end{aligned}"]


PROGRAM = """\
# forward(x, w) is the output for one row, backward(x, w) the output and its gradient.
#
# x, the row: no numbers
# w, the parameters: x, y, z


def forward(x, w):
    return (w[0] + w[1]) * w[2]


def backward(x, w):
    v1 = w[0] + w[1]
    # backward
    return v1 * w[2], [w[2], w[2], v1]
"""


@pytest.mark.parametrize("numbers", [[], ["y=5"], ["x=-2", "y=5", "z=-4"]], ids=len)
def test_compile_prints_the_program_and_needs_no_numbers(run, numbers):
    given = [number[0] for number in numbers]
    order = ", ".join([*given, *[name for name in "xyz" if name not in given]])
    status, out, err = run("compile", "(x+y)*z", *numbers)
    assert (status, err) == (0, "")
    assert f"# w, the parameters: {order}\n" in out
    if given != ["y"]:
        assert out == PROGRAM


def test_compile_takes_the_gradient_of_what_is_no_input(run, tmp_path):
    path = tmp_path / "neuron.py"
    arguments = ["compile", "sigmoid(w*x + b) - t", "--inputs", "t,x"]
    assert run(*arguments, "-o", str(path)) == (0, f"program: {path}\n", "")
    text = path.read_text(encoding="utf-8")
    assert run(*arguments) == (0, text, "")
    assert "# x, the row: t, x\n# w, the parameters: w, b\n" in text
    names = {}
    exec(text, names)
    assert names["backward"]([0.25, 3.0], [2.0, -6.0]) == (0.25, [0.75, 0.25])  # at 0 the slope of sigmoid is 1/4


def test_compile_writes_c(run, tmp_path):
    path = tmp_path / "neuron.c"
    assert run("compile", "-x*w", "--inputs", "x", "--c", "--output", str(path)) == (0, f"program: {path}\n", "")
    text = path.read_text(encoding="utf-8")
    assert "    gradient[0] += v1;\n    return v1 * w[0];\n" in text
    assert run("compile", "--c", "--inputs=x", "-x*w") == (0, text, "")


def test_compile_asks_for_numbers_where_its_own_are_outside_a_domain(run):
    assert "give one for which it is defined, as in x=NUMBER" in run("compile", "log(x - 1000)")[2]
    assert run("compile", "log(x - 1000)", "x=1001")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["step", "x*2", "x=1", "--htm", "page.html"], "step: there is no option --htm; did you mean --html?"),
        (["step", "--htm=page.html", "x*2", "x=1"], "step: there is no option --htm; did you mean --html?"),
        (["draw", "--loca", "x*2", "x=1"], "draw: there is no option --loca; did you mean --local?"),
        (["step", "x*2", "x=1", "-x"], "step: there is no option -x; there are -h, --help, --html"),
    ],
)
def test_an_option_that_there_is_not_is_named_beside_those_there_are(run, arguments, said):
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert said in err


def test_two_minuses_before_a_variable_are_no_option(run):
    assert run("grad", "--x", "x=3") == (0, "value = 3\n∂/∂x = 1\n", "")


@pytest.mark.parametrize("arguments", [["2"], ["x", "x=2"]])
def test_step_says_where_there_is_no_gate(run, arguments):
    assert run("step", *arguments) == (0, "value = 2: there is no gate to step through\n", "")


@pytest.mark.parametrize("command", ["step", "draw", "latex", "check", "compile"])
def test_options_may_stand_before_an_expression_that_begins_with_a_minus(run, command, tmp_path, no_dot):
    options = {
        "step": [],
        "draw": ["-o", str(tmp_path / "picture.svg")],
        "latex": ["--wrt", "x"],
        "check": ["--answer", "x=-6"],
        "compile": ["--inputs", "x"],
    }[command]
    assert run(command, *options, "-x*x", "x=3")[::2] == (0, "")
    assert run(command, "-x*x", "x=3", *options)[::2] == (0, "")


# ---------------- wrong arguments

USAGE = [
    ([], "COMMAND"),
    (["frobnicate"], "'frobnicate'"),
    (["--frobnicate"], "COMMAND"),
    (["grad"], "EXPR"),
    (["grad", "x", "x=abc"], "'x=abc'"),
    (["grad", "x", "x="], "'x='"),
    (["grad", "x", "x"], "'x'"),
    (["grad", "x", "=3"], "'=3'"),
    (["grad", "x", "2x=3"], "'2x=3'"),
    (["grad", "x", "x=3", "--frobnicate"], "--frobnicate"),
    (["grad", "x", "x=1", "x=2"], "x is given twice"),
    (["grad", "x", "x=nan"], "nan"),
    (["grad", "x", "x=1e400"], "inf"),
    (["step", "x", "x=1", "--html"], "--html"),
    (["step", "x", "x=1", "--wrt", "x"], "--wrt"),
    (["draw", "x", "x=1", "-o", "picture.png"], ".svg"),
    (["draw", "x", "x=1", "--decimals", "few"], "'few'"),
    (["check", "x*x", "x=1"], "--answer"),
    (["check", "x*x", "x=1", "--answer", "2"], "'2'"),
    (["check", "x*x", "x=1", "--answer", "y=2"], "an answer for y"),
    (["check", "x*x", "x=1", "--answer", "x=2", "--answer", "x=3"], "x is given twice"),
    (["latex", "x*x", "x=1", "--wrt", "y"], "y is not a variable; there are x"),
    (["compile"], "EXPR"),
    (["compile", "x*x", "--inputs"], "--inputs"),
    (["compile", "x*x", "--inputs", "x,"], "'x,'"),
    (["compile", "x*x", "--inputs", "x=2"], "'x=2'"),
    (["compile", "x*x", "--inputs", "x,x"], "x is given twice"),
    (["compile", "x*y", "--inputs", "x,t"], "t is not a variable; there are x, y"),
    (["compile", "1 + 1", "--inputs", "x"], "x is not a variable; there are none"),
    (["compile", "x*x", "x=1", "x=2"], "x is given twice"),
    (["compile", "x*x", "-o", "no folder/program.py"], "no folder"),
    (["train"], "DATASET"),
    (["train", "mnist"], "'mnist'"),
    (["train", "xor", "--epochs", "-1"], "'-1'"),
    (["train", "xor", "--epochs", "1.5"], "'1.5'"),
    (["train", "xor", "--epochs", "many"], "'many'"),
    (["train", "xor", "--epochs", "²"], "'²'"),
    (["train", "xor", "--epochs"], "--epochs"),
    (["train", "xor", "--hidden", "0"], "'0'"),
    (["train", "xor", "--hidden", "4", "four"], "'four'"),
    (["train", "xor", "--batch-size", "0"], "'0'"),
    (["train", "xor", "--lr", "fast"], "'fast'"),
    (["train", "xor", "--lr", "-0.1"], "'-0.1'"),
    (["train", "xor", "--lr", "nan"], "'nan'"),
    (["train", "xor", "--momentum", "inf"], "'inf'"),
    (["train", "xor", "--seed", "x"], "'x'"),
    (["train", "xor", "--activation", "rectified"], "'rectified'"),
    (["train", "moons", "--seed", "-1"], "-1"),
    (["tour", "--epochs", "-1"], "'-1'"),
    (["tour", "everything"], "everything"),
]


@pytest.mark.parametrize(("arguments", "named"), USAGE, ids=[" ".join(arguments) for arguments, _ in USAGE])
def test_a_wrong_argument_is_status_2_and_one_line_that_names_it(run, arguments, named):
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("tinygrad-edu")
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert named in err


@pytest.mark.parametrize(
    ("arguments", "reason", "excerpt"),
    [
        (["x+y", "x=1"], "'y' is not given", ["  x+y", "    ^"]),
        (["x", "x=1", "y=2"], "given but not used: y", ["  x"]),
        (["2x", "x=1"], "an operator is missing", ["  2x", "   ^"]),
        (["(x", "x=1"], "never closed", ["  (x", "  ^"]),
        (["1 + log(x)", "x=-1"], "log needs x > 0", ["  1 + log(x)", "      ^"]),
        (["1 / (x - 1)", "x=1"], "needs y != 0", ["  1 / (x - 1)", "    ^"]),
        (["exp(x)", "x=1000"], "too large", ["  exp(x)", "  ^"]),
    ],
)
def test_a_wrong_expression_is_status_2_and_a_line_with_the_spot_below_it(run, arguments, reason, excerpt):
    status, out, err = run("grad", *arguments)
    first, *below = err.splitlines()
    assert (status, out) == (2, "")
    assert first.startswith("tinygrad-edu: ")
    assert reason in first
    assert below == excerpt


def test_an_empty_expression_is_status_2_and_one_line(run):
    assert run("grad", "") == (2, "", "tinygrad-edu: the text is empty\n")


def test_a_point_without_a_finite_slope_is_status_2_and_one_line(run):
    status, out, err = run("grad", "sqrt(x)", "x=0")
    assert (status, out) == (2, "")
    assert re.fullmatch(r"tinygrad-edu: sqrt\(.*\): sqrt has no finite slope here\n", err)


@pytest.mark.parametrize("pictures", ["file", "file/inside"])
def test_a_folder_that_cannot_be_made_is_status_2_and_one_line(run, tmp_path, pictures):
    (tmp_path / "file").touch()
    status, out, err = run("tour", "--epochs", "0", "--pictures", str(tmp_path / pictures))
    assert (status, out) == (2, "")
    assert err.startswith("tinygrad-edu: ")
    assert err.count("\n") == 1


# ---------------- help


@pytest.mark.parametrize(
    ("arguments", "mentioned"),
    [
        (["--help"], ["tour", "grad", "draw", "step", "check", "latex", "compile", "train", "(x+y)*z"]),
        (["-h"], ["tour", "grad", "train"]),
        (["tour", "--help"], ["--pictures", "--epochs", "digits"]),
        (["grad", "--help"], ["EXPR", "NAME=NUMBER", "Example"]),
        (["draw", "--help"], ["--output", "--decimals", "--expand", "--local", "--copies", "Example"]),
        (["step", "--help"], ["--html", "Example"]),
        (["check", "--help"], ["--answer", "--decimals", "status"]),
        (["latex", "--help"], ["--wrt", "Example"]),
        (["compile", "--help"], ["--inputs", "--c", "--output", "gradient", "Example"]),
        (["train", "--help"], ["DATASET", "xor, moons or digits", "--hidden", "--activation", "--epochs", "--lr"]),
        (["train", "--help"], ["--batch-size", "--momentum", "--seed", "--quiet"]),
    ],
)
def test_help_goes_to_stdout_and_is_status_0(run, arguments, mentioned):
    status, out, err = run(*arguments)
    assert (status, err) == (0, "")
    assert out.startswith("usage: tinygrad-edu")
    assert [text for text in mentioned if text not in out] == []


def test_the_example_of_the_help_works(run):
    _, out, _ = run("--help")
    (example,) = re.findall(r"Try: tinygrad-edu grad '(.*)' (.*)", out)
    assert run("grad", example[0], *example[1].split())[0] == 0


# ---------------- train


def test_train_xor_learns_all_four_rows(run):
    status, out, err = run("train", "xor", "--quiet")
    assert (status, err) == (0, "")
    assert "MLP(inputs=2, sizes=[4, 1], activation=tanh, output=linear, bias=True): 17 parameters, 4 rows" in out
    assert out.endswith("accuracy: 100%\n")


def accuracy_in(out):
    return float(re.findall(r"accuracy.*: ([\d.]+)%$", out, re.M)[0])


def test_train_moons_learns_to_tell_them_apart(run):
    status, out, err = run("train", "moons", "--hidden", "8", "8", "--epochs", "20", "--quiet")
    assert (status, err) == (0, "")
    assert "50 rows it has not seen" in out
    assert accuracy_in(out) >= 94.0


def test_train_takes_its_options(run):
    options = ["--hidden", "3", "2", "--activation", "relu", "--epochs", "2", "--batch-size", "3", "--lr", "0.01"]
    status, out, err = run("train", "xor", *options, "--momentum", "0", "--seed", "5", "--quiet")
    assert (status, err) == (0, "")
    assert "MLP(inputs=2, sizes=[3, 2, 1], activation=relu, output=linear, bias=True): 20 parameters" in out


def test_the_same_seed_prints_the_same(run):
    same = [run("train", "xor", "--epochs", "3", "--quiet", "--seed", "1")[1] for _ in range(2)]
    assert same[0] == same[1] != run("train", "xor", "--epochs", "3", "--quiet", "--seed", "2")[1]


def test_train_with_no_epochs_reports_the_accuracy_alone(run):
    status, out, _ = run("train", "xor", "--epochs", "0", "--quiet")
    assert status == 0
    assert "accuracy: " in out
    assert "loss" not in out


@pytest.mark.parametrize(
    ("terminal", "options", "shown"), [(True, [], True), (True, ["--quiet"], False), (False, [], False)]
)
def test_a_long_run_shows_a_progress_bar_on_a_terminal_unless_told_not_to(run, monkeypatch, terminal, options, shown):
    ticks = itertools.count(step=2.0)
    monkeypatch.setattr("tqdm.std.time", lambda: next(ticks))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    status, out, err = run("train", "xor", "--epochs", "2", *options)
    assert status == 0
    assert "row/s" not in out
    assert ("/8 " in err) is shown


# ---------------- tour


def test_the_tour_shows_two_ledgers_and_two_pictures_and_reads_digits(run, no_dot, tmp_path):
    folder = tmp_path / "a" / "b"
    status, out, err = run("tour", "--epochs", "1", "--pictures", str(folder))
    assert (status, err) == (0, "")
    assert [line.count("upstream") for line in out.splitlines() if "upstream" in line] == [1, 1]
    assert re.search(r"^f +mul +z +q +1 +× +3 += +3 +3$", out, re.M)
    assert re.search(r"^v2 +mul +x1 +w1 +0\.196612 +× +-3 += +-0\.589836 +-0\.589836$", out, re.M)
    names = ["product.html", "product.svg", "sigmoid.html", "sigmoid.svg"]
    assert sorted(path.name for path in folder.iterdir()) == names
    for path in folder.iterdir():
        assert str(path) in out
    for path in folder.glob("*.svg"):
        assert "-0.20" in texts_of(path) or "-12" in texts_of(path)
        assert "grad" in "".join(ET.fromstring(path.read_text(encoding="utf-8")).itertext())
    assert accuracy_in(out) > 80.0


# ---------------- without scikit-learn


class NoScikitLearn:
    """Finds no scikit-learn, as where it is not installed."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "sklearn":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


@pytest.fixture
def no_sklearn(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "sklearn"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [NoScikitLearn(), *sys.meta_path])


@pytest.mark.parametrize("dataset", ["moons", "digits"])
def test_without_scikit_learn_train_says_how_to_get_it(run, no_sklearn, dataset):
    status, out, err = run("train", dataset)
    assert (status, out) == (2, "")
    assert re.fullmatch(r"tinygrad-edu: .*scikit-learn.*pip install .*\[data\].*\n", err)


def test_without_scikit_learn_the_tour_still_shows_its_graphs(run, no_sklearn, no_dot, tmp_path):
    status, out, err = run("tour", "--pictures", str(tmp_path / "pictures"))
    assert status == 2
    assert out.count("upstream") == 2
    assert err.count("\n") == 1
    assert "scikit-learn" in err


def test_without_scikit_learn_xor_is_learned(run, no_sklearn):
    assert run("train", "xor", "--quiet")[1].endswith("accuracy: 100%\n")


def test_another_missing_module_is_not_blamed_on_scikit_learn(monkeypatch, run):
    monkeypatch.setitem(sys.modules, "nn.datasets", None)
    with pytest.raises(ModuleNotFoundError, match=r"nn\.datasets"):
        run("train", "xor")


# ---------------- as programs


@pytest.mark.parametrize("program", [MODULE, SCRIPT], ids=["python -m tinygrad_edu", "tinygrad-edu"])
def test_both_programs_are_the_command_line(program):
    status, out, err = process(*program, "grad", "-x*y", "x=3", "y=5", env=environment(PYTHONIOENCODING="utf-8"))
    assert (status, out, err) == (0, "value = -15\n∂/∂x = -5\n∂/∂y = -3\n", "")


@pytest.mark.parametrize("program", [MODULE, SCRIPT], ids=["python -m tinygrad_edu", "tinygrad-edu"])
def test_both_programs_have_the_same_name_in_their_errors(program):
    status, out, err = process(*program, "frobnicate")
    assert (status, out) == (2, "")
    assert err.startswith("tinygrad-edu: ")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_the_signs_shows_a_question_mark_for_each(encoding):
    status, out, err = process(*MODULE, "grad", "λ*3", "λ=2", env=environment(PYTHONIOENCODING=encoding))
    assert (status, err) == (0, "")
    assert out == "value = 6\n?/?? = 3\n"


def test_a_terminal_without_the_signs_shows_errors_too():
    status, out, err = process(*MODULE, "grad", "λ*3", env=environment(PYTHONIOENCODING="ascii"))
    assert (status, out) == (2, "")
    assert err.startswith("tinygrad-edu: '?' is not given")


@pytest.mark.parametrize(
    "arguments",
    [["grad", "x", "x=1"], ["step", "x*x", "x=1"], ["train", "xor", "--epochs", "1"], ["--help"]],
    ids=" ".join,
)
@pytest.mark.parametrize("buffering", ["", "1"], ids=["buffered", "unbuffered"])
def test_a_reader_that_has_gone_is_no_error(arguments, buffering):
    """As after `| head -1`."""
    reader, writer = os.pipe()
    os.close(reader)
    status, _, err = process(*MODULE, *arguments, stdout=writer, env=environment(PYTHONUNBUFFERED=buffering))
    os.close(writer)
    assert (status, err) == (0, "")


CTRL_C = """
import signal, sys
from nn import SGD
from tinygrad_edu.cli import main

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background processes ignore it
move, steps = SGD.moved, 0

def told(self, *columns):
    global steps
    steps += 1
    if steps == 50:
        print("fifty steps", flush=True)
    return move(self, *columns)

SGD.moved = told
sys.exit(main(sys.argv[1:]))
"""


def interrupted(*arguments):
    """A process that gets SIGINT after fifty steps of training: exit status, stdout and stderr."""
    command = [sys.executable, "-c", CTRL_C, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            before = []
            while not before or before[-1] not in ("fifty steps\n", ""):
                before.append(child.stdout.readline())
            child.send_signal(signal.SIGINT)
            out, err = child.communicate(timeout=120)
        finally:
            child.kill()
    return child.returncode, "".join(before) + out, err


def test_ctrl_c_ends_training_with_status_130_and_a_report():
    """45 steps are an epoch."""
    status, out, err = interrupted("train", "digits", "--epochs", "1000", "--quiet")
    assert (status, err) == (130, "")
    assert re.search(r"^interrupted after \d+ of 1000 epochs; the model keeps what it learned$", out, re.M)
    assert re.search(r"^loss: ", out, re.M)
    assert accuracy_in(out) > 50.0


def test_ctrl_c_elsewhere_is_status_130_and_a_line(monkeypatch, run):
    def pressed(text, **variables):
        raise KeyboardInterrupt

    monkeypatch.setattr("tinygrad_edu.parse", pressed)
    status, out, err = run("grad", "x", "x=1")
    assert (status, out, err.strip()) == (130, "", "interrupted")
