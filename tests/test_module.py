"""Module: which parameters it finds, what it calls them, and that a state is loaded as a whole or not at all."""

import json
from fractions import Fraction
from functools import partial

import pytest

from nn import MLP, Module
from tinygrad_edu import Group, Value


class Line(Module):
    """slope * x + offset"""

    def __init__(self, slope=2.0, offset=-1.0):
        self.slope = Value(slope)
        self.offset = Value(offset)

    def __call__(self, inputs):
        return self.slope * inputs[0] + self.offset


class Everything(Module):
    """A parameter in every place where a Module may keep one, and things that are no parameters."""

    def __init__(self):
        self.bias = Value(0.0)
        self.size = 3
        self.name = "everything"
        self.absent = None
        self.constants = [1.0, Group([2.0, 3.0])]
        self.rows = [[Value(1.0), Value(2.0)], [Value(3.0)]]
        self.pair = (Value(4.0), 5.0)
        self.group = Group([Value(6.0), 7.0, Value(8.0)])
        self.lines = [Line(9.0, 10.0), [Line(11.0, 12.0)]]


NAMES_OF_EVERYTHING = {
    "bias": 0.0,
    "rows.0.0": 1.0,
    "rows.0.1": 2.0,
    "rows.1.0": 3.0,
    "pair.0": 4.0,
    "group.0": 6.0,
    "group.2": 8.0,
    "lines.0.slope": 9.0,
    "lines.0.offset": 10.0,
    "lines.1.0.slope": 11.0,
    "lines.1.0.offset": 12.0,
}


# ---------------- finding and naming


def test_parameters_come_in_the_order_of_definition():
    assert [parameter.data for parameter in Everything().parameters()] == list(NAMES_OF_EVERYTHING.values())


def test_a_name_says_where_the_parameter_is():
    named = [(name, parameter.data) for name, parameter in Everything().named_parameters()]
    assert named == list(NAMES_OF_EVERYTHING.items())


def test_parameters_are_the_values_themselves():
    line = Line()
    assert line.parameters() == [line.slope, line.offset]


def test_an_attribute_set_later_comes_last():
    line = Line()
    line.curve = Value(0.5)
    assert [name for name, _ in line.named_parameters()] == ["slope", "offset", "curve"]


def test_a_replaced_attribute_is_the_parameter():
    line = Line()
    line.slope = Value(7.0)
    assert line.parameters() == [line.slope, line.offset]


def test_a_module_without_parameters_has_none():
    assert Module().parameters() == []


def test_the_parameters_of_an_mlp_are_each_neurons_weights_and_bias_layer_by_layer():
    assert list(MLP(2, [2, 1]).state_dict()) == [
        "layers.0.neurons.0.weights.0",
        "layers.0.neurons.0.weights.1",
        "layers.0.neurons.0.bias",
        "layers.0.neurons.1.weights.0",
        "layers.0.neurons.1.weights.1",
        "layers.0.neurons.1.bias",
        "layers.1.neurons.0.weights.0",
        "layers.1.neurons.0.weights.1",
        "layers.1.neurons.0.bias",
    ]


# ---------------- one parameter in two places


class Tied(Module):
    def __init__(self):
        self.first = Value(1.0)
        self.again = [self.first, Value(2.0)]
        self.line = Line()
        self.line.slope = self.first
        self.same_line = self.line


def test_a_shared_parameter_comes_once_under_its_first_name():
    tied = Tied()
    assert dict(tied.named_parameters()) == {
        "first": tied.first,
        "again.1": tied.again[1],
        "line.offset": tied.line.offset,
    }


def test_a_shared_parameter_is_loaded_everywhere():
    tied = Tied()
    tied.load_state_dict({"first": 5.0, "again.1": 6.0, "line.offset": 7.0})
    assert (tied.again[0].data, tied.same_line.slope.data, tied.same_line.offset.data) == (5.0, 5.0, 7.0)


def test_two_parameters_of_the_same_number_are_two():
    assert len(Line(1.0, 1.0).parameters()) == 2


# ---------------- zero_grad and calling


def test_zero_grad_sets_every_gradient_to_zero():
    everything = Everything()
    for parameter in everything.parameters():
        parameter.grad = 3.0
    everything.zero_grad()
    assert {parameter.grad for parameter in everything.parameters()} == {0.0}


def test_zero_grad_leaves_the_inputs_alone():
    line, x = Line(), Value(3.0)
    line([x]).backward()
    line.zero_grad()
    assert (x.grad, line.slope.grad) == (2.0, 0.0)


def test_a_module_without_call_says_so_by_name():
    with pytest.raises(NotImplementedError, match="Everything"):
        Everything()([1.0])


# ---------------- state_dict and load_state_dict


def test_the_state_is_every_number_by_its_name():
    assert Everything().state_dict() == NAMES_OF_EVERYTHING


def test_a_state_is_a_copy():
    line = Line()
    state = line.state_dict()
    line.slope.data = 100.0
    assert state == {"slope": 2.0, "offset": -1.0}


NUMBERS = [0.1, -1.0 / 3.0, 5e-324, -1.7976931348623157e308, -0.0, 2.0**53 + 2.0]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_state_comes_back_to_the_last_bit(number):
    line = Line()
    line.load_state_dict(Line(number, -number).state_dict())
    assert [parameter.data.hex() for parameter in line.parameters()] == [number.hex(), (-number).hex()]


def test_a_state_comes_back_through_json_to_the_last_bit():
    trained, fresh = MLP(3, [4, 2], seed=1), MLP(3, [4, 2], seed=2)
    fresh.load_state_dict(json.loads(json.dumps(trained.state_dict())))
    assert fresh.state_dict() == trained.state_dict()


def test_loading_keeps_the_values_and_their_gradients():
    line = Line()
    before = line.parameters()
    line.slope.grad = 4.0
    line.load_state_dict({"slope": 1.0, "offset": 1.0})
    assert line.parameters() == before
    assert line.slope.grad == 4.0


def test_the_order_of_a_state_does_not_matter():
    line = Line()
    line.load_state_dict({"offset": 5.0, "slope": 6.0})
    assert (line.slope.data, line.offset.data) == (6.0, 5.0)


def test_whole_numbers_and_fractions_are_loaded_as_floats():
    line = Line()
    line.load_state_dict({"slope": 3, "offset": Fraction(1, 4)})
    assert [(type(p.data), p.data) for p in line.parameters()] == [(float, 3.0), (float, 0.25)]


WRONG = {
    "a name is missing": {"slope": 9.0},
    "nothing at all": {},
    "a name is unknown": {"slope": 9.0, "offset": 9.0, "curve": 9.0},
    "a name is misspelt": {"slope": 9.0, "ofset": 9.0},
    "not a number": {"slope": 9.0, "offset": float("nan")},
    "infinite": {"slope": 9.0, "offset": float("inf")},
    "too large": {"slope": 9.0, "offset": 10**400},
    "text": {"slope": 9.0, "offset": "9"},
    "None": {"slope": 9.0, "offset": None},
    "complex": {"slope": 9.0, "offset": 9j},
    "a list": {"slope": 9.0, "offset": [9.0]},
}


@pytest.mark.parametrize("state", WRONG.values(), ids=WRONG)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(state):
    line = Line()
    with pytest.raises((ValueError, TypeError)):
        line.load_state_dict(state)
    assert line.state_dict() == {"slope": 2.0, "offset": -1.0}


def test_the_error_for_a_wrong_state_names_what_is_missing_and_what_is_unknown():
    with pytest.raises(ValueError, match=r"Line.*missing.*'offset'.*unknown.*'ofset'"):
        Line().load_state_dict({"slope": 9.0, "ofset": 9.0})


def test_the_state_of_a_larger_network_is_refused():
    small, large = MLP(2, [2, 1]), MLP(2, [3, 1], seed=1)
    before = small.state_dict()
    with pytest.raises(ValueError, match="does not fit"):
        small.load_state_dict(large.state_dict())
    assert small.state_dict() == before


# ---------------- a module of one's own


class Mixture(Module):
    """Lines that a row chooses among, kept in nested lists."""

    def __init__(self):
        self.experts = [[Line(1.0, 0.0), Line(2.0, 0.0)], [Line(3.0, 0.0)]]

    def __call__(self, inputs):
        i, j, x = inputs
        return self.experts[i][j]([x])


def test_a_module_of_ones_own_with_nested_lists_takes_gradients():
    mixture = Mixture()
    mixture([0, 1, 5.0]).backward()
    assert {name: p.grad for name, p in mixture.named_parameters() if p.grad} == {
        "experts.0.1.slope": 5.0,
        "experts.0.1.offset": 1.0,
    }


def test_a_subclass_adds_its_parameters_to_its_parents():
    class Parabola(Line):
        def __init__(self):
            super().__init__()
            self.curve = Value(0.5)

    assert Parabola().state_dict() == {"slope": 2.0, "offset": -1.0, "curve": 0.5}


# ---------------- modules in modules, and their mode


class Outer(Module):
    def __init__(self):
        self.line = Line()
        self.lists = [[Line(), 1.0], (Line(),)]
        self.again = self.line


def test_modules_come_in_the_order_of_definition_each_once():
    outer = Outer()
    assert outer.modules() == [outer, outer.line, outer.lists[0][0], outer.lists[1][0]]


def test_a_module_is_being_trained_until_eval():
    assert all(module.training for module in Outer().modules())


def test_train_and_eval_reach_every_module_and_return_the_model():
    outer = Outer()
    assert outer.eval() is outer
    assert not any(module.training for module in outer.modules())
    assert outer.train() is outer
    assert all(module.training for module in outer.modules())
    assert not any(module.training for module in outer.train(False).modules())


def test_the_mode_is_no_parameter_and_one_models_is_not_anothers():
    outer, other = Outer(), Outer()
    state = other.state_dict()
    outer.eval()
    assert outer.state_dict() == state
    assert other.training


# ---------------- how they print


class Settled(Module):
    def __init__(self, rate=0.5):
        self.line = Line()
        self.rate = rate

    def settings(self):
        return {"rate": self.rate, "how": partial(Value.leaky_relu, alpha=0.1), "both": [Value.tanh, 3]}


def test_a_module_prints_its_settings():
    assert repr(Settled()) == "Settled(rate=0.5, how=leaky_relu(alpha=0.1), both=[tanh, 3])"


def test_a_module_without_settings_prints_the_modules_in_it():
    assert repr(Line()) == "Line()"
    assert repr(Outer()) == ("Outer(\n  line: Line()\n  lists.0.0: Line()\n  lists.1.0: Line()\n  again: Line()\n)")


def test_a_tree_of_modules_is_indented():
    outer = Outer()
    outer.lists = Outer()
    assert repr(outer).splitlines()[1:4] == ["  line: Line()", "  lists: Outer(", "    line: Line()"]
