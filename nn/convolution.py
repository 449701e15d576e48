"""Convolution and pooling: layers that look at an image through a small window, one place after another.

An image is lists in lists, [channel][row][column]; so is what these layers give. A kernel is a neuron: its weights
are the same Values at every place, so the copy gate adds up what each place sends them.
"""

import random
from itertools import chain
from typing import Any

from nn.activations import Activation
from nn.initializers import Initializer, generator
from nn.layers import Neuron, is_nested
from nn.module import Module
from nn.sizes import size
from tinygrad_edu import Group, maximum, total

Pair = tuple[int, int]
Channel = list[list[Any]]

OUTSIDE = object()  # what stands around an image where no number may


class Conv2d(Module):
    """Kernels laid on an image: an output is a kernel's weights · the window's inputs + bias, one dot gate.

    in_channels   how many channels the image has
    out_channels  how many kernels there are; each makes one channel of the output
    kernel_size   rows and columns of the window: a pair, or one number for both
    stride        how far the window moves from one place to the next: down and across, or one number
    padding       how many rows and columns of zeros are put around the image, on every side
    bias, activation, seed, initializer  as a Neuron's

    Of h rows there become (h + 2 padding - kernel_size) // stride + 1, of the columns likewise.
    Names, order of arguments and shapes are PyTorch's, with the activation as a convenience.

    >>> edges = Conv2d(1, 1, (1, 2), bias=False)
    >>> edges.load_state_dict({"kernels.0.weights.0": -1.0, "kernels.0.weights.1": 1.0})
    >>> [[x.data for x in row] for row in edges([[[0, 0, 5, 5], [0, 7, 7, 7]]])[0]]
    [[0.0, 5.0, 0.0], [7.0, 0.0, 0.0]]
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Pair,
        stride: int | Pair = 1,
        padding: int | Pair = 0,
        bias: bool = True,
        activation: str | Activation = "linear",
        seed: int | random.Random = 0,
        initializer: str | Initializer = "glorot",
    ) -> None:
        self.in_channels, out_channels = size("in_channels", in_channels), size("out_channels", out_channels)
        self.kernel_size = pair("kernel_size", kernel_size, least=1)
        self.stride = pair("stride", stride, least=1)
        self.padding = pair("padding", padding, least=0)
        area = self.kernel_size[0] * self.kernel_size[1]
        random_numbers = generator(seed)
        self.kernels = [
            Neuron(self.in_channels * area, activation, bias, random_numbers, out_channels * area, initializer)
            for _ in range(out_channels)
        ]

    def __call__(self, image: Any) -> list[Channel]:
        """The channels that the kernels make of an image.

        Raises ValueError if the image has another number of channels, is ragged, or is smaller than the kernel.
        """
        rows, columns = self.kernel_size
        name = f"Conv2d({self.in_channels} -> {len(self.kernels)}, {rows}x{columns})"
        channels = channels_of(image, name)
        if len(channels) != self.in_channels:
            raise ValueError(f"{name} was given {len(channels)} channels")
        padded = [surrounded(channel, self.padding, 0.0) for channel in channels]
        by_channel = [windows(channel, self.kernel_size, self.stride, name) for channel in padded]
        places = [[Group(chain(*parts)) for parts in zip(*row, strict=True)] for row in zip(*by_channel, strict=True)]
        return [[[kernel.fire(window) for window in row] for row in places] for kernel in self.kernels]

    def settings(self) -> dict[str, Any]:
        """The arguments that make another like it."""
        one = self.kernels[0]
        return {
            "in_channels": self.in_channels,
            "out_channels": len(self.kernels),
            "kernel_size": self.kernel_size,
            "stride": self.stride,
            "padding": self.padding,
            "bias": one.bias is not None,
            "activation": one.activation,
        }


class Pool2d(Module):
    """What MaxPool2d and AvgPool2d share: each window of each channel becomes one number.

    kernel_size  rows and columns of the window: a pair, or one number for both
    stride       how far the window moves: down and across, or one number; as far as it is wide where none is given
    padding      how many places around the image the window may reach: at most half of its size
    """

    def __init__(self, kernel_size: int | Pair, stride: int | Pair | None = None, padding: int | Pair = 0) -> None:
        self.kernel_size = pair("kernel_size", kernel_size, least=1)
        self.stride = self.kernel_size if stride is None else pair("stride", stride, least=1)
        self.padding = pair("padding", padding, least=0)
        if any(2 * beyond > size for beyond, size in zip(self.padding, self.kernel_size, strict=True)):
            raise ValueError(f"padding may be half of kernel_size, got {self.padding} and {self.kernel_size}")

    def __call__(self, image: Any) -> list[Channel]:
        """As many channels, each of them smaller. Raises ValueError for a ragged image or one smaller than a window."""
        name = f"{type(self).__name__}({self.kernel_size[0]}x{self.kernel_size[1]})"
        padded = [surrounded(channel, self.padding, OUTSIDE) for channel in channels_of(image, name)]
        return [
            [[self.pooled(Group(x for x in window if x is not OUTSIDE).members) for window in row] for row in places]
            for places in (windows(channel, self.kernel_size, self.stride, name) for channel in padded)
        ]

    def pooled(self, window: tuple[Any, ...]) -> Any:
        """What becomes of the numbers of the image in one window."""
        raise NotImplementedError

    def settings(self) -> dict[str, Any]:
        """The arguments that make another like it."""
        return {"kernel_size": self.kernel_size, "stride": self.stride, "padding": self.padding}


class MaxPool2d(Pool2d):
    """The largest number of each window: one maximum gate, which routes the gradient to where it came from.

    Inputs that tie share the gradient equally; PyTorch gives it to the first. Padding never wins. The arguments are
    PyTorch's: kernel_size, stride (kernel_size where none is given), padding; pairs, or one number for both.

    >>> MaxPool2d(2)([[[1.0, 2.0, 5.0, 6.0], [3.0, 4.0, 7.0, 8.0]]])
    [[[4.0, 8.0]]]
    """

    def pooled(self, window: tuple[Any, ...]) -> Any:
        """The largest."""
        return maximum(*window)


class AvgPool2d(Pool2d):
    """The mean of each window, padding counted as zeros: a sum gate, which deals the gradient out equally.

    The arguments are PyTorch's: kernel_size, stride (kernel_size where none is given), padding; pairs, or one number.

    >>> AvgPool2d(2)([[[1.0, 2.0, 5.0, 6.0], [3.0, 4.0, 7.0, 8.0]]])
    [[[2.5, 6.5]]]
    """

    def pooled(self, window: tuple[Any, ...]) -> Any:
        """The sum over the size of the window."""
        return total(window) / float(self.kernel_size[0] * self.kernel_size[1])


def pair(name: str, given: int | Pair, least: int) -> Pair:
    """Two whole numbers from a pair, or from one for both. Raises ValueError if they are less than `least`."""
    both = tuple(given) if isinstance(given, (tuple, list)) else (given, given)
    if len(both) != 2 or not all(isinstance(x, int) and x >= least for x in both):
        raise ValueError(f"{name} needs a whole number of {least} or more, or a pair of them, got {given!r}")
    return both


def channels_of(image: Any, name: str) -> list[Channel]:
    """The channels of an image as lists of rows. Raises ValueError if they are not, or are not alike in shape."""
    if not (is_nested(image) and all(is_nested(channel) and all(map(is_nested, channel)) for channel in image)):
        raise ValueError(f"{name} needs an image, [channel][row][column], but was given a number where a list belongs")
    channels = [[list(row) for row in channel] for channel in image]
    if not channels:
        raise ValueError(f"{name} was given 0 channels")
    for i, channel in enumerate(channels):
        if len(channel) != len(channels[0]):
            raise ValueError(f"{name} was given {len(channel)} rows in channel {i}, not {len(channels[0])}")
        for j, row in enumerate(channel):
            width = len(channels[0][0])
            if any(map(is_nested, row)):
                raise ValueError(f"{name} needs one image, [channel][row][column], but was given several at a time")
            if len(row) != width:
                raise ValueError(f"{name} was given {len(row)} columns in row {j} of channel {i}, not {width}")
    return channels


def surrounded(channel: Channel, padding: Pair, filler: Any) -> Channel:
    """The channel with rows of the filler above and below, and columns of it to the left and right."""
    down, across = padding
    sides = [filler] * across
    blank = [filler] * (2 * across + len(channel[0]) if channel else 0)
    return [blank] * down + [[*sides, *row, *sides] for row in channel] + [blank] * down


def windows(channel: Channel, size: Pair, stride: Pair, name: str) -> list[list[list[Any]]]:
    """What the window sees at each of its places: [place down][place across], a row of numbers."""
    height, width = len(channel), len(channel[0]) if channel else 0
    if height < size[0] or width < size[1]:
        raise ValueError(f"{name} was given an image of {height}x{width} with its padding, smaller than its window")
    return [
        [
            [x for row in channel[top : top + size[0]] for x in row[left : left + size[1]]]
            for left in range(0, width - size[1] + 1, stride[1])
        ]
        for top in range(0, height - size[0] + 1, stride[0])
    ]
