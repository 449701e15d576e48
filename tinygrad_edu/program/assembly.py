"""A program in the language of LLVM: a block of rows in the lanes of vectors, groups as loops over storage.

A number that differs from row to row is a vector, one lane for each row of the block; a parameter, and what is
computed of parameters alone, is a single double, the same for every row. A group lies in memory, one member after the
other, and is gone through in a loop, forward and backward: the code grows with the gates, not with the weights.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

from tinygrad_edu.program.code import ONE, Code, Operand, Statement, Stored, size
from tinygrad_edu.program.mathematics import Mathematics
from tinygrad_edu.program.trees import within

LANES = 32  # rows in a block
SUMS = 8  # lanes in which a gradient is added up
TOGETHER = 4  # loops over one group that are made one, so that its members are read once
DEEPEST = 24  # gates in the body of one loop

double = ir.DoubleType()
integer = ir.IntType(64)
index = ir.IntType(32)
lanes = ir.VectorType(double, LANES)
sums = ir.VectorType(double, SUMS)
numbers = double.as_pointer()


class Assembly:
    """One function of a program.

        void run(double *x, int64 rows, double *w, double *room, double *outputs, double *gradient)

    `x` holds the rows, one after the other; `outputs` has place for whole blocks of them; `gradient` receives the sum
    over the rows; `room` is for what is computed on the way.

    module  what LLVM compiles
    room    how many doubles `room` has to hold
    """

    def __init__(self, code: Code, columns: int, parameters: int, backward: bool) -> None:
        self.code, self.columns, self.parameters = code, columns, parameters
        self.statements = code.statements if backward else code.statements[: code.forward]
        self.gradients = [(where, x) for where, x in code.gradients if x != 0.0] if backward else []
        results = [code.output, *[x for _, x in self.gradients]]
        self.within = within(self.statements, results, self._shallow)
        self.same: set[Operand] = set()  # what is the same for every row
        for statement in self.statements:
            if all(self._is_same(x) for x in statement.inputs):
                self.same.add(statement.target)
        self.dots_on: dict[Operand, list[Statement]] = defaultdict(list)  # by their inputs
        for statement in self.statements:
            if statement.gate == "dot":
                self.dots_on[statement.inputs[1]].append(statement)
        self.values: dict[Operand, Any] = {}
        self.arrays: dict[Operand, Any] = {}
        self.room = 0
        self.module = ir.Module()
        signature = ir.FunctionType(ir.VoidType(), [numbers, integer, *[numbers] * 4])
        self.function = ir.Function(self.module, signature, "run")
        for argument in self.function.args:
            if argument.type == numbers:
                argument.add_attribute("noalias")
        self.x, self.rows, self.w, self.free, self.outputs, self.gradient = self.function.args
        self.builder = ir.IRBuilder(self.function.append_basic_block())
        self.math = Mathematics(self.builder)
        self._write(backward)

    def _is_same(self, x: Operand) -> bool:
        return isinstance(x, float) or x in self.same or (isinstance(x, Stored) and x.array == "w")

    def _shallow(self, statement: Statement, found: dict[Operand, Statement]) -> bool:
        """Whether few enough gates would stand in one loop. A dot is a loop itself."""

        def gates_in(x: Operand) -> int:
            return 1 + sum([gates_in(y) for y in found[x].inputs]) if x in found else 0

        return statement.gate != "dot" and 1 + sum([gates_in(x) for x in statement.inputs]) <= DEEPEST

    def _write(self, backward: bool) -> None:
        self.columns_of_block = self._place(self.columns, lanes)
        for statement in self.statements:
            if statement.target in self.same:
                self._statement(statement)
        if backward and self.parameters:
            zero = ir.Constant(double, 0.0)
            self._repeat(self.parameters, lambda i: self.builder.store(zero, self.builder.gep(self.gradient, [i])))
        blocks = self.builder.sdiv(self.builder.add(self.rows, _int(LANES - 1)), _int(LANES))
        self._repeat(blocks, self._block)
        self.builder.ret_void()

    def _block(self, k: Any) -> None:
        """Everything for one block of rows."""
        start = self.builder.mul(k, _int(LANES))
        self._read_rows(start)
        left = self._wide(self.builder.sub(self.rows, start))
        inside = self.builder.icmp_signed("<", _vector(integer, range(LANES)), left)
        self.one = self.math.select(inside, self.math.splat(1.0, lanes), self.math.splat(0.0, lanes))
        for statement in self.statements:
            if statement.target not in self.same:
                self._statement(statement)
        self._store(self._wide(self._number(self.code.output)), self.outputs, k)
        self._add_gradients()

    def _read_rows(self, start: Any) -> None:
        """Put the rows of a block into columns. Beyond the last row it stands again; its gradient is left out."""
        last = self.builder.sub(self.rows, _int(1))
        rows = []
        for lane in range(LANES):
            row = self.builder.add(start, _int(lane))
            row = self.builder.select(self.builder.icmp_signed("<", row, last), row, last)
            rows.append(self.builder.gep(self.x, [self.builder.mul(row, _int(self.columns))]))

        def column(i: Any) -> None:
            vector = ir.Constant(lanes, ir.Undefined)
            for lane, row in enumerate(rows):
                x = self.builder.load(self.builder.gep(row, [i]))
                vector = self.builder.insert_element(vector, x, ir.Constant(index, lane))
            self._store(vector, self.columns_of_block, i)

        if self.columns:
            self._repeat(self.columns, column)

    # ---------------- memory, loops, lanes

    def _place(self, length: int, kind: Any) -> Any:
        """Room for so many numbers, or vectors of them, where the processor likes vectors to begin."""
        place = self.builder.gep(self.free, [_int(self.room)])
        self.room += -(-length * (LANES if kind == lanes else 1) // LANES) * LANES
        return self.builder.bitcast(place, kind.as_pointer())

    def _load(self, base: Any, i: Any, kind: Any) -> Any:
        value = self.builder.load(self.builder.gep(self.builder.bitcast(base, kind.as_pointer()), [i]))
        value.align = 8
        return value

    def _store(self, value: Any, base: Any, i: Any) -> None:
        place = self.builder.gep(self.builder.bitcast(base, value.type.as_pointer()), [i])
        self.builder.store(value, place).align = 8

    def _repeat(self, count: Any, body: Callable[..., Any], *first: Any) -> Any:
        """A loop: body(i, *carried) -> carried, for i from 0; the last of what is carried. It runs at least once."""
        before, loop = self.builder.block, self.function.append_basic_block()
        self.builder.branch(loop)
        self.builder.position_at_end(loop)
        i = self.builder.phi(integer)
        i.add_incoming(_int(0), before)
        carried = [self.builder.phi(x.type) for x in first]
        for phi, x in zip(carried, first, strict=True):
            phi.add_incoming(x, before)
        results = body(i, *carried)
        following = self.builder.add(i, _int(1))
        i.add_incoming(following, self.builder.block)
        for phi, x in zip(carried, results if first else (), strict=True):
            phi.add_incoming(x, self.builder.block)
        after = self.function.append_basic_block()
        more = self.builder.icmp_signed("<", following, _int(count) if isinstance(count, int) else count)
        self.builder.cbranch(more, loop, after)
        self.builder.position_at_end(after)
        return results

    def _wide(self, x: Any) -> Any:
        """A number that is the same for all rows, in every lane; a vector as it is."""
        if isinstance(x.type, ir.VectorType):
            return x
        kind = ir.VectorType(x.type, LANES)
        one = self.builder.insert_element(ir.Constant(kind, ir.Undefined), x, ir.Constant(index, 0))
        return self.builder.shuffle_vector(one, one, _vector(index, [0] * LANES))

    def _folded(self, x: Any, width: int) -> Any:
        """A vector's lanes added up to so many."""
        while x.type.count > width:
            half = x.type.count // 2
            low, high = _vector(index, range(half)), _vector(index, range(half, 2 * half))
            x = self.builder.fadd(self.builder.shuffle_vector(x, x, low), self.builder.shuffle_vector(x, x, high))
        return x

    # ---------------- statements

    def _statement(self, statement: Statement) -> None:
        target, inputs = statement.target, statement.inputs
        if target in self.within or target in self.values:
            return
        if statement.gate == "dot" and target not in self.same:
            self._dots(statement)
        elif not target.size:
            self.values[target] = self._gate(statement, None)
        elif statement.gate == "part":
            self.arrays[target] = self.builder.gep(self.arrays[inputs[0]], [_int(_whole(inputs[1]))])
        else:
            fit: Any = (lambda x: x) if target in self.same else self._wide
            place = self.arrays[target] = self._place(target.size, double if target in self.same else lanes)
            if statement.gate == "stack":
                for k, x in enumerate(inputs):
                    self._store(fit(self._number(x)), place, _int(k))
            else:
                self._repeat(target.size, lambda i: self._store(fit(self._gate(statement, i)), place, i))

    def _dots(self, first: Statement) -> None:
        """A dot and, in the same loop, others of parameters with the same inputs: the neurons of a layer."""
        siblings = [dot for dot in self.dots_on[first.inputs[1]] if dot is not first and self._can_join(dot)]
        together = [first, *siblings[: TOGETHER - 1]]
        biases = [self._wide(self._number(dot.inputs[2] if len(dot.inputs) > 2 else 0.0)) for dot in together]

        def body(i: Any, *totals: Any) -> list[Any]:
            results = []
            for dot, total in zip(together, totals, strict=True):
                x, y = (self._wide(self._number(group, i)) for group in dot.inputs[:2])
                results.append(self.math.fma(x, y, total))
            return results

        results = self._repeat(max(map(size, first.inputs)), body, *biases)
        for dot, result in zip(together, results, strict=True):
            self.values[dot.target] = result

    def _can_join(self, dot: Statement) -> bool:
        """Whether a dot may be computed before its turn: it waits for nothing but its inputs."""
        parameters = (dot.inputs[0], *dot.inputs[2:])
        waiting = dot.target not in self.values and dot.inputs[1] not in self.within
        return waiting and all(isinstance(x, Stored) and x.array == "w" for x in parameters)

    def _number(self, x: Operand, i: Any = None) -> Any:
        """One number, or number i of a group."""
        if isinstance(x, float):
            return ir.Constant(double, x)
        if x in self.within:
            return self._gate(self.within[x], i)
        if x == ONE:
            return self.one
        if isinstance(x, Stored):
            place = self.builder.add(_int(x.start), i) if x.size else _int(x.start)
            return (
                self._load(self.w, place, double) if x.array == "w" else self._load(self.columns_of_block, place, lanes)
            )
        return self._load(self.arrays[x], i, double if x in self.same else lanes) if x.size else self.values[x]

    def _gate(self, statement: Statement, i: Any) -> Any:
        """A gate on numbers, or on number i of groups."""
        gate, inputs = statement.gate, statement.inputs
        if gate == "pick":
            return self._number(inputs[0], _int(_whole(inputs[1])))
        if not statement.target.size and any(map(size, inputs)):
            return self._reduced(gate, inputs, all(map(self._is_same, inputs)))
        if gate == "power" and isinstance(inputs[1], float):
            return self.math.power(self._number(inputs[0], i), inputs[1])
        values = [self._number(x, i) for x in inputs]
        if any(value.type == lanes for value in values):
            values = list(map(self._wide, values))
        return getattr(self.math, "pow" if gate == "power" else gate)(*values)

    def _reduced(self, gate: str, inputs: Sequence[Operand], same: bool) -> Any:
        """A gate that makes one number of whole groups."""
        fit: Any = (lambda x: x) if same else self._wide
        groups, count = inputs[:2] if gate == "dot" else inputs, max(map(size, inputs))
        zero = self.math.splat(0.0, double if same else lanes)

        def over(first: Any, body: Callable[..., Any]) -> Any:
            """The loop over the members of the groups."""

            def one(i: Any, total: Any) -> list[Any]:
                return [body(total, *[fit(self._number(group, i)) for group in groups])]

            return self._repeat(count, one, first)[0]

        if gate == "dot":
            bias = fit(self._number(inputs[2])) if len(inputs) > 2 else zero
            return over(bias, lambda total, x, y: self.math.fma(x, y, total))
        if gate == "sum":
            return over(zero, self.math.add)
        if gate in ("maximum", "minimum"):
            return over(fit(self._number(inputs[0], _int(0))), getattr(self.math, gate))
        top = over(fit(self._number(inputs[0], _int(0))), self.math.maximum)  # logsumexp
        powers = over(zero, lambda total, x: self.math.add(total, self.math.exp(self.math.sub(x, top))))
        return self.math.add(top, self.math.log(powers))

    # ---------------- the gradient

    def _add_gradients(self) -> None:
        """Add what these rows give. Stretches of one length that read a group together go through one loop."""
        left = list(self.gradients)
        while left:
            where, gradient = left.pop(0)
            if not where.size:
                self._add_single(_int(where.start), self._number(gradient))
                continue
            together = [(where, gradient)]
            for other in list(left):
                alike = other[0].size == where.size and self._groups_in(gradient) & self._groups_in(other[1])
                if alike and len(together) < TOGETHER:
                    together.append(other)
                    left.remove(other)
            self._add_stretches(where.size, together)

    def _groups_in(self, x: Operand) -> set[Operand]:
        """The groups that an expression reads."""
        if x in self.within:
            return {group for y in self.within[x].inputs for group in self._groups_in(y)}
        return {x} if size(x) else set()

    def _add_stretches(self, length: int, together: Sequence[tuple[Stored, Operand]]) -> None:
        """Add stretches of one length: as many numbers at a time as have lanes for their sums, then the rest."""

        def body(k: Any) -> None:
            first = self.builder.mul(k, _int(SUMS))
            for where, gradient in together:
                rows = [self._wide(self._number(gradient, self.builder.add(first, _int(j)))) for j in range(SUMS)]
                total = self._sums_of([self._folded(row, SUMS) for row in rows])
                place = self.builder.gep(self.gradient, [self.builder.add(first, _int(where.start))])
                self._store(self.builder.fadd(self._load(place, _int(0), sums), total), place, _int(0))

        if length >= SUMS:
            self._repeat(length // SUMS, body)
        for where, gradient in together:
            for j in range(length // SUMS * SUMS, length):
                self._add_single(_int(where.start + j), self._number(gradient, _int(j)))

    def _sums_of(self, rows: list[Any]) -> Any:
        """Of as many vectors as they have lanes the vector of their sums: neighbours are added, then pairs, ...."""
        span = 1
        while len(rows) > 1:
            even = [lane if not lane & span else lane - span + SUMS for lane in range(SUMS)]
            odd = [place + span for place in even]
            rows = [
                self.builder.fadd(
                    self.builder.shuffle_vector(x, y, _vector(index, even)),
                    self.builder.shuffle_vector(x, y, _vector(index, odd)),
                )
                for x, y in zip(rows[::2], rows[1::2], strict=True)
            ]
            span *= 2
        return rows[0]

    def _add_single(self, place: Any, x: Any) -> None:
        total = self.builder.extract_element(self._folded(self._wide(x), 1), ir.Constant(index, 0))
        pointer = self.builder.gep(self.gradient, [place])
        self.builder.store(self.builder.fadd(self.builder.load(pointer), total), pointer)


def _int(x: int) -> ir.Constant:
    return ir.Constant(integer, x)


def _vector(kind: Any, values: Sequence[int]) -> ir.Constant:
    return ir.Constant(ir.VectorType(kind, len(values)), list(values))


def _whole(x: Operand) -> int:
    assert isinstance(x, float)
    return int(x)
