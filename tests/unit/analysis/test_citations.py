"""Only what the evidence bears out stays in a model's answer."""

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import TypeVar

import pytest
from pydantic import ValidationError

from enrichment.analysis.answer_schemas import (
    AnalysisAnswer,
    Competition,
    Competitor,
    ContactPriorities,
    Growth,
    IntelligenceSummary,
    NewsEvent,
    NewsEvents,
    PrioritisedContact,
    Recommendation,
    Statement,
    Technologies,
    UsedTechnology,
)
from enrichment.analysis.citations import CheckedAnswer, check_citations
from enrichment.analysis.evidence import Evidence
from enrichment.domain.values import JobPosting
from tests.support.model_answers import answered_calls, passage

LINE = "Acme opens a plant in Ohio"
EVIDENCE = Evidence(
    (
        passage("e0", "google_knowledge_graph", "company_name", "Acme Corporation"),
        passage(
            "e1",
            "serp_news",
            "recent_news",
            "Acme opens a plant in Ohio\nThe plant makes 4,000 anvils a day.\n2026-11-02",
        ),
        passage("e2", "brightdata_technographics", "tech_stack", "Go\nprogramming language"),
        passage("e3", "snov_contacts", "key_contacts", "Wile Coyote\nHead of Procurement\nSeniority: director"),
        passage("e4", "serp_news", "recent_news", "Initech raises 30 million\nGoogle watches it"),
        passage("e5", "brightdata_company_db", "industry", "Machinery"),
    )
)
_Answer = TypeVar("_Answer", bound=AnalysisAnswer)
OWN = ("Acme", "acme.example")
ALIKE = ("Anna Schmitting", "Anna Schmitted")


def growth(evidence_id: str, quote: str, statement: str = "It grows.") -> Growth:
    claim = Statement(evidence_id=evidence_id, quote=quote, statement=statement)
    return Growth(growth_signals=[claim], business_challenges=[])


def contact(name: str, **changes: str) -> PrioritisedContact:
    fields = {"evidence_id": "e3", "quote": "Head of Procurement", "seniority": "director", **changes}
    return PrioritisedContact.model_validate(
        {"full_name": name, "department": "procurement", "priority": 1, "why": "Decides what is bought.", **fields}
    )


def rival(name: str, quote: str, *, how: str = "It sells the same.", evidence_id: str = "e4") -> Competition:
    return Competition(competitors=[Competitor(evidence_id=evidence_id, quote=quote, name=name, how_they_compete=how)])


def check(answer: _Answer) -> CheckedAnswer[_Answer]:
    return check_citations(answer, EVIDENCE, OWN)


def reason(answer: AnalysisAnswer) -> str | None:
    """Why its only item is dropped; None: it is kept."""
    checked = check(answer)
    return next(iter(checked.reasons), None)


@pytest.mark.parametrize(
    ("evidence_id", "quote", "stays"),
    [
        ("e1", "Acme opens a plant in Ohio", True),
        ("e1", "opens a plant", True),
        ("e1", "  opens \n a\u200b   plant ", True),
        ("e1", "in Ohio The plant makes", True),
        ("e1", "opens two plants", False),
        ("e1", "OPENS A PLANT", False),
        ("e1", "a plant", False),
        ("e2", "Go", True),
        ("e2", "programming", False),
        ("e1", "", False),
        ("e1", " \n", False),
    ],
)
def test_a_claim_stays_only_if_its_quote_is_word_for_word_in_the_evidence(
    evidence_id: str, quote: str, stays: bool
) -> None:
    checked = check(growth(evidence_id, quote))
    assert (checked.kept, checked.dropped) == ((1, 0) if stays else (0, 1))
    assert len(checked.answer.growth_signals) == checked.kept


@pytest.mark.parametrize("named", ["e2", "e9", "1", "e0"])
def test_a_quote_that_is_in_exactly_one_other_piece_cites_that_one(named: str) -> None:
    (claim,) = check(growth(named, "opens a plant")).answer.growth_signals
    assert claim.evidence_id == "e1"


def test_a_quote_in_several_other_pieces_cites_none() -> None:
    twice = Evidence(
        (*EVIDENCE.passages, passage("e6", "serp_news", "recent_news", "Acme opens a plant in Ohio, again"))
    )
    assert check_citations(growth("e2", "opens a plant"), twice, OWN).dropped == 1
    assert check_citations(growth("e6", "opens a plant"), twice, OWN).kept == 1


def test_a_claim_without_a_statement_is_dropped_though_its_quote_is_right() -> None:
    assert reason(growth("e1", "opens a plant", statement=" ")) == "it states nothing"
    assert reason(growth("e1", "opens a plant", statement="Acme")) == "it states nothing"


@pytest.mark.parametrize(
    "quote", ["Acme", "Acme Corporation", "acme.example", "Acme's", "2026-11-02", "Acme Inc.", "www.acme.example"]
)
def test_a_quote_that_is_nothing_but_the_companys_name_or_a_date_bears_nothing(quote: str) -> None:
    assert reason(growth("e1", quote)) == "the quote only names the company"


def test_a_piece_that_only_identifies_the_company_is_no_evidence() -> None:
    other = Evidence((passage("e0", "google_knowledge_graph", "company_name", "Western Digital Storage Giant"),))
    assert check_citations(growth("e0", "Storage Giant of"), other, ("Western",)).dropped == 1
    assert check_citations(growth("e0", "Western Digital Storage"), other, ("Western",)).dropped == 1


@pytest.mark.parametrize("name", ["Road Runner", "Acme", "Machinery", "Seniority: director", "Head of Procurement"])
def test_a_person_must_be_a_known_contact(name: str) -> None:
    assert reason(ContactPriorities(contacts=[contact(name)])) == "the person is no known contact"


def test_a_known_contact_stays_and_is_not_given_another_seniority() -> None:
    assert reason(ContactPriorities(contacts=[contact("Wile Coyote")])) is None
    promoted = ContactPriorities(contacts=[contact("Wile Coyote", seniority="c_level")])
    assert reason(promoted) == "it contradicts the known contact"


def test_no_name_is_invented_beside_a_true_quote() -> None:
    answer = ContactPriorities(contacts=[contact("Wile Coyote"), contact("Road Runner")])
    checked = check_citations(answer, EVIDENCE, OWN)
    assert [c.full_name for c in checked.answer.contacts] == ["Wile Coyote"]
    assert (checked.kept, checked.dropped) == (1, 1)


@pytest.mark.parametrize(
    ("name", "quote", "kept"),
    [
        ("Initech", "Initech raises 30 million", True),
        ("initech", "Initech raises 30 million", True),
        ("Tech", "Initech raises 30 million", False),
        ("Go", "Google watches it", False),
        ("Google", "Google watches it", True),
        ("Google", "Initech raises 30 million", False),
        ("Acme", "Initech raises 30 million", False),
    ],
)
def test_a_competitor_is_named_in_its_quote_by_whole_words_and_is_not_the_company(
    name: str, quote: str, kept: bool
) -> None:
    assert (reason(rival(name, quote)) is None) == kept


def test_a_technology_is_named_in_its_quote() -> None:
    def used(name: str, quote: str) -> Technologies:
        item = UsedTechnology(evidence_id="e2", quote=quote, name=name, category="language", purpose=None)
        return Technologies(technologies=[item])

    assert reason(used("Go", "Go programming language")) is None
    assert reason(used("Kafka", "Go programming language")) == "what it names is not in its quote"


@pytest.mark.parametrize(
    ("statement", "kept"),
    [
        ("It makes 4000 anvils a day.", True),
        ("It makes 4,000 anvils a day.", True),
        ("It makes 40,000 anvils a day.", False),
        ("It makes anvils since 1970.", False),
        ("It makes anvils.", True),
        ("It makes 4 thousand anvils a day.", True),
        ("It makes 4K anvils a day.", True),
        ("It makes 4,000 million anvils.", False),
        ("Its output grew by 4,000%.", False),
        ("It has three plants.", False),
        ("It makes four thousand anvils for B2B customers.", True),
    ],
)
def test_a_number_in_a_claim_is_in_its_quote_with_its_unit(statement: str, kept: bool) -> None:
    got = reason(growth("e1", "The plant makes 4,000 anvils a day.", statement))
    assert got == (None if kept else "a number or date is not in its quote")


@pytest.mark.parametrize(
    ("statement", "kept"),
    [
        ("The company raised money like Initech.", False),
        ("Initech raised money.", False),
        ("The plant is in Ohio.", True),
        ("Acme builds in Ohio.", True),
        ("It opened in November.", True),
        ("Its CEO opened the plant.", True),
        ("It is larger than IBM.", False),
        ("It may open in Ohio.", True),
    ],
)
def test_another_name_in_a_claim_is_in_its_quote(statement: str, kept: bool) -> None:
    got = reason(growth("e1", "Acme opens a plant in Ohio", statement))
    assert got == (None if kept else "what it names is not in its quote")


def test_a_month_is_in_the_quote_or_the_one_in_which_the_piece_was_published() -> None:
    assert reason(growth("e1", "Acme opens a plant in Ohio", "It opened in March.")) == (
        "a number or date is not in its quote"
    )


@pytest.mark.parametrize(
    ("statement", "kept"),
    [
        ("Acme raised 30 million.", False),
        ("It raised 30 million.", False),
        ("Initech raised 30 million.", True),
        ("Money goes to Initech.", True),
    ],
)
def test_what_a_story_says_of_another_company_is_not_said_of_this_one(statement: str, kept: bool) -> None:
    got = reason(growth("e4", "Initech raises 30 million", statement))
    assert got == (None if kept else "the quote is about another company")


@pytest.mark.parametrize(
    ("quote", "statement"),
    [
        ("Third-quarter profit doubles", "Its profit doubled."),
        ("Gigafactories expand", "Its gigafactory grows, one of the gigafactories."),
        ("Chipmaker invests $2bn in Texas", "It invests $2 billion in Texas."),
        ("Orders grow by 30-40 percent", "Orders grow by 30% to 40%."),
        ("Acme raises 30 to 40 million", "It raised 30 million."),
        ("Acme shares fall 3 pct", "Its shares fell 3%."),
    ],
)
def test_a_true_claim_in_other_words_stays(quote: str, statement: str) -> None:
    told = Evidence((passage("e1", "serp_news", "recent_news", f"Acme today\n{quote}"),))
    assert check_citations(growth("e1", quote, statement), told, OWN).kept == 1


@pytest.mark.parametrize("quote", ["Sales of anvils rise in Ohio", "The plant grows", "AI sells anvils"])
def test_a_common_word_at_the_beginning_of_a_quote_is_no_other_company(quote: str) -> None:
    told = Evidence((passage("e1", "serp_news", "recent_news", f"Acme and the market\n{quote}"),))
    assert check_citations(growth("e1", quote), told, OWN).kept == 1


@pytest.mark.parametrize(
    ("name", "quote", "where"), [("plant", "Acme opens a plant in Ohio", "e1"), ("Machinery", "Machinery", "e5")]
)
def test_a_common_word_or_the_industry_is_no_competitor(name: str, quote: str, where: str) -> None:
    assert reason(rival(name, quote, evidence_id=where)) == "what it names is no name"


@pytest.mark.parametrize(
    ("day", "quote", "kept"),
    [
        (None, "Acme opens a plant in Ohio", True),
        (date(2026, 11, 2), "Acme opens a plant in Ohio", True),
        (date(2026, 9, 29), "Acme opens a plant in Ohio", False),
    ],
)
def test_a_date_is_in_the_quote_or_the_day_on_which_the_piece_was_published(
    day: date | None, quote: str, kept: bool
) -> None:
    event = NewsEvent(evidence_id="e1", quote=quote, event="expansion", what="It opens a plant.", date=day)
    assert reason(NewsEvents(events=[event])) == (None if kept else "a number or date is not in its quote")


def test_what_is_stated_twice_is_one_claim() -> None:
    claims: list[Statement] = [
        Statement(evidence_id=where, quote="opens a plant", statement=text)
        for where, text in (("e1", "It builds."), ("e1", "it  builds"), ("e9", "It builds!"))
    ]
    checked = check(Growth(growth_signals=claims, business_challenges=[]))
    assert (checked.kept, checked.reasons) == (1, {"it was stated before": 2})


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ("It opens a plant.", "Acme opened a plant.", 1),
        ("The company opens plants.", "A plant opens.", 1),
        ("It opens a plant.", "It opens a plant in Ohio.", 2),
    ],
)
def test_other_forms_of_the_same_words_are_the_same_claim(first: str, second: str, kept: int) -> None:
    claims: list[Statement] = [
        Statement(evidence_id="e1", quote="Acme opens a plant in Ohio", statement=text) for text in (first, second)
    ]
    assert check(Growth(growth_signals=claims, business_challenges=[])).kept == kept


def test_people_with_names_alike_are_two_and_a_rival_with_its_legal_form_is_one() -> None:
    people = Evidence(
        tuple(passage(f"e{n}", "snov_contacts", "key_contacts", f"{name}\nBuyer") for n, name in enumerate(ALIKE))
    )
    named = [
        PrioritisedContact(
            evidence_id=f"e{n}", quote=f"{name} Buyer", full_name=name, seniority=None, department=None,
            priority=1, why="Buys all of it.",
        )
        for n, name in enumerate(ALIKE)
    ]  # fmt: skip
    assert check_citations(ContactPriorities(contacts=named), people, OWN).kept == 2
    rivals = Evidence(
        (
            passage("e1", "serp_news", "recent_news", "Initech sells anvils too"),
            passage("e2", "serp_news", "recent_news", "Initech Inc. sells rockets"),
        )
    )
    stated = [*rival("Initech", "Initech sells anvils", evidence_id="e1").competitors]
    stated += rival("Initech Inc", "Initech Inc. sells rockets", evidence_id="e2").competitors
    assert check_citations(Competition(competitors=stated), rivals, OWN).kept == 1


def test_advice_may_name_what_it_advises_but_its_reason_has_no_number_of_its_own() -> None:
    def advice(why: str) -> Recommendation:
        return Recommendation(
            evidence_id="e1", quote="opens a plant in Ohio", why=why, recommendation="Offer Roadrunner in 2 weeks."
        )

    def wrong(item: Recommendation) -> int:
        return check(IntelligenceSummary(key_findings=[], recommendations=[item])).dropped

    assert wrong(advice("A new plant needs Roadrunner.")) == 0
    assert wrong(advice("The plant costs 9 million.")) == 1


def test_of_what_two_small_models_really_answered_only_quoted_positions_stay() -> None:
    """None of their claims was true; only titles of open positions are in the evidence word for word."""
    reasons: Counter[str] = Counter()
    kept = []
    for call in answered_calls():
        try:
            answer = call.kind.type.model_validate_json(call.content)
        except ValidationError:
            continue
        checked = check_citations(answer, call.evidence, (call.company,))
        kept += [call.kind.type.__name__] * checked.kept
        reasons.update(checked.reasons)
    assert set(kept) == {"Hiring"}
    assert (len(kept), reasons.total()) == (8, 164)


@pytest.mark.parametrize(
    ("why", "kept"),
    [
        ("Heads procurement, so signs what is bought.", 1),
        ("Decides on CRM and ERP as VP.", 1),
        ("Buys what Globex sells.", 1),  # the audience
        ("Reports to Jane Smith of sales.", 0),
        ("Was at Siemens before, so knows suppliers.", 0),
        ("Bought SAP last year.", 0),
    ],
)
def test_a_reason_may_name_what_the_question_shows_and_nothing_else(why: str, kept: int) -> None:
    asked = "<audience>Globex sells springs.</audience>"
    answer = ContactPriorities(contacts=[contact("Wile Coyote", why=why)])
    checked = check_citations(answer, EVIDENCE, OWN, asked=asked)
    assert checked.kept == kept
    assert dict(checked.reasons) == ({} if kept else {"what it names is not in the evidence": 1})


@pytest.mark.parametrize(
    ("name", "kept"),
    [("Kafka", 1), ("Google Cloud", 1), ("Data Engineer", 0), ("Oslo", 0), ("Norway", 0), ("Posted", 0)],
)
def test_the_title_the_place_and_the_labels_of_a_posting_are_no_technologies(name: str, kept: int) -> None:
    posting = JobPosting(
        title="Data Engineer", location="Oslo, Norway", text="You will work with Kafka and Google Cloud."
    )
    text = "Data Engineer\nOslo, Norway\nPosted: 2026-11-01\nYou will work with Kafka and Google Cloud."
    [piece] = [passage("e1", "serp_jobs", "hiring_trends", text)]
    facts = (replace(piece.facts[0], value=posting),)
    used = UsedTechnology(evidence_id="e1", quote=text.replace("\n", " "), name=name, category="tool", purpose=None)
    evidence = Evidence((replace(piece, facts=facts),))
    assert check_citations(Technologies(technologies=[used]), evidence, OWN).kept == kept
