"""SGD: the formula written out step by step, and closed forms of it."""

import itertools
from fractions import Fraction

import pytest

from nn import SGD
from tinygrad_edu import Value


def by_hand(start, gradients, lr, momentum=0, weight_decay=0):
    """Every parameter after each step, in exact arithmetic: v = μ v + g + λ p, then p = p - η v."""
    p, v, path = Fraction(start), Fraction(0), []
    for gradient in gradients:
        v = Fraction(momentum) * v + Fraction(gradient) + Fraction(weight_decay) * p
        p = p - Fraction(lr) * v
        path.append(p)
    return path


def path_of(start, gradients, **settings):
    parameter = Value(start)
    optimizer = SGD([parameter], **settings)
    path = []
    for gradient in gradients:
        parameter.grad = gradient
        optimizer.step()
        path.append(parameter.data)
    return path


SETTINGS = pytest.mark.parametrize(
    ("momentum", "weight_decay"), [(0.0, 0.0), (0.5, 0.0), (0.0, 0.25), (0.5, 0.25)], ids=str
)


@SETTINGS
def test_steps_are_exactly_the_formula_where_doubles_are_exact(momentum, weight_decay):
    """All numbers are small multiples of powers of two, so that the first steps round nothing."""
    gradients = [1.0, -2.0, 0.5, 3.0, 0.0]
    settings = {"lr": 0.5, "momentum": momentum, "weight_decay": weight_decay}
    assert path_of(3.0, gradients, **settings) == by_hand(3.0, gradients, **settings)


@pytest.mark.parametrize(("momentum", "weight_decay"), [(0.0, 0.0), (0.9, 0.0), (0.0, 0.01), (0.9, 0.01), (0.99, 0.3)])
def test_many_steps_follow_the_formula(momentum, weight_decay):
    gradients = [((7 * k) % 11 - 5) / 3.0 for k in range(120)]
    settings = {"lr": 0.03, "momentum": momentum, "weight_decay": weight_decay}
    expected = [float(p) for p in by_hand(0.7, gradients, **settings)]
    assert path_of(0.7, gradients, **settings) == pytest.approx(expected, rel=1e-11, abs=1e-11)


def test_descent_of_a_parabola_shrinks_by_the_same_factor_every_step():
    """f = w²: every step multiplies w by 1 - 2 lr."""
    w = Value(3.0)
    optimizer = SGD([w], lr=0.1)
    for _ in range(20):
        optimizer.zero_grad()
        (w * w).backward()
        optimizer.step()
    assert w.data == pytest.approx(3.0 * 0.8**20, rel=1e-13)


def test_momentum_under_a_constant_gradient_nears_the_step_of_lr_over_one_minus_momentum():
    """The k-th step is lr g (1 - μ^k) / (1 - μ)."""
    path = path_of(0.0, [2.0] * 40, lr=0.1, momentum=0.75)
    steps = [before - after for before, after in itertools.pairwise([0.0, *path])]
    assert steps == pytest.approx([0.2 * (1.0 - 0.75**k) / 0.25 for k in range(1, 41)], rel=1e-12)


def test_weight_decay_alone_is_a_geometric_series():
    assert path_of(5.0, [0.0] * 30, lr=0.5, weight_decay=0.1)[-1] == pytest.approx(5.0 * 0.95**30, rel=1e-13)


def test_momentum_carries_on_where_the_gradient_has_ended():
    assert path_of(0.0, [1.0, 0.0, 0.0], lr=1.0, momentum=0.5) == [-1.0, -1.5, -1.75]


def test_with_the_learning_rate_zero_nothing_moves():
    assert path_of(0.3, [1.0, -5.0], lr=0.0, momentum=0.9, weight_decay=0.1) == [0.3, 0.3]


def test_the_learning_rate_is_a_thousandth_unless_told_otherwise():
    assert path_of(0.0, [1.0]) == [-0.001]


def test_the_learning_rate_can_be_changed_between_steps():
    parameter = Value(0.0)
    optimizer = SGD([parameter], lr=1.0)
    parameter.grad = 1.0
    optimizer.step()
    optimizer.lr = 0.25
    optimizer.step()
    assert parameter.data == -1.25


def test_every_parameter_has_a_velocity_of_its_own():
    first, second = Value(0.0), Value(0.0)
    optimizer = SGD([first, second], lr=1.0, momentum=0.5)
    first.grad, second.grad = 1.0, -4.0
    optimizer.step()
    optimizer.step()
    assert (first.data, second.data) == (-2.5, 10.0)


def test_only_its_own_parameters_move():
    mine, others = Value(1.0), Value(1.0)
    mine.grad = others.grad = 1.0
    SGD([mine], lr=1.0).step()
    assert (mine.data, others.data) == (0.0, 1.0)


def test_a_step_leaves_the_gradients_alone():
    parameter = Value(1.0)
    parameter.grad = 2.0
    SGD([parameter]).step()
    assert parameter.grad == 2.0


def test_zero_grad_sets_the_gradients_of_its_parameters_to_zero():
    mine, others = Value(1.0), Value(1.0)
    mine.grad = others.grad = 3.0
    SGD([mine]).zero_grad()
    assert (mine.grad, others.grad) == (0.0, 3.0)


def test_zero_grad_keeps_the_velocities():
    parameter = Value(0.0)
    optimizer = SGD([parameter], lr=1.0, momentum=0.5)
    parameter.grad = 1.0
    optimizer.step()
    optimizer.zero_grad()
    optimizer.step()
    assert parameter.data == -1.5


def test_parameters_may_come_from_a_generator():
    parameters = [Value(1.0), Value(2.0)]
    optimizer = SGD(parameter for parameter in parameters)
    assert optimizer.parameters == parameters


# ---------------- what is refused


def test_no_parameters_are_refused():
    with pytest.raises(ValueError, match="no parameters"):
        SGD([])


@pytest.mark.parametrize("name", ["lr", "momentum", "weight_decay"])
@pytest.mark.parametrize("number", [-1e-9, -1.0, float("nan"), float("-inf"), float("inf")])
def test_a_setting_that_is_negative_or_not_finite_is_refused(name, number):
    with pytest.raises(ValueError, match="SGD needs"):
        SGD([Value(1.0)], **{name: number})


@pytest.mark.parametrize("number", ["0.1", None, 1j])
def test_a_learning_rate_that_is_no_number_is_refused(number):
    with pytest.raises(TypeError):
        SGD([Value(1.0)], lr=number)
