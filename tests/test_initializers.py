"""Initializers: interval and spread of Glorot and Bengio's (2010) weights, and whose random numbers they are."""

import math
import random
import statistics

import pytest

from nn.initializers import generator, glorot

FANS = pytest.mark.parametrize(("inputs", "outputs", "limit"), [(2, 4, 1.0), (3, 3, 1.0), (96, 0, 0.25), (1, 5, 1.0)])


class Recorded(random.Random):
    """Says what it was asked for."""

    def uniform(self, a, b):
        return (a, b)


@FANS
def test_weights_are_uniform_between_minus_and_plus_the_square_root_of_six_over_the_fans(inputs, outputs, limit):
    assert glorot(Recorded(), inputs, outputs) == (-limit, limit)


@pytest.mark.parametrize(("inputs", "outputs"), [(2, 4), (64, 32), (1, 1)])
def test_no_weight_is_beyond_the_limit(inputs, outputs):
    numbers = random.Random(0)
    limit = math.sqrt(6.0 / (inputs + outputs))
    assert max(abs(glorot(numbers, inputs, outputs)) for _ in range(2_000)) <= limit


def test_the_variance_of_the_weights_is_two_over_the_sum_of_the_fans():
    """Glorot and Bengio, equation 12. 20,000 numbers give a variance within 5 standard errors of 0.7%."""
    numbers = random.Random(0)
    weights = [glorot(numbers, 30, 10) for _ in range(20_000)]
    assert statistics.pvariance(weights) == pytest.approx(2.0 / 40.0, rel=0.035)
    assert statistics.fmean(weights) == pytest.approx(0.0, abs=5.0 * math.sqrt(0.05 / 20_000))


def test_a_seed_gives_the_numbers_of_pythons_generator():
    assert [generator(7).random() for _ in range(2)] == [random.Random(7).random()] * 2


def test_a_generator_is_returned_as_it_is():
    numbers = random.Random(0)
    assert generator(numbers) is numbers


def test_the_global_generator_is_not_touched():
    before = random.getstate()
    glorot(generator(3), 2, 2)
    assert random.getstate() == before
