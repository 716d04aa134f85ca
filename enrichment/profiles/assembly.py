"""Assemble a profile: best value per field, losing values and disputes kept, what is missing and why.

Rules + Requirements + Plan + what is known now + analyses  ->  Profile (its document is plain JSON)
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Literal

from enrichment.analysis.answer_reading import dropped_in_words
from enrichment.domain.companies import Company
from enrichment.domain.ids import analysis_source, new_id
from enrichment.domain.json_values import Json
from enrichment.domain.knowledge import VERDICT, Analysis, Fact, Known, ReplyHead, Verdict
from enrichment.domain.profiles import Profile
from enrichment.domain.requests import Request, SourceFailure
from enrichment.domain.values import EmployeeCount, Text, identity
from enrichment.memory.freshness import DatasetStatus, dataset_status, request_moments, valid_until
from enrichment.memory.same_item import item_of
from enrichment.memory.verdicts import rejections, sorted_out
from enrichment.planning.plan import Plan
from enrichment.planning.skip_reasons import shown
from enrichment.profiles.disputes import checked, disputed, fits_site_better, most_likely_first
from enrichment.profiles.fewer_units import fewer_units
from enrichment.profiles.quality import Aged, Quality, profile_quality
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements, requirements_hash

FieldStatus = Literal["satisfied", "empty", "last resort", "expired", "partial", "missing"]
GOOD = ("satisfied", "empty")
_SINGLE = 1


@dataclass(frozen=True, slots=True)
class Field:
    """One dataset of a profile. values: what is served, best first; others: what lost, kept visible.

    rejected: what verdicts say is wrong; kept visible behind the others.
    """

    dataset: str
    required: bool
    status: FieldStatus
    values: tuple[Fact, ...]
    others: tuple[Fact, ...]
    disputed: bool
    why: str | None
    rejected: tuple[Fact, ...] = ()

    @property
    def good(self) -> bool:
        return self.status in GOOD


@dataclass(frozen=True, slots=True)
class Ingredients:
    """All that a profile is made of. failures: of sources and of analyses ('analysis:growth')."""

    company: Company
    request: Request
    plan: Plan
    known: Known
    analyses: Sequence[Analysis]
    analysis_facts: Sequence[Fact]
    failures: Sequence[SourceFailure]
    gaps: Mapping[str, str]
    paid: Mapping[str, int]
    paid_by: Mapping[str, str]
    accept_stale: bool = False


def assemble(rules: Rules, requirements: Requirements, made_of: Ingredients, now: datetime) -> Profile:
    """The profile at `now`. gaps: analysis -> why there is none. paid, paid_by: purchase -> micro-USD, request."""
    fields = tuple(_field(rules, requirements, made_of, dataset, now) for dataset in requirements.datasets)
    served = [fact for field in fields for fact in field.values]
    made, failed = {a.name for a in made_of.analyses}, _failed_analyses(requirements, made_of)
    quality = profile_quality(
        required=[f.good for f in fields if f.required],
        optional=[f.good for f in fields if not f.required],
        analyses=[name in made for name in requirements.analyses],
        analysis_failed=bool(failed),
        facts=[Aged(f.reliability, f.collected_at, _until(rules, requirements, f)) for f in served],
        now=now,
    )
    document: dict[str, Json] = {
        "company": {"key": made_of.company.key, "name": made_of.company.name, "domain": made_of.company.domain},
        "consumer": requirements.consumer,
        "audience": made_of.request.audience,
        "as_of": now.isoformat(),
        "quality": _shown_quality(quality),
        "datasets": _shown_datasets(rules, requirements, made_of, fields, now),
        "analyses": {a.name: _analysis(a, made_of) for a in made_of.analyses},
        "gaps": dict(made_of.gaps),
        "missing_analyses": failed,
    }
    document |= _over_a_cap(rules, made_of, fields) | noted(made_of.known.verdicts)
    return Profile(
        profile_id=new_id("pro"),
        company_id=made_of.company.company_id,
        consumer=requirements.consumer,
        audience=made_of.request.audience,
        requirements_hash=requirements_hash(rules, requirements),
        rules_hash=rules.hash,
        request_id=made_of.request.request_id,
        quality=quality.overall,
        completeness=quality.completeness,
        confidence=quality.confidence,
        document=document,
        created_at=now,
        holds_until=now if failed else _profile_valid_until(rules, requirements, made_of.known, fields, now),
    )


def _shown_quality(quality: Quality) -> dict[str, Json]:
    return {
        "overall": round(quality.overall, 4),
        "completeness": round(quality.completeness, 4),
        "freshness": round(quality.freshness, 4),
        "reliability": round(quality.reliability, 4),
        "confidence": quality.confidence,
    }


def _shown_datasets(
    rules: Rules, requirements: Requirements, made_of: Ingredients, fields: Sequence[Field], now: datetime
) -> dict[str, Json]:
    """The datasets asked for, then those that are known besides."""
    asked = {field.dataset: _shown(rules, requirements, made_of, field, now) for field in fields}
    extras = _extras(rules, requirements, made_of, now)
    return asked | {one.dataset: {**_shown(rules, requirements, made_of, one, now), "extra": True} for one in extras}


def _over_a_cap(rules: Rules, made_of: Ingredients, fields: Iterable[Field]) -> dict[str, Json]:
    """The datasets without an answer that a request with more money may get; nothing where there are none."""
    capped = {failure.source for failure in made_of.failures if failure.kind == "OverCap"}
    capped |= {source.source for source in made_of.plan.sources if source.verdict == "over a cap"}
    names = [f.dataset for f in fields if not f.good and capped.intersection(rules.datasets[f.dataset].sources)]
    return {"over_a_cap": names} if names else {}


def noted(verdicts: Sequence[Verdict]) -> dict[str, Json]:
    """The verdicts that a profile's document takes into account; nothing where there are none."""
    return {"verdicts": [verdict.verdict_id for verdict in verdicts]} if verdicts else {}


def missing_required(document: Mapping[str, Json]) -> tuple[str, ...]:
    """Required datasets that a profile's document does not satisfy."""
    return tuple(
        name for name, field in document["datasets"].items() if field["required"] and field["status"] not in GOOD
    )


def missing(document: Mapping[str, Json]) -> dict[str, str]:
    """What keeps a profile incomplete -> why: required datasets not satisfied, and each 'analysis:' that failed."""
    datasets = {name: document["datasets"][name]["why"] or "" for name in missing_required(document)}
    failed = document.get("missing_analyses", [])  # profiles kept by an earlier version do not name them
    return datasets | {analysis_source(name): document["gaps"].get(name, "") for name in failed}


def _failed_analyses(requirements: Requirements, made_of: Ingredients) -> list[str]:
    """Failed analyses that another request could make; not those that had nothing to read."""
    failed = {failure.source for failure in made_of.failures}
    return [name for name in requirements.analyses if analysis_source(name) in failed]


def _field(rules: Rules, requirements: Requirements, made_of: Ingredients, dataset: str, now: datetime) -> Field:
    required = dataset in requirements.required
    if rules.datasets[dataset].analysis is not None:
        return _analysed_field(rules, requirements, made_of, dataset)
    found = dataset_status(rules, requirements, made_of.known, dataset, now)
    facts, status = found.facts, _collected_status(found, requirements.threshold(rules, dataset))
    if status == "missing":
        stale = tuple(f for f in made_of.known.facts if f.dataset == dataset)
        if stale:
            moments = request_moments(made_of.known.replies)
            status, facts = "expired", (newest_first(stale, moments) if made_of.accept_stale else ())
    values, others = choose(rules, dataset, facts, None if status == "expired" else made_of.company.domain)
    why = None if status in GOOD else _why(rules, made_of, dataset, status)
    rejected = tuple(fact for fact in made_of.known.rejected if fact.dataset == dataset)
    return Field(dataset, required, status, values, others, disputed(rules, dataset, values, others), why, rejected)


def _extras(rules: Rules, requirements: Requirements, made_of: Ingredients, now: datetime) -> Iterator[Field]:
    """What is known, and good enough, besides what was asked for; what is not known is not missing."""
    for dataset in requirements.extras:
        field = _field(rules, requirements, made_of, dataset, now)
        if field.good and field.values:
            yield field


def _collected_status(status: DatasetStatus, threshold: float) -> FieldStatus:
    if status.status != "unsatisfied":
        return status.status
    if any(not f.last_resort and f.quality >= threshold for f in status.facts):
        return "partial"
    return "last resort" if status.facts else "missing"


def newest_first(facts: Sequence[Fact], moments: Mapping[str, datetime]) -> tuple[Fact, ...]:
    """Facts in the order for those no longer fresh, and for what an analysis states; a verdict is first.

    moments: as of `request_moments`.
    """

    def rank(fact: Fact) -> tuple[bool, datetime, float]:
        return fact.source == VERDICT, moments.get(fact.reply_id, fact.collected_at), fact.quality

    return tuple(sorted(sorted(facts, key=attrgetter("source")), key=rank, reverse=True))


def _analysed_field(rules: Rules, requirements: Requirements, made_of: Ingredients, dataset: str) -> Field:
    required, threshold = dataset in requirements.required, requirements.threshold(rules, dataset)
    verdicts = [verdict for verdict in made_of.known.verdicts if verdict.dataset == dataset]
    found, rejected = sorted_out(verdicts, [f for f in made_of.analysis_facts if f.dataset == dataset])
    facts = newest_first(found, {})
    values, others = choose(rules, dataset, facts, None)
    good = [f for f in values if f.quality >= threshold]
    status: FieldStatus = "satisfied" if len(good) >= rules.datasets[dataset].enough else "missing"
    name = rules.datasets[dataset].analysis or ""
    why = None if status == "satisfied" else made_of.gaps.get(name) or _why_too_little(made_of, name, facts, threshold)
    return Field(dataset, required, status, values, others, False, why, rejected)


def _why_too_little(made_of: Ingredients, name: str, facts: Sequence[Fact], threshold: float) -> str:
    """Why an analysis that was made does not satisfy a dataset it answers."""
    if facts and all(fact.quality < threshold for fact in facts):
        below = f"its claims are of quality {facts[0].quality:.2f}, below {threshold:.2f}"
    else:
        below = "it reported too few claims" if facts else "it found nothing of it in the evidence"
    dropped = next((a for a in made_of.analyses if a.name == name and a.claims_dropped), None)
    if dropped is None:
        return f"{name}: {below}"
    return f"{name}: {below}; {dropped_in_words(dropped.claims_kept, dropped.evidence.get('dropped', {}))}"


def choose(
    rules: Rules, dataset: str, facts: Sequence[Fact], domain: str | None
) -> tuple[tuple[Fact, ...], tuple[Fact, ...]]:
    """Facts come best first: the first of each item is served, up to at_most; the rest lost.

    domain: of the company's site, to tell names that contradict each other apart.
    """
    best: dict[str, Fact] = {}
    others = []
    likely = most_likely_first(rules, dataset, facts)
    for fact in _name_of_the_site_first(likely, domain) if dataset == "company_name" else _closed_first(likely):
        item = identity(fact.value)
        if item in best or len(best) >= rules.datasets[dataset].at_most:
            others.append(fact)
        else:
            best[item] = fact
    return tuple(best.values()), tuple(others)


def _closed_first(facts: Sequence[Fact]) -> Sequence[Fact]:
    """If the best headcount is open ('10,001+'), puts the best closed one that agrees with it first."""
    first = facts[0].value if facts else None
    if not isinstance(first, EmployeeCount) or first.closed or facts[0].source == VERDICT:
        return facts
    for fact in facts:
        count = fact.value
        if isinstance(count, EmployeeCount) and count.closed and not fact.last_resort and first.overlaps(count):
            return [fact, *(other for other in facts if other is not fact)]
    return facts


def _name_of_the_site_first(facts: Sequence[Fact], domain: str | None) -> Sequence[Fact]:
    """Puts a name that fits the site's address before a best name that does not: that may be a former one."""
    first = facts[0].value if facts else None
    if not isinstance(first, Text) or not domain or facts[0].source == VERDICT:
        return facts
    for fact in facts:
        if not fact.last_resort and isinstance(fact.value, Text) and fits_site_better(fact.value, first, domain):
            return [fact, *(other for other in facts if other is not fact)]
    return facts


def _why(rules: Rules, made_of: Ingredients, dataset: str, status: FieldStatus) -> str:
    """Why a dataset is not satisfied, in words: what each of its sources did."""
    failed = {f.source: f.reason for f in made_of.failures}
    replies = {reply.source: reply for reply in made_of.known.replies}
    reasons = []
    for source in rules.datasets[dataset].sources:
        if source in failed:
            reasons.append(f"{source} failed: {failed[source].rstrip('.')}")
        elif source in replies:
            reasons.append(f"{source} {_why_not_enough(replies[source])}")
        else:
            reasons.append(_not_asked(made_of.plan, source))
    prefix = "expired, not bought again: " if status == "expired" else ""
    judged = sorted({f.source for f in made_of.known.rejected if f.dataset == dataset})
    return prefix + "; ".join([*(f"a verdict rejects what {source} states" for source in judged), *reasons])


def _why_not_enough(reply: ReplyHead) -> str:
    if reply.unread:
        return "answered, but its reply could not be read"
    return "did not report enough" if reply.found else "knows nothing of it"


def _not_asked(plan: Plan, source: str) -> str:
    planned = next((s for s in plan.sources if s.source == source), None)
    return f"{source} not asked" if planned is None else f"{source} not asked ({shown(planned.verdict)}: {planned.why})"


def _until(rules: Rules, requirements: Requirements, fact: Fact) -> datetime:
    return valid_until(rules, requirements, fact)


def _profile_valid_until(
    rules: Rules, requirements: Requirements, known: Known, fields: Sequence[Field], now: datetime
) -> datetime:
    """Valid until its TTL or its first fact expires; not at all if a required dataset is missing."""
    ends = [now + timedelta(seconds=requirements.profile_ttl)]
    for field in fields:
        if field.required and not field.good:
            return now
        ends += [max(_until(rules, requirements, f) for f in field.values)] if _is_single(rules, field) else []
        ends += [_enough_until(rules, requirements, field)] if field.values and not _is_single(rules, field) else []
        ends += _absence_valid_until(rules, known, field) if not field.values else []
    return min(ends)


def _is_single(rules: Rules, field: Field) -> bool:
    return bool(field.values) and rules.datasets[field.dataset].enough == _SINGLE


def _enough_until(rules: Rules, requirements: Requirements, field: Field) -> datetime:
    """The time up to which `enough` items are valid."""
    ends = sorted((_until(rules, requirements, f) for f in field.values), reverse=True)
    return ends[min(rules.datasets[field.dataset].enough, len(ends)) - 1]


def _absence_valid_until(rules: Rules, known: Known, field: Field) -> list[datetime]:
    """The time until which nothing is known: as long as the replies without it are fresh; the latest of them counts."""
    ends = [
        r.collected_at + timedelta(seconds=rules.valid_seconds(r.source, field.dataset))
        for r in known.replies
        if r.source in rules.datasets[field.dataset].sources and field.dataset in rules.sources[r.source].datasets
    ]
    return [max(ends)] if ends else []


def _shown(
    rules: Rules, requirements: Requirements, made_of: Ingredients, field: Field, now: datetime
) -> dict[str, Json]:
    return {
        "required": field.required,
        "status": field.status,
        "values": [_fact(rules, requirements, made_of, f, now) for f in field.values],
        "others": [
            *(_fact(rules, requirements, made_of, f, now) for f in field.others),
            *(_rejected(rules, requirements, made_of, f, now) for f in field.rejected),
        ],
        "disputed": field.disputed,
        "why": field.why,
    } | ({} if (fewer := fewer_units(rules, made_of.known, field.values)) is None else {"fewer": fewer})


def _fact(rules: Rules, requirements: Requirements, made_of: Ingredients, fact: Fact, now: datetime) -> dict[str, Json]:
    until = _until(rules, requirements, fact)
    return {
        "value": fact.value.model_dump(mode="json"),
        "source": fact.source,
        "quality": round(fact.quality, 4),
        "reliability": fact.reliability,
        **checked(rules, fact),
        "collected_at": fact.collected_at.isoformat(),
        "age_seconds": int(fact.age(now).total_seconds()),
        "holds_until": until.isoformat(),
        "expired": until <= now,
        "last_resort": fact.last_resort or _below(rules, requirements, fact),
        "reply_id": fact.reply_id,
        "evidence": fact.evidence,
        "purchase_id": fact.purchase_id,
        "cost_micro_usd": made_of.paid.get(fact.purchase_id, 0),
        "paid_by": made_of.paid_by.get(fact.purchase_id),
    }


def _rejected(
    rules: Rules, requirements: Requirements, made_of: Ingredients, fact: Fact, now: datetime
) -> dict[str, Json]:
    verdict = rejections(made_of.known.verdicts)[fact.dataset, item_of(fact.dataset, fact.value)]
    return _fact(rules, requirements, made_of, fact, now) | {"rejected_by": verdict.verdict_id}


def _below(rules: Rules, requirements: Requirements, fact: Fact) -> bool:
    """Whether a source of this reliability never satisfies the dataset for this consumer."""
    collected = rules.datasets[fact.dataset].analysis is None
    return collected and fact.reliability < requirements.threshold(rules, fact.dataset)


def _analysis(analysis: Analysis, made_of: Ingredients) -> dict[str, Json]:
    return {
        "answer": dict(analysis.answer),
        "model": analysis.model,
        "claims_kept": analysis.claims_kept,
        "claims_dropped": analysis.claims_dropped,
        "evidence": dict(analysis.evidence),
        "analysis_id": analysis.analysis_id,
        "purchase_id": analysis.purchase_id,
        "cost_micro_usd": made_of.paid.get(analysis.purchase_id, 0),
        "paid_by": analysis.request_id,
        "created_at": analysis.created_at.isoformat(),
    }
