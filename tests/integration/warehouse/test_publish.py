"""Building and publishing: incremental equals rebuilt, readers and publishes do not block each other."""

import select
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from resources.store import SqlStore, open_store
from resources.store import tables as t
from resources.warehouse import Warehouse, WarehouseError
from tests.support.examples import NOON
from tests.support.new_stores import url_of_new_store
from tests.support.new_warehouses import new_warehouse
from tests.support.warehouse_story import FULL, HOUR, IDENTITY, bought, company, everything, profiled, refused, request

ROOT = Path(__file__).parents[3]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return url_of_new_store(tmp_path / "store.sqlite")


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    opened = open_store(url, world="sandbox")
    yield opened
    opened.close()


def a_month_of_use(store: SqlStore) -> Iterator[str]:
    """Step by step: what a store goes through between two builds."""
    acme = company(store, "name:acme")
    _, purchases = profiled(store, acme, "customer_enrichment", buys=FULL)
    yield "a first profile"
    profiled(store, acme, "profile", buys={}, reads=purchases[:2], at=NOON + HOUR)
    yield "a second consumer reads what the first one bought"
    store.companies.rekey(acme.company_id, key="acme.com", name="Acme Inc", domain="acme.com")
    yield "the company gets its domain"
    bolt = company(store, "bolt.io")
    asked = request(store, bolt)
    yield "a company is added and a request opened"
    bought(store, asked, "serp_news", FULL["serp_news"])
    refused(store, asked, "serp_jobs")
    refused(store, asked, "brightdata_company_db", uncertain=True)
    yield "purchases end in every way"
    store.ledger.reconcile(
        store.ledger_queries.uncertain()[0].purchase_id, units={"search": 1}, cost_micro_usd=50_000, at=NOON + HOUR
    )
    yield "the uncertain one is reconciled"
    profiled(store, bolt, buys={"google_knowledge_graph": IDENTITY}, at=NOON + 2 * HOUR)
    profiled(store, bolt, at=NOON + 3 * HOUR)
    yield "a better profile takes the place of another"
    known = store.knowledge.known(acme.company_id)
    store.knowledge.keep_facts(known.replies[0].reply_id, [])
    yield "a newer reader finds less in a reply"


def test_building_step_by_step_gives_the_same_answers_as_building_anew(
    store_url: str, tmp_path: Path, warehouse: Warehouse
) -> None:
    store = open_store(store_url, world="sandbox")
    for number, step in enumerate(a_month_of_use(store)):
        followed = warehouse.build(store)
        anew = new_warehouse(tmp_path / f"anew_{number}" / "enrichment.duckdb")
        anew.build(store)
        assert followed.replaced
        assert everything(warehouse) == everything(anew), step
    before = everything(warehouse)
    assert len(before) == 31
    assert warehouse.build(store, rebuild=True).rebuilt
    assert everything(warehouse) == before
    store.close()


def test_a_row_that_commits_late_is_not_missed(postgres_url: str, warehouse: Warehouse) -> None:
    store = open_store(postgres_url, world="sandbox")
    row = {"company_id": "com_late", "key": "late.com", "name": None, "domain": None, "created_at": NOON}
    writer = sa.create_engine(sa.make_url(postgres_url).set(drivername="postgresql+psycopg"))
    with writer.begin() as slow:
        slow.execute(sa.insert(t.companies).values(row))
        company(store, "com_early.com")
        assert warehouse.build(store).changed == 1
    assert not (late := warehouse.build(store)).rebuilt
    assert late.changed >= 1
    assert len(everything(warehouse)["build.companies"]) == 2
    writer.dispose()
    store.close()


def test_only_what_changed_is_loaded_and_unpacked(store: SqlStore, tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "enrichment.duckdb")
    for n in range(5):
        profiled(store, company(store, f"acme{n}.com"))
    assert warehouse.build(store).rebuilt
    company(store, "acme5.com")
    second = warehouse.build(store)
    assert (second.rebuilt, second.changed, second.companies, second.replaced) == (False, 1, 1, True)


def test_nothing_new_leaves_the_published_file_where_it_is(store: SqlStore, warehouse: Warehouse) -> None:
    profiled(store, company(store, "acme.com"))
    warehouse.build(store)
    inode = warehouse.path.stat().st_ino
    again = warehouse.build(store)
    assert (again.changed, again.replaced) == (0, False)
    assert warehouse.path.stat().st_ino == inode


def test_a_published_file_that_is_gone_is_put_back(store: SqlStore, warehouse: Warehouse) -> None:
    profiled(store, company(store, "acme.com"))
    warehouse.build(store)
    warehouse.path.unlink()
    assert warehouse.build(store).replaced
    assert warehouse.tables()[0].rows == 1


ANALYST = """
import sys, duckdb
db = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "reading")
for line in sys.stdin:
    print(db.execute("SELECT count(*) FROM marts.company_profiles").fetchall()[0][0], flush=True)
"""
NEWCOMERS = """
import select, sys, duckdb
seen = []
while not select.select([sys.stdin], [], [], 0)[0]:
    with duckdb.connect(sys.argv[1], read_only=True) as db:
        seen.append(db.execute("SELECT count(*) FROM marts.company_profiles").fetchall()[0][0])
    if len(seen) == 1 or seen[-1] > seen[0] == seen[-2]:
        print("reading", flush=True)
print(*seen, flush=True)
"""
PUBLISHER = """
import sys
from pathlib import Path
from resources.store import open_store
from resources.warehouse import Warehouse
store = open_store(sys.argv[1], world="sandbox")
sys.stdin.readline()
published = Warehouse(Path(sys.argv[2])).build(store)
print(published.rows["marts.company_profiles"], flush=True)
"""
DIES_WHILE_BUILDING = """
import sys
from contextlib import contextmanager
from pathlib import Path
from resources.store import SqlStore, open_store
from resources.warehouse import Warehouse
class Stalling(SqlStore):
    @contextmanager
    def changes(self):
        with super().changes() as snapshot:
            yield snapshot
            print("building", flush=True)
            sys.stdin.readline()
store = open_store(sys.argv[1], world="sandbox")
store.__class__ = Stalling
Warehouse(Path(sys.argv[2])).build(store)
"""
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a Python script as a process of its own; none outlives the test."""
    begun: list[subprocess.Popen[str]] = []

    def begin(script: str, *arguments: str | Path) -> "subprocess.Popen[str]":
        begun.append(
            subprocess.Popen(
                [sys.executable, "-c", script, *map(str, arguments)],
                text=True,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        )
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def ask(process: "subprocess.Popen[str]") -> str:
    """Sends a line and gives the next one back."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return line_of(process)


def line_of(process: "subprocess.Popen[str]", seconds: float = 60) -> str:
    assert process.stdout is not None
    assert process.stderr is not None
    ready, _, _ = select.select([process.stdout], [], [], seconds)
    assert ready, "the process printed nothing"
    return process.stdout.readline().strip() or process.stderr.read()


def test_an_analyst_s_open_session_and_many_publishes_do_not_disturb_each_other(
    store: SqlStore, warehouse: Warehouse, start: Start
) -> None:
    profiled(store, company(store, "acme0.com"))
    warehouse.build(store)
    analyst, newcomers = start(ANALYST, warehouse.path, "reading"), start(NEWCOMERS, warehouse.path)
    assert (ask(analyst), line_of(newcomers)) == ("1", "reading")
    for n in range(1, 6):
        profiled(store, company(store, f"acme{n}.com"))
        assert warehouse.build(store).replaced
        assert ask(analyst) == "1"
        if n == 3:
            assert line_of(newcomers) == "reading"  # they have read while we published
    seen = [int(profiles) for profiles in ask(newcomers).split()]
    assert seen == sorted(seen)
    assert seen[0] == 1
    assert len(set(seen)) > 1
    assert warehouse.tables()[0].rows == 6


def test_an_analyst_who_opened_it_for_writing_by_mistake_stops_no_publish(
    store: SqlStore, warehouse: Warehouse, start: Start
) -> None:
    profiled(store, company(store, "acme.com"))
    warehouse.build(store)
    analyst = start(ANALYST, warehouse.path, "writing")
    assert ask(analyst) == "1"
    profiled(store, company(store, "bolt.io"))
    assert warehouse.build(store).replaced
    assert warehouse.tables()[0].rows == 2
    assert ask(analyst) == "1"


def test_one_process_sees_each_publish_though_it_keeps_an_older_one_open(store: SqlStore, warehouse: Warehouse) -> None:
    company_count = "SELECT count(*) FROM marts.company_profiles"
    warehouse.build(store)
    with warehouse.reading() as older:
        profiled(store, company(store, "acme.com"))
        warehouse.build(store)
        assert warehouse.ask(company_count).rows == [(1,)]
        assert older.execute(company_count).fetchall() == [(0,)]


def test_two_processes_publish_at_once_and_neither_is_lost(
    store: SqlStore, url: str, warehouse: Warehouse, start: Start
) -> None:
    for n in range(3):
        profiled(store, company(store, f"acme{n}.com"))
    both = [start(PUBLISHER, url, warehouse.path) for _ in range(2)]
    for process in both:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    assert [line_of(process) for process in both] == ["3", "3"]
    assert everything(warehouse)["build.companies"] != []


def test_a_publish_that_waited_in_vain_reports_it(
    store: SqlStore, url: str, warehouse: Warehouse, start: Start
) -> None:
    other = start(DIES_WHILE_BUILDING, url, warehouse.path)
    assert line_of(other) == "building"
    with pytest.raises(WarehouseError, match=r"Another process has been publishing .* for 0 s: wait until it is done"):
        Warehouse(warehouse.path, wait_seconds=0).build(store)


@pytest.mark.parametrize("published_before", [False, True])
def test_killed_in_the_middle_the_old_file_stays_and_the_next_build_recovers(
    published_before: bool, store: SqlStore, url: str, warehouse: Warehouse, start: Start
) -> None:
    profiled(store, company(store, "acme.com"))
    if published_before:
        warehouse.build(store)
    profiled(store, company(store, "bolt.io"))
    victim = start(DIES_WHILE_BUILDING, url, warehouse.path)
    assert line_of(victim) == "building"
    victim.kill()
    victim.wait()
    assert warehouse.path.exists() == published_before
    if published_before:
        assert warehouse.tables()[0].rows == 1
    assert warehouse.build(store).rows["marts.company_profiles"] == 2
    before = everything(warehouse)
    warehouse.build(store, rebuild=True)
    assert everything(warehouse) == before


def test_a_copy_that_was_cut_short_is_replaced_by_the_next(store: SqlStore, warehouse: Warehouse) -> None:
    half = warehouse.path.with_name(".enrichment.duckdb.publishing")
    half.write_bytes(b"half of it")
    profiled(store, company(store, "acme.com"))
    warehouse.build(store)
    assert warehouse.tables()[0].rows == 1
    assert not half.exists()


WITHOUT_ROOM = """
import resource, sys
from pathlib import Path
from resources.store import open_store
from resources.warehouse import Warehouse, WarehouseError
store = open_store(sys.argv[1], world="sandbox")
limit = int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    Warehouse(Path(sys.argv[2])).build(store, rebuild=True)
except WarehouseError as error:
    print(error, flush=True)
"""


def test_a_full_disk_is_one_sentence_and_the_published_file_stays(
    store: SqlStore, url: str, warehouse: Warehouse, start: Start
) -> None:
    profiled(store, company(store, "acme.com"))
    warehouse.build(store)
    before = everything(warehouse)
    message = line_of(start(WITHOUT_ROOM, url, warehouse.path, "1000000"))
    assert message.startswith("The warehouse cannot be written to")
    assert "free disk space there" in message
    assert everything(warehouse) == before
    assert warehouse.build(store).rows["marts.company_profiles"] == 1


WITHOUT_PERMISSION = """
import os, sys
from pathlib import Path
from resources.store import open_store
from resources.warehouse import Warehouse, WarehouseError
store = open_store(sys.argv[1], world="sandbox")
store.changes().__enter__()
if os.getuid() == 0:
    os.setuid(65534)
try:
    Warehouse(Path(sys.argv[2])).build(store)
except WarehouseError as error:
    print(error, flush=True)
"""


def test_a_folder_one_may_not_write_to_is_one_sentence(url: str, store: SqlStore, tmp_path: Path, start: Start) -> None:
    for folder in tmp_path.parents[:3]:
        if folder.owner() == tmp_path.owner() and folder != Path(tempfile.gettempdir()):
            folder.chmod(0o755)
    read_only = tmp_path / "read_only"
    read_only.mkdir()
    read_only.chmod(0o555)
    tmp_path.chmod(0o755)
    message = line_of(start(WITHOUT_PERMISSION, url, read_only / "enrichment.duckdb"))
    assert message.startswith(f"The warehouse cannot be written to {read_only} (Permission denied)")
