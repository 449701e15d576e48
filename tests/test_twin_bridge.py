"""to_torch and from_torch: the same numbers on both sides of the bridge, and what it does not let pass."""

import random
from functools import partial

import pytest

from nn import (
    MLP,
    AvgPool2d,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    MaxPool2d,
    Module,
    Neuron,
    Perceptron,
    Sequential,
    Softmax,
    from_torch,
    to_torch,
)
from nn.layers import each, is_nested
from tinygrad_edu import Value, total

torch = pytest.importorskip("torch", reason="PyTorch is the twin: it comes with the extra `twin`")

close = partial(pytest.approx, rel=1e-10, abs=1e-10)


def flat(nested):
    return [x for part in nested for x in flat(part)] if is_nested(nested) else [nested]


def some(*shape, seed=0):
    """Random numbers in lists of this shape; no two alike, so that nothing ties."""
    numbers = random.Random(seed)

    def block(first, *rest):
        return [block(*rest) if rest else numbers.uniform(-2.0, 2.0) for _ in range(first)]

    return block(*shape)


def ours(model, inputs):
    """Outputs, the inputs' gradients and the parameters' as they come out of our engine."""
    inputs = each(Value, inputs)
    outputs = flat(model(inputs))
    total([(1.0 + 0.1 * i) * x * x for i, x in enumerate(outputs)]).backward()
    return (
        [x.data for x in outputs],
        [x.grad for x in flat(inputs)],
        sorted(p.grad for p in model.parameters()),
    )


def theirs(network, inputs):
    """The same from PyTorch, for a batch of one. Gradients of parameters are sorted: only their order differs."""
    batch = torch.tensor([inputs], dtype=torch.float64, requires_grad=True)
    outputs = network(batch).flatten()
    (outputs**2 * (1.0 + 0.1 * torch.arange(len(outputs), dtype=torch.float64))).sum().backward()
    gradients = [x for p in network.parameters() for x in p.grad.flatten().tolist()]
    return outputs.tolist(), batch.grad.flatten().tolist(), sorted(gradients)


def assert_same(first, second):
    for one, other in zip(first, second, strict=True):
        assert one == close(other)


def jitter(model, seed=3):
    """Biases begin at 0, where a mistake in them would not show."""
    numbers = random.Random(seed)
    for parameter in model.parameters():
        parameter.data += numbers.uniform(-0.5, 0.5)
    return model


def leaky(alpha):
    return partial(Value.leaky_relu, alpha=alpha)


MODELS = {
    "neuron": (lambda: Neuron(4, "sigmoid"), (4,)),
    "layer": (lambda: Layer(4, 3, "tanh"), (4,)),
    "without bias": (lambda: Layer(4, 3, bias=False), (4,)),
    "mlp": (lambda: MLP(3, [5, 4, 2], ["relu", "softplus"], "elu"), (3,)),
    "mlp of one output": (lambda: MLP(3, [5, 1], leaky(0.1)), (3,)),
    "sequential": (lambda: Sequential(Layer(3, 4), "tanh", Sequential(Layer(4, 2), leaky(0.3)), Softmax()), (3,)),
    "own alpha": (lambda: Sequential(Layer(3, 4, partial(Value.elu, alpha=0.7)), "leaky_relu"), (3,)),
    "convolution": (lambda: Conv2d(2, 3, (2, 3), (1, 2), (1, 0), activation="tanh"), (2, 4, 5)),
    "convolution without bias": (lambda: Conv2d(2, 3, 2, bias=False), (2, 4, 5)),
    "pools": (lambda: Sequential(MaxPool2d(3, 2, 1), AvgPool2d((2, 1))), (2, 6, 7)),
    "network": (
        lambda: Sequential(
            Conv2d(1, 3, 3, padding=1, activation="relu"), MaxPool2d(2), Flatten(), Dropout(0.5).eval(), Layer(12, 4)
        ),
        (1, 4, 4),
    ),
}
MODEL = pytest.mark.parametrize(("build", "shape"), MODELS.values(), ids=MODELS)


@MODEL
def test_a_model_and_its_copy_in_pytorch_give_the_same(build, shape):
    model = jitter(build())
    assert_same(theirs(to_torch(model), some(*shape)), ours(model, some(*shape)))


@MODEL
def test_a_model_comes_back_from_pytorch(build, shape):
    model = jitter(build())
    back = from_torch(to_torch(model))
    assert [p.data for p in back.parameters()] == [p.data for p in model.parameters()]
    assert_same(ours(back, some(*shape)), ours(model, some(*shape)))


NETWORKS = {
    "linear": (lambda: torch.nn.Linear(4, 3), (4,)),
    "tanh": (lambda: torch.nn.Sequential(torch.nn.Linear(4, 3, bias=False), torch.nn.Tanh()), (4,)),
    "activation": (lambda: torch.nn.LeakyReLU(0.2), (4,)),
    "nested": (
        lambda: torch.nn.Sequential(
            torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ELU(0.5), torch.nn.Identity()),
            torch.nn.Sigmoid(),
            torch.nn.Linear(3, 2),
            torch.nn.Softplus(),
            torch.nn.Softmax(dim=-1),
        ),
        (4,),
    ),
    "convolutional": (
        lambda: torch.nn.Sequential(
            torch.nn.Conv2d(2, 3, (3, 2), stride=(1, 2), padding=1),
            torch.nn.ReLU(),
            torch.nn.AvgPool2d(2, stride=1, padding=1),
            torch.nn.MaxPool2d(2),
            torch.nn.Flatten(),
            torch.nn.Linear(18, 2),
        ),
        (2, 5, 5),
    ),
}


@pytest.mark.parametrize(("build", "shape"), NETWORKS.values(), ids=NETWORKS)
def test_a_network_of_pytorch_and_its_copy_give_the_same(build, shape):
    torch.manual_seed(0)
    network = build().double()
    assert_same(ours(from_torch(network), some(*shape)), theirs(network, some(*shape)))


def test_single_precision_is_taken_as_it_is():
    network = torch.nn.Linear(3, 1)
    weights = [w.data for w in from_torch(network).neurons[0].weights]
    assert weights == network.weight[0].tolist()


def test_the_copy_is_in_double_precision_and_its_own():
    model = jitter(Layer(2, 1))
    network = to_torch(model)
    assert [p.dtype for p in network.parameters()] == [torch.float64] * 2
    model.neurons[0].bias.data = 100.0
    assert 100.0 not in network.bias.tolist()


def test_the_example_of_the_docstring():
    printed = "\n".join(line[8:] for line in to_torch.__doc__.splitlines() if line.startswith(" " * 8))
    assert repr(to_torch(Layer(2, 3, "tanh"))) == printed


def test_softplus_is_exact_where_pytorchs_own_threshold_is_not():
    """log(1 + e^21) = 21 + 7.58e-10; PyTorch's default says 21."""
    model = Sequential("softplus")
    (x,) = to_torch(model)(torch.tensor([21.0], dtype=torch.float64)).tolist()
    assert x - 21.0 == pytest.approx(7.582560427911907e-10, rel=1e-4)


@pytest.mark.parametrize("training", [True, False])
def test_the_mode_crosses_the_bridge(training):
    model = Sequential(Layer(2, 2), Dropout(0.5)).train(training)
    network = to_torch(model)
    assert {part.training for part in network.modules()} == {training}
    assert {part.training for part in from_torch(network).modules()} == {training}


def test_dropout_keeps_its_probability():
    assert to_torch(Dropout(0.3)).p == 0.3
    assert from_torch(torch.nn.Dropout(0.3)).p == 0.3


def test_no_random_state_of_pytorch_is_touched():
    before = torch.random.get_rng_state()
    to_torch(Sequential(Conv2d(1, 1, 1), Layer(2, 2)))
    assert torch.equal(before, torch.random.get_rng_state())


# ---------------- what does not pass


class Twice(Module):
    def __call__(self, inputs):
        return [2.0 * x for x in inputs]


class Other(Softmax):
    """Not what it seems."""


SHARED = Layer(2, 2)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Twice(), "Twice"),
        (Sequential(Layer(2, 2), Twice()), "Twice"),
        (Other(), "Other"),
        (Perceptron(2), "Perceptron"),
        (Layer(2, 1, "step"), "step"),
        (Layer(2, 1, partial(Value.sigmoid, beta=2.0)), "sigmoid.*beta"),
        (Layer(2, 1, lambda x: x * x), "none of the activations"),
        (Sequential(SHARED, "tanh", SHARED), "two places"),
    ],
)
def test_what_pytorch_has_no_module_for_is_refused(model, message):
    with pytest.raises(ValueError, match=message):
        to_torch(model)


class Reversed(torch.nn.Linear):
    def forward(self, inputs):
        return -super().forward(inputs)


LINEAR = torch.nn.Linear(2, 2)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (torch.nn.LSTM(2, 2), "LSTM"),
        (torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.GELU()), "GELU"),
        (Reversed(2, 2), "Reversed"),
        (torch.nn.Conv2d(2, 2, 3, dilation=2), "dilation"),
        (torch.nn.Conv2d(2, 2, 3, groups=2), "groups"),
        (torch.nn.Conv2d(2, 2, 3, padding_mode="reflect"), "padding_mode"),
        (torch.nn.Conv2d(2, 2, 3, padding="same"), "padding"),
        (torch.nn.MaxPool2d(2, ceil_mode=True), "ceil_mode"),
        (torch.nn.MaxPool2d(2, dilation=2), "dilation"),
        (torch.nn.MaxPool2d(2, return_indices=True), "return_indices"),
        (torch.nn.AvgPool2d(2, ceil_mode=True), "ceil_mode"),
        (torch.nn.AvgPool2d(2, count_include_pad=False), "count_include_pad"),
        (torch.nn.AvgPool2d(2, divisor_override=3), "divisor_override"),
        (torch.nn.Flatten(0), "start_dim"),
        (torch.nn.Softmax(dim=0), "dim"),
        (torch.nn.Softplus(beta=2), "beta"),
        (torch.nn.Sequential(LINEAR, torch.nn.Tanh(), LINEAR), "two places"),
    ],
)
def test_what_nn_has_no_module_for_is_refused(network, message):
    with pytest.raises(ValueError, match=message):
        from_torch(network)


def test_a_network_that_has_diverged_is_refused():
    network = torch.nn.Linear(2, 1)
    with torch.no_grad():
        network.weight[0, 1] = float("nan")
    with pytest.raises(ValueError, match="finite"):
        from_torch(network)
