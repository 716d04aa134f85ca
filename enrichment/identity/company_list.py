"""A list of companies as it was understood: its columns, and the fate of each of its rows. Pure.

rows of cells, how a person labels columns, which companies are known  ->  UnderstoodList
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from enrichment.domain.records import Company
from enrichment.identity.domains import NotACompany
from enrichment.identity.list_columns import ColumnContent, ListColumns, NoCompanyColumn, find_columns
from enrichment.identity.list_fates import Row, Sorted, sorted_out
from enrichment.identity.list_rows import ListEntry, UnreadRow, entry_of

Lines = Sequence[tuple[int, Sequence[object] | UnreadRow]]
"""The line each row begins on, and its cells."""

_SHOWN = 40


@dataclass(frozen=True, slots=True)
class UnderstoodList:
    columns: ListColumns
    sorted: Sorted


@dataclass(frozen=True, slots=True)
class ReadList:
    """The columns of one list, and what each of its rows names."""

    columns: ListColumns
    entries: tuple[ListEntry | Row, ...]


def read_rows(rows: Lines, *, declared: Mapping[str, ColumnContent] | None = None, sheet: str = "") -> ReadList:
    """Raises NoCompanyColumn."""
    if rows and isinstance(first := rows[0][1], UnreadRow):
        raise NoCompanyColumn(f"line {rows[0][0]}: {first.because}")
    cells_of = [() if isinstance(cells, UnreadRow) else cells for _, cells in rows]
    columns, skipped = find_columns(cells_of, declared=declared)
    return ReadList(columns, tuple(_entry(line, cells, columns, sheet) for line, cells in rows[skipped:]))


def sorted_lists(
    lists: Sequence[ReadList],
    *,
    known: Callable[[ListEntry], Sequence[Company]],
    same_name: Callable[[ListEntry], Sequence[Company]],
) -> list[UnderstoodList]:
    """The lists of one file are sorted out as one: a company of two sheets is new once."""
    rows = sorted_out([entry for one in lists for entry in one.entries], known=known, same_name=same_name).rows
    understood, start = [], 0
    for one in lists:
        understood.append(UnderstoodList(one.columns, Sorted(rows[start : start + len(one.entries)])))
        start += len(one.entries)
    return understood


def understand(
    rows: Lines,
    *,
    declared: Mapping[str, ColumnContent] | None = None,
    known: Callable[[ListEntry], Sequence[Company]],
    same_name: Callable[[ListEntry], Sequence[Company]],
) -> UnderstoodList:
    """One list by itself. Raises NoCompanyColumn."""
    return sorted_lists([read_rows(rows, declared=declared)], known=known, same_name=same_name)[0]


def _entry(line: int, cells: Sequence[object] | UnreadRow, columns: ListColumns, sheet: str) -> ListEntry | Row:
    if isinstance(cells, UnreadRow):
        return Row(line, "refused", because=cells.because)
    try:
        entry = entry_of(line, cells, columns, sheet)
    except NotACompany as refusal:
        return Row(line, "refused", because=str(refusal))
    return entry or Row(line, "empty", because=_says_nothing(cells))


def _says_nothing(cells: Sequence[object]) -> str:
    shown = next((text for text in (str(cell).strip() for cell in cells if cell is not None) if text), None)
    return f"{shown[:_SHOWN]!r} names no company" if shown else "it is empty"
