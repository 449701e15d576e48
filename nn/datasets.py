"""Data to train on, by name: a truth table and two of scikit-learn's sets, scaled and split into train and test."""

from collections.abc import Callable
from dataclasses import dataclass

Row = list[float]


@dataclass
class Dataset:
    """Rows and their classes, to learn from and, held out, to test with."""

    name: str
    classes: int
    train_inputs: list[Row]
    train_targets: list[int]
    test_inputs: list[Row]
    test_targets: list[int]


def xor(seed: int) -> Dataset:
    """The truth table of exclusive or. Its four rows are all there are, so it is tested on what it learns."""
    rows = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    targets = [0, 1, 1, 0]
    return Dataset("xor", 2, rows, targets, rows, targets)


def moons(seed: int) -> Dataset:
    """Two interleaved half circles in the plane, 200 noisy points, a quarter of them held out."""
    from sklearn.datasets import make_moons

    points, classes = make_moons(n_samples=200, noise=0.1, random_state=seed)
    return _split("moons", 2, points, classes, seed)


def digits(seed: int) -> Dataset:
    """1,797 handwritten digits, 8 by 8 grey values from 0 to 1, a fifth of them held out."""
    from sklearn.datasets import load_digits

    images, classes = load_digits(return_X_y=True)
    return _split("digits", 10, images / 16.0, classes, seed, held_out=0.2)


DATASETS: dict[str, Callable[[int], Dataset]] = {"xor": xor, "moons": moons, "digits": digits}


def _split(name: str, classes: int, inputs: object, targets: object, seed: int, held_out: float = 0.25) -> Dataset:
    from sklearn.model_selection import train_test_split

    parts = train_test_split(inputs, targets, test_size=held_out, random_state=seed, stratify=targets)
    train_inputs, test_inputs, train_targets, test_targets = (part.tolist() for part in parts)
    return Dataset(name, classes, train_inputs, train_targets, test_inputs, test_targets)
