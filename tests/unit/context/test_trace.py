"""The trace of a request is written while the request runs, in order, and its watcher sees them at once."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from enrichment.context.trace import Trace
from enrichment.domain.requests import Event
from enrichment.ports import StoreError
from tests.support.examples import NOON


class Events:
    """Of the stored requests, what a trace calls. full: it takes no more events."""

    def __init__(self, *, full: bool = False) -> None:
        self.written: list[list[str]] = []
        self.may_write = threading.Event()
        self.may_write.set()
        self._full = full

    def record(self, events: Sequence[Event]) -> None:
        self.may_write.wait()
        if self._full:
            raise StoreError("The disk is full: free space.")
        self.written.append([event.what for event in events])


def trace_in(store: Events, seen: list[Event] | None = None) -> Trace:
    watch = None if seen is None else seen.append
    return Trace("req_1", store, lambda: NOON, watch)  # type: ignore[arg-type]  # of Requests, only `record` is called


def test_what_was_noted_is_stored_when_written_returns_though_the_request_goes_on() -> None:
    async def request() -> None:
        store = Events()
        async with trace_in(store) as trace:
            trace.note("identify", "asked")
            await trace.written()
            assert store.written == [["asked"]]
            trace.note("plan", "planned")
        assert store.written == [["asked"], ["planned"]]

    asyncio.run(request())


def test_what_happens_during_a_write_goes_with_the_next_one_in_its_order() -> None:
    async def request() -> None:
        store, seen = Events(), list[Event]()
        store.may_write.clear()
        async with trace_in(store, seen) as trace:
            trace.note("identify", "asked")
            await asyncio.sleep(0)
            trace.note("plan", "planned")
            trace.note("collect", "bought")
            assert [event.what for event in seen] == ["asked", "planned", "bought"]
            store.may_write.set()
        assert store.written == [["asked"], ["planned", "bought"]]

    asyncio.run(request())


def test_a_request_that_fails_leaves_what_was_noted_and_its_own_error() -> None:
    async def request(store: Events) -> None:
        async with trace_in(store) as trace:
            trace.note("identify", "asked")
            raise ValueError("of its own")

    store = Events()
    with pytest.raises(ValueError, match="of its own"):
        asyncio.run(request(store))
    assert store.written == [["asked"]]
    with pytest.raises(ValueError, match="of its own"):
        asyncio.run(request(Events(full=True)))


def test_a_store_that_takes_no_events_is_reported_whenever_it_is_waited_for() -> None:
    async def request() -> None:
        trace = trace_in(Events(full=True))
        trace.note("identify", "asked")
        for _ in range(2):
            with pytest.raises(StoreError, match="free space"):
                await trace.written()
            trace.note("plan", "planned")

    asyncio.run(request())
