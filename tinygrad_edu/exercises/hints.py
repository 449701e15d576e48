"""What to say to a wrong answer without giving the right one away: the gate to look at, and what slip it may be."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tinygrad_edu.answers import Derivation, agrees
from tinygrad_edu.answers.rounding import Rounded, half_unit
from tinygrad_edu.backprop import topological_order
from tinygrad_edu.exercises.numbers import DECIMALS
from tinygrad_edu.exercises.slipped import slipped
from tinygrad_edu.ledger import BackwardRow, backward_rows
from tinygrad_edu.value import Value


@dataclass(frozen=True, slots=True)
class Hint:
    """What is known about one number that is to be found.

    number   what it is,
    allowed  and how far rounding may take an answer from it
    needs    the numbers it is made of, as far as they too are to be found: `value q`, `gradient q`
    look     where to look if the answer is wrong
    slips    answers that usual slips lead to, each with what rounding allows and the slip in words
    """

    number: float
    allowed: float
    needs: list[str]
    look: str
    slips: list[tuple[float, float, str]]


def hints(values: Mapping[str, Value], right: Mapping[str, str]) -> dict[str, Hint]:
    """A hint for each number to be found, as `value q` or `gradient q`, in the order in which one finds them.

    values  of the graph by name, f its output
    right   what stands on the right of each name that a gate makes
    """
    called = {value: name for name, value in values.items()}
    order = topological_order(values["f"])
    rows = backward_rows(order, called, zeros=list(called))
    derivation = Derivation(values["f"], list(called), DECIMALS)
    derived = derivation.passed_back({}, {})
    found: dict[str, Hint] = {}
    for name, text in right.items():
        node = values[name]
        needs = [f"value {called[x]}" for x in node.inputs if x in called and x.gate]
        found[f"value {name}"] = Hint(
            node.data, allowed(derivation.values[node]), needs, of_value(name, node, text), []
        )
    for name, node in reversed([*values.items()]):
        if name == "f":
            continue
        into = [row for row in rows if row.input is node]
        total = into[-1].total
        found[f"gradient {name}"] = Hint(
            total,
            allowed(derived[node]),
            needs_of(into, values, called),
            of_gradient(name, into, called),
            usual_slips(derivation, node, Rounded(total, derived[node].error)),
        )
    return found


def allowed(x: Rounded) -> float:
    """How far from a number an answer may be."""
    return max(x.error, half_unit(DECIMALS)) * (1.0 + 1e-9)


def of_value(name: str, node: Value, text: str) -> str:
    """Where to look if the value of a gate is wrong."""
    assert node.gate
    return f"Look at the {node.gate.label} gate: {name} = {text}."


def of_gradient(name: str, into: Sequence[BackwardRow], called: Mapping[Value, str]) -> str:
    """Where to look if a gradient is wrong: at the gates that send it."""
    gates = [f"{row.output.gate.label} gate that makes {called[row.output]}" for row in into if row.output.gate]
    if len(into) == 1:
        output = called[into[0].output]
        upstream = "1" if output == "f" else f"∂f/∂{output}"
        return f"Look at the {gates[0]}: it sends {name} the upstream {upstream} times the local ∂{output}/∂{name}."
    if len({row.output for row in into}) == 1:
        return f"Look at the {gates[0]}: {name} enters it twice, and what comes back along the two wires is added."
    return f"{name} enters {len(into)} gates: add what the {' and the '.join(gates)} send back to it."


def needs_of(into: Sequence[BackwardRow], values: Mapping[str, Value], called: Mapping[Value, str]) -> list[str]:
    """What a gradient is made of: the upstreams, and the values that the locals are written with."""
    needs = [f"gradient {called[row.output]}" for row in into if called[row.output] != "f"]
    written = {name for row in into for name in re.findall(r"[^\W\d]+", str(row.symbol))}
    needs += [f"value {name}" for name, value in values.items() if name in written and value.gate]
    return list(dict.fromkeys(needs))


def usual_slips(derivation: Derivation, node: Value, right: Rounded) -> list[tuple[float, float, str]]:
    """Wrong answers that come of one slip at a gate that `node` enters, each once."""
    found: list[tuple[float, float, str]] = []
    for answer, text in slipped(derivation, node):
        known = [right, *[Rounded(number, error) for number, error, _ in found]]
        if not any(agrees(answer.number, other, DECIMALS) for other in known):
            found.append((answer.number, allowed(answer), text))
    return found
