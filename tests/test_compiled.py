"""Compiled training beside the eager run: the same losses over fifty steps, and the same everything else."""

import math
import random
import warnings
from functools import partial

import numpy as np
import pytest

from nn import (
    MLP,
    SGD,
    Adam,
    AdamW,
    AvgPool2d,
    Conv2d,
    Dropout,
    Flatten,
    History,
    Layer,
    MaxPool2d,
    Module,
    Neuron,
    Perceptron,
    RMSProp,
    Sequential,
    Softmax,
    binary_cross_entropy,
    clip_gradients,
    correct,
    cross_entropy,
    entropy,
    hinge_embedding_loss,
    hinge_loss,
    kl_divergence,
    l1_loss,
    l2_penalty,
    logistic_loss,
    margin_loss,
    mean_squared_error,
    nll_loss,
    perceptron_loss,
    schedules,
    squared_error,
    train,
)
from nn.activations import ACTIVATIONS, log_softmax
from nn.training import WORTH_COMPILING
from tinygrad_edu import DomainError, UnknownNumberError, Value

close = partial(pytest.approx, rel=1e-9, abs=1e-9)


def points(columns=3, count=22, seed=3):
    numbers = random.Random(seed)
    return [[numbers.uniform(-1.0, 1.0) for _ in range(columns)] for _ in range(count)]


ROWS = points()
NUMBERS = [row[0] - 0.5 * row[1] * row[2] for row in ROWS]
CLASSES = [int(3.0 * (row[0] + 1.0) / 2.0) for row in ROWS]
BITS = [int(row[0] > 0.0) for row in ROWS]
SIDES = [2 * bit - 1 for bit in BITS]
SHARES = [[p, 0.75 - p, 0.25] for p in (0.1 + 0.25 * (row[0] + 1.0) for row in ROWS)]


DESCENT = partial(SGD, lr=0.1)


def both(make, loss, targets, rows=ROWS, optimizer=DESCENT, epochs=17, batch_size=8, **settings):
    """The history and the state of a compiled run, and of an eager one; 17 epochs of 3 batches are 51 steps."""
    found = []
    for compiled in (True, False):
        model = make()
        settings = {"epochs": epochs, "batch_size": batch_size, "progress": False} | settings
        history = train(model, rows, targets, loss, optimizer, compiled=compiled, **settings)
        found += [history, model.state_dict()]
    return found


def alike(make, loss, targets, *arguments, moving=True, **settings):
    ours, state, eager, eager_state = both(make, loss, targets, *arguments, **settings)
    assert ours.loss == close(eager.loss)
    assert ours.validation_loss == close(eager.validation_loss)
    assert ours.metrics.keys() == eager.metrics.keys()
    for name in ours.metrics:
        assert ours.metrics[name] == close(eager.metrics[name])
    for name in ours.validation_metrics:
        assert ours.validation_metrics[name] == close(eager.validation_metrics[name])
    assert (ours.kept, ours.interrupted) == (eager.kept, eager.interrupted)
    assert state == close(eager_state)
    assert (max(ours.loss) - min(ours.loss) > 1e-6) is moving
    return ours


def three():
    return MLP(3, [2, 3], "relu", seed=2)


def one():
    return MLP(3, [2, 1], "softplus", seed=2)


def probability():
    return MLP(3, [2, 1], "relu", output="sigmoid", seed=2)


def probabilities():
    return Sequential(MLP(3, [3], seed=2), Softmax())


LOSSES = {
    "squared_error": (one, squared_error, NUMBERS),
    "squared_error of lists": (three, squared_error, SHARES),
    "mean_squared_error": (one, mean_squared_error, NUMBERS),
    "mean_squared_error of lists": (three, mean_squared_error, SHARES),
    "l1_loss": (one, l1_loss, NUMBERS),
    "l1_loss of lists": (three, l1_loss, SHARES),
    "binary_cross_entropy": (probability, binary_cross_entropy, BITS),
    "binary_cross_entropy of shares": (probability, binary_cross_entropy, [p for p, *_ in SHARES]),
    "binary_cross_entropy from logits": (one, partial(binary_cross_entropy, from_logits=True), BITS),
    "cross_entropy": (three, cross_entropy, CLASSES),
    "cross_entropy of distributions": (three, cross_entropy, SHARES),
    "cross_entropy of one-hot rows": (three, cross_entropy, [[float(k == c) for k in range(3)] for c in CLASSES]),
    "cross_entropy of probabilities": (probabilities, partial(cross_entropy, from_logits=False), CLASSES),
    "cross_entropy of two distributions": (probabilities, partial(cross_entropy, from_logits=False), SHARES),
    "nll_loss": (three, lambda z, t: nll_loss(log_softmax(z), t), CLASSES),
    "perceptron_loss": (one, perceptron_loss, SIDES),
    "hinge_loss": (one, hinge_loss, SIDES),
    "logistic_loss": (one, logistic_loss, SIDES),
    "margin_loss": (one, partial(margin_loss, epsilon=0.5, L=0.25), SIDES),
    "hinge_embedding_loss": (lambda: MLP(3, [1], output="softplus"), hinge_embedding_loss, SIDES),
    "kl_divergence": (probabilities, lambda q, p: kl_divergence(p, q), SHARES),
    "entropy": (probabilities, lambda q, p: cross_entropy(q, p, from_logits=False) - 0.1 * entropy(q), SHARES),
}


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss(name):
    alike(*LOSSES[name])


def test_a_penalty_on_the_weights():
    """A loss that holds the model: the weights are read by gates in it."""
    found = []
    for compiled in (True, False):
        model = one()
        weights = model.parameters()
        loss = lambda z, t, weights=weights: squared_error(z, t) + l2_penalty(weights, 0.1)  # noqa: E731
        found.append(train(model, ROWS, NUMBERS, loss, epochs=17, batch_size=8, progress=False, compiled=compiled).loss)
    assert found[0] == close(found[1])


class Ring(Module):
    """A model of one's own: parameters in a list, gates in a formula."""

    def __init__(self):
        self.center = [Value(0.1), Value(-0.2), Value(0.3)]
        self.radius = Value(0.5)

    def __call__(self, inputs):
        return sum([(x - c) ** 2 for x, c in zip(inputs, self.center, strict=True)], -(self.radius**2.0))


def image(*layers):
    """A row of three numbers as an image of one channel, and what layers make of it as one number."""

    class Image(Module):
        def __init__(self):
            self.layers = Sequential(*layers)

        def __call__(self, inputs):
            return self.layers([[list(inputs), [x * y for x, y in zip(inputs, inputs[::-1], strict=True)]]])[0]

    return Image()


LAYERS = {
    "Neuron": lambda: Neuron(3, "tanh", seed=1),
    "Neuron without bias": lambda: Neuron(3, bias=False, seed=1),
    "Layer": lambda: Sequential(Layer(3, 2, "tanh", seed=1), Layer(2, 1, seed=2), lambda z: z),
    "MLP": lambda: MLP(3, [3, 2, 1], ["relu", "tanh"], seed=1),
    "Perceptron's score": lambda: type("Scored", (Perceptron,), {"__call__": Perceptron.score})([0.1, 0.2, -0.1]),
    "Conv2d and MaxPool2d": lambda: image(Conv2d(1, 2, 2, seed=1), "relu", MaxPool2d((1, 2)), Flatten(), Layer(2, 1)),
    "Conv2d and AvgPool2d": lambda: image(Conv2d(1, 1, 2, padding=(0, 1)), AvgPool2d((1, 2)), Flatten(), Layer(2, 1)),
    "Dropout of nothing": lambda: Sequential(Layer(3, 2, "tanh"), Dropout(0.0), Layer(2, 1)),
    "one's own": Ring,
}


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer(name):
    def loss(prediction, target):
        return squared_error(prediction[0] if isinstance(prediction, list) else prediction, target)

    alike(LAYERS[name], loss, NUMBERS)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation(name):
    alike(lambda: Neuron(3, name, seed=1), squared_error, NUMBERS, moving=name not in ("step", "sign"))


OPTIMIZERS = {
    "SGD": partial(SGD, lr=0.1),
    "SGD with everything": partial(SGD, lr=0.05, momentum=0.9, weight_decay=0.01, nesterov=True),
    "RMSProp": partial(RMSProp, lr=0.01),
    "RMSProp with everything": partial(RMSProp, lr=0.01, alpha=0.9, eps=1e-4, weight_decay=0.01, momentum=0.5),
    "Adam": partial(Adam, lr=0.02),
    "Adam with decay": partial(Adam, lr=0.02, betas=(0.8, 0.9), weight_decay=0.1),
    "AdamW": partial(AdamW, lr=0.02, weight_decay=0.1),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer(name):
    alike(three, cross_entropy, CLASSES, optimizer=OPTIMIZERS[name])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_rule_moves_an_array_as_it_moves_each_number_to_the_last_bit(name):
    numbers = random.Random(5)
    columns = [[numbers.uniform(-2.0, 2.0) for _ in range(50)] for _ in range(4)]
    one_by_one, at_once = (OPTIMIZERS[name]([Value(x) for x in columns[0]]) for _ in range(2))
    array, memory = np.array(columns[0]), [*map(np.array, at_once.memory)]
    for slopes in columns[1:]:
        for parameter, slope in zip(one_by_one.parameters, slopes, strict=True):
            parameter.grad = slope
        one_by_one.step()
        array, *memory = at_once.moved(array, np.array(slopes), memory)
        at_once.taken += 1
        assert array.tolist() == one_by_one.numbers()
        assert [column.tolist() for column in memory] == one_by_one.memory


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_run_goes_on_from_one_to_the_other(name):
    """Compiled, eager, compiled again, with one optimizer; beside eager all the way."""
    found = []
    for ways in ([True, False, True], [False, False, False]):
        model = three()
        optimizer = OPTIMIZERS[name](model.parameters())
        losses = []
        for compiled in ways:
            losses += train(
                model,
                ROWS,
                CLASSES,
                cross_entropy,
                optimizer,
                epochs=4,
                batch_size=8,
                progress=False,
                compiled=compiled,
            ).loss
        found.append((losses, model.state_dict(), optimizer.taken))
        assert all(type(x) is float for column in [optimizer.numbers(), *optimizer.memory] for x in column)
    assert found[0][0] == close(found[1][0])
    assert found[0][1] == close(found[1][1])
    assert found[0][2] == found[1][2] == 36


# ---------------- everything else that train() does

HELD_OUT = points(count=9, seed=8)
HELD_OUT_CLASSES = [int(3.0 * (row[0] + 1.0) / 2.0) for row in HELD_OUT]


@pytest.mark.parametrize("batch_size", [1, 5, 22, 100, None])
def test_every_size_of_a_batch(batch_size):
    alike(three, cross_entropy, CLASSES, batch_size=batch_size, epochs=8)


@pytest.mark.parametrize("seed", [0, 1])
def test_rows_come_in_the_same_order(seed):
    alike(three, cross_entropy, CLASSES, batch_size=2, epochs=5, seed=seed)


def test_validation_and_metrics():
    alike(
        three,
        cross_entropy,
        CLASSES,
        validation=(HELD_OUT, HELD_OUT_CLASSES),
        metrics={"right": correct, "first": lambda z, t: z[0].data * t, "type": lambda z, t: isinstance(t, int)},
    )


def test_metrics_of_one_output():
    alike(one, squared_error, NUMBERS, metrics={"error": lambda y, t: abs(y - t)})


def test_early_stopping():
    history = alike(
        three,
        cross_entropy,
        CLASSES,
        validation=(HELD_OUT, HELD_OUT_CLASSES),
        patience=2,
        epochs=300,
        optimizer=partial(Adam, lr=0.1),
    )
    assert len(history.loss) < 300
    assert history.kept == len(history.loss) - 3


def test_schedules_and_clipping():
    alike(
        three,
        cross_entropy,
        CLASSES,
        optimizer=partial(SGD, lr=0.5),
        schedule=schedules.cosine(0.5, 17),
        clip=partial(clip_gradients, max_norm=0.1),
    )


def test_arrays_and_images_as_rows():
    rows = np.array(points(columns=16, count=12)).reshape(12, 1, 4, 4)
    alike(
        lambda: Sequential(Conv2d(1, 1, 3, seed=1), "relu", Flatten(), Layer(4, 3, seed=2)),
        cross_entropy,
        np.array(CLASSES[:12]),
        rows=rows,
        epochs=6,
    )


def test_a_part_of_the_parameters():
    """Those that the optimizer does not have stay as they are."""
    found = []
    for compiled in (True, False):
        model = three()
        optimizer = SGD(model.layers[1].parameters(), lr=0.1)
        train(model, ROWS, CLASSES, cross_entropy, optimizer, epochs=5, progress=False, compiled=compiled)
        found.append(model.state_dict())
    assert found[0] == close(found[1])
    first = {name: x for name, x in three().state_dict().items() if name.startswith("layers.0")}
    assert {name: found[0][name] for name in first} == first


@pytest.mark.parametrize("settings", [{}, {"metrics": {"right": correct}, "validation": (HELD_OUT, HELD_OUT_CLASSES)}])
def test_without_the_compiler(monkeypatch, settings):
    """The Python backend takes lists, and needs no NumPy."""
    monkeypatch.setattr("tinygrad_edu.program.find_spec", lambda name: None)
    monkeypatch.setattr("numpy.array", None)
    alike(three, cross_entropy, CLASSES, optimizer=partial(Adam, lr=0.02), **settings)


def test_the_parameters_have_their_numbers_after_every_epoch(monkeypatch):
    """As the history of an epoch is recorded."""
    record, seen = History.record, []
    for compiled in (True, False):
        model, states = three(), []

        def watched(history, *means, model=model, states=states):
            states.append(model.state_dict())
            record(history, *means)

        monkeypatch.setattr(History, "record", watched)
        train(model, ROWS, CLASSES, cross_entropy, epochs=3, progress=False, compiled=compiled)
        seen.append(states)
    for ours, eager in zip(*seen, strict=True):
        assert ours == close(eager)
    assert seen[0][0] != seen[0][1] != seen[0][2]


def test_without_epochs_nothing_changes():
    model = three()
    assert train(model, ROWS, CLASSES, cross_entropy, epochs=0, progress=False, compiled=True).loss == []
    assert model.state_dict() == three().state_dict()


# ---------------- interruptions and errors


class PressedAt(SGD):
    """Ctrl-C comes in the n-th step, when the new numbers are known and the old ones still hold."""

    presses = 5

    def moved(self, *columns):
        self.presses -= 1
        columns = super().moved(*columns)
        if self.presses == 0:
            raise KeyboardInterrupt
        return columns


def test_ctrl_c_keeps_what_the_whole_steps_have_learned():
    """Of 3 steps in each epoch the fifth is pressed in; compiling has tried the rule once."""
    model, steps = three(), three()
    optimizer = PressedAt(model.parameters(), lr=0.1, momentum=0.5)
    optimizer.presses += 1
    history = train(model, ROWS, CLASSES, cross_entropy, optimizer, batch_size=8, progress=False, compiled=True)
    assert (history.interrupted, len(history.loss), optimizer.taken) == (True, 1, 4)
    eager = PressedAt(steps.parameters(), lr=0.1, momentum=0.5)
    expected = train(steps, ROWS, CLASSES, cross_entropy, eager, batch_size=8, progress=False, compiled=False)
    assert model.state_dict() == close(steps.state_dict())
    assert (optimizer.memory[0], history.loss) == (close(eager.memory[0]), close(expected.loss))


@pytest.mark.parametrize("compiled", [True, False])
def test_a_diverging_run_names_gate_and_epoch_and_keeps_its_history(compiled):
    model = MLP(1, [1], seed=1)
    with pytest.raises(DomainError, match="too large for a double") as caught:
        train(
            model,
            [[-2.0], [1.0], [3.0]],
            [-3.0, 2.0, 6.0],
            optimizer=partial(SGD, lr=1e3),
            epochs=200,
            progress=False,
            compiled=compiled,
        )
    error = caught.value
    epochs = len(error.history.loss)
    assert error.gate.name == "power"
    assert error.__notes__ == [f"the training diverged in epoch {epochs + 1} of 200"]
    assert 20 < epochs < 200
    assert all(map(math.isfinite, [*model.state_dict().values(), *error.history.loss]))


def test_a_run_diverges_in_the_same_epoch_compiled():
    epochs, states = [], []
    for compiled in (True, False):
        model = MLP(1, [1], seed=1)
        with pytest.raises(DomainError) as caught:
            train(model, [[-2.0], [3.0]], [1.0, 2.0], optimizer=partial(SGD, lr=9.0), epochs=999, progress=False,
                  compiled=compiled)  # fmt: skip
        epochs.append(len(caught.value.history.loss))
        states.append(model.state_dict())
    assert epochs[0] == epochs[1]
    assert states[0] == pytest.approx(states[1], rel=1e-6)


def test_a_probability_of_zero_that_has_no_weight_is_no_error():
    """0 log 0: the eager loss leaves it out, a program cannot; the batch is then taken eagerly, and the run goes on."""
    rows, bits = [[-800.0], [0.5], [800.0], [-0.25]], [0, 1, 1, 0]
    alike(lambda: Neuron(1, "sigmoid", seed=1, initializer=lambda *_: 1.0), binary_cross_entropy, bits, rows=rows)


@pytest.mark.parametrize(
    ("loss", "targets", "match"),
    [
        (cross_entropy, [*CLASSES[:-1], 3], "a class from 0 to 2"),
        (lambda z, t: hinge_loss(z[0], t), [*SIDES[:-1], 0], "target of -1 or"),
        (lambda z, t: binary_cross_entropy(z[0], t, True), [*BITS[:-1], 2], "targets from 0 to 1"),
        (cross_entropy, [*SHARES[:-1], [0.5, 0.6, 0.7]], "probabilities"),
    ],
)
def test_targets_of_all_rows_are_checked_before_anything_is_traced(loss, targets, match):
    model = three()
    with pytest.raises(ValueError, match=match) as caught:
        train(model, ROWS, targets, loss, progress=False, compiled=True)
    assert caught.value.__notes__ == ["this is the target of row 21; no parameter has been changed"]
    assert model.state_dict() == three().state_dict()


# ---------------- what cannot be compiled


def branching(prediction, target):
    return squared_error(prediction, target) if prediction > target else l1_loss(prediction, target)


class Noisy(Module):
    def __init__(self):
        self.weight = Value(0.5)
        self.noise = random.Random(1)

    def __call__(self, inputs):
        return self.weight * inputs[0] + self.noise.gauss(0.0, 1.0)


class Slow(SGD):
    def step(self):
        super().step()


def dropping():
    return Sequential(Layer(3, 4, "tanh"), Dropout(1e-9), Layer(4, 1), lambda z: z)


def first(z, t):
    return squared_error(z[0], t)


OBSTACLES = {
    "a branch": (one, branching, SGD, UnknownNumberError, "maximum, minimum or step"),
    "Dropout": (dropping, first, SGD, ValueError, "Dropout draws anew"),
    "noise": (Noisy, squared_error, SGD, ValueError, "not do the same at every call"),
    "a step of its own": (one, squared_error, Slow, ValueError, r"Slow has a step\(\) of its own"),
}


@pytest.mark.parametrize("name", OBSTACLES)
def test_what_cannot_be_compiled_is_an_error_where_it_has_to_be(name):
    make, loss, optimizer, error, message = OBSTACLES[name]
    model = make()
    before = model.state_dict()
    with pytest.raises(error, match=message):
        train(model, ROWS, NUMBERS, loss, optimizer, progress=False, compiled=True)
    assert model.state_dict() == before


@pytest.mark.parametrize("name", OBSTACLES)
def test_what_cannot_be_compiled_is_trained_without_and_one_warning_says_why(name, monkeypatch):
    make, loss, optimizer, _, message = OBSTACLES[name]
    monkeypatch.setattr("nn.training.WORTH_COMPILING", (0, 0))
    model, alone = make(), make()
    settings = {"epochs": 3, "batch_size": 8, "progress": False}
    with pytest.warns(UserWarning, match=rf"(?s)goes on without compiling, which is slower: .*{message}") as caught:
        history = train(model, ROWS, NUMBERS, loss, partial(optimizer, lr=0.1), **settings)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    expected = train(alone, ROWS, NUMBERS, loss, partial(optimizer, lr=0.1), compiled=False, **settings)
    if name != "noise":  # whose numbers go on from call to call
        assert (history, model.state_dict()) == (expected, alone.state_dict())
    assert len(history.loss) == 3


def test_what_the_user_raises_is_raised():
    def loss(prediction, target):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        train(one(), ROWS, NUMBERS, loss, progress=False, compiled=True)


@pytest.mark.parametrize("compiled", ["llvm", "yes", None, 2])
def test_an_unknown_wish_is_refused(compiled):
    with pytest.raises(ValueError, match='"auto", True or False'):
        train(one(), ROWS, NUMBERS, progress=False, compiled=compiled)


def test_a_short_run_is_not_compiled(monkeypatch):
    """A neuron has 2 wires for each weight and 1 for the bias; ((y - t) ** 2) / 2 has 2 for each of three gates."""
    made = []
    monkeypatch.setattr("nn.training.Compiled", lambda eager: made.append(eager) or eager)
    wires = 2 + 2 + 1 + 2 + 2 + 2
    for rows_seen, wires_seen, expected in [(20, 20 * wires, 1), (21, 0, 0), (0, 20 * wires + 1, 0)]:
        made.clear()
        monkeypatch.setattr("nn.training.WORTH_COMPILING", (rows_seen, wires_seen))
        train(Neuron(2), [[0.1, 0.2]] * 10, [1.0] * 10, epochs=2, progress=False)
        assert len(made) == expected
    assert all(least >= 1000 for least in WORTH_COMPILING)


def test_a_compiled_run_is_silent():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(three(), ROWS, CLASSES, cross_entropy, epochs=2, progress=False, compiled=True)


def test_a_loss_that_asks_for_the_kind_of_its_target_is_not_compiled():
    model = MLP(1, [1], seed=1)

    def loss(output, target):
        return output * 0.0 if isinstance(target, Value) else (output - target) ** 2

    with pytest.raises(ValueError, match="for the target"):
        train(model, [[1.0], [2.0]], [1.0, 0.0], loss=loss, epochs=1, progress=False, compiled=True)
