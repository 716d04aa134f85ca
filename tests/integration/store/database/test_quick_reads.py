"""Reads of a few rows by their keys, prepared once: the same rows as any other read of the store has."""

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from enrichment.domain.companies import Company
from enrichment.ports import StoreError
from resources.store import SqlStore, open_store
from resources.store import tables as t
from tests.support.examples import NOON
from tests.support.new_stores import url_of_new_store

_COMPANY = sa.select(t.companies).where(t.companies.c.key == sa.bindparam("key", type_=t.companies.c.key.type))
_NAMED = sa.select(t.companies.c.key).where(t.companies.c.name == sa.bindparam("name")).order_by("key").limit(2)
ACME = Company("com_1", "acme.com", "Acme", "acme.com", NOON, "us")


def test_values_come_back_as_they_were_written_in_every_type(store: SqlStore) -> None:
    store.companies.add([ACME, replace(ACME, company_id="com_2", key="name:b", domain=None, country=None)])
    read = store.database.quick(_COMPANY)
    for key in ("acme.com", "name:b"):
        quick = read.first({"key": key})
        with store.database.reading() as tx:
            usual = tx.execute(_COMPANY, {"key": key}).one()
        assert quick._asdict() == dict(usual._mapping) if store.database.sqlite else quick == usual
    assert read.first({"key": "acme.com"}).created_at == NOON
    assert read.first({"key": "unknown.com"}) is None


def test_it_returns_no_more_rows_than_its_limit_and_replaces_what_no_store_can_keep(store: SqlStore) -> None:
    store.companies.add([replace(ACME, company_id=f"com_{n}", key=f"a{n}.com", domain=f"a{n}.com") for n in range(3)])
    assert [row.key for row in store.database.quick(_NAMED).rows({"name": "Acme"})] == ["a0.com", "a1.com"]
    assert store.database.quick(_COMPANY).first({"key": "a\x000.com"}) is None


def test_each_read_sees_what_another_process_committed_before_it(store_url: str, store: SqlStore) -> None:
    read = store.database.quick(_COMPANY)
    assert read.first({"key": "acme.com"}) is None
    other = open_store(store_url, world="sandbox")
    other.companies.add([ACME])
    assert read.first({"key": "acme.com"}).name == "Acme"
    other.companies.set_country("com_1", "de")
    other.database.write(lambda tx: tx.execute(sa.update(t.companies).values(name="Acme Inc")))
    other.close()
    assert read.first({"key": "acme.com"}).name == "Acme Inc"


def test_a_store_that_cannot_be_read_is_one_sentence_and_not_the_drivers_error(tmp_path: Path) -> None:
    file = tmp_path / "store.sqlite"
    store = open_store(url_of_new_store(file), world="sandbox")
    store.database.write(lambda tx: tx.exec_driver_sql("ALTER TABLE companies RENAME TO gone"))
    with pytest.raises(StoreError, match=f"The store {file} refused: no such table: companies"):
        store.companies.by_key("acme.com")
    store.close()


def test_a_profile_that_was_read_before_is_read_anew_where_its_row_changed(store: SqlStore) -> None:
    """Only the document, which is written once, is remembered."""
    row: dict[str, object] = {column.name: "x" for column in t.profiles.c if column.name != "changed"} | {
        "profile_id": "prf_1", "company_id": "com_1", "consumer": "profile", "audience": None, "quality": 0.9,
        "completeness": 1.0, "document": {"datasets": {}}, "created_at": NOON, "holds_until": NOON,
    }  # fmt: skip
    store.database.write(lambda tx: tx.execute(sa.insert(t.profiles), [row]))
    first = store.profiles.latest("com_1", "profile", None)
    store.database.write(lambda tx: tx.execute(sa.update(t.profiles).values(quality=0.5)))
    second = store.profiles.latest("com_1", "profile", None)
    assert first is not None
    assert second is not None
    assert (first.quality, second.quality) == (0.9, 0.5)
    assert second.document == {"datasets": {}}
    assert store.profiles.latest("com_1", "profile", "acme") is None
