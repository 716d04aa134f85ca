"""Companies and their keys: one company per key; a former key always leads to its company.

key or company_id -> Company;   rekey: new key, old one kept as alias, or a merge where the key is taken
add_alias: what else leads to it;   by_alias: all companies an alias leads to;   by_key: the only one, else none
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from enrichment.domain.companies import Alias, Cause, Company, CompanyRelation
from enrichment.identity.other_names import key_of, named_beside
from enrichment.ports import StoreError
from resources.store import tables as t
from resources.store.companies.moves import merge
from resources.store.database.database import Database
from resources.store.database.row_mapping import chunks, record_of, row_of
from resources.store.former_ids import now, now_of
from resources.store.tables.column_types import PlainText

_c, _f = t.companies.c, t.facts.c
_keys = sa.bindparam("keys", expanding=True, type_=PlainText)
_BY_ID = sa.select(t.companies).where(t.companies.c.company_id == now(sa.bindparam("id", type_=PlainText)))
_BY_KEY = sa.select(t.companies).where(t.companies.c.key.in_(_keys))
_key = sa.bindparam("key", type_=PlainText)
_LED = sa.select(t.company_aliases.c.company_id).where(t.company_aliases.c.alias == _key)
_OF_KEY = sa.select(t.companies).where(_c.key == _key)
_OF_KEY_OR_ALIAS = sa.select(t.companies).where(sa.or_(_c.key == _key, _c.company_id.in_(_LED)))
_BY_ALIAS = (
    sa.select(t.company_aliases.c.alias, t.companies)
    .join_from(t.company_aliases, t.companies, t.company_aliases.c.company_id == t.companies.c.company_id)
    .where(t.company_aliases.c.alias.in_(_keys))
)


@dataclass(frozen=True, slots=True)
class TablePage:
    """Which page of the table of companies. after: the key of the last company of the page before; empty: the first.

    text: as of SqlCompanies.page. known, unknown: datasets of which there must be a value, or none, of any age.
    """

    sort: Literal["key", "name", "added"] = "key"
    descending: bool = False
    after: str = ""
    text: str | None = None
    known: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


class SqlCompanies:
    """See enrichment.ports.Companies."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._of_key, self._of_key_or_alias = database.quick(_OF_KEY), database.quick(_OF_KEY_OR_ALIAS)

    def by_key(self, key: str) -> Company | None:
        """The company with this key, else by an alias that leads to no other company."""
        rows = self._of_key.rows({"key": key}) or self._of_key_or_alias.rows({"key": key})
        found = [row for row in rows if row.key == key] or rows
        return record_of(Company, found[0]) if len(found) == 1 else None

    def by_id(self, company_id: str) -> Company | None:
        """The company with this id, or with the id of a company that was merged into it."""
        with self._db.reading() as tx:
            return company_of(tx, company_id)

    def by_alias(self, alias: str) -> list[Company]:
        """All companies that this alias leads to, by key; an alias may be one of several companies."""
        with self._db.reading() as tx:
            rows = tx.execute(_BY_ALIAS.order_by(t.companies.c.key), {"keys": [alias]})
            return [record_of(Company, row) for row in rows]

    def aliases(self, company_id: str) -> list[Alias]:
        """Aliases of this company, in the order of their text."""
        of_it = t.company_aliases.c.company_id == now(sa.bindparam("id", company_id, type_=PlainText))
        query = sa.select(t.company_aliases).where(of_it).order_by(t.company_aliases.c.alias)
        with self._db.reading() as tx:
            return [record_of(Alias, row) for row in tx.execute(query)]

    def add_aliases(self, aliases: Sequence[Alias]) -> None:
        """Adds those that are new; of one that its company has, the first source and date stay.

        The present key of a company is none of its aliases. Raises StoreError for an unknown company_id.
        """
        if not aliases:
            return
        with self._db.writing() as tx:
            self._db.alone(tx)
            rows = [row for row, key in _present_rows(tx, aliases) if row["alias"] != key]
            if rows:
                tx.execute(self._db.insert_new(t.company_aliases, unique=["alias", "company_id"]), rows)

    def set_country(self, company_id: str, country: str) -> None:
        """Sets the country (ISO 3166, two letters), unless one is known already."""
        unknown = sa.and_(_c.company_id == now(sa.bindparam("id", company_id, type_=PlainText)), _c.country.is_(None))
        self._db.write(lambda tx: tx.execute(sa.update(t.companies).where(unknown).values(country=country)))

    def relations(self, company_id: str) -> list[CompanyRelation]:
        """The company's parents, then its subsidiaries, as sources name them."""
        of_it = t.company_relations.c.company_id == now(sa.bindparam("id", company_id, type_=PlainText))
        query = sa.select(t.company_relations).where(of_it)
        with self._db.reading() as tx:
            rows = tx.execute(query.order_by(t.company_relations.c.kind, t.company_relations.c.other))
            return [record_of(CompanyRelation, row) for row in rows]

    def add_relations(self, relations: Sequence[CompanyRelation]) -> None:
        """Adds those that are new; of a known one, the first source and date stay. Raises StoreError."""
        if not relations:
            return
        with self._db.writing() as tx:
            self._db.alone(tx)
            rows = [row for row, key in _present_rows(tx, relations) if row["other"] != key]
            if rows:
                new = self._db.insert_new(t.company_relations, unique=["company_id", "kind", "other"])
                tx.execute(new, rows)

    def named(self, name: str) -> list[Company]:
        """Companies with this name, by key; legal form and spelling do not count."""
        with self._db.reading() as tx:
            rows = tx.execute(
                sa.select(t.companies).where(t.companies.c.name_key == name_key(name)).order_by(t.companies.c.key)
            )
            return [record_of(Company, row) for row in rows]

    def named_longer(self, name: str, *, most: int) -> list[Company]:
        """Companies whose name begins with all words of this one and goes on, by key: 'Ford' of Ford Motor."""
        key = name_key(name)
        if key is None:
            return []
        begins = sa.and_(_c.name_key > f"{key}-", _c.name_key < f"{key}.")  # '.' is what follows '-'
        with self._db.reading() as tx:
            rows = tx.execute(sa.select(t.companies).where(begins).order_by(_c.key).limit(most))
            return [record_of(Company, row) for row in rows]

    def beginning(self, letters: str, *, most: int) -> list[Company]:
        """Companies whose name begins with these letters, or whose website is called so, by key."""
        key = name_key(letters)
        if key is None:
            return []
        named = sa.and_(_c.name_key >= key, _c.name_key < f"{key}~")
        label = key.removeprefix("name:")
        on_website = sa.and_(_c.key > f"{label}.", _c.key < f"{label}/")  # '/' is what follows '.'
        with self._db.reading() as tx:
            rows = tx.execute(sa.select(t.companies).where(named | on_website).order_by(_c.key).limit(most))
            return [record_of(Company, row) for row in rows]

    def page(self, text: str | None, *, after: str = "", most: int) -> list[Company]:
        """Companies with a key above `after`, by key; text: a part of the key or the name, as a key spells it."""
        query = sa.select(t.companies).where(_c.key > after).order_by(_c.key).limit(most)
        if text is not None:
            query = query.where(_has_text(text))
        with self._db.reading() as tx:
            return [record_of(Company, row) for row in tx.execute(query)]

    def table_page(self, wanted: TablePage, *, most: int) -> list[Company]:
        """A page of the table in the order that is wanted: companies that come after `wanted.after`."""
        by = {"key": _c.key, "name": t.SORTED_NAME, "added": _c.created_at}[wanted.sort]
        position = sa.tuple_(by, _c.key)
        query = sa.select(t.companies).limit(most)
        query = query.order_by(by.desc(), _c.key.desc()) if wanted.descending else query.order_by(by, _c.key)
        query = query.where(*_filters(wanted))
        with self._db.reading() as tx:
            if wanted.after:
                last = tx.execute(sa.select(by, _c.key).where(_c.key == wanted.after)).first()
                value = sa.literal(last[0] if last else wanted.after, by.type)
                here = sa.tuple_(value, sa.literal(wanted.after, _c.key.type))
                # `by` alone as well: SQLite seeks no row of an expression.
                query = query.where(
                    *((by <= value, position < here) if wanted.descending else (by >= value, position > here))
                )
            return [record_of(Company, row) for row in tx.execute(query)]

    def count(self, text: str | None = None) -> int:
        """The number of companies on all pages of `page`."""
        query = sa.select(sa.func.count()).select_from(t.companies)
        with self._db.reading() as tx:
            return tx.scalar(query.where(_has_text(text)) if text else query) or 0

    def table_count(self, wanted: TablePage) -> int:
        """The number of companies on all pages of the table."""
        query = sa.select(sa.func.count()).select_from(t.companies).where(*_filters(wanted))
        with self._db.reading() as tx:
            return tx.scalar(query) or 0

    def vendor_ids(self) -> dict[str, list[str]]:
        """Id at a vendor -> ids of the companies that have it."""
        return self._led_by(t.company_aliases.c.kind == "id")

    def other_keys(self) -> dict[str, list[str]]:
        """Former key, other name or domain -> ids of the companies that it leads to."""
        return self._led_by(t.company_aliases.c.kind != "id")

    def _led_by(self, kinds: sa.ColumnElement[bool]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        a = t.company_aliases.c
        with self._db.reading() as tx:
            query = sa.select(a.alias, a.company_id).where(kinds).order_by(a.alias, a.company_id)
            for alias, company_id in tx.execute(query):
                found.setdefault(alias, []).append(company_id)
        return found

    def all(self) -> list[Company]:
        """All companies, in the order of their keys."""
        with self._db.reading() as tx:
            rows = tx.execute(sa.select(t.companies).order_by(t.companies.c.key))
            return [record_of(Company, row) for row in rows]

    def add(self, companies: Sequence[Company]) -> list[Company]:
        """Adds those with a new key, and the names beside their own: Acme (formerly Beta).

        Returns the stored companies, in the order given.
        """
        if not companies:
            return []
        keys = [company.key for company in companies]
        with self._db.writing() as tx:
            self._db.alone(tx)
            taken = _by_keys(tx, keys)
            fresh = [
                {**row_of(company), "name_key": name_key(company.name)}
                for company in companies
                if company.key not in taken
            ]
            if fresh:
                tx.execute(self._db.insert_new(t.companies, unique=["key"]), fresh)
            stored = _by_keys(tx, keys)
            beside = [
                row_of(Alias(key, stored[company.key].company_id, kind, name, "its name", company.created_at))
                for company in companies
                if company.key not in taken and company.name
                for kind, name, key in named_beside(company.name)
                if key != company.key
            ]
            if beside:
                tx.execute(self._db.insert_new(t.company_aliases, unique=["alias", "company_id"]), beside)
        return [stored[key] for key in keys]

    def rekey(
        self, company_id: str, *, key: str, name: str | None, domain: str | None, cause: Cause | None = None
    ) -> Company:
        """Gives a company its new key; the old one stays as an alias.

        If another company already has the key, this one is merged into it and it is returned: an event like any other
        merge. A name or domain of None leaves the stored one. Raises StoreError for an unknown company_id.
        """
        because = cause or Cause(None, None, f"{key} is the key of both")
        with self._db.writing() as tx:
            self._db.moving_companies(tx)
            company_id = now_of(tx, [company_id]).get(company_id, company_id)
            holder = _by_keys(tx, [key]).get(key)
            if holder is not None and holder.company_id != company_id:
                merge(tx, company_id, holder, because)
                return holder
            company = company_of(tx, company_id)
            if company is None:
                raise StoreError(f"There is no company {company_id} to give the key {key}; add it first.")
            changes: dict[str, Any] = {"key": key, "name": name, "domain": domain, "name_key": name_key(name)}
            if company.key != key:
                own = t.company_aliases.c.company_id == company_id
                tx.execute(sa.delete(t.company_aliases).where(own, t.company_aliases.c.alias == key))
                tx.execute(
                    self._db.insert_new(t.company_aliases, unique=["alias", "company_id"]),
                    [row_of(Alias(company.key, company_id, "former_key", None, because.by, because.at))],
                )
            known = {column: value for column, value in changes.items() if value is not None}
            tx.execute(sa.update(t.companies).where(t.companies.c.company_id == company_id).values(known))
            renamed = company_of(tx, company_id)
        assert renamed is not None  # noqa: S101  it was updated in this transaction
        return renamed


def name_key(name: str | None) -> str | None:
    """The key that its name alone would give; None without a name that can be a company's."""
    return key_of(name)


def company_of(tx: sa.Connection, company_id: str) -> Company | None:
    """The company with this id, or with the id of a company that was merged into it."""
    row = tx.execute(_BY_ID, {"id": company_id}).first()
    return None if row is None else record_of(Company, row)


def _present_rows(
    tx: sa.Connection, records: Sequence[Alias] | Sequence[CompanyRelation]
) -> list[tuple[dict[str, Any], str]]:
    """Rows with the company's id as it is now, and its key. Raises StoreError for an unknown company."""
    moved = now_of(tx, [record.company_id for record in records])
    rows = [row_of(record) | {"company_id": moved.get(record.company_id, record.company_id)} for record in records]
    keys: dict[str, str] = {}
    for some in chunks(list({row["company_id"] for row in rows})):
        found = tx.execute(sa.select(_c.company_id, _c.key).where(_c.company_id.in_(some)))
        keys.update((row.company_id, row.key) for row in found)
    missing = [row["company_id"] for row in rows if row["company_id"] not in keys]
    if missing:
        raise StoreError(f"There is no company {missing[0]} to add this to; add it first.")
    return [(row, keys[row["company_id"]]) for row in rows]


def _by_keys(tx: sa.Connection, keys: Sequence[str]) -> dict[str, Company]:
    """Key, or an alias of one company only -> company, for those keys that belong to one."""
    found: dict[str, Company] = {}
    for some in chunks(keys):
        rows = tx.execute(_BY_KEY, {"keys": some})
        found.update((row.key, record_of(Company, row)) for row in rows)
    for some in chunks([key for key in keys if key not in found]):
        led = [(row.alias, record_of(Company, row)) for row in tx.execute(_BY_ALIAS, {"keys": some})]
        times = Counter(alias for alias, _ in led)
        found.update((alias, company) for alias, company in led if times[alias] == 1)
    return found


def _filters(wanted: TablePage) -> list[sa.ColumnElement[bool]]:
    """The conditions that all companies of a table meet, whatever the page."""
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.text:
        conditions.append(_c.company_id.in_(sa.select(_c.company_id).where(_has_text(wanted.text))))
    for dataset in wanted.known:
        conditions.append(_c.company_id.in_(sa.select(_f.company_id).where(_f.dataset == dataset)))
    for dataset in wanted.unknown:
        of_it = sa.select(_f.company_id).where(_f.company_id == _c.company_id, _f.dataset == dataset)
        conditions.append(~of_it.exists())
    return conditions


def _has_text(text: str) -> sa.ColumnElement[bool]:
    """The condition that key or name contains the text, spelled as in keys."""
    spelled = (name_key(text) or "").removeprefix("name:")
    parts = [_c.key.contains(text.strip().lower(), autoescape=True)]
    parts += [_c.name_key.contains(spelled, autoescape=True)] if spelled else []
    return sa.or_(*parts)
