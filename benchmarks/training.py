"""A whole epoch of training beside PyTorch: `python benchmarks/training.py` prints the ratio.

The work is a 64-32-10 network on scikit-learn's digits, softmax cross-entropy, batches of 32 and Adam: `nn.train`,
compiled, beside the loop that one writes in PyTorch, float64, one thread each. Both begin with the same weights and see
the rows in the same order; the losses of the first epochs must agree to 1e-9 before anything is timed.

Each side runs in processes of its own, in turn; a figure is the median over the rounds of the median over the epochs.
What tracing and compiling take comes once for each training, and is shown beside.

Needs the extras `data`, `fast` and `twin`.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from functools import partial
from itertools import pairwise
from typing import Any

SIZES = [64, 32, 10]
BATCH = 32
COMPARED = 3  # epochs whose losses must agree
SETTINGS = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8}


def digits() -> tuple[Any, Any]:
    from sklearn.datasets import load_digits

    data = load_digits()
    return data.data / 16.0, data.target


def model() -> Any:
    from nn import MLP

    return MLP(SIZES[0], SIZES[1:], activation="tanh", seed=0)


def shuffled(count: int, epochs: int) -> list[list[int]]:
    """The order of the rows in each epoch of `nn.train` with seed=0."""
    import random

    numbers, order, orders = random.Random(0), list(range(count)), []
    for _ in range(epochs):
        numbers.shuffle(order)
        orders.append(list(order))
    return orders


def ours(epochs: int) -> Any:
    from nn import Adam, cross_entropy, train

    rows, classes = digits()
    moments = []

    class Clocked(Adam):
        def moved(self, *columns: Any) -> Any:
            moments.append(time.perf_counter())
            return super().moved(*columns)

    started = time.perf_counter()
    history = train(
        model(),
        rows,
        classes,
        cross_entropy,
        partial(Clocked, **SETTINGS),
        epochs=epochs,
        batch_size=BATCH,
        progress=False,
        compiled=True,
    )
    tried, *steps = moments
    epoch_ends = steps[:: -(-len(rows) // BATCH)]
    return {
        "before": tried - started,
        "seconds": statistics.median(after - before for before, after in pairwise(epoch_ends)),
        "losses": history.loss,
    }


def theirs(epochs: int) -> Any:
    import torch

    from nn import to_torch

    torch.set_num_threads(1)
    rows, classes = (torch.tensor(part) for part in digits())
    rows = rows.to(torch.float64)
    network = to_torch(model()).to(torch.float64)
    optimizer = torch.optim.Adam(network.parameters(), **SETTINGS)
    loss_of = torch.nn.CrossEntropyLoss()
    seconds, losses = [], []
    for order in shuffled(len(rows), epochs):
        places = torch.tensor(order)
        started = time.perf_counter()
        total = 0.0
        for batch in places.split(BATCH):
            optimizer.zero_grad()
            loss = loss_of(network(rows[batch]), classes[batch])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        seconds.append(time.perf_counter() - started)
        losses.append(total / len(rows))
    return {"seconds": statistics.median(seconds), "losses": losses}


SIDES = {"PyTorch": theirs, "ours": ours}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="processes for each side (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=20, help="epochs in each (default: %(default)s)")
    parser.add_argument("--one", choices=SIDES, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(SIDES[chosen.one](chosen.epochs)))
        return

    one_thread = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

    def measured(side: str) -> Any:
        command = [sys.executable, __file__, "--one", side, "--epochs", str(chosen.epochs)]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=one_thread).stdout)

    found: dict[str, list[Any]] = {side: [] for side in SIDES}
    for _ in range(chosen.rounds):
        for side, results in found.items():
            results.append(measured(side))
        for x, y in zip(*[results[-1]["losses"][:COMPARED] for results in found.values()], strict=True):
            if abs(x - y) > 1e-9:
                sys.exit(f"the losses differ: PyTorch {x!r}, ours {y!r}")
    seconds = {side: statistics.median(result["seconds"] for result in results) for side, results in found.items()}
    before = statistics.median(result["before"] for result in found["ours"])
    ratio = seconds["PyTorch"] / seconds["ours"]
    print(f"{'':56} {'PyTorch':>10} {'ours':>10} {'ratio':>7}")
    print(
        f"{'one epoch, digits, 64-32-10, batch 32, Adam, float64':56} "
        f"{1e3 * seconds['PyTorch']:7.1f} ms {1e3 * seconds['ours']:7.1f} ms {ratio:6.1f}x"
    )
    print(f"ours before the first epoch, compiling included: {before:.2f} s")


if __name__ == "__main__":
    main()
