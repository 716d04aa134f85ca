"""What the store has of the past, for the decision what to refresh: values bought again, ages, reads, traits.

A time that there may be a million of is a number: seconds since 1970, UTC. Without numpy: the store makes these
records, also for commands that refresh nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple


class Renewal(NamedTuple):
    """A dataset in two replies to the same question, the second one collected `at`, so many seconds after the first.

    before, after: its values, a JSON object a line; both None where these are the same text.
    """

    company_id: str
    dataset: str
    at: float
    seconds: float
    before: str | None
    after: str | None


class CollectedAt(NamedTuple):
    """When the newest fact of a dataset of a company was collected, of many: one entry for each in every column."""

    company_ids: Sequence[str]
    datasets: Sequence[str]
    at: Sequence[float]


class Reads(NamedTuple):
    """Requests of one consumer about one company. consumer: several joined by '+' where they were asked together."""

    company_id: str
    consumer: str
    number: int
    last_at: datetime


class Traits(NamedTuple):
    """What companies are grouped by; None: not known."""

    industry: str | None = None
    size_band: str | None = None
