"""Which row of the ledger runs along which wire, for all that shows the backward pass on the graph."""

from collections import defaultdict
from collections.abc import Sequence

from tinygrad_edu.backprop import topological_order
from tinygrad_edu.ledger import BackwardRow
from tinygrad_edu.value import Group, Value

Route = tuple[Value, int]  # a gate's output, and the place of a wire among `output.wires()`


def routes(output: Value, rows: Sequence[BackwardRow]) -> dict[Route, BackwardRow]:
    """Each backward row of `ledger(output)` by its gate's output and the place of its wire among the gate's wires.

    A wire that nothing was sent along has no row: a constant, and every wire of a gate whose upstream is 0.

    >>> from tinygrad_edu.ledger import ledger
    >>> b = Value(3, "b")
    >>> f = b - b
    >>> {k: row.local for (_, k), row in routes(f, ledger(f).backward).items()}
    {0: 1.0, 1: -1.0}
    """
    sent = defaultdict(list)
    for row in rows:
        sent[row.output, row.input].append(row)
    order = {node: i for i, node in enumerate(topological_order(output))}
    along = {}
    for node in {row.output: None for row in rows}:
        taken: dict[Value, int] = defaultdict(int)
        for k, x in _in_order_of_sending(node, order):
            along[node, k] = sent[node, x][taken[x]]
            taken[x] += 1
    return along


def _in_order_of_sending(node: Value, order: dict[Value | Group, int]) -> list[tuple[int, Value]]:
    """The wires of a gate as the backward pass comes to them: lone ones first, then its groups, the last one first."""
    if type(node.first) is not tuple:
        return [(k, x) for k, x in enumerate(node.wires()) if type(x) is not float]
    wires = []
    k = 0
    for slot, wire in enumerate(node.first):
        if type(wire) is Group:
            wires += [(1, -order[wire], place, slot, k + place, x) for place, x in enumerate(wire.members)]
            k += len(wire.members)
        else:
            wires.append((0, 0, 0, slot, k, wire))
            k += 1
    return [(k, x) for *_, k, x in sorted(wires, key=lambda wire: wire[:4]) if type(x) is not float]
