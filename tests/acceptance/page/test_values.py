"""Each value of a company: where it came from, by hover, focus or tap; what the table says of it; that it is wrong."""

import re

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.conftest import Stack
from tests.acceptance.page.test_company import TESLA, WAIT
from tests.acceptance.page.test_safety import token_of
from tests.acceptance.research.conftest import stack as stack  # noqa: PLC0414  rules of its own, to be edited
from tests.support.browser import page_open

CHECKED = "employee_count: {sources: {brightdata_company_db: {right: 37, checked: 41, use: accepted}}}"


@pytest.fixture
def bought(client: httpx.Client) -> None:
    client.post("/v1/enrichments", json={"company": "tesla.com", "consumer": "customer_enrichment"}, headers=WAIT)


def test_a_value_opens_by_hover_and_by_focus_and_stays_open_once_it_is_clicked(page: Page, bought: None) -> None:
    page.goto(TESLA)
    opener, shown = page.locator("button[popovertarget=v-employee_count]"), page.locator("#v-employee_count")
    opener.hover()
    expect(shown).to_be_visible()
    page.mouse.move(2, 2)
    expect(shown).to_be_hidden()
    opener.hover()
    expect(shown).to_be_visible()
    opener.click()
    page.mouse.move(2, 2)
    page.keyboard.press("Escape")
    expect(shown).to_be_hidden()
    page.locator("button[popovertarget=v-industry]").focus()
    page.keyboard.press("Tab")  # into what opened by focus
    expect(page.locator("#v-industry")).to_be_visible()


def test_the_table_says_the_value_that_the_company_says(page: Page, client: httpx.Client, bought: None) -> None:
    page.goto(TESLA)
    shown = {
        name: page.locator(f"button[popovertarget=v-{name}]").inner_text() for name in ("employee_count", "industry")
    }
    (row,) = client.get("/v1/company-table", params={"columns": list(shown)}).json()["companies"]
    assert {name: row["cells"][name]["text"] for name in shown} == shown


def test_a_text_that_is_cut_in_its_line_is_there_in_full(page: Page, client: httpx.Client, bought: None) -> None:
    posting = client.get(f"/v1{TESLA}").json()["facts"]["hiring_trends"][0]["value"]
    page.goto(TESLA)
    page.locator("[popovertarget^=v-hiring_trends]", has_text=posting["title"]).first.click()
    expect(page.locator(".provenance:popover-open .full")).to_contain_text("You report to the head of the team")


def test_a_verdict_that_is_refused_is_shown_beside_what_was_filled_in(browser: Browser, url: str, bought: None) -> None:
    with page_open(browser, url, expected=["422"]) as page:
        page.goto(TESLA)
        page.locator("button[popovertarget=v-founded]").click()
        form = page.locator("#v-founded")
        form.get_by_text("This is wrong").click()
        form.get_by_label("What is right").fill("in the nineties")
        form.get_by_label("How you know").fill("their annual report")
        form.get_by_role("button", name="Say so").click()
        expect(page.get_by_role("alert").first).to_contain_text("write a year")
        expect(page.get_by_label("How you know")).to_have_value("their annual report")
        page.get_by_label("What is right").fill("1998")
        page.get_by_role("button", name="Say so").click()
        expect(page.locator("button[popovertarget=v-founded]")).to_have_text("1998")


def test_without_javascript_that_it_is_wrong_is_said_on_a_page_of_its_own(
    browser: Browser, url: str, bought: None
) -> None:
    with page_open(browser, url, scripts=False) as page:
        page.goto(TESLA)
        page.locator("button[popovertarget=v-founded]").click()
        page.locator("#v-founded").get_by_text("This is wrong").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Founded of Tesla is wrong")
        page.get_by_label("How you know").fill("their annual report")
        page.get_by_role("button", name="Say so").click()
        expect(page.locator("#verdicts")).to_contain_text("their annual report")


def test_a_value_says_how_often_its_source_was_right(client: httpx.Client, stack: Stack, page: Page) -> None:
    (stack.settings.enrich_config / "reliability.yaml").write_text(CHECKED, encoding="utf-8")
    client.get("/rules")  # looks for edits
    client.post("/v1/enrichments", json={"company": "tesla.com", "consumer": "customer_enrichment"}, headers=WAIT)
    page.goto(TESLA)
    page.locator("button[popovertarget=v-employee_count]").click()
    expect(page.locator("#v-employee_count")).to_contain_text("right in 37 of 41 when checked")


def test_after_a_purchase_back_leads_to_where_one_was_before(page: Page, bought: None) -> None:
    page.goto(TESLA)
    page.check("input[value=vendor_context]")
    page.get_by_role("button", name="What would it cost?").click()
    page.get_by_role("button", name="Buy for at most").click()
    page.wait_for_url(f"**{TESLA}")
    expect(page.get_by_text("Vendor context: fresh")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(re.compile(f"{TESLA}$"))


def test_a_quote_that_is_bought_twice_is_one_request(client: httpx.Client, bought: None) -> None:
    token = token_of(client.get(TESLA))
    sent = {"form_token": token, "consumer": "vendor_context"}
    quote = re.search(r'name="quote_id" value="([^"]+)"', client.post(f"{TESLA}/quote", data=sent).text)
    assert quote is not None
    form = {"form_token": token, "quote_id": quote[1]}
    first, second = (client.post(f"{TESLA}/requests", data=form).headers["location"] for _ in range(2))
    assert first == second


def test_a_first_paint_needs_the_answer_alone_and_one_script_follows_it(client: httpx.Client, bought: None) -> None:
    head = client.get(TESLA).text.partition("</head>")[0]
    assert "<style nonce=" in head
    assert "stylesheet" not in head
    scripts = re.findall(r"<script[^>]*>", head)
    assert len(scripts) == 1
    assert " defer" in scripts[0]
