"""A store with as many companies as are asked for, a third of which memory knows as much of as of one that was bought.

seed -> names; replies and facts of the bought company, copied under ids of their own, each collected at another second
"""

import random
from datetime import timedelta

import sqlalchemy as sa

from enrichment.domain.companies import Company
from resources.clock import utc_now
from resources.store import SqlStore
from resources.store import tables as t

_FIRST = ("north", "bright", "clear", "iron", "silver", "blue", "rapid", "quiet", "global", "prime", "urban", "apex")
_SECOND = ("wind", "stone", "field", "works", "soft", "data", "metal", "grid", "labs", "foods", "motors", "energy")
_AT_ONCE = 10_000
_KNOWN_EACH = 3
RARE = "zyzzyva"
"""Part of the name of one company only."""


def fill(store: SqlStore, count: int, *, bought: str, seed: int) -> None:
    """bought: key of a company of which memory has replies and facts."""
    chance, now = random.Random(seed), utc_now()
    names = [f"{chance.choice(_FIRST)} {chance.choice(_SECOND)} {number}".title() for number in range(count)]
    names[count // 2] = f"{RARE.title()} Works"
    for begin in range(0, count, _AT_ONCE):
        store.companies.add(
            [
                Company(f"com_{number:07}", domain, names[number], domain, now - timedelta(seconds=number))
                for number in range(begin, min(begin + _AT_ONCE, count))
                for domain in [f"{names[number].replace(' ', '-').lower()}.com"]
            ]
        )
    company = store.companies.by_key(bought)
    assert company is not None
    _copy(store, company.company_id)


def _copy(store: SqlStore, company_id: str) -> None:
    """Copies what one company has to every third of the others."""
    number = sa.cast(sa.func.substr(t.companies.c.company_id, 5), sa.Integer)
    to = t.companies.c.company_id.like("com_0%") & (number % _KNOWN_EACH == 0)
    with store.database.writing() as tx:
        store.database.alone(tx)
        for table in (t.replies, t.facts):
            own = {
                "company_id": t.companies.c.company_id,
                "reply_id": table.c.reply_id + "-" + t.companies.c.company_id,
                "purchase_id": table.c.purchase_id + "-" + t.companies.c.company_id,
                "collected_at": sa.type_coerce(table.c.collected_at, sa.BigInteger) - number * 1_000_000,
            }
            names = [one.name for one in table.c if one.name != "fact_id"]
            rows = sa.select(*(own.get(name, table.c[name]).label(name) for name in names))
            rows = rows.select_from(table.join(t.companies, to)).where(table.c.company_id == company_id)
            tx.execute(sa.insert(table).from_select(names, rows, include_defaults=False))
