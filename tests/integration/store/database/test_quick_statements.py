"""Statements of a transaction that the driver carries out: they write and return what SQLAlchemy would."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from enrichment.domain.companies import Company
from enrichment.ports import StoreError
from resources.store import SqlStore
from resources.store import tables as t
from resources.store.database.quick_statements import ROWS_AT_ONCE, QuickRows, QuickStatement
from resources.store.database.row_mapping import row_of
from tests.support.examples import NOON

_c = t.companies.c
_KEY = sa.bindparam("of_key", type_=_c.key.type)
_OF_KEY = sa.select(t.companies).where(_c.key == _KEY)
_CHANGE = QuickStatement(
    sa.update(t.companies).where(_c.key == _KEY, _c.country == "us").returning(_c.name, _c.created_at)
)
_DELETE = QuickStatement(sa.delete(t.companies).where(_c.key == _KEY))
_NEW = QuickRows(t.companies)
ACME = Company("com_1", "acme.com", "Acme", "acme.com", NOON, "us")


def _rows(*companies: Company) -> list[dict[str, Any]]:
    return [row_of(company) for company in companies]


def test_rows_of_every_type_are_written_and_come_back_as_sqlalchemy_reads_them(store: SqlStore) -> None:
    unnamed = replace(ACME, company_id="com_2", key="name:b", domain=None, name="\x00b", country=None)
    store.database.write(lambda tx: _NEW.write(tx, _rows(ACME, unnamed)))
    with store.database.reading() as tx:
        for key in ("acme.com", "name:b"):
            quick, usual = (
                QuickStatement(_OF_KEY).first(tx, {"of_key": key}),
                tx.execute(_OF_KEY, {"of_key": key}).one(),
            )
            assert quick._asdict() == dict(usual._mapping)
        assert QuickStatement(_OF_KEY).rows(tx, {"of_key": "unknown.com"}) == []
        assert tx.scalars(sa.select(_c.name).order_by(_c.key)).all() == ["Acme", "\ufffdb"]


def test_more_rows_than_one_statement_takes_are_all_written(store: SqlStore) -> None:
    count = 2 * ROWS_AT_ONCE + 1
    many = [replace(ACME, company_id=f"com_{n}", key=f"a{n}.com", domain=f"a{n}.com") for n in range(count)]
    store.database.write(lambda tx: _NEW.write(tx, _rows(*many)))
    store.database.write(lambda tx: _NEW.write(tx, []))
    with store.database.reading() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(t.companies)) == count


def test_the_names_of_the_values_say_which_columns_change_and_the_row_gets_a_new_mark(store: SqlStore) -> None:
    store.companies.add([ACME])
    changed = [
        _changed(store, **values) for values in ({"name": "Acme Inc"}, {"name": "B", "country": "de"}, {"name": "C"})
    ]
    assert [row and (row.name, row.created_at) for row, _ in changed] == [("Acme Inc", NOON), ("B", NOON), None]
    (_, first), (_, second), (_, third) = changed
    assert first < second == third


def _changed(store: SqlStore, **values: str) -> tuple[Any, int]:
    """What the statement returned, and the row's mark after it."""
    row = store.database.write(lambda tx: _CHANGE.first(tx, {**values, "of_key": "acme.com"}))
    with store.database.reading() as tx:
        return row, tx.execute(sa.select(_c.changed)).scalar_one()


def test_it_counts_the_rows_it_changed(store: SqlStore) -> None:
    store.companies.add([ACME])
    deleted = [store.database.write(lambda tx: _DELETE.count(tx, {"of_key": "acme.com"})) for _ in range(2)]
    assert deleted == [1, 0]


def test_what_the_database_refuses_undoes_the_transaction_and_is_one_sentence(store: SqlStore) -> None:
    store.companies.add([ACME])

    def deleted_and_written_twice(tx: sa.Connection) -> None:
        _DELETE.count(tx, {"of_key": "acme.com"})
        _NEW.write(tx, _rows(ACME, ACME))

    with pytest.raises(StoreError) as refused:
        store.database.write(deleted_and_written_twice)
    assert isinstance(refused.value.__cause__, IntegrityError)
    assert store.companies.by_key("acme.com") == ACME


def test_a_list_of_values_of_any_length_is_refused_since_it_is_another_statement_each_time(store: SqlStore) -> None:
    some = QuickStatement(sa.select(_c.key).where(_c.key.in_(sa.bindparam("keys", expanding=True))))
    if store.database.sqlite:
        with store.database.reading() as tx, pytest.raises(AssertionError, match="another statement each time"):
            some.rows(tx, {"keys": ["acme.com"]})
