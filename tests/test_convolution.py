"""Conv2d and pooling against sums written out: places, padding, strides, channels, shared weights and their errors."""

import re

import pytest

from nn import AvgPool2d, Conv2d, MaxPool2d
from tinygrad_edu import Value
from tinygrad_edu.backprop import nodes

IMAGE = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]


def numbers(image):
    return [[[float(x) for x in row] for row in channel] for channel in image]


def kernel(weights, bias=0.0, **settings):
    """A convolution from one channel to one, with these weights."""
    rows = len(weights)
    convolution = Conv2d(1, 1, (rows, len(weights[0])), **settings)
    for weight, x in zip(convolution.kernels[0].weights, (x for row in weights for x in row), strict=True):
        weight.data = x
    convolution.kernels[0].bias.data = bias
    return convolution


# ---------------- Conv2d


def test_a_kernel_is_not_turned_over():
    """As PyTorch, and as the lectures' filters: the weight at the top left meets the input at the top left."""
    assert numbers(kernel([[1.0, 0.0], [0.0, 10.0]], bias=0.5)([IMAGE])) == [[[51.5, 62.5], [84.5, 95.5]]]


def test_padding_is_zeros_on_every_side():
    assert numbers(kernel([[1.0] * 3] * 3, padding=1)([IMAGE])) == [[[12, 21, 16], [27, 45, 33], [24, 39, 28]]]


def test_padding_may_differ_down_and_across():
    assert numbers(kernel([[1.0]], padding=(1, 0))([[[5.0, 6.0]]])) == [[[0.0, 0.0], [5.0, 6.0], [0.0, 0.0]]]
    assert numbers(kernel([[1.0]], padding=(0, 1))([[[5.0, 6.0]]])) == [[[0.0, 5.0, 6.0, 0.0]]]


def test_a_stride_skips_places_down_and_across():
    image = [[[10.0 * i + j for j in range(5)] for i in range(4)]]
    assert numbers(kernel([[1.0]], stride=2)(image)) == [[[0, 2, 4], [20, 22, 24]]]
    assert numbers(kernel([[1.0]], stride=(3, 2))(image)) == [[[0, 2, 4], [30, 32, 34]]]


def test_what_does_not_fill_a_window_is_left_out():
    assert numbers(kernel([[1.0, 1.0]], stride=2)([[[1.0, 2.0, 3.0, 4.0, 5.0]]])) == [[[3.0, 7.0]]]


def test_a_kernel_adds_up_all_channels_and_each_kernel_makes_one():
    convolution = Conv2d(2, 3, 1)
    for parameter, x in zip(convolution.parameters(), [1, 10, 0.5, 2, 20, 0, 3, 30, -1], strict=True):
        parameter.data = float(x)
    assert numbers(convolution([[[1.0, 2.0]], [[3.0, 4.0]]])) == [[[31.5, 42.5]], [[62, 84]], [[92, 125]]]


def test_an_output_is_one_dot_gate_and_its_activation():
    outputs = Conv2d(1, 2, 2, activation="tanh")([IMAGE])
    gates = [node.gate.name for channel in outputs for row in channel for x in row for node in nodes(x) if node.gate]
    assert gates == ["dot", "tanh"] * 8


def test_a_shared_weight_adds_up_what_every_place_sends():
    """The four windows of a 2x2 kernel on IMAGE show its weights these inputs; the bias is in all four."""
    convolution = kernel([[1.0, 2.0], [3.0, 4.0]])
    outputs = [x for row in convolution([IMAGE])[0] for x in row]
    sum(outputs[1:], outputs[0]).backward()
    assert [p.grad for p in convolution.parameters()] == [1 + 2 + 4 + 5, 2 + 3 + 5 + 6, 4 + 5 + 7 + 8, 5 + 6 + 8 + 9, 4]


def test_an_input_adds_up_what_every_window_sends_it():
    image = [[[Value(x) for x in row] for row in IMAGE]]
    outputs = [x for row in kernel([[1.0, 2.0], [3.0, 4.0]])(image)[0] for x in row]
    sum(outputs[1:], outputs[0]).backward()
    assert [[x.grad for x in row] for row in image[0]] == [[1, 3, 2], [4, 10, 6], [3, 7, 4]]


@pytest.mark.parametrize(("bias", "count"), [(True, 4 * (2 * 3 * 5 + 1)), (False, 4 * 2 * 3 * 5)])
def test_a_kernel_has_a_weight_for_each_place_of_each_channel(bias, count):
    assert len(Conv2d(2, 4, (3, 5), bias=bias).parameters()) == count


def test_the_first_weights_follow_from_the_seed_and_the_fans():
    """Xavier's fans of a convolution are its channels times the size of the window."""
    assert Conv2d(2, 3, 2, seed=4).state_dict() == Conv2d(2, 3, 2, seed=4).state_dict()
    assert Conv2d(2, 3, 2, seed=4).state_dict() != Conv2d(2, 3, 2, seed=5).state_dict()
    fans = Conv2d(2, 3, (2, 5), initializer=lambda random_numbers, inputs, outputs: inputs + outputs / 1000.0)
    assert {weight.data for neuron in fans.kernels for weight in neuron.weights} == {20.030}


# ---------------- pools


def test_max_pooling_takes_the_largest_of_each_window_of_each_channel():
    image = [[[1.0, 9.0, 2.0, 3.0], [4.0, 5.0, 7.0, 6.0]], [[-1.0, -2.0, -3.0, -4.0], [-5.0, -6.0, -7.0, -8.0]]]
    assert numbers(MaxPool2d(2)(image)) == [[[9.0, 7.0]], [[-1.0, -3.0]]]


def test_max_pooling_sends_the_gradient_to_where_the_number_came_from():
    row = [Value(1.0), Value(9.0), Value(2.0), Value(3.0)]
    ((left, right),) = MaxPool2d((1, 2))([[row]])[0]
    (2.0 * left + 5.0 * right).backward()
    assert [x.grad for x in row] == [0.0, 2.0, 0.0, 5.0]


def test_inputs_that_tie_share_the_gradient():
    row = [Value(4.0), Value(4.0), Value(1.0), Value(4.0)]
    MaxPool2d((1, 4))([[row]])[0][0][0].backward()
    assert [x.grad for x in row] == [1 / 3, 1 / 3, 0.0, 1 / 3]


def test_padding_never_wins():
    assert numbers(MaxPool2d(2, padding=1)([[[-5.0, -6.0], [-7.0, -8.0]]])) == [[[-5.0, -6.0], [-7.0, -8.0]]]


def test_average_pooling_takes_the_mean_and_deals_the_gradient_out():
    row = [Value(1.0), Value(9.0), Value(2.0), Value(4.0)]
    outputs = AvgPool2d((1, 2))([[row]])
    assert numbers(outputs) == [[[5.0, 3.0]]]
    (2.0 * outputs[0][0][0] + 6.0 * outputs[0][0][1]).backward()
    assert [x.grad for x in row] == [1.0, 1.0, 3.0, 3.0]


def test_average_pooling_counts_padding_as_zeros():
    assert numbers(AvgPool2d(2, padding=1)([[[4.0, 8.0], [12.0, 16.0]]])) == [[[1.0, 2.0], [3.0, 4.0]]]


def test_a_pools_stride_is_its_size_unless_told_otherwise():
    row = [[[1.0, 2.0, 3.0, 4.0, 5.0]]]
    assert numbers(MaxPool2d((1, 2))(row)) == [[[2.0, 4.0]]]
    assert numbers(MaxPool2d((1, 2), stride=1)(row)) == [[[2.0, 3.0, 4.0, 5.0]]]
    assert numbers(MaxPool2d((1, 2), stride=(1, 3))(row)) == [[[2.0, 5.0]]]


# ---------------- mistakes


EIGHT = [[0.0] * 8] * 8
MISTAKES = {
    "channels": ([EIGHT] * 3, "Conv2d(1 -> 8, 3x3) was given 3 channels"),
    "none": ([], "Conv2d(1 -> 8, 3x3) was given 0 channels"),
    "a ragged row": ([[[0.0] * 8, [0.0] * 7]], "Conv2d(1 -> 8, 3x3) was given 7 columns in row 1 of channel 0, not 8"),
    "a flat row": ([0.0] * 64, "Conv2d(1 -> 8, 3x3) needs an image, [channel][row][column]"),
    "no channels": (EIGHT, "Conv2d(1 -> 8, 3x3) needs an image, [channel][row][column]"),
    "small": ([[[0.0] * 8] * 2], "Conv2d(1 -> 8, 3x3) was given an image of 2x8"),
    "empty": ([[]], "Conv2d(1 -> 8, 3x3) was given an image of 0x0"),
    "several images": (
        [[[[0.0] * 8] * 8]],
        "Conv2d(1 -> 8, 3x3) needs one image, [channel][row][column], but was given s",
    ),
    "a number": (7.0, "Conv2d(1 -> 8, 3x3) needs an image, [channel][row][column]"),
}


@pytest.mark.parametrize(("image", "message"), MISTAKES.values(), ids=MISTAKES)
def test_an_image_of_another_shape_is_named(image, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Conv2d(1, 8, 3)(image)


def test_channels_of_different_heights_are_named():
    with pytest.raises(ValueError, match=re.escape("Conv2d(2 -> 1, 1x1) was given 2 rows in channel 1, not 1")):
        Conv2d(2, 1, 1)([[[0.0]], [[0.0], [0.0]]])


@pytest.mark.parametrize("pool", [MaxPool2d, AvgPool2d])
def test_a_pool_names_the_shape_of_an_image_too(pool):
    with pytest.raises(ValueError, match=re.escape(f"{pool.__name__}(2x2) was given an image of 1x4")):
        pool(2)([[[1.0, 2.0, 3.0, 4.0]]])
    with pytest.raises(ValueError, match=re.escape(f"{pool.__name__}(2x2) was given 1 columns in row 1 of channel 0")):
        pool(2)([[[1.0, 2.0], [3.0]]])


@pytest.mark.parametrize("pool", [MaxPool2d, AvgPool2d])
def test_a_pool_refuses_an_image_without_channels(pool):
    with pytest.raises(ValueError, match=re.escape(f"{pool.__name__}(2x2) was given 0 channels")):
        pool(2)([])


@pytest.mark.parametrize("x", [float("nan"), float("inf"), "1", None, [1.0]])
@pytest.mark.parametrize("layer", [Conv2d(1, 1, (1, 2)), MaxPool2d((1, 2)), AvgPool2d((1, 2))])
def test_what_is_no_finite_number_is_refused(layer, x):
    """A comparison with nan is false: a maximum would pass over it."""
    for row in ([x, 1.0], [1.0, x]):
        with pytest.raises((TypeError, ValueError), match=r"needs a (finite|real) number|needs one image"):
            layer([[row]])


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Conv2d(0, 1, 1), "in_channels needs to be a whole number, 1 or more, got 0"),
        (lambda: Conv2d(1, 0, 1), "out_channels needs to be a whole number, 1 or more, got 0"),
        (lambda: Conv2d(1, 1, 0), "kernel_size"),
        (lambda: Conv2d(1, 1, (3, 0)), "kernel_size"),
        (lambda: Conv2d(1, 1, (3, 3, 3)), "kernel_size"),
        (lambda: Conv2d(1, 1, 1, stride=0), "stride"),
        (lambda: Conv2d(1, 1, 1, padding=-1), "padding"),
        (lambda: Conv2d(1, 1, 1, padding="same"), "padding"),
        (lambda: Conv2d(1, 1, 1.5), "kernel_size"),
        (lambda: MaxPool2d(2, stride=0), "stride"),
        (lambda: MaxPool2d(3, padding=2), "padding may be half"),
        (lambda: AvgPool2d((4, 2), padding=(2, 2)), "padding may be half"),
        (lambda: Conv2d(1, 1, 1, activation="rectified"), "'rectified'"),
    ],
)
def test_an_impossible_window_is_refused_by_name(build, message):
    with pytest.raises(ValueError, match=message):
        build()
