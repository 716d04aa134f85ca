"""Which company a row of a list names, and what of the row is not taken."""

import pytest

from enrichment.identity.domains import NotACompany
from enrichment.identity.list_columns import ListColumns, columns_of
from enrichment.identity.list_rows import cell_text, entry_of

COLUMNS = ListColumns(("name", "website"), names=(0,), websites=(1,))


@pytest.mark.parametrize(
    ("cell", "name", "domain"),
    [
        ("Acme <info@acme-x.com>", "Acme", "acme-x.com"),
        ("Acme Inc. https://acme-x.com/de", "Acme Inc.", "acme-x.com"),
        ("Beta (beta-x.com)", "Beta", "beta-x.com"),
        ("Acme - www.acme-x.com", "Acme", "acme-x.com"),
        ("Acme <jane@gmail.com>", "Acme", None),
        ("Acme https://linkedin.com/company/acme", "Acme", None),
        ("Booking.com", "Booking.com", "booking.com"),
        ("Acme (Germany)", "Acme (Germany)", None),
        ("Acme (U.K.)", "Acme (U.K.)", None),
    ],
)
def test_an_address_behind_a_name_is_an_address(cell: str, name: str, domain: str | None) -> None:
    entry = entry_of(2, [cell], COLUMNS)
    assert entry is not None
    assert (entry.name, entry.domain) == (name, domain)


def test_a_name_as_long_as_a_book_is_refused_at_once() -> None:
    entry = entry_of(2, ["A" * 1_000_000 + ")", "acme-x.com"], COLUMNS)
    assert entry is not None
    assert (entry.name, entry.domain) == (None, "acme-x.com")


def test_a_name_that_is_refused_beside_a_good_website_is_reported() -> None:
    entry = entry_of(2, ["N" * 301, "acme-x.com"], COLUMNS)
    assert entry is not None
    assert (entry.name, entry.domain) == (None, "acme-x.com")
    assert "301 characters" in entry.remark


@pytest.mark.parametrize("cells", [["A\ud800B", None], ["A\0B", None], ["A\x07B", None]])
def test_signs_that_no_name_has_are_refused(cells: list[object]) -> None:
    with pytest.raises(NotACompany, match="control characters"):
        entry_of(2, cells, COLUMNS)


@pytest.mark.parametrize("text", ["#PAID", "#ACME!x", "1&1", "3M", "1800", "7-Eleven", "37signals", "24.de"])
def test_odd_names_are_names(text: str) -> None:
    assert cell_text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "k. A.",
        "S/N",
        "Test Company",
        "siehe oben",
        "не указано",
        "暂无",
        "Sans objet",
        "n. v.",
        "kein",
        "keine",
        "nicht vorhanden",
        "N.N.",
        "not found",
        "0.00",
        "0,00",
        "00",
        "#REF!",
        "#N/A",
        "#NAME?",
        "1.234,56",
        "12,5 %",
        "€ 100",
        "2026-01-01",
        "01.01.2026",
        "1/2/2026",
        "12:30",
        "$1,200.50",
    ],
)
def test_placeholders_dates_and_amounts_say_nothing(text: str) -> None:
    assert cell_text(text) == ""


@pytest.mark.parametrize(
    ("text", "name", "domain"),
    [
        ('="Acme"', "Acme", None),
        ('=HYPERLINK("https://acme.com","Acme")', "Acme", "acme.com"),
    ],
)
def test_a_formula_that_is_a_text_is_read_as_a_spreadsheet_shows_it(text: str, name: str, domain: str | None) -> None:
    entry = entry_of(2, [text], columns_of(["Company"]))
    assert entry is not None
    assert (entry.name, entry.domain) == (name, domain)


@pytest.mark.parametrize("text", ["=SUM(A1:A9)", "=cmd|' /C calc'!A0", "n/v", "sin dato", "none given"])
def test_a_formula_and_a_word_for_nothing_name_no_company(text: str) -> None:
    assert entry_of(2, [text], columns_of(["Company"])) is None


@pytest.mark.parametrize("website", ["[Acme](https://acme.com)", "acme . com", '=HYPERLINK("https://acme.com","x")'])
def test_an_address_is_found_in_what_is_written_around_it(website: str) -> None:
    entry = entry_of(2, ["Acme Works", website], columns_of(["Company", "Website"]))
    assert entry is not None
    assert (entry.domain, entry.remark) == ("acme.com", "")


def test_a_website_that_tells_none_is_reported() -> None:
    entry = entry_of(2, ["Acme", "under construction"], columns_of(["Company", "Website"]))
    assert entry is not None
    assert "under construction" in entry.remark
    assert entry.domain is None


@pytest.mark.parametrize(
    ("written", "code"),
    [("Germany", "de"), ("Deutschland", "de"), ("DEU", "de"), ("U.S.A.", "us"), ("England", "gb"), ("EMEA", "emea")],
)
def test_a_country_is_the_same_in_every_language(written: str, code: str) -> None:
    entry = entry_of(2, ["Acme", written], columns_of(["Company", "Country"]))
    assert entry is not None
    assert entry.country == code
