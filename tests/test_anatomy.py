"""parts(): which gates belong to which part of a model."""

import pytest

from nn import MLP, Layer, Neuron, Perceptron
from tinygrad_edu import Value, total
from tinygrad_edu.backprop import nodes
from tinygrad_edu.drawing.anatomy import outermost, part_of, parts


def gates_by_part(model, output):
    """For each part the names of its gates, in the order of the forward pass."""
    found = parts(nodes(output), {parameter: name for name, parameter in model.named_parameters()})
    gates = {}
    for node in nodes(output):
        if node.gate:
            gates.setdefault(found.get(node), []).append(node.gate.name)
    return gates


@pytest.mark.parametrize(
    ("name", "part", "outer"),
    [
        ("layers.0.neurons.2.weights.1", "layers.0.neurons.2", "layers.0"),
        ("layers.10.neurons.2.bias", "layers.10.neurons.2", "layers.10"),
        ("neurons.2.bias", "neurons.2", "neurons.2"),
        ("weights.1", "", ""),
        ("bias", "", ""),
        ("kernels.3.0.1", "", ""),
    ],
)
def test_a_parameters_name_says_where_it_is(name, part, outer):
    assert (part_of(name), outermost(part_of(name))) == (part, outer)


def test_a_neuron_has_its_dot_and_its_activation():
    model = MLP(2, [2, 1], activation="tanh")
    x = [Value(1, "x0"), Value(2, "x1")]
    assert gates_by_part(model, model(x)) == {
        "layers.0.neurons.0": ["dot", "tanh"],
        "layers.0.neurons.1": ["dot", "tanh"],
        "layers.1.neurons.0": ["dot"],
    }


def test_an_activation_with_a_constant_belongs_to_its_neuron():
    model = Neuron(1, activation="leaky_relu")
    assert gates_by_part(model, model([Value(1)])) == {"model": ["dot", "leaky_relu"]}


def test_a_perceptron_is_all_one_part():
    model = Perceptron(2)
    assert gates_by_part(model, model([Value(1), Value(2)])) == {"model": ["dot", "step"]}


def test_a_loss_belongs_to_no_part():
    model = Neuron(1, activation="tanh")
    assert gates_by_part(model, (model([Value(1)]) - 1.0) ** 2) == {"model": ["dot", "tanh"], None: ["sub", "power"]}


def test_only_the_first_activation_belongs_to_the_neuron():
    model = Neuron(1, activation="tanh")
    assert gates_by_part(model, model([Value(1)]).relu()) == {"model": ["dot", "tanh"], None: ["relu"]}


def test_what_shares_the_sum_with_another_gate_is_not_its_activation():
    model = Neuron(1)
    z = model([Value(1)])
    assert gates_by_part(model, z.softplus() - z) == {"model": ["dot"], None: ["softplus", "sub"]}


def test_a_neuron_in_elementary_gates_is_one_part():
    model = Neuron(2)
    (w0, w1, b), (x0, x1) = model.parameters(), (Value(1), Value(2))
    assert gates_by_part(model, (w0 * x0 + w1 * x1 + b).relu()) == {"model": ["mul", "mul", "add", "add", "relu"]}


def test_a_gate_of_several_neurons_belongs_to_none():
    model = Layer(1, 2)
    assert gates_by_part(model, total(model([Value(1)]))) == {"neurons.0": ["dot"], "neurons.1": ["dot"], None: ["sum"]}
    weights = [neuron.weights[0] for neuron in model.neurons]
    assert gates_by_part(model, weights[0] * weights[1]) == {None: ["mul"]}


def test_every_row_of_a_batch_belongs_to_the_same_neuron():
    model = Neuron(1, activation="relu")
    rows = total([model([Value(1)]), model([Value(2)])])
    assert sorted(gates_by_part(model, rows)["model"]) == ["dot", "dot", "relu", "relu", "sum"]
