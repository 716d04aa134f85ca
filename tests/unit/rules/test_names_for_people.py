"""What people read instead of the names that the rules have."""

import pytest

from enrichment.rules import load_rules
from enrichment.rules.names_for_people import all_called, called
from tests.support.research_stack import SHIPPED

RULES = load_rules(SHIPPED)


@pytest.mark.parametrize("name", [*RULES.sources, *RULES.datasets, *RULES.analyses])
def test_what_ships_has_a_name_without_underscores(name: str) -> None:
    assert "_" not in called(name)


def test_a_source_has_a_name_of_its_own_by_which_it_is_told_from_others() -> None:
    assert len({called(name) for name in RULES.sources}) == len(RULES.sources)


def test_what_is_not_listed_is_read_as_words() -> None:
    assert (called("acme_leads"), called("analysis:growth")) == ("acme leads", "how it grows")


def test_names_in_a_row_are_read_once_each() -> None:
    assert all_called(["serp_news", "serp_jobs", "serp_news"]) == "Google News, Google Jobs"
