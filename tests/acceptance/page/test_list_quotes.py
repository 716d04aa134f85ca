"""Lists of companies and their quotes in the browser: what is taken, with which names, and what it becomes."""

import re

import httpx
from playwright.sync_api import Browser, Page, expect

from enrichment.domain.batches import Batch
from enrichment.domain.companies import Company
from tests.acceptance.conftest import Stack
from tests.acceptance.service.test_batches import done
from tests.support.browser import page_open

LIST = "Firm,Website\nMüller,mueller-widgets.de\nAcme,acme-widgets.com\nAcme,acme-widgets.com\n,\n"


def drop(page: Page, text: str) -> None:
    page.goto("/companies")
    content = {"name": "leads.csv", "mimeType": "text/csv", "buffer": text.encode()}
    page.locator("input[name=list]").set_input_files(content)  # type: ignore[arg-type]
    page.get_by_role("button", name="What would it cost?").click()


def test_a_quote_has_its_json(page: Page, client: httpx.Client) -> None:
    drop(page, LIST)
    shown = page.get_by_role("button", name="JSON")
    with page.expect_response("**/companies/selection") as answer:
        shown.click()
    body = {"companies": ["mueller-widgets.de", "acme-widgets.com"], "max_cost_usd": "5.00"}
    assert answer.value.json() == client.post("/v1/batches/quote", json=body).json()


def test_all_that_match_are_quoted_at_once(page: Page, stack: Stack) -> None:
    now = stack.clock.now()
    stack.store.companies.add([Company(f"com_{n}", f"w{n}.example", f"W{n}", f"w{n}.example", now) for n in range(60)])
    stack.store.companies.add([Company("com_other", "other.test", "Other", "other.test", now)])
    page.goto("/companies?text=example")
    page.get_by_label("Choose all 60 companies that match").check()
    page.get_by_role("button", name="What would it cost?").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("60 companies for profile")
    page.goto("/companies?text=example")
    page.get_by_label("Choose all on this page").check()
    page.get_by_role("button", name="What would it cost?").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("50 companies for profile")


def test_a_batch_that_ends_in_sight_loses_its_stop_and_shows_what_is_not_complete(page: Page) -> None:
    drop(page, "Website\nnothing-known.com\n")
    page.get_by_role("button", name="Start, within").click()
    page.wait_for_url("**/batches/bat_*")
    expect(page.get_by_role("region", name="Not complete")).to_contain_text("nothing-known.com")
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    expect(page.get_by_role("button", name="Retry what is not complete")).to_be_visible()


def test_a_company_that_is_not_registered_is_looked_up_and_quoted(browser: Browser, url: str) -> None:
    with page_open(browser, url, expected=["404"]) as page:
        page.goto("/companies")
        page.get_by_label("Look one company up").fill("https://www.new-widgets.com/about")
        page.get_by_role("button", name="Look up").click()
        expect(page.get_by_role("alert")).to_contain_text("nothing is known of it yet")
        page.get_by_role("button", name="What would it cost?").click()
        page.get_by_role("button", name="Buy for at most").click()
        page.wait_for_url(re.compile(r"/companies/new-widgets\.com$"))


def test_a_batch_that_was_resumed_goes_on_after_a_restart(client: httpx.Client, stack: Stack) -> None:
    """As a process before this one left it."""
    company = Company("com_1", "tesla.com", "Tesla", "tesla.com", stack.clock.now())
    stack.store.companies.add([company])
    stack.store.batches.create(Batch("bat_1", stack.clock.now(), ("profile",), "cli", max_cost=5_000_000), ["com_1"])
    stack.store.batches.stop("bat_1")
    stack.store.batches.reopen("bat_1", "stopped", by="service:loopback")
    done(client, "bat_1")
