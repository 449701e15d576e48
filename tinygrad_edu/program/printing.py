"""A program as text, forward and backward, as one would write it by hand. It is Python, and the text is what runs."""

from collections.abc import Sequence
from string import ascii_lowercase

from tinygrad_edu.program.code import Code, Name, Operand, Statement, Stored, size
from tinygrad_edu.program.trees import TAKES_WHOLE, within

LOOSE, PRODUCT, POWER, TIGHT = 1, 2, 3, 4  # how tightly an expression holds together
SIGNS = {
    "add": (" + ", LOOSE),
    "sub": (" - ", LOOSE),
    "mul": (" * ", PRODUCT),
    "div": (" / ", PRODUCT),
    "pow": ("**", POWER),
    "power": ("**", POWER),
}
LONGEST = 60  # characters of an expression that may stand within another

Written = tuple[str, int]  # an expression, and how tightly it holds together


def printed(code: Code) -> str:
    """The program as two functions of a row `x` and of the parameters `w`.

    `forward` gives the output; `backward` the output and the gradient, one number for each parameter.
    """
    forward, value = code.statements[: code.forward], Text(code.statements[: code.forward], [code.output])
    both = Text(code.statements, [code.output, *[gradient for _, gradient in code.gradients]])
    first, second = both.lines(forward), both.lines(code.statements[code.forward :])
    gradient = ", ".join([both.tile(where, x) for where, x in code.gradients])
    lines = ["def forward(x, w):", *value.lines(forward), f"    return {value.number(code.output)[0]}", "", ""]
    lines += ["def backward(x, w):", *first, "    # backward", *second]
    return "\n".join([*lines, f"    return {both.number(code.output)[0]}, [{gradient}]", ""])


class Text:
    """Statements as expressions; one that is used once stands within the expression that uses it."""

    def __init__(self, statements: Sequence[Statement], results: Sequence[Operand]) -> None:
        self.within: dict[Operand, Statement] = {}
        self.within = within(statements, results, self.short)

    def short(self, statement: Statement, found: dict[Operand, Statement]) -> bool:
        """Whether the expression is short enough to stand within another."""
        self.within = found
        return len(self.expression(statement)) <= LONGEST

    def lines(self, statements: Sequence[Statement]) -> list[str]:
        """A line for each of the statements that does not stand within another."""
        return [
            f"    {_name(statement.target)} = {self.expression(statement)}"
            for statement in statements
            if statement.target not in self.within
        ]

    def expression(self, statement: Statement) -> str:
        """What stands to the right of the equals sign."""
        if not statement.target.size or statement.gate in TAKES_WHOLE:
            return self.of_numbers(statement, {})[0]
        letters: dict[Operand, str] = {}
        body = self.of_numbers(statement, letters)[0]
        groups = [self.group(x) for x in letters]
        source = groups[0] if len(groups) == 1 else f"zip({', '.join(groups)})"
        return f"[{body} for {', '.join(letters.values())} in {source}]"

    def of_numbers(self, statement: Statement, letters: dict[Operand, str]) -> Written:
        """A gate on numbers; for those of a group stand letters."""
        gate, inputs = statement.gate, statement.inputs
        if gate == "stack":
            return f"[{', '.join([self.number(x)[0] for x in inputs])}]", TIGHT
        if gate in ("pick", "part"):
            places = ":".join([f"{place:.0f}" for place in inputs[1:]])
            return f"{self.group(inputs[0])}[{places}]", TIGHT
        if not statement.target.size and any(map(size, inputs)):  # one number of a whole group
            return f"{gate}({', '.join([self.group(x) if size(x) else self.number(x)[0] for x in inputs])})", TIGHT
        written = [self.number(x, letters) for x in inputs]
        if gate == "neg":
            return f"-{_bracketed(written[0], POWER)}", PRODUCT
        if gate in SIGNS:
            sign, tightness = SIGNS[gate]
            left = _bracketed(written[0], tightness + (tightness == POWER))
            right = _bracketed(written[1], tightness + 1)
            return f"{left}{sign}{right}", tightness
        return f"{gate}({', '.join([text for text, _ in written])})", TIGHT

    def number(self, x: Operand, letters: dict[Operand, str] | None = None) -> Written:
        """One number, or the letter of each number of a group."""
        if isinstance(x, float):
            return repr(x), TIGHT if x >= 0.0 else PRODUCT
        if x in self.within:
            return self.of_numbers(self.within[x], {} if letters is None else letters)
        if size(x) and letters is not None:
            return letters.setdefault(x, ascii_lowercase[len(letters)]), TIGHT
        return _name(x), TIGHT

    def tile(self, where: Stored, x: Operand) -> str:
        """What a stretch of the gradient is: numbers of a group, or one number so many times."""
        if size(x):
            return f"*{self.group(x)}"
        return f"*[{self.number(x)[0]}] * {where.size}" if where.size else self.number(x)[0]

    def group(self, x: Operand) -> str:
        """A whole group."""
        return self.expression(self.within[x]) if x in self.within else _name(x)


def _bracketed(written: Written, tightness: int) -> str:
    text, own = written
    return f"({text})" if own < tightness else text


def _name(x: Operand) -> str:
    match x:
        case Name(index=index, size=0):
            return f"v{index}"
        case Name(index=index):
            return f"g{index}"
        case Stored(array=array, start=start, stop=None):
            return f"{array}[{start}]"
        case Stored(array=array, start=start, stop=stop):
            return f"{array}[{start}:{stop}]"
    return repr(x)
