"""Aliases of a company and the companies related to it: two tables whose rows move along in a merge.

of(company) -> rows;   give: those that a company has not yet -> ids of these;   take: away from it by such ids

A row has no company_id here. Its id: the alias, or the kind and key of the related company.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from resources.store import tables as t
from resources.store.tables.column_types import PlainText

NameRow = dict[str, Any]
RowKey = list[str]


class _BesideCompanies:
    """One of the two tables. parts: the columns of a row's id beside company_id; the last may be a company's key."""

    def __init__(self, table: sa.Table, *parts: str) -> None:
        self._table, self._parts = table, parts
        of_company = table.c.company_id == sa.bindparam("id", type_=PlainText)
        shown = [column for column in table.columns if column.name not in {"company_id", "changed"}]
        this = [table.c[part] == sa.bindparam(f"this_{part}", type_=PlainText) for part in parts]
        self._of = sa.select(*shown).where(of_company).order_by(*(table.c[part] for part in parts))
        self._delete_all, self._delete = sa.delete(table).where(of_company), sa.delete(table).where(of_company, *this)
        self._new = sa.insert(table)

    def key_of(self, row: Mapping[str, Any]) -> RowKey:
        return [row[part] for part in self._parts]

    def of(self, tx: sa.Connection, company_id: str) -> list[NameRow]:
        """A company's rows, in the order of their ids."""
        return [dict(row._mapping) for row in tx.execute(self._of, {"id": company_id})]

    def give(self, tx: sa.Connection, rows: Iterable[NameRow], company_id: str, *, key: str) -> list[RowKey]:
        """Gives the company the rows it lacks. key: its own, which is neither its alias nor related to it."""
        has = [self.key_of(row) for row in self.of(tx, company_id)]
        new = [row for row in rows if self.key_of(row) not in has and self.key_of(row)[-1] != key]
        if new:
            tx.execute(self._new, [row | {"company_id": company_id} for row in new])
        return [self.key_of(row) for row in new]

    def take(self, tx: sa.Connection, ids: Iterable[Sequence[str]], company_id: str) -> None:
        for id_ in ids:
            this = {f"this_{part}": value for part, value in zip(self._parts, id_, strict=True)}
            tx.execute(self._delete, {"id": company_id} | this)

    def take_all(self, tx: sa.Connection, company_id: str) -> None:
        tx.execute(self._delete_all, {"id": company_id})


ALIASES = _BesideCompanies(t.company_aliases, "alias")
RELATIONS = _BesideCompanies(t.company_relations, "kind", "other")
