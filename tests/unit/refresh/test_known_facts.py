"""Ages, reads and beliefs of many companies as arrays, and what companies are grouped by."""

from datetime import timedelta

import numpy as np
import pytest

from enrichment.domain.companies import Company
from enrichment.domain.values import EmployeeCount, SizeBand, Text
from enrichment.refresh.history import CollectedAt, Reads, Traits
from enrichment.refresh.known_facts import idle_companies, known_facts
from enrichment.refresh.learned_rates import LearnedRates
from enrichment.refresh.ranking import KnownFacts
from enrichment.refresh.traits import trait_in, traits_of
from tests.support.examples import MATRIX, NOON

DAY = timedelta(days=1)
OLD, YOUNG = (Company(key, key, None, key, NOON - age) for key, age in (("old", 400 * DAY), ("young", 10 * DAY)))


def facts(*reads: Reads, collected: CollectedAt = CollectedAt([], [], [])) -> KnownFacts:  # noqa: B008  frozen
    return known_facts(MATRIX, [OLD, YOUNG], collected, reads, LearnedRates([], {}), NOON)


def at(known: KnownFacts, values: np.ndarray, company: str, dataset: str) -> float:
    return float(values[list(known.company_ids).index(company), list(known.datasets).index(dataset)])


def test_a_fact_is_as_old_as_what_was_collected_last_and_without_one_it_was_never_known() -> None:
    known = facts(
        collected=CollectedAt(["old", "gone"], ["industry"] * 2, [(NOON - 9 * DAY).timestamp(), NOON.timestamp()])
    )
    assert at(known, known.age, "old", "industry") == pytest.approx(9 * DAY.total_seconds())
    assert np.isinf(at(known, known.age, "young", "industry"))


def test_a_request_reads_every_dataset_of_its_consumer_over_the_demand_horizon() -> None:
    known = facts(Reads("old", "profile", 30, NOON))
    assert at(known, known.reads, "old", "industry") == pytest.approx(0.5)  # 30 in 60 days
    assert at(known, known.reads, "old", "key_contacts") == 0
    assert at(known, known.reads, "young", "industry") == 0


def test_reads_by_all_consumers_that_want_a_dataset_add_up_also_where_they_asked_together() -> None:
    known = facts(Reads("old", "profile", 6, NOON), Reads("old", "profile+vendor_enrichment", 12, NOON))
    assert at(known, known.reads, "old", "industry") == pytest.approx((6 + 24) / 60)
    assert at(known, known.reads, "old", "key_contacts") == pytest.approx(12 / 60)


def test_a_company_known_for_less_than_the_horizon_is_counted_since_then() -> None:
    known = facts(Reads("young", "profile", 5, NOON), Reads("young", "custom", 5, NOON))
    assert at(known, known.reads, "young", "industry") == pytest.approx(0.5)


def test_before_it_is_learned_a_rate_is_that_of_the_longest_valid_answer() -> None:
    known = facts()
    longest = max(MATRIX.valid_seconds(source, "industry") for source in MATRIX.datasets["industry"].sources)
    assert 1 / at(known, known.belief.rate, "old", "industry") == pytest.approx(longest)


def test_a_company_that_was_not_asked_for_since_then_is_idle() -> None:
    reads = [Reads("old", "profile", 1, NOON - 31 * DAY), Reads("young", "custom", 1, NOON - 29 * DAY)]
    assert idle_companies([OLD, YOUNG], reads, since=NOON - 30 * DAY) == {"old"}


def test_companies_are_grouped_by_the_group_of_their_industry_and_their_size_band_as_stated_last() -> None:
    values = [
        ("a", Text(text="Banking")),
        ("a", Text(text="Software Development")),
        ("a", EmployeeCount(low=1200, high=1200)),
        ("b", SizeBand(band="11-50")),
        ("c", Text(text="no such words at all")),
    ]
    traits = traits_of((company, trait_in(value)) for company, value in values)
    assert traits["a"].size_band == "1001-5000"
    assert traits["a"].industry == trait_in(Text(text="Computer Software")).industry
    assert traits["b"] == Traits(None, "11-50")
    assert "c" not in traits
