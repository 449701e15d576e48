"""A program as text, forward and backward, as one would write it by hand. It is Python, and the text is what runs."""

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from tinygrad_edu.program.code import Code, Column, Operand, Statement, Stored, group_of, shape, size
from tinygrad_edu.program.expressions import POWER, TIGHT, WIDTH, Expressions, Loops, Written, bracketed, filled, legend

LETTERS = "abcdefhijlnopqrstuyz"  # without those of the row, of the parameters, of what is computed, and of places
PLACE = "k"  # the letter of where the rows of a matrix begin
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
    gradients = sorted(code.gradients, key=lambda gradient: gradient[0].start)
    repeated = {x for where, x in gradients if len(shape(x)) < 2 <= len(where.shape)}
    results = [code.output, *[x for _, x in gradients]]
    value, both = Python(first, [code.output]), Python(code.statements, results, apart=repeated)
    lines = ["def forward(x, w):", *value.lines(first), f"    return {value.number(code.output)[0]}", "", ""]
    lines += ["def backward(x, w):", *both.lines(first), "    # backward", *both.lines(second)]
    lines += both.result(code.output, gradients)
    return sorted(both.called), "\n".join([*lines, ""])


class Python(Expressions):
    """The expressions of Python; a group is a list, a matrix a list of rows."""

    def lines(self, statements: Sequence[Statement]) -> list[str]:
        """A line for each of the statements that does not stand within another."""
        lines = []
        for statement in self.with_lines(statements):
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

    def result(self, output: Operand, gradients: Sequence[tuple[Stored, Operand]]) -> list[str]:
        """What backward returns: the gradient as a list of its parts, or as one that is filled with them."""
        start = f"return {self.number(output)[0]}, "
        if all(where.strides in ((), (1,)) for where, _ in gradients):
            tiles = [self.tile(where, x) for where, x in gradients]
            if len(tiles) == 1 and tiles[0].startswith("*"):
                return [f"    {start}{tiles[0].removeprefix('*')}"]
            return self.listed(start, tiles, one_a_line=True)
        lines = [f"gradient = [0.0] * {sum([prod(where.shape) for where, _ in gradients])}"]
        for where, x in gradients:
            if x != 0.0:
                lines += self.filling(replace(where, array="gradient"), x)
        return [f"    {line}" for line in [*lines, f"{start}gradient"]]

    def tile(self, where: Stored, x: Operand) -> str:
        """What a stretch of the gradient is: numbers of a group, or one number so many times."""
        if size(x):
            return f"*{self.group(x)}"
        number = self.number(x)[0]
        return f"*[{number}] * {size(where)}" if size(where) > 1 else number

    def filling(self, where: Stored, x: Operand) -> list[str]:
        """The lines that put a number, a group or a matrix where it belongs in the gradient."""
        if not where.shape:
            return [f"{self.name(where)} = {self.number(x)[0]}"]
        if len(where.shape) == 1:
            numbers = self.group(x) if size(x) else f"[{self.number(x)[0]}] * {size(where)}"
            return [f"{self.group(where)} = {numbers}"]
        loops: Loops = ({}, {})
        row = self.row(where, loops)
        if len(shape(x)) == 1:
            numbers = self.group(x)
        elif not size(x) or isinstance(x, Column):
            numbers = f"[{self.number(x, loops)[0]}] * {where.shape[1]}"
        else:
            numbers = self.comprehension(self.number(x, loops)[0], loops)
        return [f"{self.loop(loops[:1])}:", f"    {row} = {numbers}"]

    # ---------------- groups, matrices and the loops through them

    def text(self, statement: Statement) -> str:
        """What stands to the right of the equals sign."""
        if statement.gate == "part":
            group, start, stop = statement.inputs
            return f"{self.group(group)}[{start:.0f}:{stop:.0f}]"
        loops: Loops = [{} for _ in statement.target.shape]
        text = self.of_numbers(statement, loops)[0]
        for depth in range(len(loops), 0, -1):
            text = self.comprehension(text, loops[:depth])
        return text

    def length(self, statement: Statement) -> int:
        """How long the expression is; of a matrix, that of a row, which has a line of its own in the gradient."""
        if len(statement.target.shape) < 2:
            return super().length(statement)
        loops: Loops = ({}, {})
        return len(self.comprehension(self.of_numbers(statement, loops)[0], loops))

    def comprehension(self, text: str, loops: Loops) -> str:
        """A list of what the innermost of the loops gives."""
        if [text] == [*loops[-1].values()]:
            return self.source(next(iter(loops[-1])), loops[:-1])
        return f"[{text} {self.loop(loops)}]"

    def loop(self, loops: Loops) -> str:
        """The innermost of the loops."""
        *around, letters = loops
        sources = [self.source(x, around) for x in letters]
        source = sources[0] if len(sources) == 1 else f"zip({', '.join(sources)})"
        return f"for {', '.join(letters.values())} in {source}"

    def source(self, x: Operand | range, around: Loops) -> str:
        """What a letter runs through: places, a group, a row of a matrix, or its rows."""
        if isinstance(x, range):
            return f"range({x.start}, {x.stop}{'' if x.step == 1 else f', {x.step}'})"
        return self.row(x, around) if around and len(shape(x)) > 1 else self.group(x)

    def letter(self, x: Operand | range, loops: Loops, depth: int) -> str:
        """The letter that runs through this in that loop."""
        is_place = isinstance(x, range)
        given = sum([isinstance(other, range) is is_place for letters in loops for other in letters])
        letters = PLACE if is_place else LETTERS
        turn, letter = divmod(given, len(letters))
        return loops[depth].setdefault(x, letters[letter] + (str(turn) if turn else ""))

    def group(self, x: Operand) -> str:
        """A whole group; of a matrix its rows."""
        if x in self.within:
            return self.text(self.within[x])
        return _stretch(x.array, x.places) if isinstance(x, Stored) else self.name(x)

    def row(self, matrix: Operand, loops: Loops) -> str:
        """A stretch from the place that the outermost loop has come to; or the letter that runs through the rows."""
        if not isinstance(matrix, Stored):
            return self.letter(matrix, loops, 0)
        (height, width), (step, stride) = matrix.shape, matrix.strides
        places = range(matrix.start, matrix.start + height * step, step)
        k = self.letter(places, loops, 0)
        if stride == 1:
            return f"{matrix.array}[{k}:{k} + {width}]"
        stop = matrix.start + width * stride  # of each row, if none begins where another goes on
        return f"{matrix.array}[{k}:{stop if 0 < height * step <= stride else f'{k} + {width * stride}'}:{stride}]"

    def each(self, x: Operand, loops: Loops) -> str:
        """A letter, which runs through the group, or a number at a distance from a place that does so already."""
        depth = 0 if isinstance(x, Column) else len(loops) - 1
        group = group_of(x)
        if isinstance(group, Stored) and len(group.shape) == 1:
            for places, letter in loops[depth].items():
                alike = isinstance(places, range) and (len(places), places.step) == (size(group), group.strides[0])
                if alike and places.step != 1:
                    return f"{group.array}[{letter}{_signed(group.start - places.start)}]"
        if len(shape(group)) > 1:
            self.row(group, loops)  # the outer loop's letters come before those of the inner
        return self.letter(group, loops, depth)

    # ---------------- calls

    def reduced(self, gate: str, inputs: Sequence[str], length: int) -> str:
        """A call with lists."""
        return self.call(gate, inputs)

    def call(self, gate: str, inputs: Sequence[str]) -> str:
        """A call of the gate."""
        return f"{gate}({', '.join(inputs)})"

    def power(self, base: Written, exponent: float) -> Written:
        """Two stars for whole numbers; others make a complex number of a negative base, where the gate says no."""
        if exponent == int(exponent) and abs(exponent) <= LARGEST:
            return f"{bracketed(base, POWER + 1)}**{exponent:.0f}", POWER
        self.called.add("pow")
        return f"pow({base[0]}, {exponent!r})", TIGHT


def _stretch(array: str, places: range) -> str:
    """The numbers at these places.

    >>> _stretch("w", range(2, 50, 3)), _stretch("w", range(4, 6)), _stretch("w", range(8, -1, -3))
    ('w[2:48:3]', 'w[4:6]', 'w[8:1:-3]')
    """
    stop = places[-1] + (1 if places.step > 0 else -1)
    return f"{array}[{places.start}:{stop if stop >= 0 else ''}{'' if places.step == 1 else f':{places.step}'}]"


def _signed(distance: int) -> str:
    """What is added to a place."""
    return f" {'+' if distance > 0 else '-'} {abs(distance)}" if distance else ""
