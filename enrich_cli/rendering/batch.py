"""How batches look: what one will cost, how far it is, the list of them.

BatchQuote | BatchSummary -> tables for people, plain data for programs
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from enrich_cli.tables import Name, listing
from enrich_cli.terminal import as_plain
from enrichment.batches.progress import (
    IN_ORDER,
    is_of_the_budget,
    pace_in_words,
    pace_of,
    span_in_words,
    state_in_words,
    what_it_waits_for,
)
from enrichment.batches.quote import BatchQuote
from enrichment.domain.batches import BatchSummary
from enrichment.domain.money import in_usd
from enrichment.domain.numbers import in_number
from enrichment.refresh.ranking import RefreshPlan
from resources.advice import advised

_STYLES = {"complete": "green", "incomplete": "yellow", "failed": "red", "postponed": "cyan"}


def batch_quote_view(quote: BatchQuote) -> RenderableType:
    lines = [
        f"{in_number(quote.companies, 'company')}: {in_number(quote.satisfied, 'has', 'have')} all that is asked for "
        f"already, {in_number(quote.complete, 'is', 'are')} likely to end complete.",
        f"expected [bold]{in_usd(quote.expected)}[/] USD, nine times in ten at most {in_usd(quote.p90)}, "
        f"never above {in_usd(quote.most)}.",
    ]
    if quote.exploration:
        lines.append(f"Of that {in_usd(quote.exploration)} USD are for sources that are asked only to learn from them.")
    if (within := _within(quote)) is not None:
        lines.append(within)
    if quote.slowest is not None:
        lines.append(f"At least {span_in_words(quote.seconds)}: {quote.slowest}'s limits allow no less.")
    if quote.planned < quote.states:
        planned = in_number(quote.planned, "was", "were")
        lines.append(f"Of {in_number(quote.states, 'state')} {planned} planned; the others are estimated from these.")
    return Text.from_markup("\n".join(lines))


def _within(quote: BatchQuote) -> str | None:
    """How many end complete within what may be spent."""
    if quote.within_budget is None:
        return None
    number = f"[bold]{quote.within_budget:,}[/]"
    if quote.day_cap is None:
        return f"Within the budget about {number} end complete; what no longer fits is not begun and costs nothing."
    left = f"{quote.day_cap} leaves {in_usd(quote.day_left or 0)} USD"
    return f"About {number} end complete today: {left}; the others wait for another day."


def quote_data(quote: BatchQuote) -> dict[str, Any]:
    """Money in USD."""
    data: dict[str, Any] = as_plain(replace(quote, best_first=()))
    del data["best_first"]
    for name in ("expected", "p90", "most", "exploration", "day_left"):
        amount = data.pop(name)
        data[f"{name}_usd"] = None if amount is None else in_usd(amount)
    return data


def refresh_view(plan: RefreshPlan, quote: BatchQuote | None) -> RenderableType:
    """What is worth a refresh and what it spares, then what its batch will cost."""
    says = Text(plan.in_words(None if quote is None else quote.expected))
    return says if quote is None else Group(says, batch_quote_view(quote))


def refresh_data(plan: RefreshPlan) -> dict[str, Any]:
    return {
        "profiles": [{"company": one.company.key, "consumer": one.consumer, "why": one.why} for one in plan.picked],
        "stale_reads_a_day": None if plan.stale is None else as_plain(plan.stale),
        "beyond_the_budget": plan.too_dear,
        "not_read": plan.unread,
        "left_alone": dict(plan.left_alone),
    }


def batch_view(summary: BatchSummary, now: datetime, *, sandbox: bool, by_worker: bool = False) -> RenderableType:
    """Progress by state, money, rate and time left, the commonest reasons, and what a person may do next.

    by_worker: shown by a process that works on it, which needs no advice on how to go on.
    """
    batch = summary.batch
    title = Text.assemble(
        (batch.batch_id, "bold"),
        f" for {', '.join(batch.consumers)}, {state_in_words(summary)}, {in_number(summary.total, 'company')}",
    )
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(justify="left")
    table.add_column(justify="right")
    for state in IN_ORDER:
        if count := summary.count(state):
            table.add_row(Text(state.replace("_", " "), style=_STYLES.get(state, "")), f"{count:,}")
    parts: list[RenderableType] = [title, table, Text(_money(summary)), Text(pace_in_words(summary, now))]
    if summary.reasons:
        reasons = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        for reason, count in summary.reasons:
            reasons.add_row(f"{count:,}", reason)
        parts.append(reasons)
    if advice := "" if by_worker else _advice(summary):
        parts.append(Text(advised(advice, sandbox=sandbox)))
    return Group(*parts)


def batch_line(summary: BatchSummary, now: datetime) -> str:
    """One line for a log."""
    states = ", ".join(f"{summary.count(s):,} {s.replace('_', ' ')}" for s in IN_ORDER if summary.count(s))
    parts = (states, _money(summary), pace_in_words(summary, now), what_it_waits_for(summary))
    return f"{summary.batch.batch_id}: {'; '.join(part for part in parts if part)}"


def batches_view(summaries: Sequence[BatchSummary]) -> RenderableType:
    if not summaries:
        return Text("There are no batches yet: `enrich batch start FILE --for CONSUMER` makes one.")
    table = listing("batch", "for", "state", "cost", whole=("batch",))
    for summary in summaries:
        batch = summary.batch
        table.add_row(
            f"{batch.batch_id}\nmade {batch.created_at:%Y-%m-%d %H:%M} UTC",
            Name(", ".join(batch.consumers)),
            f"{state_in_words(summary)}\n{summary.count('complete'):,} of {summary.total:,} complete",
            f"{in_usd(summary.taken)} USD" + ("" if batch.max_cost is None else f"\nof {in_usd(batch.max_cost)}"),
        )
    return table


def batch_data(summary: BatchSummary, now: datetime) -> dict[str, Any]:
    """Money in USD; to_come_usd, companies_a_second, seconds_left: null where it is unknown."""
    stored, pace = as_plain(summary.batch), pace_of(summary, now)
    budget = stored.pop("max_cost")
    return {
        **stored,
        "companies": dict(summary.companies),
        "budget_usd": None if budget is None else in_usd(budget),
        "cost_usd": in_usd(summary.taken),
        "set_aside_usd": in_usd(summary.set_aside),
        "to_come_usd": None if pace.to_come is None else in_usd(pace.to_come),
        "companies_a_second": None if pace.per_second is None else round(pace.per_second, 4),
        "seconds_left": None if pace.seconds_left is None else round(pace.seconds_left, 1),
        "reasons": [{"reason": reason, "companies": count} for reason, count in summary.reasons],
        "first_end": None if summary.first_end is None else summary.first_end.isoformat(),
        "last_end": None if summary.last_end is None else summary.last_end.isoformat(),
    }


def _money(summary: BatchSummary) -> str:
    budget = summary.batch.max_cost
    of = "" if budget is None else f" of {in_usd(budget)}"
    left = summary.set_aside if budget is None else min(summary.set_aside, max(0, budget - summary.taken))
    aside = f", {in_usd(left)} of the rest set aside for companies under way" if left else ""
    return f"{in_usd(summary.taken)}{of} USD spent{aside}"


def _of_postponed(summary: BatchSummary) -> str:
    """What to do about postponed companies: raise the budget, or wait until tomorrow for a day's cap."""
    resume = f"enrich batch resume {summary.batch.batch_id}"
    if any(is_of_the_budget(reason) for reason, _ in summary.reasons):
        return f"Nothing more was bought for postponed companies: `{resume} --max-cost USD` takes them up."
    return f"Postponed companies cost nothing: `{resume}` takes them up tomorrow (UTC), or once the cap is raised."


def _advice(summary: BatchSummary) -> str:
    """What the person may do next."""
    batch = summary.batch
    if batch.state == "stopped" or (summary.count("stopped") and not summary.count("postponed")):
        return f"`enrich batch resume {batch.batch_id}` goes on."
    if batch.state == "open" and not summary.count("under_way"):
        return f"No company is under way: if no worker is at work, `enrich batch resume {batch.batch_id}` goes on."
    if batch.state == "done" and summary.count("postponed"):
        return _of_postponed(summary)
    if batch.state == "done" and summary.count("failed", "incomplete"):
        return f"`enrich batch retry {batch.batch_id}` tries those that failed or are incomplete once more."
    return ""
