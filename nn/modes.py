"""Training and evaluation are two modes of a model, for layers such as Dropout that behave differently in them."""

from collections.abc import Iterator
from contextlib import contextmanager

from nn.module import Module


@contextmanager
def mode(model: Module, training: bool) -> Iterator[None]:
    """The model in one of its modes for a while; then as it was.

    >>> from nn import MLP
    >>> model = MLP(2, [1])
    >>> with mode(model, training=False):
    ...     print(model.training)
    False
    >>> model.training
    True
    """
    before = [(module, module.training) for module in model.modules()]
    model.train(training)
    try:
        yield
    finally:
        for module, was_training in before:
            module.training = was_training
