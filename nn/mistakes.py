"""Perceptron learning: look at the rows, and learn from mistakes only."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from nn.criteria import perceptron_criterion
from nn.initializers import generator
from nn.optimizers import SGD
from nn.perceptron import Perceptron
from nn.rows import paired
from nn.sizes import size
from tinygrad_edu import DomainError


@dataclass(frozen=True)
class Correction:
    """One change of the weights: a frame, if the learning is drawn.

    epoch    the pass over the rows that it was made in, counted from 0
    rows     which rows were misclassified and changed the weights: one, or in batch learning all of them
    weights  after the change
    bias     after the change
    """

    epoch: int
    rows: tuple[int, ...]
    weights: tuple[float, ...]
    bias: float


@dataclass
class Learning:
    """How the learning went.

    converged    whether it ended with a pass without a mistake: every row is then classified as its target says
    epochs       the number of whole passes over the rows, that last one included
    corrections  the log of the mistakes, in order; the last one has the weights that the perceptron now has
    interrupted  whether Ctrl-C ended the learning early
    """

    converged: bool = False
    epochs: int = 0
    corrections: list[Correction] = field(default_factory=list)
    interrupted: bool = False

    @property
    def mistakes(self) -> int:
        """How many times a row was misclassified when it was looked at."""
        return sum(len(correction.rows) for correction in self.corrections)


def learn_from_mistakes(
    perceptron: Perceptron,
    inputs: Any,
    targets: Sequence[Any],
    alpha: float = 1.0,
    epochs: int = 100,
    batch: bool = False,
    seed: int = 0,
) -> Learning:
    """Change the weights until no row is misclassified: w ← w + α y x at a mistake, and the bias as a weight of 1.

    That is gradient descent on the perceptron criterion of the rows in hand, and is done so.

    targets  0 and 1 for a perceptron with output "step", -1 and +1 for "sign"
    alpha    the step size
    epochs   how many passes over the rows to make at most
    batch    look at all rows before each change, w ← w + α Σ y x over the misclassified, rather than at one by one
    seed     of the order of the rows, shuffled for each pass

    Rows that a line can separate are learned: from weights of 0, one by one, with at most (R / γ)² mistakes, R being
    the length of the longest row and γ the distance from the line to the nearest, both with a 1 added to each row for
    the bias (Novikoff 1962). Of others, such as XOR, the result says that it did not converge.

    Ctrl-C ends the learning after the last whole change and returns; the result says that it was interrupted. Where a
    number becomes too large for a double, a note on the DomainError gives the epoch, and its `.learning` the log.

    Rosenblatt 1958; lecture 003, "Perceptron learning".

    >>> rows = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> either = Perceptron(2)
    >>> learn_from_mistakes(either, rows, [0, 1, 1, 1]).converged, [either(row).data for row in rows]
    (True, [0.0, 1.0, 1.0, 1.0])
    >>> learn_from_mistakes(Perceptron(2), rows, [0, 1, 1, 0]).converged
    False
    """
    if not 0.0 < alpha < math.inf:
        raise ValueError(f"the step size alpha needs to be a finite number above 0, got {alpha}")
    epochs = size("epochs", epochs, least=0)
    rows = paired(inputs, targets)
    wanted = perceptron.wants(target for _, target in rows)
    descent = SGD(perceptron.parameters(), lr=alpha)
    random_numbers = generator(seed)
    order = list(range(len(rows)))
    learning = Learning()
    weights, bias = _numbers(perceptron)
    try:
        while learning.epochs < epochs and not learning.converged:
            random_numbers.shuffle(order)
            corrected = len(learning.corrections)
            for looked_at in [sorted(order)] if batch else [[k] for k in order]:
                mistaken = [k for k in looked_at if (perceptron.score(rows[k][0]) > 0.0) != wanted[k]]
                if not mistaken:
                    continue
                descent.zero_grad()
                perceptron_criterion(perceptron, *zip(*[rows[k] for k in mistaken], strict=True)).backward()
                descent.step()
                learning.corrections.append(Correction(learning.epochs, tuple(mistaken), *_numbers(perceptron)))
            learning.epochs += 1
            learning.converged = len(learning.corrections) == corrected
    except KeyboardInterrupt:
        learning.interrupted = True
    except DomainError as error:
        error.add_note(f"the learning diverged in epoch {learning.epochs + 1} of {epochs}")
        error.learning = learning  # type: ignore[attr-defined]
        raise
    finally:  # a change that was cut short is undone: the perceptron is as the log says
        for correction in learning.corrections[-1:]:
            weights, bias = correction.weights, correction.bias
        for parameter, number in zip(perceptron.parameters(), (*weights, bias), strict=True):
            parameter.data = number
    return learning


def _numbers(perceptron: Perceptron) -> tuple[tuple[float, ...], float]:
    return tuple(weight.data for weight in perceptron.weights), perceptron.bias.data
