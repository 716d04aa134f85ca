"""The question to the model that answers: what the seller asks, the evidence of both sides, and nothing else. Pure.

Sides + question + sub-questions -> AnalysisQuestion, keyed by all of it: the same question over the same evidence is
never paid twice, whichever session asks
"""

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from enrichment.analysis.answer_schema import EVIDENCE_ID, answer_schema, schema_bytes
from enrichment.analysis.evidence import Evidence, as_data, render_prompt
from enrichment.analysis.question import FRAMING_TOKENS, AnalysisQuestion
from enrichment.domain.json_values import Json
from enrichment.domain.plain_text import on_one_line
from enrichment.research.claims.model_answers import RESEARCH_ANSWER, ResearchAnswer
from enrichment.research.evidence.passages import Sides
from enrichment.research.questions.breakdown import LookUp
from enrichment.rules import AnalysisRules, Rules
from enrichment.rules.loader import RESEARCH_ANSWER as NAME

_QUESTION_BYTES = 4_000
"""For the question and its sub-questions, of the bytes that all may have."""


def bytes_for_evidence(rules: Rules, asked: AnalysisRules) -> int:
    """What is left of the input for the evidence of both sides."""
    frame = len(rules.prompts[NAME].encode()) + schema_bytes(ResearchAnswer, 0) + FRAMING_TOKENS + _QUESTION_BYTES
    return max(1_000, asked.max_input_bytes - frame)


def answer_question(
    text: str, sub_questions: Sequence[LookUp], sides: Sides, rules: Rules, asked: AnalysisRules
) -> AnalysisQuestion:
    """sides: with at least one passage about the company."""
    instructions = f"{rules.prompts[NAME].rstrip()}\n"
    wanted = "\n".join((text, *(f"- {one.question}" for one in sub_questions)))
    vendor = "\n".join(passage.rendered() for passage in sides.vendor_evidence.passages)
    shown = "\n".join(
        (
            f"<question>{as_data(wanted)[: _QUESTION_BYTES // 4]}</question>",
            f'<vendor name="{on_one_line(as_data(sides.vendor.name or sides.vendor.key)).replace(chr(34), "")}">',
            vendor,
            "</vendor>",
            render_prompt(sides.evidence, subject=sides.names[0], audience=None),
        )
    )
    plain = answer_schema(ResearchAnswer)
    texts = [sorted((p.dataset, p.text) for p in one.passages) for one in (sides.evidence, sides.vendor_evidence)]
    asked_for = [texts, as_data(wanted), sides.names[0], sides.vendor.name, instructions, asked.model, plain]
    return AnalysisQuestion(
        name=NAME,
        rules=asked,
        kind=RESEARCH_ANSWER,
        evidence=sides.evidence,
        instructions=instructions,
        prompt=shown,
        key=hashlib.sha256(json.dumps(asked_for, sort_keys=True).encode()).hexdigest(),
        schema=_schema(_ids(sides.evidence), _ids(sides.vendor_evidence)),
        own_names=sides.names,
    )


def most_for_answer(rules: Rules) -> int:
    """The most that one answer may cost (micro-USD): what a budget keeps back. 0: no model is asked."""
    asked = rules.research.answer
    return 0 if asked is None else rules.max_micro_usd_of_answer(asked)


def expected_for_answer(rules: Rules) -> int:
    """What one answer is expected to cost (micro-USD). 0: no model is asked."""
    asked = rules.research.answer
    return 0 if asked is None else rules.expected_micro_usd_of_answer(asked)


def _ids(evidence: Evidence) -> tuple[str, ...]:
    return tuple(passage.evidence_id for passage in evidence.passages)


@cache
def _schema(company_ids: tuple[str, ...], vendor_ids: tuple[str, ...]) -> dict[str, Json]:
    schema: dict[str, Any] = answer_schema(ResearchAnswer, company_ids)
    cited = json.loads(json.dumps(schema["$defs"]))
    cited["VendorRecommendation"]["properties"]["vendor_evidence_id"] = {"type": "string", "enum": [*vendor_ids]}
    assert EVIDENCE_ID in cited  # noqa: S101  items cite the company's pieces by it
    return {**schema, "$defs": cited}
