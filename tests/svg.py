"""Read a picture as a browser would: what stands in each part of the SVG, by its id."""

import xml.etree.ElementTree as ET

SVG = "{http://www.w3.org/2000/svg}"


def groups(picture):
    """The parts of a picture by id."""
    found = [group for group in ET.fromstring(picture.svg).iter(f"{SVG}g") if group.get("id")]
    by_id = {group.get("id"): group for group in found}
    assert len(by_id) == len(found)
    return by_id


def classes(group):
    return set(group.get("class").split())


def texts(group):
    """The texts of a part, each under its class; lines of one class are joined."""
    shown = {}
    for element in group.iter(f"{SVG}text"):
        shown.setdefault(element.get("class"), []).append("".join(element.itertext()))
    return {kind: "\n".join(lines) for kind, lines in shown.items()}


def title(group):
    return group.findtext(f"{SVG}title")


def values(picture):
    """The texts of every value, in the order of the graph."""
    by_id = groups(picture)
    keys = sorted([key for key in by_id if key[0] == "v"], key=lambda key: int(key[1:]))
    return [texts(by_id[key]) for key in keys]


def symbols(picture):
    """The symbol of every gate, by the number of its output."""
    return {int(key[1:]): texts(group)["symbol"] for key, group in groups(picture).items() if key[0] == "g"}


def wires(picture):
    """The ids of the arrows into gates."""
    return {key for key in groups(picture) if key[0] == "w"}
