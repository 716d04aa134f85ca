"""`enrich companies add FILE`: what it adds, what it leaves out, and with which code it ends."""

from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from enrich_cli.errors import INCOMPLETE
from enrich_cli.main import app
from resources.company_lists import UnreadableList
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


def written(folder: Path, content: str, name: str = "companies.csv") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def add(path: Path, *options: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["companies", "add", str(path), "--sandbox", *options])
    assert done.exception is None or isinstance(done.exception, SystemExit | UnreadableList)
    return done.exit_code, done.output + (str(done.exception) if isinstance(done.exception, UnreadableList) else "")


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_nothing_is_taken_where_the_rows_left_out_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.setenv("ENRICH_HOME", str(tmp_path / "home"))
    path = written(
        tmp_path, "name,website\n-,-\nAcme,acme-x.com\n", "a" * 244 + ".csv"
    )  # the longer name is too long for a file
    code, output = add(path, *options)
    assert (code, "nothing was taken" in output) == (1, True)
    assert "1 company added" in add(written(tmp_path, "name,website\nAcme,acme-x.com\n"))[1]


def test_a_website_is_learned_and_not_registered_as_a_second_company(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENRICH_HOME", str(tmp_path / "home"))
    add(written(tmp_path, "name\nAcme\nBeta\n"))
    code, output = add(written(tmp_path, "name,website\nAcme Inc.,acme-x.com\nBeta,beta-x.com\n"))
    assert (code, "0 companies added" in output, "2 registered companies have a website now" in output) == (0, 1, 1)
    assert "2 rows: 2 known" in add(written(tmp_path, "name\nAcme\nBeta\n"))[1]
    assert "2 rows: 2 known" in add(written(tmp_path, "website\nacme-x.com\nbeta-x.com\n"))[1]


@pytest.mark.parametrize(
    "content",
    [
        'name,website\nGood,good-x.com\n"Acme,acme-x.com\nBeta,beta-x.com\n-,facebook.com/x\n7\n',
        "Acme,acme-x.com\nBeta,beta-x.com\nN/A,-\nx@gmail.com,\n",
        "name,website\n-,facebook.com/x,more,even more\n",
        "name,website\n\"=cmd|'/c calc'!A0\",x\n",
    ],
)
def test_rows_left_out_can_be_added_again_and_name_no_company_until_they_are_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setenv("ENRICH_HOME", str(tmp_path / "home"))
    path = written(tmp_path, content)
    add(path)
    again = path.with_name("companies.csv.left-out.csv")
    code, output = add(again)
    assert (code, "0 companies added" in output) == (INCOMPLETE, True)
    mended = again.read_text(encoding="utf-8-sig").splitlines()
    again.write_text("\n".join([mended[0], "Mended,mended-x.com", *mended[1:]]), encoding="utf-8-sig")
    assert "1 company added" in add(again)[1]


def test_lines_of_a_file_with_several_sheets_are_named_with_their_sheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENRICH_HOME", str(tmp_path / "home"))
    book = openpyxl.Workbook()
    for title in ("Accounts", "Leads"):
        sheet = book.create_sheet(title)
        for row in (["Company"], [f"Acme {title}"], ["N/A"]):
            sheet.append(row)
    book.save(tmp_path / "list.xlsx")
    output = add(tmp_path / "list.xlsx")[1]
    assert "new: lines 2 of 'Accounts', 2 of 'Leads'" in output
    assert "line 3 of 'Leads': 'N/A' names no company" in output


def test_what_is_wrong_with_a_row_left_out_is_no_company_where_no_column_names_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENRICH_HOME", str(tmp_path / "home"))
    path = written(tmp_path, "E-Mail\ninfo@acme-x.com\njoe@gmail.com\n")
    add(path)
    code, output = add(path.with_name("companies.csv.left-out.csv"))
    assert (code, "1 row: 1 empty" in output, "0 companies added" in output) == (INCOMPLETE, True, True)


def test_a_row_with_another_name_of_a_registered_company_is_known_and_asked_about_where_two_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENRICH_HOME", str(tmp_path / "home"))
    add(written(tmp_path, "name,website\nAcme (formerly Beta),\nGamma,gamma-x.com\n"))
    beta = written(tmp_path, "name\nBeta\n", "beta.csv")
    code, output = add(beta)
    assert (code, "1 row: 1 known" in output, "0 companies added" in output) == (0, True, True)
    assert "1 company added" in add(written(tmp_path, "name,website\nBeta,beta-x.com\n"))[1]
    code, output = add(beta)
    assert (code, "2 companies go by this name" in output) == (INCOMPLETE, True)


def test_a_row_with_a_former_website_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENRICH_HOME", str(tmp_path / "home"))
    add(written(tmp_path, "name,website\nAcme,acme-x.com\nAcme Old,acme-old.com\n"))
    merged = CliRunner().invoke(app, ["companies", "merge", "acme-old.com", "acme-x.com", "--sandbox", "--yes"])
    assert merged.exit_code == 0
    assert "1 row: 1 known" in add(written(tmp_path, "website\nacme-old.com\n"))[1]


def test_rows_of_one_name_with_two_pages_on_linkedin_are_not_one_company(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENRICH_HOME", str(tmp_path / "home"))
    page = "https://www.linkedin.com/company"
    listed = f"name,website,LinkedIn\nAcme,acme-x.com,{page}/acme\nAcme Inc,,{page}/acme/\nAcme,,{page}/acme-dental\n"
    code, output = add(written(tmp_path, listed))
    assert (code, "3 rows: 1 new, 1 same as another row, 1 ambiguous" in output) == (INCOMPLETE, True)
    assert (
        "line 4: it may be line 2, 'Acme': their LinkedIn pages differ (acme-dental, acme); add its website" in output
    )


@pytest.mark.parametrize("names", [("Acme (formerly Beta)", "Beta"), ("Beta Ltd", "Acme GmbH, vormals Beta")])
def test_two_rows_of_which_one_has_the_others_former_name_are_asked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, str]
) -> None:
    monkeypatch.setenv("ENRICH_HOME", str(tmp_path / "home"))
    path = written(tmp_path, "\n".join(["name", *(f'"{name}"' for name in names)]))
    output = add(path)[1]
    assert "2 rows: 1 new, 1 ambiguous" in output
    assert "1 of them waits" in output


@pytest.mark.parametrize(
    ("lines", "counts"),
    [
        (("Acme,,acme", "Acme Widgets,acme-x.com,acme"), "1 new, 1 same as another row"),
        (("Acme,,acme", "Zeta,,acme"), "1 new, 1 ambiguous"),
        (("Acme,,acme", "Acme,acme-x.com,acme"), "1 new, 1 same as another row"),
        (("Acme,acme-x.com,acme", "Acme,acme-y.com,acme"), "1 new, 1 ambiguous"),
        (("Acme,acme-x.com,acme", "Zeta Metals,zeta-y.com,zeta"), "2 new"),
    ],
)
def test_rows_of_one_page_on_linkedin_are_one_company_or_are_asked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: tuple[str, str], counts: str
) -> None:
    monkeypatch.setenv("ENRICH_HOME", str(tmp_path / "home"))
    pages = [f"{rest},linkedin.com/company/{page}" for rest, _, page in (line.rpartition(",") for line in lines)]
    path = written(tmp_path, "\n".join(["name,website,LinkedIn", *pages]))
    assert f"2 rows: {counts}" in add(path)[1]
