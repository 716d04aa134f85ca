"""The sheets of an Excel file to rows. Only cells that are in the file are read: gaps cost nothing."""

import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from xml.etree.ElementTree import ParseError

from lxml.etree import LxmlError
from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from enrichment.identity.company_list import Line
from enrichment.identity.list_rows import FORMULA_LINK, LinkedText
from resources.company_lists.cells import plain
from resources.company_lists.tables import OLD_OR_ENCRYPTED, ListTable, UnreadableList

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
"""A list ends at so many blank rows in a row."""


def excel_lists(path: Path, wanted: str | None) -> list[ListTable]:
    """wanted: only this sheet. Charts on sheets of their own are no lists. Raises UnreadableList."""
    content = path.read_bytes()
    if content.startswith(OLD_OR_ENCRYPTED):
        raise UnreadableList("it has a password or is an old .xls; remove the password and save it as .xlsx.")
    book = _book(content, path.suffix[1:].lower())
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if wanted is not None and wanted not in sheets:
        raise UnreadableList(f"it has no sheet {wanted!r}; it has: {', '.join(sheets)}.")
    titles = list(sheets) if wanted is None else [wanted]
    links = _formula_links(content, path.suffix[1:].lower(), titles)
    return [ListTable(name, list(_rows(sheets[name], links.get(name, {})))) for name in titles]


def _formula_links(content: bytes, kind: str, titles: list[str]) -> dict[str, dict[tuple[int, int], LinkedText]]:
    """Sheet -> place -> what =HYPERLINK("https://acme.com","Acme") shows and leads to."""
    with zipfile.ZipFile(BytesIO(content)) as parts:
        sheets = [name for name in parts.namelist() if name.startswith("xl/worksheets/")]
        if not any(b"HYPERLINK(" in parts.read(name).upper() for name in sheets):
            return {}
    formulas = _book(content, kind, values=False)
    found: dict[str, dict[tuple[int, int], LinkedText]] = {}
    for title in titles:
        for place, cell in formulas[title]._cells.items():
            if isinstance(cell.value, str) and (link := FORMULA_LINK.match(cell.value)):
                shown = link[2] or link[1]
                found.setdefault(title, {})[place] = LinkedText.of(shown.replace('""', '"'), link[1])
    return found


def _book(content: bytes, kind: str, *, values: bool = True) -> Workbook:
    """Opens a workbook from its bytes, because the reader leaves a damaged file open. values: results of formulas."""
    try:
        return load_workbook(BytesIO(content), data_only=values)
    except _DAMAGED:
        raise UnreadableList(f"it is damaged or no Excel file; save it as {kind} once more, or as CSV.") from None
    except RuntimeError:  # so zipfile says that a file needs a password
        raise UnreadableList("it is encrypted; remove its password and save it once more.") from None


def _rows(sheet: Worksheet, links: Mapping[tuple[int, int], LinkedText]) -> Iterator[Line]:
    """Rows that have a value, up to the gap that ends the list. links: of formulas, by their places.

    A row of nothing but dates, truths and errors has them as texts: it names no company, and is counted.
    """
    rows, nameless = defaultdict[int, dict[int, object]](dict), defaultdict[int, dict[int, object]](dict)
    for (line, column), cell in sheet._cells.items():  # iter_rows() makes a cell of every gap
        value = links.get((line, column)) or _cell(cell)
        if value is not None:
            rows[line][column] = value
        elif cell.value is not None:
            nameless[line][column] = str(cell.value)
    rows.update({line: cells for line, cells in nameless.items() if line not in rows})
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
