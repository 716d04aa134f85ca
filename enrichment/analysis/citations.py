"""Which items of a model's answer stay: those with a quote that is, word for word, in the passage they name.

check_citations(answer, texts) -> CheckedAnswer: the answer without the others, and how many were kept and dropped
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from enrichment.analysis.answer_schemas import AnalysisAnswer, Cited
from enrichment.analysis.evidence import on_one_line

SHORTEST_QUOTE = 12  # characters; a shorter quote counts only if it is a whole line of the evidence

_Answer = TypeVar("_Answer", bound=AnalysisAnswer)


@dataclass(frozen=True, slots=True)
class CheckedAnswer(Generic[_Answer]):
    answer: _Answer
    kept: int
    dropped: int


def check_citations(answer: _Answer, texts: Mapping[str, str]) -> CheckedAnswer[_Answer]:
    """The answer without items that the evidence does not confirm. texts: evidence id -> text as the model read it."""
    shown = {name: text.split("\n") for name, text in texts.items()}
    fields = type(answer).model_fields
    kept = {field: [item for item in answer.items(field) if _is_confirmed(item, shown)] for field in fields}
    count = sum(len(items) for items in kept.values())
    return CheckedAnswer(
        answer.model_copy(update=kept), count, sum(len(answer.items(field)) for field in fields) - count
    )


def _is_confirmed(item: Cited, shown: Mapping[str, list[str]]) -> bool:
    lines = shown.get(item.evidence_id)
    if lines is None or any(value == "" for _, value in item):
        return False
    text, quote = " ".join(lines), on_one_line(item.quote)
    if quote not in text or (len(quote) < SHORTEST_QUOTE and quote not in lines):
        return False
    return item.named is None or on_one_line(item.named).casefold() in text.casefold()
