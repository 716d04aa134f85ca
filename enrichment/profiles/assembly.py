"""Assemble a profile from what is known now, with its quality and the time until which it is valid. Pure.

Rules + Requirements + Plan + what is known now + analyses -> its fields -> Profile
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from enrichment.domain.ids import new_id
from enrichment.domain.knowledge import Known
from enrichment.domain.profiles import Profile
from enrichment.memory.freshness import valid_until
from enrichment.profiles.document import document_of
from enrichment.profiles.fields import Field, failed_analyses, field_of
from enrichment.profiles.ingredients import Ingredients
from enrichment.profiles.quality import Aged, profile_quality
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements, requirements_hash

_SINGLE = 1


def assemble(rules: Rules, requirements: Requirements, made_of: Ingredients, now: datetime) -> Profile:
    """The profile at `now`."""
    fields = tuple(field_of(rules, requirements, made_of, dataset, now) for dataset in requirements.datasets)
    served = [fact for field in fields for fact in field.values]
    made, failed = {a.name for a in made_of.analyses}, failed_analyses(requirements, made_of)
    quality = profile_quality(
        required=[f.good for f in fields if f.required],
        optional=[f.good for f in fields if not f.required],
        analyses=[name in made for name in requirements.analyses],
        analysis_failed=bool(failed),
        facts=[Aged(f.reliability, f.collected_at, valid_until(rules, requirements, f)) for f in served],
        now=now,
    )
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
        document=document_of(rules, requirements, made_of, fields, quality, now),
        created_at=now,
        holds_until=now if failed else _profile_valid_until(rules, requirements, made_of.known, fields, now),
    )


def _profile_valid_until(
    rules: Rules, requirements: Requirements, known: Known, fields: Sequence[Field], now: datetime
) -> datetime:
    """Valid until its TTL or its first fact expires; not at all if a required dataset is missing."""
    ends = [now + timedelta(seconds=requirements.profile_ttl)]
    for field in fields:
        if field.required and not field.good:
            return now
        ends += [max(valid_until(rules, requirements, f) for f in field.values)] if _is_single(rules, field) else []
        ends += [_enough_until(rules, requirements, field)] if field.values and not _is_single(rules, field) else []
        ends += _absence_valid_until(rules, known, field) if not field.values else []
    return min(ends)


def _is_single(rules: Rules, field: Field) -> bool:
    return bool(field.values) and rules.datasets[field.dataset].enough == _SINGLE


def _enough_until(rules: Rules, requirements: Requirements, field: Field) -> datetime:
    """The time up to which `enough` items are valid."""
    ends = sorted((valid_until(rules, requirements, f) for f in field.values), reverse=True)
    return ends[min(rules.datasets[field.dataset].enough, len(ends)) - 1]


def _absence_valid_until(rules: Rules, known: Known, field: Field) -> list[datetime]:
    """The time until which nothing is known: as long as the replies without it are fresh; the latest of them counts."""
    ends = [
        r.collected_at + timedelta(seconds=rules.valid_seconds(r.source, field.dataset))
        for r in known.replies
        if r.source in rules.datasets[field.dataset].sources and field.dataset in rules.sources[r.source].datasets
    ]
    return [max(ends)] if ends else []
