"""On which day something happened, and which facts are of the days that a question asks for. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from enrichment.domain.knowledge import Fact
from enrichment.domain.values import FoundPassage, IntentSignal, JobPosting, NewsItem, Value


@dataclass(frozen=True, slots=True)
class WithinWindow:
    """facts: those that are not known to be older; what has to have a date is left out without one.

    newest: of each dataset of which all is left out, its newest day.
    """

    facts: tuple[Fact, ...]
    newest: dict[str, date]


def within_window(facts: Iterable[Fact], since: date) -> WithinWindow:
    every = [*facts]
    kept = tuple(fact for fact in every if not _has_date(fact.value) or (event_day(fact.value) or date.min) >= since)
    left = {fact.dataset for fact in every} - {fact.dataset for fact in kept}
    newest = dict[str, date]()
    for fact in every:
        if fact.dataset in left and (day := event_day(fact.value)) is not None:
            newest[fact.dataset] = max(day, newest.get(fact.dataset, day))
    return WithinWindow(kept, newest)


def _has_date(value: Value) -> bool:
    """Whether it is of a day: an offer that is open is of its day too; a passage may be of none."""
    return isinstance(value, NewsItem | JobPosting | IntentSignal) or event_day(value) is not None


def event_day(value: Value) -> date | None:
    """The day of what happened, as its source states it; None: it states none."""
    match value:
        case NewsItem(published_at=at) | FoundPassage(published_at=at):
            return None if at is None else at.date()
        case JobPosting(posted_on=day) | IntentSignal(observed_on=day):
            return day
    return None
