"""What becomes of a page when the service is gone or slow, its key is revoked, the machine has slept."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from enrichment.domain.companies import Company
from tests.acceptance.conftest import Stack
from tests.acceptance.page.test_ask import answered, asked
from tests.acceptance.page.test_safety import secret
from tests.acceptance.research.conftest import stack as stack  # noqa: PLC0414  the rules of research
from tests.support.browser import HELD, page_open
from tests.support.network_line import Line, line_to

REFUSED = [
    "ERR_CONNECTION_REFUSED",
    "ERR_EMPTY_RESPONSE",
    "ERR_INCOMPLETE_CHUNKED_ENCODING",
    "ERR_NETWORK",
    "ERR_FAILED",
    "fetch",
    "network error",
]
VIEWS = ("/", "/companies", "/batches", "/spend", "/sources", "/rules")
HIDDEN = (
    "(hidden) => { Object.defineProperty(document, 'hidden', { get: () => hidden, configurable: true });"
    "document.dispatchEvent(new Event('visibilitychange')); }"
)


@pytest.fixture
def line(url: str) -> Iterator[Line]:
    with line_to(url) as opened:
        yield opened


def test_a_service_that_is_gone_is_said_and_a_question_goes_on_when_it_is_back(
    browser: Browser, line: Line, stack: Stack
) -> None:
    stack.fault("*", "latency", seconds=HELD)
    with page_open(browser, line.url, expected=REFUSED) as page:
        asked(page)
        page.evaluate("window.same = true")
        line.cut()
        expect(page.locator("#lost")).to_be_visible()
        line.mend()
        stack.clear_faults()
        answered(page)
        expect(page.locator("#lost")).to_be_hidden()
        assert page.evaluate("window.same")
        assert page.locator(".question").count() == 1


def test_a_stream_that_could_not_be_opened_is_asked_for_again(browser: Browser, line: Line) -> None:
    with page_open(browser, line.url, expected=REFUSED) as page:
        page.route("**/events*", lambda route: route.abort())
        asked(page)
        expect(page.locator("#lost")).to_be_visible()
        page.unroute("**/events*")
        answered(page)
        expect(page.locator("#lost")).to_be_hidden()


def test_a_slow_service_is_waited_for_in_sight(browser: Browser, line: Line, stack: Stack) -> None:
    stack.store.companies.add([Company("com_new", "new.example", "New", "new.example", stack.clock.now())])
    with page_open(browser, line.url) as page:
        page.goto("/companies/new.example")
        line.hold()
        page.get_by_role("button", name="What would it cost?").click()
        expect(page.locator("#quote-waits")).to_be_visible()
        line.release()
        expect(page.locator("#quoted .quote")).to_be_visible()
        expect(page.locator("#quote-waits")).to_be_hidden()


def test_a_revoked_key_is_said_on_every_view_and_a_new_one_leads_back_there(
    browser: Browser, url: str, stack: Stack
) -> None:
    with page_open(browser, url, expected=["401"]) as page:
        for number, view in enumerate(VIEWS):
            key = secret(stack, f"key{number}", "enrich")
            page.goto(view)
            page.get_by_label("Key").fill(key)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(f"{url}{view}")
            stack.store.api_keys.revoke(f"key{number}", at=stack.clock.now())
            page.reload()
            expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
            expect(page.get_by_role("alert")).to_contain_text("sign in again with a key that is valid")


def test_a_key_that_is_revoked_while_a_page_is_open_leads_to_the_way_to_sign_in(
    browser: Browser, line: Line, stack: Stack
) -> None:
    key = secret(stack, "seller", "enrich")
    with page_open(browser, line.url, expected=[*REFUSED, "401"]) as page:
        page.goto("/")
        page.get_by_label("Key").fill(key)
        page.get_by_role("button", name="Sign in").click()
        asked(page)
        answered(page)
        stack.store.api_keys.revoke("seller", at=stack.clock.now())
        line.cut()
        line.mend()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_in_the_background_nothing_is_lost(page: Page, stack: Stack) -> None:
    stack.fault("*", "latency", seconds=HELD)
    asked(page)
    page.evaluate(HIDDEN, True)
    page.evaluate(HIDDEN, False)
    stack.clear_faults()
    answered(page)


def test_after_a_long_sleep_the_page_is_read_anew(browser: Browser, url: str) -> None:
    with page_open(browser, url, expected=["htmx:error: timeout"]) as page:
        asked(page)
        answered(page)
        page.clock.install()
        page.reload()
        page.evaluate("window.same = true")
        with page.expect_navigation():
            page.clock.fast_forward("01:00:00")
        answered(page)
        assert page.evaluate("window.same") is None
