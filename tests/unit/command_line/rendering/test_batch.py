"""How a batch looks: money in one unit, and advice that helps."""

from datetime import UTC, datetime

import pytest
from rich.console import Console

from enrich_cli.rendering.batch import batch_data, batch_line, batch_view
from enrichment.batches.progress import waits_for
from enrichment.domain.batches import Batch, BatchSummary

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def done(*, max_cost: int | None, reason: str | None = None) -> BatchSummary:
    batch = Batch("bat_x", NOW, ("profile",), "cli", "done", max_cost=max_cost)
    reasons = () if reason is None else ((reason, 8),)
    return BatchSummary(batch, {"complete": 2, "postponed": 8}, taken=65_771_200, set_aside=0, reasons=reasons)


def as_printed(summary: BatchSummary) -> str:
    console = Console(width=200)
    with console.capture() as printed:
        console.print(batch_view(summary, NOW, sandbox=False))
    return printed.get()


def test_budget_and_cost_are_in_one_unit() -> None:
    data = batch_data(done(max_cost=66_000_000), NOW)
    assert (data["budget_usd"], data["cost_usd"], data["to_come_usd"]) == ("66.00", "65.7712", "0.00")
    assert "max_cost" not in data


@pytest.mark.parametrize(
    ("max_cost", "cap", "advice"),
    [
        (1_000_000, "this batch", "`enrich batch resume bat_x --max-cost USD` takes them up"),
        (None, "today's cap on everything", "`enrich batch resume bat_x` takes them up tomorrow (UTC)"),
    ],
)
def test_what_takes_up_postponed_companies_depends_on_what_was_too_small(
    max_cost: int | None, cap: str, advice: str
) -> None:
    printed = as_printed(done(max_cost=max_cost, reason=f"may need more than {cap} leaves"))
    assert advice in printed
    assert ("--max-cost" in printed) == ("--max-cost" in advice)


def test_the_line_in_a_log_says_which_vendor_companies_wait_for() -> None:
    waiting = done(max_cost=None, reason=waits_for(["openai", "brightdata"]))
    assert batch_line(waiting, NOW).endswith("; waits for brightdata, openai to answer again")
    assert "waits" not in batch_line(done(max_cost=None, reason="no headcount"), NOW)


def left_open(**companies: int) -> BatchSummary:
    batch = Batch("bat_x", NOW, ("profile",), "cli", "open", max_cost=25_000_000)
    return BatchSummary(batch, companies, taken=15_000_000, set_aside=0)  # type: ignore[arg-type]


def test_a_batch_that_was_interrupted_says_how_to_go_on_also_where_companies_are_postponed() -> None:
    printed = as_printed(left_open(complete=11, stopped=28, postponed=319, waiting=14))
    assert "if no worker is at work, `enrich batch resume bat_x` goes on" in printed


def test_a_batch_with_companies_under_way_asks_for_nothing() -> None:
    assert "resume" not in as_printed(left_open(complete=11, under_way=28, waiting=14))
