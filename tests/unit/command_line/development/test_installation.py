"""What a newcomer sees while `make` installs: how far it is, in one line, and pip's own words only if it fails."""

import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

from enrich_cli.development.installation import install, progress, show

ROOT = Path(__file__).parents[4]
PIP = """\
Collecting aiohttp==3.1 (from -r requirements.lock (line 3))
  Downloading aiohttp-3.1-cp311.whl (1.7 MB)
Requirement already satisfied: click==8.1 in ./.venv/lib
Collecting pyicu==2.1
Building wheels for collected packages: pyicu
  Building wheel for pyicu (pyproject.toml): started
Installing collected packages: aiohttp, pyicu
Successfully installed aiohttp-3.1 pyicu-2.1
"""


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_it_says_how_many_of_the_pinned_packages_are_there() -> None:
    assert list(progress(PIP.splitlines(), 3)) == [
        "installing: 1 of 3 packages (aiohttp)",
        "installing: 2 of 3 packages (click)",
        "installing: 3 of 3 packages (pyicu)",
        "installing: compiling pyicu",
        "installing: unpacking 2 packages",
    ]


def test_a_terminal_has_one_line_that_is_gone_at_the_end() -> None:
    out = Terminal()
    show(progress(PIP.splitlines(), 3), out, 3)
    assert "\n" not in out.getvalue()
    assert out.getvalue().endswith("\r\033[K")


def test_a_file_has_a_few_lines_of_many() -> None:
    out = StringIO()
    show((f"installing: {number} of 200 packages (a)" for number in range(1, 201)), out, 200)
    assert len(out.getvalue().splitlines()) == 5


def test_what_fails_shows_pips_last_words_and_its_exit_code(capfd: pytest.CaptureFixture[str]) -> None:
    assert install([sys.executable, "-c", "print('ERROR: no such package'); raise SystemExit(7)"], 1) == 7
    assert "no such package" in capfd.readouterr().err


def test_it_needs_nothing_but_python() -> None:
    """It installs all the rest. -I: no site packages of this environment, no folder of the script."""
    code = "import runpy; runpy.run_path('enrich_cli/development/installation.py', run_name='loaded')"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
