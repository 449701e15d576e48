"""Picture: how it is saved and shown, and that its SVG can stand anywhere."""

import base64
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from IPython.core.formatters import DisplayFormatter
from svg import SVG

from tinygrad_edu import Value, draw


def product():
    x, y, z = Value(-2, "x"), Value(5, "y"), Value(-4, "z")
    return ((x + y).named("q") * z).named("f")


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


def test_in_jupyter_it_shows_its_svg_as_an_image_in_html_which_needs_no_trust():
    picture = draw(product().named('"∂" <'))
    shown = DisplayFormatter().format(picture)[0]
    assert sorted(shown) == ["text/html", "text/plain"]
    found = re.fullmatch('<img alt="(.*)" src="data:image/svg\\+xml;base64,(.*)">', shown["text/html"])
    assert found[1] == "the graph of &quot;∂&quot; &lt;: 5 values"
    assert base64.b64decode(found[2]).decode() == picture.svg


def test_in_a_terminal_it_says_what_it_is_of_and_how_to_see_it():
    assert repr(draw(product())) == "<picture of the graph of f: 5 values; .save('picture.svg') writes it to a file>"


def test_the_svg_says_in_words_what_it_shows():
    root = ET.fromstring(draw(product()).svg)
    assert (root.get("role"), root.get("aria-label")) == ("img", "the graph of f: 5 values")


def test_the_style_is_for_this_picture_alone():
    assert ET.fromstring(draw(product()).svg).get("class") == "tinygrad-edu"
    (style,) = ET.fromstring(draw(product()).svg).iter(f"{SVG}style")
    selectors = [part.strip() for rule in style.text.split("}")[:-1] for part in rule.split("{")[0].split(",")]
    assert selectors
    assert all(selector.startswith(".tinygrad-edu") for selector in selectors)


def test_it_stands_on_a_card_of_its_own_so_that_a_dark_page_does_not_hide_it():
    (card,) = [e for e in ET.fromstring(draw(product()).svg).iter(f"{SVG}polygon") if e.get("class") == "card"]
    assert card.get("points")


def test_it_needs_nothing_from_elsewhere():
    svg = draw(product()).svg
    assert svg.startswith("<svg ")
    assert svg.count("http") == svg.count('xmlns="http://www.w3.org/2000/svg"') == 1
    assert "<script" not in svg
