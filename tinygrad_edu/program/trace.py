"""From a graph to code: the gates of the forward pass as they stand, then the chain rule, run on symbols."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

from tinygrad_edu.arithmetic import Arithmetic
from tinygrad_edu.backprop import Flow, chain_rule, topological_order
from tinygrad_edu.gates import Gate
from tinygrad_edu.program.code import KNOWN, ONE, Code, Name, Operand, Statement, Stored, size, stretch
from tinygrad_edu.value import Group, Value, record


def through(gate: Gate, inputs: Sequence[Any]) -> "Symbol":
    """A gate's output as a symbol; the statements that compute it are written down."""
    plain = [_plain(x) for x in inputs]
    writer = next(x.trace for x in plain if isinstance(x, Symbol))
    symbol: Symbol = _written(gate, plain, writer)
    return symbol


def _written(gate: Gate, inputs: Sequence[Any], writer: "Trace") -> Any:
    """What a gate makes of symbols and numbers: a statement or, if no backend knows the gate, those of its expansion.

    The expansion of a gate of groups goes through their members, of which a symbol does not tell.
    """
    if gate.name not in KNOWN and gate.expansion and "[]" not in gate.takes:
        return gate.expansion(*inputs)
    return writer.write(gate, [_operand(x) for x in inputs])


class Symbol(Arithmetic):
    """A number, or a group of numbers, that a program will compute.

    The rules of the gate table run on symbols as they run on numbers. A rule that goes through the members of a group
    meets one symbol that stands for each of them, so that its comprehension becomes the body of a loop.
    """

    __slots__ = ("operand", "trace")

    def __init__(self, operand: Operand, trace: "Trace") -> None:
        self.operand = operand
        self.trace = trace

    through = staticmethod(through)

    def __iter__(self) -> Iterator["Symbol"]:
        yield self

    def __mul__(self, other: Any) -> Any:
        return other.of(self) if isinstance(other, Pick) else super().__mul__(other)


def _plain(x: Any) -> Any:
    """What a rule gives for a group is a list of one symbol or number, which stands for each member."""
    while isinstance(x, list | tuple):
        (x,) = x
    return x


def _operand(x: Any) -> Operand:
    return x.operand if isinstance(x, Symbol) else float(x)


class Trace:
    """The statements written so far."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []

    def write(self, gate: Gate | str, inputs: Sequence[Operand], length: int | None = None) -> Symbol:
        """Write down that a gate computes something from these inputs."""
        if length is None:
            reduces = isinstance(gate, Gate) and "[]" in gate.takes
            length = 0 if reduces else max(map(size, inputs))
        target = Name(len(self.statements), (length,) if length else ())
        self.statements.append(Statement(target, gate if isinstance(gate, str) else gate.name, tuple(inputs)))
        return Symbol(target, self)


def trace(output: Value, inputs: Sequence[Value], parameters: Sequence[Value]) -> Code:
    """The code that computes `output` and its gradient with respect to the parameters from a row of inputs."""
    order = topological_order(output)
    writer = Trace()
    stored = {x: Stored("x", i) for i, x in enumerate(inputs)} | {w: Stored("w", i) for i, w in enumerate(parameters)}
    images: dict[Any, Any] = {}
    for node in order:
        if type(node) is Group:
            images[node] = _group(node, images, stored, writer)
        elif node.gate is None:
            symbol = Symbol(stored[node], writer) if node in stored else node.data
            images[node] = _image(None, symbol)
        else:
            images[node] = _gate(node, images, writer)
        images[node].grad = Flow(None)
    forward = len(writer.statements)
    one: Any = Symbol(ONE, writer)
    chain_rule(list(images.values()), Flow(one))
    found = []
    for image in images.values():
        where = image.data.operand if isinstance(image.data, Symbol) else None
        if isinstance(where, Stored) and where.array == "w" and image.grad:
            found.append((where, _plain(image.grad.value)))
    gradients = _tiles(found, len(parameters), writer)
    return Code(tuple(writer.statements), forward, _operand(images[output].data), gradients)


def _tiles(found: Sequence[tuple[Stored, Any]], parameters: int, writer: Trace) -> tuple[tuple[Stored, Operand], ...]:
    """The gradient as stretches of storage, side by side from the first parameter to the last.

    found  what each stretch received; where stretches overlap they are cut at one another's ends and added up
    """
    ends = sorted({0, parameters, *[end for where, _ in found for end in (where.places.start, where.places.stop)]})
    single = {where for where, _ in found if not where.shape}
    received: dict[Stored, Any] = {}
    for where, gradient in found:
        inside = [end for end in ends if where.places.start <= end <= where.places.stop]
        for start, stop in pairwise(inside):
            tile = Stored("w", start) if Stored("w", start) in single else stretch("w", start, stop)
            part = _part(gradient, start - where.start, stop - where.start, size(tile), size(where))
            received[tile] = received[tile] + part if tile in received else part
    tiles = []
    for start, stop in pairwise(ends):
        tile = Stored("w", start) if Stored("w", start) in single else stretch("w", start, stop)
        tiles.append((tile, _operand(received.get(tile, 0.0))))
    return tuple(tiles)


def _part(gradient: Any, start: int, stop: int, wanted: int, whole: int) -> Any:
    """The numbers from start to stop of a stretch's gradient, one number for all of them if that is what it is."""
    if not isinstance(gradient, Symbol) or not size(gradient.operand) or wanted == whole:
        return gradient
    if not wanted:
        return Pick(start).of(gradient)
    return gradient.trace.write("part", [gradient.operand, float(start), float(stop)], length=wanted)


def _image(gate: Any, symbol: Any, first: Any = None, second: Any = None) -> Value:
    """A node for the chain rule to walk, with a symbol in the place of its number."""
    return record(gate, symbol, first, second)


def _gate(node: Value, images: dict[Any, Any], writer: Trace) -> Value:
    """A gate on symbols: what it computes is written down."""
    wires: tuple[Any, ...] = tuple([images.get(x, x) for x in node.operands()])
    gate: Any = node.gate
    symbol = _written(gate, [x if type(x) is float else x.data for x in wires], writer)
    if type(node.first) is tuple:
        return _image(gate, symbol, wires)
    return _image(gate, symbol, *wires)


def _group(group: Group, images: dict[Any, Any], stored: dict[Value, Stored], writer: Trace) -> Value:
    """A group as one symbol: a stretch of storage if its members are one, else their stack."""
    places = [stored.get(x) if isinstance(x, Value) else None for x in group.members]
    first = places[0] if places else None
    if first and places == [Stored(first.array, first.start + k) for k in range(len(places))]:
        return _image(None, Symbol(stretch(first.array, first.start, first.start + len(places)), writer))
    members: list[Any] = [images.get(x, x) for x in group.members]
    operands = [_operand(x if type(x) is float else x.data) for x in members]
    symbol = writer.write("stack", operands, length=len(members))

    picks = [(lambda out, *members, pick=Pick(k): pick) for k in range(len(members))]
    gate = SimpleNamespace(name="stack", local=picks)
    return _image(gate, symbol, tuple(members))


@dataclass(frozen=True, slots=True)
class Pick:
    """The slope of a stack for one of its members: of the group's gradient it takes that member's."""

    place: int

    def of(self, gradient: Any) -> Any:
        """The gradient of that member; a gradient that is one number is the same for all."""
        if not isinstance(gradient, Symbol) or not size(gradient.operand):
            return gradient
        return gradient.trace.write("pick", [gradient.operand, float(self.place)], length=0)
