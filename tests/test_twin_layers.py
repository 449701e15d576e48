"""Every layer beside its twin in PyTorch: the same numbers in, the same values and gradients out, to 1e-10."""

import random
from functools import partial

import pytest

from nn import MLP, AvgPool2d, Conv2d, Dropout, Flatten, Layer, MaxPool2d, Neuron, Sequential, Softmax
from nn.layers import each, is_nested
from tinygrad_edu import Value, total

torch = pytest.importorskip("torch", reason="PyTorch is the twin: it comes with the extra `twin`")
F = torch.nn.functional

close = partial(pytest.approx, rel=1e-10, abs=1e-10)


def tensor(numbers):
    return torch.tensor(numbers, dtype=torch.float64, requires_grad=True)


def some(*shape, seed=0):
    """Random numbers in lists of this shape; no two alike, so that nothing ties."""
    numbers = random.Random(seed)

    def block(first, *rest):
        return [block(*rest) if rest else numbers.uniform(-2.0, 2.0) for _ in range(first)]

    return block(*shape)


def flat(nested):
    return [x for part in nested for x in flat(part)] if is_nested(nested) else [nested]


def weigh(outputs):
    """One number that depends on every output in another way."""
    return total([(1.0 + 0.1 * i) * x * x for i, x in enumerate(flat(outputs))])


def assert_twins(model, twin, inputs, parameters):
    """Our model and a function of tensors: outputs, the inputs' gradients, the parameters'.

    `parameters` are the twin's, in the order of ours once laid end to end.
    """
    ours = each(Value, inputs)
    outputs = model(ours)
    weigh(outputs).backward()
    theirs = tensor(inputs)
    expected = twin(theirs)
    flattened = expected.flatten()
    (flattened**2 * (1.0 + 0.1 * torch.arange(len(flattened), dtype=torch.float64))).sum().backward()
    assert [float(x) for x in flat(outputs)] == close(flattened.tolist())
    assert [x.grad for x in flat(ours)] == close(theirs.grad.flatten().tolist())
    assert [p.grad for p in model.parameters()] == close([g for p in parameters for g in p.grad.flatten().tolist()])


def linear_twins(layer):
    """For each neuron its weights and, if it has one, its bias."""
    return [
        (tensor([w.data for w in neuron.weights]), tensor(neuron.bias.data) if neuron.bias is not None else None)
        for neuron in layer.neurons
    ]


def apply_neurons(neurons, x):
    return torch.stack([w @ x if b is None else w @ x + b for w, b in neurons])


def parameters_of(neurons):
    return [p for pair in neurons for p in pair if p is not None]


def jitter(model, seed=3):
    """Biases begin at 0, where a mistake in them would not show."""
    numbers = random.Random(seed)
    for parameter in model.parameters():
        parameter.data += numbers.uniform(-0.5, 0.5)
    return model


ACTIVATIONS = {
    "linear": lambda x: x,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "softplus": F.softplus,
}


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("name", "twin"), ACTIVATIONS.items(), ids=ACTIVATIONS)
def test_a_layer_is_linear_and_an_activation(name, twin, bias):
    layer = jitter(Layer(5, 4, name, bias=bias, seed=1))
    neurons = linear_twins(layer)
    assert_twins(layer, lambda x: twin(apply_neurons(neurons, x)), some(5), parameters_of(neurons))


def test_a_neuron_is_linear_with_one_output():
    neuron = jitter(Neuron(6, "tanh", seed=2))
    weights, bias = tensor([w.data for w in neuron.weights]), tensor(neuron.bias.data)
    assert_twins(neuron, lambda x: torch.tanh(weights @ x + bias), some(6), [weights, bias])


def test_a_multilayer_perceptron_is_layers_in_turn():
    model = jitter(MLP(3, [5, 4, 2], ["relu", "sigmoid"], "softplus", seed=4))
    first, second, third = map(linear_twins, model.layers)

    def twin(x):
        hidden = torch.sigmoid(apply_neurons(second, torch.relu(apply_neurons(first, x))))
        return F.softplus(apply_neurons(third, hidden))

    assert_twins(model, twin, some(3), parameters_of(first + second + third))


def convolution_twins(convolution):
    rows, columns = convolution.kernel_size
    return [
        (
            tensor([w.data for w in kernel.weights]),
            (convolution.in_channels, rows, columns),
            tensor(kernel.bias.data) if kernel.bias is not None else None,
        )
        for kernel in convolution.kernels
    ]


@pytest.mark.parametrize(
    ("settings", "shape"),
    [
        ({"kernel_size": 3}, (2, 6, 5)),
        ({"kernel_size": 1}, (2, 3, 4)),
        ({"kernel_size": (2, 3)}, (2, 5, 7)),
        ({"kernel_size": 3, "stride": 2}, (2, 7, 8)),
        ({"kernel_size": 2, "stride": (3, 1)}, (2, 8, 5)),
        ({"kernel_size": 3, "padding": 1}, (2, 4, 6)),
        ({"kernel_size": (3, 2), "padding": (2, 0), "stride": (2, 3)}, (2, 6, 7)),
        ({"kernel_size": 5, "padding": 2, "bias": False}, (2, 5, 5)),
    ],
)
def test_a_convolution_is_pytorchs(settings, shape):
    convolution = jitter(Conv2d(2, 3, **settings, seed=5))
    twins = convolution_twins(convolution)

    def twin(image):
        weight = torch.stack([w.reshape(kernel) for w, kernel, _ in twins])
        bias = torch.stack([b for *_, b in twins]) if settings.get("bias", True) else None
        return F.conv2d(image, weight, bias, convolution.stride, convolution.padding)

    parameters = [p for w, _, b in twins for p in (w, b) if p is not None]
    assert_twins(convolution, twin, some(*shape), parameters)


@pytest.mark.parametrize(
    ("settings", "shape"),
    [
        ({"kernel_size": 2}, (3, 4, 6)),
        ({"kernel_size": 2}, (1, 5, 5)),
        ({"kernel_size": (3, 2)}, (2, 7, 5)),
        ({"kernel_size": 3, "stride": 2}, (2, 7, 8)),
        ({"kernel_size": 3, "stride": (1, 2), "padding": 1}, (2, 5, 6)),
        ({"kernel_size": (4, 2), "padding": (2, 1)}, (2, 6, 6)),
    ],
)
@pytest.mark.parametrize(("pool", "twin"), [(MaxPool2d, F.max_pool2d), (AvgPool2d, F.avg_pool2d)])
def test_a_pool_is_pytorchs(pool, twin, settings, shape):
    assert_twins(pool(**settings), lambda image: twin(image, **settings), some(*shape), [])


def test_flatten_keeps_pytorchs_order():
    assert_twins(Flatten(), torch.flatten, some(2, 3, 4), [])


def test_softmax_is_pytorchs():
    assert_twins(Softmax(), lambda x: torch.softmax(x, dim=0), some(5), [])


def test_dropout_scales_what_it_leaves_as_pytorch_does():
    """Which inputs are left is each side's own chance, so the twin is told."""
    ours = Dropout(0.4, seed=1)([1.0] * 50)
    kept = F.dropout(torch.ones(50, dtype=torch.float64), 0.4, training=True)
    scales = {x for x in ours if x} | {x for x in kept.tolist() if x}
    assert max(scales) - min(scales) < 1e-15
    mask = tensor([float(x != 0.0) for x in ours]).detach()
    assert_twins(Dropout(0.4, seed=1), lambda x: x * mask / 0.6, some(50), [])


def test_a_small_convolutional_network_is_pytorchs():
    convolution = Conv2d(1, 3, 3, padding=1, activation="relu", seed=6)
    layer = Layer(12, 4, seed=7)
    model = jitter(Sequential(convolution, MaxPool2d(2), "tanh", Flatten(), layer, Softmax()))
    kernels, neurons = convolution_twins(convolution), linear_twins(layer)

    def twin(image):
        weight, bias = torch.stack([w.reshape(shape) for w, shape, _ in kernels]), torch.stack([b for *_, b in kernels])
        hidden = torch.tanh(F.max_pool2d(torch.relu(F.conv2d(image, weight, bias, padding=1)), 2))
        return torch.softmax(apply_neurons(neurons, hidden.flatten()), dim=0)

    parameters = [p for w, _, b in kernels for p in (w, b)] + parameters_of(neurons)
    assert_twins(model, twin, some(1, 4, 4), parameters)
