"""gradcheck: the chain rule beside differences of the function itself, which know of no rule."""

import math
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from tinygrad_edu.backprop import backward, nodes
from tinygrad_edu.errors import DomainError
from tinygrad_edu.value import Value


class GradientError(AssertionError):
    """The chain rule and the differences of the function do not give the same gradient."""


def gradcheck(
    function: Callable[..., Value], inputs: Iterable[Value | float], rtol: float = 1e-6, atol: float = 1e-9
) -> bool:
    """True if the chain rule gives the gradient that differences of the function give; else a GradientError.

    `function` takes a Value for each of the inputs and returns a Value. The inputs are numbers, or Values, of which it
    gets copies: the check leaves no trace in any `.data` or `.grad`. Gradients agree if they are at most
    `atol + rtol * |the differences'|` apart; the error has a line for every input for which they are not.

    Raises TypeError if the function returns no Value, and DomainError or ValueError where there is nothing to compare:
    outside its domain and on the edge of it.

    >>> gradcheck(lambda x, y: x * y + x.sin(), [0.5, -3.0])
    True
    >>> gradcheck(Value.relu, [Value(0.0, "x")])
    Traceback (most recent call last):
        ...
    tinygrad_edu.check.GradientError: ∂/∂x at 0.0: chain rule 0.0, differences 0.5 ± 2e-16, distance 0.5 > 5e-07
      a kink? the slope is 0 on its left and 1 on its right
    """
    values = [Value(x.data, x.label) if isinstance(x, Value) else Value(x) for x in inputs]
    point = [value.data for value in values]
    output = called(function, values)
    before = [(node, node.grad) for node in nodes(output)]
    backward(output)
    gradients = [value.grad for value in values]
    for node, grad in before:
        node.grad = grad

    failures = []
    for i, (value, gradient) in enumerate(zip(values, gradients, strict=True)):
        x, name, at = point[i], value.label or f"inputs[{i}]", partial(moved, function, point, i)
        expected, error = derivative(at, x, name)
        distance, allowed = abs(gradient - expected), atol + rtol * abs(expected)
        if not distance <= allowed:
            failures.append(
                f"∂/∂{name} at {x!r}: chain rule {gradient!r}, differences {expected!r} ± {error:.0e}, "
                f"distance {distance:.3g} > {allowed:.0e}{kink(at, x, distance)}"
            )
    if failures:
        raise GradientError("\n".join(failures))
    return True


def called(function: Callable[..., Value], values: Sequence[Value]) -> Value:
    """The function's output, if it is a Value."""
    output = function(*values)
    if not isinstance(output, Value):
        raise TypeError(f"gradcheck needs a function that returns a Value, got {type(output).__name__} {output!r}")
    return output


def moved(function: Callable[..., Value], point: Sequence[float], i: int, x: float) -> float:
    """The function's number at `point` with its i-th coordinate moved to x."""
    return called(function, [Value(x if k == i else number) for k, number in enumerate(point)]).data


def smallest_step(x: float) -> float:
    """Small beside x, yet leaving ten digits of the difference."""
    return 1e-6 * (abs(x) if abs(x) > 1e-100 else 1.0)


def derivative(at: Callable[[float], float], x: float, name: str) -> tuple[float, float]:
    """The slope of `at` at x and how far off it may be: central differences, extrapolated to a step of zero.

    The error of a central difference is a series in the squared step, so that two of them combine into a better one,
    and two of those again: Richardson's table, with a row for each step, a quarter of the step before. Ridders (1982)
    believes the entry that differs least from the two it was made of. So do we, until smaller steps contradict it.
    Steps out of the domain are passed over.
    """
    best, error, row = math.nan, math.inf, list[float]()
    step = 0.25 * max(abs(x), 1.0)
    while step >= smallest_step(x):
        try:
            low, high = at(x - step), at(x + step)
            above, row = row, [(high - low) / ((x + step) - (x - step))]
        except DomainError:
            above = row = []
        for k, coarse in enumerate(above):
            row.append(row[k] + (row[k] - coarse) / (16.0 ** (k + 1) - 1.0))
            doubt = max(abs(row[-1] - row[k]), abs(row[-1] - coarse))
            doubt += sys.float_info.epsilon * (abs(low) + abs(high)) / step  # the two numbers were rounded
            if doubt < error or abs(row[-1] - best) > 4.0 * (doubt + error):
                best, error = row[-1], doubt
        step /= 4.0
    if math.isnan(best):
        raise ValueError(f"gradcheck needs a function that is defined on both sides of {name} = {x!r}")
    return best, error


def kink(at: Callable[[float], float], x: float, distance: float) -> str:
    """A hint, if the slopes on the two sides of x are further apart than the two gradients."""
    step = smallest_step(x)
    left, right = (at(x) - at(x - step)) / step, (at(x + step) - at(x)) / step
    apart = abs(right - left) > distance
    return f"\n  a kink? the slope is {left:.3g} on its left and {right:.3g} on its right" if apart else ""
