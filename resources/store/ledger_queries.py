"""What the purchases add up to, line by line and in sum, and what of them Dagster has not heard of yet."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from enrichment.domain.records import Purchase
from resources.store import settlement
from resources.store import tables as t
from resources.store.database import Database
from resources.store.row_mapping import chunks, purchase_of

Units = dict[str, dict[str, int]]
_p = t.purchases.c


@dataclass(frozen=True, slots=True)
class Totals:
    """Money in micro-USD. uncertain: what is reserved for purchases of which we cannot know."""

    companies: int
    requests: int
    purchases: int
    replies: int
    cost_micro_usd: int
    uncertain_micro_usd: int
    saved_micro_usd: int


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A purchase and whom it was for. asked_by: through which door its request came."""

    purchase: Purchase
    company_key: str | None
    asked_by: str | None


class Accounts:
    _db: Database

    def ledger_lines(
        self, *, uncertain: bool = False, company_id: str | None = None, since: datetime | None = None, most: int
    ) -> tuple[list[LedgerLine], int]:
        """Purchases, the newest first, at most so many; and how many there are. since: reserved then or later."""
        conditions: list[sa.ColumnElement[bool] | sa.TextClause] = []
        if uncertain:
            conditions += [t.OPEN, _p.state == "uncertain"]
        if company_id is not None:
            conditions.append(_p.company_id == company_id)
        if since is not None:
            conditions.append(_p.reserved_at >= since)
        newest = _p.purchase_id.desc()  # an id tells when it was made
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

    def purchase(self, purchase_id: str) -> Purchase | None:
        with self._db.reading() as tx:
            row = tx.execute(sa.select(t.purchases).where(t.purchases.c.purchase_id == purchase_id)).first()
        return None if row is None else purchase_of(row)

    def mark_reported(self, purchase_ids: Sequence[str], at: datetime) -> None:
        """Those reported before keep their time."""
        with self._db.writing() as tx:
            for some in chunks(sorted(purchase_ids)):
                new = sa.and_(_p.purchase_id.in_(some), _p.reported_at.is_(None))
                tx.execute(sa.update(t.purchases).where(new).values(reported_at=at))

    def uncertain_purchases(self) -> list[Purchase]:
        """The oldest first."""
        query = sa.select(t.purchases).where(t.OPEN, t.purchases.c.state == "uncertain")
        with self._db.reading() as tx:
            rows = tx.execute(query.order_by(t.purchases.c.reserved_at, t.purchases.c.purchase_id))
            return [purchase_of(row) for row in rows]

    def end_abandoned(self, at: datetime) -> int:
        """Ends purchases whose lease is over: released if they were never sent, else uncertain. How many."""
        abandoned = sa.select(t.purchases).where(t.OPEN, t.UNDER_WAY, _p.lease_until <= at)

        def end_all(tx: sa.Connection) -> int:
            rows = tx.execute(abandoned.order_by(_p.purchase_id)).all()
            for row in rows:
                settlement.end_expired(tx, purchase_of(row), at=at)
            return len(rows)

        with self._db.reading() as tx:
            if tx.execute(abandoned.limit(1)).first() is None:
                return 0
        return self._db.ledger(end_all)

    def ledger_units(self) -> Units:
        """provider -> vendor unit -> count, of all settled purchases: what an invoice is compared with."""
        query = sa.select(_p.provider, _p.units.label("units"), sa.func.count().label("times"))
        with self._db.reading() as tx:
            return _sum(tx.execute(query.where(_p.state == "settled").group_by(_p.provider, _p.units)))

    def uncertain_units(self) -> Units:
        """provider -> vendor unit -> count the uncertain purchases may yet turn out to have cost."""
        query = sa.select(_p.provider, _p.reserved_units.label("units"), sa.func.count().label("times"))
        with self._db.reading() as tx:
            return _sum(tx.execute(query.where(_p.state == "uncertain").group_by(_p.provider, _p.reserved_units)))

    def totals(self) -> Totals:
        with self._db.reading() as tx:
            return Totals(
                companies=_count(tx, t.companies),
                requests=_count(tx, t.requests),
                purchases=_count(tx, t.purchases),
                replies=_count(tx, t.replies),
                cost_micro_usd=_total(tx, t.purchases.c.cost_micro_usd, t.purchases.c.state == "settled"),
                uncertain_micro_usd=_total(tx, t.purchases.c.reserved_micro_usd, t.purchases.c.state == "uncertain"),
                saved_micro_usd=_total(tx, t.cache_reads.c.saved_micro_usd, sa.true()),
            )


def _sum(rows: Iterable[sa.Row[*tuple[object, ...]]]) -> Units:
    units: Units = defaultdict(lambda: defaultdict(int))
    for row in rows:
        for unit, count in row.units.items():
            units[row.provider][unit] += count * row.times
    return {provider: dict(counts) for provider, counts in units.items()}


def _count(tx: sa.Connection, table: sa.Table) -> int:
    return tx.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def _total(tx: sa.Connection, column: sa.ColumnElement[int], condition: sa.ColumnElement[bool]) -> int:
    return int(tx.scalar(sa.select(sa.func.sum(column)).where(condition)) or 0)
