"""One query of a caller that is not trusted: it reads the warehouse, and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.store import open_store
from resources.warehouse import WarehouseError
from resources.warehouse.guarded_query import QueryRefused, ask_one
from tests.support.new_warehouses import new_warehouse


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("guarded")
    store = open_store(f"sqlite:///{folder / 'store.sqlite'}", world="sandbox")
    new_warehouse(folder / "enrichment.duckdb").build(store)
    (folder / "secret.csv").write_text("a,b\n1,2\n")
    yield folder / "enrichment.duckdb"
    store.close()


def test_a_select_is_answered_with_its_first_rows(published: Path) -> None:
    found = ask_one(published, "WITH n AS (FROM range(5)) SELECT range AS n, 'x' AS word FROM n ORDER BY n", most=3)
    assert (found.columns, found.rows, found.truncated) == (("n", "word"), [(0, "x"), (1, "x"), (2, "x")], True)
    assert ask_one(published, "SELECT count(*) FROM marts.companies").rows == [(0,)]
    assert not ask_one(published, "FROM range(3)", most=3).truncated


NOT_A_SELECT = [
    "SELECT 1; SELECT 2",
    "",
    "INSERT INTO marts.companies SELECT 1",
    "CREATE TABLE t (a INT)",
    "COPY (SELECT 1) TO 'stolen.csv'",
    "ATTACH 'other.duckdb'",
    "SET enable_external_access = true",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA database_list; SELECT 1",
    "EXPORT DATABASE 'folder'",
    "CALL pragma_version()",
    "SELECT 1; DROP TABLE marts.companies",
]


@pytest.mark.parametrize("sql", NOT_A_SELECT)
def test_what_is_not_one_select_is_refused(published: Path, sql: str) -> None:
    with pytest.raises(QueryRefused):
        ask_one(published, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('{folder}/secret.csv')",
        "SELECT * FROM '{folder}/secret.csv'",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM 'https://example.org/data.parquet'",
        "SELECT * FROM read_duckdb('{folder}/enrichment.duckdb')",
        "SELECT * FROM sqlite_scan('{folder}/store.sqlite', 'api_keys')",
        "SELECT * FROM query('COPY (SELECT 1) TO ''{folder}/stolen.csv''')",
    ],
)
def test_no_file_and_no_network_can_be_reached(published: Path, sql: str) -> None:
    with pytest.raises(QueryRefused):
        ask_one(published, sql.format(folder=published.parent))
    assert not (published.parent / "stolen.csv").exists()


def test_a_query_that_does_not_end_is_ended(published: Path) -> None:
    endless = "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r"
    with pytest.raises(QueryRefused, match=r"took longer than 0\.3 s|DuckDB: "):
        ask_one(published, endless, seconds=0.3)


@pytest.mark.parametrize("sql", ["SELECT repeat('x', 2000000)", "SELECT 'x' || nothing FROM marts.companies"])
def test_an_answer_that_is_too_long_and_a_wrong_name_are_one_sentence(published: Path, sql: str) -> None:
    with pytest.raises(QueryRefused):
        ask_one(published, sql)


def test_without_a_warehouse_it_says_how_to_build_one(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="enrich publish"):
        ask_one(tmp_path / "none.duckdb", "SELECT 1")
