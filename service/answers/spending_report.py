"""What was spent and what memory saved over some days: by day, source, consumer and key, and who paid for what.

days -> SpendReportView        each of its tables is a CSV too
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, get_args

from pydantic import Field

from enrichment.domain.json_values import Json
from resources.store.queries.reports import ReuseLine, SpendingLine
from service.answers import spending
from service.answers.spending import CapView
from service.http.access import NO_KEY, Caller
from service.http.bodies import asked_by
from service.installation.state import ServiceState
from service.views.money import Usd, usd
from service.views.view import View
from service.work.batch_work import ASKED_BY

SpendTable = Literal["budgets", "by_day", "by_source", "by_consumer", "by_key", "paid_for"]
TABLES: tuple[SpendTable, ...] = get_args(SpendTable)
_WITH_KEY = frozenset({ASKED_BY, "mcp"})


class SpendLineView(View):
    """hit_rate: the share of what was needed that memory served; null: nothing was needed."""

    name: str
    spent_usd: Usd
    saved_usd: Usd
    purchases: int = Field(description="In any state, failed ones included")
    cache_reads: int
    hit_rate: float | None


class PaidForView(View):
    """What one consumer had paid for, and another one read without paying."""

    paid_by: str
    used_by: str
    cache_reads: int
    saved_usd: Usd


class SpendReportView(View):
    """by_day: every day, the oldest first; the others: what cost or saved most first. Days are UTC.

    by_key: what asked, as `key:` and its name, as its budget is called; with all that its batches, sessions and agents
    bought. loopback: without a key; cli, dagster. Your own; all of them for a key that may admin.
    """

    days: int
    budgets: list[CapView] = Field(description="Of today")
    total: SpendLineView
    by_day: list[SpendLineView]
    by_source: list[SpendLineView]
    by_consumer: list[SpendLineView]
    by_key: list[SpendLineView]
    paid_for: list[PaidForView]


@dataclass(slots=True)
class _Sum:
    spent: int = 0
    saved: int = 0
    purchases: int = 0
    reads: int = 0

    def view(self, name: str) -> SpendLineView:
        needed = self.purchases + self.reads
        return SpendLineView(
            name=name,
            spent_usd=usd(self.spent),
            saved_usd=usd(self.saved),
            purchases=self.purchases,
            cache_reads=self.reads,
            hit_rate=round(self.reads / needed, 4) if needed else None,
        )


def report(state: ServiceState, caller: Caller, *, days: int) -> SpendReportView:
    """The report over so many days, today the last of them. Blocks."""
    today = state.now().replace(hour=0, minute=0, second=0, microsecond=0)
    since = today - timedelta(days=days - 1)
    spent, reused = state.store.reports.spending(since), state.store.reports.reuse(since)
    by_day = {(since + timedelta(days=number)).date().isoformat(): _Sum() for number in range(days)}
    caps = spending.spend(state, caller)
    return SpendReportView(
        days=days,
        budgets=[*caps.caps, *caps.keys],
        total=_summed(spent, reused, lambda _: "in all").get("in all", _Sum()).view("in all"),
        by_day=[one.view(day) for day, one in (by_day | _summed(spent, reused, lambda one: str(one.day))).items()],
        by_source=_largest_first(_summed(spent, reused, lambda one: one.source)),
        by_consumer=_largest_first(_summed(spent, reused, lambda one: one.consumer)),
        by_key=_largest_first(_of_caller(_summed(spent, reused, lambda one: _asker(one.asked_by)), caller)),
        paid_for=_paid_for(reused),
    )


def rows_of_table(view: SpendReportView, table: SpendTable) -> list[dict[str, Json]]:
    """The rows of one table, for a CSV."""
    lines: Sequence[View] = getattr(view, table)
    return [line.model_dump(mode="json") for line in lines]


def _summed(
    spent: Iterable[SpendingLine], reused: Iterable[ReuseLine], named: Callable[[SpendingLine | ReuseLine], str]
) -> dict[str, _Sum]:
    sums = defaultdict[str, _Sum](_Sum)
    for line in spent:
        one = sums[named(line)]
        one.spent, one.purchases = one.spent + line.cost, one.purchases + line.purchases
    for read in reused:
        one = sums[named(read)]
        one.saved, one.reads = one.saved + read.saved, one.reads + read.reads
    return dict(sums)


def _largest_first(sums: dict[str, _Sum]) -> list[SpendLineView]:
    return [one.view(name) for name, one in sorted(sums.items(), key=lambda item: (-item[1].spent, -item[1].saved))]


def _asker(asked_by: str) -> str:
    """'service:crm', 'mcp:crm, approved by Ann' -> 'key:crm'; 'dagster:run' -> 'dagster'."""
    kind, _, name = asked_by.partition(":")
    if kind not in _WITH_KEY:
        return kind
    name = name.partition(", approved by ")[0]
    return name if name == NO_KEY else f"key:{name}"


def _of_caller(sums: dict[str, _Sum], caller: Caller) -> dict[str, _Sum]:
    own = _asker(asked_by(caller))
    return sums if caller.allows("admin") else {name: one for name, one in sums.items() if name == own}


def _paid_for(reused: Iterable[ReuseLine]) -> list[PaidForView]:
    sums = defaultdict[tuple[str, str], _Sum](_Sum)
    for read in reused:
        one = sums[read.paid_by, read.consumer]
        one.saved, one.reads = one.saved + read.saved, one.reads + read.reads
    return [
        PaidForView(paid_by=paid_by, used_by=used_by, cache_reads=one.reads, saved_usd=usd(one.saved))
        for (paid_by, used_by), one in sorted(sums.items(), key=lambda item: -item[1].saved)
    ]
