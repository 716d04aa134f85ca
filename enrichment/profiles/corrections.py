"""A kept profile with other verdicts in force than when it was made: corrected from its own document, at no cost.

profile + verdicts -> its values chosen once more, status and quality, the verdicts in its document

Only datasets that verdicts are about, or were about, are touched. A profile that lacks something required afterwards is
served no more: the next request looks for it elsewhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter

from enrichment.domain.ids import new_id
from enrichment.domain.json_values import Json
from enrichment.domain.knowledge import VERDICT, Fact, Verdict
from enrichment.domain.profiles import Profile
from enrichment.domain.values import Claim, load_value
from enrichment.memory.same_item import item_of
from enrichment.memory.verdicts import rejections, sorted_out
from enrichment.profiles.choice import choose
from enrichment.profiles.disputes import disputed
from enrichment.profiles.document import missing_required, noted
from enrichment.profiles.fields import GOOD
from enrichment.profiles.quality import Aged, profile_quality
from enrichment.rules import Rules

_MARK = "rejected_by"


def corrected(profile: Profile, verdicts: Sequence[Verdict], rules: Rules, now: datetime) -> Profile:
    """A new profile of the same request. verdicts: those that are valid now, on its company."""
    document, fields = profile.document, profile.document["datasets"]
    about = {verdict.dataset for verdict in verdicts}
    new = {
        dataset: _corrected(rules, dataset, field, verdicts, profile, now)
        if dataset in rules.datasets and (dataset in about or _was_judged(field))
        else field
        for dataset, field in fields.items()
    }
    kept = {name: value for name, value in document.items() if name != "verdicts"}
    changed = {**kept, "datasets": new, **noted(verdicts)}
    return _with_quality(profile, changed, now)


@dataclass(frozen=True, slots=True)
class _ShownFact:
    """A value of a document, and the fact that it is of."""

    fact: Fact
    shown: Mapping[str, Json]


def _was_judged(field: Mapping[str, Json]) -> bool:
    return any(v["source"] == VERDICT or _MARK in v for v in (*field["values"], *field["others"]))


def _corrected(
    rules: Rules,
    dataset: str,
    field: Mapping[str, Json],
    verdicts: Sequence[Verdict],
    profile: Profile,
    now: datetime,
) -> Mapping[str, Json]:
    entries = [_entry(dataset, shown, profile.company_id) for shown in (*field["values"], *field["others"])]
    shown = {id(entry.fact): entry.shown for entry in entries}
    its = [verdict for verdict in verdicts if verdict.dataset == dataset]
    kept, rejected = sorted_out(its, [entry.fact for entry in entries])
    domain = profile.document["company"]["domain"]
    values, others = choose(rules, dataset, _best_first(kept, _request_moments(entries)), domain)
    wrong = rejections(its)
    return {
        **field,
        "status": (status := _status(rules, dataset, field, values)),
        "values": [_shown(fact, shown, now) for fact in values],
        "others": [
            *(_shown(fact, shown, now) for fact in others),
            *(
                _shown(fact, shown, now) | {_MARK: wrong[dataset, item_of(dataset, fact.value)].verdict_id}
                for fact in rejected
            ),
        ],
        "disputed": disputed(rules, dataset, values, others),
        "why": None if status in GOOD else field["why"] or "a verdict rejects what was known",
    }


def _entry(dataset: str, shown: Mapping[str, Json], company_id: str) -> _ShownFact:
    fact = Fact(
        company_id=company_id,
        dataset=dataset,
        value=load_value(dataset, shown["value"]),
        quality=shown["quality"],
        reliability=shown["reliability"],
        source=shown["source"],
        reply_id=shown["reply_id"],
        purchase_id=shown["purchase_id"],
        evidence=shown["evidence"],
        collected_at=datetime.fromisoformat(shown["collected_at"]),
        holds_until=datetime.fromisoformat(shown["holds_until"]),
        last_resort=shown["last_resort"],
    )
    return _ShownFact(fact, {name: value for name, value in shown.items() if name != _MARK})


def _request_moments(entries: Sequence[_ShownFact]) -> dict[str, datetime]:
    """As in memory: reply_id -> when what its request paid for began to come."""
    first: dict[str, datetime] = {}
    payers = {entry.fact.reply_id: str(entry.shown["paid_by"] or entry.fact.reply_id) for entry in entries}
    for entry in entries:
        payer, at = payers[entry.fact.reply_id], entry.fact.collected_at
        first[payer] = min(at, first.get(payer, at))
    return {reply_id: first[payer] for reply_id, payer in payers.items()}


def _best_first(facts: Sequence[Fact], moments: Mapping[str, datetime]) -> list[Fact]:
    """Facts in the order of fresh_facts; those of an analysis with the latest claims first."""

    def rank(fact: Fact) -> tuple[bool, bool, float, datetime]:
        quality = 0.0 if isinstance(fact.value, Claim) else fact.quality
        return fact.source == VERDICT, not fact.last_resort, quality, moments.get(fact.reply_id, fact.collected_at)

    return sorted(sorted(facts, key=attrgetter("source")), key=rank, reverse=True)


def _status(rules: Rules, dataset: str, field: Mapping[str, Json], values: Sequence[Fact]) -> str:
    entry = rules.datasets[dataset]
    good = [fact for fact in values if not fact.last_resort and fact.quality >= entry.quality_threshold]
    if len(good) >= entry.enough:
        return "satisfied"
    if not values:
        return "empty" if field["status"] == "empty" else "missing"
    return "partial" if good else "last resort"


def _shown(fact: Fact, shown: Mapping[int, Mapping[str, Json]], now: datetime) -> dict[str, Json]:
    """The value as it was shown; a verdict's value as assembly shows a fact."""
    if (before := shown.get(id(fact))) is not None:
        return dict(before)
    return {
        "value": fact.value.model_dump(mode="json"),
        "source": fact.source,
        "quality": fact.quality,
        "reliability": fact.reliability,
        "collected_at": fact.collected_at.isoformat(),
        "age_seconds": int(fact.age(now).total_seconds()),
        "holds_until": fact.holds_until.isoformat(),
        "expired": False,
        "last_resort": False,
        "reply_id": fact.reply_id,
        "evidence": fact.evidence,
        "purchase_id": fact.purchase_id,
        "cost_micro_usd": 0,
        "paid_by": None,
    }


def _with_quality(profile: Profile, document: Mapping[str, Json], now: datetime) -> Profile:
    fields = [field for field in document["datasets"].values() if not field.get("extra")]
    analyses = {*document["analyses"], *document["gaps"]}
    quality = profile_quality(
        required=[field["status"] in GOOD for field in fields if field["required"]],
        optional=[field["status"] in GOOD for field in fields if not field["required"]],
        analyses=[name in document["analyses"] for name in sorted(analyses)],
        analysis_failed=bool(document.get("missing_analyses")),
        facts=[_aged(value) for field in fields for value in field["values"]],
        now=now,
    )
    shown = {
        "overall": round(quality.overall, 4),
        "completeness": round(quality.completeness, 4),
        "freshness": round(quality.freshness, 4),
        "reliability": round(quality.reliability, 4),
        "confidence": quality.confidence,
    }
    return replace(
        profile,
        profile_id=new_id("pro"),
        quality=quality.overall,
        completeness=quality.completeness,
        confidence=quality.confidence,
        document={**document, "quality": shown},
        created_at=now,
        holds_until=min(profile.holds_until, now) if missing_required(document) else profile.holds_until,
    )


def _aged(value: Mapping[str, Json]) -> Aged:
    return Aged(
        value["reliability"],
        datetime.fromisoformat(value["collected_at"]),
        datetime.fromisoformat(value["holds_until"]),
    )
