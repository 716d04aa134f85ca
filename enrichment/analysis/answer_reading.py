"""Read a model's raw answer: its claims that the evidence bears out, or why it cannot be used. Pure.

ModelReply + AnalysisQuestion -> CheckedAnswer | UnusableAnswer

CHECK_VERSION is raised when the same answer would now be read otherwise; stored answers are then read again, for free.
"""

from collections.abc import Mapping

from pydantic import ValidationError

from enrichment.analysis.answer_schemas import AnalysisAnswer
from enrichment.analysis.citations import CheckedAnswer, check_citations
from enrichment.analysis.question import AnalysisQuestion, described
from enrichment.domain.json_values import Json
from enrichment.domain.knowledge import Analysis, ModelReply
from enrichment.ports import ModelAnswer

CHECK_VERSION = 5
_SHOWN = 160  # characters of a model's own words in a message


class UnusableAnswer(Exception):
    """An answer of which nothing can be kept; the message states what is wrong, and what to do."""


def stored(answer: ModelAnswer, max_output_tokens: int) -> dict[str, Json]:
    """An answer as a ModelReply keeps it, with the limit it was given."""
    return {
        "content": answer.content,
        "refusal": answer.refusal,
        "finish_reason": answer.finish_reason,
        "input_tokens": answer.input_tokens,
        "output_tokens": answer.output_tokens,
        "max_output_tokens": max_output_tokens,
    }


def read_answer(reply: ModelReply, question: AnalysisQuestion) -> CheckedAnswer[AnalysisAnswer]:
    """Raises UnusableAnswer."""
    raw = reply.answer
    if raw["refusal"] or raw["finish_reason"] == "content_filter":
        why = _short(raw["refusal"] or "its content filter stepped in")
        raise UnusableAnswer(f"the model refused ({why}): look at the evidence in the prompt, and at the instructions")
    if raw["finish_reason"] == "length":
        raise UnusableAnswer(_cut_off(raw))
    try:
        answer = question.kind.type.model_validate_json(raw["content"] or "")
    except ValidationError as error:
        raise UnusableAnswer(f"the answer does not fit its schema ({first_problem(error)}): {_OTHER_MODEL}") from None
    if not question.kind.cites:
        return CheckedAnswer(answer, kept=1, dropped=0)
    checked = check_citations(answer, question.evidence, question.own_names, asked=question.prompt)
    if checked.dropped and not checked.kept:
        raise UnusableAnswer(f"{dropped_in_words(checked.kept, checked.reasons)}: {_OTHER_MODEL}")
    return checked


def may_be_longer_now(reply: ModelReply, question: AnalysisQuestion) -> bool:
    """Whether it was cut off by a limit that has been raised since."""
    raw = reply.answer
    cut_off: bool = raw["finish_reason"] == "length"
    return cut_off and question.rules.max_output_tokens > raw["max_output_tokens"]


def analysis_from(
    reply: ModelReply, checked: CheckedAnswer[AnalysisAnswer], question: AnalysisQuestion, *, audience: str | None
) -> Analysis:
    """audience: of the request; kept only with what is written for it."""
    return Analysis(
        analysis_id=reply.analysis_id,
        key=reply.key,
        company_id=reply.company_id,
        name=reply.name,
        audience=audience if question.kind.for_audience else None,
        model=reply.model,
        purchase_id=reply.purchase_id,
        request_id=reply.request_id,
        answer=checked.answer.model_dump(mode="json"),
        claims_kept=checked.kept,
        claims_dropped=checked.dropped,
        evidence=described(question.evidence, checked.reasons),
        created_at=reply.answered_at,
    )


def dropped_in_words(kept: int, reasons: Mapping[str, int]) -> str:
    """'18 of 20 claims were dropped (15: the quote is not in the evidence, 3: ...)'."""
    dropped = sum(reasons.values())
    most_first = sorted(reasons.items(), key=lambda one: (-one[1], one[0]))
    return f"{dropped} of {kept + dropped} claims were dropped ({', '.join(f'{n}: {why}' for why, n in most_first)})"


_OTHER_MODEL = "name a model that follows its instructions better in config/analyses.yaml"


def _cut_off(raw: Mapping[str, Json]) -> str:
    """Why an answer is cut off: by its limit, or because question and answer fill the model's context."""
    read, written = raw["input_tokens"], raw["output_tokens"]
    if written >= raw["max_output_tokens"]:
        return f"the answer was cut off at {written} tokens: raise max_output_tokens in config/analyses.yaml"
    return (
        f"the model's context was full after {read} tokens of question and {written} of answer: "
        "lower max_input_bytes in config/analyses.yaml, or serve the model with a larger context"
    )


def first_problem(error: ValidationError) -> str:
    """The place of the first problem; not the text itself, which may be anything."""
    problem = error.errors(include_input=False, include_url=False)[0]
    path = ".".join(str(step) for step in problem["loc"])
    return _short(f"{path}: {problem['msg']}" if path else problem["msg"])


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _SHOWN else words[:_SHOWN] + "…"
