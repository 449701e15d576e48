"""The architecture of a model as plain data that a file can hold, and a model from such data, whoever wrote it.

The table at the end of the readers is all that data can say: modules by name, and for each the settings that make one.
"""

import random
from collections.abc import Callable
from functools import partial
from typing import Any

from nn.activations import ACTIVATIONS, Activation, activation, named
from nn.convolution import AvgPool2d, Conv2d, MaxPool2d
from nn.initializers import Initializer
from nn.layers import MLP, Dropout, Flatten, Layer, Neuron, Sequential, Softmax
from nn.module import Module
from nn.perceptron import Perceptron
from tinygrad_edu import Value

LARGEST_WINDOW = 1024  # rows or columns: there are no parameters to vouch for the window of a pool
DEEPEST = 50  # modules within modules: as deep as nobody builds and Python's stack still bears
TUNED = {"sigmoid": "beta", "leaky_relu": "alpha", "elu": "alpha"}  # activations with a setting of their own

# What a stranger's file is told that it should have had, in words of JSON.
NAMES = {
    int: "a whole number",
    float: "a number with a decimal point",
    bool: "true or false",
    str: "text",
    list: "a list",
    dict: "an object",
}

# ---- readers: what a setting may be. Each gives the setting back or raises ValueError.


def of(kind: type, x: Any) -> Any:
    """A float, int, bool, str, list or dict, if it is one: true is no whole number here."""
    if type(x) is not kind:
        raise ValueError(f"it has {str(x)[:40]!r} where {NAMES[kind]} belongs")
    return x


whole, truth, word = partial(of, int), partial(of, bool), partial(of, str)


def number(x: Any) -> float:
    """A finite number."""
    return Value(x if type(x) is int else of(float, x)).data


def widths(x: Any) -> list[int]:
    """Whole numbers."""
    return [whole(width) for width in of(list, x)]


def window(x: Any) -> list[int]:
    """Two whole numbers that are not too large."""
    if len(widths(x)) != 2 or max(x) > LARGEST_WINDOW:
        raise ValueError(f"it has {str(x)[:40]} where two numbers of at most {LARGEST_WINDOW} belong")
    return list(x)


def function(x: Any) -> Activation:
    """An activation: its name, or {"kind": name, setting: number}."""
    if type(x) is not dict:
        return activation(word(x))
    name = word(x.get("kind"))
    if name not in TUNED or x.keys() != {"kind", TUNED[name]}:
        raise ValueError(f"it has {str(x)[:80]} where an activation belongs")
    return partial(ACTIVATIONS[name], **{TUNED[name]: number(x[TUNED[name]])})


def functions(x: Any) -> Activation | list[Activation]:
    """One activation for all layers, or one for each."""
    return [function(one) for one in x] if type(x) is list else function(x)


# fmt: off
POOL: dict[str, Callable[[Any], Any]] = {"kernel_size": window, "stride": window, "padding": window}
SETTINGS: dict[type[Module], dict[str, Callable[[Any], Any]]] = {
    Neuron: {"inputs": whole, "activation": function, "bias": truth},
    Layer: {"inputs": whole, "outputs": whole, "activation": function, "bias": truth},
    MLP: {"inputs": whole, "sizes": widths, "activation": functions, "output": function, "bias": truth},
    Perceptron: {"weights": whole, "output": word},
    Conv2d: {"in_channels": whole, "out_channels": whole, **POOL, "bias": truth, "activation": function},
    MaxPool2d: POOL,
    AvgPool2d: POOL,
    Flatten: {},
    Dropout: {"p": number},
    Softmax: {},
    Sequential: {"layers": partial(of, list)},
}
# fmt: on
DRAWN = (Neuron, Layer, MLP, Conv2d)  # these have weights, which an initializer draws


def describe(part: Module | Activation) -> Any:
    """A model, or an activation, as lists, dicts, numbers and words.

    Raises ValueError for a module or an activation that is not one of nn's, and for modules nested too deep.

    >>> describe(Sequential(Layer(2, 1, "tanh"), Softmax()))["layers"][1]
    {'kind': 'Softmax'}
    """
    return _described(part, DEEPEST)


def _described(part: Module | Activation, room: int) -> Any:
    if isinstance(part, Module):
        if type(part) not in SETTINGS:
            raise ValueError(f"data can describe nn's own modules, not {type(part).__name__}; keep its state_dict()")
        _refuse_too_deep(room)
        return {"kind": type(part).__name__} | {name: _plain(x, room - 1) for name, x in part.settings().items()}
    name, settings = named(part)
    if not settings.keys() <= {TUNED.get(name)}:
        raise ValueError(f"data cannot describe the activation {name} with {', '.join(settings)}")
    return {"kind": name} | {key: number(x) for key, x in settings.items()} if settings else name


def _plain(setting: Any, room: int) -> Any:
    if isinstance(setting, (list, tuple)):
        return [_plain(x, room) for x in setting]
    return _described(setting, room) if callable(setting) else setting


def _refuse_too_deep(room: int) -> None:
    if room == 0:
        raise ValueError(f"modules are nested more than {DEEPEST} deep")


def build(description: Any, weights: int) -> Module:
    """The model of a description, with zeros for its parameters.

    Raises ValueError if there is something in it that the table has not, and as soon as it needs more than so many
    weights: a few bytes cannot ask for a gigabyte.

    >>> build({"kind": "Layer", "inputs": 2, "outputs": 10**9, "activation": "relu", "bias": True}, weights=1000)
    Traceback (most recent call last):
    ValueError: it describes more weights than there are numbers, 1000
    """
    left = iter(range(weights))

    def zero(random_numbers: random.Random, inputs: int, outputs: int) -> float:
        if next(left, None) is None:
            raise ValueError(f"it describes more weights than there are numbers, {weights}")
        return 0.0

    return _module(description, zero, DEEPEST)


def _module(description: Any, initializer: Initializer, room: int) -> Module:
    _refuse_too_deep(room)
    kind = of(dict, description).get("kind")
    known = {made.__name__: made for made in SETTINGS}
    if type(kind) is not str or kind not in known:
        raise ValueError(f"no module is called {str(kind)[:40]!r}; there are {', '.join(known)}")
    made, readers = known[kind], SETTINGS[known[kind]]
    if description.keys() != {"kind", *readers}:
        raise ValueError(f"a {kind} needs {', '.join(readers) or 'no settings'}, got {', '.join(description)[:80]}")
    settings = {name: read(description[name]) for name, read in readers.items()}
    if made is Sequential:
        return Sequential(*[_part(layer, initializer, room - 1) for layer in settings["layers"]])
    if made is Perceptron:  # its weights are told, not drawn
        settings["weights"] = [initializer(random.Random(), 1, 1) for _ in range(settings["weights"])]
    return made(**settings, initializer=initializer) if made in DRAWN else made(**settings)


def _part(description: Any, initializer: Initializer, room: int) -> Module | Activation:
    is_function = type(description) is str or of(dict, description).get("kind") in TUNED
    return function(description) if is_function else _module(description, initializer, room)
