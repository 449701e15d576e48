"""What train() is given besides rows is refused by name, with the way out, before any parameter is changed."""

import itertools
import math
import re
from functools import partial

import numpy as np
import pytest

from nn import MLP, SGD, Adam, correct, restarts, train
from nn.arguments import rates
from nn.optimizers import Optimizer

ROWS, TARGETS = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]], [0.0, 1.0, 1.0]


def refused(kind, message, model=None, **arguments):
    model = model or MLP(2, [3, 1])
    before = model.state_dict()
    with pytest.raises(kind, match=message):
        train(model, ROWS, TARGETS, progress=False, **arguments)
    assert model.state_dict() == before


# ---------------- optimizers


@pytest.mark.parametrize(
    "optimizer", ["adam", 0.1, [SGD], lambda parameters: None], ids=["word", "number", "list", "maker"]
)
def test_what_is_no_optimizer_is_refused_and_both_ways_to_give_one_are_named(optimizer):
    refused(TypeError, r"Adam\(model.parameters\(\), lr=0.01\).*partial\(Adam, lr=0.01\), got", optimizer=optimizer)


def test_an_optimizer_over_another_models_parameters_is_refused():
    """It would run all its epochs and leave this model as it was."""
    optimizer = SGD(MLP(2, [3, 1]).parameters(), lr=0.1)
    refused(ValueError, "13 of the 13 parameters .* are not this model's.*partial", optimizer=optimizer)


def test_an_optimizer_over_more_than_the_model_is_refused():
    model, other = MLP(2, [3, 1]), MLP(2, [1])
    optimizer = SGD([*model.parameters(), *other.parameters()], lr=0.1)
    refused(ValueError, "3 of the 16 parameters", model, optimizer=optimizer)


def test_an_optimizer_over_a_part_of_the_model_trains_that_part():
    model = MLP(2, [3, 1])
    before = model.state_dict()
    train(model, ROWS, TARGETS, optimizer=SGD(model.layers[1].parameters(), lr=0.1), epochs=2, progress=False)
    changed = {name for name, number in model.state_dict().items() if number != before[name]}
    assert changed
    assert all(name.startswith("layers.1.") for name in changed)


def test_the_class_of_an_optimizer_makes_one_with_its_defaults():
    by_class, by_hand = MLP(2, [3, 1]), MLP(2, [3, 1])
    train(by_class, ROWS, TARGETS, optimizer=Adam, epochs=2, progress=False)
    train(by_hand, ROWS, TARGETS, optimizer=Adam(by_hand.parameters()), epochs=2, progress=False)
    assert by_class.state_dict() == by_hand.state_dict() != MLP(2, [3, 1]).state_dict()


def test_restarts_with_one_optimizer_for_all_models_are_refused():
    optimizer = SGD(MLP(2, [3, 1]).parameters(), lr=0.1)
    fit = partial(train, inputs=ROWS, targets=TARGETS, optimizer=optimizer, progress=False)
    with pytest.raises(ValueError, match="partial"):
        restarts(partial(MLP, 2, [3, 1]), fit, seeds=2, progress=False)


@pytest.mark.parametrize("given", [MLP(2, [1]), MLP(2, [1]).parameters, 3], ids=["model", "method", "number"])
def test_an_optimizer_made_of_what_is_no_parameters_names_the_way(given):
    with pytest.raises(TypeError, match=r"Adam moves parameters, as Adam\(model.parameters\(\)\) does, got"):
        Adam(given)


def test_an_optimizer_of_ones_own_is_an_optimizer():
    class Signs(Optimizer):
        def move(self, number, gradient):
            return (number - self.lr * math.copysign(1.0, gradient),)

    model = MLP(2, [1])
    before = model.parameters()[0].data
    train(model, ROWS, TARGETS, optimizer=partial(Signs, lr=0.5), epochs=1, batch_size=None, progress=False)
    assert abs(model.parameters()[0].data - before) == pytest.approx(0.5, rel=1e-12)


# ---------------- schedules


@pytest.mark.parametrize("rate", [-1.0, -1e-300, math.nan, math.inf, -math.inf])
def test_a_rate_that_is_negative_or_not_finite_is_refused_with_its_epoch(rate):
    schedule = [0.1, 0.1, rate, 0.1].__getitem__
    message = (
        f"the schedule gives {re.escape(repr(rate))} for epoch 2 .counted from 0., where a learning rate is finite"
    )
    refused(ValueError, message, schedule=schedule, epochs=4)
    assert rates(schedule, 2) == [0.1, 0.1]


@pytest.mark.parametrize("rate", [None, "0.1", [0.1]])
def test_a_rate_that_is_no_number_is_refused(rate):
    refused(TypeError, "the schedule gives .* for epoch 0, where a learning rate belongs", schedule=lambda epoch: rate)


def test_a_rate_of_zero_rests():
    model = MLP(2, [3, 1])
    before = model.state_dict()
    train(model, ROWS, TARGETS, schedule=lambda epoch: 0.0, epochs=2, progress=False)
    assert model.state_dict() == before


# ---------------- functions, validation, the model


@pytest.mark.parametrize(("name", "given"), [("loss", "mse"), ("loss", None), ("schedule", 0.1), ("clip", 1.0)])
def test_what_is_no_function_is_refused_by_its_name(name, given):
    refused(TypeError, f"^{name} needs to be a function, got {given!r}", **{name: given})


def test_a_metric_needs_a_name_and_is_a_function():
    refused(TypeError, r'metrics needs a name for each, as {"accuracy": correct}', metrics=correct)
    refused(TypeError, r'metrics needs a name for each, as {"accuracy": correct}', metrics=[correct])
    refused(
        TypeError, r"metrics\['accuracy'\] needs to be a function, got 'accuracy'", metrics={"accuracy": "accuracy"}
    )


@pytest.mark.parametrize(
    ("validation", "given"),
    [((ROWS,), "a tuple of 1"), (ROWS, "a list of 3"), ((ROWS, TARGETS, []), "a tuple of 3"), (0.2, "a float")],
)
def test_validation_that_is_no_pair_is_refused(validation, given):
    refused(TypeError, rf"validation needs to be a pair, \(inputs, targets\); got {given}", validation=validation)


def test_patience_without_validation_names_it():
    refused(ValueError, r"patience needs validation rows.*validation=\(inputs, targets\)", patience=3)


@pytest.mark.parametrize("model", [MLP, "mlp", None, lambda row: row[0]], ids=["class", "word", "None", "function"])
def test_what_is_no_model_is_refused(model):
    with pytest.raises(TypeError, match=r"train\(\) needs a model, a Module such as MLP\(2, \[4, 1\]\), got"):
        train(model, ROWS, TARGETS, progress=False)


def test_a_loss_or_a_metric_that_gives_a_list_is_refused():
    for wrong in ({"loss": lambda p, t: [p]}, {"metrics": {"both": lambda p, t: (p, t)}}):
        refused(TypeError, "gives one number for a row, got", **wrong)


def test_sizes_may_be_numpys_integers():
    of_numpy, plain = MLP(2, [3, 1]), MLP(2, [3, 1])
    train(of_numpy, ROWS, TARGETS, epochs=np.int64(3), batch_size=np.int32(2), progress=False)
    train(plain, ROWS, TARGETS, epochs=3, batch_size=2, progress=False)
    assert of_numpy.state_dict() == plain.state_dict()


def test_a_schedule_is_asked_once_for_each_epoch():
    count = itertools.count()
    train(MLP(2, [1]), ROWS, TARGETS, schedule=lambda epoch: 0.1 * next(count), epochs=5, progress=False)
    assert next(count) == 5
