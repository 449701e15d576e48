"""Numbers that nobody may read: what a traced function decides by the numbers of one row would hold for that row."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from numbers import Real
from typing import Any, NoReturn

from tinygrad_edu.errors import DomainError, UnknownNumberError
from tinygrad_edu.program.given import called, shown
from tinygrad_edu.value import Value


def asked(number: "Unknown", *others: Any) -> NoReturn:
    """Refuse to tell. A gate takes this for an answer, and its output is as unknown; all else is stopped by it."""
    raise UnknownNumberError(number)


class Unknown:
    """What `.data` holds in the place of a number that is not to be read. It can be handed on and shown, no more."""

    __slots__ = ()

    __bool__ = __float__ = __int__ = __index__ = __complex__ = __round__ = __trunc__ = __floor__ = __ceil__ = asked
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = __format__ = asked
    __add__ = __sub__ = __mul__ = __truediv__ = __floordiv__ = __mod__ = __divmod__ = __pow__ = asked
    __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rfloordiv__ = __rmod__ = __rdivmod__ = __rpow__ = asked
    __neg__ = __pos__ = __abs__ = asked

    def __repr__(self) -> str:
        return "?"


Real.register(Unknown)

_one_at_a_time = threading.RLock()


def traced(function: Callable[..., Any], inputs: Sequence[Value], parameters: Iterable[Value]) -> Value:
    """The graph of function(*inputs), built while the numbers of inputs and parameters are unknown.

    Raises UnknownNumberError if the function asks for one of them, or of what was computed from them.
    """
    values = [*inputs, *parameters]
    with replaced(values, [Unknown() for _ in values]):
        try:
            output = called(function, inputs)
        except DomainError as error:  # a backward pass within the function takes it for a slope that is none
            if isinstance(error.__context__, UnknownNumberError):
                raise error.__context__ from None
            raise
    if not isinstance(output, Value):
        raise TypeError(
            f"a program is traced from a function that returns a Value, and this one returned {shown(output)}: "
            "`return` the one Value that is to be computed"
        )
    return output


@contextmanager
def replaced(values: Sequence[Value], numbers: Iterable[Any]) -> Iterator[None]:
    """The Values with other numbers for a while, in one thread at a time: what it puts back is their own."""
    with _one_at_a_time:
        before = [(value, value.data) for value in values]
        try:
            for value, number in zip(values, numbers, strict=True):
                value.data = number
            yield
        finally:
            for value, number in before:
                value.data = number
