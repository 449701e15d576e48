"""Optimizers, clipping and schedules beside PyTorch's: the same 50 steps to 1e-10."""

from functools import partial

import pytest

import nn
from nn import schedules
from tinygrad_edu import Value

torch = pytest.importorskip("torch", reason="PyTorch is in the extra `twin`: pip install '.[twin]'")

close = partial(pytest.approx, rel=1e-10, abs=1e-10)

STEPS = 50
START = [-1.2, 1.0, 0.5]


def valley(x, y, z):
    """Rosenbrock's curved valley, flattened, and a wave: no slope is a multiple of another."""
    return (1.0 - x) ** 2 + 5.0 * (y - x * x) ** 2 + (3.0 * z).sin() * x


def paths(ours, theirs, schedule=None, scheduler=None, max_norm=None):
    """Where the parameters of both are after every step down the valley, and the rates of both."""
    values = [Value(x) for x in START]
    twins = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in START]
    optimizer, twin = ours(values), theirs(twins)
    scheduler = scheduler and scheduler(twin)
    path, twin_path = [], []
    for epoch in range(STEPS):
        if schedule:
            optimizer.lr = schedule(epoch)
        path.append(optimizer.lr)
        twin_path.append(twin.param_groups[0]["lr"])
        optimizer.zero_grad()
        twin.zero_grad()
        valley(*values).backward()
        valley(*twins).backward()
        if max_norm:
            path.append(nn.clip_gradients(values, max_norm))
            twin_path.append(torch.nn.utils.clip_grad_norm_(twins, max_norm).item())
        optimizer.step()
        twin.step()
        if scheduler:
            scheduler.step()
        path += [value.data for value in values]
        twin_path += [tensor.item() for tensor in twins]
    return path, twin_path


TWINS = {"SGD": torch.optim.SGD, "RMSProp": torch.optim.RMSprop, "Adam": torch.optim.Adam, "AdamW": torch.optim.AdamW}
SETTINGS = [
    ("SGD", {}),
    ("SGD", {"lr": 0.01}),
    ("SGD", {"lr": 0.01, "momentum": 0.9}),
    ("SGD", {"lr": 0.01, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.01, "momentum": 0.9, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.01, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.01, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("RMSProp", {}),
    ("RMSProp", {"lr": 0.05}),
    ("RMSProp", {"alpha": 0.5}),
    ("RMSProp", {"eps": 0.1}),
    ("RMSProp", {"weight_decay": 0.1}),
    ("RMSProp", {"momentum": 0.9}),
    ("RMSProp", {"lr": 0.02, "alpha": 0.9, "eps": 1e-3, "weight_decay": 0.1, "momentum": 0.5}),
    *[
        (name, settings)
        for name in ("Adam", "AdamW")
        for settings in (
            {},
            {"lr": 0.1},
            {"lr": 0.1, "betas": (0.5, 0.9)},
            {"lr": 0.1, "betas": (0.0, 0.0)},
            {"lr": 0.1, "eps": 0.1},
            {"lr": 0.1, "weight_decay": 0.0},
            {"lr": 0.1, "weight_decay": 0.3},
        )
    ],
]


@pytest.mark.parametrize(("name", "settings"), SETTINGS, ids=str)
def test_fifty_steps(name, settings):
    path, twin_path = paths(partial(getattr(nn, name), **settings), partial(TWINS[name], **settings))
    assert path == close(twin_path)
    assert all(abs(after - before) > 1e-4 for after, before in zip(path[1:4], START, strict=True))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("SGD", (0.01, 0.9)),
        ("RMSProp", (0.02, 0.9, 1e-3, 0.1, 0.5)),
        ("Adam", (0.1, (0.8, 0.9), 0.01, 0.2)),
        ("AdamW", (0.1, (0.8, 0.9), 0.01, 0.2)),
    ],
)
def test_arguments_without_names_mean_the_same(name, arguments):
    path, twin_path = paths(lambda p: getattr(nn, name)(p, *arguments), lambda p: TWINS[name](p, *arguments))
    assert path == close(twin_path)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
@pytest.mark.parametrize("max_norm", [0.5, 5.0, 1e6])
def test_fifty_steps_of_clipped_gradients(name, max_norm):
    settings = {"lr": 0.01}
    ours, theirs = partial(getattr(nn, name), **settings), partial(TWINS[name], **settings)
    path, twin_path = paths(ours, theirs, max_norm=max_norm)
    assert path == close(twin_path)


@pytest.mark.parametrize(
    ("schedule", "scheduler"),
    [
        (schedules.constant(0.02), partial(torch.optim.lr_scheduler.ConstantLR, factor=1.0)),
        (schedules.steps(0.02, 7, 0.6), partial(torch.optim.lr_scheduler.StepLR, step_size=7, gamma=0.6)),
        (schedules.steps(0.02, 20), partial(torch.optim.lr_scheduler.StepLR, step_size=20)),
        (schedules.exponential(0.02, 0.95), partial(torch.optim.lr_scheduler.ExponentialLR, gamma=0.95)),
        (schedules.cosine(0.02, STEPS), partial(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=STEPS)),
        (
            schedules.cosine(0.02, STEPS, 0.005),
            partial(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=STEPS, eta_min=0.005),
        ),
        (
            schedules.inverse_time(0.02, 0.1),
            partial(torch.optim.lr_scheduler.LambdaLR, lr_lambda=lambda epoch: 1.0 / (1.0 + 0.1 * epoch)),
        ),
    ],
    ids=["constant", "steps", "steps to a tenth", "exponential", "cosine", "cosine to a lowest", "inverse_time"],
)
def test_fifty_steps_of_a_scheduled_rate(schedule, scheduler):
    path, twin_path = paths(nn.SGD, partial(torch.optim.SGD, lr=0.02), schedule, scheduler)
    assert path == close(twin_path)
