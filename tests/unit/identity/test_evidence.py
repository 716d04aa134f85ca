"""Whether two records are of one company: by which evidence, how probable, and when a person is asked."""

from typing import get_args

import pytest

from enrichment.domain.data_tables import rows_of
from enrichment.identity.comparison import NameAgreement, compare_names
from enrichment.identity.countries import country_code
from enrichment.identity.evidence import CompanyEvidence, compare_companies
from enrichment.identity.vendor_ids import ID_KINDS, IdKind, is_vendor_id, page_id, stated_id, vendor_id


def record(
    name: str | None = None, domain: str | None = None, *ids: str, country: str | None = None
) -> CompanyEvidence:
    return CompanyEvidence(name, domain, frozenset(ids), country)


@pytest.mark.parametrize(
    ("a", "b", "sameness"),
    [
        (record("Ørsted A/S"), record("Orsted"), "same"),
        (record("Toro Corp."), record("Toro Co"), "unsure"),
        (record("C&A"), record("CA Inc."), "different"),
        (record("Acme Widgets", "amazon.com"), record("Amazon", "amazon.com"), "unsure"),
        (record("Alphabet", "abc.xyz"), record("Google", "google.com"), "different"),
        (record("Atlas", "atlas.kitchen"), record("Atlas", "atlascard.com"), "unsure"),
        (record("Kraft Heinz", country="de"), record("Kraft Heinz", country="us"), "unsure"),
        (record("Seagate", None, "cik:1137789"), record("Seagate Technology", None, "cik:1137789"), "same"),
        (record("Acme", "acme.com", "cik:1"), record("Acme", "acme.com", "cik:2"), "unsure"),
        (record("Acme", "acme.com", "cik:1"), record("Widget Works", "acme.com", "cik:1"), "same"),
        (record("Acme", None, "linkedin:acme"), record("Acme", None, "linkedin:acme-gmbh"), "unsure"),
        (record("Acme", None, "linkedin:acme"), record("Widget Works", None, "linkedin:acme"), "unsure"),
        (record("Acme", country="de"), record("Beta", country="de"), "different"),
        (record(None, "acme.com"), record("Acme", "acme.com"), "same"),
    ],
)
def test_what_is_sure_is_decided_and_what_is_not_is_asked(
    a: CompanyEvidence, b: CompanyEvidence, sameness: str
) -> None:
    assert compare_companies(a, b).sameness == compare_companies(b, a).sameness == sameness


@pytest.mark.parametrize(
    ("name_a", "name_b"),
    [
        ("Tesla", "Tesla, Inc."),
        ("The Kraft Heinz Company", "Kraft Heinz"),
        ("Evercore", "Evercare"),
        ("UBS AG", "UBS Group AG"),
        ("Toro Corp.", "Toro Co"),
        ("Farmers & Merchants Bancorp", "Farmers & Merchants Bancorp Inc"),
        ("H&M", "HM"),
        ("Canal+", "Canal"),
        ("Anthropic", "Salesforce"),
    ],
)
def test_of_names_alone_the_decision_is_that_of_the_names(name_a: str, name_b: str) -> None:
    compared = compare_companies(record(name_a), record(name_b))
    assert compared.sameness == compare_names(name_a, name_b).sameness
    assert not compared.is_identified


def test_evidence_is_listed_domain_first_then_ids_name_and_country_each_with_a_sentence() -> None:
    a = record("Acme", "acme.com", "cik:7", "linkedin:acme", country="de")
    b = record("Acme GmbH", "acme.de", "cik:7", "linkedin:acme-gmbh", country="us")
    compared = compare_companies(a, b)
    assert [(piece.piece, piece.weight > 0) for piece in compared.pieces] == [
        ("domain", False),
        ("linkedin", False),
        ("cik", True),
        ("name", True),
        ("country", False),
    ]
    assert compared.because == (
        "their websites differ (acme.com, acme.de); their LinkedIn pages differ (acme, acme-gmbh); "
        "both have the CIK 7; their own words are spelled alike; one is in de, one in us"
    )


def test_what_one_side_lacks_says_nothing() -> None:
    known = compare_companies(record("Acme"), record("Acme"))
    assert compare_companies(record("Acme", "acme.com", "cik:7", country="de"), record("Acme")) == known


def test_a_piece_more_that_agrees_never_makes_it_less_probable() -> None:
    names, ids = record("Evercore"), record("Evercare")
    alone = compare_companies(names, ids).probability
    for piece in ("linkedin:e", "crunchbase:e", "cik:7", "ticker:nyse:evr", "kg:/m/0ab1"):
        assert compare_companies(record("Evercore", None, piece), record("Evercare", None, piece)).probability > alone
        other = f"{piece}1"
        assert compare_companies(record("Evercore", None, piece), record("Evercare", None, other)).probability < alone


def test_every_piece_of_evidence_has_its_weight_with_a_source() -> None:
    rows = rows_of("enrichment.identity", "evidence_weights")
    pieces = {(piece, agreement) for piece, agreement, _, _, _ in rows}
    assert {(kind, answer) for kind in ID_KINDS for answer in ("same", "differs")} <= pieces
    names = {agreement.partition(",")[0] for piece, agreement in pieces if piece == "name"}
    assert names == set(get_args(NameAgreement))
    assert all(
        source.partition(":")[0] in {"measured", "documented", "assumed"} or "measured" in source for *_, source in rows
    )
    for piece in ("domain", "linkedin", "country", "name"):
        for at in (2, 3):
            assert sum(float(row[at]) for row in rows if row[0] == piece) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(
    ("kind", "text", "form"),
    [
        ("linkedin", "https://www.linkedin.com/company/Acme-Inc/about/?x=1", "linkedin:acme-inc"),
        ("linkedin", "http://de.linkedin.com/organization-guest/company/acme", "linkedin:acme"),
        ("linkedin", "linkedin.com/company/2037504/", "linkedin:2037504"),
        ("linkedin", "https://www.linkedin.com/in/jane-doe", None),
        ("linkedin", "https://www.linkedin.com/showcase/acme-jets", None),
        ("linkedin", "https://www.crunchbase.com/organization/acme", None),
        ("linkedin", "acme-inc", "linkedin:acme-inc"),
        ("linkedin", "acme.com", None),
        ("crunchbase", "https://www.crunchbase.com/organization/acme?utm_source=x", "crunchbase:acme"),
        ("cik", "0000320193", "cik:320193"),
        ("cik", "CIK 320193", "cik:320193"),
        ("cik", "0", None),
        ("ticker", "NASDAQ: AAPL", "ticker:nasdaq:aapl"),
        ("ticker", "BRK.B", "ticker:brk.b"),
        ("ticker", "no ticker", None),
        ("kg", "kg:/m/0dr90d", "kg:/m/0dr90d"),
        ("kg", "/g/11bw4", "kg:/g/11bw4"),
        ("kg", "acme", None),
    ],
)
def test_an_id_has_one_form_however_it_is_written(kind: IdKind, text: str, form: str | None) -> None:
    assert vendor_id(kind, text) == form


def test_an_id_that_says_its_kind_is_read_without_being_told_it() -> None:
    assert stated_id("ticker:NASDAQ:AAPL") == "ticker:nasdaq:aapl"
    assert stated_id("CIK:0000320193") == "cik:320193"
    assert stated_id("kg:/m/0dr90d") == "kg:/m/0dr90d"
    assert stated_id("https://www.linkedin.com/company/acme") == page_id("linkedin.com/company/acme") == "linkedin:acme"
    assert stated_id("Acme: the company") is None
    assert [is_vendor_id(alias) for alias in ("cik:7", "name:acme", "acme.com")] == [True, False, False]


@pytest.mark.parametrize(
    ("a", "b", "agreement"),
    [
        ("ticker:nasdaq:aapl", "ticker:aapl", "same"),
        ("ticker:nasdaq:aapl", "ticker:nyse:aapl", None),
        ("ticker:nasdaq:goog", "ticker:nasdaq:googl", "differs"),
        ("linkedin:acme", "linkedin:2037504", None),
        ("linkedin:2037504", "linkedin:2037505", "differs"),
        ("cik:7", "kg:/m/0ab1", None),
    ],
)
def test_ids_are_compared_only_where_they_can_be(a: str, b: str, agreement: str | None) -> None:
    compared = compare_companies(record(None, None, a), record(None, None, b))
    assert [piece.agreement for piece in compared.pieces] == ([] if agreement is None else [agreement])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Deutschland", "de"),
        ("USA", "us"),
        ("United States", "us"),
        ("The Netherlands", "nl"),
        ("UK", "gb"),
        ("?", ""),
    ],
)
def test_a_country_is_known_by_its_names(text: str, code: str) -> None:
    assert country_code(text) == code
