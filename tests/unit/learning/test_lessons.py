"""What use shows beside what the rules state, and which lines that makes."""

from datetime import date, timedelta

import pytest

from enrichment.learning.families import FamilyEstimate
from enrichment.learning.lessons import (
    Rate,
    RateCounts,
    accepted_tonight,
    doubtful_lines,
    in_families,
    lessons,
    renewed_lines,
    with_possible_families,
)
from enrichment.learning.pooled_rates import Count, RateEstimate
from enrichment.rules import LearnedLine, LearningRules, Rules
from enrichment.rules.learned import as_learned
from resources.learned_file import learned_text
from tests.support.examples import MATRIX

SNOV: Rate = ("snov_contacts", "match_rate")
DAY = date(2026, 11, 1)


def counted(hits: int, tries: int) -> RateCounts:
    return RateCounts(DAY, has_changed=False, kinds={("", ""): Count(hits, tries)})


def with_line(use: str) -> Rules:
    line = LearnedLine.model_validate({"value": 0.5, "low": 0.4, "high": 0.6, "answers": 50, "use": use})
    return MATRIX.model_copy(update={"learned": {SNOV[0]: {SNOV[1]: line}}})


def test_a_figure_that_use_contradicts_becomes_a_proposal() -> None:
    (lesson,) = lessons(MATRIX, {SNOV: counted(300, 1_000)})
    assert (lesson.stated, lesson.learned.tries, lesson.differs) == (0.7, 1_000, True)
    line = renewed_lines(MATRIX, [lesson])["snov_contacts"]["match_rate"]
    assert (line.use, line.answers) == ("proposed", 1_000)
    assert line.value == pytest.approx(0.3, abs=0.01)


def test_a_figure_that_use_bears_out_is_left_alone() -> None:
    (lesson,) = lessons(MATRIX, {SNOV: counted(705, 1_000)})
    assert not lesson.differs
    assert renewed_lines(MATRIX, [lesson]) == {}


@pytest.mark.parametrize(("use", "value"), [("accepted", 0.3), ("proposed", 0.3), ("pinned", 0.5)])
def test_lines_are_renewed_unless_they_are_pinned(use: str, value: float) -> None:
    rules = with_line(use)
    line = renewed_lines(rules, lessons(rules, {SNOV: counted(300, 1_000)}))["snov_contacts"]["match_rate"]
    assert line.use == use
    assert line.value == pytest.approx(value, abs=0.01)


def test_a_line_without_newer_answers_stays() -> None:
    rules = with_line("accepted")
    assert renewed_lines(rules, lessons(rules, {})) == rules.learned


@pytest.mark.parametrize(("stated", "hits"), [(1.0, 128), (0.0, 0)])
def test_where_all_answers_agree_with_a_rate_of_one_or_none_nothing_is_proposed(stated: float, hits: int) -> None:
    entry = MATRIX.sources["snov_contacts"].model_copy(update={"match_rate": stated})
    rules = MATRIX.model_copy(update={"sources": {**MATRIX.sources, "snov_contacts": entry}})
    found = lessons(rules, {SNOV: counted(hits, 128)})
    assert renewed_lines(rules, found) == {}
    assert renewed_lines(rules, lessons(rules, {SNOV: counted(64, 128)})) != {}


def test_since_a_change_what_was_once_written_counts_for_little() -> None:
    seen = {("", ""): Count(4, 20)}
    (usual,) = lessons(MATRIX, {SNOV: RateCounts(DAY, has_changed=False, kinds=seen)})
    (changed,) = lessons(MATRIX, {SNOV: RateCounts(DAY, has_changed=True, kinds=seen)})
    assert 0.2 < changed.learned.mean < usual.learned.mean - 0.02


def test_kinds_of_companies_that_a_source_knows_less_are_named() -> None:
    kinds = {("tech", "51-500"): Count(900, 1_000), ("fin", "51-500"): Count(300, 1_000), ("man", "1-10"): Count(0, 5)}
    (lesson,) = lessons(MATRIX, {SNOV: RateCounts(DAY, has_changed=False, kinds=kinds)})
    assert lesson.kinds.keys() == {("tech", "51-500"), ("fin", "51-500")}
    assert lesson.kinds["fin", "51-500"].high < lesson.learned.mean < lesson.kinds["tech", "51-500"].low


def test_a_kind_that_differs_is_proposed_and_renewed_as_its_own_line() -> None:
    kinds = {("tech", "51-500"): Count(900, 1_000), ("fin", ""): Count(300, 1_000)}
    lines = renewed_lines(MATRIX, lessons(MATRIX, {SNOV: RateCounts(DAY, has_changed=False, kinds=kinds)}))
    of_fin = lines["snov_contacts"]["match_rate of fin"]
    assert of_fin.value == pytest.approx(0.3, abs=0.02)
    assert lines["snov_contacts"]["match_rate of tech, 51-500"].use == "proposed"
    accepted = {"snov_contacts": {"match_rate of fin": of_fin.model_copy(update={"use": "accepted"})}}
    rules = MATRIX.model_copy(update={"learned": accepted})
    alike = {("tech", "51-500"): Count(600, 1_000), ("fin", ""): Count(600, 1_000)}
    renewed = renewed_lines(rules, lessons(rules, {SNOV: RateCounts(DAY, has_changed=False, kinds=alike)}))
    line = renewed["snov_contacts"]["match_rate of fin"]
    assert line.use == "accepted"
    assert line.value == pytest.approx(0.6, abs=0.02)


def test_where_a_family_counts_the_match_rate_of_its_sources_is_that_over_all_companies() -> None:
    """Snov was asked about companies that Apollo had missed, so it matched fewer than it would of all."""
    both = frozenset({"apollo_contacts", "snov_contacts"})
    family = FamilyEstimate(both, RateEstimate(0.8, 0.75, 0.85, 900), {"apollo_contacts": 0.6, "snov_contacts": 0.7})
    found = lessons(MATRIX, {SNOV: counted(300, 1_000)})
    (line,) = renewed_lines(MATRIX, [], [family]).values()
    assert line["known_to_any"].use == "proposed"
    assert in_families(found, [family], MATRIX) == found
    (moved,) = in_families(found, [family], MATRIX.model_copy(update={"families": ((both, 0.8),)}))
    assert moved.learned.mean == 0.7
    assert moved.learned.low < 0.7 < moved.learned.high


def test_sources_that_lack_a_dataset_together_are_a_line_of_that_dataset_and_move_its_fill_rates() -> None:
    both = frozenset({"apollo_contacts", "snov_contacts"})
    rates = {"apollo_contacts": 0.5, "snov_contacts": 0.55}
    family = FamilyEstimate(both, RateEstimate(0.6, 0.55, 0.65, 900), rates, "key_contacts")
    lines = renewed_lines(MATRIX, [], [family])
    assert lines["apollo_contacts, snov_contacts"]["key_contacts"].value == 0.6
    found = lessons(MATRIX, {("snov_contacts", "key_contacts"): counted(300, 1_000)})
    assert in_families(found, [family], MATRIX) == found
    (moved,) = in_families(found, [family], MATRIX.model_copy(update={"fill_families": (("key_contacts", both, 0.6),)}))
    assert moved.learned.mean == 0.55


@pytest.mark.parametrize(("use", "family", "source"), [("accepted", 0.85, 0.85), ("pinned", 0.8, 0.8)])
def test_lines_are_never_written_that_the_rules_would_refuse(use: str, family: float, source: float) -> None:
    """A source's own rate rose above what any source of its family can know; what people pinned stays."""
    own = LearnedLine(value=0.85, low=0.8, high=0.9, answers=900, use="accepted")
    known = own.model_copy(update={"value": 0.8, "use": use})
    lines = {"apollo_contacts, snov_contacts": {"known_to_any": known}, "snov_contacts": {"match_rate": own}}
    possible = with_possible_families(MATRIX, lines)
    assert possible["apollo_contacts, snov_contacts"]["known_to_any"].value == family
    assert possible["snov_contacts"]["match_rate"].value == source
    assert with_possible_families(MATRIX, possible) == possible


NIGHT = date(2026, 12, 1)
BOUNDS = LearningRules(learn="automatic", largest_step=0.1, floor=0.05, ceiling=0.9)


def tonight(rules: Rules, hits: int, night: date = NIGHT) -> LearnedLine:
    """The line of Snov's match rate; of 1,000 answers so many knew the company."""
    lines = renewed_lines(rules, lessons(rules, {SNOV: counted(hits, 1_000)}))
    return accepted_tonight(rules, lines, night)["snov_contacts"]["match_rate"]


def after(rules: Rules, line: LearnedLine) -> Rules:
    return as_learned(rules, {"snov_contacts": {"match_rate": line}})


def test_at_night_a_rate_moves_by_one_step_at_most_until_it_is_what_was_learned() -> None:
    rules = MATRIX.model_copy(update={"learning": BOUNDS})
    seen, nights = [], [NIGHT + timedelta(days=day) for day in range(6)]
    for night in nights:
        line = tonight(rules, 400, night)
        rules = after(rules, line)
        seen.append(line.value)
    assert seen[:2] == [0.6, 0.5]
    assert seen[2] == pytest.approx(0.406, abs=0.01)
    assert set(seen[2:]) == {seen[2]}
    assert rules.sources["snov_contacts"].match_rate == seen[-1]
    assert line.use == "accepted"


def test_once_more_in_the_same_night_it_takes_no_further_step() -> None:
    rules = MATRIX.model_copy(update={"learning": BOUNDS})
    first = tonight(rules, 300)
    assert tonight(after(rules, first), 300) == first
    assert learned_text({"snov_contacts": {"match_rate": first}}).endswith("renewed: 2026-12-01, before: 0.7000}\n")


def test_no_night_takes_a_rate_beyond_floor_and_ceiling() -> None:
    wide = BOUNDS.model_copy(update={"largest_step": 1.0})
    rules = MATRIX.model_copy(update={"learning": wide})
    assert tonight(rules, 0).value == 0.05
    assert tonight(rules, 1_000).value == 0.9


def test_at_the_ceiling_a_night_without_new_answers_changes_nothing() -> None:
    rules = MATRIX.model_copy(update={"learning": BOUNDS.model_copy(update={"largest_step": 1.0})})
    first = tonight(rules, 1_000)
    assert tonight(after(rules, first), 1_000, NIGHT + timedelta(days=1)) == first
    assert tonight(after(rules, first), 990, NIGHT + timedelta(days=1)).renewed == NIGHT + timedelta(days=1)


@pytest.mark.parametrize(("hits", "tries", "use"), [(8, 20, "proposed"), (50, 100, "accepted")])
def test_by_itself_a_rate_begins_to_count_only_where_many_looks_do_not_explain_it(
    hits: int, tries: int, use: str
) -> None:
    """Of 20 answers 8: outside the interval, as one night in ten would have it by chance."""
    rules = MATRIX.model_copy(update={"learning": BOUNDS})
    found = lessons(rules, {SNOV: counted(hits, tries)})
    lines = accepted_tonight(rules, renewed_lines(rules, found), NIGHT, doubtful=doubtful_lines(found))
    assert lines["snov_contacts"]["match_rate"].use == use


def test_of_kinds_of_companies_the_same_holds_beside_the_rate_of_all() -> None:
    kinds = {("tech", ""): Count(630, 900), ("fin", ""): Count(300, 1_000), ("man", ""): Count(16, 30)}
    (found,) = lessons(MATRIX, {SNOV: RateCounts(DAY, has_changed=False, kinds=kinds)})
    assert ("fin", "") in found.sure_kinds
    assert {name for _, name in doubtful_lines([found])} == {
        f"match_rate of {group}" for group, _ in found.kinds.keys() - found.sure_kinds
    } - {"match_rate of fin"}


def test_what_people_pinned_no_night_changes() -> None:
    rules = with_line("pinned").model_copy(update={"learning": BOUNDS})
    assert tonight(rules, 100) == rules.learned["snov_contacts"]["match_rate"]


def test_the_same_counts_give_the_same_lines() -> None:
    counts = {SNOV: counted(300, 1_000), ("apollo_contacts", "key_contacts"): counted(10, 400)}
    backwards = dict(reversed(counts.items()))
    assert renewed_lines(MATRIX, lessons(MATRIX, counts)) == renewed_lines(MATRIX, lessons(MATRIX, backwards))


def test_of_many_kinds_one_is_sure_to_differ_only_beyond_what_the_best_of_them_reaches_by_chance() -> None:
    odd = Count(32, 70)
    few = {("tech", ""): Count(1_400, 2_000), ("fin", ""): odd}
    many = few | {(f"group {number}", ""): Count(28, 40) for number in range(60)}
    for kinds, is_sure in ((few, True), (many, False)):
        (found,) = lessons(MATRIX, {SNOV: RateCounts(DAY, has_changed=False, kinds=kinds)})
        assert (("fin", "") in found.sure_kinds) == is_sure
