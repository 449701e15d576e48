"""Lectures 000, 002 and 003, one neuron: the step that cannot learn, the logistic neuron, the perceptron criterion."""

import math
import random
from functools import partial

import pytest

from tinygrad_edu import Value, dot, log, relu, sigmoid, step

close = partial(pytest.approx, rel=1e-12, abs=1e-12)


def logistic(h):
    return 1.0 / (1.0 + math.exp(-h))


def weighted_sum(weights, inputs):
    return sum(w * x for w, x in zip(weights, inputs, strict=True))


def values(numbers):
    return [Value(number) for number in numbers]


def gradients(leaves):
    return [leaf.grad for leaf in leaves]


# ---------------- the perceptron: 1 where w·x > 0, else 0


@pytest.mark.parametrize(("x", "output"), [([2.0, 1.0], 1.0), ([1.0, 2.0], 0.0), ([1.0, 1.0], 0.0)])
def test_a_perceptron_fires_on_one_side_of_its_line_and_not_on_the_line(x, output):
    assert step(dot(values([1.0, -1.0]), x)).data == output


def sign(x):
    return 2.0 * step(x) - 1.0


@pytest.mark.parametrize("activation", [step, sign])
@pytest.mark.parametrize("number", [-7.0, -1e-9, 0.0, 1e-9, 0.5, 40.0])
def test_step_and_sign_have_no_slope_anywhere(activation, number):
    x = Value(number)
    activation(x).backward()
    assert x.grad == 0.0


@pytest.mark.parametrize("activation", [step, sign])
@pytest.mark.parametrize("target", [-1.0, 0.0, 1.0])
def test_a_network_of_thresholds_gives_gradient_descent_nothing_to_follow(activation, target):
    generator = random.Random(0)
    weights = [values([generator.uniform(-1.0, 1.0) for _ in range(2)]) for _ in range(3)]
    hidden = [activation(dot(row, (1.0, -2.0))) for row in weights[:2]]
    ((activation(dot(weights[2], hidden)) - target) ** 2).backward()
    assert [gradients(row) for row in weights] == [[0.0, 0.0]] * 3


# ---------------- the logistic neuron with L = -y log ŷ - (1 - y) log(1 - ŷ)

NEURONS = pytest.mark.parametrize(
    ("w_", "x"),
    [([0.5, -1.2, 0.3], [1.0, 2.0, -0.7]), ([0.0, 0.0, 0.0], [1.0, 1.0, 1.0]), ([-2.0, 1.0, 0.1], [1.0, -0.5, 4.0])],
)
LABELS = pytest.mark.parametrize("y", [0.0, 1.0])


def negative_log_likelihood(prediction, y):
    return -y * log(prediction) - (1.0 - y) * log(1.0 - prediction)


@NEURONS
@LABELS
def test_the_loss_is_minus_the_log_of_the_probability_given_to_the_label(w_, x, y):
    loss = negative_log_likelihood(sigmoid(dot(values(w_), x)), y)
    yhat = logistic(weighted_sum(w_, x))
    assert loss.data == close(-math.log(yhat) if y == 1.0 else -math.log(1.0 - yhat))


@NEURONS
@LABELS
def test_the_chain_from_loss_to_weights_link_by_link(w_, x, y):
    w = values(w_)
    h = dot(w, x)
    prediction = sigmoid(h)
    negative_log_likelihood(prediction, y).backward()

    yhat = logistic(weighted_sum(w_, x))
    by_prediction = -y / yhat + (1.0 - y) / (1.0 - yhat)
    by_h = by_prediction * yhat * (1.0 - yhat)
    assert (prediction.grad, h.grad) == close((by_prediction, by_h))
    assert gradients(w) == close([by_h * xi for xi in x])


@NEURONS
@LABELS
@pytest.mark.parametrize("drawing", [dot, weighted_sum])
def test_the_gradient_of_the_logistic_neuron_is_its_error_times_the_input(w_, x, y, drawing):
    w = values(w_)
    negative_log_likelihood(sigmoid(drawing(w, x)), y).backward()
    yhat = logistic(weighted_sum(w_, x))
    assert gradients(w) == close([(yhat - y) * xi for xi in x])


@NEURONS
@LABELS
@pytest.mark.parametrize("alpha", [0.01, 0.5])
def test_one_step_of_descent_subtracts_alpha_times_error_times_input(w_, x, y, alpha):
    w = values(w_)
    negative_log_likelihood(sigmoid(dot(w, x)), y).backward()
    for weight in w:
        weight.data -= alpha * weight.grad
    yhat = logistic(weighted_sum(w_, x))
    assert [weight.data for weight in w] == close([wi - alpha * (yhat - y) * xi for wi, xi in zip(w_, x, strict=True)])


# ---------------- the perceptron criterion: J(w) = -Σ y w·x over the misclassified, y = ±1

SAMPLES = [([1.0, 2.0, 1.0], 1.0), ([1.0, -1.0, 0.5], 1.0), ([1.0, 0.5, -2.0], -1.0), ([1.0, -2.0, -1.0], -1.0)]
START = [0.2, -1.0, 0.5]  # scores -1.3, 1.45, -1.3, 1.7: the first and the last sample are misclassified
MISTAKES = [SAMPLES[0], SAMPLES[3]]


def perceptron_criterion(w, samples):
    scores = [(y, dot(w, x)) for x, y in samples]
    return -sum(y * score for y, score in scores if y * score < 0)


def test_the_criterion_sums_what_the_misclassified_samples_lack():
    assert perceptron_criterion(values(START), SAMPLES).data == close(1.3 + 1.7)


def test_the_gradient_of_the_criterion_is_minus_the_sum_of_y_x_over_the_mistakes():
    w = values(START)
    perceptron_criterion(w, SAMPLES).backward()
    assert gradients(w) == close([-sum(y * x[i] for x, y in MISTAKES) for i in range(3)])


def test_the_criterion_drawn_with_relu_gates_has_the_same_gradient():
    w = values(START)
    sum(relu(-y * dot(w, x)) for x, y in SAMPLES).backward()
    assert gradients(w) == close([-sum(y * x[i] for x, y in MISTAKES) for i in range(3)])


def test_descent_on_the_criterion_adds_alpha_y_x_of_the_mistakes():
    w = values(START)
    perceptron_criterion(w, SAMPLES).backward()
    for weight in w:
        weight.data -= 0.1 * weight.grad
    expected = [START[i] + 0.1 * sum(y * x[i] for x, y in MISTAKES) for i in range(3)]
    assert [weight.data for weight in w] == close(expected)


def test_learning_from_mistakes_ends_on_separable_data():
    w = values(START)
    for _ in range(100):
        mistakes = [(x, y) for x, y in SAMPLES if y * dot(w, x) < 0]
        if not mistakes:
            break
        perceptron_criterion(w, mistakes[:1]).backward()
        for weight in w:
            weight.data -= weight.grad
            weight.grad = 0.0
    assert all(y * weighted_sum([weight.data for weight in w], x) > 0.0 for x, y in SAMPLES)


# ---------------- lecture 002: the perceptron error Σ w·x (y - t), with y = step(w·x) and t = 0 or 1


@pytest.mark.parametrize("t", [0.0, 1.0])
@pytest.mark.parametrize("x", [[1.0, 2.0, 1.0], [1.0, -1.0, 0.5]])
def test_as_the_step_has_no_slope_the_perceptron_error_has_the_gradient_x_times_y_minus_t(x, t):
    w = values(START)
    score = dot(w, x)
    (score * (step(score) - t)).backward()
    y = 1.0 if weighted_sum(START, x) > 0.0 else 0.0
    assert gradients(w) == close([xi * (y - t) for xi in x])


@pytest.mark.parametrize("t", [0.0, 1.0])
@pytest.mark.parametrize("x", [[1.0, 2.0, 1.0], [1.0, -1.0, 0.5]])
def test_the_perceptron_error_of_a_sample_is_the_distance_of_its_score_from_zero_if_it_is_wrong(x, t):
    score = dot(values(START), x)
    error = score * (step(score) - t)
    s = weighted_sum(START, x)
    assert error.data == close(abs(s) if (s > 0.0) != (t == 1.0) else 0.0)


def test_counting_the_errors_gives_a_number_but_no_direction():
    w = values(START)
    count = sum(abs(step(dot(w, x)) - (y + 1.0) / 2.0) for x, y in SAMPLES)
    count.backward()
    assert count.data == len(MISTAKES)
    assert gradients(w) == [0.0, 0.0, 0.0]
