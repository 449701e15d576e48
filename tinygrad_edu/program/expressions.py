"""Statements as expressions, in any language: their signs and brackets, and which of them stands within another."""

from collections.abc import Collection, Sequence
from textwrap import shorten

from tinygrad_edu.program.code import Operand, Statement, Stored, size
from tinygrad_edu.program.trees import within

LOOSE, PRODUCT, MINUS, POWER, TIGHT = 1, 2, 3, 4, 5  # how tightly an expression holds together
SIGNS = {"add": (" + ", LOOSE), "sub": (" - ", LOOSE), "mul": (" * ", PRODUCT), "div": (" / ", PRODUCT)}
OPPOSITE = {" + ": " - ", " - ": " + "}
LONGEST, LONGEST_RESULT = 60, 80  # characters of an expression that may stand within another, or as a result
WIDTH = 100  # characters of a line

Written = tuple[str, int]  # an expression, and how tightly it holds together


class Expressions:
    """Statements as expressions; one that is used once stands within the expression that uses it.

    apart   what has a line of its own nevertheless
    called  the gates that are written as calls
    """

    def __init__(
        self, statements: Sequence[Statement], results: Sequence[Operand], apart: Collection[Operand] = ()
    ) -> None:
        self.whole, self.apart = set(results), apart
        self.called: set[str] = set()
        self.names: dict[Operand, str] = {}
        self.within: dict[Operand, Statement] = {}
        self.within = within(statements, results, self.short)
        for kind, many in (("v", False), ("g", True)):
            lines = [s.target for s in statements if s.target not in self.within and bool(s.target.shape) is many]
            self.names |= {target: f"{kind}{i}" for i, target in enumerate(lines, 1)}

    def short(self, statement: Statement, found: dict[Operand, Statement]) -> bool:
        """Whether the expression may stand within another."""
        self.within = found
        longest = LONGEST_RESULT if statement.target in self.whole else LONGEST
        return statement.target not in self.apart and len(self.text(statement)) <= longest

    def text(self, statement: Statement) -> str:
        """What stands to the right of the equals sign."""
        return self.of_numbers(statement, {})[0]

    # ---------------- what each language writes in its own way

    def call(self, gate: str, inputs: Sequence[str]) -> str:
        """A gate as the call of a function."""
        raise NotImplementedError

    def reduced(self, gate: str, inputs: Sequence[Operand]) -> str:
        """One number of whole groups."""
        raise NotImplementedError

    def power(self, base: Written, exponent: float) -> Written:
        """A number to the power of a constant."""
        raise NotImplementedError

    def each(self, group: Operand, letters: dict[Operand, str]) -> str:
        """What stands for each number of a group; `letters` are those given so far."""
        raise NotImplementedError

    # ---------------- what they write alike

    def of_numbers(self, statement: Statement, letters: dict[Operand, str]) -> Written:
        """A gate on numbers, or on each number of groups."""
        gate, inputs = statement.gate, statement.inputs
        if gate == "pick":
            return self.place(inputs[0], f"{inputs[1]:.0f}"), TIGHT
        if not statement.target.shape and any(map(size, inputs)):
            self.called.add(gate)
            return self.reduced(gate, inputs), TIGHT
        written = [self.number(x, letters) for x in inputs]
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

    def number(self, x: Operand, letters: dict[Operand, str]) -> Written:
        """One number, or what stands for each number of a group."""
        if isinstance(x, float):
            text = repr(x)
            return text, MINUS if text.startswith("-") else TIGHT
        if x in self.within:
            return self.of_numbers(self.within[x], letters)
        return self.each(x, letters) if size(x) else self.name(x), TIGHT

    def items(self, stack: Statement) -> list[str]:
        """The numbers of which a group is made."""
        return [self.number(x, {})[0] for x in stack.inputs]

    def place(self, group: Operand, i: str) -> str:
        """One number of a group."""
        if isinstance(group, Stored):
            if i.isdecimal():
                return f"{group.array}[{group.start + int(i)}]"
            return f"{group.array}[{group.start} + {i}]" if group.start else f"{group.array}[{i}]"
        return f"{self.name(group)}[{i}]"

    def name(self, x: Operand) -> str:
        """A number where it is stored, or by the name it has in the text."""
        if isinstance(x, Stored):
            return f"{x.array}[{x.start}]"
        return self.names.get(x, "v0")  # before there are names: for the length


def _joined(gate: str, left: Written, right: Written) -> Written:
    """Two expressions with a sign between them, and the brackets they need."""
    sign, tightness = SIGNS[gate]
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
