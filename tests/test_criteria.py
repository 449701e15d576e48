"""The perceptron criterion, the number of errors and the squared error: values and gradients derived by hand."""

import math
import random
from functools import partial

import pytest

from nn import Neuron, Perceptron, number_of_errors, perceptron_criterion, squared_error_criterion

close = partial(pytest.approx, rel=1e-12, abs=1e-12)

ROWS = [[2.0, 1.0], [-1.0, 0.5], [0.5, -2.0], [-2.0, -1.0]]
SIGNS = [1, 1, -1, -1]
WEIGHTS, BIAS = [-1.0, 0.5], 0.2  # scores -1.3, 1.45, -1.3, 1.7: the first and the last row are misclassified
MISTAKES = [0, 3]


def targets_of(output, signs=SIGNS):
    return signs if output == "sign" else [(y + 1) // 2 for y in signs]


def gradients(perceptron):
    return [*(w.grad for w in perceptron.weights), perceptron.bias.grad]


OUTPUT = pytest.mark.parametrize("output", ["step", "sign"])


@OUTPUT
def test_the_criterion_is_how_far_the_misclassified_rows_are_on_the_wrong_side(output):
    criterion = perceptron_criterion(Perceptron(WEIGHTS, BIAS, output), ROWS, targets_of(output))
    assert criterion.data == close(1.3 + 1.7)


@OUTPUT
def test_the_gradient_of_the_criterion_is_minus_the_sum_of_y_x_over_the_misclassified(output):
    perceptron = Perceptron(WEIGHTS, BIAS, output)
    perceptron_criterion(perceptron, ROWS, targets_of(output)).backward()
    expected = [-sum(SIGNS[k] * [*ROWS[k], 1.0][i] for k in MISTAKES) for i in range(3)]
    assert gradients(perceptron) == close(expected) == [-4.0, -2.0, 0.0]


@OUTPUT
@pytest.mark.parametrize("seed", range(10))
def test_the_same_on_random_rows(output, seed):
    generator = random.Random(seed)
    width = 1 + seed % 4
    w, b = [generator.gauss(0, 1) for _ in range(width)], generator.gauss(0, 1)
    rows = [[generator.gauss(0, 1) for _ in range(width)] for _ in range(20)]
    signs = [generator.choice((-1, 1)) for _ in rows]
    lacking = [y * (sum(wi * xi for wi, xi in zip(w, x, strict=True)) + b) for x, y in zip(rows, signs, strict=True)]
    mistakes = [k for k, s in enumerate(lacking) if s < 0]
    perceptron = Perceptron(w, b, output)
    criterion = perceptron_criterion(perceptron, rows, targets_of(output, signs))
    criterion.backward()
    assert criterion.data == close(-sum(lacking[k] for k in mistakes))
    assert gradients(perceptron) == close(
        [-sum(signs[k] * [*rows[k], 1.0][i] for k in mistakes) for i in range(width + 1)]
    )


@OUTPUT
def test_a_row_on_the_line_is_misclassified_where_it_should_fire_and_only_there(output):
    for sign, expected in ((1, [-2.0, -3.0, -1.0]), (-1, [0.0, 0.0, 0.0])):
        perceptron = Perceptron(2, output=output)
        criterion = perceptron_criterion(perceptron, [[2.0, 3.0]], targets_of(output, [sign]))
        criterion.backward()
        assert criterion.data == 0.0
        assert gradients(perceptron) == expected


def test_without_mistakes_the_criterion_is_0_and_flat():
    perceptron = Perceptron([1.0, 1.0], -1.5)
    criterion = perceptron_criterion(perceptron, [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1])
    criterion.backward()
    assert (criterion.data, gradients(perceptron)) == (0.0, [0.0, 0.0, 0.0])


@OUTPUT
def test_the_number_of_errors_counts_and_is_flat(output):
    perceptron = Perceptron(WEIGHTS, BIAS, output)
    errors = number_of_errors(perceptron, ROWS, targets_of(output))
    errors.backward()
    assert (errors.data, gradients(perceptron)) == (2.0, [0.0, 0.0, 0.0])


@pytest.mark.parametrize(("output", "of_one_error"), [("step", 0.5), ("sign", 2.0)])
def test_the_squared_error_of_a_threshold_counts_too_and_is_as_flat(output, of_one_error):
    perceptron = Perceptron(WEIGHTS, BIAS, output)
    error = squared_error_criterion(perceptron, ROWS, targets_of(output))
    error.backward()
    assert (error.data, gradients(perceptron)) == (2 * of_one_error, [0.0, 0.0, 0.0])


def test_the_squared_error_of_a_sigmoid_neuron_has_the_gradient_of_the_slides():
    """Σ (y - t) y (1 - y) x, for the bias with x = 1."""
    neuron = Neuron(2, "sigmoid", seed=3)
    weights = [w.data for w in neuron.weights]
    targets = targets_of("step")
    outputs = [1.0 / (1.0 + math.exp(-sum(w * x for w, x in zip(weights, row, strict=True)))) for row in ROWS]
    error = squared_error_criterion(neuron, ROWS, targets)
    error.backward()
    assert error.data == close(sum((y - t) ** 2 for y, t in zip(outputs, targets, strict=True)) / 2.0)
    deltas = [(y - t) * y * (1.0 - y) for y, t in zip(outputs, targets, strict=True)]
    expected = [sum(d * [*row, 1.0][i] for d, row in zip(deltas, ROWS, strict=True)) for i in range(3)]
    assert gradients(neuron) == close(expected)


@pytest.mark.parametrize("criterion", [perceptron_criterion, number_of_errors])
def test_targets_of_the_wrong_kind_are_refused(criterion):
    with pytest.raises(ValueError, match="row 2 has the target -1"):
        criterion(Perceptron(2), ROWS, SIGNS)


@pytest.mark.parametrize("criterion", [perceptron_criterion, number_of_errors, squared_error_criterion])
def test_unequal_numbers_of_rows_and_targets_are_refused(criterion):
    with pytest.raises(ValueError):
        criterion(Perceptron(2), ROWS, [0, 1, 0])
