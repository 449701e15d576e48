"""How long the wires of a graph are: a layout takes its time for all that they run past, not for the values alone."""

from collections.abc import Sequence

from tinygrad_edu.value import Value

MOST_PASSED = 10_000  # more could not be followed by the eye, nor laid out at once


def passed(values: Sequence[Value]) -> int:
    """How many gates the wires run past, all together, where every value stands as near to the output as it can.

    Graphviz keeps a place for a wire at every gate that it passes: a value that enters each of 200 gates in a row has
    wires for 20,000 places.

    values  of the graph, each after what it was made from

    >>> x = Value(2, "x")
    >>> a = x.exp()
    >>> b = a.exp()
    >>> c = b * x
    >>> passed([x, a, b, c])
    2
    """
    after: dict[Value, int] = {}  # gates on the longest way to the output
    for node in reversed(values):
        for x in node.wires():
            if type(x) is not float:
                after[x] = max(after.get(x, 0), after.get(node, 0) + 1)
    return sum([after[x] - after.get(node, 0) - 1 for node in values for x in node.wires() if type(x) is not float])
