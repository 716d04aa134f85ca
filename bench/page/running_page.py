"""The sandbox, the service over it and Debian's Chromium, for the length of a `with`."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bench.service.processes import address_in, free_port, running

_CHROMIUM = "/usr/bin/chromium"
_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


@contextmanager
def page_of_sandbox(home: Path) -> Iterator[tuple[Browser, str]]:
    """A browser, and the address of a service whose store is in this folder."""
    os.environ["ENRICH_HOME"] = str(home / "home")
    port, log = free_port(), home / "sandbox.log"
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as to:
        words = [sys.executable, "-m", "enrich_cli.main", "sandbox", "--time-scale", "200"]
        sandbox = subprocess.Popen(words, env=os.environ, stdout=to, stderr=to)  # noqa: S603
    try:
        address_in(log)
        serve = ["enrich_cli.main", "serve", "--sandbox", "--port", str(port)]
        with (
            running(serve, os.environ, log=home / "service.log", url=url, path="/readyz"),
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
            yield browser, url
            browser.close()
    finally:
        sandbox.terminate()
        sandbox.wait()
