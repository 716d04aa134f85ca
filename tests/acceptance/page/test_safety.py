"""Who may see and do what in a browser; what the page lets in, and how large it is."""

import re
from hashlib import sha256

import httpx
import pytest
from playwright.sync_api import Browser, expect

from service.pages.static_files import FOLDER, static_files
from tests.acceptance.conftest import Stack
from tests.acceptance.service.test_keys import bearer
from tests.support.browser import page_open
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.one_authority import NO_AUTHORITY

HTML = {"Accept": "text/html"}
MOST_BYTES = 70_000


def secret(stack: Stack, name: str, *may: str) -> str:
    return bearer(stack, name, list(may))["Authorization"].split()[1]  # type: ignore[arg-type]


def token_of(answer: httpx.Response) -> str:
    found = re.search(r'name="form_token" value="([0-9a-f]+)"', answer.text)
    assert found is not None
    return found[1]


def signed_in(client: httpx.Client, key: str) -> None:
    form = client.get("/sign-in")
    done = client.post("/sign-in", data={"form_token": token_of(form), "key": key})
    assert done.status_code == 303


def test_once_there_is_a_key_a_browser_signs_in_with_it_and_comes_to_where_it_wanted(
    browser: Browser, client: httpx.Client, url: str, stack: Stack
) -> None:
    client.post("/v1/enrichments", json={"company": "tesla.com"}, headers={"Prefer": "wait=60"})
    key = secret(stack, "seller", "enrich")
    with page_open(browser, url, expected=["401"]) as page:
        page.goto("/companies/tesla.com")
        page.get_by_label("Key").fill("enr_sandbox_" + "A" * 43)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("not known")
        page.get_by_label("Key").fill(key)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Tesla")
        (cookie,) = page.context.cookies()
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
        assert key not in cookie["value"]
        page.goto("/v1/companies/tesla.com")
        assert "brightdata_company_db" in page.content()
        stack.store.api_keys.revoke("seller", at=stack.clock.now())
        page.goto("/companies/tesla.com")
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_cookie_that_was_changed_opens_nothing(client: httpx.Client, stack: Stack) -> None:
    signed_in(client, secret(stack, "seller", "read"))
    assert client.get("/", headers=HTML).status_code == 200
    key_id, until, random, mac = client.cookies["enrich_session"].split(".")
    for cookie in (f"{key_id}.{int(until) + 1}.{random}.{mac}", f"{key_id}.{until}.{random}.{mac[:-1]}x", "a.b.c.d"):
        answer = httpx.get(
            f"{client.base_url}/v1/companies",
            cookies={"enrich_session": cookie},
            trust_env=False,
            verify=NO_AUTHORITY,
            timeout=PATIENCE_SECONDS,
        )
        assert (answer.status_code, answer.json()["code"]) == (401, "unknown_key")


def test_a_session_ends_after_a_week(client: httpx.Client, stack: Stack) -> None:
    signed_in(client, secret(stack, "seller", "read"))
    stack.clock.advance(days=6)
    assert client.get("/", headers=HTML).status_code == 200
    stack.clock.advance(days=1)
    assert client.get("/", headers=HTML).headers["location"].startswith("/sign-in?")


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}])
def test_what_changes_anything_needs_the_forms_token_and_its_own_site(
    client: httpx.Client, stack: Stack, headers: dict[str, str]
) -> None:
    client.post("/v1/enrichments", json={"company": "tesla.com"}, headers={"Prefer": "wait=60"})
    token = token_of(client.get("/companies/tesla.com")) if headers else "0" * 64
    said = {"form_token": token, "dataset": "industry", "right": "Automotive", "because": "x"}
    refused = client.post("/companies/tesla.com/verdicts", data=said, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert client.get("/v1/companies/tesla.com/verdicts").json() == {"verdicts": []}


def test_a_cookie_alone_changes_nothing_at_the_api(client: httpx.Client, stack: Stack) -> None:
    signed_in(client, secret(stack, "seller", "enrich"))
    refused = client.post("/v1/enrichments", json={"company": "tesla.com"})
    assert (refused.status_code, refused.json()["code"]) == (401, "no_key")


def test_a_key_that_may_only_read_is_shown_no_way_to_buy_and_has_none(client: httpx.Client, stack: Stack) -> None:
    client.post("/v1/enrichments", json={"company": "tesla.com"}, headers={"Prefer": "wait=60"})
    billed = stack.invoice()
    signed_in(client, secret(stack, "reader", "read"))
    shown = client.get("/companies/tesla.com")
    assert "This is wrong" not in shown.text
    quoted = client.post(
        "/companies/tesla.com/quote", data={"form_token": token_of(shown), "consumer": "vendor_context"}
    )
    assert "Buy for at most" not in quoted.text
    given = client.post("/v1/quotes", json={"company": "tesla.com"}, headers=bearer(stack, "x", ["read"]))
    refused = client.post(
        "/companies/tesla.com/requests",
        data={"form_token": token_of(shown), "quote_id": given.json()["id"]},
        headers=HTML,
    )
    assert refused.status_code == 403
    assert "has no right to enrich" in refused.text
    assert stack.invoice() == billed


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", "/\\evil.example", "/\nx"])
def test_signing_in_leads_to_no_other_site(client: httpx.Client, stack: Stack, back: str) -> None:
    key = secret(stack, "seller", "read")
    form = client.get("/sign-in", params={"back": back})
    done = client.post("/sign-in", data={"form_token": token_of(form), "key": key, "back": back})
    assert done.headers["location"] == "/"


def test_the_policy_of_every_page_lets_in_nothing_from_elsewhere_and_nothing_inline(
    client: httpx.Client, stack: Stack
) -> None:
    client.post("/v1/enrichments", json={"company": "tesla.com"}, headers={"Prefer": "wait=60"})
    for path in ("/", "/companies/tesla.com", "/sign-in", "/companies/nothing.example"):
        answer = client.get(path, headers=HTML, follow_redirects=True)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert re.findall(r"<[^>]+\s(?:style|on\w+)=", answer.text) == []
        assert re.findall(r"<script(?![^>]*\ssrc=)", answer.text) == []


def test_pages_are_not_in_the_document_of_the_api(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert all(path.startswith(("/v1/", "/vendor/", "/healthz", "/readyz", "/metrics")) for path in paths)


def test_a_page_with_all_it_loads_is_at_most_70_kb_compressed(client: httpx.Client) -> None:
    client.post(
        "/v1/enrichments",
        json={"company": "tesla.com", "consumer": "customer_enrichment"},
        headers={"Prefer": "wait=60"},
    )
    html = client.get("/companies/tesla.com")
    size = html.num_bytes_downloaded + sum(len(file.compressed) for file in static_files().values())
    assert size <= MOST_BYTES


def test_htmx_and_its_extensions_arrive_together_or_a_slow_one_would_never_open_a_stream() -> None:
    content = static_files()["page.js"].content
    parts = [(FOLDER / "vendor" / name).read_bytes() for name in ("htmx.min.js", "hx-sse.min.js", "hx-csp.min.js")]
    assert [content.index(part) for part in parts] == sorted(content.index(part) for part in parts)


def test_what_others_wrote_is_as_it_was_released_and_has_its_licence() -> None:
    vendor = FOLDER / "vendor"
    lines = [line.split("  ") for line in (vendor / "SHA256SUMS").read_text().splitlines()]
    assert {name: sum_ for sum_, name in lines} == {
        path.name: sha256(path.read_bytes()).hexdigest() for path in vendor.iterdir() if path.name != "SHA256SUMS"
    }
    assert {path.stem for path in vendor.glob("*.LICENSE")} == {"htmx", "uPlot"}
