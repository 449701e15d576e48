"""Module: anything with parameters. It finds them, names them, saves and restores their numbers."""

from collections.abc import Iterator, Mapping
from typing import Any

from tinygrad_edu import Group, Value


class Module:
    """A part of a model.

    Its parameters are the Values among its attributes and in their Groups, lists and Modules, in the order of
    definition. Their names say where they are: `layers.0.neurons.2.weights.1`.
    """

    def __call__(self, inputs: Any) -> Any:
        """The outputs for one row of inputs."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it computes: give it a __call__")

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """(name, parameter) for every parameter, in the order of definition; one that is used twice comes once."""
        seen: set[Value] = set()
        for name, parameter in _leaves("", self):
            if parameter not in seen:
                seen.add(parameter)
                yield name, parameter

    def parameters(self) -> list[Value]:
        """Every parameter, in the order of definition."""
        return [parameter for _, parameter in self.named_parameters()]

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


def _leaves(name: str, part: Any) -> Iterator[tuple[str, Value]]:
    """The parameters in one part of a module, with their names."""
    if isinstance(part, Value):
        yield name, part
        return
    if isinstance(part, Module):
        parts: Any = vars(part).items()
    elif isinstance(part, (Group, list, tuple)):
        parts = enumerate(part)
    else:
        return
    for key, inner in parts:
        yield from _leaves(f"{name}.{key}" if name else str(key), inner)
