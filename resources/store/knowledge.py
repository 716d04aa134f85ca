"""What is known: replies, the facts read from them, analyses, profiles.

company ids  ->  the newest reply of each source, without payload, and the facts of these replies
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import sqlalchemy as sa

from enrichment.domain.records import Analysis, Fact, Known, Profile, ProfileHead, Reply, ReplyHead
from resources.store import tables as t
from resources.store.column_types import PlainText
from resources.store.company_merge import now, now_of
from resources.store.database import Database
from resources.store.row_mapping import FACT_COLUMNS, HEAD_COLUMNS, Record, chunks, fact_of, fact_row, record_of

_later = t.replies.alias("later")
NEWEST = ~sa.exists().where(
    _later.c.company_id == t.replies.c.company_id,
    _later.c.source == t.replies.c.source,
    sa.tuple_(_later.c.collected_at, _later.c.reply_id) > sa.tuple_(t.replies.c.collected_at, t.replies.c.reply_id),
)
_ids = sa.bindparam("ids", expanding=True, type_=PlainText)
_id, _key, _source = (sa.bindparam(name, type_=PlainText) for name in ("id", "key", "source"))
_HEADS = (
    sa.select(t.replies.c.company_id, *HEAD_COLUMNS)
    .where(NEWEST, t.replies.c.company_id.in_(_ids))
    .order_by(t.replies.c.source)
)
_FACTS = sa.select(*FACT_COLUMNS).where(t.facts.c.reply_id.in_(_ids)).order_by(t.facts.c.fact_id)
_NEWEST_OF = (
    sa.select(*HEAD_COLUMNS)
    .where(t.replies.c.company_id == now(_id), t.replies.c.source == _source)
    .order_by(t.replies.c.collected_at.desc(), t.replies.c.reply_id.desc())
    .limit(1)
)
_LATEST_PROFILE = (
    sa.select(t.profiles)
    .where(t.profiles.c.company_id == now(_id), t.profiles.c.consumer == sa.bindparam("consumer"))
    .where(t.profiles.c.audience.is_not_distinct_from(sa.bindparam("audience", type_=PlainText)))
    .order_by(t.profiles.c.created_at.desc(), t.profiles.c.profile_id.desc())
    .limit(1)
)
_PROFILE = sa.select(t.profiles).where(t.profiles.c.profile_id == _id)
_ANALYSIS = (
    sa.select(t.analyses)
    .where(t.analyses.c.key == _key)
    .order_by(t.analyses.c.created_at.desc(), t.analyses.c.analysis_id.desc())
    .limit(1)
)


class Memory:
    _db: Database

    def known(self, company_id: str, source: str | None = None) -> Known:
        """Not filtered by age; of a source asked twice, the newer reply and its facts. source: of this one alone."""
        if source is None:
            return self.known_many([company_id])[company_id]
        with self._db.reading() as tx:
            heads = [ReplyHead(*row) for row in tx.execute(_NEWEST_OF, {"id": company_id, "source": source})]
            facts = [fact_of(row) for row in tx.execute(_FACTS, {"ids": [head.reply_id for head in heads]})]
        return Known(tuple(heads), tuple(facts))

    def known_many(self, company_ids: Sequence[str]) -> dict[str, Known]:
        """company_id -> what is known of it, for every id given; former ids too."""
        heads: dict[str, list[ReplyHead]] = defaultdict(list)
        facts: dict[str, list[Fact]] = defaultdict(list)
        with self._db.reading() as tx:
            moved = now_of(tx, company_ids)
            ids = [moved.get(id_, id_) for id_ in company_ids]
            for some in chunks(list(dict.fromkeys(ids)), size=5_000):
                for row in tx.execute(_HEADS, {"ids": some}):
                    heads[row[0]].append(ReplyHead(*row[1:]))
            reply_ids = [head.reply_id for of_one in heads.values() for head in of_one]
            for some in chunks(reply_ids, size=5_000):
                for row in tx.execute(_FACTS, {"ids": some}):
                    facts[row[0]].append(fact_of(row))
        return {asked: Known(tuple(heads[id_]), tuple(facts[id_])) for asked, id_ in zip(company_ids, ids, strict=True)}

    def reply(self, reply_id: str) -> Reply | None:
        with self._db.reading() as tx:
            row = tx.execute(sa.select(t.replies).where(t.replies.c.reply_id == reply_id)).first()
        return None if row is None else record_of(Reply, row)

    def keep_facts(self, reply_id: str, facts: Sequence[Fact], *, reader_version: int | None = None) -> None:
        """Replaces the facts of a reply (it has been read again); what analyses read from it stays.

        reader_version: who read it, where there may be no fact to tell.
        """
        read_by = newest_reader(facts) if facts else t.replies.c.reader_version
        changes = {"reader_version": read_by if reader_version is None else reader_version}
        read_before = sa.and_(t.facts.c.reply_id == reply_id, t.facts.c.analysis_id.is_(None))
        with self._db.writing() as tx:
            tx.execute(sa.update(t.replies).where(t.replies.c.reply_id == reply_id).values(changes))
            tx.execute(sa.delete(t.facts).where(read_before))
            insert_facts(tx, facts, analysis_id=None)

    def analysis(self, key: str) -> Analysis | None:
        """The newest of this key."""
        return self._first(Analysis, _ANALYSIS, {"key": key})

    def latest_profile(self, company_id: str, consumer: str, audience: str | None) -> Profile | None:
        about = {"id": company_id, "consumer": consumer, "audience": audience}
        return self._first(Profile, _LATEST_PROFILE, about)

    def latest_profiles(self, consumer: str) -> dict[str, ProfileHead]:
        """company_id -> the newest profile written for no audience; in one read."""
        kept = t.profiles.c
        latest = sa.func.row_number().over(
            partition_by=kept.company_id, order_by=[kept.created_at.desc(), kept.profile_id.desc()]
        )
        ranked = (
            sa.select(*(kept[field.name] for field in fields(ProfileHead)), latest.label("place"))
            .where(kept.consumer == consumer, kept.audience.is_(None))
            .subquery()
        )
        with self._db.reading() as tx:
            rows = tx.execute(sa.select(ranked).where(ranked.c.place == 1))
            return {row.company_id: record_of(ProfileHead, row) for row in rows}

    def profile(self, profile_id: str) -> Profile | None:
        return self._first(Profile, _PROFILE, {"id": profile_id})

    def _first(
        self, kind: type[Record], query: sa.Select[*tuple[Any, ...]], values: Mapping[str, str | None]
    ) -> Record | None:
        with self._db.reading() as tx:
            row = tx.execute(query, values).first()
        return None if row is None else record_of(kind, row)


def insert_facts(tx: sa.Connection, facts: Sequence[Fact], *, analysis_id: str | None) -> None:
    if facts:
        tx.execute(sa.insert(t.facts), [fact_row(fact, analysis_id=analysis_id) for fact in facts])


def newest_reader(facts: Sequence[Fact]) -> int:
    """Of the reader that read these; 1 where nothing was found to say."""
    return max((fact.reader_version for fact in facts), default=1)
