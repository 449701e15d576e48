"""What pictures, ledgers and derivations call each Value, so that all of them call it the same."""

from collections.abc import Sequence
from itertools import count

from tinygrad_edu.value import Value


def names(values: Sequence[Value]) -> dict[Value, str]:
    """For each Value its label on one line, or v1, v2, ... in the order given, whichever of these no label has taken.

    Of several with one label each after the first gets a prime more: x, x′, x″.

    >>> x = Value(2, "x")
    >>> list(names([x, x * x, Value(3, "v1"), x + x, Value(4, "x")]).values())
    ['x', 'v2', 'v1', 'v3', 'x′']
    """
    labels = {value: " ".join(str(value.label).split()) for value in values}
    taken = set(labels.values())
    free = (name for i in count(1) if (name := f"v{i}") not in taken)
    found: dict[Value, str] = {}
    used: set[str] = set()
    for value, label in labels.items():
        name = label or next(free)
        while name in used:
            name += "′"
        used.add(name)
        found[value] = name
    return found
