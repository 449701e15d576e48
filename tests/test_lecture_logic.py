"""Lectures 000, 002, 003 and 004, perceptrons as logic: AND, OR and NOT with one, XOR with three set by hand."""

import itertools
import math
from functools import partial

import pytest

from tinygrad_edu import Value, dot, sigmoid, step

close = partial(pytest.approx, rel=1e-12, abs=1e-12)

INPUTS = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)]
AND, OR, NAND, XOR = [0.0, 0.0, 0.0, 1.0], [0.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0]


def logistic(h):
    return 1.0 / (1.0 + math.exp(-h))


def perceptron(weights, bias, inputs):
    """No input of this file lies on the line, so the slides' ≥ 0 and > 0 are the same."""
    return step(dot([Value(w) for w in weights], inputs, Value(bias)))


def table(network):
    return [network(*(Value(x) for x in inputs)).data for inputs in INPUTS]


# ---------------- one perceptron


def conjunction(a, b):
    return perceptron((1.0, 1.0), -1.5, (a, b))


def disjunction(a, b):
    return perceptron((1.0, 1.0), -0.5, (a, b))


def negation(a):
    return perceptron((-1.0,), 0.5, (a,))


def test_a_perceptron_is_and():
    assert table(conjunction) == AND


def test_a_perceptron_is_or():
    assert table(disjunction) == OR


@pytest.mark.parametrize(("a", "output"), [(0.0, 1.0), (1.0, 0.0)])
def test_a_perceptron_is_not(a, output):
    assert negation(Value(a)).data == output


@pytest.mark.parametrize("not_b", [False, True])
@pytest.mark.parametrize("not_a", [False, True])
@pytest.mark.parametrize(("threshold", "connective"), [(1.5, all), (0.5, any)])
def test_a_perceptron_is_and_or_or_of_its_inputs_each_negated_or_not(not_a, not_b, threshold, connective):
    """A negated input has weight -1 in place of 1: 1 - x moves 1 into the bias."""
    weights = [-1.0 if negated else 1.0 for negated in (not_a, not_b)]
    bias = not_a + not_b - threshold
    expected = [float(connective(((a == 1.0) != not_a, (b == 1.0) != not_b))) for a, b in INPUTS]
    assert table(lambda a, b: perceptron(weights, bias, (a, b))) == expected


def test_no_single_perceptron_on_a_grid_of_weights_is_xor():
    """XOR needs b ≤ 0, w1 + b > 0, w2 + b > 0, w1 + w2 + b ≤ 0: the sum of the middle two denies that of the others."""
    grid = [-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0]
    for w1, w2, bias in itertools.product(grid, repeat=3):
        assert table(lambda a, b, w=(w1, w2), bias=bias: perceptron(w, bias, (a, b))) != XOR


# ---------------- XOR by three sigmoid neurons


def soft_hidden(x1, x2):
    inputs = (x1, x2)
    return sigmoid(dot((20.0, 20.0), inputs, -10.0)), sigmoid(dot((-20.0, -20.0), inputs, 30.0))


def soft_xor(x1, x2):
    return sigmoid(dot((20.0, 20.0), soft_hidden(x1, x2), -30.0))


def test_the_sigmoid_network_is_xor_to_three_decimals():
    assert [round(output, 3) for output in table(soft_xor)] == XOR


@pytest.mark.parametrize(("neuron", "outputs"), [(0, OR), (1, NAND)])
def test_the_hidden_sigmoids_are_or_and_nand_to_three_decimals(neuron, outputs):
    assert [round(output, 3) for output in table(lambda x1, x2: soft_hidden(x1, x2)[neuron])] == outputs


@pytest.mark.parametrize(("x1", "x2"), INPUTS)
def test_the_sigmoid_network_in_full_precision(x1, x2):
    h1 = logistic(20.0 * x1 + 20.0 * x2 - 10.0)
    h2 = logistic(-20.0 * x1 - 20.0 * x2 + 30.0)
    assert soft_xor(Value(x1), Value(x2)).data == close(logistic(20.0 * h1 + 20.0 * h2 - 30.0))


@pytest.mark.parametrize(("x1", "x2"), INPUTS)
def test_the_sigmoid_network_has_slopes_where_the_thresholds_have_none(x1, x2):
    def slope(h):
        return logistic(h) * logistic(-h)  # not σ (1 - σ): 1 - σ has few digits left where σ saturates

    a1, a2 = 20.0 * x1 + 20.0 * x2 - 10.0, -20.0 * x1 - 20.0 * x2 + 30.0
    a3 = 20.0 * logistic(a1) + 20.0 * logistic(a2) - 30.0
    expected = slope(a3) * (20.0 * slope(a1) * 20.0 + 20.0 * slope(a2) * -20.0)
    a, b = Value(x1), Value(x2)
    soft_xor(a, b).backward()
    assert (a.grad, b.grad) == pytest.approx((expected, expected), rel=1e-12, abs=1e-18)


# ---------------- XOR by three thresholds


def xor_by_nand(x1, x2):
    p1 = step(x1 + x2 - 0.5)
    p2 = step(-x1 - x2 + 1.5)
    return step(p1 + p2 - 1.5)


def xor_by_and(x1, x2):
    h1 = step(x1 + x2 - 0.5)
    h2 = step(x1 + x2 - 1.5)
    return step(h1 - h2 - 0.5)


def xor_by_and_not(x1, x2):
    h1 = step(x1 + x2 - 0.5)
    h2 = step(x1 + x2 - 1.5)
    return step(h1 + (1.0 - h2) - 1.5)


def xor_by_algebra(a, b):
    return disjunction(conjunction(a, negation(b)), conjunction(negation(a), b))


@pytest.mark.parametrize("network", [xor_by_nand, xor_by_and, xor_by_and_not, xor_by_algebra])
def test_three_thresholds_set_by_hand_are_xor(network):
    assert table(network) == XOR


@pytest.mark.parametrize("network", [xor_by_nand, xor_by_and, xor_by_and_not, xor_by_algebra])
@pytest.mark.parametrize(("x1", "x2"), INPUTS)
def test_the_networks_of_thresholds_pass_no_gradient(network, x1, x2):
    a, b = Value(x1), Value(x2)
    network(a, b).backward()
    assert (a.grad, b.grad) == (0.0, 0.0)


def test_with_the_threshold_of_the_earlier_slide_the_second_perceptron_never_says_no():
    assert table(lambda x1, x2: step(-x1 - x2 + 2.5)) == [1.0, 1.0, 1.0, 1.0]


def test_with_the_threshold_of_the_earlier_slide_the_network_is_or_and_not_xor():
    def network(x1, x2):
        p1 = step(-x1 - x2 + 2.5)
        p2 = step(x1 + x2 - 0.5)
        return step(p1 + p2 - 1.5)

    assert table(network) == OR != XOR


# ---------------- universality: a hidden threshold for each input


def test_a_hidden_threshold_for_each_input_memorizes_any_function_of_binary_inputs():
    patterns = list(itertools.product((-1.0, 1.0), repeat=3))
    targets = [-1.0, 1.0, 1.0, -1.0, 0.5, -2.0, 7.0, 1.0]
    for inputs, target in zip(patterns, targets, strict=True):
        hidden = [perceptron(pattern, -2.5, [Value(x) for x in inputs]) for pattern in patterns]
        assert [h.data for h in hidden] == [float(pattern == inputs) for pattern in patterns]
        assert dot(targets, hidden).data == target
