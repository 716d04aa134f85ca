"""Stores for tests: each test its own, on SQLite and on a real Postgres that lives as long as the session.

Hypothesis neither times a test nor keeps examples: a slow machine fails nothing, and no run depends on the last one.
"""

import gc
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from multiprocessing import forkserver
from pathlib import Path

import hypothesis
import psycopg
import pytest
from psycopg import sql

from bench.fresh_stores import postgres_server
from resources.store import SqlStore, open_store
from resources.store.tables import metadata
from tests.support.examples import FROZEN
from tests.support.new_stores import url_of_new_store
from tests.support.one_authority import of_one_authority
from tests.support.temporary_files import in_memory

in_memory()
of_one_authority()
os.environ["ENRICH_CONFIG"] = str(FROZEN)  # before a test imports Dagster's definitions; processes inherit it
os.environ["COLUMNS"] = "200"  # before the command line is imported: it reads its width once
_numbers = count(1)
gc.disable()  # until all is collected

hypothesis.settings.register_profile(
    "suite", deadline=None, database=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("suite")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """After they were shuffled: what takes longest would else be all that still runs at the end, on one core."""
    items.sort(key=lambda item: item.get_closest_marker("begins_first") is None)


def pytest_collection_finish() -> None:
    """Starts the server that processes are forked from: with the environment of no test, while the first ones run.

    The garbage collector, which rests while tests are collected, leaves alone what that made.
    """
    import tests.support.imports_kept  # noqa: F401  now, and not before

    if "tests.support.forkserver" in sys.modules:
        forkserver.ensure_running()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[str], str]]:
    """A running Postgres, as: database name -> its URL. Nothing in it needs to survive a power cut."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = postgres_server(Path(folder))
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute("ALTER SYSTEM SET fsync = off")
                connection.execute("SELECT pg_reload_conf()")
            yield server.get_uri
        finally:
            server.cleanup()


@pytest.fixture
def postgres_url(postgres: Callable[[str], str]) -> Iterator[str]:
    """An empty database."""
    name = f"store_{next(_numbers)}"
    with psycopg.connect(postgres("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield postgres(name)
    with psycopg.connect(postgres("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_store_url(postgres: Callable[[str], str]) -> str:
    """A store of the sandbox's world that all tests share, one after the other: making one takes half a second."""
    url = postgres("postgres")
    open_store(url, world="sandbox").close()
    return url


@pytest.fixture
def emptied_postgres_url(postgres_store_url: str) -> str:
    kept = {"stamp", "change_counter"}
    emptied = [sql.SQL("DELETE FROM {}").format(sql.Identifier(name)) for name in metadata.tables.keys() - kept]
    with psycopg.connect(postgres_store_url, autocommit=True) as connection:
        connection.execute(sql.SQL("; ").join(emptied))
    return postgres_store_url


@pytest.fixture(params=["sqlite", "postgres"])
def new_store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store may be made; none is there yet."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'store.sqlite'}"


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store of the sandbox's world is."""
    if request.param == "postgres":
        return str(request.getfixturevalue("emptied_postgres_url"))
    return url_of_new_store(tmp_path / "store.sqlite")


@pytest.fixture
def store(store_url: str) -> Iterator[SqlStore]:
    opened = open_store(store_url, world="sandbox")
    yield opened
    opened.close()
