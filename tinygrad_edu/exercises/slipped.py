"""Where one usual slip leads: what a student finds for a gradient who makes it at a gate on the way."""

from collections.abc import Iterator

from tinygrad_edu.answers import Derivation
from tinygrad_edu.answers.rounding import Rounded
from tinygrad_edu.answers.slips import slips
from tinygrad_edu.value import Value


def slipped(derivation: Derivation, node: Value) -> Iterator[tuple[Rounded, str]]:
    """The gradient of a node after each slip that can be made at a gate it enters, and the slip in words."""
    for local in derivation.locals:
        if local.input is node:
            for text, changes in slips(local, derivation.locals, derivation.values):
                yield derivation.passed_back({}, changes)[node], text
