"""The way onward: a model as a torch.nn.Module with the same parameters, and back.

PyTorch, of the extra `twin`, is imported here alone, and only when it is asked for.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from nn.activations import Activation, named
from nn.architecture import SETTINGS
from nn.convolution import AvgPool2d, Conv2d, MaxPool2d
from nn.layers import MLP, Dropout, Flatten, Layer, Neuron, Sequential, Softmax
from nn.module import Module
from tinygrad_edu import Value

if TYPE_CHECKING:
    import torch

EXACT = 40.0  # beyond its threshold PyTorch takes x for softplus(x); its own, 20, is off by 2e-9


def to_torch(model: Module) -> "torch.nn.Module":
    """The same network as a torch.nn.Module, with the same parameters in double precision, and in the same mode.

    It takes a batch, a tensor whose first dimension counts the rows or images; a network of one output gives a column.
    An activation becomes a module of its own: `to_torch(Layer(2, 3, "tanh"))` prints as

        Sequential(
          (0): Linear(in_features=2, out_features=3, bias=True)
          (1): Tanh()
        )

    Raises ValueError for what PyTorch has no module for, as `step` or a module of one's own, and for a model that uses
    a parameter in two places. Raises ImportError where PyTorch is not installed.
    """
    try:
        from torch import nn
    except ImportError as error:
        raise ImportError('to_torch needs PyTorch: pip install "tinygrad-edu[twin]"') from error
    parts = _torch_parts(model)
    network = parts[0] if len(parts) == 1 else nn.Sequential(*parts)
    network.training = model.training
    _refuse_shared(len(model.parameters()), sum(p.numel() for p in network.parameters()))
    return network


def from_torch(network: "torch.nn.Module") -> Module:
    """The way back: the same network of our modules, with the same parameters, and in the same mode.

    A Linear becomes a Layer, a Sequential a Sequential with its activations between the layers; Conv2d, MaxPool2d,
    AvgPool2d, Flatten, Dropout and Softmax keep their names. Our network takes one row, or image, at a time.

    Raises ValueError, and names the module, for one that we have none for, and for a network that uses a parameter in
    two places.
    """
    part = _our_part(network)
    model = part if isinstance(part, Module) else Sequential(part)
    _refuse_shared(sum(p.numel() for p in network.parameters()), len(model.parameters()))
    return model


def _refuse_shared(before: int, after: int) -> None:
    if before != after:
        raise ValueError(f"some of the {before} parameters are used in two places: a copy would tear them apart")


# ---- to PyTorch


def _torch_parts(part: Module | Activation) -> list[Any]:
    """The torch modules that a part of a model becomes, one after another."""
    from torch import nn

    if isinstance(part, Module) and type(part) not in SETTINGS:  # a subclass may compute something else
        raise ValueError(f"PyTorch has no module for {type(part).__name__}")
    match part:
        case Sequential() | MLP():
            return [inner for layer in part.layers for inner in _torch_parts(layer)]
        case Neuron():
            parts = _torch_neurons([part], nn.Linear, *part.widths)
        case Layer():
            parts = _torch_neurons(part.neurons, nn.Linear, *part.widths)
        case Conv2d():
            shape = part.in_channels, len(part.kernels), part.kernel_size, part.stride, part.padding
            parts = _torch_neurons(part.kernels, nn.Conv2d, *shape)
        case MaxPool2d():
            parts = [nn.MaxPool2d(part.kernel_size, part.stride, part.padding)]
        case AvgPool2d():
            parts = [nn.AvgPool2d(part.kernel_size, part.stride, part.padding)]
        case Dropout():
            parts = [nn.Dropout(part.p)]
        case Flatten():
            parts = [nn.Flatten()]
        case Softmax():
            parts = [nn.Softmax(dim=-1)]
        case Module():
            raise ValueError(f"PyTorch has no module for {type(part).__name__}")
        case _:
            return _torch_activation(part)
    return [inner.train(part.training) for inner in parts]


def _torch_neurons(neurons: Sequence[Neuron], kind: Any, *shape: Any) -> list[Any]:
    """A Linear or Conv2d whose outputs are these neurons, and their activation."""
    import torch

    bias = neurons[0].bias is not None
    new = torch.nn.utils.skip_init(kind, *shape, bias=bias, dtype=torch.float64)
    weights = torch.tensor([[w.data for w in neuron.weights] for neuron in neurons], dtype=torch.float64)
    state = {"weight": weights.reshape(new.weight.shape)}
    if bias:
        state["bias"] = torch.tensor([n.bias.data for n in neurons if n.bias is not None], dtype=torch.float64)
    new.load_state_dict(state)
    return [new, *_torch_activation(neurons[0].activation)]


def _torch_activation(function: Activation) -> list[Any]:
    """The torch module of an activation; none for the linear one."""
    from torch import nn

    name, settings = named(function)
    match name, settings:
        case "linear", {}:
            return []
        case "leaky_relu", _:
            return [nn.LeakyReLU(settings.get("alpha", 0.01))]
        case "elu", _:
            return [nn.ELU(settings.get("alpha", 1.0))]
        case "softplus", _:
            return [nn.Softplus(threshold=EXACT)]
        case (("sigmoid" | "tanh" | "relu"), _) if not settings:
            return [{"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU}[name]()]
    raise ValueError(f"PyTorch has no module for the activation {name} {settings or ''}")


# ---- from PyTorch


def _our_part(part: Any) -> Module | str | Activation:
    """What a torch module becomes: a module of ours, or an activation."""
    from torch import nn

    kind = type(part)  # a subclass may compute something else
    if kind is nn.Sequential:
        sequential = Sequential(*map(_our_part, part))
        sequential.training = part.training
        return sequential
    if kind is nn.Linear:
        layer = Layer(part.in_features, part.out_features, bias=part.bias is not None)
        return _filled(layer, layer.neurons, part)
    if kind is nn.Conv2d:
        _needs(part, dilation=(1, 1), groups=1, padding_mode="zeros")
        shape = part.in_channels, part.out_channels, part.kernel_size, part.stride, part.padding
        convolution = Conv2d(*shape, bias=part.bias is not None)
        return _filled(convolution, convolution.kernels, part)
    new: Module
    if kind is nn.MaxPool2d:
        _needs(part, dilation=1, ceil_mode=False, return_indices=False)
        new = MaxPool2d(part.kernel_size, part.stride, part.padding)
    elif kind is nn.AvgPool2d:
        _needs(part, ceil_mode=False, count_include_pad=True, divisor_override=None)
        new = AvgPool2d(part.kernel_size, part.stride, part.padding)
    elif kind is nn.Dropout:
        new = Dropout(part.p)
    elif kind is nn.Flatten:
        _needs(part, start_dim=1, end_dim=-1)
        new = Flatten()
    elif kind is nn.Softmax:
        _needs(part, dim=-1)
        new = Softmax()
    else:
        return _our_activation(part)
    return new.train(part.training)


def _filled(new: Module, neurons: Sequence[Neuron], part: Any) -> Module:
    """The module with the weights and biases of a Linear or Conv2d."""
    weights = part.weight.detach().double().flatten(1).tolist()
    biases = [None] * len(neurons) if part.bias is None else part.bias.detach().double().tolist()
    for neuron, row, bias in zip(neurons, weights, biases, strict=True):
        numbers = row if bias is None else [*row, bias]
        neuron.load_state_dict(dict(zip(neuron.state_dict(), numbers, strict=True)))
    return new.train(part.training)


def _our_activation(part: Any) -> str | Activation:
    from torch import nn

    kind = type(part)
    names = {nn.Identity: "linear", nn.Sigmoid: "sigmoid", nn.Tanh: "tanh", nn.ReLU: "relu", nn.Softplus: "softplus"}
    if kind is nn.LeakyReLU:
        return partial(Value.leaky_relu, alpha=part.negative_slope)
    if kind is nn.ELU:
        return partial(Value.elu, alpha=part.alpha)
    if kind is nn.Softplus:
        _needs(part, beta=1)
    if kind not in names:
        raise ValueError(f"nn has no module for PyTorch's {kind.__name__}")
    return names[kind]


def _needs(part: Any, **settings: Any) -> None:
    """A ValueError that names the first setting of a torch module which our module has no like for."""
    for name, needed in settings.items():
        if getattr(part, name) != needed:
            raise ValueError(f"{part} has {name}={getattr(part, name)!r}; nn knows only {name}={needed!r}")
