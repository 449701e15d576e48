"""Lectures 000 to 004, the multilayer perceptron: each weight's gradient against the derivation on paper."""

import math
import random
from functools import partial

import pytest

from tinygrad_edu import Value, dot, sigmoid

close = partial(pytest.approx, rel=1e-12, abs=1e-12)


def logistic(h):
    return 1.0 / (1.0 + math.exp(-h))


def weighted_sum(weights, inputs, bias=0.0):
    """On numbers the arithmetic of the derivations; on Values a neuron in mul and add gates."""
    return sum((w * x for w, x in zip(weights, inputs, strict=True)), start=bias)


def values(numbers):
    return [Value(number) for number in numbers]


def matrix(rows):
    return [values(row) for row in rows]


def numbers_of(leaves):
    return [leaf.data for leaf in leaves]


def gradients(leaves):
    return [leaf.grad for leaf in leaves]


def matrix_gradients(rows):
    """Row by row, end to end."""
    return [leaf.grad for row in rows for leaf in row]


def outer(column, row):
    """Row by row, end to end."""
    return [c * r for c in column for r in row]


DRAWINGS = pytest.mark.parametrize("neuron", [dot, weighted_sum])


# ---------------- lecture 000: ŷ = w2 · σ(W1 x), L = (y - ŷ)²/2

W1 = [[0.5, -0.3, 0.8], [-1.2, 0.7, 0.1]]
W2 = [1.5, -0.6]
SAMPLES = [([1.0, -2.0, 0.5], 0.7), ([0.3, 0.9, -1.1], -0.4), ([-0.6, 1.4, 2.0], 1.3)]
SAMPLE = pytest.mark.parametrize(("x", "y"), SAMPLES)


def forward_by_hand(x):
    z = [logistic(weighted_sum(row, x)) for row in W1]
    return z, weighted_sum(W2, z)


def gradient_by_hand(x, y):
    z, yhat = forward_by_hand(x)
    by_w2 = [(yhat - y) * z[j] for j in range(2)]
    by_w1 = [(yhat - y) * W2[j] * z[j] * (1.0 - z[j]) * x[i] for j in range(2) for i in range(3)]
    return by_w1, by_w2


@SAMPLE
@DRAWINGS
def test_forward_pass_of_the_regression_network(neuron, x, y):
    h = [neuron(row, x) for row in matrix(W1)]
    z = [sigmoid(hj) for hj in h]
    prediction = neuron(values(W2), z)
    z_by_hand, yhat = forward_by_hand(x)
    assert numbers_of(h) == close([weighted_sum(row, x) for row in W1])
    assert numbers_of(z) == close(z_by_hand)
    assert prediction.data == close(yhat)
    assert ((y - prediction) ** 2 / 2).data == close((y - yhat) ** 2 / 2.0)


@SAMPLE
@DRAWINGS
def test_the_error_flows_back_through_prediction_hidden_outputs_and_hidden_sums(neuron, x, y):
    h = [neuron(row, x) for row in matrix(W1)]
    z = [sigmoid(hj) for hj in h]
    prediction = neuron(values(W2), z)
    ((y - prediction) ** 2 / 2).backward()
    z_by_hand, yhat = forward_by_hand(x)
    assert prediction.grad == close(yhat - y)
    assert gradients(z) == close([(yhat - y) * w for w in W2])
    assert gradients(h) == close([(yhat - y) * w * zj * (1.0 - zj) for w, zj in zip(W2, z_by_hand, strict=True)])


@SAMPLE
@DRAWINGS
def test_gradients_of_both_layers_for_one_sample(neuron, x, y):
    w1, w2 = matrix(W1), values(W2)
    prediction = neuron(w2, [sigmoid(neuron(row, x)) for row in w1])
    ((y - prediction) ** 2 / 2).backward()
    by_w1, by_w2 = gradient_by_hand(x, y)
    assert gradients(w2) == close(by_w2)
    assert matrix_gradients(w1) == close(by_w1)


def mean_loss(w1, w2, neuron):
    losses = [(y - neuron(w2, [sigmoid(neuron(row, x)) for row in w1])) ** 2 / 2 for x, y in SAMPLES]
    return sum(losses) / len(SAMPLES)


def mean(columns):
    return [sum(column) / len(column) for column in columns]


@DRAWINGS
def test_gradients_of_the_mean_loss_are_the_means_of_the_gradients(neuron):
    w1, w2 = matrix(W1), values(W2)
    mean_loss(w1, w2, neuron).backward()
    by_w1, by_w2 = zip(*(gradient_by_hand(x, y) for x, y in SAMPLES), strict=True)
    assert gradients(w2) == close(mean(zip(*by_w2, strict=True)))
    assert matrix_gradients(w1) == close(mean(zip(*by_w1, strict=True)))


def test_the_sum_printed_on_the_slide_of_the_mean_has_the_opposite_sign():
    """It has y - ŷ where the derivation gives ŷ - y."""
    w1, w2 = matrix(W1), values(W2)
    mean_loss(w1, w2, dot).backward()
    printed = [0.0, 0.0]
    for x, y in SAMPLES:
        z, yhat = forward_by_hand(x)
        printed = [printed[j] + (y - yhat) * z[j] / len(SAMPLES) for j in range(2)]
    assert gradients(w2) == close([-p for p in printed])


# ---------------- lecture 001: ŷ = W2 h + b2, h = σ(W1 x + b1), L = (ŷ - y)²

B1, B2 = [0.2, -0.5], 0.1


@SAMPLE
@DRAWINGS
def test_vector_form_with_biases(neuron, x, y):
    w1, b1, w2, b2 = matrix(W1), values(B1), values(W2), Value(B2)
    z = [neuron(row, x, b) for row, b in zip(w1, b1, strict=True)]
    h = [sigmoid(zi) for zi in z]
    prediction = neuron(w2, h, b2)
    ((prediction - y) ** 2).backward()

    h_ = [logistic(weighted_sum(row, x, b)) for row, b in zip(W1, B1, strict=True)]
    yhat = weighted_sum(W2, h_, B2)
    by_prediction = 2.0 * (yhat - y)
    by_h = [by_prediction * w for w in W2]
    by_z = [g * hi * (1.0 - hi) for g, hi in zip(by_h, h_, strict=True)]
    assert (prediction.data, prediction.grad, b2.grad) == close((yhat, by_prediction, by_prediction))
    assert gradients(w2) == close([by_prediction * hi for hi in h_])
    assert gradients(h) == close(by_h)
    assert gradients(z) == close(by_z)
    assert gradients(b1) == close(by_z)
    assert matrix_gradients(w1) == close(outer(by_z, x))


@SAMPLE
def test_the_error_goes_on_to_the_inputs_through_the_transposed_weights(x, y):
    inputs = values(x)
    h = [sigmoid(dot(row, inputs, b)) for row, b in zip(W1, B1, strict=True)]
    ((dot(W2, h, B2) - y) ** 2).backward()

    h_ = [logistic(weighted_sum(row, x, b)) for row, b in zip(W1, B1, strict=True)]
    by_prediction = 2.0 * (weighted_sum(W2, h_, B2) - y)
    by_z = [by_prediction * w * hi * (1.0 - hi) for w, hi in zip(W2, h_, strict=True)]
    assert gradients(inputs) == close([by_z[0] * W1[0][i] + by_z[1] * W1[1][i] for i in range(3)])


# ---------------- lecture 002: b = v0 x0 + v1 x1, z1 = σ(b), a = w0 z0 + w1 z1, y = σ(a), E = (y - t)²/2

STACKS = pytest.mark.parametrize(
    ("v_", "w_", "x", "z0", "t"),
    [
        ([0.4, -0.9], [0.3, 1.1], [1.0, 0.6], 1.0, 0.0),
        ([0.1, 0.1], [0.1, 0.1], [1.0, 1.0], 1.0, 1.0),
        ([-1.5, 2.0], [-0.7, 0.8], [-1.0, 0.25], -1.0, 1.0),
    ],
)


def stacked_forward_by_hand(v_, w_, x, z0):
    z1 = logistic(v_[0] * x[0] + v_[1] * x[1])
    return z1, logistic(w_[0] * z0 + w_[1] * z1)


@STACKS
@DRAWINGS
def test_the_four_entries_of_the_gradient_of_two_stacked_neurons(neuron, v_, w_, x, z0, t):
    v, w = values(v_), values(w_)
    y = sigmoid(neuron(w, [z0, sigmoid(neuron(v, x))]))
    ((y - t) ** 2 / 2).backward()
    z1, y_ = stacked_forward_by_hand(v_, w_, x, z0)
    assert gradients(w + v) == close(
        [
            (y_ - t) * y_ * (1.0 - y_) * z0,
            (y_ - t) * y_ * (1.0 - y_) * z1,
            (y_ - t) * y_ * (1.0 - y_) * w_[1] * z1 * (1.0 - z1) * x[0],
            (y_ - t) * y_ * (1.0 - y_) * w_[1] * z1 * (1.0 - z1) * x[1],
        ]
    )


@STACKS
@DRAWINGS
def test_the_deltas_of_two_stacked_neurons(neuron, v_, w_, x, z0, t):
    b = neuron(values(v_), x)
    a = neuron(values(w_), [z0, sigmoid(b)])
    ((sigmoid(a) - t) ** 2 / 2).backward()
    z1, y_ = stacked_forward_by_hand(v_, w_, x, z0)
    delta_out = (y_ - t) * y_ * (1.0 - y_)
    delta_hidden = w_[1] * delta_out * z1 * (1.0 - z1)
    assert (a.grad, b.grad) == close((delta_out, delta_hidden))


@STACKS
def test_the_summary_slide_calls_delta_hidden_what_arrives_before_the_hidden_sigmoid(v_, w_, x, z0, t):
    """It has Σ w δ alone: that is the gradient on z1; the one on b has z1 (1 - z1) as well."""
    z1 = sigmoid(dot(values(v_), x))
    ((sigmoid(dot(values(w_), [z0, z1])) - t) ** 2 / 2).backward()
    _, y_ = stacked_forward_by_hand(v_, w_, x, z0)
    assert z1.grad == close(w_[1] * (y_ - t) * y_ * (1.0 - y_))


# ---------------- lecture 004: several outputs, z = W1 x + b1, h = σ(z), y = W2 h + b2, L = Σ (y_k - t_k)²/2

OUT_W = [[1.5, -0.6], [0.4, 0.9], [-1.1, 0.2]]
OUT_B = [0.3, -0.2, 0.05]
TARGETS = [0.5, -1.0, 2.0]


@DRAWINGS
def test_backward_pass_with_several_outputs(neuron):
    x = [1.0, -2.0, 0.5]
    w1, b1, w2, b2 = matrix(W1), values(B1), matrix(OUT_W), values(OUT_B)
    z = [neuron(row, x, b) for row, b in zip(w1, b1, strict=True)]
    h = [sigmoid(zi) for zi in z]
    y = [neuron(row, h, b) for row, b in zip(w2, b2, strict=True)]
    loss = sum((yk - t) ** 2 for yk, t in zip(y, TARGETS, strict=True)) / 2
    loss.backward()

    h_ = [logistic(weighted_sum(row, x, b)) for row, b in zip(W1, B1, strict=True)]
    y_ = [weighted_sum(row, h_, b) for row, b in zip(OUT_W, OUT_B, strict=True)]
    loss_bar = 1.0
    y_bar = [loss_bar * (yk - t) for yk, t in zip(y_, TARGETS, strict=True)]
    h_bar = [sum(y_bar[k] * OUT_W[k][i] for k in range(3)) for i in range(2)]
    z_bar = [h_bar[i] * h_[i] * (1.0 - h_[i]) for i in range(2)]
    assert loss.grad == loss_bar
    assert gradients(y) == close(y_bar)
    assert matrix_gradients(w2) == close(outer(y_bar, h_))
    assert gradients(b2) == close(y_bar)
    assert gradients(h) == close(h_bar)
    assert gradients(z) == close(z_bar)
    assert matrix_gradients(w1) == close(outer(z_bar, x))
    assert gradients(b1) == close(z_bar)


@DRAWINGS
def test_deltas_with_several_sigmoid_outputs(neuron):
    """Lecture 002, the backward pass of errors: δ_k = (z_k - t_k) z_k (1 - z_k), δ_j = z_j (1 - z_j) Σ w_jk δ_k."""
    x = [1.0, -2.0, 0.5]
    hidden = [neuron(row, x) for row in matrix(W1)]
    zj = [sigmoid(a) for a in hidden]
    outputs = [neuron(row, zj) for row in matrix(OUT_W)]
    (sum((sigmoid(a) - t) ** 2 for a, t in zip(outputs, TARGETS, strict=True)) / 2).backward()

    zj_ = [logistic(weighted_sum(row, x)) for row in W1]
    zk_ = [logistic(weighted_sum(row, zj_)) for row in OUT_W]
    delta_k = [(z - t) * z * (1.0 - z) for z, t in zip(zk_, TARGETS, strict=True)]
    delta_j = [zj_[j] * (1.0 - zj_[j]) * sum(OUT_W[k][j] * delta_k[k] for k in range(3)) for j in range(2)]
    assert gradients(outputs) == close(delta_k)
    assert gradients(hidden) == close(delta_j)


# ---------------- lecture 003, a question: L = Σ (y_n - w2 σ(w1 · x_n))²


@DRAWINGS
def test_both_partial_derivatives_of_one_hidden_neuron(neuron):
    w1_, w2_ = [0.5, -0.3, 0.8], 1.5
    w1, w2 = values(w1_), Value(w2_)
    loss = sum((y - w2 * sigmoid(neuron(w1, x))) ** 2 for x, y in SAMPLES)
    loss.backward()

    sigmas = [logistic(weighted_sum(w1_, x)) for x, _ in SAMPLES]
    residuals = [y - w2_ * s for (_, y), s in zip(SAMPLES, sigmas, strict=True)]
    shares = [-2.0 * r * w2_ * s * (1.0 - s) for r, s in zip(residuals, sigmas, strict=True)]
    assert loss.data == close(sum(r**2 for r in residuals))
    assert w2.grad == close(sum(-2.0 * r * s for r, s in zip(residuals, sigmas, strict=True)))
    assert gradients(w1) == close([sum(g * x[i] for g, (x, _) in zip(shares, SAMPLES, strict=True)) for i in range(3)])


# ---------------- lectures 000 and 004: without activations, y = W3 W2 W1 x is one linear layer


def product_of(a, b):
    return [[sum(a[i][k] * b[k][j] for k in range(len(b))) for j in range(len(b[0]))] for i in range(len(a))]


def transposed(a):
    return [list(column) for column in zip(*a, strict=True)]


def random_matrices():
    generator = random.Random(0)
    shapes = [(4, 3), (5, 4), (2, 5)]
    return [[[generator.uniform(-1.0, 1.0) for _ in range(n)] for _ in range(m)] for m, n in shapes]


def layers_of(matrices, x, neuron):
    for rows in matrices:
        x = [neuron(row, x) for row in rows]
    return x


@DRAWINGS
def test_three_linear_layers_compute_what_their_product_does(neuron):
    a1, a2, a3 = random_matrices()
    x = [1.0, -2.0, 0.5]
    outputs = layers_of([matrix(a1), matrix(a2), matrix(a3)], x, neuron)
    product = product_of(a3, product_of(a2, a1))
    assert numbers_of(outputs) == close([weighted_sum(row, x) for row in product])


@DRAWINGS
def test_three_linear_layers_and_their_product_send_the_same_gradient_to_the_input(neuron):
    a1, a2, a3 = random_matrices()
    stacked, single = values([1.0, -2.0, 0.5]), values([1.0, -2.0, 0.5])
    upstream = [0.7, -1.3]
    weighted_sum(upstream, layers_of([matrix(a1), matrix(a2), matrix(a3)], stacked, neuron)).backward()
    product = product_of(a3, product_of(a2, a1))
    weighted_sum(upstream, layers_of([matrix(product)], single, neuron)).backward()
    by_hand = [sum(upstream[k] * product[k][i] for k in range(2)) for i in range(3)]
    assert gradients(stacked) == close(by_hand)
    assert gradients(single) == close(by_hand)


@DRAWINGS
def test_the_gradient_of_the_middle_layer_is_the_product_of_what_surrounds_it(neuron):
    """f = uᵀ W3 W2 W1 x is linear in W2: its slope is (W3ᵀ u)(W1 x)ᵀ."""
    a1, a2, a3 = random_matrices()
    x, upstream = [1.0, -2.0, 0.5], [0.7, -1.3]
    middle = matrix(a2)
    weighted_sum(upstream, layers_of([matrix(a1), middle, matrix(a3)], x, neuron)).backward()
    from_above = [weighted_sum(column, upstream) for column in transposed(a3)]
    from_below = [weighted_sum(row, x) for row in a1]
    assert matrix_gradients(middle) == close(outer(from_above, from_below))
