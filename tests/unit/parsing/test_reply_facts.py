"""read(): only what was promised and is about the company becomes a fact, with its worth and its place."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from enrichment.domain.values import Contact, Technology, Text
from enrichment.parsing import READERS, NoReader, ParsedValue, ReaderEntry, ReaderInput, read
from enrichment.parsing.people import contact
from enrichment.rules import Rules
from tests.support.examples import MATRIX, NOON, acme
from tests.support.parsed_replies import facts_of, reply


def _reads(*readings: ParsedValue, version: int = 1) -> dict[str, ReaderEntry]:
    def reader(_: ReaderInput) -> Iterator[ParsedValue]:
        return iter(readings)

    return dict.fromkeys(MATRIX.sources, ReaderEntry(reader, version))


def _with_reader(source: str, reader: str) -> Rules:
    changed = MATRIX.sources[source].model_copy(update={"reader": reader})
    return MATRIX.model_copy(update={"sources": {**MATRIX.sources, source: changed}})


def test_every_shipped_source_has_a_reader() -> None:
    assert {rules.reader or source for source, rules in MATRIX.sources.items()} <= set(READERS)


def test_a_fact_tells_its_worth_its_age_and_its_place() -> None:
    name = ParsedValue("company_name", Text(text="Acme"), 0.5, "search.title")
    (fact,) = read(reply("serp_organic", {}), acme(), MATRIX, readers=_reads(name, version=7))
    assert (fact.reliability, fact.quality) == (0.85, 0.425)
    assert (fact.reply_id, fact.purchase_id, fact.evidence, fact.reader_version) == (
        "rep_1",
        "pur_1",
        "search.title",
        7,
    )
    assert fact.holds_until == NOON + timedelta(days=7)
    assert not fact.last_resort


def test_a_value_is_valid_no_longer_than_its_dataset_lets_it() -> None:
    news = ParsedValue("recent_news", Text(text="News"), 1, "search")
    (fact,) = read(reply("serp_news", {}), acme(), MATRIX, readers=_reads(news))
    assert fact.holds_until == NOON + timedelta(days=1)


def test_a_source_below_the_threshold_is_a_last_resort() -> None:
    person = ParsedValue("key_contacts", Contact(full_name="Invented Person", title="CEO"), 1, "search")
    (fact,) = read(reply("serp_linkedin", {}), acme(), MATRIX, readers=_reads(person))
    assert fact.last_resort


def test_what_the_rules_do_not_promise_of_a_source_is_no_fact() -> None:
    surprise = ParsedValue("purchase_intent", Text(text="x"), 1, "search")
    assert read(reply("serp_news", {}), acme(), MATRIX, readers=_reads(surprise)) == []


def test_a_reply_that_knows_nothing_has_no_facts() -> None:
    name = ParsedValue("company_name", Text(text="Acme"), 1, "search")
    nothing = reply("serp_organic", {}, found=False)
    assert read(nothing, acme(), MATRIX, readers=_reads(name)) == []


def test_the_best_items_are_kept_each_once_and_no_more_than_the_rules_want() -> None:
    technologies = [ParsedValue("tech_stack", Technology(name=f"T{n}"), 1, f"[{n}]") for n in range(60)]
    poor = ParsedValue("tech_stack", Technology(name="Poor"), 0.4, "poor")
    again = ParsedValue("tech_stack", Technology(name="t3"), 1, "again")
    facts = read(reply("serp_jobs", {}), acme(), MATRIX, readers=_reads(poor, *technologies, again))
    assert [fact.evidence for fact in facts] == [f"[{n}]" for n in range(50)]


def test_of_two_values_the_more_complete_one_comes_first() -> None:
    vague, whole = (ParsedValue("company_name", Text(text=str(share)), share, "search") for share in (0.5, 1.0))
    (fact,) = read(reply("serp_organic", {}), acme(), MATRIX, readers=_reads(vague, whole))
    assert fact.value == Text(text="1.0")


def test_a_source_may_be_read_by_the_reader_its_rules_name() -> None:
    assert read(reply("serp_news", {}), acme(), _with_reader("serp_news", "serp_organic")) == []


def test_a_source_without_a_reader_states_where_to_add_one() -> None:
    with pytest.raises(NoReader, match="'serp_news' has no reader named 'tea_leaves': add one to READERS"):
        read(reply("serp_news", {}), acme(), _with_reader("serp_news", "tea_leaves"))


@pytest.mark.parametrize(
    ("source", "reached", "worth"),
    [
        (source, reached, worth)
        for source in ("snov_contacts", "apollo_contacts", "brightdata_people_db")
        for reached, worth in (
            ({"email": "ip@acme.com", "email_status": "valid"}, 1.0),
            ({"email": "ip@acme.com", "email_status": "valid", "page": "https://linkedin.com/in/ip"}, 1.0),
            ({"email": "ip@acme.com", "email_status": "unverified"}, 0.97),
            ({"email": "ip@acme.com", "email_status": "unknown"}, 0.97),
            ({"email": "ip@acme.com", "email_status": "not_valid", "page": "https://linkedin.com/in/ip"}, 0.97),
            ({"page": "https://linkedin.com/in/ip"}, 0.97),
        )
    ],
)
def test_a_name_with_a_title_and_a_way_to_reach_it_satisfies(source: str, reached: Any, worth: float) -> None:
    (reading,) = contact("people[0]", name="Invented Person", title="CFO", **reached)
    assert reading.completeness == worth
    quality = MATRIX.reliability(source, "key_contacts") * reading.completeness
    assert quality >= MATRIX.datasets["key_contacts"].quality_threshold


@pytest.mark.parametrize("source", [name for name, rules in MATRIX.sources.items() if "key_contacts" in rules.datasets])
@pytest.mark.parametrize(
    ("title", "reached"),
    [
        ("CFO", {}),
        ("CFO", {"email": "ip@acme.com", "email_status": "not_valid"}),
        (None, {"email": "ip@acme.com", "email_status": "valid", "page": "https://linkedin.com/in/ip"}),
        (None, {}),
    ],
)
def test_a_person_without_an_address_or_with_an_unknown_part_does_not(
    source: str, title: str | None, reached: Any
) -> None:
    (reading,) = contact("people[0]", name="Invented Person", title=title, **reached)
    quality = MATRIX.reliability(source, "key_contacts") * reading.completeness
    assert quality < MATRIX.datasets["key_contacts"].quality_threshold


@pytest.mark.parametrize(
    ("name", "website", "about"),
    [
        ("Acme", None, True),
        ("Acme Inc.", "https://www.acme.com", True),
        ("Acme", "https://linkedin.com/company/acme", True),
        ("Acme", "https://acme.de", True),
        ("The Acme Group of Firms", "http://acme.com/", True),
        ("Acme Ventures", "https://ventures.acme.com", False),
        ("Acme", "https://acme-plumbing.com", False),
        ("Other", "https://other.com", False),
        ("Other", None, False),
        (None, None, False),
    ],
)
def test_a_record_is_about_the_company_by_name_and_website(name: str | None, website: str | None, about: bool) -> None:
    assert ReaderInput({}, "Acme", "acme.com", NOON).is_(name, website) is about


def test_a_company_known_by_domain_alone_is_recognised_by_what_its_domain_spells() -> None:
    record = {"name": "Acme Widgets Inc.", "company_size": "51-200 employees"}
    facts = facts_of("brightdata_company_db", {"records": [record]}, domain="acmewidgets.com")
    assert [fact.dataset for fact in facts] == ["company_name", "employee_count", "company_size_band"]
