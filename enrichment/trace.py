"""What happened in one request, in order: what `enrich trace` shows. Kept in memory, written in batches."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Literal

from enrichment.domain.records import Event, Json
from enrichment.ports import Requests

Stage = Literal["identify", "layer_1", "plan", "collect", "analyse", "assemble", "keep"]


class Trace:
    """watch: called at once with each event, for progress and streams."""

    def __init__(
        self,
        request_id: str,
        requests: Requests,
        now: Callable[[], datetime],
        watch: Callable[[Event], None] | None = None,
    ) -> None:
        self._request_id, self._requests, self._now, self._watch = request_id, requests, now, watch
        self._unwritten: list[Event] = []

    def note(self, stage: Stage, what: str, **data: Json) -> None:
        event = Event(self._request_id, self._now(), stage, what, data)
        self._unwritten.append(event)
        if self._watch is not None:
            self._watch(event)

    async def flush(self) -> None:
        events, self._unwritten = self._unwritten, []
        if events:
            await asyncio.to_thread(self._requests.record, events)
