"""What a fresh `enrich` command costs: user and system CPU of its process, the best of some runs.

    python -m bench.startup [--runs N]        a sandbox is started for it, and stopped afterwards

What a command may import at all is a test: tests/acceptance/command_line/test_imports.py.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

_PLAN, _SLIP = 0.6, 0.3
COMMANDS: tuple[tuple[str, float, int, str], ...] = (
    ("a finished profile", _PLAN, 0, "company tesla.com --sandbox"),
    ("a plan of a company that is known", _PLAN, 0, "plan tesla.com --for vendor_enrichment --sandbox"),
    ("a plan of a new company", _PLAN, 0, "plan siemens.com --for vendor_enrichment --sandbox"),
    ("a wrong argument", _SLIP, 2, "plan tesla.com --max-age soon"),
    ("an unknown option", _SLIP, 2, "company tesla.com --nonsense"),
    ("--help", _SLIP, 0, "company --help"),
    ("--version", _SLIP, 0, "--version"),
)


def cpu_seconds(words: Sequence[str], environment: Mapping[str, str]) -> tuple[float, int]:
    """User and system CPU of one command, and its exit code."""
    before = getrusage(RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "enrich_cli.main", *words]
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)  # noqa: S603
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.returncode


@contextmanager
def sandbox(environment: Mapping[str, str]) -> Iterator[None]:
    """A running one, in which the first company has been bought and policies are compiled."""
    command = [sys.executable, "-m", "enrich_cli.main", "sandbox", "--time-scale", "1000"]
    running = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        assert running.stdout is not None
        running.stdout.readline()  # the sandbox prints its address when it is ready
        for _, _, _, words in COMMANDS[:3]:
            cpu_seconds(words.split(), environment)
        yield
    finally:
        running.terminate()
        running.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    runs: int = parser.parse_args().runs
    missed = 0
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "ENRICH_HOME": home, "PYTHONPATH": str(Path(__file__).parents[2])}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # each command would compile every module anew
        with sandbox(environment):
            for name, most, exit_code, words in COMMANDS:
                measured = [cpu_seconds(words.split(), environment) for _ in range(runs)]
                assert {code for _, code in measured} == {exit_code}, words
                best = min(seconds for seconds, _ in measured)
                missed += best > most
                print(f"{name:36} {best:.2f} s of CPU, goal {most}{'' if best <= most else '  MISSED'}", flush=True)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
