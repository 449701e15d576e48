"""Softmax cross-entropy of 784-50-10 on 64 images of 28 by 28: `python benchmarks/images.py` prints the ratios.

The value and all gradients of one batch, float64, one thread, beside NumPy, PyTorch and JAX. Gradients agree to 1e-9
before anything is timed. The images are noise: how fast they are read does not depend on what they show.

Needs the extras `benchmark`, `fast` and `twin`.
"""

import numpy as np
from networks import Work, compare


def main() -> None:
    numbers = np.random.default_rng(0)
    work = Work([784, 50, 10], numbers.uniform(0.0, 1.0, (64, 784)), np.eye(10)[numbers.integers(0, 10, 64)])
    compare("784-50-10, softmax cross-entropy, 64 rows", work)


if __name__ == "__main__":
    main()
