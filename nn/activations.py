"""Activations by name, so that a layer can be described in a word."""

from collections.abc import Callable
from functools import partial
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


def named(function: Activation) -> tuple[str, dict[str, Any]]:
    """The way back from activation(): the name of a function and, where it is a partial, the settings in it.

    Raises ValueError for a function that has no name here.

    >>> from functools import partial
    >>> named(Value.tanh), named(partial(Value.leaky_relu, alpha=0.1))
    (('tanh', {}), ('leaky_relu', {'alpha': 0.1}))
    """
    called, settings = (function.func, function.keywords) if isinstance(function, partial) else (function, {})
    for name, known in ACTIVATIONS.items():
        if known is called and not (isinstance(function, partial) and function.args):
            return name, settings
    raise ValueError(f"{function!r} is none of the activations with a name: {', '.join(ACTIVATIONS)}")
