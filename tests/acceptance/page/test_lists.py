"""Lists and batches as the page's forms send them: without a browser, where HTTP shows it."""

import re
from collections.abc import Mapping
from html import unescape

import httpx
import pytest

from enrichment.domain.batches import Batch
from enrichment.domain.companies import Company
from tests.acceptance.conftest import Stack
from tests.acceptance.page.test_safety import HTML, token_of
from tests.acceptance.service.test_batches import done


def hidden(answer: httpx.Response) -> dict[str, str]:
    """The hidden fields of a page's forms."""
    return {
        name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', answer.text)
    }


def quoted(client: httpx.Client, name: str, content: bytes, form: Mapping[str, str] | None = None) -> httpx.Response:
    """A list, chosen on the page of companies."""
    page = client.get("/companies", headers=HTML)
    said = {name: value for name, value in hidden(page).items() if name in {"form_token", "once"}}
    return client.post(
        "/companies/selection", data=said | dict(form or {}), files={"list": (name, content)}, headers=HTML
    )


def stopped_batch(stack: Stack) -> str:
    """Of four companies, which wait."""
    keys, now, store = ("a.com", "b.com", "c.com", "d.com"), stack.clock.now(), stack.store
    companies = store.companies.add([Company(f"com_{key[0]}", key, key, key, now) for key in keys])
    batch = Batch("bat_x", now, ("profile",), "cli", max_cost=2_000_000)
    store.batches.create(batch, [one.company_id for one in companies])
    store.batches.stop("bat_x")
    return "bat_x"


def test_a_form_that_is_sent_again_from_history_starts_no_second_batch(client: httpx.Client, stack: Stack) -> None:
    shown = quoted(client, "l.csv", b"Website\nacme-widgets.com\nbeta-widgets.com\n")
    form = hidden(shown)
    first, again = (client.post("/companies/batch", data=form, headers=HTML) for _ in range(2))
    assert first.status_code == again.status_code == 303
    assert first.headers["location"] == again.headers["location"]
    assert len(stack.store.batches.latest()) == 1


@pytest.mark.parametrize("way", ["resume", "retry"])
@pytest.mark.parametrize("budget", ["NaN", "Infinity", "-1", "a lot", "1e9"])
def test_what_is_no_budget_is_refused_in_one_sentence(
    client: httpx.Client, stack: Stack, way: str, budget: str
) -> None:
    batch = stopped_batch(stack)
    form = {"form_token": token_of(client.get(f"/batches/{batch}", headers=HTML)), "max_cost_usd": budget}
    refused = client.post(f"/batches/{batch}/{way}", data=form, headers=HTML)
    assert refused.status_code == 422
    assert "A budget is an amount in USD, such as 5.00." in refused.text


def test_a_stopped_batch_names_its_way_on_and_tells_no_time_left(client: httpx.Client, stack: Stack) -> None:
    shown = client.get(f"/batches/{stopped_batch(stack)}", headers=HTML).text
    assert "nothing more is begun until it is resumed" in shown
    assert re.findall(r"<button[^>]*>([^<]+)</button></form>", shown[shown.index("Budget, USD") :]) == ["Resume"]
    assert 'hx-trigger="every 2s"' not in shown


def test_once_a_batch_has_ended_the_page_that_watches_it_is_read_again(client: httpx.Client, stack: Stack) -> None:
    batch = stopped_batch(stack)
    assert client.get(f"/batches/{batch}", headers={"HX-Request": "true"}).headers["hx-refresh"] == "true"


def test_a_new_budget_below_what_is_taken_is_refused(client: httpx.Client, stack: Stack) -> None:
    batch = client.post("/v1/batches", json={"companies": ["acme-widgets.com"], "max_cost_usd": "1"}).json()["id"]
    assert float(done(client, batch)["taken_usd"]) > 0.01
    refused = client.post(f"/v1/batches/{batch}/resume", json={"max_cost_usd": "0.01"})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    assert refused.json()["detail"].startswith("A budget of 0.01 USD leaves nothing: ")


LEADS = """Company,Website,Country
Müller Gerätebau,mueller-geraete.de,Germany
Ford,ford.com,US
Ford Motor,ford.com,US
,,
"""


def test_a_list_is_shown_with_its_names_and_registered_with_them(client: httpx.Client, stack: Stack) -> None:
    shown = quoted(client, "leads.csv", LEADS.encode())
    understood = shown.text[shown.text.index("Companies as understood") :]
    for text in ("Müller Gerätebau", "DE", "1 row names a company that a row before has"):
        assert text in understood
    client.post("/companies/batch", data=hidden(shown), headers=HTML)
    named = {one.key: (one.name, one.country) for one in stack.store.companies.all()}
    assert named == {"mueller-geraete.de": ("Müller Gerätebau", "de"), "ford.com": ("Ford", "us")}


def test_a_quote_is_changed_without_choosing_the_list_again(client: httpx.Client, stack: Stack) -> None:
    shown = quoted(client, "leads.csv", LEADS.encode())
    again = client.post(
        "/companies/selection",
        data=hidden(shown) | {"consumer": "customer_enrichment", "max_cost_usd": "7.50"},
        headers=HTML,
    )
    assert "2 companies for customer enrichment" in again.text
    assert "Start, within 7.50 USD" in again.text
    assert "Müller Gerätebau" in again.text
    assert stack.store.companies.all() == []


def test_a_list_without_rows_is_named(client: httpx.Client) -> None:
    refused = quoted(client, "l.csv", b"Company,Website\n")
    assert refused.status_code == 422
    assert "l.csv has no row that names a company" in unescape(refused.text)


@pytest.mark.parametrize("rows", [10_001, 400_000])
def test_a_list_that_is_too_long_is_refused_by_a_page(client: httpx.Client, rows: int) -> None:
    content = "Company,Website,Notes\n" + "".join(f"Firm {n},firm{n}.com,none\n" for n in range(rows))
    refused = quoted(client, "l.csv", content.encode())
    assert refused.status_code == 413
    assert refused.headers["content-type"].startswith("text/html")
    assert ("10,000 at most: send several lists" if rows == 10_001 else "10 MB at most") in refused.text


def test_all_that_match_are_chosen_on_every_page(client: httpx.Client, stack: Stack) -> None:
    now = stack.clock.now()
    firms = [Company(f"com_{n}", f"firm{n:03}.com", f"Firm {n}", f"firm{n:03}.com", now) for n in range(120)]
    stack.store.companies.add([*firms, Company("com_x", "other.com", "Other", "other.com", now)])
    page = client.get("/companies", params={"text": "firm"}, headers=HTML)
    assert "Choose all 120 companies that match, on every page" in page.text
    form = {name: value for name, value in hidden(page).items() if name in {"form_token", "once", "text"}}
    chosen = client.post("/companies/selection", data=form | {"all": "yes"}, headers=HTML)
    assert "120 companies for profile" in chosen.text


def test_the_address_of_a_filtered_table_has_what_was_chosen_alone(client: httpx.Client, stack: Stack) -> None:
    columns = [name for name in stack.rules.datasets if name not in ("company_name", "domain")][:5]
    sent = {"text": "x", "known": "", "unknown": "", "columns": columns, "sort": "key", "descending": "false"}
    answer = client.get("/companies", params=sent, headers=HTML)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/companies?text=x&sort=key&descending=false"
    assert client.get(answer.headers["location"], headers=HTML).status_code == 200
