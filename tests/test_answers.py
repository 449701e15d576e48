"""check_answers: the slides' hand numbers pass, each usual slip is named, and one slip is not counted twice."""

import math
import re
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ET

import pytest

from tinygrad_edu import DomainError, Value, check_answers, dot, maximum, parse, relu, sigmoid, sqrt, tanh, total
from tinygrad_edu.backprop import nodes


def product():
    """f = (x + y) z of the slide: ∂f/∂q = z = -4, ∂f/∂z = q = 3, ∂f/∂x = ∂f/∂y = -4."""
    x, y, z = Value(-2, "x"), Value(5, "y"), Value(-4, "z")
    return ((x + y).named("q") * z).named("f")


def neuron():
    """The slide's 1 / (1 + exp(-(w0 x0 + w1 x1 + w2))), gate by gate."""
    w0, w1, w2, x0, x1 = Value(2, "w0"), Value(-3, "w1"), Value(-3, "w2"), Value(-1, "x0"), Value(-2, "x1")
    a, b = (w0 * x0).named("a"), (w1 * x1).named("b")
    s = ((a + b).named("c") + w2).named("s")
    e = (s * -1.0).named("n").exp().named("e")
    return (e + 1.0).named("d").reciprocal().named("f")


def fused_neuron():
    w0, w1, w2, x0, x1 = Value(2, "w0"), Value(-3, "w1"), Value(-3, "w2"), Value(-1, "x0"), Value(-2, "x1")
    return sigmoid((w0 * x0 + w1 * x1 + w2).named("s")).named("f")


def chain():
    """p = 3x = 6, q = p², f = 5q: ∂f/∂q = 5, ∂f/∂p = 5 · 2 · 6 = 60, ∂f/∂x = 180."""
    return (((Value(2, "x") * 3.0).named("p") ** 2).named("q") * 5.0).named("f")


def fan_out():
    """f = 3x² + x at 2: x receives 1 from the sum, and 3 · 2 twice from the square, in all 13."""
    x = Value(2, "x")
    return ((x * x).named("square") * 3.0 + x).named("f")


def checked(output, decimals=2, **answers):
    by_label = {node.label: node for node in nodes(output)}
    return check_answers(output, {by_label[label]: answer for label, answer in answers.items()}, decimals)


def verdicts(report):
    return {verdict.value.label: verdict.verdict for verdict in report.verdicts}


def gate_of(report):
    at = report.departure
    return at.gate, at.output.label, at.input.label


# ---------------- right answers

SLIDE = {"f": 1, "d": -0.53, "e": -0.53, "n": -0.20, "s": 0.20, "c": 0.20, "a": 0.20, "b": 0.20}
LEAVES = {"w0": -0.20, "x0": 0.39, "w1": -0.39, "x1": -0.59, "w2": 0.20}
CHAINED = {"w0": -0.20, "x0": 0.40, "w1": -0.40, "x1": -0.60, "w2": 0.20}  # from 0.20 on, as the slide has them


def test_the_gradients_of_the_sum_times_z_are_right():
    report = checked(product(), x=-4, y=-4, z=3, q=-4, f=1)
    assert report
    assert [verdict.value.label for verdict in report.verdicts] == ["f", "z", "q", "y", "x"]
    assert report.departure is None


@pytest.mark.parametrize("leaves", [LEAVES, CHAINED])
@pytest.mark.parametrize("graph", [neuron, fused_neuron])
def test_the_rounded_numbers_of_the_slide_are_right(graph, leaves):
    assert checked(graph(), s=0.20, **leaves)


@pytest.mark.parametrize("name", SLIDE)
def test_every_wire_of_the_slide_is_right_alone_and_with_the_others(name):
    assert checked(neuron(), **{name: SLIDE[name]})
    assert checked(neuron(), **SLIDE, **CHAINED)


@pytest.mark.parametrize("decimals", range(16))
def test_the_exact_gradients_are_right_to_any_number_of_decimals(decimals):
    e = math.exp(-1.0)
    slope = e / (1.0 + e) ** 2
    assert checked(neuron(), decimals, s=slope, x0=2 * slope, x1=-3 * slope, d=-1 / (1 + e) ** 2)


def test_numbers_rounded_to_two_decimals_are_not_right_to_four():
    assert not checked(neuron(), 4, s=0.20)
    assert checked(neuron(), 4, s=0.1966)


def test_what_needs_no_rounding_may_not_differ():
    """Whole numbers throughout: an answer may be half a unit off, as one that is itself rounded, and no more."""
    assert checked(product(), x=-4.005)
    assert not checked(product(), x=-4.006)
    assert not checked(product(), 0, x=-3.4)
    assert checked(product(), 0, x=-3.5)


@pytest.mark.parametrize("decimals", range(1, 10))
def test_how_far_the_neurons_answers_may_be_off_by_the_docstrings_formula(decimals):
    """u is half a unit. d is off by u; 1/x has the slope -f², of the smallest d and f rounded, and that is rounded."""
    u, e = 0.5 * 10.0**-decimals, math.exp(-1.0)
    f = 1.0 / (1.0 + e)
    at_d = (1.0 / (1.0 + e - u) + u) ** 2 - f**2 + u
    at_n = at_d * e + f**2 * u + at_d * u + u  # exp's slope is its output, off by u
    report = checked(neuron(), decimals, **SLIDE, **CHAINED)
    allowed = {verdict.value.label: verdict.allowed for verdict in report.verdicts}
    assert [allowed[label] for label in ("f", "d", "e")] == pytest.approx([u, at_d, at_d], rel=1e-6, abs=0.0)
    assert [allowed[label] for label in ("n", "s", "c", "a", "w2")] == pytest.approx([at_n] * 5, rel=1e-6, abs=0.0)
    times = pytest.approx([at_n, 2 * at_n, 2 * at_n, 3 * at_n], rel=1e-6, abs=0.0)
    assert [allowed[label] for label in ("w0", "x0", "w1", "x1")] == times
    assert at_n == pytest.approx(2.8 * u, rel=0.1)


def test_grad_is_left_alone():
    f = product()
    f.backward()
    before = [node.grad for node in nodes(f)]
    checked(f, x=1, q=-4)
    assert [node.grad for node in nodes(f)] == before


def test_a_parsed_expression_can_be_checked():
    f = parse("(x+y)*z", x=-2, y=5, z=-4)
    assert checked(f, x=-4, y=-4, z=3)


# ---------------- the usual slips


@pytest.mark.parametrize(
    ("graph", "answers", "departure", "guess"),
    [
        (product, {"x": 1}, ("add", "q", "x"), "the upstream was left out"),
        (product, {"x": 1, "y": 1}, ("add", "q", "y"), "the upstream was left out$"),
        (product, {"q": -4, "x": 1, "y": 1}, ("add", "q", "y"), "the upstream was left out$"),
        (chain, {"p": 12}, ("power", "q", "p"), "the upstream was left out"),
        (chain, {"q": 5, "p": 5}, ("power", "q", "p"), "the local was left out"),
        (chain, {"q": 5, "p": 60, "x": 60}, ("mul", "p", "x"), "the local was left out"),
        (chain, {"q": 5, "p": -60}, ("power", "q", "p"), "the sign"),
        (product, {"z": -3}, ("mul", "f", "z"), "the sign"),
        (product, {"q": 3}, ("mul", "f", "q"), "its own value was taken"),
        (fan_out, {"x": 1}, ("add", "f", "x"), "at the fan-out only the share that comes by way of the add gate"),
        (fan_out, {"x": 6}, ("mul", "square", "x"), "at the fan-out only the share that comes by way of the mul gate"),
        (fan_out, {"x": 12}, ("add", "f", "x"), "at the fan-out the share .* of the add gate was not added"),
        (fan_out, {"x": 7}, ("mul", "square", "x"), "at the fan-out the share .* of the mul gate was not added"),
        (chain, {"q": 5, "p": 6}, ("power", "q", "p"), "its value was given for its gradient"),
        (fused_neuron, {"s": 0.73}, ("sigmoid", "f", "s"), "σ was taken .*, without its factor 1 - σ"),
        (fused_neuron, {"s": 0.27}, ("sigmoid", "f", "s"), "1 - σ was taken .*, without its factor σ"),
        (neuron, {"n": 0.37, "d": -0.53, "e": -0.53}, ("exp", "e", "n"), "the upstream was left out"),
        (neuron, {"s": -0.20, "n": -0.20}, ("mul", "n", "s"), "the sign, or the local was left out"),
    ],
)
def test_each_slip_is_recognised(graph, answers, departure, guess):
    report = checked(graph(), **answers)
    assert not report
    assert gate_of(report) == departure
    assert re.search(guess, report.departure.guess)


def test_one_minus_tanh_in_the_place_of_its_slope():
    """tanh 0.5 = 0.46; its slope is 1 - 0.46² = 0.79, not 0.54."""
    f = tanh(Value(0.5, "x")).named("f")
    assert checked(f, x=0.79)
    assert checked(f, x=0.54).departure.guess == "1 - tanh was taken for the local, without its factor 1 + tanh"


def test_the_inputs_of_a_dot_can_be_swapped_too():
    w, x = Value(2, "w"), Value(-7, "x")
    report = checked(dot([w, 1.0], [x, 3.0]), w=2)
    assert report.departure.guess.startswith("its own value was taken")


def test_upstream_and_local_are_those_at_the_gate():
    at = checked(chain(), q=5, p=6).departure
    assert (at.upstream, at.local) == (5.0, 12.0)


def test_a_number_from_nowhere_gets_no_guess():
    report = checked(chain(), p=17.3)
    assert report.departure.guess == ""
    assert gate_of(report) == ("power", "q", "p")


def test_slips_are_guessed_to_the_rounding_of_the_answers():
    """exp without its upstream is 0.37 of 0.3679."""
    assert checked(neuron(), n=0.3679).departure.guess == checked(neuron(), n=0.37).departure.guess != ""


# ---------------- the first departure, and what follows from it


@pytest.mark.parametrize(
    ("answers", "departure"),
    [
        ({"q": 1, "p": 60, "x": 180}, ("mul", "f", "q")),
        ({"q": 5, "p": 12, "x": 180}, ("power", "q", "p")),
        ({"q": 5, "p": 60, "x": 3}, ("mul", "p", "x")),
        ({"q": 1, "p": 7.7, "x": 3.3}, ("mul", "f", "q")),
        ({"p": 7.7, "x": 3.3}, ("power", "q", "p")),
        ({"x": 3.3}, ("mul", "p", "x")),
    ],
)
def test_the_first_gate_in_the_order_of_the_backward_pass_is_named(answers, departure):
    for order in (answers, dict(reversed(answers.items()))):
        assert gate_of(checked(chain(), **order)) == departure


def test_what_is_right_given_a_wrong_answer_follows_on():
    """q = 1 forgets the local 5; then p = 12 and x = 36 are right."""
    report = checked(chain(), q=1, p=12, x=36)
    assert verdicts(report) == {"q": "wrong", "p": "follows on", "x": "follows on"}
    assert not report


def test_a_second_slip_is_judged_by_the_students_own_upstream():
    """After q = 1 the exact p would be 12; p = -12 is a sign, of 12 and not of 60."""
    report = checked(chain(), q=1, p=-12, x=-36)
    assert verdicts(report) == {"q": "wrong", "p": "wrong", "x": "follows on"}
    second = report.verdicts[1].departure
    assert (second.guess, second.upstream, second.local) == ("the sign", 1.0, 12.0)


def test_a_right_answer_is_right_whatever_stands_before_it():
    assert verdicts(checked(chain(), q=1, p=60, x=180)) == {"q": "wrong", "p": "right", "x": "right"}


def test_one_slip_at_a_gate_without_an_answer_explains_all_that_follows():
    """σ without 1 - σ is 0.73 in the place of 0.20, at every leaf times its local."""
    report = checked(fused_neuron(), w0=-0.73, x0=1.46, w1=-1.46, x1=-2.19, w2=0.73)
    assert gate_of(report) == ("sigmoid", "f", "s")
    assert sorted(verdicts(report).values()) == ["follows on"] * 4 + ["wrong"]


def test_a_second_slip_is_found_behind_a_gate_without_an_answer():
    """σ without 1 - σ, and then the sign of x1: 0.73 · -3 = -2.19."""
    report = checked(fused_neuron(), w0=-0.73, x0=1.46, w1=-1.46, x1=2.19, w2=0.73)
    assert gate_of(report) == ("sigmoid", "f", "s")
    slip = {verdict.value.label: verdict.departure for verdict in report.verdicts}["x1"]
    assert (slip.gate, slip.output.label, slip.guess) == ("mul", "", "the sign")
    assert slip.upstream == pytest.approx(0.73, abs=0.005)


def test_a_slip_beside_right_answers_is_not_looked_for_above_them():
    """Were the sign lost before q, y would have it wrong too."""
    assert gate_of(checked(product(), x=4, y=-4)) == ("add", "q", "x")
    assert gate_of(checked(product(), x=4, y=4)) == ("mul", "f", "q")


def test_the_output_itself_has_the_gradient_one():
    report = checked(product(), f=-12, q=-4)
    assert verdicts(report) == {"f": "wrong", "q": "right"}
    assert report.departure is None
    assert "wrong: the backward pass starts with 1" in str(report)


# ---------------- gradients that are zero, or all but


def dead():
    """relu(-3x) at 2 sends nothing."""
    return (relu((Value(2, "x") * -3.0).named("p")).named("r") * 5.0).named("f")


def test_a_gate_that_sends_nothing():
    assert checked(dead(), r=5, p=0, x=0)
    report = checked(dead(), r=5, p=5, x=-15)
    assert verdicts(report) == {"r": "right", "p": "wrong", "x": "follows on"}
    assert gate_of(report) == ("relu", "r", "p")
    assert report.departure.guess == "the local was left out"


def test_a_gate_without_a_slope_where_nothing_arrives():
    f = (sqrt(Value(0, "x")) * Value(0, "y")).named("f")
    assert checked(f, x=0, y=0)


def test_a_gate_without_a_slope_has_no_answer():
    with pytest.raises(DomainError, match="sqrt has no finite slope here"):
        checked(sqrt(Value(0, "x")), x=0)


def test_the_losers_of_a_maximum_get_nothing():
    f = maximum(Value(2, "x"), Value(5, "y"), Value(3, "z")) * 4.0
    assert checked(f, x=0, y=4, z=0)
    assert not checked(f, x=4)


def test_that_zero_would_pass_is_said():
    """∂/∂t (3 t)² = 18 t = 0.0072."""
    f = ((Value(0.0004, "t") * 3.0) ** 2).named("f")
    report = checked(f, t=0.0)
    assert report
    assert "right, but so would 0 be: take more decimals" in str(report)
    assert not checked(f, 6, t=0.0)
    assert "more decimals" not in str(checked(f, 6, t=0.0072))
    assert "more decimals" not in str(checked(dead(), x=0))


# ---------------- the report


def test_the_printed_report():
    report = checked(chain(), q=1, p=12, x=180)
    assert str(report) == repr(report)
    assert str(report).splitlines() == [
        "first departure from the chain rule: the mul gate f, on the way to q: upstream 1 × local 5 = 5",
        "1 of 3 right, to 2 decimals in every number",
        "",
        "value  yours   chain rule  verdict",
        "q          1    5 ± 0.005  wrong: the local was left out",
        "p         12   60 ± 0.005  follows on",
        "x        180  180 ± 0.005  right",
    ]


def test_one_decimal_is_singular():
    assert str(checked(chain(), 1, x=180)).startswith("1 of 1 right, to 1 decimal in every number")


def test_the_report_as_html_is_escaped():
    x = Value(2, "<script>alert(1)</script> & 'x'")
    report = check_answers((x * 3.0).named("<b>f</b>"), {x: 1})
    page = ET.fromstring(f"<div>{report._repr_html_()}</div>")
    assert not list(page.iter("script")) + list(page.iter("b"))
    assert [cell.text for cell in page.iter("th")] == ["value", "yours", "chain rule", "verdict"]
    cells = [cell.text for cell in page.iter("td")]
    assert cells == ["<script>alert(1)</script> & 'x'", "1", "3 ± 0.005", "wrong: the local was left out"]
    assert "the mul gate <b>f</b>, on the way to" in "".join(page.find("p").itertext())


def test_a_long_name_is_cut_in_the_report():
    x = Value(2, "m" * 1000)
    report = check_answers((x * 3.0).named("n" * 1000), {x: 1})
    for shown in (str(report), report._repr_html_()):
        assert "m" * 39 + "…" in shown
        assert "n" * 39 + "…" in shown
        assert "m" * 40 not in shown
        assert "n" * 40 not in shown


def test_pytest_shows_where_the_answers_depart(tmp_path):
    test = tmp_path / "test_homework.py"
    test.write_text(
        textwrap.dedent(
            """
            from tinygrad_edu import Value, check_answers

            def test_homework():
                x, y, z = Value(-2, "x"), Value(5, "y"), Value(-4, "z")
                f = ((x + y).named("q") * z).named("f")
                assert check_answers(f, {x: 1, y: -4, z: 3})
            """
        ),
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(test)]
    run = subprocess.run(command, capture_output=True, encoding="utf-8", env={"PYTHONPATH": ":".join(sys.path)})
    assert run.returncode == 1
    assert "the add gate q, on the way to x: upstream -4 × local 1 = -4" in run.stdout
    assert "wrong: the upstream was left out" in run.stdout


# ---------------- what cannot be checked


def test_answers_are_for_values_of_the_graph():
    x = Value(2, "x")
    f = (x * 3.0).named("f")
    with pytest.raises(ValueError, match=r"label='y'\) is not in the graph of f"):
        check_answers(f, {Value(1, "y"): 1})
    with pytest.raises(ValueError, match=r"not in the graph of f; constants have no gradient"):
        check_answers(f, {f.inputs[1]: 1})


@pytest.mark.parametrize("key", ["x", 1, None])
def test_keys_are_values(key):
    with pytest.raises(TypeError, match=f"answers are given for Values, got .* {key!r} as a key"):
        check_answers(Value(2), {key: 1})


@pytest.mark.parametrize("answer", ["1", None, [1], 1j])
def test_answers_are_numbers(answer):
    with pytest.raises(TypeError, match="the answer for x: needs a real number"):
        checked(product(), x=answer)


@pytest.mark.parametrize("answer", [math.nan, math.inf])
def test_answers_are_finite(answer):
    with pytest.raises(ValueError, match="the answer for x: needs a finite number"):
        checked(product(), x=answer)


def test_no_answers_are_not_right_answers():
    with pytest.raises(ValueError, match="there is no answer to check"):
        check_answers(product(), {})


@pytest.mark.parametrize("answers", [None, [1.0], 3.0])
def test_answers_come_as_a_dict(answers):
    with pytest.raises(TypeError, match="answers are a dict from Values to numbers"):
        check_answers(product(), answers)


@pytest.mark.parametrize("output", [2.0, None, "f"])
def test_the_output_is_a_value(output):
    with pytest.raises(TypeError, match="check_answers needs a Value"):
        check_answers(output, {Value(1): 1})


@pytest.mark.parametrize("decimals", [-1, 16, True, False])
def test_decimals_are_from_0_to_15(decimals):
    with pytest.raises(ValueError, match="decimals is a whole number from 0 to 15"):
        checked(product(), decimals, x=1)


@pytest.mark.parametrize("decimals", [2.0, "2", None])
def test_decimals_are_whole(decimals):
    with pytest.raises(TypeError):
        checked(product(), decimals, x=1)


# ---------------- large graphs


def test_a_chain_of_three_thousand_gates():
    top = Value(1, "x")
    for _ in range(3_000):
        top = top * 1.0
    assert checked(top, x=1)
    assert checked(top, x=-1).departure.guess == "the sign"


def test_a_sum_of_many_values():
    leaves = [Value(1, f"x{k}") for k in range(200)]
    report = check_answers(total(leaves) * 3.0, dict.fromkeys(leaves, 3.0) | {leaves[7]: 1.0})
    assert [verdict.value.label for verdict in report.verdicts if verdict.verdict != "right"] == ["x7"]
