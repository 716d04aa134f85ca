"""Start what a demo or a development session needs beside it, and end it again: the sandbox, Dagster.

with sandbox_running(settings) as url: ...      dagster_environment(settings) -> the environment of its processes
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from enrich_cli.failure import UsageError
from resources.settings import Settings, SettingsError, project_folder
from resources.world import sandbox_url

_GRACE_SECONDS = 10


@contextmanager
def sandbox_running(settings: Settings) -> Iterator[str]:
    """The address of the sandbox of this world: the one that runs already, else one of our own, ended at the end."""
    try:
        yield sandbox_url(settings)
        return
    except SettingsError:
        pass
    with _started([sys.executable, "-m", "enrich_cli.main", "sandbox"], _environment(settings)) as process:
        assert process.stdout is not None  # noqa: S101  it is a pipe
        first = process.stdout.readline()
        if not first.startswith("sandbox: "):
            raise UsageError(f"The sandbox did not start: {first or 'it said nothing'}")
        yield first.removeprefix("sandbox: ").strip()


def dagster_environment(settings: Settings) -> dict[str, str]:
    """DAGSTER_HOME beside the store of this world, with the settings the project ships."""
    home = settings.home / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(root() / "enrichment_assets" / "dagster.yaml", home / "dagster.yaml")
    return {**_environment(settings), "DAGSTER_HOME": str(home)}


def root() -> Path:
    """The folder with workspace.yaml. Raises UsageError."""
    folder = project_folder(Path(__file__).parent)
    if folder is None:
        raise UsageError("workspace.yaml is missing; run this in the project's folder.")
    return folder


def _environment(settings: Settings) -> dict[str, str]:
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
        process.terminate()
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
