"""train() against loops written out by hand; what an interrupted run keeps; where the progress bar goes."""

import itertools
import math
import random
import signal
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

from nn import (
    MLP,
    SGD,
    Adam,
    AdamW,
    Dropout,
    History,
    Layer,
    Module,
    RMSProp,
    Sequential,
    accuracy,
    binary_cross_entropy,
    clip_gradients,
    cross_entropy,
    squared_error,
    train,
)
from tinygrad_edu import DomainError, Value

ROWS = [[-2.0], [-1.0], [-0.5], [0.0], [0.5], [1.5], [3.0]]
TARGETS = [-3.5, -2.0, -0.75, 0.5, 1.0, 3.25, 6.5]
COLUMNS = [[target] for target in TARGETS]


class Line(Module):
    """slope * x + offset"""

    def __init__(self, slope=0.25, offset=-0.5):
        self.slope = Value(slope)
        self.offset = Value(offset)

    def __call__(self, inputs):
        return self.slope * inputs[0] + self.offset


class Recorder:
    """The squared error, and the targets that it was asked about, in order, after the rehearsal with each of them."""

    def __init__(self, rehearsed=7):
        self.asked = []
        self.rehearsed = rehearsed

    @property
    def targets(self):
        return self.asked[self.rehearsed :]

    def __call__(self, prediction, target):
        self.asked.append(target)
        return (prediction - target) ** 2 / 2.0


def numbers_of(line):
    return (line.slope.data, line.offset.data)


def descended(targets_seen, batch_size, lr=0.1, momentum=0.0, rows=ROWS, targets=TARGETS, start=(0.25, -0.5)):
    """(slope, offset) after each step and the mean loss of each epoch, by the formulas of linear regression."""
    row_of = {target: row[0] for row, target in zip(rows, targets, strict=True)}
    (w, b), vw, vb, path, losses = start, 0.0, 0.0, [], []
    for epoch in chunks(targets_seen, len(rows)):
        total = 0.0
        for batch in chunks(epoch, batch_size):
            errors = [(w * row_of[t] + b - t, row_of[t]) for t in batch]
            total += sum(error**2 / 2.0 for error, _ in errors)
            vw = momentum * vw + sum(error * x for error, x in errors) / len(batch)
            vb = momentum * vb + sum(error for error, _ in errors) / len(batch)
            w, b = w - lr * vw, b - lr * vb
            path.append((w, b))
        losses.append(total / len(rows))
    return path, losses


def chunks(items, size):
    return [items[start : start + size] for start in range(0, len(items), size)]


# ---------------- order and means


@pytest.mark.parametrize("batch_size", [1, 2, 3, 6, 7, 8, 1000, None])
@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_training_is_the_loop_written_out_by_hand(batch_size, momentum):
    """Seven rows: with most sizes the last batch is smaller, and its mean is over its own rows."""
    line, loss = Line(), Recorder()
    optimizer = SGD(line.parameters(), lr=0.1, momentum=momentum)
    history = train(line, ROWS, TARGETS, loss, optimizer, epochs=4, batch_size=batch_size, progress=False)
    path, losses = descended(loss.targets, batch_size or 7, momentum=momentum)
    assert numbers_of(line) == pytest.approx(path[-1], rel=1e-12)
    assert history.loss == pytest.approx(losses, rel=1e-12)


@pytest.mark.parametrize(("batch_size", "steps"), [(1, 7), (2, 4), (3, 3), (7, 1), (8, 1), (None, 1)])
def test_the_number_of_steps_of_an_epoch(batch_size, steps):
    class Counted(SGD):
        steps = 0

        def step(self):
            self.steps += 1
            super().step()

    line = Line()
    optimizer = Counted(line.parameters(), lr=0.1)
    train(line, ROWS, TARGETS, optimizer=optimizer, epochs=3, batch_size=batch_size, progress=False)
    assert optimizer.steps == 3 * steps


@pytest.mark.parametrize("batch_size", [1, 3, None])
def test_every_epoch_sees_every_row_once_with_its_own_target(batch_size):
    seen = []

    class Watched(Line):
        def __call__(self, inputs):
            seen.append(inputs[0])
            return super().__call__(inputs)

    loss = Recorder()
    train(Watched(), ROWS, TARGETS, loss, epochs=5, batch_size=batch_size, progress=False)
    pairs = sorted((row[0], target) for row, target in zip(ROWS, TARGETS, strict=True))
    for epoch in chunks(list(zip(seen[1:], loss.targets, strict=True)), 7):  # the first is the rehearsal's
        assert sorted(epoch) == pairs


def order(seed, epochs=3):
    loss = Recorder()
    train(Line(), ROWS, TARGETS, loss, epochs=epochs, seed=seed, progress=False)
    return chunks(loss.targets, 7)


def test_the_order_is_shuffled_anew_for_every_epoch():
    assert len(set(map(tuple, order(seed=0)))) == 3
    assert TARGETS not in order(seed=0)


def test_the_order_depends_on_the_seed_alone():
    assert order(seed=4) == order(seed=4) != order(seed=5)


def test_gradients_left_from_before_do_not_count():
    stale, fresh = Line(), Line()
    stale.slope.grad = stale.offset.grad = 1e6
    for line in (stale, fresh):
        train(line, ROWS, TARGETS, epochs=1, progress=False)
    assert numbers_of(stale) == numbers_of(fresh)


def test_the_inputs_and_targets_stay_in_their_order():
    inputs, targets = [list(row) for row in ROWS], list(TARGETS)
    train(Line(), inputs, targets, epochs=3, progress=False)
    assert (inputs, targets) == (ROWS, TARGETS)


# ---------------- defaults


def test_the_loss_is_the_squared_error_and_the_optimizer_sgd_with_a_tenth_unless_told_otherwise():
    line, loss, told = Line(), Recorder(), Line()
    train(told, ROWS, TARGETS, loss, SGD(told.parameters(), lr=0.1), epochs=2, progress=False)
    train(line, ROWS, TARGETS, epochs=2, progress=False)
    assert numbers_of(line) == numbers_of(told)
    assert numbers_of(line) == pytest.approx(descended(loss.targets, 7)[0][-1], rel=1e-12)


def test_a_hundred_epochs_unless_told_otherwise():
    assert len(train(Line(), ROWS[:1], TARGETS[:1], progress=False).loss) == 100


def test_batches_have_32_rows_unless_told_otherwise():
    rows, targets = [[k / 40.0] for k in range(40)], [k / 20.0 for k in range(40)]
    line, loss = Line(), Recorder(rehearsed=40)
    train(line, rows, targets, loss, epochs=1, progress=False)
    expected, _ = descended(loss.targets, 32, rows=rows, targets=targets)
    assert numbers_of(line) == pytest.approx(expected[-1], rel=1e-12)


# ---------------- reproducible


def trained(seed):
    model = MLP(1, [3, 1], seed=seed)
    history = train(model, ROWS, TARGETS, epochs=10, batch_size=3, seed=seed, progress=False)
    return history.loss, model.state_dict()


def test_the_same_seed_gives_the_same_run_to_the_last_bit():
    assert trained(seed=2) == trained(seed=2)


def test_another_seed_gives_another_run():
    assert trained(seed=2) != trained(seed=3)


def test_another_process_gives_the_same_run_to_the_last_bit():
    """Another process has another hash seed and other addresses."""
    code = f"""
from nn import MLP, train
model = MLP(1, [3, 1], seed=2)
history = train(model, {ROWS}, {TARGETS}, epochs=10, batch_size=3, seed=2, progress=False)
print((history.loss, model.state_dict()))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout.strip() == repr(trained(seed=2))


def test_no_global_random_state_is_touched():
    before, numpys = random.getstate(), np.random.get_state(legacy=False)
    train(MLP(1, [2, 1]), ROWS, TARGETS, epochs=2, progress=False)
    assert random.getstate() == before
    np.testing.assert_equal(np.random.get_state(legacy=False), numpys)


# ---------------- learning


def test_a_line_is_found():
    line = Line()
    history = train(
        line, [[x] for x in (-1.0, 0.0, 1.0)], [-1.0, 1.0, 3.0], epochs=300, batch_size=None, progress=False
    )
    assert numbers_of(line) == pytest.approx((2.0, 1.0), abs=1e-6)
    assert history.loss == sorted(history.loss, reverse=True)


XOR = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_xor_is_learned(seed):
    model = MLP(2, [4, 1], seed=seed)
    history = train(
        model,
        *XOR,
        loss=lambda logit, target: binary_cross_entropy(logit, target, from_logits=True),
        optimizer=SGD(model.parameters(), lr=0.5, momentum=0.9),
        epochs=200,
        seed=seed,
        progress=False,
    )
    assert accuracy(model, *XOR) == 1.0
    assert history.loss[-1] < 0.05 < math.log(2.0) - 0.1 < history.loss[0]


def test_three_classes_are_learned_from_logits():
    rows = [[x, y] for x, y in [(0, 0), (0, 1), (3, 0), (3, 1), (0, 4), (1, 4)]]
    classes = [0, 0, 1, 1, 2, 2]
    model = MLP(2, [3])
    train(model, rows, classes, cross_entropy, epochs=100, progress=False)
    assert accuracy(model, rows, classes) == 1.0


def test_several_outputs_are_learned_from_lists_of_targets():
    """A linear layer of two: the sum x + y and the difference x - y."""
    model = MLP(2, [2])
    rows = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    train(model, rows, [[1.0, 1.0], [1.0, -1.0], [2.0, 0.0]], epochs=1000, progress=False)
    assert [output.data for output in model([2.0, 5.0])] == pytest.approx([7.0, -3.0], abs=0.05)


# ---------------- epochs, and what is refused


def test_with_no_epochs_nothing_happens():
    line = Line()
    assert train(line, ROWS, TARGETS, epochs=0, progress=False) == History(loss=[], interrupted=False)
    assert numbers_of(line) == (0.25, -0.5)


def test_a_run_that_was_not_interrupted_says_so():
    assert train(Line(), ROWS, TARGETS, epochs=1, progress=False).interrupted is False


def test_no_rows_are_refused():
    with pytest.raises(ValueError, match="no rows"):
        train(Line(), [], [], progress=False)


@pytest.mark.parametrize("targets", [[], TARGETS[:-1], [*TARGETS, 0.0]])
def test_unequal_numbers_of_rows_and_targets_are_refused_before_any_step(targets):
    line = Line()
    with pytest.raises(ValueError):
        train(line, ROWS, targets, progress=False)
    assert numbers_of(line) == (0.25, -0.5)


@pytest.mark.parametrize(("name", "least"), [("batch_size", 1), ("epochs", 0), ("patience", 1)])
def test_impossible_sizes_are_refused(name, least):
    for wrong in (least - 1, -7):
        with pytest.raises(ValueError, match=f"^{name} needs to be a whole number, {least} or more, got {wrong}$"):
            train(Line(), ROWS, TARGETS, progress=False, **{name: wrong})
    for wrong in (1.5, "3", True, [3]):
        with pytest.raises(TypeError, match=f"^{name} needs to be a whole number, {least} or more, got "):
            train(Line(), ROWS, TARGETS, progress=False, **{name: wrong})


def test_a_model_without_parameters_is_refused():
    with pytest.raises(ValueError, match="no parameters"):
        train(Module(), ROWS, TARGETS, progress=False)


def test_an_error_of_the_loss_function_is_the_users_to_see():
    def loss(prediction, target):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        train(Line(), ROWS, TARGETS, loss, progress=False)


# ---------------- Ctrl-C


class CtrlC(Recorder):
    """A loss function during whose n-th call after the rehearsal Ctrl-C is pressed."""

    def __init__(self, calls):
        super().__init__()
        self.calls = calls

    def __call__(self, prediction, target):
        if len(self.asked) == self.rehearsed + self.calls:
            raise KeyboardInterrupt
        return super().__call__(prediction, target)


@pytest.mark.parametrize(
    ("calls", "steps", "epochs"),
    [(0, 0, 0), (2, 0, 0), (3, 1, 0), (5, 1, 0), (6, 2, 0), (7, 3, 1), (9, 3, 1), (10, 4, 1), (20, 8, 2)],
)
def test_ctrl_c_keeps_what_the_whole_steps_have_learned(calls, steps, epochs):
    """Batches of 3, 3 and 1 rows: an epoch is 7 calls of the loss and 3 steps."""
    line, loss, all_targets = Line(), CtrlC(calls), Recorder()
    history = train(line, ROWS, TARGETS, loss, epochs=3, batch_size=3, progress=False)
    train(Line(), ROWS, TARGETS, all_targets, epochs=3, batch_size=3, progress=False)
    path, losses = descended(all_targets.targets, 3)
    assert numbers_of(line) == pytest.approx([(0.25, -0.5), *path][steps], rel=1e-12)
    assert history.loss == pytest.approx(losses[:epochs], rel=1e-12)
    assert history.interrupted is True


def test_an_interrupted_run_can_be_taken_up_again():
    line = Line()
    train(line, ROWS, TARGETS, CtrlC(10), epochs=3, progress=False)
    history = train(line, ROWS, TARGETS, epochs=200, progress=False)
    assert history.interrupted is False
    assert history.loss[-1] < 0.05


class Pressed(float):
    """A learning rate during whose n-th use Ctrl-C is pressed."""

    uses = 4

    def __mul__(self, other):
        self.uses -= 1
        if self.uses == 0:
            signal.raise_signal(signal.SIGINT)
        return float(self) * other


def test_ctrl_c_in_the_middle_of_a_step_leaves_no_parameter_half_way():
    """The second step has moved the slope when the signal comes, and not yet the offset."""
    line, loss = Line(), Recorder()
    optimizer = SGD(line.parameters(), lr=0.1)
    optimizer.lr = Pressed(0.1)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        history = train(line, ROWS, TARGETS, loss, optimizer, epochs=3, batch_size=3, progress=False)
    finally:
        signal.signal(signal.SIGINT, before)
    path, _ = descended(loss.targets, 3)
    assert history.interrupted
    assert numbers_of(line) in [pytest.approx(path[0], rel=1e-12), pytest.approx(path[1], rel=1e-12)]


# ---------------- validation, metrics

HELD_OUT = [[-1.5], [0.25], [2.0]], [-2.0, 0.0, 3.0]


def mean_squared_errors(path, rows=HELD_OUT[0], targets=HELD_OUT[1]):
    """The mean of ½ (w x + b - t)² for each (w, b), by hand."""
    return [sum((w * x + b - t) ** 2 / 2.0 for (x,), t in zip(rows, targets, strict=True)) / len(rows) for w, b in path]


def test_the_validation_loss_is_taken_after_each_epoch():
    line, loss = Line(), Recorder()
    history = train(line, ROWS, TARGETS, loss, epochs=4, batch_size=None, validation=HELD_OUT, progress=False)
    path, losses = descended([*TARGETS] * 4, 7)
    assert history.loss == pytest.approx(losses, rel=1e-12)
    assert history.validation_loss == pytest.approx(mean_squared_errors(path), rel=1e-12)
    assert loss.asked[-3:] == HELD_OUT[1]


@pytest.mark.parametrize("held_out", [HELD_OUT, (np.array(HELD_OUT[0]), np.array(HELD_OUT[1]))])
def test_validation_rows_are_not_learned_from(held_out):
    watched, alone = Line(), Line()
    history = train(watched, ROWS, TARGETS, epochs=5, batch_size=2, validation=held_out, progress=False)
    assert train(alone, ROWS, TARGETS, epochs=5, batch_size=2, progress=False).loss == history.loss
    assert numbers_of(watched) == numbers_of(alone)


def test_metrics_are_means_over_the_predictions_that_the_loss_is_taken_of():
    def error(prediction, target):
        return abs(prediction - target)

    metrics = {"error": error, "high": lambda prediction, target: prediction > target}
    history = train(
        Line(), ROWS, TARGETS, epochs=3, batch_size=None, metrics=metrics, validation=HELD_OUT, progress=False
    )
    path, _ = descended([*TARGETS] * 3, 7)
    for table, (rows, targets), lines in [
        (history.metrics, (ROWS, TARGETS), [(0.25, -0.5), *path[:2]]),
        (history.validation_metrics, HELD_OUT, path),
    ]:
        errors = [[w * x + b - t for (x,), t in zip(rows, targets, strict=True)] for w, b in lines]
        assert list(table) == ["error", "high"]
        assert table["error"] == pytest.approx([sum(map(abs, each)) / len(rows) for each in errors], rel=1e-12)
        assert table["high"] == [sum(x > 0 for x in each) / len(rows) for each in errors]


def test_metrics_over_batches_of_unequal_sizes_are_means_over_the_rows():
    history = train(Line(), ROWS, TARGETS, epochs=2, batch_size=3, metrics={"target": lambda p, t: t}, progress=False)
    assert history.metrics["target"] == pytest.approx([sum(TARGETS) / 7] * 2, rel=1e-12)


def test_metrics_change_nothing_that_is_learned():
    watched, alone = Line(), Line()
    metrics = {"far": lambda prediction, target: abs(prediction - target) > 1.0}
    history = train(watched, ROWS, TARGETS, epochs=5, batch_size=2, metrics=metrics, progress=False)
    assert train(alone, ROWS, TARGETS, epochs=5, batch_size=2, progress=False).loss == history.loss
    assert numbers_of(watched) == numbers_of(alone)


# ---------------- early stopping

EARLY = [[-1.0], [0.5], [1.0]], [-1.0, 0.25, 0.75]  # a line flatter than the one of ROWS, met on the way there


def stopped(patience, epochs=60):
    """The epoch that is kept and the number of epochs, by the rule read from the losses of an endless run."""
    path, _ = descended([*TARGETS] * epochs, 7)
    losses = mean_squared_errors(path, *EARLY)
    kept = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[kept]:
            kept = epoch
        elif epoch - kept >= patience:
            return path, losses, kept, epoch + 1
    return path, losses, kept, epochs


@pytest.mark.parametrize("patience", [1, 2, 5])
def test_training_stops_when_the_validation_loss_has_stopped_falling_and_goes_back_to_its_lowest(patience):
    line = Line()
    path, losses, kept, epochs = stopped(patience)
    assert 0 < kept == epochs - 1 - patience < 50
    history = train(
        line, ROWS, TARGETS, epochs=60, batch_size=None, validation=EARLY, patience=patience, progress=False
    )
    assert history.validation_loss == pytest.approx(losses[:epochs], rel=1e-9)
    assert len(history.loss) == epochs
    assert history.kept == kept
    assert history.final_loss == history.validation_loss[kept] == min(history.validation_loss)
    assert numbers_of(line) == pytest.approx(path[kept], rel=1e-12)


@pytest.mark.parametrize(
    ("losses", "patience", "kept", "epochs"),
    [
        ([5, 4, 4, 4, 4], 2, 1, 4),  # as low again is no improvement
        ([5, 6, 4, 6, 3, 6, 6, 6], 2, 4, 7),  # an improvement starts the count again
        ([5, 6, 4, 6, 3, 6, 6, 6], 1, 0, 2),
        ([5, 6, 7, 8], 10, 0, 4),  # the epochs run out first
        ([5, 4, 3, 2], 1, 3, 4),
    ],
)
def test_when_patience_ends(losses, patience, kept, epochs):
    """The validation loss of each epoch is dictated; a step adds 1 to the slope, so that it counts the epochs."""

    class Counting(SGD):
        def step(self):
            self.parameters[0].data += 1.0

    class Dictated:
        epoch = -1

        def __call__(self, prediction, target):
            if target == 0.0:
                return 0.0 * prediction
            self.epoch += 1
            return float(([0, *losses])[self.epoch])

    line = Line(slope=0.0)
    history = train(
        line,
        [[1.0]],
        [0.0],
        Dictated(),
        Counting(line.parameters()),
        epochs=len(losses),
        validation=([[1.0]], [1.0]),
        patience=patience,
        progress=False,
    )
    assert (history.kept, len(history.loss)) == (kept, epochs)
    assert history.validation_loss == losses[:epochs]
    assert line.slope.data == kept + 1


def test_without_patience_the_last_epoch_is_kept():
    line = Line()
    path, *_ = stopped(patience=100)
    history = train(line, ROWS, TARGETS, epochs=60, batch_size=None, validation=EARLY, progress=False)
    assert (history.kept, history.final_loss) == (59, history.validation_loss[-1])
    assert history.final_loss > min(history.validation_loss)
    assert numbers_of(line) == pytest.approx(path[-1], rel=1e-12)


def test_the_final_loss_is_of_the_training_rows_where_no_others_are_watched():
    history = train(Line(), ROWS, TARGETS, epochs=3, progress=False)
    assert (history.kept, history.final_loss) == (2, history.loss[2])


def test_before_the_first_epoch_is_over_the_final_loss_is_infinite():
    assert History().final_loss == math.inf


def test_ctrl_c_goes_back_to_the_lowest_validation_loss_too():
    _, _, kept, epochs = stopped(patience=3)
    line, loss = Line(), CtrlC((epochs - 1) * 10 + 3)  # in the last epoch: each asks the loss 7 + 3 times
    loss.rehearsed = 10
    history = train(line, ROWS, TARGETS, loss, epochs=60, batch_size=None, validation=EARLY, patience=3, progress=False)
    assert history.interrupted
    assert len(history.loss) == epochs - 1
    assert numbers_of(line) == pytest.approx(stopped(patience=3)[0][kept], rel=1e-12)


def test_ctrl_c_in_the_first_epoch_keeps_its_whole_steps_with_patience_as_well():
    patient, impatient = Line(), Line()
    for line, settings in ((patient, {"patience": 3}), (impatient, {})):
        loss = CtrlC(7)
        loss.rehearsed = 10
        history = train(line, ROWS, TARGETS, loss, epochs=9, batch_size=3, validation=EARLY, progress=False, **settings)
        assert (history.interrupted, history.kept) == (True, None)
    assert numbers_of(patient) == numbers_of(impatient) != numbers_of(Line())


@pytest.mark.parametrize("wrong", [{"patience": 3}, {"patience": 0, "validation": HELD_OUT}])
def test_patience_needs_rows_to_watch_and_an_epoch_or_more(wrong):
    with pytest.raises(ValueError, match="patience"):
        train(Line(), ROWS, TARGETS, progress=False, **wrong)


# ---------------- learning rates, clipping, modes


def test_the_schedule_gives_the_rate_of_each_epoch():
    rates, asked = [0.2, 0.1, 0.05], []
    line = Line()

    def schedule(epoch):
        asked.append(epoch)
        return rates[epoch]

    train(line, ROWS, TARGETS, epochs=3, batch_size=None, schedule=schedule, progress=False)
    start = (0.25, -0.5)
    for rate in rates:
        (start,), _ = descended(TARGETS, 7, lr=rate, start=start)
    assert asked == [0, 1, 2]
    assert numbers_of(line) == pytest.approx(start, rel=1e-12)


def test_clip_is_called_between_the_backward_pass_and_the_step():
    seen = []

    def halved(parameters):
        seen.append([parameter.grad for parameter in parameters])
        for parameter in parameters:
            parameter.grad /= 2.0

    clipped, slow = Line(), Line()
    train(clipped, ROWS, TARGETS, optimizer=partial(SGD, lr=0.1), epochs=4, batch_size=3, clip=halved, progress=False)
    train(slow, ROWS, TARGETS, optimizer=partial(SGD, lr=0.05), epochs=4, batch_size=3, progress=False)
    assert len(seen) == 12
    assert all(gradients != [0.0, 0.0] for gradients in seen)
    assert numbers_of(clipped) == pytest.approx(numbers_of(slow), rel=1e-12)


def test_the_optimizer_can_be_made_from_the_parameters():
    made, given = Line(), Line()
    train(made, ROWS, TARGETS, optimizer=partial(SGD, lr=0.05, momentum=0.5), epochs=3, progress=False)
    train(given, ROWS, TARGETS, optimizer=SGD(given.parameters(), lr=0.05, momentum=0.5), epochs=3, progress=False)
    assert numbers_of(made) == numbers_of(given) != numbers_of(Line())


@pytest.mark.parametrize("before", [True, False])
def test_a_model_with_modes_is_trained_in_one_and_watched_in_the_other_and_left_as_it_was(before):
    class Moody(Line):
        def __init__(self):
            super().__init__()
            self.training = before
            self.calls = []

        def train(self, mode=True):
            self.training = mode

        def __call__(self, inputs):
            self.calls.append(self.training)
            return super().__call__(inputs)

    model = Moody()
    train(model, ROWS, TARGETS, epochs=2, validation=HELD_OUT, progress=False)
    assert model.calls == [False, False, *[*[True] * 7, *[False] * 3] * 2]
    assert model.training is before


def test_dropout_drops_in_training_alone_and_by_its_seed():
    def run():
        model = Sequential(Layer(1, 8, "tanh", seed=1), Dropout(0.5, seed=2), Layer(8, 1, seed=3))
        history = train(model, ROWS, COLUMNS, epochs=3, validation=(ROWS, COLUMNS), progress=False)
        return model, history

    (model, history), (_, again) = run(), run()
    assert history == again
    assert model.training
    model.eval()
    errors = [squared_error(model(row), target).data for row, target in zip(ROWS, COLUMNS, strict=True)]
    assert history.validation_loss[-1] == pytest.approx(sum(errors) / 7, rel=1e-12)


def test_clip_gradients_is_a_clip():
    """All gradients are longer than a millionth, so every step is lr millionths long."""
    line, before = Line(), numbers_of(Line())
    train(line, ROWS, TARGETS, epochs=1, batch_size=None, clip=partial(clip_gradients, max_norm=1e-6), progress=False)
    assert math.dist(numbers_of(line), before) == pytest.approx(0.1 * 1e-6, rel=1e-5)


@pytest.mark.parametrize("kind", [SGD, RMSProp, Adam, AdamW])
def test_every_optimizer_trains_and_two_runs_are_the_same_to_the_last_bit(kind):
    lines, histories = (Line(), Line()), []
    for line in lines:
        history = train(line, ROWS, TARGETS, optimizer=partial(kind, lr=0.02), epochs=100, progress=False)
        histories.append(history)
    assert numbers_of(lines[0]) == numbers_of(lines[1])
    assert histories[0] == histories[1]
    assert histories[0].loss[-1] < histories[0].loss[0] / 10.0


# ---------------- a run that diverges


def diverging(**settings):
    """Least squares with a rate a thousand times too high: every step is some thousand times as long as the last."""
    line = Line()
    with pytest.raises(DomainError) as caught:
        train(
            line,
            ROWS,
            TARGETS,
            optimizer=partial(SGD, lr=1e3),
            epochs=200,
            batch_size=None,
            progress=False,
            **settings,
        )
    return line, caught.value


def test_a_diverging_run_says_which_gate_overflowed_and_in_which_epoch():
    _, error = diverging()
    epoch = len(error.history.loss) + 1
    assert error.gate.name == "power"
    assert str(error).startswith("power(x = ")
    assert "too large for a double" in str(error)
    assert error.__notes__ == [f"the training diverged in epoch {epoch} of 200"]
    assert overflows(epoch)
    assert not overflows(epoch - 1)


def overflows(epochs):
    """Whether a square in so many epochs of the loop written out by hand is beyond the largest double."""
    try:
        descended(TARGETS * epochs, 7, lr=1e3)
    except OverflowError:
        return True
    return False


def test_a_diverging_run_keeps_its_history_and_the_parameters_of_its_last_whole_step():
    line, error = diverging(validation=HELD_OUT, metrics={"error": lambda p, t: abs(p - t)})
    epochs = len(error.history.loss)
    short = Line()
    history = train(
        short, ROWS, TARGETS, optimizer=partial(SGD, lr=1e3), epochs=epochs, batch_size=None, progress=False
    )
    assert epochs > 10
    assert error.history.loss == history.loss
    assert len(error.history.validation_loss) == len(error.history.metrics["error"]) == epochs
    assert error.history.kept == epochs - 1
    assert all(map(math.isfinite, [*numbers_of(line), *error.history.loss]))


def test_a_diverging_run_with_patience_goes_back_to_its_best():
    line, error = diverging(validation=HELD_OUT, patience=200)
    assert error.history.kept == 0
    path, _ = descended(TARGETS, 7, lr=1e3)
    assert numbers_of(line) == pytest.approx(path[0], rel=1e-12)


def test_a_step_of_the_optimizer_that_overflows_is_undone_and_said():
    line = Line()
    with pytest.raises(DomainError, match="the step from here is too large for a double") as caught:
        train(line, ROWS, TARGETS, optimizer=partial(SGD, lr=1.7e308), epochs=3, progress=False)
    assert caught.value.gate.name == "sub"
    assert caught.value.history == History()
    assert numbers_of(line) == (0.25, -0.5)


# ---------------- the progress bar


@pytest.fixture
def clock(monkeypatch):
    """Sets how many seconds pass from one look at the clock of the progress bar to the next."""

    def run(seconds):
        ticks = itertools.count()
        monkeypatch.setattr("tqdm.std.time", lambda: next(ticks) * seconds)

    return run


def test_the_progress_bar_goes_to_stderr(clock, capsys):
    clock(seconds=2.0)
    train(Line(), ROWS, TARGETS, epochs=20)
    out, err = capsys.readouterr()
    assert out == ""
    assert "/140 " in err
    assert "loss" in err


def test_the_progress_bar_does_not_show_in_the_first_second(clock, capsys):
    clock(seconds=1e-6)
    train(Line(), ROWS, TARGETS, epochs=20)
    assert capsys.readouterr() == ("", "")


def test_the_progress_bar_is_gone_when_the_work_is_done(clock, capsys):
    clock(seconds=2.0)
    train(Line(), ROWS, TARGETS, epochs=20)
    assert capsys.readouterr().err.split("\r")[-1].strip() == ""


@pytest.mark.parametrize("seconds", [1e-6, 2.0])
def test_there_is_no_progress_bar_where_none_is_wanted(clock, capsys, seconds):
    clock(seconds)
    train(Line(), ROWS, TARGETS, epochs=20, progress=False)
    assert capsys.readouterr() == ("", "")
