"""Runs notebooks and writes them as they are kept, with what they show: python notebooks/execute.py"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def executed(path: Path, folder: Path) -> NotebookNode:
    """The notebook after a run in `folder`, without what differs from one run to the next.

    Raises CellExecutionError, which shows the cell, where one fails.
    """
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=120,
        record_timing=False,
        coalesce_streams=True,  # what is printed arrives in pieces, and in other pieces the next time
        resources={"metadata": {"path": folder}},
    )
    client.execute()
    notebook.metadata = {"kernelspec": KERNEL}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if len(output.get("data", [])) > 1:
                output.data.pop("text/plain", None)  # <... object at 0x7f...>, shown by no one who can show the rest
    return notebook


if __name__ == "__main__":
    here = Path(__file__).parent
    for path in map(Path, sys.argv[1:]) if sys.argv[1:] else sorted(here.glob("*.ipynb")):
        nbformat.write(executed(path, here), path)
        print(path)
