"""What is known of many companies, as arrays: how old, how often read, how fast it is believed to change.

    companies + when each dataset was collected + reads + learned rates  ->  KnownFacts

A request reads every dataset of its consumer. Reads a day are counted over the demand horizon, or since the company is
known, if that is less.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from enrichment.domain.companies import Company
from enrichment.refresh.change_rates import Floats
from enrichment.refresh.history import CollectedAt, Reads
from enrichment.refresh.learned_rates import LearnedRates
from enrichment.refresh.ranking import KnownFacts
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements, requirements_of

_DAY = 86_400


def known_facts(
    rules: Rules,
    companies: Sequence[Company],
    collected: CollectedAt,
    reads: Iterable[Reads],
    rates: LearnedRates,
    now: datetime,
) -> KnownFacts:
    """What is known of these companies, for all datasets that consumers want. reads: within the demand horizon."""
    wants = {name: _wanted(requirements_of(rules, (name,))) for name in rules.consumers}
    datasets = tuple(dict.fromkeys(dataset for wanted in wants.values() for dataset in wanted))
    ids = [company.company_id for company in companies]
    row_of = {company_id: row for row, company_id in enumerate(ids)}
    pinned = {name: float(seconds) for name, seconds in rules.refresh.pinned.items()}
    return KnownFacts(
        company_ids=ids,
        datasets=datasets,
        age=_ages(row_of, datasets, collected, now),
        reads=_reads(rules, companies, row_of, reads, now) @ _wants(wants, datasets),
        belief=rates.beliefs(ids, datasets, valid_seconds=_valid_seconds(rules, datasets), pinned=pinned),
        found=np.array([_found(rules, dataset) for dataset in datasets]),
    )


def idle_companies(companies: Iterable[Company], reads: Iterable[Reads], *, since: datetime) -> frozenset[str]:
    """Ids of those that were not asked for since then."""
    asked = {one.company_id for one in reads if one.last_at >= since}
    return frozenset(company.company_id for company in companies if company.company_id not in asked)


def _wanted(requirements: Requirements) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*requirements.datasets, *requirements.collected)))


def _ages(row_of: Mapping[str, int], datasets: Sequence[str], collected: CollectedAt, now: datetime) -> Floats:
    age = np.full((len(row_of), len(datasets)), np.inf)
    column_of = {name: column for column, name in enumerate(datasets)}
    rows = _numbers_of(collected.company_ids, row_of)
    columns = _numbers_of(collected.datasets, column_of)
    ours = (rows >= 0) & (columns >= 0)
    age[rows[ours], columns[ours]] = np.maximum(now.timestamp() - np.array(collected.at, float)[ours], 0.0)
    return age


def _numbers_of(names: Sequence[str], number_of: Mapping[str, int]) -> NDArray[np.int64]:
    """-1 for a name that has none."""
    return np.fromiter(map(number_of.get, names, repeat(-1)), np.int64, len(names))


def _reads(
    rules: Rules, companies: Sequence[Company], row_of: Mapping[str, int], reads: Iterable[Reads], now: datetime
) -> Floats:
    """A day, one row per company, one column per consumer. Of requests that named their datasets nothing is known."""
    column_of = {name: column for column, name in enumerate(rules.consumers)}
    number = np.zeros((len(row_of), len(column_of)))
    for company_id, consumer, count, _ in reads:
        row = row_of.get(company_id)
        for name in consumer.split("+") if row is not None else ():
            if name in column_of:
                number[row, column_of[name]] += count
    known_since = np.array([(now - company.created_at).total_seconds() for company in companies])
    return np.asarray(number / np.clip(known_since / _DAY, 1.0, rules.refresh.demand_horizon / _DAY)[:, None])


def _wants(wants: Mapping[str, Sequence[str]], datasets: Sequence[str]) -> Floats:
    return np.array([[float(dataset in wanted) for dataset in datasets] for wanted in wants.values()])


def _valid_seconds(rules: Rules, datasets: Sequence[str]) -> dict[str, float]:
    """How long an answer is valid at most; of what analyses answer, how long a profile is."""
    profile_ttl = max(consumer.profile_ttl for consumer in rules.consumers.values())
    return {
        name: float(max((rules.valid_seconds(s, name) for s in rules.datasets[name].sources), default=profile_ttl))
        for name in datasets
    }


def _found(rules: Rules, dataset: str) -> float:
    """The chance that the source that is likeliest to have the dataset does; 1 where an analysis answers it."""
    sources = (rules.sources[name] for name in rules.datasets[dataset].sources)
    return max((source.match_rate * source.datasets[dataset].fill_rate for source in sources), default=1.0)


def horizon_begins(rules: Rules, now: datetime) -> datetime:
    """Reads since then are demand."""
    return now - timedelta(seconds=rules.refresh.demand_horizon)
