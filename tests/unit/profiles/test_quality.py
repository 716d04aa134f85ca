"""The quality of a profile follows its formula."""

from datetime import timedelta

import pytest

from enrichment.profiles.quality import Aged, Quality, profile_quality
from tests.support.examples import NOON

FRESH = Aged(0.9, NOON, NOON + timedelta(days=1))


def test_a_complete_fresh_profile_is_of_high_confidence() -> None:
    quality = profile_quality(required=[True] * 4, optional=[True], facts=[FRESH], now=NOON)
    assert (quality.completeness, quality.freshness, quality.confidence) == (1.0, 1.0, "High")
    assert quality.overall == pytest.approx(0.9**0.3)


def test_required_datasets_count_twice() -> None:
    quality = profile_quality(required=[True, False], optional=[True], facts=[FRESH], now=NOON)
    assert quality.completeness == pytest.approx(3 / 5)


def test_a_missing_required_dataset_keeps_confidence_from_high() -> None:
    quality = profile_quality(required=[True] * 9 + [False], optional=[], facts=[FRESH], now=NOON)
    assert quality.overall > 0.8
    assert quality.confidence == "Medium"


def test_an_analysis_counts_once_and_one_that_failed_keeps_confidence_from_high() -> None:
    def quality(*, failed: bool) -> Quality:
        return profile_quality(
            required=[True] * 9, optional=[], analyses=[True, False], analysis_failed=failed, facts=[FRESH], now=NOON
        )

    assert quality(failed=True).completeness == pytest.approx(19 / 20)
    assert (quality(failed=True).confidence, quality(failed=False).confidence) == ("Medium", "High")


def test_freshness_falls_with_age_and_never_below_nothing() -> None:
    later = NOON + timedelta(hours=12)
    assert profile_quality(required=[True], optional=[], facts=[FRESH], now=later).freshness == pytest.approx(0.5)
    assert profile_quality(required=[True], optional=[], facts=[FRESH], now=NOON + timedelta(days=9)).freshness == 0


def test_a_profile_of_nothing_is_worth_nothing() -> None:
    assert profile_quality(required=[False], optional=[], facts=[], now=NOON).overall == 0
