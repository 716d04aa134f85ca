"""What a transcript says besides its claims: how they were found, what cut them short, what was paid, what is next."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from enrichment.analysis.evidence import Evidence
from enrichment.domain.companies import Company
from enrichment.domain.research import Persona, Question, Session
from enrichment.research.answers.answer import (
    AS_IT_IS,
    CompanyAnswer,
    Ending,
    OpenPoint,
    Payer,
    completed,
    in_one_sentence,
)
from enrichment.research.answers.transcript import in_markdown
from enrichment.research.evidence.relevance import VendorRelevance
from enrichment.research.questions.breakdown import QuestionParts

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ACME = Company("com_1", "acme.com", "Acme", "acme.com", NOW)
SESSION = Session("ses_1", "", Persona("Ann", "seller", "Okta", "sign-on"), "com_2", 1_000_000, NOW, "epoch")
NONE = Evidence()
SUSPENDED = "research_answer: analysis:research_answer is suspended"


def ended(by: str = "model", because: str | None = None, **ending: Any) -> dict[str, Any]:
    question = Question("qst_1", "ses_1", 1, "What does Acme sell?", NOW)
    parts = QuestionParts("look_up", ("Acme",), (), (), (), (), because="the model did not answer")
    answer = CompanyAnswer(ACME, (), (), VendorRelevance(None), (), by, because, NONE, NONE)
    state = ending.pop("state", "answered")
    return completed(question, parts, [answer], Ending(state, 0, 0, 0, 1.0, **ending), NOW)


def transcript(data: dict[str, Any]) -> Sequence[str]:
    question = Question("qst_1", "ses_1", 1, "What does Acme sell?", NOW, state="ended", answer=data)
    return in_markdown(SESSION, [question]).splitlines()


def test_a_transcript_says_that_no_model_answered_and_why() -> None:
    data = ended("rule", SUSPENDED)
    said = "No answer of the language model (research\\_answer: analysis:research\\_answer is suspended)"
    assert any(line.startswith(said) for line in transcript(data))
    assert "Confidence: Low (0 claims from 0 sources, reliability 0.00, 0 points open, the model did not answer)." in (
        line.partition(" Cost")[0] for line in transcript(data)
    )
    assert in_one_sentence(data).startswith("No answer, without the language model: no evidence")


def test_where_no_model_was_needed_nothing_is_said_of_its_failing() -> None:
    data = ended("rule", AS_IT_IS)
    assert not any(line.startswith("No answer of the language model") for line in transcript(data))
    assert "language model" not in in_one_sentence(data)
    assert "- Of acme.com, 0 passages could be cited; the answer was made by a plain rule: " + AS_IT_IS + "." in (
        transcript(data)
    )


def test_a_transcript_says_how_the_question_was_taken_apart_and_how_relevant_the_company_is() -> None:
    lines = transcript(ended())
    assert "- The question was taken apart by a plain rule: the model did not answer." in lines
    assert "- Of acme.com, 0 passages could be cited; the answer was made by the model." in lines
    assert "- Relevance of Acme: not known before anything is collected." in lines


def test_a_transcript_says_which_key_had_paid_for_what_memory_served() -> None:
    payer = Payer("serp_news", "req_7", "bob_*", NOW, 50_000)
    said = "- From memory: Google News, paid for by bob\\_\\* on 2026-03-02 (request `req_7`), saved 0.05 USD."
    assert said in transcript(ended(payers=(payer,)))


def test_a_transcript_has_the_questions_to_ask_next_with_their_prices_and_the_narrower_ones() -> None:
    offered = [{"question": "Who runs Acme?", "area": "people", "cost_micro_usd": 0, "price": "free"}]
    lines = transcript(ended(next_questions=offered, too_wide=["How does Acme charge?"]))
    assert lines[lines.index("### What to ask next") + 2] == "- Who runs Acme? (free)"
    assert lines[lines.index("### The question is wide: narrower ones") + 2] == "- How does Acme charge?"


def test_a_transcript_says_what_cut_the_answer_short() -> None:
    assert "The time ran out before all was asked. This is what there is." in transcript(ended(state="out_of_time"))
    assert not any(line.endswith("This is what there is.") for line in transcript(ended()))


def test_nothing_that_others_wrote_reorders_a_line_of_a_transcript() -> None:
    asked = Question("qst_1", "ses_1", 1, "What is invoice\u202egpj.exe?", NOW)
    assert "## 1. What is invoice\\[U+202E\\]gpj.exe?" in in_markdown(SESSION, [asked])


def test_a_transcript_begins_with_what_the_terminal_says_first() -> None:
    data = ended(more_open=(OpenPoint("revenue", "nothing that was found says it", "acme.com"),))
    text = transcript(data)
    begins = text.index("## 1. What does Acme sell?") + 2
    assert text[begins : begins + 2] == [
        "- Not known: revenue of Acme: nothing that was found says it",
        "- How sure: Low",
    ]


def test_where_nothing_is_known_the_sentence_says_what_and_why() -> None:
    points = (OpenPoint("key_contacts", "no known contact has this role", "acme.com"), OpenPoint("ports", "none"))
    assert in_one_sentence(ended(more_open=points)).startswith(
        "No answer: contacts: no known contact has this role; 1 more point open."
    )
