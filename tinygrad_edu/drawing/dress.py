"""Graphviz's SVG made ours: classes for the style, tooltips in words, and wires in the place of records.

Graphviz writes its SVG in one way, whatever its version, and patterns find in it what is needed; to read it as XML and
to write it again would take several times as long.
"""

import re
from collections.abc import Mapping
from html import escape, unescape

from tinygrad_edu.drawing.picture import Part

STYLE = """
.tinygrad-edu { font: 11px Arial, Helvetica, "Liberation Sans", sans-serif; }
.tinygrad-edu .card { fill: #fff; }
.tinygrad-edu text { text-anchor: middle; fill: #24292f; }
.tinygrad-edu .name { font-style: italic; }
.tinygrad-edu .data { fill: #116329; }
.tinygrad-edu .grad, .tinygrad-edu .branch { fill: #c4001a; }
.tinygrad-edu .local { fill: #6639ba; font-size: 9px; }
.tinygrad-edu .order, .tinygrad-edu .count { fill: #6e7781; font-size: 8px; }
.tinygrad-edu .box { fill: none; }
.tinygrad-edu .leaf .box { fill: #eef4ff; stroke: #9db9e8; }
.tinygrad-edu .parameter .box { fill: #fff8e1; stroke: #b08800; stroke-dasharray: 3 2; }
.tinygrad-edu .output .box { stroke: #24292f; stroke-width: 1.6; }
.tinygrad-edu .line, .tinygrad-edu .edge path { fill: none; stroke: #57606a; }
.tinygrad-edu .edge polygon { fill: #57606a; }
.tinygrad-edu .weights path, .tinygrad-edu .bias path { stroke-dasharray: 4 2; }
.tinygrad-edu .gate ellipse, .tinygrad-edu .gate path, .tinygrad-edu .gate polygon { fill: #f6f8fa; stroke: #24292f; }
.tinygrad-edu .cluster path { fill: none; stroke: #8c959f; stroke-dasharray: 5 3; }
"""

SVG = "http://www.w3.org/2000/svg"
GRAPH = re.compile(
    r'<svg (width="[^"]*" height="[^"]*"\s+viewBox="[^"]*")[^>]*>\s*<g [^>]*(transform="[^"]*")>.*?<polygon [^>]*'
    r'(points="[^"]*")/>',
    re.DOTALL,
)
PART = re.compile(
    r'(?:<!--[^\n]*-->\s*)?<g id="([^"]*)" class="(\w+)">\s*<title>[^<]*</title>\s*((?:<(?!/g>)[^<]*)*)</g>'
)
PAINT = re.compile(r' (?:fill|stroke|font-family|font-size|text-anchor|xml:space)="[^"]*"')
TEXT = re.compile(r"<text( [^>]*)>([^<]*)</text>\s*")
POINTS = re.compile(r'points="([^"]*)"')


def dressed(layout: str, title: str, parts: Mapping[str, Part]) -> str:
    """Graphviz's SVG with our classes and titles in the place of its colours, fonts and names."""
    _, size, transform, card, drawn = GRAPH.split(layout, maxsplit=1)
    drawn = PART.sub(lambda found: _part(parts[unescape(found[1])], *found.groups()), PAINT.sub("", drawn))
    head = f'<svg xmlns="{SVG}" {size} class="tinygrad-edu" role="img" aria-label="{escape(title)}">'
    return f'{head}<style>{STYLE}</style>\n<g class="graph" {transform}>\n<polygon class="card" {card}/>{drawn}'


def _part(part: Part, key: str, kind: str, drawn: str) -> str:
    """A part with its classes and its tooltip; a text that only kept a place is gone."""
    texts = ""
    for (place, text), name in zip(TEXT.findall(drawn), part.texts, strict=True):
        if shown := unescape(text).strip():
            texts += f'<text class="{name}"{place}>{escape(shown)}</text>\n'
    shapes = _wire(drawn) if "value" in part.classes.split() else TEXT.sub("", drawn)
    return f'<g id="{key}" class="{kind} {part.classes}">\n<title>{escape(part.title)}</title>\n{shapes}{texts}</g>'


def _wire(record: str) -> str:
    """A record made a wire: the divider between value and gradient is its line, the outline a box behind it."""
    (left, top, right, bottom), *dividers = [_bounds(points) for points in POINTS.findall(record)]
    x1, y1, x2, y2 = dividers[-1]
    if y1 == y2:  # from left to right, and on to where the arrow begins
        x1, x2 = left - 1 if len(dividers) == 1 else x1, right + 1
    else:  # downwards, in the middle, where the arrows are, rather than where the two texts meet
        y1, y2 = top - 1 if len(dividers) == 1 else y1, bottom + 1
        x1 = x2 = (left + right) / 2
    box = f'x="{left:.6g}" y="{top:.6g}" width="{right - left:.6g}" height="{bottom - top:.6g}" rx="8"'
    line = f'points="{x1:.6g},{y1:.6g} {x2:.6g},{y2:.6g}"'
    return f'<rect class="box" {box}/>\n<polyline class="line" {line}/>\n'


def _bounds(points: str) -> tuple[float, float, float, float]:
    numbers = [float(number) for number in points.replace(",", " ").split()]
    xs, ys = numbers[::2], numbers[1::2]
    return min(xs), min(ys), max(xs), max(ys)
