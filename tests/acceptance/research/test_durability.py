"""A question goes on after kill -9 and a restart: paid for once, its events the same for every reader."""

import asyncio
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from bench.fresh_stores import STORES, restart_postgres
from bench.money.audit import bought_twice
from bench.money.sandbox_setup import LEASE_SECONDS
from bench.research.disconnects import Load, soaked
from bench.research.served import Service
from tests.support.forkserver import FORKSERVER
from tests.support.kill_points import Deadly
from tests.support.money_stack import MoneyStack, money_stack
from tests.support.research_stack import add_research, asked, frames, opened, until
from tests.support.service_process import RunningService, service_running

QUESTION = "How should I position Snowflake to tesla.com for their European expansion?"


@pytest.fixture
def stack(tmp_path: Path, store_url: str) -> Iterator[MoneyStack]:
    with money_stack(tmp_path, store_url) as stack:
        add_research(tmp_path / "config")
        yield stack


def all_frames(running: RunningService, session_id: str) -> list[object]:
    return list(frames(running.client, session_id, follow=False))


@pytest.mark.parametrize(
    "dies",
    [
        Deadly("marked sent", "snov_contacts"),
        Deadly("after settle", "apollo_contacts"),
        Deadly("in settle", "analysis:research_breakdown"),
        Deadly("after settle", "analysis:research_answer"),
    ],
    ids=str,
)
def test_a_question_goes_on_after_a_kill_and_no_event_is_lost_or_doubled(stack: MoneyStack, dies: Deadly) -> None:
    with service_running(stack.setup, dies=dies) as dying:
        session_id = opened(dying.client, QUESTION)["id"]
        dying.killed()
    before = stack.store.sessions.events(session_id, after=0, most=1_000)
    stack.pass_time(LEASE_SECONDS)
    with service_running(stack.setup) as running:
        live = until(running.client, session_id, "research_complete")
        again = all_frames(running, session_id)
    after = stack.store.sessions.events(session_id, after=0, most=1_000)
    assert after[: len(before)] == before
    assert [event.number for event in after] == list(range(1, len(after) + 1))
    assert live == again
    assert [event.type for event in after].count("research_complete") == 1
    assert [event.type for event in after].count("research_plan_created") == 1
    stack.pass_time(3600)
    assert bought_twice(stack.store) == []
    assert all(gap.explained for gap in stack.gaps().values())


def test_a_service_that_is_asked_to_end_leaves_its_questions_to_the_next_one_at_once(stack: MoneyStack) -> None:
    stack.fault("brightdata", "latency", seconds=3.0, times=50)
    with service_running(stack.setup) as running:
        session_id = opened(running.client, QUESTION)["id"]
        until(running.client, session_id, "source_queried")
        running.terminate()
    with service_running(stack.setup) as running:
        data = until(running.client, session_id, "research_complete")[-1][2]["data"]
    assert data["state"] == "answered"


def test_every_reader_gets_the_same_events_whenever_it_comes_back(stack: MoneyStack) -> None:
    with service_running(stack.setup) as running:
        session_id = opened(running.client, QUESTION)["id"]
        got: dict[int, list[object]] = {}

        def read(reader: int) -> None:
            """Leaves after a few events, and resumes where it was, until it has the last one."""
            after, mine = None, list[object]()
            while True:
                for number, frame in enumerate(frames(running.client, session_id, after=after), start=1):
                    mine.append(frame)
                    after = frame[0]
                    if frame[1] == "research_complete":
                        got[reader] = mine
                        return
                    if number == reader:
                        break

        readers = [threading.Thread(target=read, args=(reader,)) for reader in (1, 3, 7)]
        for one in readers:
            one.start()
        for one in readers:
            one.join()
        whole = all_frames(running, session_id)
    assert got == dict.fromkeys((1, 3, 7), whole)


def test_questions_of_one_session_are_answered_one_after_another(stack: MoneyStack) -> None:
    with service_running(stack.setup) as running:
        session_id = opened(running.client, QUESTION)["id"]
        asked(running.client, session_id, "and their CFO?")
        seen = until(running.client, session_id, "research_complete")
        seen += until(running.client, session_id, "research_complete", after=seen[-1][0])
    by_question = [
        data["question_id"] for _, _, data in seen if data["type"] not in {"session_started", "question_received"}
    ]
    assert by_question == sorted(by_question)
    assert len(set(by_question)) == 2


def test_readers_that_leave_at_any_byte_get_each_event_once_through_kills_and_a_restart_of_postgres(
    tmp_path: Path,
) -> None:
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        STORES["postgres"](Path(folder)) as new_store,
        money_stack(tmp_path, new_store("soak")) as stack,
    ):
        add_research(tmp_path / "config")
        restart = partial(restart_postgres, Path(folder))
        load = Load(["tesla.com"], readers=3, disconnects=30, kills=2, seed=14, restart=restart)
        with Service(stack.setup, FORKSERVER) as service:
            report = asyncio.run(soaked(service, stack.url, load))
        assert bought_twice(stack.store) == []
    assert (report.torn, report.gaps) == ([], 0)
    assert report.identical == report.passes >= load.readers
    assert (report.kills, report.restarts, report.answered) == (2, 1, report.asked)
