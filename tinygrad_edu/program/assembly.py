"""A program in the language of LLVM: a block of rows in the lanes of vectors, groups as loops over storage.

A number that differs from row to row is a vector, one lane for each row of the block; a parameter, and what is
computed of parameters alone, is a single number, the same for every row. A group lies in memory, one member after the
other, and is gone through in a loop; a matrix of parameters in two, some of its rows together. No other matrix is ever
in memory: its numbers are computed where the gradient wants them.
"""

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

from tinygrad_edu.program.code import ONE, Code, Column, Operand, Statement, Stored, position, shape, size
from tinygrad_edu.program.gradient import Gradient
from tinygrad_edu.program.loops import Loops, integer, vector, whole
from tinygrad_edu.program.mathematics import Mathematics, double
from tinygrad_edu.program.precision import Precision
from tinygrad_edu.program.trees import within

TOGETHER = 4  # rows of a matrix that go through a loop together, so that what they share is read once
SERIES = ("exp", "log", "tanh", "sigmoid", "softplus", "elu", "sin", "cos", "pow")
DEEPEST = 24  # gates in the body of one loop


class Assembly:
    """One function of a program.

        int64 run(number *x, int64 rows, number *w, number *room, number *results)

    `x` holds the rows, one after the other; `room` is for what is computed on the way. The results are the outputs, a
    place for each row in whole blocks of them, or, backward, the means of the gradient and then that of the output. It
    gives 1 if they are finite, else 0.

    module              what LLVM compiles
    room                how many numbers `room` has to hold
    results_in_vectors  how many vectors the means fill, backward
    """

    def __init__(self, code: Code, columns: int, parameters: int, backward: bool, precision: Precision) -> None:
        self.code, self.columns, self.parameters, self.backward = code, columns, parameters, backward
        self.precision, self.block, self.single = precision, precision.block, precision.number
        self.results_in_vectors = -(-(parameters + 1) // precision.sums)
        self.statements = code.statements if backward else code.statements[: code.forward]
        self.gradients = [(where, x) for where, x in code.gradients if x != 0.0] if backward else []
        results = [code.output, *[x for _, x in self.gradients]]
        self.within = within(self.statements, results, self._shallow)
        self.within |= {s.target: s for s in self.statements if len(s.target.shape) > 1}  # never in memory
        self.same: set[Operand] = set()  # what is the same for every row
        for statement in self.statements:
            if all(self.is_same(x) for x in statement.inputs):
                self.same.add(statement.target)
        self.values: dict[Operand, Any] = {}
        self.arrays: dict[Operand, Any] = {}
        self.starts: dict[Operand, int] = {}  # in the room, of arrays that differ from row to row
        self.room = 0
        self.module = ir.Module()
        numbers = self.single.as_pointer()
        signature = ir.FunctionType(integer, [numbers, integer, *[numbers] * 3])
        function = ir.Function(self.module, signature, "run")
        for argument in function.args:
            if argument.type == numbers:
                argument.add_attribute("noalias")
        self.x, self.rows, self.w, self.free, self.results = function.args
        self.loops = Loops(function, precision)
        self.builder, self.math = self.loops.builder, self.loops.math
        self._write()

    def is_same(self, x: Operand) -> bool:
        """Whether it is the same for every row: a constant, a parameter, or what is computed of them."""
        if isinstance(x, Column):
            return self.is_same(x.of)
        return isinstance(x, float) or x in self.same or (isinstance(x, Stored) and x.array == "w")

    def _shallow(self, statement: Statement, found: dict[Operand, Statement]) -> bool:
        """Whether few enough gates would stand in one loop. A dot is a loop itself."""

        def gates_in(x: Operand) -> int:
            return 1 + sum([gates_in(y) for y in found[x].inputs]) if x in found else 0

        return statement.gate != "dot" and 1 + sum([gates_in(x) for x in statement.inputs]) <= DEEPEST

    # ---------------- blocks of rows

    def _write(self) -> None:
        loops, lanes, sums = self.loops, self.precision.lanes, self.precision.sums
        kind = self.precision.vector
        zero = self.math.splat(0.0, kind)
        self.columns_of_block = self.room_for(self.columns, self.block)
        for statement in self.statements:
            if statement.target in self.same:
                self._statement(statement)
        blocks = self.builder.sdiv(self.builder.add(self.rows, whole(lanes - 1)), whole(lanes))
        if self.backward:
            vectors: Any = self.results_in_vectors
            loops.repeat(vectors, lambda k: loops.store(zero, self.results, k))
            self.share = self.math.div(1.0, self.builder.sitofp(self.rows, self.single))
        else:
            vectors = self.builder.mul(blocks, whole(lanes // sums))
        loops.repeat(blocks, self._block)

        def lost(k: Any, so_far: Any) -> list[Any]:
            """0 times a number is 0, unless it is not finite."""
            return [self.math.fma(loops.load(self.results, k, kind), 0.0, so_far)]

        total = loops.total(loops.repeat(vectors, lost, zero)[0])
        finite = self.builder.fcmp_ordered("==", total, self.math.splat(0.0, self.single))
        self.builder.ret(self.builder.zext(finite, integer))

    def _block(self, k: Any) -> None:
        """Everything for one block of rows."""
        lanes = self.precision.lanes
        first = self.builder.mul(k, whole(lanes))
        left = self.builder.sub(self.rows, first)
        full = self.builder.icmp_signed(">", left, whole(lanes))
        self.height = self.builder.select(full, whole(lanes), left)
        self.rows_of_block = self.builder.gep(self.x, [self.builder.mul(first, whole(self.columns))])
        self._read_rows()
        if self.backward:
            inside = self.builder.icmp_signed("<", vector(integer, range(lanes)), self.loops.wide(left))
            self.one = self.math.select(inside, self.loops.wide(self.share), self.math.splat(0.0, self.block))
        for statement in self.statements:
            if statement.target not in self.same:
                self._statement(statement)
        output = self.loops.wide(self.number(self.code.output))
        if self.backward:
            gradient = Gradient(self)
            gradient.increase(Stored("results", self.parameters), (), self.loops.total(self.math.mul(output, self.one)))
            for where, x in self.gradients:
                gradient.add(where, x)
        else:
            self.loops.store(output, self.results, k)

    def _read_rows(self) -> None:
        """Put the rows of a block into columns. Beyond the last row it stands again; its gradient is left out."""
        width, kind = self.precision.sums, self.precision.vector
        last = self.builder.sub(self.height, whole(1))
        rows = []
        for lane in range(self.precision.lanes):
            row = self.builder.select(self.builder.icmp_signed("<", whole(lane), last), whole(lane), last)
            rows.append(self.builder.gep(self.rows_of_block, [self.builder.mul(row, whole(self.columns))]))

        def read(places: list[Any]) -> None:
            for start in range(0, self.precision.lanes, width):
                some = rows[start : start + width]
                if len(places) == width:
                    columns = self.loops.turned([self.loops.load(row, places[0], self.single, kind) for row in some])
                else:
                    columns = [self.loops.gathered(some, place) for place in places]
                for place, column in zip(places, columns, strict=True):
                    self.loops.store(column, self.builder.gep(self.columns_of_block, [place]), whole(start // width))

        self.loops.tiled([self.columns], [width], read)

    def room_for(self, length: int, kind: Any) -> Any:
        """Room for so many numbers, or vectors of them, where the processor likes vectors to begin."""
        place = self.builder.gep(self.free, [whole(self.room)])
        lanes = self.precision.lanes
        self.room += -(-length * (lanes if kind == self.block else 1) // lanes) * lanes
        return self.builder.bitcast(place, kind.as_pointer())

    def table(self, numbers: Sequence[int]) -> Any:
        """Whole numbers that are a part of the code."""
        kind = ir.ArrayType(integer, len(numbers))
        constant = ir.GlobalVariable(self.module, kind, self.module.get_unique_name("table"))
        constant.initializer = ir.Constant(kind, list(numbers))
        constant.global_constant, constant.linkage = True, "private"
        return constant

    # ---------------- statements

    def _statement(self, statement: Statement) -> None:
        target, inputs = statement.target, statement.inputs
        if target in self.within:
            return
        if not target.shape:
            self.values[target] = self._gate(statement)
            return
        if statement.gate == "part":
            (start, _) = inputs[1:]
            self.arrays[target] = self.builder.gep(self.arrays[inputs[0]], [whole(position(start))])
            if inputs[0] in self.starts:
                self.starts[target] = self.starts[inputs[0]] + position(start) * self.precision.lanes
            return
        fit: Any = (lambda x: x) if target in self.same else self.loops.wide
        if target not in self.same:
            self.starts[target] = self.room
        place = self.arrays[target] = self.room_for(size(target), self.single if target in self.same else self.block)
        if statement.gate == "stack":
            for k, x in enumerate(inputs):
                self.loops.store(fit(self.number(x)), place, whole(k))
        elif statement.gate == "dot":
            self.loops.tiled([size(target)], [TOGETHER], lambda rows: self._dots(statement, rows, fit, place))
        else:
            self.loops.repeat(size(target), lambda i: self.loops.store(fit(self._gate(statement, i)), place, i))

    def _dots(self, dot: Statement, rows: list[Any], fit: Callable[[Any], Any], place: Any) -> None:
        """The dots of some rows of a matrix, in one loop."""
        weights, inputs, *bias = dot.inputs

        def body(i: Any, *totals: Any) -> list[Any]:
            pairs = [(self.number(weights, k, i), self.number(inputs, k, i)) for k in rows]
            return [self.math.fma(fit(w), fit(x), total) for (w, x), total in zip(pairs, totals, strict=True)]

        first = [fit(self.number(bias[0] if bias else 0.0, k)) for k in rows]
        for k, total in zip(rows, self.loops.repeat(shape(weights)[-1], body, *first), strict=True):
            self.loops.store(total, place, k)

    def number(self, x: Operand, *at: Any) -> Any:
        """One number, or that number of a group or of a matrix. A group is the same for every row of a matrix."""
        if isinstance(x, float):
            return ir.Constant(self.single, x)
        if isinstance(x, Column):
            return self.number(x.of, at[0])
        at = at[len(at) - len(shape(x)) :]
        if x in self.within:
            return self._gate(self.within[x], *at)
        if x == ONE:
            return self.one
        if isinstance(x, Stored):
            place = self.place_of(x, at)
            if x.array == "w":
                return self.loops.load(self.w, place, self.single)
            return self.loops.load(self.columns_of_block, place, self.block)
        if not at:
            return self.values[x]
        return self.loops.load(self.arrays[x], at[0], self.single if x in self.same else self.block)

    def _gate(self, statement: Statement, *at: Any) -> Any:
        """A gate on numbers, or on those of groups or matrices."""
        gate, inputs = statement.gate, statement.inputs
        if gate == "pick":
            return self.number(inputs[0], whole(position(inputs[1])))
        if not statement.target.shape and any(map(size, inputs)):
            return self._reduced(gate, inputs, all(map(self.is_same, inputs)))
        if gate == "power" and isinstance(inputs[1], float):
            return self.math.power(self.number(inputs[0], *at), inputs[1])
        values = [self.number(x, *at) for x in inputs]
        if any(value.type == self.block for value in values):
            values = list(map(self.loops.wide, values))
        return self._computed("pow" if gate == "power" else gate, *values)

    def _computed(self, gate: str, *values: Any) -> Any:
        """A gate of numbers; a series is a function of its own, written once."""
        if gate not in SERIES:
            return getattr(self.math, gate)(*values)
        kind = values[0].type
        name = f"{gate}{'.block' if kind == self.block else ''}"
        if name not in self.module.globals:
            self._write_series(name, gate, kind, len(values))
        return self.builder.call(self.module.globals[name], values)

    def _write_series(self, name: str, gate: str, kind: Any, inputs: int) -> None:
        """The function of a series, which is summed in double precision."""
        function = ir.Function(self.module, ir.FunctionType(kind, [kind] * inputs), name)
        function.linkage = "private"
        builder = ir.IRBuilder(function.append_basic_block())
        values = function.args
        if self.single != double:
            values = [builder.fpext(x, _alike(kind, double)) for x in values]
        result = getattr(Mathematics(builder), gate)(*values)
        builder.ret(result if self.single == double else builder.fptrunc(result, kind))

    def _reduced(self, gate: str, inputs: Sequence[Operand], same: bool) -> Any:
        """A gate that makes one number of whole groups."""
        fit: Any = (lambda x: x) if same else self.loops.wide
        groups, count = inputs[:2] if gate == "dot" else inputs, max(map(size, inputs))
        zero = self.math.splat(0.0, self.single if same else self.block)

        def over(first: Any, body: Callable[..., Any]) -> Any:
            """The loop over the members of the groups."""

            def one(i: Any, total: Any) -> list[Any]:
                return [body(total, *[fit(self.number(group, i)) for group in groups])]

            return self.loops.repeat(count, one, first)[0]

        if gate == "dot":
            bias = fit(self.number(inputs[2])) if len(inputs) > 2 else zero
            return over(bias, lambda total, x, y: self.math.fma(x, y, total))
        if gate == "sum":
            return over(zero, self.math.add)
        if gate in ("maximum", "minimum"):
            return over(fit(self.number(inputs[0], whole(0))), getattr(self.math, gate))
        top = over(fit(self.number(inputs[0], whole(0))), self.math.maximum)  # logsumexp
        powers = over(zero, lambda total, x: self.math.add(total, self._computed("exp", self.math.sub(x, top))))
        return self.math.add(top, self._computed("log", powers))

    def place_of(self, stored: Stored, at: Sequence[Any]) -> Any:
        """Where in its array a number of a group or a matrix is."""
        place: Any = whole(stored.start)
        for i, stride in zip(at, stored.strides, strict=True):
            place = self.builder.add(place, self.builder.mul(i, whole(stride)))
        return place


def _alike(kind: Any, number: Any) -> Any:
    """A vector of so many other numbers, or one."""
    return ir.VectorType(number, kind.count) if isinstance(kind, ir.VectorType) else number
