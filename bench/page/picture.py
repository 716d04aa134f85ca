"""Draws the picture of the README from the real page: a question of a seller, answered over the sandbox.

python -m bench.page.picture docs/page.png
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from bench.page.running_page import page_of_sandbox

_LARGEST_BYTES = 300_000
_SELLER = {
    "Name": "Dana Reyes",
    "Role": "Account executive",
    "Company you sell for": "okta.com",
    "What you sell": "Single sign-on and identity for a workforce",
}
_QUESTION = "How should I position Okta to Tesla?"


def ask(page: Page) -> None:
    """Asks as a seller, until the answer is there."""
    page.goto("/")
    page.get_by_label("Your question").fill(_QUESTION)
    for label, text in _SELLER.items():
        page.get_by_label(label).fill(text)
    page.get_by_role("button", name="Ask", exact=True).click()
    page.wait_for_url("**/sessions/*")
    page.wait_for_selector(".question .glance, .question .lead", timeout=90_000)


def main(path: Path) -> None:
    with tempfile.TemporaryDirectory() as home, page_of_sandbox(Path(home)) as (browser, url):
        page = browser.new_page(base_url=url, viewport={"width": 1200, "height": 900}, reduced_motion="reduce")
        ask(page)
        page.reload()  # the page as it looks later, without the messages shown while the answer was made
        page.locator(".claims button.cite").first.click()
        page.screenshot(path=path)
    if path.stat().st_size > _LARGEST_BYTES:
        raise SystemExit(f"{path} has {path.stat().st_size:,} bytes: at most {_LARGEST_BYTES:,} are wanted.")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
