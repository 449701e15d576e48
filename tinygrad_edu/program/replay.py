"""A program's forward pass again for one row, gate by gate on Values: to name the gate at which it failed."""

from collections.abc import Sequence
from typing import Any

from tinygrad_edu.gates import GATES
from tinygrad_edu.program.code import Code, Operand, Stored
from tinygrad_edu.value import Group, Value


def replay(code: Code, inputs: Sequence[Value], parameters: Sequence[Value], backward: bool) -> float:
    """The output for a row, with the gradients on the parameters: or the DomainError of a gate, or of a slope."""
    stored = {"x": inputs, "w": parameters}
    results: dict[Operand, Any] = {}

    def read(operand: Operand) -> Any:
        if isinstance(operand, Stored):
            members = stored[operand.array][operand.places.start : operand.places.stop]
            return Group(members) if operand.shape else members[0]
        return operand if isinstance(operand, float) else results[operand]

    for statement in code.statements[: code.forward]:
        given = [read(x) for x in statement.inputs]
        results[statement.target] = Group(given) if statement.gate == "stack" else GATES[statement.gate](*given)
    output = read(code.output)
    if not isinstance(output, Value):
        return float(output)
    if backward:
        output.backward()
    return output.data
