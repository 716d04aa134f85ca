"""Readers of a session that leave at any byte and come back with the id of the last whole event they have.

Reader.read(): until its session has answered all its questions -> the frames, byte for byte, as they came
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from random import Random

import httpx

_ID = re.compile(rb"^id: (.+)$", re.MULTILINE)
_TYPE = re.compile(rb"^event: (.+)$", re.MULTILINE)
_BYTES = (1.5, 5.3)
"""Powers of ten between which a reader leaves: within one event, or after many."""
_AWAY_SECONDS = 0.02


def in_frames(text: bytes) -> list[bytes]:
    """Whole frames of events; comments and what has no id are none."""
    return [frame for frame in text.split(b"\n\n") if _ID.search(frame)]


def is_last(frame: bytes) -> bool:
    found = _TYPE.search(frame)
    return found is not None and found[1] == b"research_complete"


async def all_frames(client: httpx.AsyncClient, session_id: str) -> list[bytes]:
    """What there is now, read in one go; where the service or its store is away, as soon as it is back."""
    while True:
        try:
            answer = await client.get(f"/v1/sessions/{session_id}/events", params={"follow": "false"})
        except httpx.TransportError:
            await asyncio.sleep(_AWAY_SECONDS)
            continue
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            return in_frames(answer.raise_for_status().content)
        await asyncio.sleep(_AWAY_SECONDS)


@dataclass
class Reader:
    """questions: how many its session answers. left: called whenever it leaves in mid-stream."""

    client: httpx.AsyncClient
    session_id: str
    questions: int
    chance: Random
    left: Callable[[], None]
    frames: list[bytes] = field(default_factory=list)
    gaps: int = 0
    leaves: int = 0

    @property
    def has_all(self) -> bool:
        return sum(is_last(frame) for frame in self.frames) >= self.questions

    async def read(self) -> None:
        while not self.has_all:
            try:
                await self._visit()
            except httpx.TransportError:
                await asyncio.sleep(_AWAY_SECONDS)  # the service is away

    async def _visit(self) -> None:
        path = f"/v1/sessions/{self.session_id}/events"
        async with self.client.stream("GET", path, headers=self._resuming()) as response:
            if response.status_code != 200:
                await asyncio.sleep(_AWAY_SECONDS)
                return
            async for frame in self._some_of(response.aiter_bytes()):
                self._take(frame)
                if self.has_all:
                    return

    def _resuming(self) -> Mapping[str, str]:
        found = _ID.search(self.frames[-1]) if self.frames else None
        return {} if found is None else {"Last-Event-ID": found[1].decode()}

    async def _some_of(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Frames until it has read so many bytes, wherever that is; what is incomplete then is thrown away."""
        most, rest = int(10 ** self.chance.uniform(*_BYTES)), b""
        async for chunk in chunks:
            rest += chunk[:most]
            most -= len(chunk)
            while b"\n\n" in rest:
                frame, _, rest = rest.partition(b"\n\n")
                yield frame
            if most <= 0:
                self.leaves += 1
                self.left()
                return

    def _take(self, frame: bytes) -> None:
        if _ID.search(frame):
            self.frames.append(frame)
        elif b"event: gap" in frame:
            self.gaps += 1
