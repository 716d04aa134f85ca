"""Start what a demo or a development session needs beside it, and end it again: the sandbox, Dagster.

with sandbox_running(settings) as url: ...      dagster_environment(settings) -> the environment of its processes
with group_running(command, environment, folder) as process: ...        it and all it starts end with the block
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import BinaryIO

from enrich_cli.errors import UsageError
from resources.private_folders import make_private_folder
from resources.settings import Settings, SettingsError, project_folder
from resources.wiring import sandbox_url

_GRACE_SECONDS = 10


@contextmanager
def sandbox_running(settings: Settings) -> Iterator[str]:
    """The address of the sandbox of this home: the one that runs already, else one started here and ended at the end.

    SIGTERM and SIGHUP end the block as Ctrl-C does; on their own they would leave behind what it started.
    """
    for name in (signal.SIGTERM, *_not_ignored(signal.SIGHUP)):
        signal.signal(name, _interrupt)
    try:
        yield sandbox_url(settings)
        return
    except SettingsError:
        pass
    with _started([sys.executable, "-m", "enrich_cli.main", "sandbox"], environment_of(settings)) as process:
        assert process.stdout is not None  # noqa: S101  it is a pipe
        first = process.stdout.readline()
        if not first.startswith("sandbox: "):
            raise UsageError(f"The sandbox did not start: {first or 'it printed nothing'}")
        yield first.removeprefix("sandbox: ").strip()


@contextmanager
def signals_noted() -> Iterator[list[int]]:
    """SIGINT, SIGTERM and SIGHUP are appended to the yielded list; none is raised.

    An exception raised inside Popen.wait or Popen.poll can leave the lock of that process taken for good: it could
    then be neither waited for nor ended.
    """
    noted: list[int] = []
    names = (signal.SIGTERM, *_not_ignored(signal.SIGINT, signal.SIGHUP))
    before = {name: signal.signal(name, lambda number, _: noted.append(number)) for name in names}
    try:
        yield noted
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


@contextmanager
def group_running(
    command: Sequence[str], environment: dict[str, str], folder: Path, *, log: BinaryIO | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Runs a process in a group of its own: at the end it gets SIGTERM, and what is left of the group is killed.

    log: what it prints goes there.
    """
    process = subprocess.Popen(  # noqa: S603  our own
        command, env=environment, cwd=folder, stdout=log, stderr=log, start_new_session=True
    )
    try:
        yield process
    finally:
        try:
            _end(process)
        finally:
            kill_group(process)


def kill_group(process: "subprocess.Popen[bytes]") -> None:
    """Kills a process with a group of its own: kill -9 of it and all it started. What is gone already is no error."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def make_home(settings: Settings) -> None:
    """Raises UsageError when the folder of these settings cannot be made."""
    try:
        make_private_folder(settings.home)
    except OSError as error:
        raise UsageError(
            f"{settings.home} cannot be made ({error.strerror}); set ENRICH_HOME to a folder you may write to."
        ) from None


def dagster_environment(settings: Settings) -> dict[str, str]:
    """DAGSTER_HOME beside the store, with the Dagster settings that the project ships."""
    home = settings.home / "dagster"
    make_private_folder(settings.home)
    home.mkdir(exist_ok=True)
    shutil.copyfile(root() / "enrichment_assets" / "dagster.yaml", home / "dagster.yaml")
    return {**environment_of(settings), "DAGSTER_HOME": str(home)}


def root() -> Path:
    """The folder with workspace.yaml. Raises UsageError."""
    folder = project_folder(Path(__file__).parent)
    if folder is None:
        raise UsageError("workspace.yaml is missing; run this in the project's folder.")
    return folder


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment of a process of ours with the same settings."""
    return {
        **os.environ,
        "ENRICH_HOME": str(settings.enrich_home.resolve()),
        "ENRICH_CONFIG": str(settings.enrich_config.resolve()),
        "ENRICH_WORLD": settings.enrich_world,
    }


@contextmanager
def _started(command: Sequence[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)  # noqa: S603  our own
    try:
        yield process
    finally:
        _end(process)


def _end(process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        with suppress(
            subprocess.TimeoutExpired
        ):  # without a limit it would wait forever if an interrupted wait still has the lock of Popen
            process.wait(_GRACE_SECONDS)


def _not_ignored(*names: signal.Signals) -> list[signal.Signals]:
    """Those of the signals that this process does not ignore.

    Under nohup SIGHUP is ignored, in the background of a script SIGINT, and so they stay.
    """
    return [name for name in names if signal.getsignal(name) is not signal.SIG_IGN]


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
