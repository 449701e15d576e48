"""What a block of rows gives to the gradient: each number summed over its rows, added to the results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from tinygrad_edu.program.code import Column, Operand, Statement, Stored, shape, turned
from tinygrad_edu.program.loops import whole

if TYPE_CHECKING:
    from tinygrad_edu.program.assembly import Assembly

BESIDE = (8, 2)  # numbers of one group, and vectors of another, whose products are summed in registers together
BELOW = 4  # rows of a matrix that are summed together, so that what they share is read once

Number = Callable[..., Any]


class Gradient:
    """Writes it, term by term: each kind of term has a way of its own to be summed."""

    def __init__(self, assembly: Assembly) -> None:
        self.assembly = assembly
        self.loops, self.builder, self.math = assembly.loops, assembly.builder, assembly.math
        self.lanes, self.width = assembly.precision.lanes, assembly.precision.sums
        self.single, self.vector = assembly.single, assembly.precision.vector

    def add(self, where: Stored, x: Operand) -> None:
        """Add what the rows give to a number, a group or a matrix of the gradient."""
        term = self.assembly.within.get(x) if where.shape else None
        if term and term.gate == "add":
            for part in term.inputs:
                self.add(where, part)
        elif pair := self._outer(term):
            self._add_outer(where, *pair)
        elif pair := self._scaled(term):
            self._add_scaled(where, *pair)
        else:
            self._add_sums(where, lambda *at: self.assembly.number(x, *at))

    def _outer(self, term: Statement | None) -> tuple[Operand, Operand] | None:
        """The two groups of a matrix that is a column times a row."""
        if term and term.gate == "mul":
            for x, y in (term.inputs, term.inputs[::-1]):
                if isinstance(x, Column) and len(shape(y)) == 1 and not any(map(self.assembly.is_same, (x, y))):
                    return x.of, y
        return None

    def _scaled(self, term: Statement | None) -> tuple[Operand, Operand] | None:
        """A number, and the group or matrix, the same for every row, that it is multiplied with."""
        if term and term.gate == "mul":
            for x, y in (term.inputs, term.inputs[::-1]):
                if not shape(x) and shape(y) and self.assembly.is_same(y):
                    return x, y
        return None

    # ---------------- ways to sum

    def _add_scaled(self, where: Stored, factor: Operand, same: Operand) -> None:
        """The sum of the factors, times what is the same for every row."""
        total = self.loops.total(self.assembly.number(factor))

        def one(*places: list[Any]) -> None:
            at = [place for (place,) in places]
            self.increase(where, at, self.math.mul(total, self.assembly.number(same, *at)))

        self.loops.tiled(where.shape, [1] * len(where.shape), one)

    def _add_outer(self, where: Stored, column: Operand, row: Operand) -> None:
        """Column times row, one row of data after another: the numbers of `row` go side by side into a vector."""
        height, width = where.shape
        in_vectors = width - width % self.width
        if in_vectors:
            base, stride = self._side_by_side(row, in_vectors)

            def tile(ks: list[Any], vs: list[Any]) -> None:
                def one(r: Any, *so_far: Any) -> list[Any]:
                    here = self.builder.gep(base, [self.builder.mul(r, whole(stride))])
                    xs = [self.loops.load(here, v, self.vector) for v in vs]
                    ds = [self.loops.load(self._lanes_of(column, k), r, self.single) for k in ks]
                    pairs = product([self.loops.wide(d, self.width) for d in ds], xs)
                    return [self.math.fma(d, x, total) for (d, x), total in zip(pairs, so_far, strict=True)]

                zeros = [self.math.splat(0.0, self.vector)] * (len(ks) * len(vs))
                totals = self.loops.repeat(self.assembly.height, one, *zeros)
                for (k, v), total in zip(product(ks, vs), totals, strict=True):
                    self.increase(where, [k, self.builder.mul(v, whole(self.width))], total)

            self.loops.tiled([height, in_vectors // self.width], BESIDE, tile)
        if in_vectors < width:
            start = where.start + in_vectors * where.strides[1]
            rest = Stored(where.array, start, (height, width - in_vectors), where.strides)

            def of_rest(k: Any, i: Any) -> Any:
                i = self.builder.add(i, whole(in_vectors))
                return self.math.mul(self.assembly.number(column, k), self.assembly.number(row, i))

            self._add_sums(rest, of_rest)

    def _side_by_side(self, group: Operand, width: int) -> tuple[Any, int]:
        """Where the group's numbers lie side by side for each row of data, and how far it is to the next row's."""
        if isinstance(group, Stored) and group.strides == (1,):
            return self.builder.gep(self.assembly.rows_of_block, [whole(group.start)]), self.assembly.columns
        place = self.assembly.room_for(width * self.lanes, self.single)

        def turn(members: list[Any], rows: list[Any]) -> None:
            block = [self.loops.load(self._lanes_of(group, k), rows[0], self.single, self.vector) for k in members]
            for row, x in zip(rows, self.loops.turned(block), strict=True):
                here = self.builder.add(self.builder.mul(row, whole(width)), members[0])
                self.loops.store(x, self.builder.gep(place, [here]), whole(0))

        self.loops.tiled([width, self.lanes], [self.width, self.width], turn)
        return place, width

    def _lanes_of(self, group: Operand, k: Any) -> Any:
        """Where the lanes of a group's number k are."""
        if isinstance(group, Stored):
            vector = self.builder.gep(self.assembly.columns_of_block, [self.assembly.place_of(group, [k])])
        else:
            vector = self.builder.gep(self.assembly.arrays[group], [k])
        return self.builder.bitcast(vector, self.single.as_pointer())

    def _add_sums(self, where: Stored, number: Number) -> None:
        """As many numbers at a time as there are lanes for their sums."""
        narrow = len(where.shape) > 1 and where.shape[1] < self.width
        if narrow:  # numbers below one another, not beside
            where = turned(where)

        def tile(*places: list[Any]) -> None:
            *outer, inner = places
            for fixed in product(*outer):
                ats = [(*fixed, k) for k in inner]
                parts = [self.loops.wide(number(*(reversed(at) if narrow else at))) for at in ats]
                self._add_parts(where, ats, parts)

        if where.shape:
            self.loops.tiled(where.shape, [*[BELOW] * (len(where.shape) - 1), self.width], tile)
        else:
            self.increase(where, (), self.loops.total(number()))

    def _add_parts(self, where: Stored, ats: Sequence[Sequence[Any]], parts: Sequence[Any]) -> None:
        if len(parts) == 1:
            self.increase(where, ats[0], self.loops.total(parts[0]))
            return
        amount = self.loops.totals(list(map(self.loops.folded, parts)))
        if len(parts) == self.width and where.strides[-1] == 1:
            self.increase(where, ats[0], amount)
            return
        for lane, at in enumerate(ats):
            self.increase(where, at, self.builder.extract_element(amount, whole(lane)))

    def increase(self, where: Stored, at: Sequence[Any], amount: Any) -> None:
        """Add to one result, or to as many as the amount has lanes."""
        place = self.builder.gep(self.assembly.results, [self.assembly.place_of(where, at)])
        so_far = self.loops.load(place, whole(0), amount.type)
        self.loops.store(self.math.add(so_far, amount), place, whole(0))
