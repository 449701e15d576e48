"""accuracy() and correct(): which class an output stands for, and how often it is the right one."""

import numpy as np
import pytest

from nn import MLP, Module, Perceptron, accuracy, correct
from tinygrad_edu import Value


class Answers(Module):
    """Answers a row with what the row holds: one output, or a list."""

    def __call__(self, inputs):
        outputs = [Value(x) for x in inputs]
        return outputs[0] if len(outputs) == 1 else outputs


@pytest.mark.parametrize(
    ("row", "chosen"),
    [([3.0, 1.0, 2.0], 0), ([1.0, 2.0, 3.0], 2), ([-5.0, -1.0], 1), ([1.0, 1.0], 0), ([0.0, 2.0, 2.0], 1)],
)
def test_of_several_outputs_the_class_is_the_first_of_the_largest(row, chosen):
    assert [accuracy(Answers(), [row], [k]) for k in range(len(row))] == [float(k == chosen) for k in range(len(row))]


@pytest.mark.parametrize(("logit", "chosen"), [(-2.0, 0), (0.0, 0), (5e-324, 1), (7.0, 1)])
def test_of_one_output_the_class_is_one_where_it_is_positive(logit, chosen):
    assert accuracy(Answers(), [[logit]], [chosen]) == 1.0


@pytest.mark.parametrize(("targets", "share"), [([0, 0, 0], 1.0), ([0, 0, 1], 2.0 / 3.0), ([1, 1, 1], 0.0)])
def test_accuracy_is_the_share_of_rows_that_are_right(targets, share):
    assert accuracy(Answers(), [[2.0, 1.0]] * 3, targets) == share


def test_the_accuracy_of_a_perceptron_that_is_and():
    rows = [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert accuracy(Perceptron([1, 1], -1.5), rows, [0, 0, 0, 1]) == 1.0


def test_accuracy_leaves_the_model_alone():
    model = MLP(1, [3, 1])
    before = model.state_dict()
    accuracy(model, [[0.5], [1.5]], [0, 1])
    assert model.state_dict() == before
    assert {parameter.grad for parameter in model.parameters()} == {0.0}


def test_accuracy_refuses_unequal_numbers_of_rows_and_targets():
    with pytest.raises(ValueError):
        accuracy(Answers(), [[1.0]], [1, 0])


def test_accuracy_refuses_no_rows():
    with pytest.raises(ValueError):
        accuracy(Answers(), [], [])


@pytest.mark.parametrize(("prediction", "target", "right"), [([1.0, 3.0], 1, True), (0.5, 1, True), (0.0, 1, False)])
def test_a_prediction_of_plain_numbers_can_be_correct_too(prediction, target, right):
    assert correct(prediction, target) is right
    assert correct(prediction, np.int64(target)) is right


def test_rows_and_classes_can_be_arrays():
    share = accuracy(Answers(), np.array([[2.0, 1.0], [1.0, 2.0], [0.0, 1.0]]), np.array([0, 1, 0]))
    assert share == 2.0 / 3.0
    assert type(share) is float


def test_accuracy_is_of_the_model_in_evaluation_and_leaves_it_in_training():
    class Moody(Answers):
        training = True

        def train(self, mode=True):
            self.training = mode

        def __call__(self, inputs):
            return Value(-1.0 if self.training else 1.0)

    model = Moody()
    assert accuracy(model, [[0.0]], [1]) == 1.0
    assert model.training is True
