"""Questions about many purchases: lines to show, sums per vendor unit, those not yet reported to Dagster."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from enrichment.domain.purchases import Purchase
from resources.store import tables as t
from resources.store.database.database import Database
from resources.store.database.row_mapping import chunks, purchase_of

UnitsByProvider = dict[str, dict[str, int]]
_p = t.purchases.c


@dataclass(frozen=True, slots=True)
class StoreTotals:
    """Row counts, and money in micro-USD. uncertain: the reserve of uncertain purchases."""

    companies: int
    requests: int
    purchases: int
    replies: int
    cost_micro_usd: int
    uncertain_micro_usd: int
    saved_micro_usd: int


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A purchase with its company. asked_by: what made the request, such as 'cli'."""

    purchase: Purchase
    company_key: str | None
    asked_by: str | None


@dataclass(frozen=True, slots=True)
class SpentOn:
    """What was spent on one company: micro-USD of its settled purchases, and when the last of them was closed (UTC)."""

    micro_usd: int = 0
    last_at: datetime | None = None


class SqlLedgerQueries:
    """Reads only; what changes a purchase is in SqlLedger."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def lines(
        self, *, uncertain: bool = False, company_id: str | None = None, since: datetime | None = None, most: int
    ) -> tuple[list[LedgerLine], int]:
        """Lists at most `most` purchases, the newest first, and how many there are in all.

        since: reserved then or later.
        """
        conditions: list[sa.ColumnElement[bool] | sa.TextClause] = []
        if uncertain:
            conditions += [t.OPEN, _p.state == "uncertain"]
        if company_id is not None:
            conditions.append(_p.company_id == company_id)
        if since is not None:
            conditions.append(_p.reserved_at >= since)
        newest = _p.purchase_id.desc()  # ids sort by the time they were made
        chosen = sa.select(t.purchases).where(*conditions).order_by(newest).limit(most).subquery()
        query = (
            sa.select(chosen, t.companies.c.key, t.requests.c.asked_by)
            .join_from(chosen, t.companies, t.companies.c.company_id == chosen.c.company_id, isouter=True)
            .join(t.requests, t.requests.c.request_id == chosen.c.request_id, isouter=True)
            .order_by(chosen.c.purchase_id.desc())
        )
        in_all = sa.select(sa.func.count()).select_from(t.purchases).where(*conditions)
        with self._db.reading() as tx:
            lines = [LedgerLine(purchase_of(row), row.key, row.asked_by) for row in tx.execute(query)]
            return lines, tx.scalar(in_all) or 0

    def spent_on(self, company_ids: Sequence[str]) -> dict[str, SpentOn]:
        """company_id -> what was spent, for every id given."""
        found = dict.fromkeys(company_ids, SpentOn())
        totals = sa.select(_p.company_id, sa.func.sum(_p.cost_micro_usd).label("cost"), sa.func.max(_p.closed_at))
        with self._db.reading() as tx:
            for some in chunks(list(found)):
                settled = totals.where(_p.company_id.in_(some), _p.state == "settled").group_by(_p.company_id)
                for company_id, cost, last_at in tx.execute(settled):
                    found[company_id] = SpentOn(int(cost), last_at)
        return found

    def uncertain(self) -> list[Purchase]:
        """Uncertain purchases, the oldest first."""
        query = sa.select(t.purchases).where(t.OPEN, t.purchases.c.state == "uncertain")
        with self._db.reading() as tx:
            rows = tx.execute(query.order_by(t.purchases.c.reserved_at, t.purchases.c.purchase_id))
            return [purchase_of(row) for row in rows]

    def settled_units(self) -> UnitsByProvider:
        """provider -> vendor unit -> count, of all settled purchases: to compare with an invoice."""
        query = sa.select(_p.provider, _p.units.label("units"), sa.func.count().label("times"))
        with self._db.reading() as tx:
            return _sum(tx.execute(query.where(_p.state == "settled").group_by(_p.provider, _p.units)))

    def uncertain_units(self) -> UnitsByProvider:
        """provider -> vendor unit -> count that the uncertain purchases may have cost, at most."""
        query = sa.select(_p.provider, _p.reserved_units.label("units"), sa.func.count().label("times"))
        with self._db.reading() as tx:
            return _sum(tx.execute(query.where(_p.state == "uncertain").group_by(_p.provider, _p.reserved_units)))

    def totals(self) -> StoreTotals:
        with self._db.reading() as tx:
            return StoreTotals(
                companies=_count(tx, t.companies),
                requests=_count(tx, t.requests),
                purchases=_count(tx, t.purchases),
                replies=_count(tx, t.replies),
                cost_micro_usd=_total(tx, t.purchases.c.cost_micro_usd, t.purchases.c.state == "settled"),
                uncertain_micro_usd=_total(tx, t.purchases.c.reserved_micro_usd, t.purchases.c.state == "uncertain"),
                saved_micro_usd=_total(tx, t.cache_reads.c.saved_micro_usd, sa.true()),
            )


def _sum(rows: Iterable[sa.Row[*tuple[object, ...]]]) -> UnitsByProvider:
    units: UnitsByProvider = defaultdict(lambda: defaultdict(int))
    for row in rows:
        for unit, count in row.units.items():
            units[row.provider][unit] += count * row.times
    return {provider: dict(counts) for provider, counts in units.items()}


def _count(tx: sa.Connection, table: sa.Table) -> int:
    return tx.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def _total(tx: sa.Connection, column: sa.ColumnElement[int], condition: sa.ColumnElement[bool]) -> int:
    return int(tx.scalar(sa.select(sa.func.sum(column)).where(condition)) or 0)
