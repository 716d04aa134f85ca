"""What is different in a profile than in the one before: what a seller acts on.

profile before, profile now -> Change, ... (none for the first one, nor for another spelling)

Of a list, an item is new where its source had answered before without it, or where its own date is later than the
profile before; it is gone where the source that gave it answers again without it. Texts in other words are no change
where another source states them; claims of a model are none at all.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from enrichment.domain.ids import new_id
from enrichment.domain.json_values import Json, fingerprint
from enrichment.domain.knowledge import VERDICT
from enrichment.domain.profiles import Change, Profile
from enrichment.domain.values import Contact, Value, load_value
from enrichment.memory.same_item import is_changed, item_of
from enrichment.parsing.job_titles import department, seniority
from enrichment.profiles.disputes import compatible
from enrichment.rules import Rules

_Entry = Mapping[str, Json]
_DATES: Mapping[str, str] = {
    "recent_news": "published_at",
    "hiring_trends": "posted_on",
    "purchase_intent": "observed_on",
}
"""Dataset -> the field that states when an item came about."""
_COME_AND_GO = frozenset(_DATES)
"""An item of these that is not reported any more is old, not gone."""
_WORDED_FREELY = "company_description"


def changes_between(before: Profile | None, after: Profile, rules: Rules) -> tuple[Change, ...]:
    """before: the last profile of the same company, consumer and audience, with the verdicts that count now."""
    if before is None:
        return ()
    were, are = before.document["datasets"], after.document["datasets"]
    found: list[Change] = []
    for dataset in are:
        entry = rules.datasets.get(dataset)
        if entry is None or entry.analysis is not None or dataset not in were:
            continue
        compared = _Compared(dataset, were[dataset], are[dataset], before, after)
        found += compared.single() if entry.at_most == 1 else compared.listed()
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Compared:
    """One dataset of two profiles, as their documents show it."""

    dataset: str
    were: Mapping[str, Json]
    are: Mapping[str, Json]
    before: Profile
    after: Profile

    def single(self) -> Iterator[Change]:
        """The change of a dataset of one value that both profiles have; a verdict's value is no change."""
        if not self.were["values"] or not self.are["values"]:
            return
        old, new = self.were["values"][0], self.are["values"][0]
        if VERDICT in (old["source"], new["source"]) or old["reply_id"] == new["reply_id"]:
            return
        if not is_changed(self.dataset, [old["value"]], [new["value"]]):
            return
        elsewhere = old["source"] != new["source"]
        if elsewhere and (self.dataset == _WORDED_FREELY or compatible(*self._loaded(old, new))):
            return
        yield self._change("changed", old, new, f"{new['source']} states it, of quality {new['quality']:.2f}")

    def listed(self) -> Iterator[Change]:
        old, new = self._by_item(self.were["values"]), self._by_item(self.are["values"])
        lost = self._by_item(self.were["others"])
        answered = {entry["source"]: entry["reply_id"] for entry in (*self.were["values"], *self.were["others"])}
        for item, entry in new.items():
            if entry["source"] == VERDICT or item in lost:
                continue
            if item not in old:
                if why := self._why_new(entry, answered):
                    yield self._change("added", None, entry, why)
            elif self._has_another_title(old[item], entry):
                yield self._change("changed", old[item], entry, f"{entry['source']} states another title")
        yield from self._gone(old, {*new, *self._by_item(self.are["others"])})

    def _gone(self, old: Mapping[str, _Entry], still: set[str]) -> Iterator[Change]:
        if self.dataset in _COME_AND_GO:
            return
        now = {entry["source"]: entry for entry in self.are["values"]}
        for item, entry in old.items():
            newer = now.get(entry["source"])
            if item not in still and newer is not None and newer["reply_id"] != entry["reply_id"]:
                yield self._change("removed", entry, None, f"{entry['source']} does not report it any more", newer)

    def _why_new(self, entry: _Entry, answered: Mapping[str, str]) -> str | None:
        """answered: source -> its reply in the profile before."""
        dated = _dated(self.dataset, entry["value"])
        if dated is not None:
            is_later = dated > self.before.created_at
            return f"it is dated {dated:%Y-%m-%d}, after the profile before" if is_later else None
        earlier = answered.get(entry["source"])
        if earlier is None or earlier == entry["reply_id"]:
            return None
        return f"{entry['source']} did not report it before"

    def _has_another_title(self, old: _Entry, new: _Entry) -> bool:
        one, other = self._loaded(old, new)
        if not isinstance(one, Contact) or not isinstance(other, Contact) or not one.title or not other.title:
            return False
        return old["reply_id"] != new["reply_id"] and _role(one.title) != _role(other.title)

    def _by_item(self, entries: list[_Entry]) -> dict[str, _Entry]:
        found: dict[str, _Entry] = {}
        for entry in entries:
            found.setdefault(item_of(self.dataset, load_value(self.dataset, entry["value"])), entry)
        return found

    def _loaded(self, *entries: _Entry) -> tuple[Value, ...]:
        return tuple(load_value(self.dataset, entry["value"]) for entry in entries)

    def _change(
        self, kind: Any, old: _Entry | None, new: _Entry | None, why: str, shown_by: _Entry | None = None
    ) -> Change:
        """shown_by: where there is no new value, a value of the reply that has it no longer."""
        evidence = new or shown_by or old
        assert evidence is not None  # noqa: S101  one of them is there
        one, other = (None if entry is None else entry["value"] for entry in (old, new))
        return Change(
            change_id=new_id("chg"),
            mark=fingerprint([self.dataset, kind, self._item(old), self._item(new), evidence["reply_id"]]),
            company_id=self.after.company_id,
            consumer=self.after.consumer,
            audience=self.after.audience,
            dataset=self.dataset,
            kind=kind,
            before=one,
            after=other,
            source=evidence["source"],
            reply_id=evidence["reply_id"],
            evidence=evidence["evidence"],
            why=why,
            since=datetime.fromisoformat(evidence["collected_at"]),
            profile_id=self.after.profile_id,
            request_id=self.after.request_id,
            at=self.after.created_at,
        )

    def _item(self, entry: _Entry | None) -> str | None:
        return None if entry is None else item_of(self.dataset, load_value(self.dataset, entry["value"]))


def _role(title: str) -> tuple[str, str | None] | str:
    """Equal for two titles of one role: 'CTO' and 'Chief Technology Officer'; of staff the words count."""
    rank, where = seniority(title), department(title)
    return " ".join(title.casefold().split()) if rank == "staff" or where is None else (rank, where)


def _dated(dataset: str, value: Mapping[str, Json]) -> datetime | None:
    stated = value.get(_DATES.get(dataset, ""))
    if not stated:
        return None
    if len(stated) == len("2026-11-30"):
        return datetime.combine(date.fromisoformat(stated), datetime.min.time(), UTC)
    at = datetime.fromisoformat(stated)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
