"""What changed in profiles, for those that read on from where they were.

page(after) -> changes in the order they were written, and a cursor for the next page; no change is missed, and one that
went to another company since, by a merge, comes once more
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from enrichment.domain.profiles import Change
from resources.store import tables as t
from resources.store.database.database import Database
from resources.store.database.row_mapping import record_of
from resources.store.former_ids import now
from resources.store.tables.column_types import PlainText

_c = t.changes.c
_COMPANY = tuple(t.companies.c[name].label(f"company_{name}") for name in ("key", "name"))


@dataclass(frozen=True, slots=True)
class SeenChange:
    """A change, and its company as it is now."""

    change: Change
    company_key: str
    company_name: str | None


@dataclass(frozen=True, slots=True)
class ChangePage:
    """cursor: where the next page begins; unchanged if nothing is new."""

    changes: Sequence[SeenChange]
    cursor: str
    has_more: bool


class BadCursor(ValueError):
    """A cursor that no page gave."""


class SqlProfileChanges:
    """Every method is one short transaction, blocks its thread, and raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def page(
        self, after: str, *, company_id: str | None = None, dataset: str | None = None, limit: int = 100
    ) -> ChangePage:
        """after: a cursor; empty: from the first one. Raises BadCursor."""
        number, change_id = _read(after)
        beyond = sa.or_(_c.changed > number, sa.and_(_c.changed == number, _c.change_id > change_id))
        wanted = [beyond, *_of(company_id, dataset)]
        with self._db.reading() as tx:
            mark = self._db.change_mark(tx)  # a row that commits late has a higher number, or is not passed yet
            query = _joined().where(*wanted, _c.changed < mark).order_by(_c.changed, _c.change_id).limit(limit + 1)
            rows = tx.execute(query).all()
        shown = rows[:limit]
        cursor = f"{shown[-1].changed}.{shown[-1].change_id}" if shown else after
        return ChangePage([_seen(row) for row in shown], cursor, len(rows) > limit)

    def since(self, at: datetime, *, company_id: str | None = None, limit: int = 1_000) -> list[SeenChange]:
        """Changes that were found at this time or later, the latest first."""
        query = _joined().where(_c.at >= at, *_of(company_id, None)).order_by(_c.at.desc(), _c.change_id.desc())
        with self._db.reading() as tx:
            return [_seen(row) for row in tx.execute(query.limit(limit))]


def _joined() -> sa.Select[tuple[object, ...]]:
    return sa.select(t.changes, *_COMPANY).join_from(t.changes, t.companies, t.companies.c.company_id == _c.company_id)


def _of(company_id: str | None, dataset: str | None) -> list[sa.ColumnElement[bool]]:
    wanted = [] if company_id is None else [_c.company_id == now(sa.literal(company_id, PlainText))]
    return wanted if dataset is None else [*wanted, _c.dataset == dataset]


def _read(cursor: str) -> tuple[int, str]:
    if not cursor:
        return 0, ""
    number, dot, change_id = cursor.partition(".")
    if not dot or not number.isdecimal() or len(number) > 18 or not number.isascii():
        raise BadCursor(f"'{cursor[:40]}' is no cursor: leave it out to begin anew, or send the `cursor` of a page.")
    return int(number), change_id


def _seen(row: "sa.Row[tuple[object, ...]]") -> SeenChange:
    return SeenChange(record_of(Change, row), row.company_key, row.company_name)
