"""Group commit: threads that want to write stand in line, and one transaction carries out what many of them want.

    Line(transaction).do(work) -> what work(tx) returned, or raises what it raised, or why nothing could be committed
    Line(transaction).alone()  -> nobody of the line writes until its end

Whoever is first in line leads: begins, takes those that wait by then, carries out their work in their order, commits,
and wakes them. Nobody overtakes, and nobody waits for more than the transactions before their own.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import islice, takewhile
from typing import Any, TypeVar

import sqlalchemy as sa

Answer = TypeVar("Answer")
Work = Callable[[sa.Connection], Answer]

_TOGETHER = 32
"""Works in one transaction at most: what a process may do before another one has its turn."""


class _Place:
    """One thread's place in line. work: none of somebody who wants to be alone."""

    def __init__(self, work: Work[Any] | None) -> None:
        self.work = work
        self.called = threading.Event()
        self.served = False
        self.answer: Any = None
        self.error: Exception | None = None


class Line:
    """transaction: begins one at its start and commits it at its end, or raises and leaves nothing written."""

    def __init__(self, transaction: Callable[[], AbstractContextManager[sa.Connection]]) -> None:
        self._transaction = transaction
        self._places: deque[_Place] = deque()
        self._guard = threading.Lock()

    def do(self, work: Work[Answer]) -> Answer:
        """Work that raises takes nothing with it but itself: its neighbours are carried out once more, without it."""
        place = self._join(work)
        try:
            place.called.wait()
            while not place.served:
                self._leave(self._carry_out())
        finally:
            self._leave([place])
        if place.error is not None:
            raise place.error
        answer: Answer = place.answer
        return answer

    @contextmanager
    def alone(self) -> Iterator[None]:
        place = self._join(None)
        try:
            place.called.wait()
            yield
        finally:
            self._leave([place])

    def _join(self, work: Work[Any] | None) -> _Place:
        place = _Place(work)
        with self._guard:
            self._places.append(place)
            self._places[0].called.set()
        return place

    def _leave(self, places: Sequence[_Place]) -> None:
        """Those who were served, or who were interrupted; then it is the next one's turn to lead."""
        with self._guard:
            for place in places:
                if place in self._places:
                    self._places.remove(place)
                place.served = True
            if self._places:
                self._places[0].called.set()
        for place in places:
            place.called.set()

    def _first_of_the_line(self) -> list[_Place]:
        with self._guard:
            return list(islice(takewhile(lambda place: place.work is not None, self._places), _TOGETHER))

    def _carry_out(self) -> list[_Place]:
        """Those who are served: all of one transaction, or the one whose work failed and undid it."""
        together: list[_Place] = []
        at_fault: _Place | None = None
        try:
            with self._transaction() as tx:
                together = self._first_of_the_line()  # not before: more have come while it waited for its turn
                for place in together:
                    at_fault = place
                    assert place.work is not None  # noqa: S101  such are not among them
                    place.answer = place.work(tx)
                at_fault = None
        except Exception as error:  # noqa: BLE001  raised again by everyone whom it concerns
            together = [at_fault] if at_fault is not None else together or self._first_of_the_line()
            for place in together:
                place.error = error
        return together
