"""A program's forward pass again for one row, gate by gate on Values: to name the gate at which it failed."""

from collections.abc import Sequence
from typing import Any

from tinygrad_edu.gates import GATES
from tinygrad_edu.program.code import Code, Operand, Stored
from tinygrad_edu.value import Group, Value


def replay(code: Code, inputs: Sequence[Value], parameters: Sequence[Value], backward: bool) -> None:
    """Raise what the eager engine raises for a row, the DomainError of a gate, or of a slope; else nothing."""
    stored = {"x": inputs, "w": parameters}
    results: dict[Operand, Any] = {}

    def read(operand: Operand) -> Any:
        if isinstance(operand, Stored):
            members = stored[operand.array][operand.places.start : operand.places.stop]
            return Group(members) if operand.shape else members[0]
        return operand if isinstance(operand, float) else results[operand]

    for statement in code.statements[: code.forward]:
        inputs = [read(x) for x in statement.inputs]
        results[statement.target] = Group(inputs) if statement.gate == "stack" else GATES[statement.gate](*inputs)
    output = read(code.output)
    if backward and isinstance(output, Value):
        output.backward()
