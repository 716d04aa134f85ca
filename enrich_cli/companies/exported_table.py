"""Rows as a file: CSV that a spreadsheet shows and does not run, or Parquet."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from enrich_cli.errors import UsageError
from enrichment.domain.json_values import Json
from resources.company_lists import safe_cell

Rows = Sequence[Mapping[str, Json]]


def write_csv(path: Path, rows: Rows) -> None:
    """Writes the rows to a file. Raises UsageError if it cannot be written."""
    titles = _titles(rows)
    try:
        with path.open("w", newline="", encoding="utf-8-sig") as file:
            writer = csv.writer(file)
            writer.writerow(titles)
            writer.writerows([safe_cell(row.get(title)) for title in titles] for row in rows)
    except OSError as error:
        raise _not_written(path, error) from None


def write_parquet(path: Path, rows: Rows) -> None:
    """Writes the rows to a file. Raises UsageError if it cannot be written."""
    import pandas as pd  # noqa: PLC0415  it takes a second to import

    try:
        pd.DataFrame([dict(row) for row in rows], columns=_titles(rows)).to_parquet(path, index=False)
    except OSError as error:
        raise _not_written(path, error) from None


def _titles(rows: Rows) -> list[str]:
    """The titles of all rows, in the order they first appear."""
    return list(dict.fromkeys(title for row in rows for title in row))


def _not_written(path: Path, error: OSError) -> UsageError:
    return UsageError(f"{path} cannot be written ({error.strerror or error}): name a file in a folder of yours.")
