"""An id that a company has no longer, because it was merged into another one, leads to the company that it is now.

A process may still use the former id: whatever it writes is translated by `now` or `now_of`.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from resources.store import tables as t
from resources.store.database.quick_statements import QuickStatement
from resources.store.database.row_mapping import chunks
from resources.store.tables.column_types import PlainText

_former = t.former_companies.c
_NOW = sa.select(_former.company_id, _former.now).where(_former.company_id.in_(sa.bindparam("ids", expanding=True)))
_NOW_OF_ONE = QuickStatement(sa.select(_former.now).where(_former.company_id == sa.bindparam("id", type_=PlainText)))


def now(given: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """SQL: the id of the company that this id means now."""
    moved = sa.select(_former.now).where(_former.company_id == given).scalar_subquery()
    return sa.func.coalesce(moved, given, type_=PlainText)


def now_of(tx: sa.Connection, company_ids: Sequence[str]) -> dict[str, str]:
    """Former id -> present id, for those of the ids that are former ones."""
    if len(company_ids) == 1:
        one = _NOW_OF_ONE.first(tx, {"id": company_ids[0]})
        return {} if one is None else {company_ids[0]: one.now}
    moved: dict[str, str] = {}
    for some in chunks(company_ids, size=5_000):
        moved.update((former, now_) for former, now_ in tx.execute(_NOW, {"ids": some}))
    return moved
