"""Neuron, Layer and MLP: what they compute against sums written out, how they begin, and which rows they take."""

import math
import random
import re
from fractions import Fraction
from functools import partial

import numpy as np
import pytest

from nn import MLP, Dropout, Flatten, Layer, Neuron, Sequential, Softmax
from tinygrad_edu import Group, Value
from tinygrad_edu.backprop import nodes

close = partial(pytest.approx, rel=1e-14, abs=1e-15)


def weighted_sum(weights, inputs, bias=0.0):
    return sum((w * x for w, x in zip(weights, inputs, strict=True)), start=bias)


def with_numbers(module, numbers):
    """The module with these parameters, in the order of definition."""
    for parameter, number in zip(module.parameters(), numbers, strict=True):
        parameter.data = number
    return module


def gates_of(output):
    return [node.gate.name for node in nodes(output) if node.gate]


# ---------------- a neuron


def test_a_neuron_is_one_dot_gate():
    assert gates_of(Neuron(5)([1.0] * 5)) == ["dot"]


def test_an_activation_is_one_more_gate():
    assert gates_of(Neuron(5, "tanh")([1.0] * 5)) == ["dot", "tanh"]


def test_a_neuron_is_the_weighted_sum_and_the_bias():
    neuron = with_numbers(Neuron(3), [2.0, -3.0, 0.5, -1.0])
    assert neuron([1.0, 2.0, 4.0]).data == 2.0 - 6.0 + 2.0 - 1.0


def test_each_weights_gradient_is_its_input_and_the_biass_is_one():
    neuron = with_numbers(Neuron(3), [2.0, -3.0, 0.5, -1.0])
    neuron([1.0, 2.0, 4.0]).backward()
    assert [parameter.grad for parameter in neuron.parameters()] == [1.0, 2.0, 4.0, 1.0]


def test_each_inputs_gradient_is_its_weight():
    neuron, row = with_numbers(Neuron(2), [2.0, -3.0, 1.0]), [Value(5.0), Value(7.0)]
    neuron(row).backward()
    assert [x.grad for x in row] == [2.0, -3.0]


def test_a_neuron_without_bias_has_none():
    neuron = with_numbers(Neuron(2, bias=False), [2.0, -3.0])
    assert neuron.bias is None
    assert neuron([5.0, 7.0]).data == -11.0


def test_the_bias_begins_at_zero():
    assert Neuron(4, seed=3).bias.data == 0.0


def test_the_spread_of_a_neurons_weights_depends_on_its_layer():
    """Glorot's limit: the square root of 6 / (inputs + outputs)."""
    alone, among = Neuron(2, seed=5), Neuron(2, seed=5, outputs=22)
    ratio = math.sqrt(6.0 / 24.0) / math.sqrt(6.0 / 3.0)
    assert [w.data for w in among.weights] == close([w.data * ratio for w in alone.weights])


# ---------------- what a row may be


ROWS = {
    "a list": [0.5, 2.0],
    "a tuple": (0.5, 2.0),
    "whole numbers and fractions": [Fraction(1, 2), 2],
    "a NumPy array": np.array([0.5, 2.0]),
    "NumPy single precision": np.array([0.5, 2.0], dtype=np.float32),
    "Values": [Value(0.5), Value(2.0)],
    "numbers and Values": [0.5, Value(2.0)],
    "a Group": Group([0.5, 2.0]),
}
ROW = pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)


@ROW
def test_a_neuron_takes_numbers_and_values(row):
    assert with_numbers(Neuron(2), [4.0, 3.0, 1.0])(row).data == 9.0


@ROW
def test_a_layer_takes_numbers_and_values(row):
    layer = with_numbers(Layer(2, 2), [4.0, 3.0, 1.0, 2.0, -1.0, 0.0])
    assert [output.data for output in layer(row)] == [9.0, -1.0]


@ROW
def test_an_mlp_takes_numbers_and_values(row):
    assert with_numbers(MLP(2, [1, 1]), [4.0, 3.0, 1.0, 2.0, -1.0])(row).data == close(2.0 * math.tanh(9.0) - 1.0)


def test_an_iterator_is_read_once_for_all_neurons():
    layer = with_numbers(Layer(2, 2), [4.0, 3.0, 1.0, 2.0, -1.0, 0.0])
    assert [output.data for output in layer(iter([0.5, 2.0]))] == [9.0, -1.0]


@pytest.mark.parametrize("build", [lambda: Neuron(2), lambda: Layer(2, 1), lambda: MLP(2, [3, 1])])
def test_a_row_of_numbers_takes_no_gradient(build):
    """Only the parameters are leaves of the graph; and they are all of them."""
    module = build()
    output = module([0.5, 2.0])
    leaves = {node for node in nodes(output[0] if isinstance(output, list) else output) if node.gate is None}
    assert leaves == set(module.parameters())


BUILDS = {"neuron": lambda: Neuron(2), "layer": lambda: Layer(2, 3), "mlp": lambda: MLP(2, [3, 1])}
BUILD = pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS)


@pytest.mark.parametrize(
    ("build", "shape"),
    [
        (lambda: Neuron(2), "Neuron(2 -> 1)"),
        (lambda: Layer(2, 3), "Layer(2 -> 3)"),
        (lambda: MLP(2, [3, 1]), "MLP(2 -> 3 -> 1)"),
    ],
)
@pytest.mark.parametrize("row", [[], [1.0], [1.0, 2.0, 3.0], [Value(1.0)], Group([1.0, 2.0, 3.0])])
def test_a_row_of_another_width_is_an_error_that_names_the_shape_and_the_width(build, shape, row):
    with pytest.raises(ValueError, match=re.escape(f"{shape} was given {len(row)} inputs")):
        build()(row)


@BUILD
@pytest.mark.parametrize("row", [["1", "2"], [None, 1.0], [1j, 1.0], [[1.0], [2.0]], [float("nan"), 1.0]])
def test_a_row_of_what_is_no_number_is_refused(build, row):
    with pytest.raises((TypeError, ValueError), match="needs a"):
        build()(row)


@BUILD
@pytest.mark.parametrize("row", [1.0, Value(1.0), None, "ab"], ids=["number", "Value", "None", "text"])
def test_what_is_no_row_is_refused(build, row):
    module = build()
    given = re.escape(
        f"{type(module).__name__} needs a row of numbers: it was given {row!r}; a row of one number is [x]"
    )
    with pytest.raises(TypeError, match=given):
        module(row)


@BUILD
@pytest.mark.parametrize("rows", [[[1.0, 2.0], [3.0, 4.0]], np.ones((2, 2)), [[[1.0]], [[2.0]]]])
def test_several_rows_at_once_or_an_image_are_refused(build, rows):
    with pytest.raises(TypeError, match=r"lists in a list; rows go in one at a time, an image through Flatten\(\)"):
        build()(rows)


WIDTHS = {
    "inputs": [Neuron, lambda n: Layer(n, 2), lambda n: MLP(n, [2])],
    "outputs": [lambda n: Layer(2, n)],
    "each of sizes": [lambda n: MLP(2, [n, 1]), lambda n: MLP(2, [3, n])],
}


@pytest.mark.parametrize(("name", "build"), [(name, build) for name, builds in WIDTHS.items() for build in builds])
def test_a_width_that_is_none_is_refused_by_name(name, build):
    for wrong, kind in [(0, ValueError), (-3, ValueError), (2.0, TypeError), ("2", TypeError), (True, TypeError)]:
        with pytest.raises(kind, match=re.escape(f"{name} needs to be a whole number, 1 or more, got {wrong!r}")):
            build(wrong)


def test_widths_may_be_numpys_integers_and_are_kept_as_plain_ones():
    for module in (Neuron(np.int64(2)), Layer(np.int64(2), np.uint8(3)), MLP(np.int64(2), np.array([4, 1]))):
        assert {type(width) for width in module.widths} == {int}
        assert "int64" not in repr(module)


# ---------------- a layer


def test_every_neuron_of_a_layer_sees_every_input():
    layer = with_numbers(Layer(2, 3), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0])
    assert [output.data for output in layer([10.0, 1.0])] == [15.0, 51.0, 87.0]


@pytest.mark.parametrize(("inputs", "outputs"), [(1, 1), (3, 2), (2, 5)])
@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_has_a_weight_for_each_wire_and_a_bias_for_each_neuron(inputs, outputs, bias):
    layer = Layer(inputs, outputs, bias=bias)
    assert len(layer.parameters()) == inputs * outputs + outputs * bias
    assert len(layer([1.0] * inputs)) == outputs


def test_a_layer_of_one_neuron_gives_a_list_of_one():
    assert len(Layer(2, 1)([1.0, 2.0])) == 1


def test_the_neurons_of_a_layer_begin_unlike():
    weights = [parameter.data for parameter in Layer(3, 4, bias=False).parameters()]
    assert len(set(weights)) == 12


def test_a_layers_weights_begin_with_the_spread_of_its_number_of_outputs():
    first, neuron = Layer(2, 22, seed=5).neurons[0], Neuron(2, seed=5, outputs=22)
    assert [w.data for w in first.weights] == [w.data for w in neuron.weights]


# ---------------- a multilayer perceptron


@pytest.mark.parametrize(
    ("inputs", "sizes", "count"),
    [
        (2, [16, 16, 1], (2 + 1) * 16 + (16 + 1) * 16 + (16 + 1) * 1),
        (2, [16, 16, 1], 337),
        (64, [32, 10], 2_410),
        (3, [1], 4),
        (1, (2, 2, 2), 16),
    ],
)
def test_the_number_of_parameters(inputs, sizes, count):
    assert len(MLP(inputs, sizes).parameters()) == count


def test_without_biases_only_the_wires_count():
    assert len(MLP(2, [16, 16, 1], bias=False).parameters()) == 2 * 16 + 16 * 16 + 16


def test_the_biases_begin_at_zero_and_the_weights_do_not():
    state = MLP(3, [4, 2]).state_dict()
    assert {number for name, number in state.items() if name.endswith("bias")} == {0.0}
    assert 0.0 not in {number for name, number in state.items() if "weights" in name}


def test_an_mlp_of_one_output_gives_a_value():
    assert type(MLP(2, [3, 1])([1.0, 2.0])) is Value


@pytest.mark.parametrize("sizes", [[2], [3, 4]])
def test_an_mlp_of_several_outputs_gives_a_list(sizes):
    outputs = MLP(2, sizes)([1.0, 2.0])
    assert [type(output) for output in outputs] == [Value] * sizes[-1]


HIDDEN = [0.3, -0.8, 0.1, 1.2, 0.4, -0.5]
OUTER = [0.7, -0.9, 0.25]


@pytest.mark.parametrize(
    ("activation", "output", "inner", "last"),
    [
        ("tanh", "linear", math.tanh, lambda h: h),
        ("relu", "linear", lambda h: max(h, 0.0), lambda h: h),
        ("tanh", "sigmoid", math.tanh, lambda h: 1.0 / (1.0 + math.exp(-h))),
        (lambda h: h * h, "linear", lambda h: h * h, lambda h: h),
        (Value.sin, Value.exp, math.sin, math.exp),
    ],
)
def test_activation_is_the_hidden_layers_and_output_is_the_last_layers(activation, output, inner, last):
    model = with_numbers(MLP(2, [2, 1], activation, output), HIDDEN + OUTER)
    row = [1.5, -0.6]
    hidden = [inner(weighted_sum(HIDDEN[:2], row, HIDDEN[2])), inner(weighted_sum(HIDDEN[3:5], row, HIDDEN[5]))]
    assert model(row).data == close(last(weighted_sum(OUTER[:2], hidden, OUTER[2])))


def test_an_mlp_is_tanh_inside_and_linear_at_the_end_unless_told_otherwise():
    assert gates_of(MLP(1, [1, 1, 1])([1.0])) == ["dot", "tanh", "dot", "tanh", "dot"]


def test_the_gradients_of_an_mlp_are_those_of_the_derivation():
    """y = w tanh(u x + a) + b: the hidden weight's is w (1 - tanh²) x."""
    u, a, w, b, x = 0.4, -0.2, 1.5, 0.3, 2.0
    model = with_numbers(MLP(1, [1, 1]), [u, a, w, b])
    model([x]).backward()
    hidden = math.tanh(u * x + a)
    slope = w * (1.0 - hidden**2)
    assert [parameter.grad for parameter in model.parameters()] == close([slope * x, slope, hidden, 1.0])


@pytest.mark.parametrize("sizes", [4, 4.0, None])
def test_one_number_is_no_list_of_sizes_and_the_way_out_is_named(sizes):
    with pytest.raises(
        TypeError, match=rf"got {sizes}: MLP\(2, \[4, 1\]\) has a hidden layer of 4 neurons and one out"
    ):
        MLP(2, sizes)


def test_an_mlp_without_layers_is_refused():
    with pytest.raises(ValueError, match="at least one layer"):
        MLP(2, [])


@pytest.mark.parametrize("build", [lambda: Neuron(2, "rectified"), lambda: Layer(2, 1, "rectified")])
def test_an_unknown_activation_is_refused_with_the_names_there_are(build):
    with pytest.raises(ValueError, match=r"'rectified'.*tanh.*relu"):
        build()


@pytest.mark.parametrize("chosen", [{"activation": "rectified"}, {"output": "rectified"}])
def test_an_mlp_refuses_an_unknown_activation_in_either_place(chosen):
    with pytest.raises(ValueError, match=r"'rectified'.*tanh.*relu"):
        MLP(2, [2, 1], **chosen)


# ---------------- seeds


def test_the_same_seed_gives_the_same_weights_to_the_last_bit():
    assert MLP(3, [4, 2], seed=11).state_dict() == MLP(3, [4, 2], seed=11).state_dict()


def test_another_seed_gives_other_weights():
    first, second = (MLP(3, [4, 2], bias=False, seed=seed).state_dict() for seed in (0, 1))
    assert not set(first.values()) & set(second.values())


def test_a_generator_goes_on_from_one_layer_to_the_next():
    numbers = random.Random(11)
    layers = [Layer(3, 4, seed=numbers), Layer(4, 2, seed=numbers)]
    expected = [parameter.data for layer in layers for parameter in layer.parameters()]
    assert list(MLP(3, [4, 2], seed=11).state_dict().values()) == expected


def test_no_global_random_state_is_touched():
    before, numpys = random.getstate(), np.random.get_state(legacy=False)
    MLP(3, [4, 2], seed=1)([1.0, 2.0, 3.0])
    assert random.getstate() == before
    np.testing.assert_equal(np.random.get_state(legacy=False), numpys)


def test_a_global_seed_changes_nothing():
    random.seed(1)
    first = MLP(3, [4, 2]).state_dict()
    random.seed(2)
    assert MLP(3, [4, 2]).state_dict() == first


# ---------------- how they print


@pytest.mark.parametrize(
    ("module", "text"),
    [
        (Neuron(3), "Neuron(inputs=3, activation=linear, bias=True)"),
        (Neuron(3, Value.tanh, bias=False), "Neuron(inputs=3, activation=tanh, bias=False)"),
        (Layer(3, 2, "relu"), "Layer(inputs=3, outputs=2, activation=relu, bias=True)"),
        (MLP(2, [9, 9, 1]), "MLP(inputs=2, sizes=[9, 9, 1], activation=tanh, output=linear, bias=True)"),
        (
            MLP(2, [9, 9, 1], ["relu", "tanh"], "sigmoid"),
            "MLP(inputs=2, sizes=[9, 9, 1], activation=[relu, tanh], output=sigmoid, bias=True)",
        ),
        (Dropout(0.25), "Dropout(p=0.25)"),
        (Flatten(), "Flatten()"),
        (
            Sequential(Layer(2, 3), Sequential("relu", Softmax())),
            "Sequential(\n  0: Layer(inputs=2, outputs=3, activation=linear, bias=True)\n"
            "  1: Sequential(\n    0: relu\n    1: Softmax()\n  )\n)",
        ),
    ],
)
def test_modules_print_their_shapes_and_activations(module, text):
    assert repr(module) == text


# ---------------- activations and initializers, layer by layer


def test_each_hidden_layer_may_have_an_activation_of_its_own():
    assert gates_of(MLP(1, [1, 1, 1], ["relu", Value.sin], "sigmoid")([1.0])) == [
        "dot",
        "relu",
        "dot",
        "sin",
        "dot",
        "sigmoid",
    ]


@pytest.mark.parametrize("activation", [[], ["tanh"], ["tanh"] * 3, ("relu",)])
def test_another_number_of_activations_than_of_hidden_layers_is_refused(activation):
    with pytest.raises(ValueError, match=f"2 hidden layers needs as many activations, got {len(activation)}"):
        MLP(1, [1, 1, 1], activation)


@pytest.mark.parametrize("build", [partial(Neuron, 3), partial(Layer, 3, 2), partial(MLP, 3, [2, 1])])
def test_an_initializer_by_name_or_function_draws_the_weights_and_not_the_biases(build):
    assert {parameter.data for parameter in build(initializer="zeros").parameters()} == {0.0}
    state = build(initializer=lambda random_numbers, inputs, outputs: 7.0).state_dict()
    assert {number for name, number in state.items() if "weights" in name} == {7.0}
    assert {number for name, number in state.items() if "bias" in name} == {0.0}


def test_an_initializer_is_told_the_widths_of_its_layer():
    model = MLP(3, [4, 2], initializer=lambda random_numbers, inputs, outputs: 10.0 * inputs + outputs)
    assert [layer.neurons[0].weights[0].data for layer in model.layers] == [34.0, 42.0]


def test_an_unknown_initializer_is_refused():
    with pytest.raises(ValueError, match=r"'gauss'.*glorot"):
        Layer(2, 1, initializer="gauss")


# ---------------- Sequential, Softmax, Flatten


def test_a_sequence_feeds_each_layer_with_what_the_one_before_gives():
    first, second = with_numbers(Layer(1, 2), [2.0, 1.0, -3.0, 0.5]), with_numbers(Layer(2, 1), [1.0, 10.0, 0.0])
    (output,) = Sequential(first, "relu", second)([4.0])
    assert output.data == max(0.0, 2.0 * 4.0 + 1.0) + 10.0 * max(0.0, -3.0 * 4.0 + 0.5)
    assert gates_of(output).count("relu") == 2


def test_a_sequence_takes_activations_as_functions_and_applies_them_to_images_too():
    assert [[x.data for x in row] for row in Sequential(lambda x: x * x)([[1.0, 2.0], [3.0]])] == [[1.0, 4.0], [9.0]]


def test_a_sequence_of_nothing_gives_its_inputs():
    assert Sequential()([1.0, 2.0]) == [1.0, 2.0]


def test_a_sequence_names_its_parameters_by_place():
    names = list(Sequential(Flatten(), Layer(1, 1), "tanh", Neuron(1)).state_dict())
    assert names == ["layers.1.neurons.0.weights.0", "layers.1.neurons.0.bias", "layers.3.weights.0", "layers.3.bias"]


def test_a_sequence_names_the_layer_that_does_not_fit():
    with pytest.raises(ValueError, match=re.escape("Layer(4 -> 1) was given 3 inputs")):
        Sequential(Layer(2, 3), Layer(4, 1))([1.0, 2.0])


def test_an_activation_after_a_model_of_one_output_acts_on_that_one():
    model = Sequential(with_numbers(MLP(1, [1]), [2.0, 1.0]), "relu")
    assert (model([3.0]).data, model([-3.0]).data) == (7.0, 0.0)


def test_softmax_gives_probabilities():
    assert [p.data for p in Softmax()([Value(math.log(w)) for w in (1.0, 2.0, 5.0)])] == close([0.125, 0.25, 0.625])


def test_softmax_of_what_is_no_row_is_refused():
    for wrong, kind in [(Value(1.0), TypeError), ([[1.0, 2.0]], TypeError), ([], ValueError)]:
        with pytest.raises(kind, match=r"^Softmax (needs a row of numbers|was given 0 inputs)"):
            Softmax()(wrong)


@pytest.mark.parametrize("x", [1.0, Value(1.0), "text"])
def test_flatten_of_one_number_is_refused(x):
    with pytest.raises(TypeError, match="Flatten needs an image, or lists in lists, got"):
        Flatten()(x)


def test_a_sequence_is_not_given_a_list():
    with pytest.raises(TypeError, match=r"Sequential\(\*layers\)"):
        Sequential([Layer(2, 3), Layer(3, 1)])


def test_the_class_of_a_module_is_no_activation():
    with pytest.raises(TypeError, match=r"not a class: Softmax\(\) makes a module of it"):
        Sequential(Layer(2, 3), Softmax)


def test_flatten_goes_through_lists_of_any_depth_in_order():
    assert Flatten()([[[1.0, 2.0], [3.0]], 4.0, [[[5.0]]], []]) == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert Flatten()(np.arange(8.0).reshape(2, 2, 2)) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]


def test_text_in_an_image_is_refused_by_the_layer_that_meets_it():
    with pytest.raises(TypeError, match="real number"):
        Sequential(Flatten(), Layer(2, 1))([["1", "2"]])


# ---------------- Dropout


def test_dropout_sets_inputs_to_zero_and_scales_the_others():
    outputs = Dropout(0.75)([1.0] * 1000)
    assert set(outputs) == {0.0, 4.0}
    assert 200 < outputs.count(4.0) < 300  # 250 ± 13.7


def test_a_dropped_input_gets_no_gradient_and_the_others_the_scale():
    row = [Value(1.0) for _ in range(20)]
    outputs = Dropout(0.5, seed=2)(row)
    sum(outputs).backward()
    assert [x.grad for x in row] == [2.0 if isinstance(output, Value) else 0.0 for output in outputs]
    assert {x.grad for x in row} == {0.0, 2.0}


def test_dropout_draws_anew_each_time_and_the_same_from_the_same_seed():
    first, second, other = Dropout(0.5, seed=1), Dropout(0.5, seed=1), Dropout(0.5, seed=2)
    calls = [first([1.0] * 50) for _ in range(3)]
    assert calls == [second([1.0] * 50) for _ in range(3)]
    assert len({tuple(call) for call in (*calls, other([1.0] * 50))}) == 4


def test_dropout_takes_images():
    outputs = Dropout(0.5, seed=3)([[[1.0, 1.0], [1.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]]])
    assert [[len(row) for row in channel] for channel in outputs] == [[2, 2], [2, 2]]
    assert {x for channel in outputs for row in channel for x in row} == {0.0, 2.0}


def test_a_layer_after_dropout_learns_from_what_is_left():
    model = Sequential(Dropout(0.5, seed=1), "tanh", Layer(4, 1))
    (output,) = model([1.0] * 4)
    output.backward()
    left = [float(x) for x in Dropout(0.5, seed=1)([1.0] * 4)]
    assert [w.grad for w in model.layers[2].neurons[0].weights] == close([math.tanh(x) for x in left])


@pytest.mark.parametrize(("p", "outputs"), [(0.0, [3.0, 4.0]), (1.0, [0.0, 0.0])])
def test_dropout_of_nothing_and_of_everything(p, outputs):
    assert Dropout(p)([3.0, 4.0]) == outputs


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_dropout_needs_a_probability(p):
    with pytest.raises(ValueError, match="probability from 0 to 1"):
        Dropout(p)


@pytest.mark.parametrize(
    ("p", "message"),
    [
        ("0.5", r"a probability from 0 to 1, got '0\.5'; convert text with float\(\)"),
        (Value(0.5), r"a probability from 0 to 1, got Value\(.*; its number is \.data"),
        (None, "a probability from 0 to 1, got None"),
    ],
)
def test_dropout_of_what_is_no_number_names_the_way_out(p, message):
    with pytest.raises(TypeError, match=f"^Dropout needs {message}$"):
        Dropout(p)


def test_eval_lets_everything_pass_and_train_goes_back():
    dropout, row = Dropout(0.5, seed=1), [Value(1.0), Value(2.0)]
    assert dropout.eval()(row) == row
    assert 0.0 in [x for _ in range(20) for x in dropout.train()(row)]
