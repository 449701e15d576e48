"""Exercises on a sheet to print for a class, and their key on a page of its own."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from tinygrad_edu.exercises import asking
from tinygrad_edu.exercises.page import beside
from tinygrad_edu.exercises.shapes import LEVELS
from tinygrad_edu.webpage import document, written

if TYPE_CHECKING:
    from tinygrad_edu.exercises import Exercise

TITLE = "Exercises: values and gradients"
TASK = (
    "On every wire write the value above the line, from the left to the right. Then come back: "
    "below the line write the gradient of f, from ∂f/∂f = 1 on."
)
ROUNDING = " Round every number to two decimals."


def save_sheet(exercises: Sequence["Exercise"], path: str | Path) -> Path:
    """Write a sheet of exercises, with its key on a page of its own, to a file `.html`, to be printed by a browser.

    Raises ValueError for no exercise at all, or a file with another ending.
    """
    if not exercises:
        raise ValueError("a sheet has at least one exercise")
    return written(sheet(exercises), path, "a sheet")


def sheet(exercises: Sequence["Exercise"]) -> str:
    """The whole file."""
    task = TASK + ROUNDING * any(not LEVELS[exercise.level].exact for exercise in exercises)
    questions = "".join([question(i + 1, exercise) for i, exercise in enumerate(exercises)])
    keys = "".join([key(i + 1, exercise) for i, exercise in enumerate(exercises)])
    body = (
        f'<main><header><h1>{TITLE}</h1><p class="name">Name</p></header><p>{task}</p>{questions}</main>\n'
        f'<section class="keys"><h1>Key</h1><div>{keys}</div></section>'
    )
    return document(body, TITLE, beside("sheet.css"))


def question(i: int, exercise: "Exercise") -> str:
    """One exercise: its number on the sheet, its gates, and its picture, with the given numbers, to write on."""
    gates = " ".join([f"<code>{escape(line)}</code>" for line in asking.gate_lines(exercise)])
    return (
        f"<article><header><h2>{i}</h2><p>{gates}</p>{origin(exercise)}</header>"
        f"{exercise.picture._repr_html_()}</article>"
    )


def key(i: int, exercise: "Exercise") -> str:
    """The answers to one exercise."""
    return f"<article><header><h2>{i}</h2>{origin(exercise)}</header>{exercise.key._repr_html_()}</article>"


def origin(exercise: "Exercise") -> str:
    """What to type for this very exercise."""
    return f'<p class="origin">level {exercise.level}, seed {exercise.seed}</p>'
