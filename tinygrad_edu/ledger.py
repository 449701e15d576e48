"""The ledger: both passes as rows to read, `upstream * local = downstream` for every wire."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tinygrad_edu.backprop import chain_rule, mirror, topological_order
from tinygrad_edu.drawing.labels import one_line
from tinygrad_edu.errors import DomainError
from tinygrad_edu.names import names
from tinygrad_edu.symbols import Call, Symbol, Written, constant, name, symbol_of
from tinygrad_edu.tables import html_table, text_table
from tinygrad_edu.value import Value

WORDS = ("output", "gate", "inputs", "input", "∂output/∂input")  # columns of text; the others hold numbers
WIDEST = 48  # characters of a slope that the tables show


@dataclass(frozen=True, slots=True)
class ForwardRow:
    """What one gate computed."""

    gate: str
    inputs: tuple[Value, ...]
    output: Value


@dataclass(frozen=True, slots=True)
class BackwardRow:
    """What one gate sent to one of its inputs: upstream * local = downstream, and before + downstream = total.

    `symbol` is how the local slope is written; `before` and `total` are what the input has received without and with
    this downstream.
    """

    gate: str
    output: Value
    input: Value
    upstream: float
    symbol: Symbol
    local: float
    downstream: float
    before: float
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
        """The backward rows as dicts, Values by name and slopes as text: ready for a data frame."""
        columns = BackwardRow.__slots__
        return [{column: self._plain(getattr(row, column)) for column in columns} for row in self.backward]

    def __str__(self) -> str:
        forward, backward = (text_table(cells, WORDS) for cells in (self._forward_cells(), self._backward_cells()))
        return f"forward\n{forward}\n\nbackward\n{backward}"

    def _repr_html_(self) -> str:
        return html_table(self._forward_cells(), WORDS, "forward") + html_table(
            self._backward_cells(), WORDS, "backward"
        )

    def _forward_cells(self) -> list[Sequence[str]]:
        cells: list[Sequence[str]] = [("output", "gate", "inputs", "value")]
        for row in self.forward:
            inputs = ", ".join(self._shown(x) for x in row.inputs)
            cells.append((self._called(row.output), row.gate, inputs, _brief(row.output.data)))
        return cells

    def _backward_cells(self) -> list[Sequence[str]]:
        cells: list[Sequence[str]] = [
            ("output", "gate", "input", "∂output/∂input", "upstream", "×", "local", "=", "downstream", "total")
        ]
        for row in self.backward:
            before, downstream, total = map(_brief, (row.before, row.downstream, row.total))
            products = (_brief(row.upstream), "×", _brief(row.local), "=", downstream)
            sums = total if row.before == 0.0 else f"{before} + {downstream} = {total}".replace("+ -", "- ")
            symbol = _elided(str(row.symbol))
            cells.append((self._called(row.output), row.gate, self._called(row.input), symbol, *products, sums))
        return cells

    def _plain(self, x: Any) -> Any:
        return self.names[x] if isinstance(x, Value) else str(x) if isinstance(x, Symbol) else x

    def _shown(self, x: Value) -> str:
        return f"{self._called(x)} = {_brief(x.data)}" if x in self.names else _brief(x.data)

    def _called(self, x: Value) -> str:
        return one_line(self.names[x])


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
    output  gate  input  ∂output/∂input  upstream  ×  local  =  downstream  total
    f       mul   q      z                      1  ×     -4  =          -4     -4
    f       mul   z      q                      1  ×      3  =           3      3
    q       add   x      1                     -4  ×      1  =          -4     -4
    q       add   y      1                     -4  ×      1  =          -4     -4
    """
    if not isinstance(output, Value):
        raise TypeError(f"ledger needs a Value, got {type(output).__name__} {output!r}")
    order = topological_order(output)
    values = [node for node in order if isinstance(node, Value)]
    called = names(values)
    forward = [ForwardRow(value.gate.name, value.inputs, value) for value in values if value.gate]
    return Ledger(forward, backward_rows(order, called), called)


def backward_rows(
    order: Sequence[Any], called: Mapping[Value, str], zeros: Collection[Value] = ()
) -> list[BackwardRow]:
    """The rows that the chain rule writes along an order of the graph.

    called  the names of the Values, for the slopes
    zeros   the Values whose gates send their zeros too where their upstream is 0
    """
    symbols = {value: name(one_line(called[value])) for value in order if isinstance(value, Value)}
    known: dict[Call, Symbol] = {}
    for value, symbol in symbols.items():
        if value.gate and type(value.first) is not tuple:
            inputs = tuple([constant(x) if type(x) is float else symbols[x] for x in value.wires()])
            known.setdefault(Call(value.gate, inputs), symbol)
    rows: list[BackwardRow] = []
    images = mirror(
        order,
        data=lambda node: Written(node.data, symbols[node], known),
        grad=lambda node: Received(node, rows, node in zeros),
    )
    one = Received(order[-1], rows, order[-1] in zeros)
    one.total = 1.0
    chain_rule(images, one)
    for row in rows:
        if row.output.gate and row.total - row.total != 0.0:
            raise DomainError(row.output.gate, row.output.wires(), "the gradient it sends is too large for a double")
    return rows


class Received:
    """What stands in `.grad` of the mirror: a sum that writes a row for every product added to it."""

    def __init__(self, node: Value, rows: list[BackwardRow], zeros: bool) -> None:
        self.node = node
        self.rows = rows
        self.zeros = zeros
        self.total = 0.0

    def __bool__(self) -> bool:
        return self.zeros or self.total != 0.0

    def __mul__(self, local: Any) -> list[tuple[Value, float, Any]]:
        return [(self.node, self.total, local)]

    def __add__(self, products: Sequence[tuple[Value, float, Any]]) -> "Received":
        for output, upstream, local in products:
            downstream, before = upstream * float(local), self.total
            self.total += downstream
            self.rows.append(
                BackwardRow(
                    gate=output.gate.name if output.gate else "",
                    output=output,
                    input=self.node,
                    upstream=upstream,
                    symbol=symbol_of(local),
                    local=float(local),
                    downstream=downstream,
                    before=before,
                    total=self.total,
                )
            )
        return self


def _brief(x: float) -> str:
    return f"{x:.6g}"


def _elided(text: str) -> str:
    return text if len(text) <= WIDEST else f"{text[: WIDEST // 2]}…{text[-WIDEST // 2 + 1 :]}"
