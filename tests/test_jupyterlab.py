"""The stepper where it is used: in a JupyterLab of its own on this machine, opened in Chromium."""

from textwrap import dedent

import pytest
from IPython.core.formatters import DisplayFormatter
from lab import jupyterlab

from nn import plots
from tinygrad_edu import Value, draw, stepper
from tinygrad_edu.exercises import exercise

nbformat = pytest.importorskip("nbformat", reason="JupyterLab comes with the extra `browser`")
expect = pytest.importorskip("playwright.sync_api", reason="Playwright comes with the extra `browser`").expect


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab, ended after the module."""
    with jupyterlab(tmp_path_factory.mktemp("jupyter")) as running:
        yield running


def write(lab, *cells, kernel=False, signed=False):
    """The address of a new notebook. If it names no kernel, JupyterLab asks which to start."""
    notebook = nbformat.v4.new_notebook(cells=list(cells))
    if kernel:
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return lab.put(notebook, f"{len(list(lab.notebooks.iterdir()))}.ipynb", signed)


def product():
    x, y, z = Value(-2, "x"), Value(5, "y"), Value(-4, "z")
    return ((x + y).named("q") * z).named("f")


def shown_before(thing):
    """A cell that was run on another day: its output is all that is left of it."""
    output = nbformat.v4.new_output("display_data", data=DisplayFormatter().format(thing)[0])
    return nbformat.v4.new_code_cell("f", outputs=[output], execution_count=1)


def open_without_a_kernel(open_page, url):
    page = open_page(url)
    page.locator(".jp-Dialog").get_by_role("button", name="No Kernel").click()
    return page


def test_a_stepper_of_another_day_works_without_a_kernel(lab, open_page):
    page = open_without_a_kernel(open_page, write(lab, shown_before(stepper(product())), signed=True))
    root = page.locator(".stepper")
    expect(root.locator(".count")).to_have_text("1 / 8")
    root.locator("[data-action=next]").click()
    expect(root.locator(".sentence")).to_contain_text("q = 3")
    expect(page.locator(".stepper")).to_have_count(1)


def test_of_a_notebook_that_is_not_trusted_every_picture_remains(lab, open_page):
    chart = plots.function_curves({"square": lambda x: x * x}, -1, 1)
    cells = map(shown_before, (stepper(product()), draw(product()), chart, exercise(1)))
    page = open_without_a_kernel(open_page, write(lab, *cells))
    outputs = page.locator(".jp-OutputArea-output")
    expect(outputs).to_have_count(4)
    for output in outputs.all():
        picture = output.locator("img")
        expect(picture).to_be_visible()
        assert picture.evaluate("image => image.complete && image.naturalWidth > 100")
    expect(page.locator("[data-action=next]")).to_have_count(0)


def run(page, cell):
    """Run one cell of an open notebook, as soon as its kernel is ready."""
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
    page.locator(".jp-CodeCell").nth(cell).locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")


def test_a_slider_of_the_live_stepper_moves_the_input_in_python(lab, open_page):
    """At x = 1 instead of -2: q = 1 + 5 = 6, f = 6 (-4) = -24, and ∂f/∂z = q = 6."""
    graph = """
        from tinygrad_edu import Value, stepper
        x, y, z = Value(-2, "x"), Value(5, "y"), Value(-4, "z")
        q = (x + y).named("q")
        f = (q * z).named("f")
        stepper(f).live()
    """
    cells = map(nbformat.v4.new_code_cell, (dedent(graph).strip(), "print(x.data, q.data, f.data)"))
    page = open_page(write(lab, *cells, kernel=True))
    run(page, 0)
    root = page.locator(".stepper")
    root.locator("[data-action=last]").click()
    numbers = root.locator("svg g.value text:is(.data, .grad)")
    expect(numbers).to_have_text(["-2", "-4", "5", "-4", "3", "-4", "-4", "3", "-12", "1"])
    root.locator(".sliders").get_by_label("x").fill("1")
    expect(numbers).to_have_text(["1", "-4", "5", "-4", "6", "-4", "-4", "6", "-24", "1"])
    run(page, 1)
    expect(page.locator(".jp-CodeCell").nth(1).locator(".jp-OutputArea-output")).to_have_text("1.0 6.0 -24.0")
