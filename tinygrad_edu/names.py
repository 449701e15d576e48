"""What pictures, ledgers and derivations call each Value, so that all of them call it the same."""

from collections.abc import Sequence
from itertools import count

from tinygrad_edu.value import Value


def names(values: Sequence[Value]) -> dict[Value, str]:
    """For each Value its label on one line, or v1, v2, ... in the order given, whichever of these no label has taken.

    >>> x = Value(2, "x")
    >>> list(names([x, x * x, Value(3, "v1"), x + x]).values())
    ['x', 'v2', 'v1', 'v3']
    """
    labels = {value: " ".join(value.label.split()) for value in values}
    taken = set(labels.values())
    free = (name for i in count(1) if (name := f"v{i}") not in taken)
    return {value: label or next(free) for value, label in labels.items()}
