"""The pages of the project: what they show is what happens, and what they point to is there."""

import ast
import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/engine.md")]
LINK = re.compile(r"\[([^\]]*)\]\(([^)#]+)(?:#[^)]*)?\)")


def links(page):
    """The words of each link to a file of the project, and the file."""
    found = LINK.findall(page.read_text(encoding="utf-8"))
    return [(words, page.parent / target) for words, target in found if "://" not in target]


def names_in(module):
    """What a module defines, classes' methods not among them."""
    names = set()
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Assign(targets=targets):
                names.update(target.id for target in targets if isinstance(target, ast.Name))
    return names


def test_the_number_goes_through_the_engine_as_the_page_says():
    failed, tried = doctest.testfile(str(ROOT / "docs" / "engine.md"), module_relative=False, encoding="utf-8")
    assert (failed, tried > 20) == (0, True)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_file_that_is_linked_is_there(page):
    assert [str(target) for _, target in links(page) if not target.exists()] == []


def test_the_engines_page_links_each_name_to_where_it_is_defined():
    found = [(words, target) for words, target in links(ROOT / "docs" / "engine.md") if target.suffix == ".py"]
    assert len(found) > 20
    assert [words for words, target in found if words.strip("`") not in names_in(target)] == []
