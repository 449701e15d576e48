"""2^D hidden threshold units memorize any Boolean function of D inputs: each fires for one row of the truth table."""

from itertools import product

from nn import Layer
from tinygrad_edu import dot


def memory(inputs: int) -> Layer:
    """A layer whose unit k fires for row k of the truth table alone: its weights are that row's signs.

    A row of ±1 times its own signs is `inputs`; times any others it is `inputs - 2` or less.
    """
    layer = Layer(inputs, 2**inputs, activation="step")
    for neuron, row in zip(layer.neurons, product((-1.0, 1.0), repeat=inputs), strict=True):
        neuron.bias.data = 1.0 - inputs
        for weight, sign in zip(neuron.weights, row, strict=True):
            weight.data = sign
    return layer


def main(inputs: int = 3) -> int:
    """How many of the 2^(2^D) functions come out exactly, with the targets themselves as weights of the output."""
    rows = list(product((-1.0, 1.0), repeat=inputs))
    hidden = [[unit.data for unit in memory(inputs)(row)] for row in rows]
    return sum(
        [dot(targets, units) for units in hidden] == list(targets) for targets in product((-1.0, 1.0), repeat=len(rows))
    )


if __name__ == "__main__":
    print(f"{main()} of {2**2**3} Boolean functions of 3 inputs memorized exactly")
