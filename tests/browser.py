"""The system's Chromium, driven by Playwright: for the tests that look at pages, and for the README's pictures."""

import shutil
from contextlib import contextmanager

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # nothing but this machine is to be found
]
PATIENCE = 60_000  # milliseconds, for what takes a few seconds on a machine with nothing else to do


def program():
    """Where the browser is, or None."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


@contextmanager
def chromium():
    """The browser, without a window. Asyncio is at a loss beside it."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=program(), args=ARGUMENTS)
        yield browser
        browser.close()
