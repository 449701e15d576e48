"""What pictures, ledgers and derivations call each Value, so that all of them call it the same."""

from collections import Counter
from collections.abc import Sequence
from itertools import count

from tinygrad_edu.value import Value

PRIMES = 2  # of the values with one label; more could not be told apart


def names(values: Sequence[Value]) -> dict[Value, str]:
    """For each Value its label on one line, or v1, v2, ... in the order given, whichever of these no label has taken.

    Of several with one label the second and the third have primes, and then they are counted: x, x′, x′′, x (4).

    >>> x = Value(2, "x")
    >>> list(names([x, x * x, Value(3, "v1"), x + x, Value(4, "x")]).values())
    ['x', 'v2', 'v1', 'v3', 'x′']
    """
    labels = {value: " ".join(str(value.label).split()) for value in values}
    taken = set(labels.values())
    free = (name for i in count(1) if (name := f"v{i}") not in taken)
    found: dict[Value, str] = {}
    used: set[str] = set()
    times: Counter[str] = Counter()
    for value, label in labels.items():
        name = label or next(free)
        while name in used:
            times[label] += 1
            name = label + "′" * times[label] if times[label] <= PRIMES else f"{label} ({times[label] + 1})"
        used.add(name)
        found[value] = name
    return found
