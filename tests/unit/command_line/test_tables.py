"""Tables on a terminal of 80 columns: ids can be copied, names are broken between their words, nothing is lost."""

from io import StringIO

import pytest
from rich.console import Console

from enrich_cli.tables import Name, listing

ID = "ver_1a22ff45ac273a8a971ea2770aa29fa"


def printed(*rows: tuple[str | Name, ...], whole: tuple[str, ...] = ("id",), width: int = 80) -> list[list[str]]:
    """The cells of each printed line, without the heading."""
    table = listing("id", "source", "text", whole=whole)
    for row in rows:
        table.add_row(*row)
    out = StringIO()
    Console(file=out, width=width).print(table)
    return [line.split() for line in out.getvalue().splitlines()[3:]]


def test_an_id_is_whole_beside_texts_of_any_length() -> None:
    lines = printed((ID, Name("brightdata_company_db"), "a long remark about this " * 20))
    assert lines[0][0] == ID


@pytest.mark.parametrize(
    ("name", "pieces"),
    [
        ("google_knowledge_graph", ["google_", "knowledge_", "graph"]),
        ("linkedin:sandbox-adobe", ["linkedin:", "sandbox-adobe"]),
        ("USD, customer_intelligence", ["USD,", "customer_", "intelligence"]),
        ("tesla.com", ["tesla.com"]),
        ("_", ["_"]),
    ],
)
def test_a_name_too_wide_for_its_column_is_broken_between_its_words_alone(name: str, pieces: list[str]) -> None:
    out = StringIO()
    Console(file=out, width=max(map(len, pieces))).print(Name(name))
    assert out.getvalue().split() == pieces


def test_a_name_that_fits_is_in_one_line() -> None:
    assert printed(("1", Name("google_knowledge_graph"), "Adobe"))[0] == ["1", "google_knowledge_graph", "Adobe"]


def test_what_is_too_wide_and_has_no_words_is_folded_and_nothing_of_it_is_lost() -> None:
    long = "x" * 200
    lines = printed(("1", Name(long), "Adobe"))
    assert sum(cell.count("x") for line in lines for cell in line) == len(long)
