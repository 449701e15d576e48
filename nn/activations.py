"""Activations by name, so that a layer can be described in a word.

name        formula                               in the lectures
linear      x                                     000 and 004: layers of nothing else are worth one layer
step        1 if x > 0 else 0                     000, 001 and 003; in 001 also with 1 at 0
sign        1, 0 or -1, as x is                   003, the perceptron's decision
sigmoid     1 / (1 + exp(-beta x))                all; with beta in 002, here 1 unless told otherwise
tanh        (e^x - e^-x) / (e^x + e^-x)           000, 001, 003
relu        max(0, x)                             000, 001, 003
leaky_relu  x if x > 0 else alpha x               001, 003 with alpha = 0.1; 0.01, PyTorch's, unless told otherwise
elu         x if x > 0 else alpha (e^x - 1)       001, alpha = 1 unless told otherwise
softplus    log(1 + e^x)                          a smooth relu; its slope is the sigmoid

Softmax is not among them: it is a function of all outputs of a layer together.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from tinygrad_edu import Value, logsumexp, step

Activation = Callable[[Any], Any]


def linear(x: Any) -> Any:
    """The sum as it is: the output of a neuron for regression, or a logit.

    >>> linear(3.0)
    3.0
    """
    return x


def sign(x: Any) -> Any:
    """1 for a positive x, -1 for a negative one and 0 for 0, as in PyTorch. Its slope is 0 everywhere.

    >>> sign(0.5), sign(0.0), sign(-3.0)
    (1.0, 0.0, -1.0)
    """
    return step(x) - step(-x)


ACTIVATIONS: dict[str, Activation] = {
    "linear": linear,
    "step": Value.step,
    "sign": sign,
    "sigmoid": Value.sigmoid,
    "tanh": Value.tanh,
    "relu": Value.relu,
    "leaky_relu": Value.leaky_relu,
    "elu": Value.elu,
    "softplus": Value.softplus,
}


def activation(chosen: str | Activation) -> Activation:
    """The activation of that name; a function is returned as it is.

    With another alpha or beta than the usual it is a partial. Raises ValueError for an unknown name, TypeError for the
    class of a module.

    >>> activation("relu")(Value(-3.0)).data
    0.0
    >>> from functools import partial
    >>> activation(partial(Value.leaky_relu, alpha=0.1))(Value(-5.0)).data
    -0.5
    """
    if isinstance(chosen, type):
        raise TypeError(f"an activation is a function, not a class: {chosen.__name__}() makes a module of it")
    if callable(chosen):
        return chosen
    if not isinstance(chosen, str) or chosen not in ACTIVATIONS:
        names = ", ".join(ACTIVATIONS)
        raise ValueError(f"no activation is called {chosen!r}; there are {names}, and Softmax() behind a layer")
    return ACTIVATIONS[chosen]


def named(function: Activation) -> tuple[str, dict[str, Any]]:
    """The way back from activation(): the name of a function and, where it is a partial, the settings in it.

    Raises ValueError for a function that has no name here.

    >>> from functools import partial
    >>> named(Value.tanh), named(partial(Value.leaky_relu, alpha=0.1))
    (('tanh', {}), ('leaky_relu', {'alpha': 0.1}))
    """
    called, settings = function, dict[str, Any]()
    if isinstance(function, partial) and not function.args:
        called, settings = function.func, function.keywords
    for name, known in ACTIVATIONS.items():
        if known is called:
            return name, settings
    raise ValueError(f"{function!r} is none of the activations with a name: {', '.join(ACTIVATIONS)}")


def log_softmax(logits: Iterable[Any]) -> list[Any]:
    """The logarithms of softmax(logits): z - log Σ exp(z), for each z.

    They are finite where the probability itself is too small for a double.

    >>> log_softmax([0.0, -800.0])
    [0.0, -800.0]
    """
    logits = list(logits)
    scale = logsumexp(logits)
    return [z - scale for z in logits]
