"""The usual slips of a derivation by hand: what is multiplied instead of upstream and local, at one gate."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tinygrad_edu.answers.rounding import Local, Rounded
from tinygrad_edu.value import Value

NOTHING, ONE = Rounded(0.0), Rounded(1.0)


@dataclass(frozen=True, slots=True)
class Slip:
    """What stood in the place of a local, and of its upstream where that was replaced too."""

    slope: Rounded
    upstream: Rounded | None = None


def slips(
    local: Local, locals: Sequence[Local], values: Mapping[Value, Rounded]
) -> Iterator[tuple[str, dict[Local, Slip]]]:
    """The slips one can make at this product, each in words and as what it changes; `values` are the forward pass's."""
    others = [x for x in locals if x.input is local.input and x is not local]
    gate, out, slope = local.output.gate, values[local.output], local.slope
    assert gate
    if others:
        share = f"the share that comes by way of the {gate.name} gate"
        yield f"at the fan-out only {share} was kept", {x: Slip(NOTHING) for x in others}
        if len(others) > 1:
            yield f"at the fan-out {share} was not added", {local: Slip(NOTHING)}
    yield "the upstream was left out", {x: Slip(x.slope, ONE) for x in locals if x.output is local.output}
    yield "the upstream was left out", {local: Slip(slope, ONE)}
    if gate.name in ("mul", "dot"):
        yield "its own value was taken for the local, not the other input's", {local: Slip(values[local.input])}
    if gate.name == "sigmoid":
        yield "σ was taken for the local, without its factor 1 - σ", {local: Slip(out)}
        yield "1 - σ was taken for the local, without its factor σ", {local: Slip(_one_minus(out))}
    if gate.name == "tanh":
        yield "1 - tanh was taken for the local, without its factor 1 + tanh", {local: Slip(_one_minus(out))}
    yield "the sign", {local: Slip(Rounded(-slope.number, slope.error))}
    yield "the local was left out", {local: Slip(ONE)}


def _one_minus(x: Rounded) -> Rounded:
    return Rounded(1.0 - x.number, x.error)
