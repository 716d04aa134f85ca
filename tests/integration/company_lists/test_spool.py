"""Values in a temporary file are those that were given, in their order, however often and wherever they are read."""

from itertools import islice, pairwise

import pytest

from enrichment.identity.list_fates import ListRow
from enrichment.identity.list_rows import LinkedText, ListEntry, UnreadRow
from resources.company_lists import Spool

MANY = 1_234
LARGE = "x" * 1_000
"""So that all of them are more than stays in memory."""


def test_values_are_read_any_number_of_times_also_several_at_once() -> None:
    values = [f"{at} {LARGE}" for at in range(MANY)]
    spool = Spool(iter(values))
    assert len(spool) == MANY
    assert list(spool) == values
    assert list(zip(spool, islice(spool, 1, None), strict=False)) == list(pairwise(values))


def test_a_value_is_found_by_its_place() -> None:
    spool = Spool(range(MANY))
    assert [spool[at] for at in (0, 499, 500, MANY - 1, 3)] == [0, 499, 500, MANY - 1, 3]
    assert (spool[1_230:2_000], spool[:2]) == ([1_230, 1_231, 1_232, 1_233], [0, 1])
    for beyond in (MANY, -1):
        with pytest.raises(IndexError):
            spool[beyond]


def test_nothing_is_a_spool_of_no_values() -> None:
    assert (list(Spool([])), len(Spool([]))) == ([], 0)


def test_rows_keep_all_that_they_say() -> None:
    entry = ListEntry(3, "Acme", "acme.com", "DE", "Sheet", "a remark", by_email=True, ids=frozenset({"cik:1"}))
    row = ListRow(3, "ambiguous", entry, "because", same_as=2, learns_for="com_1", may_be=(entry,))
    linked = LinkedText.of("Acme", "https://acme.com")
    found, unread, cell = Spool([row, UnreadRow("a", "b"), linked])
    assert (found, unread, cell) == (row, UnreadRow("a", "b"), "Acme")
    assert isinstance(cell, LinkedText)
    assert cell.target == "https://acme.com"
