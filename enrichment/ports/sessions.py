"""Research sessions as their workers see them: claim a question, write what happens, end it.

    claim -> note ... -> wait | end             renew: while the worker lives            hand_back: for another process

Every method is one short transaction and blocks its thread. All may raise StoreError.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from enrichment.domain.json_values import Json
from enrichment.domain.research import NewSessionEvent, Question, Session, SessionEvent


class QuestionLost(Exception):
    """Another process goes on with the question, or its session was deleted: nothing was written."""


class Sessions(Protocol):
    """A lease is a worker's right to a question; when it is over, another worker may claim it."""

    def by_id(self, session_id: str) -> Session | None: ...

    def of(self, owner: str | None, *, most: int) -> list[Session]:
        """The owner's latest sessions, the newest first; None: of all owners."""
        ...

    def questions(self, session_id: str) -> list[Question]:
        """The session's questions, in the order in which they were asked."""
        ...

    def question(self, question_id: str) -> Question | None: ...

    def claim(self, worker: str, *, at: datetime, lease_until: datetime, most: int) -> list[Question]:
        """The oldest questions that may be begun: of each session one at a time. One whose worker is gone goes on."""
        ...

    def renew(self, worker: str, question_ids: Collection[str], *, lease_until: datetime) -> list[str]:
        """A new lease on these. Ids of those that are to be stopped."""
        ...

    def hand_back(self, worker: str) -> None:
        """What it has claimed waits for another process."""
        ...

    def note(
        self, session_id: str, events: Sequence[NewSessionEvent], *, at: datetime, worker: str, question_id: str
    ) -> list[SessionEvent]:
        """Writes those whose mark is new; they get the next numbers. Raises QuestionLost."""
        ...

    def keep(
        self, question_id: str, *, worker: str, requests: Sequence[str] = (), companies: Sequence[str] | None = None
    ) -> None:
        """More requests that are made for it, before they begin; the companies it is about. Raises QuestionLost."""
        ...

    def wait(self, question_id: str, event: NewSessionEvent, *, worker: str, at: datetime) -> list[SessionEvent]:
        """A person is asked; the question goes on once `choose` has the answer. Raises QuestionLost."""
        ...

    def end(
        self,
        question_id: str,
        event: NewSessionEvent,
        *,
        worker: str,
        at: datetime,
        answer: Mapping[str, Json],
    ) -> list[SessionEvent]:
        """Ends a question with its last event, in one transaction. Raises QuestionLost."""
        ...

    def events(self, session_id: str, *, after: int, most: int) -> list[SessionEvent]:
        """The session's events with a higher number, in their order."""
        ...
