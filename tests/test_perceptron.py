"""The perceptron: logic by weights set by hand, and on which side of its line it fires."""

import itertools
from fractions import Fraction

import pytest

from nn import Perceptron
from tinygrad_edu import Value
from tinygrad_edu.backprop import nodes

PAIRS = list(itertools.product((0, 1), repeat=2))


@pytest.mark.parametrize(
    ("weights", "bias", "connective"),
    [
        ([1, 1], -1.5, lambda a, b: a and b),
        ([1, 1], -0.5, lambda a, b: a or b),
        ([-1, -1], 1.5, lambda a, b: not (a and b)),
        ([-1, -1], 0.5, lambda a, b: not (a or b)),
        ([1, -1], -0.5, lambda a, b: a and not b),
    ],
    ids=["and", "or", "nand", "nor", "and not"],
)
@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_a_perceptron_is_a_connective(weights, bias, connective, a, b):
    assert Perceptron(weights, bias)([a, b]).data == float(bool(connective(a, b)))


@pytest.mark.parametrize(("a", "output"), [(0, 1.0), (1, 0.0)])
def test_a_perceptron_is_not(a, output):
    assert Perceptron([-1], bias=0.5)([a]).data == output


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_three_perceptrons_are_exclusive_or(a, b):
    either, both, one_of_two = Perceptron([1, 1], -0.5), Perceptron([1, 1], -1.5), Perceptron([1, -1], -0.5)
    assert one_of_two([either([a, b]), both([a, b])]).data == float(a != b)


@pytest.mark.parametrize(
    ("row", "output"), [([2.0, 1.0], 1.0), ([1.0, 2.0], 0.0), ([1.0, 1.0], 0.0), ([1.0 + 2**-52, 1.0], 1.0)]
)
def test_it_fires_on_the_positive_side_only_and_not_on_the_line(row, output):
    assert Perceptron([1.0, -1.0])(row).data == output


def test_from_a_number_of_inputs_all_weights_begin_at_zero():
    perceptron = Perceptron(3)
    assert perceptron.state_dict() == {"weights.0": 0.0, "weights.1": 0.0, "weights.2": 0.0, "bias": 0.0}


def test_it_begins_with_the_numbers_it_is_given():
    perceptron = Perceptron([Fraction(1, 2), -3], bias=2)
    assert perceptron.state_dict() == {"weights.0": 0.5, "weights.1": -3.0, "bias": 2.0}


def test_it_is_a_step_after_one_dot_gate():
    output = Perceptron([1, 1])([Value(1.0), Value(2.0)])
    assert [node.gate.name for node in nodes(output) if node.gate] == ["dot", "step"]


@pytest.mark.parametrize("weights", [0, -1, [], 2.0, True, None])
def test_a_perceptron_needs_a_weight_or_more(weights):
    with pytest.raises((TypeError, ValueError), match="weights needs to be a whole number, 1 or more, got"):
        Perceptron(weights)


@pytest.mark.parametrize("row", [1.0, [[0, 1], [1, 0]]])
def test_what_is_no_row_is_refused(row):
    with pytest.raises(TypeError, match="Perceptron needs a row of numbers: it was given"):
        Perceptron(2)(row)


def test_its_threshold_passes_no_gradient_back():
    perceptron = Perceptron([1.0, 2.0], 0.5)
    perceptron([1.0, 1.0]).backward()
    assert [parameter.grad for parameter in perceptron.parameters()] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("row", [[], [1.0], [1.0, 1.0, 1.0]])
def test_a_row_of_another_width_is_an_error_that_shows_both(row):
    with pytest.raises(ValueError, match=rf"Perceptron\(2 -> 1\) was given {len(row)} inputs"):
        Perceptron([1, 1])(row)


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), "1", None])
def test_a_weight_that_is_no_number_is_refused(weight):
    with pytest.raises((TypeError, ValueError)):
        Perceptron([1.0, weight])


# ---------------- sign, scores, targets


@pytest.mark.parametrize(
    ("row", "output"), [([2.0, 1.0], 1.0), ([1.0, 2.0], -1.0), ([1.0, 1.0], -1.0), ([1.0 + 2**-52, 1.0], 1.0)]
)
def test_with_the_output_sign_it_says_plus_or_minus_one(row, output):
    assert Perceptron([1.0, -1.0], output="sign")(row).data == output


def test_the_score_is_what_the_decision_is_made_of():
    assert Perceptron([2.0, -3.0], bias=0.5, output="sign").score([1.0, 4.0]).data == 2.0 - 12.0 + 0.5


@pytest.mark.parametrize("output", ["linear", "", None, "Step"])
def test_another_output_is_refused(output):
    with pytest.raises(ValueError, match=r'"step" or "sign", not'):
        Perceptron(2, output=output)


@pytest.mark.parametrize(("output", "targets"), [("step", [0, 1, 0.0, True]), ("sign", [-1, 1, -1.0, 1.0])])
def test_it_wants_to_fire_where_the_target_says_so(output, targets):
    assert Perceptron(2, output=output).wants(targets) == [0.0, 1.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("output", "targets", "row", "target"),
    [("step", [0, 1, -1], 2, "-1"), ("sign", [-1, 0, 1], 1, "0"), ("step", [2], 0, "2"), ("sign", [1, 0.5], 1, "0.5")],
)
def test_targets_of_the_other_kind_are_refused_by_row(output, targets, row, target):
    with pytest.raises(ValueError, match=rf'row {row} has the target {target}, .*this one has output="{output}"'):
        Perceptron(2, output=output).wants(targets)


def test_it_shows_its_width_and_its_output():
    assert repr(Perceptron([1, 2, 3], output="sign")) == "Perceptron(weights=3, output=sign)"
