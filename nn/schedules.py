"""Schedules: the learning rate as a function of the epoch, counted from 0. Each of these makes such a function."""

import math
from collections.abc import Callable

from nn.settings import needs

Schedule = Callable[[int], float]


def constant(lr: float) -> Schedule:
    """The same rate in every epoch.

    >>> [constant(0.1)(epoch) for epoch in range(3)]
    [0.1, 0.1, 0.1]
    """
    _needs(lr=lr)
    return lambda epoch: lr


def steps(lr: float, step_size: int, gamma: float = 0.1) -> Schedule:
    """Lowered by a factor every step_size epochs: lr · gamma ** (epoch // step_size). PyTorch's StepLR.

    >>> [steps(1.0, step_size=2, gamma=0.5)(epoch) for epoch in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    _needs(lr=lr, gamma=gamma)
    needs("a schedule of steps", "a step_size of 1 epoch or more", step_size, lambda x: x >= 1)
    return lambda epoch: lr * gamma ** (epoch // step_size)


def exponential(lr: float, gamma: float) -> Schedule:
    """Lowered by the same factor every epoch: lr · gamma ** epoch. PyTorch's ExponentialLR.

    >>> [exponential(1.0, gamma=0.5)(epoch) for epoch in range(3)]
    [1.0, 0.5, 0.25]
    """
    _needs(lr=lr, gamma=gamma)
    return lambda epoch: lr * gamma**epoch


def cosine(lr: float, epochs: int, lowest: float = 0.0) -> Schedule:
    """Half a wave down to the lowest, where it stays: lowest + ½ (lr - lowest) (1 + cos(π epoch / epochs)).

    Loshchilov and Hutter (2017), without their restarts. PyTorch's CosineAnnealingLR, which after `epochs` goes up
    again.

    >>> [round(cosine(1.0, epochs=4)(epoch), 6) for epoch in range(6)]
    [1.0, 0.853553, 0.5, 0.146447, 0.0, 0.0]
    """
    _needs(lr=lr, lowest=lowest)
    needs("a cosine schedule", "1 epoch or more", epochs, lambda x: x >= 1)
    return lambda epoch: lowest + (lr - lowest) * (1.0 + math.cos(math.pi * min(epoch / epochs, 1.0))) / 2.0


def inverse_time(lr: float, decay: float = 1.0) -> Schedule:
    """Lowered as 1/t: lr / (1 + decay · epoch). The rates add up to infinity, their squares do not.

    On this stochastic approximation rests (Robbins and Monro 1951).

    >>> [inverse_time(1.0)(epoch) for epoch in range(4)] == [1.0, 1 / 2, 1 / 3, 1 / 4]
    True
    """
    _needs(lr=lr, decay=decay)
    return lambda epoch: lr / (1.0 + decay * epoch)


def _needs(**settings: float) -> None:
    for name, number in settings.items():
        needs("a schedule", f"a finite {name} of 0 or more", number, lambda x: 0.0 <= x < math.inf)
