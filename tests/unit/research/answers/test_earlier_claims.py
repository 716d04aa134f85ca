"""A question in other words over the same evidence is answered by what a model said before, checked anew."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from enrichment.domain.research import Question
from enrichment.research.answers.earlier_claims import earlier_claims
from enrichment.research.claims.claim import checked
from tests.unit.research.claims.test_claim import NEWS, NOW, both, finding, recommended

LATER = NOW + timedelta(minutes=1)


def answered(by: str = "model", **changes: Any) -> Question:
    kept, _ = checked(recommended("Okta sells single sign-on"), both(), instructions="")
    stated, _ = checked(finding("opens 3 offices", "It opens 3 offices."), both(), instructions="")
    claims = [claim.as_json(f"c{at}") for at, claim in enumerate((*kept, *stated))]
    answer = {"how_found": {"answer": [{"company": "acme.com", "by": by}]}, "claims": claims}
    return replace(Question("qst_1", "ses_1", 1, "What?", NOW, answer=answer, ended_at=LATER), **changes)


def test_each_claim_is_made_anew_with_all_of_its_quotes() -> None:
    advice, found = earlier_claims([answered()], both())
    assert (advice.kind, [one.side for one in advice.citations]) == ("recommendation", ["company", "vendor"])
    assert (found.text, found.citations[0].passage.text.split("\n")[0]) == ("It opens 3 offices.", NEWS)


def test_an_answer_that_is_older_than_the_evidence_or_of_a_plain_rule_serves_no_more() -> None:
    assert earlier_claims([answered(ended_at=NOW - timedelta(days=1))], both()) == []
    assert earlier_claims([answered(by="rule")], both()) == []


def test_a_claim_whose_quote_is_gone_is_left_out() -> None:
    question = answered()
    assert question.answer is not None
    question.answer["claims"][1]["citations"][0]["quote"] = "closes 3 offices"
    assert [claim.kind for claim in earlier_claims([question], both())] == ["recommendation"]
