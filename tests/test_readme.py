"""The README: its Python runs and prints what it shows, and its pictures are of what the code does now."""

import re
import runpy
import xml.etree.ElementTree as ET
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image
from svg import SVG, classes, groups, texts

from tinygrad_edu import check_answers, derivation, draw, ledger, stepper
from tinygrad_edu.cli import main
from tinygrad_edu.exercises import exercise

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)\n```$", README, re.MULTILINE | re.DOTALL)
DRAWINGS = {path: words for words, path in re.findall(r"!\[(.+)\]\((.+)\)", README)}
PHOTOGRAPHS = re.findall(r'<img src="(.+)" width="(\d+)" alt="(.+)">', README)
WORDS = DRAWINGS | {path: words for path, _, words in PHOTOGRAPHS}


@pytest.fixture(scope="module")
def screens():
    return SimpleNamespace(**runpy.run_path(str(DOCS / "screens.py")))


@pytest.fixture(scope="module")
def names(screens):
    """What the names in the README's Python stand for."""
    return SimpleNamespace(**screens.in_readme())


def on_screen(name):
    """The words that were on the screen when a picture was taken."""
    with Image.open(DOCS / name) as picture:
        picture.load()
        return picture.text["Description"]


# ---------------- what it says


def test_its_python_says_what_it_shows(names):
    assert (names.x.grad, names.y.grad, names.z.grad) == (-4.0, -4.0, 3.0)
    assert (names.slope.data, names.curvature.data) == (-32.0, 48.0)  # 4 x³ and 12 x² at -2
    backward, marked, program, _ = [text for language, text in BLOCKS if not language]
    assert str(ledger(names.f)).endswith(backward)
    question, report = marked.split("\n", maxsplit=1)
    assert question == ">>> check_answers(f, {q: -4, x: 1})"
    assert str(check_answers(names.f, {names.q: -4, names.x: 1})) == report
    assert program in str(names.program)


def test_its_network_has_learned_exclusive_or(names):
    assert [round(names.model(row).sigmoid().data, 2) for row in names.rows] == [0.0, 1.0, 1.0, 0.0]
    assert "# [0.0, 1.0, 1.0, 0.0]" in README


def test_its_command_prints_what_it_shows(capsys):
    command, answer = [text for language, text in BLOCKS if not language][-1].split("\n", maxsplit=1)
    assert command == '$ tinygrad-edu grad "(x+y)*z" x=-2 y=5 z=-4'
    main(["grad", "(x+y)*z", "x=-2", "y=5", "z=-4"])
    assert capsys.readouterr().out == f"{answer}\n"


def test_there_are_as_many_notebooks_as_it_says():
    assert len(list((ROOT / "notebooks").glob("*.ipynb"))) == 12
    assert "\nTwelve notebooks" in README


# ---------------- its pictures


def test_there_are_five_small_ones():
    assert len(WORDS) == 5
    assert [path for path in WORDS if (ROOT / path).stat().st_size > 120_000] == []


@pytest.mark.parametrize(("path", "width", "_"), PHOTOGRAPHS)
def test_a_photograph_is_sharp_on_a_fine_screen(path, width, _):
    with Image.open(ROOT / path) as picture:
        assert picture.width >= 2 * int(width)


def test_the_neuron_is_as_it_is_drawn_now(screens):
    """σ(1) = 0.7311; its slope 0.7311 × 0.2689 = 0.1966 goes to w0 times x0 = -1."""

    def parts(text):
        return {key: (classes(group), texts(group)) for key, group in groups(SimpleNamespace(svg=text)).items()}

    kept = parts((DOCS / "sigmoid.svg").read_text(encoding="utf-8"))
    assert kept == parts(draw(screens.neuron()).svg)
    shown = {found["name"]: found for _, found in kept.values() if "name" in found}
    assert shown["f"]["data"] == "0.73"
    assert shown["w0"]["grad"] == "-0.20"
    assert "at the end 0.73; below it its gradient, for w0 -0.20" in WORDS["docs/sigmoid.svg"]
    assert "`f` goes down 0.20 times\nas far" in README


def test_the_regions_are_as_they_are_drawn_now(names):
    """The words, and the lines of the hidden units to a twentieth of a point."""

    def words(picture):
        return ["".join(text.itertext()) for text in picture.iter(f"{SVG}text")]

    def lines(picture):
        dashed = [path for path in picture.iter(f"{SVG}path") if "dasharray" in path.get("style", "")]
        ends = [[float(x) for x in path.get("d").split() if x not in "ML"] for path in dashed]
        return [x for line in ends if len(line) == 4 for x in line]  # the one of the legend has three points

    kept, now = ET.parse(DOCS / "regions.svg").getroot(), ET.fromstring(names.picture.svg)
    assert words(kept) == words(now)
    assert {"class 0", "class 1", "w · x + b = 0", "of each hidden unit"} <= set(words(kept))
    assert lines(kept) == pytest.approx(lines(now), abs=0.05)
    assert len(lines(kept)) == 4 * 4
    assert names.model(names.rows[0]).data < 0 < names.model(names.rows[1]).data
    assert "through (0, 1) and (1, 0)" in WORDS["docs/regions.svg"]


def test_the_stepper_showed_the_step_that_is_named(names):
    row = ledger(names.f).backward[2]
    assert (row.gate, row.input, row.upstream, row.local, row.downstream) == ("add", names.x, -4.0, 1.0, -4.0)
    step = "upstream -4 × local 1 gives downstream -4 for x"
    assert f"through +: {step}\n" in on_screen("stepper.png")
    assert "7 / 8" in on_screen("stepper.png")
    assert WORDS["docs/stepper.png"].endswith(f"step 7 of 8: {step}")


def test_the_exercise_was_marked_as_is_said(screens):
    """p = x + y = 4, q = max(y, z) = 6 and f = p q = 24; y is sent 6 by way of p and 4 by way of q."""
    key = exercise(1, level=2).key
    right = {f"value {name}": x for name, x in key.values.items()}
    right |= {f"gradient {name}": x for name, x in key.gradients.items()}
    wrong = {name for name, answer in screens.ANSWERS.items() if float(answer) != right[name]}
    assert (wrong, right["gradient y"], right["gradient q"]) == ({"gradient y"}, 10.0, 4.0)
    assert (len(right), len(screens.ANSWERS)) == (8, 6)
    assert "5 of 8 right, 2 not answered yet." in on_screen("exercise.png")
    assert "only the share that comes by way of the add gate was kept" in on_screen("exercise.png")
    assert "5 of 8 right, among them ∂f/∂q = 4; ∂f/∂y = 6 is wrong" in WORDS["docs/exercise.png"]
    assert "tinygrad-edu exercise --seed 1 --level 2 --html page.html`" in README.replace("\n", " ")


def test_the_notebook_had_the_answers_marked_as_is_said(screens, names):
    report = str(check_answers(names.f, {names.q: -4, names.z: 3, names.x: 1, names.y: -4}))
    assert " ".join(report.split()) == " ".join(on_screen("notebook.png").split())
    assert derivation(names.f, names.x).endswith("&= -4\n\\end{aligned}")
    assert '"check_answers(f, {q: -4, z: 3, x: 1, y: -4})"' in screens.NOTEBOOK.read_text(encoding="utf-8")
    assert "∂f/∂x = -4" in WORDS["docs/notebook.png"]
    assert "3 right, and 1 for x wrong, the upstream was left out" in WORDS["docs/notebook.png"]


@pytest.mark.parametrize("name", ["stepper", "exercise"])
def test_the_page_says_what_was_photographed(screens, names, name, open_page, tmp_path):
    path = tmp_path / "page.html"
    page = {"stepper": stepper(names.f), "exercise": exercise(1, level=2)}[name].save(path).as_uri()
    shown = {"stepper": screens.stepped, "exercise": screens.marked}[name]
    opened = open_page(page, viewport={"width": 760, "height": 600})
    assert shown(opened).inner_text() == on_screen(f"{name}.png")
