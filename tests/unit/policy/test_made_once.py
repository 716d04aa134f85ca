"""What takes long to make is made by one thread for all that ask for it; others are not held up."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from enrichment.policy.made_once import MadeOnce
from tests.support.eventually import PATIENCE_SECONDS


class SlowMaking:
    """Makes the capital letter of a key. The first making of "slow" lasts until it may end."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.begun, self.may_end = threading.Event(), threading.Event()

    def __call__(self, key: str) -> str:
        self.made.append(key)
        if self.made.count("slow") == 1 and key == "slow":
            self.begun.set()
            assert self.may_end.wait(PATIENCE_SECONDS)
        return key.upper()


def test_threads_that_ask_for_one_value_get_the_same_one_made_once() -> None:
    making = SlowMaking()
    made_once = MadeOnce(making, 10)
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(made_once, "slow")
        assert making.begun.wait(PATIENCE_SECONDS)
        others = [threads.submit(made_once, "slow") for _ in range(3)]
        making.may_end.set()
        assert {one.result(PATIENCE_SECONDS) for one in (first, *others)} == {"SLOW"}
    assert making.made == ["slow"]


def test_meanwhile_other_values_are_made_and_looked_up() -> None:
    making = SlowMaking()
    made_once = MadeOnce(making, 10)
    assert made_once("before") == "BEFORE"
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(made_once, "slow")
        assert making.begun.wait(PATIENCE_SECONDS)
        assert (made_once("before"), made_once("other")) == ("BEFORE", "OTHER")
        making.may_end.set()
        assert slow.result(PATIENCE_SECONDS) == "SLOW"
    assert making.made == ["before", "slow", "other"]


def test_what_has_raised_is_made_anew() -> None:
    tried: list[int] = []

    def make(key: int) -> int:
        tried.append(key)
        if len(tried) == 1:
            raise ValueError("not this time")
        return key

    made_once = MadeOnce(make, 10)
    with pytest.raises(ValueError, match="not this time"):
        made_once(7)
    assert [made_once(7), made_once(7)] == [7, 7]
    assert tried == [7, 7]


def test_only_the_values_used_last_are_kept() -> None:
    making = SlowMaking()
    made_once = MadeOnce(making, 2)
    for key in "abacab":
        made_once(key)
    assert making.made == ["a", "b", "c", "b"]
