"""How far a batch is, by the companies that have ended so far: how fast it goes, what is left in time and money. Pure.

BatchSummary + now -> Pace

Time in which nothing was at work does not count: a batch that stood still for a night is as fast as before.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from enrichment.domain.batches import BatchCompanyState, BatchSummary, Span
from enrichment.domain.money import in_usd
from enrichment.purchasing.caps import in_words

OPEN: tuple[BatchCompanyState, ...] = ("waiting", "under_way")
ENDED: tuple[BatchCompanyState, ...] = ("complete", "incomplete", "failed", "stopped")
IN_ORDER: tuple[BatchCompanyState, ...] = ("complete", "incomplete", "failed", "stopped", "postponed", *reversed(OPEN))

_PAUSE = timedelta(seconds=30)
"""Between two companies: a longer one is no work, a shorter one is planning."""
_WAITS_FOR = "waits for"
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


@dataclass(frozen=True, slots=True)
class Pace:
    """ended, left: companies. per_second: while it is worked at, by the latest that ended; None: none has ended yet.

    seconds_left: None where nothing is left, or where nothing is begun as it was stopped.
    to_come: micro-USD that those which are left will cost, as those that ended did, within the budget; None: unknown.
    """

    ended: int
    left: int
    per_second: float | None
    seconds_left: float | None
    to_come: int | None


def pace_of(summary: BatchSummary, now: datetime) -> Pace:
    ended, left = summary.count(*ENDED), summary.count(*OPEN)
    rate = _rate(summary, now)
    within = _within_budget(summary, ended, left)
    seconds = within / rate if rate and within and summary.batch.state == "open" else None
    return Pace(ended, left, rate, seconds, _to_come(summary, ended, left))


def _rate(summary: BatchSummary, now: datetime) -> float | None:
    """Companies a second. The latest that ended, over the time in which these, or those under way, were at work."""
    ends = sorted(end for _, end in summary.recent)
    if not ends:
        return None
    all_of_them = summary.count(*ENDED) <= len(ends)
    since = min(begun for begun, _ in summary.recent) if all_of_them else ends[0]
    spans = [*summary.recent, *((begun, min(until, now)) for begun, until in summary.at_work)]
    seconds = _busy((max(begun, since), end) for begun, end in spans if end > since).total_seconds()
    counted = len(ends) if all_of_them else sum(end > since for end in ends)
    return counted / seconds if seconds > 0 and counted else None


def _busy(spans: Iterable[Span]) -> timedelta:
    """How long at least one of them lasts; a short pause between two counts."""
    busy, until = timedelta(), None
    for begun, end in sorted(spans):
        if until is None or begun - until > _PAUSE:
            busy, until = busy + (end - begun), end
        elif end > until:
            busy, until = busy + (end - until), end
    return busy


def _within_budget(summary: BatchSummary, ended: int, left: int) -> int:
    """How many of those left the budget is enough for, at what those that ended cost: the rest is only looked at."""
    if summary.batch.max_cost is None or not ended or not summary.taken:
        return left
    return min(left, math.ceil(max(0, summary.batch.max_cost - summary.taken) * ended / summary.taken))


def _to_come(summary: BatchSummary, ended: int, left: int) -> int | None:
    if not left:
        return 0
    if not ended:
        return None
    likely = round(summary.taken * left / ended)
    budget = summary.batch.max_cost
    return likely if budget is None else min(likely, max(0, budget - summary.taken))


def not_covered(cap: str) -> str:
    """Why a company is postponed, by the name of the cap that its plan may need more of than is left."""
    return f"may need more than {in_words(cap)} leaves"


def waits_for(vendors: Iterable[str]) -> str:
    """Why a company that was begun waits, by the vendors that it missed."""
    return f"{_WAITS_FOR} {', '.join(sorted(vendors))} to answer again"


def what_it_waits_for(summary: BatchSummary) -> str | None:
    """The commonest reason of companies that wait for a vendor; None: none does."""
    return next((reason for reason, _ in summary.reasons if reason.startswith(_WAITS_FOR)), None)


def is_of_the_budget(reason: str) -> bool:
    """Whether a company was postponed for the batch's own budget, and not for a day's cap."""
    return reason == not_covered("batch:")


def pace_in_words(summary: BatchSummary, now: datetime) -> str:
    pace = pace_of(summary, now)
    if summary.batch.state == "stopped" and pace.left:
        under_way = summary.count("under_way")
        return (
            "stopped: those under way end first" if under_way else "stopped: nothing more is begun until it is resumed"
        )
    if not pace.ended and summary.batch.state == "done":
        return "none was begun"
    if not pace.ended:
        return "no company has ended yet"
    if pace.per_second is None:
        return f"{pace.ended:,} ended"
    words = _rate_in_words(pace.per_second)
    return words if pace.seconds_left is None else f"{words}, about {span_in_words(pace.seconds_left)} left"


def _rate_in_words(rate: float) -> str:
    for unit, seconds in (("second", 1), ("minute", 60)):
        if rate * seconds >= 1:
            return f"{rate * seconds:.1f} companies a {unit}"
    return f"{rate * 3_600:.1f} companies an hour"


def state_in_words(summary: BatchSummary) -> str:
    return "under way" if summary.batch.state == "open" and summary.count("under_way") else summary.batch.state


def span_in_words(seconds: float) -> str:
    """'45 s', '26 min', '2 h 5 min', '1 d 18 h': two units at most, rounded up."""
    if seconds <= 60:
        return f"{math.ceil(seconds)} s"
    left = 60 * math.ceil(seconds / 60)
    parts: list[tuple[int, str]] = []
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append((count, unit))
    return " ".join(f"{count} {unit}" for count, unit in parts[:2] if count)


def budget_too_small(summary: BatchSummary, max_cost: int | None) -> str | None:
    """Why a batch cannot go on within this new budget (micro-USD); None: it can."""
    if max_cost is None or max_cost >= summary.taken:
        return None
    return (
        f"A budget of {in_usd(max_cost)} USD leaves nothing: {in_usd(summary.taken)} USD are taken already. "
        "State more than that, or leave the budget as it is."
    )
