"""Merge two companies, split one, and undo either. Each is a row of company_events that records exactly what it moved.

merge: all rows of a company go to another one     split: given aliases and purchases go to a new company
undo: by its record, all of it goes back, with the replies, facts and analyses made of it since

What was bought since: after an undone merge it stays with the company it was bought for, which is the one that had
stayed; after an undone split it goes to the company that the new one came from. How the ledger ended a purchase is
never undone. All of it runs after Database.moving_companies.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from enrichment.domain.companies import Cause, Company, CompanyEvent
from enrichment.domain.ids import new_id
from enrichment.domain.json_values import Json
from enrichment.ports import StoreError
from resources.store import tables as t
from resources.store.companies.names import ALIASES, RELATIONS
from resources.store.companies.rows import CompanyRows, also_made, counted, everything_of, take, what_was_bought
from resources.store.database.row_mapping import Row, chunks, row_of
from resources.store.tables.column_types import PlainText, UtcMicros

_c, _e, _p = t.companies.c, t.company_events.c, t.purchases.c
_pr, _former = t.profiles.c, t.former_companies.c
_id, _this, _to = (sa.bindparam(name, type_=PlainText) for name in ("id", "this", "to"))
_at = sa.bindparam("at_", type_=UtcMicros)
_COMPANY = sa.select(t.companies).where(_c.company_id == _id)
_FORMER = sa.select(_former.company_id).where(_former.now == _id).order_by(_former.company_id)
_EVENT = sa.select(t.company_events).where(_e.event_id == _id)
_LAST = sa.select(sa.func.coalesce(sa.func.max(_e.number), 0))
_DELETE_COMPANY = sa.delete(t.companies).where(_c.company_id == _id)
_LEAD = sa.update(t.former_companies).where(_former.now == _id).values(now=_to)
_LEAD_ONE = sa.update(t.former_companies).where(_former.company_id == _this).values(now=_to)
_NO_LONGER_FORMER = sa.delete(t.former_companies).where(_former.company_id == _id)
_REPORTED = sa.update(t.purchases).where(_p.purchase_id == _this).values(reported_at=_at)
_VALID_UNTIL = sa.update(t.profiles).where(_pr.profile_id == _this).values(holds_until=_at)
_UNDONE = sa.update(t.company_events).where(_e.event_id == _id)
_NEW_COMPANY = sa.insert(t.companies)
_NEW_FORMER, _NEW_EVENT = sa.insert(t.former_companies), sa.insert(t.company_events)


def merge(tx: sa.Connection, company_id: str, into: Company, cause: Cause) -> CompanyEvent | None:
    """The company becomes the other one; its key, its aliases and its id lead there. None: there is no such company."""
    company = tx.execute(_COMPANY, {"id": company_id}).first()
    if company is None:
        return None
    rows, aliases, related = everything_of(tx, company_id), ALIASES.of(tx, company_id), RELATIONS.of(tx, company_id)
    moved = counted(tx, rows, company_id) | {"aliases": len(aliases), "relations": len(related)}
    take(tx, rows, company_id=company_id, into=into.company_id)
    _remove(tx, company_id)
    beside = [*aliases, _former_key(company.key, cause)]
    given = ALIASES.give(tx, beside, into.company_id, key=into.key)
    given_related = RELATIONS.give(tx, related, into.company_id, key=into.key)
    former = _lead_to(tx, company_id, into.company_id)
    event = CompanyEvent(new_id("evt"), "merge", company_id, company.key, into.company_id, into.key, cause, moved)
    record = {
        "rows": rows.by_table(),
        "company": _plain(company._asdict()),
        "former": former,
        "aliases": [_plain(alias) for alias in aliases],
        "given_aliases": given,
        "relations": [_plain(one) for one in related],
        "given_relations": given_related,
    }
    return _kept(tx, event, record)


def split(
    tx: sa.Connection,
    company: Company,
    new: Mapping[str, Any],
    *,
    aliases: Iterable[str],
    purchase_ids: Sequence[str],
    cause: Cause,
) -> CompanyEvent:
    """new: the row of the new company. Requests that bought nothing else go along. Raises StoreError."""
    wanted = {*aliases}
    own = {alias["alias"]: alias for alias in ALIASES.of(tx, company.company_id)}
    _refuse_unknown(wanted - own.keys(), f"is no alias of {company.key}; `enrich companies show` lists them")
    bought = set(everything_of(tx, company.company_id).purchases)
    _refuse_unknown(set(purchase_ids) - bought, f"is no purchase of {company.key}; `enrich purchases` lists them")
    rows = what_was_bought(tx, company.company_id, purchase_ids)
    going = [own[alias] for alias in sorted({*wanted, new["key"]} & own.keys())]
    if not going and not rows.purchases:
        raise StoreError(f"Nothing would be taken from {company.key}: name aliases or purchases of it.")
    moved = counted(tx, rows, company.company_id) | {"aliases": len(going), "relations": 0}
    tx.execute(_NEW_COMPANY, [dict(new)])
    take(tx, rows, company_id=company.company_id, into=new["company_id"])
    ALIASES.take(tx, map(ALIASES.key_of, going), company.company_id)
    ALIASES.give(tx, going, new["company_id"], key=new["key"])
    event = CompanyEvent(
        new_id("evt"), "split", company.company_id, company.key, new["company_id"], new["key"], cause, moved
    )
    record = {
        "rows": rows.by_table(),
        "aliases": [_plain(alias) for alias in going],
        "reported": _report_anew(tx, rows.purchases),
        "valid_until": _end_profiles(tx, company.company_id, cause.at, since=None),
    }
    return _kept(tx, event, record)


def undo(tx: sa.Connection, event_id: str, *, by: str, at: datetime) -> CompanyEvent:
    """Undoes an event. Raises StoreError if it is undone already, or if a later event has to be undone first."""
    row = tx.execute(_EVENT, {"id": event_id}).first()
    if row is None:
        raise StoreError(f"There is no event {event_id}: `enrich companies events` lists them.")
    if row.undone_at is not None:
        raise StoreError(f"{event_id} is undone already; nothing was changed.")
    _refuse_before_later(tx, row)
    if row.kind == "merge":
        _undo_merge(tx, row, at)
    else:
        _undo_split(tx, row, Cause(by, at, "undone"))
    tx.execute(_UNDONE.values(undone_at=at, undone_by=by), {"id": event_id})
    return event_of(tx.execute(_EVENT, {"id": event_id}).one())


def event_of(row: Row) -> CompanyEvent:
    cause = Cause(row.by, row.at, row.reason)
    ids = (row.event_id, row.kind, row.from_id, row.from_key, row.to_id, row.to_key)
    return CompanyEvent(*ids, cause, row.moved, row.undone_at, row.undone_by)


def _undo_merge(tx: sa.Connection, row: Row, at: datetime) -> None:
    record, from_id, to_id = row.record, row.from_id, row.to_id
    company = _unplain(record["company"], "created_at")
    taken = tx.scalar(sa.select(_c.company_id).where(_c.key == company["key"]))
    if taken is not None:
        raise StoreError(f"{company['key']} is the key of another company by now: merge or rename that one first.")
    rows = also_made(tx, CompanyRows.of(record["rows"]), to_id)
    tx.execute(_NEW_COMPANY, [{name: value for name, value in company.items() if name != "changed"}])
    take(tx, rows, company_id=to_id, into=from_id)
    for beside, name in ((ALIASES, "aliases"), (RELATIONS, "relations")):
        beside.take(tx, record[f"given_{name}"], to_id)
        beside.give(tx, [_unplain(row, "learned_at") for row in record[name]], from_id, key=company["key"])
    tx.execute(_NO_LONGER_FORMER, {"id": from_id})
    for former in record["former"]:
        tx.execute(_LEAD_ONE, {"this": former, "to": from_id})
    _end_profiles(tx, to_id, at, since=row.at, but=_came_later(tx, row))


def _undo_split(tx: sa.Connection, row: Row, cause: Cause) -> None:
    record, from_id, to_id = row.record, row.from_id, row.to_id
    source, new = (tx.execute(_COMPANY, {"id": id_}).one() for id_ in (from_id, to_id))
    aliases = [_unplain(alias, "learned_at") for alias in record["aliases"]]
    recorded = {alias["alias"] for alias in aliases} | {row.to_key}
    now = [*ALIASES.of(tx, to_id), _former_key(new.key, cause)]
    since, related = [alias for alias in now if alias["alias"] not in recorded], RELATIONS.of(tx, to_id)
    take(tx, everything_of(tx, to_id), company_id=to_id, into=from_id)
    _remove(tx, to_id)
    ALIASES.give(tx, [*aliases, *since], from_id, key=source.key)
    RELATIONS.give(tx, related, from_id, key=source.key)
    _lead_to(tx, to_id, from_id)
    for purchase_id, reported_at in record["reported"].items():
        tx.execute(_REPORTED, {"this": purchase_id, "at_": datetime.fromisoformat(reported_at)})
    for profile_id, valid_until in record["valid_until"].items():
        tx.execute(_VALID_UNTIL, {"this": profile_id, "at_": datetime.fromisoformat(valid_until)})


def _refuse_before_later(tx: sa.Connection, row: Row) -> None:
    """Refuses to undo an event before a later one that moved the same rows on, or that took the key it freed."""
    either = [row.from_id, row.to_id]
    touched = sa.or_(_e.from_id == row.to_id, sa.and_(_e.kind == "split", _e.to_key == row.from_key))
    if row.kind == "split":
        touched = sa.or_(_e.from_id.in_(either), _e.to_id.in_(either))
    query = sa.select(_e.event_id).where(_e.number > row.number, _e.undone_at.is_(None), touched)
    last = tx.scalar(query.order_by(_e.number.desc()).limit(1))
    if last is not None:
        raise StoreError(f"Undo {last} first: it came later, and changed the same companies.")


def _came_later(tx: sa.Connection, row: Row) -> set[str]:
    """The profiles that later merges brought to the company this one merged into."""
    later = sa.select(_e.record).where(_e.number > row.number, _e.undone_at.is_(None), _e.to_id == row.to_id)
    return {profile_id for record in tx.scalars(later) for profile_id in record["rows"]["profiles"]}


def _refuse_unknown(unknown: set[str], why: str) -> None:
    if unknown:
        raise StoreError(f"{min(unknown)} {why}.")


def _remove(tx: sa.Connection, company_id: str) -> None:
    """The company, with its aliases and relations; its rows went elsewhere before."""
    ALIASES.take_all(tx, company_id)
    RELATIONS.take_all(tx, company_id)
    tx.execute(_DELETE_COMPANY, {"id": company_id})


def _former_key(key: str, cause: Cause) -> dict[str, Any]:
    return {"alias": key, "kind": "former_key", "name": None, "source": cause.by, "learned_at": cause.at}


def _lead_to(tx: sa.Connection, company_id: str, to_id: str) -> list[str]:
    """Lets an id that is gone, and the ids that led to it, lead to the other company. Returns the latter ids."""
    former = list(tx.scalars(_FORMER, {"id": company_id}))
    tx.execute(_LEAD, {"id": company_id, "to": to_id})
    tx.execute(_NEW_FORMER, [{"company_id": company_id, "now": to_id}])
    return former


def _report_anew(tx: sa.Connection, purchase_ids: Sequence[str]) -> dict[str, str]:
    """Unmarks purchases, so that Dagster shows them under the partition of the new company.

    Returns when they were reported.
    """
    reported: dict[str, str] = {}
    for some in chunks(purchase_ids):
        were = sa.select(_p.purchase_id, _p.reported_at).where(_p.purchase_id.in_(some), _p.reported_at.is_not(None))
        reported.update((row.purchase_id, row.reported_at.isoformat()) for row in tx.execute(were))
    for purchase_id in reported:
        tx.execute(_REPORTED, {"this": purchase_id, "at_": None})
    return reported


def _end_profiles(
    tx: sa.Connection, company_id: str, at: datetime | None, *, since: datetime | None, but: Iterable[str] = ()
) -> dict[str, str]:
    """Ends profiles that contain what is another company's: from `at` on they are not served.

    Returns until when they were valid. since: only those made then or later; None: all.
    """
    query = sa.select(_pr.profile_id, _pr.holds_until).where(_pr.company_id == company_id)
    if at is not None:
        query = query.where(_pr.holds_until > at)
    if since is not None:
        query = query.where(_pr.created_at >= since)
    spared = set(but)
    valid = {row.profile_id: row.holds_until for row in tx.execute(query) if row.profile_id not in spared}
    for profile_id in valid:
        tx.execute(_VALID_UNTIL, {"this": profile_id, "at_": at})
    return {profile_id: until.isoformat() for profile_id, until in valid.items()}


def _kept(tx: sa.Connection, event: CompanyEvent, record: Json) -> CompanyEvent:
    row = row_of(event) | row_of(event.cause) | {"number": (tx.scalar(_LAST) or 0) + 1, "record": record}
    del row["cause"]
    tx.execute(_NEW_EVENT, [row])
    return event


def _plain(row: Mapping[str, Any]) -> dict[str, Json]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}


def _unplain(row: Mapping[str, Json], time: str) -> dict[str, Any]:
    """The values of a recorded row as the columns take them. time: the name of the column that is a time."""
    return {**row, time: None if row[time] is None else datetime.fromisoformat(row[time])}
