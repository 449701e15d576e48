"""The same function in elementary gates: a graph is not unique, and one with easy slopes can be read gate by gate."""

from typing import Any

from tinygrad_edu.backprop import topological_order
from tinygrad_edu.errors import DomainError
from tinygrad_edu.value import Group, Value, through


def expand(output: Value) -> Value:
    """The output of a graph like this one, with every fused gate written out in elementary gates.

    What a gate is written out in is its `expansion` in the table of gates: sigmoid in *-1, exp, +1 and 1/x, dot in
    mul and add. A gate without one stands as it is, and so does one that adds nothing up: a sum of one value, a
    fused gate of constants alone.

    The leaves are the leaves of the given graph, so gradients arrive on the same Values: call zero_grad() between the
    backward() of one and that of the other. Every gate's output is a new Value, computed anew, also where nothing is
    fused; it keeps its label. What was shared, a Value or a Group, is shared again.

    Raises DomainError where an elementary gate is not defined although the fused one is: of 1 / (1 + exp(-x)) the exp
    overflows at -800, where sigmoid gives 0.

    >>> x = Value(0.0, "x")
    >>> f = expand(x.sigmoid().named("f"))
    >>> f.backward()
    >>> f, f.gate, x.grad
    (Value(data=0.5, grad=1.0, label='f'), <gate reciprocal>, 0.25)
    """
    if not isinstance(output, Value):
        raise TypeError(f"expand needs a Value, got {type(output).__name__} {output!r}")
    more = True
    while more:  # an expansion may hold fused gates itself, as logsumexp's holds a sum
        output, more = _expanded_once(output)
    return output


def _expanded_once(output: Value) -> tuple[Value, bool]:
    """A copy of the graph with the expansions of its fused gates, and whether there were any."""
    images: dict[Any, Any] = {}
    fused = False
    for node in topological_order(output):
        if type(node) is Group:
            images[node] = Group([images.get(x, x) for x in node.members])
        elif node.gate is None:
            images[node] = node
        else:
            inputs = [images.get(wire, wire) for wire in node.operands()]
            expansion = _expansion(node, inputs)
            fused = fused or expansion is not None
            images[node] = (through(node.gate, inputs) if expansion is None else expansion).named(node.label)
    return images[output], fused


def _expansion(node: Value, inputs: list[Any]) -> Value | None:
    """The node's gate written out for these inputs; None if it stands as it is."""
    members = [x for wire in inputs for x in (wire if type(wire) is Group else (wire,))]
    if node.gate is None or node.gate.expansion is None or all(type(x) is float for x in members):
        return None
    try:
        expansion: Value = node.gate.expansion(*inputs)
    except DomainError as error:
        error.add_note(f"  in the expansion of {node.gate.name}, which is defined there itself")
        raise
    return None if expansion in members else expansion
