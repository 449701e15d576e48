"""Fixtures of the tests that look at pages: a real browser, and what is wrong with a page."""

import re

import pytest
from browser import PATIENCE, PROGRAMS, chromium, program

AT_HOME = re.compile(r"(file|data|blob|about):|(https?|wss?)://127\.0\.0\.1[:/]")


@pytest.fixture(scope="module", name="chromium")
def chromium_of_a_module():
    """The system's Chromium, for one module."""
    pytest.importorskip("playwright.sync_api", reason="Playwright comes with the extra `browser`")
    if program() is None:
        pytest.skip(f"no browser is installed to open pages in: none of {', '.join(PROGRAMS)} is on PATH")
    with chromium() as browser:
        yield browser


@pytest.fixture
def complaints():
    """What the pages of a test logged as an error or asked of the network. The test fails if anything is left here."""
    lines = []
    yield lines
    assert lines == []


@pytest.fixture
def open_page(chromium, complaints):
    """A function that opens an address in a page of its own; options are those of Playwright's `new_context`."""
    contexts = []

    def open_page(address, **options):
        contexts.append(context := chromium.new_context(**options))
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: None if AT_HOME.match(request.url) else complaints.append(request.url))
        page.on("websocket", lambda socket: None if AT_HOME.match(socket.url) else complaints.append(socket.url))
        page.goto(str(address))
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def contrast():
    """A function that gives the ratio of the colour of a text to the one behind it; WCAG asks for 4.5 or more."""

    def contrast(element):
        return element.evaluate(
            """element => {
                const parse = text => text.match(/[\\d.]+/g).map(Number);
                const light = ([r, g, b]) => [r, g, b].map(x => x / 255)
                    .map(x => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4))
                    .reduce((sum, x, i) => sum + x * [0.2126, 0.7152, 0.0722][i], 0);
                const paper = element => element ? getComputedStyle(element).backgroundColor : "rgb(255, 255, 255)";
                const clear = element => element && (parse(paper(element))[3] ?? 1) < 1;
                let behind = element;
                while (clear(behind)) behind = behind.parentElement;
                const [a, b] = [light(parse(getComputedStyle(element).color)), light(parse(paper(behind)))];
                return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            }"""
        )

    return contrast
