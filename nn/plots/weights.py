"""The weights of neurons that look at an image, as images themselves."""

from typing import Any

from matplotlib.figure import Figure

from nn.layers import Layer
from nn.plots.chart import chart

COLUMNS = 8
MOST = 100  # neurons


def weight_images(layer: Layer, shape: tuple[int, int]) -> Figure:
    """The weights of each neuron of a layer as an image: what that neuron looks for.

    Red raises the neuron's sum, blue lowers it and has a stroke besides; white leaves it alone. One scale holds for
    all, and the largest weight of all, by its size, is at its end.

    shape  (height, width) of the images that the layer's inputs are, row by row

    Raises ValueError if a neuron has not height × width weights, or for more than 100 neurons.

    >>> layer = Layer(4, 1)
    >>> for weight, number in zip(layer.neurons[0].weights, [1.0, -2.0, 0.0, 0.5]):
    ...     weight.data = number
    >>> weight_images(layer, (2, 2)).axes[0].images[0].get_array().tolist()
    [[1.0, -2.0], [0.0, 0.5]]
    """
    height, width = shape
    neurons = [[weight.data for weight in neuron.weights] for neuron in layer.neurons]
    if len(neurons[0]) != height * width:
        raise ValueError(f"{layer!r} has {len(neurons[0])} weights a neuron, not the {height} × {width} of the image")
    if len(neurons) > MOST:
        raise ValueError(f"{len(neurons)} images could not be read: give a layer of {MOST} neurons or fewer")
    limit = max(abs(weight) for weights in neurons for weight in weights) or 1.0
    columns = min(COLUMNS, len(neurons))
    rows = -(-len(neurons) // columns)
    figure = chart(1.0 + 1.1 * columns, 0.6 + 1.3 * rows)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for unused in panels[len(neurons) :]:
        unused.remove()
    image: Any = None
    for k, (panel, weights) in enumerate(zip(panels, neurons, strict=False)):
        grid = [weights[row * width : (row + 1) * width] for row in range(height)]
        image = panel.imshow(grid, cmap="RdBu_r", vmin=-limit, vmax=limit)
        negative = [(i % width, i // width) for i, weight in enumerate(weights) if weight < 0]
        panel.plot([x for x, _ in negative], [y for _, y in negative], "_", color="0.25", markersize=2.5, mew=0.5)
        panel.set(xticks=[], yticks=[])
        panel.set_title(f"{k + 1}", fontsize="small")
    figure.colorbar(image, ax=panels[: len(neurons)], label="weight (a stroke: below 0)")
    figure.suptitle(f"the weights of {len(neurons)} neurons as {height} × {width} images")
    return figure
