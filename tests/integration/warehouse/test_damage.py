"""A damaged file is rebuilt, another program's is not touched, and the message states what to do."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from resources.store import SqlStore, open_store
from resources.store import tables as t
from resources.warehouse import Warehouse, WarehouseError
from tests.support.new_stores import url_of_new_store
from tests.support.warehouse_story import company, everything, profiled


@pytest.fixture
def url(tmp_path: Path) -> str:
    return url_of_new_store(tmp_path / "store.sqlite")


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    opened = open_store(url, world="sandbox")
    yield opened
    opened.close()


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def scribble(file: Path) -> None:
    size = file.stat().st_size
    with file.open("r+b") as open_file:
        open_file.seek(12_288)
        open_file.write(b"\xa5" * (size - 12_288))


@pytest.mark.parametrize(
    "damage", [cut, scribble, lambda file: file.write_text("hello"), lambda file: file.write_bytes(b"")]
)
def test_a_private_file_that_is_damaged_is_built_anew(
    damage: Callable[[Path], None], store: SqlStore, warehouse: Warehouse
) -> None:
    profiled(store, company(store, "acme.com"))
    warehouse.build(store)
    before = everything(warehouse)
    damage(warehouse.path.with_name("enrichment.building.duckdb"))
    assert warehouse.build(store).rebuilt
    assert everything(warehouse) == before


def test_another_store_of_the_same_world_is_never_mixed_in(
    store: SqlStore, warehouse: Warehouse, tmp_path: Path
) -> None:
    profiled(store, company(store, "acme.com"))
    warehouse.build(store)
    other = open_store(f"sqlite:///{tmp_path / 'other.sqlite'}", world="sandbox")
    profiled(other, company(other, "bolt.io"))
    assert warehouse.build(other).rebuilt
    assert warehouse.ask("SELECT company_key FROM marts.company_profiles").rows == [("bolt.io",)]
    other.close()


def test_a_row_that_was_taken_out_of_the_store_does_not_stay_behind(store: SqlStore, warehouse: Warehouse) -> None:
    profiled(store, company(store, "acme.com"))
    profiled(store, company(store, "bolt.io"))
    warehouse.build(store)
    with store.changes() as (tx, _):
        tx.execute(t.profiles.delete().where(t.profiles.c.company_id == store.companies.all()[0].company_id))
    assert warehouse.build(store).rebuilt
    assert warehouse.ask("SELECT company_key FROM marts.company_profiles").rows == [("bolt.io",)]


def test_the_other_world_is_refused_and_nothing_is_touched(
    store: SqlStore, warehouse: Warehouse, tmp_path: Path
) -> None:
    profiled(store, company(store, "acme.com"))
    warehouse.build(store)
    before = everything(warehouse)
    live = open_store(f"sqlite:///{tmp_path / 'live.sqlite'}", world="live")
    for rebuild in (False, True):
        with pytest.raises(WarehouseError, match="has the data of sandbox, the store that of live: publish to another"):
            warehouse.build(live, rebuild=rebuild)
    live.close()
    assert everything(warehouse) == before


def test_a_file_that_is_no_database_is_left_alone(store: SqlStore, warehouse: Warehouse) -> None:
    warehouse.path.write_text("company,domain\n")
    with pytest.raises(WarehouseError, match="is not a DuckDB database: move it away"):
        warehouse.build(store)
    with pytest.raises(WarehouseError, match="is not a DuckDB database: move it away"):
        warehouse.tables()
    assert warehouse.path.read_text() == "company,domain\n"


def test_a_database_of_another_program_is_left_alone(store: SqlStore, warehouse: Warehouse) -> None:
    with duckdb.connect(warehouse.path) as theirs:
        theirs.execute("CREATE TABLE precious AS SELECT 42 AS answer")
    with pytest.raises(WarehouseError, match="not a warehouse of ours: move it away"):
        warehouse.build(store, rebuild=True)
    with duckdb.connect(warehouse.path) as theirs:
        assert theirs.execute("FROM precious").fetchall() == [(42,)]


def test_a_folder_that_is_not_there_is_named(store: SqlStore, tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match=r"There is no folder .*nowhere for the warehouse: make it"):
        Warehouse(tmp_path / "nowhere" / "enrichment.duckdb").build(store)


def test_a_warehouse_that_is_not_built_yet_states_how_to_build_it(warehouse: Warehouse) -> None:
    with pytest.raises(WarehouseError, match=r"There is no warehouse at .* yet: run `enrich publish`"):
        warehouse.ask("SELECT 1")


def test_nothing_is_ever_downloaded_and_older_clients_can_open_the_file(store: SqlStore, warehouse: Warehouse) -> None:
    warehouse.build(store)
    with warehouse.reading() as db:
        settings = (
            "SELECT current_setting('autoinstall_known_extensions'), current_setting('autoload_known_extensions')"
        )
        assert db.execute(settings).fetchall() == [(False, False)]
        tags = db.execute("SELECT tags FROM duckdb_databases() WHERE database_name = current_database()").fetchall()
        assert tags == [({"storage_version": "v1.5.0+"},)]
