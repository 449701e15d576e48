"""A real browser for the tests that look at pages: the system's Chromium, driven by Playwright."""

import re
import shutil

import pytest

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # nothing but this machine is to be found
]
PATIENCE = 60_000  # milliseconds, for what takes a few seconds on a machine with nothing else to do
AT_HOME = re.compile(r"(file|data|blob|about):|(https?|wss?)://127\.0\.0\.1[:/]")


@pytest.fixture(scope="module")
def chromium():
    """The system's Chromium, without a window. For one module: asyncio is at a loss beside it."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright comes with the extra `browser`")
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip(f"no browser is installed to open pages in: none of {', '.join(PROGRAMS)} is on PATH")
    playwright.expect.set_options(timeout=PATIENCE)
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


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
