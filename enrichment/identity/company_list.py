"""A list of companies as it was understood: its columns, and the fate of each of its rows. Pure.

rows of cells, how a person labels columns, which companies are known  ->  UnderstoodList
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from enrichment.identity.domains import NotACompany
from enrichment.identity.list_columns import ColumnContent, ListColumns, NoCompanyColumn, find_columns
from enrichment.identity.list_rows import ListEntry, Row, Sorted, entry_of, sorted_out

UNCLOSED = "a quotation mark opens a cell that nothing closes; close it, or take it out"

_SHOWN = 40


@dataclass(frozen=True, slots=True)
class UnderstoodList:
    columns: ListColumns
    sorted: Sorted


def understand(
    rows: Sequence[tuple[int, Sequence[object] | None]],
    *,
    declared: Mapping[str, ColumnContent] | None = None,
    known: Callable[[ListEntry], Sequence[str]],
    same_name: Callable[[ListEntry], Sequence[str]],
) -> UnderstoodList:
    """rows: the line each begins on, and its cells (None: a cell in it does not end). Raises NoCompanyColumn."""
    if rows and rows[0][1] is None:
        raise NoCompanyColumn(f"line {rows[0][0]}: {UNCLOSED}")
    columns, skipped = find_columns([cells or () for _, cells in rows], declared=declared)
    entries = [_entry(line, cells, columns) for line, cells in rows[skipped:]]
    return UnderstoodList(columns, sorted_out(entries, known=known, same_name=same_name))


def _entry(line: int, cells: Sequence[object] | None, columns: ListColumns) -> ListEntry | Row:
    if cells is None:
        return Row(line, "refused", because=UNCLOSED)
    try:
        entry = entry_of(line, cells, columns)
    except NotACompany as refusal:
        return Row(line, "refused", because=str(refusal))
    return entry or Row(line, "empty", because=_says_nothing(cells))


def _says_nothing(cells: Sequence[object]) -> str:
    shown = next((text for text in (str(cell).strip() for cell in cells if cell is not None) if text), None)
    return f"{shown[:_SHOWN]!r} names no company" if shown else "it is empty"
