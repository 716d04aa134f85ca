"""Claims that a model made in earlier answers, where their evidence is what it was. Pure.

    earlier questions, their answers + Sides -> CheckedClaim ...

They serve a question in other words over the same evidence: nothing new can be read in it, so no model is asked again.
A claim is made anew from its stored quotes; one whose passage is gone, or no longer has the quote, is left out.
"""

from collections.abc import Iterator, Mapping, Sequence

from enrichment.domain.json_values import Json
from enrichment.domain.research import Question
from enrichment.research.claims.claim import CheckedClaim, Citation
from enrichment.research.evidence.passages import PERSONA, Sides
from enrichment.research.questions.advice_asked import asks_for_sentence

EARLIER = "it said this in an earlier answer over the same evidence"
"""Why no model was asked, where its earlier claims serve."""


def earlier_advice(questions: Sequence[Question], sides: Sides) -> list[CheckedClaim]:
    """The advice of the newest answer that gave any; questions: as of earlier_claims."""
    for question in reversed(questions):
        claims = earlier_claims([question], sides)
        if any(claim.kind == "recommendation" for claim in claims):
            return claims
    return []


def earlier_claims(questions: Sequence[Question], sides: Sides) -> list[CheckedClaim]:
    """questions: of sessions of the same seller, oldest first. The newest answer's claims come first.

    An answer that is older than any of the evidence serves no more.
    """
    found = dict[tuple[str, str], CheckedClaim]()
    newest = max((fact.collected_at for one in sides.evidence.passages for fact in one.facts), default=None)
    for question in reversed(questions):
        if newest is None or question.ended_at is None or question.ended_at < newest:
            continue
        for claim in _by_model(question, sides.company.key):
            rebuilt = _rebuilt(claim, sides)
            if rebuilt is not None:
                found.setdefault((rebuilt.kind, rebuilt.text), rebuilt)
    return list(found.values())


def said_again(claim: Mapping[str, Json], sides: Sides) -> CheckedClaim | None:
    """A claim of an earlier answer made anew; None: its evidence is not what it was."""
    return _rebuilt(claim, sides) if claim["company"] == sides.company.key else None


def _by_model(question: Question, company: str) -> Iterator[Mapping[str, Json]]:
    answer = {} if asks_for_sentence(question.text) else question.answer or {}  # a sentence to write is no advice
    how = answer.get("how_found", {}).get("answer", ())
    if any(one["company"] == company and one["by"] == "model" for one in how):
        told = (claim for claim in answer["claims"] if claim["company"] == company)
        yield from (claim for claim in told if claim["derived"] is None)  # counts and comparisons are made anew


def _rebuilt(claim: Mapping[str, Json], sides: Sides) -> CheckedClaim | None:
    cited = [_citation(one, sides) for one in claim["citations"]]
    citations = tuple(one for one in cited if one is not None)
    if len(citations) < len(cited):
        return None
    return CheckedClaim(claim["kind"], claim["text"], claim["verdict"], citations, claim["why"])


def _citation(stored: Mapping[str, Json], sides: Sides) -> Citation | None:
    is_ours = stored["side"] == "company"
    evidence = sides.evidence if is_ours else sides.vendor_evidence
    for passage in evidence.passages:
        ids = {f"{fact.reply_id}#{fact.evidence}" for fact in passage.facts}
        is_persona = passage.dataset == stored["dataset"] == PERSONA
        if (stored["evidence_id"] in ids or is_persona) and stored["quote"] in passage.text:
            company = sides.company if is_ours else sides.vendor
            return Citation(stored["side"], company.key, passage, stored["quote"], stored["verdict"])
    return None
