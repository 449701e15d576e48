"""Softmax cross-entropy of 64-32-10 on 64 handwritten digits: `python benchmarks/digits.py` prints the ratios.

The value and all gradients of one batch, float64, one thread, beside NumPy, PyTorch and JAX. Gradients agree to 1e-9
before anything is timed.

Needs the extras `benchmark`, `data`, `fast` and `twin`.
"""

import time

import numpy as np
from beside import table
from networks import ARRAYS, Work, agreed
from sklearn.datasets import load_digits


def main() -> None:
    data = load_digits()
    work = Work([64, 32, 10], data.data[:64] / 16.0, np.eye(10)[data.target[:64]])
    started = time.perf_counter()
    program, rows = work.ours()
    result = program(rows, at=work.numbers)
    compiled = time.perf_counter() - started
    peers = agreed(result, {name: peer(work) for name, peer in ARRAYS.items()})
    table("64-32-10, softmax cross-entropy, 64 rows", lambda: program(rows, at=work.numbers), peers)
    print(f"ours compiled in {compiled:.2f} s, once")


if __name__ == "__main__":
    main()
