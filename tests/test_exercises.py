"""Exercises: a thousand seeds of each level, their keys beside numbers that owe the engine nothing, and their marks."""

import base64
import json
import math
import re
from decimal import Decimal, localcontext
from functools import cache
from random import Random

import pytest
import svg

import tinygrad_edu
from tinygrad_edu import gradcheck, ledger
from tinygrad_edu.exercises import exercise, save_sheet
from tinygrad_edu.exercises.hints import hints
from tinygrad_edu.exercises.numbers import drawn
from tinygrad_edu.exercises.shapes import LEVELS, built, inputs, lines

LEVEL = pytest.mark.parametrize("level", [1, 2, 3])

# The gates once more, in decimal numbers of fifty digits.
FUNCTIONS = {
    "sigmoid": lambda x: 1 / (1 + (-x).exp()),
    "tanh": lambda x: 1 - 2 / (1 + (2 * x).exp()),
    "exp": Decimal.exp,
    "relu": lambda x: max(x, Decimal(0)),
    "leaky_relu": lambda x, alpha: x if x > 0 else Decimal(alpha) * x,
    "maximum": max,
    "minimum": min,
    "abs": abs,
}
GATES = {name: getattr(tinygrad_edu, name, abs) for name in FUNCTIONS}  # and in the engine's
KINK = re.compile(
    r"\b(?:maximum|minimum|relu|leaky_relu|abs)\((\w+)(?:, ([a-z]))?"
)  # what it is between: x and y, or 0


@cache
def compiled(text):
    return compile(text, "<line>", "eval")


def evaluated(asked, moved=None, by=0):
    """Every number of the graph, from its text; `moved` names one that is then off by so much."""
    numbers = {name: Decimal(value.data) for name, value in asked.inputs.items()}
    if moved in numbers:
        numbers[moved] += by
    with localcontext(prec=50):
        for line in asked.shape.split("; "):
            name, _, text = line.partition(" = ")
            numbers[name] = eval(compiled(text), FUNCTIONS, numbers)
            if name == moved:
                numbers[name] += by
    return numbers


def difference(asked, name, h=Decimal("1e-15")):
    """The central difference of f for any number of the graph, to some thirty digits."""
    with localcontext(prec=50):
        return (evaluated(asked, name, h)["f"] - evaluated(asked, name, -h)["f"]) / (2 * h)


def digits(x):
    """How many digits a student writes: -0.25 has two, zeros before them not counted."""
    return len(f"{x:.2f}".rstrip("0").rstrip(".").replace("-", "").replace(".", "").lstrip("0"))


# ---------------- what is drawn


@cache
def thousand(level):
    """The first thousand exercises of a level, drawn once for the tests that look at all of them."""
    return [exercise(seed, level) for seed in range(1000)]


def same(found, number):
    """Whether a double is a number of fifty digits, but for what doubles themselves round."""
    return math.isclose(found, number, rel_tol=1e-13, abs_tol=1e-15)


@LEVEL
def test_of_a_thousand_seeds_every_key_is_what_decimals_and_central_differences_find(level):
    for asked in thousand(level):
        numbers, key = evaluated(asked), asked.key
        assert list(key.values) == [line.partition(" = ")[0] for line in asked.shape.split("; ")]
        assert key.gradients.keys() == numbers.keys() - {"f"}
        for name, value in key.values.items():
            assert same(value, numbers[name]), (asked, name)
        for name, gradient in key.gradients.items():
            assert same(gradient, difference(asked, name)), (asked, name)


@LEVEL
def test_of_a_thousand_seeds_none_is_degenerate(level):
    for asked in thousand(level):
        numbers = evaluated(asked)
        assert any(difference(asked, name) for name in asked.inputs), asked
        for first, second in KINK.findall(asked.shape):
            assert abs(numbers[first] - numbers.get(second, 0)) >= 0.25, asked


def test_the_shapes_have_the_kinks_that_are_looked_for():
    """Level 2 has four maximum, one minimum, one relu and one abs; level 3 one maximum, one leaky_relu and two relu."""
    found = {level: [KINK.findall(shape) for shape in LEVELS[level].shapes] for level in LEVELS}
    assert {level: sum(map(len, kinks)) for level, kinks in found.items()} == {1: 0, 2: 7, 3: 4}
    assert found[2][1] == [("y", "z")]
    assert found[3][7] == [("s", "")]


@LEVEL
def test_of_a_thousand_seeds_no_number_has_more_than_three_digits(level):
    """Nor has any local slope, or what one wire of a fan-out sends back."""
    for asked in thousand(level):
        numbers = [value.data for value in asked.values.values()]
        for row in ledger(asked.output).backward:
            numbers += [row.local, row.downstream, row.total]
        assert max(map(abs, numbers)) < 100, asked
        assert max(map(digits, numbers)) <= 3, asked
        if level < 3:
            assert all(same(x, round(Decimal(x), 2)) for x in numbers), asked


@LEVEL
def test_of_a_thousand_sheets_none_has_an_exercise_twice(level):
    seen = [(asked.shape, *[value.data for value in asked.inputs.values()]) for asked in thousand(level)]
    for seed in range(len(seen) - 7):
        assert len({*seen[seed : seed + 8]}) == 8, seed


@LEVEL
def test_seeds_in_a_row_have_graphs_of_different_shapes(level):
    shapes = [exercise(seed, level).shape for seed in range(5, 5 + len(LEVELS[level].shapes))]
    assert sorted(shapes) == sorted(LEVELS[level].shapes)


@LEVEL
def test_a_hundred_exercises_of_a_level_are_a_hundred_different_ones(level):
    assert len({exercise(seed, level).question.partition("\n")[2] for seed in range(100)}) >= 97


@pytest.mark.parametrize("shape", [shape for level in LEVELS.values() for shape in level.shapes])
def test_each_line_of_a_shape_is_one_gate_of_names_that_stand_before_it(shape):
    values = built(shape, {name: 2.0 + i for i, name in enumerate(inputs(shape))})
    known = set(inputs(shape))
    for name, text in lines(shape).items():
        assert {x.label for x in values[name].inputs if x.label} == set(re.findall(r"\b[a-z]\b", text)) <= known
        known.add(name)
    assert [*values][-1] == "f"
    assert not {"log", "f"} & set(inputs(shape))


@LEVEL
def test_the_engine_agrees_with_its_own_differences(level):
    for seed in range(24):
        asked = exercise(seed, level)
        names = list(asked.inputs)

        def graph(*values, names=names, asked=asked):
            known = dict(zip(names, values, strict=True))
            for name, text in lines(asked.shape).items():
                known[name] = eval(text, GATES, known)
            return known["f"]

        assert gradcheck(graph, list(asked.inputs.values()))


def test_numbers_follow_from_the_seed_by_random_itself():
    """Random(1).random() gives 0.134, 0.847, 0.764, 0.255, 0.495, 0.449, ... on every Python.

    Of the sizes 2 to 7 the first is number 0, and 0.847 makes it negative; of the five left number 3 is 6; of the four
    left number 1 is 4.
    """
    assert drawn(("x", "y", "z"), LEVELS[1], Random(1)) == {"x": -2.0, "y": 6.0, "z": 4.0}


def test_an_exercise_is_the_same_everywhere():
    """q = x + y = 4 = z would leave open which factor was taken; so the next numbers of the seed are drawn.

    These are 0.652, 0.789, 0.094, 0.028, 0.836, 0.433: sizes number 3 of six, 0 of five and 3 of four.
    """
    assert exercise(1).shape == "q = x + y; f = q * z"
    assert {name: value.data for name, value in exercise(1).inputs.items()} == {"x": -5.0, "y": 2.0, "z": 7.0}


def test_the_same_seed_gives_the_same_exercise():
    for level in LEVELS:
        assert exercise(11, level).question == exercise(11, level).question != exercise(23, level).question


@pytest.mark.parametrize(
    ("seed", "level", "error", "message"),
    [
        (-1, 1, ValueError, "0 or more, got -1"),
        (0, 4, ValueError, "the levels are 1, 2, 3, got 4"),
        (0, 0, ValueError, "got 0"),
        (1.5, 1, TypeError, "float"),
        (1, "2", TypeError, "str"),
    ],
)
def test_a_wrong_seed_or_level_is_named(seed, level, error, message):
    with pytest.raises(error, match=message):
        exercise(seed, level)


# ---------------- what is asked

QUESTION = """\
Exercise 1 of level 1: single gates and short chains

  q = x + y        x = -5
  f = q * z        y = 2
                   z = 7

Forward: find the values of q and f.
Backward: from ∂f/∂f = 1 find the gradients of f with respect to x, y, z and q."""


def test_the_question_has_gates_and_numbers_and_says_what_to_find():
    asked = exercise(1)
    assert asked.question == str(asked) == QUESTION


def test_of_a_single_gate_one_value_is_asked():
    question = exercise(0).question
    assert "find the value of f." in question
    assert "Round" not in question


def test_level_3_says_how_to_round():
    assert exercise(0, 3).question.endswith("Round every number to two decimals.")


def test_the_latex_has_a_question_mark_for_each_number():
    assert exercise(1).latex.splitlines() == [
        r"\begin{aligned}",
        r"q &= x + y \\",
        r"f &= q \cdot z \\[1ex]",
        r"x &= -5 \\",
        r"y &= 2 \\",
        r"z &= 7 \\[1ex]",
        r"q &= \;? \\",
        r"f &= \;? \\[1ex]",
        r"\frac{\partial f}{\partial x} &= \;? \\",
        r"\frac{\partial f}{\partial y} &= \;? \\",
        r"\frac{\partial f}{\partial z} &= \;? \\",
        r"\frac{\partial f}{\partial q} &= \;?",
        r"\end{aligned}",
    ]


def test_the_picture_shows_what_is_given_and_no_answer():
    picture = exercise(1).picture
    assert svg.values(picture) == [
        {"name": "x", "data": "-5"},
        {"name": "y", "data": "2"},
        {"name": "z", "data": "7"},
        {"name": "q"},
        {"name": "f", "grad": "1"},
    ]
    assert svg.symbols(picture) == {3: "+", 4: "×"}
    assert "21" not in re.sub(r"[\d.]+[,\d. ]+", "", svg.title(svg.groups(picture)["v4"]))
    assert svg.title(svg.groups(picture)["v3"]) == "q = add(x, y)"


@LEVEL
def test_nothing_that_is_asked_stands_in_a_picture_or_its_tooltips(level):
    for seed in range(len(LEVELS[level].shapes)):
        asked = exercise(seed, level)
        for i, (shown, name) in enumerate(zip(svg.values(asked.picture), asked.values, strict=True)):
            title = svg.title(svg.groups(asked.picture)[f"v{i}"])
            assert ("data" in shown) == (name in asked.inputs) == ("value" in title)
            assert ("grad" in shown) == (name == "f") == ("gradient" in title)


def test_there_is_room_to_write_on_the_wires():
    """As wide as the widest number of three digits, a sign and a point."""
    boxes = exercise(1).picture.svg.split('class="box"')[1:]
    assert min(float(re.findall(r'width="([\d.]+)"', box)[0]) for box in boxes) > 45


def test_a_notebook_shows_the_question_with_its_picture():
    html = exercise(1)._repr_html_()
    assert "Forward: find the values of q and f." in html
    (image,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', html)
    assert base64.b64decode(image).decode() == exercise(1).picture.svg
    assert exercise(1)._repr_latex_().startswith(r"$\displaystyle \begin{aligned}")


def test_nothing_has_run_backward():
    assert {value.grad for value in exercise(1).values.values()} == {0.0}


# ---------------- the key


def test_the_key_by_hand():
    """q = -5 + 2 = -3 and f = -3 · 7 = -21; back: z takes q = -3, q takes z = 7, and the add gate passes 7 on."""
    key = exercise(1).key
    assert key.values == {"q": -3.0, "f": -21.0}
    assert key.gradients == {"x": 7.0, "y": 7.0, "z": -3.0, "q": 7.0}
    assert repr(key).splitlines() == [
        "name  value  gradient",
        "x                   7",
        "y                   7",
        "z                  -3",
        "q        -3         7",
        "f       -21",
    ]
    assert "<td" in key._repr_html_()


def test_the_loser_of_a_max_gate_has_a_gradient_of_zero():
    """Seed 3 of level 2 is f = max(xy, xz) at -3, -4, 6: 12 wins over -18, so z gets nothing and x only y."""
    asked = exercise(3, 2)
    assert [value.data for value in asked.inputs.values()] == [-3.0, -4.0, 6.0]
    assert asked.key.gradients == {"x": -4.0, "y": -3.0, "z": 0.0, "p": 1.0, "q": 0.0}


# ---------------- marks


def test_right_answers_are_right():
    marking = exercise(1).check({"x": 7, "y": 7, "z": -3, "q": 7}, values={"q": -3, "f": -21})
    assert marking
    assert "2 of 2 values right" in repr(marking)
    assert "4 of 4 right" in repr(marking)


@LEVEL
def test_the_key_itself_is_marked_as_right(level):
    for seed in range(50):
        asked = exercise(seed, level)
        assert asked.check(asked.key.gradients, asked.key.values)


def test_gradients_alone_or_values_alone_can_be_marked():
    assert exercise(1).check({"x": 7})
    assert not exercise(1).check({"x": -3})
    assert exercise(1).check(values={"q": -3})
    assert not exercise(1).check(values={"q": 3})


def test_a_wrong_gradient_is_named_with_its_gate_and_its_slip():
    marking = exercise(1).check({"z": 7})  # z's own value in the place of q's
    assert not marking
    assert "the mul gate f, on the way to z" in repr(marking)
    assert "its own value was taken for the local" in repr(marking)


def test_a_wrong_value_is_named_with_its_gate_and_what_is_made_of_it_follows_on():
    marking = exercise(1).check(values={"q": 3, "f": 21})
    assert [(mark.name, mark.verdict) for mark in marking.values] == [("q", "wrong"), ("f", "follows on")]
    assert "wrong: look at the add gate" in repr(marking)
    assert "follows on" in marking._repr_html_()


def test_a_wrong_value_on_which_the_next_gate_is_not_defined_is_still_marked():
    """Seed 7 of level 1 is f = 1 / (x + y); nothing follows from a sum of 0."""
    asked = exercise(7)
    assert asked.shape == "q = x + y; f = 1 / q"
    assert [mark.verdict for mark in asked.check(values={"q": 0, "f": 1}).values] == ["wrong", "wrong"]


def test_a_derivation_that_is_rounded_at_every_number_is_right():
    """Seed 0 of level 3 is σ(wx + b) at -2.5, -1, -3: s = -0.5, σ = 0.3775 → 0.38, σ' → 0.38 · 0.62 = 0.2356 → 0.24.

    From there w gets 0.24 · -1 = -0.24 and x gets 0.24 · -2.5 = -0.6; unrounded that is -0.5875.
    """
    asked = exercise(0, 3)
    assert [value.data for value in asked.inputs.values()] == [-2.5, -1.0, -3.0]
    assert asked.key.gradients["x"] == pytest.approx(-2.5 * 0.2350037122)
    assert asked.check(
        {"s": 0.24, "p": 0.24, "b": 0.24, "w": -0.24, "x": -0.6}, values={"p": 2.5, "s": -0.5, "f": 0.38}
    )
    assert not asked.check({"x": -0.5})


def test_rounding_never_makes_a_slip_at_a_sigmoid_right():
    """Seeds 0, 12, 24, ... of level 3 are σ(wx + b)."""
    for seed in range(0, 480, 12):
        asked = exercise(seed, 3)
        assert asked.shape == "p = w * x; s = p + b; f = sigmoid(s)"
        f = asked.key.values["f"]
        for slope in (f, 1 - f, 1.0, -f * (1 - f)):  # of which only f (1 - f) is right
            assert not asked.check({"s": slope}), asked


@LEVEL
def test_nobody_is_right_by_answering_zero(level):
    for seed in range(48):
        asked = exercise(seed, level)
        for name, gradient in asked.key.gradients.items():
            assert bool(asked.check({name: 0.0})) == (gradient == 0.0), asked


@pytest.mark.parametrize(
    ("gradients", "values", "message"),
    [
        ({}, {}, "no answer"),
        ({"k": 1}, {}, "an answer for k, which is not in the graph; there are x, y, z, q, f"),
        ({}, {"k": 1}, "an answer for k"),
        ({}, {"x": -5}, "the value of x is given"),
        ({"x": math.nan}, {}, "nan"),
        ({}, {"q": math.inf}, "inf"),
    ],
)
def test_an_answer_that_cannot_be_marked_is_named(gradients, values, message):
    with pytest.raises(ValueError, match=message):
        exercise(1).check(gradients, values)


# ---------------- hints


def test_hints_name_the_gate_and_not_the_answer():
    asked = exercise(1)
    found = hints(asked.values, lines(asked.shape))
    assert list(found) == [
        "value q",
        "value f",
        "gradient q",
        "gradient z",
        "gradient y",
        "gradient x",
    ]
    assert found["value q"].look == "Look at the + gate: q = x + y."
    assert found["gradient x"].look == (
        "Look at the + gate that makes q: it sends x the upstream ∂f/∂q times the local ∂q/∂x."
    )
    assert found["gradient q"].look == (
        "Look at the × gate that makes f: it sends q the upstream 1 times the local ∂f/∂q."
    )
    assert found["gradient x"].needs == ["gradient q"]
    assert found["gradient z"].needs == ["value q"]
    assert found["value f"].needs == ["value q"]
    assert {text for number, _, text in found["gradient z"].slips if number == 7.0} == {
        "its own value was taken for the local, not the other input's"
    }


def test_a_hint_at_a_fan_out_says_to_add():
    """Seed 0 of level 2 is f = xy + x, at -7 and 4: the two shares of x are 4 and 1."""
    asked = exercise(0, 2)
    found = hints(asked.values, lines(asked.shape))["gradient x"]
    assert found.look.startswith("x enters 2 gates: add what the ")
    assert {number for number, _, text in found.slips if "only" in text} == {4.0, 1.0}


def test_a_hint_at_a_square_says_that_both_wires_count():
    asked = exercise(4, 2)
    assert asked.shape == "q = x + y; f = q * q"
    assert "enters it twice" in hints(asked.values, lines(asked.shape))["gradient q"].look


# ---------------- the page and the sheet, as files


@LEVEL
def test_the_page_is_written_with_its_key_in_code(level, tmp_path):
    asked = exercise(3, level)
    path = asked.save(tmp_path / "page.html")
    text = path.read_text(encoding="utf-8")
    (coded,) = re.findall(r'class="key">([^<]+)<', text)
    key = json.loads(base64.b64decode(coded))
    for name, number in asked.key.gradients.items():
        assert key[f"gradient {name}"]["number"] == number
        assert f">{number}<" not in text.replace(coded, "")
    for name, number in asked.key.values.items():
        assert key[f"value {name}"]["number"] == number
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]+"', "", text.replace(coded, ""))


def test_a_sheet_has_its_key_behind_its_exercises(tmp_path):
    exercises = [exercise(seed, 2) for seed in range(8)]
    text = save_sheet(exercises, tmp_path / "sheet.html").read_text(encoding="utf-8")
    questions, keys = text.split('<section class="keys">')
    images = [base64.b64decode(found).decode() for found in re.findall(r"base64,([^\"]+)", questions)]
    assert images == [asked.picture.svg for asked in exercises]
    assert "<table" not in questions
    for i, asked in enumerate(exercises):
        assert f"<h2>{i + 1}</h2>" in questions
        assert asked.key._repr_html_() in keys
        assert f"level 2, seed {i}" in keys
    assert "Round" not in questions


def test_a_sheet_with_a_neuron_on_it_says_how_to_round(tmp_path):
    path = save_sheet([exercise(0), exercise(0, 3)], tmp_path / "sheet.html")
    assert "Round every number to two decimals." in path.read_text(encoding="utf-8")


def test_pages_and_sheets_are_html_and_not_empty(tmp_path):
    with pytest.raises(ValueError, match=r"\.html, not \.pdf"):
        exercise(1).save(tmp_path / "page.pdf")
    with pytest.raises(ValueError, match=r"a sheet is saved as \.html"):
        save_sheet([exercise(1)], tmp_path / "sheet")
    with pytest.raises(ValueError, match="at least one"):
        save_sheet([], tmp_path / "sheet.html")
