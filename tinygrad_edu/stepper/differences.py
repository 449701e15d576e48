"""A gradient beside a finite difference, as one would check it by hand: nudge the value and see how far f moves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tinygrad_edu.errors import DomainError
from tinygrad_edu.stepper.rerun import rerun
from tinygrad_edu.value import Value

NUDGE = 2.0**-17  # near the cube root of a double's precision: rounding and the curve of f disturb about equally
CLOSE = 1e-6


@dataclass(frozen=True, slots=True)
class Check:
    """The gradient of one value, twice, in words.

    value       the gradient in symbols, and where it is taken
    chain       what the chain rule gives
    difference  what the finite difference gives; empty where there is none
    formula     of the finite difference
    verdict     whether they agree
    """

    value: str
    chain: str
    difference: str
    formula: str
    verdict: str


def check(values: Sequence[Value], value: Value, gradient: float, names: Mapping[Value, str]) -> Check:
    """The chain rule's gradient of a value beside a finite difference of the last of the values.

    >>> x = Value(3, "x")
    >>> f = x * x
    >>> check([x, f], x, 6.0, {x: "x", f: "f"})
    Check(value='∂f/∂x at x = 3', chain='6', difference='6', formula='(f(x + h) − f(x − h)) / 2h, h = 2.3e-05', \
verdict='They agree.')
    """
    output = values[-1]
    x, f = names[value], names[output]
    h = NUDGE * max(1.0, abs(value.data))
    heading = f"∂{f}/∂{x} at {x} = {value.data:.6g}"
    formula = f"({f}({x} + h) − {f}({x} − h)) / 2h, h = {h:.2g}"
    try:
        difference = slope(values, value, h)
    except DomainError as error:
        return Check(heading, f"{gradient:.8g}", "", formula, f"No difference can be taken here: {error.reason}.")
    rounding = 2.0**-50 * abs(output.data) / h  # of the two numbers that are subtracted
    if abs(difference - gradient) <= CLOSE * max(1.0, abs(gradient)) + rounding:
        verdict = "They agree."
    else:
        verdict = (
            f"They differ by {abs(difference - gradient):.2g}: a kink or a steep bend is near, where a nudge misleads."
        )
    return Check(heading, f"{gradient:.8g}", f"{difference:.8g}", formula, verdict)


def slope(values: Sequence[Value], value: Value, h: float) -> float:
    """(f(value + h) - f(value - h)) / 2h, f being the last of the values.

    >>> x = Value(2)
    >>> slope([x, x * x], x, 0.5)
    4.0
    """
    output = values[-1]
    above = rerun(values, {value: value.data + h}).get(output, output.data)
    below = rerun(values, {value: value.data - h}).get(output, output.data)
    return (above - below) / (2 * h)
