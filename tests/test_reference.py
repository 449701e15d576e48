"""The reference: it is built without a warning, holds every public name with its docstring, and leads nowhere else."""

import inspect
import os
import re
import runpy
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import nn
import tinygrad_edu
from tinygrad_edu.gates import Gate

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "docs" / "build.py"
OUTSIDE = {"https://pdoc.dev"}  # what made the pages, below each list of names
NAMES = [(module, name) for module in (tinygrad_edu, nn) for name in module.__all__]


class Page(HTMLParser):
    """What a page says, links to and loads."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.loads, self.words = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if "id" in found:
            self.ids.append(found["id"])
            self.words.append(f"#{found['id']}#")
        if tag == "a":
            self.links.append(found["href"])
        elif "href" in found or "src" in found:
            self.loads.append(found.get("href") or found["src"])

    def handle_data(self, data):
        self.words.append(data)

    def said(self):
        return " ".join("".join(self.words).split())


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The pages, by where they are; every warning is an error."""
    folder = tmp_path_factory.mktemp("reference")
    command = [sys.executable, "-W", "error", BUILD, folder]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}  # the names of this checkout
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert str(folder / "index.html") in done.stdout
    return {path: Page(path.read_text(encoding="utf-8")) for path in folder.rglob("*.html")}


@pytest.fixture(scope="module")
def folder(site):
    return next(path.parent for path in site if path.name == "index.html")


@pytest.fixture(scope="module")
def as_html():
    return runpy.run_path(str(BUILD))["as_html"]


@pytest.mark.parametrize(("module", "name"), NAMES, ids=[f"{module.__name__}.{name}" for module, name in NAMES])
def test_every_public_name_is_there_with_its_docstring(site, folder, module, name):
    page, thing = site[folder / f"{module.__name__}.html"], getattr(module, name)
    assert name in page.ids
    docstring = f"The {name} gate of" if isinstance(thing, Gate) else inspect.getdoc(thing).split("\n\n")[0]
    section = page.said().partition(f"#{name}# ")[2]
    assert " ".join(docstring.replace("`", "").split()) in section


def test_the_domain_of_a_gate_is_told(site, folder):
    assert "The log gate of x. It needs x > 0." in site[folder / "tinygrad_edu.html"].said()


def test_no_link_is_dead(site):
    dead = []
    for path, page in site.items():
        for link in set(page.links) - OUTSIDE:
            target, _, place = link.partition("#")
            other = site.get((path.parent / target).resolve() if target else path)
            if other is None or (place and place not in other.ids):
                dead.append((path.name, link))
    assert dead == []


def test_nothing_is_loaded(site):
    assert [load for page in site.values() for load in page.loads if not load.startswith("data:")] == []
    assert not any(re.search(r"@import|url\([\"']?http", path.read_text(encoding="utf-8")) for path in site)


def test_every_page_can_be_reached_from_the_first(site, folder):
    reached = [folder / "index.html"]
    for path in reached:
        targets = [(path.parent / link.partition("#")[0]).resolve() for link in site[path].links]
        reached += [target for target in targets if target in site and target not in reached]
    assert set(reached) == site.keys()


def test_nothing_tells_where_it_was_built(site):
    told = (str(ROOT), " at 0x")
    assert not any(text in path.read_text(encoding="utf-8") for path in site for text in told)


# ---------------- docstrings


def test_a_list_of_parameters_has_two_columns(as_html):
    text = "Of two.\n\nx     one, `k < 1`\nbias  another,\n      that goes on"
    assert as_html(text) == (
        "<p>Of two.</p>\n"
        "<dl><dt>x</dt><dd>one, <code>k &lt; 1</code></dd><dt>bias</dt><dd>another, that goes on</dd></dl>"
    )


def test_names_may_share_a_line_of_it(as_html):
    assert as_html("a, b  numbers") == "<dl><dt>a, b</dt><dd>numbers</dd></dl>"


def test_three_columns_and_what_is_indented_stay_as_they_are(as_html):
    table = "name  formula   where\nrelu  max(0,x)  everywhere"
    assert as_html(table) == f"<pre>{table}</pre>"
    assert as_html("So:\n\n    a < b\n      c") == "<p>So:</p>\n<pre>a &lt; b\n  c</pre>"


def test_an_example_is_one_however_many_blank_lines_it_prints(as_html):
    html = as_html(">>> print('a\\n\\nb')\na\n<BLANKLINE>\nb\n\n>>> 1 < 2\nTrue")
    assert html.count("<pre>") == 1
    assert "BLANKLINE" not in html
    lines = re.sub("<[^>]*>", "", html).replace("&gt;", ">").replace("&lt;", "<").split("\n")
    assert [line for line in lines if line] == [">>> print('a\\n\\nb')", "a", "b", ">>> 1 < 2", "True"]


def test_an_attribute_is_not_taken_for_a_function(site, folder):
    assert '<code><a href="#grad">.grad</a></code>' not in (folder / "tinygrad_edu.html").read_text(encoding="utf-8")


# ---------------- in a browser


def test_every_page_fits_a_phone_and_asks_nothing_of_the_network(site, open_page):
    for path in site:
        page = open_page(path.as_uri(), viewport={"width": 390, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(22, 25, 29)")])
def test_by_day_and_by_night(folder, open_page, scheme, paper):
    page = open_page((folder / "index.html").as_uri(), color_scheme=scheme)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == paper
