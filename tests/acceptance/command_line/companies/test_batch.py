"""`enrich batch`: from a file to complete profiles within a budget, stopped and resumed, and out as a table."""

import asyncio
import csv
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from enrichment.domain.batches import Batch
from enrichment.domain.money import to_micro
from sandbox.companies.catalogue import Catalogue
from tests.acceptance.conftest import Stack
from tests.support.manual_clock import NOON
from tests.support.warehouse_story import DAY, company, profiled, request

DOMAINS = [company.domain for company in Catalogue().companies]


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    path = tmp_path / "companies.csv"
    path.write_text("website\n" + "\n".join(DOMAINS[:12]) + "\n", encoding="utf-8")
    return path


def ordered(stack: Stack, *more: str) -> tuple[int, dict[str, object]]:
    done = stack.command("batch", "start", "--for", "profile", "--json", "--yes", *more)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def test_a_quote_registers_and_buys_nothing(stack: Stack, listed: Path) -> None:
    done = stack.command("batch", "quote", str(listed), "--for", "profile", "--max-cost", "0.20")
    assert done.returncode == 0
    assert "12 companies: 0 have all that is asked for already" in done.stdout
    assert "Within the budget about" in done.stdout
    assert stack.store.companies.all() == []
    assert stack.invoice() == {}


def test_a_batch_over_a_file_ends_and_is_shown_listed_and_exported(stack: Stack, listed: Path, tmp_path: Path) -> None:
    code, batch = ordered(stack, str(listed))
    counts = batch["companies"]
    assert isinstance(counts, dict)
    assert sum(counts.values()) == 12
    assert code == (0 if counts == {"complete": 12} else 3)
    batch_id = str(batch["batch_id"])
    assert f"{counts['complete']}" in stack.command("batch", "show", batch_id).stdout
    assert batch_id in stack.command("batch", "list").stdout
    table, parquet = tmp_path / "out.csv", tmp_path / "out.parquet"
    assert stack.command("batch", "export", batch_id, "--csv", str(table)).returncode == 0
    assert stack.command("batch", "export", batch_id, "--parquet", str(parquet)).returncode == 0
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["domain"] for row in rows] == DOMAINS[:12]
    assert len(pd.read_parquet(parquet)) == 12
    complete = [row for row in rows if row["state"] == "complete"]
    assert all(row["company_name"] and row["industry"] for row in complete)


def test_a_row_with_a_former_website_of_a_company_is_that_company(stack: Stack, tmp_path: Path) -> None:
    moved = company(stack.store, "tesla-motors.com")
    stack.store.companies.rekey(moved.company_id, key="tesla.com", name=None, domain="tesla.com")
    path = tmp_path / "companies.csv"
    path.write_text("website\ntesla-motors.com\ntesla.com\n", encoding="utf-8")
    _, batch = ordered(stack, str(path), "--max-cost", "0.00001")
    assert batch["companies"] == {"postponed": 1}
    assert [one.key for one in stack.store.companies.all()] == ["tesla.com"]


def test_without_a_terminal_to_ask_at_nothing_is_bought_unless_a_budget_or_yes_is_given(
    stack: Stack, listed: Path
) -> None:
    refused = stack.command("batch", "start", str(listed), "--for", "profile", "--json")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "add --max-cost USD, or --yes" in refused.stderr
    assert (stack.store.batches.latest(), stack.invoice()) == ([], {})
    within = stack.command("batch", "start", "--companies", "tesla.com", "--max-cost", "0.50", "--json")
    assert json.loads(within.stdout)["budget_usd"] == "0.50"


def test_what_does_not_fit_is_postponed_and_resumed_with_a_larger_budget(stack: Stack, listed: Path) -> None:
    code, batch = ordered(stack, str(listed), "--max-cost", "0.40")
    counts = batch["companies"]
    assert isinstance(counts, dict)
    assert code == 3
    assert counts["postponed"] > 0
    done = stack.command("batch", "resume", str(batch["batch_id"]), "--max-cost", "20", "--json")
    assert "postponed" not in json.loads(done.stdout)["companies"]


def test_within_a_budget_what_costs_nothing_is_begun_first(stack: Stack) -> None:
    asyncio.run(stack.ask(DOMAINS[2]))
    _, batch = ordered(stack, "--companies", ",".join(DOMAINS[:3]), "--max-cost", "0.20")
    begun = [company.key for company in stack.store.batches.companies(str(batch["batch_id"]))]
    assert begun == [DOMAINS[2], DOMAINS[0], DOMAINS[1]]


def test_a_stopped_batch_waits_until_it_is_resumed(stack: Stack) -> None:
    code, batch = ordered(stack, "--companies", "tesla.com", "--max-cost", "0")
    batch_id = str(batch["batch_id"])
    assert (code, batch["companies"]) == (3, {"postponed": 1})
    refused = stack.command("batch", "stop", batch_id)
    assert (refused.returncode, refused.stderr) == (
        2,
        f"error: {batch_id} is done already: there is nothing to stop.\n",
    )


def test_two_workers_share_a_batch(stack: Stack, listed: Path) -> None:
    _, batch = ordered(stack, str(listed), "--workers", "2")
    counts = batch["companies"]
    assert isinstance(counts, dict)
    assert sum(counts.values()) == 12
    assert len({request.company_id for request in stack.store.requests.latest()}) == 12


@pytest.mark.parametrize("workers", ["0", "-1", "65"])
def test_a_wrong_number_of_workers_makes_and_opens_no_batch(stack: Stack, listed: Path, workers: str) -> None:
    refused = stack.command("batch", "start", str(listed), "--workers", workers, "--yes")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert stack.store.batches.latest() == []
    made = stack.store.batches.create(Batch("bat_1", NOON, ("profile",), "ana", max_cost=0, state="stopped"), [])
    for again in ("resume", "retry"):
        assert stack.command("batch", again, "bat_1", "--workers", workers, "--max-cost", "5").returncode == 2
    assert stack.store.batches.by_id("bat_1") == replace(made, state="done")


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (("batch", "show", "bat_9"), "There is no batch bat_9 in this store"),
        (("batch", "start", "--for", "profile"), "Name a file of companies, or --companies"),
        (("batch", "start", "--companies", "tesla.com", "--for", "nobody"), "no consumer named 'nobody'"),
        (("batch", "start", "--companies", "tesla.com", "--workers", "0", "--yes"), "--workers takes a number"),
        (("batch", "quote", "gone.csv"), "gone.csv"),
        (("batch", "export", "bat_9"), "Name one file"),
        (("batch", "quote", "--companies", "tesla.com", "--max-cost", "much"), "--max-cost takes an amount in USD"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(stack: Stack, words: tuple[str, ...], advice: str) -> None:
    done = stack.command(*words)
    assert done.returncode == 2
    assert advice in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_list_of_nothing_but_a_heading_makes_no_batch(stack: Stack, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("name,website\n", encoding="utf-8")
    for words in (("quote",), ("start", "--yes")):
        refused = stack.command("batch", words[0], str(path), *words[1:])
        assert (refused.returncode, "has no row below its heading" in refused.stderr) == (2, True)
    assert stack.store.batches.latest() == []


def test_what_it_advises_is_typed_for_the_store_it_speaks_of(stack: Stack) -> None:
    assert "`enrich batch list --sandbox` shows" in stack.command("batch", "show", "bat_9").stderr


def test_rows_that_are_not_in_a_batch_are_kept_beside_its_file_and_those_that_wait_are_named(
    stack: Stack, tmp_path: Path
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"name,website\nAcme,acme-x.com\nAcme,acme-y.com\nAcme,\nN/A,\n,{DOMAINS[0]}\n", encoding="utf-8")
    done = stack.command("batch", "start", str(path), "--yes")
    assert "1 of them waits: `enrich companies review --sandbox`" in done.stdout
    left_out = (tmp_path / "list.csv.left-out.csv").read_text(encoding="utf-8-sig").splitlines()
    assert [row["name"] for row in csv.DictReader(left_out)] == ["Acme", "N/A"]


def test_due_refreshes_what_is_worth_most_within_the_budget_and_says_why_the_rest_is_left(stack: Stack) -> None:
    for number, key in enumerate(DOMAINS[:3]):
        about = company(stack.store, key, at=stack.clock.at - 40 * DAY)
        profiled(stack.store, about, at=stack.clock.at - 9 * DAY)
        for _ in range(3 * number):
            request(stack.store, about, at=stack.clock.at - DAY)
    profiled(stack.store, company(stack.store, DOMAINS[3], at=stack.clock.at - 90 * DAY), at=stack.clock.at - 80 * DAY)
    quoted = stack.command("batch", "quote", "--due", "--json")
    quote = json.loads(quoted.stdout)
    refresh = quote["refresh"]
    assert [one["company"] for one in refresh["profiles"]] == [DOMAINS[2], DOMAINS[1], DOMAINS[0]]
    assert refresh["stale_reads_a_day"]["before"] > refresh["stale_reads_a_day"]["after"]
    assert list(refresh["left_alone"].values()) == [1]
    each = Decimal(quote["expected_usd"]) / 3
    assert stack.store.batches.latest() == []
    _, batch = ordered(stack, "--due", "--max-cost", f"{each * 5 / 2:.6f}")
    [made] = stack.store.batches.latest()
    assert [c.key for c in stack.store.batches.companies(made.batch.batch_id)] == [DOMAINS[2], DOMAINS[1]]
    assert made.batch.max_cost == to_micro(each * 5 / 2)
    assert batch["batch_id"] == made.batch.batch_id


def test_where_nothing_is_worth_a_refresh_no_batch_is_made(stack: Stack) -> None:
    done = stack.command("batch", "start", "--due")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == "Nothing is refreshed: every profile is valid."
    assert stack.store.batches.latest() == []


def test_due_takes_the_place_of_a_file_and_refreshes_nothing_for_an_audience(stack: Stack, listed: Path) -> None:
    both = stack.command("batch", "quote", str(listed), "--due")
    assert both.returncode == 2
    assert "or --due." in both.stderr
    audience = stack.command("batch", "quote", "--due", "--for", "customer_intelligence")
    assert audience.returncode == 2
    assert "written for an audience" in audience.stderr
