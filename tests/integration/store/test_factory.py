"""Opening a store: made, stamped, brought up to date; and refused in one sentence that states what to do."""

import os
import sqlite3
import stat
import tempfile
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from enrichment.domain.purchases import DailyCap, Purchase
from enrichment.ports import AlreadyClaimed, Reserved, Store, StoreError
from resources.store import SqlStore, factory, open_store
from resources.store.database.database import Database
from resources.store.database.row_mapping import fact_row, row_of
from resources.store.tables import metadata
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.examples import NOON
from tests.support.ledger_records import LATER, MANY, answered, caps, company, draft, facts_of, reply_of
from tests.support.ordinary_user import an_ordinary_user

# Alembic cannot compare an index over an expression on SQLite.
pytestmark = pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")

DAY = "day:2026-03-02"
MIGRATIONS = Path(factory.__file__).parent / "migrations"
NO_SERVER = "postgresql://somebody:hunter2@127.0.0.1:1/enrichment"


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_store_that_is_made_is_for_its_user_alone_and_so_is_its_folder(tmp_path: Path) -> None:
    home = tmp_path / "enrich" / "sandbox"
    before = os.umask(0o022)
    try:
        store = open_store(f"sqlite:///{home / 'store.sqlite'}", world="sandbox")
    finally:
        os.umask(before)
    beside = {path.name: mode_of(path) for path in home.iterdir() if path.name.startswith("store.sqlite")}
    store.close()
    assert {mode_of(home), mode_of(home.parent)} == {0o700}
    assert beside.keys() >= {"store.sqlite", "store.sqlite-wal"}
    assert {mode for name, mode in beside.items() if not name.endswith(".lock")} == {0o600}


def test_a_store_that_is_there_stays_readable_by_those_that_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    open_store(f"sqlite:///{path}", world="sandbox").close()
    path.chmod(0o640)
    tmp_path.chmod(0o750)
    open_store(f"sqlite:///{path}", world="sandbox").close()
    assert (mode_of(path), mode_of(tmp_path)) == (0o640, 0o750)


def refusal(url: str, *, create: bool = True) -> str:
    """The sentence with which opening is refused."""
    with pytest.raises(StoreError) as caught:
        open_store(url, world="sandbox", create=create)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


def write(url: str, statement: str) -> None:
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def test_a_new_store_is_made_and_found_again(new_store_url: str) -> None:
    first = open_store(new_store_url, world="live")
    as_asked_for: Store = first
    as_asked_for.companies.add([company()])
    first.close()
    again = open_store(new_store_url, world="live", create=False)
    assert again.companies.all() == [company()]
    assert again.world == "live"
    again.close()


def test_a_new_store_makes_its_folder(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path}/a/b/store.sqlite", world="sandbox").close()
    assert (tmp_path / "a" / "b" / "store.sqlite").exists()


def test_a_store_opens_in_its_own_world_only(new_store_url: str) -> None:
    open_store(new_store_url, world="live").close()
    assert "is live, not sandbox: ask without --sandbox" in refusal(new_store_url)
    open_store(new_store_url, world="live").close()


def test_many_processes_that_open_a_new_store_at_once_all_get_it(new_store_url: str) -> None:
    with ThreadPoolExecutor(6) as threads:
        stores: list[SqlStore] = list(threads.map(lambda _: open_store(new_store_url, world="sandbox"), range(6)))
    for number, store in enumerate(stores):
        store.companies.add([company(f"company{number}.com", f"com_{number}")])
    assert {len(store.companies.all()) for store in stores} == {6}
    for store in stores:
        store.close()


def test_the_migrations_lead_to_the_tables_the_code_knows(new_store_url: str) -> None:
    open_store(new_store_url, world="sandbox").close()
    database = Database(new_store_url)
    with database.reading() as tx:
        context = MigrationContext.configure(tx, opts={"version_table": "schema_version", "compare_type": False})
        assert compare_metadata(context, metadata) == []
        kinds = {
            (table.name, column.name): (str(column.type.compile(tx.dialect)), str(found[column.name]))
            for table in metadata.sorted_tables
            for found in [{c["name"]: c["type"].compile(tx.dialect) for c in sa.inspect(tx).get_columns(table.name)}]
            for column in table.columns
        }
    database.close()
    assert {name: kind for name, kind in kinds.items() if kind[0].split("(")[0] != kind[1].split("(")[0]} == {}


def test_a_store_of_a_newer_version_is_refused(new_store_url: str) -> None:
    open_store(new_store_url, world="sandbox").close()
    write(new_store_url, "UPDATE schema_version SET version_num = '9999'")
    assert "newer version (schema 9999" in refusal(new_store_url)


def test_a_database_with_tables_of_another_program_is_left_alone(new_store_url: str) -> None:
    write(new_store_url, "CREATE TABLE events (id INTEGER)")
    assert "a table 'events' that is not ours" in refusal(new_store_url)


def test_where_no_store_is_none_is_made_unless_asked_for(new_store_url: str, tmp_path: Path) -> None:
    assert "There is no store at" in refusal(new_store_url, create=False)
    assert "There is no store at" in refusal(f"sqlite:///{tmp_path}/elsewhere/store.sqlite", create=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("url", ["", "store.sqlite", "sqlite://", "sqlite:///:memory:", "mysql://host/db", "oracle://"])
def test_a_url_that_is_no_store_is_refused_with_the_form_it_should_have(url: str) -> None:
    assert "Set ENRICH_STORE_URL to sqlite:///path" in refusal(url)


def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert f"folder {tmp_path}/file/below cannot be made" in refusal(f"sqlite:///{tmp_path}/file/below/store.sqlite")


def test_a_folder_where_the_file_should_be_is_refused(tmp_path: Path) -> None:
    assert "cannot be opened: check" in refusal(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize(
    "content", [b"This is a letter, not a database. " * 200, b"SQLite format 3\x00" + b"\xff" * 5000]
)
def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "store.sqlite"
    path.write_bytes(content)
    assert "is not a usable store" in refusal(f"sqlite:///{path}")
    assert path.read_bytes() == content


def test_a_folder_one_may_not_write_to_is_refused() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        with an_ordinary_user():
            assert "cannot be opened: check" in refusal(f"sqlite:///{folder}/store.sqlite")
            assert "cannot be made (Permission denied)" in refusal(f"sqlite:///{folder}/below/store.sqlite")
        Path(folder).chmod(0o755)


@contextmanager
def a_store_one_may_only_read(*, in_use: bool = False) -> Iterator[SqlStore]:
    """With one company in it. in_use: another process has it open, and the newest rows are still in its log."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.sqlite"
        writer = open_store(f"sqlite:///{path}", world="sandbox")
        writer.companies.add([company()])
        if not in_use:
            writer.close()
        for file in Path(folder).iterdir():
            file.chmod(0o444)
        Path(folder).chmod(0o555)
        try:
            with an_ordinary_user():
                store = open_store(f"sqlite:///{path}", world="sandbox")
                try:
                    yield store
                finally:
                    store.close()
        finally:
            Path(folder).chmod(0o755)
            writer.close()


@pytest.mark.parametrize("in_use", [False, True])
def test_one_may_look_into_a_store_that_one_may_read_and_not_write(in_use: bool) -> None:
    with a_store_one_may_only_read(in_use=in_use) as store:
        assert store.companies.all() == [company()]
        assert store.knowledge.known(company().company_id).replies == ()
        assert store.ledger.spent([DAY]) == {DAY: 0}
        assert store.ledger_queries.uncertain() == []
        with store.changes() as (tx, _):
            assert tx.scalar(sa.select(metadata.tables["companies"].c.key)) == company().key


def test_a_store_that_may_only_be_read_refuses_to_buy_in_a_sentence_that_says_what_one_can_do() -> None:
    with a_store_one_may_only_read() as store:
        writes: list[Callable[[], object]] = [
            lambda: store.ledger.reserve(draft(), caps(1_000_000), at_once=MANY),
            lambda: store.companies.add([company("bolt.io", "com_2")]),
            lambda: store.provider_health.record_answer("serpapi"),
        ]
        for write_ in writes:
            with pytest.raises(StoreError, match=r"is read-only, so one can look .* but not buy: make it and its"):
                write_()


def test_a_store_that_is_taken_away_fails_in_one_sentence(new_store_url: str) -> None:
    store = open_store(new_store_url, world="sandbox")
    write(new_store_url, "DROP TABLE companies")
    with pytest.raises(StoreError, match="refused: ") as caught:
        store.companies.all()
    assert "\n" not in str(caught.value)
    store.close()


def test_a_postgres_that_is_not_there_is_refused_without_a_word_of_the_password() -> None:
    with pytest.raises(StoreError) as caught:
        open_store(NO_SERVER, world="live")
    assert "Postgres at 127.0.0.1/enrichment does not let us in" in str(caught.value)
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
    assert "somebody" not in str(caught.value)


def test_a_postgres_without_the_database_is_refused(postgres: Callable[[str], str]) -> None:
    assert "check that it runs, that the database exists" in refusal(postgres("no_such_database"))


def test_sqlite_keeps_what_was_committed_through_a_power_cut(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/store.sqlite", world="sandbox")
    database = Database(f"sqlite:///{tmp_path}/store.sqlite")
    with database.reading() as tx:
        settings = {name: tx.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")}
    database.close()
    store.close()
    assert settings == {"journal_mode": "wal", "synchronous": 2}


def test_a_store_locked_by_another_process_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    store = open_store(f"sqlite:///{path}", world="sandbox")
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(store.companies.add, [company()])
        assert store.companies.all() == []  # readers do not wait
        assert not waiting.done()
        holder.execute("COMMIT")
        assert waiting.result(timeout=PATIENCE_SECONDS) == [company()]
    holder.close()
    store.close()


def make_of_revision(url: str, revision: str) -> None:
    """An empty store of the sandbox as this revision had it."""
    database = Database(url)
    with database.making() as tx:
        _made(tx, revision)
    database.close()


def _made(tx: sa.Connection, revision: str) -> sa.MetaData:
    """Its tables as this revision has them."""
    config = Config(attributes={"connection": tx})
    config.set_main_option("script_location", str(MIGRATIONS))
    command.upgrade(config, revision)
    tables = sa.MetaData()
    tables.reflect(tx)
    tx.execute(sa.insert(tables.tables["stamp"]).values(world="sandbox"))
    tx.execute(sa.insert(tables.tables["change_counter"]).values(value=1))
    return tables


def make_of_the_first_schema(url: str, *purchases: Purchase) -> None:
    """A store as it was before claims were columns, with these purchases in it, those under way with their claims."""
    database = Database(url)
    with database.making() as tx:
        tables = _made(tx, "0001")
        kinds = {column.name: column.type for column in metadata.tables["purchases"].columns}
        for purchase in purchases:
            row = {**row_of(purchase), "cap_names": [DAY], "changed": 1}
            old = tables.tables["purchases"]
            values = {c.name: sa.literal(row[c.name], kinds[c.name]) for c in old.columns}
            tx.execute(sa.insert(old).values(values))
            if purchase.state in ("reserved", "sent"):
                question = {name: row[name] for name in ("company_id", "source", "variant", "purchase_id")}
                tx.execute(sa.insert(tables.tables["claims"]).values(question))
        tx.execute(sa.insert(tables.tables["caps"]).values(name=DAY, taken_micro_usd=150_000))
    database.close()


def test_a_store_of_the_first_schema_is_brought_up_to_date_with_all_that_is_in_it(new_store_url: str) -> None:
    under_way = replace(draft(variant="a"), state="sent", sent_at=NOON)
    uncertain = replace(draft(variant="b"), state="uncertain", sent_at=NOON, closed_at=NOON, handle="snapshot_9")
    settled = replace(answered(draft(variant="c")), state="settled", sent_at=NOON)
    make_of_the_first_schema(new_store_url, under_way, uncertain, settled)
    store = open_store(new_store_url, world="sandbox", create=False)
    found = {one.purchase_id: one for one in store.ledger.purchases("req_1")}
    assert found == {one.purchase_id: one for one in (under_way, uncertain, settled)}
    assert [store.ledger.is_claimed(one.purchase_id) for one in (under_way, uncertain, settled)] == [True, False, False]
    refused = store.ledger.reserve(draft(variant="a"), caps(1_000_000), at_once=MANY)
    assert refused == AlreadyClaimed(under_way.purchase_id, under_way.lease_until, None)
    resumed = store.ledger.reserve(draft(variant="b", at=LATER), caps(1_000_000), at_once=MANY)
    assert isinstance(resumed, Reserved)
    assert resumed.purchase.purchase_id == uncertain.purchase_id
    store.ledger.settle(answered(under_way, cost=20_000), reply=reply_of(under_way), facts=())
    assert store.ledger.spent([DAY]) == {DAY: 120_000}
    store.close()


def test_a_store_brought_up_to_date_is_as_one_made_new(new_store_url: str) -> None:
    make_of_the_first_schema(new_store_url, replace(draft(), state="sent"))
    open_store(new_store_url, world="sandbox", create=False).close()
    database = Database(new_store_url)
    with database.reading() as tx:
        context = MigrationContext.configure(tx, opts={"version_table": "schema_version", "compare_type": False})
        assert compare_metadata(context, metadata) == []
        assert not sa.inspect(tx).has_table("claims")
    database.close()


def test_a_company_of_an_older_store_is_found_by_name_as_names_are_compared_now(new_store_url: str) -> None:
    """'C&A' was 'ca' before: the key that people know stays, the one that names are looked up by is made anew."""
    make_of_the_first_schema(new_store_url)
    database = Database(new_store_url)
    with database.making() as tx:
        tables = sa.MetaData()
        tables.reflect(tx)
        old = {
            "company_id": "com_1",
            "key": "name:ca",
            "name": "C&A",
            "name_key": "name:ca",
            "created_at": 0,
            "changed": 1,
        }
        tx.execute(sa.insert(tables.tables["companies"]).values(old))
    database.close()
    store = open_store(new_store_url, world="sandbox", create=False)
    assert [company.key for company in store.companies.named("C&A Ltd")] == ["name:ca"]
    assert store.companies.named("CA Inc.") == []
    store.close()


def test_a_batch_of_the_service_in_an_older_store_carries_what_its_key_may_spend_a_day(new_store_url: str) -> None:
    make_of_revision(new_store_url, "0020")
    database = Database(new_store_url)
    with database.making() as tx:
        tables = sa.MetaData()
        tables.reflect(tx)
        key = {"key_id": "key_1", "name": "crm", "secret_hash": "x", "may": "[]", "created_at": 0}
        tx.execute(sa.insert(tables.tables["api_keys"]).values(**key, per_day_micro_usd=5))
        for number, by in enumerate(("service:crm", "service:loopback", "cli")):
            row = {"batch_id": f"bat_{number}", "created_at": 0, "consumer": "profile", "state": "open"}
            tx.execute(sa.insert(tables.tables["batches"]).values(**row, requested_by=by))
    database.close()
    store = open_store(new_store_url, world="sandbox", create=False)
    found = [store.batches.by_id(f"bat_{number}") for number in range(3)]
    assert [batch and batch.daily for batch in found] == [DailyCap("key:crm", 5), None, None]
    store.close()


def test_facts_of_analyses_of_an_older_store_name_their_analysis_as_purchases_do(new_store_url: str) -> None:
    make_of_the_first_schema(new_store_url)
    database = Database(new_store_url)
    with database.making() as tx:
        tables = sa.MetaData()
        tables.reflect(tx)
        kinds = {column.name: column.type for column in metadata.tables["facts"].columns}
        for source, analysis_id in (("hiring", "ana_1"), ("serp_jobs", None)):
            (fact,) = facts_of(replace(reply_of(draft()), source=source), "Machinery")
            row = {**fact_row(fact, analysis_id=analysis_id), "changed": 1}
            values = {name: sa.literal(value, kinds[name]) for name, value in row.items()}
            tx.execute(sa.insert(tables.tables["facts"]).values(values))
    database.close()
    open_store(new_store_url, world="sandbox", create=False).close()
    database = Database(new_store_url)
    with database.reading() as tx:
        found = sorted(tx.scalars(sa.select(metadata.tables["facts"].c.source)))
    assert found == ["analysis:hiring", "serp_jobs"]
    database.close()
