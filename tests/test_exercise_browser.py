"""The page of an exercise and the sheet to print, in Chromium: answered, marked and read off the screen."""

import re
from io import BytesIO

import pytest
from matplotlib.image import imread

from tinygrad_edu.exercises import exercise, save_sheet

expect = pytest.importorskip("playwright.sync_api", reason="Playwright comes with the extra `browser`").expect

# Exercise 1 of level 1 is f = (x + y) z at -5, 2, 7: q = -3 and f = -21; x, y and q receive 7, z receives -3.
RIGHT = {
    "value of q": "-3",
    "value of f": "-21",
    "gradient of f with respect to x": "7",
    "gradient of f with respect to y": "7",
    "gradient of f with respect to z": "-3",
    "gradient of f with respect to q": "7",
}
X, Z, Q = [f"gradient of f with respect to {name}" for name in "xzq"]


class Screen:
    """The page: its fields by label, and what it says."""

    def __init__(self, page):
        self.page = page
        self.summary, self.hints = page.locator(".summary"), page.locator(".hints li")

    def field(self, label):
        return self.page.get_by_label(label, exact=True)

    def answer(self, answers):
        for label, text in answers.items():
            self.field(label).fill(text)
        self.page.get_by_role("button", name="Check my answers").click()

    def marks(self):
        """✓ or ✗ or nothing for each field, by its label."""
        return dict(
            self.page.locator("form td:has(input)").evaluate_all(
                "cells => cells.map(x => [x.querySelector('input').ariaLabel, x.querySelector('.mark').textContent])"
            )
        )

    def numbers(self):
        """value|gradient of each value in the picture, as one sees it."""
        return self.page.locator("svg g.value").evaluate_all(
            """values => values.map(value => ["data", "grad"]
                .map(kind => value.querySelector("text." + kind).textContent).join("|"))"""
        )


@pytest.fixture
def open_exercise(open_page, tmp_path):
    """A function that saves the page of an exercise and opens it."""

    def open_exercise(seed=1, level=1, **options):
        path = exercise(seed, level).save(tmp_path / "page.html")
        return Screen(open_page(path.as_uri(), **options))

    return open_exercise


# ---------------- marking


def test_at_first_only_what_is_given_is_there(open_exercise):
    screen = open_exercise()
    assert screen.numbers() == ["-5|?", "2|?", "7|?", "?|?", "?|1"]
    assert set(screen.marks()) == set(RIGHT)
    assert set(screen.marks().values()) == {""}
    expect(screen.page.get_by_text("runs no scripts")).to_have_count(0)
    expect(screen.page.get_by_role("heading")).to_have_text("Exercise 1 of level 1: single gates and short chains")
    assert screen.page.locator(".gates").inner_text() == "q = x + y\nf = q * z"


def test_right_answers_are_marked_and_written_into_the_picture(open_exercise):
    screen = open_exercise()
    screen.answer(RIGHT)
    expect(screen.summary).to_have_text("All 6 right. Well done.")
    assert set(screen.marks().values()) == {"✓"}
    assert screen.numbers() == ["-5|7", "2|7", "7|-3", "-3|7", "-21|1"]
    assert screen.hints.count() == 0


def test_a_number_may_be_written_in_any_usual_way(open_exercise):
    screen = open_exercise()
    for text in ("-3", " -3 ", "−3", "-3.0", "-3,00", "-6/2", "-3.004"):
        screen.answer({"value of q": text})
        assert screen.marks()["value of q"] == "✓", text
        screen.answer({"value of q": "8"})
        assert screen.marks()["value of q"] == "✗"


def test_what_is_no_number_is_said_to_be_none(open_exercise):
    screen = open_exercise()
    for text in ("three", "1/2/3", "1/0", "-", "7/"):
        screen.answer({"value of q": text})
        expect(screen.hints).to_have_text("the value of q: That is not a number. Write it as -4, 0.25 or 3/4.")
        assert screen.marks()["value of q"] == "✗"
        screen.answer({"value of q": "-3"})
        assert screen.hints.count() == 0


def test_a_wrong_answer_is_named_with_the_gate_to_look_at(open_exercise):
    screen = open_exercise()
    screen.answer(RIGHT | {X: "5"})
    expect(screen.summary).to_have_text("5 of 6 right.")
    expect(screen.hints).to_have_text(
        "∂f/∂x: Look at the + gate that makes q: it sends x the upstream ∂f/∂q times the local ∂q/∂x."
    )
    assert [label for label, mark in screen.marks().items() if mark == "✗"] == [X]
    assert screen.numbers()[0] == "-5|?"
    assert "7" not in screen.hints.inner_text()


def test_a_usual_slip_is_guessed(open_exercise):
    screen = open_exercise()
    screen.answer({X: "1"})
    expect(screen.hints).to_contain_text("Perhaps the upstream was left out.")
    screen.answer({X: "-7"})
    expect(screen.hints).to_contain_text("Perhaps the sign.")


def test_what_a_wrong_answer_is_made_of_is_to_be_mended_first(open_exercise):
    """With q = 3 for -3, f = 21 and ∂f/∂z = 3 follow; only q is to be looked at."""
    screen = open_exercise()
    screen.answer({"value of q": "3", "value of f": "21", Z: "3"})
    expect(screen.hints).to_have_count(3)
    assert screen.hints.all_inner_texts() == [
        "the value of q: Look at the + gate: q = x + y.",
        "the value of f: It is made of the value of q, which is not right yet: mend that first.",
        "∂f/∂z: It is made of the value of q, which is not right yet: mend that first.",
    ]


def test_a_mended_answer_takes_its_mark_and_its_hint_with_it(open_exercise):
    screen = open_exercise()
    screen.answer({Z: "3"})
    expect(screen.hints).to_have_count(1)
    screen.answer({Z: "-3"})
    expect(screen.summary).to_have_text("1 of 6 right, 5 not answered yet.")
    assert screen.hints.count() == 0
    assert screen.numbers()[2] == "7|-3"
    screen.answer({Z: ""})
    expect(screen.summary).to_have_text("0 of 6 right, 6 not answered yet.")
    assert screen.numbers()[2] == "7|?"


def test_rounding_is_tolerated_and_a_slip_is_not(open_exercise):
    """Exercise 0 of level 3 is σ(wx + b) at s = -0.5: σ' = 0.2350, from rounded numbers 0.24."""
    screen = open_exercise(0, 3)
    s = "gradient of f with respect to s"
    for text in ("0.24", "0.235", "0.2350"):
        screen.answer({s: text})
        expect(screen.summary).to_contain_text("1 of")
    screen.answer({s: "0.38"})
    expect(screen.hints).to_contain_text("Perhaps σ was taken for the local, without its factor 1 - σ.")


def test_the_answers_are_shown_when_one_gives_up(open_exercise):
    screen = open_exercise()
    screen.page.get_by_role("button", name="Show the answers").click()
    for label, text in RIGHT.items():
        expect(screen.field(label)).to_have_value(text)
    assert screen.numbers() == ["-5|7", "2|7", "7|-3", "-3|7", "-21|1"]
    assert set(screen.marks().values()) == {""}


def test_answers_that_are_shown_have_no_mark_but_those_that_were_found(open_exercise):
    screen = open_exercise()
    screen.answer({X: "5", Z: "-3", "value of q": "three"})
    screen.page.get_by_role("button", name="Show the answers").click()
    expect(screen.field(X)).to_have_value("7")
    assert {label for label, mark in screen.marks().items() if mark} == {Z}
    screen.page.get_by_role("button", name="Show the answers").click()
    assert {label for label, mark in screen.marks().items() if mark} == {Z}
    assert screen.hints.count() == 0


def test_until_then_they_are_not_there_to_be_read(open_exercise):
    """For exercise 7 of level 2, whose answers 18, 23, 46 and 12 stand in no coordinate as numbers of their own."""
    screen = open_exercise(7, 2)
    text = screen.page.locator("body").inner_text()
    assert not {"18", "23", "46", "12"} & set(re.findall(r"\d+", text))
    assert "not secret" in text


# ---------------- everywhere


def test_with_the_keyboard_alone(open_exercise):
    screen = open_exercise()
    keyboard = screen.page.keyboard
    reached = {}
    for _ in range(12):
        keyboard.press("Tab")
        label = screen.page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent")
        reached[label] = True
        if label in RIGHT:
            keyboard.type(RIGHT[label])
    assert {*RIGHT, "the graph", "Check my answers", "Show the answers"} <= set(reached)
    screen.field(X).press("Enter")
    expect(screen.summary).to_have_text("All 6 right. Well done.")


def test_a_screen_reader_is_told(open_exercise):
    screen = open_exercise()
    screen.answer({X: "5"})
    expect(screen.page.get_by_role("status")).to_contain_text("0 of 6 right")
    expect(screen.field(X)).to_have_attribute("aria-invalid", "true")
    expect(screen.field(X)).to_have_accessible_description(re.compile("Look at the [+] gate"))
    expect(screen.field(Q)).to_have_attribute("aria-invalid", "false")
    expect(screen.page.get_by_role("img", name="the graph of f: 5 values")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_the_paper_by_day_and_by_night(open_exercise, contrast, scheme):
    screen = open_exercise(color_scheme=scheme)
    screen.answer({X: "5", "value of q": "-3"})
    for words in ("h1", ".gates", ".summary", ".hints li", ".note", "th >> nth=0", "button >> nth=0", "input >> nth=0"):
        assert contrast(screen.page.locator(words).first) >= 4.5
    for mark in screen.page.locator(".mark:not(:empty)").all():
        assert contrast(mark) >= 4.5
    paper = screen.page.locator(".exercise").evaluate("element => getComputedStyle(element).backgroundColor")
    assert (sum(map(int, paper.strip("rgb()").split(", ")[:3])) < 300) == (scheme == "dark")


@pytest.mark.parametrize("level", [1, 2, 3])
def test_on_a_phone_nothing_but_the_picture_is_wider_than_the_screen(open_exercise, level):
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    screen = open_exercise(3, level, **phone)
    screen.page.get_by_role("button", name="Check my answers").tap()
    assert screen.page.evaluate("document.documentElement.scrollWidth") <= 360
    for part in screen.page.locator("button, input").all():
        box = part.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
        assert box["height"] >= 40


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_a_shade_says_on_which_side_the_picture_goes_on(open_exercise, scheme):
    phone = {"viewport": {"width": 390, "height": 844}, "color_scheme": scheme}
    screen = open_exercise(2, 3, **phone)
    picture = screen.page.locator(".picture")

    def shaded():
        """Whether the left and the right edge, above the drawing, are of another colour than the paper."""
        row = imread(BytesIO(picture.screenshot()))[3]
        return [bool((row[x] != row[len(row) // 2]).any()) for x in (1, -2)]

    assert shaded() == [False, True]
    picture.evaluate("element => element.scrollTo(element.scrollWidth / 4, 0)")
    assert shaded() == [True, True]
    picture.evaluate("element => element.scrollTo(element.scrollWidth, 0)")
    assert shaded() == [True, False]
    screen.page.set_viewport_size({"width": 1000, "height": 844})
    assert shaded() == [False, False]


def test_without_javascript_the_question_is_there_and_says_that_nothing_is_marked(open_exercise):
    screen = open_exercise(java_script_enabled=False)
    expect(screen.page.locator("svg")).to_be_visible()
    expect(screen.page.get_by_text("Forward: find the values of q and f.")).to_be_visible()
    expect(screen.page.get_by_text("runs no scripts")).to_be_visible()
    expect(screen.page.locator("button")).to_have_count(2)
    assert not any(button.is_visible() for button in screen.page.locator("button").all())


# ---------------- the sheet


def test_a_printed_sheet_has_its_key_on_a_page_of_its_own(open_page, tmp_path):
    """Eight exercises of level 1 are two pages; the key is the third."""
    path = save_sheet([exercise(seed) for seed in range(8)], tmp_path / "sheet.html")
    page = open_page(path.as_uri())
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == 3
    page.emulate_media(media="print")
    assert page.locator(".keys").evaluate("element => getComputedStyle(element).breakBefore") == "page"
    page.locator(".keys").evaluate("element => element.remove()")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == 2


@pytest.mark.parametrize("level", [1, 2, 3])
def test_no_picture_on_a_sheet_is_wider_than_the_paper_or_too_small_to_write_on(open_page, tmp_path, level):
    path = save_sheet([exercise(seed, level) for seed in range(12)], tmp_path / "sheet.html")
    page = open_page(path.as_uri(), viewport={"width": 680, "height": 960})  # A4 less its margins
    page.emulate_media(media="print")
    images = page.locator("main img")
    assert images.count() == 12
    for image in images.all():
        box = image.bounding_box()
        assert box["x"] + box["width"] <= 680
        natural = image.evaluate("element => element.naturalWidth")
        assert box["width"] >= 0.7 * natural
