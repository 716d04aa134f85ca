"""Requests that the service has accepted, its quotes, and what was made for an Idempotency-Key.

accept | serve, serve_many -> (claim -> renew)* -> end       an accepted one survives its process: another claims it

Every method is one short transaction, blocks its thread, and raises StoreError.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from enrichment.domain.accepted_requests import AcceptedRequest, GivenQuote, IdempotencyKey, MadeBefore, ServedRequest
from enrichment.domain.json_values import Json
from enrichment.domain.requests import CacheRead, Event, Request
from resources.store import tables as t
from resources.store.clients import announcements
from resources.store.clients.announcements import EndedRequest
from resources.store.database.database import Database
from resources.store.database.quick_inserts import QuickInsert
from resources.store.database.row_mapping import Row, record_of, row_of
from resources.store.former_ids import now_of
from resources.store.tables.column_types import UtcMicros

KEPT = timedelta(hours=24)
"""How long an Idempotency-Key is remembered."""

_a, _i, _q = t.accepted_requests.c, t.idempotency_keys.c, t.quotes.c
_NEW, _NEW_KEY = sa.insert(t.accepted_requests), sa.insert(t.idempotency_keys)
_BY_KEY = sa.select(_i.body_hash, _i.made).where(
    _i.owner == sa.bindparam("by"), _i.idempotency_key == sa.bindparam("k"), _i.at >= sa.bindparam("oldest")
)
_EXPIRED = sa.delete(t.idempotency_keys).where(_i.at < sa.bindparam("oldest"))
_BY_ID = sa.select(t.accepted_requests).where(_a.request_id == sa.bindparam("id"))


class SqlAcceptedRequests:
    """A lease is a process's right to a request; when it is over, another process may go on with it."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._new_accepted = QuickInsert(t.accepted_requests, AcceptedRequest, database)
        self._new_requests = QuickInsert(t.requests, Request, database)
        self._new_events = QuickInsert(t.events, Event, database)
        self._new_reads = QuickInsert(t.cache_reads, CacheRead, database)

    def accept(
        self, accepted: AcceptedRequest, key: IdempotencyKey | None, *, worker: str, lease_until: datetime
    ) -> MadeBefore | None:
        """Accepts a request for this process: None. If its key made something before: that; nothing is written then."""
        row = row_of(accepted) | {"worker": worker, "lease_until": lease_until}

        def kept(tx: sa.Connection) -> MadeBefore | None:
            before = remember(tx, key, made=accepted.request_id, at=accepted.accepted_at)
            if before is None:
                tx.execute(_NEW, row)
            return before

        return self._db.ledger(kept) if key is not None else self._db.write(kept)

    def serve(self, served: ServedRequest, key: IdempotencyKey) -> MadeBefore | None:
        """Adds a request that layer 1 has answered, already ended, in one transaction."""

        def kept(tx: sa.Connection) -> MadeBefore | None:
            before = remember(tx, key, made=served.accepted.request_id, at=served.accepted.accepted_at)
            if before is None:
                self._keep_served(tx, [served])
            return before

        return self._db.ledger(kept)

    def serve_many(self, served: Sequence[ServedRequest]) -> None:
        """Adds answered requests without an Idempotency-Key, in one transaction."""
        self._db.write(lambda tx: self._keep_served(tx, served))

    def _keep_served(self, tx: sa.Connection, served: Sequence[ServedRequest]) -> None:
        self._db.companies_stay(tx)
        moved = now_of(tx, sorted({one.request.company_id for one in served}))
        requests = [
            replace(one.request, company_id=moved[one.request.company_id])
            if one.request.company_id in moved
            else one.request
            for one in served
        ]
        self._new_accepted.write(tx, [one.accepted for one in served])
        self._new_requests.write(tx, requests)
        self._new_events.write(tx, [event for one in served for event in one.events])
        self._new_reads.write(tx, [read for one in served for read in one.reads])
        announcements.enrichments_completed(tx, [_ended(one.accepted) for one in served])

    def by_id(self, request_id: str) -> AcceptedRequest | None:
        with self._db.reading() as tx:
            row = tx.execute(_BY_ID, {"id": request_id}).first()
        return None if row is None else _accepted(row)

    def remember(self, key: IdempotencyKey, *, made: str, at: datetime) -> MadeBefore | None:
        """Ties the key to `made` and returns None; if the key made something before, returns that instead."""
        return self._db.ledger(lambda tx: remember(tx, key, made=made, at=at))

    def made_before(self, key: IdempotencyKey, *, at: datetime) -> MadeBefore | None:
        with self._db.reading() as tx:
            return _made_before(tx, key, at)

    def claim(self, worker: str, *, at: datetime, lease_until: datetime, most: int) -> Sequence[AcceptedRequest]:
        """Claims open requests whose process is gone, the oldest first, for this process."""
        free = sa.select(_a.request_id).where(t.ACCEPTED, sa.or_(_a.lease_until.is_(None), _a.lease_until <= at))
        some = free.order_by(_a.accepted_at).limit(most).with_for_update(skip_locked=True)
        claim = sa.update(t.accepted_requests).values(worker=worker, lease_until=lease_until)
        claimed = claim.where(_a.request_id.in_(some)).returning(t.accepted_requests)
        with self._db.reading() as tx:
            if tx.execute(free.limit(1)).first() is None:
                return []
        found = self._db.write(lambda tx: [_accepted(row) for row in tx.execute(claimed)])
        return sorted(found, key=lambda one: (one.accepted_at, one.request_id))

    def renew(self, worker: str, request_ids: Collection[str], *, lease_until: datetime) -> Collection[str]:
        """Renews this process's leases. Returns the ids of requests that were asked to stop."""
        mine = sa.and_(t.ACCEPTED, _a.worker == worker, _a.request_id.in_(request_ids))

        def renewed(tx: sa.Connection) -> set[str]:
            tx.execute(sa.update(t.accepted_requests).where(mine).values(lease_until=lease_until))
            return set(tx.scalars(sa.select(_a.request_id).where(mine, _a.stop_asked_at.is_not(None))))

        return self._db.write(renewed)

    def hand_back(self, worker: str) -> None:
        """The worker's open requests wait for another process."""
        mine = sa.and_(t.ACCEPTED, _a.worker == worker)
        change = sa.update(t.accepted_requests).where(mine).values(worker=None, lease_until=None)
        self._db.write(lambda tx: tx.execute(change))

    def end(self, request_id: str, *, at: datetime, problem: Json = None) -> None:
        this = sa.and_(_a.request_id == request_id, t.ACCEPTED)
        change = sa.update(t.accepted_requests).where(this).values(state="ended", ended_at=at, problem=problem)

        def ended(tx: sa.Connection) -> None:
            owner = tx.scalars(change.returning(_a.owner)).first()
            if owner is not None:
                announcements.enrichments_completed(tx, [EndedRequest(owner, request_id, at, problem)])

        self._db.write(ended)

    def ask_to_stop(self, request_id: str, *, at: datetime) -> bool:
        """Asks a request to stop. False: it has ended already."""
        this = sa.and_(_a.request_id == request_id, t.ACCEPTED)
        asked = sa.func.coalesce(_a.stop_asked_at, sa.literal(at, UtcMicros))
        change = sa.update(t.accepted_requests).where(this).values(stop_asked_at=asked)
        return self._db.write(lambda tx: tx.execute(change).rowcount == 1)

    def keep_quote(self, quote: GivenQuote) -> None:
        """Stores a quote, and deletes those that are no longer valid."""
        row = row_of(quote)
        row |= {"expected_micro_usd": row.pop("expected"), "most_micro_usd": row.pop("most")}

        def kept(tx: sa.Connection) -> None:
            tx.execute(sa.delete(t.quotes).where(_q.valid_until < quote.created_at - KEPT))
            tx.execute(sa.insert(t.quotes).values(row))

        self._db.write(kept)

    def quote(self, quote_id: str) -> GivenQuote | None:
        """The quote, also for a day after it was valid."""
        with self._db.reading() as tx:
            row = tx.execute(sa.select(t.quotes).where(_q.quote_id == quote_id)).first()
        if row is None:
            return None
        return GivenQuote(
            row.quote_id,
            row.owner,
            row.ask,
            row.expected_micro_usd,
            row.most_micro_usd,
            row.created_at,
            row.valid_until,
        )


def remember(tx: sa.Connection, key: IdempotencyKey | None, *, made: str, at: datetime) -> MadeBefore | None:
    """What this key made before; None: nothing, and from now on it means `made`. Inside Database.ledger."""
    if key is None:
        return None
    tx.execute(_EXPIRED, {"oldest": at - KEPT})
    before = _made_before(tx, key, at)
    if before is None:
        row = {"owner": key.owner, "idempotency_key": key.key, "body_hash": key.body_hash, "made": made, "at": at}
        tx.execute(_NEW_KEY, row)
    return before


def _made_before(tx: sa.Connection, key: IdempotencyKey, at: datetime) -> MadeBefore | None:
    row = tx.execute(_BY_KEY, {"by": key.owner, "k": key.key, "oldest": at - KEPT}).first()
    return None if row is None else MadeBefore(row.made, same=row.body_hash == key.body_hash)


def _ended(accepted: AcceptedRequest) -> EndedRequest:
    return EndedRequest(accepted.owner, accepted.request_id, accepted.ended_at or accepted.accepted_at)


def _accepted(row: Row) -> AcceptedRequest:
    return record_of(AcceptedRequest, row)
