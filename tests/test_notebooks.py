"""Every notebook runs from its first cell to its last, and is kept with the pictures that its reader shall see."""

import re
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="notebooks are run with the extra `browser`")
execute = pytest.importorskip("execute", reason="notebooks are run with the extra `browser`")

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
LARGEST = 600_000  # bytes: pictures are many, a notebook shall still open at once


def shown(notebook):
    """What stands below each cell of code: the words that it prints, and the kinds of what it shows."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [[output.get("text") or sorted(output.data) for output in cell.outputs] for cell in cells]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_and_is_kept_with_what_it_shows(path, tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))  # nothing of the user's own
    assert shown(nbformat.read(path, as_version=4)) == shown(execute.executed(path, tmp_path))
    assert path.stat().st_size < LARGEST


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_its_pictures_are_seen_before_it_is_trusted(path):
    """In a notebook from somebody else JupyterLab shows an image in HTML, but no SVG by itself."""
    kinds = [kind for shown_by_cell in shown(nbformat.read(path, as_version=4)) for kind in shown_by_cell]
    assert not any("image/svg+xml" in kind for kind in kinds)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_needs_public_names_and_shows_no_warning_and_no_path(path):
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert not [cell.source for cell in cells if re.search(r"\b(from|import) .*\b_\w|\._[a-z]", cell.source)]
    assert {output.output_type for cell in cells for output in cell.outputs} <= {
        "stream",
        "display_data",
        "execute_result",
    }
    streams = [output for cell in cells for output in cell.outputs if output.output_type == "stream"]
    assert {output.name for output in streams} <= {"stdout"}
    assert not re.findall(r"Traceback|Warning|(?:^|[\s'\"(])/\w+/", "".join([output.text for output in streams]))
