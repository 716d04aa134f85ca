"""`enrich companies add FILE`: what it adds, what it leaves out, and with which code it ends."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from enrich_cli.errors import INCOMPLETE
from enrich_cli.main import app
from tests.support.command_line import run


def test_adding_a_file_twice_adds_its_companies_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENRICH_HOME", str(tmp_path / "home"))
    path = tmp_path / "companies.csv"
    path.write_text('name,website\nAcme,acme.com\n"",\nTesla,www.tesla.com\n', encoding="utf-8")
    typed = ["companies", "add", str(path), "--sandbox"]
    first, again = CliRunner().invoke(app, typed), CliRunner().invoke(app, typed)
    assert (first.exit_code, again.exit_code) == (INCOMPLETE, INCOMPLETE)
    assert "3 rows: 2 new, 1 empty" in first.output
    assert "2 companies added" in first.output
    assert "3 rows: 2 known, 1 empty" in again.output
    assert "0 companies added" in again.output


def test_the_command_lists_bad_rows_with_their_line_and_leaves_with_3(tmp_path: Path) -> None:
    path = tmp_path / "companies.csv"
    path.write_text("name\nTesla\n!!!\n", encoding="utf-8")
    done = run("companies", "add", str(path), "--sandbox", ENRICH_HOME=str(tmp_path / "home"))
    assert (done.returncode, done.stderr) == (3, "")
    assert "line 3: '!!!'" in done.stdout
