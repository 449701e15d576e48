"""The table of gates: what each one computes and what it passes back. All the calculus of the project is here.

A row states a gate once. `forward` is its rule on plain numbers. `local` gives one slope for each input,
∂output/∂input, as a function of the output and the inputs.

Slopes are written in the gates' own operations. So the same text runs on numbers (the backward pass), on Values
(gradients of gradients are graphs again) and on symbols (a compiler's). Hence no Python `if` on an input: it would
see one number and freeze its branch; `step` is the gate for that. Slopes may use the output.

Some gates take *groups*: `dot` takes weights, inputs and a bias, two groups and a scalar, and its slopes are
inputs, weights and 1. The slope of a group is a list, one slope for each member.

Kinks follow one convention, PyTorch's: step(0) = 0, so a kink belongs to its left side (relu'(0) = 0,
leaky_relu'(0) = elu'(0) = alpha), abs'(0) = 0, and inputs tied for the maximum share its gradient equally; so at 0
maximum(x, 0) has the slope 1/2 where relu has 0. The lectures draw the max gate as a router to one input and say
nothing of ties; one of them sets step(0) = 1.

Rules keep their digits at the ends of the double range: 1 - sigmoid(x) has none left at x = 40, sigmoid(-x) has all.
"""

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from tinygrad_edu.errors import DomainError, UnknownNumberError

Slope = Callable[..., Any]


@dataclass(frozen=True, eq=False, slots=True)
class Gate:
    """One row of the table.

    name       as in ledgers and error messages
    takes      the names of its inputs; [] marks a group
    label      as drawn in a picture
    latex      as written in a derivation, #1 and #2 standing for the inputs
    forward    (*inputs) -> output, on plain numbers; a group comes as a sequence of them
    local      for each input (output, *inputs) -> slope; for a group, a list with one slope for each member
    domain     where the gate is defined, as a Python expression over its inputs; empty: everywhere
    expansion  (*inputs) -> the same in elementary gates, for a gate that fuses several
    """

    name: str
    takes: str
    label: str
    latex: str
    forward: Callable[..., float]
    local: tuple[Slope, ...]
    domain: str = ""
    expansion: Callable[..., Any] | None = None

    def __call__(self, *inputs: Any) -> Any:
        """Numbers give a number. A Value among the inputs, or in a group, makes it a Value."""
        for x in inputs:
            if type(x) is float:
                continue
            if hasattr(x, "through"):
                return x.through(self, inputs)
            if hasattr(x, "__iter__"):
                return self._of_groups([list(x) if hasattr(x, "__iter__") else x for x in inputs])
        return self.evaluate(inputs, inputs)

    def _of_groups(self, inputs: Sequence[Any]) -> Any:
        for group in inputs:
            for x in group if type(group) is list else (group,):
                if hasattr(x, "through"):
                    return x.through(self, inputs)
        return self.evaluate(inputs, inputs)

    def evaluate(self, numbers: Sequence[Any], inputs: Sequence[Any]) -> float:
        """forward(*numbers), or a DomainError that shows `inputs` where that is not a finite number."""
        try:
            output = self.forward(*numbers)
            if output - output:
                raise OverflowError
        except UnknownNumberError as asked:  # and so is what a gate makes of it
            return asked.number  # type: ignore[no-any-return]
        except OverflowError:
            raise DomainError(self, inputs, "the result is too large for a double") from None
        except (ArithmeticError, ValueError):
            raise DomainError(self, inputs, f"{self.name} needs {self.domain}") from None
        except TypeError as error:
            raise TypeError(f"{self.name} takes {self.takes}, each a Value or a number: {error}") from None
        return output

    def __repr__(self) -> str:
        return f"<gate {self.name}>"

    def __reduce__(self) -> str:
        return self.name


# Forward rules that are more than one call.


def _sigmoid(x: float) -> float:
    return math.exp(min(x, 0.0)) / (1.0 + math.exp(-math.fabs(x)))


def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-math.fabs(x)))


def _elu(x: float, alpha: float) -> float:
    return x if x > 0.0 else alpha * math.expm1(x)


def _leaky_relu(x: float, alpha: float) -> float:
    return x if x > 0.0 else alpha * x


def _logsumexp(values: Sequence[float]) -> float:
    top = max(values)
    return top + math.log1p(math.fsum([-1.0, *[math.exp(x - top) for x in values]]))


def _dot(weights: Sequence[float], inputs: Sequence[float], bias: float = 0.0) -> float:
    if len(weights) != len(inputs):
        raise ValueError
    try:
        return math.fsum([*map(operator.mul, weights, inputs), bias])
    except ValueError:  # two products of opposite signs are infinite
        raise OverflowError from None


# Slopes that are more than one expression.


def _power_slope(out: Any, x: Any, exponent: float) -> Any:
    """The exponent is a constant of the graph, so Python may branch on it."""
    if exponent == 0.0:
        return 0.0
    if _lost_by_less_one(exponent) == 0.0:
        return exponent * x ** (exponent - 1.0)
    return exponent * out / x


def _lost_by_less_one(y: Any) -> Any:
    """What rounding took from y - 1.0, exactly: Knuth's two-sum."""
    less = y - 1.0
    taken = less - y
    return (y - (less - taken)) - (1.0 + taken)


def _is_zero(x: Any) -> Any:
    return 1.0 - step(x) - step(-x)


def _equal_shares(winners: list[Any]) -> list[Any]:
    """From 1 for each input that won and 0 for each that did not: each one's share of the gradient."""
    count = sum(winners)
    return [winner / count for winner in winners]


def _softmax(values: Sequence[Any]) -> list[Any]:
    top = maximum(values)
    powers = [exp(x - top) for x in values]
    total = sum(powers)
    return [power / total for power in powers]


# Expansions that are more than one expression.


def _added(values: Sequence[Any]) -> Any:
    return reduce(operator.add, values)


def _added_products(weights: Sequence[Any], inputs: Sequence[Any], *bias: Any) -> Any:
    return _added([*[w * x for w, x in zip(weights, inputs, strict=True)], *bias])


def _tanh_of_exp(x: Any) -> Any:
    square = exp(2.0 * x)
    return (square - 1.0) / (square + 1.0)


# fmt: off
# ---- two inputs
add = Gate("add", "x, y", "+", "#1 + #2", operator.add, (lambda out, x, y: 1.0, lambda out, x, y: 1.0))
sub = Gate("sub", "x, y", "−", "#1 - #2", operator.sub, (lambda out, x, y: 1.0, lambda out, x, y: -1.0))
mul = Gate("mul", "x, y", "×", r"#1 \cdot #2", operator.mul, (lambda out, x, y: y, lambda out, x, y: x))
div = Gate("div", "x, y", "÷", r"\frac{#1}{#2}", operator.truediv,
           (lambda out, x, y: reciprocal(y), lambda out, x, y: -out / y),
           domain="y != 0")
pow = Gate("pow", "x, y", "^", "#1^{#2}", math.pow,
           (lambda out, x, y: y * x ** (y - 1.0) * x ** _lost_by_less_one(y),
            lambda out, x, y: out * log(x + _is_zero(x))),
           domain="x > 0 or x == 0 and y >= 0 or x < 0 and y == int(y)")

# ---- one input
neg = Gate("neg", "x", "−", "-#1", operator.neg, (lambda out, x: -1.0,))
abs = Gate("abs", "x", "|x|", r"\left|#1\right|", math.fabs, (lambda out, x: step(x) - step(-x),))
exp = Gate("exp", "x", "exp", "e^{#1}", math.exp, (lambda out, x: out,))
log = Gate("log", "x", "log", r"\log\left(#1\right)", math.log, (lambda out, x: reciprocal(x),), domain="x > 0")
sqrt = Gate("sqrt", "x", "√", r"\sqrt{#1}", math.sqrt, (lambda out, x: 0.5 / out,), domain="x >= 0")
sin = Gate("sin", "x", "sin", r"\sin\left(#1\right)", math.sin, (lambda out, x: cos(x),))
cos = Gate("cos", "x", "cos", r"\cos\left(#1\right)", math.cos, (lambda out, x: -sin(x),))
reciprocal = Gate("reciprocal", "x", "1/x", r"\frac{1}{#1}", lambda x: 1.0 / x, (lambda out, x: -(out * out),),
                  domain="x != 0")
step = Gate("step", "x", "step", r"\mathbb{1}\left[#1 > 0\right]", lambda x: 1.0 if x > 0.0 else 0.0,
            (lambda out, x: 0.0,))
relu = Gate("relu", "x", "relu", r"\max\left(0, #1\right)", lambda x: x if x > 0.0 else 0.0,
            (lambda out, x: step(x),))
sigmoid = Gate("sigmoid", "x", "σ", r"\sigma\left(#1\right)", _sigmoid,
               (lambda out, x: out * sigmoid(-x),),
               expansion=lambda x: reciprocal(exp(x * -1.0) + 1.0))
tanh = Gate("tanh", "x", "tanh", r"\tanh\left(#1\right)", math.tanh,
            (lambda out, x: 4.0 * sigmoid(2.0 * x) * sigmoid(-2.0 * x),),
            expansion=_tanh_of_exp)
softplus = Gate("softplus", "x", "softplus", r"\log\left(1 + e^{#1}\right)", _softplus,
                (lambda out, x: sigmoid(x),),
                expansion=lambda x: log(1.0 + exp(x)))

# ---- one input and a constant
power = Gate("power", "x, exponent", "^", "#1^{#2}", math.pow, (_power_slope,),
             domain="x > 0 or x == 0 and exponent >= 0 or x < 0 and exponent == int(exponent)")
leaky_relu = Gate("leaky_relu", "x, alpha", "leaky relu", r"\operatorname{LeakyReLU}_{#2}\left(#1\right)", _leaky_relu,
                  (lambda out, x, alpha: step(x) + alpha * (1.0 - step(x)),
                   lambda out, x, alpha: x * (1.0 - step(x))))
elu = Gate("elu", "x, alpha", "elu", r"\operatorname{ELU}_{#2}\left(#1\right)", _elu,
           (lambda out, x, alpha: step(x) + alpha * (1.0 - step(x)) * exp(-relu(-x)),
            lambda out, x, alpha: elu(-relu(-x), 1.0)))

# ---- groups
sum = Gate("sum", "values[]", "Σ", r"\sum\left(#1\right)", math.fsum,
           (lambda out, values: [1.0 for _ in values],),
           expansion=_added)
maximum = Gate("maximum", "values[]", "max", r"\max\left(#1\right)", max,
               (lambda out, values: _equal_shares([1.0 - step(out - x) for x in values]),),
               domain="len(values) > 0")
minimum = Gate("minimum", "values[]", "min", r"\min\left(#1\right)", min,
               (lambda out, values: _equal_shares([1.0 - step(x - out) for x in values]),),
               domain="len(values) > 0")
logsumexp = Gate("logsumexp", "values[]", "logsumexp", r"\log\sum\exp\left(#1\right)", _logsumexp,
                 (lambda out, values: _softmax(values),),
                 domain="len(values) > 0",
                 expansion=lambda values: log(sum([exp(x) for x in values])))
dot = Gate("dot", "weights[], inputs[], bias", "w·x + b", r"\left(#1\right) \cdot \left(#2\right) + #3", _dot,
           (lambda out, weights, inputs, bias=0.0: inputs,
            lambda out, weights, inputs, bias=0.0: weights,
            lambda out, weights, inputs, bias: 1.0),
           domain="len(weights) == len(inputs)",
           expansion=_added_products)
# fmt: on

GATES: dict[str, Gate] = {row.name: row for row in list(globals().values()) if isinstance(row, Gate)}
