"""A page of HTML in one file that needs no network and nothing installed, and an image that is part of one."""

import base64
from html import escape
from pathlib import Path


def document(body: str, title: str, style: str) -> str:
    """The whole file; the icon is empty, so that no browser asks a server for one.

    >>> print(document("<p>3</p>", "a < b", "p { color: red }").partition('href="data:,">')[2])
    <BLANKLINE>
    <title>a &lt; b</title>
    <style>p { color: red }</style>
    </head>
    <body>
    <p>3</p>
    </body>
    </html>
    <BLANKLINE>
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def image(svg: str, title: str) -> str:
    """A picture that brings its SVG with it; `title` says in words what it shows.

    Notebooks show such an image before they are trusted, which they do not for SVG by itself. And several on one page
    cannot take each other's ids.

    >>> image("<svg/>", "a < b")
    '<img alt="a &lt; b" src="data:image/svg+xml;base64,PHN2Zy8+">'
    """
    return f'<img alt="{escape(title)}" src="data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}">'


def written(html: str, path: str | Path, what: str) -> Path:
    """Write a page to a file `.html` and return its path; `what` it is stands in the error for any other ending."""
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"{what} is saved as .html, not {path.suffix or 'without an ending'}: {path}")
    path.write_text(html, encoding="utf-8")
    return path
