"""Which registered company a request means: by website, id, name and country; where that is not sure, it says so."""

from datetime import datetime

import pytest

from enrichment.domain.companies import Alias, Company
from enrichment.identity.companies import reference_of
from enrichment.identity.domains import AmbiguousCompany, NotACompany
from enrichment.pipeline.candidates import registered_company
from resources.store import SqlStore
from tests.support.examples import NOON


def company(number: int, key: str, name: str, country: str | None = None, at: datetime = NOON) -> Company:
    return Company(f"com_{number}", key, name, None if key.startswith("name:") else key, at, country)


def meant(store: SqlStore, text: str, *ids: str, country: str | None = None) -> Company | None:
    return registered_company(reference_of(text, ids=ids, country=country), text, store.companies)


def ambiguous(store: SqlStore, text: str, *ids: str, country: str | None = None) -> list[str]:
    """The keys of the candidates."""
    with pytest.raises(AmbiguousCompany) as caught:
        meant(store, text, *ids, country=country)
    assert all(one.company.key in str(caught.value) for one in caught.value.candidates)
    return [one.company.key for one in caught.value.candidates]


def test_a_former_key_does_not_hide_that_two_companies_have_the_name(store: SqlStore) -> None:
    store.companies.add([company(1, "name:acme", "Acme")])
    store.companies.rekey("com_1", key="acme.com", name="Acme", domain="acme.com")
    store.companies.add([company(2, "acme.de", "Acme GmbH")])
    assert ambiguous(store, "Acme") == ["acme.com", "acme.de"]


def test_a_present_key_of_the_name_does_not_hide_it_either(store: SqlStore) -> None:
    store.companies.add([company(1, "name:acme", "Acme"), company(2, "acme.de", "Acme GmbH")])
    assert ambiguous(store, "Acme") == ["acme.de", "name:acme"]
    found = meant(store, "name:acme")
    assert found is not None
    assert found.company_id == "com_1"


@pytest.mark.parametrize("kind", ["former_name", "brand", "spelling"])
def test_another_alias_of_one_company_does_not_hide_a_company_of_this_name(store: SqlStore, kind: str) -> None:
    store.companies.add([company(1, "meta.com", "Meta Platforms"), company(2, "acme.de", "Acme GmbH")])
    store.companies.add_aliases([Alias("name:acme", "com_1", kind, "Acme", "ana", NOON)])  # type: ignore[arg-type]
    assert ambiguous(store, "Acme") == ["acme.de", "meta.com"]


def test_an_alias_that_two_companies_have_leads_to_neither(store: SqlStore) -> None:
    store.companies.add([company(1, "one.com", "One"), company(2, "two.com", "Two")])
    store.companies.add_aliases([Alias("name:acme", f"com_{n}", "brand", "Acme") for n in (1, 2)])
    assert ambiguous(store, "Acme") == ["one.com", "two.com"]


def test_an_alias_that_one_company_has_leads_to_it(store: SqlStore) -> None:
    store.companies.add([company(1, "meta.com", "Meta Platforms")])
    store.companies.add_aliases(
        [Alias("name:facebook", "com_1", "former_name", "Facebook"), Alias("fb-x.com", "com_1", "redirect")]
    )
    for text in ("Facebook", "Facebook, Inc.", "https://fb-x.com/about", "meta.com"):
        found = meant(store, text)
        assert found is not None
        assert found.company_id == "com_1"


def test_a_name_with_another_legal_form_is_asked_about_and_not_taken_for_its_only_namesake(store: SqlStore) -> None:
    store.companies.add([company(1, "name:toro", "Toro Co")])
    assert ambiguous(store, "Toro Corp.") == ["name:toro"]
    assert meant(store, "Toro") == meant(store, "The Toro Co.") == company(1, "name:toro", "Toro Co")


@pytest.mark.parametrize(
    ("text", "ids", "country", "key"),
    [
        ("Acme", (), "us", "acme.com"),
        ("Acme", ("linkedin:acme-gmbh",), None, "acme.de"),
        ("Acme Holding", ("linkedin:acme-gmbh",), None, "acme.de"),
        ("acme.com", (), None, "acme.com"),
        ("linkedin:acme-gmbh", (), None, "acme.de"),
        ("https://www.linkedin.com/company/acme-gmbh/", (), None, "acme.de"),
    ],
)
def test_an_id_or_a_country_tells_namesakes_apart(
    store: SqlStore, text: str, ids: tuple[str, ...], country: str | None, key: str
) -> None:
    store.companies.add([company(1, "acme.com", "Acme", "us"), company(2, "acme.de", "Acme GmbH", "de")])
    store.companies.add_aliases([Alias("linkedin:acme-gmbh", "com_2", "id", None, "brightdata_company_db", NOON)])
    found = meant(store, text, *ids, country=country)
    assert found is not None
    assert found.key == key


def test_an_id_that_another_company_has_is_asked_about_where_the_names_disagree(store: SqlStore) -> None:
    store.companies.add([company(1, "acme.com", "Acme"), company(2, "widgets.com", "Widget Works")])
    store.companies.add_aliases([Alias("cik:7", "com_2", "id")])
    assert ambiguous(store, "acme.com", "cik:7") == ["acme.com", "widgets.com"]
    assert ambiguous(store, "Widget Dental", "cik:7") == ["widgets.com"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name:nothing", "no registered company has the key or id name:nothing"),
        ("cik:7", "no registered company has the key or id cik:7"),
        ("https://www.linkedin.com/company/acme", "is a page on linkedin.com"),
    ],
)
def test_a_key_or_an_id_of_no_registered_company_is_refused(store: SqlStore, text: str, says: str) -> None:
    with pytest.raises(NotACompany, match=says):
        meant(store, text)


def test_what_is_not_registered_is_new(store: SqlStore) -> None:
    store.companies.add([company(1, "acme.com", "Acme")])
    assert meant(store, "Beta") is None
    assert meant(store, "beta.com") is None
