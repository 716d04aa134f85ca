"""Ids: unique over all threads of a process, and in the order in which they were made."""

import re
from concurrent.futures import ThreadPoolExecutor

from enrichment.domain.ids import new_id

THREADS, EACH = 8, 12_500


def test_a_hundred_thousand_ids_of_eight_threads_are_unique_and_in_the_order_each_thread_made_them() -> None:
    with ThreadPoolExecutor(THREADS) as threads:
        made = list(threads.map(lambda _: [new_id("req") for _ in range(EACH)], range(THREADS)))
    assert all(ids == sorted(ids) for ids in made)
    assert len({one for ids in made for one in ids}) == THREADS * EACH


def test_an_id_made_after_another_one_sorts_after_it_whichever_thread_made_it() -> None:
    with ThreadPoolExecutor(1) as other:
        made = [new_id("pur") if n % 2 else other.submit(new_id, "pur").result() for n in range(2_000)]
    assert made == sorted(made)


def test_an_id_names_its_kind_and_sorts_after_ids_of_the_earlier_form() -> None:
    assert re.fullmatch(r"req_[0-9a-f]{31}", new_id("req"))
    assert new_id("req") > "req_18cc251f400ffffffffffff", "of 2024: eleven digits of milliseconds, twelve of chance"
