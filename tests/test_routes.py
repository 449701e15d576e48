"""routes(): which row of the ledger runs along which wire."""

import pytest

from tinygrad_edu import Group, Value, dot, ledger, total
from tinygrad_edu.drawing.routes import routes


def locals_of(output, node=None):
    """The local gradients along the wires of a gate, by place."""
    found = routes(output, ledger(output).backward)
    return {k: row.local for (gate, k), row in found.items() if gate is (node or output)}


def test_each_wire_has_its_row():
    x, y = Value(2, "x"), Value(5, "y")
    assert locals_of(x * y) == {0: 5.0, 1: 2.0}


def test_a_constant_has_none():
    x = Value(2, "x")
    assert locals_of(3.0 - x) == {1: -1.0}


def test_a_gate_to_which_nothing_is_sent_has_none():
    x = Value(-1, "x")
    inner = x * 2.0
    assert locals_of(inner.relu(), inner) == {}


def test_one_value_in_both_places():
    # pow(x, y): y x^(y-1) and x^y ln x, at x = y = 2: 4 and 4 ln 2
    x = Value(2, "x")
    assert locals_of(x**x) == pytest.approx({0: 4.0, 1: 2.772588722239781})


@pytest.mark.parametrize("first_seen", ["weights", "inputs"])
def test_a_value_among_weights_inputs_and_bias(first_seen):
    a, c = Value(2, "a"), Value(7, "c")
    weights, inputs = Group([a, c, 5.0]), Group([3.0, a, a])
    early = total(weights if first_seen == "weights" else inputs)
    gate = dot(weights, inputs, a)
    assert locals_of(early + gate, gate) == {0: 3.0, 1: 2.0, 4: 7.0, 5: 5.0, 6: 1.0}


def test_one_group_as_weights_and_inputs():
    a, c = Value(2, "a"), Value(7, "c")
    group = Group([a, c])
    assert locals_of(dot(group, group)) == {0: 2.0, 1: 7.0, 2: 2.0, 3: 7.0}


def test_two_gates_that_share_a_group():
    a, c = Value(2, "a"), Value(7, "c")
    group = Group([a, c, a])
    first, second = dot([1.0, 2.0, 3.0], group), dot([4.0, 5.0, 6.0], group)
    assert locals_of(first * second, first) == {3: 1.0, 4: 2.0, 5: 3.0}
    assert locals_of(first * second, second) == {3: 4.0, 4: 5.0, 5: 6.0}
