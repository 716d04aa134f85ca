"""What an answer is billed, learned from the bills."""

from datetime import date, timedelta

import numpy as np
import pytest

from enrichment.learning.billed_units import Bills, bill_lessons
from enrichment.learning.drift import levels_since
from enrichment.learning.lessons import accepted_tonight, renewed_lines
from enrichment.rules import BILLED_UNITS, LearnedLine, LearningRules, Rules
from enrichment.rules.learned import as_learned
from resources.learned_file import learned_text
from tests.support.examples import MATRIX

SNOV, FIRST, NIGHT = "snov_contacts", date(2026, 11, 1), date(2026, 12, 1)


def days(*bills: Bills) -> list[tuple[date, Bills]]:
    return [(FIRST + timedelta(days=number), its) for number, its in enumerate(bills)]


def test_bills_that_double_on_a_day_are_learned_exactly_with_that_day() -> None:
    (lesson,) = bill_lessons(MATRIX, {SNOV: days(*[{3: 8}] * 30, *[{6: 8}] * 2)})
    assert lesson.rate == (SNOV, BILLED_UNITS)
    assert (lesson.stated, lesson.has_changed, lesson.since) == (5.0, True, FIRST + timedelta(days=30))
    assert (lesson.learned.low, lesson.learned.mean, lesson.learned.high) == (6.0, 6.0, 6.0)
    line = renewed_lines(MATRIX, [lesson])[SNOV][BILLED_UNITS]
    assert (line.value, line.answers, line.use, line.since) == (6.0, 16, "proposed", lesson.since)
    assert "billed_units: {value: 6.0000, low: 6.0000" in learned_text({SNOV: {BILLED_UNITS: line}})
    assert learned_text({SNOV: {BILLED_UNITS: line}}).endswith("use: proposed, since: 2026-12-01}\n")


def test_bills_as_the_rules_expect_them_propose_nothing() -> None:
    (lesson,) = bill_lessons(MATRIX, {SNOV: days(*[{4: 3, 5: 3, 6: 3}] * 10)})
    assert not lesson.differs
    assert renewed_lines(MATRIX, [lesson]) == {}


def test_a_few_bills_say_nothing() -> None:
    assert bill_lessons(MATRIX, {SNOV: days({7: 9})}) == []


def test_one_bill_that_is_a_slip_is_no_change() -> None:
    assert levels_since([*[{4: 10}] * 30, {4: 9, 400: 1}, *[{4: 10}] * 3]) == 0


def test_bills_that_never_change_are_seldom_said_to_have_changed() -> None:
    rng = np.random.default_rng(7)
    drawn = [[np.unique(rng.integers(2, 8, size=10), return_counts=True) for _ in range(60)] for _ in range(200)]
    series = [[dict(zip(u.tolist(), n.tolist(), strict=True)) for u, n in one] for one in drawn]
    assert sum(levels_since(one) > 0 for one in series) <= 8


def test_the_interval_contains_the_mean_of_what_is_billed_nine_times_of_ten() -> None:
    rng, inside = np.random.default_rng(8), 0
    for _ in range(400):
        units, times = np.unique(rng.integers(2, 8, size=12), return_counts=True)
        bills = dict(zip(units.tolist(), times.tolist(), strict=True))
        (lesson,) = bill_lessons(MATRIX, {SNOV: days(bills)})
        inside += lesson.learned.low <= 4.5 <= lesson.learned.high
    assert 0.86 <= inside / 400 <= 0.94


def learned(use: str, value: float) -> Rules:
    line = {"value": value, "low": value, "high": value, "answers": 20, "use": use}
    return as_learned(MATRIX, {SNOV: {BILLED_UNITS: LearnedLine.model_validate(line)}})


@pytest.mark.parametrize(("use", "value", "times"), [("proposed", 6, 1), ("accepted", 6, 1.2), ("pinned", 60, 1.4)])
def test_once_accepted_an_answer_is_expected_to_cost_what_is_billed_up_to_the_most_that_one_may_cost(
    use: str, value: float, times: float
) -> None:
    rules = learned(use, value)
    assert rules.expected_micro_usd(SNOV) == round(times * MATRIX.expected_micro_usd(SNOV))
    assert rules.max_micro_usd(SNOV) == MATRIX.max_micro_usd(SNOV)


def test_at_night_it_moves_by_a_share_of_what_counted_at_most() -> None:
    bounds = LearningRules(learn="automatic", largest_step_of_units=0.1)
    rules = MATRIX.model_copy(update={"learning": bounds})
    lines = renewed_lines(rules, bill_lessons(rules, {SNOV: days({7: 40})}))
    line = accepted_tonight(rules, lines, NIGHT)[SNOV][BILLED_UNITS]
    assert (line.value, line.before, line.use) == (5.5, 5.0, "accepted")
