"""Any text as a label: shown as the text it is, never as markup, in DOT or in SVG."""

import xml.etree.ElementTree as ET
from functools import cache

import pytest
from svg import SVG, groups, texts, values

from tinygrad_edu import Value, check_answers, derivation, draw, latex, ledger, stepper, total
from tinygrad_edu.drawing.labels import LONGEST, one_line

ORDINARY = ["x", "learning rate", "n0", "v0", "node", "digraph", "%s", "$x$", "x'", "-", "->", "w_{1}^{2}", "#fff", "0"]
RECORDS = ['a|b<c>{"\\', "{", "}", "{}", "|", "||", "<", ">", "<>", "<port>", "{a|b}", "a]b", "[a=b]"]
MARKUP = ["<b>x</b>", "<<b>x</b>>", "<script>", "</svg>", "<!--", "]]>", "&", "&amp;", "&lt;b&gt;", "&#65;", "&nbsp;"]
SCRIPTS = ["<script>alert(1)</script>", '"><script>alert(1)</script>', 'x" onload="alert(1)', "javascript:alert(1)"]
QUOTES = ['"', 'a"b', '\\"', '"\\', "\\", "x\\", "\\\\", "x\\\\", "a\\ b", ' fill="red" x']
ESCAPES = ["\\n", "a\\nb", "\\l", "\\r", "\\N", "\\G", "\\E", "\\L", "\\T", "\\H", "\\x41", "\\|", "\\{"]
UNICODE = ["∂f/∂x", "😀", "👩‍👩‍👧", "שלום", "مرحبا", "\u202eabc", "字", "e\u0301", "\ufeffx", "\U0010fffd"]
HOSTILE = [*ORDINARY, *RECORDS, *MARKUP, *SCRIPTS, *QUOTES, *ESCAPES, *UNICODE]
LABEL = pytest.mark.parametrize("label", HOSTILE, ids=ascii)


@cache
def picture():
    """All labels in one picture, each on a leaf and on a gate."""
    return draw(total([(Value(2, label) * 3).named(label) for label in HOSTILE]))


@LABEL
def test_any_text_is_the_name_of_a_leaf_and_of_a_gates_output(label):
    i = HOSTILE.index(label)
    by_id = groups(picture())
    for key in (f"v{2 * i}", f"v{2 * i + 1}"):
        assert texts(by_id[key])["name"].split() == label.split()


@LABEL
def test_no_label_makes_other_elements_or_attributes_than_the_usual_ones(label):
    def kinds(svg):
        return {(element.tag, *sorted(element.keys())) for element in ET.fromstring(svg).iter()}

    assert kinds(draw(Value(2, label)).svg) == kinds(draw(Value(2, "x")).svg)


@pytest.mark.parametrize("label", ["<script>alert(1)</script>", "&amp;", '"', "\\N"])
def test_any_text_stands_in_tooltips_too(label):
    group = groups(draw(Value(2, label)))["v0"]
    assert group.findtext(f"{SVG}title").splitlines()[0] == label


@pytest.mark.parametrize("label", ["a\nb", "\na  b\n", "a\r\nb", "a\tb", " a b ", "a\u2028b", "a\x85b"], ids=ascii)
def test_space_of_any_kind_is_one_space(label):
    assert values(draw(Value(2, label)))[0]["name"] == "a b"


@pytest.mark.parametrize(
    "character", ["\x00", "\x01", "\x08", "\x1b", "\ud800", "\udfff", "\ufffe", "\uffff"], ids=ascii
)
def test_what_xml_cannot_hold_becomes_a_replacement_character(character):
    assert values(draw(Value(2, f"a{character}b")))[0]["name"] == "a\N{REPLACEMENT CHARACTER}b"


def test_a_label_of_the_longest_length_is_shown_whole():
    assert values(draw(Value(2, "m" * LONGEST)))[0]["name"] == "m" * LONGEST


@pytest.mark.parametrize("label", ["m" * (LONGEST + 1), "m" * 1_000_000, "m" * LONGEST + " " * 1_000_000 + "m"])
def test_a_longer_one_ends_in_an_ellipsis(label):
    picture = draw(Value(2, label) * Value(3, "x"))
    assert values(picture)[0]["name"] == "m" * (LONGEST - 1) + "…"
    assert len(picture.svg) < 20_000


@pytest.mark.parametrize(
    "label", ["\ud800", "\x00\x1b[31m", "\ud800" * 1_000_000], ids=["surrogate", "control", "long"]
)
def test_what_nothing_can_show_stands_in_no_table_and_no_formula_either(label):
    x = Value(2, label)
    f = (x * x + x).named(label)
    shown = [
        str(ledger(f)),
        ledger(f)._repr_html_(),
        latex(f),
        derivation(f, x),
        str(check_answers(f, {x: 1})),
        stepper(f).html,
    ]
    for text in shown:
        assert text.encode()  # as a terminal or a notebook would
        assert not {"\x00", "\x1b"} & set(text)
        assert len(text) < 200_000


@pytest.mark.parametrize("label", ["", " ", "\n"])
def test_no_label_is_no_name(label):
    assert one_line(label) == ""
    assert values(draw(Value(2, label))) == [{"data": "2"}]
