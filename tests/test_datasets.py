"""Data sets: their shapes, how they are scaled and split, and that a seed fixes them."""

import random
from collections import Counter
from functools import cache

import numpy as np
import pytest

from nn.datasets import DATASETS, digits, moons, xor


@cache
def loaded(name, seed=0):
    return DATASETS[name](seed)


NAME = pytest.mark.parametrize("name", ["xor", "moons", "digits"])
SPLIT = pytest.mark.parametrize("name", ["moons", "digits"])


def rows_of(data):
    return [*map(tuple, data.train_inputs), *map(tuple, data.test_inputs)]


def test_the_data_sets_by_name():
    assert list(DATASETS.items()) == [("xor", xor), ("moons", moons), ("digits", digits)]


@pytest.mark.parametrize(
    ("name", "classes", "width", "train", "test"),
    [("xor", 2, 2, 4, 4), ("moons", 2, 2, 150, 50), ("digits", 10, 64, 1437, 360)],
)
def test_shapes(name, classes, width, train, test):
    data = loaded(name)
    assert (data.name, data.classes) == (name, classes)
    assert (len(data.train_inputs), len(data.train_targets)) == (train, train)
    assert (len(data.test_inputs), len(data.test_targets)) == (test, test)
    assert {len(row) for row in rows_of(data)} == {width}


@NAME
def test_rows_are_lists_of_floats_and_targets_are_ints(name):
    data = loaded(name)
    assert {type(row) for row in data.train_inputs + data.test_inputs} == {list}
    assert {type(x) for row in rows_of(data) for x in row} == {float}
    assert {type(target) for target in data.train_targets + data.test_targets} == {int}


@NAME
def test_targets_are_the_classes_from_zero(name):
    data = loaded(name)
    assert set(data.train_targets) == set(data.test_targets) == set(range(data.classes))


def test_xor_is_its_truth_table():
    data = loaded("xor")
    assert dict(zip(map(tuple, data.train_inputs), data.train_targets, strict=True)) == {
        (0.0, 0.0): 0,
        (0.0, 1.0): 1,
        (1.0, 0.0): 1,
        (1.0, 1.0): 0,
    }


def test_xor_is_tested_on_what_it_learns():
    data = loaded("xor")
    assert (data.test_inputs, data.test_targets) == (data.train_inputs, data.train_targets)


def test_all_1797_digits_are_there():
    assert len(rows_of(loaded("digits"))) == 1797


def test_grey_values_go_from_zero_to_one_in_sixteenths():
    """The set has grey values of 0 to 16."""
    assert {x for row in rows_of(loaded("digits")) for x in row} == {k / 16 for k in range(17)}


def test_every_digit_is_as_frequent_as_its_description_says():
    """The counts of scikit-learn's copy of the UCI test set."""
    data = loaded("digits")
    counts = Counter(data.train_targets + data.test_targets)
    assert [counts[k] for k in range(10)] == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_moons_has_as_many_points_in_each():
    data = loaded("moons")
    assert Counter(data.train_targets + data.test_targets) == {0: 100, 1: 100}


def test_moons_lie_near_their_half_circles():
    """(0, 0) and (1, ½) are the centres, the radius is 1; the noise has the standard deviation 0.1."""
    data = loaded("moons")
    for (x, y), target in zip(rows_of(data), data.train_targets + data.test_targets, strict=True):
        radius = np.hypot(x, y) if target == 0 else np.hypot(x - 1.0, y - 0.5)
        assert abs(radius - 1.0) < 0.5


@SPLIT
def test_no_row_is_both_learned_from_and_tested_with(name):
    data = loaded(name)
    assert not set(map(tuple, data.train_inputs)) & set(map(tuple, data.test_inputs))


@SPLIT
def test_every_class_is_split_in_the_same_proportion(name):
    data = loaded(name)
    train, test = Counter(data.train_targets), Counter(data.test_targets)
    share = len(data.test_targets) / len(rows_of(data))
    for k in range(data.classes):
        assert abs(test[k] - share * (train[k] + test[k])) < 1.0


@NAME
def test_the_same_seed_gives_the_same_data(name):
    assert DATASETS[name](3) == DATASETS[name](3)


@SPLIT
def test_another_seed_splits_otherwise(name):
    assert loaded(name, 0).test_inputs != loaded(name, 1).test_inputs


def test_another_seed_has_the_same_digits():
    assert sorted(rows_of(loaded("digits", 0))) == sorted(rows_of(loaded("digits", 1)))


def test_every_seed_gives_lists_of_its_own():
    first, second = xor(0), xor(0)
    first.train_inputs[0][0] = 9.0
    assert second.train_inputs[0][0] == 0.0


@NAME
def test_no_global_random_state_is_touched(name):
    before, numpys = random.getstate(), np.random.get_state(legacy=False)
    DATASETS[name](5)
    assert random.getstate() == before
    np.testing.assert_equal(np.random.get_state(legacy=False), numpys)
