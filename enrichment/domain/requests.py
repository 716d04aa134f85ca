"""One request of a consumer, what happened in it, and what it used without paying. Each is a row of a table.

Times are datetimes in UTC, with zone; money is integer micro-USD.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from enrichment.domain.json_values import Json

RequestState = Literal["running", "complete", "incomplete", "refused", "failed", "stopped"]


Stage = Literal["identify", "layer_1", "plan", "collect", "analyse", "assemble", "keep"]
"""The part of a request in which an event happened; stored."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request of one consumer for one company. Every cost and every saving belongs to exactly one request."""

    request_id: str
    company_id: str
    consumer: str
    audience: str | None
    strategy: str
    rules_hash: str
    asked_at: datetime
    asked_by: str = "cli"
    state: RequestState = "running"
    finished_at: datetime | None = None
    cost_micro_usd: int = 0
    saved_micro_usd: int = 0
    served_from: str | None = None
    profile_id: str | None = None
    plan: Json = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class CacheRead:
    """A request used what another purchase had paid for. saved_micro_usd: the cost of that purchase."""

    request_id: str
    purchase_id: str
    source: str
    layer: Literal["reply", "analysis", "profile"]
    saved_micro_usd: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened in a request, as `enrich trace` shows it."""

    request_id: str
    at: datetime
    stage: Stage
    what: str
    data: Mapping[str, Json] = field(default_factory=dict)


_FORMER_KINDS = {"Barred": "Unavailable"}


def failure_kind(stored: str) -> str:
    """The kind of a failure, as it is called now, of an event that may have been stored when it had another name."""
    return _FORMER_KINDS.get(stored, stored)


@dataclass(frozen=True, slots=True)
class SourceFailure:
    """A source or an analysis that could not answer in a request: why, in one sentence, and the kind of obstacle.

    source of an analysis: as analysis_source. kind: 'OverCap', 'ProviderUnavailable', ...
    """

    source: str
    provider: str
    kind: str
    reason: str
