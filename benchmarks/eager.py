"""Eager speed and memory beside micrograd: `python benchmarks/eager.py` prints the ratios.

Each side runs in processes of its own, in turn, since one's garbage slows the other; a figure is the median over the
rounds of the median over the steps. The work is micrograd's own demonstration: a 2-16-16-1 network on 50 points of
two moons, hinge loss and L2 penalty, one step of gradient descent; both sides begin with the same weights, and the
losses of the first steps must agree before a ratio is printed.

Needs the extra `benchmark` (and `data`).
"""

import argparse
import itertools
import json
import random
import statistics
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

SIZES = [2, 16, 16, 1]
STEPS = 12
CHAIN = 200_000


def moons() -> tuple[list[list[float]], list[int]]:
    from sklearn.datasets import make_moons

    points, classes = make_moons(n_samples=50, noise=0.1, random_state=0)
    return points.tolist(), [2 * int(c) - 1 for c in classes]


def first_weights() -> list[list[list[float]]]:
    """weights[layer][neuron]: one number for each input; every bias begins at 0."""
    numbers = random.Random(1337)
    return [
        [[numbers.uniform(-1.0, 1.0) for _ in range(before)] for _ in range(after)]
        for before, after in itertools.pairwise(SIZES)
    ]


def moons_steps(score: Callable[[Any], Any], Value: Any, parameters: list[Any], mean: Any, squares: Any) -> Any:  # noqa: N803
    """Train for some steps; the median seconds of a step, and the losses."""
    points, signs = moons()
    seconds, losses = [], []
    for _ in range(STEPS):
        started = time.perf_counter()
        scores = [score([Value(x) for x in point]) for point in points]
        loss = mean([(1 + -sign * s).relu() for sign, s in zip(signs, scores, strict=True)]) + 1e-4 * squares(
            parameters
        )
        for p in parameters:
            p.grad = 0.0
        loss.backward()
        for p in parameters:
            p.data -= 0.1 * p.grad
        losses.append(loss.data)
        del loss, scores
        seconds.append(time.perf_counter() - started)
    return {"seconds": statistics.median(seconds), "losses": losses}


def mean_by_adding(values: list[Any]) -> Any:
    return sum(values) * (1.0 / len(values))


def squares_by_adding(values: list[Any]) -> Any:
    return sum(v * v for v in values)


def moons_elementary(Value: Any) -> Any:  # noqa: N803
    """The network in the gates that micrograd has: mul, add, relu."""
    layers = [[([Value(w) for w in neuron], Value(0.0)) for neuron in layer] for layer in first_weights()]

    def score(x: Any) -> Any:
        for i, layer in enumerate(layers):
            x = [sum((w * v for w, v in zip(weights, x, strict=True)), bias) for weights, bias in layer]
            if i < len(layers) - 1:
                x = [v.relu() for v in x]
        return x[0]

    parameters = [p for layer in layers for weights, bias in layer for p in (*weights, bias)]
    return moons_steps(score, Value, parameters, mean_by_adding, squares_by_adding)


def moons_dot() -> Any:
    """The same network with n-ary gates: dot for neurons and the penalty, one sum for the mean."""
    from nn import MLP
    from tinygrad_edu import Value, dot, total

    model = MLP(SIZES[0], SIZES[1:], activation="relu")
    for layer, numbers in zip(model.layers, first_weights(), strict=True):
        for neuron, row in zip(layer.neurons, numbers, strict=True):
            for weight, w in zip(neuron.weights, row, strict=True):
                weight.data = w

    def mean(values: list[Any]) -> Any:
        return total(values) / len(values)

    def squares(values: list[Any]) -> Any:
        return dot(values, values)

    return moons_steps(model, Value, model.parameters(), mean, squares)


def chain(Value: Any) -> Any:  # noqa: N803
    """A chain of gates, built and differentiated; micrograd needs its recursion limit and stack raised."""
    times = []

    def once() -> None:
        started = time.perf_counter()
        v = Value(1.0)
        for _ in range(CHAIN // 2):
            v = v * 1.0000001 + 0.0000001
        v.backward()
        times.append(time.perf_counter() - started)

    sys.setrecursionlimit(10**6)
    threading.stack_size(2**29)
    for _ in range(3):
        thread = threading.Thread(target=once)
        thread.start()
        thread.join()
    return {"seconds": statistics.median(times)}


def bytes_per_node(Value: Any) -> Any:  # noqa: N803
    """What a gate of two Values takes, once it has been through backward()."""
    gates = 1000  # micrograd's backward recurses
    x = Value(1.0)
    sys.setrecursionlimit(10**5)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    v = x
    for _ in range(gates):
        v = v * x
    v.backward()
    return {"bytes": (tracemalloc.get_traced_memory()[0] - before) / gates}


def cost_per_gate(Value: Any) -> Any:  # noqa: N803
    """Seconds for each gate of a chain, built, differentiated and freed, by the length of the chain."""
    costs = {}
    for length in (1_000, 10_000, 100_000, 1_000_000):
        runs = []
        for _ in range(max(3, 100_000 // length)):
            started = time.perf_counter()
            v = Value(1.0)
            for _ in range(length // 2):
                v = v * 1.0000001 + 0.0000001
            v.backward()
            del v
            runs.append((time.perf_counter() - started) / length)
        costs[f"{length:,}"] = statistics.median(runs)
    return costs


def run_one(work: str, side: str) -> Any:
    if side == "micrograd":
        from micrograd.engine import Value
    else:
        from tinygrad_edu import Value
    if work == "dot":
        return moons_dot() if side == "ours" else moons_elementary(Value)
    works = {"elementary": moons_elementary, "chain": chain, "bytes": bytes_per_node, "cost": cost_per_gate}
    return works[work](Value)


WORKS = {
    "elementary": "2-16-16-1, 50 rows, hinge + L2: one step, the same elementary gates",
    "dot": "the same step with dot neurons",
    "chain": f"a chain of {CHAIN:,} gates, forward and backward",
    "bytes": "bytes of a gate with two inputs",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="processes for each side (default: %(default)s)")
    parser.add_argument("--one", nargs=2, metavar=("WORK", "SIDE"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(run_one(*chosen.one)))
        return

    def measured(work: str, side: str) -> Any:
        command = [sys.executable, __file__, "--one", work, side]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    print(f"{'':72} {'micrograd':>12} {'ours':>12} {'ratio':>7}")
    for work, title in WORKS.items():
        found: dict[str, list[Any]] = {"micrograd": [], "ours": []}
        for _ in range(chosen.rounds if work != "bytes" else 1):
            for side, results in found.items():
                results.append(measured(work, side))
        if work in ("elementary", "dot"):
            for theirs, ours in zip(found["micrograd"][0]["losses"], found["ours"][0]["losses"], strict=True):
                if abs(theirs - ours) > 1e-9 * abs(theirs):
                    sys.exit(f"the losses differ: micrograd {theirs!r}, ours {ours!r}")
        key = "bytes" if work == "bytes" else "seconds"
        theirs, ours = (statistics.median(result[key] for result in found[side]) for side in ("micrograd", "ours"))
        unit = (lambda x: f"{x:.0f} B") if work == "bytes" else (lambda x: f"{1000 * x:.1f} ms")
        print(f"{title:72} {unit(theirs):>12} {unit(ours):>12} {theirs / ours:6.1f}x", flush=True)
    costs = ", ".join(f"{length} gates {1e6 * seconds:.1f} µs" for length, seconds in measured("cost", "ours").items())
    print(f"cost of one gate in a chain of {costs}")


if __name__ == "__main__":
    main()
