"""train() against loops written out by hand; what an interrupted run keeps; where the progress bar goes. accuracy()."""

import itertools
import math
import random
import signal
import subprocess
import sys

import numpy as np
import pytest

from nn import MLP, SGD, History, Module, Perceptron, accuracy, binary_cross_entropy, cross_entropy, train
from tinygrad_edu import Value

ROWS = [[-2.0], [-1.0], [-0.5], [0.0], [0.5], [1.5], [3.0]]
TARGETS = [-3.5, -2.0, -0.75, 0.5, 1.0, 3.25, 6.5]


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


@pytest.mark.parametrize("wrong", [{"batch_size": 0}, {"batch_size": -1}, {"epochs": -1}])
def test_impossible_sizes_are_refused(wrong):
    with pytest.raises(ValueError, match=r"batch_size >= 1 and epochs >= 0"):
        train(Line(), ROWS, TARGETS, progress=False, **wrong)


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


# ---------------- accuracy


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
    accuracy(model, ROWS, [0] * 7)
    assert model.state_dict() == before
    assert {parameter.grad for parameter in model.parameters()} == {0.0}


def test_accuracy_refuses_unequal_numbers_of_rows_and_targets():
    with pytest.raises(ValueError):
        accuracy(Answers(), [[1.0]], [1, 0])


def test_accuracy_refuses_no_rows():
    with pytest.raises(ValueError):
        accuracy(Answers(), [], [])
