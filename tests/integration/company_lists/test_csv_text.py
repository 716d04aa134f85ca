"""CSV as people and programs write it: rows that are certain are read, the others are refused, none is invented."""

from io import StringIO

import pytest

from enrichment.identity.list_rows import UnreadRow
from resources.company_lists.csv_text import csv_rows


def read(text: str) -> tuple[list[list[object]], list[int]]:
    """The rows below the header, and the lines that are refused."""
    rows = list(csv_rows(list(StringIO(text, newline=""))))[1:]
    good = [list(cells) for _, cells in rows if not isinstance(cells, UnreadRow)]
    return good, [line for line, cells in rows if isinstance(cells, UnreadRow)]


def test_a_cell_may_be_as_long_as_it_likes() -> None:
    long = "A" * 200_000
    assert read(f'name,note,website\nAcme,"{long}\nnot, a row",a-x.com\nC,,c-x.com\n') == (
        [["Acme", f"{long}\nnot, a row", "a-x.com"], ["C", "", "c-x.com"]],
        [],
    )


def test_a_title_above_the_header_may_have_as_many_cells_as_it_likes() -> None:
    assert read("Accounts,of,all,regions\nname,website\nAcme, Inc.,a-x.com\n") == (
        [["name", "website"], ["Acme, Inc.", "a-x.com"]],
        [],
    )


def test_a_long_description_of_many_lines_is_one_cell() -> None:
    described = "\n".join(f"Line {at}, we make, things" for at in range(8_000))
    assert read(f'name,description,website\nAcme,"{described}",a-x.com\nBeta,x,b-x.com\n')[0] == [
        ["Acme", described, "a-x.com"],
        ["Beta", "x", "b-x.com"],
    ]


@pytest.mark.parametrize(
    ("text", "names", "refused"),
    [
        (
            'name,note,website\nAcme,"cool,a-x.com\nBeta,fine,b-x.com\nGamma,nice",c-x.com\nDelta,,d-x.com\n',
            ["Delta"],
            [2, 3, 4],
        ),
        (
            'name,note,website\n"Acme ""X"" ",  "first\nsecond, third" rest,a-x.com\nBeta,x,b-x.com\n',
            ["Beta"],
            [2, 3],
        ),
        (
            'name,website\n"Acme,a-x.com\nBeta,b-x.com\nGamma "the best",c-x.com\nD,d-x.com\n',
            ["Beta", 'Gamma "the best"', "D"],
            [2],
        ),
        ('name,website\n"Acme,a-x.com\nBeta ""x"",b-x.com\nGamma,c-x.com"\nD,d-x.com\n', ["D"], [2, 3, 4]),
        ('name,note,website\nAcme,"We make\nmany things\nBeta,x,b-x.com\n', ["Beta"], [2, 3]),
        ('name,website\nGood,good-x.com\n"Acme,acme-x.com\nBeta,beta-x.com\n', ["Good", "Beta"], [3]),
        ('name,website\n"Acme\nHolding",a-x.com\nBeta,b-x.com\n', ["Acme\nHolding", "Beta"], []),
        ('name,website\nScreen 27" Ltd,s-x.com\nB,b-x.com\n', ['Screen 27" Ltd', "B"], []),
    ],
)
def test_quotation_marks_that_run_over_rows_cost_these_rows_and_make_none(
    text: str, names: list[str], refused: list[int]
) -> None:
    good, bad = read(text)
    assert ([row[0] for row in good], bad) == (names, refused)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name,website\nAcme, Inc.,acme-x.com\n", ([["Acme, Inc.", "acme-x.com"]], [])),
        ("name,website\nSmith, Kline, Co,sk-x.com\n", ([["Smith, Kline, Co", "sk-x.com"]], [])),
        ("name,website,city\nAcme, Inc.,,Berlin\n", ([["Acme, Inc.", "", "Berlin"]], [])),
        ("Company,City\nSmith, Jones & Partners,Bonn\n", ([["Smith, Jones & Partners", "Bonn"]], [])),
        ("name,website\nSmith,Kline,sk-x.com\n", ([], [2])),
        ("name,website\nTesla,tesla.com,x,,y\n", ([["Tesla", "tesla.com", "x", "", "y"]], [])),
        ("name,website\nTesla,,,,\n", ([["Tesla", "", "", "", ""]], [])),
        ('id, name, website\n1, "Acme, Inc.", a-x.com\n', ([["1", "Acme, Inc.", "a-x.com"]], [])),
        ("name,website\n'Acme, Inc.',a-x.com\n", ([["Acme, Inc.", "a-x.com"]], [])),
        ("name,website\nO'Reilly,a-x.com\nL'Oréal,b-x.com\n", ([["O'Reilly", "a-x.com"], ["L'Oréal", "b-x.com"]], [])),
    ],
)
def test_a_row_of_too_many_cells_is_put_together_where_that_is_certain(
    text: str, expected: tuple[list[list[object]], list[int]]
) -> None:
    assert read(text) == expected


@pytest.mark.parametrize("delimiter", ["^", "~", "¦", "#", ":", "::", "     "])
def test_delimiters_that_also_occur_in_names_split_a_header_and_all_rows_below_it(delimiter: str) -> None:
    text = "".join(
        f"{a}{delimiter}{b}\n" for a, b in [("name", "website"), ("Acme Widgets", "https://a-x.com"), ("B", "b")]
    )
    rows, refused = read(text)
    assert ([[cell for cell in row if cell] for row in rows], refused) == (
        [["Acme Widgets", "https://a-x.com"], ["B", "b"]],
        [],
    )


@pytest.mark.parametrize(
    "text", ["name\nAcme: The Movie\nC# Tools\n", "Companies: 2024\nname\nAcme: The Movie\nC# Tools\n"]
)
def test_a_sign_in_a_name_splits_no_column(text: str) -> None:
    assert read(text)[0][-2:] == [["Acme: The Movie"], ["C# Tools"]]


@pytest.mark.parametrize("end", ["", ";"])
def test_lines_that_were_quoted_whole_are_unpacked(end: str) -> None:
    lines = ['"name,website,city"', '"""Acme, Inc."",a-x.com,Bonn"', '"Beta,b-x.com,Köln"']
    rows = [["Acme, Inc.", "a-x.com", "Bonn"], ["Beta", "b-x.com", "Köln"]]
    assert read("".join(f"{line}{end}\n" for line in lines)) == (rows, [])


def test_quoted_names_in_one_column_stay_whole() -> None:
    assert read('"name"\n"Acme, Inc."\n"Beta"\n')[0] == [["Acme, Inc."], ["Beta"]]
