"""Mistakes in the data are found before anything is learned from them, and named by row and column."""

import math

import numpy as np
import pytest

from nn import MLP, Module, binary_cross_entropy, cross_entropy, squared_error, train
from nn.rows import paired
from tinygrad_edu import Value

GOOD = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]


@pytest.mark.parametrize(
    ("inputs", "targets"),
    [
        (GOOD, [0, 1, 0]),
        (np.array(GOOD), np.array([0, 1, 0])),
        ([np.array(row) for row in GOOD], [np.int64(0), np.int64(1), np.int64(0)]),
        (tuple(map(tuple, GOOD)), (0, 1, 0)),
    ],
)
def test_lists_and_arrays_are_paired_as_lists_and_plain_numbers(inputs, targets):
    rows = paired(inputs, targets)
    assert rows == [([1.0, 2.0], 0), ([3.0, 4.0], 1), ([5.0, 6.0], 0)]
    assert {type(x) for row, target in rows for x in [*row, target]} == {float, int}


def test_rows_can_be_images_and_targets_lists_and_numbers_values():
    image = [[[0.0, 1.0], [2.0, 3.0]]]
    assert paired([image, image], [[1, 0], [0, 1]]) == [(image, [1, 0]), (image, [0, 1])]
    x = Value(2.0)
    assert paired([[x]], [1]) == [([x], 1)]


@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        ([], [], "there are no rows"),
        (np.zeros((0, 2)), np.zeros(0), "there are no rows"),
        (GOOD, [0, 1], "3 rows and 2 targets"),
        ([[1.0, 2.0], [], [1.0, 2.0]], [0, 1, 0], "row 1 is empty"),
        ([[1.0, 2.0], [1.0, 2.0], [1.0]], [0, 1, 0], "row 2 has 1 number where row 0 has 2 numbers"),
        ([[1.0], [1.0, 2.0, 3.0]], [0, 1], "row 1 has 3 numbers where row 0 has 1 number"),
        ([[1.0, 2.0], 3.0], [0, 1], "row 1 has 1 number where row 0 has 2 numbers"),
        ([[[1.0, 2.0]], [[1.0], [2.0]]], [0, 1], "row 1 has 2 x 1 numbers where row 0 has 1 x 2 numbers"),
        ([[[1.0], [2.0, 3.0]]], [0], r"row 0, column 1 has 2 numbers where row 0, column 0 has 1 number"),
        ([[1.0, 2.0], [math.nan, 1.0]], [0, 1], "row 1, column 0: needs a finite number, got nan"),
        (np.array([[1.0, 2.0], [3.0, -np.inf]]), [0, 1], "row 1, column 1: needs a finite number, got -inf"),
        ([[[[1.0]]], [[[math.inf]]]], [0, 1], r"row 1, column \[0\]\[0\]\[0\]: needs a finite number, got inf"),
        ([[1.0, 10**400]], [0], "row 0, column 1: this integer is too large"),
        (GOOD, [0.0, math.nan, 1.0], "target of row 1: needs a finite number, got nan"),
        (GOOD, [[0, 1], [1, 0], [math.inf, 0]], "target of row 2, column 0: needs a finite number, got inf"),
        (GOOD, [[0, 1], [1, 0], [1]], "target of row 2 has 1 number where target of row 0 has 2 numbers"),
    ],
)
def test_unsound_rows_are_refused(inputs, targets, message):
    with pytest.raises(ValueError, match=message):
        paired(inputs, targets)
    model = MLP(2, [1])
    before = model.state_dict()
    with pytest.raises(ValueError, match=message):
        train(model, inputs, targets, progress=False)
    assert model.state_dict() == before


@pytest.mark.parametrize("part", [None, 5, "abc", Value(1.0)], ids=["None", "number", "text", "Value"])
def test_what_is_no_list_of_rows_is_refused(part):
    with pytest.raises(TypeError, match="the rows need to be a list or an array, got"):
        paired(part, [0, 1])
    with pytest.raises(TypeError, match="the targets need to be a list or an array, got"):
        paired(GOOD, part)


def test_a_column_of_numbers_is_no_list_of_rows_and_the_row_is_noted():
    with pytest.raises(
        TypeError, match=r"MLP needs a row of numbers: it was given 1.0; a row of one number is \[x\]"
    ) as no:
        train(MLP(1, [1]), [1.0, 2.0], [0, 1], progress=False)
    assert no.value.__notes__ == ["the model was given row 0; no parameter has been changed"]


@pytest.mark.parametrize(("x", "kind"), [("1", "str '1'"), (None, "NoneType None"), (1j, "complex 1j")])
def test_what_is_no_number_is_refused(x, kind):
    with pytest.raises(TypeError, match=f"row 1, column 0: needs a number, got {kind}"):
        paired([[1.0], [x]], [0, 1])
    with pytest.raises(TypeError, match=f"target of row 1: needs a number, got {kind}"):
        paired([[1.0], [2.0]], [0, x])


def test_validation_rows_are_called_so():
    with pytest.raises(ValueError, match="there are no validation rows"):
        train(MLP(2, [1]), GOOD, [0, 1, 0], validation=([], []), progress=False)
    with pytest.raises(ValueError, match="validation row 0, column 1: needs a finite number"):
        train(MLP(2, [1]), GOOD, [0, 1, 0], validation=([[0.0, math.nan]], [0]), progress=False)


# ---------------- the rehearsal: what only the model and the loss can know


@pytest.mark.parametrize(
    ("outputs", "loss", "targets", "row"),
    [
        (3, cross_entropy, [0, 1, 2, 3, 0], 3),
        (3, cross_entropy, [0, -1, 2, -1, 0], 1),
        (3, cross_entropy, [[1, 0], [0, 1], [1, 0], [1, 0], [1, 0]], 0),
        (1, binary_cross_entropy, [0, 1, 1, 0, -1], 4),
        (2, squared_error, [[1, 2, 3]] * 5, 0),
    ],
)
def test_a_target_that_the_loss_refuses_is_an_error_with_its_row_and_nothing_is_changed(outputs, loss, targets, row):
    model = MLP(2, [outputs], output="sigmoid")
    before = model.state_dict()
    with pytest.raises((ValueError, TypeError)) as caught:
        train(model, [[0.1 * k, 1.0] for k in range(5)], targets, loss, batch_size=1, progress=False)
    assert caught.value.__notes__ == [f"this is the target of row {row}; no parameter has been changed"]
    assert model.state_dict() == before


@pytest.mark.parametrize("held_out", [[[1.0]], [[1.0, 2.0, 3.0]]])
def test_rows_of_a_width_that_the_model_does_not_take_change_nothing(held_out):
    model = MLP(2, [2, 1])
    before = model.state_dict()
    with pytest.raises(ValueError):
        train(model, held_out, [1], progress=False)
    with pytest.raises(ValueError):
        train(model, GOOD, [1, 2, 3], validation=(held_out, [1]), progress=False)
    assert model.state_dict() == before


def test_a_validation_target_that_the_loss_refuses_is_found_before_the_first_step():
    model = MLP(2, [3])
    before = model.state_dict()
    with pytest.raises(ValueError) as caught:
        train(model, GOOD, [0, 1, 2], cross_entropy, validation=(GOOD, [0, 1, 3]), progress=False)
    assert caught.value.__notes__ == ["this is the target of validation row 2; no parameter has been changed"]
    assert model.state_dict() == before


def test_a_domain_error_of_the_rehearsal_is_no_mistake_in_the_data():
    """A model that says 0 to the first row and 1 to the second is right: log(0) is asked for in rehearsal alone."""

    class Certain(Module):
        def __init__(self):
            self.weight = Value(1.0)

        def __call__(self, inputs):
            return self.weight * inputs[0]

    history = train(Certain(), [[0.0], [1.0]], [0, 1], binary_cross_entropy, epochs=1, progress=False)
    assert history.loss == [0.0]
