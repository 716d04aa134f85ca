"""What of a question is searched for by itself, and which pages that finds are read."""

from datetime import UTC, datetime, timedelta

import pytest

from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Fact, Known, ReplyHead
from enrichment.domain.research import Persona
from enrichment.domain.values import FoundPassage
from enrichment.research.questions.breakdown import LookUp, QuestionParts, by_rule
from enrichment.research.questions.topics import found_on, pages_worth_reading, topics_to_search, without_other_topics
from enrichment.research.requests.topic_searches import SearchesMade
from enrichment.rules import load_rules
from tests.support.research_stack import SHIPPED

RULES = load_rules(SHIPPED)
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANN = Persona("Ann", "seller", "Okta", "single sign-on")
ACME = Company("com_1", "acme.com", "Acme", "acme.com", NOW)


def by_model(*, topics: tuple[str, ...] = (), asked: tuple[LookUp, ...] = ()) -> QuestionParts:
    return QuestionParts("look_up", ("Acme",), (), topics, (), asked, by="model")


def searched(parts: QuestionParts) -> tuple[str, ...]:
    return topics_to_search(parts, ("Okta", "Acme"), RULES)


@pytest.mark.parametrize(
    ("question", "topics"),
    [
        ("How should I position Okta to Acme for their European expansion?", ("european expansion",)),
        ("What does Acme plan for its supply chain in Mexico?", ("supply chain in mexico",)),
        ("and their CFO?", ()),
        ("What is their pricing?", ()),
        ("Tell me everything about Acme", ()),
    ],
)
def test_by_the_plain_rule_a_topic_is_what_follows_for_their(question: str, topics: tuple[str, ...]) -> None:
    assert searched(by_rule(question, ANN, RULES, because=None)) == topics


@pytest.mark.parametrize(
    ("parts", "topics"),
    [
        (by_model(topics=("European  Expansion",)), ("european expansion",)),
        (by_model(topics=("pricing", "recent news")), ()),
        (by_model(topics=("Okta", "Acme")), ()),
        (by_model(asked=(LookUp("Which data residency rules bind Acme?", ()),)), ("data residency rules bind",)),
        (by_model(asked=(LookUp("Which data residency rules bind Acme?", ("industry",)),)), ()),
        (by_model(asked=(LookUp("Who is the CFO of Acme?", ()),)), ()),
        (by_model(topics=("data residency", "battery plants", "robots")), ("data residency", "battery plants")),
        (by_model(topics=("battery plants",), asked=(LookUp("What of the battery plants?", ()),)), ("battery plants",)),
    ],
)
def test_a_model_s_topic_or_sub_question_is_searched_for_where_no_dataset_or_area_answers_it(
    parts: QuestionParts, topics: tuple[str, ...]
) -> None:
    assert searched(parts) == topics


def found(text: str, url: str, reply_id: str = "rep_1") -> Fact:
    value = FoundPassage(heading=None, text=text, url=url)
    until = NOW + timedelta(days=1)
    return Fact("com_1", "topic_results", value, 0.8, 0.8, "serp_topic", reply_id, "pur_1", "search", NOW, until)


def head(topic: str, reply_id: str) -> ReplyHead:
    return ReplyHead(reply_id, "serp_topic", "pur_1", "req_1", True, NOW, NOW + timedelta(days=1), 0, topic=topic)


def test_pages_whose_passages_bear_on_the_question_are_read_and_none_of_the_company_s_own() -> None:
    facts = [
        found("Acme hires people", "https://news.example/1"),
        found("Acme opens a battery plant in Spain", "https://news.example/2"),
        found("The battery plant of Acme in Spain", "https://www.acme.com/plant"),
        found("Another battery story", "https://news.example/3"),
    ]
    pages = pages_worth_reading(facts, ["battery plant in Spain"], "acme.com", most=2)
    assert pages == ["https://news.example/2", "https://news.example/3"]


def test_a_topic_on_which_nothing_was_found_is_an_open_point_with_what_was_asked() -> None:
    known = Known(
        (head("plants", "rep_1"), head("robots", "rep_2")), (found("A plant", "https://a.example/", "rep_1"),)
    )
    assert [fact.reply_id for fact in found_on("plants", known)] == ["rep_1"]
    made = SearchesMade(("plants", "robots", "mines"), reasons={"mines": "serp_topic: serpapi is down"})
    points = made.open_points(ACME, known, RULES)
    assert [(one.what, one.because, one.asked, bool(one.micro_usd)) for one in points] == [
        ("robots", "a search of its own found nothing", ("asked a Google search for it on 2 March 2026: none",), False),
        ("mines", "serp_topic: serpapi is down", (), True),
    ]


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("When does Acme's fiscal year end?", "fiscal year end"),
        ("What does Acme's website say about sustainability?", "sustainability"),
        ("How much does Acme charge?", None),
    ],
)
def test_a_topic_is_what_is_meant_with_the_words_that_end_it(question: str, topic: str | None) -> None:
    assert searched(by_model(asked=(LookUp(question, ()),))) == ((topic,) if topic else ())


def test_what_was_found_for_another_question_answers_none_of_this_one() -> None:
    found_before = (
        found("On remote work", "https://a.example/", "rep_1"),
        found("A data breach", "https://b.example/", "rep_2"),
    )
    known = Known((head("remote work", "rep_1"), head("data breach", "rep_2")), found_before)
    left = without_other_topics(known, ["data breach"], "Has Acme been hacked?")
    assert [fact.reply_id for fact in left.facts] == ["rep_2"]
    both = without_other_topics(known, ["data breach"], "Does remote work help?")
    assert len(both.facts) == 2
