"""Sheet: nodes, edges and frames in DOT, found again in the SVG."""

import xml.etree.ElementTree as ET

import pytest
from svg import SVG, classes, groups, texts, title

from tinygrad_edu.drawing.picture import Part
from tinygrad_edu.drawing.sheet import Sheet


def place(group):
    """The left, top, right and bottom edge of a frame's or node's outline."""
    xs, ys = [], []
    for shape in group:
        if shape.tag == f"{SVG}ellipse":
            x, y, rx, ry = (float(shape.get(name)) for name in ("cx", "cy", "rx", "ry"))
            xs, ys = [x - rx, x + rx], [y - ry, y + ry]
        elif shape.tag == f"{SVG}path":
            points = [point.split(",") for point in shape.get("d").replace("M", "").replace("C", " ").split()]
            xs, ys = [float(x) for x, _ in points], [float(y) for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def inside(inner, outer):
    (left, top, right, bottom), (l0, t0, r0, b0) = place(inner), place(outer)
    return l0 < left and t0 < top and right < r0 and bottom < b0


def test_frames_stand_inside_of_the_frames_that_their_names_say():
    sheet = Sheet("right", 4)
    for key, frame in (("x", "a.b.c"), ("y", "a.b"), ("z", "a"), ("u", "")):
        sheet.node(key, key, Part("thing", key, ("name",)), frame)
    sheet.edge("e", "x", "u", Part("wire", "x to u"))
    by_id = groups(sheet.picture("frames"))
    frames = {texts(by_id[key])["name"]: by_id[key] for key in by_id if "frame" in classes(by_id[key])}
    assert inside(frames["a.b.c"], frames["a.b"])
    assert inside(frames["a.b"], frames["a"])
    for key, frame in (("x", "a.b.c"), ("y", "a.b"), ("z", "a")):
        assert inside(by_id[key], frames[frame])
    assert not inside(by_id["u"], frames["a"])
    assert title(by_id["e"]) == "x to u"


def test_a_remark_stands_below_as_the_text_it_is():
    sheet = Sheet("right", 1)
    sheet.node("x", "x", Part("thing", "x", ("name",)))
    shown = [element.text for element in ET.fromstring(sheet.picture("t", "a <b> & {c}").svg).iter(f"{SVG}text")]
    assert sorted(shown) == ["a <b> & {c}", "x"]


def test_there_are_two_directions():
    with pytest.raises(ValueError, match="'right' or 'down', not 'left'"):
        Sheet("left", 1)
