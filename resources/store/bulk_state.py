"""How much is known of every company, counted where the rows are, company by company, from one snapshot.

pairs of source and dataset, with what is good  ->  company, source, when it was heard, "3+ 3+ 7-": of pair 3 two
good facts, of pair 7 one that is not
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from enrichment.ports import Pair, ReplyState
from resources.store import tables as t
from resources.store.database import Database
from resources.store.knowledge import NEWEST

_AT_ONCE = 5_000
_UNKNOWN = "?"


class Census:
    _db: Database

    def reply_states(self, pairs: Sequence[Pair]) -> Iterator[ReplyState]:
        """The newest reply of each source about each company, company by company, without a value being read.

        Read it to its end or close it: the snapshot lasts as long.
        """
        with self._db.reading() as tx:
            for row in tx.execution_options(yield_per=_AT_ONCE).execute(_census(pairs)):
                yield ReplyState(row[0], row[1], row[2], row[3])


def _census(pairs: Sequence[Pair]) -> sa.Select[Any]:
    reply, fact = t.replies.c, t.facts.c
    counted = sa.func.coalesce(sa.func.aggregate_strings(_mark(pairs), " "), "")
    return (
        sa.select(
            reply.company_id, reply.source, sa.func.max(reply.collected_at, type_=reply.collected_at.type), counted
        )
        .join_from(t.replies, t.facts, fact.reply_id == reply.reply_id, isouter=True)
        .where(NEWEST)
        .group_by(reply.company_id, reply.source)
        .order_by(reply.company_id, reply.source)
    )


def _mark(pairs: Sequence[Pair]) -> sa.ColumnElement[str | None]:
    """'3+' a good fact of pair 3, '3-' one that is not, '?' one of a pair nobody named, nothing for other datasets."""
    fact = t.facts.c
    asked = {pair.dataset for pair in pairs}
    by_source: dict[str, dict[str, sa.ColumnElement[str | None]]] = {}
    for number, pair in enumerate(pairs):
        by_source.setdefault(pair.source, {})[pair.dataset] = _graded(number, pair)
    foreign = sa.case((fact.dataset.in_(sorted(asked)), _UNKNOWN), else_=sa.null())
    sources = {source: _case(fact.dataset, marks, foreign) for source, marks in by_source.items()}
    return _case(fact.source, sources, foreign)


def _graded(number: int, pair: Pair) -> sa.ColumnElement[str | None]:
    """A last resort that is good enough by now is one no more by the rules: it is for others to look at."""
    fact = t.facts.c
    good = sa.and_(fact.quality >= pair.least_completeness * fact.reliability, fact.reliability > 0)
    return sa.case((~good, f"{number}-"), (fact.last_resort, _UNKNOWN), else_=f"{number}+")


def _case(
    column: sa.ColumnElement[str],
    marks: Mapping[str, sa.ColumnElement[str | None]],
    otherwise: sa.ColumnElement[str | None],
) -> sa.ColumnElement[str | None]:
    return sa.case(*((column == name, mark) for name, mark in marks.items()), else_=otherwise) if marks else otherwise
