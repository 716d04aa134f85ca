"""Sums over many rows, made by the database: what was spent and saved by day, how sources have answered.

spending(since) -> SpendingLine, ...   reuse(since) -> ReuseLine, ...   performance() -> source -> Performance
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from resources.store import tables as t
from resources.store.database.database import Database
from resources.store.tables.column_types import PlainText

_DAY = 86_400_000_000
"""Microseconds, as times are stored."""
_p, _q, _r = t.purchases.c, t.requests.c, t.cache_reads.c
_OF_BATCH = sa.and_(
    _q.asked_by.startswith("batch:"), t.batches.c.batch_id == sa.type_coerce(sa.func.substr(_q.asked_by, 7), PlainText)
)
_ASKED_BY = sa.func.coalesce(t.batches.c.requested_by, _q.asked_by)
_MOST_LATENCIES = 20_000


@dataclass(frozen=True, slots=True)
class SpendingLine:
    """What one asker spent for one consumer at one source in a UTC day. purchases: in any state; micro-USD.

    asked_by: of a batch, what asked for the batch.
    """

    day: date
    source: str
    consumer: str
    asked_by: str
    purchases: int
    cost: int


@dataclass(frozen=True, slots=True)
class ReuseLine:
    """What memory served in a UTC day: what one consumer had paid for, and another one, or itself, read. micro-USD."""

    day: date
    source: str
    paid_by: str
    consumer: str
    asked_by: str
    reads: int
    saved: int


@dataclass(frozen=True, slots=True)
class DatasetFill:
    """How many of the calls that knew the company had the dataset; mean quality of their values."""

    filled: int
    quality: float


@dataclass(frozen=True, slots=True)
class Performance:
    """How a source has answered. asked: with any outcome. seconds_p50, seconds_p95: of its newest calls; None: none."""

    asked: int
    found: int
    nothing: int
    cost: int
    seconds_p50: float | None
    seconds_p95: float | None
    datasets: dict[str, DatasetFill]

    @property
    def failed(self) -> int:
        return self.asked - self.found - self.nothing

    @property
    def match_rate(self) -> float | None:
        """Share of the usable answers that knew the company."""
        answered = self.found + self.nothing
        return self.found / answered if answered else None

    def fill_rate(self, dataset: str) -> float | None:
        """Share of the answers that knew the company that had the dataset."""
        one = self.datasets.get(dataset)
        return (one.filled if one else 0) / self.found if self.found else None


class SqlReports:
    """Sums for reports; nothing is written."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def spending(self, since: datetime) -> list[SpendingLine]:
        """What was spent on purchases that were reserved at this time or later."""
        day = _day(_p.reserved_at)
        query = (
            sa.select(day, _p.source, _p.consumer, _ASKED_BY, sa.func.count(), sa.func.sum(_p.cost_micro_usd))
            .join_from(t.purchases, t.requests, _q.request_id == _p.request_id, isouter=True)
            .outerjoin(t.batches, _OF_BATCH)
            .where(_p.reserved_at >= since)
            .group_by(day, _p.source, _p.consumer, _ASKED_BY)
        )
        with self._db.reading() as tx:
            return [
                SpendingLine(_date(at), source, consumer, by or "not known", count, int(cost))
                for at, source, consumer, by, count, cost in tx.execute(query)
            ]

    def reuse(self, since: datetime) -> list[ReuseLine]:
        """What memory served at this time or later."""
        day = _day(_r.at)
        query = (
            sa.select(
                day,
                _r.source,
                _p.consumer,
                _q.consumer,
                _ASKED_BY,
                sa.func.count(),
                sa.func.sum(_r.saved_micro_usd),
            )
            .join_from(t.cache_reads, t.purchases, _p.purchase_id == _r.purchase_id)
            .join(t.requests, _q.request_id == _r.request_id)
            .outerjoin(t.batches, _OF_BATCH)
            .where(_r.at >= since)
            .group_by(day, _r.source, _p.consumer, _q.consumer, _ASKED_BY)
        )
        with self._db.reading() as tx:
            return [
                ReuseLine(_date(row[0]), row[1], row[2], row[3], row[4], row[5], int(row[6]))
                for row in tx.execute(query)
            ]

    def performance(self) -> dict[str, Performance]:
        """Performance of every source and analysis asked, counted as the warehouse's sources.performance."""
        f = t.facts.c
        asked = sa.or_(_p.sent_at.is_not(None), _p.outcome.is_not(None))  # a free first call has no time of sending
        outcomes = (
            sa.select(_p.source, _p.outcome, sa.func.count(), sa.func.sum(_p.cost_micro_usd))
            .where(asked)
            .group_by(_p.source, _p.outcome)
        )
        filled = sa.select(
            f.source, f.dataset, sa.func.count(sa.distinct(f.purchase_id)), sa.func.avg(f.quality)
        ).group_by(f.source, f.dataset)
        latencies = (
            sa.select(_p.source, _p.latency_seconds)
            .where(_p.latency_seconds.is_not(None))
            .order_by(_p.purchase_id.desc())
            .limit(_MOST_LATENCIES)
        )
        counts: dict[str, dict[str | None, tuple[int, int]]] = defaultdict(dict)
        fills: dict[str, dict[str, DatasetFill]] = defaultdict(dict)
        seconds: dict[str, list[float]] = defaultdict(list)
        with self._db.reading() as tx:
            for source, outcome, count, cost in tx.execute(outcomes):
                counts[source][outcome] = (count, int(cost))
            for source, dataset, count, quality in tx.execute(filled):
                fills[source][dataset] = DatasetFill(count, float(quality))
            for source, latency in tx.execute(latencies):
                seconds[source].append(latency)
        return {
            source: Performance(
                asked=sum(count for count, _ in its.values()),
                found=sum(its.get(outcome, (0, 0))[0] for outcome in ("found", "answered")),
                nothing=its.get("nothing", (0, 0))[0],
                cost=sum(cost for _, cost in its.values()),
                seconds_p50=quantile(seconds[source], 0.5),
                seconds_p95=quantile(seconds[source], 0.95),
                datasets=fills[source],
            )
            for source, its in counts.items()
        }


def quantile(values: list[float], share: float) -> float | None:
    """The quantile between the two nearest values, as quantile_cont of DuckDB; None: there are none."""
    if not values:
        return None
    ordered, at = sorted(values), share * (len(values) - 1)
    below = int(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (at - below) * (ordered[above] - ordered[below])


def _day(column: sa.ColumnElement[datetime]) -> sa.ColumnElement[int]:
    """Days since 1970, of a time as it is stored."""
    return sa.type_coerce(column, sa.BigInteger) // sa.literal_column(str(_DAY))


def _date(day: int) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=int(day))).date()
