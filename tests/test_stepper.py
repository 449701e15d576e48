"""stepper(): the walk against numbers derived by hand, and its HTML as a browser reads it."""

import json
import math
import re
import sys
import xml.etree.ElementTree as ET

import pytest
from parsed import Parsed

from tinygrad_edu import Value, dot, relu, sigmoid, stepper
from tinygrad_edu.stepper.rerun import rerun
from tinygrad_edu.stepper.steps import walk

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "<!--<script>",
    "\"'`${x}\\",
    "\u202emirrored",
    "\u2069\u202eout of its isolate",
    "שלום",
    "\ud800 alone",
    "a\x00b\x1bc",
    "x" * 1_000_000,
]


def product():
    x, y, z = Value(-2, "x"), Value(5, "y"), Value(-4, "z")
    return ((x + y).named("q") * z).named("f")


# ---------------- the walk


def test_the_lecture_s_product_step_by_step():
    """CS231n lecture 4: (x + y) z at -2, 5, -4; q = 3, f = -12, and gradients -4, -4, 3."""
    steps = walk(product()).steps
    assert [step.sentence for step in steps] == [
        "Only the inputs are known: x = -2, y = 5, z = -4.",
        "Forward through +: x = -2 and y = 5 give q = 3",
        "Forward through ×: q = 3 and z = -4 give f = -12",
        "The backward pass begins: ∂f/∂f = 1",
        "Backward through ×: upstream 1 × local z = -4 gives downstream -4 for q",
        "Backward through ×: upstream 1 × local q = 3 gives downstream 3 for z",
        "Backward through +: upstream -4 × local 1 gives downstream -4 for x",
        "Backward through +: upstream -4 × local 1 gives downstream -4 for y",
    ]
    assert [step.phase for step in steps] == ["start", "forward", "forward", "seed"] + ["backward"] * 4


def test_what_is_known_when():
    """Of x, y, q, z, f: values from their gate's step on, gradients from the step that sends them."""
    steps = walk(product())
    assert steps.names == ["x", "y", "q", "z", "f"]
    assert steps.data == ["-2", "5", "3", "-4", "-12"]
    assert steps.known == [0, 0, 1, 0, 2]
    assert steps.gradients == [[(6, "-4")], [(7, "-4")], [(4, "-4")], [(5, "3")], [(3, "1")]]
    assert steps.sent == {"w4-0": 4, "w4-1": 5, "w2-0": 6, "w2-1": 7}
    assert steps.slopes == {"w4-0": "-4", "w4-1": "3", "w2-0": "1", "w2-1": "1"}


def test_a_step_lights_its_gate_its_wire_and_its_input():
    lit = [set(step.lit) for step in walk(product()).steps]
    assert lit[0] == set()
    assert lit[1] == {"g2", "w2-0", "w2-1", "o2", "v2"}
    assert lit[3] == {"v4"}
    assert lit[4] == {"g4", "o4", "w4-0", "v2"}
    assert lit[7] == {"g2", "o2", "w2-1", "v1"}


def test_the_equation_in_symbols_and_numbers():
    steps = walk(product()).steps
    assert steps[2].equation == (("inputs", "q × z", "3 × -4"), ("", "=", "="), ("output", "f", "-12"))
    words, symbols, numbers = zip(*steps[4].equation, strict=True)
    assert words == ("upstream", "", "local", "", "downstream")
    assert symbols == ("∂f/∂f", "×", "z", "=", "∂f/∂q")
    assert numbers == ("1", "×", "-4", "=", "-4")


@pytest.mark.parametrize(
    ("build", "symbols", "numbers"),
    [
        (lambda x: x**2, "x ^ 2", "(-2) ^ 2"),
        (lambda x: 2**x, "2 ^ x", "2 ^ -2"),
        (lambda x: x + x, "x + x", "-2 + -2"),
        (lambda x: x - x, "x − x", "-2 − -2"),
        (lambda x: x * 3, "x × 3", "-2 × 3"),
        (lambda x: x.exp(), "exp(x)", "exp(-2)"),
    ],
)
def test_the_forward_equation_is_the_gate_as_it_was_written_and_no_algebra(build, symbols, numbers):
    assert walk(build(Value(-2, "x"))).steps[1].equation[0] == ("inputs", symbols, numbers)


def test_what_arrives_at_a_fan_out_is_added_up():
    """F = b b + b at 3: b receives 1 along the wire into +, then 3 and 3 from the two inputs of ×; 7 in all."""
    b = Value(3, "b")
    steps = [step for step in walk((b * b + b).named("f")).steps if step.addition]
    numbers = [tuple(number for _, _, number in step.addition) for step in steps]
    assert numbers == [("0", "+", "1", "=", "1"), ("1", "+", "3", "=", "4"), ("4", "+", "3", "=", "7")]
    assert [step.addition[-1][1] for step in steps] == ["∂f/∂b so far", "∂f/∂b so far", "∂f/∂b"]
    assert steps[2].sentence.endswith("gives downstream 3 for b, which adds up: 4 + 3 = 7")
    assert {step.lit[1] for step in steps} == {"w2-1", "w1-0", "w1-1"}
    assert walk((b * b + b).named("f")).gradients[0] == [(5, "1"), (6, "4"), (7, "7")]


def test_a_negative_contribution_stands_in_brackets():
    """X - x x at 2: x receives 1 from −, then -2 and -2 from the inputs of ×."""
    x = Value(2, "x")
    sentences = [step.sentence for step in walk(x - x * x).steps if step.addition]
    assert [sentence.rpartition(": ")[2] for sentence in sentences] == ["0 + 1 = 1", "1 + (-2) = -1", "-1 + (-2) = -3"]


def test_a_wire_of_a_group_takes_its_own_slope():
    """a c + c b with a = 2, b = 3, c = 5: the slope for c is b where it is a weight and a where it is an input."""
    a, b, c = Value(2, "a"), Value(3, "b"), Value(5, "c")
    steps = walk(dot([a, c], [c, b]))  # wires: a, c, c, b
    (gate,) = {wire.split("-")[0] for wire in steps.slopes}
    assert {wire.removeprefix(gate): slope for wire, slope in steps.slopes.items()} == {
        "-0": "5",
        "-1": "3",
        "-2": "2",
        "-3": "5",
    }


def test_a_gate_whose_upstream_is_zero_sends_nothing_and_the_walk_says_so():
    """relu at -1: its slope is 0, so that x y below it receives 0 and sends nothing on."""
    x, y = Value(-1, "x"), Value(1, "y")
    steps = walk(relu((x * y).named("p")))
    assert "The local slope is 0" in steps.steps[-1].note
    assert "its gate, ×, has the upstream 0 and sends nothing" in steps.steps[-1].note
    assert steps.steps[-1].note.endswith("Nothing has reached x, y: the gradient there is 0.")
    last = len(steps.steps) - 1
    assert [gradient for name, gradient in zip(steps.names, steps.gradients, strict=True) if name in "xy"] == [
        [(last, "0")],
        [(last, "0")],
    ]


def test_vanishing_gradients_are_pointed_out():
    """σ'(5) = 0.0066, and through two sigmoids the gradient falls below a thousandth."""
    notes = [step.note for step in walk(sigmoid(10 * sigmoid(Value(-9, "x")).named("s") + 5)).steps]
    assert any("local slope is small" in note for note in notes)
    assert "The gradient of x has almost vanished" in notes[-1]
    assert not any(step.note for step in walk(product()).steps)


def test_small_numbers_never_look_like_zero():
    steps = walk(sigmoid(Value(40, "x")))
    assert steps.gradients[0][-1][1] == "4.2e-18"


# ---------------- predictions


@pytest.mark.parametrize(
    "number, within", [(-12.0, 0.005), (0.37, 0.005), (0.0, 0.005), (4.2e-18, 5e-20), (0.0012, 5e-5), (1.2e6, 5e4)]
)
def test_a_prediction_may_be_off_by_half_of_the_last_digit_shown(number, within):
    step = walk(Value(number, "x") * 1).steps[1]
    assert step.answer == number
    assert step.within == pytest.approx(within)


def test_a_prediction_from_the_rounded_numbers_on_screen_is_right():
    """Shown is 1000 × 1.23; whoever multiplies that gets 1230, beside 1234.5."""
    step = walk(Value(1000, "a") * Value(1.2345, "b")).steps[1]
    assert abs(1000 * 1.23 - step.answer) <= step.within < 5


def test_numbers_at_the_end_of_the_double_range_stay_json():
    """Upstream 1.02e108 × local 1.75e200 fits into a double; 1e108 × 1.8e200, as they are shown, does not."""
    html = stepper(Value(1e-300, "x") * 1.75e200 * 1.02e108).html

    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    json.loads(Parsed(html).walk, parse_constant=refuse)


def test_each_question_leaves_out_its_answer():
    steps = walk(product()).steps
    assert [step.question for step in steps] == [
        "",
        "Forward through +: x = -2 and y = 5. What is q?",
        "Forward through ×: q = 3 and z = -4. What is f?",
        "The backward pass begins. What is ∂f/∂f?",
        "Backward through ×: upstream 1 × local z = -4. What goes downstream to q?",
        "Backward through ×: upstream 1 × local q = 3. What goes downstream to z?",
        "Backward through +: upstream -4 × local 1. What goes downstream to x?",
        "Backward through +: upstream -4 × local 1. What goes downstream to y?",
    ]
    assert [step.answer for step in steps[1:]] == [3, -12, 1, -4, 3, -4, -4]


# ---------------- finite differences


def test_every_gradient_stands_beside_a_finite_difference():
    """E^(x y) at x = 0.5, y = -2: ∂/∂x = -2/e, ∂/∂y = 0.5/e, ∂/∂(x y) = 1/e."""
    x, y = Value(0.5, "x"), Value(-2, "y")
    checks = walk((x * y).exp()).checks
    exact = [-2 / math.e, 0.5 / math.e, 1 / math.e, 1.0]
    for check, gradient in zip(checks, exact, strict=True):
        assert float(check.chain) == pytest.approx(gradient, rel=1e-7)
        assert float(check.difference) == pytest.approx(gradient, rel=1e-6)
        assert check.verdict == "They agree."


def test_at_a_kink_the_two_differ():
    """|x| at 0: the chain rule's convention and the difference are both 0; relu's are 0 and 1/2."""
    (check, _) = walk(relu(Value(0, "x"))).checks
    assert (check.chain, check.difference) == ("0", "0.5")
    assert check.verdict.startswith("They differ by 0.5")


def test_where_no_difference_can_be_taken_the_reason_is_given():
    (check, _) = walk(Value(1e-9, "x").log()).checks
    assert check.difference == ""
    assert "log needs x > 0" in check.verdict


def test_rerun_follows_groups_and_leaves_the_graph_alone():
    """w x + v x + b with 2·3 + 4·3 + 1 = 19; x at 5 makes it 31."""
    w, v, x, b = Value(2), Value(4), Value(3), Value(1)
    out = dot([w, v], [x, x], b)
    assert rerun([w, v, x, b, out], {x: 5.0}) == {x: 5.0, out: 31.0}
    assert (x.data, out.data) == (3.0, 19.0)


# ---------------- HTML


def test_the_page_holds_the_picture_and_the_walk(tmp_path):
    path = stepper(product()).save(tmp_path / "page.html")
    page = Parsed(path.read_text(encoding="utf-8"))
    assert [step["answer"] for step in json.loads(page.walk)["steps"]] == [0, 3, -12, 1, -4, 3, -4, -4]
    ids = {group.get("id") for group in ET.fromstring(page.svg).iter("{http://www.w3.org/2000/svg}g")}
    assert {"v0", "v1", "v2", "v3", "v4", "g2", "g4", "o2", "o4", "w2-0", "w2-1", "w4-0", "w4-1"} <= ids
    assert {part for step in walk(product()).steps for part in step.lit} <= ids
    tags = [tag for tag, _ in page.tags]
    assert (tags.count("html"), tags.count("img"), tags.count("script")) == (1, 1, 2)
    assert ("html", {"lang": "en"}) in page.tags
    assert any(attrs.get("name") == "viewport" for tag, attrs in page.tags if tag == "meta")


def test_the_picture_comes_before_any_script_and_holds_every_number():
    """What an untrusted notebook keeps: an image with the final values and gradients, and words for it."""
    html = stepper(product())._repr_mimebundle_()["text/html"]
    assert html.index("<img") < html.index("<script")
    texts = [text.text for text in ET.fromstring(Parsed(html).svg).iter("{http://www.w3.org/2000/svg}text")]
    assert {"-2", "5", "3", "-12", "1"} <= set(texts)
    assert texts.count("-4") == 5  # z, the gradients of x, y and q, and ×'s slope for q
    (image,) = [attrs for tag, attrs in Parsed(html).tags if tag == "img"]
    assert image["alt"] == "the graph of f: 5 values"


def test_gradients_left_by_backward_change_nothing():
    f = product()
    before = stepper(f).html
    f.backward()
    f.backward()
    assert stepper(f).html == before
    assert f.grad == 2.0


def test_nothing_is_asked_of_the_network(tmp_path):
    page = stepper(product()).save(tmp_path / "page.html").read_text(encoding="utf-8")
    parsed = Parsed(page)
    for tag, attrs in parsed.tags:
        for name in ("src", "href", "srcset", "action"):
            assert attrs.get(name, "data:").startswith("data:"), (tag, name)
    assert "@import" not in page
    assert re.findall(r"url\(", page) == []
    assert set(re.findall(r"https?://[^\s\"'`)]+", page + parsed.svg)) == {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("label", HOSTILE, ids=range(len(HOSTILE)))
def test_no_label_breaks_out_of_the_page(label, tmp_path):
    honest = Parsed(stepper((Value(2, "a") * 3).named("f")).save(tmp_path / "honest.html").read_text(encoding="utf-8"))
    f = (Value(2, label) * 3).named(label)
    path = stepper(f).save(tmp_path / "hostile.html")
    text = path.read_text(encoding="utf-8")
    page = Parsed(text)
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in honest.tags]
    assert [attrs.keys() for _, attrs in page.tags] == [attrs.keys() for _, attrs in honest.tags]
    assert page.scripts["text/javascript"] == honest.scripts["text/javascript"]
    assert json.loads(page.walk)["steps"][1]["answer"] == 6
    assert len(text) < 60_000
    ET.fromstring(page.svg)


def test_a_name_cannot_turn_the_words_around_it():
    (name, _) = walk(Value(1, "\u2069\u202eab") * 1).names
    assert name == "\u2068ab\u2069"


def test_scripts_can_stand_in_one_page_several_times():
    """Each in a function of its own: a second `const` of the same name would be an error."""
    script = Parsed(stepper(product()).html).scripts["text/javascript"]
    assert script.startswith("(() => {")
    assert script.endswith("})();")


def test_no_id_stands_in_the_html():
    assert not any("id" in attrs for _, attrs in Parsed(stepper(product()).html).tags)


def test_marimo_gets_a_frame():
    kind, html = stepper(product())._mime_()
    assert kind == "text/html"
    ((tag, attrs),) = Parsed(html).tags
    assert tag == "iframe"
    assert [tag for tag, _ in Parsed(attrs["srcdoc"]).tags].count("img") == 1


def test_a_hundred_values_fit_in_400_kilobytes(tmp_path):
    """33 products added up, with a sigmoid on top: 33 · 2 + 33 + 1 = 100 values."""
    terms = [Value(i / 10, f"w{i}") * Value(1 - i / 20, f"x{i}") for i in range(33)]
    out = sigmoid(dot(terms, [1.0] * 33))
    assert len(walk(out).names) == 101
    assert stepper(out).save(tmp_path / "page.html").stat().st_size < 400_000


# ---------------- limits and errors


def test_a_large_graph_is_refused_with_a_way_out():
    x = Value(1.0)
    for _ in range(300):
        x = x + 1
    with pytest.raises(ValueError, match=r"301 values.*ledger\(output\).*draw\(output\)"):
        stepper(x)


def test_wires_that_nobody_could_follow_are_refused_with_a_way_out():
    b = x = Value(0.5)
    for _ in range(200):
        x = x * b
    with pytest.raises(ValueError, match=r"run past 19,900 gates.*ledger\(output\).*draw\(output\)"):
        stepper(x)


def test_a_leaf_is_a_short_walk():
    steps = walk(Value(2, "x"))
    assert [step.phase for step in steps.steps] == ["start", "seed"]
    stepper(Value(2, "x"))


def test_it_is_saved_as_html_only(tmp_path):
    with pytest.raises(ValueError, match=r"saved as \.html, not \.svg"):
        stepper(product()).save(tmp_path / "page.svg")


def test_in_a_terminal_it_says_what_it_is():
    bundle = stepper(product())._repr_mimebundle_()
    assert (
        bundle["text/plain"] == "<stepper: the graph of f: 5 values, 8 steps; .save('page.html') writes it to a file>"
    )
    assert bundle.keys() == {"text/html", "text/plain"}


# ---------------- the live widget


def test_a_slider_moves_the_values_of_python():
    """X from -2 to 1: q = 6, f = -24, and ∂f/∂z = q = 6."""
    f = product()
    q, z = f.inputs
    x, _ = q.inputs
    live = stepper(f).live()
    assert [entry["name"] for entry in live.inputs] == ["x", "y", "z"]
    live.moved = {"place": 0, "number": 1, "move": 1}
    assert (x.data, q.data, f.data) == (1.0, 6.0, -24.0)
    assert live.walk["data"] == ["1", "5", "6", "-4", "-24"]
    assert live.walk["gradients"][3] == [(5, "6")]
    assert (f.grad, z.grad) == (0.0, 0.0)


def test_a_slider_where_a_gate_is_not_defined_is_a_message_and_changes_nothing():
    x = Value(1, "x")
    f = x.log()
    live = stepper(f).live()
    live.moved = {"place": 0, "number": -1.0, "move": 1}
    assert "log needs x > 0" in live.trouble
    assert (x.data, f.data) == (1.0, 0.0)
    live.moved = {"place": 0, "number": 1.5, "move": 2}
    assert live.trouble == ""
    assert f.data == pytest.approx(0.4054651, abs=1e-7)


def test_a_slope_that_is_not_finite_is_a_message_too():
    """Sqrt is defined at 0, but its slope there is not."""
    x = Value(1, "x")
    f = x.sqrt()
    live = stepper(f).live()
    live.moved = {"place": 0, "number": 0.0, "move": 1}
    assert "no finite slope" in live.trouble
    assert (x.data, f.data) == (1.0, 1.0)


def test_without_the_extra_the_live_widget_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "tinygrad_edu.stepper.widget", raising=False)
    with pytest.raises(ImportError, match=r'extra "jupyter": pip install "tinygrad-edu\[jupyter\]"'):
        stepper(product()).live()


def test_the_widget_s_script_is_the_page_s():
    """One source: the page's script, and one line that exports what anywidget calls."""
    widget = stepper(product()).live()
    page = Parsed(stepper(product()).html).scripts["text/javascript"]
    source = str(widget._esm).removesuffix("\nexport default { render };\n")
    assert source in page
