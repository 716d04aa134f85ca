"""What each cap has taken, reserves included; changed only in ledger work, which is alone (Database.ledger).

take(caps, amount)    from all of them, or from none: CapReached
shift(names, amount)  by what was billed in the end, limit or not
taken(names)          so far
"""

from collections.abc import Collection, Sequence
from functools import cache

import sqlalchemy as sa

from enrichment.domain.records import Cap
from enrichment.ports import CapReached
from resources.store import tables as t
from resources.store.column_types import PlainText

_c = t.caps.c
_NEW = sa.insert(t.caps)
_TAKEN = sa.select(_c.name, _c.taken_micro_usd).where(_c.name.in_(sa.bindparam("names", expanding=True)))


def take(tx: sa.Connection, caps: Sequence[Cap], amount: int) -> CapReached | None:
    """The first one, by name, that does not leave `amount`; then none has taken it. What is free is under every cap."""
    if amount <= 0:
        return None
    by_name = {cap.name: cap for cap in caps}
    now = _add(tx, by_name, amount)
    for name in sorted(by_name):
        limit = by_name[name].limit_micro_usd
        if limit is not None and now[name] > limit:
            _add(tx, by_name, -amount)
            return CapReached(name, max(0, limit - (now[name] - amount)))
    return None


def shift(tx: sa.Connection, names: Sequence[str], amount: int) -> None:
    """What a vendor did bill is booked even above the cap."""
    if amount:
        _add(tx, names, amount)


def taken(tx: sa.Connection, names: Sequence[str]) -> dict[str, int]:
    """name -> micro-USD; 0 for one never heard of."""
    rows = tx.execute(_TAKEN, {"names": list(names)})
    return dict.fromkeys(names, 0) | {row.name: row.taken_micro_usd for row in rows}


def _add(tx: sa.Connection, names: Collection[str], amount: int) -> dict[str, int]:
    """name -> what it has taken now."""
    if not names:
        return {}
    named = {f"name_{number}": name for number, name in enumerate(names)}
    now = {row.name: row.taken_micro_usd for row in tx.execute(_more(len(named)), {**named, "amount": amount})}
    if new := sorted(set(names) - now.keys()):
        tx.execute(_NEW, [{"name": name, "taken_micro_usd": amount} for name in new])
    return dict.fromkeys(names, amount) | now


@cache
def _more(count: int) -> sa.UpdateBase:
    """Made once: a list of any length would be compiled into the statement each time."""
    names = [sa.bindparam(f"name_{number}", type_=PlainText) for number in range(count)]
    sum_ = _c.taken_micro_usd + sa.bindparam("amount", type_=sa.BigInteger)
    return sa.update(t.caps).where(_c.name.in_(names)).values(taken_micro_usd=sum_).returning(*_c)
