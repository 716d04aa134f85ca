"""A person's verdict on a value of a company: which value is meant, what gave it, and the profiles it corrects.

company, Judgement -> Verdict, kept with corrected profiles       withdraw -> the profiles as they are without it

Nothing is bought for it. What is wrong stays known, and visible, as rejected.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.domain.json_values import Json
from enrichment.domain.knowledge import VERDICT, Verdict
from enrichment.domain.profiles import Profile
from enrichment.domain.values import Value, in_words, load_value
from enrichment.memory.same_item import item_of
from enrichment.memory.verdicts import judged, overruled, takes_into_account
from enrichment.parsing.stated_values import NotAValue, stated_value
from enrichment.ports import Store
from enrichment.profiles.corrections import corrected
from enrichment.rules import Rules
from enrichment.rules.requirements import UnknownName

Stated = str | Mapping[str, Json]
"""A value as text, or with all its fields."""
_SHOWN = 5


class NothingToJudge(ValueError):
    """It is not clear which value is meant, or there is none; the message states what to write."""


class OtherVerdict(Exception):
    """What would be judged otherwise is a verdict that the caller may not change; the message states whose it is."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a person says of a dataset of a company.

    wrong: None: the value that is served, where there is one. right: None: what is right is not known.
    """

    dataset: str
    because: str
    by: str
    wrong: Stated | None = None
    right: Stated | None = None


@dataclass(frozen=True, slots=True)
class _KnownValue:
    """served: whether a profile has it, or the next one would."""

    value: Value
    source: str
    served: bool


def judge(
    company: Company,
    judgement: Judgement,
    *,
    rules: Rules,
    store: Store,
    now: datetime,
    may_change: Callable[[Verdict], bool] = lambda _verdict: True,
) -> Verdict:
    """Keeps a verdict, with the profiles that it corrects. may_change: asked of each verdict that it overrules.

    Blocks. Raises UnknownName, NotAValue, NothingToJudge, OtherVerdict, StoreError.
    """
    verdict = _verdict(company, judgement, rules, store, now)
    valid = [one for one in store.verdicts.of(company.company_id) if one.is_valid]
    for other in overruled(verdict, valid, single=rules.datasets[judgement.dataset].at_most == 1):
        if not may_change(other):
            raise OtherVerdict(
                f"{other.verdict_id} of {other.by} says otherwise ({other.because}): that key or an admin changes it."
            )
    store.verdicts.keep(verdict, _corrected(company, [*valid, verdict], rules, store, now))
    return verdict


def _verdict(company: Company, judgement: Judgement, rules: Rules, store: Store, now: datetime) -> Verdict:
    """The judgement with the value that it means, and the sources that gave that value."""
    dataset = judgement.dataset
    if dataset not in rules.datasets:
        raise UnknownName(f"There is no dataset '{dataset[:60]}'; there are {', '.join(sorted(rules.datasets))}.")
    if not judgement.because.strip():
        raise NothingToJudge("State why the value is wrong: those that look later want to know.")
    known = list(_known(company, dataset, store))
    wrong, right = _wrong_and_right(company, judgement, known, single=rules.datasets[dataset].at_most == 1)
    return Verdict(
        verdict_id=new_id("ver"),
        company_id=company.company_id,
        dataset=dataset,
        wrong=wrong,
        right=right,
        because=judgement.because.strip(),
        sources=_sources_of(dataset, wrong, known),
        by=judgement.by,
        at=now,
    )


def _wrong_and_right(
    company: Company, judgement: Judgement, known: Sequence[_KnownValue], *, single: bool
) -> tuple[Value | None, Value | None]:
    """The known value that is meant, and the one stated in its place."""
    dataset = judgement.dataset
    right = None if judgement.right is None else stated_value(dataset, judgement.right)
    wrong = _meant(company, dataset, judgement.wrong, known, single=single, has_right=right is not None)
    if wrong is not None and right is not None and item_of(dataset, wrong) == item_of(dataset, right):
        raise NothingToJudge(_no_difference(wrong, right))
    return wrong, right


def _sources_of(dataset: str, meant: Value | None, known: Sequence[_KnownValue]) -> tuple[str, ...]:
    """The sources that gave this value."""
    item = None if meant is None else item_of(dataset, meant)
    gave = {one.source for one in known if one.source != VERDICT and item_of(dataset, one.value) == item}
    return tuple(sorted(gave))


def withdraw(verdict: Verdict, *, by: str, rules: Rules, store: Store, now: datetime) -> bool:
    """False: it is withdrawn already. Blocks. Raises StoreError."""
    company = store.companies.by_id(verdict.company_id)
    valid = [one for one in store.verdicts.of(verdict.company_id) if one.is_valid]
    left = [one for one in valid if one.verdict_id != verdict.verdict_id]
    profiles = [] if company is None else _corrected(company, left, rules, store, now)
    return store.verdicts.withdraw(verdict.verdict_id, by=by, at=now, profiles=profiles)


def profile_now(
    company_id: str, consumer: str, audience: str | None, *, rules: Rules, store: Store, now: datetime
) -> Profile | None:
    """The newest kept profile, whatever its age, with the verdicts that are valid now. Nothing is written. Blocks."""
    profile = store.profiles.latest(company_id, consumer, audience)
    if profile is None:
        return None
    valid = [one for one in store.verdicts.of(company_id) if one.is_valid]
    ids = [one.verdict_id for one in valid]
    return profile if takes_into_account(profile, ids) else corrected(profile, valid, rules, now)


def _corrected(
    company: Company, verdicts: Sequence[Verdict], rules: Rules, store: Store, now: datetime
) -> list[Profile]:
    return [corrected(profile, verdicts, rules, now) for profile in store.profiles.latest_of(company.company_id)]


def _known(company: Company, dataset: str, store: Store) -> Iterator[_KnownValue]:
    """What profiles have of it, the newest first, then what else is known; values that a verdict rejects are not."""
    latest = store.profiles.latest_of(company.company_id)
    for profile in sorted(latest, key=lambda profile: profile.created_at, reverse=True):
        field = profile.document["datasets"].get(dataset, {"values": (), "others": ()})
        for shown, served in ((field["values"], True), (field["others"], False)):
            for entry in shown:
                if "rejected_by" not in entry:
                    yield _KnownValue(load_value(dataset, entry["value"]), entry["source"], served)
    for fact in judged(store.knowledge.known(company.company_id)).facts:
        if fact.dataset == dataset:
            yield _KnownValue(fact.value, fact.source, served=False)


def _meant(
    company: Company, dataset: str, wrong: Stated | None, known: Sequence[_KnownValue], *, single: bool, has_right: bool
) -> Value | None:
    """single: the dataset has one value, so the newest profile's is meant."""
    if wrong is not None:
        return _named(dataset, wrong, known)
    served = {item_of(dataset, one.value): one.value for one in known if one.served}
    served = served or {item_of(dataset, one.value): one.value for one in known}
    if len(served) > 1 and not single:
        shown = "; ".join(_words(value) for value in list(served.values())[:_SHOWN])
        raise NothingToJudge(f"{company.key} has several values of {dataset}: say which one is wrong ({shown}).")
    if not served and not has_right:
        raise NothingToJudge(f"Nothing is known of {dataset} of {company.key}: say what is right instead.")
    return next(iter(served.values()), None)


def _named(dataset: str, wrong: Stated, known: Sequence[_KnownValue]) -> Value:
    """The known value that is written so, else the value that the text states."""
    if isinstance(wrong, str):
        asked = wrong.strip().casefold()
        for one in known:
            words = _words(one.value).casefold()
            if words == asked or words.split(", ")[0] == asked:
                return one.value
    value = stated_value(dataset, wrong)
    return next((one.value for one in known if item_of(dataset, one.value) == item_of(dataset, value)), value)


def _no_difference(wrong: Value, right: Value) -> str:
    if _words(wrong) == _words(right):
        return f"'{_words(right)}' is both the wrong value and the right one."
    return (
        f"'{_words(wrong)}', which is wrong, and '{_words(right)}', which is right, are two ways to write the same "
        "value: state one that differs."
    )


def _words(value: Value) -> str:
    return in_words(value.model_dump(mode="json"))


__all__ = ["Judgement", "NotAValue", "NothingToJudge", "OtherVerdict", "Stated", "judge", "profile_now", "withdraw"]
