"""check_answers: a derivation by hand beside the chain rule's, and the first gate at which the two part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from operator import index

from tinygrad_edu.answers.rounding import Local, Rounded, forward_pass, half_unit, locals_of, product
from tinygrad_edu.answers.slips import Slip, slips
from tinygrad_edu.backprop import nodes
from tinygrad_edu.drawing.labels import one_line
from tinygrad_edu.ledger import ledger
from tinygrad_edu.names import names
from tinygrad_edu.numerals import brief
from tinygrad_edu.tables import html_table, text_table
from tinygrad_edu.value import Value, number

NEAR = 50  # a slip is looked for at so many products, back from a wrong answer


@dataclass(frozen=True, slots=True)
class Departure:
    """The product at which an answer leaves the chain rule: gate, upstream and local there, and what may have happened.

    `upstream` is the one the derivation had: the chain rule's, or an earlier wrong answer.
    """

    gate: str
    output: Value
    input: Value
    upstream: float
    local: float
    guess: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """One answer beside the chain rule's gradient; rounding explains a distance of up to `allowed`.

    `verdict` is "right", "wrong", or "follows on": right, given a wrong answer before it. A wrong one has a departure,
    except that of the output itself, to which no gate sends anything.
    """

    value: Value
    answer: float
    gradient: float
    allowed: float
    verdict: str
    departure: Departure | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """What check_answers found: true if every answer is right; printed, a sentence and a table.

    verdicts   one for each answer, in the order of the backward pass
    departure  the first one, in the order of the backward pass; None if there is none
    """

    verdicts: list[Verdict]
    names: dict[Value, str]
    decimals: int

    @property
    def departure(self) -> Departure | None:
        """The first gate, in the order of the backward pass, at which the answers leave the chain rule."""
        return next((verdict.departure for verdict in self.verdicts if verdict.departure), None)

    def __bool__(self) -> bool:
        return all(verdict.verdict == "right" for verdict in self.verdicts)

    def __repr__(self) -> str:
        return "\n".join([*self._sentences(), "", text_table([HEADER, *self._rows()], WORDS)])

    def _repr_html_(self) -> str:
        sentences = "<br/>".join(map(escape, self._sentences()))
        return f"<p>{sentences}</p>{html_table([HEADER, *self._rows()], WORDS)}"

    def _sentences(self) -> list[str]:
        right = sum(verdict.verdict == "right" for verdict in self.verdicts)
        rounded = f"to {self.decimals} decimal{'' if self.decimals == 1 else 's'}"
        lines = [f"{right} of {len(self.verdicts)} right, {rounded} in every number"]
        if at := self.departure:  # first, because pytest shows the beginning and the end of a long report
            sent = f"upstream {self._brief(at.upstream)} × local {self._brief(at.local)}"
            downstream = self._brief(at.upstream * at.local)
            where = f"the {at.gate} gate {self._called(at.output)}, on the way to {self._called(at.input)}"
            lines.insert(0, f"first departure from the chain rule: {where}: {sent} = {downstream}")
        return lines

    def _rows(self) -> list[tuple[str, str, str, str]]:
        rows = []
        for x in self.verdicts:
            verdict = x.verdict
            if x.departure and x.departure.guess:
                verdict += f": {x.departure.guess}"
            elif verdict == "wrong" and not x.departure:
                verdict += ": the backward pass starts with 1"
            elif verdict == "right" and 0.0 < abs(x.gradient) <= x.allowed:
                verdict += ", but so would 0 be: take more decimals"
            theirs = f"{self._brief(x.gradient)} ± {x.allowed:.2g}"
            rows.append((self._called(x.value), f"{x.answer:.12g}", theirs, verdict))
        return rows

    def _called(self, x: Value) -> str:
        return one_line(self.names[x])

    def _brief(self, x: float) -> str:
        return brief(x, self.decimals)


HEADER = ("value", "yours", "chain rule", "verdict")
WORDS = ("value", "verdict")


def check_answers(output: Value, answers: Mapping[Value, float], decimals: int = 2) -> Report:
    """Compare gradients derived by hand, of any Values under `output`, with the chain rule's.

    The report is true if all are right, so that `assert check_answers(...)` is a test. Else it names the first gate of
    the backward pass at which the answers leave the chain rule, with upstream and local there, and guesses the slip.
    An answer that is right given a wrong one before it follows on; it is not counted as another slip.

    A derivation may have been rounded to so many decimals at every number: given and computed values, locals, products.
    With u for half a unit of the last decimal, a value may be off by what its inputs' errors do to it, and u; a local
    by what the errors of inputs and output do to it, and u; a product by

        |upstream's error × local| + |upstream × local's error| + |upstream's error × local's error| + u

    and a gradient by the sum of that over all products that reach it. No u is added where nothing needs rounding: in a
    sum, or a product with a whole number. For 1 / (1 + exp(-s)) at s = 1 and two decimals, gate by gate, that is 0.014
    at s, whose gradient is 0.197. u itself is always allowed. Where 0 would pass for a gradient that is not 0, the
    report says so.

    Raises TypeError or ValueError for a key that is not a Value of the graph, an answer that is not a finite number, no
    answer at all, and decimals that are not a whole number from 0 to 15; DomainError where the chain rule does.

    >>> x, y, z = Value(-2, "x"), Value(5, "y"), Value(-4, "z")
    >>> f = ((x + y).named("q") * z).named("f")
    >>> bool(check_answers(f, {x: -4, y: -4, z: 3}))
    True
    >>> check_answers(f, {x: 1, y: -4, z: 3})
    first departure from the chain rule: the add gate q, on the way to x: upstream -4 × local 1 = -4
    2 of 3 right, to 2 decimals in every number
    <BLANKLINE>
    value  yours  chain rule  verdict
    z          3   3 ± 0.005  right
    y         -4  -4 ± 0.005  right
    x          1  -4 ± 0.005  wrong: the upstream was left out
    """
    if not isinstance(output, Value):
        raise TypeError(f"check_answers needs a Value and the answers, got {type(output).__name__} {output!r}")
    if type(decimals) is bool or not 0 <= index(decimals) <= 15:
        raise ValueError(f"decimals is a whole number from 0 to 15, got {decimals}")
    values = nodes(output)
    given = _checked(answers, values, output)
    gradients = {row.input: row.total for row in ledger(output).backward} | {output: 1.0}

    derivation = Derivation(output, values, decimals)
    exact = derivation.passed_back({}, {})
    verdicts: list[Verdict] = []
    known: dict[Value, Rounded] = {}  # what the derivation goes on with: what is right, and wrong answers as given
    slipped: dict[Local, Slip] = {}
    for value in reversed(values):
        if value not in given:
            continue
        answer, gradient = given[value], gradients.get(value, 0.0)
        allowed = max(exact[value].error, half_unit(decimals))
        verdict = Verdict(value, answer, gradient, allowed, "right")
        if not agrees(answer, Rounded(gradient, allowed), decimals):
            if agrees(answer, derivation.passed_back(known, slipped)[value], decimals):
                verdict = replace(verdict, verdict="follows on")
            else:
                departure, found = derivation.departure(value, given, known, slipped)
                slipped |= found
                verdict = replace(verdict, verdict="wrong", departure=departure)
        known[value] = exact[value] if verdict.verdict == "right" else Rounded(answer)
        verdicts.append(verdict)
    return Report(verdicts, names(values), decimals)


def agrees(answer: float, derived: Rounded, decimals: int) -> bool:
    """Whether rounding explains the distance; the answer's own always may, and the last bits of the doubles."""
    allowed = max(derived.error, half_unit(decimals))
    return abs(answer - derived.number) <= allowed * (1.0 + 1e-9) + 1e-12 * abs(derived.number)


def _checked(answers: Mapping[Value, float], values: Sequence[Value], output: Value) -> dict[Value, float]:
    """The answers as floats, if each is one to a Value of the graph."""
    if not isinstance(answers, Mapping):
        raise TypeError(f"answers are a dict from Values to numbers, got {type(answers).__name__} {answers!r}")
    if not answers:
        raise ValueError("there is no answer to check")
    called, given = names(values), {}
    for value, answer in answers.items():
        if not isinstance(value, Value):
            raise TypeError(f"answers are given for Values, got {type(value).__name__} {value!r} as a key")
        if value not in called:
            raise ValueError(f"{value!r} is not in the graph of {called[output]}; constants have no gradient")
        try:
            given[value] = number(answer)
        except (TypeError, ValueError) as error:
            raise type(error)(f"the answer for {called[value]}: {error}") from None
    return given


class Derivation:
    """The backward pass by hand: every local as found from rounded values, and where upstreams take them."""

    def __init__(self, output: Value, values: Sequence[Value], decimals: int) -> None:
        found = forward_pass(values, decimals)
        self.output = output
        self.values = found
        self.decimals = decimals
        self.locals = [local for node in reversed(values) if node.gate for local in locals_of(node, found, decimals)]

    def passed_back(
        self,
        known: Mapping[Value, Rounded],
        slipped: Mapping[Local, Slip],
        start: Mapping[Value, Rounded] | None = None,
        part: slice = slice(None),
    ) -> dict[Value, Rounded]:
        """The gradient each value receives if these upstreams are known and these slips were made.

        A part of the pass goes on from what was received before it.
        """
        received = {**start} if start else dict.fromkeys(self.values, Rounded(0.0)) | {self.output: Rounded(1.0)}
        for local in self.locals[part]:
            upstream, slope = known.get(local.output, received[local.output]), local.slope
            if local in slipped:
                upstream, slope = slipped[local].upstream or upstream, slipped[local].slope
            sent, before = product(upstream, slope, self.decimals), received[local.input]
            received[local.input] = Rounded(before.number + sent.number, before.error + sent.error)
        return received

    def departure(
        self,
        value: Value,
        given: Mapping[Value, float],
        known: Mapping[Value, Rounded],
        slipped: Mapping[Local, Slip],
    ) -> tuple[Departure | None, dict[Local, Slip]]:
        """Where a wrong answer left the chain rule, and the slip that explains most of the answers left to judge.

        It is the nearest such slip back from the value, through what is not known. Without one, the departure is the
        first product that reaches the value.
        """
        near = self._near(value, known)
        if not near:
            return None, {}
        at, made, most, texts = near[0], dict[Local, Slip](), 0, list[str]()
        left = [x for x in given if x not in known]
        gates = {local.output for local in near}
        since = next(i for i, local in enumerate(self.locals) if local.output in gates)  # where slips begin
        start = self.passed_back(known, slipped, part=slice(since))
        for local in near[:NEAR]:
            for slip, changes in slips(local, self.locals, self.values):
                derived = self.passed_back(known, {**slipped, **changes}, start, slice(since, None))
                explained = {x for x in left if agrees(given[x], derived[x], self.decimals)}
                if value in explained and len(explained) > most:
                    at, made, most, texts = local, changes, len(explained), [slip]
                elif value in explained and len(explained) == most and local is at and slip not in texts:
                    texts.append(slip)
        if agrees(given[value], Rounded(value.data), self.decimals) and at.input is value:
            texts.append("its value was given for its gradient")
        upstream = known.get(at.output) or self.passed_back(known, slipped)[at.output]
        assert at.output.gate
        departure = Departure(
            at.output.gate.name,
            at.output,
            at.input,
            upstream.number,
            at.slope.number,
            ", or ".join(texts),
        )
        return departure, made

    def _near(self, value: Value, known: Mapping[Value, Rounded]) -> list[Local]:
        """The products back from the value to what is known, the nearest first, each level in the pass's order."""
        into: dict[Value, list[Local]] = {}
        for local in self.locals:
            into.setdefault(local.input, []).append(local)
        near = list(into.get(value, []))
        for local in near:
            if len(near) < NEAR and local.output not in known:
                near += [x for x in into.get(local.output, []) if x not in near]
        return near
