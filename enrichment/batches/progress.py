"""How far a batch is, by the companies that have ended so far: how fast it goes, what is left in time and money. Pure.

BatchSummary + now -> Pace
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from enrichment.domain.batches import BatchCompanyState, BatchSummary

OPEN: tuple[BatchCompanyState, ...] = ("waiting", "under_way")
ENDED: tuple[BatchCompanyState, ...] = ("complete", "incomplete", "failed", "stopped")
IN_ORDER: tuple[BatchCompanyState, ...] = ("complete", "incomplete", "failed", "stopped", "postponed", *reversed(OPEN))


@dataclass(frozen=True, slots=True)
class Pace:
    """ended, left: companies. per_second: None while fewer than two have ended. seconds_left: None where none is left.

    to_come: micro-USD that those which are left will cost, as those that ended did, within the budget; None: unknown.
    """

    ended: int
    left: int
    per_second: float | None
    seconds_left: float | None
    to_come: int | None


def pace_of(summary: BatchSummary, now: datetime) -> Pace:
    ended, left = summary.count(*ENDED), summary.count(*OPEN)
    rate = None
    if ended >= 2 and summary.first_end is not None and summary.last_end is not None:
        until = now if left else summary.last_end
        seconds = (until - summary.first_end).total_seconds()
        rate = (ended - 1) / seconds if seconds > 0 else None
    return Pace(ended, left, rate, left / rate if rate and left else None, _to_come(summary, ended, left))


def _to_come(summary: BatchSummary, ended: int, left: int) -> int | None:
    if not left:
        return 0
    if not ended:
        return None
    likely = round(summary.taken * left / ended)
    budget = summary.batch.max_cost
    return likely if budget is None else min(likely, max(0, budget - summary.taken))


def pace_in_words(summary: BatchSummary, now: datetime) -> str:
    pace = pace_of(summary, now)
    if not pace.ended or summary.first_end is None or summary.last_end is None:
        return "no company has ended yet"
    if pace.per_second is None:
        return f"{pace.ended:,} ended"
    rate = pace.per_second
    words = f"{rate:.1f} companies a second" if rate >= 1 else f"{60 * rate:.1f} companies a minute"
    return words if pace.seconds_left is None else f"{words}, about {span_in_words(pace.seconds_left)} left"


def state_in_words(summary: BatchSummary) -> str:
    return "under way" if summary.batch.state == "open" and summary.count("under_way") else summary.batch.state


def span_in_words(seconds: float) -> str:
    if seconds < 60:
        return f"{math.ceil(seconds)} s"
    return str(timedelta(seconds=round(seconds)))
