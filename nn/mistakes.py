"""Perceptron learning: look at the rows, and learn from mistakes only."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from nn.criteria import perceptron_criterion
from nn.initializers import generator
from nn.optimizers import SGD
from nn.perceptron import Perceptron
from nn.rows import paired


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
    epochs       the number of passes over the rows, that last one included
    corrections  the log of the mistakes, in order
    """

    converged: bool = False
    epochs: int = 0
    corrections: list[Correction] = field(default_factory=list)

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

    Rosenblatt 1958; lecture 003, "Perceptron learning".

    >>> rows = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> either = Perceptron(2)
    >>> learn_from_mistakes(either, rows, [0, 1, 1, 1]).converged, [either(row).data for row in rows]
    (True, [0.0, 1.0, 1.0, 1.0])
    >>> learn_from_mistakes(Perceptron(2), rows, [0, 1, 1, 0]).converged
    False
    """
    rows = paired(inputs, targets)
    wanted = perceptron.wants(target for _, target in rows)
    descent = SGD(perceptron.parameters(), lr=alpha)
    random_numbers = generator(seed)
    order = list(range(len(rows)))
    learning = Learning()
    while learning.epochs < epochs and not learning.converged:
        random_numbers.shuffle(order)
        learning.converged = True
        for looked_at in [sorted(order)] if batch else [[k] for k in order]:
            mistaken = [k for k in looked_at if (perceptron.score(rows[k][0]) > 0.0) != wanted[k]]
            if not mistaken:
                continue
            learning.converged = False
            descent.zero_grad()
            perceptron_criterion(perceptron, *zip(*[rows[k] for k in mistaken], strict=True)).backward()
            descent.step()
            weights = tuple(weight.data for weight in perceptron.weights)
            learning.corrections.append(Correction(learning.epochs, tuple(mistaken), weights, perceptron.bias.data))
        learning.epochs += 1
    return learning
