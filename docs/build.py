"""The reference: every public name with its docstring, as a site of a few static pages. `python docs/build.py`.

pdoc finds the names, their signatures and sources; the docstrings are plain text, and are set here as they are written:
paragraphs, lists of parameters in two columns, and examples.
"""

import re
import sys
import warnings
from collections.abc import Iterator
from html import escape
from inspect import Signature
from pathlib import Path
from textwrap import dedent

from markupsafe import Markup
from pdoc import doc, render
from pdoc.render_helpers import format_signature
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonConsoleLexer

from tinygrad_edu.gates import Gate

HERE = Path(__file__).parent
BESIDE = ["activations", "initializers", "optimizers", "schedules", "plots", "datasets"]  # used by their own names
MODULES = ["tinygrad_edu", "nn", *[f"nn.{name}" for name in BESIDE]]
EXAMPLE = HtmlFormatter(cssclass="pdoc-code")
NIGHT = HtmlFormatter(style="github-dark").get_style_defs(".pdoc-code")
TYPING = '<span class="n">typing</span><span class="o">.</span>'

TERM = re.compile(r"(\S+(?: \S+)*) {2,}(\S.*)")  # a line of two columns


def build(folder: Path) -> None:
    """Write the site into a folder."""
    modules = {name: doc.Module.from_name(name) for name in MODULES}
    for module in modules.values():
        for name, member in module.members.items():
            if isinstance(gate := vars(module.obj).get(name), Gate):
                describe(member, gate)
    render.configure(template_directory=HERE / "templates", search=False)
    render.env.filters |= {"to_markdown": str, "to_html": as_html, "format_signature": signature}
    render.env.globals["night"] = NIGHT
    pages = {f"{name.replace('.', '/')}.html": render.html_module(module, modules) for name, module in modules.items()}
    for name, page in {**pages, "index.html": render.html_index(modules)}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(page, encoding="utf-8")


def describe(member: doc.Variable, gate: Gate) -> None:
    """Show a row of the table as what is called."""
    takes = gate.takes.replace("[]", "")
    member.annotation_str, member.default_value_str = f"({takes})", ""
    needs = f" It needs `{gate.domain}`." if gate.domain else ""
    member.docstring = f"The {gate.name} gate of {takes}.{needs}"


def signature(found: Signature, colon: bool) -> Markup:
    """As pdoc writes it, without the name of the module `typing`."""
    return Markup(format_signature(found, colon).replace(TYPING, ""))


# ---------------- docstrings


def as_html(docstring: str) -> Markup:
    """A docstring as HTML: its blocks, one after the other."""
    blocks = re.split(r"\n\s*\n", docstring)
    return Markup("\n".join(map(block, joined(blocks))))


def joined(blocks: list[str]) -> Iterator[str]:
    """The blocks, those of one example as one."""
    example: list[str] = []
    for text in [*blocks, ""]:
        if text.startswith(">>>"):
            example.append(text)
            continue
        if example:
            yield "\n".join(example)
            example = []
        if text:
            yield text


def block(text: str) -> str:
    """What stands between two blank lines."""
    lines = text.split("\n")
    if text.startswith(">>>"):
        return str(highlight(text.replace("<BLANKLINE>", ""), PythonConsoleLexer(), EXAMPLE))
    terms = [TERM.fullmatch(line) for line in lines]
    if all(term and "  " in term[2] for term in terms) or text.startswith(" "):
        return f"<pre>{escape(dedent(text), quote=False)}</pre>"
    if terms[0] and all(term or line.startswith("    ") for term, line in zip(terms, lines, strict=True)):
        return f"<dl>{''.join(rows(lines))}</dl>"
    return f"<p>{inline(text)}</p>"


def rows(lines: list[str]) -> Iterator[str]:
    """A list in two columns; a line that is indented goes on with the one before."""
    for line in re.sub(r"\n +", " ", "\n".join(lines)).split("\n"):
        name, meaning = re.split(" {2,}", line, maxsplit=1)
        yield f"<dt>{inline(name)}</dt><dd>{inline(meaning)}</dd>"


def inline(text: str) -> str:
    """Words, and code between backticks. An attribute's dot is written so that pdoc takes it for no module's."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False)).replace("<code>.", "<code>&#46;")


if __name__ == "__main__":
    warnings.filterwarnings("ignore", ".*torch")  # where it is missing, its types are written as they stand
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "build" / "reference"
    build(folder)
    print(f"the reference is in {folder / 'index.html'}")
