"""A universal approximator: one hidden layer of eight tanh neurons and a linear output follow sin from -π to π."""

import math
from functools import partial

from nn import MLP, SGD, train
from nn.schedules import cosine


def main(seed: int = 0, epochs: int = 300) -> float:
    """The largest error, on a grid twenty times as fine as the rows learned from."""
    rows = [[math.pi * k / 10] for k in range(-10, 11)]
    model = MLP(1, [8, 1], activation="tanh", seed=seed)
    hidden, _ = model.layers
    for k, neuron in enumerate(hidden.neurons):  # from -3 to 3: the neurons bend at different places
        neuron.bias.data = 6.0 * k / 7.0 - 3.0
    train(
        model,
        rows,
        [math.sin(x) for (x,) in rows],
        optimizer=partial(SGD, momentum=0.9),
        schedule=cosine(0.1, epochs),
        epochs=epochs,
        batch_size=7,
        seed=seed,
    )
    grid = [math.pi * k / 200 for k in range(-200, 201)]
    return max(abs(model([x]).data - math.sin(x)) for x in grid)


if __name__ == "__main__":
    print(f"largest error between -π and π: {main():.3f}")
