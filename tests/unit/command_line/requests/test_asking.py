"""What was typed behind `enrich company` and `enrich plan`, and the sentence for what makes no sense."""

from typing import Any

import pytest

from enrich_cli.errors import UsageError
from enrich_cli.requests.asking import ask_from
from enrichment.pipeline.stages import Ask
from enrichment.rules.requirements import UnknownName
from tests.support.examples import MATRIX


def typed(**options: str) -> Ask:
    every: dict[str, Any] = dict.fromkeys(["audience", "max_cost", "strategy", "max_age", "datasets", "sources"])
    return ask_from("acme.com", "profile", **(every | options), accept_stale=False)


@pytest.mark.parametrize("nothing", [",", "", " , ,"])
def test_datasets_without_a_name_are_a_mistake_and_not_a_profile(nothing: str) -> None:
    with pytest.raises(UsageError, match="--datasets names nothing: put names behind it"):
        typed(datasets=nothing)


@pytest.mark.parametrize("nothing", [",", ""])
def test_sources_without_a_name_are_a_mistake_and_not_all_of_them(nothing: str) -> None:
    with pytest.raises(UsageError, match="--sources names nothing"):
        typed(datasets="key_contacts", sources=nothing)


@pytest.mark.parametrize("option", ["strategy", "audience"])
def test_an_empty_name_is_a_mistake_and_not_the_usual_one(option: str) -> None:
    with pytest.raises(UsageError, match=f"--{option} is empty: put a name behind it, or leave it out"):
        typed(**{option: " "})


def test_of_an_unknown_name_only_the_beginning_is_repeated() -> None:
    with pytest.raises(UnknownName) as caught:
        typed(datasets="x" * 5_000).requirements(MATRIX)
    assert f"There is no dataset named '{'x' * 60}'. The rules know: business_challenges" in str(caught.value)


def test_names_may_have_blanks_around_their_commas() -> None:
    ask = typed(datasets="key_contacts, tech_stack,", sources="serp_jobs")
    assert (ask.datasets, ask.sources) == (("key_contacts", "tech_stack"), ("serp_jobs",))


@pytest.mark.parametrize("age", ["0d", "0s", "0"])
def test_an_age_of_nothing_would_let_no_fact_count_and_is_refused(age: str) -> None:
    with pytest.raises(UsageError, match="--max-age"):
        typed(max_age=age)


def test_an_age_is_a_number_and_its_unit() -> None:
    assert typed(max_age="3d").max_age == 3 * 86_400
