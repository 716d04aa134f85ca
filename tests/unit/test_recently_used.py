"""What was used last is remembered, and no more than so many of it."""

from resources.recently_used import RecentlyUsed


def test_what_was_not_used_for_the_longest_time_goes_first() -> None:
    remembered = RecentlyUsed[int](2)
    assert remembered.keep("a", 1) == 1
    remembered.keep("b", 2)
    assert remembered.get("a") == 1
    remembered.keep("c", 3)
    assert [remembered.get(name) for name in "abc"] == [1, None, 3]


def test_what_is_kept_again_is_replaced_and_pushes_nothing_out() -> None:
    remembered = RecentlyUsed[int](2)
    for number in (1, 2):
        remembered.keep("a", number)
    remembered.keep("b", 3)
    assert (remembered.get("a"), remembered.get("b")) == (2, 3)
