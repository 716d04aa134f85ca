"""What a seller reads first: what to do, what was asked, why now, to whom; and how sure that is."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from enrichment.domain.research import Question
from enrichment.domain.values import Contact, IntentSignal, JobPosting, NewsItem, Value
from enrichment.research.answers.answer import CompanyAnswer, Ending, OpenPoint, completed, in_one_sentence
from enrichment.research.answers.statements import stated
from enrichment.research.claims.claim import CheckedClaim, Citation, ClaimKind
from enrichment.research.evidence.relevance import VendorRelevance
from tests.unit.research.answers.test_chosen_claims import sides
from tests.unit.research.answers.test_open_points import parts
from tests.unit.research.claims.test_claim import ACME, NOW

OLD = NewsItem(
    title="Acme opens an office", url="https://news.example/1", published_at=datetime(2026, 1, 5, tzinfo=UTC)
)
NEW = NewsItem(title="Acme hires a chief", url="https://news.example/2", published_at=datetime(2026, 2, 20, tzinfo=UTC))
SECURITY = IntentSignal(topic="Endpoint security")
COOK = JobPosting(title="Cook")
KNOWN: Mapping[str, tuple[str, Value]] = {
    "old": ("recent_news", OLD),
    "new": ("recent_news", NEW),
    "intent": ("purchase_intent", SECURITY),
    "job": ("hiring_trends", COOK),
    "person": ("key_contacts", Contact(full_name="Ada Able", title="Chief Information Officer")),
}
ADVICE, LOOKED_UP = "How should I position Okta to Acme?", "What is new at Acme?"
TEXAS = OpenPoint("Texas", "no title or place of the 1 open position that is known names it", "acme.com")


def claims_of(*names: str) -> list[CheckedClaim]:
    """'advice on old': a recommendation that rests on it."""
    said = []
    for name in names:
        dataset, value = KNOWN[name.split()[-1]]
        both = sides((dataset, value))
        [passage] = both.evidence.passages
        passage = replace(passage, evidence_id=name.split()[-1])
        claim = stated(both, passage, passage.text.partition("\n")[0])
        kind: ClaimKind = "recommendation" if name.startswith("advice") else "person" if name == "person" else "finding"
        offer = both.vendor_evidence.passages[0]
        sold = (Citation("vendor", "okta.com", offer, offer.text),) if kind == "recommendation" else ()
        said.append(replace(claim, kind=kind, citations=(*claim.citations, *sold), text=name))
    return said


def ended(question: str, *names: str, points: Sequence[OpenPoint] = (), is_beside: bool = False) -> dict[str, Any]:
    both, asked = sides(), Question("qst_1", "ses_1", 1, question, NOW)
    answer = CompanyAnswer(
        ACME, tuple(claims_of(*names)), (), VendorRelevance(None), tuple(points), "model", None,
        both.evidence, both.vendor_evidence, is_beside=is_beside,
    )  # fmt: skip
    return completed(asked, parts(question), [answer], Ending("answered", 0, 0, 0, 1.0), NOW + timedelta(days=2))


def glance(question: str, *names: str, **how: Any) -> dict[str, Any]:
    """The texts in place of the ids."""
    data = ended(question, *names, **how)
    texts = {claim["id"]: claim["text"] for claim in data["claims"]}
    seen = data["at_a_glance"]
    return {name: texts.get(seen[name]) for name in ("what_to_say", "in_short", "why_now")}


@pytest.mark.parametrize(
    ("question", "names", "what_to_say", "in_short", "why_now"),
    [
        (ADVICE, ("advice on old", "new", "old"), "advice on old", None, "old"),
        (ADVICE, ("advice on intent", "new", "intent"), "advice on intent", None, "intent"),
        (ADVICE, ("new", "old"), None, None, None),
        (ADVICE, ("advice on new", "job", "new"), "advice on new", None, "new"),
        (ADVICE, ("advice on job", "job"), "advice on job", None, "job"),
        (LOOKED_UP, ("old", "new"), None, "old", "new"),
        (LOOKED_UP, ("job",), None, "job", None),
        (LOOKED_UP, (), None, None, None),
    ],
)
def test_what_to_say_rests_on_the_offer_and_why_now_is_the_newest_that_it_meets(
    question: str, names: Sequence[str], what_to_say: str | None, in_short: str | None, why_now: str | None
) -> None:
    seen = glance(question, *names)
    assert (seen["what_to_say"], seen["in_short"], seen["why_now"]) == (what_to_say, in_short, why_now)


def test_to_whom_and_how_old_are_those_of_the_claims() -> None:
    data = ended(LOOKED_UP, "person", "old")
    seen = data["at_a_glance"]
    assert [claim["text"] for claim in data["claims"] if claim["id"] in seen["to_whom"]] == ["person"]
    assert seen["newest_event"] == "2026-01-05"
    assert seen["age_days"] >= 2


def test_what_stands_beside_the_question_is_no_answer_in_short_and_is_not_sure() -> None:
    question = "Is Acme hiring in Texas?"
    assert glance(question, "job", "new", points=[TEXAS], is_beside=True) == {
        "what_to_say": None, "in_short": None, "why_now": None
    }  # fmt: skip
    data = ended(question, "job", "new", points=[TEXAS], is_beside=True)
    assert data["confidence"]["level"] == "Low"
    assert data["confidence"]["why"].endswith("no claim speaks of what is asked in particular")
    assert in_one_sentence(data).startswith(f"No answer: Texas: {TEXAS.because}; 2 checked claims on the rest. ")


def test_where_one_of_two_companies_has_the_answer_it_is_said_in_short() -> None:
    question = Question("qst_1", "ses_1", 1, LOOKED_UP, NOW)
    both = sides()
    beside, answers = (
        CompanyAnswer(
            ACME, tuple(claims_of(name)), (), VendorRelevance(None), (), "model", None,
            both.evidence, both.vendor_evidence, is_beside=is_so,
        )
        for name, is_so in (("job", True), ("new", False))
    )  # fmt: skip
    data = completed(question, parts(LOOKED_UP), [beside, answers], Ending("answered", 0, 0, 0, 1.0), NOW)
    assert data["at_a_glance"]["in_short"] is not None
    assert data["confidence"]["level"] != "Low"
