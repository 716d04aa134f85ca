"""What a language model is asked, at most for how much, and which facts its answer makes. Pure.

Rules + facts that hold + company + audience  ->  Inquiry | NothingToAsk
Inquiry + checked answer                      ->  Analysis, facts
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from enrichment.analysis.answer_schemas import ANSWERS, FIELD_OF_DATASET, LONGEST_STATEMENT, AnswerKind
from enrichment.analysis.evidence import (
    Evidence,
    Piece,
    as_data,
    evidence_key,
    render_prompt,
    select_evidence,
    shortened,
)
from enrichment.domain.records import Analysis, Company, Fact, Json
from enrichment.domain.values import Claim, Text
from enrichment.memory.freshness import fresh_facts, holds_until
from enrichment.requirements.requirements import Requirements
from enrichment.rules import AnalysisRules, Rules

FRAMING_TOKENS = 200  # what a vendor puts around messages and schema: counted generously, as it bounds a reserve
AUDIENCE_SHARE = 8  # of the input, at most one part in so many describes the audience
_IDENTITY = frozenset({"company_name", "domain"})


class NothingToAsk(Exception):
    """Why an analysis is not asked; the message is the gap's reason."""


@dataclass(frozen=True, slots=True)
class Setting:
    """For whom and by which rules a request's analyses are made. audience: what is known of the asking vendor."""

    rules: Rules
    requirements: Requirements
    company: Company
    audience: str | None


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One analysis, ready to be asked. key: by what its answer is remembered."""

    name: str
    rules: AnalysisRules
    kind: AnswerKind
    evidence: Evidence
    instructions: str
    prompt: str
    key: str

    @property
    def most_tokens(self) -> dict[str, int]:
        """The most one call may take: a token is at least a byte, and no output is longer than its limit."""
        most = _overhead(self.instructions, self.kind) + _bytes(self.prompt)
        return {"input_token": most, "output_token": self.rules.max_output_tokens}


def prepare(name: str, facts: Sequence[Fact], setting: Setting, now: datetime) -> Inquiry:
    """What to ask, over those of the facts that hold. Raises NothingToAsk."""
    rules = setting.rules.analyses[name]
    kind = _kind(name, rules)
    held = [f for dataset in rules.reads for f in fresh_facts(setting.rules, setting.requirements, facts, dataset, now)]
    missing = sorted(set(rules.needs) - {fact.dataset for fact in held})
    if missing:
        raise NothingToAsk(f"it cannot do without {' and '.join(missing)}, and there is none")
    instructions, subject = setting.rules.prompts[name], _subject(held, setting.company)
    audience = _audience(setting.audience, rules) if kind.for_audience else None
    frame = _overhead(instructions, kind) + _bytes(render_prompt(Evidence(), subject=subject, audience=audience)) + 1
    evidence = select_evidence(held, reads=rules.reads, room=rules.max_input_bytes - frame)
    if evidence.datasets <= _IDENTITY:
        raise NothingToAsk(
            f"nothing fits into its max_input_bytes of {rules.max_input_bytes}: raise it in config/analyses.yaml"
            if evidence.left_out
            else "there is no evidence it could read"
        )
    key = evidence_key(
        evidence,
        subject=subject,
        audience=audience,
        instructions=instructions,
        model=rules.model,
        answer_type=kind.type.__name__,
        version=kind.version,
        schema=_schema(kind),
    )
    prompt = render_prompt(evidence, subject=subject, audience=audience)
    return Inquiry(name, rules, kind, evidence, instructions, prompt, key)


def facts_of(analysis: Analysis, inquiry: Inquiry, setting: Setting) -> tuple[Fact, ...]:
    """The datasets this analysis answers, over the evidence as it stands now.

    They are as old as its oldest piece, and hold until the first piece expires. quality = reliability, less up to half
    of it for the share of claims dropped: what is left was checked word by word, but beside it something was made up.
    """
    pieces = inquiry.evidence.pieces
    answer = inquiry.kind.type.model_validate(analysis.answer)
    dropped = analysis.claims_dropped / max(1, analysis.claims_kept + analysis.claims_dropped)
    collected_at = min(max(fact.collected_at for fact in piece.facts) for piece in pieces)
    until = min(max(holds_until(setting.rules, setting.requirements, fact) for fact in piece.facts) for piece in pieces)
    cited = {piece.evidence_id: piece.facts for piece in pieces}
    return tuple(
        Fact(
            company_id=setting.company.company_id,
            dataset=dataset,
            value=Claim(statement=item.says[:LONGEST_STATEMENT], evidence_id=item.evidence_id, quote=item.quote),
            quality=inquiry.rules.reliability * (1 - dropped / 2),
            reliability=inquiry.rules.reliability,
            source=inquiry.name,
            reply_id=analysis.analysis_id,
            purchase_id=analysis.purchase_id,
            evidence=" ".join(_place(fact) for fact in cited[item.evidence_id]),
            collected_at=collected_at,
            holds_until=_capped(until, setting.rules.datasets[dataset].oldest, collected_at),
            reader_version=inquiry.kind.version,
            last_resort=all(fact.last_resort for fact in cited[item.evidence_id]),
        )
        for dataset in inquiry.rules.answers
        for item in answer.items(FIELD_OF_DATASET[dataset])
    )


def described(evidence: Evidence) -> dict[str, Json]:
    """The evidence as an Analysis keeps it: id -> whose it is and where it stands; and how many pieces did not fit."""
    return {"pieces": {piece.evidence_id: _origin(piece) for piece in evidence.pieces}, "left_out": evidence.left_out}


def _kind(name: str, rules: AnalysisRules) -> AnswerKind:
    kind = ANSWERS.get(name)
    if kind is None:
        raise NothingToAsk(f"no answer type for {name}: add one to enrichment/answers.py")
    unsaid = [d for d in rules.answers if FIELD_OF_DATASET.get(d) not in kind.type.model_fields]
    if unsaid:
        raise NothingToAsk(f"its answers have no field for {', '.join(unsaid)}: add one to enrichment/answers.py")
    return kind


def _subject(held: Sequence[Fact], company: Company) -> str:
    names = (f.value.text for f in held if f.dataset == "company_name" and isinstance(f.value, Text))
    return next(names, None) or company.name or company.domain or company.key


def _audience(text: str | None, rules: AnalysisRules) -> str | None:
    return None if text is None else shortened(as_data(text), rules.max_input_bytes // AUDIENCE_SHARE)


def _origin(piece: Piece) -> dict[str, Json]:
    return {
        "dataset": piece.dataset,
        "sources": sorted({fact.source for fact in piece.facts}),
        "places": [_place(fact) for fact in piece.facts],
        "purchases": sorted({fact.purchase_id for fact in piece.facts}),
    }


def _place(fact: Fact) -> str:
    return f"{fact.reply_id}#{fact.evidence}"


def _capped(until: datetime, oldest: int | None, collected_at: datetime) -> datetime:
    return until if oldest is None else min(until, collected_at + timedelta(seconds=oldest))


def _overhead(instructions: str, kind: AnswerKind) -> int:
    return _bytes(instructions) + _bytes(json.dumps(_schema(kind))) + FRAMING_TOKENS


@cache
def _schema(kind: AnswerKind) -> dict[str, Json]:
    """Always the same: making it takes 3 ms."""
    return kind.type.model_json_schema()


def _bytes(text: str) -> int:
    return len(text.encode())
