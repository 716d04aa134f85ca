"""The tables of this room: CSV files in data/, a header, comments behind '#', read once when the module is imported."""

import csv
from collections.abc import Iterator
from importlib.resources import files


def rows(name: str) -> Iterator[list[str]]:
    """The rows of a table, without header and comments."""
    text = files("enrichment.identity").joinpath("data", f"{name}.csv").read_text(encoding="utf-8")
    return csv.reader(line for line in text.splitlines()[1:] if not line.startswith("#"))
