"""Processes that work side by side, are killed in the middle of it, and are replaced.

    Fleet(setup).run(orders, kills) -> FleetResult: what was reported, and the work items lost with their process

Which process is killed, after how many reports of progress, follows from a seed; no clock decides it.
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

from bench.money.worker import PROGRESS, StoreTimings, WorkerSetup, WorkItem, WorkReport, work

_LAST_SECONDS = 60


@dataclass
class _WorkerProcess:
    process: Any
    pipe: Connection
    orders: dict[int, WorkItem] = field(default_factory=dict)


@dataclass
class FleetResult:
    """lost: orders of a process that was killed before it reported them."""

    reports: list[WorkReport] = field(default_factory=list)
    lost: list[WorkItem] = field(default_factory=list)
    waits: StoreTimings = field(default_factory=StoreTimings)
    killed: int = 0
    cpu_seconds: float = 0.0

    @property
    def troubles(self) -> list[str]:
        return [report.trouble for report in self.reports if report.trouble]


class WorkerDied(Exception):
    """A process ended that was not killed."""


class Fleet:
    """`with` it. at_once: orders that one process has under way."""

    def __init__(
        self, setup: WorkerSetup, *, processes: int, at_once: int, seed: int, context: BaseContext | None = None
    ) -> None:
        self.setup, self.at_once = setup, at_once
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
        orders: Sequence[WorkItem],
        *,
        kills: int = 0,
        within: int = 0,
        enough: Callable[[int], bool] = lambda _: False,
    ) -> FleetResult:
        """Runs to the end of all orders, or of those begun when it is enough, by how many were reported.

        kills: so many processes, at moments among the first `within` reports of progress.
        """
        ran, left, progress = FleetResult(), deque(orders), 0
        deadly = set(self._chance.sample(range(1, within + 1), kills)) if kills else set()
        self._hand_out(left)
        while any(worker.orders for worker in self._workers):
            for worker in self._ready_workers():
                for message in self._messages(worker) if worker in self._workers else ():
                    progress += 1
                    self._note(worker, message, ran)
                    if progress in deadly:
                        self._kill(self._chance.choice(self._workers), ran)
            if enough(len(ran.reports)):
                left.clear()
            self._hand_out(left)
        return ran

    def _ready_workers(self) -> list[_WorkerProcess]:
        ready = wait([worker.pipe for worker in self._workers])
        return [worker for worker in self._workers if worker.pipe in ready]

    def _messages(self, worker: _WorkerProcess) -> Sequence[object]:
        """What lies in its pipe. Raises WorkerDied."""
        messages: list[object] = []
        try:
            while worker.pipe.poll():
                messages.append(worker.pipe.recv())
        except (EOFError, OSError):  # OSError: it was killed in the middle of a message
            worker.process.join()
            if worker in self._workers:
                raise WorkerDied(f"a worker ended by itself, with code {worker.process.exitcode}") from None
        return messages

    def _note(self, worker: _WorkerProcess, message: object, ran: FleetResult) -> None:
        if isinstance(message, WorkReport):
            if worker.orders.pop(message.number, None) is not None:
                ran.reports.append(message)
            ran.waits.add(message.waits)
            ran.cpu_seconds += message.cpu_seconds
        elif message != PROGRESS:
            raise AssertionError(f"no worker sends {message!r}")

    def _kill(self, victim: _WorkerProcess, ran: FleetResult) -> None:
        """What it had reported before counts; the rest of its orders are lost."""
        os.kill(victim.process.pid, signal.SIGKILL)
        victim.process.join()
        position = self._workers.index(victim)
        self._workers[position] = self._hired()
        for message in self._messages(victim):
            self._note(victim, message, ran)
        ran.lost += victim.orders.values()
        victim.pipe.close()
        ran.killed += 1

    def _hand_out(self, left: deque[WorkItem]) -> None:
        while left:
            worker = min(self._workers, key=lambda one: len(one.orders))
            if len(worker.orders) >= self.at_once:
                return
            order = left.popleft()
            worker.orders[order.number] = order
            worker.pipe.send(order)

    def _hired(self) -> _WorkerProcess:
        ours, theirs = multiprocessing.Pipe()
        process = self._context.Process(target=work, args=(self.setup, theirs), daemon=True)
        process.start()
        theirs.close()
        return _WorkerProcess(process, ours)
