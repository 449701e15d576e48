"""Settings: the numbers that say how something is done, refused by name where they do not fit."""

import reprlib
from collections.abc import Callable
from numbers import Real
from typing import Any

from tinygrad_edu import Value


def needs(who: str, wanted: str, given: Any, fits: Callable[[Any], bool]) -> None:
    """Raises TypeError for what is no plain number, and ValueError for one that does not fit.

    >>> needs("SGD", "an lr of 0 or more", 0.1, lambda lr: lr >= 0.0)
    >>> needs("SGD", "an lr of 0 or more", "0.1", lambda lr: lr >= 0.0)
    Traceback (most recent call last):
    TypeError: SGD needs an lr of 0 or more, got '0.1'; convert text with float()
    """
    if not isinstance(given, Real):
        hint = "; convert text with float()" if isinstance(given, str) else ""
        hint = "; its number is .data" if isinstance(given, Value) else hint
        raise TypeError(f"{who} needs {wanted}, got {reprlib.repr(given)}{hint}")
    if not fits(given):
        raise ValueError(f"{who} needs {wanted}, got {given}")
