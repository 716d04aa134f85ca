"""What a company's page shows of each dataset, and why a value that lost did. Pure.

profiles of its consumers + facts -> dataset -> DatasetShown: values, each with its provenance and its losers
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from enrichment.domain.json_values import Json
from enrichment.domain.knowledge import VERDICT
from enrichment.domain.values import EmployeeCount, identity, in_words, load_value
from service.pages.rendering import age, as_data, words
from service.views.companies import CompanyDetail, FactView, ProfileView, RequestView

_SHOWN_IN_FULL = frozenset({"company_description"})
_ALMOST = 0.005
"""Two qualities that differ by less look the same with two decimals."""


@dataclass(frozen=True, slots=True)
class LostValue:
    """A value that is not served. why: the reason for that."""

    text: str
    source: str
    quality: float
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class ShownValue:
    """value: as stored. full: its text, where a line does not say all of it. cost: of its purchase, micro-USD. bought:
    for what, by whom; empty: not known. evidence: where in the reply it is; of a verdict: its reason. checked: how
    often its source was right (`right`, `of`); empty: not known."""

    value: Mapping[str, Any]
    text: str
    full: str
    source: str
    checked: Mapping[str, int]
    quality: float
    at: datetime
    until: datetime
    expired: bool
    last_resort: bool
    cost: int
    bought: str
    evidence: str
    agreeing: int
    lost: tuple[LostValue, ...]

    @property
    def by_verdict(self) -> bool:
        return self.source == VERDICT

    @property
    def mark(self) -> str:
        """The mark of the value in a URL: a hash of it."""
        return sha256(as_data(self.value).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class DatasetShown:
    """status, why: as the profile states them. others: values that lost, to no shown value in particular."""

    dataset: str
    status: str
    why: str | None
    disputed: bool
    values: tuple[ShownValue, ...]
    others: tuple[LostValue, ...]

    def newest_first(self, day: str) -> Sequence[ShownValue]:
        """The values, newest first. day: the field with their date; values without a date come last."""
        return sorted(self.values, key=lambda one: str(one.value.get(day) or ""), reverse=True)

    def postings(self) -> Sequence[ShownValue]:
        """The newest first; one that two sources report, with and without its place, once: with it."""
        placed = {(one.value.get("title"), one.value.get("posted_on")) for one in self.values if _place(one)}
        return [
            one
            for one in self.newest_first("posted_on")
            if _place(one) or (one.value.get("title"), one.value.get("posted_on")) not in placed
        ]


def _place(posting: ShownValue) -> str:
    return str(posting.value.get("location") or "")


def datasets_shown(
    profiles: Sequence[ProfileView], detail: CompanyDetail, requests: Sequence[RequestView], now: datetime
) -> dict[str, DatasetShown]:
    """The datasets, each as the newest profile has it that has values of it; without a profile as the facts have it."""
    fields: dict[str, Mapping[str, Json]] = {}
    for profile in sorted(profiles, key=lambda one: one.made_at):
        for dataset, field in profile.profile["datasets"].items():
            if field["values"] or not fields.get(dataset, {"values": ()})["values"]:
                fields[dataset] = field
    costs = {one.purchase_id: int(Decimal(one.cost_usd) * 1_000_000) for one in detail.replies}
    for dataset, facts in detail.facts.items():
        if dataset not in fields:
            fields[dataset] = _field_of(dataset, facts, costs)
    bought = {one.id: f"{words(one.consumer)}, asked by {one.asked_by}" for one in requests}
    return {dataset: _shown(dataset, field, bought, now) for dataset, field in fields.items()}


def _field_of(dataset: str, facts: Sequence[FactView], costs: Mapping[str, int]) -> Mapping[str, Json]:
    """Facts of no profile, the best first, in the shape of one: the first of each item is served.

    costs: of each purchase (micro-USD).
    """
    entries: list[dict[str, Json]] = [
        {
            "value": fact.value,
            "source": fact.source,
            "quality": fact.quality,
            "collected_at": fact.collected_at.isoformat(),
            "holds_until": fact.valid_until.isoformat(),
            "last_resort": False,
            "evidence": fact.evidence,
            "cost_micro_usd": costs.get(fact.purchase_id, 0),
            "paid_by": None,
        }
        for fact in facts
    ]
    served = {_item(dataset, entry): entry for entry in reversed(entries)}
    values = [entry for entry in entries if served[_item(dataset, entry)] is entry]
    others = [entry for entry in entries if served[_item(dataset, entry)] is not entry]
    return {"status": "known", "why": None, "disputed": False, "values": values, "others": others}


def _shown(dataset: str, field: Mapping[str, Json], bought: Mapping[str, str], now: datetime) -> DatasetShown:
    others = list(field["others"])
    single = len(field["values"]) == 1
    values = tuple(_value(dataset, entry, others, bought, now, single=single) for entry in field["values"])
    items = {_item(dataset, entry) for entry in field["values"]}
    left = [] if single else [one for one in others if _item(dataset, one) not in items]
    return DatasetShown(
        dataset,
        field["status"],
        field["why"],
        field["disputed"],
        values,
        tuple(_lost(dataset, one, None, now) for one in left),
    )


def _value(
    dataset: str,
    entry: Mapping[str, Json],
    others: Sequence[Mapping[str, Json]],
    bought: Mapping[str, str],
    now: datetime,
    *,
    single: bool,
) -> ShownValue:
    item, until = _item(dataset, entry), datetime.fromisoformat(entry["holds_until"])
    its = [one for one in others if single or _item(dataset, one) == item]
    agreeing = {one["source"] for one in its if _item(dataset, one) == item} - {entry["source"]}
    return ShownValue(
        value=entry["value"],
        text=in_words(entry["value"]),
        full=_full(dataset, entry["value"]),
        source=entry["source"],
        checked=entry.get("checked", {}),
        quality=entry["quality"],
        at=datetime.fromisoformat(entry["collected_at"]),
        until=until,
        expired=until <= now,
        last_resort=entry["last_resort"],
        cost=entry["cost_micro_usd"],
        bought=bought.get(entry["paid_by"] or "", ""),
        evidence=entry["evidence"],
        agreeing=len(agreeing),
        lost=tuple(_lost(dataset, one, entry, now) for one in its),
    )


def _full(dataset: str, value: Mapping[str, Json]) -> str:
    text = str(value.get("text") or "")
    return "" if dataset in _SHOWN_IN_FULL or text in in_words(value) else text


def _lost(dataset: str, lost: Mapping[str, Json], won: Mapping[str, Json] | None, now: datetime) -> LostValue:
    at = datetime.fromisoformat(lost["collected_at"])
    return LostValue(in_words(lost["value"]), lost["source"], lost["quality"], at, _why_lost(dataset, lost, won, now))


def _why_lost(dataset: str, lost: Mapping[str, Json], won: Mapping[str, Json] | None, now: datetime) -> str:
    """Why a value is not served. won: the value that is served instead; None: the list is full."""
    return next(iter(_reasons(dataset, lost, won, now)))


def _reasons(dataset: str, lost: Mapping[str, Json], won: Mapping[str, Json] | None, now: datetime) -> Iterator[str]:
    """The reasons for which one value wins over another, in the order in which the choice compares them."""
    if "rejected_by" in lost:
        yield "a verdict says that it is wrong"
    if won is None:
        yield "more items are known than a profile shows; this one is less reliable or older"
        return
    if won["source"] == VERDICT:
        yield "a verdict states another value"
    if lost["last_resort"]:
        yield "its source is a last resort for this"
    yield from _of_precision(dataset, lost, won)
    if won["quality"] - lost["quality"] >= _ALMOST:
        yield f"less reliable: {lost['quality']:.2f} against {won['quality']:.2f}"
    older = datetime.fromisoformat(won["collected_at"]) - datetime.fromisoformat(lost["collected_at"])
    if older > timedelta(minutes=1):
        yield f"older: collected {age(lost['collected_at'], now)}"
    same = _item(dataset, lost) == _item(dataset, won)
    yield "it states the same" if same else "as reliable; the first one that was read is served"


def _of_precision(dataset: str, lost: Mapping[str, Json], won: Mapping[str, Json]) -> Iterator[str]:
    one, other = load_value(dataset, lost["value"]), load_value(dataset, won["value"])
    if isinstance(one, EmployeeCount) and isinstance(other, EmployeeCount) and other.closed and not one.closed:
        yield "less precise: it names no upper end"


def _item(dataset: str, entry: Mapping[str, Json]) -> str:
    return identity(load_value(dataset, entry["value"]))
