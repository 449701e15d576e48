"""Losses beside PyTorch's: values and gradients to 1e-10, of a row and of a batch."""

from functools import partial

import pytest

import nn
from nn.activations import log_softmax
from tinygrad_edu import Value, total

torch = pytest.importorskip("torch", reason="PyTorch is in the extra `twin`: pip install '.[twin]'")
functional = torch.nn.functional

close = partial(pytest.approx, rel=1e-10, abs=1e-10)


def tensor(numbers, **settings):
    return torch.tensor(numbers, dtype=torch.float64, **settings)


def of_floats(theirs):
    """A loss of PyTorch's whose target is a row of floats."""
    return lambda row, target: theirs(row, tensor(target))


def of_classes(theirs):
    """A loss of PyTorch's whose target is a class."""
    return lambda row, target: theirs(row.unsqueeze(0), torch.tensor([target]))


def of_score(ours):
    """A loss of ours of one output, called with the row of it."""
    return lambda row, target, **settings: ours(row[0], target, **settings)


def half_squares(row, target):
    return functional.mse_loss(row, target, reduction="sum") / 2.0


def general_loss(row, target, epsilon, margin):
    scaled = (margin - target * row) / epsilon
    return epsilon * torch.logaddexp(torch.zeros_like(scaled), scaled).sum()


ROWS = [[0.3, -1.2, 2.0], [1.5, 0.4, -0.7], [-3.0, 0.0, 25.0], [40.0, -40.0, 1e-3]]
NUMBERS = [[0.1, -1.0, 2.5], [1.5, -0.4, 0.7], [0.0, 3.0, 20.0], [1.0, 2.0, 3.0]]
CLASSES = [0, 2, 1, 1]
SHARES = [[0.2, 0.5, 0.3], [0.0, 1.0, 0.0], [1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0], [0.5, 0.5, 0.0]]
SCORES = [[0.4], [-2.5], [30.0], [-30.0], [0.0]]
SIDES = [1, 1, -1, 1, -1]
BITS = [1, 0, 0, 1, 0.3]
PROBABILITIES = [[0.01], [0.5], [0.75], [0.999], [0.2]]
DISTRIBUTIONS = [[0.25, 0.25, 0.5], [0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [1e-9, 0.5, 0.5 - 1e-9]]

TWINS = {
    "squared_error": (nn.squared_error, of_floats(half_squares), ROWS, NUMBERS),
    "mean_squared_error": (nn.mean_squared_error, of_floats(functional.mse_loss), ROWS, NUMBERS),
    "l1_loss": (nn.l1_loss, of_floats(functional.l1_loss), ROWS, NUMBERS),
    "binary_cross_entropy": (
        of_score(nn.binary_cross_entropy),
        lambda row, target: functional.binary_cross_entropy(row, tensor([target])),
        PROBABILITIES,
        BITS,
    ),
    "binary_cross_entropy from logits": (
        of_score(partial(nn.binary_cross_entropy, from_logits=True)),
        lambda row, target: functional.binary_cross_entropy_with_logits(row, tensor([target])),
        SCORES,
        BITS,
    ),
    "cross_entropy with a class": (nn.cross_entropy, of_classes(functional.cross_entropy), ROWS, CLASSES),
    "cross_entropy with a distribution": (nn.cross_entropy, of_floats(functional.cross_entropy), ROWS, SHARES),
    "cross_entropy of distributions": (
        partial(nn.cross_entropy, from_logits=False),
        of_floats(lambda q, p: -torch.xlogy(p, q).sum()),
        DISTRIBUTIONS,
        SHARES,
    ),
    "nll_loss": (nn.nll_loss, of_classes(functional.nll_loss), ROWS, CLASSES),
    "nll_loss of log_softmax": (
        lambda row, target: nn.nll_loss(log_softmax(row), target),
        of_classes(lambda row, target: functional.nll_loss(functional.log_softmax(row, dim=1), target)),
        ROWS,
        CLASSES,
    ),
    "perceptron_loss": (of_score(nn.perceptron_loss), lambda f, y: functional.relu(-y * f).sum(), SCORES, SIDES),
    "hinge_loss": (of_score(nn.hinge_loss), lambda f, y: functional.relu(1.0 - y * f).sum(), SCORES, SIDES),
    "logistic_loss": (
        of_score(nn.logistic_loss),
        lambda row, target: functional.soft_margin_loss(row, tensor([target])),
        SCORES,
        SIDES,
    ),
    "margin_loss": (
        of_score(partial(nn.margin_loss, epsilon=0.3, L=1.0)),
        partial(general_loss, epsilon=0.3, margin=1.0),
        SCORES,
        SIDES,
    ),
    "hinge_embedding_loss": (
        of_score(nn.hinge_embedding_loss),
        lambda row, target: functional.hinge_embedding_loss(row, tensor([target])),
        SCORES,
        SIDES,
    ),
    "hinge_embedding_loss with a margin": (
        of_score(partial(nn.hinge_embedding_loss, margin=2.5)),
        lambda row, target: functional.hinge_embedding_loss(row, tensor([target]), margin=2.5),
        SCORES,
        SIDES,
    ),
    "entropy": (
        lambda row, target: nn.entropy(row),
        lambda row, target: torch.special.entr(row).sum(),
        DISTRIBUTIONS,
        CLASSES,
    ),
    "kl_divergence": (
        lambda row, target: nn.kl_divergence(target, row),
        of_floats(lambda q, p: functional.kl_div(q.log(), p, reduction="sum")),
        DISTRIBUTIONS,
        SHARES,
    ),
    "l2_penalty": (
        lambda row, target: nn.l2_penalty(row, C=0.3),
        lambda row, target: 0.15 * torch.linalg.vector_norm(row) ** 2,
        ROWS,
        CLASSES,
    ),
}
TWIN = pytest.mark.parametrize(("ours", "theirs", "rows", "targets"), TWINS.values(), ids=TWINS)


def test_every_loss_has_a_twin():
    assert {name.partition(" ")[0] for name in TWINS} == {
        name for name in nn.__all__ if getattr(nn, name).__module__ == "nn.losses"
    }


@TWIN
def test_a_loss_and_its_gradient(ours, theirs, rows, targets):
    for row, target in zip(rows, targets, strict=True):
        leaves, twin = [Value(x) for x in row], tensor(row, requires_grad=True)
        loss, twin_loss = ours(leaves, target), theirs(twin, target)
        loss.backward()
        twin_loss.backward()
        assert loss.data == close(twin_loss.item())
        assert [leaf.grad for leaf in leaves] == close(twin.grad.tolist())


@TWIN
def test_a_loss_of_numbers_alone(ours, theirs, rows, targets):
    for row, target in zip(rows, targets, strict=True):
        assert ours(row, target) == close(theirs(tensor(row), target).item())


def test_the_divergence_goes_back_to_the_true_distribution_too():
    p, q = [[Value(x) for x in row] for row in DISTRIBUTIONS[:2]]
    twin_p, twin_q = [tensor(row, requires_grad=True) for row in DISTRIBUTIONS[:2]]
    nn.kl_divergence(p, q).backward()
    functional.kl_div(twin_q.log(), twin_p, reduction="sum").backward()
    assert [leaf.grad for leaf in p + q] == close(twin_p.grad.tolist() + twin_q.grad.tolist())


@pytest.mark.parametrize(
    ("ours", "theirs", "targets"),
    [
        (nn.mean_squared_error, lambda rows: functional.mse_loss(rows, tensor(NUMBERS)), NUMBERS),
        (nn.l1_loss, lambda rows: functional.l1_loss(rows, tensor(NUMBERS)), NUMBERS),
        (nn.cross_entropy, lambda rows: functional.cross_entropy(rows, torch.tensor(CLASSES)), CLASSES),
    ],
    ids=["mean_squared_error", "l1_loss", "cross_entropy"],
)
def test_the_mean_over_the_rows_is_pytorchs_loss_of_the_batch(ours, theirs, targets):
    rows, twin = [[Value(x) for x in row] for row in ROWS], tensor(ROWS, requires_grad=True)
    loss = total([ours(row, target) for row, target in zip(rows, targets, strict=True)]) / len(rows)
    twin_loss = theirs(twin)
    loss.backward()
    twin_loss.backward()
    assert loss.data == close(twin_loss.item())
    assert [[leaf.grad for leaf in row] for row in rows] == [close(row) for row in twin.grad.tolist()]


# ---------------- where PyTorch goes another way


def test_at_its_kink_the_hinge_embedding_loss_of_pytorch_belongs_to_the_other_side():
    """Theirs has the slope of the left side, -1; ours is a relu, which has 0 at 0 in both."""
    distance, twin = Value(1.0), tensor([1.0], requires_grad=True)
    nn.hinge_embedding_loss(distance, -1).backward()
    functional.hinge_embedding_loss(twin, tensor([-1])).backward()
    assert (distance.grad, twin.grad.item()) == (0.0, -1.0)


def test_pytorch_stops_the_binary_cross_entropy_of_a_probability_at_100():
    twin = functional.binary_cross_entropy(tensor([1e-300]), tensor([1.0]))
    assert twin.item() == 100.0
    assert nn.binary_cross_entropy(1e-300, 1) == close(690.7755278982137)
