"""The bars for names, on real pairs: what is decided without asking is right, little is asked, nothing is merged."""

import random

import pytest

from bench.identity.__main__ import SEED
from bench.identity.name_pairs import generated, read
from bench.identity.score import score


def test_registrants_are_decided_rightly_with_few_questions() -> None:
    result = score(read("sec_pairs"))
    assert result.merged_in_error == 0
    assert result.right >= 0.999
    assert result.asked <= 0.05 * result.pairs
    assert result.recall >= 0.88


def test_registrants_that_differ_in_little_but_the_form_are_not_merged() -> None:
    assert score(read("sec_same_stem_different_registrant")).merged_in_error == 0


def test_of_the_pairs_judged_by_people_45_are_found_and_none_is_merged_in_error() -> None:
    result = score(read("opensanctions_name_pairs"))
    assert result.merged_in_error == 0
    assert result.found >= 45


@pytest.mark.parametrize("seed", [SEED, 1, 2])
def test_of_500_pairs_that_begin_with_the_same_word_none_is_merged(seed: int) -> None:
    names = sorted({pair.name_a for pair in read("sec_pairs")})
    result = score(generated(random.Random(seed), names))
    assert (result.pairs, result.merged_in_error) == (500, 0)


def test_a_rename_is_one_by_the_lists_and_not_by_what_was_decided() -> None:
    renamed = [pair for pair in read("sec_pairs") if pair.was_renamed]
    assert all({pair.listed_a, pair.listed_b} == {"earlier", "later"} for pair in renamed)
    assert any(score([pair]).found for pair in renamed)
