"""A program as text, forward and backward, as one would write it by hand. It is Python, and the text is what runs."""

from collections.abc import Sequence

from tinygrad_edu.program.code import Code, Operand, Statement, Stored, size
from tinygrad_edu.program.expressions import POWER, TIGHT, WIDTH, Expressions, Written, bracketed, filled, legend

LETTERS = "abcdefhijklmnopqrstuyz"  # without those of the row, of the parameters and of what is computed
LARGEST = 100  # the exponent that is written with two stars

HEADER = """\
# forward(x, w) is the output for one row, backward(x, w) the output and its gradient.
#
# x, the row: {x}
# w, the parameters: {w}
"""


def printed(code: Code, inputs: Sequence[str], parameters: Sequence[str]) -> str:
    """The program as a file to run: what x and w are, the gates it calls, and its two functions.

    inputs, parameters  their labels
    """
    called, text = functions(code)
    gates = f"\nfrom tinygrad_edu.gates import {', '.join(called)}\n" if called else ""
    return f"{HEADER.format(x=legend('x', inputs), w=legend('w', parameters))}{gates}\n\n{text}"


def functions(code: Code) -> tuple[list[str], str]:
    """The gates that are called, and the program as two functions of a row `x` and of the parameters `w`.

    `forward` gives the output; `backward` the output and the gradient, one number for each parameter.
    """
    first, second = code.statements[: code.forward], code.statements[code.forward :]
    value = Python(first, [code.output])
    both = Python(code.statements, [code.output, *[gradient for _, gradient in code.gradients]])
    lines = ["def forward(x, w):", *value.lines(first), f"    return {value.number(code.output, {})[0]}", "", ""]
    lines += ["def backward(x, w):", *both.lines(first), "    # backward", *both.lines(second)]
    start, tiles = f"return {both.number(code.output, {})[0]}, ", both.tiles(code.gradients)
    if len(tiles) == 1 and tiles[0].startswith("*"):
        lines.append(f"    {start}{tiles[0].removeprefix('*')}")
    else:
        lines += both.listed(start, tiles, one_a_line=True)
    return sorted(both.called), "\n".join([*lines, ""])


class Python(Expressions):
    """The expressions of Python; a group is a list."""

    def lines(self, statements: Sequence[Statement]) -> list[str]:
        """A line for each of the statements that does not stand within another."""
        lines = []
        for statement in statements:
            if statement.target in self.within:
                continue
            start = f"{self.names[statement.target]} = "
            if statement.gate == "stack":
                lines += self.listed(start, self.items(statement))
            else:
                lines.append(f"    {start}{self.text(statement)}")
        return lines

    def listed(self, start: str, items: Sequence[str], one_a_line: bool = False) -> list[str]:
        """A list on one line, or on several if it is too long."""
        line = f"    {start}[{', '.join(items)}]"
        if len(line) <= WIDTH:
            return [line]
        indent = " " * 8
        return [f"    {start}[", *([f"{indent}{x}," for x in items] if one_a_line else filled(items, indent)), "    ]"]

    def tiles(self, gradients: Sequence[tuple[Stored, Operand]]) -> list[str]:
        """What each stretch of the gradient is: numbers of a group, or one number so many times."""
        return [
            f"*{self.group(x)}"
            if size(x)
            else f"*[{self.number(x, {})[0]}] * {size(where)}"
            if size(where) > 1
            else self.number(x, {})[0]
            for where, x in gradients
        ]

    def group(self, x: Operand) -> str:
        """A whole group."""
        if x in self.within:
            return self.text(self.within[x])
        return f"{x.array}[{x.start}:{x.start + size(x)}]" if isinstance(x, Stored) else self.name(x)

    def text(self, statement: Statement) -> str:
        """What stands to the right of the equals sign."""
        if not statement.target.shape:
            return super().text(statement)
        if statement.gate == "part":
            group, start, stop = statement.inputs
            return f"{self.group(group)}[{start:.0f}:{stop:.0f}]"
        letters: dict[Operand, str] = {}
        body = self.of_numbers(statement, letters)[0]
        groups = [self.group(x) for x in letters]
        source = groups[0] if len(groups) == 1 else f"zip({', '.join(groups)})"
        return f"[{body} for {', '.join(letters.values())} in {source}]"

    def each(self, group: Operand, letters: dict[Operand, str]) -> str:
        """A letter, which runs through the group."""
        turn, letter = divmod(len(letters), len(LETTERS))
        return letters.setdefault(group, LETTERS[letter] + (str(turn) if turn else ""))

    def reduced(self, gate: str, inputs: Sequence[Operand]) -> str:
        """A call with lists."""
        return f"{gate}({', '.join([self.group(x) if size(x) else self.number(x, {})[0] for x in inputs])})"

    def call(self, gate: str, inputs: Sequence[str]) -> str:
        """A call of the gate."""
        return f"{gate}({', '.join(inputs)})"

    def power(self, base: Written, exponent: float) -> Written:
        """Two stars for whole numbers; others make a complex number of a negative base, where the gate says no."""
        if exponent == int(exponent) and abs(exponent) <= LARGEST:
            return f"{bracketed(base, POWER + 1)}**{exponent:.0f}", POWER
        self.called.add("pow")
        return f"pow({base[0]}, {exponent!r})", TIGHT
