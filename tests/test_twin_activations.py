"""Activations beside PyTorch's: values and slopes to 1e-10."""

from functools import partial

import pytest

from nn.activations import ACTIVATIONS, activation, log_softmax
from tinygrad_edu import Value, softmax

torch = pytest.importorskip("torch", reason="PyTorch is in the extra `twin`: pip install '.[twin]'")
functional = torch.nn.functional

close = partial(pytest.approx, rel=1e-10, abs=1e-10)

# PyTorch's softplus is x itself beyond a threshold of 20, which is off by up to 2e-9; ours keeps the digits.
whole_softplus = partial(functional.softplus, threshold=700.0)

TWINS = {
    "linear": ("linear", torch.nn.Identity()),
    "step": ("step", lambda x: torch.heaviside(x.detach(), torch.zeros((), dtype=x.dtype)) + 0.0 * x),
    "sign": ("sign", torch.sign),
    "sigmoid": ("sigmoid", torch.sigmoid),
    "sigmoid, beta 2.5": (partial(Value.sigmoid, beta=2.5), lambda x: torch.sigmoid(2.5 * x)),
    "tanh": ("tanh", torch.tanh),
    "relu": ("relu", functional.relu),
    "leaky_relu": ("leaky_relu", functional.leaky_relu),
    "leaky_relu, alpha 0.1": (partial(Value.leaky_relu, alpha=0.1), partial(functional.leaky_relu, negative_slope=0.1)),
    "elu": ("elu", functional.elu),
    "elu, alpha 0.3": (partial(Value.elu, alpha=0.3), partial(functional.elu, alpha=0.3)),
    "softplus": ("softplus", whole_softplus),
}


def test_every_activation_has_a_twin():
    assert {name.partition(",")[0] for name in TWINS} == ACTIVATIONS.keys()


@pytest.mark.parametrize("number", [-700.0, -30.0, -2.5, -1.0, -1e-9, 0.0, 1e-9, 0.3, 1.0, 4.0, 21.0, 30.0, 700.0])
@pytest.mark.parametrize(("ours", "theirs"), TWINS.values(), ids=TWINS)
def test_an_activation_and_its_slope(ours, theirs, number):
    """At 0 too: a kink belongs to its left side in both."""
    x, twin = Value(number), torch.tensor(number, dtype=torch.float64, requires_grad=True)
    y, twin_y = activation(ours)(x), theirs(twin)
    y.backward()
    twin_y.backward()
    assert (y.data, x.grad) == close((twin_y.item(), twin.grad.item()))


@pytest.mark.parametrize("logits", [[0.0, 0.0], [1.0, 2.0, 3.0], [-0.5, 4.0, 0.3, -2.2], [50.0, -50.0, 0.0]], ids=str)
@pytest.mark.parametrize(("ours", "theirs"), [(softmax, torch.softmax), (log_softmax, torch.log_softmax)])
def test_softmax_and_its_logarithm(ours, theirs, logits):
    for k in range(len(logits)):
        z, twin = [Value(x) for x in logits], torch.tensor(logits, dtype=torch.float64, requires_grad=True)
        y, twin_y = ours(z)[k], theirs(twin, dim=0)[k]
        y.backward()
        twin_y.backward()
        assert y.data == close(twin_y.item())
        assert [leaf.grad for leaf in z] == close(twin.grad.tolist())
