"""A profile as the JSON that is stored and served, and what such a document lacks. Pure.

Fields + Ingredients -> document -> the datasets and analyses that keep it incomplete
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from enrichment.domain.ids import analysis_source
from enrichment.domain.json_values import Json
from enrichment.domain.knowledge import Analysis, Fact, Verdict
from enrichment.memory.freshness import valid_until
from enrichment.memory.same_item import item_of
from enrichment.memory.verdicts import rejections
from enrichment.profiles.disputes import checked
from enrichment.profiles.fewer_units import fewer_units
from enrichment.profiles.fields import GOOD, Field, extra_fields, failed_analyses
from enrichment.profiles.ingredients import Ingredients
from enrichment.profiles.quality import Quality
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements


def document_of(
    rules: Rules,
    requirements: Requirements,
    made_of: Ingredients,
    fields: Sequence[Field],
    quality: Quality,
    now: datetime,
) -> dict[str, Json]:
    """The document of a profile with these fields, as of now."""
    document: dict[str, Json] = {
        "company": {"key": made_of.company.key, "name": made_of.company.name, "domain": made_of.company.domain},
        "consumer": requirements.consumer,
        "audience": made_of.request.audience,
        "as_of": now.isoformat(),
        "quality": _quality(quality),
        "datasets": _datasets(rules, requirements, made_of, fields, now),
        "analyses": {a.name: _analysis(a, made_of) for a in made_of.analyses},
        "gaps": dict(made_of.gaps),
        "missing_analyses": failed_analyses(requirements, made_of),
    }
    return document | _over_a_cap(rules, made_of, fields) | noted(made_of.known.verdicts)


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


def noted(verdicts: Sequence[Verdict]) -> dict[str, Json]:
    """The verdicts that a profile's document takes into account; nothing where there are none."""
    return {"verdicts": [verdict.verdict_id for verdict in verdicts]} if verdicts else {}


def _quality(quality: Quality) -> dict[str, Json]:
    return {
        "overall": round(quality.overall, 4),
        "completeness": round(quality.completeness, 4),
        "freshness": round(quality.freshness, 4),
        "reliability": round(quality.reliability, 4),
        "confidence": quality.confidence,
    }


def _datasets(
    rules: Rules, requirements: Requirements, made_of: Ingredients, fields: Sequence[Field], now: datetime
) -> dict[str, Json]:
    """The datasets asked for, then those that are known besides."""
    asked = {field.dataset: _field(rules, requirements, made_of, field, now) for field in fields}
    extras = extra_fields(rules, requirements, made_of, now)
    return asked | {one.dataset: {**_field(rules, requirements, made_of, one, now), "extra": True} for one in extras}


def _over_a_cap(rules: Rules, made_of: Ingredients, fields: Iterable[Field]) -> dict[str, Json]:
    """The datasets without an answer that a request with more money may get; nothing where there are none."""
    capped = {failure.source for failure in made_of.failures if failure.kind == "OverCap"}
    capped |= {source.source for source in made_of.plan.sources if source.verdict == "over a cap"}
    names = [f.dataset for f in fields if not f.good and capped.intersection(rules.datasets[f.dataset].sources)]
    return {"over_a_cap": names} if names else {}


def _field(
    rules: Rules, requirements: Requirements, made_of: Ingredients, field: Field, now: datetime
) -> dict[str, Json]:
    return {
        "required": field.required,
        "status": field.status,
        "values": [_value(rules, requirements, made_of, f, now) for f in field.values],
        "others": [
            *(_value(rules, requirements, made_of, f, now) for f in field.others),
            *(_rejected(rules, requirements, made_of, f, now) for f in field.rejected),
        ],
        "disputed": field.disputed,
        "why": field.why,
    } | ({} if (fewer := fewer_units(rules, made_of.known, field.values)) is None else {"fewer": fewer})


def _value(
    rules: Rules, requirements: Requirements, made_of: Ingredients, fact: Fact, now: datetime
) -> dict[str, Json]:
    until = valid_until(rules, requirements, fact)
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
    return _value(rules, requirements, made_of, fact, now) | {"rejected_by": verdict.verdict_id}


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
