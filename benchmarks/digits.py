"""Softmax cross-entropy of 64-32-10 on 64 handwritten digits: `python benchmarks/digits.py` prints the ratios.

The value and all gradients of one batch, float64, one thread, beside NumPy, PyTorch and JAX. Gradients agree to 1e-9
before anything is timed.

Needs the extras `benchmark`, `data`, `fast` and `twin`.
"""

import numpy as np
from networks import Work, compare
from sklearn.datasets import load_digits


def main() -> None:
    data = load_digits()
    work = Work([64, 32, 10], data.data[:64] / 16.0, np.eye(10)[data.target[:64]])
    compare("64-32-10, softmax cross-entropy, 64 rows", work)


if __name__ == "__main__":
    main()
