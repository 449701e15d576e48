"""How numbers, labels and gates are written in LaTeX, with brackets where they are needed and nowhere else."""

import re
from collections.abc import Sequence

from tinygrad_edu.drawing.labels import one_line
from tinygrad_edu.gates import Gate

LOOSE, PRODUCT, CALL, TIGHT = 1, 2, 3, 4  # how tightly a text holds together: a sum, a product, a gate's own, a name


def filled(gate: Gate, inputs: Sequence[tuple[str, int]]) -> tuple[str, int]:
    r"""The template of a gate's row with its inputs in it, and how tightly that holds together.

    inputs  the text of each and how tightly it holds together; what is not given is left out of the template

    >>> from tinygrad_edu import gates
    >>> filled(gates.mul, [("x + y", LOOSE), ("z", TIGHT)])
    ('\\left(x + y\\right) \\cdot z', 2)
    """
    template = re.sub(rf" \+ #{len(inputs) + 1}", "", gate.latex)
    outside = _outside_brackets(template)
    own = LOOSE if re.search(r"^-| [+-] ", outside) else PRODUCT if r"\cdot" in outside else CALL

    def bracketed(place: re.Match[str]) -> str:
        text, tightness = inputs[int(place[1]) - 1]
        before, after = template[: place.start()], template[place.end() :]
        if place[0] not in outside or not (before or after):
            return text
        needed = TIGHT if after.startswith("^") else own + 1 if before.endswith(("-", "- ")) else own
        if tightness < needed or (before and text.startswith("-") and own < CALL):
            return rf"\left({text}\right)"
        return text

    return re.sub(r"#(\d)", bracketed, template), own


def _outside_brackets(template: str) -> str:
    """The template without what stands in brackets or braces."""
    depth, outside = 0, ""
    for piece in re.split(r"(\\left.|\\right.|[{}])", template):
        depth += piece.startswith((r"\left", "{")) - piece.startswith((r"\right", "}"))
        outside += piece if depth == 0 else ""
    return outside


def latex_number(x: float) -> str:
    r"""A number in LaTeX, to six digits.

    >>> latex_number(-4.0), latex_number(4.2e-18)
    ('-4', '4.2 \\times 10^{-18}')
    """
    digits, _, power = f"{x:.6g}".partition("e")
    return rf"{digits} \times 10^{{{int(power)}}}" if power else digits


GREEK = {
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "eta",
    "theta",
    "kappa",
    "nu",
    "xi",
    "pi",
    "chi",
    "psi",
    "zeta",
    "lambda",
    "mu",
    "rho",
    "sigma",
    "tau",
    "phi",
    "omega",
}
SIGNS = {
    "\\": r"\backslash",
    "<": r"\lt",
    ">": r"\gt",
    "^": r"\wedge",
    "~": r"\sim",
    **{sign: "\\" + sign for sign in "{}$&#%_"},
}


def latex_name(text: str) -> str:
    r"""A label in LaTeX: w0 with an index, yhat with its hat, alpha in Greek; any other words as text, on one line.

    >>> latex_name("w0"), latex_name("yhat"), latex_name("alpha"), latex_name("net loss")
    ('w_{0}', '\\hat{y}', '\\alpha', '\\text{net loss}')
    """
    text = one_line(text)
    match = re.fullmatch(r"([A-Za-z]+?)_?(hat)?_?(\d*)(′*)", text)
    if match and (len(match[1]) == 1 or match[1] in GREEK):
        letter = match[1] if len(match[1]) == 1 else "\\" + match[1]
        letter = rf"\hat{{{letter}}}" if match[2] else letter
        return (rf"{letter}_{{{match[3]}}}" if match[3] else letter) + "'" * len(match[4])
    pieces = re.split(r"([\\<>^~{}$&#%_])", text)
    return "".join([f"{{{SIGNS[piece]}}}" if piece in SIGNS else rf"\text{{{piece}}}" for piece in pieces if piece])
