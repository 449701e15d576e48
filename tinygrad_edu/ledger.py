"""The ledger: both passes as rows to read, `upstream * local = downstream` for every wire."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tinygrad_edu.backprop import chain_rule, mirror, topological_order
from tinygrad_edu.names import names
from tinygrad_edu.value import Value


@dataclass(frozen=True, slots=True)
class ForwardRow:
    """What one gate computed."""

    gate: str
    inputs: tuple[Value, ...]
    output: Value


@dataclass(frozen=True, slots=True)
class BackwardRow:
    """What one gate sent to one of its inputs: upstream * local = downstream.

    `total` is all that the input has received so far, this downstream included.
    """

    gate: str
    output: Value
    input: Value
    upstream: float
    local: float
    downstream: float
    total: float


@dataclass(frozen=True, slots=True)
class Ledger:
    """Both passes under one output; printed, two aligned tables.

    forward   a row for each gate, in the order of the forward pass
    backward  a row for each product, in the order in which the backward pass makes them; a gate whose upstream is 0
              sends nothing
    names     what the tables call each Value: its label, or v1, v2, ... in the order of the forward pass
    """

    forward: list[ForwardRow]
    backward: list[BackwardRow]
    names: dict[Value, str]

    def to_dicts(self) -> list[dict[str, Any]]:
        """The backward rows as dicts, the Values by name: ready for a data frame."""
        columns = BackwardRow.__slots__
        return [{name: self._named(getattr(row, name)) for name in columns} for row in self.backward]

    def __str__(self) -> str:
        forward = [("output", "gate", "inputs", "value")]
        for row in self.forward:
            inputs = ", ".join(self._shown(x) for x in row.inputs)
            forward.append((self.names[row.output], row.gate, inputs, _brief(row.output.data)))
        backward = [("output", "gate", "input", "upstream", "×", "local", "=", "downstream", "total")]
        for step in self.backward:
            products = (_brief(step.upstream), "×", _brief(step.local), "=", _brief(step.downstream))
            backward.append((self.names[step.output], step.gate, self.names[step.input], *products, _brief(step.total)))
        return f"forward\n{_table(forward, 3)}\n\nbackward\n{_table(backward, 3)}"

    def _named(self, x: Any) -> Any:
        return self.names[x] if isinstance(x, Value) else x

    def _shown(self, x: Value) -> str:
        return f"{self.names[x]} = {_brief(x.data)}" if x in self.names else _brief(x.data)


def ledger(output: Value) -> Ledger:
    """The forward and the backward pass under `output`, row by row. `.grad` of the nodes is left alone.

    The rows are the chain rule's own: it runs once more over a mirror of the graph whose sums note what they are
    made of.

    >>> x, y, z = Value(-2, "x"), Value(5, "y"), Value(-4, "z")
    >>> q = (x + y).named("q")
    >>> print(ledger((q * z).named("f")))
    forward
    output  gate  inputs         value
    q       add   x = -2, y = 5      3
    f       mul   q = 3, z = -4    -12
    <BLANKLINE>
    backward
    output  gate  input  upstream  ×  local  =  downstream  total
    f       mul   q             1  ×     -4  =          -4     -4
    f       mul   z             1  ×      3  =           3      3
    q       add   x            -4  ×      1  =          -4     -4
    q       add   y            -4  ×      1  =          -4     -4
    """
    order = topological_order(output)
    values = [node for node in order if isinstance(node, Value)]
    forward = [ForwardRow(node.gate.name, node.inputs, node) for node in values if node.gate]

    backward: list[BackwardRow] = []
    images = mirror(order, data=lambda node: node.data, grad=lambda node: Received(node, backward))
    one = Received(output, backward)
    one.total = 1.0
    chain_rule(images, one)
    return Ledger(forward, backward, names(values))


class Received:
    """What stands in `.grad` of the mirror: a sum that writes a row for every product added to it."""

    def __init__(self, node: Value, rows: list[BackwardRow]) -> None:
        self.node = node
        self.rows = rows
        self.total = 0.0

    def __bool__(self) -> bool:
        return self.total != 0.0

    def __mul__(self, local: float) -> list[tuple[Value, float, float]]:
        return [(self.node, self.total, local)]

    def __add__(self, products: Sequence[tuple[Value, float, float]]) -> "Received":
        for output, upstream, local in products:
            downstream = upstream * local
            self.total += downstream
            gate = output.gate.name if output.gate else ""
            self.rows.append(BackwardRow(gate, output, self.node, upstream, local, downstream, self.total))
        return self


def _brief(x: float) -> str:
    return f"{x:.6g}"


def _table(rows: Sequence[Sequence[str]], words: int) -> str:
    """Rows as aligned columns: the first `words` of them to the left, the numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(w) if i < words else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
