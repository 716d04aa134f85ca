"""What is left open, and whether the claims answer at all: a line of a table is a question and what is known."""

from collections.abc import Sequence
from typing import Any

import pytest

from enrichment.domain.knowledge import Known
from enrichment.domain.values import Contact, IntentSignal, JobPosting, NewsItem, Technology, Value
from enrichment.pipeline.enrich import Ask
from enrichment.research.answers.answer import OpenPoint
from enrichment.research.answers.answer_without_model import composed
from enrichment.research.answers.claims_to_say import claims_to_say
from enrichment.research.answers.what_is_asked import what_is_asked
from enrichment.research.company_answers.company_evidence import CompanyEvidence
from enrichment.research.company_answers.left_open import in_one_list, is_beside
from enrichment.research.evidence.relevance import relevance_of, words_of_names
from enrichment.research.questions.looked_for import LookedFor
from enrichment.research.requests.company_requests import CompanyCollected
from enrichment.research.requests.topic_searches import SearchesMade
from tests.support.examples import MATRIX
from tests.unit.research.answers.test_chosen_claims import sides
from tests.unit.research.answers.test_open_points import parts
from tests.unit.research.claims.test_claim import ACME
from tests.unit.research.questions.test_breakdown import ANN

MARKETING = ("purchase_intent", IntentSignal(topic="Marketing automation"))
COOK = ("hiring_trends", JobPosting(title="Cook", location="Lyon, France"))
OPENS = ("recent_news", NewsItem(title="Acme opens a plant in Lyon"))
JIRA = ("tech_stack", Technology(name="Jira"))
CLERK = ("key_contacts", Contact(full_name="Ada Able", title="Chief Marketing Officer"))
DATASETS = {one[0] for one in (MARKETING, COOK, OPENS, JIRA, CLERK)}


def evidence_for(
    question: str, known: Sequence[tuple[str, Value]], searched: SearchesMade | None = None, **how: Any
) -> CompanyEvidence:
    both, asked_parts = sides(*known), parts(question, **how)
    relevance = relevance_of(both.evidence, both.vendor_evidence, words_of_names(("Acme", "Okta")))
    asked = what_is_asked(question, asked_parts, both, DATASETS)
    collected = CompanyCollected(ACME, Ask("acme.com"), None, Known(), None, searched or SearchesMade(()))
    return CompanyEvidence(collected, asked_parts, both, both, relevance, LookedFor(()), asked)


def answered(evidence: CompanyEvidence) -> tuple[list[str], list[OpenPoint], bool]:
    """The claims, what is left open, and whether the claims are beside the question."""
    both = evidence.sides
    spare = composed(both, evidence.relevance, evidence.asked)
    said = claims_to_say((), spare, evidence.asked, evidence.parts, both)
    points = in_one_list(evidence, said, said.claims, (), persona=ANN, rules=MATRIX)
    return [one.text for one in said.claims], points, is_beside(evidence, said, said.claims, ANN)


@pytest.mark.parametrize(
    ("question", "known", "first", "is_so"),
    [
        ("Which jobs are open at Acme in Kenya?", [COOK], "Kenya", True),
        ("Which jobs are open at Acme in Lyon?", [COOK], None, False),
        ("¿Está contratando Acme en Kenia?", [COOK], "Kenya", True),
        ("When did Acme grow?", [OPENS], "when", True),
        ("Is Acme growing, and how many plants did it open?", [OPENS], "how many", True),
        ("Where is Acme expanding?", [OPENS], None, False),
        ("What has happened at Acme lately?", [OPENS], None, False),
        ("Who is the CFO of Acme?", [CLERK], None, True),
        ("Who is the CMO of Acme?", [CLERK], None, False),
        ("Which tools does Acme use?", [JIRA], None, False),
        ("What should I pitch to Acme?", [OPENS], "a recommendation for Acme", True),
    ],
)
def test_claims_that_are_not_what_is_asked_stand_beside_it_and_what_is_open_comes_first(
    question: str, known: Sequence[tuple[str, Value]], first: str | None, is_so: bool
) -> None:
    claims, points, beside = answered(evidence_for(question, known))
    assert claims
    assert beside is is_so
    assert first is None or points[0].what == first


def test_a_signal_for_something_else_by_the_same_word_is_not_said_at_all() -> None:
    claims, points, _ = answered(evidence_for("Is Acme interested in automation?", [MARKETING]))
    assert claims == []
    assert [(one.what, one.because) for one in points] == [
        ("automation", "none of 1 entry that are known of buying signals names it")
    ]


def test_what_was_searched_for_in_vain_is_open_once_as_the_topic_of_the_search() -> None:
    question, words = "Does Acme have sorting hubs?", ("sorting hubs",)
    before = evidence_for(question, [], sought=words, areas=(), topics=())
    after = evidence_for(question, [], SearchesMade(("acme sorting hubs",)), sought=words, areas=(), topics=())
    (_, unsearched, _), (_, left, _) = answered(before), answered(after)
    assert [one.what for one in unsearched] == ["sorting hubs"]
    assert left == []
