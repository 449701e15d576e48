"""expand(): every fused gate against mpmath, the lecture's neuron gate by gate, and what a copy must keep."""

import math
import random

import pytest
from hypothesis import given, settings
from reference import exact, exact_slopes, flat, mp, shaped
from test_random_graphs import Recipe, deterministic, in_values, recipes

from tinygrad_edu import DomainError, Group, Value, dot, exp, expand, log, logsumexp, sigmoid, softplus, tanh, total
from tinygrad_edu.backprop import nodes, topological_order
from tinygrad_edu.gates import GATES, Gate
from tinygrad_edu.value import through

EPSILON = 2.0**-52

# The magnitudes and signs between which an expansion loses no more than a few of its last bits. Outside of these
# tanh's squares cancel, softplus's 1 + exp(x) drops the digits of exp(x), terms of opposite signs cancel in a sum,
# and sigmoid's square of its output underflows.
WELL_CONDITIONED = {
    "sigmoid": (1e-9, 300.0, (1.0, -1.0)),
    "tanh": (0.5, 1.0, (1.0, -1.0)),
    "softplus": (1e-9, 300.0, (1.0,)),
    "sum": (1e-4, 1e4, (1.0,)),
    "logsumexp": (0.1, 300.0, (1.0,)),
    "dot": (1e-4, 1e4, (1.0,)),
}
USUAL = (0.3, 3.0, (1.0,))  # in every gate's domain


def points(gate: Gate):
    """Log-uniform points, for groups of one to five members."""
    rng = random.Random(gate.name)
    least, most, signs = WELL_CONDITIONED.get(gate.name, USUAL)

    def number():
        return rng.choice(signs) * math.exp(rng.uniform(math.log(least), math.log(most)))

    for members in [1, 2, 3, 4, 5] * 6:
        yield [[number() for _ in range(members)] if "[]" in name else number() for name in gate.takes.split(", ")]


def gates_of(output):
    return [node.gate.name for node in nodes(output) if node.gate]


def structure(output):
    """The nodes in order, each as its label, its gate, and the numbers of what it is made from."""
    order = topological_order(output)
    place = {node: k for k, node in enumerate(order)}
    rows = []
    for node in order:
        if type(node) is Group:
            rows.append([place.get(x, x) for x in node.members])
        else:
            wires = node.first if type(node.first) is tuple else (node.first, node.second)
            rows.append((node.label, node.gate, node.data, *[place.get(x, x) for x in wires]))
    return rows


# ---------------- the whole table


def test_only_fused_gates_have_points_of_their_own():
    assert set(WELL_CONDITIONED) <= {name for name, gate in GATES.items() if gate.expansion}


@pytest.mark.parametrize("gate", GATES.values(), ids=list(GATES))
def test_an_expanded_gate_has_the_value_and_the_slopes_of_mpmath(gate):
    for inputs in points(gate):
        leaves = [Value(x) for x in flat(inputs)]
        variable = len(leaves) - (len(gate.takes.split(", ")) - len(gate.local))
        wires = shaped(inputs, [*leaves[:variable], *[leaf.data for leaf in leaves[variable:]]])
        output = expand(through(gate, wires))
        output.backward()
        assert output.data == pytest.approx(float(exact(gate, inputs)), rel=16 * EPSILON, abs=0.0), inputs
        with mp.workdps(600):  # at 300, sigmoid differs from 1 in the 131st digit
            slopes = [float(x) for x in exact_slopes(gate, inputs)[:variable]]
        assert [x.grad for x in leaves[:variable]] == pytest.approx(slopes, rel=16 * EPSILON, abs=0.0), inputs


@pytest.mark.parametrize("gate", [gate for gate in GATES.values() if gate.expansion], ids=lambda gate: gate.name)
def test_nothing_fused_is_left(gate):
    inputs = [[Value(0.7), Value(1.1)] if "[]" in name else Value(0.4) for name in gate.takes.split(", ")]
    assert not [name for name in gates_of(expand(gate(*inputs))) if GATES[name].expansion]


@settings(deterministic, max_examples=60)
@given(recipes())
def test_random_graphs_keep_their_value_and_their_gradients(recipe: Recipe) -> None:
    leaves = [Value(x) for x in recipe.leaves]
    output = recipe.run(leaves, in_values)[-1]
    expanded = expand(output)
    output.backward()
    wanted = [leaf.grad for leaf in leaves]
    output.zero_grad()
    expanded.backward()
    assert expanded.data == pytest.approx(output.data, rel=1e-9, abs=1e-10)
    assert [leaf.grad for leaf in leaves] == pytest.approx(wanted, rel=1e-9, abs=1e-10)
    for node in nodes(expanded):
        if node.gate and node.gate.expansion:  # a sum of one value, a fused gate of constants
            variables = [wire for wire in node.wires() if type(wire) is not float]
            assert not variables or len(node.wires()) == 1


# ---------------- the lecture's neuron


def test_a_sigmoid_is_written_out_in_the_gates_of_the_slide():
    x = Value(1.0, "x")
    f = expand(x.sigmoid().named("f"))
    assert gates_of(f) == ["mul", "exp", "add", "reciprocal"]
    assert [node.wires()[1:] for node in nodes(f)[1:]] == [[-1.0], [], [1.0], []]
    assert nodes(f)[0] is x
    assert [node.label for node in nodes(f)] == ["x", "", "", "", "f"]


def test_the_neuron_gets_the_wires_of_the_slide():
    w0, w1, w2, x0, x1 = Value(2, "w0"), Value(-3, "w1"), Value(-3, "w2"), Value(-1, "x0"), Value(-2, "x1")
    f = expand(sigmoid((w0 * x0 + w1 * x1 + w2).named("s")).named("f"))
    f.backward()
    made = [(round(node.data, 2), round(node.grad, 2)) for node in nodes(f) if node.gate]
    assert made == [
        (-2.0, 0.2),
        (6.0, 0.2),
        (4.0, 0.2),
        (1.0, 0.2),
        (-1.0, -0.2),
        (0.37, -0.53),
        (1.37, -0.53),
        (0.73, 1.0),
    ]
    assert [round(leaf.grad, 2) for leaf in (w0, x0, w1, x1, w2)] == [-0.2, 0.39, -0.39, -0.59, 0.2]


def test_a_dot_is_written_out_in_products_and_sums():
    weights, inputs = [Value(2.0), Value(-3.0)], [Value(-1.0), Value(-2.0)]
    f = expand(dot(weights, inputs, Value(-3.0)))
    assert gates_of(f) == ["mul", "mul", "add", "add"]
    assert f.data == 1.0


def test_an_expansion_that_holds_a_fused_gate_is_expanded_again():
    assert gates_of(expand(logsumexp([Value(0.1), Value(0.2), Value(0.3)]))) == ["exp"] * 2 + ["add", "exp", "add"] + [
        "log"
    ]


# ---------------- what a copy keeps


def test_a_graph_without_fused_gates_comes_back_as_an_equal_graph_of_new_values():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    f = ((x * y).named("p") + 2.0 - x / (1.0 + y) + x**3 + (x * y).exp()).named("f")
    copy = expand(f)
    assert structure(copy) == structure(f)
    assert {node for node in nodes(copy) if node in nodes(f)} == {x, y}


def test_a_leaf_is_its_own_expansion():
    x = Value(2.0)
    assert expand(x) is x


def test_the_given_graph_is_left_alone():
    x = Value(0.3, "x")
    f = (x.tanh().named("t") * logsumexp([x, 2.0])).named("f")
    f.backward()
    before, gradients = structure(f), [node.grad for node in nodes(f)]
    expand(f).named("another")
    assert structure(f) == before
    assert [node.grad for node in nodes(f)] == gradients


def test_gradients_arrive_on_the_same_leaves():
    x = Value(0.0)
    f = x.sigmoid()
    f.backward()
    expand(f).backward()
    assert x.grad == 0.25 + 0.25


def test_labels_stay_with_their_values():
    x, y = Value(0.3, "x"), Value(0.4, "y")
    f = ((x.sigmoid().named("s") + y.tanh().named("t")).named("sum")).softplus().named("f")
    values = {node.label: node.data for node in nodes(expand(f)) if node.label}
    s, t = 1.0 / (1.0 + math.exp(-0.3)), math.tanh(0.4)
    assert values == pytest.approx(
        {"x": 0.3, "y": 0.4, "s": s, "t": t, "sum": s + t, "f": math.log1p(math.exp(s + t))}, rel=1e-14
    )


def test_a_value_used_twice_is_expanded_once():
    s = Value(0.3).sigmoid()
    assert gates_of(expand(s * s + s)) == ["mul", "exp", "add", "reciprocal", "mul", "add"]


def test_thirty_doublings_of_a_shared_value_stay_thirty_gates():
    x = Value(0.1).sigmoid()
    for _ in range(30):
        x = x + x
    assert len(gates_of(expand(x))) == 34


def test_a_group_shared_by_gates_that_remain_stays_one_group():
    members = Group([Value(1.0).sigmoid(), Value(2.0)])
    f = expand(GATES["maximum"](members) + GATES["minimum"](members))
    assert [type(node) for node in topological_order(f)].count(Group) == 1


def test_a_sum_of_one_value_stands_as_it_is():
    x = Value(2.0, "x")
    f = expand(total([x]).named("f"))
    assert (gates_of(f), f.label, x.label) == (["sum"], "f", "x")


def test_a_fused_gate_of_constants_alone_stands_as_it_is():
    x = Value(2.0)
    f = expand(x * GATES["sum"](Group([1.0, 2.0])))
    f.backward()
    assert (gates_of(f), f.data, x.grad) == (["sum", "mul"], 6.0, 3.0)


def test_constants_beside_values_stay_constants():
    x = Value(2.0)
    f = expand(dot([1.0, x], [5.0, 3.0], 4.0))
    f.backward()
    assert (f.data, x.grad) == (15.0, 3.0)
    assert [node for node in nodes(f) if node.gate is None] == [x]


def test_a_chain_of_a_hundred_thousand_gates():
    x = top = Value(0.5)
    for k in range(50_000):
        top = (top + 1e-6).sigmoid() if k % 5_000 == 0 else top * 1.0 + 0.0
    expanded = expand(top)
    assert len(gates_of(expanded)) == 100_000 - 10 * 2 + 10 * 5
    assert expanded.data == pytest.approx(top.data, rel=1e-14)
    assert x.grad == 0.0


def test_a_sum_of_a_hundred_thousand_values():
    f = expand(total([Value(1.0) for _ in range(100_000)]))
    f.backward()
    assert (f.data, len(gates_of(f))) == (100_000.0, 99_999)


# ---------------- errors


def test_where_an_elementary_gate_is_not_defined_the_error_names_it_and_the_fused_gate():
    with pytest.raises(DomainError, match=r"exp\(x = 800.0\): the result is too large") as error:
        expand(Value(-800.0).sigmoid())
    assert error.value.__notes__ == ["  in the expansion of sigmoid, which is defined there itself"]


@pytest.mark.parametrize("wrong", [2.0, "x", [Value(1.0)], None])
def test_only_a_value_can_be_expanded(wrong):
    with pytest.raises(TypeError, match="expand needs a Value"):
        expand(wrong)


def test_the_fused_gates_one_calls_are_the_elementary_ones_in_the_end():
    """One graph of all of them, beside the same written by hand."""
    x, y = Value(0.3), Value(0.8)
    fused = sigmoid(x) + tanh(y) * softplus(x) - logsumexp([x, y])
    s, t = exp(2.0 * y), exp(x)
    by_hand = (exp(-x) + 1.0).reciprocal() + (s - 1.0) / (s + 1.0) * log(1.0 + t) - log(t + exp(y))
    by_hand.backward()
    wanted = x.grad, y.grad
    by_hand.zero_grad()
    expand(fused).backward()
    assert (x.grad, y.grad) == pytest.approx(wanted, rel=1e-14)
