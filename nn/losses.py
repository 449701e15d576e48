"""Losses: how wrong a prediction is, as a Value to differentiate. Each is the loss of one row."""

from collections.abc import Sequence
from operator import index
from typing import Any

from tinygrad_edu import Value, log, logsumexp, softplus, total


def squared_error(prediction: Any, target: Any) -> Any:
    """½ (prediction - target)²; for lists, its sum over the outputs.

    >>> squared_error(3.0, 1.0)
    2.0
    """
    if isinstance(prediction, Sequence):
        return total([squared_error(p, t) for p, t in zip(prediction, target, strict=True)])
    return (prediction - target) ** 2 / 2.0


def binary_cross_entropy(prediction: Any, target: Any, from_logits: bool = False) -> Any:
    """-target log p - (1 - target) log(1 - p), the negative log-likelihood of a target in {0, 1}.

    `prediction` is the probability p or, with from_logits, the logit z of p = sigmoid(z). From the logit the loss
    keeps all its digits where p is so near to 0 or 1 that 1 - p has lost them. A target between 0 and 1 is a
    probability; beyond them it is refused.

    >>> round(binary_cross_entropy(0.75, 1), 6)
    0.287682
    >>> binary_cross_entropy(-800.0, 1, from_logits=True)
    800.0
    """
    if not 0.0 <= target <= 1.0:
        raise ValueError(f"binary_cross_entropy needs targets from 0 to 1, got {target!r}")
    if not from_logits and not 0.0 <= prediction <= 1.0:
        raise ValueError(f"binary_cross_entropy needs a probability, got {prediction!r}; a logit goes with from_logits")
    rest = 1.0 - target
    if from_logits:
        likelihoods = -softplus(-prediction), -softplus(prediction)
    else:  # log(0) is no harm where its weight is 0
        likelihoods = (
            0.0 if _is_zero(target) else log(prediction),
            0.0 if _is_zero(rest) else log(1.0 - prediction),
        )
    return -(target * likelihoods[0] + rest * likelihoods[1])


def cross_entropy(logits: Sequence[Any], target: Any) -> Any:
    """-log softmax(logits)[target]; where the target is a list of probabilities, -Σ target log softmax(logits).

    The softmax is within, so give it the outputs of a linear layer. The loss is the logsumexp of the logits' distances
    from the target's logit: it keeps its digits where the probability of the target is almost 1.

    >>> round(cross_entropy([0.0, 0.0], 1), 6)
    0.693147
    >>> round(cross_entropy([100.0, 0.0], 0) * 1e44, 6)
    3.720076
    """
    if isinstance(target, Sequence):
        if len(target) != len(logits):
            raise ValueError(f"cross_entropy got {len(logits)} logits and {len(target)} target probabilities")
        return total([share * cross_entropy(logits, k) for k, share in enumerate(target) if not _is_zero(share)])
    if not 0 <= index(target) < len(logits):
        raise ValueError(f"cross_entropy needs a class from 0 to {len(logits) - 1}, got {target}")
    others = [z - logits[target] for k, z in enumerate(logits) if k != target]
    return logsumexp([0.0, *others]) if others else 0.0 * logits[0]


def _is_zero(weight: Any) -> bool:
    """Whether a weight is the number 0; a Value may be another number in another row."""
    return not isinstance(weight, Value) and weight == 0
