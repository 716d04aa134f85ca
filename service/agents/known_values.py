"""What memory has, as agents are shown it: companies, the values of a profile or of facts, and what is missing.

found_company, known_profile, values_of, missing_of        each value with its source, age and evidence; 200 at most
"""

from datetime import datetime
from typing import Any

from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Known
from enrichment.domain.values import in_words
from enrichment.memory.verdicts import judged
from enrichment.pipeline.verdicts import profile_now
from enrichment.profiles.fields import GOOD
from service.agents import views
from service.answers import verdicts
from service.installation.state import ServiceState
from service.problems import ApiProblem
from service.views.companies import company_view

_MOST = 200
"""The most values that one answer shows."""


def found_company(company: Company, state: ServiceState) -> views.FoundCompany:
    profiles = {profile.consumer for profile in state.store.profiles.latest_of(company.company_id)}
    return views.FoundCompany(**dict(company_view(company)), profiles=sorted(profiles))


def known_profile(key: str, consumer: str, audience: str | None, state: ServiceState) -> views.KnownProfile:
    company, now = verdicts.company_of(key, state), state.now()
    rules, store = state.in_force.rules, state.store
    if consumer not in rules.consumers:
        known = ", ".join(sorted(rules.consumers))
        raise ApiProblem("unknown_name", f"There is no consumer '{consumer[:60]}'; there are {known}.")
    profile = profile_now(company.company_id, consumer, audience, rules=rules, store=store, now=now)
    return views.KnownProfile(
        company=company_view(company),
        consumer=consumer,
        made_at=None if profile is None else profile.created_at,
        fresh=profile is not None and now < profile.holds_until,
        confidence=None if profile is None else profile.confidence,
        quality=None if profile is None else round(profile.quality, 4),
        values=values_of(profile.document, state)
        if profile
        else _facts(judged(store.knowledge.known(company.company_id)), state),
        missing={} if profile is None else missing_of(profile.document),
    )


def values_of(document: Any, state: ServiceState) -> list[views.KnownValue]:
    found = []
    for dataset, field in document["datasets"].items():
        for entry in field["values"]:
            found.append(_known_value(dataset, entry, state))
    return found[:_MOST]


def _known_value(dataset: str, entry: Any, state: ServiceState) -> views.KnownValue:
    collected, until = (datetime.fromisoformat(entry[name]) for name in ("collected_at", "holds_until"))
    now = state.now()
    return views.KnownValue(
        dataset=dataset,
        text=in_words(entry["value"]),
        value=entry["value"],
        source=entry["source"],
        collected_at=collected,
        age_days=round((now - collected).total_seconds() / 86_400, 2),
        fresh=now < until,
        quality=entry["quality"],
        reply_id=entry["reply_id"],
        evidence=entry["evidence"],
    )


def _facts(known: Known, state: ServiceState) -> list[views.KnownValue]:
    entries = [
        (
            fact.dataset,
            {
                "value": fact.value.model_dump(mode="json"),
                "source": fact.source,
                "collected_at": fact.collected_at.isoformat(),
                "holds_until": fact.holds_until.isoformat(),
                "quality": round(fact.quality, 4),
                "reply_id": fact.reply_id,
                "evidence": fact.evidence,
            },
        )
        for fact in sorted(known.facts, key=lambda fact: fact.quality, reverse=True)
    ]
    return [_known_value(dataset, entry, state) for dataset, entry in entries[:_MOST]]


def missing_of(document: Any) -> dict[str, str]:
    fields = document["datasets"].items()
    return {dataset: field["why"] or "" for dataset, field in fields if field["status"] not in GOOD}
