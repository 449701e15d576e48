"""Perceptron learning: its rule, its log, Novikoff's bound, all functions of two bits, and what cannot be learned."""

import itertools
import math
import random

import numpy as np
import pytest

from nn import Perceptron, accuracy, learn_from_mistakes
from nn.mistakes import Correction, Learning
from tinygrad_edu import DomainError

BITS = [[0, 0], [0, 1], [1, 0], [1, 1]]
MODES = pytest.mark.parametrize("batch", [False, True], ids=["one by one", "batch"])
OUTPUT = pytest.mark.parametrize("output", ["step", "sign"])


def answers(perceptron, rows=BITS):
    return [perceptron(row).data for row in rows]


def separable(seed, width, count=40, margin=0.05):
    """Rows, their targets ±1, R and γ: from a random plane, without the rows nearer to it than the margin."""
    generator = random.Random(seed)
    plane = [generator.gauss(0.0, 1.0) for _ in range(width)]
    plane += [generator.uniform(-0.5, 0.5) * math.hypot(*plane)]  # it passes the middle, so both sides have rows
    length = math.hypot(*plane)
    rows, distances = [], []
    while len(rows) < count:
        row = [generator.uniform(-1.0, 1.0) for _ in range(width)]
        distance = sum(w * x for w, x in zip(plane, [*row, 1.0], strict=True)) / length
        if abs(distance) > margin:
            rows.append(row)
            distances.append(distance)
    targets = [1 if distance > 0 else -1 for distance in distances]
    return rows, targets, max(math.hypot(*row, 1.0) for row in rows), min(map(abs, distances))


# ---------------- functions of two bits


@OUTPUT
@MODES
@pytest.mark.parametrize("table", list(itertools.product((0, 1), repeat=4)), ids=lambda table: "".join(map(str, table)))
def test_all_functions_of_two_bits_are_learned_but_xor_and_its_negation(table, batch, output):
    targets = [2 * t - 1 for t in table] if output == "sign" else list(table)
    perceptron = Perceptron(2, output=output)
    learning = learn_from_mistakes(perceptron, BITS, targets, batch=batch)
    assert learning.converged == (table not in [(0, 1, 1, 0), (1, 0, 0, 1)])
    assert (answers(perceptron) == targets) == learning.converged


def test_not_is_learned():
    perceptron = Perceptron(1)
    assert learn_from_mistakes(perceptron, [[0], [1]], [1, 0]).converged
    assert answers(perceptron, [[0], [1]]) == [1.0, 0.0]


@MODES
def test_of_xor_the_result_says_that_it_did_not_converge(batch):
    learning = learn_from_mistakes(Perceptron(2), BITS, [0, 1, 1, 0], epochs=50, batch=batch)
    assert (learning.converged, learning.epochs) == (False, 50)
    assert {correction.epoch for correction in learning.corrections} == set(range(50))
    assert learning.mistakes >= 50


# ---------------- the bound


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("width", [1, 2, 5])
def test_the_mistakes_stay_under_the_bound_of_novikoff(seed, width):
    rows, targets, radius, gamma = separable(seed, width)
    perceptron = Perceptron(width, output="sign")
    learning = learn_from_mistakes(perceptron, rows, targets, epochs=10_000, seed=seed)
    assert learning.converged
    assert answers(perceptron, rows) == targets
    assert 0 < learning.mistakes <= (radius / gamma) ** 2


def test_the_number_of_mistakes_from_zero_does_not_depend_on_the_step_size():
    """The weights are alpha times those of alpha = 1, and their signs alone decide. Powers of 2 scale exactly."""
    rows, targets, _, _ = separable(0, 2)
    logs = [
        [c.rows for c in learn_from_mistakes(Perceptron(2, output="sign"), rows, targets, alpha).corrections]
        for alpha in (0.25, 1.0, 8.0)
    ]
    assert logs[0] == logs[1] == logs[2]


@pytest.mark.parametrize("seed", range(4))
def test_batch_learning_ends_on_separable_rows(seed):
    rows, targets, _, _ = separable(seed, 2)
    perceptron = Perceptron(2, output="sign")
    assert learn_from_mistakes(perceptron, rows, targets, epochs=10_000, batch=True).converged
    assert answers(perceptron, rows) == targets


# ---------------- the rule, replayed from the log


def replayed(learning, rows, signs, alpha, weights, bias):
    """Check every correction against w ← w + α Σ y x by hand, and that its rows were mistakes."""
    for correction in learning.corrections:
        for k in correction.rows:
            score = sum(w * x for w, x in zip(weights, rows[k], strict=True)) + bias
            assert (score > 0) != (signs[k] > 0)
        weights = [w + alpha * sum(signs[k] * rows[k][i] for k in correction.rows) for i, w in enumerate(weights)]
        bias += alpha * sum(signs[k] for k in correction.rows)
        assert correction.weights == pytest.approx(weights, rel=1e-12, abs=1e-12)
        assert correction.bias == pytest.approx(bias, rel=1e-12, abs=1e-12)
        weights, bias = list(correction.weights), correction.bias
    return weights, bias


@OUTPUT
@MODES
@pytest.mark.parametrize("alpha", [0.1, 1.0])
def test_every_correction_adds_alpha_y_x_of_its_mistakes(output, batch, alpha):
    rows, signs, _, _ = separable(1, 3)
    targets = signs if output == "sign" else [(y + 1) // 2 for y in signs]
    perceptron = Perceptron([0.5, -0.25, 1.0], bias=-0.125, output=output)
    learning = learn_from_mistakes(perceptron, rows, targets, alpha, epochs=1000, batch=batch)
    assert learning.corrections
    weights, bias = replayed(learning, rows, signs, alpha, [0.5, -0.25, 1.0], -0.125)
    assert ([w.data for w in perceptron.weights], perceptron.bias.data) == (weights, bias)


def test_one_by_one_a_correction_has_one_row():
    rows, targets, _, _ = separable(1, 3)
    learning = learn_from_mistakes(Perceptron(3, output="sign"), rows, targets)
    assert {len(correction.rows) for correction in learning.corrections} == {1}
    assert learning.mistakes == len(learning.corrections)


def test_in_batch_learning_a_pass_has_one_correction_with_all_its_mistakes():
    learning = learn_from_mistakes(Perceptron(2), BITS, [1, 1, 1, 0], batch=True)
    assert learning.corrections[0] == Correction(0, (0, 1, 2), (1.0, 1.0), 3.0)  # y x of rows 0, 1 and 2, summed
    assert learning.corrections[1] == Correction(1, (3,), (0.0, 0.0), 2.0)
    assert [correction.epoch for correction in learning.corrections] == list(range(learning.epochs - 1))


def test_the_last_pass_has_no_mistake():
    learning = learn_from_mistakes(Perceptron(2), BITS, [0, 0, 0, 1])
    assert max(correction.epoch for correction in learning.corrections) == learning.epochs - 2


def test_rows_that_are_right_change_nothing():
    perceptron = Perceptron([1.0, 1.0], bias=-1.5)
    assert learn_from_mistakes(perceptron, BITS, [0, 0, 0, 1]) == Learning(converged=True, epochs=1, corrections=[])
    assert perceptron.state_dict() == {"weights.0": 1.0, "weights.1": 1.0, "bias": -1.5}


def test_with_no_epochs_nothing_is_known():
    assert learn_from_mistakes(Perceptron(2), BITS, [0, 0, 0, 1], epochs=0) == Learning(converged=False, epochs=0)


def test_the_seed_alone_decides_the_order():
    def order(seed):
        rows, targets, _, _ = separable(2, 2)
        return [c.rows for c in learn_from_mistakes(Perceptron(2, output="sign"), rows, targets, seed=seed).corrections]

    assert order(1) == order(1) != order(2)


def test_iris_setosa_is_told_from_the_others():
    """The one class of Fisher's irises that a line separates from the rest."""
    from sklearn.datasets import load_iris

    flowers, kinds = load_iris(return_X_y=True)
    perceptron = Perceptron(4)
    assert learn_from_mistakes(perceptron, flowers, (kinds == 0).astype(int)).converged
    assert accuracy(perceptron, flowers.tolist(), (kinds == 0).astype(int).tolist()) == 1.0


# ---------------- cut short


class CtrlC(Perceptron):
    """A perceptron during whose n-th look at a row Ctrl-C is pressed."""

    def __init__(self, looks):
        super().__init__(2)
        self.looks = looks

    def score(self, inputs):
        self.looks -= 1
        if self.looks < 0:
            raise KeyboardInterrupt
        return super().score(inputs)


@MODES
@pytest.mark.parametrize("looks", [0, 1, 2, 5, 9, 14, 20])
def test_ctrl_c_keeps_what_was_learned_and_its_log(looks, batch):
    whole = learn_from_mistakes(Perceptron(2), BITS, [0, 1, 1, 0], epochs=50, batch=batch)
    cut = CtrlC(looks)
    learning = learn_from_mistakes(cut, BITS, [0, 1, 1, 0], epochs=50, batch=batch)
    count = len(learning.corrections)
    assert (learning.interrupted, learning.converged) == (True, False)
    assert learning.corrections == whole.corrections[:count]
    assert learning.epochs in {0, *[c.epoch for c in whole.corrections[: count + 1]]}
    kept = [*whole.corrections[count - 1].weights, whole.corrections[count - 1].bias] if count else [0.0, 0.0, 0.0]
    assert list(cut.state_dict().values()) == kept


def test_ctrl_c_after_some_looks_leaves_a_log_that_is_not_empty():
    learning = learn_from_mistakes(CtrlC(14), BITS, [0, 1, 1, 0])
    assert len(learning.corrections) > 1
    assert learning.mistakes == len(learning.corrections)


def test_ctrl_c_in_the_middle_of_a_change_undoes_it(monkeypatch):
    """The first weight has moved when the signal comes, the second and the bias not yet."""
    perceptron = Perceptron(2)

    def half_a_step(descent):
        descent.parameters[0].data += 7.0
        raise KeyboardInterrupt

    monkeypatch.setattr("nn.mistakes.SGD.step", half_a_step)
    learning = learn_from_mistakes(perceptron, BITS, [1, 1, 1, 0])
    assert learning == Learning(interrupted=True)
    assert set(perceptron.state_dict().values()) == {0.0}


def test_interrupted_learning_can_be_taken_up_again():
    perceptron = CtrlC(6)
    assert learn_from_mistakes(perceptron, BITS, [0, 0, 0, 1]).interrupted
    perceptron.looks = 10_000
    assert learn_from_mistakes(perceptron, BITS, [0, 0, 0, 1]).converged
    assert answers(perceptron) == [0.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize("seed", range(4))
def test_learning_that_overflows_says_in_which_epoch_and_keeps_its_log(seed):
    """Row 0 is learned with weights of 1e110. Row 1 was right until then, and its correction, 1e310, is no double."""
    perceptron = Perceptron(2)
    with pytest.raises(DomainError, match="too large for a double") as caught:
        learn_from_mistakes(perceptron, [[1.0, 0.0], [0.0, 1e200]], [1, 0], alpha=1e110, seed=seed)
    log = caught.value.learning
    assert [(c.rows, c.weights, c.bias) for c in log.corrections] == [((0,), (1e110, 0.0), 1e110)]
    assert log.converged is False
    assert caught.value.__notes__ == [f"the learning diverged in epoch {log.epochs + 1} of 100"]
    assert list(perceptron.state_dict().values()) == [1e110, 0.0, 1e110]


# ---------------- refusals, before any weight is changed


@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        ([], [], "there are no rows"),
        ([[1.0, 2.0], [1.0]], [1, 0], "row 1 has 1 number where row 0 has 2"),
        ([[1.0, 2.0], [1.0, math.nan]], [1, 0], "row 1, column 1: needs a finite number, got nan"),
        (np.array([[1.0, 2.0], [np.inf, 1.0]]), [1, 0], "row 1, column 0: needs a finite number, got inf"),
        ([[1.0, 2.0], [1.0, 3.0]], [1], "2 rows and 1 targets"),
        ([[1.0, 2.0], [1.0, 3.0]], [1, -1], "row 1 has the target -1"),
        ([[1.0], [2.0]], [1, 0], r"Perceptron\(2 -> 1\) was given 1 inputs"),
    ],
)
def test_mistakes_in_the_data_are_refused(inputs, targets, message):
    perceptron = Perceptron(2)
    with pytest.raises(ValueError, match=message):
        learn_from_mistakes(perceptron, inputs, targets)
    assert set(perceptron.state_dict().values()) == {0.0}


@pytest.mark.parametrize("alpha", [0.0, -1.0, math.inf, math.nan])
def test_a_step_size_that_is_none_is_refused(alpha):
    with pytest.raises(ValueError, match="alpha"):
        learn_from_mistakes(Perceptron(2), BITS, [0, 0, 0, 1], alpha)


@pytest.mark.parametrize("epochs", [-1, 1.5, "10", None, True])
def test_a_number_of_epochs_that_is_none_is_refused(epochs):
    with pytest.raises((TypeError, ValueError), match="epochs needs to be a whole number, 0 or more"):
        learn_from_mistakes(Perceptron(2), BITS, [0, 0, 0, 1], epochs=epochs)
