"""The walk through a graph as data: the steps of both passes, and what is known of each value when."""

from dataclasses import dataclass, replace
from typing import Any

from tinygrad_edu.backprop import nodes
from tinygrad_edu.drawing.routes import routes
from tinygrad_edu.ledger import Ledger, ledger
from tinygrad_edu.numerals import brief
from tinygrad_edu.stepper.differences import Check, check
from tinygrad_edu.stepper.sentences import Step, backward, forward, nothing_for, plain, seed, start
from tinygrad_edu.value import Value


@dataclass(frozen=True, slots=True)
class Walk:
    """The steps, and what is known of each value when.

    names      what the sentences call it
    data       its number
    known      the step that computes it
    gradients  its gradient as far as it has come, each time with the step that brought it there
    sent       for each wire, by its id, the step that sends a gradient along it
    slopes     for each of these wires the local gradient
    checks     its gradient beside a finite difference
    """

    steps: list[Step]
    names: list[str]
    data: list[str]
    known: list[int]
    gradients: list[list[tuple[int, str]]]
    sent: dict[str, int]
    slopes: dict[str, str]
    checks: list[Check]

    def to_dict(self) -> dict[str, Any]:
        """The walk as dicts, lists, texts and numbers: what JSON holds."""
        steps, checks = [_fields(step) for step in self.steps], [_fields(check) for check in self.checks]
        return _fields(self) | {"steps": steps, "checks": checks}


def walk(output: Value) -> Walk:
    """Step by step through both passes under `output`: the rows of its ledger, in their order, and what they mean.

    >>> x, y, z = Value(-2, "x"), Value(5, "y"), Value(-4, "z")
    >>> q = (x + y).named("q")
    >>> for step in walk((q * z).named("f")).steps[:5]:
    ...     print(step.sentence)
    Only the inputs are known: x = -2, y = 5, z = -4.
    Forward through +: x = -2 and y = 5 give q = 3
    Forward through ×: q = 3 and z = -4 give f = -12
    The backward pass begins: ∂f/∂f = 1
    Backward through ×: upstream 1 × local z = -4 gives downstream -4 for q
    """
    return walked(output, ledger(output))


def walked(output: Value, rows: Ledger) -> Walk:
    """The walk of `walk`, where the ledger is at hand already."""
    values = nodes(output)
    names = {value: plain(text) for value, text in rows.names.items()}
    place = {value: i for i, value in enumerate(values)}

    steps = [start([value for value in values if value.gate is None], names)]
    known = [0] * len(values)
    for row in rows.forward:
        known[place[row.output]] = len(steps)
        steps.append(forward(row, place[row.output], names))

    gradients: list[list[tuple[int, str]]] = [[] for _ in values]
    gradients[-1].append((len(steps), "1"))
    steps.append(seed(names[output], len(values) - 1))
    wires = {id(row): f"w{place[gate]}-{k}" for (gate, k), row in routes(output, rows.backward).items()}
    final = {row.input: row for row in rows.backward}
    sent: dict[str, int] = {}
    slopes: dict[str, str] = {}
    for sending in rows.backward:
        wire, received = wires[id(sending)], gradients[place[sending.input]]
        sent[wire] = len(steps)
        slopes[wire] = brief(sending.local)
        received.append((len(steps), brief(sending.total)))
        several = len(received) > 1 or sending is not final[sending.input]
        places = (place[sending.output], wire, place[sending.input])
        steps.append(backward(sending, places, names, names[output], several, sending is final[sending.input]))
    unreached = [value for value, gradient in zip(values, gradients, strict=True) if not gradient]
    for value in unreached:  # every gate above it has the upstream 0
        gradients[place[value]].append((len(steps) - 1, "0"))
    if unreached:
        steps[-1] = replace(steps[-1], note=f"{steps[-1].note} {nothing_for(unreached, names)}".strip())
    exact = {output: 1.0} | {row.input: row.total for row in rows.backward}
    return Walk(
        steps=steps,
        names=list(names.values()),
        data=[brief(value.data) for value in values],
        known=known,
        gradients=gradients,
        sent=sent,
        slopes=slopes,
        checks=[check(values, value, exact.get(value, 0.0), names) for value in values],
    )


def _fields(row: Walk | Step | Check) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__}
