"""What a program is made of and what it is called with: what does not fit is refused, with the way out."""

import inspect
import reprlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from tinygrad_edu.numerals import counted
from tinygrad_edu.value import Value, number

BOTH = "Program(output, inputs, parameters) takes a Value, Program.trace(function, example, parameters) a function"
LISTS = {
    "inputs": "a list of Values, such as [x]",
    "parameters": "a list of Values, such as [w] or model.parameters()",
    "example": "a list of numbers, such as [3.0]: one for each input of the function",
}


def graph(output: Any) -> Value:
    """What is to be computed, if it is a Value."""
    if not isinstance(output, Value):
        raise TypeError(f"a program's output is a Value, got {shown(output)}. {BOTH}")
    return output


def called(function: Callable[..., Any], inputs: Sequence[Value]) -> Any:
    """function(*inputs); its own errors are the user's to see, but for that of a call that does not fit it."""
    if not callable(function):
        raise TypeError(f"a program is traced from a function, got {shown(function)}. {BOTH}")
    try:
        return function(*inputs)
    except TypeError:
        with suppress(ValueError):  # of some functions in C nobody knows what they take
            signature = inspect.signature(function, follow_wrapped=False)
            try:
                signature.bind(*inputs)
            except TypeError as misfit:
                way = "; one that takes a list is traced as lambda *x: function(x)" if len(inputs) > 1 else ""
                raise TypeError(
                    f"each number of the example is an argument of the function, and it has "
                    f"{counted(len(inputs), 'number')} where that takes {signature}: {misfit}{way}"
                ) from None
        raise


def listed(given: Any, name: str) -> list[Any]:
    """Inputs, parameters or an example as a list, if there can be one of it."""
    try:
        members = iter(given)
    except TypeError:
        raise TypeError(f"`{name}` is {LISTS[name]}; got {shown(given)}") from None
    return list(members)


def leaves(given: Any, name: str) -> list[Value]:
    """Inputs or parameters: Values that no gate made, each of them once."""
    values = listed(given, name)
    one = name.removesuffix("s")
    for k, x in enumerate(values):
        if not isinstance(x, Value):
            raise TypeError(f"{one} {k} of a program is to be a Value, got {shown(x)}")
        if x.gate is not None:
            raise ValueError(f"{one} {k} of a program was made by a gate, {x.gate.name}: give the leaves it is made of")
    if len({*values}) < len(values):
        raise ValueError(f"a program got one Value twice among its {name}: {Counter(values).most_common(1)[0][0]!r}")
    return values


def floats(given: Any, place: str) -> list[float]:
    """Finite numbers; an error says at which place there is none, as in `at[{}]`."""
    found = []
    for k, x in enumerate(given):
        try:
            found.append(number(x))
        except (TypeError, ValueError) as error:
            raise type(error)(f"{place.format(k)}: {error}") from None
    return found


def so_many(given: Any, count: int, name: str, needed: str, place: str) -> list[float]:
    """So many numbers, of which a program needs one for each input or parameter."""
    if not is_list(given):
        wanted = f"a list of {counted(count, 'number')}, one for each {needed}"
        raise TypeError(f"{name} is to be {wanted}, got {shown(given)}")
    if len(given) != count:
        raise ValueError(f"the program has {counted(count, needed)}, and {name} has {counted(len(given), 'number')}")
    return floats(given, place)


def each_row(rows: Any, columns: int) -> Iterator[list[float]]:
    """The rows one after another, as lists of numbers, up to the first that does not fit."""
    if hasattr(rows, "to_numpy"):  # a data frame goes through the names of its columns
        rows = rows.to_numpy()
    if not is_list(rows):
        raise TypeError(f"rows are a list of lists, or an array; got {shown(rows)}")
    if not len(rows):
        raise ValueError("there are no rows" + ("" if columns else ": one without inputs is written [[]]"))
    if len(rows) == columns and not any(hasattr(x, "__iter__") for x in rows):
        row = rows.tolist() if hasattr(rows, "tolist") else rows
        raise TypeError(f"rows are a list of lists: a single row is written {reprlib.repr([row])}")
    for i, row in enumerate(rows):
        yield so_many(row, columns, f"row {i}", "input", f"row {i}, column {{}}")


def is_list(given: Any) -> bool:
    """Whether this has members in an order, as lists and arrays have; not text, a set or what is read only once."""
    return isinstance(given, list) or (
        hasattr(given, "__getitem__")
        and hasattr(given, "__len__")
        and not isinstance(given, str | bytes | dict)
        and getattr(given, "ndim", 1) > 0
    )


def shown(given: Any) -> str:
    """What was given, after its type if it does not tell that itself."""
    kind, text = type(given).__name__, repr(given)
    return text if kind in text else f"{kind} {text}"
