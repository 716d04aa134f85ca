"""Every view: accessible in both themes and widths, by keyboard alone; what others wrote is text; its JSON."""

import re
import shlex
from html import unescape
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from typer.main import get_command

from enrich_cli.main import app
from enrichment.domain.companies import Company
from tests.acceptance.conftest import Stack
from tests.acceptance.page.test_ask import answered, fill
from tests.acceptance.page.test_safety import secret
from tests.acceptance.research.conftest import stack as stack  # noqa: PLC0414  the rules of research
from tests.support.browser import HELD, LOOKS, page_open

EVIL = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>\u202eevil =1+1"
SHOWN = EVIL.replace("\u202e", "[U+202E]")
VIOLATIONS = (
    "axe.run({resultTypes: ['violations']}).then(({violations}) => violations.map("
    "(one) => [one.id, one.nodes.slice(0, 2).map((node) => node.html.slice(0, 160))]))"
)
WAIT = {"Prefer": "wait=60"}


def looked_at(page: Page, name: str) -> list[object]:
    """What axe finds in each look, and what does not fit."""
    found: list[object] = []
    page.evaluate(Axe().axe_script)
    for look in LOOKS:
        page.emulate_media(color_scheme=look.scheme)
        page.set_viewport_size({"width": look.width, "height": 900})
        found += [(name, look, *violation) for violation in page.evaluate(VIOLATIONS)]
        if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            found.append((name, look, "wider than the window"))
    page.set_viewport_size({"width": 1440, "height": 900})
    return found


def harmless(page: Page) -> None:
    """Nothing that was written by others became markup, ran, or turns what is beside it."""
    assert "taken" not in page.title() or SHOWN in page.title()
    assert page.locator("img[src=x], main script").count() == 0
    assert "\u202e" not in page.content()


def signed_in(page: Page, stack: Stack) -> None:
    page.get_by_label("Key").fill(secret(stack, "seller", "enrich", "admin"))
    page.get_by_role("button", name="Sign in").click()


def test_axe_finds_nothing_on_any_view_and_what_others_wrote_is_text_on_each(
    browser: Browser, client: httpx.Client, url: str, stack: Stack
) -> None:
    request = client.post("/v1/enrichments", json={"company": "tesla.com"}, headers=WAIT).json()["id"]
    stack.store.companies.add([Company("com_evil", "evil-widgets.com", EVIL, "evil-widgets.com", stack.clock.now())])
    batch = client.post("/v1/batches", json={"companies": ["evil-widgets.com"], "max_cost_usd": "0"}).json()["id"]
    found: list[object] = []
    with page_open(browser, url, expected=["404", "401"]) as page:
        secret(stack, "first", "read")
        page.goto("/")
        found += looked_at(page, "sign-in")
        signed_in(page, stack)
        fill(page, f"How should I position {EVIL} to Tesla?")
        page.get_by_label("Name").fill(EVIL)
        page.get_by_role("button", name="Ask", exact=True).click()
        page.wait_for_url("**/sessions/*")
        session = page.url
        answered(page)
        harmless(page)
        found += looked_at(page, "session-ended")
        paths = ["/", "/companies", "/companies/evil-widgets.com", "/companies/tesla.com", f"/enrichments/{request}"]
        paths += ["/batches", f"/batches/{batch}", "/spend", "/sources", "/sources/serp_news/without", "/rules"]
        for path in [*paths, "/companies/nothing-known.com"]:
            page.goto(path)
            harmless(page)
            found += looked_at(page, re.sub(r"\W+|_\w{20,}", "-", path).strip("-") or "ask")
        page.goto("/companies")
        page.get_by_label(f"Choose {SHOWN}").check()
        page.get_by_role("button", name="What would it cost?").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("1 company")
        harmless(page)
        found += looked_at(page, "selection")
        stack.fault("*", "latency", seconds=HELD)
        page.goto(session)
        page.get_by_placeholder("Ask on").fill("What is new at chevron.com?")
        page.get_by_role("button", name="Ask", exact=True).click()
        expect(page.locator(".live")).to_be_visible()
        found += looked_at(page, "session-in-progress")
        page.get_by_role("button", name="Stop").click()
        stack.clear_faults()
    assert found == []


def test_an_edit_of_the_rules_shows_at_once_which_plans_change_and_a_broken_one_says_what_is_wrong(
    page: Page, stack: Stack
) -> None:
    file = stack.settings.enrich_config / "providers.yaml"
    sound = file.read_text(encoding="utf-8")
    page.goto("/rules")
    expect(page.get_by_text("No edit since the service was started")).to_be_visible()
    file.write_text(
        sound.replace('search: {usd_per_unit: "0.05"', 'search: {usd_per_unit: "0.09"', 1), encoding="utf-8"
    )
    effects = page.get_by_role("region", name="What the last edit changes")
    expect(effects).to_contain_text("Profile")
    assert re.search(r"0\.\d+\s+USD\s+0\.\d+\s+USD\s+0\.\d+\s+USD", effects.inner_text())
    file.write_text("providers: [", encoding="utf-8")
    expect(page.get_by_role("alert")).to_contain_text("config/ is broken, so the last good rules count")
    expect(page.get_by_role("alert")).to_contain_text("providers.yaml")
    file.write_text(sound, encoding="utf-8")
    expect(page.get_by_role("alert")).to_have_count(0)


def focus(page: Page, name: str) -> None:
    """By Tab alone, to what has this name; where it is, it is seen."""
    for _ in range(80):
        page.keyboard.press("Tab")
        here = page.evaluate(
            "(() => { const e = document.activeElement; const label = e.labels?.[0]?.innerText ?? '';"
            "return [e.getAttribute('aria-label') ?? '', label, e.innerText ?? '', e.placeholder ?? '']; })()"
        )
        if any(part.strip().startswith(name) for part in here):
            seen = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert seen != "none", name
            return
    raise AssertionError(f"Tab does not lead to {name}")


def test_by_keyboard_alone_one_asks_reads_evidence_gives_a_verdict_and_starts_a_batch(page: Page) -> None:
    page.goto("/")
    page.keyboard.type("How should I position Okta to Tesla?")
    for label, text in {
        "Name": "Dana",
        "Role": "AE",
        "Company you sell for": "adobe.com",
        "What you sell": "BI",
    }.items():
        focus(page, label)
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    page.wait_for_url("**/sessions/*")
    answered(page)
    focus(page, "Evidence 1")
    page.keyboard.press("Enter")
    expect(page.locator(".provenance:popover-open mark")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".provenance:popover-open")).to_have_count(0)
    page.goto("/companies/tesla.com")
    page.locator("main button.value").first.focus()
    page.keyboard.press("Enter")
    focus(page, "This is wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_label("How you know")).to_be_visible()
    focus(page, "How you know")
    page.keyboard.type("their annual report")
    page.keyboard.press("Enter")
    expect(page.locator("#verdicts")).to_contain_text("their annual report")
    page.goto("/companies")
    focus(page, "Choose Tesla")
    page.keyboard.press("Space")
    focus(page, "What would it cost?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 company")
    focus(page, "Start, within")
    page.keyboard.press("Enter")
    page.wait_for_url("**/batches/bat_*")


def test_the_timeline_is_announced_a_stage_at_a_time(page: Page) -> None:
    page.add_init_script(
        "window.said = []; addEventListener('DOMContentLoaded', () => {"
        "const status = document.getElementById('status'); if (!status) return;"
        "new MutationObserver(() => said.push(status.innerText))"
        ".observe(status, {childList: true, subtree: true, characterData: true}); });"
    )
    fill(page, "How should I position Okta to Tesla?")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.wait_for_url("**/sessions/*")
    answered(page)
    said = {line for line in page.evaluate("window.said") if line}
    assert 1 <= len(said) < page.locator(".timeline li").count() / 2
    assert page.locator("#status").get_attribute("role") == "status"


def test_less_motion_is_obeyed(page: Page) -> None:
    page.goto("/")
    moving = "getComputedStyle(Object.assign(document.body.appendChild(document.createElement('div')), "
    moving += "{className: 'skeleton'}).appendChild(document.createElement('span'))).animationName"
    assert page.evaluate(moving) == "none"
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(moving) == "breathe"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/companies",
        "/companies/tesla.com",
        "/batches",
        "/spend",
        "/sources",
        "/sources/serp_news/without",
        "/rules",
    ],
)
def test_every_view_has_its_json_and_its_command(client: httpx.Client, stack: Stack, path: str) -> None:
    stack.store.companies.add([Company("com_1", "tesla.com", "Tesla", "tesla.com", stack.clock.now())])
    shown = client.get(path, headers={"Accept": "text/html"}).text
    command = re.search(r'class="as">As <code>enrich ([^<]+)</code>', shown)
    twin = re.search(r'<a href="([^"]+)" type="application/json">', shown)
    assert command is not None
    assert twin is not None
    answer = client.get(unescape(twin[1]))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    known: Any = get_command(app)
    for word in shlex.split(unescape(command[1])):
        if word in getattr(known, "commands", {}):
            known = known.commands[word]
        elif word.startswith("--"):
            assert word in {option for one in known.params for option in one.opts}
    assert getattr(known, "invoke_without_command", True)
