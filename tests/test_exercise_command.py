"""`tinygrad-edu exercise`: what it prints, what it writes and its exit status."""

import re

import pytest

from tinygrad_edu.cli import main
from tinygrad_edu.exercises import exercise


@pytest.fixture
def run(capsys):
    """Runs `tinygrad-edu exercise` and gives its exit status, its stdout and its stderr."""

    def run(*arguments):
        try:
            status = main(["exercise", *arguments])
        except SystemExit as end:
            status = end.code
        return (status, *capsys.readouterr())

    return run


def test_it_prints_the_question_and_how_to_be_marked(run):
    status, out, err = run("--seed", "7", "--level", "2")
    question, _, way = out.rpartition("\n\n")
    assert (status, question, err) == (0, exercise(7, 2).question, "")
    assert way.endswith(": tinygrad-edu exercise --seed 7 --level 2 --value p=NUMBER ... --answer x=NUMBER ...\n")
    assert run()[1].startswith(exercise(0, 1).question + "\n")


def test_it_prints_the_key(run):
    status, out, _ = run("--seed", "1", "--key")
    assert status == 0
    assert out.splitlines()[1:] == [
        "x                   7",
        "y                   7",
        "z                  -3",
        "q        -3         7",
        "f       -21",
    ]


def test_it_marks_answers(run):
    """f = (x + y) z at -5, 2, 7."""
    right = ["--value", "q=-3", "f=-21", "--answer", "x=7", "y=7", "z=-3", "q=7"]
    status, out, err = run("--seed", "1", *right)
    assert (status, err) == (0, "")
    assert "2 of 2 values right" in out
    assert "4 of 4 right" in out
    status, out, err = run("--seed", "1", "--answer", "x=7", "--answer", "z=3")
    assert (status, err) == (1, "")
    assert "the mul gate f, on the way to z" in out
    assert "wrong: the sign" in out
    assert run("--seed", "1", "--value", "q=3")[0] == 1


def test_a_number_may_be_a_fraction_and_have_either_minus(run):
    """Seed 3 of level 1 is f = x / y at 5 and -2: f = -5/2, and back come 1 / y = -1/2 and -x / y² = -5/4."""
    assert run("--seed", "3", "--value", "f=-5/2", "--answer", "x=−1/2", "y=5/-4")[0] == 0
    assert run("--seed", "3", "--answer", "y=−1.25")[0] == 0
    assert run("--seed", "3", "--answer", "y=5/4")[0] == 1


def test_it_writes_the_page(run, tmp_path):
    path = tmp_path / "page.html"
    assert run("--seed", "1", "--html", str(path)) == (0, f"page: {path}\n", "")
    assert "Exercise 1 of level 1" in path.read_text(encoding="utf-8")


def test_it_writes_a_sheet_of_the_seed_and_those_after_it(run, tmp_path):
    path = tmp_path / "sheet.html"
    assert run("--seed", "5", "--sheet", str(path), "--count", "3") == (0, f"sheet: {path}\n", "")
    text = path.read_text(encoding="utf-8")
    assert [seed for seed in range(12) if f"level 1, seed {seed}<" in text] == [5, 6, 7]
    assert run("--sheet", str(path))[0] == 0
    assert path.read_text(encoding="utf-8").count("<h2>8</h2>") == 2


def test_a_sheet_passes_over_a_seed_that_sets_an_exercise_again(run, tmp_path):
    """Seeds 132 and 144 of level 1 are both f = x * y at 4 and -7."""
    assert exercise(132).question.partition("\n")[2] == exercise(144).question.partition("\n")[2]
    path = tmp_path / "sheet.html"
    assert run("--seed", "132", "--sheet", str(path), "--count", "13")[0] == 0
    seeds = re.findall(r"level 1, seed (\d+)<", path.read_text(encoding="utf-8").partition('<section class="keys">')[0])
    assert [int(seed) for seed in seeds] == [*range(132, 144), 145]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--level", "4"], "4"),
        (["--seed", "-1"], "'-1'"),
        (["--seed", "one"], "'one'"),
        (["--count", "0", "--sheet", "sheet.html"], "'0'"),
        (["--answer"], "--answer"),
        (["--answer", "x=many"], "'x=many'"),
        (["--answer", "k=1"], "an answer for k"),
        (["--answer", "x=1", "x=2"], "x is given twice"),
        (["--value", "x=1"], "the value of x is given"),
        (["--html", "page.pdf"], ".html"),
        (["--sheet", "sheet.pdf"], ".html"),
        (["--key", "--html", "page.html"], "not allowed with"),
        (["--answer", "x=0,5"], "'x=0,5' is not of the form x=-2, x=0.25 or x=3/4"),
        (["--answer", "x=1/0"], "'x=1/0'"),
        (["--answer", "x=1/2/3"], "'x=1/2/3'"),
        (["--count", "101", "--sheet", "sheet.html"], "101 exercises are too many for a sheet: at most 100"),
        (["--count", "3"], "--count says how many exercises stand on a sheet: add --sheet FILE"),
        (["--count", "8", "--html", "page.html"], "add --sheet FILE"),
        (["--answer", "x=1", "--key"], "leave out --key"),
        (["--value", "f=1", "--html", "page.html"], "leave out --key, --html"),
    ],
)
def test_a_wrong_argument_is_status_2_and_one_line_that_names_it(run, arguments, named):
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert named in err


def test_help_says_what_it_takes(run):
    status, out, err = run("--help")
    assert (status, err) == (0, "")
    assert all(option in out for option in ("--seed", "--level", "--answer", "--value", "--key", "--html", "--sheet"))
