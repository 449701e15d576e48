"""latex(): a graph as the expression that it computes."""

from collections.abc import Mapping, Sequence
from typing import Any

from tinygrad_edu.notation import CALL, LOOSE, TIGHT, filled, latex_name, latex_number
from tinygrad_edu.value import Group, Value, Wire

MOST_GATES = 40  # that one expression shows; below them stand dots
MOST_MEMBERS = 6  # of a group
DOTS = r"\cdots"


class Latex(str):
    """LaTeX source, without dollar signs; print() shows it as it is, Jupyter shows it set."""

    __slots__ = ()

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self}$"


def latex(output: Value) -> Latex:
    r"""The expression that a graph computes, in its leaves: by label, or by number where they have none.

    A long one shows the gates nearest to the output, and dots or labels in the place of what is below them; a group of
    many members its first and its last.

    >>> x, y, z = Value(-2, "x"), Value(5, "y"), Value(-4, "z")
    >>> print(latex((x + y) * z))
    \left(x + y\right) \cdot z
    """
    if not isinstance(output, Value):
        raise TypeError(f"latex needs a Value, got {type(output).__name__} {output!r}")
    wires: list[Wire] = [output]
    slots: list[list[list[int]]] = []  # for each of the wires, for each input of its gate: places in `wires`
    gates = 0
    for wire in wires:  # grows as it goes, breadth first
        slots.append([])
        if isinstance(wire, Value) and wire.gate and gates < MOST_GATES:
            gates += 1
            for members in inputs_of(wire):
                slots[-1].append([*range(len(wires), len(wires) + len(shown(members)))])
                wires += shown(members)
    texts: list[tuple[str, int]] = []
    for wire, inputs in zip(reversed(wires), reversed(slots), strict=True):  # the last is texts[0]
        if isinstance(wire, Value) and wire.gate and inputs:
            texts.append(filled(wire.gate, [_joined([texts[len(wires) - 1 - i] for i in slot]) for slot in inputs]))
        else:
            texts.append(_alone(wire))
    return Latex(texts[-1][0])


def written(node: Value, names: Mapping[Value, str]) -> str:
    """The gate of one node, with its inputs by name."""
    inputs = []
    for members in inputs_of(node):
        texts = [(latex_name(names[x]), TIGHT) if isinstance(x, Value) else _alone(x) for x in shown(members)]
        inputs.append(_joined(texts))
    return filled(node.gate, inputs)[0]  # type: ignore[arg-type]


def inputs_of(node: Value) -> list[Sequence[Wire]]:
    """What enters each input of the node's gate: the members of a group, or one wire."""
    return [x.members if type(x) is Group else (x,) for x in node.operands()]


def shown(members: Sequence[Wire]) -> list[Any]:
    """The members of a group that are written: of many the first few, dots and the last."""
    if len(members) <= MOST_MEMBERS:
        return list(members)
    return [*members[: MOST_MEMBERS - 2], DOTS, members[-1]]


def _joined(texts: Sequence[tuple[str, int]]) -> tuple[str, int]:
    return texts[0] if len(texts) == 1 else (", ".join([text for text, _ in texts]), LOOSE)


def _alone(wire: Wire | str) -> tuple[str, int]:
    """A wire without what is below it."""
    if isinstance(wire, str):
        return wire, TIGHT
    if isinstance(wire, Value) and (wire.label.split() or wire.gate):
        return (latex_name(wire.label), TIGHT) if wire.label.split() else (DOTS, TIGHT)
    text = latex_number(float(wire))
    return text, LOOSE if text.startswith("-") else CALL if "times" in text else TIGHT
