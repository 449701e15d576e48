"""Neurons, layers of them, the multilayer perceptron, and what stands between layers."""

import random
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from nn import activations, initializers
from nn.activations import Activation
from nn.initializers import Initializer, generator
from nn.module import Module, tree
from nn.settings import needs
from nn.sizes import size
from tinygrad_edu import Group, Value, dot, softmax


class Neuron(Module):
    """activation(weights · inputs + bias): one dot gate and the gate of the activation.

    inputs       how many inputs it takes
    activation   a name (`linear`, `step`, `sigmoid`, `tanh`, `relu`, ...) or a function of a Value
    bias         whether there is one; it begins at 0
    seed         of the weights: an int, or a random.Random to go on with
    outputs      how many neurons its layer has, which the spread of the first weights depends on
    initializer  where the weights begin: a name (`glorot`, `he`, `uniform`, `normal`, `zeros`) or a function
                 (random numbers, inputs, outputs) -> number

    >>> neuron = Neuron(2, "relu", initializer=lambda random_numbers, inputs, outputs: 0.5)
    >>> neuron([3.0, 4.0]).data
    3.5
    """

    def __init__(
        self,
        inputs: int,
        activation: str | Activation = "linear",
        bias: bool = True,
        seed: int | random.Random = 0,
        outputs: int = 1,
        initializer: str | Initializer = "glorot",
    ) -> None:
        inputs = size("inputs", inputs)
        random_numbers, draw = generator(seed), initializers.initializer(initializer)
        self.widths = [inputs, 1]
        self.weights = Group([Value(draw(random_numbers, inputs, outputs)) for _ in range(inputs)])
        self.bias = Value(0.0) if bias else None
        self.activation = activations.activation(activation)

    def __call__(self, inputs: Iterable[Any]) -> Any:
        """The output for one row of inputs, Values or numbers. Raises ValueError for a row of another width."""
        return self.fire(row_for(self, self.widths, inputs))

    def fire(self, inputs: Group) -> Any:
        """The output for a Group of as many inputs as there are weights, which nobody counts here."""
        return self.activation(dot(self.weights, inputs, self.bias))

    def settings(self) -> dict[str, Any]:
        """The arguments that make another like it."""
        return {"inputs": self.widths[0], "activation": self.activation, "bias": self.bias is not None}


class Layer(Module):
    """A fully connected layer: every neuron sees every input. It is PyTorch's Linear and an activation.

    The arguments are a Neuron's; `outputs` is how many neurons there are.

    >>> layer = Layer(3, 2, "relu")
    >>> len(layer([1.0, 2.0, 3.0]))
    2
    >>> layer([1.0, 2.0, 3.0, 4.0])
    Traceback (most recent call last):
    ValueError: Layer(3 -> 2) was given 4 inputs
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        activation: str | Activation = "linear",
        bias: bool = True,
        seed: int | random.Random = 0,
        initializer: str | Initializer = "glorot",
    ) -> None:
        inputs, outputs = size("inputs", inputs), size("outputs", outputs)
        random_numbers = generator(seed)
        self.widths = [inputs, outputs]
        self.neurons = [Neuron(inputs, activation, bias, random_numbers, outputs, initializer) for _ in range(outputs)]

    def __call__(self, inputs: Iterable[Any]) -> list[Any]:
        """One output for each neuron, for one row of inputs. Raises ValueError for a row of another width."""
        shared = row_for(self, self.widths, inputs)
        return [neuron.fire(shared) for neuron in self.neurons]

    def settings(self) -> dict[str, Any]:
        """The arguments that make another like it."""
        inputs, outputs = self.widths
        return {"inputs": inputs, "outputs": outputs} | self.neurons[0].settings()


class MLP(Module):
    """A multilayer perceptron: layers, each feeding the next.

    inputs       how many inputs a row has
    sizes        how many neurons each layer has; the last layer's are the outputs
    activation   of the hidden layers: one for all, or a list with one for each
    output       activation of the last layer: `linear` gives a regression's value or a classifier's logits
    bias, seed, initializer  as a Neuron's

    Called on a row it gives a list of outputs, or the one output itself where the last layer has one neuron.

    >>> MLP(2, [16, 16, 1])
    MLP(inputs=2, sizes=[16, 16, 1], activation=tanh, output=linear, bias=True)
    >>> len(MLP(2, [16, 16, 1]).parameters())
    337
    """

    def __init__(
        self,
        inputs: int,
        sizes: Sequence[int],
        activation: str | Activation | Sequence[str | Activation] = "tanh",
        output: str | Activation = "linear",
        bias: bool = True,
        seed: int | random.Random = 0,
        initializer: str | Initializer = "glorot",
    ) -> None:
        if not is_nested(sizes):
            raise TypeError(
                f"sizes needs to be a list, one number for each layer, got {sizes!r}: "
                f"MLP(2, [4, 1]) has a hidden layer of 4 neurons and one output"
            )
        inputs, sizes = size("inputs", inputs), [size("each of sizes", width) for width in sizes]
        if not sizes:
            raise ValueError("an MLP needs at least one layer: sizes is empty")
        hidden = len(sizes) - 1
        chosen: list[Any] = [*activation] if isinstance(activation, (list, tuple)) else [activation] * hidden
        if len(chosen) != hidden:
            raise ValueError(f"an MLP with {hidden} hidden layers needs as many activations, got {len(chosen)}")
        random_numbers = generator(seed)
        self.widths = [inputs, *sizes]
        self.layers = [
            Layer(before, after, of_layer, bias, random_numbers, initializer)
            for before, after, of_layer in zip(self.widths, sizes, [*chosen, output], strict=False)
        ]

    def __call__(self, inputs: Iterable[Any]) -> Any:
        """The output for one row, or the list of outputs if there are several. Raises ValueError as a Layer does."""
        outputs: Any = row_for(self, self.widths, inputs)
        for layer in self.layers:
            outputs = layer(outputs)
        return outputs[0] if len(outputs) == 1 else outputs

    def settings(self) -> dict[str, Any]:
        """The arguments that make another like it."""
        *hidden, output = [layer.neurons[0].activation for layer in self.layers]
        return {
            "inputs": self.widths[0],
            "sizes": self.widths[1:],
            "activation": hidden[0] if len(set(hidden)) == 1 else hidden,
            "output": output,
            "bias": self.layers[0].neurons[0].bias is not None,
        }


class Sequential(Module):
    """Modules one after another, each fed with what the one before it gives.

    Between them may stand activations, by name or as functions of a Value: they act on every number by itself.

    >>> Sequential(Layer(2, 3), "tanh", Layer(3, 1))
    Sequential(
      0: Layer(inputs=2, outputs=3, activation=linear, bias=True)
      1: tanh
      2: Layer(inputs=3, outputs=1, activation=linear, bias=True)
    )
    """

    def __init__(self, *layers: Module | str | Activation) -> None:
        if any(isinstance(layer, (list, tuple)) for layer in layers):
            raise TypeError("Sequential takes its layers one by one, not in a list: Sequential(*layers)")
        self.layers = [layer if isinstance(layer, Module) else activations.activation(layer) for layer in layers]

    def __call__(self, inputs: Any) -> Any:
        """The outputs of the last layer for one row, or image, of inputs."""
        for layer in self.layers:
            inputs = layer(inputs) if isinstance(layer, Module) else each(partial(_activated, layer), inputs)
        return inputs

    def settings(self) -> dict[str, Any]:
        """The layers, which make another like it."""
        return {"layers": self.layers}

    def __repr__(self) -> str:
        return tree(self, [(str(i), layer) for i, layer in enumerate(self.layers)])


class Softmax(Module):
    """Values as probabilities: all positive, their sum 1. For `cross_entropy`, leave it out: it takes logits.

    >>> Softmax()([0.0, 0.0])
    [0.5, 0.5]
    """

    def __call__(self, inputs: Iterable[Any]) -> list[Any]:
        """One probability for each of the inputs. Raises ValueError where there are none."""
        row = group_of(self, inputs)
        if not row.members:
            raise ValueError("Softmax was given 0 inputs")
        return softmax(row)


class Flatten(Module):
    """An image [channel][row][column], or lists in lists of any depth, as one row of numbers.

    >>> Flatten()([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]])
    [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    """

    def __call__(self, inputs: Any) -> list[Any]:
        """The numbers, in the order in which they are written. Raises TypeError for a single number."""
        if not is_nested(inputs):
            raise TypeError(f"Flatten needs an image, or lists in lists, got {inputs!r}")
        return [x for part in inputs for x in (self(part) if is_nested(part) else [part])]


class Dropout(Module):
    """While training, sets each input to 0 with the probability p, and divides the others by 1 - p.

    So the mean of each stays what it was, and after `eval()` the inputs pass as they are (Srivastava et al. 2014, in
    the inverted form that PyTorch has). Inputs may be a row or an image.

    p     the probability of a 0, from 0 to 1
    seed  an int, or a random.Random to go on with: which inputs are set to 0 depends on it alone

    >>> dropout = Dropout(0.5, seed=1)
    >>> dropout([1.0, 1.0, 1.0, 1.0])
    [0.0, 2.0, 2.0, 0.0]
    >>> dropout.eval()([1.0, 1.0, 1.0, 1.0])
    [1.0, 1.0, 1.0, 1.0]
    """

    def __init__(self, p: float = 0.5, seed: int | random.Random = 0) -> None:
        needs("Dropout", "a probability from 0 to 1", p, lambda x: 0.0 <= x <= 1.0)
        self.p = p
        self.random_numbers = generator(seed)

    def __call__(self, inputs: Any) -> Any:
        """The inputs with some of them 0 while training; the inputs as they are in use."""
        return each(self._thinned, inputs) if self.training else inputs

    def _thinned(self, x: Any) -> Any:
        return 0.0 if self.random_numbers.random() < self.p else x / (1.0 - self.p)

    def settings(self) -> dict[str, Any]:
        """The arguments that make another like it, but for the seed."""
        return {"p": self.p}


def row_for(module: Module, widths: Sequence[int], inputs: Iterable[Any]) -> Group:
    """The inputs as a Group, which all neurons share.

    Raises ValueError unless they are as many as the module takes, the first of its widths, and TypeError for what is
    no row of numbers.
    """
    row = group_of(module, inputs)
    if len(row.members) != widths[0]:
        raise ValueError(f"{type(module).__name__}({' -> '.join(map(str, widths))}) was given {len(row)} inputs")
    return row


def group_of(module: Module, inputs: Iterable[Any]) -> Group:
    """The inputs as a Group. Raises TypeError, and names the module, for what is no row of numbers."""
    try:
        return inputs if isinstance(inputs, Group) else Group(inputs)
    except TypeError as error:
        reason = str(error)
        if not is_nested(inputs):
            reason = f"it was given {inputs!r}; a row of one number is [x]"
        elif any(map(is_nested, inputs)):
            reason = "it was given lists in a list; rows go in one at a time, an image through Flatten()"
        raise TypeError(f"{type(module).__name__} needs a row of numbers: {reason}") from None


def each(function: Callable[[Any], Any], inputs: Any) -> Any:
    """The function of a number, or of every number in a list or in lists in lists, in the same places."""
    return [each(function, part) for part in inputs] if is_nested(inputs) else function(inputs)


def _activated(activation: Activation, x: Any) -> Any:
    return activation(x if isinstance(x, Value) else Value(x))


def is_nested(part: Any) -> bool:
    """Whether it holds numbers and is not one itself."""
    return hasattr(part, "__iter__") and not isinstance(part, str)
