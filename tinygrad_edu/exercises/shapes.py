"""The shapes of the exercises: graphs without numbers, a line for each gate, as a lecturer writes them on the board."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from tinygrad_edu.expression import names_in, parse
from tinygrad_edu.value import Value


@dataclass(frozen=True, slots=True)
class Level:
    """What the exercises of one level have in common.

    about   what they are about
    unit    their inputs are multiples of it,
    least   of at least so many units
    most    and at most so many, either way from 0
    exact   whether no number on the way needs more than two decimals
    shapes  each its lines, `name = gate of names`, the last of them the output
    """

    about: str
    unit: float
    least: int
    most: int
    exact: bool
    shapes: tuple[str, ...]


LEVELS = {
    1: Level(
        "single gates and short chains",
        unit=1.0,
        least=2,
        most=7,
        exact=True,
        shapes=(
            "f = x * y",
            "q = x + y; f = q * z",
            "q = x * y; f = z - q",
            "f = x / y",
            "q = x - y; f = q ** 2",
            "q = x * y; f = q * z",
            "p = x + y; q = p * z; f = q - w",
            "q = x + y; f = 1 / q",
            "q = x - y; f = q / z",
            "p = x * y; q = p + z; f = q * w",
            "q = x ** 2; f = q * y",
            "p = x - y; q = 3 * p; f = q + z",
        ),
    ),
    2: Level(
        "fan-out and max",
        unit=1.0,
        least=2,
        most=7,
        exact=True,
        shapes=(
            "q = x * y; f = q + x",
            "p = x + y; q = maximum(y, z); f = p * q",
            "p = x + y; q = y + z; f = p * q",
            "p = x * y; q = x * z; f = maximum(p, q)",
            "q = x + y; f = q * q",
            "q = maximum(x, y); f = q * x",
            "p = x * y; q = p + z; f = p * q",
            "p = x * y; q = maximum(z, w); r = p + q; f = 2 * r",
            "p = x + y; q = x - y; f = p * q",
            "p = x * y; q = relu(p); f = q + x",
            "p = minimum(x, y); q = p * z; f = q + x",
            "p = x - y; q = abs(p); f = q * y",
        ),
    ),
    3: Level(
        "small neurons",
        unit=0.5,
        least=1,
        most=6,
        exact=False,
        shapes=(
            "p = w * x; s = p + b; f = sigmoid(s)",
            "p = w * x; y = p + b; e = y - t; f = e ** 2",
            "p = u * x; q = v * y; r = p + q; s = r + b; f = tanh(s)",
            "s = w * x; n = -s; g = exp(n); d = g + 1; f = 1 / d",
            "s = u * x; h = tanh(s); r = v * h; f = sigmoid(r)",
            "p = u * x; q = v * x; f = maximum(p, q)",
            "p = w * x; y = sigmoid(p); e = y - t; f = e ** 2",
            "p = w * x; s = p + b; f = leaky_relu(s, 0.1)",
            "p = u * x; q = v * x; g = tanh(p); h = sigmoid(q); f = g + h",
            "p = u * x; q = v * y; r = p + q; s = r + b; f = sigmoid(s)",
            "p = w * x; g = sigmoid(p); f = p * g",
            "p = u * x; q = v * x; g = relu(p); h = relu(q); f = g - h",
        ),
    ),
}


@cache
def lines(shape: str) -> dict[str, str]:
    """What stands on the right of each name that a gate makes.

    >>> lines("q = x + y; f = q * z")
    {'q': 'x + y', 'f': 'q * z'}
    """
    return dict([line.split(" = ") for line in shape.split("; ")])


@cache
def entering(text: str) -> tuple[str, ...]:
    """The names on the right of a line, each once."""
    return tuple(names_in(text))


@cache
def inputs(shape: str) -> tuple[str, ...]:
    """The names that no line makes, in the order in which they are read.

    >>> inputs("q = x + y; f = q * z")
    ('x', 'y', 'z')
    """
    made = lines(shape)
    return tuple(dict.fromkeys([name for text in made.values() for name in entering(text) if name not in made]))


def built(shape: str, numbers: Mapping[str, float]) -> dict[str, Value]:
    """Every Value of the graph by name: the inputs with these numbers, then a gate a line."""
    values = {name: Value(numbers[name], name) for name in inputs(shape)}
    for name, text in lines(shape).items():
        values[name] = parse(text, **{x: values[x] for x in entering(text)}).named(name)
    return values
