"""Companies and their keys, and the batches made of them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from enrichment.domain.companies import Company
from enrichment.ports import StoreError
from resources.store import SqlStore
from tests.support.examples import NOON
from tests.support.ledger_records import company


def test_a_company_is_found_by_key_and_by_id(store: SqlStore) -> None:
    acme = company()
    assert store.companies.add([acme]) == [acme]
    assert store.companies.by_key("acme.com") == acme
    assert store.companies.by_id("com_1") == acme
    assert store.companies.by_key("other.com") is None
    assert store.companies.by_id("com_other") is None
    assert store.companies.add([]) == []


def test_adding_returns_the_stored_companies_in_the_order_given(store: SqlStore) -> None:
    acme = company()
    store.companies.add([acme])
    again, beta = company(company_id="com_9"), company("beta.com", "com_2")
    assert store.companies.add([beta, again, replace(beta, company_id="com_3")]) == [beta, acme, beta]
    assert store.companies.all() == [acme, beta]


def test_ten_thousand_companies_are_added_at_once(store: SqlStore) -> None:
    many = [company(f"company{number:05}.com", f"com_{number:05}") for number in range(10_000)]
    assert store.companies.add(many) == many
    assert store.companies.all() == many


def test_a_name_may_contain_any_character_of_names(store: SqlStore) -> None:
    strange = Company("com_1", "name:o'brien & söhne 東京", "O'Brien & Söhne 東京 🏭", None, NOON)
    store.companies.add([strange])
    assert store.companies.by_key(strange.key) == strange


def test_a_domain_learned_later_gives_the_company_a_new_key_and_keeps_the_old_one(store: SqlStore) -> None:
    store.companies.add([Company("com_1", "name:acme", "Acme", None, NOON)])
    renamed = store.companies.rekey("com_1", key="acme.com", name=None, domain="acme.com")
    assert renamed == Company("com_1", "acme.com", "Acme", "acme.com", NOON)
    assert store.companies.by_key("acme.com") == store.companies.by_key("name:acme") == renamed
    assert store.companies.all() == [renamed]


def test_a_company_added_under_a_former_key_is_the_one_that_had_it(store: SqlStore) -> None:
    store.companies.add([Company("com_1", "name:acme", "Acme", None, NOON)])
    renamed = store.companies.rekey("com_1", key="acme.com", name="Acme", domain="acme.com")
    assert store.companies.add([Company("com_2", "name:acme", "Acme", None, NOON)]) == [renamed]


def test_a_key_that_is_taken_leads_to_the_company_that_has_it(store: SqlStore) -> None:
    named, acme = Company("com_1", "name:acme", "Acme", None, NOON), company(company_id="com_2")
    store.companies.add([named, acme])
    assert store.companies.rekey("com_1", key="acme.com", name="Acme Inc", domain="acme.com") == acme
    assert store.companies.by_key("name:acme") == acme
    assert store.companies.all() == [acme]


def test_a_key_another_company_used_to_have_is_taken_too(store: SqlStore) -> None:
    store.companies.add([company("old.com", "com_1"), company("other.com", "com_2")])
    moved = store.companies.rekey("com_1", key="new.com", name=None, domain="new.com")
    assert store.companies.rekey("com_2", key="old.com", name=None, domain=None) == moved


def test_a_company_may_return_to_a_key_of_its_own(store: SqlStore) -> None:
    store.companies.add([company("old.com")])
    store.companies.rekey("com_1", key="new.com", name=None, domain="new.com")
    back = store.companies.rekey("com_1", key="old.com", name=None, domain="old.com")
    assert back.key == "old.com"
    assert store.companies.by_key("new.com") == store.companies.by_key("old.com") == back


def test_the_same_key_again_changes_name_and_domain_alone(store: SqlStore) -> None:
    store.companies.add([company()])
    renamed = store.companies.rekey("com_1", key="acme.com", name="Acme Inc", domain=None)
    assert renamed == replace(company(), name="Acme Inc")
    assert store.companies.by_key("acme.com") == renamed


def test_a_company_that_is_not_there_cannot_get_a_key(store: SqlStore) -> None:
    with pytest.raises(StoreError, match="no company com_1"):
        store.companies.rekey("com_1", key="acme.com", name=None, domain=None)


def test_threads_that_learn_one_domain_at_once_end_with_one_company_of_that_key(store: SqlStore) -> None:
    named = [Company(f"com_{number}", f"name:acme {number}", "Acme", None, NOON) for number in range(8)]
    store.companies.add(named)

    def learn(number: int) -> Company:
        if number % 2:
            return store.companies.rekey(f"com_{number}", key="acme.com", name=None, domain="acme.com")
        return store.companies.add([company(company_id=f"com_new_{number}")])[0]

    with ThreadPoolExecutor(8) as threads:
        outcomes = set(threads.map(learn, range(8)))
    assert outcomes == {store.companies.by_key("acme.com")}


def test_a_short_name_finds_the_companies_whose_name_goes_on(store: SqlStore) -> None:
    names = {
        "ford.com": "Ford Motor",
        "fordham.edu": "Fordham",
        "ford.org": "Ford Foundation",
        "bedford.com": "Bedford",
    }
    many = [replace(company(key, f"com_{key}"), name=name) for key, name in names.items()]
    store.companies.add(many)
    assert [one.name for one in store.companies.named_longer("Ford", most=5)] == ["Ford Motor", "Ford Foundation"]
    assert [one.name for one in store.companies.named_longer("ford motor", most=5)] == []
    assert len(store.companies.named_longer("Ford", most=1)) == 1


def test_companies_are_found_by_how_their_name_begins_or_by_the_label_of_their_website(store: SqlStore) -> None:
    names = {"kroger.com": "Kroger", "gm.com": "General Motors", "kraft.com": "Kraft", "gmb.com": "Bly"}
    store.companies.add([replace(company(key, f"com_{key}"), name=name) for key, name in names.items()])
    assert [one.name for one in store.companies.beginning("kro", most=9)] == ["Kroger"]
    assert [one.name for one in store.companies.beginning("kr", most=9)] == ["Kraft", "Kroger"]
    assert [one.name for one in store.companies.beginning("gm", most=9)] == ["General Motors"]
    assert store.companies.beginning("?", most=9) == []
