"""LLVM code as one writes loops over memory, and what vectors need: to be widened, turned, and added up."""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from llvmlite import ir

from tinygrad_edu.program.mathematics import Mathematics
from tinygrad_edu.program.precision import Precision

integer = ir.IntType(64)
index = ir.IntType(32)


def whole(x: int) -> ir.Constant:
    """A whole number."""
    return ir.Constant(integer, x)


def vector(kind: Any, values: Sequence[int]) -> ir.Constant:
    """A vector of whole numbers."""
    return ir.Constant(ir.VectorType(kind, len(values)), list(values))


class Loops:
    """Writes into one function, which computes with numbers of one precision."""

    def __init__(self, function: ir.Function, precision: Precision) -> None:
        self.function, self.precision = function, precision
        self.builder = ir.IRBuilder(function.append_basic_block())
        self.math = Mathematics(self.builder)

    # ---------------- loops

    def repeat(self, count: Any, body: Callable[..., Any], *first: Any) -> Any:
        """A loop: body(i, *carried) -> carried, for i from 0; the last of what is carried. It runs at least once."""
        before, loop = self.builder.block, self.function.append_basic_block()
        self.builder.branch(loop)
        self.builder.position_at_end(loop)
        i = self.builder.phi(integer)
        i.add_incoming(whole(0), before)
        carried = [self.builder.phi(x.type) for x in first]
        for phi, x in zip(carried, first, strict=True):
            phi.add_incoming(x, before)
        results = body(i, *carried)
        following = self.builder.add(i, whole(1))
        i.add_incoming(following, self.builder.block)
        for phi, x in zip(carried, results if first else (), strict=True):
            phi.add_incoming(x, self.builder.block)
        after = self.function.append_basic_block()
        more = self.builder.icmp_signed("<", following, whole(count) if isinstance(count, int) else count)
        self.builder.cbranch(more, loop, after)
        self.builder.position_at_end(after)
        return results

    def tiled(self, counts: Sequence[int], tile: Sequence[int], body: Callable[..., None]) -> None:
        """body(*places) along several counts, a tile at a time, and then what is left of each.

        places  for each count, which of its numbers the tile has
        """
        self._nested([self._ways(*pair) for pair in zip(counts, tile, strict=True)], body, [])

    def _ways(self, count: int, width: int) -> list[tuple[int, int, int]]:
        """(first, tiles, width) of the whole tiles, and of what is left."""
        ways = [(0, count // width, width), (count - count % width, 1, count % width)]
        return [(first, tiles, width) for first, tiles, width in ways if tiles and width]

    def _nested(
        self, ways: list[list[tuple[int, int, int]]], body: Callable[..., None], places: list[list[Any]]
    ) -> None:
        if not ways:
            body(*places)
            return
        for start, tiles, width in ways[0]:

            def step(k: Any, start: int = start, width: int = width) -> None:
                first = self.builder.add(whole(start), self.builder.mul(k, whole(width)))
                here = [first, *[self.builder.add(first, whole(j)) for j in range(1, width)]]
                self._nested(ways[1:], body, [*places, here])

            if tiles == 1:
                step(whole(0))
            else:
                self.repeat(tiles, step)

    # ---------------- memory

    def at(self, base: Any, i: Any, step: Any, kind: Any) -> Any:
        """Where something is, so many steps from a base."""
        place = self.builder.gep(self.builder.bitcast(base, step.as_pointer()), [i])
        return self.builder.bitcast(place, kind.as_pointer())

    def load(self, base: Any, i: Any, step: Any, kind: Any = None) -> Any:
        """What is there: of the kind of the steps, if no other is given."""
        value = self.builder.load(self.at(base, i, step, kind or step))
        value.align = self.precision.bytes
        return value

    def store(self, value: Any, base: Any, i: Any) -> None:
        """Put it there, in steps of its kind."""
        self.builder.store(value, self.at(base, i, value.type, value.type)).align = self.precision.bytes

    # ---------------- vectors

    def wide(self, x: Any, width: int | None = None) -> Any:
        """A number in every lane, of a block if no other width is given; a vector as it is."""
        if isinstance(x.type, ir.VectorType):
            return x
        width = width or self.precision.lanes
        kind = ir.VectorType(x.type, width)
        one = self.builder.insert_element(ir.Constant(kind, ir.Undefined), x, ir.Constant(index, 0))
        return self.builder.shuffle_vector(one, one, vector(index, [0] * width))

    def gathered(self, rows: Sequence[Any], place: Any) -> Any:
        """The number at one place of each of several rows, as a vector."""
        x = ir.Constant(ir.VectorType(self.precision.number, len(rows)), ir.Undefined)
        for lane, row in enumerate(rows):
            x = self.builder.insert_element(x, self.load(row, place, self.precision.number), ir.Constant(index, lane))
        return x

    def folded(self, x: Any) -> Any:
        """A block's lanes added up to as many as go together: stretch by stretch, as products can be added at once."""
        width = self.precision.sums
        starts = range(0, self.precision.lanes, width)
        parts = [self.builder.shuffle_vector(x, x, vector(index, range(k, k + width))) for k in starts]
        return reduce(self.math.add, parts)

    def total(self, x: Any) -> Any:
        """All of a vector's lanes added up."""
        x = self.folded(self.wide(x)) if x.type != self.precision.vector else x
        while x.type.count > 1:
            half = x.type.count // 2
            low, high = vector(index, range(half)), vector(index, range(half, 2 * half))
            x = self.math.add(self.builder.shuffle_vector(x, x, low), self.builder.shuffle_vector(x, x, high))
        return self.builder.extract_element(x, ir.Constant(index, 0))

    def totals(self, vectors: list[Any]) -> Any:
        """The sums of vectors, no more of them than lanes, as a vector: neighbours are added, then pairs, ...."""
        span = 1
        vectors = vectors + [self.math.splat(0.0, self.precision.vector)] * (self.precision.sums - len(vectors))
        while len(vectors) > 1:
            pairs = zip(vectors[::2], vectors[1::2], strict=True)
            vectors = [self.math.add(*self._crossed(x, y, span)) for x, y in pairs]
            span *= 2
        return vectors[0]

    def turned(self, vectors: Sequence[Any]) -> list[Any]:
        """Rows as columns: lane j of vector i is lane i of vector j."""
        vectors, span = list(vectors), 1
        while span < len(vectors):
            for i in range(len(vectors)):
                if not i & span:
                    vectors[i], vectors[i + span] = self._crossed(vectors[i], vectors[i + span], span)
            span *= 2
        return vectors

    def _crossed(self, x: Any, y: Any, span: int) -> tuple[Any, Any]:
        """Two vectors with the second half of each stretch of lanes of one exchanged for the first of the other."""
        width = self.precision.sums
        first = [lane if not lane & span else lane - span + width for lane in range(width)]
        second = [place + span for place in first]
        return (
            self.builder.shuffle_vector(x, y, vector(index, first)),
            self.builder.shuffle_vector(x, y, vector(index, second)),
        )
