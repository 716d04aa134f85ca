"""What several plans of one request cost together: how to find its domain, then the rest."""

from collections.abc import Sequence
from dataclasses import dataclass

from enrichment.planning.plan import Plan


@dataclass(frozen=True, slots=True)
class Total:
    """The quotes of several plans together: micro-USD, and seconds."""

    expected: int
    upper_bound: int
    seconds: float
    legacy: int
    saving: int
    from_memory: int


def total_of(plans: Sequence[Plan]) -> Total:
    """Add up plans. legacy: of the last plan, which covers all. from_memory: a reply read by several counts once."""
    most_left = plans[-1].most_left
    expected, legacy = min(sum(plan.quote.expected for plan in plans), most_left), plans[-1].quote.legacy
    reads = {read.reply_id: read.saves_micro_usd for plan in plans for read in plan.reads}
    return Total(
        expected=expected,
        upper_bound=min(sum(plan.quote.upper_bound for plan in plans), most_left),
        seconds=sum(plan.quote.seconds for plan in plans),
        legacy=legacy,
        saving=legacy - expected,
        from_memory=sum(reads.values()),
    )
