"""The perceptron: a neuron that decides."""

from collections.abc import Iterable, Sequence
from typing import Any

from nn.layers import row_for
from nn.module import Module
from nn.sizes import size
from tinygrad_edu import Group, Value, dot, step


class Perceptron(Module):
    """step(weights · inputs + bias): 1 on the positive side of a line or plane, 0 on it and on the other side.

    weights  the numbers to begin with, or how many inputs there are: then all weights begin at 0
    bias     the number that the bias begins with
    output   "step" for 1 and 0, or "sign" for +1 and -1: sign is 2 step - 1, so it is -1 on the line itself

    Rosenblatt 1958; lectures 002 (step) and 003 (sign).

    >>> both = Perceptron([1, 1], bias=-1.5)
    >>> [both([a, b]).data for a in (0, 1) for b in (0, 1)]
    [0.0, 0.0, 0.0, 1.0]
    """

    def __init__(self, weights: int | Sequence[float], bias: float = 0.0, output: str = "step") -> None:
        if output not in ("step", "sign"):
            raise ValueError(f'the output of a perceptron is "step" or "sign", not {output!r}')
        beginning = list(weights) if isinstance(weights, Iterable) else [0.0] * size("weights", weights)
        size("the number of weights", len(beginning))
        self.weights = Group([Value(w) for w in beginning])
        self.bias = Value(bias)
        self.output = output

    def score(self, inputs: Iterable[Any]) -> Value:
        """Weights · inputs + bias: how far on the positive side a row is, times the length of the weights.

        Raises ValueError for a row of another width.
        """
        return dot(self.weights, row_for(self, [len(self.weights), 1], inputs), self.bias)  # type: ignore[no-any-return]

    def __call__(self, inputs: Iterable[Any]) -> Value:
        """The decision for one row of inputs: 1 or 0, or with output "sign" +1 or -1."""
        fires = step(self.score(inputs))
        return fires if self.output == "step" else 2.0 * fires - 1.0  # type: ignore[no-any-return]

    def wants(self, targets: Iterable[Any]) -> list[float]:
        """1 for each target that asks it to fire and 0 for the others.

        Raises ValueError for a target that it cannot answer: "step" answers 0 or 1, "sign" -1 or +1.
        """
        no, yes = (0, 1) if self.output == "step" else (-1, 1)
        targets = list(targets)
        for k, target in enumerate(targets):
            if target not in (no, yes):
                raise ValueError(
                    f"row {k} has the target {target!r}, but a perceptron answers 0 or 1, "
                    f'or with output="sign" -1 or +1: this one has output="{self.output}"'
                )
        return [float(target == yes) for target in targets]

    def settings(self) -> dict[str, Any]:
        """The arguments that make another like it, but for the weights themselves and the bias."""
        return {"weights": len(self.weights), "output": self.output}
