"""Text made safe to stand in a picture: any label is shown as the text it is, or as much of it as one can read."""

from unicodedata import category

LONGEST = 40  # characters of a label that a picture shows


def one_line(text: str) -> str:
    r"""The text on one line, cut with an ellipsis, without the characters that an SVG cannot hold.

    >>> one_line("learning\nrate"), one_line("a\x00b")
    ('learning rate', 'a\ufffdb')
    """
    line = " ".join(text[: 4 * LONGEST].split())
    if len(line) > LONGEST or len(text) > 4 * LONGEST:
        line = line[: LONGEST - 1] + "…"
    return "".join(["\N{REPLACEMENT CHARACTER}" if category(c) in ("Cc", "Cs", "Cn") else c for c in line])


def escaped(text: str) -> str:
    r"""The text for a label in DOT, its signs without the meaning they have to Graphviz.

    >>> print(escaped("a|b & <c>"))
    a\|b &amp; \<c\>
    """
    text = text.replace("&", "&amp;")
    for sign in "\\{}|<>":
        text = text.replace(sign, "\\" + sign)
    return text
