"""Which sentences an answer says of its claims: each line of a table is claims and a question -> what is said."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from enrichment.domain.values import Contact, JobPosting, NewsItem, Technology, Value
from enrichment.research.answers.claims_to_say import ClaimsToSay, claims_to_say
from enrichment.research.answers.question_asked import QuestionAsked
from enrichment.research.answers.statements import stated
from enrichment.research.claims.claim import CheckedClaim, Citation
from enrichment.research.evidence.passages import Sides
from enrichment.research.evidence.relevance import content_words
from enrichment.research.questions.to_the_point import point_of
from tests.unit.research.answers.test_chosen_claims import sides
from tests.unit.research.answers.test_open_points import parts

OKTA, JIRA = ("tech_stack", Technology(name="Okta Verify")), ("tech_stack", Technology(name="Jira"))
COOK = ("hiring_trends", JobPosting(title="Cook", location="Lyon, France"))
CLERK = ("hiring_trends", JobPosting(title="Clerk", location="Austin, TX"))
ADA = ("key_contacts", Contact(full_name="Ada Able", title="Chief Information Officer"))


def claims_of(both: Sides) -> list[CheckedClaim]:
    said = []
    for passage in both.evidence.passages:
        claim = stated(both, passage, passage.text.partition("\n")[0])
        is_person = passage.dataset == "key_contacts"
        said.append(replace(claim, kind="person", text="Ada Able: Chief Information Officer.") if is_person else claim)
    return said


def advice(both: Sides, text: str) -> CheckedClaim:
    need = next(one for one in both.evidence.passages if one.dataset != "key_contacts")
    offer = both.vendor_evidence.passages[0]
    cited = (
        Citation("company", "acme.com", need, need.text.partition("\n")[0]),
        Citation("vendor", "okta.com", offer, offer.text),
    )
    return CheckedClaim("recommendation", text, "exact", cited)


def said(
    question: str, known: Sequence[tuple[str, Value]], *datasets: str, advised: Sequence[str] = (), **how: Any
) -> ClaimsToSay:
    both = sides(*known)
    kept = [*(advice(both, text) for text in advised), *claims_of(both)]
    asked_parts = parts(question, **how)
    point = None if advised else point_of(question, [datasets], ())
    words = frozenset(content_words(question))
    asked = QuestionAsked(frozenset(datasets), words=words, point=point, advice=bool(advised))
    return claims_to_say(kept, (), asked, asked_parts, both)


def texts(found: ClaimsToSay) -> list[str]:
    return [claim.text for claim in found.claims]


RUNS = "They run Jira: offer single sign-on."
HIRES = "They are hiring a Cook: show single sign-on."


@pytest.mark.parametrize(
    ("question", "known", "datasets", "how", "lines"),
    [
        ("Which tools does Acme use?", [JIRA], ["tech_stack"], {}, ["Acme uses Jira."]),
        ("How many tools does Acme use?", [JIRA, OKTA], ["tech_stack"], {},
         ["2 technologies of Acme are known: Jira, Okta Verify."]),
        ("Which jobs are open at Acme in Lyon?", [COOK, CLERK], ["hiring_trends"], {"sought": ("Lyon",)},
         ["Acme has an open position: Cook, Lyon, France."]),
        ("How many jobs are open at Acme?", [COOK, CLERK], ["hiring_trends"], {},
         ["2 open positions of Acme are known: Clerk, Cook."]),
        ("Who is the CIO of Acme?", [ADA], ["key_contacts"], {}, ["Ada Able: Chief Information Officer."]),
        ("Who are the CIOs of Acme and Bly?", [ADA], ["key_contacts"], {"of_several": True},
         ["Ada Able: Chief Information Officer, Acme."]),
        ("Does Acme use robots?", [JIRA, OKTA], ["tech_stack"], {}, []),
        ("Does Acme use Jira?", [JIRA, OKTA], ["tech_stack"], {}, ["Acme uses Jira.", "Acme uses Okta Verify."]),
    ],
)  # fmt: skip
def test_a_question_that_looks_something_up_is_told_what_it_asks(
    question: str, known: Sequence[tuple[str, Value]], datasets: Sequence[str], how: dict[str, Any], lines: list[str]
) -> None:
    assert texts(said(question, known, *datasets, **how)) == lines


def test_what_was_looked_through_in_vain_is_counted_in_an_open_point() -> None:
    [point] = said("Does Acme use robots?", [JIRA, OKTA], "tech_stack").open_points
    assert (point.what, point.because) == ("robots", "none of 2 entries that are known of technologies names it")


@pytest.mark.parametrize(
    ("question", "sought", "none_wanted"),
    [
        ("Which jobs are open at Acme in Kenya?", ("Kenya",), True),
        ("¿Está contratando Acme en Kenia?", ("Kenya",), True),
        ("How many jobs are open at Acme in Texas?", ("Texas",), False),
        ("How many jobs are open at Acme?", (), False),
    ],
)
def test_open_positions_of_which_none_is_wanted_are_no_answer(
    question: str, sought: tuple[str, ...], none_wanted: bool
) -> None:
    found = said(question, [COOK, CLERK], "hiring_trends", sought=sought, areas=("hiring",))
    assert found.none_wanted is none_wanted


@pytest.mark.parametrize(
    ("known", "of_several", "advised", "line"),
    [
        (JIRA, False, RUNS, RUNS),
        (JIRA, True, RUNS, "Acme runs Jira: offer single sign-on."),
        (COOK, True, HIRES, "Acme is hiring a Cook: show single sign-on."),
    ],
)
def test_advice_on_several_companies_names_the_one_that_it_is_for(
    known: tuple[str, Value], of_several: bool, advised: str, line: str
) -> None:
    found = said("How do I pitch to them?", [known], "tech_stack", advised=[advised], of_several=of_several)
    assert texts(found)[0] == line


def test_of_what_fits_only_that_is_said_on_which_advice_rests() -> None:
    found = said(
        "Which of these matters for us?", [JIRA, OKTA], "tech_stack", advised=[RUNS], only_fitting=True, of_answer=True
    )
    assert texts(found) == [RUNS, "Acme uses Jira."]


WRITTEN = 'Write: "You run Jira: may I show you how single sign-on works with it?"'


@pytest.mark.parametrize(
    "question",
    ["Write me the first sentence of an email to Acme", "Draft a short note to them", "What's a good opener for Acme?"],
)
def test_a_sentence_to_write_is_one_that_cites_both_sides_with_whom_to_send_it_to(question: str) -> None:
    found = said(question, [JIRA, OKTA, ADA], "tech_stack", "key_contacts", advised=[RUNS])
    assert texts(found) == [WRITTEN, "Ada Able: Chief Information Officer."]
    assert [one.side for one in found.claims[0].citations] == ["company", "vendor"]


@pytest.mark.parametrize("question", ["Write me the first line of an email to Acme", "Draft a message to them"])
def test_where_nothing_meets_the_offer_no_sentence_is_made_up(question: str) -> None:
    both = sides(JIRA, ADA)
    asked = QuestionAsked(frozenset({"tech_stack", "key_contacts"}))
    found = claims_to_say(claims_of(both), (), asked, parts(question), both)
    assert texts(found) == ["Ada Able: Chief Information Officer."]


NEWS = [
    ("recent_news", NewsItem(title=title, published_at=datetime(2026, 3, day, tzinfo=UTC)))
    for title, day in (("Acme opens a plant", 4), ("Acme hires a chief", 9), ("Acme wins a contract", 2))
]
CHIEF, ALL_NEWS = ["Acme hires a chief."], ["Acme hires a chief.", "Acme opens a plant.", "Acme wins a contract."]


@pytest.mark.parametrize(
    ("question", "lines"),
    [
        ("What is Acme's latest announcement?", CHIEF),
        ("Can I mention the most recent headline on Acme?", CHIEF),
        ("What are Acme's latest announcements?", ALL_NEWS),
    ],
)
def test_the_latest_is_the_newest_alone(question: str, lines: list[str]) -> None:
    assert sorted(texts(said(question, NEWS, "recent_news"))) == lines


def test_advice_is_told_with_what_happens_and_without_lists_beside_it() -> None:
    found = said("How do I pitch to Acme?", [JIRA, OKTA, NEWS[0], ADA], "tech_stack", advised=[RUNS])
    assert texts(found)[0] == RUNS
    assert "Acme uses Okta Verify." not in texts(found)


@pytest.mark.parametrize(
    "question",
    [
        "Which technologies run there, and how do I pitch to Acme?",
        "How do I pitch to Acme, and what is their software?",
    ],
)
def test_what_is_asked_for_beside_advice_is_told_too(question: str) -> None:
    found = said(question, [JIRA, OKTA, NEWS[0], ADA], "tech_stack", advised=[RUNS])
    assert {RUNS, "Acme uses Okta Verify."} <= set(texts(found))


def test_nobody_sells_to_their_own_company() -> None:
    both = sides(JIRA)
    own = replace(both, vendor=both.company)
    asked = QuestionAsked(frozenset({"tech_stack"}))
    found = claims_to_say([advice(own, RUNS), *claims_of(own)], (), asked, parts("What do we run?"), own)
    assert [claim.kind for claim in found.claims] == ["finding"]
