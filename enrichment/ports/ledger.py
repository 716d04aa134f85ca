"""The ledger: every call to a provider is a purchase, reserved before it is sent. Money in micro-USD, times in UTC.

reserve -> Reserved | NotReserved
reserved -> sent -> settled | released (not billed) | uncertain (we cannot know whether it was billed)
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from enrichment.domain.knowledge import Fact, ModelReply, Reply
from enrichment.domain.purchases import Cap, Outage, Purchase, Suspension


@dataclass(frozen=True, slots=True)
class Reserved:
    """The purchase to carry out: the one asked for, or an earlier one that is resumed."""

    purchase: Purchase


@dataclass(frozen=True, slots=True)
class CapReached:
    """The name of the cap that would be exceeded, and the micro-USD it still allows."""

    cap: str
    left_micro_usd: int


@dataclass(frozen=True, slots=True)
class AlreadyClaimed:
    """Another purchase of the same (company, source, variant) is under way, until lease_until (UTC)."""

    purchase_id: str
    lease_until: datetime
    handle: str | None


@dataclass(frozen=True, slots=True)
class AlreadyBought:
    """The store has an answer that the caller had not seen. answer: id of the reply, or of the analysis."""

    answer: str


@dataclass(frozen=True, slots=True)
class AskedInVain:
    """Since this request began, another request asked the same and got no answer.

    failed: why, where that cost nothing; None: it paid, or may have paid.
    """

    purchase_id: str
    failed: str | None = None


@dataclass(frozen=True, slots=True)
class Busy:
    """The provider's `concurrency` is used up, counted over all processes. under_way: purchases of it in progress."""

    under_way: int


@dataclass(frozen=True, slots=True)
class Unavailable:
    """No call may be sent now: the provider has an outage, or the source is suspended."""

    by: Outage | Suspension


NotReserved = CapReached | AlreadyClaimed | AlreadyBought | AskedInVain | Busy | Unavailable


class Ledger(Protocol):
    """One purchase from its reservation to its end. Every method is one short transaction and blocks its thread."""

    def reserve(
        self,
        purchase: Purchase,
        caps: Sequence[Cap],
        *,
        at_once: int,
        seen: Collection[str] | None = None,
        since: datetime | None = None,
        failed_since: datetime | None = None,
        waits_for: Collection[str] = (),
    ) -> Reserved | NotReserved:
        """Claims (company, source, variant) and reserves the most it may cost under all caps, or changes nothing.

        at_once: how many purchases of this provider may be under way, over all processes.
        seen: ids of the answers the caller knows; an answer with another id gives AlreadyBought. None: do not check.
        since: when the request began; what another request asked after that, and paid for in vain, gives AskedInVain.
        failed_since: what failed for another one after that, free of charge, gives it too. None: is asked again.
        waits_for: sources of which a purchase under way about this company gives AlreadyClaimed, as one of this source.
        A provider after an outage lets exactly one purchase through: the probe.
        An expired claim, or an uncertain purchase of the same question, is resumed where that costs nothing more: it
        has a handle, or the vendor repeats the same question for free. Reserved then carries that purchase: its own
        purchase_id, the next attempt, state sent. Else it ends (released if it was never sent) and a new one begins.
        """
        ...

    def send(self, purchase: Purchase, *, at: datetime, lease_until: datetime | None = None) -> bool:
        """Marks it sent. False: its claim is lost and the call must not be sent.

        lease_until: a new lease, valid also after the old one is over, unless another process has ended or resumed the
        purchase meanwhile. None: the old one has to be valid.
        """
        ...

    def renew(self, purchase: Purchase, *, lease_until: datetime) -> bool:
        """A new lease while it is under way. False: it has ended, or another process has resumed it."""
        ...

    def keep_handle(self, purchase: Purchase, handle: str, *, lease_until: datetime) -> bool:
        """Stores a two-step vendor's job id; after lease_until another process may resume the purchase by it.

        False: another process has already resumed it, and nothing is written.
        """
        ...

    def settle(
        self,
        purchase: Purchase,
        *,
        reply: Reply | None,
        facts: Sequence[Fact],
        answer: ModelReply | None = None,
        suspend: str | None = None,
        rest: Purchase | None = None,
    ) -> None:
        """Writes charge, reply, facts and answer in one transaction; returns the unused reserve, frees the claim.

        A reply without facts is stored with reader_version 0, to be read afterwards (Knowledge.keep_facts); a model's
        answer unchecked, to be checked afterwards (Knowledge.keep_analysis).
        rest: what may be billed in addition, as an uncertain purchase of its own; its part of the reserve stays.
        suspend: why the source must not be asked again. An answer ends the provider's failures in a row.
        Raises PurchaseClosed.
        """
        ...

    def release(self, purchase: Purchase, *, at: datetime, reason: str) -> None:
        """Ends a purchase that was not billed: returns the reserve and frees the claim. Raises PurchaseClosed."""
        ...

    def mark_uncertain(self, purchase: Purchase, *, at: datetime, reason: str) -> None:
        """We cannot know whether it was billed: the reserve stays, the claim is freed. Raises PurchaseClosed."""
        ...

    def is_claimed(self, purchase_id: str) -> bool:
        """Whether this purchase has its claim, even if the lease is over."""
        ...

    def purchases(self, request_id: str) -> list[Purchase]:
        """The purchases of one request, in the order they were reserved."""
        ...

    def spent(self, cap_names: Sequence[str]) -> dict[str, int]:
        """Cap name -> micro-USD counted against it so far: settled, reserved and uncertain together."""
        ...
