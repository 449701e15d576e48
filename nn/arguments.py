"""What train() is given besides rows, refused before anything is learned with it."""

import math
import reprlib
from collections.abc import Callable, Mapping
from typing import Any

from nn.module import Module
from nn.optimizers import SGD, Optimizer


def needs_module(call: str, model: Any) -> None:
    """Raises TypeError, and names the call, for what is no Module, such as the class of one."""
    if not isinstance(model, Module):
        raise TypeError(f"{call} needs a model, a Module such as MLP(2, [4, 1]), got {reprlib.repr(model)}")


def needs_functions(loss: Any, metrics: Any, schedule: Any, clip: Any) -> None:
    """Raises TypeError, by its name, for what is no function; a schedule and a clip may be left out."""
    if not isinstance(metrics, Mapping):
        raise TypeError(f'metrics needs a name for each, as {{"accuracy": correct}}, got {metrics!r}')
    asked = {"loss": loss} | {f"metrics[{name!r}]": metric for name, metric in metrics.items()}
    asked |= {name: given for name, given in (("schedule", schedule), ("clip", clip)) if given is not None}
    for name, given in asked.items():
        if not callable(given):
            raise TypeError(f"{name} needs to be a function, got {given!r}; help(train) says of what")


def optimizer_for(model: Module, optimizer: Any) -> Optimizer:
    """The optimizer that was given, or that what was given makes of the model's parameters; SGD where nothing was.

    Raises TypeError for what is neither, and ValueError for an optimizer that moves what is not the model's.
    """
    if optimizer is None:
        return SGD(model.parameters(), lr=0.1)
    made = optimizer(model.parameters()) if callable(optimizer) else optimizer
    if not isinstance(made, Optimizer):
        raise TypeError(
            f"optimizer needs to be an optimizer, such as Adam(model.parameters(), lr=0.01), or what makes one, "
            f"such as partial(Adam, lr=0.01), got {made!r}"
        )
    strangers = {*made.parameters} - {*model.parameters()}
    if strangers:
        raise ValueError(
            f"{len(strangers)} of the {len(made.parameters)} parameters that the optimizer moves are not this model's: "
            f"make it from model.parameters(), or give train() what makes it, such as partial(SGD, lr=0.1)"
        )
    return made


def rates(schedule: Callable[[int], Any], epochs: int) -> list[float]:
    """The learning rate of each epoch. Raises ValueError or TypeError for the first that is none.

    >>> rates(lambda epoch: 0.1 - 0.1 * epoch, epochs=3)
    Traceback (most recent call last):
    ValueError: the schedule gives -0.1 for epoch 2 (counted from 0), where a learning rate is finite and 0 or more
    """
    found = []
    for epoch in range(epochs):
        rate = schedule(epoch)
        try:
            fits = 0.0 <= rate < math.inf
        except TypeError:
            raise TypeError(f"the schedule gives {rate!r} for epoch {epoch}, where a learning rate belongs") from None
        if not fits:
            raise ValueError(
                f"the schedule gives {rate!r} for epoch {epoch} (counted from 0), "
                f"where a learning rate is finite and 0 or more"
            )
        found.append(rate)
    return found
