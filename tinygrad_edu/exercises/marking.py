"""Marks for the answers to an exercise: its values beside the gates', its gradients through check_answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from tinygrad_edu.answers import Report, agrees, check_answers
from tinygrad_edu.answers.rounding import Rounded, forward_pass
from tinygrad_edu.errors import DomainError
from tinygrad_edu.exercises.numbers import DECIMALS
from tinygrad_edu.numerals import brief
from tinygrad_edu.stepper.rerun import rerun
from tinygrad_edu.tables import html_table, text_table
from tinygrad_edu.value import Value, number


@dataclass(frozen=True, slots=True)
class ValueMark:
    """One value as answered beside the gate's; `verdict` is "right", "wrong", or "follows on" as for gradients."""

    name: str
    gate: str
    answer: float
    value: float
    verdict: str


@dataclass(frozen=True, slots=True, repr=False)
class Marking:
    """What `check` found: true if all is right; printed, a table for each pass.

    values     a mark for each value that was answered, in the order of the forward pass
    gradients  the report of check_answers; None if no gradient was answered
    """

    values: list[ValueMark]
    gradients: Report | None

    def __bool__(self) -> bool:
        return all(mark.verdict == "right" for mark in self.values) and (self.gradients is None or bool(self.gradients))

    def __repr__(self) -> str:
        parts = [f"{self._sentence()}\n\n{text_table(self._rows(), WORDS)}"] if self.values else []
        return "\n\n".join([*parts, *([repr(self.gradients)] if self.gradients is not None else [])])

    def _repr_html_(self) -> str:
        table = f"<p>{escape(self._sentence())}</p>{html_table(self._rows(), WORDS)}" if self.values else ""
        return table + (self.gradients._repr_html_() if self.gradients is not None else "")

    def _sentence(self) -> str:
        right = sum(mark.verdict == "right" for mark in self.values)
        return f"{right} of {len(self.values)} value{'s' * (len(self.values) > 1)} right"

    def _rows(self) -> list[tuple[str, str, str, str]]:
        rows = [HEADER]
        for mark in self.values:
            verdict = f"wrong: look at the {mark.gate} gate" if mark.verdict == "wrong" else mark.verdict
            rows.append((mark.name, f"{mark.answer:.12g}", brief(mark.value), verdict))
        return rows


HEADER = ("value", "yours", "forward pass", "verdict")
WORDS = ("value", "verdict")


def marked(values: Mapping[str, Value], gradients: Mapping[str, float], answers: Mapping[str, float]) -> Marking:
    """Gradients and values that were answered, by name, beside those of the graph."""
    if not gradients and not answers:
        raise ValueError("there is no answer to check")
    for name in (*gradients, *answers):
        if name not in values:
            raise ValueError(f"an answer for {name}, which is not in the graph; there are {', '.join(values)}")
    for name in answers:
        if values[name].gate is None:
            raise ValueError(f"the value of {name} is given; its gradient goes to the gradients")
    given = {values[name]: x for name, x in gradients.items()}
    report = check_answers(values["f"], given, DECIMALS) if given else None
    return Marking(value_marks(values, answers), report)


def value_marks(values: Mapping[str, Value], answers: Mapping[str, float]) -> list[ValueMark]:
    """Each value beside the gate's; one that is right given a wrong one before it follows on."""
    nodes = list(values.values())
    exact = forward_pass(nodes, DECIMALS)
    wrong: dict[Value, float] = {}
    marks = []
    for name, node in values.items():
        if name not in answers:
            continue
        answer = number(answers[name])
        verdict = "right"
        if not agrees(answer, exact[node], DECIMALS):
            follows = following(nodes, wrong, node)
            verdict = "follows on" if agrees(answer, Rounded(follows, exact[node].error), DECIMALS) else "wrong"
            wrong[node] = answer
        assert node.gate
        marks.append(ValueMark(name, node.gate.name, answer, node.data, verdict))
    return marks


def following(nodes: Sequence[Value], wrong: Mapping[Value, float], node: Value) -> float:
    """The value of a node given wrong ones before it; its own where there are none or a gate is not defined on them."""
    try:
        return rerun(nodes, wrong).get(node, node.data)
    except DomainError:
        return node.data
