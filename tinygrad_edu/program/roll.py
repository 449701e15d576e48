"""Rolling: what is done alike for every neuron of a layer becomes one statement on a matrix.

A graph of scalar nodes has one `dot` after another, each with weights of its own. Where such statements differ only in
which of the parameters, or of the members of a group, they take, and none waits for another, they are one loop.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from tinygrad_edu.gates import GATES
from tinygrad_edu.program.code import Code, Column, Name, Operand, Statement, Stored, group_of, position, shape, turned
from tinygrad_edu.program.trees import TAKES_WHOLE

Family = tuple[Operand, ...]
Tile = tuple[Stored, Operand]

FEWEST = 4  # single numbers that are worth a loop of their own


def rolled(code: Code) -> Code:
    """The same program, with loops over the neurons of a layer, forward and backward."""
    roll = _Roll(code)
    for statement in code:
        if statement.gate == "stack" and len(statement.inputs) > 1:
            roll.replace(statement.target, roll.family(statement.inputs))
    for statement in reversed(code.statements):
        if statement.gate == "add" and statement.target.shape:
            roll.replace(statement.target, roll.weighted(statement))
    gradients = tuple(_joined(code.gradients, roll))
    return _ordered(roll.made, code.output, gradients)


class _Roll:
    """The statements by what they compute, those that are left and those that were rolled.

    Statements may become one only if they are equally deep, that is, if the longest way to them from the row and the
    parameters has as many gates: then none of them waits for another.
    """

    def __init__(self, code: Code) -> None:
        self.given: dict[Operand, Statement] = {statement.target: statement for statement in code}
        self.made = dict(self.given)
        self.uses = Counter([x for statement in code for x in statement.inputs])
        self.depth: dict[Operand, int] = {}
        for statement in code:
            self.depth[statement.target] = 1 + max([self.depth.get(x, 0) for x in statement.inputs], default=0)
        self.families: dict[Family, Operand | None] = {}
        self.place: dict[Operand, tuple[Operand, int]] = {}  # of what was rolled: in which group, and where
        self.fresh = 1 + max([statement.target.index for statement in code], default=0)

    def write(self, gate: str, inputs: Sequence[Operand], of_shape: tuple[int, ...]) -> Name:
        """A new statement."""
        target = Name(self.fresh, of_shape)
        self.fresh += 1
        self.made[target] = Statement(target, gate, tuple(inputs))
        return target

    def replace(self, target: Name, instead: Operand | None) -> None:
        """Say that this is computed by something else."""
        if instead is not None and instead != target and shape(instead) == target.shape:
            self.made[target] = Statement(target, "same", (instead,))

    def family(self, members: Family) -> Operand | None:
        """One operand for all of them: what is the same for all, or a group or matrix with a row for each; or None."""
        waiting = [members]
        while waiting:
            current = waiting[-1]
            missing = [column for column in self._columns(current) if column not in self.families]
            if current in self.families or not missing:
                waiting.pop()
                self.families.setdefault(current, self._found(current))
            else:
                waiting += missing
        return self.families[members]

    def _statements(self, members: Family) -> list[Statement]:
        """The statements that compute them, if these are alike; else none."""
        statements = [self.given[x] for x in members if x in self.given]
        alike = {(s.gate, tuple(map(shape, s.inputs)), s.target.shape, self.depth[s.target]) for s in statements}
        if len(statements) < len(members) or len(alike) > 1 or len({*members}) < len(members):
            return []
        return statements

    def _columns(self, members: Family) -> list[Family]:
        """What they take, input by input, if they may become one statement."""
        statements = self._statements(members)
        if not statements or any(x in self.place for x in members):
            return []
        gate, of_shape = statements[0].gate, statements[0].target.shape
        reduces = gate in GATES and "[]" in GATES[gate].takes
        if gate in TAKES_WHOLE or len(of_shape) > 1 or (reduces and (gate != "dot" or of_shape)):
            return []
        return list(zip(*[s.inputs for s in statements], strict=True))

    def _found(self, members: Family) -> Operand | None:
        """The same, once their columns are found."""
        first, statements = members[0], self._statements(members)
        if all(repr(x) == repr(first) for x in members):
            return first
        if all(isinstance(x, Stored) for x in members):
            return _regular([x for x in members if isinstance(x, Stored)])
        if statements and statements[0].gate == "pick":
            return _run([(s.inputs[0], position(s.inputs[1])) for s in statements], self)
        if any(x in self.place for x in members):
            return _run([self.place.get(x, (x, 0)) for x in members], self)
        columns = self._columns(members)
        if not columns or any(self.families[column] is None and shape(column[0]) for column in columns):
            return None
        gate, of_shape = statements[0].gate, statements[0].target.shape
        inputs = []
        for column in columns:
            found = self.families[column]
            if found is None:
                found = self.families[column] = self.write("stack", column, (len(column),))
            inputs.append(Column(found) if of_shape and not shape(column[0]) and shape(found) else found)
        target = self.write(gate, inputs, (len(members), *of_shape))
        if not of_shape:
            for k, x in enumerate(members):
                self.place[x] = (target, k)
                self.made[x] = Statement(self.given[x].target, "pick", (target, float(k)))
        return target

    def weighted(self, last: Statement) -> Operand | None:
        """A sum of groups of weights, each times a number of its own, as a matrix, turned, times the group of those.

        That is how a layer's gradient goes back to its inputs.
        """
        if last.target not in self.made or self.made[last.target] is not last:
            return None
        terms = [(x, self._pair(x)) for x in self._terms(last)]
        pairs = sorted([pair for _, pair in terms if pair], key=lambda pair: pair[1].start)
        rest = [x for x, pair in terms if not pair]
        if len(pairs) < 2 or len(rest) > 1:
            return None
        matrix = self.family(tuple([weights for _, weights in pairs]))
        factors = tuple([factor for factor, _ in pairs])
        if not isinstance(matrix, Stored) or len(matrix.shape) < 2:
            return None
        group = self.family(factors)
        if group is None or not shape(group):
            group = self.write("stack", factors, (len(factors),))
        return self.write("dot", [turned(matrix), group, *rest], last.target.shape)

    def _terms(self, last: Statement) -> Iterator[Operand]:
        """The terms of a sum of sums; each inner one is used there alone."""
        waiting = [*last.inputs]
        while waiting:
            x = waiting.pop()
            inner = self.made.get(x)
            if inner and inner.gate == "add" and self.uses[x] == 1 and shape(x):
                waiting += inner.inputs
            else:
                yield x

    def _pair(self, x: Operand) -> tuple[Operand, Stored] | None:
        """A number and the stored group it is multiplied with, if x is such a product."""
        product = self.made.get(x)
        if product is None or product.gate != "mul":
            return None
        factor, weights = sorted(product.inputs, key=lambda y: len(shape(y)))
        return (factor, weights) if isinstance(weights, Stored) and not shape(factor) and shape(weights) else None


def _regular(members: Sequence[Stored]) -> Stored | None:
    """Numbers, or groups of one length, at equal distances, as a group, or as a matrix."""
    first, step = members[0], members[1].start - members[0].start
    regular = all(
        (x.array, x.start, x.shape, x.strides) == (first.array, first.start + k * step, first.shape, first.strides)
        for k, x in enumerate(members)
    )
    if not regular or len(first.shape) > 1:
        return None
    return Stored(first.array, first.start, (len(members), *first.shape), (step, *first.strides))


def _run(places: Sequence[tuple[Operand, int]], roll: _Roll) -> Operand | None:
    """Members of one group that follow one another, as that group, or part of it."""
    group, start = places[0]
    if places != [(group, start + k) for k in range(len(places))]:
        return None
    if shape(group) == (len(places),):
        return group
    return roll.write("part", [group, float(start), float(start + len(places))], (len(places),))


def _joined(gradients: Sequence[Tile], roll: _Roll) -> Iterator[Tile]:
    """Stretches of the gradient, those joined to a matrix that lie at equal distances and are computed alike."""
    alike: dict[object, list[Tile]] = defaultdict(list)
    for where, x in gradients:
        statement = roll.given.get(x)
        alike[where.shape, statement and statement.gate, roll.depth.get(x)].append((where, x))
    for tiles in alike.values():
        for run in _runs(tiles):
            few = not run[0][0].shape and len(run) < FEWEST and not all(x in roll.place for _, x in run)
            matrix = None if few or len(run) < 2 else _regular([where for where, _ in run])
            whole = roll.family(tuple([x for _, x in run])) if matrix else None
            if matrix is None or whole is None:
                yield from run
            elif shape(whole) and not shape(run[0][1]) and run[0][0].shape:
                yield matrix, Column(whole)  # one number for all of a stretch
            else:
                yield matrix, whole


def _runs(tiles: Sequence[Tile]) -> Iterator[list[Tile]]:
    """Tiles that follow one another at equal distances."""
    left = list(tiles)
    while left:
        run = left[:2]
        step = run[-1][0].start - run[0][0].start
        while len(run) < len(left) and left[len(run)][0].start == run[-1][0].start + step:
            run.append(left[len(run)])
        yield run
        left = left[len(run) :]


def _ordered(made: dict[Operand, Statement], output: Operand, gradients: tuple[Tile, ...]) -> Code:
    """The statements that are needed, each after those it waits for; those of the output first."""
    done: dict[Operand, Statement] = {}

    def now(x: Operand) -> Operand:
        if isinstance(x, Column):
            return Column(now(x.of))
        while x in made and made[x].gate == "same":
            (x,) = made[x].inputs
        return x

    def need(root: Operand) -> None:
        waiting = [now(root)]
        while waiting:
            x = waiting[-1]
            inputs = [group_of(now(y)) for y in made[x].inputs] if x in made else []
            missing = [y for y in inputs if y in made and y not in done]
            if missing and x not in done:
                waiting += reversed(missing)
                continue
            waiting.pop()
            if x in made and x not in done:
                statement = made[x]
                done[x] = Statement(statement.target, statement.gate, tuple(map(now, statement.inputs)))

    need(output)
    forward = len(done)
    for _, x in gradients:
        need(group_of(x))
    return Code(tuple(done.values()), forward, now(output), tuple([(where, now(x)) for where, x in gradients]))
