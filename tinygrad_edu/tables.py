"""Rows as a table, aligned for a terminal or in HTML: words to the left, numbers to the right."""

from collections.abc import Collection, Sequence
from html import escape

Rows = Sequence[Sequence[str]]  # the first one holds the headings


def text_table(rows: Rows, words: Collection[str]) -> str:
    """The rows in aligned columns; `words` are the headings of the columns that hold no numbers.

    >>> print(text_table([("name", "value"), ("x", "3"), ("learning rate", "0.25")], words=["name"]))
    name           value
    x                  3
    learning rate   0.25
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if heading in words else cell.rjust(width)
            for cell, width, heading in zip(row, widths, rows[0], strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def html_table(rows: Rows, words: Collection[str], caption: str = "") -> str:
    """The rows as a table of HTML, their texts escaped.

    >>> html_table([("value",), ("3",)], words=[])
    '<table><thead><tr><th style="text-align: right">value</th></tr></thead>\
<tbody><tr><td style="text-align: right">3</td></tr></tbody></table>'
    """
    sides = ["left" if heading in words else "right" for heading in rows[0]]
    head, *body = [_html_row("td" if i else "th", row, sides) for i, row in enumerate(rows)]
    title = f'<caption style="text-align: left; font-weight: bold">{escape(caption)}</caption>' if caption else ""
    return f"<table>{title}<thead>{head}</thead><tbody>{''.join(body)}</tbody></table>"


def _html_row(tag: str, row: Sequence[str], sides: Sequence[str]) -> str:
    cells = [f'<{tag} style="text-align: {side}">{escape(x)}</{tag}>' for side, x in zip(sides, row, strict=True)]
    return f"<tr>{''.join(cells)}</tr>"
