"""Micro-USD counted against each cap, reserves included. Changed only inside Database.ledger, one at a time.

take(caps, amount)    counts it against all caps, or against none
shift(names, amount)  corrects a reserve to what was billed, even above the cap
taken(names)          the sum so far
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import sqlalchemy as sa

from enrichment.domain.purchases import Cap
from enrichment.ports import CapReached
from resources.store import tables as t
from resources.store.database.quick_statements import QuickStatement
from resources.store.tables.column_types import PlainText

_c = t.caps.c
_NEW = sa.insert(t.caps)
_TAKEN = sa.select(_c.name, _c.taken_micro_usd).where(_c.name.in_(sa.bindparam("names", expanding=True)))


class CapCount(NamedTuple):
    """refused: the first cap, by name, that it would exceed; then nothing was counted. taken: the sums as they are.

    full: caps that do not allow the same amount once more.
    """

    refused: CapReached | None
    full: Sequence[Cap]
    taken: Mapping[str, int]


def take(tx: sa.Connection, caps: Sequence[Cap], amount: int) -> CapCount:
    """Counts an amount against all caps, or against none if one would be exceeded; 0 exceeds no cap."""
    if amount <= 0:
        return CapCount(None, (), {})
    by_name = {cap.name: cap for cap in caps}
    now = _add(tx, by_name, amount)
    for name in sorted(by_name):
        most = by_name[name].most_micro_usd
        if most is not None and now[name] > most:
            before = _add(tx, by_name, -amount)
            return CapCount(CapReached(name, max(0, most - before[name])), [by_name[name]], before)
    full = [cap for cap in caps if not cap.allows(now[cap.name] + amount)]
    return CapCount(None, full, now)


def shift(tx: sa.Connection, names: Sequence[str], amount: int) -> None:
    """What a vendor has billed is recorded even above the cap."""
    if amount:
        _add(tx, names, amount)


def taken(tx: sa.Connection, names: Sequence[str]) -> dict[str, int]:
    """name -> micro-USD; 0 for a cap without a row."""
    rows = tx.execute(_TAKEN, {"names": list(names)})
    return dict.fromkeys(names, 0) | {row.name: row.taken_micro_usd for row in rows}


def _add(tx: sa.Connection, names: Collection[str], amount: int) -> dict[str, int]:
    """name -> its new sum. A cap without a row gets one."""
    if not names:
        return {}
    named = {f"name_{number}": name for number, name in enumerate(names)}
    now = {row.name: row.taken_micro_usd for row in _more(len(named)).rows(tx, {**named, "amount": amount})}
    if new := sorted(set(names) - now.keys()):
        tx.execute(_NEW, [{"name": name, "taken_micro_usd": amount} for name in new])
    return dict.fromkeys(names, amount) | now


@cache
def _more(count: int) -> QuickStatement:
    """One statement per number of names: an IN list of any length is compiled anew on every call."""
    names = [sa.bindparam(f"name_{number}", type_=PlainText) for number in range(count)]
    sum_ = _c.taken_micro_usd + sa.bindparam("amount", type_=sa.BigInteger)
    return QuickStatement(sa.update(t.caps).where(_c.name.in_(names)).values(taken_micro_usd=sum_).returning(*_c))
