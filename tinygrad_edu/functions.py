"""The gates as one calls them: `exp(x)`, `maximum(x, 0)`, `dot(weights, inputs, bias)`.

Each takes Values and numbers. With a Value among them the result is a Value that records the gate; numbers alone
give a number. They hold over the whole double range and raise DomainError outside the gate's domain.
"""

from collections.abc import Iterable
from typing import Any

from tinygrad_edu import gates

exp = gates.exp
log = gates.log
sqrt = gates.sqrt
sin = gates.sin
cos = gates.cos
tanh = gates.tanh
relu = gates.relu
softplus = gates.softplus
reciprocal = gates.reciprocal
step = gates.step
logsumexp = gates.logsumexp


def sigmoid(x: Any, beta: Any = 1.0) -> Any:
    """1 / (1 + exp(-beta x)).

    The slope parameter beta is a mul gate before the sigmoid gate: the chain rule supplies the beta of
    σ' = beta σ (1 - σ).

    >>> sigmoid(0.0)
    0.5
    """
    return gates.sigmoid(x if type(beta) is float and beta == 1.0 else gates.mul(beta, x))


def leaky_relu(x: Any, alpha: Any = 0.01) -> Any:
    """Give x where it is positive, else alpha * x. The default is PyTorch's; the lectures use 0.1."""
    return gates.leaky_relu(x, alpha)


def elu(x: Any, alpha: Any = 1.0) -> Any:
    """Give x where it is positive, else alpha * (exp(x) - 1)."""
    return gates.elu(x, alpha)


def maximum(*values: Any) -> Any:
    """The largest of the values: the gradient router. Ties share the gradient equally.

    >>> maximum(2.0, 5.0, 3.0)
    5.0
    """
    return gates.maximum(values)


def minimum(*values: Any) -> Any:
    """The smallest of the values. Ties share the gradient equally."""
    return gates.minimum(values)


def total(values: Iterable[Any]) -> Any:
    """The sum of the values as one gate, rounded once. Python's own sum() makes a chain of add gates."""
    return gates.sum(values)


def dot(weights: Iterable[Any], inputs: Iterable[Any], bias: Any = None) -> Any:
    """A neuron before its activation, weights · inputs + bias, as one gate.

    Where many gates share weights or inputs, make a Group of them once: the backward pass then walks it once.

    >>> dot([2.0, -3.0], [-1.0, -2.0], -3.0)
    1.0
    """
    return gates.dot(weights, inputs) if bias is None else gates.dot(weights, inputs, bias)


def softmax(values: Iterable[Any]) -> list[Any]:
    """Values as probabilities: exp(v) / Σ exp(v), for each v; all positive, their sum 1.

    >>> softmax([0.0, 0.0])
    [0.5, 0.5]
    """
    values = list(values)
    top = gates.maximum(values)
    shifted = [x - top for x in values]
    scale = gates.logsumexp(shifted)
    return [exp(x - scale) for x in shifted]
