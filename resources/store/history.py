"""What happened lately, for replaying it: requests, their companies, and all that was ever observed of these.

since  ->  History: requests in order; per company every reply with what was billed and read
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from enrichment.records import Company, Fact, ReplyHead, Request
from enrichment.replay import History, Observation
from resources.store import tables as t
from resources.store.database import Database
from resources.store.rows import FACT_COLUMNS, HEAD_COLUMNS, chunks, fact_of, record_of

MOST_REQUESTS = 10_000
_HEADS = sa.select(t.replies.c.company_id, *HEAD_COLUMNS, t.purchases.c.units).join_from(
    t.replies, t.purchases, t.purchases.c.purchase_id == t.replies.c.purchase_id, isouter=True
)


class Histories:
    _db: Database

    def history(self, since: datetime, *, most: int = MOST_REQUESTS) -> History:
        """Finished requests asked at `since` or later, the latest `most` of them; from one snapshot."""
        lately = sa.and_(t.requests.c.asked_at >= since, t.requests.c.state != "running")
        with self._db.reading() as tx:
            query = sa.select(t.requests).where(lately).order_by(t.requests.c.asked_at.desc(), t.requests.c.request_id)
            requests = tuple(record_of(Request, row) for row in tx.execute(query.limit(most)))[::-1]
            asked = tx.scalar(sa.select(sa.func.count()).select_from(t.requests).where(lately)) or 0
            ids = sorted({request.company_id for request in requests})
            calls, cost = _bought(tx, requests)
            companies = _companies(tx, ids)
            observed = _observed(tx, ids)
        known = tuple(request for request in requests if request.company_id in companies)
        return History(since, known, companies, observed, calls, cost, asked - len(known))


def _companies(tx: sa.Connection, ids: Sequence[str]) -> dict[str, Company]:
    found: dict[str, Company] = {}
    for some in chunks(ids):
        for row in tx.execute(sa.select(t.companies).where(t.companies.c.company_id.in_(some))):
            found[row.company_id] = record_of(Company, row)
    return found


def _bought(tx: sa.Connection, requests: Sequence[Request]) -> tuple[int, int]:
    """Calls of vendors in these requests, language models aside, and what they cost (micro-USD)."""
    calls = cost = 0
    for some in chunks([request.request_id for request in requests]):
        row = tx.execute(
            sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(t.purchases.c.cost_micro_usd), 0)).where(
                t.purchases.c.request_id.in_(some),
                t.purchases.c.state.in_(["settled", "uncertain"]),
                ~t.purchases.c.source.startswith("analysis:"),
            )
        ).one()
        calls, cost = calls + int(row[0]), cost + int(row[1])
    return calls, cost


def _observed(tx: sa.Connection, ids: Sequence[str]) -> dict[str, tuple[Observation, ...]]:
    seen: dict[str, list[Observation]] = defaultdict(list)
    for some in chunks(ids):
        facts = _facts(tx, some)
        for row in tx.execute(_HEADS.where(t.replies.c.company_id.in_(some)).order_by(t.replies.c.collected_at)):
            head = record_of(ReplyHead, row)
            seen[row.company_id].append(Observation(head, row.units or {}, tuple(facts[head.reply_id])))
    return {id_: tuple(observations) for id_, observations in seen.items()}


def _facts(tx: sa.Connection, ids: Sequence[str]) -> dict[str, list[Fact]]:
    """By reply; of readers alone, since analyses are not replayed."""
    found: dict[str, list[Fact]] = defaultdict(list)
    query = sa.select(*FACT_COLUMNS).join_from(t.replies, t.facts, t.replies.c.reply_id == t.facts.c.reply_id)
    for row in tx.execute(query.where(t.replies.c.company_id.in_(ids), t.facts.c.analysis_id.is_(None))):
        fact = fact_of(row)
        found[fact.reply_id].append(fact)
    return found
