"""The exercise as one HTML page: a field for each number to be found, marked in the browser."""

import base64
import json
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from tinygrad_edu.exercises import asking
from tinygrad_edu.exercises.hints import hints
from tinygrad_edu.exercises.shapes import lines
from tinygrad_edu.numerals import brief
from tinygrad_edu.stepper.page import resource
from tinygrad_edu.webpage import document, written

if TYPE_CHECKING:
    from tinygrad_edu.exercises import Exercise

HONEST = (
    "The page marks by itself and sends nothing anywhere. So it holds the answers: coded, so that nobody reads them by "
    "accident, but not secret. It is for practice, not for an examination."
)


def save_page(exercise: "Exercise", path: str | Path) -> Path:
    """Write the page to a file `.html`."""
    return written(page(exercise), path, "the page of an exercise")


def page(exercise: "Exercise") -> str:
    """The whole file. Its look is the stepper's."""
    style = resource("stepper.css").replace(".stepper", ".exercise") + beside("page.css")
    body = f"<main>{form(exercise)}</main>\n<script>\n{beside('page.js')}</script>"
    return document(body, exercise.title, style)


def form(exercise: "Exercise") -> str:
    """The question, the picture and a field for each number; the key is data for the script."""
    gates = "\n".join(asking.gate_lines(exercise))
    tasks = "".join([f"<p>{escape(task)}</p>" for task in asking.tasks(exercise)])
    rows = "\n".join([row(exercise, name, i) for i, name in enumerate(exercise.values)])
    return f"""<article class="exercise">
<h1>{escape(exercise.title)}</h1>
<pre class="gates">{escape(gates)}</pre>
<div class="picture" role="group" aria-label="the graph" tabindex="0">{asking.picture(exercise, asking.MARK).svg}</div>
{tasks}
<form>
<table>
<thead><tr><th scope="col">name</th><th scope="col">value</th><th scope="col">gradient of f</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
<p class="buttons" hidden><button>Check my answers</button>
<button type="button" data-action="reveal">Show the answers</button></p>
<div role="status"><p class="summary"></p><ul class="hints"></ul></div>
</form>
<p class="unmarked">This browser runs no scripts, so nothing is marked here.</p>
<p class="note">{HONEST}</p>
<script type="text/plain" class="key">{coded(exercise)}</script>
</article>"""


def row(exercise: "Exercise", name: str, i: int) -> str:
    """A row of the table: a name, its value and its gradient, each a field unless it is given."""
    value = exercise.values[name]
    given = f"<td><span>{brief(value.data)}</span></td>"
    cells = cell(f"value {name}", f"value of {name}", i, "data") if value.gate else given
    asked = cell(f"gradient {name}", f"gradient of f with respect to {name}", i, "grad")
    cells += asked if name != "f" else "<td><span>1</span></td>"
    return f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>'


def cell(key: str, label: str, i: int, kind: str) -> str:
    """A field, its key for the script, its label for a screen reader, and its place in the picture."""
    return (
        f'<td><input type="text" inputmode="text" size="7" autocomplete="off" spellcheck="false" aria-label="{label}" '
        f'data-key="{key}" data-place="v{i}" data-kind="{kind}"><span class="mark" aria-hidden="true"></span></td>'
    )


def coded(exercise: "Exercise") -> str:
    """The key with its hints, for the script to read."""
    found = {
        key: {
            "name": ("" if key.startswith("value") else "∂f/∂") + key.partition(" ")[2],
            "number": hint.number,
            "shown": brief(hint.number),
            "allowed": hint.allowed,
            "needs": hint.needs,
            "look": hint.look,
            "slips": hint.slips,
        }
        for key, hint in hints(exercise.values, lines(exercise.shape)).items()
    }
    return base64.b64encode(json.dumps(found).encode()).decode()


@cache
def beside(name: str) -> str:
    """The text of a file beside this one."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
