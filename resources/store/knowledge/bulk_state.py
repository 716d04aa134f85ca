"""How much is known of every company, counted by the database, so that no value has to be read.

pairs of source and dataset -> one row per company: its id, "3 7:3+ 3+ 7-;9:?" (of the first source the reply is fresh
for the pairs 3 and 7, of which it has two good facts and one that is not good; see enrichment.ports.Knowledge). '!':
the source does not know the company
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from enrichment.ports import SourceDatasetPair
from resources.store import tables as t

_UNKNOWN, _MISSED = "?", " !"


def reply_states_query(pairs: Sequence[SourceDatasetPair]) -> sa.Select[Any]:
    """company_id, states. A reply that is fresh for no pair, and was read, is not mentioned."""
    reply, fact = t.replies.c, t.facts.c
    unread = sa.case((reply.reader_version == 0, _UNKNOWN), else_=_mark(pairs))
    collected_at = sa.func.max(reply.collected_at, type_=reply.collected_at.type)
    each = (
        sa.select(
            reply.company_id,
            _fresh_for(pairs, reply.source, collected_at).label("fresh"),
            sa.func.coalesce(sa.func.aggregate_strings(unread, " "), "").label("counted"),
            sa.func.min(sa.case((reply.found, 1), else_=0)).label("found"),
        )
        .join_from(t.replies, t.facts, fact.reply_id == reply.reply_id, isouter=True)
        .where(t.NEWEST_REPLY, reply.topic == "")
        .group_by(reply.company_id, reply.source)
        .subquery()
    )
    stated = sa.case(
        (sa.and_(each.c.fresh == "", each.c.counted.not_like(f"%{_UNKNOWN}%")), sa.null()),
        else_=each.c.fresh + ":" + each.c.counted + sa.case((each.c.found == 0, _MISSED), else_=""),
    )
    return sa.select(each.c.company_id, sa.func.aggregate_strings(stated, ";")).group_by(each.c.company_id)


def _fresh_for(
    pairs: Sequence[SourceDatasetPair], source: sa.ColumnElement[str], collected_at: sa.ColumnElement[datetime]
) -> sa.ColumnElement[str]:
    """The numbers of the pairs for which a reply of this source is fresh, spaces between them."""
    since: dict[str, dict[datetime, list[int]]] = defaultdict(lambda: defaultdict(list))
    for number, pair in enumerate(pairs):
        since[pair.source][pair.fresh_since].append(number)
    levels = {
        name: sa.case(*((collected_at > at, _numbers(its, at)) for at in sorted(its, reverse=True)), else_="")
        for name, its in since.items()
    }
    return sa.case(*((source == name, level) for name, level in levels.items()), else_="") if levels else sa.literal("")


def _numbers(of_source: Mapping[datetime, Sequence[int]], at: datetime) -> str:
    return " ".join(str(number) for since, its in of_source.items() if since <= at for number in its)


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
