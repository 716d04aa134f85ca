"""Processes that work side by side, are killed in the middle of it, and are replaced.

    Fleet(post).run(orders, kills) -> Ran: what was reported, and the orders that died with their process

Whom to kill, and after how many reports of progress, is drawn from a seed; no clock decides it.
"""

import multiprocessing
import os
import random
import signal
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from types import TracebackType
from typing import Any, Self

from bench.money.worker import PROGRESS, Order, Post, Report, Waits, work

_LAST_SECONDS = 60


@dataclass
class _Worker:
    process: Any
    pipe: Connection
    orders: dict[int, Order] = field(default_factory=dict)


@dataclass
class Ran:
    """lost: orders whose process was killed before it reported them."""

    reports: list[Report] = field(default_factory=list)
    lost: list[Order] = field(default_factory=list)
    waits: Waits = field(default_factory=Waits)
    killed: int = 0
    cpu_seconds: float = 0.0

    @property
    def troubles(self) -> list[str]:
        return [report.trouble for report in self.reports if report.trouble]


class WorkerDied(Exception):
    """A process ended that nobody had killed."""


class Fleet:
    """`with` it. at_once: orders that one process has under way."""

    def __init__(
        self, post: Post, *, processes: int, at_once: int, seed: int, context: BaseContext | None = None
    ) -> None:
        self.post, self.at_once = post, at_once
        self._context: Any = context or multiprocessing.get_context("spawn")
        self._chance = random.Random(seed)
        self._workers = [self._hired() for _ in range(processes)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.pipe.close()
        for worker in self._workers:
            worker.process.join(_LAST_SECONDS if error is None else 0)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()

    def run(
        self,
        orders: Sequence[Order],
        *,
        kills: int = 0,
        within: int = 0,
        enough: Callable[[int], bool] = lambda _: False,
    ) -> Ran:
        """To the end of all orders, or of those begun when it is enough, by how many were reported.

        kills: so many processes, at moments among the first `within` reports of progress.
        """
        ran, left, progress = Ran(), deque(orders), 0
        deadly = set(self._chance.sample(range(1, within + 1), kills)) if kills else set()
        self._hand_out(left)
        while any(worker.orders for worker in self._workers):
            for worker in self._heard_from():
                for said in self._messages(worker) if worker in self._workers else ():
                    progress += 1
                    self._note(worker, said, ran)
                    if progress in deadly:
                        self._kill(self._chance.choice(self._workers), ran)
            if enough(len(ran.reports)):
                left.clear()
            self._hand_out(left)
        return ran

    def _heard_from(self) -> list[_Worker]:
        ready = wait([worker.pipe for worker in self._workers])
        return [worker for worker in self._workers if worker.pipe in ready]

    def _messages(self, worker: _Worker) -> Sequence[object]:
        """What lies in its pipe. Raises WorkerDied."""
        said: list[object] = []
        try:
            while worker.pipe.poll():
                said.append(worker.pipe.recv())
        except (EOFError, OSError):  # OSError: it was killed in the middle of a message
            worker.process.join()
            if worker in self._workers:
                raise WorkerDied(f"a worker ended by itself, with code {worker.process.exitcode}") from None
        return said

    def _note(self, worker: _Worker, said: object, ran: Ran) -> None:
        if isinstance(said, Report):
            if worker.orders.pop(said.number, None) is not None:
                ran.reports.append(said)
            ran.waits.add(said.waits)
            ran.cpu_seconds += said.cpu_seconds
        elif said != PROGRESS:
            raise AssertionError(f"no worker says {said!r}")

    def _kill(self, victim: _Worker, ran: Ran) -> None:
        """What it had reported before counts; the rest of its orders are lost."""
        os.kill(victim.process.pid, signal.SIGKILL)
        victim.process.join()
        place = self._workers.index(victim)
        self._workers[place] = self._hired()
        for said in self._messages(victim):
            self._note(victim, said, ran)
        ran.lost += victim.orders.values()
        victim.pipe.close()
        ran.killed += 1

    def _hand_out(self, left: deque[Order]) -> None:
        while left:
            worker = min(self._workers, key=lambda one: len(one.orders))
            if len(worker.orders) >= self.at_once:
                return
            order = left.popleft()
            worker.orders[order.number] = order
            worker.pipe.send(order)

    def _hired(self) -> _Worker:
        ours, theirs = multiprocessing.Pipe()
        process = self._context.Process(target=work, args=(self.post, theirs), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours)
