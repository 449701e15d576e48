"""accuracy() and correct(): which class an output stands for, and how often it is the right one."""

from functools import partial

import numpy as np
import pytest

from nn import MLP, Module, Perceptron, accuracy, binary_cross_entropy, correct, train
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
    with pytest.raises(ValueError, match="1 rows and 2 targets"):
        accuracy(Answers(), [[1.0]], [1, 0])


def test_accuracy_refuses_no_rows():
    with pytest.raises(ValueError, match="there are no rows"):
        accuracy(Answers(), [], [])


@pytest.mark.parametrize(("p", "chosen"), [(0.0, 0), (0.25, 0), (0.5, 0), (0.75, 1)])
def test_a_probability_is_of_class_one_above_a_half(p, chosen):
    assert [correct(p, k, threshold=0.5) for k in (0, 1)] == [chosen == 0, chosen == 1]
    assert accuracy(Answers(), [[p], [p]], [chosen, 1 - chosen], threshold=0.5) == 0.5


def test_a_sigmoid_at_the_end_is_not_judged_as_a_logit():
    """Every output of it is above 0: at that threshold each row would be of class 1, whatever was learned."""
    model = MLP(1, [1], output="sigmoid")
    model.load_state_dict({"layers.0.neurons.0.weights.0": 4.0, "layers.0.neurons.0.bias": -2.0})
    rows, targets = [[0.0], [1.0]], [0, 1]  # logits -2 and 2
    for threshold, side in [(0.0, "below 0.0"), (1.0, "above 1.0")]:
        with pytest.raises(ValueError, match=f"probability, never {side}: ask with threshold=0.5"):
            accuracy(model, rows, targets, threshold)
    assert accuracy(model, rows, targets, threshold=0.5) == 1.0
    assert accuracy(Answers(), [[-2.0], [2.0]], targets) == 1.0


def test_in_training_a_sigmoid_is_refused_before_the_first_step_or_judged_at_a_half():
    model = MLP(1, [1], output="sigmoid", seed=1)
    before = model.state_dict()
    learn = partial(train, model, [[-1.0], [1.0]], [0, 1], binary_cross_entropy, epochs=50, progress=False)
    with pytest.raises(ValueError, match=r"threshold=0\.5") as caught:
        learn(metrics={"accuracy": correct})
    assert "no parameter has been changed" in caught.value.__notes__[0]
    assert model.state_dict() == before
    assert learn(metrics={"accuracy": partial(correct, threshold=0.5)}).metrics["accuracy"][-1] == 1.0


@pytest.mark.parametrize(("one_hot", "right"), [([0, 1, 0], True), ([1, 0, 0], False), ([0.2, 0.5, 0.3], True)])
def test_the_class_of_a_one_hot_target_is_its_largest(one_hot, right):
    assert correct([0.5, 2.0, -1.0], one_hot) is right
    assert accuracy(Answers(), np.array([[0.5, 2.0, -1.0]]), np.array([one_hot])) == float(right)


@pytest.mark.parametrize("target", [3, -1, 0.5, [0, 1], [1, 0, 0, 0], "1"])
def test_a_target_that_is_no_class_of_the_outputs_is_refused(target):
    with pytest.raises(ValueError, match="of 3 outputs the class is 0 to 2, got"):
        correct([1.0, 2.0, 3.0], target)


@pytest.mark.parametrize("target", [2, 0.5, -2, [1]])
def test_a_target_that_is_no_class_of_one_output_is_refused(target):
    with pytest.raises(ValueError, match=r"of one output the class is 0 or 1, or -1 or \+1, got"):
        correct(1.0, target)


def test_accuracy_says_which_row_has_a_label_that_is_none_and_which_is_unsound():
    with pytest.raises(ValueError, match="class is 0 to 1, got 2") as caught:
        accuracy(Answers(), [[1.0, 2.0]] * 3, [0, 1, 2])
    assert caught.value.__notes__ == ["this is row 2"]
    with pytest.raises(ValueError, match="row 1, column 0: needs a finite number, got nan"):
        accuracy(Answers(), [[1.0], [float("nan")]], [0, 1])


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
