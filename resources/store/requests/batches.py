"""Batches and their companies: which worker has which, what is set aside for them, how they ended.

claim, renew, hand_back, finish: rows of one batch     begin: inside Database.ledger, so that a budget is given out once

On Postgres workers claim different rows at the same time (FOR UPDATE SKIP LOCKED); SQLite has one writer at a time.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from enrichment.domain.batches import Batch, BatchCompany, BatchCompanyState, BatchEnd, BatchSummary
from enrichment.domain.purchases import Cap, DailyCap
from enrichment.ports import CapReached, DiskAlmostFull, StoreError
from resources.store import tables as t
from resources.store.clients import announcements
from resources.store.database.database import Database
from resources.store.database.error_messages import of_little_space
from resources.store.database.row_mapping import Row, chunks
from resources.store.purchases import cap_enforcement
from resources.store.requests import requests
from resources.store.tables.column_types import PlainText

_b, _c = t.batches.c, t.batch_companies.c
_REASONS = 10
_BYTES_OF_A_COMPANY, _BYTES_OF_THE_LOG = 200_000, 8_000_000
"""What a company of the dearest consumer adds to the store, and SQLite's log, each about twice over."""
_RECENT = 100
"""From how many companies that ended last the speed of a batch is computed."""
_GONE = "its process ended before the request did"
_NO_CLAIM = {"worker": None, "lease_until": None}
_NOTHING_EARLIER = {"earlier_state": None, "earlier_reason": None}
_OPEN: tuple[BatchCompanyState, ...] = ("waiting", "under_way")
_IN_VAIN: tuple[BatchCompanyState, ...] = ("failed", "incomplete")
_COLUMNS = (
    _c.batch_id,
    _c.company_id,
    _c.key,
    _c.state,
    _c.attempt,
    _c.need_micro_usd,
    _c.cost_micro_usd,
    _c.request_id,
    _c.reason,
)
# What a company under way may still take of its batch's budget: its need, less what its request has taken so far.
_request_cap = t.caps.alias("request_cap")
_STILL_NEEDED = (
    sa.select(_c.batch_id, _c.need_micro_usd, sa.func.coalesce(_request_cap.c.taken_micro_usd, 0).label("taken"))
    .select_from(
        t.batch_companies.outerjoin(
            _request_cap, _request_cap.c.name == sa.literal("request:", PlainText) + _c.request_id
        )
    )
    .where(_c.state == "under_way")
)


# A company that was to be tried again but does not fit the budget: its earlier cost and gaps stay.
_AS_BEFORE = (
    sa.update(t.batch_companies)
    .where(_c.batch_id == sa.bindparam("of_batch"), _c.state == "postponed", _c.earlier_state.is_not(None))
    .values({"state": _c.earlier_state, "reason": _c.earlier_reason, **_NOTHING_EARLIER})
)


# A company that was begun and paid for something, but does not fit now, does not count as never begun.
_BEGUN = (
    sa.update(t.batch_companies)
    .where(_c.batch_id == sa.bindparam("of_batch"), _c.state == "postponed", _c.cost_micro_usd > 0)
    .values(state="stopped", reason=sa.literal("it was begun, and what is left ", PlainText) + _c.reason)
)


# With what its payer may spend a day now: the cap of the latest key of that name, revoked or not.
_k = t.api_keys.c
_PER_DAY = (
    sa.select(_k.per_day_micro_usd)
    .where(sa.literal("key:", PlainText) + _k.name == _b.payer)
    .order_by(_k.created_at.desc(), _k.key_id.desc())
    .limit(1)
    .scalar_subquery()
)
_BATCHES = sa.select(t.batches, _PER_DAY.label("payer_per_day"))


class SqlBatches:
    """See enrichment.ports.Batches; and what makes, shows, stops and resumes a batch."""

    def __init__(self, database: Database, free_bytes: Callable[[], int | None] | None = None) -> None:
        """free_bytes: of the disk of the store; None: as it is."""
        self._db, self._free_bytes = database, free_bytes or database.free_bytes

    def create(self, batch: Batch, company_ids: Sequence[str]) -> Batch:
        """Adds a batch whose companies wait, in this order, each once.

        Raises StoreError for a company that is not in the store.
        """
        wanted = list(dict.fromkeys(company_ids))
        made = _stored(batch) | {"state": "open" if wanted else "done"}
        with self._db.writing() as tx:
            keys = _keys(tx, wanted)
            tx.execute(sa.insert(t.batches).values(made))
            for some in chunks(list(enumerate(wanted))):
                rows = [
                    {"batch_id": batch.batch_id, "company_id": id_, "key": keys[id_], "state": "waiting", "number": n}
                    for n, id_ in some
                ]
                tx.execute(sa.insert(t.batch_companies), rows)
        return batch

    def put_first(self, batch_id: str, company_ids: Sequence[str]) -> None:
        """See enrichment.ports.Batches.put_first."""
        place = (
            sa.update(t.batch_companies)
            .where(_c.batch_id == batch_id, _c.company_id == sa.bindparam("this"), _c.state == "waiting")
            .values(number=sa.bindparam("place"))
        )
        with self._db.writing() as tx:
            for some in chunks(list(enumerate(company_ids, -len(company_ids)))):
                tx.execute(place, [{"this": company_id, "place": at} for at, company_id in some])

    def by_id(self, batch_id: str) -> Batch | None:
        with self._db.reading() as tx:
            row = tx.execute(_BATCHES.where(_b.batch_id == batch_id)).first()
        return None if row is None else _batch_of(row)

    def open_ones(self, by: str) -> list[Batch]:
        """Batches that workers work on, asked for or resumed by what begins so; the oldest first."""
        asked = sa.or_(*(one.startswith(by, autoescape=True) for one in (_b.requested_by, _b.resumed_by)))
        query = _BATCHES.where(_b.state == "open", asked)
        with self._db.reading() as tx:
            return [_batch_of(row) for row in tx.execute(query.order_by(_b.created_at, _b.batch_id))]

    def companies(self, batch_id: str, *states: BatchCompanyState) -> Iterator[BatchCompany]:
        """The companies in the order of the batch; only those in these states, if any are named. One snapshot."""
        query = sa.select(*_COLUMNS).where(_c.batch_id == batch_id).order_by(_c.number, _c.company_id)
        if states:
            query = query.where(_c.state.in_(states))
        with self._db.reading() as tx:
            for row in tx.execution_options(yield_per=1_000).execute(query):
                yield BatchCompany(*row)

    def latest(self, *, limit: int = 50, besides_others: tuple[str, str] | None = None) -> list[BatchSummary]:
        """The newest first, without reasons.

        besides_others: a beginning of requested_by, and the only one among those that begin so.
        """
        query = _BATCHES
        if besides_others is not None:
            beginning, own = besides_others
            begins_so = _b.requested_by.startswith(beginning, autoescape=True)
            query = query.where(sa.or_(_b.requested_by == own, ~begins_so))
        query = query.order_by(_b.created_at.desc(), _b.batch_id.desc()).limit(limit)
        with self._db.reading() as tx:
            return [_summary(tx, _batch_of(row)) for row in tx.execute(query).all()]

    def summary(self, batch_id: str) -> BatchSummary | None:
        with self._db.reading() as tx:
            row = tx.execute(_BATCHES.where(_b.batch_id == batch_id)).first()
            return None if row is None else _summary(tx, _batch_of(row), reasons=_REASONS)

    def claim(
        self, batch_id: str, worker: str, *, most: int, caps: Sequence[Cap], at: datetime, lease_until: datetime
    ) -> Sequence[BatchCompany]:
        """See enrichment.ports.Batches.claim."""

        def claimed(tx: sa.Connection) -> list[BatchCompany]:
            if tx.scalar(sa.select(_b.state).where(_b.batch_id == batch_id)) != "open":
                return []
            ids = _claimable(tx, batch_id, caps, most, at)
            mine = sa.and_(_c.batch_id == batch_id, _c.company_id.in_(ids))
            tx.execute(sa.update(t.batch_companies).where(mine).values(worker=worker, lease_until=lease_until))
            rows = {row.company_id: BatchCompany(*row) for row in tx.execute(sa.select(*_COLUMNS).where(mine))}
            return [rows[company_id] for company_id in ids]

        free, least = self._free_bytes(), _BYTES_OF_THE_LOG + most * _BYTES_OF_A_COMPANY
        if free is not None and free < least:
            raise DiskAlmostFull(of_little_space(self._db.place, batch_id, free=free, least=least))
        if self._any_gone(batch_id, at):
            self._db.ledger(lambda tx: _take_over(tx, batch_id, at))
        return self._db.write(claimed)

    def _any_gone(self, batch_id: str, at: datetime) -> bool:
        with self._db.reading() as tx:
            return bool(tx.scalar(sa.select(sa.exists().where(_gone(batch_id, at)))))

    def begin(
        self, company: BatchCompany, worker: str, request_id: str, *, need: int, caps: Sequence[Cap], at: datetime
    ) -> BatchCompany | CapReached | None:
        """See enrichment.ports.Batches.begin."""
        ours = sa.and_(*_row(company), _c.worker == worker, _c.lease_until > at, _c.attempt == company.attempt)
        start = (
            sa.update(t.batch_companies)
            .where(ours)
            .values(
                {"state": "under_way", "attempt": _c.attempt + 1, "need_micro_usd": need, "request_id": request_id}
                | {"reason": None, **_NOTHING_EARLIER}
            )
            .returning(*_COLUMNS)
        )

        def begun(tx: sa.Connection) -> BatchCompany | CapReached | None:
            reached = next((cap for cap in caps if (left := _left(tx, cap)) is not None and need > left), None)
            if reached is not None:
                return CapReached(reached.name, max(0, _left(tx, reached) or 0))
            row = tx.execute(start).first()
            return None if row is None else BatchCompany(*row)

        return self._db.ledger(begun)

    def postpone(self, company: BatchCompany, worker: str, *, need: int, reason: str) -> None:
        """See enrichment.ports.Batches.postpone."""
        ours = sa.and_(*_row(company), _c.worker == worker, _c.attempt == company.attempt)
        change = {"state": "postponed", "need_micro_usd": need, "reason": reason, **_NO_CLAIM}
        self._db.write(lambda tx: tx.execute(sa.update(t.batch_companies).where(ours).values(change)))

    def finish(self, company: BatchCompany, end: BatchEnd, *, at: datetime) -> bool:
        """See enrichment.ports.Batches.finish."""
        ours = sa.and_(*_row(company), _c.attempt == company.attempt, _c.state == "under_way")

        def finished(tx: sa.Connection) -> bool:
            if tx.execute(sa.update(t.batch_companies).where(ours).values(_ended(end, end.cost, at))).rowcount != 1:
                return False
            if company.request_id is not None and end.state == "failed":
                paid = requests.give_up(tx, company.request_id, at=at, reason=end.reason or "it failed")
                this = sa.update(t.batch_companies).where(*_row(company))
                tx.execute(this.values(cost_micro_usd=_c.cost_micro_usd + paid - end.cost))
            return True

        return self._db.ledger(finished) if end.state == "failed" else self._db.write(finished)

    def renew(
        self, batch_id: str, worker: str, company_ids: Collection[str], *, lease_until: datetime
    ) -> Collection[str]:
        """See enrichment.ports.Batches.renew."""
        mine = sa.and_(_c.batch_id == batch_id, _c.worker == worker, _c.state.in_((*_OPEN, "postponed")))
        these = sa.and_(_c.batch_id == batch_id, _c.company_id.in_(company_ids))

        def renewed(tx: sa.Connection) -> set[str]:
            tx.execute(sa.update(t.batch_companies).where(mine).values(lease_until=lease_until))
            return set(tx.scalars(sa.select(_c.company_id).where(these, _c.worker != worker)))

        return self._db.write(renewed)

    def hand_back(self, batch_id: str, worker: str) -> None:
        """See enrichment.ports.Batches.hand_back."""
        mine = sa.and_(_c.batch_id == batch_id, _c.worker == worker, _c.state.in_(("waiting", "postponed")))
        self._db.write(lambda tx: tx.execute(sa.update(t.batch_companies).where(mine).values(_NO_CLAIM)))

    def end_if_done(self, batch_id: str, caps: Sequence[Cap]) -> bool:
        """See enrichment.ports.Batches.end_if_done."""

        def ended(tx: sa.Connection) -> bool:
            tx.execute(sa.select(_b.batch_id).where(_b.batch_id == batch_id).with_for_update())
            if _is_left(tx, batch_id, caps):
                return False
            for change in (_AS_BEFORE, _BEGUN):
                tx.execute(change, {"of_batch": batch_id})
            change = sa.update(t.batches).where(_b.batch_id == batch_id, _b.state == "open").values(state="done")
            if tx.execute(change).rowcount == 1:
                done = tx.execute(_BATCHES.where(_b.batch_id == batch_id)).one()
                announcements.batch_completed(tx, _summary(tx, _batch_of(done)))
            return True

        return self._db.write(ended)

    def stop(self, batch_id: str) -> bool:
        """Stops a batch: no further company is begun; calls under way end. False: it has ended already."""
        change = sa.update(t.batches).where(_b.batch_id == batch_id, _b.state != "done").values(state="stopped")
        return self._db.write(lambda tx: tx.execute(change).rowcount == 1)

    def reopen(
        self, batch_id: str, *states: BatchCompanyState, max_cost: int | None = None, by: str | None = None
    ) -> int:
        """Opens a batch again: companies that ended in one of these states wait again. Returns how many.

        What had failed or was incomplete is begun after all others, and ends as it had if it does not fit the budget.

        max_cost: a new budget, in micro-USD; None leaves it as it is. by: whose processes work at it from now on, as
        at what they were asked for; None: only those of what made it.
        """
        these = sa.and_(_c.batch_id == batch_id, _c.state.in_(states))
        open_again: dict[str, Any] = {"state": "open", "resumed_by": by}
        if max_cost is not None:
            open_again["max_cost_micro_usd"] = max_cost

        def opened(tx: sa.Connection) -> int:
            tx.execute(sa.update(t.batches).where(_b.batch_id == batch_id).values(open_again))
            vain = sa.update(t.batch_companies).where(these, _c.state.in_(_IN_VAIN))
            tx.execute(vain.values(earlier_state=_c.state, earlier_reason=_c.reason))
            change = sa.update(t.batch_companies).where(these).values(state="waiting", reason=None, **_NO_CLAIM)
            return tx.execute(change).rowcount

        return self._db.write(opened)


def _ended(end: BatchEnd, cost: int, at: datetime) -> dict[str, Any]:
    """The values of a company's row at its end. cost: of this attempt alone."""
    spent = _c.cost_micro_usd + cost
    return {"state": end.state, "cost_micro_usd": spent, "reason": end.reason, "ended_at": at, **_NO_CLAIM}


def _row(company: BatchCompany) -> tuple[sa.ColumnElement[bool], ...]:
    return (_c.batch_id == company.batch_id, _c.company_id == company.company_id)


def _gone(batch_id: str, at: datetime) -> sa.ColumnElement[bool]:
    """The condition that a company is under way by a worker whose lease is over."""
    return sa.and_(_c.batch_id == batch_id, _c.state == "under_way", _c.lease_until <= at)


def _take_over(tx: sa.Connection, batch_id: str, at: datetime) -> None:
    """Companies that a worker began and did not end in its lease wait again, ahead of others; their requests failed.

    Inside Database.ledger: a purchase that is settled meanwhile is in the cost of its request, or is added to it.
    """
    query = sa.select(_c.company_id, _c.request_id).where(_gone(batch_id, at)).with_for_update(skip_locked=True)
    for row in tx.execute(query).all():
        paid = requests.give_up(tx, row.request_id, at=at, reason=_GONE)
        change = {"state": "waiting", "cost_micro_usd": _c.cost_micro_usd + paid, "reason": _GONE, **_NO_CLAIM}
        this = sa.and_(_c.batch_id == batch_id, _c.company_id == row.company_id)
        tx.execute(sa.update(t.batch_companies).where(this).values(change))


def _claimable(tx: sa.Connection, batch_id: str, caps: Sequence[Cap], most: int, at: datetime) -> list[str]:
    """Ids: those that wait, those begun before first, those that ended in vain last; then postponed ones that fit."""
    free = sa.or_(_c.lease_until.is_(None), _c.lease_until <= at)
    ids: list[str] = []
    for ready in (
        sa.and_(_c.state == "waiting", free),
        sa.and_(_c.state == "postponed", free, _fits(tx, caps)),
    ):
        query = (
            sa.select(_c.company_id)
            .where(_c.batch_id == batch_id, ready)
            .order_by(sa.case((_c.earlier_state.is_not(None), 2), (_c.attempt > 0, 0), else_=1), _c.number)
            .limit(most - len(ids))
            .with_for_update(skip_locked=True)
        )
        ids += tx.scalars(query)
    return ids


def _is_left(tx: sa.Connection, batch_id: str, caps: Sequence[Cap]) -> bool:
    """Whether a company of it waits, is under way, or was postponed and would fit now."""
    open_ = sa.or_(_c.state.in_(_OPEN), sa.and_(_c.state == "postponed", _fits(tx, caps)))
    return bool(tx.scalar(sa.select(sa.exists().where(_c.batch_id == batch_id, open_))))


def _fits(tx: sa.Connection, caps: Sequence[Cap]) -> sa.ColumnElement[bool]:
    """Whether all caps have room for what a company needs."""
    left = [still for cap in caps if (still := _left(tx, cap)) is not None]
    return _c.need_micro_usd <= min(left) if left else sa.true()


def _left(tx: sa.Connection, cap: Cap) -> int | None:
    """What a cap leaves beyond what is taken and what companies under way still need; None: it has no amount."""
    if cap.most_micro_usd is None:
        return None
    return cap.most_micro_usd - cap_enforcement.taken(tx, [cap.name])[cap.name] - _set_aside(tx, cap)


def _set_aside(tx: sa.Connection, cap: Cap) -> int:
    """A batch's own cap is for its companies, a payer's for those of its batches, others for those of all."""
    kind, _, name = cap.name.partition(":")
    query = _STILL_NEEDED
    if kind == "batch":
        query = query.where(_c.batch_id == name)
    elif kind == "key":
        payer, _, _ = cap.name.rpartition(":")
        query = query.where(_c.batch_id.in_(sa.select(_b.batch_id).where(_b.payer == payer)))
    return sum(max(0, row.need_micro_usd - row.taken) for row in tx.execute(query))


def _summary(tx: sa.Connection, batch: Batch, *, reasons: int = 0) -> BatchSummary:
    of_batch = _c.batch_id == batch.batch_id
    counts = tx.execute(sa.select(_c.state, sa.func.count()).where(of_batch).group_by(_c.state))
    ends = tx.execute(sa.select(sa.func.min(_c.ended_at), sa.func.max(_c.ended_at)).where(of_batch)).one()
    commonest = (
        sa.select(_c.reason, sa.func.count())
        .where(of_batch, _c.reason.is_not(None))
        .group_by(_c.reason)
        .order_by(sa.func.count().desc(), _c.reason)
        .limit(reasons)
    )
    begun = t.batch_companies.outerjoin(t.requests, t.requests.c.request_id == _c.request_id)
    recent = (
        sa.select(sa.func.coalesce(t.requests.c.asked_at, _c.ended_at).label("begun"), _c.ended_at.label("ended"))
        .select_from(begun)
        .where(of_batch, _c.ended_at.is_not(None))
        .order_by(_c.ended_at.desc())
        .limit(_RECENT)
    )
    at_work = (
        sa.select(t.requests.c.asked_at.label("begun"), _c.lease_until.label("until"))
        .select_from(begun)
        .where(of_batch, _c.state == "under_way", _c.lease_until.is_not(None), t.requests.c.asked_at.is_not(None))
        .limit(_RECENT)
    )
    return BatchSummary(
        batch=batch,
        companies={row[0]: row[1] for row in counts},
        taken=cap_enforcement.taken(tx, [batch.budget.name])[batch.budget.name],
        set_aside=_set_aside(tx, batch.budget),
        first_end=ends[0],
        last_end=ends[1],
        recent=tuple((row.begun, row.ended) for row in tx.execute(recent)),
        at_work=tuple((row.begun, row.until) for row in tx.execute(at_work)),
        reasons=tuple((reason, number) for reason, number in tx.execute(commonest)) if reasons else (),
    )


def _stored(batch: Batch) -> dict[str, Any]:
    return {
        "batch_id": batch.batch_id,
        "created_at": batch.created_at,
        "consumer": "+".join(batch.consumers),
        "strategy": batch.strategy,
        "requested_by": batch.requested_by,
        "state": batch.state,
        "audience": batch.audience,
        "max_cost_micro_usd": batch.max_cost,
        "max_age_seconds": batch.max_age,
        "payer": None if batch.daily is None else batch.daily.name,
    }


def _batch_of(row: Row) -> Batch:
    return Batch(
        batch_id=row.batch_id,
        created_at=row.created_at,
        consumers=tuple(row.consumer.split("+")),
        requested_by=row.requested_by,
        state=row.state,
        strategy=row.strategy,
        audience=row.audience,
        max_cost=row.max_cost_micro_usd,
        max_age=row.max_age_seconds,
        daily=None if row.payer is None else DailyCap(row.payer, row.payer_per_day),
    )


def _keys(tx: sa.Connection, company_ids: Sequence[str]) -> dict[str, str]:
    c = t.companies.c
    keys: dict[str, str] = {}
    for some in chunks(company_ids):
        rows = tx.execute(sa.select(c.company_id, c.key).where(c.company_id.in_(some)))
        keys.update((row.company_id, row.key) for row in rows)
    missing = [id_ for id_ in company_ids if id_ not in keys]
    if missing:
        raise StoreError(f"There is no company {missing[0]} in the store; add it before making a batch of it.")
    return keys
