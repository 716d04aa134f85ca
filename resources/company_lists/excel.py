"""The sheets of an Excel file to rows. Only cells that are in the file are read: gaps cost nothing."""

import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from xml.etree.ElementTree import ParseError

from lxml.etree import LxmlError
from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from enrichment.identity.list_rows import LinkedText
from resources.company_lists.cells import plain
from resources.company_lists.tables import Line, ListTable, UnreadableList

_OLD_OR_ENCRYPTED = b"\xd0\xcf\x11\xe0"
"""How .xls files begin, and .xlsx files with a password."""
_DAMAGED = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
    ParseError,
    LxmlError,
)
"""What reading a damaged file raises: the reader has no error of its own."""
_BLANK_ROWS = 1_000
"""After so many blank rows a list has ended."""


def excel_lists(path: Path, wanted: str | None) -> list[ListTable]:
    """wanted: only this sheet. Charts on sheets of their own are no lists. Raises UnreadableList."""
    content = path.read_bytes()
    if content.startswith(_OLD_OR_ENCRYPTED):
        raise UnreadableList("it has a password or is an old .xls; remove the password and save it as .xlsx.")
    book = _book(content, path.suffix[1:].lower())
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if wanted is not None and wanted not in sheets:
        raise UnreadableList(f"it has no sheet {wanted!r}; it has: {', '.join(sheets)}.")
    return [ListTable(name, list(_rows(sheets[name]))) for name in (sheets if wanted is None else [wanted])]


def _book(content: bytes, kind: str) -> Workbook:
    """The reader leaves a damaged file open, so it gets the bytes."""
    try:
        return load_workbook(BytesIO(content), data_only=True)
    except _DAMAGED:
        raise UnreadableList(f"it is damaged or no Excel file; save it as {kind} once more, or as CSV.") from None
    except RuntimeError:  # so zipfile says that a file needs a password
        raise UnreadableList("it is encrypted; remove its password and save it once more.") from None


def _rows(sheet: Worksheet) -> Iterator[Line]:
    """Rows that have a value, up to the gap that ends the list."""
    rows = defaultdict[int, dict[int, object]](dict)
    for (line, column), cell in sheet._cells.items():  # iter_rows() makes a cell of every gap
        value = _cell(cell)
        if value is not None:
            rows[line][column] = value
    last = min(rows, default=1)
    for line in sorted(rows):
        if line - last > _BLANK_ROWS:
            return
        last = line
        yield line, [rows[line].get(column) for column in range(1, max(rows[line]) + 1)]


def _cell(cell: Cell | MergedCell) -> object:
    """The text of a cell, with the target of its link; dates, truths and errors have none."""
    value = None if cell.data_type == "e" else plain(cell.value)
    link = cell.hyperlink
    return value if link is None or not link.target else LinkedText.of(value, link.target)
