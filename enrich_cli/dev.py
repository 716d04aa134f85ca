"""`make dev`: sandbox, Dagster webserver and daemon, until Ctrl-C or SIGTERM."""

import subprocess
import sys
from contextlib import suppress

from enrich_cli.errors import failing_in_one_sentence
from enrich_cli.processes import dagster_environment, group_running, make_home, root, sandbox_running
from resources.settings import load_settings

_PORT = 3000
_LOOK_SECONDS = 0.5
_SUPERSEDED = "ignore:Function `dev_command` is superseded:FutureWarning"  # its successor needs another package


def main() -> None:
    settings = load_settings(sandbox=True)
    make_home(settings)
    command = [
        sys.executable, "-W", _SUPERSEDED,
        "-m", "dagster", "dev", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(_PORT),
    ]  # fmt: skip
    with sandbox_running(settings) as url:
        sys.stdout.write(f"sandbox at {url}; Dagster at http://127.0.0.1:{_PORT} in a moment. Ctrl-C ends both.\n")
        sys.stdout.flush()
        with group_running(command, dagster_environment(settings), root()) as dagster, suppress(KeyboardInterrupt):
            _wait_for(dagster)


def _wait_for(process: "subprocess.Popen[bytes]") -> None:
    """In short waits: a signal that comes just before a long one would be noticed only at its end."""
    while process.poll() is None:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK_SECONDS)


if __name__ == "__main__":
    with failing_in_one_sentence():
        main()
