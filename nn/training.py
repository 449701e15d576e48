"""train(): mini-batch gradient descent that watches held-out rows, stops in time, and keeps what it has learned."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import add
from typing import Any, Literal
from warnings import warn

from nn.arguments import needs_functions, needs_module, optimizer_for, rates
from nn.compiled import Compiled
from nn.eager import Clip, Eager
from nn.initializers import generator
from nn.losses import squared_error
from nn.modes import mode
from nn.module import Module
from nn.optimizers import Optimizer
from nn.rows import Measure, paired, rehearse, watched
from nn.sizes import size
from tinygrad_edu import DomainError, Value

WORTH_COMPILING = 2_000, 1_000_000  # rows and wires in all epochs; fewer, and the compiler takes longer than the run


@dataclass
class History:
    """What a training run was like: one entry in each list for each epoch that was finished.

    loss                the mean loss over the training rows, each taken just before the step it was part of
    metrics             by name, the mean of each metric over the same predictions
    validation_loss     the mean loss over the validation rows after the epoch
    validation_metrics  by name, the mean of each metric over them
    kept                the epoch, counted from 0, whose parameters the model has; None before the first is over
    interrupted         whether Ctrl-C ended the run early
    """

    loss: list[float] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    validation_loss: list[float] = field(default_factory=list)
    validation_metrics: dict[str, list[float]] = field(default_factory=dict)
    kept: int | None = None
    interrupted: bool = False

    def record(self, metrics: Iterable[str], means: Sequence[float], validation_means: Sequence[float]) -> None:
        """Add an epoch: the mean of the loss and then of each metric, in training and, if anything, in validation."""
        for losses, table, of_epoch in (
            (self.loss, self.metrics, means),
            (self.validation_loss, self.validation_metrics, validation_means),
        ):
            losses += of_epoch[:1]
            for name, mean in zip(metrics, of_epoch[1:], strict=False):
                table.setdefault(name, []).append(mean)

    @property
    def final_loss(self) -> float:
        """The loss of the epoch that was kept, over the validation rows where there are any; infinity before it."""
        return math.inf if self.kept is None else (self.validation_loss or self.loss)[self.kept]


def train(
    model: Module,
    inputs: Any,
    targets: Any,
    loss: Measure = squared_error,
    optimizer: Optimizer | Callable[[list[Value]], Optimizer] | None = None,
    epochs: int = 100,
    batch_size: int | None = 32,
    seed: int = 0,
    progress: bool = True,
    validation: tuple[Any, Any] | None = None,
    patience: int | None = None,
    metrics: Mapping[str, Measure] | None = None,
    schedule: Callable[[int], float] | None = None,
    clip: Clip | None = None,
    compiled: bool | Literal["auto"] = "auto",
) -> History:
    """Train the model's parameters by mini-batch gradient descent, w ← w - lr ∇E(w); return the history of the loss.

    model       called on one row, it gives a prediction
    inputs      the rows, and `targets`, what the model should say to each; lists or arrays
    loss        (prediction, target) -> the loss of one row; a step follows the gradient of its mean over the batch
    optimizer   with the parameters to move, or what makes it from them, as `partial(Adam, lr=0.01)`;
                SGD with lr=0.1 where none is given
    epochs      how many times every row is seen, in an order shuffled each time from `seed`
    batch_size  rows for a step; 1 is stochastic, None is all of them
    progress    show a bar, once the work has taken a second
    validation  (inputs, targets) that are held out: looked at after every epoch, never learned from
    patience    stop when the validation loss has not fallen below its lowest for so many epochs, and go back to the
                parameters it was lowest with (early stopping: Prechelt 1998)
    metrics     by name, (prediction, target) -> a number or a bool to average over the rows, such as `correct`
    schedule    epoch, counted from 0 -> the learning rate of that epoch; `nn.schedules` has some
    clip        called with the parameters after each backward pass, may change their `.grad` before the step, as
                `partial(clip_gradients, max_norm=1.0)` does

    compiled    whether to trace the loss of one row and compile it, for the same numbers but for rounding, many times
                faster: True, or an error says why not; False; or "auto", if there is more to do than the compiler
                takes: 2,000 rows over all epochs, and a million wires in their graphs. What cannot be traced, as
                Dropout, is then trained without, with a warning

    Everything is checked before any parameter is changed: an empty, ragged or non-finite row, or a target that the loss
    refuses, is a ValueError or TypeError that names the row; so is an optimizer that moves another model's parameters,
    or a schedule with an epoch whose rate is negative.

    Ctrl-C ends the training after the last whole step and returns; the history says that it was interrupted. A run
    that diverges ends with the DomainError of the gate that overflowed; a note on it gives the epoch, its `.history`
    the epochs before, and the model has the parameters of its last whole step.

    Lecture 002, "Gradient descent (again)" and "Training recipe".

    >>> from nn import MLP
    >>> line = MLP(1, [1])
    >>> history = train(line, [[-1.0], [0.0], [1.0]], [-1.0, 1.0, 3.0], epochs=200)
    >>> round(line([2.0]).data, 3), history.loss[-1] < 1e-6 < history.loss[0]
    (5.0, True)
    """
    needs_module("train()", model)
    rows = paired(inputs, targets)
    held_out = watched(validation)
    batch_size = len(rows) if batch_size is None else size("batch_size", batch_size)
    epochs = size("epochs", epochs, least=0)
    if patience is not None and size("patience", patience) and not held_out:
        raise ValueError("patience needs validation rows to watch: give train() validation=(inputs, targets)")
    metrics = {} if metrics is None else metrics
    needs_functions(loss, metrics, schedule, clip)
    if compiled not in ("auto", True, False):
        raise ValueError(f'compiled is "auto", True or False, not {compiled!r}')
    optimizer = optimizer_for(model, optimizer)
    lrs = rates(schedule, epochs) if schedule is not None else []
    measures = [loss, *metrics.values()]
    eager = Eager(model, rows, held_out, measures, optimizer, clip)
    steps: Eager | Compiled = eager
    random_numbers = generator(seed)
    order = list(range(len(rows)))
    history = History()
    best: list[float] = []
    from tqdm import tqdm

    with (
        mode(model, training=True),
        tqdm(total=epochs * len(rows), unit="row", delay=1.0, disable=not progress, leave=False) as bar,
    ):
        try:
            wires = rehearse(model, rows, measures)
            if held_out:
                rehearse(model, held_out, measures, name="validation row")
            if compiled is True or (compiled == "auto" and _is_long(len(rows) * epochs, wires)):
                steps = _compiled(eager, needed=compiled is True)
            for epoch in range(epochs):
                if lrs:
                    optimizer.lr = lrs[epoch]
                random_numbers.shuffle(order)
                sums = [0.0] * len(measures)
                for start in range(0, len(rows), batch_size):
                    batch = order[start : start + batch_size]
                    sums = [*map(add, sums, steps.step(batch))]
                    bar.update(len(batch))
                steps.store()
                history.record(metrics, [x / len(rows) for x in sums], steps.validation())
                bar.set_description(f"epoch {epoch + 1}/{epochs}, loss {history.loss[-1]:.4g}", refresh=False)
                if patience is None or history.validation_loss[-1] < history.final_loss:
                    history.kept, best = epoch, optimizer.numbers()
                elif epoch - (history.kept or 0) >= patience:
                    break
        except KeyboardInterrupt:
            history.interrupted = True
        except DomainError as error:
            error.add_note(f"the training diverged in epoch {len(history.loss) + 1} of {epochs}")
            error.history = history  # type: ignore[attr-defined]
            raise
        finally:
            steps.store()
            if patience is not None and history.kept is not None:
                optimizer.assign(best)
    return history


def _is_long(rows: int, wires: int) -> bool:
    """Whether so many rows, with graphs of so many wires each, make up for the compiler's time."""
    least_rows, least_wires = WORTH_COMPILING
    return rows >= least_rows and rows * wires >= least_wires


def _compiled(eager: Eager, needed: bool) -> Eager | Compiled:
    """The same steps, compiled; if it is not needed and not possible either, a warning and the steps as they are."""
    try:
        return Compiled(eager)
    except Exception as error:
        if needed:
            raise
        warn(f"train() goes on without compiling, which is slower: {error}", stacklevel=3)
        return eager
