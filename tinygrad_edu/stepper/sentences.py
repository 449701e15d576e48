"""One step of the walk in words, symbols and numbers: a row of the ledger as a lecturer would say it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from unicodedata import bidirectional

from tinygrad_edu.drawing.labels import one_line
from tinygrad_edu.errors import DomainError
from tinygrad_edu.gates import Gate
from tinygrad_edu.ledger import BackwardRow, ForwardRow
from tinygrad_edu.numerals import brief
from tinygrad_edu.stepper.rerun import rerun
from tinygrad_edu.symbols import applied, constant, name
from tinygrad_edu.value import Value

MOST_LISTED = 6  # inputs that a sentence names one by one
INFIX = "+−×÷^"  # labels of gates that stand between their inputs
TURNS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")  # characters that turn the direction of text
SMALL_SLOPE = 0.05
SMALL_GRADIENT = 1e-3

Term = tuple[str, str, str]  # of an equation: a word, what it is in symbols, and its number
EQUALS: Term = ("", "=", "=")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the walk.

    phase     start, forward, seed (∂f/∂f = 1) or backward
    sentence  what happens
    question  the same with its number left out, for whoever wants to predict it; empty where there is none
    answer    that number
    within    how far a prediction may be from it: half of the last digit shown, and what the rounding of the numbers
              that it is predicted from makes of it
    equation  how the number comes about, term by term; its last term is the answer
    addition  before + contribution = after, for an input that receives more than one downstream gradient
    note      what is worth noticing: slopes and gradients that are zero or close to it
    lit       the ids of the parts of the picture that take part
    gate      the position, among the values, of the output of the gate in hand; -1 without one
    """

    phase: str
    sentence: str
    question: str = ""
    answer: float = 0.0
    within: float = 0.0
    equation: tuple[Term, ...] = ()
    addition: tuple[Term, ...] = ()
    note: str = ""
    lit: tuple[str, ...] = ()
    gate: int = -1


def plain(text: str) -> str:
    r"""The text on one line, unable to turn the direction of the words around it.

    >>> plain("x"), plain("\u202etxet")
    ('x', '\u2068txet\u2069')
    """
    text = one_line(text)
    inside = "".join([c for c in text if bidirectional(c) not in TURNS])
    if inside == text and not any(bidirectional(c) in ("R", "AL") for c in text):
        return text
    return f"\N{FIRST STRONG ISOLATE}{inside}\N{POP DIRECTIONAL ISOLATE}"


def start(leaves: Sequence[Value], names: Mapping[Value, str]) -> Step:
    """The first step: only the leaves are known."""
    if len(leaves) > MOST_LISTED:
        return Step("start", f"Only the {len(leaves)} inputs are known.")
    return Step("start", f"Only the inputs are known: {', '.join([_shown(x, names) for x in leaves])}.")


def forward(row: ForwardRow, i: int, names: Mapping[Value, str]) -> Step:
    """A forward row of the ledger; i is the place of its output among the values."""
    gate, x = row.output.gate, names[row.output]
    assert gate is not None
    shown = [_shown(x, names) for x in row.inputs]
    if len(shown) > MOST_LISTED:
        shown = [f"{len(shown)} inputs"]
    elif len(shown) > 2:
        shown = [", ".join(shown[:-1]), shown[-1]]
    through = f"Forward through {gate.label}: {' and '.join(shown)}"
    number = brief(row.output.data)
    return Step(
        "forward",
        f"{through} {'gives' if len(row.inputs) == 1 else 'give'} {x} = {number}",
        f"{through}. What is {x}?",
        row.output.data,
        _within(row.output.data, _of_rounded_inputs(row.output)),
        (
            ("inputs", plain(_symbols(gate, row.inputs, names)), _numbers(gate, row.inputs)),
            EQUALS,
            ("output", x, number),
        ),
        lit=(f"g{i}", f"v{i}", f"o{i}", *[f"w{i}-{k}" for k in range(len(row.inputs))]),
        gate=i,
    )


def seed(f: str, i: int) -> Step:
    """The start of the backward pass at the output, called f, in place i among the values."""
    return Step(
        "seed",
        f"The backward pass begins: ∂{f}/∂{f} = 1",
        f"The backward pass begins. What is ∂{f}/∂{f}?",
        1.0,
        _within(1.0, 1.0),
        (("gradient", f"∂{f}/∂{f}", "1"),),
        lit=(f"v{i}",),
    )


def backward(
    row: BackwardRow, places: tuple[int, str, int], names: Mapping[Value, str], f: str, several: bool, last: bool
) -> Step:
    """A backward row of the ledger.

    places   of the gate, its wire and its input in the picture
    several  whether the input receives more than this one row
    last     whether this row is the last that it receives
    """
    gate, x = row.output.gate, names[row.input]
    assert gate is not None
    upstream, local, downstream = brief(row.upstream), brief(row.local), brief(row.downstream)
    symbol = "" if row.symbol.number is not None else plain(str(row.symbol))
    through = f"Backward through {gate.label}: upstream {upstream} × local {symbol and f'{symbol} = '}{local}"
    before, total = brief(row.before), brief(row.total)
    contribution = f"({downstream})" if row.downstream < 0.0 else downstream
    slope = f"∂{f}/∂{x}"
    i, wire, j = places
    return Step(
        "backward",
        f"{through} gives downstream {downstream} for {x}"
        + (f", which adds up: {before} + {contribution} = {total}" if several else ""),
        f"{through}. What goes downstream to {x}?",
        row.downstream,
        _within(row.downstream, float(upstream) * float(local)),
        (
            ("upstream", f"∂{f}/∂{names[row.output]}", upstream),
            ("", "×", "×"),
            ("local", symbol or local, local),
            EQUALS,
            ("downstream", f"part of {slope}" if several else slope, downstream),
        ),
        (
            ("before", "", before),
            ("", "", "+"),
            ("contribution", "", contribution),
            ("", "", "="),
            ("after", slope if last else f"{slope} so far", total),
        )
        if several
        else (),
        _note(row, x, last),
        (f"g{i}", wire, f"v{j}", f"o{i}"),
        i,
    )


def nothing_for(values: Sequence[Value], names: Mapping[Value, str]) -> str:
    """A note for the end of the walk on the values that no gradient has reached."""
    listed = ", ".join([names[x] for x in values]) if len(values) <= MOST_LISTED else f"{len(values)} values"
    return f"Nothing has reached {listed}: the gradient there is 0."


def _note(row: BackwardRow, x: str, last: bool) -> str:
    """What the row teaches about gradients that are zero or vanish."""
    if row.local == 0.0:
        note = f"The local slope is 0: nothing of the upstream gradient reaches {x} here."
    elif abs(row.local) < SMALL_SLOPE:
        note = f"The local slope is small: {x} receives only {brief(abs(row.local))} of the upstream gradient."
    else:
        note = ""
    if last and row.total == 0.0 and row.input.gate is not None:
        note += f" The gradient of {x} is 0: its gate, {row.input.gate.label}, has the upstream 0 and sends nothing."
    elif last and 0.0 < abs(row.total) < SMALL_GRADIENT:
        note += f" The gradient of {x} has almost vanished: {brief(row.total)}."
    return note.strip()


def _shown(x: Value, names: Mapping[Value, str]) -> str:
    return f"{names[x]} = {brief(x.data)}" if x in names else f"the constant {brief(x.data)}"


def _symbols(gate: Gate, inputs: Sequence[Value], names: Mapping[Value, str]) -> str:
    """The gate with names in it, as they enter it: x + x is not made 2·x."""
    infix = _infix(gate, [names.get(x) or brief(x.data) for x in inputs])
    return infix or str(applied(gate, [name(names[x]) if x in names else constant(x.data) for x in inputs], {}))


def _numbers(gate: Gate, inputs: Sequence[Value]) -> str:
    """The gate with numbers in it: 3 × -4, exp(0.5)."""
    numbers = [brief(x.data) for x in inputs]
    if infix := _infix(gate, numbers):
        return infix
    if len(numbers) > MOST_LISTED:
        numbers = [*numbers[: MOST_LISTED - 2], "…", numbers[-1]]
    return f"{gate.name}({', '.join(numbers)})"


def _infix(gate: Gate, inputs: Sequence[str]) -> str:
    """The gate between its two inputs, or nothing where it does not stand there."""
    if len(inputs) != 2 or gate.label not in INFIX:
        return ""
    x, y = inputs
    return f"({x}) ^ {y}" if gate.label == "^" and x.startswith("-") else f"{x} {gate.label} {y}"


def _within(x: float, rounded: float) -> float:
    """How far a prediction of x may be off; `rounded` is what x would be if its inputs were what is shown of them.

    Half of the last digit shown, which is the second one of a very small or large number, and what rounding adds.
    """
    size = abs(x)
    half = 0.005 if 0.01 <= size < 1e6 or x == 0.0 else 0.5 * 10.0 ** (math.floor(math.log10(size)) - 1)
    return half + (abs(rounded - x) if math.isfinite(rounded) else 0.0)


def _of_rounded_inputs(output: Value) -> float:
    """What the gate makes of its inputs as they are shown; where it makes nothing of them, its output itself."""
    rounded = {x: float(brief(x.data)) for x in output.wires() if isinstance(x, Value)}
    try:
        return rerun([output], rounded)[output]
    except DomainError:
        return output.data
