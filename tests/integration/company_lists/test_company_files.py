"""Files of companies as people keep them: what is taken from them, and what is wrong with the rest, by its line."""

import warnings
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from enrich_cli.companies.column_map import asked_columns
from enrich_cli.errors import UsageError
from enrich_cli.rendering.companies import understood_json, understood_view
from enrichment.domain.companies import Company
from enrichment.identity.domains import company_key
from enrichment.identity.list_fates import ListRow
from resources.company_lists import UnreadableList
from resources.company_lists.company_files import LEFT_OUT, ListOptions, Taken, understand_file
from tests.support.examples import NOON

Written = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(content: str | bytes, name: str = "companies.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def read_companies(path: Path) -> tuple[list[Company], list[ListRow]]:
    """The companies of a file where none is registered, and the rows left out."""
    understood = understand_file(path, ListOptions(), [])
    entries = [row.entry for row in understood.rows("new") if row.entry is not None]
    companies = [Company("", company_key(one.name, one.domain), one.name, one.domain, NOON) for one in entries]
    return companies, list(understood.rows(*LEFT_OUT))


def keys(path: Path) -> list[str]:
    return [company.key for company in read_companies(path)[0]]


def bad_lines(path: Path) -> list[int]:
    return [row.line for row in read_companies(path)[1]]


@pytest.mark.parametrize("content", ["name\nTesla\nIntel\n", "\ufeffname\r\nTesla\r\nIntel", "\n\nname\rTesla\rIntel"])
def test_one_column_is_enough(written: Written, content: str) -> None:
    assert keys(written(content)) == ["name:tesla", "name:intel"]


def test_a_comma_in_a_single_column_belongs_to_the_name(written: Written) -> None:
    companies, bad = read_companies(written("name\nAcme, Inc\nJohnson, Smith & Sons\n"))
    assert ([company.name for company in companies], bad) == (["Acme, Inc", "Johnson, Smith & Sons"], [])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_columns_are_found_by_what_splits_the_header(written: Written, delimiter: str) -> None:
    rows = [["Note", "Website", "Name"], ["a, b; c", "tesla.com", "Tesla"], ["x", "intel.com", "Intel"]]
    quoted = "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    assert keys(written(quoted)) == ["tesla.com", "intel.com"]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("name, legal;website;url", "Tesla, Inc.;tesla.com;x"),
        ("note\tname; short\twebsite", "a, b\tTesla\ttesla.com"),
        ('"Legal\nform, if any",Website', "Inc.,tesla.com"),
        ("name,website,a;b", "Tesla,tesla.com,1"),
    ],
)
def test_the_delimiter_is_the_one_that_occurs_most_often_in_the_header(written: Written, header: str, row: str) -> None:
    assert keys(written(f"{header}\n{row}\n")) == ["tesla.com"]


@pytest.mark.parametrize("column", ["Company Name", " company_name ", "COMPANY", '"Company\nName"', "Name"])
def test_the_column_of_names_is_known_by_any_spelling(written: Written, column: str) -> None:
    assert keys(written(f"id,{column}\n1,Tesla\n")) == ["name:tesla"]


def test_bad_rows_are_named_by_their_line(written: Written) -> None:
    content = 'name,website\n"Acme\nInc",acme.com\n\n!!!,\nTesla,tesla.com\n,someone@gmail.com\n'
    assert keys(written(content)) == ["acme.com", "tesla.com"]
    assert bad_lines(written(content)) == [5, 7]


def test_a_break_within_a_cell_is_a_space(written: Written) -> None:
    companies, bad = read_companies(written('name,website\n"Acme\r\n  Inc","\nacme.com "\n'))
    assert ([(one.name, one.key) for one in companies], bad) == ([("Acme Inc", "acme.com")], [])


def test_rows_that_are_too_long_or_too_short_are_taken_without_a_word(written: Written) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        companies, bad = read_companies(written("name,website\nTesla,tesla.com,x,,y\nIntel\n"))
    assert ([company.key for company in companies], bad) == (["tesla.com", "name:intel"], [])


def test_a_quotation_mark_that_is_not_closed_costs_its_own_row_and_no_other(written: Written) -> None:
    content = 'name,website\nIntel,intel.com\n"Acme,acme.com\nTesla,tesla.com\n"Ford",ford.com\nNike,"nike.com\n'
    companies, bad = read_companies(written(content))
    assert [company.key for company in companies] == ["intel.com", "tesla.com", "ford.com"]
    assert [(row.line, "quotation mark" in row.because) for row in bad] == [(3, True), (6, True)]


def test_quotation_marks_within_a_name_do_no_harm(written: Written) -> None:
    content = 'name,website\n"Acme" Inc,acme.com\n7" Records,seven.com\n"The ""Best"" Co",best.com\n'
    assert (keys(written(content)), bad_lines(written(content))) == (["acme.com", "seven.com", "best.com"], [])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_names_survive_the_encodings_that_spreadsheets_write(written: Written, encoding: str) -> None:
    assert [one.name for one in read_companies(written("name\nAcmé\n".encode(encoding)))[0]] == ["Acmé"]


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (b"", "empty.csv", "first line such as name,website"),
        (b"\n\r\n", "blank.csv", "first line such as name,website"),
        (bytes(range(256)) * 3, "random.csv", "save the table as CSV in UTF-8"),
        (b"\xff\xfea", "half.csv", "save the table as CSV in UTF-8"),
        (b"colour\nblue\n", "colours.csv", "no column name, company, domain or website"),
        (b'"name\nTesla\n', "quoted.csv", "line 1: a quotation mark"),
        (bytes(range(256)), "random.xlsx", "save it as xlsx once more"),
        (bytes(range(256)), "random.parquet", "save it as parquet once more"),
        (b"name\nTesla\n", "old.xls", "save it as one of them"),
        (b"name\nTesla\n", "companies", "save it as one of them"),
    ],
)
def test_a_file_that_is_no_list_of_companies_is_refused_with_what_to_do(
    written: Written, content: bytes, name: str, expected: str
) -> None:
    with pytest.raises(UnreadableList) as refused:
        read_companies(written(content, name))
    assert expected in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_folder_and_a_missing_file_differ(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UnreadableList, match="directory"):
        read_companies(tmp_path / "folder.csv")
    with pytest.raises(UnreadableList, match="check the path"):
        read_companies(tmp_path / "nowhere.csv")


@pytest.mark.parametrize("ending", ["xlsx", "parquet"])
def test_empty_cells_of_a_spreadsheet_are_no_names(tmp_path: Path, ending: str) -> None:
    names = pd.Series(["Acme", None, "!!!", "Tes\nla"], dtype="object")
    table = pd.DataFrame({"Company Name": names, "staff": pd.array([1, None, 3, 4], dtype="Int64")})
    table["website"] = ["acme.com", None, None, "www.tesla.com"]
    path = tmp_path / f"companies.{ending}"
    writers: dict[str, Callable[..., object]] = {"xlsx": table.to_excel, "parquet": table.to_parquet}
    writers[ending](path, index=False)
    companies, bad = read_companies(path)
    assert [(one.name, one.key) for one in companies] == [("Acme", "acme.com"), ("Tes la", "tesla.com")]
    # a row of Excel that is blank throughout is no row, as in CSV
    assert [row.line for row in bad] == ([4] if ending == "xlsx" else [3, 4])


def test_a_number_is_a_name_and_a_gap_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "numbers.parquet"
    pd.DataFrame({"name": pd.array([1800, None], dtype="Int64")}).to_parquet(path)
    assert (keys(path), bad_lines(path)) == (["name:1800"], [3])


@pytest.mark.parametrize(
    ("content", "websites", "profiles"),
    [
        ("Company,LinkedIn\nTesla,https://linkedin.com/company/tesla\n", [], ["LinkedIn"]),
        ("Company,LinkedIn\nTesla,tesla-motors\n", [], ["LinkedIn"]),
        ("Company,Website,LinkedIn URL\nTesla,tesla.com,linkedin.com/company/tesla\n", ["Website"], ["LinkedIn URL"]),
        ("Company,Website\nTesla,https://www.linkedin.com/company/tesla\n", [], ["Website"]),
        ("Company,Profile\nTesla,https://www.tesla.com/about\n", ["Profile"], []),
        ("Tesla,https://linkedin.com/company/tesla\nIntel,https://linkedin.com/company/intel\n", [], ["column 2"]),
    ],
)
def test_profile_pages_are_named_as_columns_that_do_not_tell_a_website(
    written: Written, content: str, websites: list[str], profiles: list[str]
) -> None:
    understood = understand_file(written(content), ListOptions(), [])
    out = StringIO()
    Console(width=200, file=out).print(understood_view(understood))
    line = f"profile pages from {' and '.join(map(repr, profiles))}: they do not tell a company's website"
    assert (line in out.getvalue()) == bool(profiles)
    columns = understood_json(understood, Taken(0, 0), None)["lists"][0]["columns"]
    assert (columns["website"], columns["profile"]) == (websites, profiles)
    assert [f"website from {title!r}" in out.getvalue() for title in (*websites, *profiles)] == [
        *(True for _ in websites),
        *(False for _ in profiles),
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Account=name,Web=domain", {"Account": "name", "Web": "website"}),
        ('"Name, legal"=name', {"Name, legal": "name"}),
        ("a=b=name", {"a=b": "name"}),
        ("Name, legal=name,Web=domain", {"Name, legal": "name", "Web": "website"}),
        ('"Name, legal"=name, Web, main = website', {"Name, legal": "name", "Web, main": "website"}),
        (None, {}),
    ],
)
def test_titles_may_have_commas_quoted_or_not(given: str | None, expected: dict[str, str]) -> None:
    assert asked_columns(given) == expected


@pytest.mark.parametrize("given", ["a=name,a=website", "a=banana", "=name", "name"])
def test_a_map_that_cannot_be_meant_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match="--map"):
        asked_columns(given)


def test_all_columns_that_are_read_are_named_country_and_ids_included(written: Written) -> None:
    understood = understand_file(written("Company,Billing Country,Ticker,Notes\nTesla,US,TSLA,x\n"), ListOptions(), [])
    out = StringIO()
    Console(width=200, file=out).print(understood_view(understood))
    assert "name from 'Company', country from 'Billing Country', id from 'Ticker'" in out.getvalue()
    columns = understood_json(understood, Taken(0, 0), None)["lists"][0]["columns"]
    assert (columns["country"], columns["id"]) == (["Billing Country"], ["Ticker"])


def test_a_person_without_a_company_is_left_out_by_what_is_there_for_one(written: Written) -> None:
    content = "First Name,Company,Email\nJane,Acme,jane@acme-x.com\nMax,Self-employed,max@gmail.com\n"
    _, (left_out,) = read_companies(written(content))
    assert left_out.because == "'Self-employed' names no company"
