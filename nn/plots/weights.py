"""The weights of neurons that look at an image, as images themselves."""

from matplotlib.figure import Figure

from nn.layers import Layer
from nn.plots.images import on_one_scale


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
    grids = {
        f"{k}": [weights[row * width : (row + 1) * width] for row in range(height)]
        for k, weights in enumerate(neurons, start=1)
    }
    figure = on_one_scale(grids, signed=True, label="weight\n(a stroke: below 0)")
    figure.suptitle(f"the weights of {len(neurons)} neurons as {height} × {width} images")
    return figure
