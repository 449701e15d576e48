"""restarts(): the best of several runs, the same serial and parallel, whatever some of the runs come to."""

import math
import pickle
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context

import pytest

from nn import MLP, SGD, History, Module, accuracy, binary_cross_entropy, restarts, train
from tinygrad_edu import DomainError, Value

XOR = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]

make_small = partial(MLP, 2, [2, 1])
fit_xor = partial(
    train,
    inputs=XOR[0],
    targets=XOR[1],
    loss=partial(binary_cross_entropy, from_logits=True),
    optimizer=partial(SGD, lr=0.5, momentum=0.9),
    batch_size=None,
    progress=False,
)


class Number(Module):
    """A model that is its seed."""

    def __init__(self, seed):
        self.number = Value(seed)


def losing(losses):
    """A training that does nothing and ends with the loss of the seed; an exception is raised."""

    def fit(model, seed):
        if isinstance(losses[seed], BaseException):
            raise losses[seed]
        return History(loss=[9.0, losses[seed]], kept=1)

    return fit


# ---------------- the best


@pytest.mark.parametrize(
    ("losses", "best"), [([3.0, 1.0, 2.0], 1), ([0.5, 1.0], 0), ([2.0, 1.0, 1.0], 1), ([math.inf, 5.0], 1), ([7.0], 0)]
)
def test_the_run_with_the_lowest_final_loss_is_kept_and_of_equals_the_first(losses, best):
    found = restarts(Number, losing(losses), len(losses))
    assert (found.seed, found.model.number.data) == (best, best)
    assert found.history == History(loss=[9.0, losses[best]], kept=1)
    assert found.losses == dict(enumerate(losses))
    assert found.interrupted is False


def test_the_validation_loss_decides_where_there_is_one():
    def fit(model, seed):
        return History(loss=[float(seed)], validation_loss=[-float(seed)], kept=0)

    assert restarts(Number, fit, 3).losses == {0: 0.0, 1: -1.0, 2: -2.0}


def test_seeds_can_be_chosen_and_keep_their_order():
    found = restarts(Number, losing({7: 2.0, 3: 1.0, 5: 1.0}), [7, 3, 5])
    assert (found.seed, list(found.losses)) == (3, [7, 3, 5])


def test_ten_seeds_from_0_unless_told_otherwise():
    assert list(restarts(Number, losing([1.0] * 10)).losses) == list(range(10))


def test_the_best_model_has_the_parameters_that_its_training_left():
    found = restarts(make_small, partial(fit_xor, epochs=20), 3)
    alone = make_small(seed=found.seed)
    history = fit_xor(alone, seed=found.seed, epochs=20)
    assert found.model.state_dict() == alone.state_dict()
    assert found.history == history
    assert found.losses[found.seed] == history.loss[-1]


@pytest.mark.parametrize("seeds", [0, []])
def test_no_seeds_are_refused(seeds):
    with pytest.raises(ValueError, match="no seed"):
        restarts(Number, losing([]), seeds)


# ---------------- parallel


def test_two_processes_come_to_the_same_as_one_to_the_last_bit():
    arguments = make_small, partial(fit_xor, epochs=30), 4
    serial = restarts(*arguments)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        parallel = restarts(*arguments, executor=executor)
    assert parallel.losses == serial.losses
    assert list(parallel.losses) == list(serial.losses)
    assert parallel.seed == serial.seed
    assert parallel.history == serial.history
    assert parallel.model.state_dict() == serial.model.state_dict()


def test_threads_will_do_as_well():
    losses = [3.0, 1.0, 2.0, 1.0]
    with ThreadPoolExecutor(3) as executor:
        found = restarts(Number, losing(losses), 4, executor)
    assert (found.seed, found.losses) == (1, dict(enumerate(losses)))


def test_an_error_of_the_training_is_the_users_to_see():
    with ThreadPoolExecutor(1) as executor:
        for where in (None, executor):
            with pytest.raises(ZeroDivisionError, match="mine"):
                restarts(Number, losing([1.0, ZeroDivisionError("mine")]), 2, where)


# ---------------- runs that diverge


def fit_too_fast(model, seed, hopeless=()):
    """The seeds in `hopeless` learn with a rate that overflows in the third step."""
    optimizer = SGD(model.parameters(), lr=1e120 if seed in hopeless else 0.1)
    return train(model, *XOR, optimizer=optimizer, epochs=5, batch_size=None, progress=False)


@pytest.mark.parametrize("hopeless", [{0}, {1, 2}])
def test_a_restart_that_diverges_counts_as_the_worst(hopeless):
    found = restarts(partial(MLP, 2, [1]), partial(fit_too_fast, hopeless=hopeless), 3)
    assert {seed for seed, loss in found.losses.items() if loss == math.inf} == hopeless
    assert found.seed not in hopeless


def test_where_all_diverge_the_error_of_the_first_is_raised():
    with pytest.raises(DomainError, match="diverged in epoch") as caught:
        restarts(partial(MLP, 2, [1]), partial(fit_too_fast, hopeless={0, 1}), 2)
    assert caught.value.history.loss


def test_the_error_of_a_diverging_run_travels_between_processes_with_its_history():
    with pytest.raises(DomainError) as caught:
        fit_too_fast(MLP(2, [1]), 0, hopeless={0})
    copy = pickle.loads(pickle.dumps(caught.value))
    assert copy.history == caught.value.history
    assert copy.__notes__ == caught.value.__notes__


# ---------------- Ctrl-C


def test_ctrl_c_keeps_the_best_so_far():
    found = restarts(Number, losing([2.0, 1.0, KeyboardInterrupt(), 0.0]), 4)
    assert (found.seed, found.losses, found.interrupted) == (1, {0: 2.0, 1: 1.0}, True)


def test_ctrl_c_before_any_run_is_over_is_passed_on():
    with pytest.raises(KeyboardInterrupt):
        restarts(Number, losing([KeyboardInterrupt(), 0.0]), 2)


def test_a_training_that_was_interrupted_ends_the_restarts():
    def fit(model, seed):
        return History(loss=[1.0 - seed], kept=0, interrupted=seed == 1)

    found = restarts(Number, fit, 4)
    assert (found.seed, found.losses, found.interrupted) == (1, {0: 1.0, 1: 0.0}, True)


def test_ctrl_c_in_an_executor_keeps_the_best_so_far_and_begins_no_more():
    begun = []

    def fit(model, seed):
        begun.append(seed)
        if seed > 2:
            time.sleep(0.05)
        return losing([2.0, 1.0, KeyboardInterrupt(), *[3.0] * 17])(model, seed)

    with ThreadPoolExecutor(1) as executor:
        found = restarts(Number, fit, 20, executor)
    assert found.interrupted
    assert found.seed == 1
    assert len(begun) < 20


# ---------------- what it is for


def test_xor_is_learned_with_restarts_where_one_run_often_fails():
    """Two hidden neurons: the least that XOR can be learned with. Five beginnings for each of ten trials."""
    fit = partial(fit_xor, epochs=80)
    solved = [
        accuracy(restarts(make_small, fit, range(5 * trial, 5 * trial + 5)).model, *XOR) == 1.0 for trial in range(10)
    ]
    assert sum(solved) >= 9


def test_the_progress_bar_goes_to_stderr_and_only_where_it_is_wanted(monkeypatch, capsys):
    ticks = iter(range(10**6))
    monkeypatch.setattr("tqdm.std.time", lambda: 2.0 * next(ticks))
    restarts(Number, losing([1.0] * 5), 5, progress=False)
    assert capsys.readouterr() == ("", "")
    restarts(Number, losing([1.0] * 5), 5)
    out, err = capsys.readouterr()
    assert out == ""
    assert "best loss 1" in err
