"""A CSV that a spreadsheet shows and does not run."""

import csv
from io import StringIO

import pytest

from service.http.csv_export import csv_of


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_text_that_would_be_a_formula_is_marked_as_text(text: str) -> None:
    (row,) = csv.DictReader(StringIO(csv_of([{"name": text}]), newline=""))
    assert row["name"] == f"'{text}"


def test_columns_are_those_of_all_rows_in_the_order_they_appear() -> None:
    assert csv_of([{"a": 1}, {"b": None, "a": 2}]) == "a,b\r\n1,\r\n2,\r\n"
