"""`enrich company` says how what it left out can be mended: a website, a suspended source, uncertain purchases."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from enrichment.domain.purchases import Purchase
from tests.acceptance.conftest import Stack
from tests.support.command_line import Run
from tests.support.examples import FROZEN
from tests.support.ledger_records import answered, caps, draft, sent

TODAYS_CAP = "0.06"
NEWS = ("--datasets", "recent_news", "--sources", "serp_news")


@pytest.fixture
def enrich(stack: Stack) -> Run:
    return stack.command


def answer(enrich: Run, *words: str, **env: str) -> dict[str, Any]:
    parsed = json.loads(enrich("company", "tesla.com", *words, "--json", **env).stdout)
    assert isinstance(parsed, dict)
    return parsed


def shown(enrich: Run, *words: str, **env: str) -> str:
    return " ".join(enrich("company", "tesla.com", *words, **env).stdout.split())


def suspended(stack: Stack, source: str) -> Purchase:
    made = answered(sent(stack.store, draft(source, at=stack.clock.at)))
    stack.store.ledger.settle(made, reply=None, facts=(), suspend="billed 3 search where it may bill 1 search at most")
    return made


def test_a_suspended_source_that_was_left_out_is_named_with_what_lifts_it(enrich: Run, stack: Stack) -> None:
    made = suspended(stack, "serp_news")
    sentence = (
        "left out, since it is suspended: serp_news billed 3 search where it may bill 1 search at most "
        f"({made.purchase_id}): `enrich sources resume serp_news --sandbox` lifts it."
    )
    assert answer(enrich, *NEWS)["to_mend"] == [sentence]
    assert sentence in shown(enrich, *NEWS)
    enrich("sources", "resume", "serp_news")
    assert answer(enrich, *NEWS)["to_mend"] == []


def test_a_suspended_source_that_was_not_needed_is_not_mentioned(enrich: Run, stack: Stack) -> None:
    suspended(stack, "serp_jobs")
    assert answer(enrich, *NEWS)["to_mend"] == []


def test_a_company_that_no_source_knows_by_its_name_is_better_asked_by_its_website(enrich: Run) -> None:
    sentence = "no source knows a company of this name: ask with its website in place of the name."
    unknown = json.loads(enrich("company", "Quorvane Blimpworks", "--json").stdout)
    assert (unknown["state"], unknown["to_mend"]) == ("incomplete", [sentence])


@pytest.fixture
def tight(tmp_path: Path) -> str:
    """Rules under which serp_news may take little a day."""
    folder = tmp_path / "tight"
    shutil.copytree(FROZEN, folder)
    limits = {"sources": {"serp_news": TODAYS_CAP}}
    (folder / "caps.yaml").write_text(yaml.safe_dump(limits), encoding="utf-8")
    return str(folder)


def uncertain_purchase(stack: Stack, source: str, *, reserved: int) -> Purchase:
    """Of another company, so that only its money is in the way."""
    today = f"source:{source}:{stack.clock.at.date().isoformat()}"
    outcome = stack.store.ledger.reserve(
        draft(source, price=reserved, at=stack.clock.at), caps(10**9, today), at_once=1_000
    )
    purchase = getattr(outcome, "purchase", None)
    assert isinstance(purchase, Purchase)
    assert stack.store.ledger.send(purchase, at=stack.clock.at)
    stack.store.ledger.mark_uncertain(purchase, at=stack.clock.at, reason="serpapi did not answer in time")
    return purchase


def test_a_cap_that_refuses_names_what_uncertain_purchases_reserve_of_it(enrich: Run, stack: Stack, tight: str) -> None:
    uncertain = uncertain_purchase(stack, "serp_news", reserved=50_000)
    uncertain_purchase(stack, "serp_jobs", reserved=70_000)
    sentence = (
        "1 uncertain purchase reserves 0.05 USD of the caps that leave too little: "
        "`enrich purchases --uncertain --sandbox` lists what to settle or release."
    )
    assert answer(enrich, *NEWS, ENRICH_CONFIG=tight)["to_mend"] == [sentence]
    assert sentence in shown(enrich, *NEWS, ENRICH_CONFIG=tight)
    enrich("purchases", "release", uncertain.purchase_id)
    found = answer(enrich, *NEWS, ENRICH_CONFIG=tight)
    assert found["to_mend"] == []
    assert found["cost_micro_usd"] > 0


def test_a_cap_that_refuses_for_what_was_really_spent_has_no_such_advice(enrich: Run, stack: Stack, tight: str) -> None:
    uncertain_purchase(stack, "serp_jobs", reserved=70_000)
    found = answer(enrich, *NEWS, "--max-cost", "0.001", ENRICH_CONFIG=tight)
    assert (found["state"], found["to_mend"]) == ("refused", [])
