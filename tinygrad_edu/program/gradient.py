"""What a block of rows gives to the gradient: each number summed over its rows, added to the results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
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
        self.single, self.vector, self.block = assembly.single, assembly.precision.vector, assembly.block

    def add(self, where: Stored, x: Operand) -> None:
        """Add what the rows give to a number, a group or a matrix of the gradient."""
        outers, groups = [], []
        for term in self._terms(x) if where.shape else [x]:
            made = self.assembly.within.get(term)
            if pair := self._outer(made):
                if all(group in self.assembly.starts for group in pair):
                    outers.append(pair)
                else:
                    self._add_outers(where, [pair])
            elif pair := self._scaled(made):
                self._add_scaled(where, *pair)
            elif shape(term) == where.shape and term in self.assembly.starts:
                groups.append(term)
            else:
                self._add_sums(where, partial(self.assembly.number, term))
        if outers:
            self._add_outers(where, outers)
        if groups:
            self._add_sums(where, self._sum_of(groups))

    def _terms(self, x: Operand) -> list[Operand]:
        """What is added up to x."""
        made = self.assembly.within.get(x)
        if made and made.gate == "add":
            return [term for part in made.inputs for term in self._terms(part)]
        return [x]

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

    def _add_outers(self, where: Stored, pairs: Sequence[tuple[Operand, Operand]]) -> None:
        """Column times row, one row of data after another: the numbers of `row` go side by side into a vector.

        Several pairs, as the windows of a convolution are, go through one loop.
        """
        height, width = where.shape
        in_vectors = width - width % self.width
        columns, rows = [column for column, _ in pairs], [row for _, row in pairs]
        of_column, of_row = self._lanes_of(columns), self._lanes_of(rows)
        if in_vectors:
            side_by_side, stride = self._side_by_side(rows, of_row, in_vectors)

            def tile(ks: list[Any], vs: list[Any]) -> None:
                def pair(p: Any, *so_far: Any) -> Any:
                    base, lanes = side_by_side(p), [of_column(p, k) for k in ks]

                    def one(r: Any, *so_far: Any) -> list[Any]:
                        here = self.builder.gep(base, [self.builder.mul(r, whole(stride))])
                        xs = [self.loops.load(here, v, self.vector) for v in vs]
                        ds = [self.loops.load(lane, r, self.single) for lane in lanes]
                        products = product([self.loops.wide(d, self.width) for d in ds], xs)
                        return [self.math.fma(d, x, total) for (d, x), total in zip(products, so_far, strict=True)]

                    return self.loops.repeat(self.assembly.height, one, *so_far)

                zeros = [self.math.splat(0.0, self.vector)] * (len(ks) * len(vs))
                totals = self._over(pairs, pair, *zeros)
                for (k, v), total in zip(product(ks, vs), totals, strict=True):
                    self.increase(where, [k, self.builder.mul(v, whole(self.width))], total)

            self.loops.tiled([height, in_vectors // self.width], BESIDE, tile)
        if in_vectors < width:
            start = where.start + in_vectors * where.strides[1]
            rest = Stored(where.array, start, (height, width - in_vectors), where.strides)

            def of_rest(k: Any, i: Any) -> Any:
                i = self.builder.add(i, whole(in_vectors))

                def pair(p: Any, total: Any) -> list[Any]:
                    x, y = (self.loops.load(place, whole(0), self.block) for place in (of_column(p, k), of_row(p, i)))
                    return [self.math.fma(x, y, total)]

                return self._over(pairs, pair, self.math.splat(0.0, self.block))[0]

            self._add_sums(rest, of_rest)

    def _side_by_side(self, groups: Sequence[Operand], of_group: Number, width: int) -> tuple[Number, int]:
        """Where the numbers of group p lie side by side for each row of data, and how far it is to the next row's."""
        first = groups[0]
        if isinstance(first, Stored) and first.strides == (1,):
            here = self.builder.gep(self.assembly.rows_of_block, [whole(first.start)])
            return lambda p: here, self.assembly.columns
        room = self.assembly.room_for(len(groups) * width * self.lanes, self.single)

        def place(p: Any) -> Any:
            return self.builder.gep(room, [self.builder.mul(p, whole(width * self.lanes))])

        def turn(p: Any) -> None:
            def tile(members: list[Any], rows: list[Any]) -> None:
                block = [self.loops.load(of_group(p, k), rows[0], self.single, self.vector) for k in members]
                for row, x in zip(rows, self.loops.turned(block), strict=True):
                    here = self.builder.add(self.builder.mul(row, whole(width)), members[0])
                    self.loops.store(x, self.builder.gep(place(p), [here]), whole(0))

            self.loops.tiled([width, self.lanes], [self.width, self.width], tile)

        self._over(groups, turn)
        return place, width

    def _lanes_of(self, groups: Sequence[Operand]) -> Number:
        """(p, k) -> where the lanes of number k of group p are. Of several, a table in the code says where each is."""
        first = groups[0]
        if len(groups) > 1:
            starts = self.assembly.table([self.assembly.starts[group] for group in groups])

        def lanes(p: Any, k: Any) -> Any:
            if isinstance(first, Stored):
                return self._single(
                    self.builder.gep(self.assembly.columns_of_block, [self.assembly.place_of(first, [k])])
                )
            if len(groups) == 1:
                return self._single(self.builder.gep(self.assembly.arrays[first], [k]))
            start = self.builder.load(self.builder.gep(starts, [whole(0), p]))
            return self.builder.gep(
                self.assembly.free, [self.builder.add(start, self.builder.mul(k, whole(self.lanes)))]
            )

        return lanes

    def _single(self, vectors: Any) -> Any:
        return self.builder.bitcast(vectors, self.single.as_pointer())

    def _over(self, those: Sequence[Any], body: Callable[..., Any], *first: Any) -> Any:
        """The loop over the places of several things; of one, no loop."""
        return body(whole(0), *first) if len(those) == 1 else self.loops.repeat(len(those), body, *first)

    def _sum_of(self, groups: Sequence[Operand]) -> Number:
        """(k) -> the sum of the numbers k of groups."""
        of_group = self._lanes_of(groups)

        def number(k: Any) -> Any:
            def group(p: Any, total: Any) -> list[Any]:
                return [self.math.add(total, self.loops.load(of_group(p, k), whole(0), self.block))]

            return self._over(groups, group, self.math.splat(0.0, self.block))[0]

        return number

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
