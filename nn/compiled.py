"""Training steps on graphs that were traced on one row and compiled: a batch of rows goes through them at once."""

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from nn.classes import picked
from nn.eager import Eager, Rows, sums
from nn.layers import Dropout, Flatten, each
from nn.modes import mode
from nn.optimizers import Column, Optimizer
from tinygrad_edu import DomainError, Program, Value

TRIED = 32  # rows that go through the programs before anything is learned
COMPARED = 3  # rows whose losses are compared with those of plain targets


class Compiled:
    """The steps of an Eager, to rounding, with the parameters in a column until they are stored.

    A batch whose loss or step is not finite goes to Eager, which says where; or comes to a finite one, as it leaves
    out what has the factor 0.

    Raises what stands against compiling: an UnknownNumberError, or whatever else the model and the loss raise when they
    are traced.
    """

    def __init__(self, eager: Eager) -> None:
        self.eager = eager
        self.optimizer = eager.optimizer
        if any(isinstance(module, Dropout) and module.p > 0.0 for module in eager.model.modules()):
            raise ValueError("Dropout draws anew for every row, and a program does the same for all rows")
        if type(self.optimizer).step is not Optimizer.step:
            raise ValueError(
                f"{type(self.optimizer).__name__} has a step() of its own, which moves the Values themselves"
            )
        self.training = Traced(eager, eager.rows, training=True)
        self.held_out = Traced(eager, eager.held_out, training=False) if eager.held_out else None
        self.numbers: Column
        self.memory: list[Column]
        self.load()
        with suppress(DomainError):
            self.optimizer.moved(self.numbers, self.numbers, self.memory)

    def step(self, places: Sequence[int]) -> list[float]:
        """One step down the gradient of the mean loss of the rows at these places; the sums of the measures there."""
        rows = self.training.at(places)
        try:
            answers = self.training.answers(places, rows, self.numbers)
            mean, gradient = self.training.loss(rows, at=self.numbers)
            moved, *memory = self.optimizer.moved(self.numbers, self._clipped(gradient), self.memory)
        except (ArithmeticError, DomainError):
            return self._eagerly(lambda: self.eager.step(places))
        self.numbers, self.memory, self.optimizer.taken = moved, memory, self.optimizer.taken + 1
        return [len(places) * mean, *sums(answers, self.eager.measures[1:])]

    def validation(self) -> list[float]:
        """The mean of each measure over the rows that are not learned from; nothing where there are none."""
        if self.held_out is None:
            return []
        try:
            rows = self.held_out.table
            answers = self.held_out.answers(range(len(rows)), rows, self.numbers)
            losses = self.held_out.loss.values(rows, at=self.numbers)
        except (ArithmeticError, DomainError):
            return self._eagerly(self.eager.validation)
        return [math.fsum(losses) / len(rows), *[x / len(rows) for x in sums(answers, self.eager.measures[1:])]]

    def load(self) -> None:
        """Take the numbers of the parameters and what their optimizer remembers."""
        self.numbers = self.training.column(self.optimizer.numbers())
        self.memory = [*map(self.training.column, self.optimizer.memory)]

    def store(self) -> None:
        """Give the parameters their numbers, and their optimizer its memory."""
        self.optimizer.assign(as_list(self.numbers))
        self.optimizer.memory = [*map(as_list, self.memory)]

    def _eagerly(self, work: Callable[[], list[float]]) -> list[float]:
        self.store()
        try:
            return work()
        finally:
            self.load()

    def _clipped(self, gradient: Column) -> Column:
        if self.eager.clip is None:
            return gradient
        self.optimizer.assign(as_list(self.numbers))
        for parameter, slope in zip(self.optimizer.parameters, as_list(gradient), strict=True):
            parameter.grad = slope
        self.eager.clip(self.optimizer.parameters)
        return self.training.column([parameter.grad for parameter in self.optimizer.parameters])


class Traced:
    """Programs of the loss of a row and, for metrics, of the outputs of the model; and the rows as they take them."""

    def __init__(self, eager: Eager, rows: Rows, training: bool) -> None:
        self.eager, self.rows = eager, rows
        flat = Flatten()
        with mode(eager.model, training):
            example, parameters = flat(rows[0]), eager.optimizer.parameters
            self.loss = Program.trace(self._loss, example, parameters)
            self.table = self.column([flat(row) for row in rows])
            self.shape = eager.model(rows[0][0]) if len(eager.measures) > 1 else []
            self.width = len(flat([self.shape]))
            if self.width:
                self.outputs = Program.trace(self._output, [0.0, *example], parameters)
            numbers, tried = eager.optimizer.numbers(), range(len(rows))[:TRIED]
            with suppress(ArithmeticError, DomainError):
                self.answers(tried, self.at(tried), numbers)
                run = self.loss if training else self.loss.values
                run(self.at(tried), at=numbers)
                for k in tried[:COMPARED]:
                    self._compare(k, run(self.at([k]), at=numbers)[0])

    def _compare(self, k: int, found: float) -> None:
        """A loss may ask what kind of thing its target is, and take another way with a Value than with a number."""
        row, target = self.rows[k]
        loss = float(self.eager.measures[0](self.eager.model(row), target))
        if not math.isclose(found, loss, rel_tol=1e-9, abs_tol=1e-9):
            raise ValueError(f"the loss of row {k} is {loss} for the target {target!r}, and {found} for a Value")

    def at(self, places: Sequence[int]) -> Any:
        """The rows at these places."""
        return [self.table[k] for k in places] if isinstance(self.table, list) else self.table[places]

    def answers(self, places: Sequence[int], rows: Any, numbers: Column) -> list[tuple[Any, Any]]:
        """What the model says to the rows and what it should say, if there are metrics that ask for it."""
        if not self.width:
            return []
        found = iter(self.outputs.values(self._asked_for_every_output(rows), at=numbers))
        return [(each(lambda _: Value(next(found)), self.shape), self.rows[k][1]) for k in places]

    def _asked_for_every_output(self, rows: Any) -> Any:
        """Each row as often as the model has outputs, after the number of the output."""
        if isinstance(rows, list):
            return [[float(k), *row] for row in rows for k in range(self.width)]
        import numpy as np

        return np.column_stack([np.tile(np.arange(self.width), len(rows)), np.repeat(rows, self.width, axis=0)])

    def column(self, numbers: Sequence[Any]) -> Column:
        """Numbers or rows of them as the programs take them fastest."""
        if self.loss.backend == "python":
            return list(numbers)
        import numpy as np

        return np.array(numbers, dtype=float)

    def _loss(self, *row: Any) -> Any:
        inputs, target = filled(self.rows[0], row)
        return self.eager.measures[0](self.eager.model(inputs), target)

    def _output(self, which: Any, *row: Any) -> Any:
        inputs, _ = filled(self.rows[0], row)
        return picked(Flatten()([self.eager.model(inputs)]), which)


def filled(shape: Any, numbers: Iterable[Any]) -> Any:
    """The numbers in lists within lists, as many and as long as those of another."""
    left = iter(numbers)
    return each(lambda _: next(left), shape)


def as_list(column: Column) -> list[float]:
    """A column as a list of floats."""
    return column if isinstance(column, list) else column.tolist()
