"""Which values of a graph belong to which part of a model, as far as the names of its parameters tell."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from tinygrad_edu.value import Group, Value

JOINING = ("add", "sum")
ACTIVATIONS = ("step", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus")


class Model(Protocol):
    """What has parameters with names such as `layers.0.neurons.2.weights.1`."""

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """(name, parameter) for every parameter."""
        ...


def part_of(name: str) -> str:
    """The part of the model that a parameter, or a smaller part, is in: the name without its last word and index.

    >>> part_of("layers.0.neurons.2.weights.1"), part_of("layers.0.neurons.2"), part_of("bias")
    ('layers.0.neurons.2', 'layers.0', '')
    """
    words = name.split(".")
    while words and words[-1].isdigit():
        words.pop()
    return ".".join(words[:-1])


def outermost(part: str) -> str:
    """The largest part that a part is in: `layers.0` for `layers.0.neurons.2`."""
    while outer := part_of(part):
        part = outer
    return part


def parts(values: Sequence[Value], parameters: Mapping[Value, str]) -> dict[Value, str]:
    """For the parameters, and for the values of the gates that belong to one part with them, the name of the part.

    A gate belongs to a part if it takes parameters of that part and of no other; so do the add and sum gates that
    join what such gates give, and the activation that alone takes what they give. All else, as a loss, belongs to none.

    values      of the graph, each after what it was made from
    parameters  with their names
    """
    inside = set(values)
    home = {parameter: part_of(name) or "model" for parameter, name in parameters.items() if parameter in inside}
    uses = Counter(x for node in values for x in node.operands() if isinstance(x, Value))
    uses.update(x for group in {x for node in values for x in node.operands() if type(x) is Group} for x in group)
    of_group: dict[Group, set[str]] = {}
    activated = set()
    for node in values:
        if node.gate is None:
            continue
        owners = set()
        for x in node.operands():
            if type(x) is Group:
                if x not in of_group:
                    of_group[x] = {home[member] for member in x if member in parameters}
                owners |= of_group[x]
            elif x in parameters:
                owners.add(home[x])
        if owners:
            if len(owners) == 1:
                home[node] = owners.pop()
            continue
        sources = [x for x in node.wires() if type(x) is not float] if node.gate.name in JOINING else [node.first]
        if sources[0] not in home or any(home.get(x) != home[sources[0]] for x in sources):
            continue
        if node.gate.name in JOINING:
            home[node] = home[sources[0]]
        elif node.gate.name in ACTIVATIONS and uses[node.first] == 1 and node.first not in activated:
            home[node] = home[node.first]
            activated.add(node)
    return home
