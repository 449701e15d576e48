"""derivation(): the chain rule written out for one input, one factor a gate, in symbols and then in numbers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from math import prod
from typing import Any

from tinygrad_edu.backprop import nodes, topological_order
from tinygrad_edu.latex import DOTS, Latex, written
from tinygrad_edu.ledger import BackwardRow, backward_rows
from tinygrad_edu.names import names
from tinygrad_edu.notation import latex_name, latex_number
from tinygrad_edu.value import Group, Value

MOST_PATHS = 4  # that are written out; of more, all but the last of these, dots, and the last path
MOST_FACTORS = 8  # of one path
MOST_DEFINITIONS = 12

Path = list[BackwardRow]


def derivation(output: Value, wrt: Value) -> Latex:
    r"""∂output/∂wrt as one would derive it on paper: every path from the output down to `wrt` is a product, with one
    local slope for each gate on it; the gradient is the sum of the paths.

    First the gates on the paths, each in its inputs; then the chain rule in partial derivatives, in symbols, and in
    numbers. Unlabelled values go by the names that the ledger gives them. What is long is left out in the middle.
    Numbers are shown to six digits.

    Raises DomainError where a gate on the way has no finite slope.

    >>> x, y, z = Value(-2, "x"), Value(5, "y"), Value(-4, "z")
    >>> q = (x + y).named("q")
    >>> print(derivation((q * z).named("f"), x))
    \begin{aligned}
    q &= x + y \\
    f &= q \cdot z \\[1ex]
    \frac{\partial f}{\partial x} &= \frac{\partial f}{\partial q} \cdot \frac{\partial q}{\partial x} \\
    &= z \cdot 1 \\
    &= \left(-4\right) \cdot 1 \\
    &= -4
    \end{aligned}
    """
    for x in (output, wrt):
        if not isinstance(x, Value):
            raise TypeError(f"derivation needs Values, got {type(x).__name__} {x!r}")
    order = topological_order(output)
    called = names(nodes(output))
    called.setdefault(wrt, " ".join(wrt.label.split()) or "x")
    slope = partial(output, wrt, called)
    if wrt is output:
        return Latex(f"{slope} = 1")
    above = {wrt}
    for node in order:
        if node not in above and not above.isdisjoint(node.members if type(node) is Group else node.wires()):
            above.add(node)
    rows = backward_rows(order, called, zeros=above)
    ways, complete = paths(rows, output, wrt)
    if not ways:
        return Latex(f"{slope} = 0")

    on_a_way = {row.output for way in ways for row in way}
    for node in reversed(order):  # and what has no label but stands in their definitions
        if node in on_a_way:
            on_a_way |= {x for x in node.wires() if isinstance(x, Value) and x.gate and not x.label and x is not wrt}
    defined = _elided([node for node in order if node in on_a_way], MOST_DEFINITIONS)
    definitions = [
        f"{latex_name(called[x])} &= {written(x, called)}" if x is not None else r"&\;\;\vdots" for x in defined
    ]

    alone = len(ways) == 1 == len(ways[0])  # one factor, which needs no brackets

    def each(factor: Callable[[BackwardRow], str]) -> list[list[str]]:
        return [[factor(row) if row else DOTS for row in _elided(way, MOST_FACTORS)] for way in ways]

    chain = each(lambda row: partial(row.output, row.input, called))
    symbols = each(lambda row: _factor(row.symbol.latex, alone, len(row.symbol.terms) > 1))
    numbers = each(lambda row: _factor(latex_number(row.local), alone))
    products = [[_factor(latex_number(prod([row.local for row in way])), alone)] for way in ways]
    steps = [_sum_of_products(factors, complete) for factors in (chain, symbols, numbers)]
    if len(ways) > 1:
        steps.append(_sum_of_products(products, complete))
    if len(ways) > 1 or len(ways[0]) > 1:
        steps.append(latex_number([row.total for row in rows if row.input is wrt][-1]))
    steps = [step for i, step in enumerate(steps) if step not in steps[:i]]  # slopes may be numbers already
    lines = [*definitions, f"{slope} &= {steps[0]}", *[f"&= {step}" for step in steps[1:]]]
    ends = [r" \\[1ex]" if i == len(definitions) - 1 else r" \\" for i in range(len(lines) - 1)]
    text = "\n".join([line + end for line, end in zip(lines, [*ends, ""], strict=True)])
    return Latex(f"\\begin{{aligned}}\n{text}\n\\end{{aligned}}")


def partial(of: Value, wrt: Value, called: Mapping[Value, str]) -> str:
    """The partial derivative as a fraction."""
    return rf"\frac{{\partial {latex_name(called[of])}}}{{\partial {latex_name(called[wrt])}}}"


def paths(rows: Sequence[BackwardRow], output: Value, wrt: Value) -> tuple[list[Path], bool]:
    """The paths from the output down to `wrt`, each as rows of the ledger, and whether these are all.

    Of too many paths the first ones and the last: a ladder of two hundred diamonds has 2**200.
    """
    below: dict[Value, list[BackwardRow]] = {}
    for row in reversed(rows):  # from the leaves up
        if row.input is wrt or row.input in below:
            below.setdefault(row.output, []).append(row)
    last_first = list(islice(_walk(below, output, wrt), 1))
    for branches in below.values():
        branches.reverse()
    ways = list(islice(_walk(below, output, wrt), MOST_PATHS + 1))
    return (ways, True) if len(ways) <= MOST_PATHS else (ways[: MOST_PATHS - 1] + last_first, False)


def _walk(below: Mapping[Value, Sequence[BackwardRow]], output: Value, wrt: Value) -> Iterator[Path]:
    """Every path, depth first."""
    path: Path = []
    branches = [iter(below.get(output, []))]
    while branches:
        row = next(branches[-1], None)
        if row is None:
            branches.pop()
            del path[-1:]
        elif row.input is wrt:
            yield [*path, row]
        else:
            path.append(row)
            branches.append(iter(below[row.input]))


def _factor(text: str, alone: bool, is_sum: bool = False) -> str:
    """A factor as it stands among others: a sum and a negative one in brackets."""
    return rf"\left({text}\right)" if not alone and (is_sum or text.startswith("-")) else text


def _sum_of_products(ways: Sequence[Sequence[str]], complete: bool) -> str:
    products = [r" \cdot ".join(factors) for factors in ways]
    return " + ".join(products if complete else [*products[:-1], DOTS, products[-1]])


def _elided(things: Sequence[Any], most: int) -> list[Any]:
    """All of them if they are few; else the first and the last, with None for what is between."""
    return [*things] if len(things) <= most else [*things[: most // 2], None, *things[-most // 2 + 1 :]]
