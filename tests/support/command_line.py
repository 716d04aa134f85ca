"""The command line as a process: its words and environment in, its exit code and what it printed out.

run("company", "Tesla", "--json", ENRICH_HOME=...) -> Finished(returncode, stdout, stderr)

The process is forked by a server that has imported the commands already: starting Python anew takes over a second.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from enrich_cli.main import main
from resources.clock import TEST_CLOCK
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.forkserver import FORKSERVER

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Finished]


def run_at(instant: datetime, *words: str, **environment: str) -> Finished:
    """The same as `run`, by a process that takes this instant for the present."""
    return run(*words, **{TEST_CLOCK: instant.isoformat(), **environment})


def run(*words: str, **environment: str) -> Finished:
    """`enrich WORDS`, without the vendor credentials of the environment."""
    inherited = {k: v for k, v in os.environ.items() if not k.endswith(("_API_KEY", "_BASE_URL")) and k != "CI"}
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder) / "stdout", Path(folder) / "stderr"
        process = FORKSERVER.Process(target=_command, args=(words, {**inherited, **environment}, out, err))
        process.start()
        process.join(PATIENCE_SECONDS)
        assert process.exitcode is not None, f"enrich {' '.join(words)} has not ended"
        done = Finished(process.exitcode, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"))
    assert "Traceback" not in done.stderr
    return done


def _command(words: tuple[str, ...], environment: Mapping[str, str], out: Path, err: Path) -> None:
    os.environ.clear()
    os.environ.update(environment, COLUMNS="200")
    os.chdir(ROOT)
    for path, stream in ((out, sys.stdout), (err, sys.stderr)):
        with path.open("wb") as file:
            os.dup2(file.fileno(), stream.fileno())
    sys.argv = ["enrich", *words]
    main()
