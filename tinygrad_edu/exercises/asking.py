"""The question of an exercise: in plain text, in LaTeX, as a picture, and as a piece of HTML with both."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from tinygrad_edu.derivation import partial
from tinygrad_edu.drawing.diagram import BLANK, diagram
from tinygrad_edu.drawing.picture import Picture
from tinygrad_edu.exercises.shapes import LEVELS, lines
from tinygrad_edu.latex import Latex, written
from tinygrad_edu.notation import latex_name, latex_number

if TYPE_CHECKING:
    from tinygrad_edu.exercises import Exercise

ROOM = BLANK  # to write in, on paper
MARK = "?"  # in the place of a number, on a screen


def text(exercise: "Exercise") -> str:
    """The question in plain text: the gates beside the given numbers, and what is to be found."""
    gates, numbers = gate_lines(exercise), number_lines(exercise)
    width = max(map(len, gates)) + 8
    both = [
        f"  {gates[i] if i < len(gates) else '':{width}}{numbers[i] if i < len(numbers) else ''}".rstrip()
        for i in range(max(len(gates), len(numbers)))
    ]
    return "\n".join([exercise.title, "", *both, "", *tasks(exercise)])


def gate_lines(exercise: "Exercise") -> list[str]:
    """A line for each gate, as `q = x + y`."""
    return [f"{name} = {right}" for name, right in lines(exercise.shape).items()]


def number_lines(exercise: "Exercise") -> list[str]:
    """A line for each given number, as `x = -2`."""
    return [f"{name} = {value.data:g}" for name, value in exercise.inputs.items()]


def tasks(exercise: "Exercise") -> list[str]:
    """What is to be found, a sentence for each pass, and how numbers are rounded where they need it."""
    computed = list(lines(exercise.shape))
    found = ["Forward: find the value" + "s" * (len(computed) > 1) + f" of {listed(computed)}."]
    others = [name for name in exercise.values if name != "f"]
    found.append("Backward: from ∂f/∂f = 1 find the gradient" + "s" * (len(others) > 1) + " of f")
    found[-1] += f" with respect to {listed(others)}."
    if not LEVELS[exercise.level].exact:
        found.append("Round every number to two decimals.")
    return found


def listed(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> listed(["x"]), listed(["x", "y", "z"])
    ('x', 'x, y and z')
    """
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def latex(exercise: "Exercise") -> Latex:
    """The gates and the given numbers, and a line for each number that is to be found."""
    values = exercise.values
    called = {value: name for name, value in values.items()}
    gates = [f"{latex_name(name)} &= {written(values[name], called)}" for name in lines(exercise.shape)]
    numbers = [f"{latex_name(name)} &= {latex_number(value.data)}" for name, value in exercise.inputs.items()]
    forward = [rf"{latex_name(name)} &= \;?" for name in lines(exercise.shape)]
    backward = [rf"{partial(exercise.output, value, called)} &= \;?" for name, value in values.items() if name != "f"]
    groups = [" \\\\\n".join(group) for group in (gates, numbers, forward, backward)]
    text = " \\\\[1ex]\n".join(groups)
    return Latex(f"\\begin{{aligned}}\n{text}\n\\end{{aligned}}")


def picture(exercise: "Exercise", asked: str) -> Picture:
    """The graph with what is given on its wires; `asked` stands for what is to be found."""
    return diagram(list(exercise.values.values()), {exercise.output: 1.0}, {}, asked=asked)


def html(exercise: "Exercise") -> str:
    """The question beside its picture, for a notebook."""
    pieces = [f"<b>{escape(exercise.title)}</b>", *map(escape, tasks(exercise))]
    return f"<p>{'<br>'.join(pieces)}</p>{exercise.picture._repr_html_()}"
