"""A stepper's page as a browser reads it: its tags, its scripts, the walk and the picture in it."""

import base64
import zlib
from html.parser import HTMLParser


class Parsed(HTMLParser):
    """The tags of a page, and the text of its scripts by their type."""

    def __init__(self, html):
        super().__init__()
        self.tags = []
        self.scripts = {}
        self.inside = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = dict(attrs).get("type", "text/javascript") if tag == "script" else None

    def handle_endtag(self, tag):
        if tag == "script":
            self.inside = None

    def handle_data(self, data):
        if self.inside:
            self.scripts[self.inside] = self.scripts.get(self.inside, "") + data

    @property
    def walk(self):
        """The walk as JSON, unpacked."""
        return zlib.decompress(base64.b64decode(self.scripts["application/zlib"])).decode()

    @property
    def svg(self):
        (image,) = [attrs["src"] for tag, attrs in self.tags if tag == "img"]
        kind, _, data = image.partition(",")
        assert kind == "data:image/svg+xml;base64"
        return base64.b64decode(data).decode()
