"""draw(): its options, what it refuses, and that it leaves the graph alone."""

import re
import time

import pytest
from svg import groups, texts, values

from nn import MLP
from tinygrad_edu import Value, draw, maximum, total
from tinygrad_edu.backprop import nodes


def product():
    x, y, z = Value(-2, "x"), Value(5, "y"), Value(-4, "z")
    return ((x + y).named("q") * z).named("f")


def chain(gates):
    x = Value(1.0, "x")
    for _ in range(gates):
        x = x + 1.0
    return x


def is_summary(picture):
    return "summary" in picture.title


def size(picture):
    width, height = re.search(r'viewBox="\S+ \S+ (\S+) (\S+)"', picture.svg).groups()
    return float(width), float(height)


def test_drawing_changes_nothing():
    output = product()
    output.backward()
    before = [(node.data, node.grad, node.label) for node in nodes(output)]
    _ = draw(output, local=True, copies=True).svg
    assert [(node.data, node.grad, node.label) for node in nodes(output)] == before


def test_a_picture_is_of_the_moment_it_is_drawn():
    output = product()
    picture = draw(output)
    output.backward()
    assert "grad" not in values(picture)[0]


@pytest.mark.parametrize(("direction", "rank"), [("right", "LR"), ("down", "TB")])
def test_the_direction_is_that_of_the_forward_pass(direction, rank):
    assert f"rankdir={rank}" in draw(product(), direction=direction).source


def test_right_is_wider_and_down_is_higher():
    wide, high = draw(chain(8)), draw(chain(8), direction="down")
    assert size(wide)[0] > size(wide)[1]
    assert size(high)[0] < size(high)[1]


@pytest.mark.parametrize(
    ("decimals", "data", "grad"),
    [(0, "0.3", "-0.1"), (1, "0.3", "-0.1"), (2, "0.33", "-0.11"), (4, "0.3333", "-0.1111")],
)
def test_numbers_are_rounded_to_so_many_decimals_but_not_to_zero(decimals, data, grad):
    x = Value(3, "x")
    f = x.reciprocal()
    f.backward()
    shown = values(draw(f, decimals=decimals))
    assert (shown[1]["data"], shown[0]["grad"]) == (data, grad)


def test_values_can_be_left_out():
    output = product()
    output.backward()
    assert values(draw(output, values=False))[0] == {"name": "x", "grad": "-4"}


def test_gradients_can_be_left_out():
    output = product()
    output.backward()
    assert values(draw(output, gradients=False))[0] == {"name": "x", "data": "-2"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"direction": "up"}, "'right' or 'down', not 'up'"),
        ({"fold": "weights", "model": MLP(1, [1])}, "'neurons' or 'layers', not 'weights'"),
        ({"fold": "layers"}, "model=model"),
        ({"decimals": -1}, "decimals"),
        ({"decimals": 2.5}, "decimals"),
    ],
)
def test_what_cannot_be_drawn_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        draw(product(), **options)


def test_options_are_given_by_name():
    with pytest.raises(TypeError):
        draw(product(), "down")


def test_only_a_value_can_be_drawn():
    with pytest.raises(TypeError, match=r"draw needs a Value, got list"):
        draw([product()])


def test_up_to_a_thousand_values_are_drawn_and_more_are_summarised():
    assert not is_summary(draw(chain(999)))
    assert is_summary(draw(chain(1000)))


def test_more_wires_than_can_be_followed_are_summarised():
    leaves = [Value(i) for i in range(100)]
    assert not is_summary(draw(total([maximum(*leaves) for _ in range(29)])))
    assert is_summary(draw(total([maximum(*leaves) for _ in range(30)])))


def row(gates):
    """One value that enters each of the gates in a row."""
    b = Value(0.5, "b")
    s = b
    for _ in range(gates):
        s = s + b
    return s


def test_wires_that_run_past_more_than_can_be_followed_are_summarised():
    assert not is_summary(draw(row(100)))
    assert is_summary(draw(row(200)))


@pytest.mark.parametrize("gates", [44, 45, 140])
def test_one_value_in_every_gate_of_a_row_is_laid_out_at_once(gates):
    """A layout that takes every care takes minutes."""
    _ = draw(product()).svg
    start = time.process_time()
    assert "<svg" in draw(row(gates)).svg
    assert time.process_time() - start < 5.0


def test_texts_on_many_wires_are_laid_out_in_a_hurry():
    """With every care it takes six times as long."""
    leaves = [Value(i) for i in range(100)]
    output = total([maximum(*leaves) for _ in range(29)])
    assert "mclimit" in draw(output, local=True).source
    assert "mclimit" not in draw(output).source
    assert "mclimit" not in draw(chain(99), local=True).source


def test_a_model_without_parameters_in_the_graph_changes_nothing():
    assert values(draw(product(), model=MLP(1, [1]))) == values(draw(product()))


def test_local_gradients_at_a_kink_are_those_of_the_table():
    by_id = groups(draw(Value(0.0, "x").relu(), local=True))
    assert texts(by_id["w1-0"])["local"] == "0"


@pytest.mark.parametrize(("gates", "seconds"), [(99, 0.5), (999, 5.0)])
def test_a_picture_takes_no_longer_than_it_takes_to_look_at_it(gates, seconds):
    """Ten times and five times what was measured on an idle machine: a layout gone wrong, not a busy machine."""
    _ = draw(product()).svg
    start = time.process_time()
    _ = draw(chain(gates)).svg
    assert time.process_time() - start < seconds
