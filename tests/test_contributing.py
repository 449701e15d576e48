"""CONTRIBUTING.md says that a gate is added in one row: here its row is added, to a copy of the project."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from parsed import Parsed

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
(ROW,) = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
END = "# fmt: on\n"

# softsign by hand: x / (1 + |x|), slope 1 / (1 + |x|)², curvature -2 / (1 + x)³ for x > 0
EVERYTHING = """
import json
import numpy
from tinygrad_edu import Program, Value, derivation, draw, grad, ledger, parse, stepper
from tinygrad_edu.gates import softsign

w, x = Value(1, "w"), Value(3, "x")
f = softsign(w * x).named("f")
f.backward()
(slope,) = grad(f, [x])
rows = [[3.0], [-1.0]]
print(json.dumps({
    "parsed": parse("2*softsign(x)", x=-1).data,
    "pulls": [x.grad, w.grad],
    "slopes": [slope.data, grad(slope, [x])[0].data, grad(grad(slope, [x])[0], [x])[0].data],
    "ledger": [row.gate for row in ledger(f).backward],
    "picture": draw(f).svg,
    "steps": [step.sentence for step in stepper(f).walk.steps],
    "derivation": derivation(f, x),
    "programs": [
        [mean, list(gradient), list(program.values(given))]
        for backend, given in (("python", rows), ("python", numpy.array(rows)), ("llvm", numpy.array(rows)))
        for program in [Program(f, [x], [w], backend)]
        for mean, gradient in [program(given)]
    ],
    "C": Program(f, [x], [w]).to_c(),
}))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The project with the row, as one who follows CONTRIBUTING.md has it."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("tinygrad_edu", "nn", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    table = folder / "tinygrad_edu" / "gates.py"
    before, after = table.read_text(encoding="utf-8").split(END)
    table.write_text(before + ROW + END + after, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def run(copy):
    """Runs Python in the copy, with the copy's modules, and gives what it printed."""

    def run(*arguments):
        environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONSAFEPATH": "1", "PYTHONIOENCODING": "utf-8"}
        environment.pop("PYTEST_ADDOPTS", None)
        command = [sys.executable, "-W", "error", *map(str, arguments)]
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="module")
def seen(run):
    return json.loads(run("-c", EVERYTHING))


def test_the_copy_is_what_is_imported(copy, run):
    assert run("-c", "import tinygrad_edu; print(tinygrad_edu.__file__)").startswith(str(copy))


def test_the_session_of_the_page_gives_what_it_says(copy, run):
    page = copy / "CONTRIBUTING.md"
    page.write_text(TEXT, encoding="utf-8")
    assert TEXT.count("\n>>> ") > 10
    assert run("-m", "doctest", page) == ""
    assert (copy / "softsign.svg").read_text(encoding="utf-8").count("softsign") >= 1
    assert "softsign" in Parsed((copy / "softsign.html").read_text(encoding="utf-8")).walk


def test_it_is_evaluated_and_differentiated_as_by_hand(seen):
    assert seen["parsed"] == -1.0
    assert seen["pulls"] == [1 / 16, 3 / 16]
    assert seen["slopes"] == [1 / 16, -2 / 64, 6 / 256]
    assert seen["ledger"] == ["softsign", "mul", "mul"]


def test_it_is_drawn_stepped_and_written(seen):
    assert ">softsign<" in seen["picture"]
    assert seen["steps"][2] == "Forward through softsign: v1 = 3 gives f = 0.75"
    assert seen["steps"][4].startswith("Backward through softsign: upstream 1 × local 1/(1 + abs(v1))² = 0.06")
    assert r"\operatorname{softsign}" in seen["derivation"]


def test_it_is_compiled(seen):
    on_lists, on_arrays, machine_code = seen["programs"]
    assert on_lists == on_arrays == machine_code == [0.125, [-1 / 32], [0.75, -0.5]]
    assert "x[0]" in seen["C"]
    assert "softsign" not in seen["C"]  # for there is no such function in C


def test_the_command_line_knows_it(run):
    assert run("-m", "tinygrad_edu", "grad", "softsign(x)", "x=3") == "value = 0.75\n∂/∂x = 0.0625\n"


def test_the_tests_of_the_table_pass_with_it(run):
    files = [f"tests/test_{module}.py" for module in ("gates", "check", "notation", "latex", "expand", "trace")]
    report = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "softsign or table", *files)
    assert int(re.search(r"(\d+) passed", report)[1]) > 10
    assert not re.search(r"failed|error|skipped", report)
