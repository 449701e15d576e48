"""What the engine refuses, with the line of the user's program that asked for it."""

import linecache
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinygrad_edu.gates import Gate

OURS = ("tinygrad_edu", "nn")  # frames of these packages are ours, not the user's
SHOWN = 4  # members of a group that a message shows


class DomainError(ValueError):
    """A gate is not defined on its inputs, or its result is too large for a double.

    gate    the gate's row in the table
    inputs  what entered it: Values, numbers, or groups of them
    reason  what is wrong, with the numbers and labels of the inputs
    line    the user's source line, as `file:line: text`; empty where there is none
    """

    def __init__(self, gate: "Gate", inputs: Sequence[Any], reason: str) -> None:
        names = gate.takes.replace("[]", "").split(", ")
        shown = ", ".join(f"{name} = {describe(x)}" for name, x in zip(names, inputs, strict=False))
        self.gate = gate
        self.inputs = tuple(inputs)
        self.reason = f"{gate.name}({shown}): {reason}"
        self.line = user_line()
        super().__init__(f"{self.reason}\n  at {self.line}" if self.line else self.reason)

    def __reduce__(self) -> Any:
        """To another process it goes without its inputs, whose graph stays behind."""
        return DomainError.__new__, (DomainError, *self.args), vars(self) | {"inputs": ()}


class UnknownNumberError(ArithmeticError):
    """A function that a program is traced from asked for a number, which will be another one in every row.

    number  what stands for it: of everything that is computed from it the number is unknown as well
    line    the user's source line, as `file:line: text`
    """

    def __init__(self, number: Any) -> None:
        self.number = number
        self.line = user_line()
        super().__init__(
            "a program is traced here, and this number will be another one in every row: to compare, convert or read "
            f"it would freeze one row's answer. Choose by gates, with maximum, minimum or step\n  at {self.line}"
        )

    def __reduce__(self) -> Any:
        """To another process it goes with its own line."""
        return UnknownNumberError.__new__, (UnknownNumberError, *self.args), vars(self)


def describe(x: Any) -> str:
    """An input as an error message shows it: its number, and its label if it has one."""
    if hasattr(x, "gate"):
        while hasattr(x.data, "gate"):
            x = x.data
        return f"{x.data!r} (labelled {x.label!r})" if x.label else repr(x.data)
    if hasattr(x, "__iter__"):
        members = list(x)
        dots = [f"... {len(members)} in all"] if len(members) > SHOWN else []
        return "[" + ", ".join([*map(describe, members[:SHOWN]), *dots]) + "]"
    return repr(x)


def user_line() -> str:
    """The innermost source line that is not in this project's own packages."""
    frame = sys._getframe()
    while frame.f_globals.get("__name__", "").partition(".")[0] in OURS:
        if frame.f_back is None:
            return ""
        frame = frame.f_back
    file, number = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(file, number).strip()
    return f"{file}:{number}: {text}" if text else f"{file}:{number}"
