"""What is bought, within which caps, and which providers and sources are not asked for now. Each is a row of a table.

Times are datetimes in UTC, with zone; money is integer micro-USD.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

PurchaseState = Literal["reserved", "sent", "settled", "released", "uncertain"]


@dataclass(frozen=True, slots=True)
class Purchase:
    """One call to a provider. A free call is a purchase of price 0.

    units, reserved_units: vendor unit -> count. handle: the job id of a two-step vendor, to resume by.
    asked: fingerprint of the exact question. topic: as of a Reply. repeatable_until: until then the vendor repeats that
    question for free; None: a repetition may be billed. attempt: raised whenever another process resumes the purchase;
    writes with an earlier attempt are refused (a fencing token).
    """

    purchase_id: str
    request_id: str
    company_id: str
    consumer: str
    strategy: str
    source: str
    provider: str
    variant: str
    rules_hash: str
    reserved_units: Mapping[str, int]
    usd_per_unit: Mapping[str, Decimal]
    reserved_micro_usd: int
    reserved_at: datetime
    lease_until: datetime
    repeatable_until: datetime | None = None
    asked: str = ""
    attempt: int = 1
    state: PurchaseState = "reserved"
    units: Mapping[str, int] = field(default_factory=dict)
    cost_micro_usd: int = 0
    handle: str | None = None
    sent_at: datetime | None = None
    closed_at: datetime | None = None
    latency_seconds: float | None = None
    calls: int = 0
    outcome: str | None = None
    reason: str | None = None
    reported_at: datetime | None = None
    topic: str = ""


def kept_for_uncertain(purchases: Iterable[Purchase]) -> int:
    """What is reserved for calls of which it is not known whether they were billed (micro-USD)."""
    return sum(one.reserved_micro_usd for one in purchases if one.state == "uncertain")


@dataclass(frozen=True, slots=True)
class Outage:
    """A provider that is not asked before `until`, when a probe is due. because: its last error, as one sentence."""

    provider: str
    kind: Literal["down", "exhausted"]
    because: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Suspension:
    """A source that is not asked until a person lifts it: its vendor billed more than its rules allow."""

    source: str
    purchase_id: str
    because: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that some purchases may cost together; each is reserved against it.

    name: with its period: 'day:2026-11-21'.
    most_micro_usd: None: as much as they cost; the sum is kept all the same, for an amount set later in the period.
    """

    name: str
    most_micro_usd: int | None

    def allows(self, taken: int) -> bool:
        """Whether a sum of so many micro-USD does not exceed it."""
        return self.most_micro_usd is None or taken <= self.most_micro_usd


@dataclass(frozen=True, slots=True)
class DailyCap:
    """What a payer of requests, such as an API key, may spend a day (UTC). name: 'key:acme'.

    most_micro_usd: as in Cap.
    """

    name: str
    most_micro_usd: int | None

    def cap(self, day: str) -> Cap:
        """The cap of this day, such as 2026-11-21."""
        return Cap(f"{self.name}:{day}", self.most_micro_usd)
