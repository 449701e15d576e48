"""Picture: a graph in DOT, laid out as SVG when it is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tinygrad_edu.webpage import image


@dataclass(frozen=True, slots=True)
class Part:
    """One thing in a picture, found in the layout by its id.

    classes  for the style
    title    what a browser shows where the mouse rests on it
    texts    the class of each of its texts, in the order in which Graphviz writes them
    """

    classes: str
    title: str
    texts: tuple[str, ...] = ()


class Picture:
    """A picture of a graph. Shows itself in Jupyter.

    source  the graph in DOT
    title   what it shows, in words
    """

    def __init__(self, source: str, title: str, parts: Mapping[str, Part]) -> None:
        self.source = source
        self.title = title
        self._parts = parts

    @cached_property
    def svg(self) -> str:
        """The picture as SVG, laid out when it is first asked for."""
        from tinygrad_edu.drawing.dress import dressed  # here, since they take a while to load
        from tinygrad_edu.drawing.render import render

        return dressed(render(self.source), self.title, self._parts)

    def save(self, path: str | Path) -> Path:
        """Write the picture to a file, as SVG or, where the name ends in `.dot`, as DOT."""
        path = Path(path)
        if path.suffix.lower() not in (".svg", ".dot"):
            raise ValueError(f"a picture is saved as .svg or .dot, not {path.suffix or 'without an ending'}: {path}")
        path.write_text(self.source if path.suffix.lower() == ".dot" else self.svg, encoding="utf-8")
        return path

    def __repr__(self) -> str:
        return f"<picture of {self.title}; .save('picture.svg') writes it to a file>"

    def _repr_html_(self) -> str:
        return image(self.svg, self.title)
