"""A network of linear layers is one linear layer: y = W3 (W2 (W1 x + b1) + b2) + b3 = W x + b."""

import random

from nn import MLP, Layer


def collapsed(network: MLP, inputs: int, outputs: int) -> Layer:
    """The one layer: b is the network's answer to 0, and column i of W what input i adds to it."""
    answers = [output.data for output in network([0.0] * inputs)]
    layer = Layer(inputs, outputs)
    for neuron, answer in zip(layer.neurons, answers, strict=True):
        neuron.bias.data = answer
    for i in range(inputs):
        one_hot = [float(i == j) for j in range(inputs)]
        for neuron, output, answer in zip(layer.neurons, network(one_hot), answers, strict=True):
            neuron.weights[i].data = output.data - answer
    return layer


def main(seed: int = 0) -> float:
    """The largest difference between a linear network of three layers and the one layer, on a hundred random rows."""
    network = MLP(4, [6, 5, 3], activation="linear", seed=seed)
    generator = random.Random(seed)
    for parameter in network.parameters():
        parameter.data = generator.gauss(0.0, 1.0)
    layer = collapsed(network, 4, 3)
    rows = [[generator.gauss(0.0, 1.0) for _ in range(4)] for _ in range(100)]
    return max(abs(a.data - b.data) for row in rows for a, b in zip(network(row), layer(row), strict=True))


if __name__ == "__main__":
    print(f"three linear layers and one differ by {main():.1e} at most")
