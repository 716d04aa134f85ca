"""Whether the vendor's account and our ledger agree: what it reports, against what the ledger bought in between.

    BalanceReading, earlier ones -> BalanceComparison: change, bought, drift -> Conclusion: what to settle or release

drift = what the vendor took - what the ledger settled, in units of the vendor, since the last reading the ledger was
sure of. Uncertain purchases explain as much of it as they may have cost. The rest comes from a wrong rule, or from
another user of the same key.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Literal

from enrichment.domain.money import in_units
from enrichment.domain.purchases import Purchase
from enrichment.rules import ProviderRules

CountedUnits = Literal["left", "used"]
_UNLISTED_AFTER = int(ProviderRules.model_fields["uncertain_after"].default)  # for providers no longer in the rules


@dataclass(frozen=True, slots=True)
class OpenPurchase:
    """A purchase that is uncertain or under way. units: the most it may have cost. sent_at: when it was sent."""

    purchase_id: str
    units: int
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class LedgerTotals:
    """The ledger about one provider at one moment: units settled, and its purchases that are open."""

    settled: int = 0
    uncertain: tuple[OpenPurchase, ...] = ()
    under_way: tuple[OpenPurchase, ...] = ()


@dataclass(frozen=True, slots=True)
class BalanceReading:
    """What a vendor reports of our account: amount of units left (falls when we buy) or used (rises).

    At that time it had billed between `settled` and `settled + uncertain` units, if the ledger is right.
    """

    provider: str
    at: datetime
    unit: str
    amount: Decimal
    counts: CountedUnits
    settled: int
    uncertain: int


class Agreement(Enum):
    FIRST = "first reading"
    RENEWED = "plan renewed"
    AGREES = "agrees"
    UNCERTAIN = "uncertain"
    DRIFT = "drift"


@dataclass(frozen=True, slots=True)
class BalanceComparison:
    """A reading against an earlier one, `since`. change: units the vendor took; bought: units the ledger settled."""

    now: BalanceReading
    agreement: Agreement
    since: BalanceReading | None = None
    change: Decimal = Decimal(0)
    bought: int = 0

    @property
    def drift(self) -> Decimal:
        return self.change - self.bought

    @property
    def unexplained(self) -> Decimal:
        """What of the drift no uncertain purchase explains; below 0: the ledger has more than the vendor took."""
        most = self.now.uncertain
        least = 0 if self.since is None else -self.since.uncertain
        return self.drift - min(max(self.drift, Decimal(least)), Decimal(most))


@dataclass(frozen=True, slots=True)
class Conclusion:
    """Which uncertain purchases end by what the vendor reported, and which it leaves open, and why."""

    settle: tuple[OpenPurchase, ...] = ()
    release: tuple[OpenPurchase, ...] = ()
    left: tuple[OpenPurchase, ...] = ()
    why: str | None = None


def bounds(before: LedgerTotals, after: LedgerTotals) -> tuple[int, int]:
    """(settled, uncertain) of a balance read between two readings of the ledger, with what may have happened then."""
    most = after.settled + _units(after.uncertain) + _units(after.under_way)
    return before.settled, most - before.settled


def compare(now: BalanceReading, earlier: Sequence[BalanceReading]) -> BalanceComparison:
    """earlier: readings of the same provider, the newest first."""
    same_plan = list(_of_one_plan(now, earlier))
    if not same_plan:
        return BalanceComparison(now, Agreement.RENEWED if earlier else Agreement.FIRST)
    since = next((reading for reading in same_plan if not reading.uncertain), same_plan[0])
    found = BalanceComparison(now, Agreement.DRIFT, since, _taken(since, now), now.settled - since.settled)
    if found.unexplained:
        return found
    agrees = not found.drift and not now.uncertain
    return BalanceComparison(
        now, Agreement.AGREES if agrees else Agreement.UNCERTAIN, since, found.change, found.bought
    )


def conclude(
    comparison: BalanceComparison, before: LedgerTotals, after: LedgerTotals, *, patience: timedelta
) -> Conclusion:
    """What the comparison tells of the purchases that are uncertain now.

    before, after: the ledger around the reading. patience: so long after it was asked a vendor may still bill.
    """
    uncertain, since, now = after.uncertain, comparison.since, comparison.now
    if not uncertain or since is None or comparison.agreement is Agreement.DRIFT:
        return Conclusion(left=uncertain)
    if before != after or after.under_way:
        return Conclusion(left=uncertain, why="purchases were under way: ask again when they are done")
    if since.uncertain or any(one.sent_at < since.at for one in uncertain):
        return Conclusion(left=uncertain, why="some were uncertain at the earlier reading already")
    if not comparison.drift:
        old = tuple(one for one in uncertain if one.sent_at + patience <= now.at)
        young = tuple(one for one in uncertain if one not in old)
        minutes = -(-patience // timedelta(minutes=1))
        why = f"it may still bill what it was asked in the last {minutes} min: ask again later" if young else None
        return Conclusion(release=old, left=young, why=why)
    if comparison.drift == _units(uncertain):
        return Conclusion(settle=uncertain)
    return Conclusion(
        left=uncertain, why=f"it billed {number(comparison.drift)} of the {_units(uncertain)} they may have cost"
    )


def in_words(comparison: BalanceComparison) -> str:
    """What the comparison means, and what to do about drift."""
    now, since, off = comparison.now, comparison.since, comparison.unexplained
    match comparison.agreement:
        case Agreement.FIRST:
            return "first reading: compared from the next one on"
        case Agreement.RENEWED:
            return "the plan was renewed or topped up: compared from here on"
        case Agreement.DRIFT if off > 0:
            return (
                f"{in_units(off, now.unit)} more were billed than the ledger knows of: somebody else uses the same "
                f"key, or a source of {now.provider} counts too few units in config/sources.yaml"
            )
        case Agreement.DRIFT:
            return (
                f"the ledger has {in_units(-off, now.unit)} more than were billed: a purchase was settled at its "
                f"reserve and not billed, or the plan was topped up, or a source of {now.provider} counts too many "
                "units in config/sources.yaml"
            )
        case Agreement.UNCERTAIN:
            explained = now.uncertain or (since.uncertain if since else 0)
            return f"explained by uncertain purchases, which may have cost {in_units(explained, now.unit)}"
        case Agreement.AGREES:
            return "agrees with the ledger"


def uncertain_after(providers: Mapping[str, ProviderRules], named: Iterable[str]) -> dict[str, timedelta]:
    """How long a purchase stays uncertain before it is settled at its reserve, for each provider named."""
    seconds = {name: rules.uncertain_after for name, rules in providers.items()}
    return {name: timedelta(seconds=seconds.get(name, _UNLISTED_AFTER)) for name in named}


def settles_at(purchase: Purchase, after: timedelta) -> datetime:
    """When an uncertain purchase is settled at its reserve, if nothing ends it before: so long after it was sent."""
    return (purchase.sent_at or purchase.reserved_at) + after


def may_still_bill(rules: ProviderRules) -> timedelta:
    """How long after it was asked a vendor may still be at work: as long as we would have waited, and as long again."""
    return timedelta(seconds=2 * rules.timeout_seconds)


def _of_one_plan(now: BalanceReading, earlier: Sequence[BalanceReading]) -> Iterator[BalanceReading]:
    """The readings since the vendor last renewed our plan, which raises what is left or lowers what is used."""
    later = now
    for reading in earlier:
        if (reading.unit, reading.counts) != (now.unit, now.counts) or _taken(reading, later) < 0:
            return
        yield reading
        later = reading


def _taken(earlier: BalanceReading, later: BalanceReading) -> Decimal:
    rise = later.amount - earlier.amount
    return rise if later.counts == "used" else -rise


def _units(purchases: Iterable[OpenPurchase]) -> int:
    return sum(purchase.units for purchase in purchases)


def number(amount: Decimal) -> str:
    """An amount for people: no zeros behind the point, no exponent."""
    return f"{amount.normalize():f}"
