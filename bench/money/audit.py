"""Does the ledger equal the invoice? Rows of purchases against caps, replies and the lines of the vendors' invoice.

    store + rules + lines of the invoice -> over_caps, caps_in_error, bought_twice, without_reply, orphans, UnitGap per
    unit;  reconcile() by line

Nothing here uses the code that writes the ledger.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import permutations
from typing import Any

import sqlalchemy as sa

from enrichment.domain.json_values import fingerprint
from enrichment.domain.money import charge, to_micro
from enrichment.domain.purchases import Purchase
from enrichment.rules import Rules
from resources.store import SqlStore
from resources.store import tables as t

_OPEN = ("reserved", "sent", "uncertain")
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}")
_QUOTED = re.compile(r'"([^"\\]+)')

Line = Mapping[str, Any]
BilledSubject = tuple[str, str, str]  # vendor, unit, company_id ('' where a line names none)
UnitGaps = dict[tuple[str, str], "UnitGap"]


@dataclass(frozen=True)
class UnitGap:
    """Units of one kind: what the ledger settled, what the vendor billed, what uncertain purchases may have cost."""

    settled: int
    billed: int
    uncertain: int

    @property
    def explained(self) -> bool:
        return self.settled <= self.billed <= self.settled + self.uncertain

    @property
    def closed(self) -> bool:
        return self.settled == self.billed


def purchases(store: SqlStore) -> list[sa.Row[Any]]:
    with store.changes() as (tx, _):
        return list(tx.execute(sa.select(t.purchases).order_by(t.purchases.c.purchase_id)))


def booked(rows: Iterable[sa.Row[Any]]) -> dict[str, int]:
    """Cap -> micro-USD: what was settled, and the reserve of what is open or uncertain; names made from the rows."""
    taken: Counter[str] = Counter()
    for row in rows:
        amount = row.cost_micro_usd if row.state == "settled" else row.reserved_micro_usd if row.state in _OPEN else 0
        for name in _caps_of(row):
            taken[name] += amount
    return dict(taken)


def over_caps(store: SqlStore, rules: Rules) -> dict[str, int]:
    """Cap -> micro-USD above its limit, of those that are passed. A request's limit is its consumer's."""
    rows = purchases(store)
    limits = _limits(rows, rules)
    return {name: above for name, sum_ in booked(rows).items() if (above := sum_ - limits.get(name, sum_)) > 0}


def caps_in_error(store: SqlStore) -> dict[str, tuple[int, int]]:
    """Cap -> (what the table records as taken, what its purchases add up to), where these differ."""
    added = booked(purchases(store))
    with store.changes() as (tx, _):
        table = {row.name: row.taken_micro_usd for row in tx.execute(sa.select(t.caps))}
    both = {name: (table.get(name, 0), added.get(name, 0)) for name in table.keys() | added.keys()}
    return {name: (kept, sum_) for name, (kept, sum_) in both.items() if kept != sum_}


def bought_twice(store: SqlStore, names: Iterable[str] = ()) -> list[tuple[str, str]]:
    """(company, source) of which more was bought than was needed, as companies are now, former ones included:

    while an earlier reply to the same question was valid, or though an earlier purchase that is uncertain, or was until
    it was reconciled, could have been resumed at no cost. Analyses are valid for good.
    names: by which companies were asked for. A name alone, before its company is known, is another question.
    """
    rows, until, again = _bought(store)
    nameless = {fingerprint([row.variant, name, None]) for name in names for row in rows}
    asked = defaultdict[tuple[str, str, str, bool], list[sa.Row[Any]]](list)
    for row in rows:
        asked[row.company_id, row.source, row.variant, row.asked in nameless].append(row)
    twice = [
        (later.company_id, later.source)
        for same in asked.values()
        for earlier, later in permutations(same, 2)
        if _known_by_then(earlier, later, until.get(earlier.purchase_id)) or _could_have_been_resumed(earlier, later)
    ]
    return twice + again


def _bought(store: SqlStore) -> tuple[list[sa.Row[Any]], dict[str, datetime], list[tuple[str, str]]]:
    """Purchases that were sent and not released; purchase -> until when its reply is valid; analyses made twice."""
    p, r, a = t.purchases.c, t.replies.c, t.analyses.c
    made = sa.select(t.purchases).where(p.state.in_(["sent", "uncertain", "settled"])).order_by(p.purchase_id)
    again = (
        sa.select(sa.func.min(p.company_id), sa.func.min(p.source))
        .select_from(t.analyses.join(t.purchases, p.purchase_id == a.purchase_id))
        .group_by(a.key)
        .having(sa.func.count() > 1)
    )
    with store.changes() as (tx, _):
        until = {row.purchase_id: row.expires_at for row in tx.execute(sa.select(r.purchase_id, r.expires_at))}
        return list(tx.execute(made)), until, [(row[0], row[1]) for row in tx.execute(again)]


def _known_by_then(earlier: sa.Row[Any], later: sa.Row[Any], until: datetime | None) -> bool:
    """Whether a reply was there, and fresh. What may not have been billed counts only if it was begun in vain."""
    if until is None or earlier.state != "settled" or later.closed_at is None:
        return False
    if later.state == "settled" and later.outcome != "reconciled":
        return bool(earlier.closed_at <= later.closed_at < until)
    return later.sent_at is not None and bool(earlier.closed_at < later.sent_at < until)


def _could_have_been_resumed(earlier: sa.Row[Any], later: sa.Row[Any]) -> bool:
    doubtful = earlier.state != "settled" or earlier.outcome == "reconciled"
    if not doubtful or earlier.sent_at is None or earlier.reserved_at >= later.reserved_at:
        return False
    free = earlier.repeatable_until is not None and earlier.repeatable_until > later.reserved_at
    if earlier.handle is not None:
        return free or earlier.repeatable_until is None
    return free and bool(earlier.asked == later.asked)


def orphans(store: SqlStore) -> list[str]:
    """Purchases, replies, analyses, requests of companies that are not there, and what came of a purchase that is
    another company's.
    """
    p, there = t.purchases.c, sa.select(t.companies.c.company_id)
    lost: list[str] = []
    with store.changes() as (tx, _):
        for table in (t.purchases, t.replies, t.analyses, t.requests):
            [id_] = table.primary_key
            lost += tx.scalars(sa.select(id_).where(table.c.company_id.not_in(there)))
        for table in (t.replies, t.analyses):
            [id_] = table.primary_key
            others = sa.select(id_).join_from(table, t.purchases, p.purchase_id == table.c.purchase_id)
            lost += tx.scalars(others.where(p.company_id != table.c.company_id))
    return lost


def without_reply(store: SqlStore) -> list[str]:
    """Settled purchases with an answer but neither reply nor analysis: paid for and lost."""
    p = t.purchases.c
    kept = sa.select(t.replies.c.purchase_id).union(sa.select(t.analyses.c.purchase_id))
    answered = p.outcome.in_(["found", "nothing", "answered"])
    query = sa.select(p.purchase_id).where(p.state == "settled", answered, p.purchase_id.not_in(kept))
    with store.changes() as (tx, _):
        return list(tx.scalars(query))


def gaps(store: SqlStore, invoice: Mapping[str, Mapping[str, int]]) -> UnitGaps:
    """The gaps per vendor and unit."""
    settled: Counter[tuple[str, str]] = Counter()
    uncertain: Counter[tuple[str, str]] = Counter()
    for row in purchases(store):
        sums, units = (settled, row.units) if row.state == "settled" else (uncertain, row.reserved_units)
        if row.state in ("settled", *_OPEN):
            for unit, count in units.items():
                sums[row.provider, unit] += count
    billed = {(vendor, unit): n for vendor, units in invoice.items() for unit, n in units.items()}
    every = settled.keys() | uncertain.keys() | {key for key, n in billed.items() if n}
    return {key: UnitGap(settled[key], billed.get(key, 0), uncertain[key]) for key in sorted(every)}


def reconcile(
    store: SqlStore, lines: Sequence[Line], catalogue: Sequence[Mapping[str, str]], at: datetime
) -> dict[BilledSubject, int]:
    """Ends all that is uncertain, or abandoned by its process, by the lines about its own company that no settled
    purchase accounts for.

    catalogue: name and domain of every company the vendors know. Lines that name no company (people's
    credits, tokens) are shared out among all of their vendor. Returns what is left over: units billed that no purchase
    can account for, or below 0 units settled that were not billed.
    """
    store.ledger.end_abandoned(at)
    subjects = _Subjects(store, catalogue)
    owed: Counter[BilledSubject] = Counter()
    for line in lines:
        owed[line["vendor"], line["unit"], subjects.of_line(line)] += line["units"]
    for row in purchases(store):
        if row.state == "settled":
            for unit, count in row.units.items():
                owed[row.provider, unit, subjects.of_purchase(row.provider, row.company_id)] -= count
    for purchase in store.ledger_queries.uncertain():
        subject = subjects.of_purchase(purchase.provider, purchase.company_id)
        _end(store, purchase, _taken(owed, purchase, subject), at)
    return {matter: units for matter, units in owed.items() if units}


def purchases_behind(store: SqlStore, matter: BilledSubject) -> list[str]:
    """The purchases behind it, a line each."""
    vendor, unit, company_id = matter
    return [
        f"{row.source} {row.state} {row.units}, reserved {row.reserved_at:%d %H:%M:%S}, sent {row.sent_at}, "
        f"closed {row.closed_at}, {row.outcome}, {row.reason}, handle {row.handle}"
        for row in purchases(store)
        if (row.provider, row.company_id) == (vendor, company_id) and unit in row.reserved_units
    ]


def _taken(owed: "Counter[BilledSubject]", purchase: Purchase, subject: str) -> dict[str, int]:
    units = {u: max(0, min(most, owed[purchase.provider, u, subject])) for u, most in purchase.reserved_units.items()}
    for unit, count in units.items():
        owed[purchase.provider, unit, subject] -= count
    return units


def _end(store: SqlStore, purchase: Purchase, units: dict[str, int], at: datetime) -> None:
    store.ledger.reconcile(
        purchase.purchase_id, units=units, cost_micro_usd=charge(units, purchase.usd_per_unit), at=at
    )


class _Subjects:
    """The company a line of the invoice is about: of the store, or '' where the vendor does not report it.

    Companies of one name are one subject: their questions may read the same.
    """

    _SILENT = ("openai", "apollo")

    def __init__(self, store: SqlStore, catalogue: Sequence[Mapping[str, str]]) -> None:
        companies = store.companies.all()
        self._by_domain = {company.domain: company.company_id for company in companies if company.domain}
        names = {one["name"]: self._by_domain[one["domain"]] for one in catalogue if one["domain"] in self._by_domain}
        for company in companies:
            if company.name:
                names.setdefault(company.name, company.company_id)
        self._same = {company.company_id: names[company.name] for company in companies if company.name}
        self._same |= {company_id: company_id for company_id in names.values()}
        names |= {
            json.dumps(name)[1:-1]: company_id for name, company_id in names.items()
        }  # JSON writes é as an escape
        stems = {domain.partition(".")[0]: company_id for domain, company_id in self._by_domain.items()}
        self._by_text = stems | names
        self._by_name = sorted(names.items(), key=lambda pair: len(pair[0]), reverse=True)

    def of_purchase(self, provider: str, company_id: str) -> str:
        return "" if provider in self._SILENT else self._same.get(company_id, company_id)

    def of_line(self, line: Line) -> str:
        if line["vendor"] in self._SILENT:
            return ""
        found = self._named_in(line["asked"])
        return self._same.get(found, found)

    def _named_in(self, asked: str) -> str:
        for host in _HOST.findall(asked):
            if (found := self._by_domain.get(host.removeprefix("www."))) is not None:
                return found
        for text in _QUOTED.findall(asked):
            if (found := self._by_text.get(text)) is not None:
                return found
        return next((company_id for name, company_id in self._by_name if name in asked), asked)


def _caps_of(row: sa.Row[Any]) -> list[str]:
    day = row.reserved_at.date().isoformat()
    names = [f"request:{row.request_id}", f"day:{day}", f"provider:{row.provider}:{day}", f"source:{row.source}:{day}"]
    return names + [f"consumer:{name}:{day}" for name in row.consumer.split("+")]


def _limits(rows: Iterable[sa.Row[Any]], rules: Rules) -> dict[str, int]:
    """The limits of the caps these purchases fall under; a cap without a limit is not among them."""
    caps, limits = rules.caps, dict[str, int]()
    for row in rows:
        daily = {"provider": caps.providers.get(row.provider), "source": caps.sources.get(row.source), "day": caps.all}
        for name in _caps_of(row):
            kind, named = name.split(":")[:2]
            if kind == "request" and row.consumer in rules.consumers:
                limits[name] = rules.consumers[row.consumer].max_cost_micro_usd
            usd = caps.consumers.get(named) if kind == "consumer" else daily.get(kind)
            if usd is not None:
                limits[name] = to_micro(usd)
    return limits
