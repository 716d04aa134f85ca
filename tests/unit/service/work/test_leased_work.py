"""Rows with a lease: begun as there is room, once each, left open where they are not finished."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from enrichment.pipeline.enrich import LeftOpen
from enrichment.ports import StoreError
from service.work.leased_work import LeasedWork, Run

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    name: str
    stop_asked_at: datetime | None = None


@dataclass
class Rows:
    """waiting: what the next claims find."""

    waiting: list[Row]
    asked_to_stop: list[str] = field(default_factory=list)
    handed_back: list[str] = field(default_factory=list)

    def claim(self, worker: str, *, at: datetime, lease_until: datetime, most: int) -> Sequence[Row]:  # noqa: ARG002
        claimed, self.waiting = self.waiting[:most], self.waiting[most:]
        return claimed

    def renew(self, worker: str, row_ids: Collection[str], /, *, lease_until: datetime) -> Collection[str]:  # noqa: ARG002
        return [one for one in self.asked_to_stop if one in row_ids]

    def hand_back(self, worker: str) -> None:
        self.handed_back.append(worker)


class Work(LeasedWork[Row]):
    """begun, ended: names, in order; raised: what the work of a name raises. Work goes on until its gate opens."""

    def __init__(self, rows: Rows, *, most: int) -> None:
        super().__init__(rows, "wrk_1", lambda: NOW, most=lambda: most)
        self.begun: list[str] = []
        self.ended: list[tuple[str, str]] = []
        self.raised: dict[str, Exception] = {}
        self.refusing: set[str] = set()
        self.gates: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.starts: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def _id_of(self, work: Row) -> str:
        return work.name

    async def _carry_out(self, run: Run[Row]) -> None:
        self.begun.append(run.work.name)
        self.starts[run.work.name].set()
        await self.gates[run.work.name].wait()
        if error := self.raised.get(run.work.name):
            raise error

    async def _end(self, run: Run[Row], error: BaseException | None) -> None:
        if run.work.name in self.refusing:
            raise StoreError("full")
        self.ended.append((run.work.name, type(error).__name__))


async def done(work: Work, name: str) -> None:
    run = work.run(name)
    assert run is not None
    work.gates[name].set()
    await run.done.wait()


def test_no_more_than_may_be_at_once_and_the_next_begins_as_soon_as_one_ends() -> None:
    async def story() -> None:
        work = Work(Rows([Row("a"), Row("b"), Row("c")]), most=2)
        await work.tick()
        await work.starts["b"].wait()
        assert (work.begun, work.room) == (["a", "b"], 0)
        await done(work, "a")
        await work.starts["c"].wait()
        assert work.ended == [("a", "NoneType")]

    asyncio.run(story())


def test_a_place_that_is_kept_is_not_given_to_a_row_that_waits() -> None:
    async def story() -> None:
        work = Work(Rows([Row("a")]), most=1)
        with work.place():
            await work.tick()
            assert work.under_way == 0
        await work.tick()
        assert work.under_way == 1

    asyncio.run(story())


def test_a_row_whose_lease_ran_out_while_it_is_at_work_here_is_not_begun_a_second_time() -> None:
    async def story() -> None:
        rows = Rows([Row("a")])
        work = Work(rows, most=5)
        await work.tick()
        await work.starts["a"].wait()
        rows.waiting = [Row("a")]
        await work.tick()
        assert (work.begun, work.under_way) == (["a"], 1)
        await done(work, "a")
        assert work.ended == [("a", "NoneType")]

    asyncio.run(story())


def test_what_another_process_was_asked_to_stop_is_stopped_with_the_next_renewal() -> None:
    async def story() -> None:
        rows = Rows([Row("a"), Row("b", stop_asked_at=NOW)])
        work = Work(rows, most=5)
        await work.tick()
        a, b = work.run("a"), work.run("b")
        assert a is not None
        assert b is not None
        assert (a.stop.is_set(), b.stop.is_set()) == (False, True)
        rows.asked_to_stop = ["a", "another's"]
        await work.tick()
        assert a.stop.is_set()

    asyncio.run(story())


def test_a_fault_ends_its_row_and_work_that_is_left_open_has_no_end() -> None:
    async def story() -> None:
        work = Work(Rows([Row("broken"), Row("left"), Row("unwritten")]), most=5)
        work.raised = {"broken": ValueError("x"), "left": LeftOpen("req_1")}
        work.refusing = {"unwritten"}
        await work.tick()
        for name in ("broken", "left", "unwritten"):
            await done(work, name)
        assert (work.ended, work.under_way) == ([("broken", "ValueError")], 0)

    asyncio.run(story())


def test_after_it_is_stopped_nothing_begins_and_its_rows_are_handed_back() -> None:
    async def story() -> None:
        rows = Rows([Row("a")])
        work = Work(rows, most=1)
        await work.tick()
        rows.waiting = [Row("b")]
        work.gates["a"].set()
        await work.stop()
        await work.tick()
        assert (work.begun, rows.handed_back, work.room) == (["a"], ["wrk_1"], 0)
        assert rows.waiting == [Row("b")]

    asyncio.run(story())
