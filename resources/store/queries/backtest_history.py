"""What happened since a date, to simulate it again: requests, their purchases, all observations of their companies.

since -> History: requests in order; per company every reply with its billed units and its facts; every analysis
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Fact, ReplyHead
from enrichment.domain.requests import Request
from enrichment.pipeline.backtest.history import History, Observation, RecordedAnalysis, SpendingEntry
from resources.store import tables as t
from resources.store.database.database import Database
from resources.store.database.row_mapping import FACT_COLUMNS, HEAD_COLUMNS, chunks, fact_of, record_of

MOST_REQUESTS = 10_000
_HEADS = sa.select(t.replies.c.company_id, *HEAD_COLUMNS, t.purchases.c.units).join_from(
    t.replies, t.purchases, t.purchases.c.purchase_id == t.replies.c.purchase_id, isouter=True
)
_ANSWERED = sa.select(
    t.analyses.c.company_id,
    t.analyses.c.name,
    t.analyses.c.key,
    t.analyses.c.request_id,
    t.analyses.c.created_at,
    t.purchases.c.units,
).join_from(t.analyses, t.purchases, t.purchases.c.purchase_id == t.analyses.c.purchase_id)


class SqlBacktestHistory:
    """Past requests for `enrich backtest`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def since(self, since: datetime, *, most: int = MOST_REQUESTS) -> History:
        """Finished requests asked at `since` (UTC) or later, the latest `most` of them; from one snapshot."""
        asked, running = t.requests.c.asked_at >= since, t.requests.c.state == "running"
        latest = sa.select(t.requests).where(asked, ~running)
        with self._db.reading() as tx:
            newest_first = latest.order_by(t.requests.c.asked_at.desc(), t.requests.c.request_id.desc()).limit(most)
            requests = tuple(record_of(Request, row) for row in tx.execute(newest_first))[::-1]
            ids = sorted({request.company_id for request in requests})
            companies = _companies(tx, ids)
            left_out = {
                f"only the latest {most:,} are replayed": _count(tx, asked, ~running) - len(requests),
                "they have not come to an end": _count(tx, asked, running),
                "their company became another one meanwhile": sum(r.company_id not in companies for r in requests),
            }
            return History(
                since=since,
                requests=tuple(request for request in requests if request.company_id in companies),
                companies=companies,
                observed=_observed(tx, ids),
                answered=_answered(tx, ids),
                bought=_bought(tx, requests),
                left_out={why: count for why, count in left_out.items() if count},
            )


def _count(tx: sa.Connection, *conditions: sa.ColumnElement[bool]) -> int:
    return tx.scalar(sa.select(sa.func.count()).select_from(t.requests).where(*conditions)) or 0


def _companies(tx: sa.Connection, ids: Sequence[str]) -> dict[str, Company]:
    found: dict[str, Company] = {}
    for some in chunks(ids):
        for row in tx.execute(sa.select(t.companies).where(t.companies.c.company_id.in_(some))):
            found[row.company_id] = record_of(Company, row)
    return found


def _bought(tx: sa.Connection, requests: Sequence[Request]) -> dict[str, tuple[SpendingEntry, ...]]:
    """request_id -> what it paid (micro-USD) by consumer and source; uncertain purchases count their reserve."""
    paid = t.purchases.c
    cost = sa.func.sum(sa.case((paid.state == "uncertain", paid.reserved_micro_usd), else_=paid.cost_micro_usd))
    bought: dict[str, list[SpendingEntry]] = defaultdict(list)
    for some in chunks([request.request_id for request in requests]):
        query = (
            sa.select(paid.request_id, paid.consumer, paid.source, sa.func.count(), cost)
            .where(paid.request_id.in_(some), paid.state.in_(["settled", "uncertain"]))
            .group_by(paid.request_id, paid.consumer, paid.source)
        )
        for request_id, consumer, source, calls, micro_usd in tx.execute(query):
            bought[request_id].append(SpendingEntry(consumer, source, int(calls), int(micro_usd)))
    return {request_id: tuple(entries) for request_id, entries in bought.items()}


def _answered(tx: sa.Connection, ids: Sequence[str]) -> tuple[RecordedAnalysis, ...]:
    return tuple(
        RecordedAnalysis(*row)
        for some in chunks(ids)
        for row in tx.execute(_ANSWERED.where(t.analyses.c.company_id.in_(some)).order_by(t.analyses.c.created_at))
    )


def _observed(tx: sa.Connection, ids: Sequence[str]) -> dict[str, tuple[Observation, ...]]:
    seen: dict[str, list[Observation]] = defaultdict(list)
    for some in chunks(ids):
        facts = _facts(tx, some)
        for row in tx.execute(_HEADS.where(t.replies.c.company_id.in_(some)).order_by(t.replies.c.collected_at)):
            head = record_of(ReplyHead, row)
            seen[row.company_id].append(Observation(head, row.units or {}, tuple(facts[head.reply_id])))
    return {id_: tuple(observations) for id_, observations in seen.items()}


def _facts(tx: sa.Connection, ids: Sequence[str]) -> dict[str, list[Fact]]:
    """reply_id -> facts of readers only: a simulation makes the analyses again."""
    found: dict[str, list[Fact]] = defaultdict(list)
    query = sa.select(*FACT_COLUMNS).join_from(t.replies, t.facts, t.replies.c.reply_id == t.facts.c.reply_id)
    for row in tx.execute(query.where(t.replies.c.company_id.in_(ids), t.facts.c.analysis_id.is_(None))):
        fact = fact_of(row)
        found[fact.reply_id].append(fact)
    return found
