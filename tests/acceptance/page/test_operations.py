"""Companies, batches, spend, sources and rules in the browser, as an operator goes through them."""

from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from enrichment.domain.records import Company
from tests.acceptance.conftest import Stack
from tests.support.browser import LOOKS, Look, kept, page_open

PICTURES = Path(__file__).parents[3] / "pictures"
VIEWS = ("/companies", "/batches", "/spend", "/sources", "/sources/serp_news/without", "/rules")
EVIL = "<script>document.title='taken'</script>\u202eevil"


@pytest.fixture
def some(client: httpx.Client, stack: Stack) -> None:
    client.post("/v1/enrichments", json={"company": "tesla.com"}, headers={"Prefer": "wait=60"})
    now = stack.clock.now()
    stack.store.companies.add([Company("com_evil", "evil.example", EVIL, "evil.example", now)])


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_axe_finds_nothing_on_any_view(browser: Browser, url: str, some: None, look: Look) -> None:
    found = {}
    with page_open(browser, url, look=look) as page:
        for view in VIEWS:
            page.goto(view)
            kept(page, PICTURES, f"{view.strip('/').replace('/', '-')}-{look.name}")
            found[view] = [
                (one["id"], [n["html"][:200] for n in one["nodes"][:2]])
                for one in Axe().run(page).response["violations"]
            ]
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
    assert found == {view: [] for view in VIEWS}


def test_rows_are_chosen_quoted_and_become_a_batch_that_ends(page: Page, stack: Stack, some: None) -> None:
    billed = stack.invoice()
    page.goto("/companies?text=tesla")
    page.get_by_label("Choose Tesla").check()
    page.get_by_role("button", name="What would it cost?").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 company for profile")
    assert stack.invoice() == billed
    page.get_by_role("button", name="Start, within").click()
    page.wait_for_url("**/batches/bat_*")
    expect(page.locator("#progress .chip")).to_have_text("done")


def test_a_list_is_shown_as_understood_before_it_is_taken(page: Page, stack: Stack, some: None) -> None:
    page.goto("/companies")
    rows = b"Company,Website\nAcme,acme-widgets.com\nBeta,beta-widgets.com\n"
    page.locator("input[name=list]").set_input_files({"name": "l.csv", "mimeType": "text/csv", "buffer": rows})
    page.get_by_role("button", name="What would it cost?").click()
    expect(page.locator("main")).to_contain_text("acme-widgets.com")
    assert stack.store.companies.by_key("acme-widgets.com") is None


def test_what_others_wrote_is_text_in_the_table(page: Page, some: None) -> None:
    page.goto("/companies?text=evil")
    expect(page.locator("tbody th")).to_have_text("<script>document.title='taken'</script>[U+202E]evil")
    assert "taken" not in page.title()


def test_without_javascript_everything_is_read(browser: Browser, url: str, some: None) -> None:
    with page_open(browser, url, scripts=False) as page:
        for view in VIEWS:
            page.goto(view)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            expect(page.locator(".as code")).to_be_visible()
        page.goto("/companies")
        page.get_by_label("Name or domain").fill("evil")
        page.get_by_role("button", name="Filter").click()
        expect(page.locator("tbody tr")).to_have_count(1)
