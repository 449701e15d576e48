"""Which statements stand within the expression that uses them: those used once, by what goes number by number."""

from collections import Counter
from collections.abc import Callable, Sequence

from tinygrad_edu.program.code import Name, Operand, Statement

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
    used_whole: set[Operand] = set()
    used_by_all: set[Operand] = set()  # a number that would be computed again for each of a group
    for statement in statements:
        if statement.gate in TAKES_WHOLE:
            used_whole.update(statement.inputs)
        elif statement.target.size:
            used_by_all.update(statement.inputs)
    for statement in statements:
        target = statement.target
        alone = uses[target] == 1 and statement.gate not in ("stack", "part")
        apart = used_whole if target.size else used_by_all
        if alone and target not in apart and short(statement, found):
            found[target] = statement
    return found
