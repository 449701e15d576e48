"""Optimizers: the formulas written out step by step in exact arithmetic, and closed forms of them."""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from nn import SGD, Adam, AdamW, RMSProp, clip_gradients
from nn.optimizers import Optimizer
from tinygrad_edu import DomainError, Value

mp = mpmath.mp.clone()
mp.dps = 40


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


# ---------------- Nesterov's momentum


def test_nesterov_looks_a_step_ahead_along_the_velocity():
    """v = μ v + g, p = p - η (g + μ v). By hand, with μ = 1/2 and η = 1: -1.5, then v = 0.5 and -0.25, and so on."""
    assert path_of(0.0, [1.0, 0.0, 2.0], lr=1.0, momentum=0.5, nesterov=True) == [-1.5, -1.75, -4.875]


def test_nesterov_is_the_classical_look_ahead():
    """Sutskever et al. (2013): the gradient is taken at θ + μ w, and w = μ w - η g, θ = θ + w. Ours is at θ + μ w."""
    start, lr, momentum = 1.0, 0.1, 0.8
    theta, w, looked_ahead = start, 0.0, []
    for _ in range(30):
        w = momentum * w - lr * 2.0 * (theta + momentum * w)
        theta = theta + w
        looked_ahead.append(theta + momentum * w)
    p = Value(start)
    optimizer = SGD([p], lr, momentum, nesterov=True)
    found = []
    for _ in range(30):
        optimizer.zero_grad()
        (p * p).backward()
        optimizer.step()
        found.append(p.data)
    assert found == pytest.approx(looked_ahead, rel=1e-12, abs=1e-14)


# ---------------- RMSProp, Adam and AdamW

GRADIENTS = [((7 * k) % 11 - 5) / 3.0 * 10.0 ** ((3 * k) % 5 - 2) for k in range(60)]


def path_by(optimizer_class, start, gradients, **settings):
    parameter = Value(start)
    optimizer = optimizer_class([parameter], **settings)
    path = []
    for gradient in gradients:
        parameter.grad = gradient
        optimizer.step()
        path.append(parameter.data)
    return path


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
@pytest.mark.parametrize(("alpha", "eps"), [(0.99, 1e-8), (0.5, 0.1)])
def test_rmsprop_follows_its_formula(momentum, weight_decay, alpha, eps):
    """Hinton's lecture 6e: MeanSquare(t) = α MeanSquare(t - 1) + (1 - α) g²; the step is along g / √MeanSquare."""
    p, mean_square, velocity, expected = mp.mpf(0.7), mp.mpf(0), mp.mpf(0), []
    for gradient in GRADIENTS:
        g = gradient + weight_decay * p
        mean_square = alpha * mean_square + (1 - mp.mpf(alpha)) * g**2
        velocity = momentum * velocity + g / (mp.sqrt(mean_square) + eps)
        p = p - mp.mpf(0.03) * velocity
        expected.append(float(p))
    settings = {"lr": 0.03, "alpha": alpha, "eps": eps, "momentum": momentum, "weight_decay": weight_decay}
    assert path_by(RMSProp, 0.7, GRADIENTS, **settings) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
@pytest.mark.parametrize(("betas", "eps"), [((0.9, 0.999), 1e-8), ((0.5, 0.75), 0.1), ((0.0, 0.0), 1e-8)])
@pytest.mark.parametrize("kind", [Adam, AdamW])
def test_adam_and_adamw_follow_their_algorithms(kind, betas, eps, weight_decay):
    """Kingma and Ba, algorithm 1; Loshchilov and Hutter, algorithm 2, whose α is 1 and whose λ is lr · weight_decay."""
    lr, (b1, b2) = mp.mpf(0.03), map(mp.mpf, betas)
    p, m, v, expected = mp.mpf(0.7), mp.mpf(0), mp.mpf(0), []
    for t, gradient in enumerate(GRADIENTS, start=1):
        g = gradient + (weight_decay * p if kind is Adam else 0)
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        m_hat, v_hat = m / (1 - b1**t), v / (1 - b2**t)
        decayed = lr * weight_decay * p if kind is AdamW else 0
        p = p - lr * m_hat / (mp.sqrt(v_hat) + eps) - decayed
        expected.append(float(p))
    settings = {"lr": 0.03, "betas": betas, "eps": eps, "weight_decay": weight_decay}
    assert path_by(kind, 0.7, GRADIENTS, **settings) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("gradient", [1e-3, 2.0, -7.0, 1e100])
def test_under_a_constant_gradient_every_step_of_adam_is_the_learning_rate(gradient):
    """The means are the gradient and its square, whatever its size; eps is too small to be seen."""
    path = path_by(Adam, 0.0, [gradient] * 10, lr=0.25, eps=1e-20)
    assert path == pytest.approx([-math.copysign(0.25, gradient) * k for k in range(1, 11)], rel=1e-12)


def test_the_first_step_of_rmsprop_is_the_learning_rate_over_the_root_of_one_minus_alpha():
    assert path_by(RMSProp, 0.0, [5.0], lr=0.25, alpha=0.75) == pytest.approx([-0.5])


def test_without_a_gradient_adamw_decays_geometrically():
    assert path_by(AdamW, 5.0, [0.0] * 30, lr=0.5, weight_decay=0.1)[-1] == pytest.approx(5.0 * 0.95**30, rel=1e-13)


def test_the_decay_of_adam_is_scaled_away_and_that_of_adamw_is_not():
    """Alone, a decay of 0.001 is a gradient like any other to Adam: a step of lr. To AdamW it is lr · 0.001 · p."""
    assert path_by(Adam, 8.0, [0.0], lr=0.5, weight_decay=0.001) == pytest.approx([7.5], rel=1e-6)
    assert path_by(AdamW, 8.0, [0.0], lr=0.5, weight_decay=0.001) == pytest.approx([8.0 - 0.004])


KIND = pytest.mark.parametrize("kind", [SGD, RMSProp, Adam, AdamW])


@KIND
def test_every_parameter_has_a_memory_of_its_own(kind):
    together = Value(1.0), Value(-2.0)
    both = kind(together, lr=0.1)
    for first, second in [(1.0, -4.0), (0.5, 2.0), (3.0, 0.0)]:
        together[0].grad, together[1].grad = first, second
        both.step()
    alone = [path_by(kind, 1.0, [1.0, 0.5, 3.0], lr=0.1)[-1], path_by(kind, -2.0, [-4.0, 2.0, 0.0], lr=0.1)[-1]]
    assert [parameter.data for parameter in together] == alone


@KIND
def test_every_kind_finds_the_lowest_point_of_a_bowl(kind):
    x, y = Value(3.0), Value(-2.0)
    optimizer = kind([x, y], lr=0.05)
    for epoch in range(1_500):
        optimizer.lr = 0.05 / (1.0 + 0.01 * epoch)
        optimizer.zero_grad()
        ((x - 1.0) ** 2 + 4.0 * (y + 0.5) ** 2).backward()
        optimizer.step()
    assert (x.data, y.data) == pytest.approx((1.0, -0.5), abs=0.02)


# ---------------- steps that are cut short


class Interrupted(Value):
    """Ctrl-C comes as its number is about to change."""

    armed = False

    @property
    def data(self):
        return Value.data.__get__(self)

    @data.setter
    def data(self, number):
        if self.armed:
            raise KeyboardInterrupt
        Value.data.__set__(self, number)


@KIND
def test_an_interrupted_step_has_touched_no_memory(kind):
    """What train() then has to restore are the parameters: the next step is the one that was cut short."""
    first, second = Value(1.0), Interrupted(1.0)
    optimizer = kind([first, second], lr=0.1)
    first.grad = second.grad = 2.0
    optimizer.step()
    before, numbers = (optimizer.taken, optimizer.memory), (first.data, second.data)
    second.armed = True
    with pytest.raises(KeyboardInterrupt):
        optimizer.step()
    assert (optimizer.taken, optimizer.memory) == before
    assert first.data != numbers[0]
    assert second.data == numbers[1]


@KIND
@pytest.mark.parametrize("gradient", [1e308, -1e308, 1e200])
def test_a_step_too_large_for_a_double_moves_nothing(kind, gradient):
    """For Adam and RMSProp it is the square that is too large: they would stand still ever after."""
    if kind is SGD:
        gradient = math.copysign(1e308, gradient)
    first, second = Value(1.0), Value(2.0, "w")
    optimizer = kind([first, second], lr=10.0)
    first.grad, second.grad = 1.0, gradient
    before = list(optimizer.memory)
    with pytest.raises(DomainError, match=r"2\.0 \(labelled 'w'\).*too large for a double; lower the lr"):
        optimizer.step()
    assert (first.data, second.data) == (1.0, 2.0)
    assert (optimizer.taken, optimizer.memory) == (0, before)


def test_the_memory_of_a_parameter_cannot_overflow_either():
    """The velocity would be 2e308."""
    parameter = Value(0.0)
    optimizer = SGD([parameter], lr=0.0, momentum=1.0)
    parameter.grad = 1e308
    optimizer.step()
    with pytest.raises(DomainError):
        optimizer.step()


# ---------------- clipping


@pytest.mark.parametrize(("gradients", "norm"), [([3.0, -4.0], 5.0), ([1.0, 2.0, 2.0], 3.0), ([-7.0], 7.0)])
@pytest.mark.parametrize("max_norm", [1.0, 0.01, 2.5])
def test_gradients_beyond_the_norm_are_scaled_to_it_together(gradients, norm, max_norm):
    parameters = [Value(0.0) for _ in gradients]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    assert clip_gradients(parameters, max_norm) == norm
    clipped = [gradient * max_norm / (norm + 1e-6) for gradient in gradients]
    assert [parameter.grad for parameter in parameters] == pytest.approx(clipped, rel=1e-14)


@pytest.mark.parametrize("max_norm", [5.1, 100.0, 1e308])
def test_gradients_within_the_norm_are_left_alone(max_norm):
    x, y = Value(0.0), Value(0.0)
    x.grad, y.grad = 3.0, -4.0
    assert clip_gradients([x, y], max_norm) == 5.0
    assert (x.grad, y.grad) == (3.0, -4.0)


def test_gradients_of_zero_and_no_gradients_have_the_norm_zero():
    x = Value(1.0)
    assert clip_gradients([x], 1.0) == 0.0
    assert x.grad == 0.0
    assert clip_gradients([], 1.0) == 0.0


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_the_norm_neither_underflows_nor_overflows(size):
    x, y = Value(0.0), Value(0.0)
    x.grad, y.grad = 3.0 * size, 4.0 * size
    assert clip_gradients((p for p in (x, y)), 1e300) == pytest.approx(5.0 * size, rel=1e-15)
    assert (x.grad, y.grad) == (3.0 * size, 4.0 * size)


def test_a_norm_too_large_for_a_double_is_refused_and_nothing_is_changed():
    x, y = Value(0.0), Value(0.0)
    x.grad = y.grad = 1.7e308
    with pytest.raises(ValueError, match="norm is too large"):
        clip_gradients([x, y], 1.0)
    assert (x.grad, y.grad) == (1.7e308, 1.7e308)


@pytest.mark.parametrize("max_norm", [0.0, -1.0, float("nan"), float("inf")])
def test_a_largest_norm_that_is_not_above_zero_is_refused(max_norm):
    with pytest.raises(ValueError, match="max_norm above 0"):
        clip_gradients([Value(1.0)], max_norm)


# ---------------- what is refused


@KIND
def test_no_parameters_are_refused(kind):
    with pytest.raises(ValueError, match=f"{kind.__name__} got no parameters"):
        kind([])


@KIND
@pytest.mark.parametrize("parameter", [1.0, "w", None, Value(1.0) * 2.0], ids=repr)
def test_what_is_not_a_leaf_is_refused_as_a_parameter(kind, parameter):
    with pytest.raises(TypeError, match=f"{kind.__name__} moves Values that no gate made"):
        kind([Value(1.0), parameter])


@KIND
def test_a_parameter_given_twice_is_refused(kind):
    parameter = Value(1.0)
    with pytest.raises(ValueError, match="twice"):
        kind([parameter, Value(1.0), parameter])


SETTINGS_OF = {
    SGD: ("lr", "momentum", "weight_decay"),
    RMSProp: ("lr", "eps", "weight_decay", "momentum"),
    Adam: ("lr", "eps", "weight_decay"),
    AdamW: ("lr", "eps", "weight_decay"),
}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in SETTINGS_OF.items() for name in names])
@pytest.mark.parametrize("number", [-1e-9, -1.0, float("nan"), float("-inf"), float("inf")])
def test_a_setting_that_is_negative_or_not_finite_is_refused(kind, name, number):
    with pytest.raises(ValueError, match=f"{kind.__name__} needs a finite {name}"):
        kind([Value(1.0)], **{name: number})


WAYS_OUT = [
    ("0.1", r"got '0\.1'; convert text with float\(\)$"),
    (Value(0.1), r"got Value\(.*; its number is \.data$"),
    (None, "got None$"),
    (1j, "got 1j$"),
    ([0.1], r"got \[0\.1\]$"),
]


@pytest.mark.parametrize(("number", "way_out"), WAYS_OUT)
@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in SETTINGS_OF.items() for name in names])
def test_a_setting_that_is_no_number_is_named_with_the_way_out(kind, name, number, way_out):
    with pytest.raises(TypeError, match=f"^{kind.__name__} needs a finite {name} .*0.*, {way_out}"):
        kind([Value(1.0)], **{name: number})


def test_a_share_or_a_norm_that_is_no_number_is_named_with_the_way_out():
    with pytest.raises(TypeError, match=r"^RMSProp needs alpha from 0 to below 1, got '0\.9'; convert text"):
        RMSProp([Value(1.0)], alpha="0.9")
    with pytest.raises(TypeError, match=r"^Adam needs beta2 from 0 to below 1, got '0\.9'; convert text"):
        Adam([Value(1.0)], betas=(0.9, "0.9"))
    with pytest.raises(TypeError, match=r"^clip_gradients needs a finite max_norm above 0, got '1'; convert text"):
        clip_gradients([Value(1.0)], "1")


@pytest.mark.parametrize("betas", [0.9, (0.9,), (0.9, 0.99, 0.999), "0.9", None])
def test_betas_that_are_not_two_are_refused(betas):
    with pytest.raises(TypeError, match=r"^AdamW needs two betas, such as \(0\.9, 0\.999\), got "):
        AdamW([Value(1.0)], betas=betas)


def test_a_setting_may_be_a_number_of_numpy():
    assert SGD([Value(1.0)], lr=np.float32(0.5)).lr == 0.5


@pytest.mark.parametrize("kind", [Adam, AdamW])
@pytest.mark.parametrize("betas", [(1.0, 0.9), (0.9, 1.0), (-0.1, 0.9), (0.9, float("nan"))])
def test_a_beta_that_is_no_share_is_refused(kind, betas):
    with pytest.raises(ValueError, match=f"{kind.__name__} needs beta[12] from 0 to below 1"):
        kind([Value(1.0)], betas=betas)


@pytest.mark.parametrize("alpha", [1.0, 1.5, -0.1, float("nan")])
def test_an_alpha_that_is_no_share_is_refused(alpha):
    with pytest.raises(ValueError, match="RMSProp needs alpha from 0 to below 1"):
        RMSProp([Value(1.0)], alpha=alpha)


@pytest.mark.parametrize("kind", [RMSProp, Adam, AdamW])
def test_an_eps_of_zero_would_divide_by_zero(kind):
    with pytest.raises(ValueError, match=f"{kind.__name__} needs a finite eps above 0"):
        kind([Value(1.0)], eps=0.0)


def test_nesterov_without_momentum_is_refused():
    with pytest.raises(ValueError, match="momentum above 0"):
        SGD([Value(1.0)], nesterov=True)


def test_sgd_takes_no_fourth_argument_without_its_name():
    """To PyTorch it is the dampening, which SGD here does not have."""
    with pytest.raises(TypeError):
        SGD([Value(1.0)], 0.1, 0.9, 0.01)


def test_an_optimizer_that_does_not_say_how_a_parameter_moves_says_so():
    with pytest.raises(NotImplementedError, match="give it a `move`"):
        Optimizer([Value(1.0)], lr=0.1).step()
