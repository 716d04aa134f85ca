"""How reliable sources prove: planted worlds, people, readers, copies."""

import csv
import random
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from bench.learning.harm import corrected, mislabelled
from bench.learning.planted_worlds import (
    Picked,
    independent,
    of_usual_values,
    picked,
    with_hard_companies,
    with_one_wrong_feed,
    with_values_of_each_company,
)
from bench.learning.reliability_intervals import inside
from enrichment.learning.answer_patterns import Answer, Check
from enrichment.learning.estimate_reliability import estimate_reliability
from enrichment.learning.feed_model import Rereadings
from enrichment.learning.likely_value import probabilities

_ORACLE = Path("bench/learning/crowd_kit.csv")
_SEEDS = range(4)


def _oracle(world: str, seed: int) -> dict[str, float]:
    """Estimator of crowd-kit -> share of the disputes in which it picks the truth."""
    with _ORACLE.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["world"] == world and row["seed"] == str(seed)]
    return {row["estimator"]: float(row["right"]) for row in rows}


@cache
def _picked_of_independent(seed: int) -> Picked:
    return picked(independent(seed))


@pytest.mark.parametrize("seed", _SEEDS)
def test_where_three_of_five_repeat_one_wrong_feed_the_truth_is_picked_and_not_by_a_majority(
    seed: int,
) -> None:
    found = picked(with_one_wrong_feed(seed))
    assert found.learned >= 0.95
    assert found.majority < 0.5
    assert found.feeds == (frozenset({"copy_a", "copy_b", "copy_c"}),)


@pytest.mark.parametrize("seed", _SEEDS)
def test_where_sources_are_independent_it_is_never_worse_than_the_true_figures_of_the_matrix(seed: int) -> None:
    found = _picked_of_independent(seed)
    assert found.learned >= found.matrix
    assert found.feeds == ()


@pytest.mark.parametrize("seed", _SEEDS)
def test_of_independent_sources_it_picks_as_well_as_every_estimator_of_crowd_kit(seed: int) -> None:
    assert _picked_of_independent(seed).learned >= max(_oracle("independent", seed).values()) - 0.01


@pytest.mark.parametrize("seed", _SEEDS)
def test_estimators_that_take_copies_for_witnesses_pick_the_wrong_feed(seed: int) -> None:
    assert max(_oracle("with_one_wrong_feed", seed).values()) < 0.5


def _answers(**stated: str) -> list[Answer]:
    """source -> a letter per company."""
    return [Answer(str(n), source, value) for source, values in stated.items() for n, value in enumerate(values)]


def test_a_source_alone_is_not_checked_and_keeps_the_figure_of_the_matrix() -> None:
    found = estimate_reliability(_answers(alone="abcabc"), matrix={"alone": 0.8})
    assert (found.figures.sources["alone"].right, found.figures.sources["alone"].checked) == (0, 0)
    assert found.accuracy["alone"] == pytest.approx(0.8, abs=0.01)
    assert found.interval["alone"] == (0.0, 1.0)


def _independent(accuracy: dict[str, float], companies: int = 400) -> list[Answer]:
    """Sources that answer by themselves of a value of each company's own, and are wrong in one of ten ways."""
    rng = random.Random(5)
    return [
        Answer(str(n), source, f"{n}" if rng.random() < right else f"{n} wrong {rng.randrange(10)}")
        for n in range(companies)
        for source, right in accuracy.items()
    ]


def test_how_often_two_sources_agree_tells_of_neither_until_people_check() -> None:
    stated = _independent({"one": 0.9, "other": 0.6})
    matrix = {"one": 0.6, "other": 0.9}
    figures = estimate_reliability(stated, matrix=matrix).figures
    assert {source: line.checked for source, line in figures.sources.items()} == {"one": 0, "other": 0}
    likely = probabilities({"one": "a", "other": "b"}, figures, otherwise=matrix)
    assert likely["b"] > likely["a"]
    checks = [Check(str(n), str(n), is_right=True) for n in range(100)]
    found = estimate_reliability(stated, checks, matrix=matrix).figures.sources
    right = Counter(answer.source for answer in stated if int(answer.company) < 100 and answer.value == answer.company)
    for source, line in found.items():
        assert 98 <= line.checked <= 100
        assert abs(line.right - right[source]) <= 2


def test_of_three_sources_each_counts_as_checked_only_as_far_as_it_is_clear_which_are_right() -> None:
    accuracy = {"one": 0.9, "other": 0.8, "third": 0.7}
    found = estimate_reliability(_independent(accuracy), matrix=accuracy)
    for source, right in accuracy.items():
        low, high = found.interval[source]
        assert low < right < high
        assert 100 < found.figures.sources[source].checked < 380


def test_values_of_each_company_s_own_make_no_witnesses_of_copies() -> None:
    found = picked(with_values_of_each_company(0, companies=200))
    assert found.feeds == (frozenset({"copy_a", "copy_b", "copy_c"}),)
    assert found.majority < 0.5
    assert found.learned > 0.9


def test_without_answers_there_is_nothing_to_learn() -> None:
    assert estimate_reliability([], matrix={"alone": 0.8}).figures.sources == {}


def test_what_people_say_weighs_most() -> None:
    stated = _answers(one="a" * 20, other="b" * 20, third="a" * 20)
    checks = [Check(str(n), "b", is_right=True) for n in range(20)]
    before = estimate_reliability(stated, matrix={}).accuracy
    after = estimate_reliability(stated, checks, matrix={}).accuracy
    assert before["other"] < before["one"]
    assert after["other"] > 0.9
    assert after["one"] < 0.5


def test_a_value_that_people_reject_counts_against_the_source_that_states_it() -> None:
    checks = [Check(str(n), "a", is_right=False) for n in range(20)]
    found = estimate_reliability(_answers(one="a" * 20), checks, matrix={"one": 0.9})
    assert (found.figures.sources["one"].right, found.figures.sources["one"].checked) == (0, 20)


def test_a_reader_known_to_misread_takes_the_blame_of_the_source_it_reads() -> None:
    """One source of three deviates in 20 of 60 companies; its reader misread 30 of 90 replies that were read again."""
    stated = [Answer(str(n), s, "a", "good") for n in range(60) for s in ("one", "other")]
    stated += [Answer(str(n), "third", f"x{n % 9}" if n % 3 == 0 else "a", "poor") for n in range(60)]
    matrix = {"third": 0.9}
    blamed = estimate_reliability(stated, matrix=matrix)
    excused = estimate_reliability(stated, matrix=matrix, rereadings={"poor": Rereadings(read=90, misread=30)})
    assert blamed.accuracy["third"] < 0.75
    assert excused.accuracy["third"] > blamed.accuracy["third"] + 0.15
    assert excused.misreadings["poor"] > 5 * excused.misreadings["good"]


def _mistaken(n: int, source: str, *, rare: bool, rng: random.Random) -> Answer:
    """Two of five sources err in a fifth. Rare: 12 of their mistakes are shared, each another one; else all are one."""
    truth = f"value {n % 20 + 1}"
    if rare and n % 25 == 0 and source in ("one", "other"):
        return Answer(str(n), source, f"only of {n}")
    right = rng.random() < (0.8 if source in ("one", "other") else 0.97)
    return Answer(str(n), source, truth if right else f"wrong {rng.randrange(400)}" if rare else "value 0")


@pytest.mark.parametrize("rare", [True, False])
def test_two_sources_that_share_rare_mistakes_are_one_witness_and_with_a_common_one_they_are_not(rare: bool) -> None:
    rng, sources = random.Random(1), ("one", "other", "third", "fourth", "fifth")
    stated = [_mistaken(n, source, rare=rare, rng=rng) for n in range(300) for source in sources]
    feeds = estimate_reliability(stated, matrix={}).figures.feeds
    assert [sorted(feed.copied) for feed in feeds] == ([["one", "other"]] if rare else [])


def test_an_answer_that_is_not_counted_is_evidence_and_no_check_of_its_source() -> None:
    stated = [
        Answer(str(n), source, "a" if source != "other" else "b", counted=source != "one")
        for n in range(20)
        for source in ("one", "other", "third")
    ]
    found = estimate_reliability(stated, matrix={}).figures.sources
    assert (found["one"].checked, found["other"].checked > 0, found["third"].checked > 0) == (0, True, True)
    assert found["other"].right < found["third"].right


def test_the_order_of_answers_changes_nothing() -> None:
    world = with_one_wrong_feed(1, companies=80)
    one = estimate_reliability(world.answers, matrix=world.matrix)
    assert estimate_reliability(tuple(reversed(world.answers)), matrix=world.matrix) == one


def test_a_value_that_only_copies_repeat_is_less_likely_than_one_of_two_witnesses() -> None:
    world = with_one_wrong_feed(2)
    figures = estimate_reliability(world.answers, matrix=world.matrix).figures
    stated = {"copy_a": "x", "copy_b": "x", "copy_c": "x", "own_d": "y", "own_e": "y"}
    likely = probabilities(stated, figures, otherwise={})
    assert likely["y"] > 0.99
    assert sum(likely.values()) == pytest.approx(1)


def test_values_that_are_often_right_make_no_copies_of_independent_sources_and_their_figures_are_true() -> None:
    world = of_usual_values(2)
    found = picked(world)
    assert found.feeds == ()
    assert found.learned > 0.9
    estimate = estimate_reliability(world.answers, matrix=world.matrix)
    assert estimate.accuracy == pytest.approx(world.matrix, abs=0.06)


@pytest.mark.parametrize("labels", [6, 40])
def test_a_person_that_sides_with_the_worst_source_loses_weight_and_harms_no_other_company(labels: int) -> None:
    found = mislabelled(1, labels)
    assert found.believed < 0.4
    assert found.picked > found.without - 0.01
    assert found.lifted < 0.05


def test_a_person_that_names_what_no_source_states_makes_no_feed_of_the_others() -> None:
    world = independent(1)
    checks = [Check(company, "Agriculture", is_right=True, by="cli") for company in [*world.truth][:12]]
    found = estimate_reliability(world.answers, checks, matrix=world.matrix)
    assert found.figures.feeds == ()
    assert found.people["cli"].right <= 3
    assert found.accuracy == pytest.approx(world.matrix, abs=0.06)


def test_a_person_that_rightly_contradicts_what_most_sources_state_is_believed() -> None:
    found = corrected(1, 12)
    assert found.believed == 1.0
    assert found.picked > found.without - 0.01


def test_where_companies_are_hard_for_all_sources_most_intervals_still_contain_the_true_figure() -> None:
    found = [within for seed in range(8) for within, _ in inside(with_hard_companies(seed))]
    assert sum(found) >= 20  # of 24; 17 while companies were taken to be alike
