"""What the store tells of the past, for the decision what to refresh: values bought again, ages, reads, traits.

Without numpy: the store makes these records, also for commands that refresh nothing.
"""

from datetime import datetime
from typing import NamedTuple


class Renewal(NamedTuple):
    """A dataset in two replies to the same question, one after the other; before_at is earlier than at.

    before, after: its values, a JSON object a line; both None where these are the same text.
    """

    company_id: str
    dataset: str
    before_at: datetime
    at: datetime
    before: str | None
    after: str | None


class Collected(NamedTuple):
    """When the newest fact of a dataset of a company was collected."""

    company_id: str
    dataset: str
    at: datetime


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
