"""The ledger: rows derived on paper, in the order of the passes; sums at a fan-out; and that it is backward()'s own."""

import math
import random
from functools import partial

import pytest

from tinygrad_edu import DomainError, Group, Value, dot, logsumexp, maximum, tanh, total
from tinygrad_edu.backprop import nodes
from tinygrad_edu.ledger import ledger

close = partial(pytest.approx, rel=1e-12, abs=1e-12)


def product():
    x, y, z = Value(-2, "x"), Value(5, "y"), Value(-4, "z")
    q = (x + y).named("q")
    return (q * z).named("f")


def logistic_neuron():
    w0, w1, w2, x0, x1 = Value(2, "w0"), Value(-3, "w1"), Value(-3, "w2"), Value(-1, "x0"), Value(-2, "x1")
    a, b = (w0 * x0).named("a"), (w1 * x1).named("b")
    s = ((a + b).named("c") + w2).named("s")
    n = (s * -1.0).named("n")
    e = n.exp().named("e")
    return (e + 1.0).named("d").reciprocal().named("f")


def backward_rows(output):
    """output, gate, input, upstream, local, downstream and total of each row, the Values by their labels."""
    columns = ("output", "gate", "input", "upstream", "local", "downstream", "total")
    return [tuple(row[column] for column in columns) for row in ledger(output).to_dicts()]


def totals(output):
    """The last running total of every Value that has received something."""
    return {row.input: row.total for row in ledger(output).backward}


# ---------------- f = (x + y) z


def test_the_forward_rows_of_the_sum_times_z():
    rows = [
        (row.output.label, row.gate, [x.label for x in row.inputs], row.output.data)
        for row in ledger(product()).forward
    ]
    assert rows == [("q", "add", ["x", "y"], 3.0), ("f", "mul", ["q", "z"], -12.0)]


def test_the_backward_rows_of_the_sum_times_z():
    assert backward_rows(product()) == [
        ("f", "mul", "q", 1.0, -4.0, -4.0, -4.0),
        ("f", "mul", "z", 1.0, 3.0, 3.0, 3.0),
        ("q", "add", "x", -4.0, 1.0, -4.0, -4.0),
        ("q", "add", "y", -4.0, 1.0, -4.0, -4.0),
    ]


def test_the_printed_ledger_of_the_sum_times_z():
    assert str(ledger(product())).splitlines() == [
        "forward",
        "output  gate  inputs         value",
        "q       add   x = -2, y = 5      3",
        "f       mul   q = 3, z = -4    -12",
        "",
        "backward",
        "output  gate  input  ∂output/∂input  upstream  ×  local  =  downstream  total",
        "f       mul   q      z                      1  ×     -4  =          -4     -4",
        "f       mul   z      q                      1  ×      3  =           3      3",
        "q       add   x      1                     -4  ×      1  =          -4     -4",
        "q       add   y      1                     -4  ×      1  =          -4     -4",
    ]


# ---------------- 1 / (1 + exp(-(w0 x0 + w1 x1 + w2)))

E = math.exp(-1.0)
F = 1.0 / (1.0 + E)


def test_the_forward_rows_of_the_logistic_neuron():
    rows = [(row.output.label, row.gate, row.output.data) for row in ledger(logistic_neuron()).forward]
    assert [row[:2] for row in rows] == [
        ("a", "mul"),
        ("b", "mul"),
        ("c", "add"),
        ("s", "add"),
        ("n", "mul"),
        ("e", "exp"),
        ("d", "add"),
        ("f", "reciprocal"),
    ]
    assert [row[2] for row in rows] == close([-2.0, 6.0, 4.0, 1.0, -1.0, E, 1.0 + E, F])


def test_the_backward_rows_of_the_logistic_neuron():
    """-1/d², then 1, e^n, -1; from s on everything is multiplied with F² E = σ(1) (1 - σ(1)), the slides' 0.2."""
    slope = F * F * E
    expected = [
        ("f", "reciprocal", "d", 1.0, -F * F),
        ("d", "add", "e", -F * F, 1.0),
        ("e", "exp", "n", -F * F, E),
        ("n", "mul", "s", -slope, -1.0),
        ("s", "add", "c", slope, 1.0),
        ("s", "add", "w2", slope, 1.0),
        ("c", "add", "a", slope, 1.0),
        ("c", "add", "b", slope, 1.0),
        ("b", "mul", "w1", slope, -2.0),
        ("b", "mul", "x1", slope, -3.0),
        ("a", "mul", "w0", slope, -1.0),
        ("a", "mul", "x0", slope, 2.0),
    ]
    rows = backward_rows(logistic_neuron())
    assert [row[:3] for row in rows] == [row[:3] for row in expected]
    for row, (*_, upstream, local) in zip(rows, expected, strict=True):
        assert row[3:] == close((upstream, local, upstream * local, upstream * local))


@pytest.mark.parametrize(
    ("label", "gradient"), [("w0", -0.20), ("x0", 0.39), ("w1", -0.39), ("x1", -0.59), ("w2", 0.20)]
)
def test_the_totals_of_the_logistic_neuron_are_the_numbers_of_the_slide(label, gradient):
    assert {x.label: round(number, 2) for x, number in totals(logistic_neuron()).items()}[label] == gradient


# ---------------- fan-out: the copy gate adds gradients


def test_the_total_runs_over_all_that_an_input_receives():
    """f = x² y + 3x at (2, 5): x receives 3, then 5 · 2 twice, in all 2xy + 3 = 23."""
    x, y = Value(2.0, "x"), Value(5.0, "y")
    square = (x * x).named("square")
    f = ((square * y).named("left") + (x * 3.0).named("right")).named("f")
    received = [row[5:] for row in backward_rows(f) if row[2] == "x"]
    assert received == [(3.0, 3.0), (10.0, 13.0), (10.0, 23.0)]


def test_a_value_that_enters_a_gate_twice_has_two_rows():
    x = Value(3.0, "x")
    assert backward_rows((x * x).named("f")) == [
        ("f", "mul", "x", 1.0, 3.0, 3.0, 3.0),
        ("f", "mul", "x", 1.0, 3.0, 3.0, 6.0),
    ]


@pytest.mark.parametrize(
    ("build", "locals_"),
    [(lambda x: x + x, [1.0, 1.0]), (lambda x: x - x, [1.0, -1.0]), (lambda x: x / x, [0.25, -0.25])],
)
def test_so_has_one_that_enters_any_other_gate_twice(build, locals_):
    x = Value(4.0)
    assert [row.local for row in ledger(build(x)).backward] == locals_


def test_a_gate_hands_on_what_it_has_received_in_all():
    """q enters two gates: its upstream is the sum of both."""
    x = Value(1.0, "x")
    q = (x * 2.0).named("q")
    f = ((q * 3.0).named("a") + (q * 5.0).named("b")).named("f")
    assert backward_rows(f)[-1] == ("q", "mul", "x", 8.0, 2.0, 16.0, 16.0)


# ---------------- constants


def test_constants_receive_nothing():
    x = Value(2.0, "x")
    f = (1.0 - x * 3.0) / 4.0 + dot([x, 5.0], [6.0, 7.0], 8.0) + maximum(x, 9.0)
    known = set(nodes(f))
    assert {row.input for row in ledger(f).backward} <= known


def test_constants_are_shown_as_numbers_among_the_inputs():
    x = Value(2.0, "x")
    assert "f       sub   1, x = 2     -1" in str(ledger((1.0 - x).named("f")))


def test_a_constant_is_an_input_of_its_forward_row():
    (row,) = ledger(1.0 - Value(2.0, "x")).forward
    assert [(x.label, x.data) for x in row.inputs] == [("", 1.0), ("x", 2.0)]


# ---------------- gates that take groups


def test_every_weight_and_every_input_of_a_dot_has_its_row():
    """∂(w·x + b)/∂w is x, ∂/∂x is w, ∂/∂b is 1; below 2 (w·x + b) all are doubled."""
    w, x = [Value(2.0, "w0"), Value(-3.0, "w1")], [Value(5.0, "x0"), Value(7.0, "x1")]
    h = dot(w, x, Value(1.0, "b")).named("h")
    rows = backward_rows((h * 2.0).named("f"))
    assert sorted(rows) == sorted(
        [
            ("f", "mul", "h", 1.0, 2.0, 2.0, 2.0),
            ("h", "dot", "w0", 2.0, 5.0, 10.0, 10.0),
            ("h", "dot", "w1", 2.0, 7.0, 14.0, 14.0),
            ("h", "dot", "x0", 2.0, 2.0, 4.0, 4.0),
            ("h", "dot", "x1", 2.0, -3.0, -6.0, -6.0),
            ("h", "dot", "b", 2.0, 1.0, 2.0, 2.0),
        ]
    )


def test_a_group_that_many_gates_share_has_a_row_for_each_gate():
    row = Group([Value(5.0, "x0"), Value(7.0, "x1")])
    first, second = dot([1.0, 2.0], row).named("first"), dot([3.0, 4.0], row).named("second")
    rows = backward_rows((first + second).named("f"))
    received = {name: sorted((r[0], r[4]) for r in rows if r[2] == name) for name in ("x0", "x1")}
    assert received == {"x0": [("first", 1.0), ("second", 3.0)], "x1": [("first", 2.0), ("second", 4.0)]}
    assert {r[2]: r[6] for r in rows if r[1] == "dot"} == {"x0": 4.0, "x1": 6.0}


def test_the_constants_of_a_group_have_no_rows():
    x = Value(2.0, "x")
    assert [row[2] for row in backward_rows(total([1.0, x, 3.0]))] == ["x"]


def test_tied_inputs_of_a_maximum_share_its_gradient():
    x, y, z = Value(2.0, "x"), Value(2.0, "y"), Value(1.0, "z")
    assert [row[2:5] for row in backward_rows(maximum(x, y, z))] == [("x", 1.0, 0.5), ("y", 1.0, 0.5), ("z", 1.0, 0.0)]


def test_the_locals_of_logsumexp_are_the_softmax():
    rows = backward_rows(logsumexp([Value(0.0, "x"), Value(math.log(3.0), "y")]))
    assert [row[4] for row in rows] == close([0.25, 0.75])


# ---------------- it is backward()'s own


def messy(seed, gates=60, groups=True):
    """A graph that reuses its nodes freely: every new gate takes any of the earlier ones."""
    numbers = random.Random(seed)
    made = [Value(numbers.uniform(-1.0, 1.0), f"x{i}") for i in range(5)]
    kinds = [
        lambda a, b, c: a + b,
        lambda a, b, c: a * b,
        lambda a, b, c: a - b * 0.5,
        lambda a, b, c: tanh(a),
        lambda a, b, c: 1.5 - a,
        lambda a, b, c: a / (b * b + 1.0),
    ]
    if groups:
        kinds += [
            lambda a, b, c: tanh(dot([a, b], [c, 0.5], a)),
            lambda a, b, c: maximum(a, b, c),
            lambda a, b, c: total([a, b, a, 1.0]) / 4.0,
            lambda a, b, c: logsumexp([a, b, c]),
        ]
    for _ in range(gates):
        made.append(numbers.choice(kinds)(*numbers.choices(made, k=3)))
    return total(made[-5:]) if groups else made[-1] + made[-2] + made[-3]


@pytest.mark.parametrize("seed", range(10))
def test_the_totals_are_exactly_the_gradients_of_backward(seed):
    output = messy(seed, groups=False)
    found = totals(output)
    output.backward()
    assert all(number == node.grad for node, number in found.items())
    assert all(node.grad == 0.0 for node in nodes(output) if node not in found and node is not output)


@pytest.mark.parametrize("seed", range(10))
def test_the_totals_are_the_gradients_of_backward_where_groups_are_summed_first(seed):
    output = messy(seed)
    found = totals(output)
    output.backward()
    assert list(found.values()) == pytest.approx([node.grad for node in found], rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("seed", range(5))
def test_every_row_is_a_product_and_every_total_a_sum(seed):
    sums = {}
    for row in ledger(messy(seed)).backward:
        assert row.downstream == row.upstream * row.local
        sums[row.input] = sums.get(row.input, 0.0) + row.downstream
        assert row.total == sums[row.input]


@pytest.mark.parametrize("seed", range(5))
def test_a_gate_sends_only_when_it_has_received_all(seed):
    output = messy(seed)
    final = totals(output) | {output: 1.0}
    assert all(row.upstream == final[row.output] for row in ledger(output).backward)


@pytest.mark.parametrize("seed", range(5))
def test_forward_rows_come_after_the_rows_of_their_inputs(seed):
    done = set()
    for row in ledger(messy(seed)).forward:
        assert all(x in done for x in row.inputs if x.gate)
        done.add(row.output)


def test_every_gate_has_one_forward_row():
    output = messy(0)
    assert [row.output for row in ledger(output).forward] == [node for node in nodes(output) if node.gate]


def test_gradients_and_numbers_are_left_alone():
    output = messy(0)
    for k, node in enumerate(nodes(output)):
        node.grad = k / 8.0
    before = [(node.data, node.grad) for node in nodes(output)]
    ledger(output)
    assert [(node.data, node.grad) for node in nodes(output)] == before


def test_it_is_the_same_before_and_after_backward():
    output = product()
    before = str(ledger(output))
    output.backward()
    assert str(ledger(output)) == before


def test_where_backward_has_no_finite_slope_the_ledger_has_none():
    x = Value(0.0, "x")
    with pytest.raises(DomainError, match="sqrt"):
        ledger(x.sqrt())
    assert x.grad == 0.0


def test_where_backward_passes_the_ledger_does():
    """Nothing comes down to sqrt, so its infinite slope at 0 is not asked for."""
    x = Value(0.0, "x")
    f = x.sqrt() * 0.0 + x
    f.backward()
    assert totals(f)[x] == x.grad == 1.0


def test_a_leaf_alone_has_no_rows():
    alone = ledger(Value(2.0, "x"))
    assert (alone.forward, alone.backward, alone.to_dicts()) == ([], [], [])
    assert str(alone).startswith("forward\noutput")


def test_a_deep_graph_has_its_ledger():
    x = Value(1.0)
    f = x
    for _ in range(20_000):
        f = f + 1.0
    assert ledger(f).backward[-1].input is x


# ---------------- names, dicts and the tables


def test_what_has_no_label_is_numbered_in_the_order_of_the_forward_pass():
    x, y = Value(2.0), Value(3.0, "y")
    f = (x * y + 1.0).exp()
    assert [ledger(f).names[node] for node in nodes(f)] == ["v1", "y", "v2", "v3", "v4"]


def test_no_numbered_name_is_also_a_label():
    """Else the rows of two Values could not be told apart."""
    x = Value(2.0, "v1")
    assert len(set(ledger(x * 3.0 + 1.0).names.values())) == 3


def test_dicts_have_the_columns_of_the_rows_and_values_by_name():
    assert ledger((Value(2.0, "x") * 3.0).named("f")).to_dicts() == [
        {
            "gate": "mul",
            "output": "f",
            "input": "x",
            "upstream": 1.0,
            "symbol": "3",
            "local": 3.0,
            "downstream": 3.0,
            "before": 0.0,
            "total": 3.0,
        }
    ]


def test_words_are_aligned_to_the_left_and_numbers_to_the_right():
    rate, x = Value(0.125, "the learning rate"), Value(-1000.0, "x")
    assert str(ledger((rate * x).named("f"))).splitlines() == [
        "forward",
        "output  gate  inputs                                value",
        "f       mul   the learning rate = 0.125, x = -1000   -125",
        "",
        "backward",
        "output  gate  input              ∂output/∂input     upstream  ×  local  =  downstream  total",
        "f       mul   the learning rate  x                         1  ×  -1000  =       -1000  -1000",
        "f       mul   x                  the learning rate         1  ×  0.125  =       0.125  0.125",
    ]


def test_numbers_are_shown_with_six_digits_and_kept_with_all():
    x = Value(1.0, "x")
    row = ledger((x / 3.0).named("f"))
    assert "0.333333" in str(row)
    assert row.to_dicts()[0]["local"] == 1.0 / 3.0


def test_a_label_of_two_lines_does_not_break_the_table():
    lines = str(ledger((Value(2.0, "two\nlines") * 3.0).named("f"))).splitlines()
    assert len(lines) == 7


def test_a_long_label_is_cut_in_the_tables_and_whole_in_the_rows():
    x = Value(2, "m" * 1000)
    rows = ledger((x * x).named("n" * 1000))
    for shown in (str(rows), rows._repr_html_()):
        assert "m" * 39 + "… = 2" in shown
        assert "n" * 39 + "…" in shown
        assert "m" * 40 not in shown
        assert "n" * 40 not in shown
    assert rows.to_dicts()[0]["input"] == "m" * 1000
