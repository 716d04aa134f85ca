"""Messages count in English: one company, two companies."""

import pytest

from enrichment.domain.numbers import in_number


@pytest.mark.parametrize(
    ("count", "thing", "shown"),
    [
        (1, "company", "1 company"),
        (2_000, "company", "2,000 companies"),
        (0, "row", "0 rows"),
        (2, "analysis", "2 analyses"),
        (2, "reply", "2 replies"),
        (2, "search", "2 searches"),
        (2, "alias", "2 aliases"),
        (2, "dataset", "2 datasets"),
        (2, "day", "2 days"),
        (2, "batch", "2 batches"),
        (2, "uncertain purchase", "2 uncertain purchases"),
    ],
)
def test_a_thing_is_named_as_its_number_asks(count: int, thing: str, shown: str) -> None:
    assert in_number(count, thing) == shown


def test_what_is_stated_of_one_is_not_stated_of_several() -> None:
    says = [in_number(count, "of them waits", "of them wait") for count in (0, 1, 1_200)]
    assert says == ["0 of them wait", "1 of them waits", "1,200 of them wait"]
