"""Rows that go from one company to another: which ones, and their way there and back.

everything_of | what_was_bought | also_made -> CompanyRows (ids) -> take: with the facts read from them, and the claims

A fact follows the analysis that it comes from, else the reply that it was read from.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import sqlalchemy as sa

from enrichment.domain.purchases import Purchase
from resources.store import tables as t
from resources.store.database.row_mapping import chunks, purchase_of
from resources.store.purchases import settlement
from resources.store.tables.column_types import PlainText

_p, _f = t.purchases.c, t.facts.c
_ids = sa.bindparam("ids", expanding=True, type_=PlainText)
_from, _into = sa.bindparam("from_id", type_=PlainText), sa.bindparam("into_id", type_=PlainText)
_KEPT: Mapping[str, tuple[sa.Table, sa.Column[str]]] = {
    "requests": (t.requests, t.requests.c.request_id),
    "purchases": (t.purchases, _p.purchase_id),
    "replies": (t.replies, t.replies.c.reply_id),
    "model_replies": (t.model_replies, t.model_replies.c.analysis_id),
    "analyses": (t.analyses, t.analyses.c.analysis_id),
    "profiles": (t.profiles, t.profiles.c.profile_id),
    "changes": (t.changes, t.changes.c.change_id),
    "verdicts": (t.verdicts, t.verdicts.c.verdict_id),
}
_OF_COMPANY = {
    name: sa.select(id_).where(table.c.company_id == _from).order_by(id_) for name, (table, id_) in _KEPT.items()
}
_TAKE = {
    name: sa.update(table).where(id_.in_(_ids), table.c.company_id == _from).values(company_id=_into)
    for name, (table, id_) in _KEPT.items()
}
_FACTS_OF = {
    "replies": sa.and_(_f.reply_id.in_(_ids), _f.analysis_id.is_(None), _f.company_id == _from),
    "analyses": sa.and_(_f.analysis_id.in_(_ids), _f.company_id == _from),
}
_TAKE_FACTS = {
    name: sa.update(t.facts).where(condition).values(company_id=_into) for name, condition in _FACTS_OF.items()
}
_COUNT_FACTS = {
    name: sa.select(sa.func.count()).select_from(t.facts).where(condition) for name, condition in _FACTS_OF.items()
}
_CLAIMED = sa.select(t.purchases).where(_p.company_id == _from, t.CLAIMED).order_by(_p.purchase_id)
_HELD = sa.select(sa.exists().where(_p.claim == sa.bindparam("wanted", type_=PlainText)))
_CLAIM = sa.update(t.purchases).where(_p.purchase_id == sa.bindparam("this", type_=PlainText))


@dataclass(frozen=True, slots=True)
class CompanyRows:
    """Ids, in order. Facts have none here: they follow replies and analyses."""

    requests: tuple[str, ...] = ()
    purchases: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()
    model_replies: tuple[str, ...] = ()
    analyses: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    verdicts: tuple[str, ...] = ()

    def by_table(self) -> dict[str, tuple[str, ...]]:
        return asdict(self)

    @staticmethod
    def of(by_table: Mapping[str, Iterable[str]]) -> "CompanyRows":
        return CompanyRows(**{name: tuple(ids) for name, ids in by_table.items()})


def everything_of(tx: sa.Connection, company_id: str) -> CompanyRows:
    return CompanyRows.of({name: tx.scalars(query, {"from_id": company_id}) for name, query in _OF_COMPANY.items()})


def what_was_bought(tx: sa.Connection, company_id: str, purchase_ids: Sequence[str]) -> CompanyRows:
    """Rows of these purchases, with requests (and their profiles) that bought nothing else for the company."""
    bought = set(purchase_ids)
    rows = tx.execute(sa.select(_p.request_id, _p.purchase_id).where(_p.company_id == company_id)).all()
    others = {row.request_id for row in rows if row.purchase_id not in bought}
    wanted = {row.request_id for row in rows if row.purchase_id in bought} - others
    return CompanyRows(
        requests=_those(tx, "requests", company_id, t.requests.c.request_id, wanted),
        purchases=tuple(sorted(bought)),
        replies=_those(tx, "replies", company_id, t.replies.c.purchase_id, bought),
        model_replies=_those(tx, "model_replies", company_id, t.model_replies.c.purchase_id, bought),
        analyses=_those(tx, "analyses", company_id, t.analyses.c.purchase_id, bought),
        profiles=_those(tx, "profiles", company_id, t.profiles.c.request_id, wanted),
        changes=_those(tx, "changes", company_id, t.changes.c.request_id, wanted),
    )


def also_made(tx: sa.Connection, rows: CompanyRows, company_id: str) -> CompanyRows:
    """The rows, with the replies and answers of a model that came of these purchases later."""
    bought = set(rows.purchases)
    replies = _those(tx, "replies", company_id, t.replies.c.purchase_id, bought)
    model_replies = _those(tx, "model_replies", company_id, t.model_replies.c.purchase_id, bought)
    analyses = _those(tx, "analyses", company_id, t.analyses.c.purchase_id, bought)
    return replace(
        rows,
        replies=tuple(sorted({*rows.replies, *replies})),
        model_replies=tuple(sorted({*rows.model_replies, *model_replies})),
        analyses=tuple(sorted({*rows.analyses, *analyses})),
    )


def take(tx: sa.Connection, rows: CompanyRows, *, company_id: str, into: str) -> None:
    """Moves those rows that are the company's to the other company. Call it after Database.alone."""
    _take_claims(tx, rows.purchases, company_id=company_id, into=into)
    for name, ids in rows.by_table().items():
        _each(tx, _TAKE[name], ids, company_id, into)
        if name in _TAKE_FACTS:
            _each(tx, _TAKE_FACTS[name], ids, company_id, into)


def counted(tx: sa.Connection, rows: CompanyRows, company_id: str) -> dict[str, int]:
    """Table -> how many rows go, facts included; and how many of the purchases are under way."""
    by_table, facts = rows.by_table(), 0
    for name, query in _COUNT_FACTS.items():
        for some in chunks(by_table[name]):
            facts += tx.scalar(query, {"ids": some, "from_id": company_id}) or 0
    claimed = {row.purchase_id for row in tx.execute(_CLAIMED, {"from_id": company_id})}
    under_way = len(claimed.intersection(rows.purchases))
    return {name: len(ids) for name, ids in by_table.items()} | {"facts": facts, "under_way": under_way}


def _those(tx: sa.Connection, name: str, company_id: str, by: sa.Column[str], wanted: Iterable[str]) -> tuple[str, ...]:
    table, id_ = _KEPT[name]
    found: list[str] = []
    for some in chunks(sorted(wanted)):
        found += tx.scalars(sa.select(id_).where(table.c.company_id == company_id, by.in_(some)))
    return tuple(sorted(found))


def _each(tx: sa.Connection, statement: sa.Update, ids: Sequence[str], company_id: str, into: str) -> None:
    for some in chunks(ids):
        tx.execute(statement, {"ids": some, "from_id": company_id, "into_id": into})


def _take_claims(tx: sa.Connection, purchase_ids: Sequence[str], *, company_id: str, into: str) -> None:
    """Moves claims; where both companies have one claim, the purchase of the receiving company keeps it."""
    going = set(purchase_ids)
    for row in tx.execute(_CLAIMED, {"from_id": company_id}).all():
        if row.purchase_id not in going:
            continue
        claim = f"{into} {row.source} {row.variant}"
        if tx.scalar(_HELD, {"wanted": claim}):
            _give_way(tx, purchase_of(row))
        else:
            tx.execute(_CLAIM, {"this": row.purchase_id, "claim": claim})


def _give_way(tx: sa.Connection, purchase: Purchase) -> None:
    """Ends a purchase that gives up its claim: released if not sent; else uncertain, so it may still be settled."""
    at = purchase.sent_at or purchase.reserved_at  # the latest known time
    if purchase.state == "reserved":
        settlement.release(tx, purchase, at=at, reason=settlement.ASKED_TWICE)
    else:
        settlement.leave_uncertain(tx, purchase, at=at, reason=settlement.ASKED_TWICE)
