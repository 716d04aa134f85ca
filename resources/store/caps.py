"""What each cap has taken, reserves included; changed only in ledger work, which is alone (Database.ledger).

caps + amount -> room? -> take (never above a limit) -> shift (by what was billed in the end, limit or not)

Rows are written in the order of their names.
"""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from enrichment.ports import CapReached, StoreError
from enrichment.records import Cap
from resources.store import tables as t

_TAKEN = sa.select(t.caps.c.name, t.caps.c.taken_micro_usd).where(
    t.caps.c.name.in_(sa.bindparam("names", expanding=True))
)


def taken(tx: sa.Connection, names: Sequence[str]) -> dict[str, int]:
    """name -> micro-USD; 0 for one never heard of."""
    rows = tx.execute(_TAKEN, {"names": list(names)})
    return dict.fromkeys(names, 0) | {row.name: row.taken_micro_usd for row in rows}


def reached(tx: sa.Connection, caps: Sequence[Cap], amount: int) -> CapReached | None:
    """The first one, by name, that does not leave `amount`. What is free is under every cap."""
    if amount <= 0:
        return None
    so_far = taken(tx, [cap.name for cap in caps])
    for cap in sorted(caps, key=lambda cap: cap.name):
        if so_far[cap.name] + amount > cap.limit_micro_usd:
            return CapReached(cap.name, max(0, cap.limit_micro_usd - so_far[cap.name]))
    return None


def take(tx: sa.Connection, caps: Sequence[Cap], amount: int) -> None:
    """Only after `reached` found none of them; the database looks once more at every limit. Raises StoreError."""
    if amount <= 0 or not caps:
        return
    limits = {cap.name: cap.limit_micro_usd for cap in caps}
    rows = [{**_row(name, amount), "most": limits[name]} for name in sorted(limits)]
    if tx.execute(_TAKE[tx.dialect.name], rows).rowcount != len(rows):
        raise StoreError("A cap was changed by somebody who may not write to the ledger; find out who, then ask again.")


def shift(tx: sa.Connection, names: Sequence[str], amount: int) -> None:
    """By so much more or less: what a vendor did bill is booked even above the cap."""
    if amount and names:
        tx.execute(_SHIFT[tx.dialect.name], [_row(name, amount) for name in sorted(names)])


def _row(name: str, amount: int) -> dict[str, Any]:
    return {"name": name, "taken_micro_usd": amount}


def _booking(insert: Callable[[sa.Table], Any], *, limited: bool) -> Any:
    new = insert(t.caps)
    sum_ = t.caps.c.taken_micro_usd + new.excluded.taken_micro_usd
    within = sum_ <= sa.bindparam("most", type_=sa.BigInteger) if limited else None
    return new.on_conflict_do_update(index_elements=["name"], set_={"taken_micro_usd": sum_}, where=within)


_INSERTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_TAKE = {name: _booking(insert, limited=True) for name, insert in _INSERTS.items()}
_SHIFT = {name: _booking(insert, limited=False) for name, insert in _INSERTS.items()}
