"""The tables that ship with the code: found where the code is, and each row is whole and written once."""

from itertools import pairwise
from pathlib import Path

import pytest

from enrichment.domain.data_tables import listed, rows_of

ROOT = Path(__file__).parents[3]
TABLES = sorted((path.parents[1].name, path.stem) for path in (ROOT / "enrichment").glob("*/data/*.csv"))


@pytest.mark.parametrize(("package", "table"), TABLES)
def test_a_table_has_rows_of_one_width_each_once_without_blanks_around_a_cell(package: str, table: str) -> None:
    rows = rows_of(f"enrichment.{package}", table)
    assert all(len(row) == len(following) for row, following in pairwise(rows))
    assert len(set(rows)) == len(rows) >= 8
    assert all(cell == cell.strip() for row in rows for cell in row)


def test_every_table_opens_with_what_it_contains_and_those_of_readers_with_their_source() -> None:
    for package, table in TABLES:
        text = (ROOT / "enrichment" / package / "data" / f"{table}.csv").read_text(encoding="utf-8")
        assert text.startswith("# ")
        assert package != "parsing" or "# Source: " in text


def test_a_cell_lists_its_entries() -> None:
    assert listed("a b | c") == ("a b", "c")
    assert listed("") == ()
