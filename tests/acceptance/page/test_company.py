"""A company in the browser: at a glance, where each value came from, what more would cost, what is wrong."""

import re

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from enrichment.domain.companies import Company
from tests.acceptance.conftest import Stack
from tests.acceptance.page.test_safety import token_of
from tests.support.browser import page_open
from tests.support.eventually import eventually

WAIT = {"Prefer": "wait=60"}
TESLA = "/companies/tesla.com"


@pytest.fixture
def bought(client: httpx.Client) -> str:
    """A customer's profile of Tesla is in memory. The id of its request."""
    done = client.post(
        "/v1/enrichments", json={"company": "tesla.com", "consumer": "customer_enrichment"}, headers=WAIT
    ).json()
    assert done["state"] == "complete"
    return str(done["id"])


def test_a_company_shows_at_a_glance_what_memory_has(page: Page, client: httpx.Client, bought: str) -> None:
    profile = client.get(f"/v1{TESLA}/profiles/customer_enrichment").json()["profile"]["datasets"]
    page.goto(TESLA)
    expect(page.get_by_role("heading", level=1)).to_have_text("Tesla")
    text = page.locator("main").inner_text()
    for contact in profile["key_contacts"]["values"]:
        assert contact["value"]["full_name"] in text
    for news in profile["recent_news"]["values"]:
        assert news["value"]["title"] in text
    assert f"{profile['employee_count']['values'][0]['value']['low']:,}" in text


def test_a_value_opens_its_provenance_by_keyboard_and_says_why_another_one_lost(page: Page, bought: str) -> None:
    page.goto(TESLA)
    opener = page.locator("button[popovertarget=v-employee_count]")
    opener.focus()
    page.keyboard.press("Enter")
    shown = page.locator("#v-employee_count")
    expect(shown).to_be_visible()
    expect(shown).to_contain_text("brightdata_company_db")
    expect(shown).to_contain_text("for the whole reply")
    expect(shown).to_contain_text("less precise: it names no upper end")
    page.keyboard.press("Escape")
    expect(shown).to_be_hidden()


def test_the_quote_comes_first_and_the_purchase_is_watched_to_its_end(page: Page, stack: Stack, bought: str) -> None:
    billed = stack.invoice()
    page.goto(TESLA)
    page.check("input[value=vendor_context]")
    page.get_by_role("button", name="What would it cost?").click()
    confirm = page.get_by_role("button", name="Buy for at most")
    expect(confirm).to_be_visible()
    assert stack.invoice() == billed
    confirm.click()
    page.wait_for_url(f"**{TESLA}")
    expect(page.get_by_text("Vendor context: fresh")).to_be_visible()


def test_what_is_wrong_is_said_on_the_page_and_wins_until_it_is_withdrawn(page: Page, bought: str) -> None:
    page.goto(TESLA)
    page.locator("button[popovertarget=v-industry]").click()
    form = page.locator("#v-industry")
    form.get_by_text("This is wrong").click()
    form.get_by_label("What is right").fill("Airlines")
    form.get_by_label("How you know").fill("their annual report")
    form.get_by_role("button", name="Say so").click()
    expect(page.locator("button[popovertarget=v-industry]")).to_have_text("Airlines")
    page.get_by_role("button", name="Withdraw").click()
    expect(page.locator("button[popovertarget=v-industry]")).not_to_have_text("Airlines")


def test_without_javascript_it_is_read_quoted_bought_and_judged(
    browser: Browser, url: str, stack: Stack, bought: str
) -> None:
    with page_open(browser, url, scripts=False) as page:
        page.goto(TESLA)
        expect(page.get_by_role("heading", level=1)).to_have_text("Tesla")
        page.check("input[value=vendor_context]")
        page.get_by_role("button", name="What would it cost?").click()
        page.get_by_role("button", name="Buy for at most").click()
        page.get_by_role("link", name="See what is known now").click()
        expect(page.get_by_text("Vendor context: fresh")).to_be_visible()


def test_vendor_text_is_text_and_nothing_in_it_reorders_the_page(page: Page, stack: Stack) -> None:
    name = "<script>document.title='taken'</script>\u202eevil<b>"
    stack.store.companies.add([Company("com_evil", "evil.example", name, "evil.example", stack.clock.now())])
    page.goto("/companies/evil.example")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("<script>document.title='taken'</script>[U+202E]evil<b>")
    assert "taken" not in page.title().split("·")[1]
    assert page.locator("main b script, h1 script").count() == 0


def test_a_company_of_which_nothing_is_known_says_what_to_do(page: Page, stack: Stack) -> None:
    stack.store.companies.add([Company("com_new", "new.example", "New", "new.example", stack.clock.now())])
    page.goto("/companies/new.example")
    expect(page.get_by_text("Nothing is known of it yet")).to_be_visible()
    expect(page.get_by_role("button", name="What would it cost?")).to_be_visible()


def test_a_company_that_is_not_there_is_a_page_with_one_sentence(browser: Browser, url: str) -> None:
    with page_open(browser, url, expected=["404"]) as page:
        answer = page.goto("/companies/nothing.example")
        assert answer is not None
        assert answer.status == 404
        expect(page.get_by_role("alert")).to_have_count(1)
        expect(page.get_by_role("alert")).to_contain_text("No company is registered as nothing.example")


def test_a_purchase_that_ends_before_its_page_is_drawn_leads_on_to_the_company_all_the_same(
    client: httpx.Client, bought: str
) -> None:
    token = token_of(client.get(TESLA))
    sent = {"form_token": token, "consumer": "vendor_context"}
    quote = re.search(r'name="quote_id" value="([^"]+)"', client.post(f"{TESLA}/quote", data=sent).text)
    assert quote is not None
    form = {"form_token": token, "quote_id": quote[1]}
    location = client.post(f"{TESLA}/requests", data=form).headers["location"]
    request = location.split("?")[0]
    eventually(lambda: "See what is known now" in client.get(request).text, "the request ends")
    assert f'data-then="{request}/then"' in client.get(location).text


def test_a_request_leads_on_to_its_company(client: httpx.Client, bought: str) -> None:
    """Also one whose company was unknown when its page was drawn."""
    assert client.get(f"/enrichments/{bought}/then").headers["location"] == TESLA
