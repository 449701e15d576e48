"""Slopes in symbols: what the rules of the gate table say when they read names beside the numbers.

A Written is a number and how it is written. The rules run on it as they run on floats, so that one run gives the
slope of a sigmoid gate f = σ(s) both as 0.197 and as f·(1 − f). The tidying is school algebra and no more: like terms
are collected, powers of one thing are joined, σ(−u) is written 1 − σ(u), and what the graph has a name for goes by
its name.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tinygrad_edu import gates
from tinygrad_edu.arithmetic import Arithmetic
from tinygrad_edu.gates import Gate
from tinygrad_edu.notation import LOOSE, TIGHT, filled, latex_name, latex_number

MOST_TERMS = 5  # of a sum that are written; what is between the first and the last is then left out

Factors = tuple[tuple["Base", float], ...]  # each with its exponent


@dataclass(frozen=True)
class Name:
    """A value of the graph."""

    text: str


@dataclass(frozen=True)
class Call:
    """A gate of symbols, where it is not plain arithmetic."""

    gate: Gate
    inputs: tuple["Symbol", ...]


@dataclass(frozen=True, eq=False)
class Symbol:
    """A sum of products: each of the terms a coefficient and the factors it stands before."""

    terms: tuple[tuple[float, Factors], ...]

    @cached_property
    def _hash(self) -> int:
        return hash(frozenset([(coefficient, frozenset(factors)) for coefficient, factors in self.terms]))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Symbol) and _unordered(self) == _unordered(other)

    @cached_property
    def product(self) -> tuple[float, Factors]:
        """The symbol as a coefficient and factors; a sum is one factor, beside what all of its terms share."""
        (coefficient, factors), *others = self.terms
        if not others:
            return coefficient, factors
        number = abs(coefficient) if all(abs(c) == abs(coefficient) for c, _ in others) else 1.0
        shared = [factor for factor in factors if all(factor in term for _, term in others)]
        left = [(c / number, tuple([factor for factor in term if factor not in shared])) for c, term in self.terms]
        return number, ((Symbol(tuple(left)), 1.0), *shared)

    @property
    def number(self) -> float | None:
        """The number it is, if there are no names in it."""
        if not self.terms:
            return 0.0
        coefficient, factors = self.terms[0]
        return coefficient if not factors and len(self.terms) == 1 else None

    def __str__(self) -> str:
        return _sum(self, _text_of_product, "…", " − ", "−")

    @property
    def latex(self) -> str:
        """As LaTeX writes it."""
        return _sum(self, _latex_of_product, r"\cdots", " - ", "-")


Base = Name | Call | Symbol


# ---------------- school algebra


def name(text: str) -> Symbol:
    """The symbol of a named value."""
    return Symbol(((1.0, ((Name(text), 1.0),)),))


def constant(x: float) -> Symbol:
    """The symbol of a number."""
    return Symbol(((float(x), ()),) if x else ())


def added(symbols: Iterable[Symbol]) -> Symbol:
    """Their sum, like terms collected."""
    coefficients: dict[frozenset[Any], float] = {}
    products: dict[frozenset[Any], Factors] = {}
    for symbol in symbols:
        for coefficient, factors in symbol.terms:
            key = frozenset(factors)
            coefficients[key] = coefficients.get(key, 0.0) + coefficient
            products.setdefault(key, factors)
    for key, coefficient in list(coefficients.items()):
        opposite = _opposite_step(products[key])
        if opposite and coefficients.get(opposite) == coefficient:
            coefficients[key] = coefficients[opposite] = 0.0
            coefficients[frozenset()] = coefficients.get(frozenset(), 0.0) + coefficient
            products.setdefault(frozenset(), ())
    return Symbol(tuple([(coefficient, products[key]) for key, coefficient in coefficients.items() if coefficient]))


def _opposite_step(factors: Factors) -> frozenset[Any] | None:
    """For step(u) the key of step(−u): together they are 1, but for u = 0, where no rule uses them both."""
    match factors:
        case ((Call(gate=gates.step, inputs=(u,)), 1.0),):
            return frozenset([(Call(gates.step, (scaled(u, -1.0),)), 1.0)])
    return None


def scaled(symbol: Symbol, c: float) -> Symbol:
    """C times the symbol, term by term."""
    return Symbol(tuple([(c * coefficient, factors) for coefficient, factors in symbol.terms]))


def multiplied(x: Symbol, y: Symbol) -> Symbol:
    """Their product; a sum stays in its brackets."""
    if not x.terms or not y.terms:
        return constant(0.0)
    if x.number in (1.0, -1.0) or y.number in (1.0, -1.0):
        return scaled(y, x.number) if x.number in (1.0, -1.0) else scaled(x, y.number or 0.0)
    (a, left), (b, right) = x.product, y.product
    exponents = dict(left)
    for base, exponent in right:
        exponents[base] = exponents.get(base, 0.0) + exponent
    factors = tuple([(base, exponent) for base, exponent in exponents.items() if exponent])
    if abs(a * b) == 1.0 and len(factors) == 1 and isinstance(factors[0][0], Symbol) and factors[0][1] == 1.0:
        return scaled(factors[0][0], a * b)  # a sum alone, of which a fraction is left
    return Symbol(((a * b, factors),))


def raised(x: Symbol, exponent: float) -> Symbol:
    """A symbol to the power of a number."""
    if exponent in (0.0, 1.0) or not x.terms:
        return constant(1.0) if exponent == 0.0 else x
    coefficient, factors = x.product
    whole = exponent == int(exponent)
    if whole or (coefficient == 1.0 and len(factors) == 1 and factors[0][1] == 1.0):
        return Symbol(((coefficient**exponent, tuple([(base, e * exponent) for base, e in factors])),))
    return Symbol(((1.0, ((x, exponent),)),))


def _unordered(symbol: Symbol) -> frozenset[Any]:
    return frozenset([(coefficient, frozenset(factors)) for coefficient, factors in symbol.terms])


ARITHMETIC: dict[Gate, Callable[..., Symbol]] = {
    gates.add: lambda x, y: added([x, y]),
    gates.sub: lambda x, y: added([x, scaled(y, -1.0)]),
    gates.mul: multiplied,
    gates.div: lambda x, y: multiplied(x, raised(y, -1.0)),
    gates.neg: lambda x: scaled(x, -1.0),
    gates.reciprocal: lambda x: raised(x, -1.0),
    gates.sum: lambda *values: added(values),
}


def applied(gate: Gate, inputs: Sequence[Symbol], known: dict[Call, Symbol]) -> Symbol:
    """The symbol of a gate's output. What is `known` to have a name is written by it."""
    if gate in ARITHMETIC:
        return ARITHMETIC[gate](*inputs)
    if gate in (gates.power, gates.pow) and (exponent := inputs[1].number) is not None:
        return raised(inputs[0], exponent)
    if gate is gates.sigmoid and all(coefficient < 0.0 for coefficient, _ in inputs[0].terms):
        opposite = applied(gate, [scaled(inputs[0], -1.0)], known)
        return added([constant(1.0), scaled(opposite, -1.0)])
    if gate is gates.sigmoid and (tanh := known.get(Call(gates.tanh, (scaled(inputs[0], 0.5),)))):
        return added([constant(0.5), scaled(tanh, 0.5)])  # σ(2u) = (1 + tanh u) / 2
    if gate is gates.exp and not inputs[0].terms:
        return constant(1.0)
    if gate is gates.exp and (len(inputs[0].terms) > 1 or inputs[0].terms[0][0] < 0.0):
        # a power for each term: what a softmax divides by cancels
        powers = constant(1.0)
        for coefficient, factors in inputs[0].terms:
            power = applied(gate, [Symbol(((abs(coefficient), factors),))], known)
            powers = multiplied(powers, raised(power, 1.0 if coefficient > 0.0 else -1.0))
        return powers
    call = Call(gate, tuple(inputs))
    return known.get(call, Symbol(((1.0, ((call, 1.0),)),)))


# ---------------- a number and its symbol


def through(gate: Gate, inputs: Sequence[Any]) -> "Written":
    """A gate's output for these inputs, as a number and as a symbol."""
    numbers: list[Any] = []
    symbols: list[Symbol] = []
    known: dict[Call, Symbol] = {}
    for x in inputs:
        members = x if isinstance(x, list | tuple) else [x]
        read = [member.number if isinstance(member, Written) else member for member in members]
        numbers.append(read if members is x else read[0])
        symbols += [symbol_of(member) for member in members]
        for member in members:
            known = member.known if isinstance(member, Written) else known
    return Written(gate.evaluate(numbers, numbers), applied(gate, symbols, known), known)


def symbol_of(x: Any) -> Symbol:
    """How a slope is written: a Written's symbol, or a number itself."""
    return x.symbol if isinstance(x, Written) else constant(x)


class Written(Arithmetic):
    """A number and how it is written; `known` are the gates that the graph has names for."""

    __slots__ = ("known", "number", "symbol")

    def __init__(self, number: float, symbol: Symbol, known: dict[Call, Symbol]) -> None:
        self.number = number
        self.symbol = symbol
        self.known = known

    through = staticmethod(through)

    def __float__(self) -> float:
        return self.number

    def __repr__(self) -> str:
        return repr(self.number)


# ---------------- writing

SUPERSCRIPTS = str.maketrans("0123456789-.", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻·")


def _sum(symbol: Symbol, product: Callable[[float, Factors], str], dots: str, minus: str, sign: str) -> str:
    terms = list(symbol.terms)
    left_out = len(terms) > MOST_TERMS
    if left_out:
        terms = [*terms[: MOST_TERMS - 2], terms[-1]]
    text = ""
    for i, (coefficient, factors) in enumerate(terms):
        if left_out and i == len(terms) - 1:
            text += f" + {dots}"
        joint = (sign if coefficient < 0.0 else "") if not text else minus if coefficient < 0.0 else " + "
        text += joint + product(abs(coefficient), factors)
    return text or "0"


def _parts(coefficient: float, factors: Factors, number: Callable[[float], str]) -> tuple[list[str], Factors, Factors]:
    """The coefficient if it is to be written, the factors above the line and those below it."""
    above = tuple([(base, exponent) for base, exponent in factors if exponent > 0.0])
    below = tuple([(base, -exponent) for base, exponent in factors if exponent < 0.0])
    return [number(coefficient)] if coefficient != 1.0 or not above else [], above, below


def _text_of_product(coefficient: float, factors: Factors) -> str:
    shown, above, below = _parts(coefficient, factors, _text_of_number)
    text = "·".join([*shown, *[_text_of_power(base, exponent) for base, exponent in above]])
    if not below:
        return text
    divisor = "·".join([_text_of_power(base, exponent) for base, exponent in below])
    return f"{text}/({divisor})" if len(below) > 1 else f"{text}/{divisor}"


def _text_of_power(base: Base, exponent: float) -> str:
    text = _text_of_base(base)
    if exponent == 1.0:
        return text
    return text + (f"{exponent:g}".translate(SUPERSCRIPTS) if exponent == int(exponent) else f"^{exponent:g}")


def _text_of_base(base: Base) -> str:
    match base:
        case Name(text=text):
            return text
        case Call(gate=gate, inputs=inputs):
            if gate in (gates.pow, gates.power):
                return f"{_text_of_base(inputs[0])}^{_text_of_base(inputs[1])}"
            called = gate.label if gate is gates.sigmoid else gate.name
            return f"{called}({_members(inputs, '…')})"
    return f"({base})" if _is_compound(base) else str(base)


def _is_compound(symbol: Symbol) -> bool:
    """Whether it needs brackets beside an operator."""
    return len(symbol.terms) != 1 or len(symbol.terms[0][1]) > 1 or symbol.terms[0][0] < 0.0


def _members(inputs: Sequence[Symbol], dots: str, written: Callable[[Symbol], str] = str) -> str:
    if len(inputs) > MOST_TERMS:
        return ", ".join([*map(written, inputs[: MOST_TERMS - 2]), dots, written(inputs[-1])])
    return ", ".join(map(written, inputs))


def _text_of_number(x: float) -> str:
    return f"{x:.6g}"


def _latex_of_product(coefficient: float, factors: Factors) -> str:
    shown, above, below = _parts(coefficient, factors, latex_number)
    if not below:
        return _latex_of_factors(shown, above)
    return rf"\frac{{{_latex_of_factors(shown, above)}}}{{{_latex_of_factors([], below)}}}"


def _latex_of_factors(shown: list[str], factors: Factors) -> str:
    """Factors side by side; a sum that stands alone without its brackets."""
    if not shown and len(factors) == 1 and isinstance(factors[0][0], Symbol) and factors[0][1] == 1.0:
        return factors[0][0].latex
    return r" \, ".join([*shown, *[_latex_of_power(base, exponent) for base, exponent in factors]])


def _latex_of_power(base: Base, exponent: float) -> str:
    text = _latex_of_base(base)
    if exponent == 1.0:
        return text
    if isinstance(base, Call):
        text = rf"\left({text}\right)"
    return rf"{text}^{{{exponent:g}}}"


def _latex_of_base(base: Base) -> str:
    match base:
        case Name(text=text):
            return latex_name(text)
        case Call(gate=gate, inputs=inputs):
            if "[]" in gate.takes:
                return filled(gate, [(_members(inputs, r"\cdots", lambda x: x.latex), TIGHT)])[0]
            return filled(gate, [(x.latex, LOOSE if _is_compound(x) else TIGHT) for x in inputs])[0]
    return rf"\left({base.latex}\right)"
