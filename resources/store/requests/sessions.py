"""Research sessions: opened, asked, claimed by a process, noted event by event, ended; read from any event on.

    open -> ask -> claim -> note ... -> wait -> choose -> claim -> ... -> end

An event's number is taken from its session's row in the transaction that writes it: a reader that has seen number n
has missed none below it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from enrichment.domain.accepted_requests import IdempotencyKey, MadeBefore
from enrichment.domain.json_values import Json
from enrichment.domain.research import NewSessionEvent, Persona, Question, Session, SessionEvent
from enrichment.ports.sessions import QuestionLost
from resources.store import tables as t
from resources.store.database.database import Database
from resources.store.database.row_mapping import Row, record_of, row_of
from resources.store.requests.accepted_requests import remember
from resources.store.tables.column_types import UtcMicros

_s, _q, _e = t.sessions.c, t.questions.c, t.session_events.c
_EVENTS = (
    sa.select(t.session_events)
    .where(_e.session_id == sa.bindparam("id"), _e.number > sa.bindparam("after"))
    .order_by(_e.number)
    .limit(sa.bindparam("most"))
)


class SqlSessions:
    """See enrichment.ports.Sessions, and what only the service and the command line need."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def open(
        self,
        session: Session,
        events: Sequence[NewSessionEvent],
        *,
        question: Question | None,
        key: IdempotencyKey | None,
    ) -> MadeBefore | None:
        """Adds a session with its first question, if it has one. None: it is kept; else what this key made before."""

        def opened(tx: sa.Connection) -> MadeBefore | None:
            before = remember(tx, key, made=session.session_id, at=session.created_at)
            if before is None:
                tx.execute(sa.insert(t.sessions).values(row_of(session) | {"persona": asdict(session.persona)}))
                if question is not None:
                    tx.execute(sa.insert(t.questions).values(_question_row(question)))
                self._note(tx, session.session_id, events, session.created_at)
            return before

        return self._db.ledger(opened) if key is not None else self._db.write(opened)

    def ask(
        self, question: Question, event: NewSessionEvent, *, key: IdempotencyKey | None, most_open: int
    ) -> Question | MadeBefore | None:
        """Adds a question; returns it with its number. None: the session has its maximum of open questions."""
        of_session = sa.select(sa.func.count()).where(_q.session_id == question.session_id)

        def asked(tx: sa.Connection) -> Question | MadeBefore | None:
            self._exclusive(tx, question.session_id)
            if (tx.scalar(of_session.where(_q.state != "ended")) or 0) >= most_open:
                return None
            before = remember(tx, key, made=question.question_id, at=question.asked_at)
            if before is not None:
                return before
            placed = replace(question, number=(tx.scalar(of_session) or 0) + 1)
            tx.execute(sa.insert(t.questions).values(_question_row(placed)))
            data = {**event.data, "number": placed.number}
            self._note(tx, question.session_id, [replace(event, data=data)], question.asked_at)
            return placed

        return self._db.ledger(asked)

    def by_id(self, session_id: str) -> Session | None:
        with self._db.reading() as tx:
            row = tx.execute(sa.select(t.sessions).where(_s.session_id == session_id)).first()
        return None if row is None else _session(row)

    def of(self, owner: str | None, *, most: int) -> list[Session]:
        """Sessions of an owner, the newest first. None: of all keys."""
        query = sa.select(t.sessions).order_by(_s.created_at.desc(), _s.session_id.desc()).limit(most)
        with self._db.reading() as tx:
            return [_session(row) for row in tx.execute(query if owner is None else query.where(_s.owner == owner))]

    def questions(self, session_id: str) -> list[Question]:
        query = sa.select(t.questions).where(_q.session_id == session_id).order_by(_q.number)
        with self._db.reading() as tx:
            return [_question(row) for row in tx.execute(query)]

    def last_asked(self, session_ids: Sequence[str]) -> dict[str, str]:
        """Session -> its latest question."""
        query = sa.select(_q.session_id, _q.text).where(_q.session_id.in_(session_ids)).order_by(_q.number)
        with self._db.reading() as tx:
            return {row.session_id: row.text for row in tx.execute(query)}

    def question(self, question_id: str) -> Question | None:
        with self._db.reading() as tx:
            row = tx.execute(sa.select(t.questions).where(_q.question_id == question_id)).first()
        return None if row is None else _question(row)

    def claim(self, worker: str, *, at: datetime, lease_until: datetime, most: int) -> list[Question]:
        """See enrichment.ports.Sessions.claim."""
        other = t.questions.alias("other")
        earlier = sa.exists().where(
            other.c.session_id == _q.session_id,
            other.c.question_id != _q.question_id,
            sa.or_(
                other.c.state == "running",
                sa.and_(other.c.state == "queued", other.c.number < _q.number, _q.state == "queued"),
            ),
        )
        unclaimed = sa.or_(_q.lease_until.is_(None), _q.lease_until <= at)
        free = sa.select(_q.question_id).where(t.TO_ANSWER, unclaimed, ~earlier)
        with self._db.reading() as tx:
            if tx.execute(free.limit(1)).first() is None:
                return []
        some = free.order_by(_q.asked_at).limit(most)
        claim = sa.update(t.questions).values(worker=worker, lease_until=lease_until, state="running")
        claimed = claim.where(_q.question_id.in_(some)).returning(t.questions)
        found = self._db.ledger(lambda tx: [_question(row) for row in tx.execute(claimed)])
        return sorted(found, key=lambda one: (one.asked_at, one.question_id))

    def claim_one(self, question_id: str, worker: str, *, lease_until: datetime) -> Question | None:
        """Claims this question, if it waits to be begun; None: another process was faster."""
        this = sa.and_(_q.question_id == question_id, _q.state == "queued")
        claim = sa.update(t.questions).values(worker=worker, lease_until=lease_until, state="running").where(this)
        row = self._db.ledger(lambda tx: tx.execute(claim.returning(t.questions)).first())
        return None if row is None else _question(row)

    def renew(self, worker: str, question_ids: Collection[str], *, lease_until: datetime) -> list[str]:
        """See enrichment.ports.Sessions.renew."""
        mine = sa.and_(_q.state == "running", _q.worker == worker, _q.question_id.in_(question_ids))

        def renewed(tx: sa.Connection) -> list[str]:
            tx.execute(sa.update(t.questions).where(mine).values(lease_until=lease_until))
            return list(tx.scalars(sa.select(_q.question_id).where(mine, _q.stop_asked_at.is_not(None))))

        return self._db.write(renewed)

    def hand_back(self, worker: str) -> None:
        mine = sa.and_(_q.state == "running", _q.worker == worker)
        change = sa.update(t.questions).where(mine).values(worker=None, lease_until=None)
        self._db.write(lambda tx: tx.execute(change))

    def note(
        self, session_id: str, events: Sequence[NewSessionEvent], *, at: datetime, worker: str, question_id: str
    ) -> list[SessionEvent]:
        """See enrichment.ports.Sessions.note."""

        def noted(tx: sa.Connection) -> list[SessionEvent]:
            self._mine(tx, question_id, worker)
            return self._note(tx, session_id, events, at)

        return self._db.write(noted)

    def keep(
        self, question_id: str, *, worker: str, requests: Sequence[str] = (), companies: Sequence[str] | None = None
    ) -> None:
        """See enrichment.ports.Sessions.keep."""

        def kept(tx: sa.Connection) -> None:
            row = self._mine(tx, question_id, worker)
            values: dict[str, Any] = {"requests": list(dict.fromkeys((*row.requests, *requests)))}
            values |= {} if companies is None else {"companies": list(companies)}
            tx.execute(sa.update(t.questions).where(_q.question_id == question_id).values(values))

        self._db.write(kept)

    def wait(self, question_id: str, event: NewSessionEvent, *, worker: str, at: datetime) -> list[SessionEvent]:
        return self._left(question_id, event, worker, at, state="waiting")

    def choose(self, question_id: str, chosen: Mapping[str, str], event: NewSessionEvent, *, at: datetime) -> bool:
        """Answers what a waiting question asked back, and lets it go on. False: it does not wait."""

        def go_on(tx: sa.Connection) -> bool:
            query = sa.select(t.questions).where(_q.question_id == question_id, _q.state == "waiting").with_for_update()
            row = tx.execute(query).first()
            if row is None:
                return False
            values = {"chosen": {**row.chosen, **chosen}, "state": "queued"}
            tx.execute(sa.update(t.questions).where(_q.question_id == question_id).values(values))
            self._note(tx, row.session_id, [event], at)
            return True

        return self._db.ledger(go_on)

    def end(
        self, question_id: str, event: NewSessionEvent, *, worker: str, at: datetime, answer: Mapping[str, Json]
    ) -> list[SessionEvent]:
        return self._left(question_id, event, worker, at, state="ended", ended_at=at, answer=dict(answer))

    def ask_to_stop(self, session_id: str, *, at: datetime) -> list[str]:
        """Asks the open questions to stop; returns their ids. One that waits for a person is queued so that it ends."""
        this = sa.and_(_q.session_id == session_id, _q.state != "ended")
        asked = sa.func.coalesce(_q.stop_asked_at, sa.literal(at, UtcMicros))
        change = sa.update(t.questions).where(this).values(stop_asked_at=asked).returning(_q.question_id)
        waiting = sa.and_(_q.session_id == session_id, _q.state == "waiting")

        def stopped(tx: sa.Connection) -> list[str]:
            ids = list(tx.scalars(change))
            tx.execute(sa.update(t.questions).where(waiting).values(state="queued"))
            return ids

        return self._db.ledger(stopped)

    def delete(self, session_id: str) -> None:
        """Deletes a session with its questions and events; what was bought for it stays in the ledger."""

        def deleted(tx: sa.Connection) -> None:
            self._exclusive(tx, session_id)
            for table in (t.session_events, t.questions, t.sessions):
                tx.execute(sa.delete(table).where(table.c.session_id == session_id))

        self._db.ledger(deleted)

    def clarification(self, question_id: str) -> SessionEvent | None:
        """What a question that waits has asked back, last."""
        asked = sa.select(t.session_events).where(_e.question_id == question_id, _e.type == "clarification_needed")
        with self._db.reading() as tx:
            row = tx.execute(asked.order_by(_e.number.desc()).limit(1)).first()
        return None if row is None else record_of(SessionEvent, row)

    def events(self, session_id: str, *, after: int, most: int) -> list[SessionEvent]:
        with self._db.reading() as tx:
            found = tx.execute(_EVENTS, {"id": session_id, "after": after, "most": most})
            return [record_of(SessionEvent, row) for row in found]

    def last_numbers(self, session_ids: Collection[str]) -> dict[str, int]:
        """Session -> number of its newest event, of those that there are."""
        query = sa.select(_s.session_id, _s.last_number).where(_s.session_id.in_(session_ids))
        with self._db.reading() as tx:
            return {row.session_id: row.last_number for row in tx.execute(query)}

    def _left(
        self, question_id: str, event: NewSessionEvent, worker: str, at: datetime, **values: Any
    ) -> list[SessionEvent]:
        free = {"worker": None, "lease_until": None, **values}

        def left(tx: sa.Connection) -> list[SessionEvent]:
            row = self._mine(tx, question_id, worker)
            tx.execute(sa.update(t.questions).where(_q.question_id == question_id).values(free))
            return self._note(tx, row.session_id, [event], at)

        return self._db.write(left)

    def _mine(self, tx: sa.Connection, question_id: str, worker: str) -> Row:
        query = sa.select(t.questions).where(_q.question_id == question_id).with_for_update()
        row = tx.execute(query).first()
        if row is None or row.worker != worker or row.state != "running":
            raise QuestionLost(question_id)
        return row

    def _note(
        self, tx: sa.Connection, session_id: str, events: Sequence[NewSessionEvent], at: datetime
    ) -> list[SessionEvent]:
        number = self._exclusive(tx, session_id)
        marks = [event.mark for event in events]
        written = set(tx.scalars(sa.select(_e.mark).where(_e.session_id == session_id, _e.mark.in_(marks))))
        new: list[tuple[SessionEvent, str]] = []
        for event in events:
            if event.mark in written:
                continue
            written.add(event.mark)
            number += 1
            new.append(
                (
                    SessionEvent(
                        session_id, number, event.question_id, event.type, dict(event.data), event.message, at
                    ),
                    event.mark,
                )
            )
        if new:
            tx.execute(sa.insert(t.session_events), [row_of(event) | {"mark": mark} for event, mark in new])
            change = sa.update(t.sessions).where(_s.session_id == session_id).values(last_number=number)
            tx.execute(change)
        return [event for event, _ in new]

    def _exclusive(self, tx: sa.Connection, session_id: str) -> int:
        """Locks a session until this transaction ends; returns the number of its newest event."""
        number = tx.scalar(sa.select(_s.last_number).where(_s.session_id == session_id).with_for_update())
        if number is None:
            raise QuestionLost(session_id)
        return int(number)


def _session(row: Row) -> Session:
    return record_of(Session, row, persona=Persona(**row.persona))


def _question(row: Row) -> Question:
    return record_of(Question, row, requests=tuple(row.requests), companies=tuple(row.companies))


def _question_row(question: Question) -> dict[str, Any]:
    return row_of(question) | {
        "requests": list(question.requests), "companies": list(question.companies), "chosen": dict(question.chosen)
    }  # fmt: skip
