"""Companies and their keys: one company per key, and former keys lead to it for ever."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from enrichment.domain.records import Company
from enrichment.identity.domains import NotACompany, company_key
from enrichment.ports import StoreError
from resources.store import tables as t
from resources.store.column_types import PlainText
from resources.store.company_merge import merge, now, now_of
from resources.store.database import Database
from resources.store.row_mapping import chunks, record_of, row_of

_keys = sa.bindparam("keys", expanding=True, type_=PlainText)
_BY_ID = sa.select(t.companies).where(t.companies.c.company_id == now(sa.bindparam("id", type_=PlainText)))
_BY_KEY = sa.select(t.companies).where(t.companies.c.key.in_(_keys))
_BY_ALIAS = (
    sa.select(t.company_aliases.c.alias, t.companies)
    .join_from(t.company_aliases, t.companies, t.company_aliases.c.company_id == t.companies.c.company_id)
    .where(t.company_aliases.c.alias.in_(_keys))
)


class Companies:
    _db: Database

    def company(self, key: str) -> Company | None:
        """By key, or by a former key of it."""
        with self._db.reading() as tx:
            return _by_keys(tx, [key]).get(key)

    def company_by_id(self, company_id: str) -> Company | None:
        """By its id, or by that of a company that turned out to be it."""
        with self._db.reading() as tx:
            return _one(tx, company_id)

    def companies_named(self, name: str) -> list[Company]:
        """Those that go by this name, legal form and spelling aside; by key."""
        with self._db.reading() as tx:
            rows = tx.execute(
                sa.select(t.companies).where(t.companies.c.name_key == _name_key(name)).order_by(t.companies.c.key)
            )
            return [record_of(Company, row) for row in rows]

    def companies(self) -> list[Company]:
        """All of them, by key."""
        with self._db.reading() as tx:
            rows = tx.execute(sa.select(t.companies).order_by(t.companies.c.key))
            return [record_of(Company, row) for row in rows]

    def add_companies(self, companies: Sequence[Company]) -> list[Company]:
        """Adds those whose key is new; returns all as they stand in the store, in the order given."""
        if not companies:
            return []
        keys = [company.key for company in companies]
        with self._db.writing() as tx:
            self._db.alone(tx)
            taken = _by_keys(tx, keys)
            fresh = [
                {**row_of(company), "name_key": _name_key(company.name)}
                for company in companies
                if company.key not in taken
            ]
            if fresh:
                tx.execute(self._db.insert_new(t.companies, unique=["key"]), fresh)
            standing = _by_keys(tx, keys)
        return [standing[key] for key in keys]

    def rekey(self, company_id: str, *, key: str, name: str | None, domain: str | None) -> Company:
        """Gives a company its new key; the old one stays as an alias.

        If another company has the key, the two are one: it takes over all that is known of this one, and its key.
        A name or domain of None leaves the one that is known.
        """
        with self._db.writing() as tx:
            self._db.alone(tx)
            company_id = now_of(tx, [company_id]).get(company_id, company_id)
            holder = _by_keys(tx, [key]).get(key)
            if holder is not None and holder.company_id != company_id:
                merge(tx, company_id, holder)
                return holder
            company = _one(tx, company_id)
            if company is None:
                raise StoreError(f"There is no company {company_id} to give the key {key}; add it first.")
            changes: dict[str, Any] = {"key": key, "name": name, "domain": domain, "name_key": _name_key(name)}
            if company.key != key:
                tx.execute(sa.delete(t.company_aliases).where(t.company_aliases.c.alias == key))
                tx.execute(sa.insert(t.company_aliases).values(alias=company.key, company_id=company_id))
            known = {column: value for column, value in changes.items() if value is not None}
            tx.execute(sa.update(t.companies).where(t.companies.c.company_id == company_id).values(known))
            renamed = _one(tx, company_id)
        assert renamed is not None  # noqa: S101  it was updated in this transaction
        return renamed


def _name_key(name: str | None) -> str | None:
    try:
        return company_key(name, None)
    except NotACompany:
        return None


def _one(tx: sa.Connection, company_id: str) -> Company | None:
    row = tx.execute(_BY_ID, {"id": company_id}).first()
    return None if row is None else record_of(Company, row)


def _by_keys(tx: sa.Connection, keys: Sequence[str]) -> dict[str, Company]:
    """Key or former key -> company, for those of the keys that lead to one."""
    found: dict[str, Company] = {}
    for some in chunks(keys):
        rows = tx.execute(_BY_KEY, {"keys": some})
        found.update((row.key, record_of(Company, row)) for row in rows)
    for some in chunks([key for key in keys if key not in found]):
        rows = tx.execute(_BY_ALIAS, {"keys": some})
        found.update((row.alias, record_of(Company, row)) for row in rows)
    return found
