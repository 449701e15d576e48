"""Graphviz's SVG made ours: classes for the style, tooltips in words, and wires in the place of records."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping

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
PAINT = re.compile(r' (?:xmlns|xmlns:xlink|fill|stroke|font-family|font-size|text-anchor|xml:space)="[^"]*"')


def dressed(layout: str, title: str, parts: Mapping[str, Part]) -> str:
    """Graphviz's SVG with our classes and titles in the place of its colours, fonts and names."""
    root = ET.fromstring(PAINT.sub("", layout))
    root.attrib |= {"xmlns": SVG, "class": "tinygrad-edu", "role": "img", "aria-label": title}
    graph = root[0]
    del graph.attrib["id"]  # it is the same in every picture
    for element in list(graph):
        if element.tag == "title":
            graph.remove(element)
        elif element.tag == "polygon":
            element.set("class", "card")
        elif element.tag == "g":
            _dress(element, parts[element.attrib["id"]])
    style = ET.Element("style")
    style.text = STYLE
    root.insert(0, style)
    return ET.tostring(root, encoding="unicode")


def _dress(group: ET.Element, part: Part) -> None:
    """Give a part its classes, its texts theirs, and its tooltip; a text that only kept a place goes."""
    group.set("class", f"{group.get('class')} {part.classes}")
    for element, kind in zip(group.findall("text"), part.texts, strict=True):
        element.text = (element.text or "").strip()
        element.set("class", kind)
        if not element.text:
            group.remove(element)
    for title in group.findall("title"):
        title.text = part.title
    if "value" in part.classes.split():
        _draw_wire(group, group.findall("polyline"))


def _draw_wire(group: ET.Element, lines: list[ET.Element]) -> None:
    """Make of a record a wire: the divider between value and gradient is its line, the outline a box behind it."""
    (outline,) = group.findall("polygon")
    left, top, right, bottom = _bounds(outline)
    box = {"x": left, "y": top, "width": right - left, "height": bottom - top, "rx": 8}
    group.insert(1, ET.Element("rect", {"class": "box"} | {name: f"{number:.6g}" for name, number in box.items()}))
    for element in (outline, *lines[:-1]):
        group.remove(element)
    x1, y1, x2, y2 = _bounds(lines[-1])
    if y1 == y2:  # from left to right, and on to where the arrow begins
        x1, x2 = left - 1 if len(lines) == 1 else x1, right + 1
    else:  # downwards, in the middle, where the arrows are, rather than where the two texts meet
        y1, y2 = top - 1 if len(lines) == 1 else y1, bottom + 1
        x1 = x2 = (left + right) / 2
    lines[-1].attrib |= {"class": "line", "points": f"{x1:.6g},{y1:.6g} {x2:.6g},{y2:.6g}"}


def _bounds(shape: ET.Element) -> tuple[float, float, float, float]:
    xs, ys = zip(*[map(float, point.split(",")) for point in shape.attrib["points"].split()], strict=True)
    return min(xs), min(ys), max(xs), max(ys)
