"""Rows of data as training needs them: checked once, before anything is learned from them."""

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from nn.modes import mode
from nn.module import Module
from tinygrad_edu import DomainError, Value
from tinygrad_edu.backprop import nodes

Measure = Callable[[Any, Any], Any]


def paired(inputs: Any, targets: Any, name: str = "row") -> list[tuple[Any, Any]]:
    """(row, target) for every row, as lists and numbers, once all of them are known to be sound.

    inputs, targets  sequences, or arrays that have a `.tolist()`
    name             what a row is called in an error

    Every number must be finite and all rows of one shape; a ValueError or TypeError says which row and which column
    is not.

    >>> paired([[0, 1], [2, 3]], [1, 0])
    [([0, 1], 1), ([2, 3], 0)]
    >>> paired([[0, 1], [2]], [1, 0])
    Traceback (most recent call last):
    ...
    ValueError: row 1 has 1 number where row 0 has 2 numbers
    >>> paired([[0, 1], [2, float("nan")]], [1, 0])
    Traceback (most recent call last):
    ...
    ValueError: row 1, column 1: needs a finite number, got nan
    """
    inputs, targets = _plain(inputs), _plain(targets)
    for part, given in ((f"the {name}s", inputs), ("the targets", targets)):
        if not isinstance(given, list):
            raise TypeError(f"{part} need to be a list or an array, got {given!r}")
    if not inputs:
        raise ValueError(f"there are no {name}s: give one row or more")
    if len(inputs) != len(targets):
        raise ValueError(f"{len(inputs)} {name}s and {len(targets)} targets: every row needs one target")
    _shape(inputs, name)
    _shape(targets, f"target of {name}")
    return list(zip(inputs, targets, strict=True))


def watched(validation: Any) -> list[tuple[Any, Any]]:
    """(row, target) for every row that is held out to be watched; none where None are.

    Raises TypeError for what is no pair of inputs and targets, and whatever paired() does.

    >>> watched(([[0, 1]],))
    Traceback (most recent call last):
    TypeError: validation needs to be a pair, (inputs, targets); got a tuple of 1
    """
    if validation is None:
        return []
    if not isinstance(validation, (tuple, list)) or len(validation) != 2:
        of = f" of {len(validation)}" if hasattr(validation, "__len__") else ""
        raise TypeError(f"validation needs to be a pair, (inputs, targets); got a {type(validation).__name__}{of}")
    inputs, targets = validation
    return paired(inputs, targets, name="validation row")


def rehearse(model: Module, rows: Sequence[tuple[Any, Any]], measures: Sequence[Measure], name: str = "row") -> int:
    """Call the model on the first row, and the loss and the metrics on what it says with every target there is.

    The result is how many wires the graph of a row has.

    So a row too wide for the model, a label out of range or a target of the wrong kind are errors while the model is
    still as it was; a note on the error says which row. Where only a number is unlucky, a DomainError of the loss, the
    training itself will tell.
    """
    try:
        with mode(model, training=False):
            prediction = model(rows[0][0])
    except (TypeError, ValueError) as error:
        error.add_note(f"the model was given {name} 0; no parameter has been changed")
        raise
    first_rows = {repr(target): k for k, (_, target) in reversed(list(enumerate(rows)))}
    answers: list[Any] = [None]
    for k in sorted(first_rows.values()):
        try:
            with suppress(DomainError):
                answers = [measure(prediction, rows[k][1]) for measure in measures]
                for answer in answers:
                    _needs_number(answer)
        except Exception as error:
            error.add_note(f"this is the target of {name} {k}; no parameter has been changed")
            raise
    return sum([len(node.wires()) for node in nodes(answers[0])]) if isinstance(answers[0], Value) else 0


def _needs_number(measured: Any) -> None:
    if hasattr(measured, "__iter__"):
        raise TypeError(f"a loss or a metric gives one number for a row, got {measured!r}")


def _plain(part: Any) -> Any:
    """Arrays and other sequences as lists; a number as it is."""
    if hasattr(part, "tolist"):
        return part.tolist()
    if hasattr(part, "__iter__") and not isinstance(part, str):
        return [_plain(x) for x in part]
    return part


def _shape(part: Any, name: str, path: tuple[int, ...] = ()) -> tuple[int, ...]:
    """The lengths of lists within lists of finite numbers, outermost first; `path` is where in the data they are."""
    if not isinstance(part, list):
        _refuse_unless_finite(part, name, path)
        return ()
    if not part:
        raise ValueError(f"{_place(name, path)} is empty")
    shapes = [_shape(x, name, (*path, k)) for k, x in enumerate(part)]
    for k, shape in enumerate(shapes):
        if shape != shapes[0]:
            here, first = _place(name, (*path, k)), _place(name, (*path, 0))
            raise ValueError(f"{here} has {_size(shape)} where {first} has {_size(shapes[0])}")
    return (len(part), *shapes[0])


def _refuse_unless_finite(x: Any, name: str, path: tuple[int, ...]) -> None:
    try:
        finite = math.isfinite(x.data if isinstance(x, Value) else x)
    except TypeError:
        raise TypeError(f"{_place(name, path)}: needs a number, got {type(x).__name__} {x!r}") from None
    except OverflowError:
        raise ValueError(f"{_place(name, path)}: this integer is too large for a double") from None
    if not finite:
        raise ValueError(f"{_place(name, path)}: needs a finite number, got {x!r}")


def _place(name: str, path: tuple[int, ...]) -> str:
    """`row 3`, `row 3, column 2`, or for rows that are images `row 3, column [0][4][2]`."""
    row, *columns = path
    if not columns:
        return f"{name} {row}"
    return f"{name} {row}, column {columns[0] if len(columns) == 1 else ''.join(f'[{k}]' for k in columns)}"


def _size(shape: tuple[int, ...]) -> str:
    if len(shape) > 1:
        return f"{' x '.join(map(str, shape))} numbers"
    return f"{shape[0]} numbers" if shape and shape[0] != 1 else "1 number"
