"""`make dev`: sandbox, Dagster webserver and daemon, until Ctrl-C or SIGTERM."""

import sys
import time

from enrich_cli.errors import failing_in_one_sentence
from enrich_cli.processes.child_processes import (
    dagster_environment,
    group_running,
    make_home,
    root,
    sandbox_running,
    signals_noted,
)
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
        environment = dagster_environment(settings)
        with signals_noted() as noted, group_running(command, environment, root()) as dagster:
            while not noted and dagster.poll() is None:
                time.sleep(_LOOK_SECONDS)


if __name__ == "__main__":
    with failing_in_one_sentence():
        main()
