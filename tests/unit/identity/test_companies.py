"""Which company is meant, and when two may be merged without asking a person."""

import pytest

from enrichment.domain.companies import Company
from enrichment.identity.companies import are_one
from tests.support.examples import NOON


@pytest.mark.parametrize(
    ("name", "of_the_holder", "one"),
    [
        ("Acme Widgets", "Acme Widgets, Inc.", True),
        ("Acme Widgets", "Amazon", False),
        ("Acme Widgets", None, True),
        (None, "Amazon", True),
        ("Toro Corp.", "Toro Co", False),
    ],
)
def test_two_companies_of_one_domain_are_one_where_their_names_do_not_disagree(
    name: str | None, of_the_holder: str | None, one: bool
) -> None:
    company, holder = (
        Company("com_1", "name:x", name, None, NOON),
        Company("com_2", "d.com", of_the_holder, "d.com", NOON),
    )
    assert are_one(company, holder) is one
