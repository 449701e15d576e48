"""Activations by name, so that a layer can be described in a word."""

from collections.abc import Callable
from typing import Any

from tinygrad_edu import Value

Activation = Callable[[Any], Any]


def linear(x: Any) -> Any:
    """The sum as it is: the output of a neuron for regression, or a logit."""
    return x


ACTIVATIONS: dict[str, Activation] = {
    "linear": linear,
    "step": Value.step,
    "sigmoid": Value.sigmoid,
    "tanh": Value.tanh,
    "relu": Value.relu,
    "leaky_relu": Value.leaky_relu,
    "elu": Value.elu,
    "softplus": Value.softplus,
}


def activation(chosen: str | Activation) -> Activation:
    """The activation of that name; a function is returned as it is.

    >>> activation("relu")(Value(-3.0)).data
    0.0
    """
    if callable(chosen):
        return chosen
    if chosen not in ACTIVATIONS:
        raise ValueError(f"no activation is called {chosen!r}; there are {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[chosen]
