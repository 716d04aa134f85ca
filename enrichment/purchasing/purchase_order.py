"""What is to be bought, what it may cost, and what came of it.

PurchaseOrder -> draft -> Purchase, not yet reserved;  Delivery: what the provider gave, and what it bills
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from enrichment.context.run_context import ConcurrencyLimits
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.domain.knowledge import ModelReply, Reply
from enrichment.domain.money import charge
from enrichment.domain.purchases import Cap, Purchase
from enrichment.domain.requests import Request
from enrichment.ports import Ledger, ProviderHealth
from enrichment.rules import ProviderRules

LEASE = timedelta(seconds=20)
"""So long after its process is gone, another process may take a purchase over."""


class PurchaseStore(Protocol):
    """The two ports of the store that purchases need."""

    @property
    def ledger(self) -> Ledger: ...

    @property
    def provider_health(self) -> ProviderHealth: ...


class PurchaseContext(Protocol):
    """What a purchase is carried out with; a RunContext is one. now: UTC."""

    @property
    def store(self) -> PurchaseStore: ...

    @property
    def now(self) -> Callable[[], datetime]: ...

    @property
    def concurrency(self) -> ConcurrencyLimits: ...


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """What to buy, for which request and company.

    units: vendor unit -> the most one call may be billed. variant: the form of the question: two purchases of one
    variant are the same. asked: the exact question; only the same one is repeated for free. caps: the caps it is
    reserved against, given the time at which it begins. seen: ids of the answers known when it was decided; if the
    store has another one by now, nothing is bought. topic: as in Reply. waits_for: sources whose purchase about this
    company is waited for, since both may ask for the same page.
    """

    request: Request
    company: Company
    source: str
    provider: str
    rules: ProviderRules
    variant: str
    asked: str
    units: Mapping[str, int]
    usd_per_unit: Mapping[str, Decimal]
    caps: Callable[[datetime], Sequence[Cap]]
    seen: Collection[str] = ()
    topic: str = ""
    waits_for: Collection[str] = ()

    @property
    def most_micro_usd(self) -> int:
        """The most this purchase may cost: what is reserved for it."""
        return charge(self.units, self.usd_per_unit)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a provider gave. units: vendor units billed; uncertain_units: those that may be billed besides.

    outcome: 'found', 'nothing', 'answered'. A reply, and a model's answer, are read after they are stored.
    pages_of: other purchase -> how many of its pages are in the reply too, and so were not billed.
    """

    units: Mapping[str, int]
    outcome: str
    calls: int = 1
    reply: Reply | None = None
    answer: ModelReply | None = None
    uncertain_units: Mapping[str, int] = field(default_factory=dict)
    pages_of: Mapping[str, int] = field(default_factory=dict)


def draft(order: PurchaseOrder, now: datetime) -> Purchase:
    """A purchase not yet reserved."""
    return Purchase(
        purchase_id=new_id("pur"),
        request_id=order.request.request_id,
        company_id=order.company.company_id,
        consumer=order.request.consumer,
        strategy=order.request.strategy,
        source=order.source,
        provider=order.provider,
        variant=order.variant,
        asked=order.asked,
        rules_hash=order.request.rules_hash,
        reserved_units=dict(order.units),
        usd_per_unit=dict(order.usd_per_unit),
        reserved_micro_usd=order.most_micro_usd,
        reserved_at=now,
        lease_until=now + LEASE,
        repeatable_until=_repeatable_until(order.rules, now),
        topic=order.topic,
    )


def patience(rules: ProviderRules) -> float:
    """Seconds one purchase of this provider may take in all, every retry, page and poll included."""
    return 2 * rules.timeout_seconds


def _repeatable_until(rules: ProviderRules, now: datetime) -> datetime | None:
    """The end of the vendor's free window, less the time of a second try: that must arrive within the window."""
    if rules.repeat.window is None:
        return None
    until = now + timedelta(seconds=rules.repeat.window - patience(rules))
    return until if until > now else None
