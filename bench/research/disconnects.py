"""Readers that leave and come back while the service is killed and its database restarted: what each of them got.

sessions, readers, kills, a restart of Postgres -> ReadersReport: which passes are the session's rows, byte for byte
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

import httpx

from bench.money.sandbox_setup import LEASE_SECONDS, pass_time
from bench.research.readers import Reader, all_frames, is_last
from bench.research.served import Service, opened, posted

_OPENING = 0.7
"""The part of all leaves in which sessions are opened and disturbances happen."""
_FOLLOW_UPS = ("and their CFO?", "What has happened there lately?")


@dataclass(frozen=True, slots=True)
class Load:
    """kills: of the service by SIGKILL. restart: of the database; None: it is none that restarts."""

    companies: Sequence[str]
    readers: int
    disconnects: int
    kills: int
    seed: int
    restart: Callable[[], None] | None = None

    @property
    def questions(self) -> int:
        return 1 + len(_FOLLOW_UPS)


@dataclass
class ReadersReport:
    """passes: of a reader through its session; identical: those with its events byte for byte, once and in order."""

    events: int = 0
    passes: int = 0
    identical: int = 0
    gaps: int = 0
    disconnects: int = 0
    kills: int = 0
    restarts: int = 0
    answered: int = 0
    asked: int = 0
    torn: list[str] = field(default_factory=list)


async def soaked(service: Service, sandbox_url: str, load: Load) -> ReadersReport:
    """Raises httpx.HTTPStatusError."""
    soak = _Soak(service, sandbox_url, load)
    async with httpx.AsyncClient(
        base_url=service.url, timeout=600, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
    ) as client:
        each = (soak.session(client, number) for number in range(len(load.companies)))
        await asyncio.gather(soak.disturbed(), *each)
    return soak.report


class _Soak:
    def __init__(self, service: Service, sandbox_url: str, load: Load) -> None:
        self._service, self._sandbox_url, self._load = service, sandbox_url, load
        self.report = ReadersReport()
        self._awaited: list[tuple[float, asyncio.Event]] = []

    async def session(self, client: httpx.AsyncClient, number: int) -> None:
        """Begun when so many of all readers' leaves are over: some session is young whenever the service is killed."""
        load, name = self._load, f"soak-{self._load.seed}-{number}"
        await self._after(_OPENING * number / len(load.companies))
        made = await opened(client, name, f"How should I position Snowflake to {load.companies[number]}?")
        session_id = str(made["id"])
        for later, text in enumerate(_FOLLOW_UPS):
            await posted(client, f"/v1/sessions/{session_id}/questions", {"question": text}, f"{name}-{later}")
        self.report.asked += load.questions
        readers = (self._passes(client, session_id, Random(f"{name}-{reader}")) for reader in range(load.readers))
        found = [one for passes in await asyncio.gather(*readers) for one in passes]
        rows = await all_frames(client, session_id)
        self.report.events += len(rows)
        self.report.answered += sum(is_last(frame) for frame in rows)
        for reader in found:
            self._judge(reader, rows)

    async def disturbed(self) -> None:
        load, chance = self._load, Random(self._load.seed)
        what = [self._kill] * load.kills + ([] if load.restart is None else [self._restart])
        chance.shuffle(what)
        for part, disturb in zip(sorted(chance.uniform(0.1, _OPENING) for _ in what), what, strict=True):
            await self._after(part)
            await asyncio.to_thread(disturb)

    async def _passes(self, client: httpx.AsyncClient, session_id: str, chance: Random) -> list[Reader]:
        """A reader's passes: it reads its session to the end again and again until it has left often enough."""
        load, found = self._load, list[Reader]()
        share = -(-load.disconnects // (load.readers * len(load.companies)))
        while sum(one.leaves for one in found) < share:
            found.append(Reader(client, session_id, load.questions, chance, self._left))
            await found[-1].read()
        return found

    def _left(self) -> None:
        self.report.disconnects += 1
        for part, reached in self._awaited:
            if self.report.disconnects >= part * self._load.disconnects:
                reached.set()

    async def _after(self, part: float) -> None:
        reached = asyncio.Event()
        if part > 0:
            self._awaited.append((part, reached))
            await reached.wait()

    def _kill(self) -> None:
        self._service.kill()
        self.report.kills += 1
        pass_time(self._service.setup, self._sandbox_url, LEASE_SECONDS)
        self._service.start()

    def _restart(self) -> None:
        assert self._load.restart is not None
        self._load.restart()
        self.report.restarts += 1
        pass_time(self._service.setup, self._sandbox_url, LEASE_SECONDS)

    def _judge(self, reader: Reader, rows: Sequence[bytes]) -> None:
        self.report.passes += 1
        self.report.identical += reader.frames == rows
        self.report.gaps += reader.gaps
        if reader.frames != rows:
            self.report.torn.append(f"{reader.session_id}: {len(reader.frames)} frames of {len(rows)}")
