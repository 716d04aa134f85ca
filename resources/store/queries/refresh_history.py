"""What refreshes are planned from, for all companies at once: values bought again, ages, reads, past costs.

renewals() -> what was bought again, and what was known before    traits() -> company -> industry, size band
collected() -> the newest of each dataset    reads() -> what was asked for    spent() -> what refreshes cost
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from enrichment.domain.values import load_value
from enrichment.refresh.history import CollectedAt, Reads, Renewal, Traits
from enrichment.refresh.traits import TRAIT_DATASETS, trait_in, traits_of
from resources.store import tables as t
from resources.store.database.database import Database
from resources.store.tables.column_types import PlainText

_STREAMED = {"yield_per": 5_000}
_TEXTS_KEPT = 100_000
"""Stored values of which many companies have the same: an industry, a range of headcounts."""
_r, _f, _q, _b = t.replies.c, t.facts.c, t.requests.c, t.batches.c
_other = t.replies.alias("other")
_asked_again = (
    sa.select(_r.company_id, _r.source, _r.variant, _r.reply_id, _r.collected_at)
    .where(
        sa.exists().where(
            _other.c.company_id == _r.company_id, _other.c.source == _r.source, _other.c.reply_id != _r.reply_id
        )
    )
    .cte("asked_again")
    .prefix_with("MATERIALIZED")  # so that facts are looked up by reply, a few, instead of all being read
)
_a = _asked_again.c
_stated = (
    sa.select(*_a, _f.dataset, sa.func.aggregate_strings(sa.type_coerce(_f.value, PlainText), "\n").label("values"))
    .join_from(_asked_again, t.facts, _f.reply_id == _a.reply_id)
    .where(sa.func.coalesce(_f.analysis_id, "") == "")  # a condition that no index is used for
    .group_by(_a.reply_id, _f.dataset, _a.company_id, _a.source, _a.variant, _a.collected_at)
    .subquery()
)
_s = _stated.c


def _one_before(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The column of the reply before, to the same question, that has the dataset as well."""
    earlier = sa.func.lag(column, type_=column.type)
    return earlier.over(
        partition_by=[_s.company_id, _s.source, _s.variant, _s.dataset], order_by=[_s.collected_at, _s.reply_id]
    )


_beside = sa.select(
    *(_s.company_id, _s.dataset, _s.collected_at, _s["values"]),
    _one_before(_s.collected_at).label("before_at"),
    _one_before(_s["values"]).label("before"),
).subquery()
_two = _beside.c
_is_same = _two.before == _two["values"]


def _seconds(microseconds: sa.ColumnElement[Any]) -> sa.ColumnElement[float]:
    """Seconds of a time since 1970, computed by the database, because there are a million of them."""
    return sa.type_coerce(sa.type_coerce(microseconds, sa.Double) / sa.literal(1e6, sa.Double), sa.Double)


_RENEWED = sa.select(
    *(_two.company_id, _two.dataset, _seconds(_two.collected_at)),
    _seconds(sa.type_coerce(_two.collected_at, sa.BigInteger) - sa.type_coerce(_two.before_at, sa.BigInteger)),
    sa.case((_is_same, sa.null()), else_=_two.before),
    sa.case((_is_same, sa.null()), else_=_two["values"]),
).where(_two.before_at < _two.collected_at)
_TRAITS = (
    sa.select(_f.company_id, _f.dataset, sa.type_coerce(_f.value, PlainText))
    .where(_f.dataset.in_(TRAIT_DATASETS), _f.analysis_id.is_(None))
    .order_by(_f.company_id, _f.collected_at, _f.fact_id)
)
_COLLECTED = sa.select(_f.company_id, _f.dataset, _seconds(sa.func.max(_f.collected_at))).group_by(
    _f.company_id, _f.dataset
)


class SqlRefreshHistory:
    """What refreshing reads; each method is one read for all companies."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def renewals(self) -> Iterator[Renewal]:
        """What was bought again, the values of both replies beside one another.

        One snapshot is open until the iterator is read to its end or closed.
        """
        with self._db.reading() as tx:
            yield from renewals(tx)

    def traits(self) -> dict[str, Traits]:
        """company_id -> its traits, of companies with any."""
        with self._db.reading() as tx:
            return traits(tx)

    def collected(self) -> CollectedAt:
        """When facts were collected, for every company and dataset with one."""
        companies, datasets, at = list[str](), list[str](), list[float]()
        with self._db.reading() as tx:
            for rows in tx.execute(_COLLECTED, execution_options=_STREAMED).partitions():
                some = tuple(zip(*rows, strict=True))
                companies += some[0]
                datasets += some[1]
                at += some[2]
        return CollectedAt(companies, datasets, at)

    def reads(self, since: datetime, *, not_by: Sequence[str]) -> list[Reads]:
        """Requests asked since then. not_by: without those made for batches that these requested."""
        c = t.batch_companies.c
        ours = _b.requested_by.in_(not_by)
        batches = sa.select(sa.literal("batch:", PlainText) + _b.batch_id).where(ours)
        of_batches = (
            sa.select(c.request_id)
            .join_from(t.batch_companies, t.batches, c.batch_id == _b.batch_id)
            .where(ours, c.request_id.is_not(None))
        )
        query = (
            sa.select(_q.company_id, _q.consumer, sa.func.count(), sa.func.max(_q.asked_at, type_=_q.asked_at.type))
            .where(_q.asked_at >= since, _q.asked_by.not_in(batches), _q.request_id.not_in(of_batches))
            .group_by(_q.company_id, _q.consumer)
        )
        with self._db.reading() as tx:
            return [Reads(*row) for row in tx.execute(query)]

    def spent(self, since: datetime, *, requested_by: Sequence[str]) -> list[tuple[tuple[str, ...], int]]:
        """Batches that these requested since then: their consumers, and the micro-USD they took.

        Of one that is not done yet, all that it may take.
        """
        c = t.batch_companies.c
        booked = sa.select(sa.func.coalesce(sa.func.sum(c.cost_micro_usd), 0)).where(c.batch_id == _b.batch_id)
        taken = sa.select(t.caps.c.taken_micro_usd).where(
            t.caps.c.name == sa.literal("batch:", PlainText) + _b.batch_id
        )
        query = sa.select(
            _b.consumer,
            _b.state,
            sa.func.coalesce(_b.max_cost_micro_usd, 0).label("most"),
            booked.scalar_subquery().label("booked"),
            sa.func.coalesce(taken.scalar_subquery(), 0).label("taken"),
        ).where(_b.created_at >= since, _b.requested_by.in_(requested_by))
        with self._db.reading() as tx:
            return [
                (
                    tuple(row.consumer.split("+")),
                    max(int(row.booked), row.taken, row.most if row.state == "open" else 0),
                )
                for row in tx.execute(query)
            ]

    def tried(self, since: datetime, *, requested_by: Sequence[str]) -> set[tuple[str, str]]:
        """(company_id, consumer) of batches that these requested since then, but for what was postponed."""
        c = t.batch_companies.c
        query = (
            sa.select(c.company_id, _b.consumer)
            .join_from(t.batch_companies, t.batches, c.batch_id == _b.batch_id)
            .where(_b.created_at > since, _b.requested_by.in_(requested_by), c.state != "postponed")
        )
        with self._db.reading() as tx:
            return {(row[0], name) for row in tx.execute(query) for name in row[1].split("+")}


def renewals(tx: sa.Connection) -> Iterator[Renewal]:
    """The renewals, as SqlRefreshHistory.renewals reads them, in a transaction that is open."""
    for rows in tx.execute(_RENEWED, execution_options=_STREAMED).partitions():
        yield from map(Renewal._make, rows)


def traits(tx: sa.Connection) -> dict[str, Traits]:
    """The traits, as SqlRefreshHistory.traits reads them, in a transaction that is open."""
    rows = tx.execute(_TRAITS, execution_options=_STREAMED)
    read = lru_cache(maxsize=_TEXTS_KEPT)(_trait)
    return traits_of((company_id, read(dataset, value)) for company_id, dataset, value in rows)


def _trait(dataset: str, value: str) -> Traits:
    return trait_in(load_value(dataset, json.loads(value)))
