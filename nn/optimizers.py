"""Optimizers: how the parameters follow their gradients."""

import math
from collections.abc import Iterable

from tinygrad_edu import Value


class SGD:
    """Gradient descent: `p -= lr * velocity`, `velocity = momentum * velocity + p.grad + weight_decay * p`.

    Names, formula and order of arguments are PyTorch's.

    >>> w = Value(3.0)
    >>> descent = SGD([w], lr=0.1)
    >>> (w * w).backward()
    >>> descent.step()
    >>> round(w.data, 6)
    2.4
    """

    def __init__(
        self, parameters: Iterable[Value], lr: float = 1e-3, momentum: float = 0.0, weight_decay: float = 0.0
    ) -> None:
        self.parameters = list(parameters)
        if not self.parameters:
            raise ValueError("SGD got no parameters: there is nothing to train")
        for name, setting in {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}.items():
            if not 0.0 <= setting < math.inf:
                raise ValueError(f"SGD needs a finite {name} of 0 or more, got {setting}")
        self.lr = lr
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.velocities = [0.0] * len(self.parameters)

    def step(self) -> None:
        """Move every parameter once, by its `.grad` of now."""
        for i, parameter in enumerate(self.parameters):
            slope = parameter.grad + self.weight_decay * parameter.data
            self.velocities[i] = self.momentum * self.velocities[i] + slope
            parameter.data -= self.lr * self.velocities[i]

    def zero_grad(self) -> None:
        """Set `.grad` of every parameter to zero."""
        for parameter in self.parameters:
            parameter.grad = 0.0
