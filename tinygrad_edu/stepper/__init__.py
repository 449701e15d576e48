"""stepper(): step through the forward and the backward pass on the picture of the graph.

`steps.py` is the walk as data, `sentences.py` has its words, `differences.py` checks its gradients; `page.py` is the
HTML, `stepper.js` what runs in the browser, `widget.py` the live form.
"""

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from tinygrad_edu.backprop import nodes
from tinygrad_edu.drawing.diagram import diagram
from tinygrad_edu.drawing.lengths import MOST_PASSED, passed
from tinygrad_edu.drawing.routes import routes
from tinygrad_edu.ledger import ledger
from tinygrad_edu.stepper.page import fragment, page, with_script
from tinygrad_edu.stepper.steps import Walk, walked
from tinygrad_edu.value import Value
from tinygrad_edu.webpage import written

if TYPE_CHECKING:
    from tinygrad_edu.stepper.widget import Live

MOST_VALUES = 300  # nobody walks through more


class Stepper:
    """A walk through both passes of a graph. Shows itself in Jupyter, without a kernel too.

    walk   the steps as data
    title  what is walked through, in words
    html   the stepper as a piece of HTML
    """

    def __init__(self, output: Value, walk: Walk, svg: str, title: str) -> None:
        self.walk = walk
        self.title = title
        self._output = output
        self._fragment = fragment(walk, svg, title)
        self.html = with_script(self._fragment)

    def save(self, path: str | Path) -> Path:
        """Write the stepper to a file `.html`: one page that needs no network and nothing installed."""
        return written(page(self._fragment, self.title), path, "a stepper")

    def live(self) -> "Live":
        """The stepper as a widget with a slider for each input; needs the extra `jupyter`.

        A slider assigns to the input's `.data`, and every gate computes its own anew: Python sees the change in the
        very Values of the graph. `.grad` is left alone. Where a gate is not defined on what a slider asks for, the
        widget says so and nothing changes.
        """
        from tinygrad_edu.stepper.widget import Live

        return Live(self._output, self.walk, self._fragment)

    def __repr__(self) -> str:
        return f"<stepper: {self.title}, {len(self.walk.steps)} steps; .save('page.html') writes it to a file>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": repr(self)}

    def _mime_(self) -> tuple[str, str]:
        """For marimo, which runs scripts only in a frame."""
        style = "width: 100%; height: 640px; border: 0"
        return "text/html", f'<iframe style="{style}" srcdoc="{escape(page(self._fragment, self.title))}"></iframe>'


def stepper(output: Value) -> Stepper:
    """Step by step through the forward and the backward pass under `output`, on one picture of the graph.

    First only the inputs are known; each gate computes its output; then ∂f/∂f is 1, and each gate sends
    `upstream × local = downstream` to each of its inputs. `.grad` of the nodes is left alone. Raises ValueError for a
    graph of more than 300 values, or whose wires run past more than 10,000 gates.

    >>> x, y, z = Value(-2, "x"), Value(5, "y"), Value(-4, "z")
    >>> stepper(((x + y).named("q") * z).named("f"))
    <stepper: the graph of f: 5 values, 8 steps; .save('page.html') writes it to a file>
    """
    if not isinstance(output, Value):
        raise TypeError(f"stepper needs a Value, got {type(output).__name__} {output!r}")
    values = nodes(output)
    if len(values) > MOST_VALUES:
        raise ValueError(
            f"nobody would step through {len(values):,} values: take a part of the graph with up to {MOST_VALUES}, "
            "or read ledger(output), or see the whole in draw(output)"
        )
    if (gates := passed(values)) > MOST_PASSED:
        raise ValueError(
            f"nobody could follow wires that run past {gates:,} gates: take a part of the graph, or read "
            "ledger(output), or see the whole in draw(output)"
        )
    record = ledger(output)
    rows = record.backward
    gradients = dict.fromkeys(values, 0.0) | {output: 1.0} | {row.input: row.total for row in rows}
    drawn = diagram(values, gradients, routes(output, rows), local=True, all_names=True)
    return Stepper(output, walked(output, record), drawn.svg, drawn.title)
