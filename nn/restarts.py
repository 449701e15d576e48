"""restarts(): the same training from several random beginnings, one beside another, to get past poor local minima."""

import math
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass
from typing import Any

from nn.module import Module
from nn.training import History
from tinygrad_edu import DomainError

Make = Callable[..., Module]
Fit = Callable[..., History]


@dataclass
class Run:
    """One restart, as it travels between processes.

    seed      what it was begun from
    history   of its training, as far as it went
    state     its parameters by name, as plain numbers; none if it diverged
    diverged  the DomainError that ended it, or None
    """

    seed: int
    history: History
    state: dict[str, float]
    diverged: DomainError | None = None

    @property
    def loss(self) -> float:
        """The final loss, which the runs are compared by; of one that diverged, infinity."""
        return self.history.final_loss if self.diverged is None else math.inf


@dataclass
class Restarts:
    """What several restarts came to.

    model        the best one, with its parameters
    history      of its training
    seed         what it was begun from
    losses       the final loss by seed, infinity where the training diverged
    interrupted  whether Ctrl-C ended the restarts early; losses has only the seeds that had come back by then
    """

    model: Module
    history: History
    seed: int
    losses: dict[int, float]
    interrupted: bool = False


def restarts(
    make: Make,
    fit: Fit,
    seeds: int | Iterable[int] = 10,
    executor: Executor | None = None,
    progress: bool = True,
) -> Restarts:
    """Make and train a model from every seed, and keep the one whose final loss is lowest.

    make      called as make(seed=seed), gives a model: `partial(MLP, 2, [4, 1])`
    fit       called as fit(model, seed=seed), trains it and gives its history: `partial(train, inputs=rows, ...)`
    seeds     the seeds, or how many: then they are 0, 1, 2, ...
    executor  where the runs go; without one they go one after another, here
    progress  show a bar over the restarts; give the trainings progress=False, they would show their own

    Any executor of the kind of concurrent.futures will do: a ProcessPoolExecutor on this machine, or one of Dask, Ray
    or MPI on a cluster. What goes to it has to be picklable: functions and classes that a module has at its top, and
    partials of them. The numbers are the same wherever the runs went, to the last bit; of equals the first seed wins.

    The final loss is that of the validation rows, if `fit` has any. A training that diverges is the worst and no more;
    if all do, the DomainError of the first is raised. Ctrl-C ends the restarts and keeps the best so far.

    Lecture 002, "Local minima": multiple random restarts.

    >>> from functools import partial
    >>> from nn import MLP, SGD, train
    >>> table = {"inputs": [[0, 0], [0, 1], [1, 0], [1, 1]], "targets": [0, 1, 1, 0]}
    >>> fit = partial(train, **table, optimizer=partial(SGD, lr=0.5, momentum=0.9), epochs=50)
    >>> best = restarts(partial(MLP, 2, [3, 1]), fit, seeds=3)
    >>> list(best.losses), best.losses[best.seed] == min(best.losses.values())
    ([0, 1, 2], True)
    """
    seeds = list(range(seeds) if isinstance(seeds, int) else seeds)
    if not seeds:
        raise ValueError("there is no seed to begin from: restarts needs one or more")
    runs: dict[int, Run] = {}
    interrupted = False
    from tqdm import tqdm

    with tqdm(total=len(seeds), unit="restart", delay=1.0, disable=not progress, leave=False) as bar:
        try:
            for run in _runs(make, fit, seeds, executor):
                runs[run.seed] = run
                bar.set_description(f"best loss {min(run.loss for run in runs.values()):.4g}", refresh=False)
                bar.update()
                if run.history.interrupted:
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            if not runs:
                raise
            interrupted = True
    losses = {seed: runs[seed].loss for seed in seeds if seed in runs}
    best = runs[min(losses, key=losses.__getitem__)]
    if best.diverged is not None:
        raise best.diverged
    model = make(seed=best.seed)
    model.load_state_dict(best.state)
    return Restarts(model, best.history, best.seed, losses, interrupted)


def _runs(make: Make, fit: Fit, seeds: Iterable[int], executor: Executor | None) -> Iterator[Run]:
    """The runs, in the order in which they end."""
    if executor is None:
        for seed in seeds:
            yield _run(make, fit, seed)
        return
    futures: list[Future[Run]] = [executor.submit(_run, make, fit, seed) for seed in seeds]
    try:
        for future in as_completed(futures):
            yield future.result()
    finally:  # those that have not begun need not begin
        for future in futures:
            future.cancel()


def _run(make: Make, fit: Fit, seed: int) -> Run:
    model = make(seed=seed)
    try:
        return Run(seed, fit(model, seed=seed), model.state_dict())
    except DomainError as error:
        history: Any = getattr(error, "history", History())
        return Run(seed, history, {}, error)
