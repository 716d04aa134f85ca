"""`enrich purchases`, `balances`, `sources`: what people reconcile money with, and read when something is wrong."""

import asyncio
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest

from enrichment.domain.purchases import Purchase
from enrichment.ports import Breaker
from tests.acceptance.command_line.test_command_line import one_sentence
from tests.acceptance.conftest import Stack
from tests.support.command_line import Run, run
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.ledger_records import answered, draft, sent

ENDS = [("settle",), ("settle", "--units", "0"), ("release",)]


@pytest.fixture
def enrich(stack: Stack) -> Run:
    return stack.command


def unsure(stack: Stack, purchase: Purchase | None = None, *, days_ago: int = 0) -> Purchase:
    at = stack.clock.at - timedelta(days=days_ago)
    made = sent(stack.store, purchase or draft(at=at))
    stack.store.ledger.mark_uncertain(made, at=at, reason="serpapi did not answer in time")
    return made


def of_a_model(stack: Stack) -> Purchase:
    """Two units, and a handle."""
    two = replace(
        draft("analysis:hiring", at=stack.clock.at),
        provider="openai",
        reserved_units={"input_token": 900, "output_token": 100},
        usd_per_unit={"input_token": Decimal("0.0000004"), "output_token": Decimal("0.0000016")},
        reserved_micro_usd=520,
    )
    return unsure(stack, two)


def now(stack: Stack, purchase: Purchase) -> Purchase:
    found = stack.store.ledger.purchase(purchase.purchase_id)
    assert found is not None
    return found


def test_purchases_are_listed_with_cost_state_and_the_caller(enrich: Run, stack: Stack) -> None:
    enriched = asyncio.run(stack.ask("tesla.com", "vendor_enrichment"))
    shown = enrich("purchases").stdout
    newest = max(purchase.purchase_id for purchase in enriched.purchases)
    assert shown.index(newest) == min(shown.index(p.purchase_id) for p in enriched.purchases)
    words = ("settled", "vendor_enrichment", "by cli", "tesla.com", enriched.request.request_id)
    assert [word for word in words if word not in shown] == []
    answer = json.loads(enrich("purchases", "--company", "tesla.com", "--since", "1d", "--json").stdout)
    assert answer["not_shown"] == 0
    assert {one["purchase_id"] for one in answer["purchases"]} == {p.purchase_id for p in enriched.purchases}
    assert sum(one["cost_micro_usd"] for one in answer["purchases"]) == enriched.request.cost_micro_usd
    assert {one["asked_by"] for one in answer["purchases"]} == {"cli"}


def test_the_list_is_bounded_and_states_what_it_leaves_out(enrich: Run, stack: Stack) -> None:
    for number in range(52):
        unsure(stack, draft(at=stack.clock.at, variant=str(number), price=1_000))
    answer = json.loads(enrich("purchases", "--uncertain", "--json").stdout)
    assert (len(answer["purchases"]), answer["not_shown"]) == (50, 2)
    assert "2 earlier ones are not shown" in enrich("purchases").stdout


def test_what_we_cannot_know_is_listed_with_what_it_may_cost_its_handle_its_age_and_its_end(
    enrich: Run, stack: Stack
) -> None:
    old = unsure(stack, replace(draft(at=stack.clock.at - timedelta(days=2)), handle="job_77"), days_ago=2)
    overdue = unsure(stack, draft("serp_jobs", at=stack.clock.at - timedelta(days=9)), days_ago=9)
    stack.store.ledger.settle(
        answered(sent(stack.store, draft("serp_growth", at=stack.clock.at))), reply=None, facts=()
    )
    shown = enrich("purchases", "--uncertain").stdout
    by_itself = f"{stack.clock.at + timedelta(days=5):%Y-%m-%d}"
    words = (old.purchase_id, overdue.purchase_id, "job_77", "0.05 USD", "1 search", "2 d", by_itself, "overdue")
    assert [word for word in words if word not in shown] == []
    assert "serp_growth" not in shown
    assert "2 uncertain purchases reserve 0.10 USD" in shown
    answer = json.loads(enrich("purchases", "--uncertain", "--json").stdout)["purchases"]
    assert answer[0]["settled_by_itself_at"][:10] == f"{overdue.reserved_at + timedelta(days=7):%Y-%m-%d}"


def test_what_a_dead_process_left_is_listed_as_what_it_is(enrich: Run, stack: Stack) -> None:
    left = sent(stack.store, draft(at=stack.clock.at - timedelta(minutes=2)))
    shown = enrich("purchases", "--uncertain").stdout
    assert left.purchase_id in shown
    assert "its holder disappeared" in shown


def test_a_purchase_is_settled_by_hand_at_its_reserve_or_at_what_was_billed(enrich: Run, stack: Stack) -> None:
    whole, part, none, gone = unsure(stack), of_a_model(stack), unsure(stack), unsure(stack)
    assert "is settled at 1 search, 0.05 USD" in enrich("purchases", "settle", whole.purchase_id).stdout
    enrich("purchases", "settle", part.purchase_id, "--units", "input_token=500,output_token=10")
    assert (
        "is released at 0 searches, 0.00 USD" in enrich("purchases", "settle", none.purchase_id, "--units", "0").stdout
    )
    assert "0.05 USD are free again" in enrich("purchases", "release", gone.purchase_id).stdout
    ended = [now(stack, purchase) for purchase in (whole, part, none, gone)]
    assert [one.state for one in ended] == ["settled", "settled", "released", "released"]
    assert [one.cost_micro_usd for one in ended] == [50_000, 216, 0, 0]
    assert ended[1].units == {"input_token": 500, "output_token": 10}


@pytest.mark.parametrize("units", ["-1", "1.5", "credit=1", "search=1,search=1", "", "two\nlines", "10000001"])
def test_units_that_cannot_be_are_refused_with_an_example_that_can(enrich: Run, stack: Stack, units: str) -> None:
    purchase = unsure(stack)
    answer = one_sentence(enrich("purchases", "settle", purchase.purchase_id, "--units", units), 2)
    assert "whole numbers of at most 10,000,000 such as 1, not" in answer
    assert now(stack, purchase).state == "uncertain"


def test_a_bill_above_the_reserve_is_booked_in_full_and_suspends_the_source(enrich: Run, stack: Stack) -> None:
    purchase = unsure(stack)
    shown = " ".join(enrich("purchases", "settle", purchase.purchase_id, "--units", "4").stdout.split())
    assert f"{purchase.purchase_id} is settled at 4 searches, 0.20 USD" in shown
    assert "serp_news is suspended, since it billed 4 searches where it may bill 1 search at most" in shown
    assert "`enrich sources resume serp_news --sandbox`" in shown
    ended = now(stack, purchase)
    assert (ended.state, ended.units, ended.cost_micro_usd) == ("settled", {"search": 4}, 200_000)
    assert stack.store.ledger.spent(["day:2026-03-02"]) == {"day:2026-03-02": 200_000}
    assert [one.source for one in stack.store.provider_health.suspensions()] == ["serp_news"]
    again = one_sentence(enrich("purchases", "settle", purchase.purchase_id, "--units", "4"), 2)
    assert "is settled, and only an uncertain purchase" in again
    assert "serp_news is asked again" in enrich("sources", "resume", "serp_news").stdout


def test_of_two_people_who_settle_a_bill_above_the_reserve_one_books_it(enrich: Run, stack: Stack) -> None:
    purchase = unsure(stack)
    with ThreadPoolExecutor() as pool:
        words = [("--units", "4"), ("--units", "4"), ("--units", "1")]
        done = list(pool.map(lambda units: enrich("purchases", "settle", purchase.purchase_id, *units), words))
    assert sorted(one.returncode for one in done) == [0, 2, 2]
    assert all(len(one.stderr.strip().splitlines()) == 1 for one in done if one.returncode)
    booked = now(stack, purchase).cost_micro_usd
    assert booked in (50_000, 200_000)
    assert stack.store.ledger.spent(["day:2026-03-02"]) == {"day:2026-03-02": booked}


@pytest.mark.parametrize("wrong", ["pur_\n\n1", "pur_" + "x" * 500, "p\u00fcr", "\udcff"])
def test_an_id_that_is_none_is_one_sentence(enrich: Run, wrong: str) -> None:
    answer = one_sentence(enrich("purchases", "release", wrong), 2)
    assert "There is no purchase" in answer
    assert "`enrich purchases --uncertain --sandbox` lists" in answer
    assert len(answer) < 400


def test_where_there_are_several_units_each_is_named(enrich: Run, stack: Stack) -> None:
    purchase = of_a_model(stack)
    answer = one_sentence(enrich("purchases", "settle", purchase.purchase_id, "--units", "500"), 2)
    assert "such as input_token=900,output_token=100" in answer
    assert now(stack, purchase).state == "uncertain"


@pytest.mark.parametrize("end", ENDS, ids=" ".join)
def test_only_an_uncertain_purchase_can_be_ended_by_hand_and_only_once(
    enrich: Run, stack: Stack, end: tuple[str, ...]
) -> None:
    word, *options = end
    bought = answered(sent(stack.store, draft("serp_jobs", at=stack.clock.at)))
    stack.store.ledger.settle(bought, reply=None, facts=())
    assert "is settled, and only" in one_sentence(enrich("purchases", word, bought.purchase_id, *options), 2)
    busy = sent(stack.store, draft("serp_growth", at=stack.clock.at))
    assert "is sent, and only" in one_sentence(enrich("purchases", word, busy.purchase_id, *options), 2)
    assert "purchases --uncertain" in one_sentence(enrich("purchases", word, "pur_nothing", *options), 2)
    once = unsure(stack)
    assert enrich("purchases", word, once.purchase_id, *options).returncode == 0
    assert f"is {now(stack, once).state}, and only" in one_sentence(enrich("purchases", word, once.purchase_id), 2)


def test_of_two_people_who_settle_at_once_one_gets_an_error(enrich: Run, stack: Stack) -> None:
    purchase = unsure(stack)
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda _: enrich("purchases", "settle", purchase.purchase_id), range(3)))
    assert sorted(one.returncode for one in done) == [0, 2, 2]
    assert all(len(one.stderr.strip().splitlines()) == 1 for one in done if one.returncode)
    assert (now(stack, purchase).state, now(stack, purchase).cost_micro_usd) == ("settled", 50_000)
    assert stack.store.ledger.spent(["day:2026-03-02"]) == {"day:2026-03-02": 50_000}


def test_reconciling_settles_what_is_overdue_and_leaves_the_rest(enrich: Run, stack: Stack) -> None:
    overdue, waiting = unsure(stack, days_ago=8), unsure(stack, draft("serp_jobs", at=stack.clock.at))
    shown = enrich("purchases", "reconcile").stdout
    assert f"{overdue.purchase_id} (serp_news) was overdue: settled at 0.05 USD" in shown
    assert "1 overdue purchase was settled, 1 is still uncertain" in shown
    assert [now(stack, purchase).state for purchase in (overdue, waiting)] == ["settled", "uncertain"]


def test_reconciling_without_vendors_reports_it_and_settles_all_the_same(enrich: Run, stack: Stack) -> None:
    overdue = unsure(stack, days_ago=8)
    (stack.settings.home / "address.json").unlink()
    done = enrich("purchases", "reconcile")
    assert done.returncode == 0
    assert "no vendor was asked: The sandbox is not running" in done.stdout
    assert now(stack, overdue).state == "settled"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["purchases", "--since", "soon"], "7d"),
        (["purchases", "--company", "unknown-to-us.com"], "leave out --company"),
        (["sources", "resume", "serp_news"], "'serp_news' is not suspended; no source is suspended"),
        (["sources", "resume", "serp_olds"], "'serp_olds' is no source of config/sources.yaml"),
    ],
)
def test_wrong_usage_states_what_would_be_right(enrich: Run, words: list[str], expected: str) -> None:
    assert expected in one_sentence(enrich(*words), 2)


def test_options_in_front_of_the_command_are_not_ignored(stack: Stack) -> None:
    done = run("purchases", "--sandbox", "release", "pur_1", ENRICH_HOME=str(stack.settings.enrich_home))
    assert "behind the command" in one_sentence(done, 2)


def test_balances_are_compared_from_the_second_look_on(enrich: Run, stack: Stack) -> None:
    first = enrich("balances")
    assert (first.returncode, "compared from the next one on" in first.stdout) == (0, True)
    asyncio.run(stack.ask("tesla.com", "vendor_enrichment"))
    answer = {one["provider"]: one for one in json.loads(enrich("balances", "--json").stdout)}
    bought = stack.invoice()
    assert {answer[name]["verdict"] for name in ("serpapi", "snov", "apollo")} == {"agrees"}
    assert answer["apollo"]["bought"] == bought.get("apollo", {}).get("credit", 0) > 0
    assert answer["apollo"]["taken"] == str(answer["apollo"]["bought"])
    assert "does not report what is left" in answer["openai"]["says"]


def test_drift_shows_how_much_and_why_and_has_its_exit_code(enrich: Run, stack: Stack) -> None:
    enrich("balances")
    asked = {"api_key": f"sandbox-{os.environ.get('USER', 'user')}", "engine": "google", "q": "anything"}
    httpx.get(f"{stack.url}/serpapi/search.json", params=asked, timeout=PATIENCE_SECONDS).raise_for_status()
    done = enrich("balances")
    assert done.returncode == 3
    assert "1 search more were billed than the ledger knows of" in " ".join(done.stdout.split())


def test_a_vendor_that_is_unavailable_differs_from_one_that_refuses(enrich: Run, stack: Stack) -> None:
    stack.fault("serpapi", "down")
    stack.fault("apollo", "expired_token")
    for words in (("sources", "check"), ("balances",)):
        done = enrich(*words)
        assert done.returncode == 3
        assert "serpapi is unavailable (HTTP 503" in done.stdout
    rows = {line.split()[1]: line for line in enrich("sources", "check").stdout.splitlines() if line.startswith("│")}
    assert "unavailable" in rows["serpapi"]


def test_a_vendor_that_answers_again_is_asked_again(enrich: Run, stack: Stack) -> None:
    breaker = Breaker(failures=1, first_seconds=600, longest_seconds=600, exhausted_seconds=600)
    for vendor in ("snov", "serpapi"):
        stack.store.provider_health.record_failure(
            vendor, breaker, exhausted=False, because=f"{vendor} is unavailable", at=stack.clock.at
        )
    stack.fault("serpapi", "down")
    shown = " ".join(enrich("sources", "check").stdout.split())
    assert "It was unavailable, and is asked again from now on." in shown
    assert "It is not asked before" in shown
    assert stack.store.provider_health.unavailable(stack.clock.at)[0].keys() == {"serpapi"}


def test_a_suspended_source_is_shown_with_its_purchase_and_asked_again_once_it_is_resumed(
    enrich: Run, stack: Stack
) -> None:
    made = answered(sent(stack.store, draft(at=stack.clock.at)))
    stack.store.ledger.settle(made, reply=None, facts=(), suspend="billed 3 search where it may bill 1 search at most")
    checked = enrich("sources", "check")
    shown = " ".join(checked.stdout.split())
    assert checked.returncode == 3
    assert f"serp_news billed 3 search where it may bill 1 search at most ({made.purchase_id})" in shown
    assert "`enrich sources resume serp_news --sandbox`" in shown
    assert "suspended are serp_news" in one_sentence(enrich("sources", "resume", "serp_jobs"), 2)
    assert "serp_news is asked again" in enrich("sources", "resume", "serp_news").stdout
    assert stack.store.provider_health.suspensions() == []
    assert enrich("sources", "check").returncode == 0
