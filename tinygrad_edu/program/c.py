"""A program as a file of C that stands alone: its value and its gradient, for a row and as means over many."""

import re
from collections.abc import Sequence
from dataclasses import replace

from tinygrad_edu.program.code import Code, Operand, Statement, Stored, size
from tinygrad_edu.program.expressions import TIGHT, WIDTH, Expressions, Written, filled, legend

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
    first, second = code.statements[: code.forward], code.statements[code.forward :]
    gradients = [(where, x) for where, x in code.gradients if x != 0.0]
    forward, backward = C(first, code.output, []), C(code.statements, code.output, gradients)
    lines = ["double forward(const double *x, const double *w)", "{", *forward.unused("x", "w"), *forward.lines(first)]
    lines += [f"    return {forward.result()};", "}", ""]
    lines += ["double backward(const double *x, const double *w, double *gradient)", "{"]
    lines += [*backward.unused("x", "w", "gradient"), *backward.lines(first), "    /* backward */"]
    lines += [*backward.lines(second), *backward.additions(), f"    return {backward.result()};", "}", ""]
    header = HEADER.format(x=_in_comment(legend("x", inputs)), w=_in_comment(legend("w", parameters)))
    functions = [text for name, text in FUNCTIONS.items() if name in backward.called]
    return "\n".join([header, *functions, *lines, *_mean(len(inputs), len(parameters)), ""])


def _mean(columns: int, parameters: int) -> list[str]:
    """The function that goes through many rows."""
    row = {0: "rows", 1: "rows + k"}.get(columns, f"rows + k * {columns}")
    return [
        "double mean(const double *rows, long count, const double *w, double *gradient)",
        "{",
        "    double total = 0.0;",
        *(_loop(parameters, "gradient[i] = 0.0;") if parameters else []),
        "    for (long k = 0; k < count; k++)",
        f"        total += backward({row}, w, gradient);",
        *(_loop(parameters, "gradient[i] /= count;") if parameters else []),
        "    return total / count;",
        "}",
    ]


def _loop(count: int, body: str) -> list[str]:
    return [f"    for (int i = 0; i < {count}; i++)", f"        {body}"]


def _in_comment(text: str) -> str:
    """Text that ends no comment, begins none, and spells no character in C's old ways with question marks."""
    return re.sub(r"\*(?=/)|/(?=\*)|\?(?=\?)", r"\g<0> ", text)


class C(Expressions):
    """The expressions of C; a group is an array, and what is done to each of its numbers a loop."""

    def __init__(
        self, statements: Sequence[Statement], output: Operand, gradients: Sequence[tuple[Stored, Operand]]
    ) -> None:
        self.output, self.gradients = output, gradients
        self.read = {x.array for s in statements for x in (*s.inputs, output) if isinstance(x, Stored)}
        results = [output, *[x for _, x in gradients]]
        reduced = {x for s in statements if not s.target.shape for x in s.inputs if size(x)}
        repeated = {x for where, x in gradients if where.shape and not size(x)}
        super().__init__(statements, results, apart=reduced | repeated)

    def unused(self, *names: str) -> list[str]:
        """A line for each name that nothing reads, so that the compiler does not warn."""
        read = self.read | ({"gradient"} if self.gradients else set())
        return [f"    (void){name};" for name in names if name not in read]

    def lines(self, statements: Sequence[Statement]) -> list[str]:
        """Lines for each of the statements that does not stand within another."""
        lines = []
        for statement in statements:
            if statement.target in self.within:
                continue
            name, text = self.names[statement.target], self.text(statement)
            if not statement.target.shape:
                lines.append(f"    const double {name} = {text};")
            elif statement.gate == "part":
                lines.append(f"    const double *{name} = {text};")
            elif statement.gate == "stack":
                lines += self.listed(f"const double {name}[{size(statement.target)}] = ", self.items(statement))
            else:
                lines += [f"    double {name}[{size(statement.target)}];"]
                lines += _loop(size(statement.target), f"{name}[i] = {text};")
        return lines

    def listed(self, start: str, items: Sequence[str]) -> list[str]:
        """The numbers of an array on one line, or on several if it is too long."""
        line = f"    {start}{{{', '.join(items)}}};"
        return [line] if len(line) <= WIDTH else [f"    {start}{{", *filled(items, " " * 8), "    };"]

    def additions(self) -> list[str]:
        """What is added to the gradient, stretch by stretch."""
        lines = []
        for where, x in self.gradients:
            gradient = replace(where, array="gradient")
            addition = f"{self.each(gradient, {}) if where.shape else self.name(gradient)} += {self.number(x, {})[0]};"
            lines += _loop(size(where), addition) if where.shape else [f"    {addition}"]
        return lines

    def result(self) -> str:
        """The output."""
        return self.number(self.output, {})[0]

    def text(self, statement: Statement) -> str:
        """What stands to the right of the equals sign; of a group's statement, for each of its numbers."""
        if statement.gate != "part":
            return super().text(statement)
        group, start = statement.inputs[:2]
        return f"{self.group(group)} + {start:.0f}"

    def group(self, x: Operand) -> str:
        """Where a group begins."""
        if isinstance(x, Stored):
            return f"{x.array} + {x.start}" if x.start else x.array
        return self.name(x)

    def each(self, group: Operand, letters: dict[Operand, str]) -> str:
        """Number i of the group."""
        return self.place(group, "i")

    def reduced(self, gate: str, inputs: Sequence[Operand]) -> str:
        """A call with a count and arrays."""
        written = [self.group(x) if size(x) else self.number(x, {})[0] for x in inputs]
        without_bias = gate == "dot" and len(inputs) == 2
        return f"{gate}({', '.join([str(size(inputs[0])), *written, *(['0.0'] if without_bias else [])])})"

    def call(self, gate: str, inputs: Sequence[str]) -> str:
        """A call of the function in math.h or of the gate's own."""
        return f"{IN_MATH_H.get(gate, gate)}({', '.join(inputs)})"

    def power(self, base: Written, exponent: float) -> Written:
        """A call of pow."""
        return self.call("pow", [base[0], repr(exponent)]), TIGHT
