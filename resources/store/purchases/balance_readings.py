"""The two sides of a reconciliation: the ledger's totals per provider and unit, and the vendors' balances as read.

ledger_totals(provider) -> provider -> vendor unit -> LedgerTotals;   keep(BalanceReading) -> readings(provider)
"""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

import sqlalchemy as sa

from enrichment.purchasing.reconciliation import BalanceReading, LedgerTotals, OpenPurchase
from resources.store import tables as t
from resources.store.database.database import Database
from resources.store.database.row_mapping import Row, record_of, row_of

_MOST_READINGS = 500  # readings of one provider that are kept: enough to find one without uncertain purchases

LedgerTotalsByUnit = dict[str, dict[str, LedgerTotals]]


class SqlBalanceReadings:
    """Balances that vendors reported, and the ledger's totals to compare them with."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def ledger_totals(self, provider: str | None = None) -> LedgerTotalsByUnit:
        """provider -> vendor unit -> totals of the ledger now, from one snapshot. None: of all providers."""
        p = t.purchases.c
        settled = sa.select(p.provider, p.units, sa.func.count().label("times")).where(p.state == "settled")
        open_ = sa.select(p.purchase_id, p.provider, p.state, p.reserved_units, p.sent_at, p.reserved_at).where(t.OPEN)
        if provider is not None:
            settled, open_ = settled.where(p.provider == provider), open_.where(p.provider == provider)
        with self._db.reading() as tx:
            bought = _settled(tx.execute(settled.group_by(p.provider, p.units)))
            still_open = _still_open(tx.execute(open_.order_by(p.purchase_id)))
        found: LedgerTotalsByUnit = defaultdict(dict)
        for name, unit in sorted(bought.keys() | still_open.keys()):
            found[name][unit] = LedgerTotals(bought[name, unit], *map(tuple, still_open[name, unit]))
        return dict(found)

    def keep(self, reading: BalanceReading) -> None:
        with self._db.writing() as tx:
            tx.execute(sa.insert(t.balances).values({**row_of(reading), "amount": str(reading.amount)}))

    def readings(self, provider: str) -> list[BalanceReading]:
        """Balances of a provider as they were read, the newest first, at most 500."""
        b = t.balances.c
        query = sa.select(t.balances).where(b.provider == provider).order_by(b.balance_id.desc())
        with self._db.reading() as tx:
            rows = tx.execute(query.limit(_MOST_READINGS))
            return [record_of(BalanceReading, row, amount=Decimal(row.amount)) for row in rows]


def _settled(rows: Iterable[Row]) -> defaultdict[tuple[str, str], int]:
    """(provider, unit) -> number of units settled."""
    found: defaultdict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        for unit, count in row.units.items():
            found[row.provider, unit] += count * row.times
    return found


def _still_open(rows: Iterable[Row]) -> defaultdict[tuple[str, str], tuple[list[OpenPurchase], list[OpenPurchase]]]:
    """(provider, unit) -> uncertain purchases, purchases under way."""
    found: defaultdict[tuple[str, str], tuple[list[OpenPurchase], list[OpenPurchase]]] = defaultdict(lambda: ([], []))
    for row in rows:
        for unit, count in row.reserved_units.items():
            purchase = OpenPurchase(row.purchase_id, count, row.sent_at or row.reserved_at)
            found[row.provider, unit][row.state != "uncertain"].append(purchase)
    return found
