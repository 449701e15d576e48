"""Passes: each takes a program and gives a shorter one that computes the same."""

from collections import Counter
from collections.abc import Callable

from tinygrad_edu.gates import GATES
from tinygrad_edu.program.code import ONE, Code, Column, Name, Operand, Statement, Stored, group_of, position, shape

Change = Callable[[Statement], Operand | Statement | None]


def rewritten(code: Code, change: Change) -> Code:
    """The program without the statements for which `change` has an operand that says the same, or another statement.

    It sees each statement with its inputs as they are by then.
    """
    instead: dict[Name, Operand] = {}
    kept: list[Statement] = []

    def now(operand: Operand) -> Operand:
        if isinstance(operand, Column):
            return Column(now(operand.of))
        return instead.get(operand, operand) if isinstance(operand, Name) else operand

    forward = code.forward
    for i, statement in enumerate(code):
        current = Statement(statement.target, statement.gate, tuple([now(x) for x in statement.inputs]))
        same = change(current)
        if same is None or isinstance(same, Statement):
            kept.append(same or current)
        else:
            instead[statement.target] = same
            forward -= i < code.forward
    gradients = tuple([(where, now(gradient)) for where, gradient in code.gradients])
    return Code(tuple(kept), forward, now(code.output), gradients)


def fold_constants(code: Code) -> Code:
    """Compute at once what has only constants for inputs."""

    def folded(statement: Statement) -> Operand | None:
        gate = GATES.get(statement.gate)
        if gate is None or "[]" in gate.takes or not all(type(x) is float for x in statement.inputs):
            return None
        return gate.evaluate(statement.inputs, statement.inputs)

    return rewritten(code, folded)


def drop_identities(code: Code) -> Code:
    """Leave out `x + 0`, `x - 0`, `x * 1`, `x / 1`, `x ** 1` and the other way round."""

    def same(statement: Statement) -> Operand | None:
        match statement.gate, statement.inputs:
            case ("add", (x, 0.0)) | ("add", (0.0, x)) | ("sub", (x, 0.0)):
                return x
            case ("mul", (x, 1.0)) | ("mul", (1.0, x)) | ("div", (x, 1.0)) | ("power", (x, 1.0)):
                return x
        return None

    return rewritten(code, lambda s: x if (x := same(s)) is not None and shape(x) == s.target.shape else None)


def narrow(code: Code) -> Code:
    """Take a part of a product of stored numbers by multiplying that part alone; likewise for sums."""
    made: dict[Operand, Statement] = {statement.target: statement for statement in code}

    def part_of(x: Operand, places: slice) -> Operand:
        if not isinstance(x, Stored) or not x.shape:
            return x
        where = x.places[places]
        return Stored(x.array, where.start, (len(where),), (where.step,))

    def narrowed(statement: Statement) -> Statement | None:
        group = made.get(statement.inputs[0]) if statement.gate in ("pick", "part") else None
        if group is None or group.gate not in ("add", "sub", "mul", "neg"):
            return None
        if any(isinstance(x, Name) and x.shape for x in group.inputs):
            return None
        first, *last = map(position, statement.inputs[1:])
        parts = [part_of(x, slice(first, *(last or [first + 1]))) for x in group.inputs]
        if statement.gate == "pick":
            parts = [Stored(x.array, x.start) if isinstance(x, Stored) else x for x in parts]
        return Statement(statement.target, group.gate, tuple(parts))

    return rewritten(code, narrowed)


def share_common(code: Code) -> Code:
    """Compute once what several statements compute alike."""
    seen: dict[tuple[object, ...], Name] = {}

    def earlier(statement: Statement) -> Operand | None:
        inputs = statement.inputs
        if statement.gate in ("add", "mul"):
            inputs = tuple(sorted(inputs, key=repr))
        key = (statement.gate, *[(type(x), repr(x)) for x in inputs])  # repr: 0.0 and -0.0 are not alike
        found = seen.setdefault(key, statement.target)
        return None if found == statement.target else found

    return rewritten(code, earlier)


def drop_dead(code: Code) -> Code:
    """Leave out what neither the output nor a gradient depends on."""
    needed = {code.output, *[group_of(gradient) for _, gradient in code.gradients]}
    kept = []
    forward = code.forward
    for i, statement in reversed(list(enumerate(code))):
        if statement.target in needed:
            kept.append(statement)
            needed.update(map(group_of, statement.inputs))
        else:
            forward -= i < code.forward
    return Code(tuple(reversed(kept)), forward, code.output, code.gradients)


def add_up(code: Code) -> Code:
    """In the gradient, write `x + c * y + c * y` as `x + 2c * y`: what the squares of a penalty pass back."""
    made: dict[Operand, Statement] = {statement.target: statement for statement in code}
    inputs = [x for statement in code for x in statement.inputs]
    uses = Counter(map(group_of, [*inputs, code.output, *[x for _, x in code.gradients]]))
    instead: dict[Operand, Statement] = {}
    for outer in code.statements[code.forward :]:
        inner, product = [made.get(x) for x in outer.inputs[:2]] if outer.gate == "add" else (None, None)
        if not inner or not product or inner.gate != "add" or uses[inner.target] > 1 or product.gate != "mul":
            continue
        (first, second), (factor, y) = inner.inputs, product.inputs
        if second == product.target and isinstance(factor, float) and shape(y) == inner.target.shape:
            instead[inner.target] = Statement(inner.target, "mul", (2.0 * factor, y))
            instead[outer.target] = Statement(outer.target, "add", (first, inner.target))
    return rewritten(code, lambda statement: instead.get(statement.target))


def for_every_row(code: Code) -> Code:
    """The program for rows of which none is to be left out."""
    statements = [
        Statement(s.target, s.gate, tuple([1.0 if x == ONE else x for x in s.inputs])) for s in code.statements
    ]
    gradients = tuple([(where, 1.0 if gradient == ONE else gradient) for where, gradient in code.gradients])
    return Code(tuple(statements), code.forward, code.output, gradients)


def optimized(code: Code) -> Code:
    """All passes, again as long as they find anything."""
    before = None
    while before != len(code):
        before = len(code)
        code = drop_dead(share_common(drop_identities(narrow(fold_constants(code)))))
    return code
