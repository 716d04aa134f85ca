"""What happened in one request, in order: what `enrich trace` shows.

    note(event) -> the watcher, at once          decided(decision of a policy)
                -> the store, by a task beside the request; what is noted while it writes goes with the next write

After `written()` all that was noted before is in the store. It is awaited before each purchase, so a process that is
killed leaves a trace up to the call it was killed in.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from types import TracebackType
from typing import Self

from enrichment.domain.decisions import PolicyDecision
from enrichment.domain.json_values import Json
from enrichment.domain.requests import Event, Stage
from enrichment.ports import Requests, StoreError


class Trace:
    """The trace of one request, opened once: `async with`.

    watch: called at once with each event, for progress and streams. Usable from one event loop;
    `note` needs it to be running.
    """

    def __init__(
        self,
        request_id: str,
        requests: Requests,
        now: Callable[[], datetime],
        watch: Callable[[Event], None] | None = None,
        alive: set[str] | None = None,
    ) -> None:
        """alive: ids of the requests under way in this process; this one is among them while the trace is open."""
        self.request_id = request_id
        self._requests, self._now, self._watch = requests, now, watch
        self._alive = set() if alive is None else alive
        self._unwritten: list[Event | PolicyDecision] = []
        self._writer: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._alive.add(self.request_id)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._alive.discard(self.request_id)
        if error is None:
            await self.written()
            return
        with suppress(StoreError):  # the request's own error is the one to report
            await self.written()

    def note(self, stage: Stage, what: str, **data: Json) -> None:
        event = Event(self.request_id, self._now(), stage, what, data)
        self._keep(event)
        if self._watch is not None:
            self._watch(event)

    def decided(self, decision: PolicyDecision) -> None:
        """Stored with the events beside it, so before the first call that follows from it."""
        self._keep(decision)

    def _keep(self, happened: Event | PolicyDecision) -> None:
        self._unwritten.append(happened)
        if self._may_begin_to_write():
            self._writer = asyncio.create_task(self._write())

    async def written(self) -> None:
        """Wait until all that was noted so far is stored. Raises StoreError where it could not be."""
        if self._writer is not None:
            await asyncio.shield(self._writer)  # several may wait for it, and one of them may be cancelled

    def _may_begin_to_write(self) -> bool:
        """No task is writing, and none has failed: after a failure `written` keeps raising it."""
        writer = self._writer
        return writer is None or (writer.done() and not writer.cancelled() and writer.exception() is None)

    async def _write(self) -> None:
        while self._unwritten:
            happened, self._unwritten = self._unwritten, []
            await asyncio.to_thread(self._requests.record, happened)
