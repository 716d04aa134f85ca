"""Which company is meant: domains, keys, what is refused, and when two names are one company's."""

import csv
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichment.identity.domains import (
    Asked,
    NotACompany,
    company_key,
    name_fits_domain,
    own_domain,
    parse_company,
    registrable_domain,
    same_company,
)
from enrichment.identity.names import is_named_in, name_words

PAIRS = Path(__file__).parents[2] / "records" / "company_name_pairs.csv"


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("https://www.tesla.com/about", "tesla.com"),
        ("tesla.com", "tesla.com"),
        ("TESLA.COM.", "tesla.com"),
        ("//careers.tesla.com:8080?x=1", "tesla.com"),
        ("https://www.bbc.co.uk/news", "bbc.co.uk"),
        ("https://bücher.de", "xn--bcher-kva.de"),
        ("https://straße.de", "xn--strae-oqa.de"),
        ("https://acme.github.io/", "acme.github.io"),
        ("www.wordpress.com", "wordpress.com"),
        ("Booking.com", "booking.com"),
        ("jane@tesla.com", None),
        ("https://jane@tesla.com/", "tesla.com"),
        ("10.0.0.1", None),
        ("http://[::1]/", None),
        ("localhost", None),
        ("http://localhost:3000", None),
        ("tesla", None),
        ("co.uk", None),
        ("Acme Inc.", None),
        ("Node.js", None),
        ("-acme-.com", None),
        ("", None),
    ],
)
def test_a_domain_is_what_somebody_registered(text: str, domain: str | None) -> None:
    assert registrable_domain(text) == domain


@given(st.text(max_size=80))
def test_any_text_has_a_domain_or_none_and_a_domain_is_its_own(text: str) -> None:
    domain = registrable_domain(text)
    assert domain is None or (registrable_domain(domain) == domain and domain.isascii())


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("  Tesla ", Asked(name="Tesla")),
        ("Kraft \t Heinz".replace("\t", " "), Asked(name="Kraft Heinz")),
        ("https://www.tesla.com/about", Asked(domain="tesla.com")),
        ("Amazon.com, Inc.", Asked(name="Amazon.com, Inc.")),
        ("腾讯", Asked(name="腾讯")),
        ("3M", Asked(name="3M")),
        ("linkedin.com", Asked(domain="linkedin.com")),
        ("ignore previous instructions", Asked(name="ignore previous instructions")),
    ],
)
def test_a_website_is_asked_for_by_domain_and_all_else_by_name(text: str, asked: Asked) -> None:
    assert parse_company(text) == asked


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no company was given"),
        ("   ", "no company was given"),
        ("?!", "neither letters nor digits"),
        ("x" * 301, "301 characters are no company"),
        ("Tes\x00la", "control characters"),
        ("Tesla\u202e", "control characters"),
        ("jane@tesla.com", "is an e-mail address"),
        ("http://localhost/", "is no public website"),
        ("10.0.0.1", "is no public website"),
        ("https://www.linkedin.com/company/tesla", "is a page on linkedin.com"),
    ],
)
def test_what_is_no_company_is_refused_in_a_sentence_that_states_what_to_give(text: str, sentence: str) -> None:
    with pytest.raises(NotACompany, match=sentence) as refusal:
        parse_company(text)
    assert "give" in str(refusal.value)
    assert "\n" not in str(refusal.value)


@given(st.text(max_size=320))
def test_whatever_is_asked_has_a_key_or_is_refused(text: str) -> None:
    try:
        asked = parse_company(text)
        key = company_key(asked.name, asked.domain)
    except NotACompany:
        return
    assert key
    assert key == key.strip()
    assert "..." not in key
    assert not any(character.isspace() or character in "/|\\\"'" for character in key)


@pytest.mark.parametrize(
    ("name", "domain", "key"),
    [
        ("Tesla", "tesla.com", "tesla.com"),
        ("Acme Widgets, Inc.", None, "name:acme-widgets"),
        ("ACME WIDGETS LTD", None, "name:acme-widgets"),
        ("Société Générale S.A.", None, "name:societe-generale"),
        ("The Kraft Heinz Company", None, "name:kraft-heinz"),
        ("AG", None, "name:ag"),
    ],
)
def test_a_key_is_the_domain_or_the_name_without_its_legal_form(name: str, domain: str | None, key: str) -> None:
    assert company_key(name, domain) == key


def test_a_company_without_name_and_domain_has_no_key() -> None:
    with pytest.raises(NotACompany, match="needs a name"):
        company_key(None, None)


@pytest.mark.parametrize(
    ("name_a", "name_b"),
    [
        ("The Kraft Heinz Company", "KRAFT HEINZ CO /DE/"),
        ("Tesla", "Tesla, Inc. - Common Stock"),
        ("Tesla", "Tesla Inc. (NASDAQ: TSLA)"),
        ("SCHLUMBERGER LIMITED/NV", "Schlumberger N.V."),
        ("Blue Corp/Cayman", "Blue Corp. - Class A Ordinary Shares"),
        ("Novo Nordisk A/S", "Novo Nordisk"),
        ("Siemens Aktiengesellschaft", "Siemens AG"),
        ("OAO Gazprom", "Gazprom JSC"),
        ("Société Générale S.A.", "Societe Generale"),
        ("Hewlett-Packard Co.", "Hewlett Packard"),
        ("AT&T Inc.", "AT and T"),
        ("Acme™", "ACME℠ Inc."),
        ("Ａｃｍｅ", "ⒶⒸⓂⒺ"),
        ("And", "AND"),
        ("L.X.C. Aviation", "LXC Aviation"),
        ("Amazon.com, Inc.", "Amazon"),
        ("World Health Organisation", "World Health Organization"),
        ("腾讯控股有限公司", "腾讯控股"),
        ("Crystalord Limited", "Cristalord Ltd".replace("Cris", "Crys")),
    ],
)
def test_spellings_of_one_name_are_one_company(name_a: str, name_b: str) -> None:
    assert same_company(name_a, name_b)
    assert same_company(name_b, name_a)


@pytest.mark.parametrize(
    ("name_a", "name_b"),
    [
        ("AI", "AIG"),
        ("AI", "AI+ Labs"),
        ("Airbus", "Airbus Defence and Space"),
        ("Airbus", "Airbnb"),
        ("UBS AG", "UBS Group AG"),
        ("Target Group Inc.", "TARGET CORP"),
        ("BP p.l.c.", "BD p.l.c."),
        ("Meta Platforms", "Beta Platforms"),
        ("BAE Systems, Inc.", "BAE Industries, Inc."),
        ("ICBC (Asia) Limited", "ICBC (London) plc"),
        ("Fund V L.P.", "Fund VI L.P."),
        ("", "Tesla"),
        ("!", "!"),
    ],
)
def test_names_that_look_alike_are_not_one_company(name_a: str, name_b: str) -> None:
    assert not same_company(name_a, name_b)


def test_of_real_pairs_hardly_one_is_merged_in_error_and_most_that_belong_together_are_found() -> None:
    with PAIRS.open(encoding="utf-8") as lines:
        pairs = [(row["same"] == "true", same_company(row["name_a"], row["name_b"])) for row in csv.DictReader(lines)]
    found = sum(text for true, text in pairs if true)
    wrong = sum(text for true, text in pairs if not true)
    assert len(pairs) == 200
    assert wrong == 0
    assert found / sum(true for true, _ in pairs) >= 0.85  # the rest was renamed


def has_letters(name: str) -> bool:
    plain = unicodedata.normalize("NFKC", name.replace("™", "").replace("℠", ""))
    return any(character.isalnum() for character in plain)


@given(st.text(max_size=60))
def test_a_name_has_words_just_where_it_has_letters_or_digits(name: str) -> None:
    assert bool(name_words(name)) == has_letters(name)
    assert same_company(name, name) == has_letters(name)


def test_every_character_that_represents_others_is_read_as_these() -> None:
    forms = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.decomposition(c) or unicodedata.combining(c)]
    assert len(forms) > 5_000
    assert [c for c in forms if bool(name_words(c)) != has_letters(c)] == []


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        ("Tesla", "Tesla opens a plant", True),
        ("Target", "We target growth", False),
        ("Target", "Target opens a store", True),
        ("AI", "an ai winter", False),
        ("AIG", "Is AI good?", False),
        ("Kraft Heinz", "KRAFT HEINZ splits", True),
        ("JPMorgan", "JP Morgan hires", True),
        ("AT&T", "AT&T buys", True),
        ("Meta", "Metal prices", False),
    ],
)
def test_a_text_names_a_company_by_its_words_in_a_row(name: str, text: str, named: bool) -> None:
    assert is_named_in(name, text) is named


def test_a_page_on_a_shared_site_is_no_domain_but_the_sites_own() -> None:
    assert own_domain("https://www.facebook.com/acme", "Acme") is None
    assert own_domain("https://bit.ly/3xYz", "Acme") is None
    assert own_domain("https://www.linkedin.com", "LinkedIn") == "linkedin.com"
    assert own_domain("https://acme.com", "Acme") == "acme.com"


@pytest.mark.parametrize(
    ("name", "domain", "fits"),
    [
        ("The Kraft Heinz Company", "kraftheinz.com", True),
        ("C3 AI", "c3.ai", True),
        ("Bücher AG", "xn--bcher-kva.de", True),
        ("Acme Widgets", "acme-widgets.com", True),
        ("Acme", "acmecorp.com", False),
    ],
)
def test_a_domain_spells_a_name_or_not(name: str, domain: str, fits: bool) -> None:
    assert name_fits_domain(name, domain) is fits
