"""Questions of which company is meant: each is asked once, its answer is kept, and what was decided takes effect."""

import pytest

from enrichment.domain.companies import Alias, Company, IdentityReview
from enrichment.identity.companies import reference_of
from enrichment.identity.evidence import CompanyEvidence
from enrichment.identity.reviews import by_price, review_of_row, review_of_two, row_question
from enrichment.pipeline.candidates import free_key, registered_company
from enrichment.pipeline.identity_decisions import decide_different, decide_same
from enrichment.ports import StoreError
from resources.store import SqlStore
from tests.support.examples import NOON
from tests.support.ledger_records import LATER, answered, draft, reply_of, sent

ACME = Company("com_1", "acme.com", "Acme", "acme.com", NOON)
NAMED = Company("com_2", "name:acme-widgets", "Acme Widgets", None, NOON)
ROW = CompanyEvidence("Acme Holding", "acme.de", frozenset({"linkedin:acme"}), "de")


@pytest.fixture
def two(store: SqlStore) -> SqlStore:
    store.companies.add([ACME, NAMED])
    return store


def of_two() -> IdentityReview:
    record = CompanyEvidence("Acme Widgets", "acme.com")
    return review_of_two(NAMED, ACME, record, because="a panel names acme.com", origin="serp_organic", now=NOON)


def of_row(record: CompanyEvidence = ROW) -> IdentityReview:
    return review_of_row(record, [ACME], because="it may be 'Acme'", origin="list.csv, line 3", now=NOON)


def test_a_question_is_asked_once_however_often_it_comes_up(two: SqlStore) -> None:
    first, again = of_two(), of_two()
    two.identity_reviews.open([first])
    two.identity_reviews.open([again, of_row()])
    two.identity_reviews.open([])
    assert [one.review_id for one in two.identity_reviews.waiting()] == [
        first.review_id,
        two.identity_reviews.waiting()[1].review_id,
    ]
    assert two.identity_reviews.by_id(first.review_id) == first
    assert two.identity_reviews.by_id(again.review_id) is None


def test_that_two_are_different_is_kept_and_not_asked_again(two: SqlStore) -> None:
    review = of_two()
    two.identity_reviews.open([review])
    assert decide_different(review, two, by="ana", at=LATER) is None
    two.identity_reviews.open([of_two()])
    assert two.identity_reviews.waiting() == []
    kept = two.identity_reviews.answered([review.question, "another"])[review.question]
    assert (kept.state, kept.decided_by, kept.decided_at, kept.same_as) == ("different", "ana", LATER, None)
    assert two.companies.all() == [ACME, NAMED]


def test_that_two_are_one_merges_them_into_the_one_that_was_meant(two: SqlStore) -> None:
    review = of_two()
    two.identity_reviews.open([review])
    assert decide_same(review, ACME, two, by="ana", at=LATER) == ACME
    assert two.companies.all() == [ACME]
    assert two.companies.by_id("com_2") == two.companies.by_key("name:acme-widgets") == ACME
    with pytest.raises(StoreError, match="does not wait"):
        decide_different(review, two, by="bob", at=LATER)


def test_a_row_that_is_a_registered_company_leads_to_it_from_then_on(two: SqlStore) -> None:
    review = of_row()
    two.identity_reviews.open([review])
    assert decide_same(review, ACME, two, by="ana", at=LATER) == ACME
    for text in ("Acme Holding", "acme.de", "linkedin:acme"):
        assert registered_company(reference_of(text), text, two.companies) == ACME
    assert {(alias.kind, alias.source) for alias in two.companies.aliases("com_1")} == {
        ("spelling", "review"),
        ("redirect", "review"),
        ("id", "review"),
    }
    assert two.identity_reviews.answered([row_question(ROW)])[row_question(ROW)].same_as == "com_1"


def test_a_row_gives_its_website_to_a_company_that_had_none(two: SqlStore) -> None:
    review = of_row(CompanyEvidence("Acme Widgets Inc", "widgets.com"))
    two.identity_reviews.open([review])
    learned = decide_same(review, NAMED, two, by="ana", at=LATER)
    assert (learned.company_id, learned.key, learned.domain) == ("com_2", "widgets.com", "widgets.com")


@pytest.mark.parametrize(
    ("record", "key", "domain"),
    [
        (ROW, "acme.de", "acme.de"),
        (CompanyEvidence("Acme", "acme.com"), "name:acme", None),
        (CompanyEvidence("Acme Widgets GmbH"), "name:acme-widgets-2", None),
    ],
)
def test_a_row_that_is_none_of_them_becomes_a_company_of_its_own(
    two: SqlStore, record: CompanyEvidence, key: str, domain: str | None
) -> None:
    review = of_row(record)
    two.identity_reviews.open([review])
    made = decide_different(review, two, by="ana", at=LATER)
    assert made is not None
    assert (made.key, made.name, made.domain, made.country) == (key, record.name, domain, record.country)
    assert two.companies.by_key(key) == made
    assert {alias.alias for alias in two.companies.aliases(made.company_id)} == set(record.ids)
    assert len(two.companies.all()) == 3


def test_a_key_is_free_only_if_no_company_and_no_former_key_has_it(two: SqlStore) -> None:
    two.companies.add_aliases([Alias("name:acme", "com_1", "former_key"), Alias("name:acme-2", "com_2", "former_key")])
    assert free_key("name:acme", two.companies) == "name:acme-3"
    assert free_key("name:other", two.companies) == "name:other"


def test_what_was_paid_for_the_companies_in_question_comes_first(two: SqlStore) -> None:
    purchase = sent(two, draft(company_id="com_2"))
    two.ledger.settle(answered(purchase), reply=reply_of(purchase), facts=())
    spent = two.ledger_queries.spent_on(["com_1", "com_2"])
    assert [(one.micro_usd, one.last_at) for one in spent.values()] == [
        (0, None),
        (50_000, answered(purchase).closed_at),
    ]
    cheap, dear = of_row(), of_two()
    assert by_price([cheap, dear], [0, 50_000]) == [(dear, 50_000), (cheap, 0)]
    assert [one for one, _ in by_price([cheap, dear], [0, 0])] == [cheap, dear]


def test_a_country_that_is_known_stays(two: SqlStore) -> None:
    two.companies.set_country("com_1", "de")
    two.companies.set_country("com_1", "us")
    found = two.companies.by_id("com_1")
    assert found is not None
    assert found.country == "de"
