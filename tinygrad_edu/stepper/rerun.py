"""The forward pass again with some numbers changed: what follows when a value is nudged, or an input moved."""

from collections.abc import Mapping, Sequence
from typing import Any

from tinygrad_edu.value import Group, Value


def rerun(values: Sequence[Value], changed: Mapping[Value, float]) -> dict[Value, float]:
    """The numbers of all values, in the order of the forward pass, that follow from the `changed` ones, those included.

    The values themselves stay as they are. Raises DomainError where a gate is not defined on its new inputs.

    >>> x = Value(2)
    >>> y = x * x
    >>> list(rerun([x, y], {x: 3.0}).values()), y.data
    ([3.0, 9.0], 4.0)
    """
    numbers = dict(changed)
    for value in values:
        if value.gate and value not in changed and any(x in numbers for x in value.wires()):
            inputs = [_read(wire, numbers) for wire in value.operands()]
            numbers[value] = value.gate.evaluate(inputs, inputs)
    return numbers


def _read(wire: Any, numbers: Mapping[Value, float]) -> Any:
    """What a gate's forward rule is given for a wire: a number, or for a group a list of them."""
    if type(wire) is Group:
        return [_read(member, numbers) for member in wire]
    return wire if type(wire) is float else numbers.get(wire, wire.data)
