"""Sizes: the whole numbers that say how large something is, refused by name where they are none."""

from operator import index
from typing import Any


def size(name: str, given: Any, least: int = 1) -> int:
    """The whole number as a plain int; NumPy's integers are taken too.

    Raises TypeError for what is no whole number, True and False among them, and ValueError for one below `least`.

    >>> size("inputs", 3)
    3
    >>> size("inputs", 0)
    Traceback (most recent call last):
    ValueError: inputs needs to be a whole number, 1 or more, got 0
    """
    wanted = f"{name} needs to be a whole number, {least} or more, got {given!r}"
    try:
        number = index(given)
    except TypeError:
        raise TypeError(wanted) from None
    if isinstance(given, bool):
        raise TypeError(wanted)
    if number < least:
        raise ValueError(wanted)
    return number
