"""A long list is read, sorted out, taken and reported row by row: what is in memory does not grow with its rows."""

import csv
import gc
import json
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from enrich_cli.rendering.companies import understood_json, understood_view
from enrichment.domain.companies import Company
from enrichment.identity.company_list import read_rows, sorted_lists
from enrichment.identity.list_fates import ListRow
from enrichment.identity.list_rows import ListEntry
from resources.company_lists import Spool, read_list
from resources.company_lists.company_files import ListOptions, keep_left_out, take, understand_file
from resources.store import SqlStore

ROWS = 3_000
FEW = 2_500
"""Rows in memory at once: lots of those that are read and written at a time; all of them would be twice 3,000."""


@pytest.fixture(scope="module")
def long_list(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 3,000 rows 30 name no company, and 15 come again."""
    path = tmp_path_factory.mktemp("lists") / "list.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["Account Name", "Website"])
        for at in range(ROWS):
            again = at - 1 if at % 200 == 199 else at
            out.writerow(["N/A", "-"] if at % 100 == 50 else [f"Muster {again} GmbH", f"https://muster{again}.com"])
    return path


def in_memory(*kinds: type[object]) -> int:
    return sum(1 for one in gc.get_objects() if isinstance(one, kinds))


def test_rows_are_in_memory_a_lot_at_a_time_while_they_are_sorted_out(long_list: Path) -> None:
    counted: list[int] = []

    def known(entry: ListEntry) -> Sequence[Company]:
        if entry.line % 500 == 0:
            counted.append(in_memory(ListEntry, ListRow))
        return ()

    (table,) = read_list(long_list)
    read = read_rows(table.rows, kept=Spool)
    before = in_memory(ListEntry, ListRow)
    (understood,) = sorted_lists([read], known=known, same_name=lambda _: (), kept=Spool)
    assert len(counted) > 3
    assert before < 100
    assert max(counted) < FEW
    assert understood.sorted.counts == {"new": ROWS - 45, "same as another row": 15, "empty": 30}


def test_a_list_that_was_understood_leaves_no_rows_in_memory_but_those_that_are_shown(long_list: Path) -> None:
    before = in_memory(ListEntry, ListRow)
    understood = understand_file(long_list, ListOptions(), [])
    assert sum(understood.counts.values()) == ROWS
    assert in_memory(ListEntry, ListRow) - before < 200


def test_all_rows_are_taken_or_left_out_or_reported(long_list: Path, store: SqlStore) -> None:
    understood = understand_file(long_list, ListOptions(), [])
    left_out = keep_left_out(understood)
    taken = take(understood, store)
    assert (taken.added, len(store.companies.all())) == (ROWS - 45, ROWS - 45)
    assert left_out is not None
    with left_out.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [
            ["Account Name", "Website", "problem"],
            *[["N/A", "'-", "'N/A' names no company"]] * 30,
        ]
    out = StringIO()
    Console(width=300, file=out).print(understood_view(understood))
    assert "3,000 rows: 2,955 new, 15 same as another row, 30 empty" in out.getvalue()
    written = "".join(json.JSONEncoder(indent=2).iterencode(understood_json(understood, taken, left_out)))
    rows = json.loads(written)["lists"][0]["rows"]
    assert [row["line"] for row in rows] == list(range(2, ROWS + 2))
    assert [row["same_as_line"] for row in rows if row["fate"] == "same as another row"] == list(
        range(200, ROWS + 1, 200)
    )
