"""Batches and their companies: which worker has which, what is set aside for them, how they ended.

claim, renew, hand_back, finish: rows of one batch     begin: inside Database.ledger, so that a budget is given out once

On Postgres workers claim different rows at the same time (FOR UPDATE SKIP LOCKED); SQLite has one writer at a time.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from enrichment.domain.batches import Batch, BatchCompany, BatchCompanyState, BatchEnd, BatchSummary
from enrichment.domain.purchases import Cap
from enrichment.ports import CapReached, DiskAlmostFull
from resources.store import tables as t
from resources.store.clients import announcements
from resources.store.database.database import Database
from resources.store.database.error_messages import of_little_space
from resources.store.database.row_mapping import chunks
from resources.store.requests import requests
from resources.store.requests.batch_budgets import fits, left_of
from resources.store.requests.batch_rows import BATCHES, REASONS, batch_of, keys_of, stored, summary_of
from resources.store.tables.column_types import PlainText

_b, _c = t.batches.c, t.batch_companies.c
_BYTES_OF_A_COMPANY, _BYTES_OF_THE_LOG = 200_000, 8_000_000
"""What a company of the dearest consumer adds to the store, and SQLite's log, each about twice over."""
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
        made = stored(batch) | {"state": "open" if wanted else "done"}
        with self._db.writing() as tx:
            tx.execute(sa.insert(t.batches).values(made))
            self._add(tx, batch.batch_id, wanted, first=0)
        return batch

    def join(self, batch: Batch, company_ids: Sequence[str]) -> Batch:
        """Adds companies to the batch with this id, after those it has; without such a batch, makes it of them.

        The batch as it is stored: of one that is there, all but its id is left as it was; if it was done, it is open
        again. Raises StoreError for a company that is not in the store.
        """
        this = _b.batch_id == batch.batch_id
        with self._db.writing() as tx:
            tx.execute(self._db.insert_new(t.batches, unique=("batch_id",)).values(stored(batch) | {"state": "open"}))
            tx.execute(sa.update(t.batches).where(this, _b.state == "done").values(state="open"))
            last = tx.scalar(sa.select(sa.func.max(_c.number)).where(_c.batch_id == batch.batch_id))
            self._add(tx, batch.batch_id, list(dict.fromkeys(company_ids)), first=0 if last is None else last + 1)
            return batch_of(tx.execute(BATCHES.where(this)).one())

    def _add(self, tx: sa.Connection, batch_id: str, company_ids: Sequence[str], *, first: int) -> None:
        """Companies that are in the batch already stay as they are. first: the place of the first of them."""
        keys = keys_of(tx, company_ids)
        insert = self._db.insert_new(t.batch_companies, unique=("batch_id", "company_id"))
        for some in chunks(list(enumerate(company_ids, first))):
            rows = [
                {"batch_id": batch_id, "company_id": id_, "key": keys[id_], "state": "waiting", "number": n}
                for n, id_ in some
            ]
            tx.execute(insert, rows)

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
            row = tx.execute(BATCHES.where(_b.batch_id == batch_id)).first()
        return None if row is None else batch_of(row)

    def open_ones(self, by: str) -> list[Batch]:
        """Batches that workers work on, asked for or resumed by what begins so; the oldest first."""
        asked = sa.or_(*(one.startswith(by, autoescape=True) for one in (_b.requested_by, _b.resumed_by)))
        query = BATCHES.where(_b.state == "open", asked)
        with self._db.reading() as tx:
            return [batch_of(row) for row in tx.execute(query.order_by(_b.created_at, _b.batch_id))]

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
        query = BATCHES
        if besides_others is not None:
            beginning, own = besides_others
            begins_so = _b.requested_by.startswith(beginning, autoescape=True)
            query = query.where(sa.or_(_b.requested_by == own, ~begins_so))
        query = query.order_by(_b.created_at.desc(), _b.batch_id.desc()).limit(limit)
        with self._db.reading() as tx:
            return [summary_of(tx, batch_of(row)) for row in tx.execute(query).all()]

    def summary(self, batch_id: str) -> BatchSummary | None:
        with self._db.reading() as tx:
            row = tx.execute(BATCHES.where(_b.batch_id == batch_id)).first()
            return None if row is None else summary_of(tx, batch_of(row), reasons=REASONS)

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
            reached = next((cap for cap in caps if (left := left_of(tx, cap)) is not None and need > left), None)
            if reached is not None:
                return CapReached(reached.name, max(0, left_of(tx, reached) or 0))
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
                done = tx.execute(BATCHES.where(_b.batch_id == batch_id)).one()
                announcements.batch_completed(tx, summary_of(tx, batch_of(done)))
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
        sa.and_(_c.state == "postponed", free, fits(tx, caps)),
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
    open_ = sa.or_(_c.state.in_(_OPEN), sa.and_(_c.state == "postponed", fits(tx, caps)))
    return bool(tx.scalar(sa.select(sa.exists().where(_c.batch_id == batch_id, open_))))
