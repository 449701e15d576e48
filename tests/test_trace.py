"""The gates of a program: those that every backend knows, and others by the expansion in their row."""

import math

import numpy as np
import pytest

from nn import MLP
from tinygrad_edu import Program, Value, total
from tinygrad_edu.gates import GATES, Gate, abs, reciprocal
from tinygrad_edu.program import arrays
from tinygrad_edu.program.code import KNOWN
from tinygrad_edu.program.mathematics import Mathematics

SOFTSIGN = Gate(
    "softsign", "x", "softsign", r"\operatorname{softsign}\left(#1\right)",
    lambda x: x / (1.0 + math.fabs(x)),
    (lambda out, x: reciprocal(1.0 + abs(x)) ** 2.0,),
    expansion=lambda x: x / (1.0 + abs(x)),
)  # fmt: skip
ARCTAN = Gate("arctan", "x", "arctan", r"\arctan\left(#1\right)", math.atan, (lambda out, x: 1.0 / (1.0 + x * x),))

GROUPS = {"stack", "pick", "part"}  # which make groups and take them apart
REDUCING = {name for name, gate in GATES.items() if "[]" in gate.takes}


def test_every_gate_of_the_table_is_known_or_can_be_written_out():
    assert {name for name, gate in GATES.items() if not gate.expansion or "[]" in gate.takes} <= KNOWN


def test_what_is_known_has_a_function_on_every_backend():
    assert GATES.keys() >= KNOWN - GROUPS
    assert all(hasattr(Mathematics, gate) for gate in KNOWN - GROUPS - REDUCING)
    operators = {"add", "sub", "mul", "div", "neg", "power"}  # of Python itself
    assert arrays.gates().keys() == KNOWN - GROUPS - operators


@pytest.mark.parametrize("backend", ["python", "llvm"])
def test_a_gate_that_no_backend_knows_runs_by_its_expansion(backend):
    w, x = Value(1.0, "w"), Value(3.0, "x")
    program = Program(SOFTSIGN(w * x), [x], [w], backend)
    assert program([[3.0], [-1.0]]) == (0.125, [(3 / 16 - 1 / 4) / 2])  # x / (1 + |x|) and x / (1 + |x|)²
    assert list(program.values([[3.0], [-1.0], [0.0]])) == [0.75, -0.5, 0.0]
    assert "softsign" not in program.source + program.to_c()


@pytest.mark.parametrize("backend", ["python", "llvm"])
def test_and_on_constants(backend):
    w = Value(2.0, "w")
    program = Program(w * SOFTSIGN(Value(3.0)), [], [w], backend)
    assert program([[]]) == (1.5, [0.75])


@pytest.mark.parametrize("backend", ["python", "llvm"])
def test_a_layer_of_such_gates_has_the_gradient_of_the_eager_engine(backend):
    model, row = MLP(3, [4, 5], activation=SOFTSIGN, seed=1), [Value(0.5), Value(-1.5), Value(2.0)]
    output = total(model(row))
    mean, gradient = Program(output, row, model.parameters(), backend)([[0.5, -1.5, 2.0]])
    output.backward()
    assert mean == pytest.approx(output.data, rel=1e-14)
    assert list(gradient) == pytest.approx([w.grad for w in model.parameters()], rel=1e-13, abs=1e-16)


def test_a_gate_without_an_expansion_is_left_to_python():
    x = Value(1.0)
    program = Program(ARCTAN(x), [x], [])
    assert program.backend == "python"
    assert "from tinygrad_edu.gates import arctan" in program.source
    way_out = "has no arctan gate, and the gate's row no expansion: give it one, or take backend='python'"
    with pytest.raises(ValueError, match=f"^the llvm backend {way_out}$"):
        Program(ARCTAN(x), [x], [], backend="llvm")
    with pytest.raises(ValueError, match=f"^C {way_out}$"):
        program.to_c()


def test_there_it_runs_on_lists_and_on_arrays(monkeypatch):
    monkeypatch.setitem(GATES, "arctan", ARCTAN)
    w, x = Value(2.0), Value(1.0)
    program = Program(ARCTAN(w * x), [x], [w])
    rows = [[0.5], [-1.0]]
    for given in (rows, np.array(rows)):
        mean, gradient = program(given)
        assert mean == pytest.approx((math.atan(1.0) - math.atan(2.0)) / 2)
        assert list(gradient) == pytest.approx([(0.5 / 2.0 - 1.0 / 5.0) / 2])  # x / (1 + (w x)²)
        assert list(program.values(given)) == pytest.approx([math.atan(1.0), -math.atan(2.0)])
