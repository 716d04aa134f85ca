"""What a consumer gets about a company, and what changed since the profile before. Each is a row of a table.

Times are datetimes in UTC, with zone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from enrichment.domain.json_values import Json

Confidence = Literal["High", "Medium", "Low"]


@dataclass(frozen=True, slots=True)
class Profile:
    """What one consumer gets about one company. document: the whole profile as JSON (profiles/document.py)."""

    profile_id: str
    company_id: str
    consumer: str
    audience: str | None
    requirements_hash: str
    rules_hash: str
    request_id: str
    quality: float
    completeness: float
    confidence: Confidence
    document: Mapping[str, Json]
    created_at: datetime
    holds_until: datetime


@dataclass(frozen=True, slots=True)
class ProfileHead:
    """A profile without its document: enough to tell whether it is still fresh."""

    profile_id: str
    company_id: str
    requirements_hash: str
    quality: float
    created_at: datetime
    holds_until: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """A dataset of a company states something else than before: what a seller acts on. Another spelling is none.

    kind: of a single value 'changed'; of a list 'added' or 'removed', or 'changed' for a contact with another title.
    before, after: stored values; None where there is none. since: when the reply that shows it was collected.
    mark: equal for the same change in the profiles of several consumers; it is kept once.
    """

    change_id: str
    mark: str
    company_id: str
    consumer: str
    audience: str | None
    dataset: str
    kind: Literal["changed", "added", "removed"]
    before: Mapping[str, Json] | None
    after: Mapping[str, Json] | None
    source: str
    reply_id: str
    evidence: str
    why: str
    since: datetime
    profile_id: str
    request_id: str
    at: datetime
