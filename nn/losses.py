"""Losses: how wrong a prediction is, as a Value to differentiate. Each is the loss of one row."""

import math
from collections.abc import Callable, Iterable, Sequence
from operator import index
from typing import Any

from nn.classes import picked
from tinygrad_edu import DomainError, UnknownNumberError, Value, dot, gates, log, logsumexp, relu, softplus, total

# ---------------- numbers to be predicted: regression


def squared_error(prediction: Any, target: Any) -> Any:
    """½ (prediction - target)²; for lists, ½ ‖prediction - target‖², the sum over the outputs.

    The mean over N rows, which `train` descends, is lecture 003's 1/(2N) Σ ‖y - ŷ‖².

    >>> squared_error(3.0, 1.0)
    2.0
    >>> squared_error([3.0, 1.0], [1.0, 0.0])
    2.5
    """
    if isinstance(prediction, Sequence):
        return total([squared_error(p, t) for p, t in _outputs("squared_error", prediction, target)])
    _needs_one("squared_error", target=target)
    return (prediction - target) ** 2 / 2.0


def mean_squared_error(prediction: Any, target: Any) -> Any:
    """(prediction - target)², the loss of lecture 001; for lists, its mean over the outputs of the row.

    That is PyTorch's MSELoss of the row. For K outputs it is 2/K of `squared_error`.

    >>> mean_squared_error(3.0, 1.0)
    4.0
    >>> mean_squared_error([3.0, 1.0], [1.0, 0.0])
    2.5
    """
    if isinstance(prediction, Sequence):
        return _mean([mean_squared_error(p, t) for p, t in _outputs("mean_squared_error", prediction, target)])
    _needs_one("mean_squared_error", target=target)
    return (prediction - target) ** 2


def l1_loss(prediction: Any, target: Any) -> Any:
    """|prediction - target|; for lists, its mean over the outputs of the row. PyTorch's L1Loss (lecture 003).

    A single row far off pulls no harder than one that is a little off. Where they are equal the slope is 0.

    >>> l1_loss(3.0, 1.0)
    2.0
    >>> l1_loss([3.0, 1.0], [1.0, 0.0])
    1.5
    """
    if isinstance(prediction, Sequence):
        return _mean([l1_loss(p, t) for p, t in _outputs("l1_loss", prediction, target)])
    _needs_one("l1_loss", target=target)
    return abs(prediction - target)


# ---------------- probabilities of classes


def binary_cross_entropy(prediction: Any, target: Any, from_logits: bool = False) -> Any:
    """-target log p - (1 - target) log(1 - p), the negative log-likelihood of a target in {0, 1} (lecture 003).

    `prediction` is the probability p or, with from_logits, the logit z of p = sigmoid(z). From the logit the loss
    keeps all its digits where p is so near to 0 or 1 that 1 - p has lost them. A target between 0 and 1 is a
    probability; beyond them it is refused. PyTorch's BCELoss and BCEWithLogitsLoss; the first stops at 100, ours goes
    on, and at p = 0 for a target of 1 it is a DomainError, as it is for any p that is no probability.

    >>> round(binary_cross_entropy(0.75, 1), 6)
    0.287682
    >>> binary_cross_entropy(-800.0, 1, from_logits=True)
    800.0
    """
    _needs_one("binary_cross_entropy", prediction=prediction, target=target)
    if not _holds(lambda: 0.0 <= target <= 1.0):
        raise ValueError(
            f"binary_cross_entropy needs targets from 0 to 1, got {target!r}; "
            f"targets of -1 and +1 go with logistic_loss, whose score is the logit"
        )
    rest = 1.0 - target
    if from_logits:
        likelihoods = -softplus(-prediction), -softplus(prediction)
    else:  # log(0) is no harm where its weight is 0
        _needs_probability("binary_cross_entropy", prediction)
        likelihoods = (
            0.0 if _is_zero(target) else log(prediction),
            0.0 if _is_zero(rest) else log(1.0 - prediction),
        )
    return -(target * likelihoods[0] + rest * likelihoods[1])


def cross_entropy(prediction: Sequence[Any], target: Any, from_logits: bool = True) -> Any:
    """-log q[target], the negative log-likelihood of a class; for a list of probabilities p as target, -Σ p log q.

    `prediction` is a row of logits z with q = softmax(z), the outputs of a linear layer, as in PyTorch's
    CrossEntropyLoss. The loss is then the logsumexp of the logits' distances from the target's logit: it keeps its
    digits where q of the target is almost 1. With from_logits=False it is the row of probabilities q itself: the cross
    entropy H(p; q) of two distributions as lecture 003 writes it.

    >>> round(cross_entropy([0.0, 0.0], 1), 6)
    0.693147
    >>> round(cross_entropy([100.0, 0.0], 0) * 1e44, 6)
    3.720076
    >>> tiger, lion, cat = 0.7, 0.2, 0.1
    >>> round(cross_entropy([tiger, lion, cat], [1, 0, 0], from_logits=False), 2)
    0.36
    """
    _needs_classes("cross_entropy", prediction)
    if isinstance(target, Sequence):
        if len(target) != len(prediction):
            kind = "logits" if from_logits else "probabilities"
            raise ValueError(f"cross_entropy got {len(prediction)} {kind} and {len(target)} target probabilities")
        _needs_distribution("cross_entropy", target)
        parts = [p * cross_entropy(prediction, k, from_logits) for k, p in enumerate(target) if not _is_zero(p)]
        return total(parts)
    chosen = _chosen("cross_entropy", prediction, target)
    if not from_logits:
        _needs_probability("cross_entropy", chosen)
        return -log(chosen)
    if isinstance(target, Value):
        return logsumexp([z - chosen for z in prediction])
    others = [z - chosen for k, z in enumerate(prediction) if k != target]
    return logsumexp([0.0, *others])


def nll_loss(log_probabilities: Sequence[Any], target: int) -> Any:
    """-log q[target], where a model gives the logarithms log q themselves. PyTorch's NLLLoss (lecture 003).

    `nll_loss(log_softmax(logits), target)` is `cross_entropy(logits, target)`, with `log_softmax` of `nn.activations`.

    >>> nll_loss([-0.25, -1.5], 1)
    1.5
    """
    _needs_classes("nll_loss", log_probabilities)
    return -_chosen("nll_loss", log_probabilities, target)


# ---------------- the side of a boundary: the losses of the margin y f, with a target y of -1 or +1


def perceptron_loss(score: Any, target: Any) -> Any:
    """max(0, -y f): what a row adds to the perceptron criterion -Σ y w·x over the misclassified rows (lecture 003).

    On the boundary itself, f = 0, the loss and its slope are 0.

    >>> perceptron_loss(2.0, 1), perceptron_loss(2.0, -1)
    (0.0, 2.0)
    """
    return relu(-_side("perceptron_loss", score, target) * score)


def hinge_loss(score: Any, target: Any) -> Any:
    """max(0, 1 - y f): nothing to pay beyond the margin of 1. The support vector machine's loss (lecture 003).

    At the kink, y f = 1, the slope is 0.

    >>> hinge_loss(2.0, 1), hinge_loss(0.25, 1), hinge_loss(2.0, -1)
    (0.0, 0.75, 3.0)
    """
    return relu(1.0 - _side("hinge_loss", score, target) * score)


def logistic_loss(score: Any, target: Any) -> Any:
    """log(1 + exp(-y f)), logistic regression's loss (lecture 003). PyTorch's SoftMarginLoss.

    It is the binary cross-entropy of the logit f, with targets of -1 and +1 in the place of 0 and 1.

    >>> round(logistic_loss(0.0, 1), 6)
    0.693147
    >>> logistic_loss(-800.0, 1)
    800.0
    """
    return softplus(-_side("logistic_loss", score, target) * score)


def margin_loss(score: Any, target: Any, epsilon: float = 1.0, L: float = 1.0) -> Any:  # noqa: N803 - the lecture's L
    """ε log(1 + exp((L - y f) / ε)), the general loss of binary classification (lecture 003).

    With ε = 1 and L = 0 it is the logistic loss. As ε goes to 0 it nears max(0, L - y f) from above, by at most
    ε log 2: with L = 1 the hinge loss, with L = 0 the perceptron's.

    >>> round(margin_loss(0.0, 1, epsilon=1.0, L=0.0), 6)
    0.693147
    >>> margin_loss(0.25, 1, epsilon=0.001)
    0.75
    """
    if not 0.0 < epsilon < math.inf:
        raise ValueError(f"margin_loss needs a finite epsilon above 0, got {epsilon}; its limit at 0 is hinge_loss")
    return epsilon * softplus((L - _side("margin_loss", score, target) * score) / epsilon)


def hinge_embedding_loss(distance: Any, target: Any, margin: float = 1.0) -> Any:
    """The distance of two rows that belong together, y = 1; max(0, margin - distance) of two that do not, y = -1.

    PyTorch's HingeEmbeddingLoss (lecture 003), which at the kink, distance = margin, has the slope -1; ours has 0.

    >>> hinge_embedding_loss(0.25, 1), hinge_embedding_loss(0.25, -1), hinge_embedding_loss(3.0, -1)
    (0.25, 0.75, 0.0)
    """
    alike = (1.0 + _side("hinge_embedding_loss", distance, target)) / 2.0
    return alike * distance + (1.0 - alike) * relu(margin - distance)


# ---------------- distributions


def entropy(p: Sequence[Any]) -> Any:
    """-Σ p log p, in units of log 2 the average number of bits that an event of p needs (Shannon 1948).

    0 log 0 is 0, its limit; for a Value of 0 it is a DomainError, as the slope there has none.

    >>> round(entropy([0.5, 0.25, 0.25]) / math.log(2.0), 6)
    1.5
    """
    _needs_distribution("entropy", p)
    return total([-pk * log(pk) for pk in p if not _is_zero(pk)])


def kl_divergence(p: Sequence[Any], q: Sequence[Any]) -> Any:
    """Σ p log(p / q), how far q is from p, the true distribution (Kullback and Leibler 1951; lecture 003).

    It is the cross entropy of the two without the entropy of p; it is never negative, and not symmetric. PyTorch's
    kl_div(log q, p) takes them the other way round and the prediction as logarithms.

    >>> round(kl_divergence([0.5, 0.5], [0.25, 0.75]), 6)
    0.143841
    >>> kl_divergence([0.5, 0.5], [0.5, 0.5])
    0.0
    """
    if len(p) != len(q):
        raise ValueError(f"kl_divergence got {len(p)} and {len(q)} probabilities")
    _needs_distribution("kl_divergence", p)
    _needs_distribution("kl_divergence", q)
    return total([pk * (log(pk) - log(qk)) for pk, qk in zip(p, q, strict=True) if not _is_zero(pk)])


# ---------------- the weights


def l2_penalty(parameters: Iterable[Any], C: float) -> Any:  # noqa: N803 - the lecture's C
    """C/2 ‖w‖², to add to a loss: it pulls every weight towards 0, by C w (lecture 003).

    The lecture leaves the biases out. To SGD, a `weight_decay` of C is the same.

    >>> l2_penalty([3.0, 4.0], C=0.1)
    1.25
    """
    if not 0.0 <= C < math.inf:
        raise ValueError(f"l2_penalty needs a finite C of 0 or more, got {C}")
    weights = list(parameters)
    return C / 2.0 * dot(weights, weights)


# ---------------- outputs and what is refused of them


def _outputs(loss: str, prediction: Sequence[Any], target: Any) -> list[tuple[Any, Any]]:
    """Each output of a row beside its target."""
    if not isinstance(target, Sequence):
        raise TypeError(f"{loss} got {len(prediction)} outputs and one target, {target!r}: give it a list of targets")
    if len(prediction) != len(target) or not prediction:
        raise ValueError(f"{loss} got {len(prediction)} outputs and {len(target)} targets")
    return list(zip(prediction, target, strict=True))


def _mean(losses: Sequence[Any]) -> Any:
    return total(losses) / len(losses)


def _side(loss: str, score: Any, target: Any) -> Any:
    """The target of one score, if it is a side of the boundary."""
    _needs_one(loss, score=score, target=target)
    if not _holds(lambda: float(target) in (-1.0, 1.0)):
        raise ValueError(
            f"{loss} needs a target of -1 or +1, got {target!r}; targets of 0 and 1 go with binary_cross_entropy"
        )
    return target


def _needs_one(loss: str, **given: Any) -> None:
    for name, x in given.items():
        if hasattr(x, "__iter__"):
            raise TypeError(f"{loss} takes one number as its {name}, got {x!r}; of a list, give it the number inside")


def _needs_classes(loss: str, prediction: Any) -> None:
    if not hasattr(prediction, "__len__") or len(prediction) < 2:
        raise TypeError(
            f"{loss} needs an output for each class, two or more, got {prediction!r}; "
            f"for two classes and one output there is binary_cross_entropy"
        )


def _needs_class(loss: str, target: Any, classes: int) -> None:
    needed = f"{loss} needs a class from 0 to {classes - 1}"
    try:
        inside = 0 <= index(target) < classes
    except TypeError:
        inside = None
    if inside is None or isinstance(target, bool):
        raise TypeError(f"{needed}, a whole number, got {target!r}; targets.astype(int) makes those of an array whole")
    if not inside:
        raise ValueError(f"{needed}, got {target}")


def _chosen(loss: str, outputs: Sequence[Any], target: Any) -> Any:
    """The output of a class. Gates pick it where a Value says which, as another row may be of another."""
    if isinstance(target, Value):
        return picked(outputs, target)
    _needs_class(loss, target, len(outputs))
    return outputs[target]


def _holds(condition: Callable[[], bool]) -> bool:
    """Whether it holds. Of numbers that are unknown nothing is asked; `train` has looked at all targets by then."""
    try:
        return condition()
    except UnknownNumberError:
        return True


def _needs_probability(loss: str, p: Any) -> None:
    """A DomainError, as of any number that the log in a loss is not defined on: a model can get there as it learns."""
    if not _holds(lambda: 0.0 <= p <= 1.0):
        raise DomainError(
            gates.log, (p,), f"{loss} needs a probability, from 0 to 1; a logit goes with from_logits=True"
        )


def _needs_distribution(loss: str, p: Sequence[Any]) -> None:
    """Values are left to the gates: while they are learned, or moved to check a gradient, they need not add up to 1."""
    if any(isinstance(pk, Value) for pk in p):
        return
    if min(p, default=-1.0) < 0.0 or not math.isclose(math.fsum(p), 1.0, abs_tol=1e-6):
        raise ValueError(f"{loss} needs probabilities, numbers of 0 or more that add up to 1, got {list(p)}")


def _is_zero(weight: Any) -> bool:
    """Whether a weight is the number 0; a Value may be another number in another row."""
    return not isinstance(weight, Value) and weight == 0
