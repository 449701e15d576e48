"""Hinge loss and L2 penalty of 2-16-16-1 on 100 points of two moons: `python benchmarks/moons.py` prints the ratios.

The value and all gradients of one batch, float64, one thread: beside NumPy, PyTorch and JAX on arrays, C by hand
(`moons.c`), and micrograd, which builds its graph anew. Gradients agree to 1e-9 before anything is timed.

Needs the extras `benchmark`, `data`, `fast` and `twin`, and a C compiler.
"""

import ctypes
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from networks import ARRAYS, Peer, Work, compare
from sklearn.datasets import make_moons


def in_c(work: Work) -> Peer:
    """By hand, compiled with `-O3 -march=native`."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "moons.so"
        source = Path(__file__).with_name("moons.c")
        command = [os.environ.get("CC", "cc"), "-O3", "-march=native", "-shared", "-fPIC", source, "-o", library]
        subprocess.run(command, check=True)
        run = ctypes.CDLL(str(library)).step
    run.restype, run.argtypes = ctypes.c_double, [ctypes.c_void_p] * 3 + [ctypes.c_double]
    arrays = (np.hstack([work.rows, work.targets]), work.numbers, np.empty(len(work.numbers)))
    pointers = [array.ctypes.data for array in arrays]

    def step() -> Any:
        return run(*pointers, work.penalty), arrays[-1]

    return step, lambda result: (result[0], result[1].copy())


def in_micrograd(work: Work) -> Peer:
    """A graph of scalars, built anew for every step."""
    from micrograd.engine import Value

    layers = [[([Value(x) for x in ws], Value(b)) for ws, b in zip(*layer, strict=True)] for layer in work.layers()]
    parameters = [p for layer in layers for weights, bias in layer for p in (*weights, bias)]
    rows = [([*map(float, row)], float(target)) for row, (target,) in zip(work.rows, work.targets, strict=True)]

    def step() -> Any:
        losses = []
        for row, target in rows:
            x = list(map(Value, row))
            for layer in layers:
                x = [sum((w * v for w, v in zip(weights, x, strict=True)), bias) for weights, bias in layer]
                if layer is not layers[-1]:
                    x = [v.relu() for v in x]
            losses.append((1 - x[0] * target).relu())
        loss = sum(losses) * (1.0 / len(losses)) + work.penalty * sum(p * p for p in parameters)
        for p in parameters:
            p.grad = 0.0
        loss.backward()
        return loss

    return step, lambda loss: (loss.data, np.array([p.grad for p in parameters]))


def moons() -> Work:
    """The network, and a batch of 100 points."""
    points, classes = make_moons(n_samples=100, noise=0.1, random_state=0)
    return Work([2, 16, 16, 1], points, 2.0 * classes[:, None] - 1.0, penalty=1e-4)


def main() -> None:
    work = moons()
    compare(
        "2-16-16-1, hinge + L2, 100 rows",
        work,
        ARRAYS | {"C by hand, -O3 -march=native": in_c, "micrograd, its graph anew": in_micrograd},
    )


if __name__ == "__main__":
    main()
