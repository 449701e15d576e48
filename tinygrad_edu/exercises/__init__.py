"""exercise(): a graph with tidy numbers, drawn from a seed, to go through by hand; with its key, and marked.

`shapes.py` has the graphs and `numbers.py` draws their numbers; `asking.py` puts the question, `key.py` has the
answers and `marking.py` compares. `page.py` is the page that marks in a browser, `sheet.py` the one to print.

    from tinygrad_edu.exercises import exercise
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import index
from pathlib import Path
from random import Random

from tinygrad_edu.drawing.picture import Picture
from tinygrad_edu.exercises import asking
from tinygrad_edu.exercises.key import Key, key_of
from tinygrad_edu.exercises.marking import Marking, marked
from tinygrad_edu.exercises.numbers import numbered
from tinygrad_edu.exercises.page import save_page
from tinygrad_edu.exercises.shapes import LEVELS
from tinygrad_edu.exercises.sheet import save_sheet
from tinygrad_edu.latex import Latex
from tinygrad_edu.value import Value

__all__ = ["Exercise", "exercise", "save_sheet"]


@dataclass(frozen=True, eq=False)
class Exercise:
    """A graph whose values and gradients are to be found. Printed, the question; shows itself in Jupyter.

    seed    it was drawn from
    level   1, 2 or 3
    shape   its gates as text, a line each, with `; ` between them
    values  every Value of its graph by name, in the order of the forward pass; nothing has run backward
    """

    seed: int
    level: int
    shape: str
    values: dict[str, Value] = field(repr=False)

    @property
    def output(self) -> Value:
        """The value at the end of the graph, f."""
        return self.values["f"]

    @property
    def inputs(self) -> dict[str, Value]:
        """The leaves by name, whose numbers are given."""
        return {name: value for name, value in self.values.items() if value.gate is None}

    @property
    def title(self) -> str:
        """Which exercise it is, and what it is about."""
        return f"Exercise {self.seed} of level {self.level}: {LEVELS[self.level].about}"

    @property
    def question(self) -> str:
        """The gates, the numbers and what is to be found, as plain text."""
        return asking.text(self)

    @property
    def latex(self) -> Latex:
        """The same in LaTeX."""
        return asking.latex(self)

    @cached_property
    def picture(self) -> Picture:
        """The graph with the numbers that are given, and room to write the others on its wires."""
        return asking.picture(self, asking.ROOM)

    @cached_property
    def key(self) -> Key:
        """The values and the gradients; also a table, in print and in Jupyter."""
        return key_of(self.values)

    def check(self, gradients: Mapping[str, float] | None = None, values: Mapping[str, float] | None = None) -> Marking:
        """Mark answers by name: gradients of f, as `check_answers` does, and the values of gates.

        The marking is true if all that was answered is right; printed, it says what is wrong and at which gate to look.
        Raises ValueError for a name that is not in the graph, for the value of an input, which is given, and for no
        answer at all; TypeError or ValueError for an answer that is not a finite number.

        >>> exercise(seed=1).check({"x": 7, "z": 3}, values={"q": -3, "f": -21})
        2 of 2 values right
        <BLANKLINE>
        value  yours  forward pass  verdict
        q         -3            -3  right
        f        -21           -21  right
        <BLANKLINE>
        first departure from the chain rule: the mul gate f, on the way to z: upstream 1 × local -3 = -3
        1 of 2 right, to 2 decimals in every number
        <BLANKLINE>
        value  yours  chain rule  verdict
        z          3  -3 ± 0.005  wrong: the sign
        x          7   7 ± 0.005  right
        """
        return marked(self.values, gradients or {}, values or {})

    def save(self, path: str | Path) -> Path:
        """Write a page to a file `.html` that asks for the answers and marks them, without a network."""
        return save_page(self, path)

    def __str__(self) -> str:
        return self.question

    def _repr_html_(self) -> str:
        return asking.html(self)

    def _repr_latex_(self) -> str:
        return self.latex._repr_latex_()


def exercise(seed: int, level: int = 1) -> Exercise:
    """The exercise of a seed, the same everywhere. Seeds in a row have graphs of different shapes.

    level  1: single gates and short chains; 2: fan-out and max; 3: small neurons, whose numbers are rounded

    Raises ValueError for a seed below 0 or a level that there is not, TypeError for what is not a whole number.

    >>> print(exercise(seed=1))
    Exercise 1 of level 1: single gates and short chains
    <BLANKLINE>
      q = x + y        x = -5
      f = q * z        y = 2
                       z = 7
    <BLANKLINE>
    Forward: find the values of q and f.
    Backward: from ∂f/∂f = 1 find the gradients of f with respect to x, y, z and q.
    """
    seed, level = index(seed), index(level)
    if seed < 0:
        raise ValueError(f"a seed is a whole number of 0 or more, got {seed}")
    if level not in LEVELS:
        raise ValueError(f"the levels are {', '.join(map(str, LEVELS))}, got {level}")
    shapes = LEVELS[level].shapes
    shape = shapes[seed % len(shapes)]
    return Exercise(seed, level, shape, numbered(shape, LEVELS[level], Random(seed)))
