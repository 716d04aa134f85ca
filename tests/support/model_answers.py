"""What two small language models really answered, as the evidence they were shown and their answers.

tests/records/model_answers.jsonl: a call a line -> AnsweredCall
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from enrichment.analysis.answer_schemas import ANSWERS, AnswerKind
from enrichment.analysis.evidence import Evidence, Passage
from enrichment.domain.knowledge import Fact
from enrichment.domain.values import Contact, NewsItem, Text, Value

RECORDS = Path(__file__).parents[1] / "records" / "model_answers.jsonl"
_AT = datetime(2026, 11, 21, 9, tzinfo=UTC)
_BLOCK = re.compile(r'<evidence id="(e\d+)" source="(\w+)" dataset="(\w+)">\n(.*?)\n</evidence>', re.DOTALL)
_KINDS = {kind.type.__name__: kind for kind in ANSWERS.values()}


@dataclass(frozen=True)
class AnsweredCall:
    """completion: the server's whole answer, its text in `content`."""

    model: str
    kind: AnswerKind
    company: str
    evidence: Evidence
    completion: dict[str, Any]

    @property
    def content(self) -> str:
        text: str = self.completion["choices"][0]["message"]["content"]
        return text

    @property
    def finish(self) -> str:
        reason: str = self.completion["choices"][0]["finish_reason"]
        return reason


def answered_calls() -> Iterator[AnsweredCall]:
    for line in RECORDS.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        prompt = record["prompt"]
        found = re.search("<company>(.*?)</company>", prompt)
        assert found is not None
        pieces = tuple(passage(*block) for block in _BLOCK.findall(prompt))
        yield AnsweredCall(
            record["model"], _KINDS[record["answer_type"]], found[1], Evidence(pieces), record["completion"]
        )


def passage(evidence_id: str, source: str, dataset: str, text: str) -> Passage:
    """A piece of evidence as a prompt shows it."""
    fact = Fact(
        company_id="com_1",
        dataset=dataset,
        value=_value(dataset, text),
        quality=0.9,
        reliability=0.9,
        source=source,
        reply_id=f"rep_{evidence_id}",
        purchase_id=f"pur_{evidence_id}",
        evidence="search",
        collected_at=_AT,
        holds_until=_AT + timedelta(days=1),
    )
    return Passage(evidence_id, dataset, text, (fact,))


def _value(dataset: str, text: str) -> Value:
    first, *rest = text.split("\n")
    if dataset == "key_contacts":
        labelled: Any = next((line.removeprefix("Seniority: ") for line in rest if line.startswith("Seniority:")), None)
        return Contact(full_name=first, title=rest[0] if rest else None, seniority=labelled)
    if dataset == "recent_news":
        day = next((line for line in rest if re.fullmatch(r"\d{4}-\d\d-\d\d", line)), None)
        return NewsItem(title=first, published_at=None if day is None else datetime.fromisoformat(day))
    return Text(text=text)
