"""Training and evaluation are two modes of a model, for layers such as Dropout that behave differently in them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def mode(model: Any, training: bool) -> Iterator[None]:
    """The model in one of its modes for a while, by its `.train()` as in PyTorch; then as it was.

    A model without modes is left alone.

    >>> from nn import MLP
    >>> with mode(MLP(2, [1]), training=False):
    ...     pass
    """
    before = getattr(model, "training", training)
    if before == training:
        yield
        return
    model.train(training)
    try:
        yield
    finally:
        model.train(before)
