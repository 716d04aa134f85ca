"""Stage 2, layer 1: the finished profile, if there is a fresh one.

company, consumer, audience -> kept profile -> served as it is, or nothing
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from enrichment.context.run_context import RunContext
from enrichment.context.trace import Trace
from enrichment.domain.companies import Company
from enrichment.domain.ids import analysis_source
from enrichment.domain.json_values import Json
from enrichment.domain.knowledge import VERDICT
from enrichment.domain.profiles import Profile, ProfileHead
from enrichment.domain.requests import CacheRead, Event, Request
from enrichment.memory.verdicts import takes_into_account
from enrichment.pipeline.stages import Ask, Enriched, Identified, finished, request_for
from enrichment.rules import Rules
from enrichment.rules.experiment_arm import arm_of
from enrichment.rules.requirements import Requirements, requirements_hash


async def from_layer_1(identified: Identified, *, rules: Rules, context: RunContext, trace: Trace) -> Enriched | None:
    """The finished profile, if there is a fresh one; then only the request and its reads are written."""
    now, request = context.now(), identified.request
    profile = await profile_for(
        identified.ask, identified.company, request, identified.requirements, rules=rules, context=context
    )
    if profile is None:
        return None
    reads = (*identified.reads, *_profile_reads(profile, request, now))
    request = finished(request, now, reads=reads, purchases=identified.purchases, served_from="layer_1")
    request = replace(request, state="complete", profile_id=profile.profile_id)
    trace.note("layer_1", "served", **_served_note(profile, request))
    await trace.written()
    await asyncio.to_thread(context.store.requests.close, request, profiles=(), reads=reads)
    return Enriched(request, identified.company, (profile,), None, identified.purchases, reads, identified.failures)


def served_at_once(
    ask: Ask, company: Company, *, rules: Rules, context: RunContext, request_id: str
) -> tuple[Enriched, tuple[Event, ...]] | None:
    """The finished request and its events where layer 1 has what is asked for; nothing is written yet. Blocks.

    company: the one that is meant. For a caller that writes all of it in one transaction; what an Ask states of the
    company beyond its name is not learned here, so such an Ask is not served. Raises UnknownName, UnknownStrategy.
    """
    if ask.new or ask.ids or ask.country or company.domain is None or not company.company_id:
        return None
    requirements, now = ask.requirements(rules), context.now()
    request = request_for(ask, requirements, company, rules, now, request_id=request_id)
    if not _reads_layer_1(ask, request, requirements, rules):
        return None
    profile = _profile(ask, company, requirements, rules, context)
    if profile is None:
        return None
    reads = _profile_reads(profile, request, now)
    request = finished(request, now, reads=reads, purchases=(), served_from="layer_1")
    request = replace(request, state="complete", profile_id=profile.profile_id)
    asked = Event(request_id, now, "identify", "asked", {"text": ask.company, "key": company.key})
    served = Event(request_id, now, "layer_1", "served", _served_note(profile, request))
    return Enriched(request, company, (profile,), None, (), reads), (asked, served)


async def profile_for(
    ask: Ask, company: Company, request: Request, requirements: Requirements, *, rules: Rules, context: RunContext
) -> Profile | None:
    """The kept profile that this request would be served. Nothing is written."""
    if not _reads_layer_1(ask, request, requirements, rules):
        return None
    return await asyncio.to_thread(_profile, ask, company, requirements, rules, context)


def _reads_layer_1(ask: Ask, request: Request, requirements: Requirements, rules: Rules) -> bool:
    """Whether layer 1 may answer.

    Never in an arm of an experiment: a profile of before would show what another strategy cost.
    """
    if arm_of(rules, consumer=requirements.consumer, company_id=request.company_id) is not None:
        return False
    return request.strategy != "legacy" and ask.memory and "+" not in requirements.consumer


def _profile(
    ask: Ask, company: Company, requirements: Requirements, rules: Rules, context: RunContext
) -> Profile | None:
    profile = context.store.profiles.latest(company.company_id, requirements.consumer, ask.audience)
    if profile is None or not serves(profile, rules, requirements, context.now()):
        return None
    verdicts = context.store.verdicts.valid_ids(company.company_id)  # another process may have just kept it without
    return profile if takes_into_account(profile, verdicts) else None


def serves(profile: Profile, rules: Rules, requirements: Requirements, now: datetime) -> bool:
    """Whether a kept profile may be served for these requirements at `now`; another request may have more money."""
    if profile.document.get("over_a_cap") or not is_fresh(
        profile, requirements_hash(rules, requirements), requirements, now
    ):
        return False
    if requirements.oldest is None:
        return True
    oldest = timedelta(seconds=requirements.oldest)
    fields = profile.document["datasets"].values()
    values = [v for field_ in fields for v in field_["values"] if v["source"] != VERDICT]
    return all(now < datetime.fromisoformat(value["collected_at"]) + oldest for value in values)


def is_fresh(profile: Profile | ProfileHead, requirements_hash: str, requirements: Requirements, now: datetime) -> bool:
    """Whether it answers these requirements (by their hash), is good enough, and nothing in it has expired."""
    if profile.requirements_hash != requirements_hash or profile.quality < requirements.min_quality:
        return False
    return now < profile.holds_until and now < profile.created_at + timedelta(seconds=requirements.profile_ttl)


def _served_note(profile: Profile, request: Request) -> dict[str, Json]:
    return {"profile": profile.profile_id, "made_by": profile.request_id, "saved": request.saved_micro_usd}


def _profile_reads(profile: Profile, request: Request, now: datetime) -> tuple[CacheRead, ...]:
    """The purchases that the profile was made of, each once. Extras would not have been bought: they save nothing."""
    fields = [field_ for field_ in profile.document["datasets"].values() if not field_.get("extra")]
    values = [v for field_ in fields for v in field_["values"] if v["source"] != VERDICT]
    analyses = [
        {**made, "source": analysis_source(name)}
        for name, made in profile.document["analyses"].items()
        if "cost_micro_usd" in made  # profiles kept by an earlier version do not state it
    ]
    reads = {
        v["purchase_id"]: CacheRead(
            request.request_id, v["purchase_id"], v["source"], "profile", v["cost_micro_usd"], now
        )
        for v in (*analyses, *values)
    }
    return tuple(reads.values())
