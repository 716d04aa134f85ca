"""A file to the lists that are in it, by its ending: .csv, .tsv, .txt, .xlsx, .parquet, .json, .jsonl.

path, sheet?, encoding?  ->  ListTable, one a sheet
"""

import re
from pathlib import Path

from resources.company_lists.cells import plain
from resources.company_lists.csv_text import csv_rows
from resources.company_lists.encodings import decoded, lines_of
from resources.company_lists.json_records import json_line_records, json_records, records_table
from resources.company_lists.spool import Spool
from resources.company_lists.tables import OLD_OR_ENCRYPTED, ListTable, UnreadableList

_OFTEN_WRONG = (".csv", ".tsv", ".txt", ".xls")
_ZIP = b"PK\x03\x04"
_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|table|head|meta)\b", re.IGNORECASE)
_START = 4_096
"""How many bytes at the start of a file show what it is."""
_FIRST_ROW = 2  # line 1 is the header
_ENDINGS = "CSV, Excel (.xlsx), Parquet, JSON (.json) and JSON lines (.jsonl)"


def read_list(path: Path, *, sheet: str | None = None, encoding: str | None = None) -> list[ListTable]:
    """The lists of a file. sheet: of an Excel file, only this one. Raises UnreadableList."""
    if str(path) == "-" or (path.exists() and not path.is_file() and not path.is_dir()):
        raise UnreadableList(f"{path} is no file; save what it gives to a file such as list.csv, and name that.")
    try:
        tables = _read(path, sheet, encoding)
    except FileNotFoundError:
        raise UnreadableList(f"{path} does not exist; check the path.") from None
    except OSError as error:
        raise UnreadableList(f"{path} cannot be read: {error.strerror or error}.") from None
    except UnreadableList as error:
        raise UnreadableList(f"{path}: {error}") from None
    except RecursionError:
        raise UnreadableList(
            f"{path} nests its values too deeply; give a list of objects, or save it as CSV."
        ) from None
    except (ValueError, KeyError):
        kind = path.suffix[1:].lower()
        raise UnreadableList(f"{path} does not match its ending; save it as {kind} once more, or as CSV.") from None
    if sheet is not None and not any(table.title for table in tables):
        raise UnreadableList(f"{path}: it has no sheets, as only an Excel file has; leave --sheet out.")
    return tables


def _read(path: Path, sheet: str | None, encoding: str | None) -> list[ListTable]:
    if path.suffix.lower() in _OFTEN_WRONG:
        return _by_content(path, sheet, encoding)
    match path.suffix.lower():
        case ".xlsx" | ".xlsm":
            return _of_excel(path, sheet)
        case ".parquet":
            return [_of_parquet(path)]
        case ".json":
            return [records_table(json_records(decoded(path.read_bytes(), encoding)[0]))]
        case ".jsonl" | ".ndjson":
            return [records_table(json_line_records(decoded(path.read_bytes(), encoding)[0]))]
    raise UnreadableList(f"it is none of {_ENDINGS}; save it as one of them.")


def _by_content(path: Path, sheet: str | None, encoding: str | None) -> list[ListTable]:
    """Reads a file by its content: programs write Excel, text or web pages under these endings."""
    with path.open("rb") as file:
        start = file.read(_START)
    if start.startswith((_ZIP, OLD_OR_ENCRYPTED)):
        return _of_excel(path, sheet)
    if path.suffix.lower() == ".xls":
        raise UnreadableList(f"it is none of {_ENDINGS}; save it as one of them.")
    if _PAGE.match(start):
        raise UnreadableList("it is a web page; open it in a spreadsheet and save it as .xlsx or as CSV.")
    lines, guessed = lines_of(path, encoding)
    return [ListTable("", csv_rows(Spool(lines), Spool), (f"its encoding is {guessed}",) if guessed else ())]


def _of_excel(path: Path, sheet: str | None) -> list[ListTable]:
    from resources.company_lists.excel import excel_lists  # noqa: PLC0415  large: a list in CSV is read without it

    return excel_lists(path, sheet)


def _of_parquet(path: Path) -> ListTable:
    """Reads Parquet; columns that contain structures are read as JSON objects are."""
    import pandas as pd  # noqa: PLC0415  large: a list in CSV is read without it

    frame = pd.read_parquet(path)
    whole = frame if isinstance(frame.index, pd.RangeIndex) else frame.reset_index()
    titles = [str(column) for column in whole.columns]
    kept = whole.astype(object).where(whole.notna(), None)
    nested = any(isinstance(value, dict) for value in kept.head(1).to_numpy().ravel())
    rows = kept.itertuples(index=False, name=None)
    if nested:
        return records_table([(at, dict(zip(titles, row, strict=True))) for at, row in enumerate(rows, _FIRST_ROW)])
    return ListTable("", [(1, titles), *enumerate(([plain(value) for value in row] for row in rows), _FIRST_ROW)])
