"""One request through all stages: what Dagster, the command line and a service all call.

    Ask -> identify -> (layer 1) -> plan_request -> collect_request -> analyse_request -> keep -> Enriched

Each stage takes what the one before it gave, plain data that can be handed from step to step.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from enrichment.analyse import AnalysisResults, analyse
from enrichment.caps import caps_of
from enrichment.collect import Collected, Failure, collect
from enrichment.company import company_key, parse_company, same_company
from enrichment.holding import standing
from enrichment.journal import Journal
from enrichment.plan import Plan, Verdict, make_plan
from enrichment.ports import World
from enrichment.profile import Ingredients, assemble, missing_required
from enrichment.records import CacheRead, Company, Event, Known, Profile, Purchase, Request, RequestState, new_id
from enrichment.rules import Rules
from enrichment.strategy import choose_strategy
from enrichment.values import Text
from enrichment.wants import Wants, custom, requirements_hash, wants_of

Watch = Callable[[Event], None]
_IDENTITY = ("company_name", "domain")


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody wants to know. company: a name, domain or address. max_cost in micro-USD, max_age in seconds.

    datasets (and sources) make it a custom request; consumers is then not looked at.
    """

    company: str
    consumers: tuple[str, ...] = ("profile",)
    audience: str | None = None
    strategy: str | None = None
    strategy_override: str | None = None
    max_cost: int | None = None
    max_age: int | None = None
    datasets: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    asked_by: str = "cli"
    accept_stale: bool = False
    memory: bool = True

    def wants(self, rules: Rules) -> Wants:
        """Raises UnknownName."""
        named = custom(rules, self.datasets, self.sources) if self.datasets else wants_of(rules, self.consumers)
        return named.within(max_cost=self.max_cost, oldest=self.max_age)


@dataclass(frozen=True, slots=True)
class Identified:
    """Stage 1: who is asked about, under which request; its key is fixed from here on."""

    ask: Ask
    company: Company
    request: Request
    wants: Wants
    purchases: tuple[Purchase, ...] = ()
    reads: tuple[CacheRead, ...] = ()
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    identified: Identified
    plan: Plan
    known: Known


@dataclass(frozen=True, slots=True)
class Gathered:
    """Stage 4: what was bought and read for this request, stage 1 included."""

    planned: Planned
    known: Known
    purchases: tuple[Purchase, ...]
    reads: tuple[CacheRead, ...]
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class Analysed:
    gathered: Gathered
    results: AnalysisResults


@dataclass(frozen=True, slots=True)
class Enriched:
    """The end of a request. served_from: 'layer_1', 'memory' (nothing was bought) or 'vendors'."""

    request: Request
    company: Company
    profiles: tuple[Profile, ...]
    plan: Plan | None
    purchases: tuple[Purchase, ...] = ()
    reads: tuple[CacheRead, ...] = ()
    failures: tuple[Failure, ...] = ()

    @property
    def profile(self) -> Profile:
        return self.profiles[0]


async def enrich(ask: Ask, *, rules: Rules, world: World, watch: Watch | None = None) -> Enriched:
    """One request, whole. Raises NotACompany, UnknownName, UnknownStrategy, StoreError; never for a vendor."""
    identified = await identify(ask, rules=rules, world=world, watch=watch)
    served = await from_layer_1(identified, rules=rules, world=world, watch=watch)
    if served is not None:
        return served
    planned = await plan_request(identified, rules=rules, world=world, watch=watch)
    gathered = await collect_request(planned, rules=rules, world=world, watch=watch)
    analysed = await analyse_request(gathered, rules=rules, world=world, watch=watch)
    return await keep(analysed, rules=rules, world=world, watch=watch)


async def identify(ask: Ask, *, rules: Rules, world: World, watch: Watch | None = None) -> Identified:
    """Who is meant. Opens the request; buys the domain, within its caps, if nobody knows it yet."""
    wants = ask.wants(rules)
    company = await _company(ask, world)
    request = Request(
        request_id=new_id("req"),
        company_id=company.company_id,
        consumer=wants.consumer,
        audience=ask.audience,
        strategy=choose_strategy(
            rules, consumer=wants.consumer, company=company, asked=ask.strategy, override=ask.strategy_override
        ),
        rules_hash=rules.hash,
        asked_at=world.now(),
        asked_by=ask.asked_by,
    )
    await asyncio.to_thread(world.store.open_request, request)
    journal = Journal(request.request_id, world.store, world.now, watch)
    journal.note("identify", "asked", text=ask.company, key=company.key)
    identified = Identified(ask, company, request, wants)
    if company.domain is None:
        identified = await _find_domain(identified, rules, world, journal)
    await journal.flush()
    return identified


async def from_layer_1(
    identified: Identified, *, rules: Rules, world: World, watch: Watch | None = None
) -> Enriched | None:
    """The finished profile, if one holds; then only the request and its reads are written."""
    wants, now = identified.wants, world.now()
    if identified.request.strategy == "legacy" or not identified.ask.memory or "+" in wants.consumer:
        return None
    profile = await asyncio.to_thread(
        world.store.latest_profile, identified.company.company_id, wants.consumer, identified.ask.audience
    )
    if profile is None or not serves(profile, rules, wants, now):
        return None
    reads = (*identified.reads, *_profile_reads(profile, identified.request, now))
    request = _finished(identified, now, reads=reads, purchases=identified.purchases, served_from="layer_1")
    request = replace(request, state="complete", profile_id=profile.profile_id)
    journal = Journal(request.request_id, world.store, world.now, watch)
    journal.note(
        "layer_1", "served", profile=profile.profile_id, made_by=profile.request_id, saved=request.saved_micro_usd
    )
    await journal.flush()
    await asyncio.to_thread(world.store.close_request, request, profiles=(), reads=reads)
    return Enriched(request, identified.company, (profile,), None, identified.purchases, reads, identified.failures)


def serves(profile: Profile, rules: Rules, wants: Wants, now: datetime) -> bool:
    """Whether a kept profile may be served for these wants at `now`."""
    if profile.requirements_hash != requirements_hash(rules, wants) or profile.quality < wants.min_quality:
        return False
    if now >= profile.holds_until or now >= profile.created_at + timedelta(seconds=wants.profile_ttl):
        return False
    if wants.oldest is None:
        return True
    oldest = timedelta(seconds=wants.oldest)
    values = [v for field_ in profile.document["datasets"].values() for v in field_["values"]]
    return all(now < datetime.fromisoformat(value["collected_at"]) + oldest for value in values)


async def plan_request(identified: Identified, *, rules: Rules, world: World, watch: Watch | None = None) -> Planned:
    """What to ask of whom, from what is known now."""
    known = await asyncio.to_thread(world.store.known, identified.company.company_id)
    plan = await _make_plan(identified, identified.wants, known, rules, world)
    journal = Journal(identified.request.request_id, world.store, world.now, watch)
    journal.note("plan", "planned", **_plan_note(plan))
    await journal.flush()
    return Planned(identified, plan, known)


async def collect_request(planned: Planned, *, rules: Rules, world: World, watch: Watch | None = None) -> Gathered:
    """Carry the plan out, and book what memory served."""
    identified = planned.identified
    journal = Journal(identified.request.request_id, world.store, world.now, watch)
    collected: Collected = await collect(
        planned.plan,
        known=planned.known,
        company=identified.company,
        request=identified.request,
        rules=rules,
        world=world,
        journal=journal,
    )
    await journal.flush()
    return Gathered(
        planned=planned,
        known=collected.known,
        purchases=(*identified.purchases, *collected.purchases),
        reads=_unique(
            (*identified.reads, *_plan_reads(planned.plan, identified.request, world.now()), *collected.reads)
        ),
        failures=(*identified.failures, *collected.failures),
    )


async def analyse_request(gathered: Gathered, *, rules: Rules, world: World, watch: Watch | None = None) -> Analysed:
    """Ask the language model, only where the evidence changed."""
    identified = gathered.planned.identified
    journal = Journal(identified.request.request_id, world.store, world.now, watch)
    results = await analyse(
        identified.wants.analyses,
        known=gathered.known,
        wants=identified.wants,
        company=identified.company,
        audience_text=await _audience_text(identified.ask.audience, world),
        request=identified.request,
        rules=rules,
        world=world,
        journal=journal,
    )
    await journal.flush()
    return Analysed(gathered, results)


async def keep(analysed: Analysed, *, rules: Rules, world: World, watch: Watch | None = None) -> Enriched:
    """Assemble a profile for each consumer asked for, and write it with the request, its costs and savings."""
    gathered, results = analysed.gathered, analysed.results
    identified, now = gathered.planned.identified, world.now()
    purchases = (*gathered.purchases, *results.purchases)
    reads = (*gathered.reads, *results.reads)
    made_of = Ingredients(
        company=identified.company,
        request=identified.request,
        plan=gathered.planned.plan,
        known=gathered.known,
        analyses=results.analyses,
        analysis_facts=results.facts,
        failures=gathered.failures,
        gaps=results.gaps,
        paid=_paid(gathered.known, purchases),
        paid_by={r.purchase_id: r.request_id for r in gathered.known.replies},
        accept_stale=identified.ask.accept_stale,
    )
    profiles = tuple(assemble(rules, wants, made_of, now) for wants in _each(identified, rules))
    missing = sorted({name for p in profiles for name in missing_required(p.document)})
    state: RequestState = "complete"
    if missing:
        state = "refused" if any(f.kind == "OverCap" for f in gathered.failures) or _capped(gathered) else "incomplete"
    bought = any(p.state == "settled" for p in purchases)
    request = _finished(
        identified, now, reads=reads, purchases=purchases, served_from="vendors" if bought else "memory"
    )
    request = replace(
        request,
        state=state,
        profile_id=profiles[0].profile_id,
        plan=_plan_note(gathered.planned.plan),
        error=f"missing: {', '.join(missing)}" if missing else None,
    )
    journal = Journal(request.request_id, world.store, world.now, watch)
    for profile in profiles:
        journal.note(
            "assemble",
            "assembled",
            consumer=profile.consumer,
            quality=round(profile.quality, 3),
            confidence=profile.confidence,
            missing=missing,
        )
    journal.note("keep", "kept", cost_micro_usd=request.cost_micro_usd, saved_micro_usd=request.saved_micro_usd)
    await journal.flush()
    await asyncio.to_thread(world.store.close_request, request, profiles=profiles, reads=reads)
    return Enriched(request, identified.company, profiles, gathered.planned.plan, purchases, reads, gathered.failures)


async def quote(ask: Ask, *, rules: Rules, world: World) -> Plan:
    """The plan a request would follow now. Nothing is bought, nothing is written."""
    wants = ask.wants(rules)
    name = parse_company(ask.company)
    key = company_key(name.name, name.domain)
    company = await asyncio.to_thread(world.store.company, key)
    known = Known() if company is None else await asyncio.to_thread(world.store.known, company.company_id)
    company = company or Company("", key, name.name, name.domain, world.now())
    request = Request("", company.company_id, wants.consumer, ask.audience, "", rules.hash, world.now())
    strategy = choose_strategy(
        rules, consumer=wants.consumer, company=company, asked=ask.strategy, override=ask.strategy_override
    )
    return await _make_plan(
        Identified(ask, company, replace(request, strategy=strategy), wants), wants, known, rules, world
    )


async def _company(ask: Ask, world: World) -> Company:
    named = parse_company(ask.company)
    key = company_key(named.name, named.domain)
    found = await asyncio.to_thread(world.store.company, key)
    if found is not None:
        return found
    fresh = Company(new_id("com"), key, named.name, named.domain, world.now())
    return (await asyncio.to_thread(world.store.add_companies, [fresh]))[0]


async def _find_domain(identified: Identified, rules: Rules, world: World, journal: Journal) -> Identified:
    """Stage 1's small plan for name and domain: same policy, caps and quote as any other."""
    wants = replace(
        identified.wants,
        required=_IDENTITY,
        optional={},
        collected_required=_IDENTITY,
        collected_optional={},
        analyses=(),
    )
    known = await asyncio.to_thread(world.store.known, identified.company.company_id)
    plan = await _make_plan(identified, wants, known, rules, world)
    journal.note("identify", "planned", **_plan_note(plan))
    collected = await collect(
        plan,
        known=known,
        company=identified.company,
        request=identified.request,
        rules=rules,
        world=world,
        journal=journal,
    )
    company = await _learned(identified.company, collected.known, wants, rules, world)
    request = replace(identified.request, company_id=company.company_id)
    journal.note("identify", "identified" if company.domain else "domain not found", key=company.key)
    return replace(
        identified,
        company=company,
        request=request,
        purchases=collected.purchases,
        reads=_unique((*_plan_reads(plan, identified.request, world.now()), *collected.reads)),
        failures=collected.failures,
    )


async def _learned(company: Company, known: Known, wants: Wants, rules: Rules, world: World) -> Company:
    """The company with the domain just learned, if the name beside it is the one that was asked for."""
    best: dict[str, str] = {}
    for dataset in _IDENTITY:
        facts = standing(rules, wants, known, dataset, world.now()).facts
        if facts and isinstance(facts[0].value, Text):
            best[dataset] = facts[0].value.text
    if "domain" not in best:
        return company
    name = best.get("company_name", company.name)
    if company.name and name and not same_company(company.name, name):
        name = company.name
    return await asyncio.to_thread(
        world.store.rekey, company.company_id, key=best["domain"], name=name, domain=best["domain"]
    )


async def _make_plan(identified: Identified, wants: Wants, known: Known, rules: Rules, world: World) -> Plan:
    now, request = world.now(), identified.request
    caps = {
        cap.name
        for name, source in rules.sources.items()
        for cap in caps_of(
            rules,
            request_id=request.request_id,
            max_cost=wants.max_cost,
            consumer=wants.consumer,
            provider=source.provider,
            source=name,
            at=now,
        )
    }
    spent = await asyncio.to_thread(world.store.spent, sorted(caps))
    reasons: dict[str, tuple[Verdict, str]] = {p: ("no credentials", why) for p, why in world.out_of_order.items()}
    return await asyncio.to_thread(
        make_plan,
        rules,
        wants,
        identified.company,
        known,
        strategy=request.strategy,
        now=now,
        out_of_order=reasons,
        request_id=request.request_id,
        spent=spent,
        memory=identified.ask.memory and request.strategy != "legacy",
    )


def _plan_note(plan: Plan) -> dict[str, object]:
    quote_ = plan.quote
    return {
        "strategy": plan.strategy,
        "rules": plan.rules_hash,
        "datasets": {d.dataset: d.status for d in plan.datasets},
        "sources": {s.source: f"{s.verdict}: {s.why}" for s in plan.sources},
        "chain": [[list(step) for step in part.chain] for part in plan.parts],
        "reads": {r.source: r.purchase_id for r in plan.reads},
        "expected_micro_usd": quote_.expected,
        "upper_bound_micro_usd": quote_.upper_bound,
        "legacy_micro_usd": quote_.legacy,
    }


def _each(identified: Identified, rules: Rules) -> Sequence[Wants]:
    """One profile for each consumer, though they were collected for together."""
    if "+" not in identified.wants.consumer:
        return (identified.wants,)
    ask = identified.ask
    return tuple(wants_of(rules, (name,)).within(max_cost=ask.max_cost, oldest=ask.max_age) for name in ask.consumers)


def _plan_reads(plan: Plan, request: Request, now: datetime) -> tuple[CacheRead, ...]:
    return tuple(
        CacheRead(request.request_id, read.purchase_id, read.source, "reply", read.saves_micro_usd, now)
        for read in plan.reads
        if read.paid_by != request.request_id
    )


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


def _unique(reads: Sequence[CacheRead]) -> tuple[CacheRead, ...]:
    return tuple({read.purchase_id: read for read in reads}.values())


def _finished(
    identified: Identified,
    now: datetime,
    *,
    reads: Sequence[CacheRead],
    purchases: Sequence[Purchase],
    served_from: str,
) -> Request:
    return replace(
        identified.request,
        finished_at=now,
        cost_micro_usd=sum(p.cost_micro_usd for p in purchases),
        saved_micro_usd=sum(r.saved_micro_usd for r in reads),
        served_from=served_from,
    )


def _paid(known: Known, purchases: Sequence[Purchase]) -> Mapping[str, int]:
    return {r.purchase_id: r.cost_micro_usd for r in known.replies} | {
        p.purchase_id: p.cost_micro_usd for p in purchases
    }


def _capped(gathered: Gathered) -> bool:
    return any(source.verdict == "over a cap" for source in gathered.planned.plan.sources)


async def _audience_text(audience: str | None, world: World) -> str | None:
    """What we know of the vendor for whom a profile is written: their own vendor_context, else their name."""
    if audience is None:
        return None
    named = parse_company(audience)
    company = await asyncio.to_thread(world.store.company, company_key(named.name, named.domain))
    if company is None:
        return named.name or named.domain
    profile = await asyncio.to_thread(world.store.latest_profile, company.company_id, "vendor_context", None)
    lines = [company.name or company.key]
    if profile is not None:
        for name, field_ in profile.document["datasets"].items():
            lines += [f"{name}: {v['value'].get('text') or v['value'].get('statement')}" for v in field_["values"][:3]]
    return "\n".join(line for line in lines if not line.endswith(": None"))
