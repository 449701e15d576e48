"""Where the weights of a layer begin: (random numbers, inputs, outputs) -> one weight.

`inputs` and `outputs` say how wide the layer is. Biases begin at 0. Another width than the default is a partial:
`partial(normal, std=0.01)`.
"""

import math
import random
from collections.abc import Callable

Initializer = Callable[[random.Random, int, int], float]


def generator(seed: int | random.Random) -> random.Random:
    """A generator of random numbers from a seed; one that is a generator already is returned as it is."""
    return seed if isinstance(seed, random.Random) else random.Random(seed)


def zeros(random_numbers: random.Random, inputs: int, outputs: int) -> float:
    """0 for every weight.

    Enough for one neuron. In a hidden layer all neurons then compute the same, get the same gradient and stay the
    same for ever: the layer is worth one neuron.

    >>> zeros(generator(0), 3, 2)
    0.0
    """
    return 0.0


def uniform(random_numbers: random.Random, inputs: int, outputs: int, limit: float = 0.1) -> float:
    """A weight between -limit and limit, all alike: small, and no two neurons the same (Rumelhart et al. 1986).

    >>> -0.1 <= uniform(generator(0), 3, 2) <= 0.1
    True
    """
    return random_numbers.uniform(-limit, limit)


def normal(random_numbers: random.Random, inputs: int, outputs: int, std: float = 0.1) -> float:
    """A weight from the normal distribution around 0 with the standard deviation std.

    >>> normal(generator(0), 3, 2, std=0.0)
    0.0
    """
    return random_numbers.normalvariate(0.0, std)


def glorot(random_numbers: random.Random, inputs: int, outputs: int) -> float:
    """A weight between -limit and limit, limit² = 6 / (inputs + outputs). PyTorch's xavier_uniform_.

    It keeps the spread of the values alike from layer to layer, forward and backward (Xavier Glorot and Bengio 2010).

    >>> -1.0 <= glorot(generator(0), 4, 2) <= 1.0
    True
    """
    limit = math.sqrt(6.0 / (inputs + outputs))
    return random_numbers.uniform(-limit, limit)


def he(random_numbers: random.Random, inputs: int, outputs: int) -> float:
    """A weight from the normal distribution with the variance 2 / inputs. PyTorch's kaiming_normal_.

    Glorot's thought for relu, which lets half of the spread through: twice as much makes up for it (Kaiming He et al.
    2015).

    >>> he(generator(0), 8, 2) == normal(generator(0), 8, 2, std=0.5)
    True
    """
    return random_numbers.normalvariate(0.0, math.sqrt(2.0 / inputs))


INITIALIZERS: dict[str, Initializer] = {
    "zeros": zeros,
    "uniform": uniform,
    "normal": normal,
    "glorot": glorot,
    "he": he,
}


def initializer(chosen: str | Initializer) -> Initializer:
    """The initializer of that name; a function is returned as it is.

    >>> initializer("zeros")(generator(0), 3, 2)
    0.0
    """
    if callable(chosen):
        return chosen
    if chosen not in INITIALIZERS:
        raise ValueError(f"no initializer is called {chosen!r}; there are {', '.join(INITIALIZERS)}")
    return INITIALIZERS[chosen]
