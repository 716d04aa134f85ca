"""What is steady in sight: a slow page is said, edits of the rules come by themselves, nothing moves; paper."""

import re

import httpx
from playwright.sync_api import Page, Route, expect

from tests.acceptance.conftest import Stack
from tests.acceptance.page.test_ask import answered, asked
from tests.acceptance.page.test_company import TESLA, WAIT
from tests.acceptance.page.test_list_quotes import drop
from tests.acceptance.research.conftest import stack as stack  # noqa: PLC0414  the rules of research

SHIFTS = (
    "window.moved = 0; new PerformanceObserver((list) => { for (const one of list.getEntries()) "
    "window.moved += one.value; }).observe({type: 'layout-shift', buffered: true});"
)


WHILE_IT_WAITS = """
addEventListener("DOMContentLoaded", () => {
  const bar = document.getElementById("going");
  new MutationObserver(() => {
    if (bar.hidden) return;
    sessionStorage.said = "shown";
    sessionStorage.moves = getComputedStyle(bar).animationName;
    sessionStorage.moved = window.moved;
    fetch("/released");
  }).observe(bar, {attributes: true});
});
"""


def test_a_page_that_takes_its_time_is_said_and_moves_nothing(page: Page) -> None:
    """The next page is held back until the page that is there has said that it waits."""
    held: list[Route] = []

    def released(route: Route) -> None:
        route.fulfill(body="")
        held[0].continue_()

    page.add_init_script(SHIFTS + WHILE_IT_WAITS)
    page.route("**/spend", lambda route: held.append(route))  # noqa: PLW0108  Playwright marks the function
    page.route("**/released", released)
    page.goto("/")
    page.get_by_role("link", name="Spend").click(no_wait_after=True)
    expect(page.get_by_role("heading", level=1)).to_have_text("Spend")
    assert page.evaluate("[sessionStorage.said, sessionStorage.moves, sessionStorage.moved]") == ["shown", "none", "0"]
    expect(page.locator("#going")).to_be_hidden()


def test_an_edit_of_the_rules_shows_on_an_open_page_which_sources_come_in_and_fall_out(
    page: Page, stack: Stack
) -> None:
    page.goto("/rules")
    expect(page.get_by_text("No edit since the service was started")).to_be_visible()
    file = stack.settings.enrich_config / "providers.yaml"
    sound = file.read_text(encoding="utf-8")
    file.write_text(
        sound.replace('search: {usd_per_unit: "0.05"', 'search: {usd_per_unit: "0.90"', 1), encoding="utf-8"
    )
    effects = page.get_by_role("region", name="What the last edit changes")
    expect(effects).to_contain_text("Not asked any more")
    expect(effects).to_contain_text("serp_")


def test_the_plan_is_seen_with_its_sources_and_the_question_no_longer_waits(page: Page, stack: Stack) -> None:
    stack.fault("apollo", "latency", seconds=2.0)
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => { window.states = []; new MutationObserver(() => {"
        "const state = document.querySelector('.state'); if (state) states.push(state.innerText); })"
        ".observe(document.body, {childList: true, subtree: true}); });"
    )
    asked(page)
    answered(page)
    assert "is being answered" in page.evaluate("window.states")
    page.locator("details summary", has_text="How it was found").click()
    plan = page.locator(".planned")
    expect(plan).to_contain_text("Never more than")
    expect(plan).to_contain_text("Asks")
    expect(plan).to_contain_text("snov_contacts")


def test_a_question_and_a_company_are_one_page_of_paper(page: Page, client: httpx.Client) -> None:
    client.post("/v1/enrichments", json={"company": "tesla.com", "consumer": "customer_enrichment"}, headers=WAIT)
    path = asked(page)
    answered(page)
    for view in (path, TESLA):
        page.goto(view)
        paper = page.pdf(format="A4")
        assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1, view


def test_what_cannot_be_copied_is_shown_to_be_copied_by_hand(page: Page) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    asked(page)
    answered(page)
    page.get_by_role("button", name="Copy with citations").click()
    expect(page.locator("pre.copy")).to_contain_text("Whom to talk to")
    assert "Whom to talk to" in page.evaluate("String(getSelection())")


def test_nothing_moves_while_a_batch_goes_on(page: Page) -> None:
    page.add_init_script(SHIFTS)
    drop(page, "Website\nfirst-widgets.com\nsecond-widgets.com\ntesla.com\n")
    page.get_by_role("button", name="Start, within").click()
    page.wait_for_url("**/batches/bat_*")
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    assert page.evaluate("window.moved") < 0.001
