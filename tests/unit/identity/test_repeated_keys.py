"""Keys that several rows have are found, whatever their order; keys of one row are not."""

import random

from enrichment.identity.repeated_keys import RepeatedKeys


def noted(rows: list[list[str]]) -> RepeatedKeys:
    keys = RepeatedKeys()
    for row in rows:
        keys.note(row)
    return keys


def test_a_row_shares_a_key_or_it_does_not() -> None:
    rows = [["a", "b"], [], ["c"], ["b"], ["d", "e", "a"]]
    keys = noted(rows)
    assert len(keys) == len(rows)
    assert [keys.occurs_again(at) for at in range(len(rows))] == [True, False, False, True, True]


def test_of_many_keys_those_that_occur_again_are_found_and_no_others() -> None:
    rng = random.Random(5)
    rows = [[f"key {rng.randrange(5_000)}"] for _ in range(4_000)]
    several = {key for [key] in rows if rows.count([key]) > 1}
    keys = noted(rows)
    assert [keys.occurs_again(at) for at in range(len(rows))] == [key in several for [key] in rows]
