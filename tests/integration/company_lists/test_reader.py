"""Files that are damaged, locked or not what their ending says: one sentence each, and never another list."""

import io
import json
import warnings
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Font

from enrichment.identity.company_list import read_rows
from enrichment.identity.list_columns import NoCompanyColumn
from enrichment.identity.list_rows import LinkedText, UnreadRow
from resources.company_lists import ListTable, UnreadableList, read_list


def workbook(fill: Callable[[openpyxl.Workbook], object] = lambda _: None) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (["Name", "Website"], ["Acme", "a-x.com"]):
        book.active.append(row)
    fill(book)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def changed(part: str, change: Callable[[bytes], bytes]) -> bytes:
    """An Excel file of which one part is changed."""
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook())) as before, zipfile.ZipFile(content, "w") as after:
        for name in before.namelist():
            after.writestr(name, change(before.read(name)) if part in name else before.read(name))
    return content.getvalue()


def locked() -> bytes:
    return workbook().replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00")


def unpacked_wrong() -> bytes:
    content = bytearray(workbook())
    at = content.find(b"sheet1.xml") + 40
    content[at : at + 30] = b"\xff" * 30
    return bytes(content)


def rows(tmp_path: Path, name: str, content: bytes) -> list[list[object]]:
    return [
        list(cells) for table in read(tmp_path, name, content) for _, cells in table.rows if isinstance(cells, list)
    ]


def read(tmp_path: Path, name: str, content: bytes) -> list[ListTable]:
    path = tmp_path / name
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of parts that it passes over
        return read_list(path)


@pytest.mark.parametrize(
    ("content", "states"),
    [
        (changed("sheet1", lambda part: part[: len(part) // 2]), "as xlsx once more"),
        (changed("workbook.xml", lambda part: part[: len(part) // 2]), "as xlsx once more"),
        (changed("styles", lambda part: part.replace(b"<patternFill", b"<foo")), "as xlsx once more"),
        (changed("core.xml", lambda _: b"<x"), "as xlsx once more"),
        (workbook()[:2000], "as xlsx once more"),
        (unpacked_wrong(), "as xlsx once more"),
        (locked(), "password"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "password"),
        (b"name\nAcme\n", "as xlsx once more"),
        (b"", "as xlsx once more"),
    ],
)
def test_a_damaged_or_locked_excel_file_is_refused_in_one_sentence(tmp_path: Path, content: bytes, states: str) -> None:
    with pytest.raises(UnreadableList) as refused:
        read(tmp_path, "list.xlsx", content)
    assert states in str(refused.value)
    assert "\n" not in str(refused.value)


def chart(book: openpyxl.Workbook) -> None:
    bars = BarChart()
    bars.add_data(Reference(book.worksheets[0], min_col=1, min_row=1, max_row=2))
    book.create_chartsheet("Chart1").add_chart(bars)


def far(place: str, value: object = None) -> Callable[[openpyxl.Workbook], None]:
    def fill(book: openpyxl.Workbook) -> None:
        cell = book.worksheets[0][place]
        cell.font = Font(bold=True)
        cell.value = value

    return fill


@pytest.mark.parametrize(
    "fill", [chart, far("XFD20000"), far("A1048576"), far("A500000", "Late"), far("XFD1048576", "Late")]
)
def test_charts_and_cells_far_away_are_no_rows(tmp_path: Path, fill: Callable[[openpyxl.Workbook], object]) -> None:
    assert rows(tmp_path, "list.xlsx", workbook(fill)) == [["Name", "Website"], ["Acme", "a-x.com"]]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ([{"company": {"name": "Acme", "domain": "a-x.com"}}], [["company", "company domain"], ["Acme", "a-x.com"]]),
        ({"results": [{"id": "1", "properties": {"name": "Acme"}}]}, [["id", "name"], ["1", "Acme"]]),
        ([["name", "website"], ["Acme", "a-x.com"]], [["name", "website"], ["Acme", "a-x.com"]]),
        ([{"name": "Acme", "website": ["a-x.com"]}], [["name", "website"], ["Acme", "a-x.com"]]),
        ([{"name": "Acme", "website": {"url": "a-x.com"}}], [["name", "website"], ["Acme", "a-x.com"]]),
        ({"companies": [{"name": "Acme"}], "errors": []}, [["name"], ["Acme"]]),
        ([{"name": float("nan")}, {"name": float("inf")}, {"name": "Acme"}], [["name"], [None], [None], ["Acme"]]),
    ],
)
def test_objects_within_objects_are_read_by_their_fields(
    tmp_path: Path, document: object, expected: list[list[object]]
) -> None:
    assert rows(tmp_path, "list.json", json.dumps(document).encode()) == expected


@pytest.mark.parametrize(
    "content", [b'[{"name":"Acme"},{"name":"Beta"}]', b'[\n {"name":"Acme"},\n {"name":"Beta"}\n]']
)
def test_a_document_of_json_may_have_the_ending_of_json_lines(tmp_path: Path, content: bytes) -> None:
    assert rows(tmp_path, "list.jsonl", content) == [["name"], ["Acme"], ["Beta"]]


def test_a_line_of_json_that_is_cut_off_costs_only_itself(tmp_path: Path) -> None:
    table = read(tmp_path, "list.jsonl", b'{"name":"Acme"}\n{"name":"Beta"}\n{"name":"Ga')[0]
    *good, (line, cut) = table.rows
    assert good == [(1, ["name"]), (1, ["Acme"]), (2, ["Beta"])]
    assert (line, isinstance(cut, UnreadRow) and cut.text) == (3, '{"name":"Ga')


def test_the_first_line_of_json_may_be_the_one_that_is_cut_off(tmp_path: Path) -> None:
    table = read(tmp_path, "list.jsonl", b'ame":"Acme"}\n{"name":"Beta"}\n')[0]
    assert [line for line, cells in table.rows if isinstance(cells, UnreadRow)] == [1]
    assert list(table.rows)[-1] == (2, ["Beta"])


def test_json_that_is_nested_without_end_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnreadableList, match="too deeply"):
        read(tmp_path, "list.json", b"[" * 100_000 + b"]" * 100_000)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ({"company": [{"name": "Acme", "domain": "a-x.com"}]}, [["company", "company domain"], ["Acme", "a-x.com"]]),
        ({"name": ["Acme"], "website": [["a-x.com"]]}, [["name", "website"], ["Acme", "a-x.com"]]),
    ],
)
def test_structures_and_lists_of_parquet_are_read_as_those_of_json(
    tmp_path: Path, frame: dict[str, list[object]], expected: list[list[object]]
) -> None:
    path = tmp_path / "list.parquet"
    pd.DataFrame(frame).to_parquet(path)
    assert [list(cells) for _, cells in read_list(path)[0].rows if isinstance(cells, list)] == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("Firma;Webseite\nŠkoda;skoda-x.cz\nMüller;m-x.de\n".encode("cp1252"), ["Škoda", "Müller"]),
        (b"name,website\nAc\0me,a-x.com\nB\x07,b-x.com\n", ["Ac\0me", "B\x07"]),
    ],
)
def test_a_letter_or_sign_that_is_odd_does_not_cost_the_file(
    tmp_path: Path, content: bytes, expected: list[str]
) -> None:
    assert [row[0] for row in rows(tmp_path, "list.csv", content)[1:]] == expected


@pytest.mark.parametrize("path", ["-", "/dev/null"])
def test_what_is_no_file_is_refused_with_what_to_do(path: str) -> None:
    with pytest.raises(UnreadableList, match=r"save what it gives to a file such as list\.csv"):
        read_list(Path(path))


@pytest.mark.parametrize(
    "document",
    [
        {"name": ["Acme", "Beta"], "domain": ["a-x.com", None]},
        {"name": {"0": "Acme", "10": "Beta"}, "domain": {"0": "a-x.com", "10": None}},
        {"columns": ["name", "domain"], "index": [0, 1], "data": [["Acme", "a-x.com"], ["Beta", None]]},
        {"schema": {"fields": [{"name": "index"}]}, "data": [{"name": "Acme", "domain": "a-x.com"}, {"name": "Beta"}]},
        {"meta": {"count": 2}, "data": {"results": [{"name": "Acme", "domain": "a-x.com"}, {"name": "Beta"}]}},
        {"tags": ["x"], "companies": [{"name": "Acme", "domain": "a-x.com"}, {"name": "Beta"}]},
        {"7": {"name": "Acme", "domain": "a-x.com"}, "8": {"name": "Beta"}},
    ],
)
def test_json_by_columns_by_keys_and_wrapped_is_read_as_the_table_that_it_is(tmp_path: Path, document: object) -> None:
    expected = [["name", "domain"], ["Acme", "a-x.com"], ["Beta", None]]
    assert rows(tmp_path, "list.json", json.dumps(document).encode()) == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"acme-x.com": {"name": "Acme"}}, [["domain", "name"], ["acme-x.com", "Acme"]]),
        ({"Acme": "acme-x.com"}, [["name", "domain"], ["Acme", "acme-x.com"]]),
        ({"name": "Acme", "domain": "acme-x.com"}, [["name", "domain"], ["Acme", "acme-x.com"]]),
    ],
)
def test_keys_of_json_that_name_companies_are_read_too(
    tmp_path: Path, document: object, expected: list[list[object]]
) -> None:
    assert rows(tmp_path, "list.json", json.dumps(document).encode()) == expected


def test_json_lines_may_have_the_ending_of_json(tmp_path: Path) -> None:
    content = b'{"name":"Acme"}\n{"name":"Beta"}\n'
    assert rows(tmp_path, "list.json", content) == [["name"], ["Acme"], ["Beta"]]


def test_an_excel_file_may_have_the_ending_of_csv(tmp_path: Path) -> None:
    assert rows(tmp_path, "list.csv", workbook()) == [["Name", "Website"], ["Acme", "a-x.com"]]


def test_a_web_page_is_no_list(tmp_path: Path) -> None:
    with pytest.raises(UnreadableList, match="web page"):
        read(tmp_path, "list.csv", b"<html><table><tr><td>Company</td></tr></table></html>")


def hyperlink(book: openpyxl.Workbook) -> None:
    book.worksheets[0]["B2"] = '=HYPERLINK("https://www.linked-x.com","site")'


def test_a_formula_that_makes_a_link_leads_where_the_link_does(tmp_path: Path) -> None:
    cell = rows(tmp_path, "list.xlsx", workbook(hyperlink))[1][1]
    assert isinstance(cell, LinkedText)
    assert (cell, cell.target) == ("site", "https://www.linked-x.com")


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("gb18030", "公司,网站\n腾讯控股,tencent-x.com\n"),
        ("gb18030", "Name,Website\n深圳市腾讯计算机系统有限公司,tencent-x.com\n北京百度网讯科技有限公司,baidu-x.com\n"),
        ("shift_jis", "会社名,ウェブサイト\nトヨタ自動車,toyota-x.jp\n"),
        ("cp1251", "Компания,Сайт\nРомашка,romashka-x.ru\n"),
        ("euc_kr", "회사,웹사이트\n삼성전자,samsung-x.com\n"),
    ],
)
def test_an_encoding_that_the_titles_or_the_characters_tell_is_guessed_and_reported(
    tmp_path: Path, encoding: str, text: str
) -> None:
    (table,) = read(tmp_path, "list.csv", text.encode(encoding))
    assert table.guessed == (f"its encoding is {encoding}",)
    assert list(table.rows)[1][1] == text.splitlines()[1].split(",")


@pytest.mark.parametrize("encoding", ["euc_kr", "koi8_r"])
def test_characters_of_other_languages_are_not_taken_for_chinese(tmp_path: Path, encoding: str) -> None:
    names = {"euc_kr": "삼성전자현대자동차그룹한국전력공사", "koi8_r": "ромашкаромашкаромашка"}
    with pytest.raises(UnreadableList, match="encoding is unclear"):
        read(tmp_path, "list.csv", f"Name,Website\n{names[encoding]},a-x.com\n".encode(encoding))


def test_a_row_of_dates_truths_or_errors_alone_is_a_row_that_names_no_company(tmp_path: Path) -> None:
    def fill(book: openpyxl.Workbook) -> None:
        assert book.active is not None
        for row in ([True, None], [date(2024, 5, 1), None], ["#REF!", None], [None, None], ["Beta", True]):
            book.active.append(row)

    (table,) = read(tmp_path, "list.xlsx", workbook(fill))
    assert list(table.rows)[2:] == [(3, ["True"]), (4, ["2024-05-01 00:00:00"]), (5, ["#REF!"]), (7, ["Beta"])]


@pytest.mark.parametrize(
    "names",
    [
        ["McDonald’s", "Levi’s", "Müller"],
        ["Müller & Söhne", "“Quote” – Häuser"],
        ["Acme™", "Acme® GmbH", "Acme… Inc"],
        ["Kraft’s “Best” Müller"],
        ["Employees’ Trust"],
    ],
)
def test_signs_of_a_western_text_are_not_taken_for_letters_of_mac_os(tmp_path: Path, names: list[str]) -> None:
    content = "\n".join(["Company", *names]).encode("cp1252")
    (table,) = read(tmp_path, "list.csv", content)
    assert ([cells for _, cells in list(table.rows)[1:]], table.guessed) == (
        [[name] for name in names],
        ("its encoding is cp1252",),
    )


@pytest.mark.parametrize("names", [["Müller", "Häuser"], ["Martínez", "El País"], ["Crédit Agricole"], ["Compañía"]])
def test_letters_of_mac_os_are_read_as_such(tmp_path: Path, names: list[str]) -> None:
    content = "\n".join(["Company", *names]).encode("mac_roman")
    assert rows(tmp_path, "list.csv", content)[1:] == [[name] for name in names]


@pytest.mark.parametrize(
    ("encoding", "lines"),
    [
        ("cp1250", ["České dráhy,cd-x.cz", "Škoda,skoda-x.cz", "Plain,plain-x.com"]),
        ("cp1250", ["Łódź Sp. z o.o.,lodz-x.pl"]),
        ("cp1250", ["Győr Kft.,https://gyor-x.hu/about"]),
        ("cp1254", ["İş Bankası,is-x.com.tr", "Şişecam,s-x.com.tr"]),
        ("cp1253", ["Αθήνα ΑΕ,athina-x.gr", "Ελλάδα,ellada-x.gr"]),
        ("euc_kr", ["삼성전자,samsung-x.co.kr", "현대자동차,hyundai-x.kr"]),
        ("big5", ["台積電,tsmc-x.com.tw"]),
        ("shift_jis", ["トヨタ自動車,toyota-x.co.jp"]),
        ("cp1252", ["Café Noël,cafe-x.fr", "Peña,pena-x.es", "Þór,thor-x.is"]),
    ],
)
def test_the_countries_of_websites_tell_the_encoding_of_the_names_beside_them(
    tmp_path: Path, encoding: str, lines: list[str]
) -> None:
    (table,) = read(tmp_path, "list.csv", "\n".join(["Company,Website", *lines]).encode(encoding))
    assert [cells for _, cells in list(table.rows)[1:]] == [line.split(",") for line in lines]
    assert table.guessed == (f"its encoding is {encoding}",)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            [{"organization": {"name": "Acme", "primary_domain": "acme-x.com", "id": 7}, "first_name": "Jane"}],
            {"organization": "Acme", "primary_domain": "acme-x.com", "first_name": "Jane"},
        ),
        (
            [{"Company": {"Name": "Acme", "Website": {"Url": "https://acme-x.com"}}}],
            {"Company": "Acme", "Company Website": "https://acme-x.com"},
        ),
        ([{"Properties": {"Name": "Acme", "Domain": "acme-x.com"}}], {"Name": "Acme", "Domain": "acme-x.com"}),
    ],
)
def test_objects_in_json_are_read_by_the_roles_of_their_fields_in_any_letters(
    tmp_path: Path, document: object, expected: dict[str, str]
) -> None:
    header, row = rows(tmp_path, "list.json", json.dumps(document).encode())
    assert dict(zip(header, row, strict=True)) == expected


WESTERN = ["Köln Werke,koeln-x.de", "Café Crème,cafe-x.fr", "Œuvre d’Art,oeuvre-x.fr", "Zürich Möbel,zuerich-x.ch"]


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman"])
def test_an_elision_and_a_grave_accent_are_read_in_the_encoding_that_wrote_them(tmp_path: Path, encoding: str) -> None:
    text = "\n".join(["Name,Website", *WESTERN])
    (table,) = read(tmp_path, "list.csv", text.encode(encoding))
    assert [cells for _, cells in list(table.rows)[1:]] == [line.split(",") for line in WESTERN]
    assert table.guessed == (f"its encoding is {encoding}",)


@pytest.mark.parametrize(
    ("encoding", "lines"),
    [
        ("cp850", ["Straße & Söhne,strasse-x.de", "Übersee,uebersee-x.de"]),
        ("iso8859_2", ["Łódź Meble,lodz-x.pl", "Żabka,zabka-x.pl", "Kraków Słodycze,krakow-x.pl"]),
        ("cp1250", ["Łódź Meble,lodz-x.pl", "Żabka,zabka-x.pl", "Świat,swiat-x.pl"]),
    ],
)
def test_encodings_of_other_programs_of_a_country_are_told_apart(
    tmp_path: Path, encoding: str, lines: list[str]
) -> None:
    (table,) = read(tmp_path, "list.csv", "\n".join(["Name,Website", *lines]).encode(encoding))
    assert [cells for _, cells in list(table.rows)[1:]] == [line.split(",") for line in lines]
    assert table.guessed == (f"its encoding is {encoding}",)


@pytest.mark.parametrize(
    "text",
    [
        "'Name','Website'\n'Acme Widgets','acme-x.com'\n",
        "Name\x1eWebsite\nAcme Widgets\x1eacme-x.com\nBeta\x1ebeta-x.com\nGamma\x1egamma-x.com\nDelta\x1edelta-x.com\n",
    ],
)
def test_cells_in_single_marks_and_cells_that_a_sign_of_machines_separates_are_read(tmp_path: Path, text: str) -> None:
    (table,) = read(tmp_path, "list.csv", text.encode())
    assert list(table.rows)[1] == (2, ["Acme Widgets", "acme-x.com"])


def test_of_a_list_of_addresses_all_are_kept_and_of_one_of_names_the_first(tmp_path: Path) -> None:
    records = [{"name": ["Acme", "Acme Inc"], "urls": ["https://facebook.com/acme", "https://acme-x.com"]}]
    (table,) = read(tmp_path, "list.json", json.dumps(records).encode())
    assert list(table.rows)[1] == (2, ["Acme", "https://facebook.com/acme, https://acme-x.com"])


def test_a_sheet_of_sentences_is_no_list(tmp_path: Path) -> None:
    (table,) = read(tmp_path, "list.csv", b"Read me\nThis file has companies\nAsk the sales company\n")
    with pytest.raises(NoCompanyColumn):
        read_rows(table.rows)


@pytest.mark.parametrize("name", ["list.csv", "list.json"])
def test_a_sheet_asked_of_a_file_that_has_none_is_not_passed_over_in_silence(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text('[{"name": "Acme"}]' if name.endswith("json") else "name\nAcme\n")
    with pytest.raises(UnreadableList, match="it has no sheets, as only an Excel file has; leave --sheet out"):
        read_list(path, sheet="Accounts")
