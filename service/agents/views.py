"""What tools answer with: flat and short, each value with where it comes from and how old it is."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from service.views.companies import CompanyView
from service.views.enrichments import EventView
from service.views.money import Usd
from service.views.view import View


class FoundCompany(CompanyView):
    """profiles: the kinds that are known already: free to read."""

    profiles: list[str]


class FoundCompanies(View):
    """companies: none: it is not registered yet; `quote` takes its name or domain as it is."""

    companies: list[FoundCompany]


class KnownValue(View):
    """dataset: which field. source: `verdict` is a person's word. fresh: false: old, so it may be wrong by now."""

    dataset: str
    text: str
    value: dict[str, Any]
    source: str
    collected_at: datetime
    age_days: float
    fresh: bool
    quality: float
    reply_id: str
    evidence: str


class KnownProfile(View):
    """made_at: null: there is no such profile, and `values` are what is known besides."""

    company: CompanyView
    consumer: str
    made_at: datetime | None
    fresh: bool = Field(description="False: it may be old or incomplete; `quote` states what a fresh one costs")
    confidence: str | None
    quality: float | None
    values: list[KnownValue]
    missing: dict[str, str] = Field(description="Dataset -> why it is not known")


class AgentQuote(View):
    """What a request would cost and do. approval: what `enrich` needs: none (it is free), policy, or a person."""

    quote_id: str = Field(description="Give it to `enrich`, whole")
    company: str
    consumer: str
    expected_usd: Usd
    most_usd: Usd = Field(description="It costs no more than this")
    valid_until: datetime
    approval: Literal["none", "policy", "person"]
    from_memory: list[str] = Field(description="Sources that are not asked again: what they answered is still fresh")
    would_ask: list[str] = Field(description="Sources that may be asked, first ones first")


class EnrichedCompany(View):
    """How a request ended. approved_by: what consented to its quote."""

    request_id: str
    state: str
    cost_usd: Usd
    saved_usd: Usd
    served_from: str | None
    approved_by: str
    values: list[KnownValue]
    missing: dict[str, str]


class RequestTrace(View):
    request_id: str
    state: str
    cost_usd: Usd
    events: list[EventView]


class SpendLeft(View):
    """per_day_usd: null: the key has no cap of its own. unasked_usd: of one request, without asking a person."""

    key: str
    per_day_usd: Usd | None
    spent_today_usd: Usd
    left_today_usd: Usd | None
    unasked_usd: Usd


class QueryAnswer(View):
    columns: list[str]
    rows: list[list[Any]]
    truncated: bool = Field(description="There are more rows than these")
