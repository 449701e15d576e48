"""A program as a file of C that stands alone: its value and its gradient, for a row and as means over many."""

import re
from collections.abc import Sequence
from dataclasses import replace

from tinygrad_edu.program.code import Code, Column, Name, Operand, Statement, Stored, group_of, shape
from tinygrad_edu.program.expressions import (
    PRODUCT,
    TIGHT,
    WIDTH,
    Expressions,
    Loops,
    Written,
    bracketed,
    filled,
    groups_of,
    legend,
    offset,
)

LETTERS = "ij"  # which row of a matrix, or member of a group, and which column

HEADER = """\
/* The value of a graph and its gradient, for rows of numbers.
 *
 * x         a row: {x}
 * w         the parameters: {w}
 * gradient  a number for each parameter
 *
 * forward   the output for one row
 * backward  the output for one row; adds to the gradient
 * mean      the mean of the output over all rows, which lie one after the other; sets the gradient to its mean
 *
 * Compile it with a file of your own that declares and calls these: cc -std=c99 -O2 yours.c this.c -lm
 */
#include <math.h>
"""

IN_MATH_H = {name: name for name in ("exp", "log", "sqrt", "sin", "cos", "tanh", "pow")} | {"abs": "fabs"}

FUNCTIONS = {  # the other gates, with the forward rules of the table
    "step": """\
static double step(double x)
{
    return x > 0.0 ? 1.0 : 0.0;
}
""",
    "relu": """\
static double relu(double x)
{
    return x > 0.0 ? x : 0.0;
}
""",
    "leaky_relu": """\
static double leaky_relu(double x, double alpha)
{
    return x > 0.0 ? x : alpha * x;
}
""",
    "elu": """\
static double elu(double x, double alpha)
{
    return x > 0.0 ? x : alpha * expm1(x);
}
""",
    "sigmoid": """\
static double sigmoid(double x)
{
    return exp(fmin(x, 0.0)) / (1.0 + exp(-fabs(x)));
}
""",
    "softplus": """\
static double softplus(double x)
{
    return fmax(x, 0.0) + log1p(exp(-fabs(x)));
}
""",
    "sum": """\
static double sum(int n, const double *values)
{
    double total = 0.0;
    for (int i = 0; i < n; i++)
        total += values[i];
    return total;
}
""",
    "dot": """\
static double dot(int n, const double *weights, const double *inputs, double bias)
{
    for (int i = 0; i < n; i++)
        bias += weights[i] * inputs[i];
    return bias;
}
""",
    "maximum": """\
static double maximum(int n, const double *values)
{
    double top = values[0];
    for (int i = 1; i < n; i++)
        top = values[i] > top ? values[i] : top;
    return top;
}
""",
    "minimum": """\
static double minimum(int n, const double *values)
{
    double bottom = values[0];
    for (int i = 1; i < n; i++)
        bottom = values[i] < bottom ? values[i] : bottom;
    return bottom;
}
""",
    "logsumexp": """\
static double logsumexp(int n, const double *values)
{
    int top = 0;
    double others = 0.0;
    for (int i = 1; i < n; i++)
        if (values[i] > values[top])
            top = i;
    for (int i = 0; i < n; i++)
        if (i != top)
            others += exp(values[i] - values[top]);
    return values[top] + log1p(others);
}
""",
}


def in_c(code: Code, inputs: Sequence[str], parameters: Sequence[str]) -> str:
    """The program as a file of C99, which is C++ as well.

    inputs, parameters  their labels
    """
    code = _side_by_side(code)
    first, second = code.statements[: code.forward], code.statements[code.forward :]
    gradients = sorted([(where, x) for where, x in code.gradients if x != 0.0], key=lambda gradient: gradient[0].start)
    forward, backward = C(first, code.output, []), C(code.statements, code.output, gradients)
    lines = ["double forward(const double *x, const double *w)", "{", *forward.unused("x", "w"), *forward.lines(first)]
    lines += [f"    return {forward.result()};", "}", ""]
    lines += ["double backward(const double *x, const double *w, double *gradient)", "{"]
    lines += [*backward.unused("x", "w", "gradient"), *backward.lines(first), "    /* backward */"]
    lines += [*backward.lines(second), *backward.additions(), f"    return {backward.result()};", "}", ""]
    header = HEADER.format(x=_in_comment(legend("x", inputs)), w=_in_comment(legend("w", parameters)))
    functions = [text for name, text in FUNCTIONS.items() if name in backward.called]
    return "\n".join([header, *functions, *lines, *_mean(len(inputs), len(parameters)), ""])


def _side_by_side(code: Code) -> Code:
    """The program with a copy of each group that a call takes whole though its numbers do not lie side by side."""
    copies: dict[Stored, Name] = {}
    statements: list[Statement] = []
    fresh = 1 + max([statement.target.index for statement in code], default=0)
    forward = code.forward
    for i, statement in enumerate(code):
        inputs = list(statement.inputs)
        for k, x in enumerate(inputs[: groups_of(statement.gate)]):
            if isinstance(x, Stored) and len(x.shape) == 1 and x.strides != (1,):
                if x not in copies:
                    copies[x] = Name(fresh + len(copies), x.shape)
                    statements.append(Statement(copies[x], "stack", tuple([Stored(x.array, at) for at in x.places])))
                    forward += i < code.forward
                inputs[k] = copies[x]
        statements.append(replace(statement, inputs=tuple(inputs)))
    return replace(code, statements=tuple(statements), forward=forward)


def _mean(columns: int, parameters: int) -> list[str]:
    """The function that goes through many rows."""
    row = {0: "rows", 1: "rows + k"}.get(columns, f"rows + k * {columns}")
    return [
        "double mean(const double *rows, long count, const double *w, double *gradient)",
        "{",
        "    double total = 0.0;",
        *(_loops([parameters], "gradient[i] = 0.0;") if parameters else []),
        "    for (long k = 0; k < count; k++)",
        f"        total += backward({row}, w, gradient);",
        *(_loops([parameters], "gradient[i] /= count;") if parameters else []),
        "    return total / count;",
        "}",
    ]


def _loops(counts: Sequence[int], body: str, letters: str = LETTERS) -> list[str]:
    """Loops within one another, the outermost first."""
    lines = [f"for (int {i} = 0; {i} < {n}; {i}++)" for i, n in zip(letters, counts, strict=False)]
    return [" " * 4 * depth + line for depth, line in enumerate([*lines, body], 1)]


def _in_comment(text: str) -> str:
    """Text that ends no comment, begins none, and spells no character in C's old ways with question marks."""
    return re.sub(r"\*(?=/)|/(?=\*)|\?(?=\?)", r"\g<0> ", text)


class C(Expressions):
    """The expressions of C; a group is an array, and what is done to each of its numbers a loop."""

    def __init__(
        self, statements: Sequence[Statement], output: Operand, gradients: Sequence[tuple[Stored, Operand]]
    ) -> None:
        self.output, self.gradients = output, gradients
        inputs = [group_of(x) for s in statements for x in s.inputs]
        self.read = {x.array for x in (*inputs, output) if isinstance(x, Stored)}
        whole = {x for s in statements for x in s.inputs[: groups_of(s.gate)]}
        across = {s.target for s in statements if _goes_across(s)}
        repeated = {x for where, x in gradients if len(shape(x)) < len(where.shape)}
        super().__init__(statements, [output, *[x for _, x in gradients]], apart=whole | across | repeated)

    def unused(self, *names: str) -> list[str]:
        """A line for each name that nothing reads, so that the compiler does not warn."""
        read = self.read | ({"gradient"} if self.gradients else set())
        return [f"    (void){name};" for name in names if name not in read]

    def lines(self, statements: Sequence[Statement]) -> list[str]:
        """Lines for each of the statements that does not stand within another."""
        lines = []
        for statement in self.with_lines(statements):
            name, counts = self.names[statement.target], statement.target.shape
            array = name + "".join([f"[{count}]" for count in counts])
            if statement.gate == "part":
                group, start = statement.inputs[:2]
                lines.append(f"    const double *{name} = {_pointer(self.group(group), f'{start:.0f}')};")
            elif statement.gate == "stack":
                lines += self.listed(f"const double {array} = ", self.items(statement))
            elif _goes_across(statement):
                lines += [f"    double {array};", *self.across(statement)]
            elif counts:
                place = self.place(statement.target, *LETTERS[: len(counts)])
                lines += [f"    double {array};", *_loops(counts, f"{place} = {self.text(statement)};")]
            else:
                lines.append(f"    const double {name} = {self.text(statement)};")
        return lines

    def listed(self, start: str, items: Sequence[str]) -> list[str]:
        """The numbers of an array on one line, or on several if it is too long."""
        line = f"    {start}{{{', '.join(items)}}};"
        return [line] if len(line) <= WIDTH else [f"    {start}{{", *filled(items, " " * 8), "    };"]

    def across(self, dot: Statement) -> list[str]:
        """The dots of rows that lie across one another: each of their columns adds to all of them."""
        loops: Loops = ({}, {})
        weights, inputs, *bias = dot.inputs
        place = self.place(dot.target, "i")
        terms = [bracketed(self.number(x, loops), PRODUCT) for x in (weights, inputs)]
        first = self.number(bias[0], loops[:1])[0] if bias else "0.0"
        counts = shape(weights if len(shape(weights)) > 1 else inputs)[::-1]
        return [
            *_loops(counts[1:], f"{place} = {first};"),
            *_loops(counts, f"{place} += {' * '.join(terms)};", LETTERS[::-1]),
        ]

    def additions(self) -> list[str]:
        """What is added to the gradient, part by part."""
        lines = []
        for where, x in self.gradients:
            loops: Loops = [{} for _ in where.shape]
            place = self.each(replace(where, array="gradient"), loops)
            lines += _loops(where.shape, f"{place} += {self.number(x, loops)[0]};")
        return lines

    def result(self) -> str:
        """The output."""
        return self.number(self.output)[0]

    def group(self, x: Operand) -> str:
        """Where a group begins."""
        return _pointer(x.array, f"{x.start}") if isinstance(x, Stored) else self.name(x)

    def row(self, matrix: Operand, loops: Loops) -> str:
        """Where row i begins."""
        if isinstance(matrix, Stored):
            return _pointer(matrix.array, offset(matrix.start, matrix.strides[:1], LETTERS[:1]))
        return self.place(matrix, LETTERS[0])

    def each(self, x: Operand, loops: Loops) -> str:
        """Number i of a group or of a column, number j of a row, or that of a matrix in row i and column j."""
        if isinstance(x, Column):
            return self.place(x.of, LETTERS[0])
        return self.place(x, *LETTERS[len(loops) - len(shape(x)) : len(loops)])

    def reduced(self, gate: str, inputs: Sequence[str], length: int) -> str:
        """A call with a count and arrays."""
        without_bias = gate == "dot" and len(inputs) == 2
        return f"{gate}({', '.join([str(length), *inputs, *(['0.0'] if without_bias else [])])})"

    def call(self, gate: str, inputs: Sequence[str]) -> str:
        """A call of the function in math.h or of the gate's own."""
        return f"{IN_MATH_H.get(gate, gate)}({', '.join(inputs)})"

    def power(self, base: Written, exponent: float) -> Written:
        """A call of pow."""
        return self.call("pow", [base[0], repr(exponent)]), TIGHT


def _goes_across(statement: Statement) -> bool:
    """Whether it is the dots of rows whose numbers do not lie side by side."""
    return statement.gate == "dot" and any(
        isinstance(x, Stored) and len(x.shape) > 1 and x.strides[1] != 1 for x in statement.inputs
    )


def _pointer(array: str, distance: str) -> str:
    """So far behind the beginning of an array."""
    return array if distance == "0" else f"{array} + {distance}"
