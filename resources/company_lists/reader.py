"""A file to the lists that are in it, by its ending: .csv, .tsv, .txt, .xlsx, .parquet, .json, .jsonl.

path, sheet?, encoding?  ->  ListTable, one a sheet
"""

import json
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from math import isnan
from pathlib import Path

import pandas as pd
from openpyxl import load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.utils.exceptions import InvalidFileException

from enrichment.identity.list_rows import LinkedText
from resources.company_lists.csv_text import csv_rows
from resources.company_lists.encodings import decoded
from resources.company_lists.tables import Line, ListTable, UnreadableList

_FIRST_ROW = 2  # line 1 is the header
_ENDINGS = "CSV, Excel (.xlsx), Parquet, JSON (.json) and JSON lines (.jsonl)"


def read_list(path: Path, *, sheet: str | None = None, encoding: str | None = None) -> list[ListTable]:
    """The lists of a file. sheet: of an Excel file, only this one. Raises UnreadableList."""
    try:
        return _read(path, sheet, encoding)
    except FileNotFoundError:
        raise UnreadableList(f"{path} does not exist; check the path.") from None
    except OSError as error:
        raise UnreadableList(f"{path} cannot be read: {error.strerror or error}.") from None
    except UnreadableList as error:
        raise UnreadableList(f"{path}: {error}") from None
    except (ValueError, KeyError, zipfile.BadZipFile, InvalidFileException):
        kind = path.suffix[1:].lower()
        raise UnreadableList(f"{path} does not match its ending; save it as {kind} once more, or as CSV.") from None


def _read(path: Path, sheet: str | None, encoding: str | None) -> list[ListTable]:
    match path.suffix.lower():
        case ".csv" | ".tsv" | ".txt":
            return [_of_text(path.read_bytes(), encoding)]
        case ".xlsx" | ".xlsm":
            return _of_excel(path, sheet)
        case ".parquet":
            return [_of_frame(pd.read_parquet(path))]
        case ".json":
            return [_of_records(_records(json.loads(decoded(path.read_bytes(), encoding)[0])))]
        case ".jsonl" | ".ndjson":
            lines = decoded(path.read_bytes(), encoding)[0].split("\n")
            return [_of_records([json.loads(line) for line in lines if line.strip()])]
    raise UnreadableList(f"it is none of {_ENDINGS}; save it as one of them.")


def _of_text(content: bytes, encoding: str | None) -> ListTable:
    text, guessed = decoded(content, encoding)
    return ListTable("", csv_rows(text), (f"its encoding is {guessed}",) if guessed else ())


def _of_excel(path: Path, wanted: str | None) -> list[ListTable]:
    book = load_workbook(path, data_only=True)
    if wanted is not None and wanted not in book.sheetnames:
        raise UnreadableList(f"it has no sheet {wanted!r}; it has: {', '.join(book.sheetnames)}.")
    names = book.sheetnames if wanted is None else [wanted]
    return [ListTable(name, list(_sheet_rows(book[name].iter_rows()))) for name in names]


def _sheet_rows(rows: Iterator[tuple[Cell, ...]]) -> Iterator[Line]:
    """Rows up to the last one with content: sheets go on for ever."""
    blank: list[Line] = []
    for line, cells in enumerate(rows, start=1):
        values = [_cell(cell) for cell in cells]
        blank.append((line, values))
        if any(value is not None for value in values):
            yield from blank
            blank.clear()


def _cell(cell: Cell) -> object:
    """The text of a cell, with the target of its link; dates, truths and errors have none."""
    value = None if getattr(cell, "data_type", "") == "e" else _plain(cell.value)
    link = getattr(cell, "hyperlink", None)
    return value if link is None or not link.target else LinkedText.of(value, link.target)


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | datetime | date | time):
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, float):
        return None if isnan(value) else int(value) if value.is_integer() else value
    return value


def _of_frame(frame: pd.DataFrame) -> ListTable:
    whole = frame if isinstance(frame.index, pd.RangeIndex) else frame.reset_index()
    plain = whole.astype(object).where(whole.notna(), None)
    cells = ([_plain(value) for value in row] for row in plain.itertuples(index=False, name=None))
    return ListTable("", [(1, [str(column) for column in whole.columns]), *enumerate(cells, start=_FIRST_ROW)])


def _records(document: object) -> list[object]:
    """A list of records, or the one list that a document contains."""
    if isinstance(document, Mapping):
        lists = [value for value in document.values() if isinstance(value, list)]
        if len(lists) != 1:
            raise UnreadableList('it contains no list; give a list of objects, such as [{"name": "Acme"}].')
        return lists[0]
    if not isinstance(document, list):
        raise UnreadableList('it contains no list; give a list of objects, such as [{"name": "Acme"}].')
    return document


def _of_records(records: list[object]) -> ListTable:
    """Objects by their keys, in the order in which these come first; plain texts are names."""
    objects = [record if isinstance(record, Mapping) else {"name": record} for record in records]
    titles = list(dict.fromkeys(str(key) for record in objects for key in record))
    cells = ([_scalar(record.get(title)) for title in titles] for record in objects)
    return ListTable("", [(1, titles), *enumerate(cells, start=_FIRST_ROW)])


def _scalar(value: object) -> object:
    """A nested object of an export is read by its name: {"company": {"name": "Acme"}}."""
    if isinstance(value, Mapping):
        return _plain(value.get("name"))
    return None if isinstance(value, list) else _plain(value)
