"""Losses: values and gradients against closed forms, at the ends of the range against mpmath."""

import math
import re
from functools import partial

import mpmath
import numpy as np
import pytest

from nn import (
    SGD,
    Module,
    binary_cross_entropy,
    cross_entropy,
    entropy,
    hinge_embedding_loss,
    hinge_loss,
    kl_divergence,
    l1_loss,
    l2_penalty,
    logistic_loss,
    losses,
    margin_loss,
    mean_squared_error,
    nll_loss,
    perceptron_loss,
    squared_error,
    train,
)
from nn.activations import log_softmax
from tinygrad_edu import DomainError, Group, Value, gradcheck, softmax, total
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
    with pytest.raises(DomainError, match=rf"log\(x = {p}\): binary_cross_entropy .*from_logits=True") as caught:
        binary_cross_entropy(kind(p), y)
    assert caught.value.gate.name == "log"


def test_a_model_that_leaves_the_probabilities_as_it_learns_says_when_and_keeps_its_history():
    """A linear output begins at 0.9 and is pulled up by a label of 1: p = 0.9 + 0.1 / 0.9 = 1.011 is none."""

    class Output(Module):
        def __init__(self):
            self.p = Value(0.9)

        def __call__(self, row):
            return self.p

    model = Output()
    with pytest.raises(DomainError, match="from_logits=True") as caught:
        train(model, [[0.0]], [1], binary_cross_entropy, optimizer=partial(SGD, lr=0.1), progress=False)
    assert caught.value.__notes__ == ["the training diverged in epoch 2 of 100"]
    assert caught.value.history.loss == close([-math.log(0.9)])
    assert model.p.data == close(0.9 + 0.1 / 0.9)


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
    [[0.0, 0.0], [1.0, 2.0, 3.0], [-0.5, 4.0, 0.3, -2.2], [100.0, 0.0], [800.0, -800.0, 0.0], [-800.0, -799.0]],
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


@pytest.mark.parametrize("target", [1, np.int64(1), np.uint8(1)])
def test_a_class_may_be_any_kind_of_whole_number(target):
    assert cross_entropy(values([0.0, 0.0]), target).data == close(math.log(2.0))


@pytest.mark.parametrize("target", [-1, 3, 100])
def test_a_class_that_is_not_there_is_refused(target):
    with pytest.raises(ValueError, match="a class from 0 to 2"):
        cross_entropy(values([0.0, 0.0, 0.0]), target)


@pytest.mark.parametrize(
    "target", [1.0, 0.5, True, np.float64(1.0), np.True_, np.array([0.5, 0.5]), None, 1j, {0: 1.0}]
)
def test_a_target_that_is_neither_class_nor_list_is_refused(target):
    with pytest.raises(TypeError, match=re.escape(f"a class from 0 to 1, a whole number, got {target!r}; targets.ast")):
        cross_entropy(values([0.0, 0.0]), target)


@pytest.mark.parametrize("prediction", [Value(0.5), 0.5, [Value(0.5)], [0.5], []])
@pytest.mark.parametrize("loss", [cross_entropy, nll_loss])
def test_classes_need_an_output_each(loss, prediction):
    """Of one output the cross-entropy would be 0 whatever it is, and nothing would be learned."""
    with pytest.raises(TypeError, match=f"{loss.__name__} needs an output for each class.*binary_cross_entropy"):
        loss(prediction, 0)


@pytest.mark.parametrize("loss", [cross_entropy, nll_loss, partial(cross_entropy, from_logits=False)])
@pytest.mark.parametrize("target", [0, 1, 2])
def test_a_class_may_be_a_value(loss, target):
    """Gates pick the output: 1 - step(t - k) - step(k - t) is 1 for k = t alone. Their slope is 0."""
    outputs, others, label = values([0.7, 0.2, 0.1]), values([0.7, 0.2, 0.1]), Value(target)
    ours, plain = loss(outputs, label), loss(others, target)
    ours.backward()
    plain.backward()
    assert ours.data == close(plain.data)
    assert gradients(outputs) == close(gradients(others))
    assert label.grad == 0.0


@pytest.mark.parametrize("target", [-1.0, 3.0, 0.5, 1e300])
def test_a_value_that_is_no_class_picks_nothing(target):
    for loss in (cross_entropy, nll_loss):
        with pytest.raises(DomainError, match="div needs y != 0"):
            loss(values([0.7, 0.2, 0.1]), Value(target))


@pytest.mark.parametrize("target", [[1.0], [0.0, 1.0, 0.0], [], "1"])
def test_target_probabilities_of_another_number_are_refused(target):
    with pytest.raises(ValueError, match="2 logits and"):
        cross_entropy(values([0.0, 0.0]), target)


# ---------------- cross-entropy of probabilities


def test_the_lectures_example_costs_minus_log_seven_tenths():
    """Lecture 003: tiger, lion and cat with 0.7, 0.2 and 0.1, and it is a tiger."""
    q = values([0.7, 0.2, 0.1])
    loss = cross_entropy(q, [1, 0, 0], from_logits=False)
    loss.backward()
    assert loss.data == close(-math.log(0.7))
    assert gradients(q) == close([-1.0 / 0.7, 0.0, 0.0])
    assert cross_entropy([0.7, 0.2, 0.1], 0, from_logits=False) == close(-math.log(0.7))


def test_cross_entropy_of_two_distributions():
    """In units of log 2: 1/2 · 2 + 1/4 · 2 + 1/4 · 1; the slope is -p/q."""
    q = values([0.25, 0.25, 0.5])
    loss = cross_entropy(q, [0.5, 0.25, 0.25], from_logits=False)
    loss.backward()
    assert loss.data == close(1.75 * math.log(2.0))
    assert gradients(q) == close([-2.0, -1.0, -0.5])


@pytest.mark.parametrize("target", [1, [0.2, 0.3, 0.5]])
def test_from_logits_or_from_their_softmax_is_the_same(target):
    logits, others = values([1.0, -0.5, 2.0]), values([1.0, -0.5, 2.0])
    loss = cross_entropy(logits, target)
    from_softmax = cross_entropy(softmax(others), target, from_logits=False)
    loss.backward()
    from_softmax.backward()
    assert from_softmax.data == pytest.approx(loss.data, rel=1e-14)
    assert gradients(others) == pytest.approx(gradients(logits), rel=1e-13)


@pytest.mark.parametrize("q", [-0.5, 1.5, 3.0])
def test_cross_entropy_refuses_logits_where_it_was_promised_probabilities(q):
    with pytest.raises(ValueError, match="from_logits=True"):
        cross_entropy([Value(q), Value(0.5)], 0, from_logits=False)


@pytest.mark.parametrize("target", [[0.5, 0.6], [1.0, 1.0], [0.0, 0.0], [-0.5, 1.5], [float("nan"), 1.0], [3, 1]])
def test_cross_entropy_refuses_a_target_that_is_no_distribution(target):
    with pytest.raises(ValueError, match="add up to 1"):
        cross_entropy(values([0.0, 0.0]), target)


# ---------------- negative log-likelihood


@LOGITS
def test_nll_loss_of_log_softmax_is_cross_entropy(logits):
    for k in range(len(logits)):
        z = values(logits)
        loss = nll_loss(log_softmax(z), k)
        loss.backward()
        p = softmax_by_hand(logits)
        assert loss.data == pytest.approx(float(-mp.log(p[k])), rel=1e-14, abs=1e-13)
        assert gradients(z) == pytest.approx([float(pj - (j == k)) for j, pj in enumerate(p)], rel=1e-14, abs=1e-15)


def test_nll_loss_pulls_only_at_the_target():
    logs = values([-0.1, -2.5, -7.0])
    loss = nll_loss(logs, 1)
    loss.backward()
    assert loss.data == 2.5
    assert gradients(logs) == [0.0, -1.0, 0.0]


@pytest.mark.parametrize("target", [-1, 2])
def test_nll_loss_refuses_a_class_that_is_not_there(target):
    with pytest.raises(ValueError, match="nll_loss needs a class from 0 to 1"):
        nll_loss(values([-1.0, -1.0]), target)


@pytest.mark.parametrize("target", [1.0, True, [0.0, 1.0], None])
def test_nll_loss_refuses_a_target_that_is_no_class(target):
    with pytest.raises(TypeError, match="nll_loss needs a class from 0 to 1, a whole number"):
        nll_loss(values([-1.0, -1.0]), target)


# ---------------- mean squared error, absolute error, and lists


@pytest.mark.parametrize(("p", "t"), [(3.0, 1.0), (1.0, 3.0), (7.0, 7.0), (-0.5, 0.25)])
def test_mean_squared_error_of_one_output(p, t):
    prediction = Value(p)
    loss = mean_squared_error(prediction, t)
    loss.backward()
    assert (loss.data, prediction.grad) == ((p - t) ** 2, 2.0 * (p - t))


def test_the_mean_is_over_the_outputs_of_the_row():
    predictions = values([1.0, -2.0, 0.5, 3.0])
    loss = mean_squared_error(predictions, [0.0, 1.0, 0.5, 5.0])
    loss.backward()
    assert loss.data == (1.0 + 9.0 + 0.0 + 4.0) / 4.0
    assert gradients(predictions) == [0.5, -1.5, 0.0, -1.0]


@pytest.mark.parametrize(("p", "t", "slope"), [(3.0, 1.0, 1.0), (1.0, 3.0, -1.0), (7.0, 7.0, 0.0)])
def test_l1_loss_of_one_output(p, t, slope):
    prediction = Value(p)
    loss = l1_loss(prediction, t)
    loss.backward()
    assert (loss.data, prediction.grad) == (abs(p - t), slope)


def test_l1_loss_of_lists_is_the_mean_over_the_outputs():
    predictions = values([1.0, -2.0, 0.5, 3.0])
    loss = l1_loss(predictions, (0.0, 1.0, 0.5, 5.0))
    loss.backward()
    assert loss.data == (1.0 + 3.0 + 0.0 + 2.0) / 4.0
    assert gradients(predictions) == [0.25, -0.25, 0.0, -0.25]


OF_OUTPUTS = pytest.mark.parametrize("loss", [squared_error, mean_squared_error, l1_loss])


@OF_OUTPUTS
@pytest.mark.parametrize("targets", [[1.0], [1.0, 2.0, 3.0], []])
def test_outputs_and_targets_of_unequal_number_are_named(loss, targets):
    with pytest.raises(ValueError, match=f"{loss.__name__} got 2 outputs and {len(targets)} targets"):
        loss(values([1.0, 2.0]), targets)


@OF_OUTPUTS
def test_no_outputs_have_no_loss(loss):
    with pytest.raises(ValueError, match="0 outputs and 0 targets"):
        loss([], [])


@OF_OUTPUTS
def test_one_target_for_a_list_of_outputs_is_named(loss):
    with pytest.raises(TypeError, match=r"2 outputs and one target, 1\.0"):
        loss(values([1.0, 2.0]), 1.0)


ROWS = [[0.8, 0.1], [-0.6, 1.5], [0.3, -1.0]]
TARGETS = [[1.0, -0.5], [0.0, 2.0], [0.3, 0.3]]


def test_the_batch_mean_of_squared_error_is_the_lectures_vector_form():
    """1/(2N) Σ ‖y - ŷ‖² with its slope (ŷ - y)/N: the squares are 0.04, 0.36, 0.36, 0.25, 0 and 1.69."""
    rows = [values(row) for row in ROWS]
    mean = total([squared_error(row, target) for row, target in zip(rows, TARGETS, strict=True)]) / len(rows)
    mean.backward()
    assert mean.data == close(2.7 / 6.0)
    errors = [p - t for row, target in zip(ROWS, TARGETS, strict=True) for p, t in zip(row, target, strict=True)]
    assert [p.grad for row in rows for p in row] == pytest.approx([error / 3.0 for error in errors], rel=1e-15)


def test_train_descends_the_lectures_vector_form():
    """The first loss in the history is that of the rows before the first step, as there is one batch."""

    class Outputs(Module):
        def __init__(self):
            self.scale = Value(1.0)

        def __call__(self, inputs):
            return [self.scale * x for x in inputs]

    history = train(Outputs(), ROWS, TARGETS, squared_error, epochs=1, batch_size=None, progress=False)
    assert history.loss == [close(2.7 / 6.0)]


# ---------------- losses of the margin y f

OF_MARGIN = {
    perceptron_loss: (lambda m: max(-m, 0.0), lambda m: -1.0 if m < 0.0 else 0.0),
    hinge_loss: (lambda m: max(1.0 - m, 0.0), lambda m: -1.0 if m < 1.0 else 0.0),
    logistic_loss: (lambda m: mp.log1p(mp.exp(-m)), lambda m: -1 / (1 + mp.exp(m))),
    margin_loss: (lambda m: mp.log1p(mp.exp(1 - m)), lambda m: -1 / (1 + mp.exp(m - 1))),
}
MARGIN_LOSS = pytest.mark.parametrize("loss", OF_MARGIN, ids=lambda loss: loss.__name__)
SIDE = pytest.mark.parametrize("y", [-1, 1, -1.0, 1.0, np.int64(-1), True], ids=repr)


@MARGIN_LOSS
@SIDE
@pytest.mark.parametrize("f", [-800.0, -40.0, -2.5, -1.0, -0.4, 0.0, 0.4, 1.0, 3.0, 40.0, 700.0, 800.0])
def test_a_loss_of_the_margin_and_its_slope(loss, f, y):
    """The slope with respect to f is y times the one with respect to y f; at the kinks it is 0."""
    value, slope = OF_MARGIN[loss]
    score = Value(f)
    found = loss(score, y)
    found.backward()
    margin = float(y) * f
    # 1 - y f is rounded, and its error is one of the exponent
    assert found.data == pytest.approx(float(value(margin)), rel=1e-13, abs=1e-300)
    assert score.grad == pytest.approx(float(y * slope(margin)), rel=1e-13, abs=1e-300)


@MARGIN_LOSS
@pytest.mark.parametrize("f", [1e300, -1e300, 1.7e308, -1.7e308])
def test_a_loss_of_the_margin_at_the_ends_of_the_range(loss, f):
    """One side costs |f| and has the slope 1, the other costs nothing."""
    right, wrong = Value(f), Value(f)
    loss(right, math.copysign(1, f)).backward()
    cost = loss(wrong, -math.copysign(1, f))
    cost.backward()
    assert loss(f, math.copysign(1, f)) == 0.0
    assert (cost.data, wrong.grad, right.grad) == (abs(f), math.copysign(1.0, f), 0.0)


@MARGIN_LOSS
def test_a_side_that_is_a_value_may_be_another_in_another_row(loss):
    target = Value(-1.0)
    assert loss(Value(0.5), target).data == loss(0.5, -1)
    assert [node.data for node in nodes(loss(Value(0.5), target))].count(-1.0) >= 1


SIGNED = pytest.mark.parametrize("loss", [*OF_MARGIN, hinge_embedding_loss], ids=lambda loss: loss.__name__)


@SIGNED
@pytest.mark.parametrize("target", [0, 0.0, False, 2, 0.5, float("nan"), Value(0.0)], ids=repr)
def test_a_target_of_zero_or_one_is_refused_and_both_kinds_are_named(loss, target):
    message = rf"{loss.__name__} needs a target of -1 or \+1.*targets of 0 and 1 go with binary_cross_entropy"
    with pytest.raises(ValueError, match=message):
        loss(Value(0.5), target)


@SIGNED
@pytest.mark.parametrize("target", [None, [1], 1j, "one"], ids=repr)
def test_a_side_that_is_no_number_is_refused(loss, target):
    with pytest.raises((TypeError, ValueError)):
        loss(Value(0.5), target)


SINGLE = [squared_error, mean_squared_error, l1_loss, binary_cross_entropy, hinge_loss, margin_loss, perceptron_loss]


@pytest.mark.parametrize("loss", [*SINGLE, logistic_loss, hinge_embedding_loss], ids=lambda loss: loss.__name__)
def test_a_column_of_targets_is_named_where_one_number_belongs(loss):
    with pytest.raises(TypeError, match=rf"{loss.__name__} takes one number as its target, got \[1\]"):
        loss(Value(0.5), [1])


@pytest.mark.parametrize("loss", [*SINGLE[3:], logistic_loss], ids=lambda loss: loss.__name__)
def test_a_list_of_outputs_is_named_where_one_belongs(loss):
    with pytest.raises(TypeError, match=rf"{loss.__name__} takes one number as its (score|prediction), got \[Value"):
        loss(values([0.5]), 1)


@pytest.mark.parametrize("from_logits", [False, True])
def test_binary_cross_entropy_names_both_kinds_of_target(from_logits):
    with pytest.raises(ValueError, match=r"targets from 0 to 1, got -1; targets of -1 and \+1 go with logistic_loss"):
        binary_cross_entropy(Value(0.5), -1, from_logits)


@pytest.mark.parametrize("f", [-3.0, -0.2, 0.0, 0.7, 30.0, -800.0])
@pytest.mark.parametrize(("sign", "bit"), [(1, 1), (-1, 0)])
def test_the_logistic_loss_is_the_binary_cross_entropy_of_the_logit(f, sign, bit):
    score, logit = Value(f), Value(f)
    loss, other = logistic_loss(score, sign), binary_cross_entropy(logit, bit, from_logits=True)
    loss.backward()
    other.backward()
    assert (loss.data, score.grad) == close((other.data, logit.grad))


MARGINS = pytest.mark.parametrize("f", [-2.5, -1.0, -0.4, 0.0, 0.4, 0.999, 1.0, 3.0])


@MARGINS
@pytest.mark.parametrize("y", [-1, 1])
def test_margin_loss_with_epsilon_1_and_l_0_is_the_logistic_loss(f, y):
    assert margin_loss(f, y, epsilon=1.0, L=0.0) == logistic_loss(f, y)


@MARGINS
@pytest.mark.parametrize("y", [-1, 1])
@pytest.mark.parametrize("epsilon", [1.0, 0.1, 1e-3, 1e-6, 1e-12, 1e-200])
@pytest.mark.parametrize(("margin", "limit"), [(1.0, hinge_loss), (0.0, perceptron_loss)])
def test_margin_loss_nears_its_limit_from_above_by_at_most_epsilon_log_2(f, y, epsilon, margin, limit):
    above = margin_loss(f, y, epsilon, margin) - limit(f, y)
    assert -1e-15 <= above <= epsilon * math.log(2.0) + 1e-15


@pytest.mark.parametrize("epsilon", [0.5, 0.01, 1e-100])
def test_margin_loss_is_epsilon_log_2_above_its_limit_at_the_kink(epsilon):
    assert margin_loss(1.0, 1, epsilon) == close(epsilon * math.log(2.0))


@MARGINS
@pytest.mark.parametrize("y", [-1, 1])
def test_the_slope_of_margin_loss_nears_the_hinges_on_both_sides_of_the_kink(f, y):
    """At the kink itself it is half way between them for every epsilon."""
    score, limit = Value(f), Value(f)
    margin_loss(score, y, epsilon=1e-6).backward()
    hinge_loss(limit, y).backward()
    assert score.grad == pytest.approx(limit.grad if y * f != 1.0 else -y / 2.0, abs=1e-12)


@pytest.mark.parametrize("epsilon", [0.3, 2.0])
@pytest.mark.parametrize("margin", [0.0, 1.0, 2.5])
@pytest.mark.parametrize(("f", "y"), [(0.4, 1), (0.4, -1), (-2.5, -1)])
def test_margin_loss_is_its_formula(f, y, epsilon, margin):
    score = Value(f)
    loss = margin_loss(score, y, epsilon, margin)
    loss.backward()
    scaled = (mp.mpf(margin) - y * mp.mpf(f)) / epsilon
    assert loss.data == close(float(epsilon * mp.log1p(mp.exp(scaled))))
    assert score.grad == close(float(-y / (1 + mp.exp(-scaled))))


@pytest.mark.parametrize("epsilon", [0.0, -1.0, float("nan"), float("inf")])
def test_margin_loss_refuses_an_epsilon_that_is_not_above_0(epsilon):
    with pytest.raises(ValueError, match="hinge_loss"):
        margin_loss(Value(0.5), 1, epsilon)


@pytest.mark.parametrize(
    ("x", "y", "margin", "loss", "slope"),
    [
        (0.25, 1, 1.0, 0.25, 1.0),
        (-3.0, 1, 1.0, -3.0, 1.0),
        (0.25, -1, 1.0, 0.75, -1.0),
        (0.25, -1, 2.0, 1.75, -1.0),
        (3.0, -1, 1.0, 0.0, 0.0),
        (1.0, -1, 1.0, 0.0, 0.0),
        (1e308, 1, 1.0, 1e308, 1.0),
        (1e308, -1, 1.0, 0.0, 0.0),
    ],
)
def test_hinge_embedding_loss(x, y, margin, loss, slope):
    distance = Value(x)
    found = hinge_embedding_loss(distance, y, margin)
    found.backward()
    assert (found.data, distance.grad) == (loss, slope)


# ---------------- distributions


def test_entropy_of_halves_and_quarters():
    """In units of log 2: 1/2 · 1 + 1/4 · 2 + 1/4 · 2; the slope is -log p - 1."""
    p = values([0.5, 0.25, 0.25])
    loss = entropy(p)
    loss.backward()
    assert loss.data == close(1.5 * math.log(2.0))
    assert gradients(p) == close([math.log(2.0) - 1.0, math.log(4.0) - 1.0, math.log(4.0) - 1.0])
    assert entropy([0.5, 0.25, 0.25]) == close(1.5 * math.log(2.0))


@pytest.mark.parametrize("p", [[1.0], [0, 1, 0], [1.0, 0.0]])
def test_what_is_certain_has_no_entropy(p):
    assert entropy(p) == 0.0
    assert math.copysign(1.0, entropy(p)) == 1.0


@pytest.mark.parametrize("count", [2, 3, 10])
def test_equal_shares_have_the_largest_entropy(count):
    assert entropy([1.0 / count] * count) == close(math.log(count))


def test_divergence_of_two_small_distributions():
    """The ratios are 2, 1 and 1/2: (1/2 - 1/4) log 2. Slopes: log(p/q) + 1 and -p/q."""
    p, q = values([0.5, 0.25, 0.25]), values([0.25, 0.25, 0.5])
    loss = kl_divergence(p, q)
    loss.backward()
    assert loss.data == close(0.25 * math.log(2.0))
    assert gradients(p) == close([math.log(2.0) + 1.0, 1.0, 1.0 - math.log(2.0)])
    assert gradients(q) == close([-2.0, -1.0, -0.5])


@pytest.mark.parametrize(
    ("p", "q"), [([0.5, 0.25, 0.25], [0.25, 0.25, 0.5]), ([1.0, 0.0, 0.0], [0.7, 0.2, 0.1]), ([0.2, 0.8], [0.8, 0.2])]
)
def test_cross_entropy_is_entropy_and_divergence(p, q):
    assert cross_entropy(q, p, from_logits=False) == close(entropy(p) + kl_divergence(p, q))


def test_divergence_does_not_overflow_where_the_ratio_does():
    assert kl_divergence([0.5, 0.5], [1e-310, 1.0]) == pytest.approx(
        float(mp.mpf("0.5") * mp.log(mp.mpf("0.5") / mp.mpf(1e-310)) + mp.mpf("0.5") * mp.log(mp.mpf("0.5"))), rel=1e-13
    )


def test_what_has_no_share_in_p_may_have_none_in_q():
    q = values([1.0, 0.0])
    loss = kl_divergence([1.0, 0.0], q)
    loss.backward()
    assert loss.data == 0.0
    assert gradients(q) == [-1.0, 0.0]


def test_what_q_rules_out_has_no_finite_divergence():
    with pytest.raises(DomainError, match="log"):
        kl_divergence([0.5, 0.5], values([1.0, 0.0]))


@pytest.mark.parametrize("p", [[0.5, 0.6], [1.5, -0.5], [], [2.0, 1.0, -3.0]])
def test_what_is_no_distribution_is_refused(p):
    for loss in (entropy, lambda p: kl_divergence(p, p), lambda p: kl_divergence([1.0 / len(p) for _ in p], p)):
        with pytest.raises(ValueError, match="add up to 1"):
            loss(p)


def test_distributions_over_unequal_numbers_of_events_are_refused():
    with pytest.raises(ValueError, match="2 and 3 probabilities"):
        kl_divergence([0.5, 0.5], [0.25, 0.25, 0.5])


# ---------------- the penalty of the weights


def test_l2_penalty_pulls_each_weight_towards_zero():
    w = values([0.5, -2.0, 0.0])
    loss = l2_penalty(w, 0.3)
    loss.backward()
    assert loss.data == close(0.15 * 4.25)
    assert gradients(w) == close([0.3 * 0.5, 0.3 * -2.0, 0.0])


def test_l2_penalty_takes_a_layers_weights_as_they_are():
    w = Group(values([3.0, 4.0]))
    loss = l2_penalty(w, C=2.0)
    loss.backward()
    assert (loss.data, [x.grad for x in w]) == (25.0, [6.0, 8.0])


def test_l2_penalty_to_gradient_descent_is_weight_decay():
    """Five steps down (w - 1)²/2: the penalty's C w is what weight_decay adds to the slope."""
    with_penalty, with_decay = Value(3.0), Value(3.0)
    descents = SGD([with_penalty], 0.1, 0.5), SGD([with_decay], 0.1, 0.5, weight_decay=0.25)
    for _ in range(5):
        for descent, weight in zip(descents, (with_penalty, with_decay), strict=True):
            descent.zero_grad()
            loss = squared_error(weight, 1.0)
            (loss + l2_penalty([weight], 0.25) if weight is with_penalty else loss).backward()
            descent.step()
    assert with_penalty.data == pytest.approx(with_decay.data, rel=1e-14)


@pytest.mark.parametrize("c", [-0.1, float("nan"), float("inf")])
def test_l2_penalty_refuses_a_strength_that_is_negative_or_not_finite(c):
    with pytest.raises(ValueError, match="a finite C of 0 or more"):
        l2_penalty(values([1.0]), c)


# ---------------- all of them

LOSSES = {
    "squared_error": lambda x: squared_error(x, [0.1, 0.9, -0.4]),
    "mean_squared_error": lambda x: mean_squared_error(x, [0.1, 0.9, -0.4]),
    "l1_loss": lambda x: l1_loss(x, [0.1, 0.9, -0.4]),
    "binary_cross_entropy": lambda x: binary_cross_entropy(x[0], 0.3),
    "binary_cross_entropy of a logit": lambda x: binary_cross_entropy(x[0], 1, from_logits=True),
    "cross_entropy": lambda x: cross_entropy(x, 1),
    "cross_entropy of distributions": lambda x: cross_entropy(x, [0.2, 0.5, 0.3], from_logits=False),
    "nll_loss": lambda x: nll_loss(log_softmax(x), 2),
    "perceptron_loss": lambda x: perceptron_loss(x[0] - x[1], 1),
    "hinge_loss": lambda x: hinge_loss(x[0], -1),
    "logistic_loss": lambda x: logistic_loss(x[0], -1),
    "margin_loss": lambda x: margin_loss(x[0], 1, epsilon=0.5),
    "hinge_embedding_loss": lambda x: hinge_embedding_loss(x[0], -1),
    "entropy": entropy,
    "kl_divergence": lambda x: kl_divergence(x[:2], x[1:]),
    "l2_penalty": lambda x: l2_penalty(x, 0.3),
}


def test_every_loss_is_here():
    assert {name.partition(" ")[0] for name in LOSSES} == {
        name
        for name, thing in vars(losses).items()
        if callable(thing) and thing.__module__ == "nn.losses" and not name.startswith("_")
    }


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_the_gradient_of_every_loss_is_what_differences_say(loss):
    assert gradcheck(lambda *x: loss(list(x)), [0.3, 0.6, 0.45])


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_numbers_alone_give_a_number(loss):
    numbers = [0.25, 0.5, 0.25] if loss is entropy else [0.5, 0.5, 0.5]
    number = loss(numbers)
    assert type(number) is float
    assert loss(values(numbers)).data == close(number)
