"""Rows of a list that no company was taken from, as CSV beside it: mended there, it can be added like any list.

list.csv  ->  list.csv.left-out.csv, or list.csv.left-out.2.csv where that one exists
"""

import csv
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, cast

from enrichment.identity.list_rows import PROBLEM, LinkedText, UnreadRow
from resources.company_lists.tables import UnreadableList

_OURS = re.compile(r"\.left-out(?:\.\d+)?\.csv$", re.IGNORECASE)
_RUNS_AS_FORMULA = re.compile(r"[=+\-@\t\r]")
_MOST = 1_000
"""How many numbers are tried to find a free file name."""
_IN_MEMORY = 1 << 20
"""Bytes of such a file from which it is not put together in memory."""

LeftOutRow = tuple[Sequence[object] | UnreadRow, str]
"""The cells of a row, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class LeftOutRows:
    """The rows of one sheet that were left out. titles: one or more for each column. rows: are read twice."""

    titles: tuple[str, ...]
    rows: Iterable[LeftOutRow]


def write_left_out(beside: Path, lists: Sequence[LeftOutRows]) -> Path:
    """Writes a new file, or leaves one that says the same; never changes one. Raises UnreadableList: no file can be."""
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as content:
        _write_rows(lists, cast("IO[bytes]", content))
        for path in _names(beside):
            try:
                if path.is_file() and _says(path, cast("IO[bytes]", content)):
                    return path
                with path.open("xb") as file:
                    content.seek(0)
                    shutil.copyfileobj(content, file)
            except FileExistsError:
                continue
            except OSError as error:
                raise UnreadableList(
                    f"The rows left out cannot be written to {path} ({error.strerror or error}), and nothing was "
                    "taken; copy the list to a folder that you may write to."
                ) from None
            return path
    raise UnreadableList(f"There are {_MOST} files of rows left out beside {beside}, and nothing was taken; move some.")


def _says(path: Path, content: IO[bytes]) -> bool:
    """Whether the file has exactly this content."""
    content.seek(0)
    with path.open("rb") as file:
        while part := content.read(_IN_MEMORY):
            if file.read(len(part)) != part:
                return False
        return not file.read(1)


def _write_rows(lists: Sequence[LeftOutRows], content: IO[bytes]) -> None:
    """One header over all lists: columns of one title are one column; what is wrong comes last."""
    places: dict[tuple[str, int], int] = {}
    columns = [_places(one, places) for one in lists]
    kept = [(at, title) for (title, _), at in places.items() if title != PROBLEM]
    text = TextIOWrapper(content, encoding="utf-8-sig", errors="backslashreplace", newline="")
    writer = csv.writer(text)
    writer.writerow([*(safe_cell(title) for _, title in kept), PROBLEM])
    for one, places_of_list in zip(lists, columns, strict=True):
        for cells, problem in one.rows:
            shown, because = ((), f"{problem}: {cells.text}") if isinstance(cells, UnreadRow) else (cells, problem)
            of = dict(zip(places_of_list, map(safe_cell, shown), strict=False))
            writer.writerow([*(of.get(at, "") for at, _ in kept), safe_cell(because)])
    text.detach()


def _places(one: LeftOutRows, places: dict[tuple[str, int], int]) -> list[int]:
    """The places of a list's columns among those of all lists, with untitled ones beyond its header."""
    columns = [places.setdefault(title, len(places)) for title in _numbered(one.titles)]
    widest = max((len(cells) for cells, _ in one.rows if not isinstance(cells, UnreadRow)), default=0)
    while len(columns) < widest:
        columns.append(places.setdefault(("", len(columns)), len(places)))
    return columns


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
