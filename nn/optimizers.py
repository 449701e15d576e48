"""Optimizers: how the parameters follow their gradients.

A rule is stated once, for one parameter, and holds for all of them at once where NumPy's arrays stand for the numbers.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from nn.settings import needs
from tinygrad_edu import DomainError, Value, gates

Number = Any  # a parameter's, a float; or that of each parameter, in an array
Column = Any  # a number for each parameter: a list or an array


class Optimizer:
    """Parameters, a learning rate, and columns of numbers to remember from step to step.

    A kind of optimizer is a `move`: where a parameter goes, by its number, its gradient and what is remembered of its
    steps so far. `remembers` is how many numbers that is; they begin at 0.

    lr      the learning rate, which can be assigned between steps
    taken   how many steps there have been
    memory  a column for each of the numbers to remember
    """

    remembers = 0

    def __init__(self, parameters: Iterable[Value], lr: float) -> None:
        name = type(self).__name__
        if not hasattr(parameters, "__iter__"):
            raise TypeError(f"{name} moves parameters, as {name}(model.parameters()) does, got {parameters!r}")
        self.parameters = list(parameters)
        if not self.parameters:
            raise ValueError(f"{name} got no parameters: there is nothing to train")
        for parameter in self.parameters:
            if not isinstance(parameter, Value) or parameter.gate:
                raise TypeError(f"{name} moves Values that no gate made, got {parameter!r}")
        if len({*self.parameters}) < len(self.parameters):
            raise ValueError(f"{name} got a parameter twice: it would move twice in a step")
        _needs_sizes(self, lr=lr)
        self.lr = lr
        self.taken = 0
        self.memory: list[Column] = [[0.0] * len(self.parameters) for _ in range(self.remembers)]

    def move(self, number: Number, gradient: Number, *memory: Number) -> tuple[Number, ...]:
        """The number of a parameter after a step, and then what to remember of it."""
        raise NotImplementedError(f"{type(self).__name__} does not say how parameters move: give it a `move`")

    def step(self) -> None:
        """Move every parameter once, by its `.grad` of now.

        Raises DomainError, and has moved none, where a step is too large for a double. The memory changes last: a step
        that is cut short has not touched it.
        """
        moved, *memory = self.moved(self.numbers(), [parameter.grad for parameter in self.parameters], self.memory)
        self.assign(moved)
        self.taken, self.memory = self.taken + 1, memory

    def moved(self, numbers: Column, gradients: Column, memory: Sequence[Column]) -> Sequence[Column]:
        """The numbers of all parameters after a step, and the columns to remember then; nothing has changed yet.

        The columns are all lists, or all arrays. Raises DomainError where a step is too large for a double.
        """
        columns: Sequence[Column]
        if hasattr(numbers, "dtype"):
            import numpy as np

            with np.errstate(all="ignore"):
                columns = self.move(numbers, gradients, *memory)
                sound = all(math.isfinite(column @ column) or np.isfinite(column).all() for column in columns)
        else:
            columns = [list(column) for column in zip(*map(self.move, numbers, gradients, *memory), strict=True)]
            sound = all(all(map(math.isfinite, column)) for column in columns)
        if not sound:
            steps = zip(self.parameters, *columns, strict=True)
            (first, *_) = [parameter for parameter, *step in steps if not all(map(math.isfinite, step))]
            raise DomainError(gates.sub, (first,), "the step from here is too large for a double; lower the lr")
        return columns

    def numbers(self) -> list[float]:
        """The numbers of the parameters, in their order."""
        return [parameter.data for parameter in self.parameters]

    def assign(self, numbers: Iterable[float]) -> None:
        """Set the numbers of the parameters."""
        for parameter, number in zip(self.parameters, numbers, strict=True):
            parameter.data = number

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

    remembers = 1

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float = 1e-3,
        momentum: float = 0.0,
        *,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(parameters, lr)
        _needs_sizes(self, momentum=momentum, weight_decay=weight_decay)
        if nesterov and momentum == 0.0:
            raise ValueError("SGD needs a momentum above 0 for nesterov to look ahead with")
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.nesterov = nesterov

    def move(self, number: Number, gradient: Number, *memory: Number) -> tuple[Number, ...]:
        """Down the velocity."""
        (velocity,) = memory
        slope = _decayed(gradient, self.weight_decay, number)
        velocity = slope + self.momentum * velocity
        ahead = slope + self.momentum * velocity if self.nesterov else velocity
        return number - self.lr * ahead, velocity


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

    remembers = 2

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr)
        _needs_sizes(self, weight_decay=weight_decay, momentum=momentum)
        _needs_shares(self, alpha=alpha)
        _needs_eps(self, eps)
        self.alpha = alpha
        self.eps = eps
        self.weight_decay = weight_decay
        self.momentum = momentum

    def move(self, number: Number, gradient: Number, *memory: Number) -> tuple[Number, ...]:
        """Down the slope over the root of its mean square."""
        square, velocity = memory
        slope = _decayed(gradient, self.weight_decay, number)
        square = _mean(square, self.alpha, slope * slope)
        velocity = slope / (_root(square) + self.eps) + self.momentum * velocity
        return number - self.lr * velocity, square, velocity


class Adam(Optimizer):
    """The mean of the gradients over the root of the mean of their squares (Kingma and Ba 2015).

    `mean = beta1 * mean + (1 - beta1) * slope` and `square = beta2 * square + (1 - beta2) * slope²`, with
    `slope = p.grad + weight_decay * p`. Both begin at 0; divided by 1 - beta1ᵗ and 1 - beta2ᵗ after t steps they are
    means of what has been. `p -= lr * mean / (√square + eps)`.
    Names, formulas, order of arguments and defaults are PyTorch's.

    >>> w = Value(3.0)
    >>> descent = Adam([w], lr=0.1)
    >>> (w * w).backward()
    >>> descent.step()
    >>> round(w.data, 6)
    2.9
    """

    remembers = 2

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr)
        try:
            beta1, beta2 = betas
        except (TypeError, ValueError):
            raise TypeError(f"{type(self).__name__} needs two betas, such as (0.9, 0.999), got {betas!r}") from None
        _needs_sizes(self, weight_decay=weight_decay)
        _needs_shares(self, beta1=beta1, beta2=beta2)
        _needs_eps(self, eps)
        self.betas = betas
        self.eps = eps
        self.weight_decay = weight_decay

    def move(self, number: Number, gradient: Number, *memory: Number) -> tuple[Number, ...]:
        """Down the mean, with the decay as a part of the slope."""
        return self.adapt(number, _decayed(gradient, self.weight_decay, number), *memory)

    def adapt(self, number: Number, slope: Number, *memory: Number) -> tuple[Number, ...]:
        """Down the mean slope over the root of its mean square."""
        mean, square = memory
        beta1, beta2 = self.betas
        mean = _mean(mean, beta1, slope)
        square = _mean(square, beta2, slope * slope)
        steps = self.taken + 1
        rate = self.lr / (1.0 - beta1**steps)
        return number - rate * mean / (_root(square / (1.0 - beta2**steps)) + self.eps), mean, square


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

    def move(self, number: Number, gradient: Number, *memory: Number) -> tuple[Number, ...]:
        """The number shrinks, and then goes down the mean."""
        return self.adapt(number - self.lr * self.weight_decay * number, gradient, *memory)


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
    needs("clip_gradients", "a finite max_norm above 0", max_norm, lambda x: 0.0 < x < math.inf)
    parameters = list(parameters)
    norm = math.hypot(*[parameter.grad for parameter in parameters])
    if not math.isfinite(norm):
        raise ValueError("clip_gradients got gradients whose norm is too large for a double")
    factor = min(1.0, max_norm / (norm + 1e-6))
    for parameter in parameters:
        parameter.grad *= factor
    return norm


def _decayed(gradient: Number, weight_decay: float, number: Number) -> Number:
    """The slope of the loss and of the decay; without one no parameter is gone through for it."""
    return gradient + weight_decay * number if weight_decay else gradient


def _mean(mean: Number, share: float, number: Number) -> Number:
    """A mean over the steps: it keeps that share of what it was and takes in the rest."""
    return share * mean + (1.0 - share) * number


def _root(x: Number) -> Number:
    if type(x) is float:
        return math.sqrt(x)
    import numpy as np

    return np.sqrt(x)


def _needs_sizes(optimizer: Optimizer, **settings: float) -> None:
    for name, number in settings.items():
        needs(type(optimizer).__name__, f"a finite {name} of 0 or more", number, lambda x: 0.0 <= x < math.inf)


def _needs_shares(optimizer: Optimizer, **settings: float) -> None:
    """How much a mean keeps of what it was; keeping all of it, it would never take anything in."""
    for name, number in settings.items():
        needs(type(optimizer).__name__, f"{name} from 0 to below 1", number, lambda x: 0.0 <= x < 1.0)


def _needs_eps(optimizer: Optimizer, eps: float) -> None:
    """Above 0: it keeps a gradient of 0 from being divided by 0."""
    needs(type(optimizer).__name__, "a finite eps above 0", eps, lambda x: 0.0 < x < math.inf)
