"""The stepper as HTML: a fragment for a notebook's output, and a page of its own."""

import base64
import json
import zlib
from functools import cache
from pathlib import Path

from tinygrad_edu.stepper.steps import Walk
from tinygrad_edu.webpage import document, image

UPGRADE = "for (const root of document.querySelectorAll('.stepper:not(.ready)')) upgrade(root);"


def fragment(walk: Walk, svg: str, title: str) -> str:
    """The picture as an image, and the walk packed: what upgrade() of the script makes into the stepper.

    Where a notebook is not trusted, its scripts and styles are left out; the image is what remains.
    """
    return (
        f'<div class="stepper"><style>{resource("stepper.css")}</style>'
        f"{image(svg, title)}"
        f'<script type="application/zlib">{packed(walk.to_dict())}</script></div>'
    )


def with_script(html: str) -> str:
    """The fragment with the script that upgrades it. In a block of its own, so that a page can hold several."""
    return f"{html}<script>(() => {{\n{resource('stepper.js')}\n{UPGRADE}\n}})();</script>"


def page(html: str, title: str) -> str:
    """One HTML file that needs nothing else."""
    style = "body { max-width: 1200px; margin: 16px auto; padding: 0 12px; }"
    return document(f"<main>{with_script(html)}</main>", title, style)


def packed(data: object) -> str:
    """JSON in a tenth of its length: through zlib, in base64, which no label can break out of."""
    return base64.b64encode(zlib.compress(json.dumps(data).encode())).decode()


@cache
def resource(name: str) -> str:
    """The text of a file beside this one."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
