"""What is known of companies, without buying: the registry, a company with its layers, its profiles, its requests.

Every function blocks. Raises ApiProblem: the company, or the profile, is not there.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Fact
from enrichment.domain.profiles import Profile
from enrichment.memory.verdicts import judged
from enrichment.pipeline.cached_profile import serves
from enrichment.pipeline.verdicts import profile_now
from enrichment.profiles.choice import choose
from enrichment.rules import Rules
from enrichment.rules.requirements import CUSTOM, Requirements, UnknownName, requirements_of
from service.installation.state import ServiceState
from service.problems import ApiProblem
from service.views.companies import (
    AliasView,
    CompaniesView,
    CompanyDetail,
    FactView,
    HistoryView,
    ProfileHeadView,
    ProfileView,
    RelationView,
    ReplyView,
    RequestView,
    company_view,
)
from service.views.money import usd

_MOST_REQUESTS = 100


def listed(state: ServiceState, query: str | None, *, after: str, most: int) -> CompaniesView:
    """A page of companies in the order of their keys. Raises ApiProblem."""
    place_of(after, state)
    found = state.store.companies.page(query, after=after, most=most + 1)
    more = found[most - 1].key if len(found) > most else None
    return CompaniesView(companies=[company_view(one) for one in found[:most]], next_after=more)


def detail(state: ServiceState, key: str) -> CompanyDetail:
    company, store = found(state, key), state.store
    known = judged(store.knowledge.known(company.company_id))
    now = state.now()
    return CompanyDetail(
        **dict(company_view(company)),
        aliases=[
            AliasView(alias=one.alias, kind=one.kind, name=one.name, source=one.source, learned_at=one.learned_at)
            for one in store.companies.aliases(company.company_id)
        ],
        relations=[
            RelationView(kind=one.kind, key=one.other, name=one.name, source=one.source, learned_at=one.learned_at)
            for one in store.companies.relations(company.company_id)
        ],
        profiles=[_head(one, state, now) for one in _profiles(company, state)],
        replies=[
            ReplyView(
                source=one.source,
                found=one.found,
                collected_at=one.collected_at,
                valid_until=one.expires_at,
                purchase_id=one.purchase_id,
                cost_usd=usd(one.cost_micro_usd),
            )
            for one in known.replies
        ],
        facts=_facts(known.facts, company.domain, state.in_force.rules, now),
        spent_usd=usd(store.ledger_queries.spent_on([company.company_id])[company.company_id].micro_usd),
    )


def profile(state: ServiceState, key: str, consumer: str, audience: str | None) -> ProfileView:
    """The profile as it was made; fresh: whether a request would be served it as it is."""
    company = found(state, key)
    try:
        requirements = _requirements(consumer, state.in_force.rules)
    except UnknownName as error:
        raise ApiProblem("not_found", str(error)) from None
    kept = profile_now(
        company.company_id, consumer, audience, rules=state.in_force.rules, store=state.store, now=state.now()
    )
    if kept is None:
        detail_ = f"Memory has no {consumer} profile of {company.key}: quote it at /v1/quotes."
        raise ApiProblem("not_found", detail_)
    fresh = requirements is not None and serves(kept, state.in_force.rules, requirements, state.now())
    return ProfileView(
        company=company_view(company),
        consumer=consumer,
        audience=audience,
        made_at=kept.created_at,
        valid_until=kept.holds_until,
        fresh=fresh,
        quality=round(kept.quality, 4),
        confidence=kept.confidence,
        request_id=kept.request_id,
        profile=dict(kept.document),
    )


def history(state: ServiceState, key: str) -> HistoryView:
    """The latest requests first."""
    company = found(state, key)
    requests = state.store.requests.latest(company.company_id, limit=_MOST_REQUESTS)
    return HistoryView(
        company=company_view(company),
        requests=[
            RequestView(
                id=one.request_id,
                consumer=one.consumer,
                audience=one.audience,
                strategy=one.strategy,
                asked_at=one.asked_at,
                asked_by=one.asked_by,
                state=one.state,
                finished_at=one.finished_at,
                served_from=one.served_from,
                cost_usd=usd(one.cost_micro_usd),
                saved_usd=usd(one.saved_micro_usd),
                missing=one.error,
            )
            for one in requests
        ],
    )


def place_of(after: str, state: ServiceState) -> str:
    """The present key of the last company of the page before. Raises ApiProblem if there is no such company."""
    last = state.store.companies.by_key(after) if after else None
    if after and last is None:
        raise ApiProblem("invalid", f"after: '{after[:80]}' is no place in this list: take `next_after` of a page.")
    return "" if last is None else last.key


def found(state: ServiceState, key: str) -> Company:
    """The company with this key, or a former key, where that is of no other company."""
    company = state.store.companies.by_key(key)
    if company is None:
        raise ApiProblem("not_found", f"No company is registered as {key[:80]}: /v1/companies?query= finds it.")
    return company


def _requirements(consumer: str, rules: Rules) -> Requirements | None:
    """The consumer's requirements. None: the profile is of a request with datasets of its own. Raises UnknownName."""
    return None if consumer == CUSTOM else requirements_of(rules, (consumer,))


def _profiles(company: Company, state: ServiceState) -> Sequence[Profile]:
    """The latest of each consumer, without an audience."""
    latest = (state.store.profiles.latest(company.company_id, name, None) for name in state.in_force.rules.consumers)
    return [one for one in latest if one is not None]


def _head(kept: Profile, state: ServiceState, now: datetime) -> ProfileHeadView:
    rules = state.in_force.rules
    return ProfileHeadView(
        consumer=kept.consumer,
        made_at=kept.created_at,
        valid_until=kept.holds_until,
        fresh=serves(kept, rules, requirements_of(rules, (kept.consumer,)), now),
        quality=round(kept.quality, 4),
        confidence=kept.confidence,
        request_id=kept.request_id,
    )


def _facts(facts: Sequence[Fact], domain: str | None, rules: Rules, now: datetime) -> Mapping[str, list[FactView]]:
    """Dataset -> values; the value that a profile would serve comes first."""
    views: dict[str, list[FactView]] = {}
    by_dataset: dict[str, list[Fact]] = {}
    for fact in sorted(facts, key=lambda one: (one.dataset, -one.quality, one.source)):
        by_dataset.setdefault(fact.dataset, []).append(fact)
    for fact in (one for name, stored in by_dataset.items() for one in _served_first(name, stored, domain, rules)):
        views.setdefault(fact.dataset, []).append(
            FactView(
                value=fact.value.model_dump(mode="json"),
                source=fact.source,
                quality=round(fact.quality, 4),
                collected_at=fact.collected_at,
                valid_until=fact.holds_until,
                fresh=now < fact.holds_until,
                purchase_id=fact.purchase_id,
                evidence=fact.evidence,
            )
        )
    return views


def _served_first(dataset: str, facts: Sequence[Fact], domain: str | None, rules: Rules) -> Sequence[Fact]:
    if dataset not in rules.datasets:  # one that the rules had once
        return facts
    served, others = choose(rules, dataset, facts, domain)
    return (*served, *others)
