"""`enrich sandbox` and what `make dev` starts: one sandbox to a home, its address its own, and nothing left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from enrich_cli.errors import UsageError
from enrich_cli.processes.sandbox_server import serve
from resources.wiring import sandbox_file
from tests.acceptance.conftest import Stack
from tests.support.eventually import PATIENCE_SECONDS

ROOT = Path(__file__).parents[4]
STAND_IN = """
import subprocess, sys, time
deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(90)"
with subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE, text=True) as child:
    child.stdout.readline()
    print("dagster is up", flush=True)
    time.sleep(90)
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the sandbox, there already."""
    monkeypatch.setenv("ENRICH_HOME", str(tmp_path))
    folder = tmp_path / "sandbox"
    folder.mkdir()
    return folder


@contextmanager
def running(*module: str, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """In a session of its own, of which nothing is left in the end; all its output is on stdout."""
    process = subprocess.Popen(
        [sys.executable, "-m", *module],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **environment},
        cwd=ROOT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_a_second_sandbox_over_the_same_home_is_refused_with_the_address_of_the_first(stack: Stack) -> None:
    address = sandbox_file(stack.settings)
    before = address.read_text()
    with running("enrich_cli.main", "sandbox", ENRICH_HOME=str(stack.settings.enrich_home)) as second:
        output, _ = second.communicate(timeout=PATIENCE_SECONDS)
    assert (second.returncode, output.count("\n"), output.startswith("error: ")) == (2, 1, True)
    assert stack.url in output
    assert address.read_text() == before


def test_a_sandbox_removes_its_own_address_and_no_other(tmp_path: Path) -> None:
    address = tmp_path / "sandbox" / "address.json"
    address.parent.mkdir()
    for replaced in (False, True):
        address.write_text("left behind by one that was killed")
        with running("enrich_cli.main", "sandbox", ENRICH_HOME=str(tmp_path)) as process:
            assert process.stdout is not None
            first = process.stdout.readline()
            assert json.loads(address.read_text())["url"] == first.removeprefix("sandbox: ").strip()
            if replaced:
                address.write_text("of another sandbox")
            process.terminate()
            assert process.wait(PATIENCE_SECONDS) == 0
        assert address.exists() == replaced


def test_a_start_that_fails_leaves_the_address_that_was_there(home: Path) -> None:
    (home / "address.json").write_text("of a sandbox too busy to answer")
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(UsageError, match="choose another"):
        serve(port=taken.getsockname()[1], time_scale=20)
    assert (home / "address.json").read_text() == "of a sandbox too busy to answer"


@pytest.mark.parametrize(
    ("port", "time_scale", "expected"),
    [
        (0, 0.0, "--time-scale"),
        (0, -1.0, "--time-scale"),
        (0, float("nan"), "--time-scale"),
        (0, float("inf"), "--time-scale"),
        (99_999_999, 20.0, "--port"),
        (-1, 20.0, "--port"),
    ],
)
def test_options_that_make_no_sense_are_refused(home: Path, port: int, time_scale: float, expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        serve(port=port, time_scale=time_scale)
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("taken", ["sandbox", "sandbox/books", "sandbox/books/sandbox.sqlite", "sandbox/address.json"])
def test_a_home_where_nothing_can_be_written_is_one_sentence(home: Path, taken: str) -> None:
    if taken.endswith(("sqlite", "json")):
        (home.parent / taken).mkdir(parents=True)
    else:
        home.rmdir()
        (home.parent / taken).parent.mkdir(exist_ok=True)
        (home.parent / taken).write_text("a file where a folder must be")
    with pytest.raises(UsageError, match="set ENRICH_HOME to") as refused:
        serve(port=0, time_scale=20)
    assert "\n" not in str(refused.value)


def test_the_end_of_make_dev_is_the_end_of_all_it_started(tmp_path: Path) -> None:
    """A stand-in for Dagster comes first on the path; a child of it ignores SIGTERM."""
    (tmp_path / "dagster").mkdir()
    (tmp_path / "dagster" / "__init__.py").touch()
    (tmp_path / "dagster" / "__main__.py").write_text(STAND_IN)
    environment = {"ENRICH_HOME": str(tmp_path / "home"), "PYTHONPATH": str(tmp_path)}
    with sigterm_ignored(), running("enrich_cli.development.dev", **environment) as dev:
        until_up(dev)
        dev.terminate()
        rest, _ = dev.communicate(timeout=PATIENCE_SECONDS)  # ends when the last process that can write to it has ended
    assert (dev.returncode, rest) == (0, "")
    assert not (tmp_path / "home" / "sandbox" / "address.json").exists()


@contextmanager
def sigterm_ignored() -> Iterator[None]:
    """As a process inherits it from one in a script's background that has imported Dagster."""
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def until_up(dev: "subprocess.Popen[str]") -> None:
    assert dev.stdout is not None
    for line in dev.stdout:
        if "dagster is up" in line:
            return
    raise AssertionError("it ended before it was up")
