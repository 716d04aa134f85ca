"""What else leads to a company: its kind, what says so, and since when; one alias may be one of several companies."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from enrichment.domain.companies import Alias, Company, CompanyRelation
from enrichment.ports import StoreError
from resources.store import SqlStore, factory, new_companies
from resources.store.database.database import Database
from tests.support.examples import NOON
from tests.support.ledger_records import company

META = Company("com_1", "meta.com", "Meta", "meta.com", NOON)
ACME = company("acme.com", "com_2")
FACEBOOK = Alias("name:facebook", "com_1", "former_name", "Facebook, Inc.", "brightdata_company_db", NOON)


@pytest.fixture
def two(store: SqlStore) -> SqlStore:
    store.companies.add([META, ACME])
    return store


def test_an_alias_is_kept_with_its_kind_its_source_and_its_date(two: SqlStore) -> None:
    linked = Alias("linkedin:meta", "com_1", "id", source="brightdata_company_db", learned_at=NOON)
    two.companies.add_aliases([FACEBOOK, linked])
    assert two.companies.aliases("com_1") == [linked, FACEBOOK]
    assert two.companies.aliases("com_2") == []
    assert two.companies.by_key("name:facebook") == two.companies.by_key("linkedin:meta") == META


def test_an_alias_learned_again_keeps_its_first_source_and_date(two: SqlStore) -> None:
    two.companies.add_aliases([FACEBOOK, replace(FACEBOOK, source="in the same call")])
    two.companies.add_aliases([replace(FACEBOOK, source="google_knowledge_graph", learned_at=NOON + timedelta(days=1))])
    assert two.companies.aliases("com_1") == [FACEBOOK]


def test_an_alias_of_two_companies_leads_to_both_and_to_none_by_key(two: SqlStore) -> None:
    two.companies.add_aliases([Alias("ticker:M", "com_1", "id"), Alias("ticker:M", "com_2", "id")])
    assert two.companies.by_alias("ticker:M") == [ACME, META]
    assert two.companies.by_key("ticker:M") is None


def test_a_key_leads_to_its_company_whatever_other_company_has_it_as_an_alias(two: SqlStore) -> None:
    two.companies.add_aliases([Alias("acme.com", "com_1", "redirect"), Alias("acme.com", "com_2", "redirect")])
    assert two.companies.by_key("acme.com") == ACME
    assert two.companies.by_alias("acme.com") == [META]


def test_an_alias_given_to_a_former_id_is_the_companys(two: SqlStore) -> None:
    two.companies.rekey("com_2", key="meta.com", name=None, domain=None)
    two.companies.add_aliases([Alias("linkedin:meta", "com_2", "id")])
    assert [alias.alias for alias in two.companies.aliases("com_2")] == ["acme.com", "linkedin:meta"]
    assert two.companies.aliases("com_1") == two.companies.aliases("com_2")


def test_a_company_that_is_not_there_gets_no_alias(two: SqlStore) -> None:
    with pytest.raises(StoreError, match="no company com_9"):
        two.companies.add_aliases([replace(FACEBOOK, company_id="com_9")])


def test_companies_that_are_merged_have_the_aliases_of_both_once(two: SqlStore) -> None:
    same = Alias("name:facebook", "com_2", "spelling")
    two.companies.add_aliases([FACEBOOK, same, Alias("meta.com", "com_2", "redirect")])
    two.companies.rekey("com_2", key="meta.com", name=None, domain=None)
    assert two.companies.aliases("com_1") == [Alias("acme.com", "com_1", "former_key"), FACEBOOK]


def test_a_company_keyed_by_another_ones_alias_leaves_that_alias(two: SqlStore) -> None:
    shared = [Alias("acme.example", id_, "redirect") for id_ in ("com_1", "com_2")]
    two.companies.add_aliases(shared)
    two.companies.rekey("com_2", key="acme.example", name=None, domain="acme.example")
    assert two.companies.aliases("com_1") == [shared[0]]
    assert two.companies.aliases("com_2") == [Alias("acme.com", "com_2", "former_key")]


def test_an_alias_that_is_another_companys_key_moves_no_partition(two: SqlStore) -> None:
    two.companies.add_aliases([Alias("acme.com", "com_1", "redirect"), Alias("acme.com", "com_1", "former_key")])
    assert new_companies(two, 0).moved == {}


def test_a_company_registered_with_a_former_name_beside_its_own_is_found_by_it(store: SqlStore) -> None:
    beta = Company("com_1", "acme.com", "Acme (formerly Beta Works)", "acme.com", NOON)
    store.companies.add([beta, company("other.com", "com_2")])
    assert store.companies.by_key("name:beta-works") == beta
    assert store.companies.aliases("com_1") == [
        Alias("name:beta-works", "com_1", "former_name", "Beta Works", "its name", NOON)
    ]
    store.companies.add([replace(beta, company_id="com_9")])
    assert len(store.companies.aliases("com_1")) == 1


def test_a_subsidiary_is_related_and_leads_to_itself_alone(two: SqlStore) -> None:
    small = CompanyRelation("com_1", "subsidiary", "acme.com", "Acme", "brightdata_firmographics", NOON)
    parent = CompanyRelation("com_1", "parent", "name:omega", "Omega", "serp_organic", NOON)
    two.companies.add_relations([small, parent, replace(small, source="in the same call")])
    two.companies.add_relations([replace(parent, source="later")])
    assert two.companies.relations("com_1") == [parent, small]
    assert two.companies.by_key("acme.com") == ACME
    assert two.companies.by_key("name:omega") is None
    two.companies.add_relations([replace(small, other="meta.com")])
    assert two.companies.relations("com_1") == [parent, small]
    with pytest.raises(StoreError, match="no company com_9"):
        two.companies.add_relations([replace(small, company_id="com_9")])


def test_aliases_of_an_older_store_are_former_keys_of_unknown_source(new_store_url: str) -> None:
    database = Database(new_store_url)
    with database.making() as tx:
        config = Config(attributes={"connection": tx})
        config.set_main_option("script_location", str(factory._MIGRATIONS))
        command.upgrade(config, "0005")
        tx.execute(sa.text("INSERT INTO stamp (world) VALUES ('sandbox')"))
        tx.execute(sa.text("INSERT INTO change_counter (value) VALUES (7)"))
        tx.execute(sa.text("INSERT INTO companies VALUES ('com_1', 'meta.com', 'Meta', 'meta.com', 'name:meta', 0, 3)"))
        tx.execute(sa.text("INSERT INTO company_aliases VALUES ('name:meta', 'com_1', 5)"))
    database.close()
    store = factory.open_store(new_store_url, world="sandbox")
    assert store.companies.aliases("com_1") == [Alias("name:meta", "com_1", "former_key")]
    store.close()
