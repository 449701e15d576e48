"""train(): mini-batch gradient descent with a progress bar, and the share of rows a model gets right."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from nn.initializers import generator
from nn.losses import squared_error
from nn.module import Module
from nn.optimizers import SGD
from tinygrad_edu import Value, total


@dataclass
class History:
    """What a training run was like.

    loss         the mean loss over the rows, one entry for each epoch that was finished
    interrupted  whether Ctrl-C ended it early; the model keeps what it had learned
    """

    loss: list[float] = field(default_factory=list)
    interrupted: bool = False


def train(
    model: Module,
    inputs: Sequence[Sequence[Any]],
    targets: Sequence[Any],
    loss: Callable[[Any, Any], Value] = squared_error,
    optimizer: SGD | None = None,
    epochs: int = 100,
    batch_size: int | None = 32,
    seed: int = 0,
    progress: bool = True,
) -> History:
    """Train the model's parameters by mini-batch gradient descent, and return the history of the loss.

    model       called on one row, it gives a prediction
    inputs      the rows, and `targets`, what the model should say to each
    loss        (prediction, target) -> the loss of one row; a step follows the gradient of its mean over the batch
    optimizer   with the parameters to move; SGD(model.parameters(), lr=0.1) where none is given
    epochs      how many times every row is seen, in an order shuffled each time from `seed`
    batch_size  rows for a step; 1 is stochastic, None is all of them
    progress    show a bar, once the work has taken a second

    Ctrl-C ends the training after the last whole step and returns; the history says that it was interrupted.
    """
    rows = list(zip(inputs, targets, strict=True))
    if not rows:
        raise ValueError("there are no rows to train on")
    if batch_size is None:
        batch_size = len(rows)
    if batch_size < 1 or epochs < 0:
        raise ValueError(f"needs batch_size >= 1 and epochs >= 0, got {batch_size} and {epochs}")
    if optimizer is None:
        optimizer = SGD(model.parameters(), lr=0.1)
    random_numbers = generator(seed)
    history = History()
    from tqdm import tqdm

    with tqdm(total=epochs * len(rows), unit="row", delay=1.0, disable=not progress, leave=False) as bar:
        try:
            for epoch in range(epochs):
                random_numbers.shuffle(rows)
                losses = []
                for start in range(0, len(rows), batch_size):
                    batch = rows[start : start + batch_size]
                    losses.append(len(batch) * _step(model, batch, loss, optimizer))
                    bar.update(len(batch))
                history.loss.append(sum(losses) / len(rows))
                bar.set_description(f"epoch {epoch + 1}/{epochs}, loss {history.loss[-1]:.4g}", refresh=False)
        except KeyboardInterrupt:
            history.interrupted = True
    return history


def _step(model: Module, batch: Sequence[tuple[Any, Any]], loss: Callable[[Any, Any], Value], optimizer: SGD) -> float:
    """One step down the gradient of the batch's mean loss, which is returned."""
    mean = total([loss(model(row), target) for row, target in batch]) / len(batch)
    if not isinstance(mean, Value):
        raise TypeError(f"the loss needs to depend on the model's parameters, got the number {mean!r}")
    optimizer.zero_grad()
    mean.backward()
    before = [parameter.data for parameter in optimizer.parameters]
    try:
        optimizer.step()
    except KeyboardInterrupt:  # no half steps
        for parameter, data in zip(optimizer.parameters, before, strict=True):
            parameter.data = data
        raise
    return mean.data


def accuracy(model: Module, inputs: Sequence[Sequence[Any]], targets: Sequence[int]) -> float:
    """The share of rows whose class the model gets right, from 0 to 1.

    Of several outputs the class is the index of the largest; of one output, a logit, it is 1 where that is positive.
    """
    if not targets:
        raise ValueError("there are no rows to be right about")
    right = sum(_class(model(row)) == target for row, target in zip(inputs, targets, strict=True))
    return right / len(targets)


def _class(output: Any) -> int:
    if isinstance(output, Sequence):
        return max(range(len(output)), key=lambda k: output[k].data)
    return int(output > 0)
