"""Losses: values and gradients against closed forms, at the ends of the range against mpmath."""

import math
from functools import partial

import mpmath
import numpy as np
import pytest

from nn import binary_cross_entropy, cross_entropy, squared_error
from tinygrad_edu import DomainError, Value
from tinygrad_edu.backprop import nodes

close = partial(pytest.approx, rel=1e-14, abs=1e-300)

mp = mpmath.mp.clone()
mp.dps = 400  # e^-800 is not lost beside 1


def values(numbers):
    return [Value(number) for number in numbers]


def gradients(leaves):
    return [leaf.grad for leaf in leaves]


# ---------------- squared error


@pytest.mark.parametrize(("p", "t", "loss"), [(3.0, 1.0, 2.0), (1.0, 3.0, 2.0), (-0.5, 0.5, 0.5), (7.0, 7.0, 0.0)])
def test_squared_error_is_half_the_square_of_the_difference(p, t, loss):
    assert squared_error(Value(p), t).data == loss
    assert squared_error(p, t) == loss


@pytest.mark.parametrize(("p", "t"), [(3.0, 1.0), (1.0, 3.0), (7.0, 7.0), (0.1, -0.2)])
def test_the_gradient_of_squared_error_is_prediction_minus_target(p, t):
    prediction = Value(p)
    squared_error(prediction, t).backward()
    assert prediction.grad == p - t


def test_squared_error_goes_back_to_a_target_that_is_a_value():
    target = Value(1.0)
    squared_error(Value(3.0), target).backward()
    assert target.grad == -2.0


@pytest.mark.parametrize("kind", [list, tuple])
def test_squared_error_of_lists_is_the_sum_over_the_outputs(kind):
    predictions = values([1.0, -2.0, 0.5])
    loss = squared_error(kind(predictions), kind([0.0, 1.0, 0.5]))
    loss.backward()
    assert loss.data == 0.5 + 4.5 + 0.0
    assert gradients(predictions) == [1.0, -3.0, 0.0]


@pytest.mark.parametrize("targets", [[1.0], [1.0, 2.0, 3.0], []])
def test_squared_error_refuses_lists_of_unequal_length(targets):
    with pytest.raises(ValueError, match=r"argument 2|targets|outputs"):
        squared_error(values([1.0, 2.0]), targets)


@pytest.mark.parametrize("target", ["1", None, 1j, [1.0], float("nan"), float("inf")])
def test_squared_error_refuses_a_target_that_is_no_number(target):
    with pytest.raises((TypeError, ValueError)):
        squared_error(Value(1.0), target)


# ---------------- binary cross-entropy of a probability

PROBABILITY = pytest.mark.parametrize("p", [1e-300, 0.01, 0.25, 0.5, 0.75, 1.0 - 2.0**-53])


@PROBABILITY
def test_binary_cross_entropy_of_a_one_is_minus_log_p(p):
    prediction = Value(p)
    loss = binary_cross_entropy(prediction, 1)
    loss.backward()
    assert loss.data == close(float(-mp.log(p)))
    assert prediction.grad == close(-1.0 / p)


@PROBABILITY
def test_binary_cross_entropy_of_a_zero_is_minus_log_of_the_rest(p):
    prediction = Value(p)
    loss = binary_cross_entropy(prediction, 0)
    loss.backward()
    assert loss.data == close(float(-mp.log(mp.mpf(1.0 - p))))
    assert prediction.grad == close(1.0 / (1.0 - p))


@pytest.mark.parametrize("y", [0.25, 0.5, 0.9])
@pytest.mark.parametrize("p", [0.01, 0.5, 0.75])
def test_binary_cross_entropy_of_a_probability_as_target(p, y):
    prediction = Value(p)
    loss = binary_cross_entropy(prediction, y)
    loss.backward()
    assert loss.data == close(-y * math.log(p) - (1.0 - y) * math.log(1.0 - p))
    assert prediction.grad == pytest.approx((p - y) / (p * (1.0 - p)), rel=1e-12)


def test_binary_cross_entropy_of_a_target_that_is_a_value():
    """∂/∂target is log(1 - p) - log p."""
    prediction, target = Value(0.25), Value(0.4)
    loss = binary_cross_entropy(prediction, target)
    loss.backward()
    assert loss.data == close(-0.4 * math.log(0.25) - 0.6 * math.log(0.75))
    assert (prediction.grad, target.grad) == close(((0.25 - 0.4) / (0.25 * 0.75), math.log(3.0)))


@pytest.mark.parametrize(("p", "y"), [(1.0, 1), (0.0, 0), (1.0, True), (0.0, False)])
def test_a_certain_prediction_that_is_right_costs_nothing(p, y):
    assert binary_cross_entropy(Value(p), y).data == 0.0


@pytest.mark.parametrize(("p", "y"), [(0.0, 1), (1.0, 0), (0.0, 0.5)])
def test_a_certain_prediction_that_is_wrong_has_no_finite_loss(p, y):
    with pytest.raises(DomainError):
        binary_cross_entropy(Value(p), y)


@pytest.mark.parametrize(("p", "y"), [(1.5, 1), (1.5, 0), (-0.5, 0), (-0.5, 1), (800.0, 1)])
@pytest.mark.parametrize("kind", [Value, float])
def test_what_is_no_probability_is_refused_as_a_prediction(kind, p, y):
    """A logit without from_logits=True is the usual mistake: it must not pass as a negative loss."""
    with pytest.raises(ValueError):
        binary_cross_entropy(kind(p), y)


@pytest.mark.parametrize("target", [-1, 2, -1e-9, 1.0 + 1e-9, float("nan"), Value(2.0)])
@pytest.mark.parametrize("from_logits", [False, True])
def test_binary_cross_entropy_refuses_targets_beyond_zero_and_one(target, from_logits):
    with pytest.raises(ValueError, match="targets from 0 to 1"):
        binary_cross_entropy(Value(0.5), target, from_logits)


@pytest.mark.parametrize("target", ["1", None, [1], 1j])
@pytest.mark.parametrize("from_logits", [False, True])
def test_binary_cross_entropy_refuses_targets_that_are_no_numbers(target, from_logits):
    with pytest.raises((TypeError, ValueError)):
        binary_cross_entropy(Value(0.5), target, from_logits)


# ---------------- binary cross-entropy of a logit

LOGIT = pytest.mark.parametrize("z", [-800.0, -40.0, -2.0, -0.1, 0.0, 0.1, 2.0, 40.0, 700.0, 800.0, 1e300, -1e300])


@LOGIT
@pytest.mark.parametrize("y", [0, 1])
def test_the_loss_of_a_logit_keeps_its_digits(z, y):
    sign = -1 if y else 1
    expected = mp.log1p(mp.exp(sign * z)) if abs(z) < 1e6 else mp.mpf(max(sign * z, 0.0))
    assert binary_cross_entropy(Value(z), y, from_logits=True).data == close(float(expected))


@LOGIT
@pytest.mark.parametrize("y", [0, 1])
def test_the_gradient_of_the_loss_of_a_logit_is_p_minus_y_to_the_last_digits(z, y):
    """At z = 40 and y = 1 it is -4.2e-18, although 1 - p is 0 in doubles."""
    logit = Value(z)
    binary_cross_entropy(logit, y, from_logits=True).backward()
    expected = 1 / (1 + mp.exp(-z)) if y == 0 else -1 / (1 + mp.exp(z))
    assert logit.grad == close(float(expected))


@pytest.mark.parametrize("y", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("z", [-5.0, -0.3, 0.0, 1.7, 30.0, 800.0])
def test_a_probability_as_target_of_a_logit(z, y):
    logit = Value(z)
    loss = binary_cross_entropy(logit, y, from_logits=True)
    loss.backward()
    assert loss.data == close(float(y * mp.log1p(mp.exp(-z)) + (1 - y) * mp.log1p(mp.exp(z))))
    assert logit.grad == pytest.approx(float(1 / (1 + mp.exp(-z)) - y), rel=1e-14, abs=1e-15)


@pytest.mark.parametrize("y", [0, 1, 0.3])
@pytest.mark.parametrize("z", [-3.0, 0.0, 1.5])
def test_the_loss_of_a_logit_is_the_loss_of_its_sigmoid(z, y):
    of_logit, of_probability = Value(z), Value(z)
    from_logit = binary_cross_entropy(of_logit, y, from_logits=True)
    from_probability = binary_cross_entropy(of_probability.sigmoid(), y)
    from_logit.backward()
    from_probability.backward()
    assert (from_logit.data, of_logit.grad) == pytest.approx((from_probability.data, of_probability.grad), rel=1e-12)


# ---------------- cross-entropy


def softmax_by_hand(logits):
    powers = [mp.exp(z) for z in logits]
    return [power / mp.fsum(powers) for power in powers]


LOGITS = pytest.mark.parametrize(
    "logits",
    [[0.0, 0.0], [1.0, 2.0, 3.0], [-0.5, 4.0, 0.3, -2.2], [7.0], [100.0, 0.0], [800.0, -800.0, 0.0], [-800.0, -799.0]],
    ids=str,
)


@LOGITS
def test_cross_entropy_is_minus_the_log_of_the_targets_probability(logits):
    for k in range(len(logits)):
        expected = float(-mp.log(softmax_by_hand(logits)[k]))
        assert cross_entropy(values(logits), k).data == close(expected)


@LOGITS
def test_the_gradient_of_cross_entropy_is_p_minus_one_hot(logits):
    for k in range(len(logits)):
        z = values(logits)
        cross_entropy(z, k).backward()
        expected = [float(p - (j == k)) for j, p in enumerate(softmax_by_hand(logits))]
        assert gradients(z) == pytest.approx(expected, rel=1e-14, abs=1e-15)


def test_cross_entropy_keeps_its_digits_where_the_target_is_almost_certain():
    """log(1 + e^-100) is 3.720075976020836e-44, where -log of the probability 1.0 is 0."""
    assert cross_entropy(values([100.0, 0.0]), 0).data == close(3.720075976020836e-44)


def test_the_gradient_keeps_its_digits_where_the_target_is_almost_certain():
    """p - 1 is -3.72e-44 for the target's logit, and p is 3.72e-44 for the other: they add up to 0."""
    z = values([100.0, 0.0])
    cross_entropy(z, 0).backward()
    assert gradients(z) == close([-3.720075976020836e-44, 3.720075976020836e-44])


def test_a_wrong_answer_given_with_certainty_costs_the_distance_of_the_logits():
    assert cross_entropy(values([800.0, -800.0]), 1).data == 1600.0


@pytest.mark.parametrize("kind", [list, tuple, lambda numbers: [int(number) for number in numbers]])
@LOGITS
def test_one_hot_is_the_class_to_the_last_bit(kind, logits):
    for k in range(len(logits)):
        one_hot = [float(j == k) for j in range(len(logits))]
        by_class, by_list = values(logits), values(logits)
        of_class, of_list = cross_entropy(by_class, k), cross_entropy(by_list, kind(one_hot))
        of_class.backward()
        of_list.backward()
        assert of_list.data == of_class.data
        assert gradients(by_list) == gradients(by_class)


def test_classes_of_no_share_make_no_gates():
    gates = [node.gate.name for node in nodes(cross_entropy(values([1.0, 2.0, 3.0]), [0, 1, 0.0])) if node.gate]
    assert gates.count("logsumexp") == 1


def test_cross_entropy_of_probabilities_as_target():
    logits, shares = [1.0, -0.5, 2.0], [0.2, 0.3, 0.5]
    z = values(logits)
    loss = cross_entropy(z, shares)
    loss.backward()
    p = softmax_by_hand(logits)
    assert loss.data == close(float(-mp.fsum(share * mp.log(pk) for share, pk in zip(shares, p, strict=True))))
    assert gradients(z) == pytest.approx([float(pk - s) for pk, s in zip(p, shares, strict=True)], rel=1e-13)


def test_two_classes_are_the_binary_cross_entropy_of_the_difference_of_the_logits():
    assert cross_entropy([0.7, -0.4], 0) == close(binary_cross_entropy(0.7 + 0.4, 1, from_logits=True))


def test_a_constant_added_to_all_logits_changes_nothing():
    assert cross_entropy([1.0, 2.0, 4.0], 1) == cross_entropy([1001.0, 1002.0, 1004.0], 1)


@pytest.mark.parametrize("target", [1, True, np.int64(1), np.uint8(1)])
def test_a_class_may_be_any_kind_of_whole_number(target):
    assert cross_entropy(values([0.0, 0.0]), target).data == close(math.log(2.0))


@pytest.mark.parametrize("target", [-1, 3, 100])
def test_a_class_that_is_not_there_is_refused(target):
    with pytest.raises(ValueError, match="a class from 0 to 2"):
        cross_entropy(values([0.0, 0.0, 0.0]), target)


@pytest.mark.parametrize("target", [1.0, None, 1j, Value(1.0), {0: 1.0}])
def test_a_target_that_is_neither_class_nor_list_is_refused(target):
    with pytest.raises(TypeError):
        cross_entropy(values([0.0, 0.0]), target)


@pytest.mark.parametrize("target", [[1.0], [0.0, 1.0, 0.0], [], "1"])
def test_target_probabilities_of_another_number_are_refused(target):
    with pytest.raises(ValueError, match="2 logits and"):
        cross_entropy(values([0.0, 0.0]), target)
