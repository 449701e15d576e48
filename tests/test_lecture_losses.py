"""Lectures 000 and 003, losses: softmax, cross entropy and the divergence of distributions, losses of the margin."""

import math
from functools import partial

import pytest

from tinygrad_edu import Value, dot, exp, log, maximum, sigmoid, softmax

close = partial(pytest.approx, rel=1e-12, abs=1e-12)


def logistic(h):
    return 1.0 / (1.0 + math.exp(-h))


def softmax_by_hand(h):
    powers = [math.exp(hk) for hk in h]
    return [power / sum(powers) for power in powers]


def values(numbers):
    return [Value(number) for number in numbers]


def gradients(leaves):
    return [leaf.grad for leaf in leaves]


def softmax_drawn_out(h):
    powers = [exp(hk) for hk in h]
    return [power / sum(powers) for power in powers]


DRAWINGS = pytest.mark.parametrize("drawing", [softmax, softmax_drawn_out])
LOGITS = pytest.mark.parametrize("h_", [[0.0, 0.0, 0.0], [1.0, 2.0, 3.0], [-0.5, 4.0, 0.3, -2.2]])


# ---------------- softmax


@LOGITS
@DRAWINGS
def test_softmax_divides_each_power_by_their_sum(drawing, h_):
    assert [p.data for p in drawing(values(h_))] == close(softmax_by_hand(h_))


@LOGITS
@DRAWINGS
def test_softmax_is_a_distribution(drawing, h_):
    probabilities = [p.data for p in drawing(values(h_))]
    assert min(probabilities) > 0.0
    assert sum(probabilities) == close(1.0)


@LOGITS
@DRAWINGS
def test_each_slope_of_softmax_is_its_output_times_kronecker_minus_the_other(drawing, h_):
    yhat = softmax_by_hand(h_)
    for i in range(len(h_)):
        h = values(h_)
        drawing(h)[i].backward()
        assert gradients(h) == close([yhat[i] * ((i == k) - yhat[k]) for k in range(len(h_))])


@pytest.mark.parametrize("number", [-3.0, 0.0, 0.8])
def test_softmax_of_two_classes_is_the_sigmoid_of_their_difference(number):
    h = Value(number)
    probability = softmax([h, 0.0])[0]
    probability.backward()
    sigma = logistic(number)
    assert (probability.data, h.grad) == close((sigma, sigma * (1.0 - sigma)))


@LOGITS
def test_a_softmax_layer_has_one_weight_vector_for_each_class(h_):
    hidden = [0.6, -1.4]
    rows_ = [[0.5 * hk, 1.0 - hk] for hk in h_]
    rows = [values(row) for row in rows_]
    (-log(softmax([dot(row, hidden) for row in rows])[0])).backward()
    yhat = softmax_by_hand([row[0] * 0.6 + row[1] * -1.4 for row in rows_])
    errors = [p - (k == 0) for k, p in enumerate(yhat)]
    assert [w.grad for row in rows for w in row] == close([e * x for e in errors for x in hidden])


# ---------------- cross entropy: L = -Σ y log ŷ


def cross_entropy(y, yhat):
    return -sum(yk * log(pk) for yk, pk in zip(y, yhat, strict=True))


@LOGITS
@DRAWINGS
@pytest.mark.parametrize("label", [0, 1, 2])
def test_cross_entropy_of_softmax_sends_back_prediction_minus_target(drawing, h_, label):
    h = values(h_)
    y = [float(k == label) for k in range(len(h_))]
    loss = cross_entropy(y, drawing(h))
    loss.backward()
    yhat = softmax_by_hand(h_)
    assert loss.data == close(-math.log(yhat[label]))
    assert gradients(h) == close([p - t for p, t in zip(yhat, y, strict=True)])


@DRAWINGS
def test_prediction_minus_target_holds_for_any_target_distribution(drawing):
    h_, y = [1.0, 2.0, 3.0], [0.2, 0.5, 0.3]
    h = values(h_)
    cross_entropy(y, drawing(h)).backward()
    assert gradients(h) == close([p - t for p, t in zip(softmax_by_hand(h_), y, strict=True)])


def test_the_example_of_tiger_lion_and_cat_costs_minus_log_seven_tenths():
    assert cross_entropy([1.0, 0.0, 0.0], values([0.7, 0.2, 0.1])).data == close(-math.log(0.7))
    assert round(-math.log(0.7), 2) == 0.36


def test_the_example_pulls_only_at_the_probability_of_the_label():
    yhat = values([0.7, 0.2, 0.1])
    cross_entropy([1.0, 0.0, 0.0], yhat).backward()
    assert gradients(yhat) == close([-1.0 / 0.7, 0.0, 0.0])


@DRAWINGS
def test_the_example_from_its_logits_pushes_the_other_classes_down(drawing):
    h = values([math.log(0.7), math.log(0.2), math.log(0.1)])
    cross_entropy([1.0, 0.0, 0.0], drawing(h)).backward()
    assert gradients(h) == close([0.7 - 1.0, 0.2, 0.1])


@pytest.mark.parametrize("targets", [[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
def test_binary_cross_entropy_over_samples_sums_error_times_input(targets):
    w, inputs = Value(0.7), [1.5, -0.4, 2.0]
    pairs = [([y, 1.0 - y], sigmoid(w * x)) for x, y in zip(inputs, targets, strict=True)]
    sum(cross_entropy(y, [yhat, 1.0 - yhat]) for y, yhat in pairs).backward()
    assert w.grad == close(sum((logistic(0.7 * x) - y) * x for x, y in zip(inputs, targets, strict=True)))


# ---------------- the Kullback-Leibler divergence: KL(p, q) = Σ p log(p/q)

P, Q = [0.5, 0.25, 0.25], [0.25, 0.25, 0.5]


def divergence(p, q):
    return sum(pk * log(pk / qk) for pk, qk in zip(p, q, strict=True))


def test_divergence_of_two_small_distributions():
    """The factors 2, 1 and 1/2 between p and q: (1/2 - 1/4) log 2."""
    assert divergence(values(P), values(Q)).data == close(0.25 * math.log(2.0))


def test_divergence_of_a_distribution_from_itself_is_zero():
    assert divergence(values(P), values(P)).data == 0.0


def test_divergence_is_not_symmetric():
    p, q = [0.5, 0.5], [0.25, 0.75]
    assert divergence(values(p), values(q)).data == close(0.5 * math.log(4.0 / 3.0))
    assert divergence(values(q), values(p)).data == close(0.75 * math.log(3.0) - math.log(2.0))


def test_gradients_of_the_divergence():
    p, q = values(P), values(Q)
    divergence(p, q).backward()
    assert gradients(p) == close([math.log(pk / qk) + 1.0 for pk, qk in zip(P, Q, strict=True)])
    assert gradients(q) == close([-pk / qk for pk, qk in zip(P, Q, strict=True)])


def test_cross_entropy_of_two_small_distributions():
    """In units of log 2: 1/2 · 2 + 1/4 · 2 + 1/4 · 1."""
    assert cross_entropy(P, values(Q)).data == close(1.75 * math.log(2.0))


def test_cross_entropy_exceeds_the_divergence_by_the_entropy_of_p():
    """The entropy of p in units of log 2: 1/2 · 1 + 1/4 · 2 + 1/4 · 2."""
    difference = cross_entropy(P, values(Q)) - divergence(P, values(Q))
    assert difference.data == close(1.5 * math.log(2.0))


def test_cross_entropy_and_divergence_pull_at_q_alike():
    q, r = values(Q), values(Q)
    cross_entropy(P, q).backward()
    divergence(P, r).backward()
    by_hand = [-pk / qk for pk, qk in zip(P, Q, strict=True)]
    assert gradients(q) == close(by_hand)
    assert gradients(r) == close(by_hand)


# ---------------- squared error over vectors: Σ ‖y - ŷ‖² / 2N


def test_squared_error_sends_each_output_its_error_over_n():
    targets = [[1.0, -0.5], [0.0, 2.0], [0.3, 0.3]]
    predictions_ = [[0.8, 0.1], [-0.6, 1.5], [0.3, -1.0]]
    predictions = [values(row) for row in predictions_]
    pairs = [pair for t, p in zip(targets, predictions, strict=True) for pair in zip(t, p, strict=True)]
    (sum((t - p) ** 2 for t, p in pairs) / (2 * len(targets))).backward()
    expected = [(p - t) / 3.0 for r, s in zip(predictions_, targets, strict=True) for p, t in zip(r, s, strict=True)]
    assert [p.grad for row in predictions for p in row] == close(expected)


# ---------------- lecture 003: losses of the margin y f, and the weight penalty C/2 ‖w‖²

MARGINS = pytest.mark.parametrize(("f_", "y"), [(0.4, 1.0), (0.4, -1.0), (-2.5, -1.0), (3.0, 1.0), (0.0, -1.0)])


@MARGINS
def test_the_squared_loss_of_the_margin(f_, y):
    f = Value(f_)
    loss = (1.0 - y * f) ** 2 / 2
    loss.backward()
    assert (loss.data, f.grad) == close(((1.0 - y * f_) ** 2 / 2.0, -y * (1.0 - y * f_)))


@MARGINS
def test_the_logistic_loss_of_the_margin(f_, y):
    f = Value(f_)
    loss = log(1.0 + exp(-y * f))
    loss.backward()
    assert (loss.data, f.grad) == close((math.log(1.0 + math.exp(-y * f_)), -y * logistic(-y * f_)))


@MARGINS
def test_the_hinge_loss_of_the_margin(f_, y):
    f = Value(f_)
    loss = maximum(0.0, 1.0 - y * f)
    loss.backward()
    assert (loss.data, f.grad) == close((1.0 - y * f_, -y) if y * f_ < 1.0 else (0.0, 0.0))


@MARGINS
@pytest.mark.parametrize("epsilon", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("margin", [0.0, 1.0])
def test_the_general_loss_of_the_margin(f_, y, epsilon, margin):
    f = Value(f_)
    loss = epsilon * log(1.0 + exp((margin - y * f) / epsilon))
    loss.backward()
    scaled = (margin - y * f_) / epsilon
    assert (loss.data, f.grad) == close((epsilon * math.log(1.0 + math.exp(scaled)), -y * logistic(scaled)))


@MARGINS
def test_the_general_loss_nears_the_hinge_loss_as_epsilon_shrinks(f_, y):
    f = Value(f_)
    loss = 0.001 * ((1.0 - y * f) / 0.001).softplus()
    loss.backward()
    assert (loss.data, f.grad) == close((1.0 - y * f_, -y) if y * f_ < 1.0 else (0.0, 0.0))


def test_the_weight_penalty_pulls_each_weight_towards_zero():
    w = values([0.5, -2.0, 0.0])
    (0.3 / 2.0 * sum(weight**2 for weight in w)).backward()
    assert gradients(w) == close([0.3 * 0.5, 0.3 * -2.0, 0.0])
