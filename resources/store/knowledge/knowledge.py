"""What is known: replies, the facts read from them, and analyses.

company ids -> the newest reply of each source and topic, without payload, and the facts of these replies
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache

import sqlalchemy as sa

from enrichment.domain.knowledge import Analysis, Fact, Known, ModelReply, Reply, ReplyHead, Verdict
from enrichment.domain.values import Value, load_value
from enrichment.memory.same_item import item_of
from enrichment.ports import SourceDatasetPair
from resources.store import tables as t
from resources.store.database.database import Database
from resources.store.database.quick_statements import QuickRows, QuickStatement
from resources.store.database.row_mapping import (
    FACT_COLUMNS,
    HEAD_COLUMNS,
    chunks,
    fact_of,
    fact_row,
    record_of,
    row_of,
)
from resources.store.former_ids import now, now_of
from resources.store.knowledge.bulk_state import reply_states_query
from resources.store.knowledge.verdicts import valid_of
from resources.store.tables.column_types import PlainText, zipped

_ROWS_PER_FETCH = 5_000
_ids = sa.bindparam("ids", expanding=True, type_=PlainText)
_id, _key, _source, _topic = (sa.bindparam(name, type_=PlainText) for name in ("id", "key", "source", "topic"))
_HEADS = (
    sa.select(t.replies.c.company_id, *HEAD_COLUMNS)
    .where(t.NEWEST_REPLY, t.replies.c.company_id.in_(_ids))
    .order_by(t.replies.c.source)
)
_FACTS = sa.select(*FACT_COLUMNS).where(t.facts.c.reply_id.in_(_ids)).order_by(t.facts.c.fact_id)
_NEWEST_OF = (
    sa.select(*HEAD_COLUMNS)
    .where(t.replies.c.company_id == now(_id), t.replies.c.source == _source, t.replies.c.topic == _topic)
    .order_by(t.replies.c.collected_at.desc(), t.replies.c.reply_id.desc())
    .limit(1)
)
_READ_BY = QuickStatement(sa.update(t.replies).where(t.replies.c.reply_id == _id))
_OWNER_OF = QuickStatement(
    sa.select(t.replies.c.company_id, t.replies.c.reader_version).where(t.replies.c.reply_id == _id)
)
_READ_FROM = QuickStatement(sa.select(*FACT_COLUMNS).where(t.facts.c.reply_id == _id, t.facts.c.analysis_id.is_(None)))
_FACTS_OF_READERS = QuickStatement(sa.delete(t.facts).where(t.facts.c.reply_id == _id, t.facts.c.analysis_id.is_(None)))
_NEW_FACT = QuickRows(t.facts)
_ANSWER = (
    sa.select(t.model_replies)
    .where(t.model_replies.c.key == _key)
    .order_by(t.model_replies.c.answered_at.desc(), t.model_replies.c.analysis_id.desc())
    .limit(1)
)
_ANSWER_OF = QuickStatement(
    sa.select(t.model_replies.c.company_id, t.model_replies.c.purchase_id).where(t.model_replies.c.analysis_id == _id)
)
_CHECKED = QuickStatement(sa.update(t.model_replies).where(t.model_replies.c.analysis_id == _id))
_FACTS_OF_ANALYSIS = QuickStatement(sa.delete(t.facts).where(t.facts.c.analysis_id == _id))
_FORMER_ANALYSIS = QuickStatement(sa.delete(t.analyses).where(t.analyses.c.analysis_id == _id))
_NEW_ANALYSIS = QuickRows(t.analyses)
_FAILED = sa.update(t.purchases).where(t.purchases.c.purchase_id == _id)
_ANALYSIS = (
    sa.select(t.analyses)
    .where(t.analyses.c.key == _key)
    .order_by(t.analyses.c.created_at.desc(), t.analyses.c.analysis_id.desc())
    .limit(1)
)


def _value_of(dataset: str, text: str) -> Value:
    return load_value(dataset, json.loads(text))


class SqlKnowledge:
    """See enrichment.ports.Knowledge."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def known(self, company_id: str, source: str | None = None, topic: str = "") -> Known:
        """The newest reply of each source and topic, and its facts, whatever their age.

        source: of this source only, on this topic.
        """
        if source is None:
            return self.known_many([company_id])[company_id]
        with self._db.reading() as tx:
            heads = [
                ReplyHead(*row) for row in tx.execute(_NEWEST_OF, {"id": company_id, "source": source, "topic": topic})
            ]
            facts = [fact_of(row) for row in tx.execute(_FACTS, {"ids": [head.reply_id for head in heads]})]
        return Known(tuple(heads), tuple(facts))

    def known_many(self, company_ids: Sequence[str]) -> dict[str, Known]:
        """company_id -> what is known of it, for every id given, former ids included."""
        heads: dict[str, list[ReplyHead]] = defaultdict(list)
        facts: dict[str, list[Fact]] = defaultdict(list)
        verdicts: dict[str, list[Verdict]] = defaultdict(list)
        with self._db.reading() as tx:
            moved = now_of(tx, company_ids)
            ids = [moved.get(id_, id_) for id_ in company_ids]
            for some in chunks(list(dict.fromkeys(ids)), size=5_000):
                for row in tx.execute(_HEADS, {"ids": some}):
                    heads[row[0]].append(ReplyHead(*row[1:]))
                for verdict in valid_of(tx, some):
                    verdicts[verdict.company_id].append(verdict)
            reply_ids = [head.reply_id for of_one in heads.values() for head in of_one]
            for some in chunks(reply_ids, size=5_000):
                for row in tx.execute(_FACTS, {"ids": some}):
                    facts[row[0]].append(fact_of(row))
        return {
            asked: Known(tuple(heads[id_]), tuple(facts[id_]), verdicts=tuple(verdicts[id_]))
            for asked, id_ in zip(company_ids, ids, strict=True)
        }

    def reply_states(self, pairs: Sequence[SourceDatasetPair]) -> dict[str, str]:
        """company_id -> the newest reply of each source about it, without values."""
        with self._db.reading() as tx:
            rows = tx.execution_options(yield_per=_ROWS_PER_FETCH).execute(reply_states_query(pairs))
            return {company_id: states for company_id, states in rows if states}

    def newest_values(self, datasets: Sequence[str]) -> dict[str, dict[str, Value]]:
        """company_id -> dataset -> its newest value, fresh or not. One read for all companies."""
        fact = t.facts.c
        newest_last = (
            sa.select(fact.company_id, fact.dataset, sa.type_coerce(fact.value, PlainText))
            .join_from(t.facts, t.replies, fact.reply_id == t.replies.c.reply_id)
            .where(t.NEWEST_REPLY, fact.dataset.in_(datasets))
            .order_by(fact.collected_at, fact.fact_id.desc())
        )
        found: dict[str, dict[str, Value]] = defaultdict(dict)
        read = cache(_value_of)  # companies share their values: of a hundred thousand there are few industries
        with self._db.reading() as tx:
            for company_id, dataset, text in tx.execution_options(yield_per=_ROWS_PER_FETCH).execute(newest_last):
                found[company_id][dataset] = read(dataset, text)
        return dict(found)

    def companies_of_contact(self, full_name: str, *, most: int) -> list[str]:
        """The ids of companies that have a contact of exactly this name. Reads the contacts of all companies."""
        fact, written = t.facts.c, f'"full_name":{json.dumps(full_name)}'
        has_name = sa.type_coerce(fact.value, PlainText).contains(written, autoescape=True)
        query = sa.select(fact.company_id).where(fact.dataset == "key_contacts", has_name).distinct().limit(most)
        with self._db.reading() as tx:
            return sorted(tx.execute(query).scalars())

    def reply(self, reply_id: str) -> Reply | None:
        with self._db.reading() as tx:
            row = tx.execute(sa.select(t.replies).where(t.replies.c.reply_id == reply_id)).first()
        return None if row is None else record_of(Reply, row)

    def reply_ids(self, purchase_ids: Sequence[str]) -> dict[str, str]:
        """Purchase -> the reply that came for it, for those that brought one."""
        r = t.replies.c
        found: dict[str, str] = {}
        with self._db.reading() as tx:
            for some in chunks(purchase_ids):
                rows = tx.execute(sa.select(r.purchase_id, r.reply_id).where(r.purchase_id.in_(some)))
                found.update((row.purchase_id, row.reply_id) for row in rows)
        return found

    def read_by_older(self, versions: Mapping[str, int], *, after: str, limit: int) -> list[Reply]:
        """Newest replies that know their company and were read by an older version than versions[source], or by none.

        By reply_id, those above `after`.
        """
        r = t.replies.c
        older = sa.or_(
            *(sa.and_(r.source == source, r.reader_version < version) for source, version in versions.items())
        )
        query = sa.select(t.replies).where(older, r.found, r.reply_id > after, t.NEWEST_REPLY)
        with self._db.reading() as tx:
            return [record_of(Reply, row) for row in tx.execute(query.order_by(r.reply_id).limit(limit))]

    def keep_facts(self, reply_id: str, facts: Sequence[Fact], *, reader_version: int | None = None) -> None:
        """Replaces the facts of a stored reply by what was read from it now; what analyses read from it stays.

        reader_version: the reader's, where there may be no fact that carries it. The facts are written for the company
        the reply belongs to by now. Ledger work, because two companies may be merged at the same time.
        """
        rows = [fact_row(fact, analysis_id=None) for fact in facts]

        def kept(tx: sa.Connection) -> None:
            owner = _OWNER_OF.first(tx, {"id": reply_id})
            if owner is None:
                return
            read_by = newest_reader(facts) if facts else owner.reader_version
            before = [fact_of(row) for row in _READ_FROM.rows(tx, {"id": reply_id})]
            if any(fact.reader_version < (reader_version or newest_reader(facts)) for fact in before):
                _count_rereading(tx, before, facts)
            _READ_BY.count(
                tx, {"id": reply_id, "reader_version": read_by if reader_version is None else reader_version}
            )
            _FACTS_OF_READERS.count(tx, {"id": reply_id})
            _NEW_FACT.write(tx, [{**row, "company_id": owner.company_id} for row in rows])

        self._db.ledger(kept)

    def rereadings(self) -> dict[tuple[str, str], tuple[int, int]]:
        """(source, dataset) -> replies that a newer reader read again, and in how many it found another value."""
        r = t.rereadings.c
        with self._db.reading() as tx:
            rows = tx.execute(sa.select(r.source, r.dataset, r.read, r.misread))
            return {(row.source, row.dataset): (row.read, row.misread) for row in rows}

    def analysis(self, key: str) -> Analysis | None:
        """The newest with this key; None: there is none."""
        with self._db.reading() as tx:
            row = tx.execute(_ANALYSIS, {"key": key}).first()
        return None if row is None else record_of(Analysis, row)

    def analyses_of(self, company_ids: Sequence[str]) -> list[Analysis]:
        """All analyses of these companies."""
        analyses: list[Analysis] = []
        with self._db.reading() as tx:
            for some in chunks(company_ids):
                rows = tx.execute(sa.select(t.analyses).where(t.analyses.c.company_id.in_(some)))
                analyses += [record_of(Analysis, row) for row in rows]
        return analyses

    def model_reply(self, key: str) -> ModelReply | None:
        """The newest with this key; None: there is none."""
        with self._db.reading() as tx:
            row = tx.execute(_ANSWER, {"key": key}).first()
        return None if row is None else record_of(ModelReply, row)

    def keep_analysis(self, analysis: Analysis, facts: Sequence[Fact], *, checked_by: int) -> None:
        """Replaces what an earlier check made of the same answer. Ledger work, because two companies may be merged."""
        id_ = {"id": analysis.analysis_id}
        row = {**row_of(analysis), "evidence": zipped(analysis.evidence)}
        rows = [fact_row(fact, analysis_id=analysis.analysis_id) for fact in facts]

        def kept(tx: sa.Connection) -> None:
            answer = _ANSWER_OF.first(tx, id_)
            if answer is None:
                return
            self._forget_analysis(tx, analysis.analysis_id)
            _CHECKED.count(tx, {**id_, "checked_by": checked_by, "failure": None})
            _NEW_ANALYSIS.write(tx, [{**row, "company_id": answer.company_id}])
            _NEW_FACT.write(tx, [{**one, "company_id": answer.company_id} for one in rows])

        self._db.ledger(kept)

    def keep_failure(self, analysis_id: str, failure: str, *, checked_by: int) -> None:
        """Records why a stored answer cannot be used; its purchase, which is settled, has failed then."""

        def kept(tx: sa.Connection) -> None:
            answer = _ANSWER_OF.first(tx, {"id": analysis_id})
            if answer is None:
                return
            self._forget_analysis(tx, analysis_id)
            _CHECKED.count(tx, {"id": analysis_id, "checked_by": checked_by, "failure": failure})
            tx.execute(_FAILED.values(outcome="failed", reason=failure), {"id": answer.purchase_id})

        self._db.ledger(kept)

    def _forget_analysis(self, tx: sa.Connection, analysis_id: str) -> None:
        _FACTS_OF_ANALYSIS.count(tx, {"id": analysis_id})
        _FORMER_ANALYSIS.count(tx, {"id": analysis_id})


def _count_rereading(tx: sa.Connection, before: Sequence[Fact], now: Sequence[Fact]) -> None:
    """Counts for each dataset of the reply that it was read again, and whether a value of it is no longer found."""
    r = t.rereadings.c
    items = {(fact.dataset, item_of(fact.dataset, fact.value)) for fact in now}
    misread = {fact.dataset for fact in before if (fact.dataset, item_of(fact.dataset, fact.value)) not in items}
    for source, dataset in sorted({(fact.source, fact.dataset) for fact in before}):
        wrong = int(dataset in misread)
        one = sa.and_(r.source == source, r.dataset == dataset)
        counted = sa.update(t.rereadings).where(one).values(read=r.read + 1, misread=r.misread + wrong)
        if tx.execute(counted).rowcount == 0:
            tx.execute(sa.insert(t.rereadings).values(source=source, dataset=dataset, read=1, misread=wrong))


def newest_reader(facts: Sequence[Fact]) -> int:
    """The highest reader version among these facts; 1 if there are none."""
    return max((fact.reader_version for fact in facts), default=1)
