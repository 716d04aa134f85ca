"""Rows as CSV that a spreadsheet shows and does not run: text that would be a formula is marked as text.

rows -> text, with a mark of its encoding, as spreadsheets want it
"""

import csv
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

from fastapi import Response

from enrichment.domain.json_values import Json
from resources.company_lists import safe_cell

CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "A table for a spreadsheet"}
}


def csv_of(rows: Sequence[Mapping[str, Json]]) -> str:
    """Columns: of all rows, in the order they first appear."""
    titles = list(dict.fromkeys(title for row in rows for title in row))
    out = StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(titles)
    writer.writerows([safe_cell(row.get(title)) for title in titles] for row in rows)
    return out.getvalue()


def csv_response(text: str, name: str) -> Response:
    """name: of the file that a browser keeps."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "X-Content-Type-Options": "nosniff"}
    return Response(text.encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers)
