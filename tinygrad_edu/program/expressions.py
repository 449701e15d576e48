"""Statements as expressions, in any language: their signs and brackets, and which of them stands within another."""

from collections.abc import Collection, Sequence
from textwrap import shorten
from typing import Any

from tinygrad_edu.gates import GATES
from tinygrad_edu.program.code import Operand, Statement, Stored, shape, size
from tinygrad_edu.program.trees import within

LOOSE, PRODUCT, MINUS, POWER, TIGHT = 1, 2, 3, 4, 5  # how tightly an expression holds together
SIGNS = {"add": (" + ", LOOSE), "sub": (" - ", LOOSE), "mul": (" * ", PRODUCT), "div": (" / ", PRODUCT)}
OPPOSITE = {" + ": " - ", " - ": " + "}
LONGEST, LONGEST_RESULT = 60, 80  # characters of an expression that may stand within another, or as a result
WIDTH = 100  # characters of a line

KINDS = "vgm"  # what the names of numbers, groups and matrices begin with

Written = tuple[str, int]  # an expression, and how tightly it holds together
Loops = Sequence[dict[Any, str]]  # those around an expression, the outermost first: what runs in each, and its letter


class Expressions:
    """Statements as expressions; one that is used once stands within the expression that uses it.

    Around the expression for each number of a group there is one loop, around that of a matrix there are two.

    apart   what has a line of its own nevertheless
    called  the gates that are written as calls
    """

    def __init__(
        self,
        statements: Sequence[Statement],
        results: Sequence[Operand],
        apart: Collection[Operand] = (),
    ) -> None:
        self.whole, self.apart = set(results), apart
        self.called: set[str] = set()
        self.names: dict[Operand, str] = {}
        self.within: dict[Operand, Statement] = {}
        self.within = within(statements, results, self.short)
        for dimensions, kind in enumerate(KINDS):
            lines = [s.target for s in self.with_lines(statements) if len(s.target.shape) == dimensions]
            self.names |= {target: f"{kind}{i}" for i, target in enumerate(lines, 1)}
        for statement in statements:
            if statement.gate == "pick":
                self.names[statement.target] = self.place(statement.inputs[0], f"{statement.inputs[1]:.0f}")

    def short(self, statement: Statement, found: dict[Operand, Statement]) -> bool:
        """Whether the expression may stand within another."""
        self.within = found
        longest = LONGEST_RESULT if statement.target in self.whole else LONGEST
        return statement.target not in self.apart and self.length(statement) <= longest

    def with_lines(self, statements: Sequence[Statement]) -> list[Statement]:
        """Those that have a line of their own. A member of a group is called by its place there."""
        return [s for s in statements if s.target not in self.within and s.gate != "pick"]

    def length(self, statement: Statement) -> int:
        """How long the expression is."""
        return len(self.text(statement))

    def text(self, statement: Statement) -> str:
        """What stands to the right of the equals sign; of a group or a matrix, for each of its numbers."""
        return self.of_numbers(statement, [{} for _ in statement.target.shape])[0]

    # ---------------- what each language writes in its own way

    def call(self, gate: str, inputs: Sequence[str]) -> str:
        """A gate as the call of a function."""
        raise NotImplementedError

    def reduced(self, gate: str, inputs: Sequence[str], length: int) -> str:
        """A gate of whole groups of this length as a call."""
        raise NotImplementedError

    def group(self, x: Operand) -> str:
        """A whole group."""
        raise NotImplementedError

    def row(self, matrix: Operand, loops: Loops) -> str:
        """The row of a matrix that the outermost loop has come to."""
        raise NotImplementedError

    def power(self, base: Written, exponent: float) -> Written:
        """A number to the power of a constant."""
        raise NotImplementedError

    def each(self, x: Operand, loops: Loops) -> str:
        """What stands for each number of a group, a column or a matrix."""
        raise NotImplementedError

    # ---------------- what they write alike

    def of_numbers(self, statement: Statement, loops: Loops) -> Written:
        """A gate on numbers, or on each number of groups or matrices."""
        gate, inputs = statement.gate, statement.inputs
        if gate == "pick":
            return self.name(statement.target), TIGHT
        if groups := groups_of(gate):
            self.called.add(gate)
            taken = [self.row(x, loops) if len(shape(x)) > 1 else self.group(x) for x in inputs[:groups]]
            taken += [self.number(x, loops)[0] for x in inputs[groups:]]
            return self.reduced(gate, taken, shape(inputs[0])[-1]), TIGHT
        written = [self.number(x, loops) for x in inputs]
        match gate, inputs:
            case ("neg", _) | ("mul", (_, -1.0)):
                return _negated(written[0])
            case ("mul", (-1.0, _)):
                return _negated(written[1])
            case ("reciprocal", _):
                return _joined("div", ("1.0", TIGHT), written[0])
            case ("power", (_, float(exponent))):
                return self.power(written[0], exponent)
        if gate in SIGNS:
            return _joined(gate, *written)
        self.called.add(gate)
        return self.call(gate, [text for text, _ in written]), TIGHT

    def number(self, x: Operand, loops: Loops = ()) -> Written:
        """One number, or what stands for each number of a group, a column or a matrix."""
        if isinstance(x, float):
            text = repr(x)
            return text, MINUS if text.startswith("-") else TIGHT
        if x in self.within:
            return self.of_numbers(self.within[x], loops)
        return self.each(x, loops) if size(x) else self.name(x), TIGHT

    def items(self, stack: Statement) -> list[str]:
        """The numbers of which a group is made."""
        return [self.number(x)[0] for x in stack.inputs]

    def place(self, x: Operand, *at: str) -> str:
        """One number of a group or of a matrix."""
        if isinstance(x, Stored):
            return f"{x.array}[{offset(x.start, x.strides, at)}]"
        return self.name(x) + "".join([f"[{i}]" for i in at])

    def name(self, x: Operand) -> str:
        """A number where it is stored, or by the name it has in the text."""
        if isinstance(x, Stored):
            return f"{x.array}[{x.start}]"
        return self.names.get(x, "v0")  # before there are names: for the length


def groups_of(gate: str) -> int:
    """How many whole groups it takes; they are its first inputs."""
    return 1 if gate == "part" else GATES[gate].takes.count("[]") if gate in GATES else 0


def offset(start: int, strides: Sequence[int], at: Sequence[str]) -> str:
    """Where in an array a number of a group or a matrix is.

    >>> offset(48, [17, 1], ["i", "j"]), offset(0, [3], ["i"]), offset(6, [-1], ["i"]), offset(2, [3], ["5"])
    ('48 + 17 * i + j', '3 * i', '6 - i', '17')
    """
    known = start + sum([stride * int(i) for stride, i in zip(strides, at, strict=False) if i.isdecimal()])
    steps = [(stride, i) for stride, i in zip(strides, at, strict=False) if not i.isdecimal()]
    terms = [f"{'+' if stride > 0 else '-'} {i if abs(stride) == 1 else f'{abs(stride)} * {i}'}" for stride, i in steps]
    if known or not terms:
        terms = [str(known), *terms]
    return " ".join(terms).removeprefix("+ ")


def _joined(gate: str, left: Written, right: Written) -> Written:
    """Two expressions with a sign between them, and the brackets they need."""
    sign, tightness = SIGNS[gate]
    if gate == "add" and left[0].startswith("-") and left[1] > LOOSE and not right[0].startswith("-"):
        left, right = right, left  # b - a for -a + b
    text = bracketed(right, tightness + 1)
    if sign in OPPOSITE and text.startswith("-"):
        sign, text = OPPOSITE[sign], text[1:]
    return f"{bracketed(left, tightness)}{sign}{text}", tightness


def _negated(written: Written) -> Written:
    """An expression with the other sign; of a product it is its first factor's."""
    text, tightness = written
    if tightness == LOOSE:
        return f"-({text})", MINUS
    if text.startswith("-"):
        return text[1:], PRODUCT if tightness == PRODUCT else POWER
    return f"-{text}", min(tightness, MINUS)


def bracketed(written: Written, tightness: int) -> str:
    """An expression in brackets, if it does not hold together as tightly as this."""
    text, own = written
    return f"({text})" if own < tightness else text


def filled(items: Sequence[str], indent: str) -> list[str]:
    """Items with commas after them, as many on a line as it holds."""
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + len(item) + 2 <= WIDTH:
            lines[-1] += f" {item},"
        else:
            lines.append(f"{indent}{item},")
    return lines


def legend(array: str, labels: Sequence[str]) -> str:
    """What the numbers of an array are: their labels, as far as one line holds them; without labels how many there are.

    >>> legend("x", ["x1", "", "the target"]), legend("w", ["", ""])
    ('x1, x[1], the target', '2 numbers')
    """
    if not any(labels):
        return "1 number" if len(labels) == 1 else f"{len(labels) or 'no'} numbers"
    shown = ["".join([c if c.isprintable() else " " for c in str(label)]).strip() for label in labels]
    known = [label or f"{array}[{i}]" for i, label in enumerate(shown)]
    return shorten(", ".join(known), WIDTH - 20, placeholder=" ...")
