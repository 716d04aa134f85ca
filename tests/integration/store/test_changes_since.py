"""What is new since a change number: each row once, and again when it is written again."""

from dataclasses import replace

from enrichment.domain.companies import Alias, Cause
from resources.store import SqlStore, new_companies, new_unreported
from tests.support.examples import NOON
from tests.support.ledger_records import LATER, LEASE, answered, company, draft, reserved, sent


def bought(store: SqlStore, variant: str) -> str:
    made = sent(store, draft(variant=variant))
    store.ledger.settle(answered(made), reply=None, facts=())
    return made.purchase_id


def test_each_company_is_new_once(store: SqlStore) -> None:
    store.companies.add([company("acme.com", "com_1"), company("beta.com", "com_2")])
    first = new_companies(store, 0)
    assert (first.keys, first.moved) == (("acme.com", "beta.com"), {})
    assert new_companies(store, first.mark).keys == ()
    store.companies.add([company("gamma.com", "com_3")])
    assert new_companies(store, first.mark).keys == ("gamma.com",)


def test_a_company_with_another_key_is_new_and_its_former_key_leads_to_it(store: SqlStore) -> None:
    store.companies.add([company("name:acme", "com_1"), company("beta.com", "com_2")])
    mark = new_companies(store, 0).mark
    store.companies.rekey("com_1", key="acme.com", name=None, domain="acme.com")
    found = new_companies(store, mark)
    assert (found.keys, found.moved) == (("acme.com",), {"name:acme": "acme.com"})


def test_a_company_that_turned_out_to_be_another_one_leads_to_it(store: SqlStore) -> None:
    store.companies.add([company("name:acme", "com_1"), company("acme.com", "com_2")])
    mark = new_companies(store, 0).mark
    store.companies.rekey("com_1", key="acme.com", name=None, domain="acme.com")
    assert new_companies(store, mark).moved == {"name:acme": "acme.com"}


def test_a_merge_leads_its_key_to_the_company_that_stayed_and_undone_the_key_is_new_again(store: SqlStore) -> None:
    store.companies.add([company("beta.com", "com_1"), company("acme.com", "com_2")])
    store.companies.add_aliases([Alias("beta.com", "com_2", "redirect", learned_at=NOON)])
    mark = new_companies(store, 0).mark
    event = store.company_events.merge("com_1", "com_2", Cause("test", NOON, "they are one"))
    merged = new_companies(store, mark)
    assert (merged.keys, merged.moved) == ((), {"beta.com": "acme.com"})
    store.company_events.undo(event.event_id, by="test", at=NOON)
    undone = new_companies(store, merged.mark)
    assert (undone.keys, undone.moved) == (("beta.com",), {})


def test_a_split_brings_a_new_key_and_undone_that_key_leads_back(store: SqlStore) -> None:
    store.companies.add([company("acme.com", "com_1")])
    store.companies.add_aliases([Alias("linkedin:beta", "com_1", "id")])
    mark = new_companies(store, 0).mark
    beta = company("beta.com", "com_2")
    event = store.company_events.split("com_1", beta, Cause("test", NOON, "two"), aliases=["linkedin:beta"])
    parted = new_companies(store, mark)
    assert (parted.keys, parted.moved) == (("beta.com",), {})
    store.company_events.undo(event.event_id, by="test", at=NOON)
    undone = new_companies(store, parted.mark)
    assert (undone.keys, undone.moved) == ((), {"beta.com": "acme.com"})


def test_to_a_reader_of_another_store_everything_is_new(store: SqlStore) -> None:
    store.companies.add([company()])
    assert new_companies(store, 2**62).keys == ("acme.com",)


def test_settled_purchases_wait_to_be_reported_once(store: SqlStore) -> None:
    [acme] = store.companies.add([company()])
    first, second = bought(store, "a"), bought(store, "b")
    reserved(store, draft(variant="c"))
    waiting = new_unreported(store, 0, limit=10)
    assert [(one.purchase.purchase_id, one.company) for one in waiting.purchases] == [(first, acme), (second, acme)]
    store.ledger.mark_reported([first], LATER)
    store.ledger.mark_reported([first, second], LATER + LEASE)
    assert new_unreported(store, 0, limit=10).purchases == ()
    assert [p.reported_at for p in store.ledger.purchases("req_1")][:2] == [LATER, LATER + LEASE]


def test_what_does_not_fit_is_read_from_the_mark(store: SqlStore) -> None:
    store.companies.add([company()])
    ids = [bought(store, variant) for variant in "abc"]
    first = new_unreported(store, 0, limit=2)
    store.ledger.mark_reported([one.purchase.purchase_id for one in first.purchases], NOON)
    rest = new_unreported(store, first.mark, limit=2)
    assert [one.purchase.purchase_id for one in (*first.purchases, *rest.purchases)] == ids
    assert new_unreported(store, rest.mark, limit=2).purchases == ()


def test_a_purchase_states_which_request_asked_for_it(store: SqlStore) -> None:
    store.companies.add([company()])
    bought(store, "a")
    [one] = new_unreported(store, 0, limit=10).purchases
    assert (one.asked_by, replace(one.purchase, purchase_id="").source) == (None, "serp_news")
