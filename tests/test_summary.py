"""The summary of a graph too large to read: what its boxes stand for, and how soon it is there."""

import re
import time

import pytest
from svg import classes, groups, texts

from nn import MLP
from tinygrad_edu import Value, draw, logsumexp, total


def boxes(picture):
    """The texts of every box by its name; of several with one name, the last."""
    by_id = groups(picture)
    return {texts(by_id[key])["name"]: texts(by_id[key]) for key in by_id if key[0] == "b"}


def arrows(picture):
    """How many wires lead from box to box, by name."""
    by_id = groups(picture)
    found = re.findall(r"^\s*(b\d+) -> (b\d+) \[.*?\bid=\"(e\d+)", picture.source, re.M)
    named = {key: texts(by_id[key])["name"] for key in by_id if key[0] == "b"}
    return {(named[tail], named[head]): texts(by_id[key]).get("count", "1") for tail, head, key in found}


def chain(gates):
    x = Value(1.0, "x")
    for _ in range(gates):
        x = x + 1.0
    return x


def wide():
    """600 inputs, each through exp and through a product with the one `scale`, all summed: 1802 values."""
    scale = Value(0.5, "scale")
    return total([Value(i / 600, f"x{i}").exp() * scale for i in range(600)]).named("f")


def test_gates_of_one_kind_at_one_depth_are_one_box():
    shown = boxes(draw(wide()))
    assert {name: text["count"] for name, text in shown.items()} == {
        "inputs": "601 inputs",
        "exp": "600 gates",
        "mul": "600 gates",
        "sum": "1 gate",
    }


def test_the_arrows_say_how_many_wires_there_are():
    assert arrows(draw(wide())) == {
        ("inputs", "exp"): "600",
        ("inputs", "mul"): "600",
        ("exp", "mul"): "600",
        ("mul", "sum"): "600",
    }


def test_before_backward_there_are_no_gradients():
    picture = draw(wide())
    assert all("grad" not in text for text in boxes(picture).values())
    assert "gradient" not in picture.svg


def test_after_backward_the_largest_are_shown_and_named():
    # ∂f/∂scale is the sum of exp(i/600), near 600 (e - 1) = 1031 less half a step; ∂f/∂x is at most e/2 = 1.36
    output = wide()
    output.backward()
    picture = draw(output)
    shown = {name: text["grad"] for name, text in boxes(picture).items()}
    assert shown == {"inputs": "∂ up to 1030.11", "exp": "∂ up to 0.50", "mul": "∂ up to 1", "sum": "∂ up to 1"}
    assert "Largest gradients: scale 1030.11, x599 1.36, x598 1.35" in picture.svg


def test_it_says_that_it_is_a_summary_and_of_how_many_values():
    assert "A summary of 1,802 values: a box stands for gates of one kind at one depth" in draw(wide()).svg


def test_the_output_is_marked():
    by_id = groups(draw(wide()))
    (last,) = [key for key in by_id if "output" in classes(by_id[key])]
    assert texts(by_id[last])["name"] == "sum"


def test_too_many_depths_are_cut_into_bands():
    picture = draw(chain(5000))
    assert "one of 12 bands of depth" in picture.svg
    by_id = groups(picture)
    counts = [texts(by_id[key])["count"] for key in by_id if key[0] == "b"]
    assert sum(int(count.split()[0]) for count in counts if "gate" in count) == 5000
    assert counts.count("1 input") == 1
    assert len(counts) == 13


def digits():
    """The loss of a network on ten rows: 64 inputs, two hidden layers, ten logits."""
    model = MLP(64, [12, 8, 10], activation="relu")
    rows = [model([((i + j) % 7) / 7 for j in range(64)]) for i in range(10)]
    return model, total([logsumexp(row) - row[0] for row in rows])


def test_the_layers_of_a_model_are_folded():
    model, loss = digits()
    loss.backward()
    picture = draw(loss, model=model)
    shown = {name: text.get("count", "") for name, text in boxes(picture).items()}
    # for each row and neuron a dot and, in the hidden layers, a relu; 64 * 12 + 12, 12 * 8 + 8, 8 * 10 + 10 parameters
    assert shown == {
        "layers.0": "240 gates\n780 parameters",
        "layers.1": "160 gates\n104 parameters",
        "layers.2": "100 gates\n90 parameters",
        "logsumexp": "10 gates",
        "sub": "10 gates",
        "sum": "1 gate",
    }
    assert arrows(picture)["layers.0", "layers.1"] == "960"
    assert arrows(picture)["layers.2", "logsumexp"] == "100"
    assert "layers.2.neurons.0.bias" in picture.svg.partition("Largest gradients")[2]


def test_neurons_are_folded_where_they_are_asked_for():
    model, loss = digits()
    shown = boxes(draw(loss, model=model, fold="neurons"))
    neurons = {f"layers.{i}.neurons.{k}" for i, count in enumerate((12, 8, 10)) for k in range(count)}
    assert shown.keys() == neurons | {"logsumexp", "sub", "sum"}
    # on each of ten rows a dot and, in the hidden layers, a relu
    assert shown["layers.0.neurons.11"]["count"] == "20 gates\n65 parameters"
    assert shown["layers.2.neurons.0"]["count"] == "10 gates\n9 parameters"
    assert boxes(draw(loss, model=model, fold="layers")) == boxes(draw(loss, model=model))


def test_more_neurons_than_can_be_read_are_refused_with_the_way_out():
    model = MLP(30, [40, 1])
    with pytest.raises(ValueError, match=r"41 neurons could not be read; fold='layers' can"):
        draw(model([0.5] * 30), model=model, fold="neurons")


def test_a_million_gates_take_seconds_and_no_recursion():
    """Several times what was measured on an idle machine, so that a busy one does not fail it."""
    output = chain(1_000_000)
    start = time.process_time()
    assert "1,000,001 values" in draw(output).svg
    assert time.process_time() - start < 60
