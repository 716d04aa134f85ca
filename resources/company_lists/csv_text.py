"""CSV in any dialect to rows: the delimiter that splits the header into most columns, or that the file declares."""

import csv
import io
import re
from collections.abc import Iterator, Sequence

from enrichment.identity.list_columns import is_header
from enrichment.identity.list_rows import UnreadRow
from resources.company_lists.tables import Line

UNCLOSED = "a quotation mark opens a cell that nothing closes; close it, or take it out"
_DELIMITERS = ",;\t|"
_ONE_COLUMN = "\x1f"  # occurs in no name: commas belong to the cell
_TRIED = (_ONE_COLUMN, *_DELIMITERS)
_DECLARED = re.compile(r'^"?sep=(.)"?\s*$', re.IGNORECASE)
_LOOKED_AT = 20
"""Lines in which a header is looked for: titles and remarks may stand above it."""


def csv_rows(text: str) -> list[Line]:
    """All rows that have a cell, titles above the header included; each with the line it begins on."""
    lines = list(io.StringIO(text, newline=""))  # splitlines() would also split where a form feed is
    declared = _DECLARED.match(lines[0].strip()) if lines else None
    skipped = 1 if declared else 0
    delimiter = declared[1] if declared else _delimiter(lines)
    return list(_rows(lines, delimiter, skipped))


def _delimiter(lines: list[str]) -> str:
    """What splits the header into most columns; without a header, what splits every row alike; else nothing.

    csv.Sniffer guesses from all rows, and fails on commas in names.
    """
    rows = {
        delimiter: [
            () if isinstance(cells, UnreadRow) else cells for _, cells in _rows(lines[:_LOOKED_AT], delimiter, 0)
        ]
        for delimiter in _TRIED
    }
    headers = {
        d: max((len(row) for row in some if is_header(list(map(str, row)))), default=0) for d, some in rows.items()
    }
    widest: str = max(headers, key=lambda delimiter: headers[delimiter])
    if headers[widest]:
        return widest
    alike = [d for d, some in rows.items() if some and len({len(row) for row in some}) == 1 and len(some[0]) > 1]
    return alike[0] if alike else _ONE_COLUMN


def _rows(lines: list[str], delimiter: str, begin: int) -> Iterator[Line]:
    """Blank lines are no rows. After a quotation mark that is not closed the next line begins a row again."""
    while begin < len(lines):
        rest = map(lines.__getitem__, range(begin, len(lines)))
        reader = csv.reader(rest, delimiter=delimiter, strict=True)
        resumed = begin
        try:
            for cells in reader:
                if cells:
                    yield begin + 1, cells
                begin = resumed + reader.line_num
        except csv.Error:  # raised at the quotation mark that comes next, or at the end of the file
            yield begin + 1, _alone(lines[begin], delimiter) or UnreadRow(lines[begin].rstrip("\r\n"), UNCLOSED)
            begin += 1


def _cells(row: Line) -> Sequence[object]:
    return () if isinstance(row[1], UnreadRow) else row[1]


def _alone(line: str, delimiter: str) -> list[str] | None:
    """Parse one line leniently; None if its last cell continues on the next line."""
    reader = csv.reader([line, ""], delimiter=delimiter)
    try:
        cells = next(reader)
    except csv.Error:
        return None
    return cells if reader.line_num == 1 else None
