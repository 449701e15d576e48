"""Schedules: the rate of every epoch against its formula in exact arithmetic, and what is refused."""

import math
from fractions import Fraction

import pytest

from nn import SGD, schedules
from tinygrad_edu import Value


def rates(schedule, epochs):
    return [schedule(epoch) for epoch in range(epochs)]


def test_a_constant_rate_does_not_change():
    assert rates(schedules.constant(0.3), 4) == [0.3] * 4


def test_steps_lower_the_rate_every_few_epochs():
    assert rates(schedules.steps(8.0, step_size=3, gamma=0.25), 8) == [8.0, 8.0, 8.0, 2.0, 2.0, 2.0, 0.5, 0.5]


def test_steps_lower_the_rate_to_a_tenth_unless_told_otherwise():
    assert rates(schedules.steps(1.0, step_size=1), 3) == pytest.approx([1.0, 0.1, 0.01])


def test_the_exponential_schedule_multiplies_by_the_same_factor():
    expected = [float(Fraction(1, 3) * Fraction(9, 10) ** epoch) for epoch in range(50)]
    assert rates(schedules.exponential(1.0 / 3.0, gamma=0.9), 50) == pytest.approx(expected, rel=1e-13)


def test_the_cosine_goes_from_the_rate_through_the_middle_to_the_lowest_and_stays():
    """cos(π/3) is 1/2 and cos(2π/3) is -1/2: a quarter and three quarters of the way down."""
    schedule = schedules.cosine(0.9, epochs=6, lowest=0.1)
    assert [schedule(epoch) for epoch in (0, 2, 3, 4, 6, 7, 600)] == pytest.approx([0.9, 0.7, 0.5, 0.3, 0.1, 0.1, 0.1])


def test_the_cosine_falls_all_the_way():
    falling = rates(schedules.cosine(1.0, epochs=20), 21)
    assert falling == sorted(falling, reverse=True)
    assert falling[-1] == pytest.approx(0.0, abs=1e-16)


def test_inverse_time_is_the_harmonic_series():
    assert rates(schedules.inverse_time(6.0), 4) == [6.0, 3.0, 2.0, 1.5]
    assert rates(schedules.inverse_time(6.0, decay=0.5), 5) == [6.0, 4.0, 3.0, 2.4, 2.0]


def test_a_schedule_sets_the_learning_rate_of_an_optimizer():
    """Three epochs of one step with the gradient 1: -(1 + 1/2 + 1/4)."""
    parameter = Value(0.0)
    optimizer = SGD([parameter])
    schedule = schedules.exponential(1.0, gamma=0.5)
    parameter.grad = 1.0
    for epoch in range(3):
        optimizer.lr = schedule(epoch)
        optimizer.step()
    assert parameter.data == -1.75


EACH_SETTING = pytest.mark.parametrize(
    ("name", "make"),
    [
        ("lr", lambda x: schedules.constant(x)),
        ("lr", lambda x: schedules.steps(x, 1)),
        ("gamma", lambda x: schedules.steps(1.0, 1, x)),
        ("lr", lambda x: schedules.exponential(x, 0.5)),
        ("gamma", lambda x: schedules.exponential(1.0, x)),
        ("lr", lambda x: schedules.cosine(x, 5)),
        ("lowest", lambda x: schedules.cosine(1.0, 5, x)),
        ("lr", lambda x: schedules.inverse_time(x)),
        ("decay", lambda x: schedules.inverse_time(1.0, x)),
    ],
)


@EACH_SETTING
@pytest.mark.parametrize("number", [-0.1, math.nan, math.inf])
def test_a_setting_that_is_negative_or_not_finite_is_refused_at_once(name, make, number):
    with pytest.raises(ValueError, match=f"a finite {name} of 0 or more"):
        make(number)


@EACH_SETTING
def test_a_setting_that_is_text_is_refused_with_the_way_out(name, make):
    with pytest.raises(TypeError, match=rf"a finite {name} of 0 or more, got '0\.1'; convert text with float\(\)"):
        make("0.1")


def test_a_span_that_is_text_is_refused_with_the_way_out():
    with pytest.raises(TypeError, match="needs a step_size of 1 epoch or more, got '2'; convert text"):
        schedules.steps(1.0, "2")
    with pytest.raises(TypeError, match="a cosine schedule needs 1 epoch or more, got '2'; convert text"):
        schedules.cosine(1.0, "2")


@pytest.mark.parametrize("number", [0, -3])
def test_a_span_of_less_than_an_epoch_is_refused(number):
    with pytest.raises(ValueError, match="step_size of 1 epoch or more"):
        schedules.steps(1.0, number)
    with pytest.raises(ValueError, match="1 epoch or more"):
        schedules.cosine(1.0, number)
