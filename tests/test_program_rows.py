"""Many rows without NumPy: each row as if it were alone."""

import random

import pytest

from tinygrad_edu import DomainError, Program, Value, dot, total
from tinygrad_edu.gates import GATES
from tinygrad_edu.program.rows import PerRow, mean

NUMBERS = [0.5, 1.25, 2.0]
OTHERS = [2.0, 0.25, -1.0]


@pytest.mark.parametrize("gate", GATES.values(), ids=GATES)
def test_every_gate_row_by_row(gate):
    """Of one input, of two, of groups with a number that is the same for all rows: as the gate has it on numbers."""
    x, y = PerRow.of(NUMBERS), PerRow.of(OTHERS)
    several = "[]" in gate.takes
    for k, (a, b) in enumerate(zip(NUMBERS, OTHERS, strict=True)):
        if gate.name == "dot":
            assert gate([x, 3.0], [2.0, y], x).numbers[k] == pytest.approx(a * 2.0 + 3.0 * b + a, rel=1e-15)
            assert gate([2.0, 3.0], [x, y]).numbers[k] == pytest.approx(2.0 * a + 3.0 * b, rel=1e-15)
        elif several:
            assert gate([x, 3.0, y]).numbers[k] == gate([a, 3.0, b])
        elif len(gate.takes.split(", ")) == 1:
            assert gate(x).numbers[k] == gate(a)
        else:
            assert gate(x, 0.5).numbers[k] == gate(a, 0.5)
            assert gate(x, y).numbers[k] == gate(a, b)


def test_means_by_hand():
    x, y = PerRow.of([1.0, 2.0, 6.0]), PerRow.of([2.0, 0.5, -1.0])
    assert mean(7.0, 3) == 7.0
    assert mean(x, 3) == 3.0
    assert mean(x * y, 3) == -1.0  # (2 + 1 - 6) / 3
    assert mean(x * 4.0, 3) == mean(4.0 * x, 3) == 12.0
    assert mean(x * y + 0.5, 3) == mean(0.5 + x * y, 3) == -0.5
    assert mean(x - y, 3) == 2.5
    assert mean((x + y) * (x + y) + x * y, 3) == pytest.approx(37.25 / 3)  # 9 + 6.25 + 25 - 3


def test_what_is_used_again_is_computed_once():
    x = PerRow.of(NUMBERS)
    product = x * x
    assert product.known is None
    assert product.numbers is product.numbers


@pytest.mark.parametrize("sign", ["+", "*"])
def test_a_long_chain_is_no_deep_recursion(sign):
    y = PerRow.of([1.0, 2.0])
    for _ in range(5000):
        y = y + 1.0 if sign == "+" else y * 1.0
    assert y.numbers == ([5001.0, 5002.0] if sign == "+" else [1.0, 2.0])
    assert mean(y, 2) == (5001.5 if sign == "+" else 1.5)


def test_a_dot_that_overflows_is_told_though_relu_would_hide_it():
    w, v, x = Value(1.0, "w"), Value(1.0, "v"), Value(1.0, "x")
    program = Program(dot([w, v], [x, -x]).relu(), [x], [w, v], backend="python")
    w.data = v.data = 1e200
    with pytest.raises(DomainError, match="too large"):
        program.values([[1.0], [1e200]])


def test_what_is_the_same_for_all_rows_keeps_its_error():
    w, x = Value(1.0, "w"), Value(1.0, "x")
    program = Program(w.log() * x, [x], [w], backend="python")
    w.data = -1.0
    with pytest.raises(DomainError, match=r"labelled .w.*log needs x > 0"):
        program([[1.0], [2.0]])


def test_an_output_without_inputs_is_the_same_for_every_row():
    w, x = Value(3.0), Value(1.0)
    program = Program(total([w, w]) * 2.0, [x], [w], backend="python")
    assert program.values([[1.0], [2.0]]) == [12.0, 12.0]
    assert program([[1.0], [2.0]]) == (12.0, [4.0])


def test_one_row_or_many_are_the_same():
    numbers = random.Random(3)
    w, x = [Value(0.3), Value(-0.7)], [Value(1.0), Value(2.0)]
    program = Program(dot(w, x).tanh() * w[0], x, w, backend="python")
    rows = [[numbers.uniform(-1, 1), numbers.uniform(-1, 1)] for _ in range(5)]
    assert program.values(rows) == pytest.approx([program.values([row])[0] for row in rows], rel=1e-15)
