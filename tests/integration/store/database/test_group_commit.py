"""Threads in a commit queue, and processes at a lock: what is written together, in which order, and after a failure."""

import fcntl
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from enrichment.ports import StoreError
from resources.store.database.group_commit import CommitQueue, Work
from resources.store.database.process_lock import LockUnavailable, ProcessLock
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.waiting_threads import all_queued, wait_for


@dataclass
class Book:
    """A database of one list: a transaction writes at its end, all or nothing."""

    written: list[str] = field(default_factory=list)
    commits: list[int] = field(default_factory=list)
    refuses: list[StoreError] = field(default_factory=list)
    open_: list[str] = field(default_factory=list)

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        self.open_ = []
        with sa.create_engine("sqlite://").connect() as nobody_looks_at_it:
            yield nobody_looks_at_it
        if self.refuses:
            raise self.refuses.pop()
        self.written += self.open_
        self.commits.append(len(self.open_))

    def writes(self, word: str) -> Work[str]:
        def work(tx: sa.Connection) -> str:
            self.open_.append(word)
            return word.upper()

        return work

    def fails(self, word: str) -> Work[str]:
        def work(tx: sa.Connection) -> str:
            self.open_.append(word)
            raise ValueError(word)

        return work


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def queue(book: Book) -> CommitQueue:
    return CommitQueue(book.transaction)


def doing(queue: CommitQueue, *works: Work[str]) -> list[Callable[[], str]]:
    return [partial(queue.do, work) for work in works]


def test_what_waits_is_written_together_and_in_order(book: Book, queue: CommitQueue) -> None:
    with all_queued(queue, doing(queue, *(book.writes(word) for word in "abcde"))) as waiting:
        assert book.written == []
    assert [one.result(PATIENCE_SECONDS) for one in waiting] == ["A", "B", "C", "D", "E"]
    assert book.written == ["a", "b", "c", "d", "e"]
    assert book.commits == [5]


def test_a_work_that_fails_takes_nothing_with_it_but_itself(book: Book, queue: CommitQueue) -> None:
    works = [book.writes("a"), book.fails("b"), book.writes("c"), book.fails("d"), book.writes("e")]
    with all_queued(queue, doing(queue, *works)) as waiting:
        pass
    with pytest.raises(ValueError, match="b"):
        waiting[1].result(PATIENCE_SECONDS)
    with pytest.raises(ValueError, match="d"):
        waiting[3].result(PATIENCE_SECONDS)
    assert [waiting[number].result(PATIENCE_SECONDS) for number in (0, 2, 4)] == ["A", "C", "E"]
    assert book.written == ["a", "c", "e"]
    assert book.commits == [3]


def test_when_the_commit_fails_every_work_raises_why_and_the_next_is_carried_out(
    book: Book, queue: CommitQueue
) -> None:
    book.refuses.append(StoreError("The disk is full."))
    with all_queued(queue, doing(queue, *(book.writes(word) for word in "abc"))) as waiting:
        pass
    for one in waiting:
        with pytest.raises(StoreError, match="The disk is full"):
            one.result(PATIENCE_SECONDS)
    assert queue.do(book.writes("d")) == "D"
    assert book.written == ["d"]


def test_no_transaction_has_more_than_its_share_of_works(book: Book, queue: CommitQueue) -> None:
    with all_queued(queue, doing(queue, *(book.writes(str(number)) for number in range(80)))) as waiting:
        pass
    assert [one.result(PATIENCE_SECONDS) for one in waiting] == [str(number) for number in range(80)]
    assert book.commits == [32, 32, 16]
    assert book.written == [str(number) for number in range(80)]


def test_a_thread_that_wants_to_be_alone_is_and_the_order_is_kept(book: Book, queue: CommitQueue) -> None:
    def alone() -> str:
        with queue.alone():
            book.written.append("alone")
        return "ALONE"

    with ThreadPoolExecutor(3) as threads:
        with queue.alone():
            before = threads.submit(queue.do, book.writes("before"))
            wait_for(queue, 2)
            by_itself = threads.submit(alone)
            wait_for(queue, 3)
            after = threads.submit(queue.do, book.writes("after"))
            wait_for(queue, 4)
        assert [one.result(PATIENCE_SECONDS) for one in (before, by_itself, after)] == ["BEFORE", "ALONE", "AFTER"]
    assert book.written == ["before", "alone", "after"]
    assert book.commits == [1, 1]


def test_a_leading_thread_that_is_interrupted_leaves_the_queue_in_order(book: Book, queue: CommitQueue) -> None:
    """What others wanted is carried out by the next one."""

    def interrupted(tx: sa.Connection) -> str:
        book.open_.append("never")
        raise KeyboardInterrupt

    with all_queued(queue, doing(queue, interrupted, book.writes("a"), book.writes("b"))) as waiting:
        pass
    with pytest.raises(KeyboardInterrupt):
        waiting[0].result(PATIENCE_SECONDS)
    assert [one.result(PATIENCE_SECONDS) for one in waiting[1:]] == ["A", "B"]
    assert book.written == ["a", "b"]


def test_a_lock_of_another_process_is_waited_for_and_then_given_up(tmp_path: Path) -> None:
    path = tmp_path / "store.lock"
    with path.open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(LockUnavailable) as shut, ProcessLock(path, seconds=0.05).locked():
            raise AssertionError("two are inside")
    assert shut.value.because is None
    # a caller that gave up does not keep it when it is granted late
    with ProcessLock(path, seconds=PATIENCE_SECONDS).locked():
        pass


def test_a_lock_is_handed_on_when_its_holder_leaves(tmp_path: Path) -> None:
    lock, inside = ProcessLock(tmp_path / "store.lock", seconds=PATIENCE_SECONDS), []

    def enter(number: int) -> None:
        with lock.locked():
            inside.append(number)
            assert inside[-1] == number

    with ThreadPoolExecutor(4) as threads:
        with lock.locked():
            waiting = [threads.submit(enter, number) for number in range(4)]
            assert inside == []
        for one in waiting:
            one.result(PATIENCE_SECONDS)
    assert sorted(inside) == [0, 1, 2, 3]


def test_a_lock_is_free_though_a_process_begun_meanwhile_has_its_file_open(tmp_path: Path) -> None:
    lock, (ours, theirs) = ProcessLock(tmp_path / "store.lock", seconds=PATIENCE_SECONDS), os.pipe()
    with lock.locked():
        child = os.fork()
        if child == 0:
            os.read(ours, 1)
            os._exit(0)
    with lock.locked():
        pass
    os.write(theirs, b".")
    assert os.waitpid(child, 0) == (child, 0)
    os.close(ours)
    os.close(theirs)


def test_a_lock_that_cannot_be_made_states_why(tmp_path: Path) -> None:
    with pytest.raises(LockUnavailable) as shut, ProcessLock(tmp_path / "no folder" / "store.lock", seconds=1).locked():
        raise AssertionError("there is no lock")
    assert isinstance(shut.value.because, FileNotFoundError)
