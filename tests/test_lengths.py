"""What the wires of a graph run past, counted by hand."""

import pytest

from tinygrad_edu import Value, dot
from tinygrad_edu.backprop import nodes
from tinygrad_edu.drawing.lengths import passed


@pytest.mark.parametrize("gates", [1, 2, 3, 10])
def test_the_wire_of_one_value_into_a_row_of_gates_passes_all_gates_before(gates):
    b = Value(1.0)
    s = b
    for _ in range(gates):
        s = s + b
    assert passed(nodes(s)) == sum(range(gates))


def test_a_value_with_one_use_stands_before_its_gate_however_late_that_is():
    s = Value(0.0)
    for x in range(10):
        s = s + Value(x).tanh()
    assert passed(nodes(s)) == 0


def test_a_member_of_a_group_is_counted_as_any_other_and_a_constant_is_not():
    x = Value(1.0)
    deep = x.exp().exp() + 3.0
    assert passed(nodes(dot([2.0, deep], [x, x]))) == 6  # two wires, each past exp, exp and +


def test_a_leaf_alone_has_no_wires():
    assert passed([Value(1.0)]) == 0
