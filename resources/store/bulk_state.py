"""How much is known of every company, counted by the database, so that no value has to be read.

pairs of source and dataset -> one row per company and source: collected_at, "3+ 3+ 7-" (pair 3 has two good facts,
pair 7 one that is not good; "?": a reply that was not read yet; see enrichment.ports.ReplyState)
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from enrichment.ports import SourceDatasetPair
from resources.store import tables as t

_UNKNOWN = "?"


def reply_states_query(pairs: Sequence[SourceDatasetPair]) -> sa.Select[Any]:
    """Columns in the order of ReplyState's fields; rows by company, then source."""
    reply, fact = t.replies.c, t.facts.c
    unread = sa.case((reply.reader_version == 0, _UNKNOWN), else_=_mark(pairs))
    counted = sa.func.coalesce(sa.func.aggregate_strings(unread, " "), "")
    return (
        sa.select(
            reply.company_id, reply.source, sa.func.max(reply.collected_at, type_=reply.collected_at.type), counted
        )
        .join_from(t.replies, t.facts, fact.reply_id == reply.reply_id, isouter=True)
        .where(t.NEWEST_REPLY)
        .group_by(reply.company_id, reply.source)
        .order_by(reply.company_id, reply.source)
    )


def _mark(pairs: Sequence[SourceDatasetPair]) -> sa.ColumnElement[str | None]:
    """'3+': good fact of pair 3, '3-': not good, '?': no pair has its source and dataset; NULL for other datasets."""
    fact = t.facts.c
    asked = {pair.dataset for pair in pairs}
    by_source: dict[str, dict[str, sa.ColumnElement[str | None]]] = {}
    for number, pair in enumerate(pairs):
        by_source.setdefault(pair.source, {})[pair.dataset] = _graded(number, pair)
    foreign = sa.case((fact.dataset.in_(sorted(asked)), _UNKNOWN), else_=sa.null())
    sources = {source: _case(fact.dataset, marks, foreign) for source, marks in by_source.items()}
    return _case(fact.source, sources, foreign)


def _graded(number: int, pair: SourceDatasetPair) -> sa.ColumnElement[str | None]:
    """A fact stored as last resort that is good by the present rules has to be read to judge it: '?'."""
    fact = t.facts.c
    good = sa.and_(fact.quality >= pair.least_completeness * fact.reliability, fact.reliability > 0)
    return sa.case((~good, f"{number}-"), (fact.last_resort, _UNKNOWN), else_=f"{number}+")


def _case(
    column: sa.ColumnElement[str],
    marks: Mapping[str, sa.ColumnElement[str | None]],
    otherwise: sa.ColumnElement[str | None],
) -> sa.ColumnElement[str | None]:
    return sa.case(*((column == name, mark) for name, mark in marks.items()), else_=otherwise) if marks else otherwise
