"""Debian's Chromium, driven by Playwright: pages of the service as a person sees them.

    with browser_running() as browser, page_open(browser, url) as page: page.goto("/companies/tesla.com")

A page that reports an error in its console, or a script that fails, fails the test, at once where it waits.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Browser, ConsoleMessage, Error, Page, expect, sync_playwright

from tests.support.eventually import PATIENCE_SECONDS

CHROMIUM = shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
"""Chromium without windows draws the same pages; a fresh profile takes it a quarter of the CPU."""
_ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PATIENCE_MILLISECONDS = 1000 * PATIENCE_SECONDS
HELD = 30.0  # seconds that vendors may take while a test looks, if it does not end that itself
_HEIGHT = 900

Scheme = Literal["light", "dark"]


@dataclass(frozen=True)
class Look:
    """How a page is looked at: its theme, and its width in pixels."""

    scheme: Scheme = "light"
    width: int = 1440


LOOKS = tuple(Look(scheme, width) for scheme in ("light", "dark") for width in (360, 1440))


@contextmanager
def browser_running() -> Iterator[Browser]:
    """Not for longer than a module of tests: while it runs, no test of this thread may start an event loop."""
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def page_open(
    browser: Browser, url: str, *, look: Look = Look(), scripts: bool = True, expected: Sequence[str] = ()
) -> Iterator[Page]:
    """In a profile of its own. expected: parts of what its console may say. scripts: False: without JavaScript."""
    context = browser.new_context(
        base_url=url,
        color_scheme=look.scheme,
        viewport={"width": look.width, "height": _HEIGHT},
        java_script_enabled=scripts,
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    faults: list[str] = []

    def fail(fault: str) -> None:
        """What the test waits for would not come; without its page it waits no longer."""
        faults.append(fault)
        context.close()

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(part in message.text for part in expected):
            fail(f"{message.type}: {message.text}")

    context.on("console", note)
    context.on("weberror", lambda error: fail(str(error.error)))
    try:
        yield context.new_page()
        assert not faults, faults
    except (Error, AssertionError) as failure:
        if faults:
            raise AssertionError(faults) from failure
        raise
    finally:
        context.close()
