"""Training steps on a graph that is built anew for every batch."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nn.modes import mode
from nn.module import Module
from nn.optimizers import Optimizer
from nn.rows import Measure
from tinygrad_edu import Value, total

Rows = Sequence[tuple[Any, Any]]
Clip = Callable[[list[Value]], Any]


@dataclass
class Eager:
    """What is trained and on what.

    rows, held_out  (input, target) pairs, to learn from and to look at
    measures        the loss, and then the metrics
    """

    model: Module
    rows: Rows
    held_out: Rows
    measures: Sequence[Measure]
    optimizer: Optimizer
    clip: Clip | None

    def step(self, places: Sequence[int]) -> list[float]:
        """One step down the gradient of the mean loss of the rows at these places; the sums of the measures there."""
        loss, *metrics = self.measures
        batch = [self.rows[k] for k in places]
        answers = [(self.model(row), target) for row, target in batch]
        mean = total([loss(answer, target) for answer, target in answers]) / len(batch)
        if not isinstance(mean, Value):
            raise TypeError(f"the loss needs to depend on the model's parameters, got the number {mean!r}")
        self.optimizer.zero_grad()
        mean.backward()
        before = self.optimizer.numbers()
        try:
            if self.clip is not None:
                self.clip(self.optimizer.parameters)
            self.optimizer.step()
        except BaseException:  # no half steps
            self.optimizer.assign(before)
            raise
        return [len(batch) * mean.data, *sums(answers, metrics)]

    def validation(self) -> list[float]:
        """The mean of each measure over the rows that are not learned from; nothing where there are none."""
        if not self.held_out:
            return []
        with mode(self.model, training=False):
            answers = [(self.model(row), target) for row, target in self.held_out]
            return [x / len(answers) for x in sums(answers, self.measures)]

    def store(self) -> None:
        """The parameters have their numbers already."""


def sums(answers: Rows, measures: Sequence[Measure]) -> list[float]:
    """Of each measure the sum over these predictions and their targets."""
    return [math.fsum(float(measure(answer, target)) for answer, target in answers) for measure in measures]
