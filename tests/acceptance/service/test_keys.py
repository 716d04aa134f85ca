"""Keys: what opens the service, what each key may do, and what it may spend a day."""

from collections.abc import Sequence
from decimal import Decimal

import httpx
import pytest

from enrichment.domain.access import Right
from resources.secrets.client_keys import issue
from tests.acceptance.conftest import Stack

WAIT = {"Prefer": "wait=60"}


def bearer(
    stack: Stack, name: str, may: Sequence[Right], *, per_day: int | None = None, per_minute: int | None = None
) -> dict[str, str]:
    issued = issue(stack.store, name, may=may, per_day=per_day, per_minute=per_minute, now=stack.clock.now())
    return {"Authorization": f"Bearer {issued.secret}"}


def test_without_any_key_the_service_answers_on_loopback_and_to_nothing_that_was_forwarded(
    client: httpx.Client,
) -> None:
    quote = {"company": "tesla.com"}
    assert client.post("/v1/quotes", json=quote).status_code == 201
    for headers in ({"X-Forwarded-For": "203.0.113.5"}, {"Host": "evil.example"}):
        answer = client.post("/v1/quotes", json=quote, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "no_key")
        assert "loopback only" in answer.json()["detail"]


def test_once_there_is_a_key_nothing_is_answered_without_one(client: httpx.Client, stack: Stack) -> None:
    headers = bearer(stack, "crm", ["read"])
    refused = client.post("/v1/quotes", json={"company": "tesla.com"})
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert client.post("/v1/quotes", json={"company": "tesla.com"}, headers=headers).status_code == 201


def test_a_key_that_may_only_read_buys_nothing(client: httpx.Client, stack: Stack) -> None:
    billed = stack.invoice()
    headers = bearer(stack, "reader", ["read"])
    for path, body in (("/v1/enrichments", {"company": "tesla.com"}), ("/vendor/enrich", {"companyName": "Tesla"})):
        answer = client.post(path, json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert stack.invoice() == billed


def test_a_revoked_key_opens_nothing_from_then_on(client: httpx.Client, stack: Stack) -> None:
    headers = bearer(stack, "crm", ["enrich"])
    assert client.post("/v1/quotes", json={"company": "tesla.com"}, headers=headers).status_code == 201
    stack.store.api_keys.revoke("crm", at=stack.clock.now())
    bearer(stack, "other", ["read"])
    answer = client.post("/v1/quotes", json={"company": "tesla.com"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unknown_key")


@pytest.mark.parametrize("secret", ["enr_live_" + "A" * 43, "enr_sandbox_" + "A" * 43, "x", "é"])
def test_a_key_of_another_installation_or_none_at_all_opens_nothing(
    client: httpx.Client, stack: Stack, secret: str
) -> None:
    bearer(stack, "crm", ["enrich"])
    headers = [(b"authorization", f"Bearer {secret}".encode())]
    answer = client.post("/v1/quotes", json={"company": "tesla.com"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unknown_key")
    assert ("sandbox" in answer.json()["detail"]) == secret.startswith("enr_live_")


def test_a_key_never_spends_more_than_its_daily_cap(client: httpx.Client, stack: Stack) -> None:
    headers = {**WAIT, **bearer(stack, "crm", ["enrich"], per_day=200_000)}
    companies = ("tesla.com", "apple.com", "microsoft.com", "nvidia.com")
    answers = [client.post("/v1/enrichments", json={"company": one}, headers=headers) for one in companies]
    states = [answer.json().get("state") or answer.json()["code"] for answer in answers]
    assert states[0] == "complete"
    assert "refused_by_cap" in states
    day = stack.clock.at.date().isoformat()
    taken = stack.store.ledger.spent([f"key:crm:{day}"])[f"key:crm:{day}"]
    assert 0 < taken <= 200_000
    stack.clock.advance(days=1)
    assert client.post("/v1/enrichments", json={"company": "nvidia.com"}, headers=headers).status_code == 200


def test_a_key_above_its_rate_is_told_when_to_go_on(client: httpx.Client, stack: Stack) -> None:
    headers = bearer(stack, "crm", ["read"], per_minute=3)
    other = bearer(stack, "other", ["read"])
    answers = [client.post("/v1/quotes", json={"company": "tesla.com"}, headers=headers) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 20
    assert client.post("/v1/quotes", json={"company": "tesla.com"}, headers=other).status_code == 201


def test_another_keys_enrichment_is_not_there(client: httpx.Client, stack: Stack) -> None:
    mine, other = bearer(stack, "mine", ["enrich"]), bearer(stack, "other", ["enrich"])
    admin = bearer(stack, "boss", ["read", "admin"])
    request_id = client.post("/v1/enrichments", json={"company": "tesla.com"}, headers={**WAIT, **mine}).json()["id"]
    here = f"/v1/enrichments/{request_id}"
    for call in (client.get(here, headers=other), client.delete(here, headers=other)):
        assert (call.status_code, call.json()["code"]) == (404, "not_found")
    assert client.get(f"{here}/events", headers=other).status_code == 404
    assert client.get(here, headers=admin).json()["id"] == request_id


def test_the_secret_is_shown_once_and_is_in_no_table(stack: Stack) -> None:
    added = stack.command("keys", "add", "crm", "--may", "read", "--may", "enrich", "--per-day", "25.00")
    assert added.returncode == 0
    secret = added.stdout.splitlines()[0]
    assert secret.startswith("enr_sandbox_")
    assert len(secret.removeprefix("enr_sandbox_")) == 43
    listed = stack.command("keys", "list")
    assert "crm" in listed.stdout
    assert "25.00 USD" in listed.stdout
    assert secret not in listed.stdout
    files = [path for path in stack.settings.home.glob("store.sqlite*") if path.is_file()]
    assert files
    assert all(secret.encode() not in path.read_bytes() for path in files)


def test_the_command_line_revokes_a_key(stack: Stack) -> None:
    stack.command("keys", "add", "crm")
    assert stack.command("keys", "revoke", "crm").returncode == 0
    again = stack.command("keys", "revoke", "crm")
    assert again.returncode == 2
    assert "no valid key 'crm'" in again.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("crm", "--may", "fly"), "--may takes read, agent, enrich, admin, not 'fly'"),
        (("C R M",), "A key cannot be called 'C R M'"),
        (("crm", "--per-day", "lots"), "--per-day takes an amount in USD"),
    ],
)
def test_a_key_that_cannot_be_made_is_refused_in_one_sentence(stack: Stack, words: tuple[str, ...], says: str) -> None:
    done = stack.command("keys", "add", *words)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("company", ["tesla.com", "Ford"], ids=["one plan", "its website first, then the rest"])
def test_a_quote_promises_no_more_than_the_key_may_still_spend_today(
    client: httpx.Client, stack: Stack, company: str
) -> None:
    headers = bearer(stack, "poor", ["enrich"], per_day=50_000)
    quote = client.post("/v1/quotes", json={"company": company, "consumer": "customer_enrichment"}, headers=headers)
    assert Decimal(quote.json()["expected_usd"]) <= Decimal(quote.json()["most_usd"]) <= Decimal("0.05")
