"""SerpApi bills a search once an hour: what is booked, and what is taken for a repeat that costs nothing."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from tests.integration.provider_replay import Says, Vendor, answered, client, forget, go_ahead, question

SEARCH = "GET /search.json"
_A_MINUTE_AGO = datetime.now(UTC) - timedelta(minutes=1)


def a_search(made: timedelta, *, search_id: str = "679fbeb4931dfa210a6dcaff", **metadata: Any) -> Says:
    """A page of results that was made so long ago by the vendor's clock."""
    now = datetime.now(UTC)
    written = f"{now - made:%Y-%m-%d %H:%M:%S UTC}"
    heading = {"id": search_id, "status": "Success", "created_at": written, "processed_at": written, **metadata}
    return Says(body={"search_metadata": heading, "news_results": [{}]}, headers={"date": format_datetime(now, True)})


def searched(vendor: Vendor, *names: str) -> list[int]:
    """What one client books for each of the searches it makes."""

    async def ask() -> list[int]:
        async with client("serpapi", httpx.ASGITransport(app=vendor)) as asking:
            questions = [question("serp_news", name=name) for name in names]
            answers = [await asking.ask(one, keep_handle=forget, sending=go_ahead) for one in questions]
        return [answer.units.get("search", 0) for answer in answers]

    return asyncio.run(ask())


def test_a_search_another_process_bought_within_the_hour_is_free() -> None:
    answer = answered(Vendor({SEARCH: a_search(timedelta(minutes=30))}), question("serp_news"))
    assert (answer.found, answer.units) == (True, {})
    assert "free" in answer.notes[0]


@pytest.mark.parametrize(
    "says",
    [
        a_search(timedelta(minutes=61)),
        a_search(timedelta(days=300)),
        a_search(timedelta(0)),
        a_search(timedelta(minutes=-30)),
        a_search(timedelta(minutes=30), search_id=""),
        a_search(timedelta(minutes=30), processed_at=None),
        a_search(timedelta(minutes=30), processed_at="2026-01-01 00:00:00 UTC"),
        a_search(timedelta(minutes=30), created_at="yesterday"),
        Says(body=a_search(timedelta(minutes=30)).body),
        Says(body=a_search(timedelta(minutes=1)).body, headers={"date": format_datetime(_A_MINUTE_AGO, True)}),
    ],
    ids=[
        *("over an hour", "long ago", "now", "to come", "no id", "not processed", "processed before", "no date"),
        *("no clock of the vendor's", "our clock is ahead"),
    ],
)
def test_a_search_that_may_be_a_new_one_is_booked(says: Says) -> None:
    answer = answered(Vendor({SEARCH: says}), question("serp_news"))
    assert (answer.units, answer.notes) == ({"search": 1}, ())


def test_the_same_search_again_is_free_and_another_one_of_the_same_id_is_not() -> None:
    constant = a_search(timedelta(0))
    assert searched(Vendor({SEARCH: constant}), "Acme", "Acme", "Globex", "Acme") == [1, 0, 1, 0]
    constant = a_search(timedelta(minutes=30))
    assert searched(Vendor({SEARCH: constant}), "Acme", "Globex", "Initech") == [0, 1, 1]


def test_the_same_question_is_another_search_once_the_vendor_searched_again() -> None:
    vendor = Vendor({SEARCH: [a_search(timedelta(0)), a_search(timedelta(0), search_id="another")]})
    assert searched(vendor, "Acme", "Acme") == [1, 1]
