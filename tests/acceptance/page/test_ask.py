"""A seller asks in the browser: the answer comes to be, each claim opens its evidence, and nothing is lost."""

import re

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from enrichment.domain.companies import Company
from enrichment.rules.names_for_people import called
from tests.acceptance.conftest import Stack
from tests.acceptance.research.conftest import stack as stack  # noqa: PLC0414  the rules of research
from tests.support.browser import HELD, page_open

QUESTION = "How should I position Okta to Tesla?"


def fill(page: Page, question: str, *, budget: str = "3.00") -> None:
    page.goto("/")
    page.get_by_label("Your question").fill(question)
    page.get_by_label("Name").fill("Dana Reyes")
    page.get_by_label("Role").fill("Account executive")
    page.get_by_label("Company you sell for").fill("adobe.com")
    page.get_by_label("What you sell").fill("Business intelligence and analytics")
    page.get_by_label("Budget").fill(budget)


def asked(page: Page, question: str = QUESTION, *, budget: str = "3.00") -> str:
    """Path of the session."""
    fill(page, question, budget=budget)
    page.get_by_role("button", name="Ask", exact=True).click()
    page.wait_for_url("**/sessions/*")
    return page.url.removeprefix(str(page.evaluate("location.origin")))


def answered(page: Page) -> None:
    """Waits until the question has ended, however it did; it has to be with an answer."""
    question = page.locator(".question").first
    question.locator("p.facts .chip").first.wait_for()
    assert question.locator("p.facts .chip").first.text_content() == "answered", question.inner_text()


@pytest.fixture
def session(page: Page) -> str:
    """A session whose question is answered, as the page showed it live. Its path."""
    path = asked(page)
    answered(page)
    return path


def test_the_answer_comes_first_and_is_that_of_the_api(page: Page, client: httpx.Client, session: str) -> None:
    (question,) = client.get(f"/v1{session}").json()["questions"]
    shown = page.locator(".question").inner_text()
    assert question["answer"]["claims"]
    for claim in question["answer"]["claims"]:
        assert claim["text"] in shown
    order = [shown.index(part) for part in ("What to say", "Why now", "Whom to talk to", "How sure", "What was found")]
    assert order == sorted(order)


def test_what_is_worth_asking_is_shown_with_its_price_before_anything_is_asked(
    page: Page, client: httpx.Client
) -> None:
    persona = {"name": "Dana", "role": "seller", "company": "adobe.com", "sells": "analytics"}
    made = client.post("/v1/sessions", json={"persona": persona}).json()
    page.goto(f"/sessions/{made['id']}")
    for one in made["next_questions"]:
        expect(page.get_by_role("button", name=one["question"])).to_be_visible()
    page.goto("/")
    page.get_by_role("link", name=made["next_questions"][0]["question"]).click()
    expect(page.get_by_label("Your question")).to_have_value(made["next_questions"][0]["question"])


def test_what_was_seen_live_is_what_a_reload_and_a_second_tab_show(
    page: Page, browser: Browser, url: str, session: str
) -> None:
    def seen(tab: Page) -> list[str]:
        tab.locator("details summary", has_text="How it was found").click()
        return [one.inner_text() for one in tab.locator(".timeline .how").all()]

    live = seen(page)
    page.reload()
    assert seen(page) == live
    with page_open(browser, url) as second:
        second.goto(session)
        assert seen(second) == live
    assert len(live) == len(set(enumerate(live))) > 5


def test_a_claim_opens_its_evidence_with_the_quote_marked(page: Page, client: httpx.Client, session: str) -> None:
    (question,) = client.get(f"/v1{session}").json()["questions"]
    by_kind = [one for one in question["answer"]["claims"] if one["kind"] == "recommendation"]
    citation = (by_kind or question["answer"]["claims"])[0]["citations"][0]
    page.locator(".claims button.cite").first.press("Enter")
    shown = page.locator(".claim .provenance").first
    expect(shown).to_be_visible()
    expect(shown.locator("mark")).to_have_text(citation["quote"])
    expect(shown).to_contain_text(called(citation["source"]))
    expect(shown).to_contain_text("for the whole reply")


def test_reloaded_in_the_middle_it_goes_on_to_the_same_answer(page: Page, stack: Stack, client: httpx.Client) -> None:
    stack.fault("*", "latency", seconds=HELD)
    path = asked(page)
    page.reload()
    stack.clear_faults()
    answered(page)
    (question,) = client.get(f"/v1{path}").json()["questions"]
    assert all(claim["text"] in page.locator(".question").inner_text() for claim in question["answer"]["claims"])


def test_a_follow_up_is_answered_above_the_first_one_in_every_tab(
    page: Page, browser: Browser, url: str, session: str
) -> None:
    with page_open(browser, url) as second:
        second.goto(session)
        expect(second.locator(".question")).to_have_count(1)
        page.get_by_placeholder("Ask on").fill("and their technology?")
        page.get_by_role("button", name="Ask", exact=True).click()
        for tab in (page, second):
            expect(tab.locator(".question")).to_have_count(2)
            expect(tab.locator(".question").first).to_contain_text("and their technology?")
            answered(tab)


def test_a_question_to_ask_next_says_its_price_and_is_asked_by_one_click(page: Page, session: str) -> None:
    next_one = page.locator(".next button").first
    expect(next_one).to_contain_text(re.compile(r"free|USD"))
    next_one.click()
    expect(page.locator(".question")).to_have_count(2)


def test_it_is_copied_with_its_citations(page: Page, client: httpx.Client, session: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.get_by_role("button", name="Copy with citations")
    button.evaluate(
        "(button) => new MutationObserver(() => document.body.classList.add(button.textContent.replaceAll(' ', '-')))"
        ".observe(button, {childList: true})"
    )
    button.click()
    expect(page.locator("body.Copied")).to_have_count(1)
    (question,) = client.get(f"/v1{session}").json()["questions"]
    copied = page.evaluate("navigator.clipboard.readText()")
    claim = question["answer"]["claims"][0]
    assert f"{claim['text']} [1]" in copied
    assert f'[1] "{claim["citations"][0]["quote"]}"' in copied


def test_two_companies_of_one_name_are_asked_back_and_the_answer_goes_on(page: Page, stack: Stack) -> None:
    for key in ("mercury.com", "mercury.co.nz"):
        stack.store.companies.add([Company(f"com_{key}", key, "Mercury", key, stack.clock.now())])
    asked(page, "What is new at Mercury?")
    expect(page.get_by_text("which company do you mean?")).to_be_visible()
    page.get_by_role("button", name="mercury.co.nz").click()
    expect(page.locator(".question").get_by_text("which company do you mean?")).to_have_count(0)
    expect(page.locator(".question .facts").get_by_text("cost")).to_be_visible()


def test_a_session_is_stopped_and_still_answers_with_what_is_there(
    page: Page, stack: Stack, client: httpx.Client
) -> None:
    stack.fault("*", "latency", seconds=HELD)
    path = asked(page)
    page.get_by_role("button", name="Stop").click()
    stack.clear_faults()
    expect(page.locator(".question .facts").get_by_text("cost")).to_be_visible()
    assert client.get(f"/v1{path}").json()["questions"][0]["state"] == "ended"


def test_without_javascript_a_session_is_opened_and_read(browser: Browser, url: str, client: httpx.Client) -> None:
    with page_open(browser, url, scripts=False) as page:
        asked(page)
        answered(page)
        expect(page.locator(".glance")).to_be_visible()


def test_what_was_filled_in_stays_where_something_is_wrong(browser: Browser, url: str) -> None:
    with page_open(browser, url, expected=["422"]) as page:
        fill(page, QUESTION)
        page.get_by_label("Company you sell for").fill("https://")
        page.get_by_role("button", name="Ask", exact=True).click()
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.get_by_label("Your question")).to_have_value(QUESTION)


def test_nothing_moves_while_events_arrive(page: Page, client: httpx.Client) -> None:
    page.add_init_script(
        "window.moved = 0; new PerformanceObserver((list) => { for (const one of list.getEntries()) "
        "window.moved += one.value; })"
        ".observe({type: 'layout-shift', buffered: true});"
    )
    asked(page)
    answered(page)
    assert page.evaluate("window.moved") < 0.001


def test_a_deleted_session_is_gone(page: Page, client: httpx.Client, session: str) -> None:
    page.locator("summary", has_text="Delete").click()
    page.get_by_role("button", name="Delete the session").click()
    page.wait_for_url("**/")
    assert client.get(f"/v1{session}").status_code == 404


def test_another_tab_of_a_deleted_session_leads_to_the_beginning(
    page: Page, client: httpx.Client, session: str
) -> None:
    with page.expect_navigation(url="**/"):
        client.delete(f"/v1{session}")
    expect(page.get_by_label("Your question")).to_be_visible()
