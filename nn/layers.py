"""Neurons, layers of them, and the multilayer perceptron."""

import random
from collections.abc import Iterable, Sequence
from typing import Any

from nn import activations
from nn.activations import Activation
from nn.initializers import generator, glorot
from nn.module import Module
from tinygrad_edu import Group, Value, dot


class Neuron(Module):
    """activation(weights · inputs + bias): one dot gate and the gate of the activation.

    inputs      how many inputs it takes
    activation  a name (`linear`, `step`, `sigmoid`, `tanh`, `relu`, ...) or a function of a Value
    bias        whether there is one; it begins at 0
    seed        of the weights: an int, or a random.Random to go on with
    outputs     how many neurons its layer has, which the spread of the first weights depends on
    """

    def __init__(
        self,
        inputs: int,
        activation: str | Activation = "linear",
        bias: bool = True,
        seed: int | random.Random = 0,
        outputs: int = 1,
    ) -> None:
        if inputs < 1:
            raise ValueError(f"a neuron needs an input or more, got {inputs}")
        random_numbers = generator(seed)
        self.weights = Group([Value(glorot(random_numbers, inputs, outputs)) for _ in range(inputs)])
        self.bias = Value(0.0) if bias else None
        self.activation = activations.activation(activation)

    def __call__(self, inputs: Iterable[Any]) -> Any:
        """The output for one row of inputs, Values or numbers."""
        return self.activation(dot(self.weights, inputs, self.bias))

    def __repr__(self) -> str:
        return f"Neuron({len(self.weights)}, {_name(self.activation)})"


class Layer(Module):
    """A fully connected layer: every neuron sees every input."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        activation: str | Activation = "linear",
        bias: bool = True,
        seed: int | random.Random = 0,
    ) -> None:
        if outputs < 1:
            raise ValueError(f"a layer needs a neuron or more, got {outputs}")
        random_numbers = generator(seed)
        self.neurons = [Neuron(inputs, activation, bias, random_numbers, outputs) for _ in range(outputs)]

    def __call__(self, inputs: Iterable[Any]) -> list[Any]:
        """One output for each neuron, for one row of inputs."""
        shared = inputs if isinstance(inputs, Group) else Group(inputs)
        return [neuron(shared) for neuron in self.neurons]

    def __repr__(self) -> str:
        first = self.neurons[0]
        return f"Layer({len(first.weights)}, {len(self.neurons)}, {_name(first.activation)})"


class MLP(Module):
    """A multilayer perceptron: layers, each feeding the next.

    inputs      how many inputs a row has
    sizes       how many neurons each layer has; the last layer's are the outputs
    activation  of the hidden layers
    output      activation of the last layer: `linear` gives a regression's value or a classifier's logits

    Called on a row it gives a list of outputs, or the one output itself where the last layer has one neuron.

    >>> MLP(2, [16, 16, 1])
    MLP(2, [16, 16, 1], activation=tanh, output=linear)
    >>> len(MLP(2, [16, 16, 1]).parameters())
    337
    """

    def __init__(
        self,
        inputs: int,
        sizes: Sequence[int],
        activation: str | Activation = "tanh",
        output: str | Activation = "linear",
        bias: bool = True,
        seed: int | random.Random = 0,
    ) -> None:
        if not sizes:
            raise ValueError("an MLP needs at least one layer: sizes is empty")
        random_numbers = generator(seed)
        chosen = [activation] * (len(sizes) - 1) + [output]
        self.layers = [
            Layer(before, after, of_layer, bias, random_numbers)
            for before, after, of_layer in zip([inputs, *sizes], sizes, chosen, strict=False)
        ]

    def __call__(self, inputs: Iterable[Any]) -> Any:
        """The output for one row, or the list of outputs if there are several."""
        outputs: Any = inputs
        for layer in self.layers:
            outputs = layer(outputs)
        return outputs[0] if len(outputs) == 1 else outputs

    def __repr__(self) -> str:
        sizes = [len(layer.neurons) for layer in self.layers]
        hidden, output = (_name(layer.neurons[0].activation) for layer in (self.layers[0], self.layers[-1]))
        return f"MLP({len(self.layers[0].neurons[0].weights)}, {sizes}, activation={hidden}, output={output})"


def _name(function: Activation) -> str:
    return getattr(function, "name", getattr(function, "__name__", repr(function)))
