"""Requests and what happened in them: events, decisions and cache reads; with a request's end its profiles are written.

open -> renew ... -> close | give_up        end_silent: its process has not renewed it: failed, until it closes it

What a request cost is what its purchases cost, whichever process settled them; it is added up where it ends.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from enrichment.domain.decisions import PolicyDecision
from enrichment.domain.profiles import Change, Profile
from enrichment.domain.requests import CacheRead, Event, Request
from enrichment.ports import REQUEST_LEASE, StoreError
from resources.store import tables as t
from resources.store.clients import announcements
from resources.store.database.database import Database
from resources.store.database.quick_statements import QuickRows, QuickStatement
from resources.store.database.row_mapping import Row, record_of, row_of
from resources.store.former_ids import now_of
from resources.store.tables.column_types import PlainText, zipped

SILENT = "its process ended, or was stopped, before the request did: ask again"

_p, _r = t.purchases.c, t.requests.c
_this = sa.bindparam("this", type_=PlainText)
_PAID = sa.select(sa.func.coalesce(sa.func.sum(_p.cost_micro_usd), 0)).where(_p.request_id == _this)
_IN_DOUBT = sa.exists().where(_p.request_id == _this, t.STILL_OPEN)
# Also requests that were presumed dead: if their process is alive, it closes them as it sees fit.
_UNFINISHED = sa.or_(_r.state == "running", sa.and_(_r.state == "failed", _r.error == SILENT))
# Requests that the service has accepted: if their process is gone, another process of the service takes them over.
_ACCEPTED = sa.exists().where(t.accepted_requests.c.request_id == _r.request_id, t.ACCEPTED_OPEN)
_close = (
    sa.update(t.requests)
    .where(_r.request_id == _this, _UNFINISHED)
    .values(cost_micro_usd=_PAID.scalar_subquery(), lease_until=None)
)
_CLOSE, _CLOSE_IF_SURE = QuickStatement(_close), QuickStatement(_close.where(~_IN_DOUBT))
_NEW_REQUEST, _NEW_EVENT, _NEW_DECISION = QuickRows(t.requests), QuickRows(t.events), QuickRows(t.decisions)
_NEW_READ, _NEW_PROFILE = QuickRows(t.cache_reads), QuickRows(t.profiles)


class SqlRequests:
    """See enrichment.ports.Requests."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def open(self, request: Request) -> None:
        """Opens a request. If the company was merged into another one meanwhile, the request is of that one."""

        def opened(tx: sa.Connection) -> None:
            self._db.companies_stay(tx)
            moved = now_of(tx, [request.company_id])
            here = {"company_id": moved.get(request.company_id, request.company_id)}
            _NEW_REQUEST.write(tx, [row_of(request) | here | {"lease_until": request.asked_at + REQUEST_LEASE}])

        self._db.write(opened)

    def close(
        self,
        request: Request,
        *,
        profiles: Sequence[Profile],
        reads: Sequence[CacheRead],
        changes: Sequence[Change] = (),
    ) -> None:
        """Writes the finished request, its cache reads, its profiles and what changed in them in one transaction, once.

        A change that is known already, by its mark, is not written again.

        Its cost is that of its purchases as they are then. If the company was merged into another one meanwhile, the
        rows are written for that one. Raises StoreError if the request is not running.
        """
        row = {**row_of(request), "plan": None if request.plan is None else zipped(request.plan)}
        written = [row_of(one) for one in profiles]
        new_change = self._db.insert_new(t.changes, unique=["mark"])

        def closed(tx: sa.Connection, statement: QuickStatement) -> bool:
            self._db.companies_stay(tx)
            moved = now_of(tx, [request.company_id])
            here = {"company_id": moved.get(request.company_id, request.company_id), "this": request.request_id}
            if statement.count(tx, row | here) != 1:
                return False
            _write_with_it(tx, moved, written, reads)
            _write_changes(tx, moved, changes, new_change)
            return True

        # A purchase that another process may settle at this moment is waited for: inside the ledger none is under way.
        sure = self._db.write(lambda tx: closed(tx, _CLOSE_IF_SURE))
        if not sure and not self._db.ledger(lambda tx: closed(tx, _CLOSE)):
            raise StoreError(f"Request {request.request_id} is not running, so it cannot be closed; ask anew.")

    def renew(self, request_ids: Collection[str], *, lease_until: datetime) -> None:
        """See enrichment.ports.Requests.renew."""
        running = sa.and_(_r.request_id.in_(request_ids), _r.state == "running")
        self._db.write(lambda tx: tx.execute(sa.update(t.requests).where(running).values(lease_until=lease_until)))

    def end_silent(self, at: datetime) -> int:
        """See enrichment.ports.Requests.end_silent."""
        silent = sa.select(_r.request_id).where(t.RUNNING, _r.lease_until <= at, ~_ACCEPTED)

        def end_all(tx: sa.Connection) -> int:
            ids = tx.scalars(silent).all()
            for request_id in ids:
                give_up(tx, request_id, at=at, reason=SILENT)
            return len(ids)

        with self._db.reading() as tx:
            if tx.scalar(silent.limit(1)) is None:
                return 0
        return self._db.ledger(end_all)

    def give_up(self, request_id: str, *, at: datetime, reason: str) -> None:
        """Ends one that is still running as failed, at the cost of its purchases."""
        self._db.ledger(lambda tx: give_up(tx, request_id, at=at, reason=reason))

    def by_id(self, request_id: str) -> Request | None:
        with self._db.reading() as tx:
            row = tx.execute(sa.select(t.requests).where(t.requests.c.request_id == request_id)).first()
        return None if row is None else record_of(Request, row)

    def latest(self, company_id: str | None = None, *, limit: int = 100) -> list[Request]:
        """Requests, the latest first. company_id None: of all companies."""
        query = sa.select(t.requests).order_by(t.requests.c.asked_at.desc(), t.requests.c.request_id.desc())
        if company_id is not None:
            query = query.where(t.requests.c.company_id == company_id)
        with self._db.reading() as tx:
            return [record_of(Request, row) for row in tx.execute(query.limit(limit))]

    def record(self, happened: Sequence[Event | PolicyDecision]) -> None:
        """See enrichment.ports.Requests.record."""
        events = [row_of(one) for one in happened if isinstance(one, Event)]
        decisions = [row_of(one) for one in happened if isinstance(one, PolicyDecision)]

        def recorded(tx: sa.Connection) -> None:
            _NEW_EVENT.write(tx, events)
            _NEW_DECISION.write(tx, decisions)

        if happened:
            self._db.write(recorded)

    def decisions(self, request_id: str) -> list[PolicyDecision]:
        """The request's decisions, in the order they were recorded."""
        d = t.decisions.c
        with self._db.reading() as tx:
            query = sa.select(t.decisions).where(d.request_id == request_id).order_by(d.decision_id)
            return [_decision_of(row) for row in tx.execute(query)]

    def events(self, request_id: str) -> list[Event]:
        """The request's events, in the order they were recorded."""
        with self._db.reading() as tx:
            query = sa.select(t.events).where(t.events.c.request_id == request_id).order_by(t.events.c.event_id)
            return [record_of(Event, row) for row in tx.execute(query)]

    def numbered_events(self, request_id: str, *, after: int = 0, most: int = 10_000) -> list[tuple[int, Event]]:
        """The request's events with numbers above `after`; numbers grow in the order of recording."""
        mine = sa.and_(t.events.c.request_id == request_id, t.events.c.event_id > after)
        query = sa.select(t.events).where(mine).order_by(t.events.c.event_id).limit(most)
        with self._db.reading() as tx:
            return [(row.event_id, record_of(Event, row)) for row in tx.execute(query)]

    def cache_reads(self, request_id: str) -> list[CacheRead]:
        with self._db.reading() as tx:
            query = sa.select(t.cache_reads).where(t.cache_reads.c.request_id == request_id)
            return [record_of(CacheRead, row) for row in tx.execute(query.order_by(t.cache_reads.c.read_id))]


def give_up(tx: sa.Connection, request_id: str, *, at: datetime, reason: str) -> int:
    """Ends a request whose process is gone, if it is still running. What its purchases cost so far (micro-USD)."""
    paid = int(tx.scalar(_PAID, {"this": request_id}) or 0)
    ended = {"state": "failed", "finished_at": at, "cost_micro_usd": paid, "error": reason, "lease_until": None}
    tx.execute(sa.update(t.requests).where(_r.request_id == request_id, _UNFINISHED).values(ended))
    return paid


def _decision_of(row: Row) -> PolicyDecision:
    lists = ("open_datasets", "missed", "alternatives", "chosen")
    return record_of(PolicyDecision, row, **{name: tuple(getattr(row, name)) for name in lists})


def _write_with_it(
    tx: sa.Connection, moved: Mapping[str, str], profiles: Sequence[Mapping[str, Any]], reads: Sequence[CacheRead]
) -> None:
    """moved: the id of a company that was merged away -> the id of the one that is kept. profiles: as rows."""
    _NEW_READ.write(tx, [row_of(read) for read in reads])
    _NEW_PROFILE.write(tx, [{**one, "company_id": moved.get(one["company_id"], one["company_id"])} for one in profiles])


def _write_changes(
    tx: sa.Connection, moved: Mapping[str, str], changes: Sequence[Change], new_change: sa.Insert
) -> None:
    for change in changes:
        company_id = moved.get(change.company_id, change.company_id)
        if tx.execute(new_change, row_of(change) | {"company_id": company_id}).rowcount == 1:
            announcements.profile_changed(tx, change, company_id)
