"""Which statements stand within the expression that uses them: those used once, by what goes number by number."""

from collections import Counter
from collections.abc import Callable, Sequence

from tinygrad_edu.program.code import Column, Name, Operand, Statement, shape

TAKES_WHOLE = ("stack", "pick", "part")  # what makes groups and takes them apart


def within(
    statements: Sequence[Statement],
    results: Sequence[Operand],
    short: Callable[[Statement, dict[Operand, Statement]], bool],
) -> dict[Operand, Statement]:
    """The statements that need no line of their own, by what they compute.

    results  what is used after the last statement
    short    whether a statement, together with those that stand within it, is short enough to stand within another
    """
    found: dict[Operand, Statement] = {}
    uses = Counter([x for statement in statements for x in statement.inputs if isinstance(x, Name)])
    uses.update([x for x in results if isinstance(x, Name)])
    apart: set[Operand] = set()  # what is taken whole, or would be computed again for each number that uses it
    for statement in statements:
        dimensions = max([len(shape(x)) for x in statement.inputs], default=0)
        for x in statement.inputs:
            if isinstance(x, Column):
                apart.add(x.of)
            elif statement.gate in TAKES_WHOLE or (statement.target.shape and len(shape(x)) < dimensions):
                apart.add(x)
    for statement in statements:
        target = statement.target
        alone = uses[target] == 1 and statement.gate not in ("stack", "part")
        if alone and target not in apart and short(statement, found):
            found[target] = statement
    return found
