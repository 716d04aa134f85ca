"""Stage 2: the finished profile, if one holds.

company, consumer, audience -> kept profile -> served as it is, or nothing
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from enrichment.context import RunContext
from enrichment.domain.records import CacheRead, Profile, ProfileHead, Request
from enrichment.pipeline.plan import find_company, request_for
from enrichment.pipeline.stages import Ask, Enriched, Identified, Watch, finished
from enrichment.requirements.requirements import Requirements, requirements_hash
from enrichment.rules import Rules
from enrichment.trace import Trace


async def from_layer_1(
    identified: Identified, *, rules: Rules, context: RunContext, watch: Watch | None = None
) -> Enriched | None:
    """The finished profile, if one holds; then only the request and its reads are written."""
    now = context.now()
    profile = await _kept(identified, rules, context)
    if profile is None:
        return None
    reads = (*identified.reads, *_profile_reads(profile, identified.request, now))
    request = finished(identified, now, reads=reads, purchases=identified.purchases, served_from="layer_1")
    request = replace(request, state="complete", profile_id=profile.profile_id)
    trace = Trace(request.request_id, context.store.requests, context.now, watch)
    trace.note(
        "layer_1", "served", profile=profile.profile_id, made_by=profile.request_id, saved=request.saved_micro_usd
    )
    await trace.flush()
    await asyncio.to_thread(context.store.requests.close, request, profiles=(), reads=reads)
    return Enriched(request, identified.company, (profile,), None, identified.purchases, reads, identified.failures)


async def profile_held(ask: Ask, *, rules: Rules, context: RunContext) -> Profile | None:
    """The profile this ask would be served without buying anything. Nothing is written."""
    requirements = ask.requirements(rules)
    company = await find_company(ask.company, context)
    if company is None or company.domain is None:
        return None
    request = request_for(ask, requirements, company, rules, context.now(), request_id="")
    return await _kept(Identified(ask, company, request, requirements), rules, context)


async def _kept(identified: Identified, rules: Rules, context: RunContext) -> Profile | None:
    requirements = identified.requirements
    if identified.request.strategy == "legacy" or not identified.ask.memory or "+" in requirements.consumer:
        return None
    profile = await asyncio.to_thread(
        context.store.profiles.latest, identified.company.company_id, requirements.consumer, identified.ask.audience
    )
    return profile if profile is not None and serves(profile, rules, requirements, context.now()) else None


def serves(profile: Profile, rules: Rules, requirements: Requirements, now: datetime) -> bool:
    """Whether a kept profile may be served for these requirements at `now`."""
    if not holds(profile, requirements_hash(rules, requirements), requirements, now):
        return False
    if requirements.oldest is None:
        return True
    oldest = timedelta(seconds=requirements.oldest)
    values = [v for field_ in profile.document["datasets"].values() for v in field_["values"]]
    return all(now < datetime.fromisoformat(value["collected_at"]) + oldest for value in values)


def holds(profile: Profile | ProfileHead, requirements_hash: str, requirements: Requirements, now: datetime) -> bool:
    """Whether it answers these requirements (by their hash), is good enough, and nothing in it has expired."""
    if profile.requirements_hash != requirements_hash or profile.quality < requirements.min_quality:
        return False
    return now < profile.holds_until and now < profile.created_at + timedelta(seconds=requirements.profile_ttl)


def _profile_reads(profile: Profile, request: Request, now: datetime) -> tuple[CacheRead, ...]:
    """What the profile was made of, and who paid: each purchase once."""
    values = [v for field_ in profile.document["datasets"].values() for v in field_["values"]]
    reads = {
        v["purchase_id"]: CacheRead(
            request.request_id, v["purchase_id"], v["source"], "profile", v["cost_micro_usd"], now
        )
        for v in values
    }
    return tuple(reads.values())
