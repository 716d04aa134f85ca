"""What an answer could not be made of, because it did not fit, is said: how much, and of which dataset."""

from datetime import UTC, datetime, timedelta

from enrichment.analysis.evidence import select_evidence
from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Fact, Known
from enrichment.domain.research import Persona, Question, Session
from enrichment.domain.values import NewsItem, WebsitePassage
from enrichment.research.answers.answer import CompanyAnswer, Ending, completed
from enrichment.research.answers.transcript import in_markdown
from enrichment.research.evidence.passages import sides
from enrichment.research.evidence.relevance import VendorRelevance
from enrichment.rules import load_rules
from enrichment.rules.requirements import custom
from tests.support.research_stack import SHIPPED

RULES = load_rules(SHIPPED)
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ACME = Company("com_1", "acme.com", "Acme", "acme.com", NOW)
SESSION = Session("ses_1", "", Persona("Ann", "seller", "Okta", "sign-on"), "com_2", 1_000_000, NOW, "epoch")


def of_acme(dataset: str, value: NewsItem | WebsitePassage) -> Fact:
    until = NOW + timedelta(days=1)
    return Fact("com_1", dataset, value, 0.9, 0.9, "a_source", "rep_1", "pur_1", "news[0]", NOW, until)


def test_the_end_of_a_question_and_its_transcript_say_which_passages_did_not_fit() -> None:
    pages = [WebsitePassage(page="/", heading=None, text=f"Passage {n} " + "word " * 90) for n in range(12)]
    facts = [of_acme("website_passages", page) for page in pages]
    facts.append(of_acme("recent_news", NewsItem(title="Acme opens a plant")))
    evidence = select_evidence(facts, reads=("recent_news", "website_passages"), most_bytes=2_500)
    answer = CompanyAnswer(ACME, (), (), VendorRelevance(None), (), "model", None, evidence, evidence)
    question = Question("qst_1", "ses_1", 1, "What does Acme sell?", NOW)
    data = completed(question, None, [answer], Ending("answered", 0, 0, 0, 1.0), NOW)
    said = data["how_found"]["answer"][0]
    assert said["passages"] + said["passages_left_out"] == len(facts)
    assert said["left_out"] == {"website_passages": said["passages_left_out"]}
    shown = in_markdown(SESSION, [Question("qst_1", "ses_1", 1, "What does Acme sell?", NOW, answer=data)])
    assert f"Of acme.com, {said['passages_left_out']} passages did not fit" in shown


def test_what_bears_on_a_part_of_the_question_is_among_the_evidence_of_both_sides() -> None:
    pages = [WebsitePassage(page="/", heading=None, text=f"Passage {n} " + "word " * 200) for n in range(12)]
    pages.append(WebsitePassage(page="/pricing", heading=None, text="Each seat costs ten euros " + "word " * 200))
    known = Known(facts=tuple(of_acme("website_passages", page) for page in pages))
    both = sides(
        ACME, known, ACME, known, SESSION,
        rules=RULES, requirements=custom(RULES, ("company_name",), None), reads=("website_passages",),
        most_bytes=4_000, now=NOW, questions=("Where is it based?", "What does a seat cost in euros?"),
    )  # fmt: skip
    assert any("ten euros" in passage.text for passage in both.evidence.passages)
    assert any("ten euros" in passage.text for passage in both.vendor_evidence.passages)
