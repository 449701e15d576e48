"""The boundary of a neuron: two points on its line, whatever its direction."""

import math

import pytest

from nn import Neuron, Perceptron, decision_boundary

LINES = pytest.mark.parametrize(
    ("weights", "bias"),
    [
        ([1.0, 1.0], -1.5),
        ([0.0, 2.0], -1.0),
        ([2.0, 0.0], -1.0),
        ([-3.0, 0.0], 6.0),
        ([-1.0, -2.0], 0.0),
        ([1e-9, 1.0], 5.0),
        ([3e200, -4e200], 5e200),
        ([3e-200, 4e-200], 5e-200),
    ],
)


@LINES
def test_both_points_are_on_the_line(weights, bias):
    for x1, x2 in decision_boundary(Perceptron(weights, bias)):
        parts = [weights[0] * x1, weights[1] * x2, bias]
        assert abs(math.fsum(parts)) <= 1e-14 * max(map(abs, parts))


@LINES
def test_the_points_are_one_unit_apart(weights, bias):
    first, second = decision_boundary(Perceptron(weights, bias))
    assert math.dist(first, second) == pytest.approx(1.0, rel=1e-12)


@LINES
def test_the_first_point_is_as_far_from_the_origin_as_the_line(weights, bias):
    first, _ = decision_boundary(Perceptron(weights, bias))
    assert math.hypot(*first) == pytest.approx(abs(bias) / math.hypot(*weights), rel=1e-12)


@LINES
def test_the_perceptron_fires_on_the_right_hand_of_the_line_and_not_on_its_left(weights, bias):
    perceptron = Perceptron(weights, bias)
    (x, y), (further_x, further_y) = decision_boundary(perceptron)
    along = further_x - x, further_y - y
    middle = (x + further_x) / 2.0, (y + further_y) / 2.0
    assert perceptron([middle[0] + 0.1 * along[1], middle[1] - 0.1 * along[0]]).data == 1.0
    assert perceptron([middle[0] - 0.1 * along[1], middle[1] + 0.1 * along[0]]).data == 0.0


def test_the_line_of_and():
    """x1 + x2 = 1.5 comes nearest to the origin at (3/4, 3/4) and runs at 45 degrees."""
    near, further = decision_boundary(Perceptron([1, 1], bias=-1.5))
    assert near == pytest.approx((0.75, 0.75), rel=1e-15)
    assert further == pytest.approx((0.75 - math.sqrt(0.5), 0.75 + math.sqrt(0.5)), rel=1e-15)


def test_a_neuron_has_a_boundary_too_and_without_a_bias_it_passes_through_the_origin():
    neuron = Neuron(2, "sigmoid", bias=False)
    near, (x1, x2) = decision_boundary(neuron)
    assert near == (0.0, 0.0)
    assert neuron([x1, x2]).data == pytest.approx(0.5, abs=1e-15)


@pytest.mark.parametrize("weights", [[1.0], [1.0, 2.0, 3.0]])
def test_another_number_of_inputs_is_refused(weights):
    with pytest.raises(
        ValueError, match=rf"two inputs; Perceptron\(weights={len(weights)}, output=step\) has {len(weights)}"
    ):
        decision_boundary(Perceptron(weights))


def test_where_both_weights_are_0_there_is_no_line():
    with pytest.raises(ValueError, match="there is no line"):
        decision_boundary(Perceptron(2, bias=1.0))
