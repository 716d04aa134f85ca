"""What a purchase shows of how often values change: its reply beside the one that the same source gave before.

    Renewal: the values of a dataset in two replies in a row -> ObservedRenewal(company, dataset, seconds, changed)

Compared is what the same source was asked in the same form, where both replies have the dataset: a source that has it
no longer does not show that it changed. Another spelling is no change.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from enrichment.domain.json_values import Json
from enrichment.memory.same_item import is_changed
from enrichment.refresh.history import Renewal


class ObservedRenewal(NamedTuple):
    """A dataset of a company was bought again so many seconds after the time before (above 0). at: POSIX seconds."""

    company_id: str
    dataset: str
    at: float
    seconds: float
    changed: bool


def observed_renewals(renewals: Iterable[Renewal]) -> Iterator[ObservedRenewal]:
    """One ObservedRenewal for each renewal."""
    for company_id, dataset, at, seconds, before, after in renewals:
        changed = before is not None and after is not None and is_changed(dataset, _values(before), _values(after))
        yield ObservedRenewal(company_id, dataset, at, seconds, changed)


def _values(lines: str) -> list[Mapping[str, Json]]:
    return [json.loads(line) for line in lines.splitlines()]
