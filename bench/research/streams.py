"""Many open streams on one process: its memory, and how long after its row each event arrives.

sessions with so many streams each -> questions asked -> StreamsReport
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from bench.money.worker import SharedClock
from bench.research.served import Service, opened, posted

_EVENT = re.compile(rb'^data: .*"timestamp": ?"([^"]+)".*\nid: ([0-9a-f]+)-(\d+)$', re.MULTILINE)
_COMPLETE = b"event: research_complete\n"


@dataclass
class StreamsReport:
    """late: seconds from the time in its row to its arrival, of each event in each stream."""

    streams: int = 0
    start_megabytes: float = 0.0
    open_megabytes: float = 0.0
    end_megabytes: float = 0.0
    most_megabytes: float = 0.0
    complete: int = 0
    late: list[float] = field(default_factory=list)


async def streamed(service: Service, companies: Sequence[str], *, streams: int) -> StreamsReport:
    """Streams one question a company; its session has streams // len(companies) streams."""
    report, clock = StreamsReport(), SharedClock(service.setup.clock)
    async with httpx.AsyncClient(base_url=service.url, timeout=600, trust_env=False) as client:
        sessions = [str((await opened(client, f"streams-{n}"))["id"]) for n in range(len(companies))]
        report.start_megabytes = service.megabytes()
        each = streams // len(sessions)
        reading = [_Reading(service.port, one, clock, report) for one in sessions for _ in range(each)]
        readers = [asyncio.create_task(one.read()) for one in reading]
        await asyncio.gather(*(one.is_open.wait() for one in reading))
        report.open_megabytes = service.megabytes()
        for number, (session_id, company) in enumerate(zip(sessions, companies, strict=True)):
            text = f"How should I position Snowflake to {company}?"
            await posted(client, f"/v1/sessions/{session_id}/questions", {"question": text}, f"streams-q-{number}")
        await asyncio.gather(*readers)
        report.end_megabytes = service.megabytes()
        report.most_megabytes = service.megabytes("VmHWM")
    return report


@dataclass
class _Reading:
    """Plain sockets: five hundred streams cost this side little, which shares the machine with the service."""

    port: int
    session_id: str
    clock: SharedClock
    report: StreamsReport
    is_open: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**22)
        writer.write(f"GET /v1/sessions/{self.session_id}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        rest = b""
        try:
            while chunk := await reader.read(2**18):
                arrived = self.clock.now()
                whole, _, rest = (rest + chunk).rpartition(b"\n\n")
                self._take(whole, arrived)
                if _COMPLETE in whole:
                    self.report.complete += 1
                    return
        finally:
            writer.close()

    def _take(self, whole: bytes, arrived: datetime) -> None:
        """The session's first event was there before it was read: it makes the stream one that is open."""
        for timestamp, _, number in _EVENT.findall(whole):
            if int(number) > 1:
                self.report.late.append((arrived - datetime.fromisoformat(timestamp.decode())).total_seconds())
            elif not self.is_open.is_set():
                self.report.streams += 1
                self.is_open.set()
