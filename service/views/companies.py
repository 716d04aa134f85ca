"""How what is known of a company looks: the registry, its layers, its requests."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from enrichment.domain.companies import Company
from service.views.money import Usd
from service.views.view import View


class CompanyView(View):
    """key: what to ask for to mean exactly this company."""

    key: str
    name: str | None
    domain: str | None
    country: str | None = Field(description="ISO 3166, two letters; null: not known")


class CompaniesView(View):
    """next_after: ask with `after` for the next page; null: there is none."""

    companies: list[CompanyView]
    next_after: str | None


class AliasView(View):
    alias: str
    kind: str
    name: str | None
    source: str | None
    learned_at: datetime | None


class RelationView(View):
    """kind: what the other company is: parent or subsidiary."""

    kind: str
    key: str
    name: str | None
    source: str
    learned_at: datetime


class ProfileHeadView(View):
    """fresh: a request would be served it as it is, for nothing."""

    consumer: str
    made_at: datetime
    valid_until: datetime
    fresh: bool
    quality: float
    confidence: str
    request_id: str


class ReplyView(View):
    """found: false: the source knows nothing of the company, which is not asked again until valid_until."""

    source: str
    found: bool
    collected_at: datetime
    valid_until: datetime
    purchase_id: str
    cost_usd: Usd


class FactView(View):
    """evidence: where in the reply it is."""

    value: dict[str, Any]
    source: str
    quality: float
    collected_at: datetime
    valid_until: datetime
    fresh: bool
    purchase_id: str
    evidence: str


class CompanyDetail(CompanyView):
    """A company with its layers: profiles, replies, and the facts that were read from them."""

    aliases: list[AliasView]
    relations: list[RelationView]
    profiles: list[ProfileHeadView]
    replies: list[ReplyView]
    facts: Mapping[str, list[FactView]] = Field(description="Dataset -> values, the best first")
    spent_usd: Usd


class ProfileView(View):
    """The latest profile, whatever its age. fresh: a request would be served it as it is."""

    company: CompanyView
    consumer: str
    audience: str | None
    made_at: datetime
    valid_until: datetime
    fresh: bool
    quality: float
    confidence: str
    request_id: str
    profile: dict[str, Any]


class RequestView(View):
    id: str
    consumer: str
    audience: str | None
    strategy: str
    asked_at: datetime
    asked_by: str
    state: str
    finished_at: datetime | None
    served_from: str | None
    cost_usd: Usd
    saved_usd: Usd
    missing: str | None


class HistoryView(View):
    """The latest hundred requests, the latest first."""

    company: CompanyView
    requests: list[RequestView]


def company_view(company: Company) -> CompanyView:
    return CompanyView(key=company.key, name=company.name, domain=company.domain, country=company.country)
