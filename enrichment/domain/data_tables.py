"""Tables that ship with the code: data/*.csv beside the module that reads them.

rows_of('enrichment.parsing', 'departments') -> ('sales', 'vertrieb\\w*'), ...; lines that begin with # are comments
"""

import csv
from importlib.resources import files


def rows_of(package: str, table: str) -> list[tuple[str, ...]]:
    """The rows below the header, in the order of the file."""
    text = files(package).joinpath("data", f"{table}.csv").read_text(encoding="utf-8")
    rows = csv.reader(line for line in text.splitlines() if not line.startswith("#"))
    next(rows)
    return [tuple(row) for row in rows]


def listed(cell: str) -> tuple[str, ...]:
    """The entries of a cell: 'a | b' -> 'a', 'b'."""
    return tuple(entry for entry in cell.split(" | ") if entry)
