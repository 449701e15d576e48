"""Where the weights of a layer begin."""

import math
import random


def generator(seed: int | random.Random) -> random.Random:
    """A generator of random numbers from a seed; one that is a generator already is returned as it is."""
    return seed if isinstance(seed, random.Random) else random.Random(seed)


def glorot(random_numbers: random.Random, inputs: int, outputs: int) -> float:
    """A weight between -limit and limit, limit² = 6 / (inputs + outputs).

    It keeps the spread of the values alike from layer to layer, forward and backward (Glorot and Bengio 2010).
    """
    limit = math.sqrt(6.0 / (inputs + outputs))
    return random_numbers.uniform(-limit, limit)
