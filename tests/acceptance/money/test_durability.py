"""Nothing paid is lost: the store is locked, its disk is full, and no settled purchase is without its reply."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from bench.money.audit import caps_in_error, purchases, without_reply
from bench.money.sandbox_setup import LEASE_SECONDS
from bench.money.worker import WorkItem
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.kill_points import work_on_a_full_disk, work_with_leave
from tests.support.money_stack import MoneyStack, known_by, money_stack

NEWS = ("serp_news", "recent_news")
TECHNOLOGIES = ("brightdata_technographics", "tech_stack")
_A_WHILE_SECONDS = 1


def order_of(source: str, dataset: str) -> WorkItem:
    [company] = known_by(source, dataset, 1)
    return WorkItem(0, company, datasets=(dataset,), sources=(source,))


@contextmanager
def locked(store_url: str) -> Iterator[None]:
    """Another process writes, and takes its time."""
    if store_url.startswith("sqlite"):
        with closing(sqlite3.connect(store_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
    else:
        with psycopg.connect(store_url) as server:
            server.execute("LOCK TABLE purchases, caps IN ACCESS EXCLUSIVE MODE")
            yield


def test_an_answer_that_finds_the_store_locked_waits_and_is_kept(tmp_path: Path, store_url: str) -> None:
    with money_stack(tmp_path, store_url) as stack:
        process, pipe = stack.started(work_with_leave, order_of(*NEWS), "settle")
        assert pipe.recv() == "settle"
        with locked(store_url):
            pipe.send("go on")
            process.join(_A_WHILE_SECONDS)  # a process that does not wait for the store ends meanwhile
        process.join(PATIENCE_SECONDS)
        assert process.exitcode == 0
        assert [row.state for row in purchases(stack.store)] == ["settled"]
        assert without_reply(stack.store) == []
        assert all(gap.closed for gap in stack.gaps().values())


@pytest.mark.parametrize(("source", "dataset"), [NEWS, TECHNOLOGIES])
def test_an_answer_that_finds_the_disk_full_is_fetched_again_at_no_cost(
    tmp_path: Path, source: str, dataset: str
) -> None:
    with money_stack(tmp_path, f"sqlite:///{tmp_path / 'store.sqlite'}") as stack:
        order = order_of(source, dataset)
        assert "disk" in said_on_a_full_disk(stack, order)
        assert without_reply(stack.store) == []
        assert [row.state for row in purchases(stack.store)] == ["sent"]
        assert caps_in_error(stack.store) == {}
        stack.pass_time(LEASE_SECONDS)
        billed = stack.invoice()
        with stack.fleet() as fleet:
            [again] = fleet.run([order]).reports
        assert (again.state, again.trouble) == ("complete", None)
        assert stack.invoice() == billed
        assert [row.state for row in purchases(stack.store)] == ["settled"]
        assert without_reply(stack.store) == []
        assert all(gap.closed for gap in stack.gaps().values())


def said_on_a_full_disk(stack: MoneyStack, order: WorkItem) -> str:
    process, pipe = stack.started(work_on_a_full_disk, order)
    message = str(pipe.recv())
    process.join(PATIENCE_SECONDS)
    assert process.exitcode == 0
    return message
