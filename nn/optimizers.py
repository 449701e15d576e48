"""Optimizers: how the parameters follow their gradients."""

import math
from collections.abc import Iterable

from tinygrad_edu import DomainError, Value, gates

Memory = tuple[float, ...]


class Optimizer:
    """Parameters, a learning rate, and for each parameter some numbers to remember from step to step.

    A kind of optimizer is a `move`: where one parameter goes, by its number, its gradient and its memory. `begin` is
    the memory before the first step. `lr` can be assigned between steps.
    """

    begin: Memory = ()

    def __init__(self, parameters: Iterable[Value], lr: float, **settings: float) -> None:
        self.parameters = list(parameters)
        name = type(self).__name__
        if not self.parameters:
            raise ValueError(f"{name} got no parameters: there is nothing to train")
        for parameter in self.parameters:
            if not isinstance(parameter, Value) or parameter.gate:
                raise TypeError(f"{name} moves Values that no gate made, got {parameter!r}")
        if len({*self.parameters}) < len(self.parameters):
            raise ValueError(f"{name} got a parameter twice: it would move twice in a step")
        for setting, number in {"lr": lr, **settings}.items():
            if not 0.0 <= number < math.inf:
                raise ValueError(f"{name} needs a finite {setting} of 0 or more, got {number}")
        self.lr = lr
        self.memories = [self.begin] * len(self.parameters)

    def move(self, number: float, gradient: float, memory: Memory) -> tuple[float, Memory]:
        """The number of one parameter after a step, and what to remember of it."""
        raise NotImplementedError(f"{type(self).__name__} does not say how a parameter moves: give it a `move`")

    def step(self) -> None:
        """Move every parameter once, by its `.grad` of now.

        Raises DomainError, and has moved none, where a step is too large for a double. The memories change last and
        all at once: a step that is cut short has not touched them.
        """
        pairs = zip(self.parameters, self.memories, strict=True)
        moves = [self.move(parameter.data, parameter.grad, memory) for parameter, memory in pairs]
        for parameter, (number, memory) in zip(self.parameters, moves, strict=True):
            if not all(map(math.isfinite, (number, *memory))):
                raise DomainError(gates.sub, (parameter,), "the step from here is too large for a double; lower the lr")
        for parameter, (number, _) in zip(self.parameters, moves, strict=True):
            parameter.data = number
        self.memories = [memory for _, memory in moves]

    def zero_grad(self) -> None:
        """Set `.grad` of every parameter to zero."""
        for parameter in self.parameters:
            parameter.grad = 0.0


class SGD(Optimizer):
    """Gradient descent: `p -= lr * velocity`, `velocity = momentum * velocity + p.grad + weight_decay * p`.

    With `nesterov`, `p -= lr * (p.grad + weight_decay * p + momentum * velocity)`: the velocity looks a step ahead.
    Lecture 002 without its options, w ← w - η ∇E(w); momentum after Polyak (1964) and Sutskever et al. (2013). Names
    and formulas are PyTorch's.

    >>> w = Value(3.0)
    >>> descent = SGD([w], lr=0.1)
    >>> (w * w).backward()
    >>> descent.step()
    >>> round(w.data, 6)
    2.4
    """

    begin = (0.0,)

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float = 1e-3,
        momentum: float = 0.0,
        *,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(parameters, lr, momentum=momentum, weight_decay=weight_decay)
        if nesterov and momentum == 0.0:
            raise ValueError("SGD needs a momentum above 0 for nesterov to look ahead with")
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.nesterov = nesterov

    def move(self, number: float, gradient: float, memory: Memory) -> tuple[float, Memory]:
        """One parameter down its velocity."""
        (velocity,) = memory
        slope = gradient + self.weight_decay * number
        velocity = self.momentum * velocity + slope
        ahead = slope + self.momentum * velocity if self.nesterov else velocity
        return number - self.lr * ahead, (velocity,)


class RMSProp(Optimizer):
    """Steps of a like size for every parameter: the gradient over the root of its mean square (Hinton 2012).

    `square = alpha * square + (1 - alpha) * slope²`, with `slope = p.grad + weight_decay * p`;
    `velocity = momentum * velocity + slope / (√square + eps)`; `p -= lr * velocity`.
    PyTorch's RMSprop: names, formulas, order of arguments and defaults.

    >>> w = Value(3.0)
    >>> descent = RMSProp([w], lr=0.1)
    >>> (w * w).backward()
    >>> descent.step()
    >>> round(w.data, 6)
    2.0
    """

    begin = (0.0, 0.0)

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, alpha=alpha, eps=eps, weight_decay=weight_decay, momentum=momentum)
        _needs_share("RMSProp", "alpha", alpha)
        _needs_eps("RMSProp", eps)
        self.alpha = alpha
        self.eps = eps
        self.weight_decay = weight_decay
        self.momentum = momentum

    def move(self, number: float, gradient: float, memory: Memory) -> tuple[float, Memory]:
        """One parameter down its gradient over the root of the mean square."""
        square, velocity = memory
        slope = gradient + self.weight_decay * number
        square = self.alpha * square + (1.0 - self.alpha) * slope * slope
        velocity = self.momentum * velocity + slope / (math.sqrt(square) + self.eps)
        return number - self.lr * velocity, (square, velocity)


class Adam(Optimizer):
    """The mean of the gradients over the root of the mean of their squares (Kingma and Ba 2015).

    `mean = beta1 * mean + (1 - beta1) * slope` and `square = beta2 * square + (1 - beta2) * slope²`, with
    `slope = p.grad + weight_decay * p`. Both begin at 0; divided by 1 - beta1ᵗ and 1 - beta2ᵗ after t steps they are
    true means. `p -= lr * mean / (√square + eps)`.
    Names, formulas, order of arguments and defaults are PyTorch's.

    >>> w = Value(3.0)
    >>> descent = Adam([w], lr=0.1)
    >>> (w * w).backward()
    >>> descent.step()
    >>> round(w.data, 6)
    2.9
    """

    begin = (0.0, 0.0, 0.0)

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, eps=eps, weight_decay=weight_decay)
        for beta in betas:
            _needs_share(type(self).__name__, "beta", beta)
        _needs_eps(type(self).__name__, eps)
        self.betas = betas
        self.eps = eps
        self.weight_decay = weight_decay

    def move(self, number: float, gradient: float, memory: Memory) -> tuple[float, Memory]:
        """One parameter, with the decay as a part of the slope."""
        return self.adapt(number, gradient + self.weight_decay * number, memory)

    def adapt(self, number: float, slope: float, memory: Memory) -> tuple[float, Memory]:
        """One parameter down the mean slope over the root of the mean square."""
        steps, mean, square = memory
        beta1, beta2 = self.betas
        steps += 1.0
        mean = beta1 * mean + (1.0 - beta1) * slope
        square = beta2 * square + (1.0 - beta2) * slope * slope
        spread = math.sqrt(square / (1.0 - beta2**steps))
        return number - self.lr * (mean / (1.0 - beta1**steps)) / (spread + self.eps), (steps, mean, square)


class AdamW(Adam):
    """Adam with the decay apart from the slope: first `p *= 1 - lr * weight_decay` (Loshchilov and Hutter 2019).

    So weights with large gradients decay as much as the others. Names, order of arguments and defaults are PyTorch's.

    >>> w = Value(3.0)
    >>> descent = AdamW([w], lr=0.1, weight_decay=0.5)
    >>> (w * w).backward()
    >>> descent.step()
    >>> round(w.data, 6)
    2.75
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(parameters, lr, betas, eps, weight_decay)

    def move(self, number: float, gradient: float, memory: Memory) -> tuple[float, Memory]:
        """One parameter, decayed and then moved."""
        return self.adapt(number * (1.0 - self.lr * self.weight_decay), gradient, memory)


def clip_gradients(parameters: Iterable[Value], max_norm: float) -> float:
    """Scale the gradients together so that their norm √(Σ grad²) is at most max_norm; return the norm before.

    Between `backward()` and `step()`: one steep place then throws the parameters no further than max_norm (Pascanu,
    Mikolov and Bengio 2013). The factor is PyTorch's clip_grad_norm_'s, max_norm / (norm + 1e-6), where that is
    below 1.

    >>> x, y = Value(0.0), Value(0.0)
    >>> (30.0 * x + 40.0 * y).backward()
    >>> clip_gradients([x, y], max_norm=5.0)
    50.0
    >>> round(x.grad, 6), round(y.grad, 6)
    (3.0, 4.0)
    """
    if not 0.0 < max_norm < math.inf:
        raise ValueError(f"clip_gradients needs a finite max_norm above 0, got {max_norm}")
    parameters = list(parameters)
    norm = math.hypot(*[parameter.grad for parameter in parameters])
    if not math.isfinite(norm):
        raise ValueError("clip_gradients got gradients whose norm is too large for a double")
    factor = min(1.0, max_norm / (norm + 1e-6))
    for parameter in parameters:
        parameter.grad *= factor
    return norm


def _needs_share(optimizer: str, setting: str, number: float) -> None:
    """A mean keeps that share of what it was; with 1 it would never take anything in."""
    if not 0.0 <= number < 1.0:
        raise ValueError(f"{optimizer} needs {setting} from 0 to below 1, got {number}")


def _needs_eps(optimizer: str, eps: float) -> None:
    if eps == 0.0:
        raise ValueError(f"{optimizer} needs an eps above 0: it keeps a gradient of 0 from being divided by 0")
