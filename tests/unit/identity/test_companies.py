"""What was asked for is parsed once; of several companies of one name none is guessed."""

import pytest

from enrichment.domain.records import Company
from enrichment.identity.companies import CompanyReference, reference_of, the_only_one
from enrichment.identity.domains import AmbiguousCompany, NotACompany
from tests.support.examples import NOON


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("https://www.tesla.com/about", CompanyReference(None, "tesla.com", "tesla.com")),
        ("  Tesla,  Inc. ", CompanyReference("Tesla, Inc.", None, "name:tesla")),
    ],
)
def test_a_reference_has_a_name_or_a_domain_and_the_key_that_follows(text: str, reference: CompanyReference) -> None:
    assert reference_of(text) == reference
    company = reference.as_company(NOON)
    assert (company.company_id, company.key) == ("", reference.key)
    assert (company.name, company.domain) == (reference.name, reference.domain)


def test_what_cannot_be_a_company_is_refused() -> None:
    with pytest.raises(NotACompany):
        reference_of("someone@tesla.com")


def test_one_namesake_is_meant_and_of_several_the_message_lists_the_keys() -> None:
    one, other = (Company(f"com_{key}", key, "Acme", key, NOON) for key in ("acme.com", "acme.org"))
    assert the_only_one("Acme", []) is None
    assert the_only_one("Acme", [one]) == one
    with pytest.raises(AmbiguousCompany, match=r"2 companies are called Acme: ask for one of acme\.com, acme\.org\."):
        the_only_one("Acme", [one, other])
