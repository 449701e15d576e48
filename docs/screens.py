"""Takes the README's pictures anew, each of what runs here and now: python docs/screens.py

It needs the extras `test` and `browser` and a Chromium. A photograph keeps the words that stood on the screen as its
description, so that a test can read them.
"""

import contextlib
import io
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tinygrad_edu import Value, draw, expand, sigmoid, stepper
from tinygrad_edu.exercises import exercise

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
NOTEBOOK = HERE.parent / "notebooks" / "01_computational_graphs.ipynb"
sys.path.insert(0, str(HERE.parent / "tests"))

from browser import chromium  # noqa: E402
from lab import Lab, jupyterlab  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANSWERS = {"value p": "4", "value q": "6", "value f": "24", "gradient p": "6", "gradient q": "4", "gradient y": "6"}


# ---------------- what is pictured


def in_readme() -> dict[str, Any]:
    """What the names in the README's Python stand for after its blocks have run, one after the other."""
    names: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()):
        for block in PYTHON.findall(README.read_text(encoding="utf-8")):
            exec(block, names)
    return names


def neuron() -> Value:
    """The lecture's second graph, after its backward pass: a neuron in elementary gates."""
    w0, w1, w2, x0, x1 = Value(2, "w0"), Value(-3, "w1"), Value(-3, "w2"), Value(-1, "x0"), Value(-2, "x1")
    f = expand(sigmoid((w0 * x0 + w1 * x1 + w2).named("s")).named("f"))
    f.backward()
    return f


# ---------------- the moment of each photograph


def stepped(page: "Page") -> "Locator":
    """The stepper of (x + y) z where the add gate sends x what it receives."""
    for _ in range(6):
        page.locator("[data-action=next]").click()
    return page.locator(".stepper")


def marked(page: "Page") -> "Locator":
    """The exercise with some of its answers given, marked; one forgets that y is used twice."""
    for key, answer in ANSWERS.items():
        page.locator(f"[data-key='{key}']").fill(answer)
    page.get_by_role("button", name="Check my answers").click()
    return page.locator(".exercise")


def opened(page: "Page", lab: Lab) -> "Locator":
    """The first notebook of the course, in the middle of it."""
    import nbformat  # here, and Playwright's types above, so that the drawings need no browser

    page.goto(lab.put(nbformat.read(NOTEBOOK, as_version=4), NOTEBOOK.name, signed=True))
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.keyboard.press("Control+B")  # without the list of files
    heading = page.get_by_role("heading", name="Now with a pen")
    heading.wait_for()
    place = None
    while place != heading.bounding_box():  # cells above it are still being drawn, and grow
        place = heading.bounding_box()
        heading.evaluate("heading => heading.scrollIntoView()")
        page.wait_for_timeout(1000)
    return page.locator(".jp-OutputArea-output").filter(has_text="wrong: the upstream was left out")


# ---------------- taking them


def photograph(part: "Locator", name: str, whole: bool = False) -> None:
    """Keep what a part of a page shows, or the whole page, in 256 colours, with the words of the part."""
    words = PngInfo()
    words.add_itxt("Description", part.inner_text())
    shot = (part.page if whole else part).screenshot(animations="disabled")
    few = Image.open(io.BytesIO(shot)).convert("RGB").quantize(dither=Image.Dither.NONE)
    few.save(HERE / name, optimize=True, pnginfo=words)


def take(folder: Path) -> None:
    """Take all five; `folder` is for the pages."""
    readme = in_readme()
    draw(neuron()).save(HERE / "sigmoid.svg")
    (HERE / "regions.svg").write_text(readme["picture"].svg, encoding="utf-8")
    with jupyterlab(folder) as lab, chromium() as browser:

        def page(width: int, height: int, shown: Path | None = None) -> "Page":
            paper = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=2)
            if shown:
                paper.goto(shown.as_uri())
            return paper

        steps, task = folder / "steps.html", folder / "task.html"
        photograph(stepped(page(760, 600, stepper(readme["f"]).save(steps))), "stepper.png")
        photograph(marked(page(760, 600, exercise(1, level=2).save(task))), "exercise.png")
        photograph(opened(page(920, 770), lab), "notebook.png", whole=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        take(Path(folder))
    for picture in sorted(HERE.glob("*.svg")) + sorted(HERE.glob("*.png")):
        print(f"{picture.stat().st_size:8,} bytes  {picture}")
