"""Rows of a list that no company was taken from, as CSV beside it: mended there, it can be added like any list.

list.csv  ->  list.csv.left-out.csv, or list.csv.left-out.2.csv where that one exists
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from enrichment.identity.list_rows import PROBLEM, LinkedText, UnreadRow
from resources.company_lists.tables import UnreadableList

_OURS = re.compile(r"\.left-out(?:\.\d+)?\.csv$", re.IGNORECASE)
_RUNS_AS_FORMULA = re.compile(r"[=+\-@\t\r]")
_MOST = 1_000
"""Numbers that are tried for a name that is free."""

LeftOutRow = tuple[Sequence[object] | UnreadRow, str]
"""Its cells, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class LeftOutRows:
    """Of one sheet. titles: of its columns, one or more."""

    titles: tuple[str, ...]
    rows: Sequence[LeftOutRow]


def write_left_out(beside: Path, lists: Iterable[LeftOutRows]) -> Path:
    """Writes a new file, or leaves one that says the same; never changes one. Raises UnreadableList: no file can be."""
    text = left_out_text(lists)
    content = text.encode("utf-8-sig", errors="backslashreplace")
    for path in _names(beside):
        try:
            if path.is_file() and path.read_bytes() == content:
                return path
            with path.open("xb") as file:
                file.write(content)
        except FileExistsError:
            continue
        except OSError as error:
            raise UnreadableList(
                f"The rows left out cannot be written to {path} ({error.strerror or error}), and nothing was taken; "
                "copy the list to a folder that you may write to."
            ) from None
        return path
    raise UnreadableList(f"There are {_MOST} files of rows left out beside {beside}, and nothing was taken; move some.")


def left_out_text(lists: Iterable[LeftOutRows]) -> str:
    """One header over all lists: columns of one title are one column; what is wrong comes last."""
    places: dict[tuple[str, int], int] = {}
    rows: list[tuple[dict[int, str], str]] = []
    for one in lists:
        columns = [places.setdefault(title, len(places)) for title in _numbered(one.titles)]
        for cells, problem in one.rows:
            if isinstance(cells, UnreadRow):
                rows.append(({}, f"{problem}: {cells.text}"))
                continue
            while len(columns) < len(cells):
                columns.append(places.setdefault(("", len(columns)), len(places)))
            kept = zip(columns, cells, strict=False)
            rows.append(({at: safe_cell(cell) for at, cell in kept}, problem))
    dropped = {at for (title, _), at in places.items() if title == PROBLEM}
    kept_places = [at for at in range(len(places)) if at not in dropped]
    titles = [title for title, _ in places]
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([*(safe_cell(titles[at]) for at in kept_places), PROBLEM])
    writer.writerows([*(cells.get(at, "") for at in kept_places), safe_cell(problem)] for cells, problem in rows)
    return out.getvalue()


def _names(beside: Path) -> Iterator[Path]:
    base = _OURS.sub("", beside.name)
    yield beside.with_name(f"{base}.left-out.csv")
    for number in range(2, _MOST):
        yield beside.with_name(f"{base}.left-out.{number}.csv")


def _numbered(titles: Sequence[str]) -> list[tuple[str, int]]:
    """Titles with how often each came before: two columns of one title stay two."""
    count = defaultdict[str, int](int)
    numbered = []
    for title in titles:
        numbered.append((title, count[title]))
        count[title] += 1
    return numbered


def safe_cell(cell: object) -> str:
    """A spreadsheet shows it, and runs nothing: an apostrophe comes before what may be a formula."""
    text = "" if cell is None else str(cell)
    if isinstance(cell, LinkedText) and cell.target not in text:
        text = f"{text} {cell.target}".strip()
    return f"'{text}" if _RUNS_AS_FORMULA.match(text) else text
