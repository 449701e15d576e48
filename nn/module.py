"""Module: anything with parameters. It finds them, names them, saves and restores their numbers."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Self

from tinygrad_edu import Group, Value


class Module:
    """A part of a model.

    Its parameters are the Values among its attributes and in their Groups, lists and Modules, in the order of
    definition. Their names say where they are: `layers.0.neurons.2.weights.1`.

    training  whether it is being trained: what Dropout asks. True until `eval()`

    A module prints its settings, or the tree of the modules in it.

    >>> from nn import Layer
    >>> class Pair(Module):
    ...     def __init__(self) -> None:
    ...         self.first = Layer(2, 3, "tanh")
    ...         self.second = Layer(3, 1)
    >>> Pair()
    Pair(
      first: Layer(inputs=2, outputs=3, activation=tanh, bias=True)
      second: Layer(inputs=3, outputs=1, activation=linear, bias=True)
    )
    """

    training = True

    def __call__(self, inputs: Any) -> Any:
        """The outputs for one row of inputs."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it computes: give it a __call__")

    def settings(self) -> dict[str, Any]:
        """The arguments that make another like it, but for the numbers of its parameters; none unless it says so."""
        return {}

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """(name, parameter) for every parameter, in the order of definition; one that is used twice comes once."""
        seen: set[Value] = set()
        for name, part in _parts("", self):
            if isinstance(part, Value) and part not in seen:
                seen.add(part)
                yield name, part

    def parameters(self) -> list[Value]:
        """Every parameter, in the order of definition."""
        return [parameter for _, parameter in self.named_parameters()]

    def modules(self) -> list["Module"]:
        """The module itself and every module in it, each once, in the order of definition.

        >>> from nn import Layer
        >>> Layer(2, 1).modules()
        [Layer(inputs=2, outputs=1, activation=linear, bias=True), Neuron(inputs=2, activation=linear, bias=True)]
        """
        return list(dict.fromkeys(part for _, part in _parts("", self) if isinstance(part, Module)))

    def train(self, mode: bool = True) -> Self:
        """Set `training` of the module and of every module in it; return the module.

        >>> from nn import Dropout
        >>> Dropout(0.5).train(False)([1.0, 2.0])
        [1.0, 2.0]
        """
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """The way back from train(): the module is used as it has been learned, and no longer at random.

        >>> from nn import Dropout
        >>> Dropout(0.5).eval()([1.0, 2.0])
        [1.0, 2.0]
        """
        return self.train(False)

    def zero_grad(self) -> None:
        """Set `.grad` of every parameter to zero."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    def state_dict(self) -> dict[str, float]:
        """The number of every parameter by its name."""
        return {name: parameter.data for name, parameter in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Set every parameter to the number of its name.

        Raises ValueError, and changes nothing, if a name is missing or unknown or a number is not a finite one.
        """
        parameters = dict(self.named_parameters())
        missing, unknown = parameters.keys() - state.keys(), state.keys() - parameters.keys()
        if missing or unknown:
            raise ValueError(
                f"the state does not fit this {type(self).__name__}: "
                f"missing {sorted(missing)[:3]}, unknown {sorted(unknown)[:3]} "
                f"({len(parameters)} parameters, {len(state)} numbers)"
            )
        numbers = {name: Value(number).data for name, number in state.items()}
        for name, parameter in parameters.items():
            parameter.data = numbers[name]

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={shown(setting)}" for name, setting in self.settings().items())
        if settings:
            return f"{type(self).__name__}({settings})"
        return tree(self, [part for key, value in vars(self).items() for part in _outermost_modules(key, value)])


def tree(module: Module, parts: Iterable[tuple[str, Any]]) -> str:
    """A module and, on indented lines, its named parts."""
    lines = textwrap.indent("".join(f"{name}: {shown(part)}\n" for name, part in parts), "  ")
    return f"{type(module).__name__}(\n{lines})" if lines else f"{type(module).__name__}()"


def shown(setting: Any) -> str:
    """A setting as a module prints it: a function by its name."""
    if isinstance(setting, list):
        return f"[{', '.join(map(shown, setting))}]"
    if isinstance(setting, partial):
        return f"{shown(setting.func)}({', '.join(f'{name}={x}' for name, x in setting.keywords.items())})"
    return str(getattr(setting, "__name__", setting))


def _parts(name: str, part: Any) -> Iterator[tuple[str, Any]]:
    """The parameters and the modules in one part of a module, itself among them, with their names."""
    if isinstance(part, Value):
        yield name, part
        return
    if isinstance(part, Module):
        yield name, part
    for key, inner in _members(part):
        yield from _parts(f"{name}.{key}" if name else str(key), inner)


def _outermost_modules(name: str, part: Any) -> Iterator[tuple[str, Module]]:
    """The modules in one part of a module, but not those in these."""
    if isinstance(part, Module):
        yield name, part
        return
    for key, inner in _members(part):
        yield from _outermost_modules(f"{name}.{key}", inner)


def _members(part: Any) -> Any:
    """(key, member) for every member of what can hold parameters."""
    if isinstance(part, Module):
        return vars(part).items()
    return enumerate(part) if isinstance(part, (Group, list, tuple)) else ()
