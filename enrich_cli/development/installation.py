"""Install what a lock file pins, then this project, with one line of progress. It runs before anything is installed.

python -P enrich_cli/development/installation.py requirements.lock     pip's output -> installing: 57 of 183 (duckdb)
"""

import re
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

_PIP = [sys.executable, "-u", "-m", "pip", "install", "--disable-pip-version-check", "--no-deps"]
_PACKAGE = re.compile(r"^(?:Collecting|Requirement already satisfied:) ([A-Za-z0-9._-]+)")
_PINNED = re.compile(r"^[A-Za-z0-9._-]+==", re.MULTILINE)
_COMPILES = "Building wheels for collected packages: "
_KEPT_LINES = 20
_LINES_OF_A_FILE = 5  # of output that goes to a file or a pipe


def progress(lines: Iterable[str], total: int) -> Iterator[str]:
    """pip's lines -> what happens now, one line each; lines without news are left out."""
    seen = 0
    for line in lines:
        if package := _PACKAGE.match(line):
            seen += 1
            yield f"installing: {seen} of {total} packages ({package[1]})"
        elif line.startswith(_COMPILES):
            yield f"installing: compiling {line.removeprefix(_COMPILES).strip()}"
        elif line.startswith("Installing collected packages"):
            yield f"installing: unpacking {line.count(',') + 1} packages"


def show(sentences: Iterable[str], out: TextIO, total: int) -> None:
    """Shows progress: on a terminal one line that changes; elsewhere a few lines."""
    every = max(1, total // _LINES_OF_A_FILE)
    for number, sentence in enumerate(sentences):
        if out.isatty():
            out.write(f"\r\033[K{sentence}")
        elif number % every == 0 or " of " not in sentence:
            out.write(f"{sentence}\n")
        out.flush()
    if out.isatty():
        out.write("\r\033[K")


def install(command: list[str], total: int) -> int:
    """pip's exit code. Where it fails, its last lines are printed."""
    last: deque[str] = deque(maxlen=_KEPT_LINES)
    with subprocess.Popen(  # noqa: S603  our own
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None  # noqa: S101  it is a pipe
        show(progress(_kept(process.stdout, last), total), sys.stdout, total)
    if process.returncode:
        sys.stderr.write("".join(last))
    return process.returncode


def _kept(lines: Iterable[str], last: deque[str]) -> Iterator[str]:
    for line in lines:
        last.append(line)
        yield line


def main() -> None:
    lock = Path(sys.argv[1])
    total = len(_PINNED.findall(lock.read_text(encoding="utf-8")))
    failed = install([*_PIP, "--require-hashes", "-r", str(lock)], total) or install(
        [*_PIP, "--no-build-isolation", "--editable", "."], 1
    )
    if not failed:
        sys.stdout.write(f"installed {total} packages and this project\n")
    sys.exit(failed)


if __name__ == "__main__":
    main()
