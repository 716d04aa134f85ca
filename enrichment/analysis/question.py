"""Prepare the question to a language model, the most it may cost in tokens, and the facts of its answer. Pure.

Rules + fresh facts + company + audience  ->  AnalysisQuestion | NothingToAsk
AnalysisQuestion + checked answer         ->  Analysis, facts
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from enrichment.analysis.answer_schema import BYTES_PER_ID, answer_schema, fields_in_words, schema_bytes
from enrichment.analysis.answer_schemas import ANSWERS, FIELD_OF_DATASET, LONGEST_STATEMENT, AnalysisAnswer, AnswerKind
from enrichment.analysis.evidence import (
    Evidence,
    Passage,
    as_data,
    evidence_key,
    render_prompt,
    select_evidence,
    shortened,
)
from enrichment.domain.companies import Company
from enrichment.domain.ids import analysis_source
from enrichment.domain.json_values import Json
from enrichment.domain.knowledge import Analysis, Fact
from enrichment.domain.values import Claim, Text
from enrichment.memory.freshness import fresh_facts, valid_until
from enrichment.rules import AnalysisRules, Rules
from enrichment.rules.requirements import Requirements

FRAMING_TOKENS = 200  # an upper bound of the tokens a vendor adds to messages and schema; part of the reserve
AUDIENCE_SHARE = 8  # at most one part in so many of the input describes the audience
_IDENTITY = frozenset({"company_name", "domain"})


class NothingToAsk(Exception):
    """An analysis cannot be asked as the rules are; the message is the reason of the gap."""


class NoEvidence(NothingToAsk):
    """The analysis has nothing to read: no rule and no further try would change that before its evidence does."""


@dataclass(frozen=True, slots=True)
class AnalysisInputs:
    """What all analyses of one request share. audience: what is known of the asking vendor."""

    rules: Rules
    requirements: Requirements
    company: Company
    audience: str | None


@dataclass(frozen=True, slots=True)
class AnalysisQuestion:
    """One analysis, ready to be asked.

    key: of the stored answer. schema: of an answer, which may cite only this evidence. own_names: what the company is
    called.
    """

    name: str
    rules: AnalysisRules
    kind: AnswerKind
    evidence: Evidence
    instructions: str
    prompt: str
    key: str
    schema: Mapping[str, Json]
    own_names: tuple[str, ...] = ()

    @property
    def input_bytes(self) -> int:
        """All that is sent: instructions, schema, prompt and what a vendor adds to them."""
        return _bytes(self.instructions) + _bytes(json.dumps(self.schema)) + FRAMING_TOKENS + _bytes(self.prompt)

    @property
    def most_tokens(self) -> dict[str, int]:
        """The most one call may take."""
        return self.rules.most_tokens(self.input_bytes)


def prepare(name: str, facts: Sequence[Fact], inputs: AnalysisInputs, now: datetime) -> AnalysisQuestion:
    """The question over those facts that are fresh. Raises NothingToAsk."""
    rules = inputs.rules.analyses[name]
    kind = _kind(name, rules)
    fresh = [f for dataset in rules.reads for f in fresh_facts(inputs.rules, inputs.requirements, facts, dataset, now)]
    missing = sorted(set(rules.needs) - {fact.dataset for fact in fresh})
    if missing:
        raise NoEvidence(f"it cannot do without {' and '.join(missing)}, and there is none")
    instructions = f"{inputs.rules.prompts[name].rstrip()}\n\n{fields_in_words(kind.type)}\n"
    subject = _subject(fresh, inputs.company)
    audience = _audience(inputs.audience, rules) if kind.for_audience else None
    frame = _overhead(instructions, kind) + _bytes(render_prompt(Evidence(), subject=subject, audience=audience)) + 1
    most = rules.max_input_bytes - frame
    evidence = select_evidence(fresh, reads=rules.reads, most_bytes=most, bytes_each=BYTES_PER_ID, about=_asked(kind))
    if evidence.datasets <= _IDENTITY:
        if not evidence.left_out:
            raise NoEvidence("there is no evidence it could read")
        too_small = f"nothing fits into its max_input_bytes of {rules.max_input_bytes}"
        raise NothingToAsk(f"{too_small}: raise it in config/analyses.yaml")
    key = evidence_key(
        evidence,
        subject=subject,
        audience=audience,
        instructions=instructions,
        model=rules.model,
        answer_type=kind.type.__name__,
        schema=answer_schema(kind.type),
    )
    return AnalysisQuestion(
        name=name,
        rules=rules,
        kind=kind,
        evidence=evidence,
        instructions=instructions,
        prompt=render_prompt(evidence, subject=subject, audience=audience),
        key=key,
        schema=answer_schema(kind.type, tuple(passage.evidence_id for passage in evidence.passages)),
        own_names=_own_names(subject, inputs.company),
    )


def facts_of(analysis: Analysis, question: AnalysisQuestion, inputs: AnalysisInputs) -> tuple[Fact, ...]:
    """The facts of the datasets this analysis answers, over the evidence as it is now.

    They are as old as the oldest passage and valid until the first passage expires.
    quality = reliability x (1 - dropped / 2), dropped = the share of claims without their quote in the evidence.
    """
    if not question.rules.answers:
        return ()
    passages = question.evidence.passages
    answer: AnalysisAnswer = question.kind.type.model_validate(analysis.answer)
    dropped = analysis.claims_dropped / max(1, analysis.claims_kept + analysis.claims_dropped)
    collected_at = min(max(fact.collected_at for fact in passage.facts) for passage in passages)
    until = min(
        max(valid_until(inputs.rules, inputs.requirements, fact) for fact in passage.facts) for passage in passages
    )
    cited = {passage.evidence_id: passage.facts for passage in passages}
    return tuple(
        Fact(
            company_id=inputs.company.company_id,
            dataset=dataset,
            value=Claim(statement=item.sentence[:LONGEST_STATEMENT], evidence_id=item.evidence_id, quote=item.quote),
            quality=question.rules.reliability * (1 - dropped / 2),
            reliability=question.rules.reliability,
            source=analysis_source(question.name),
            reply_id=analysis.analysis_id,
            purchase_id=analysis.purchase_id,
            evidence=" ".join(_address(fact) for fact in cited[item.evidence_id]),
            collected_at=collected_at,
            holds_until=_capped(until, inputs.rules.datasets[dataset].oldest, collected_at),
            last_resort=all(fact.last_resort for fact in cited[item.evidence_id]),
        )
        for dataset in question.rules.answers
        for item in answer.items(FIELD_OF_DATASET[dataset])
    )


def described(evidence: Evidence, dropped: Mapping[str, int]) -> dict[str, Json]:
    """The evidence as an Analysis stores it: origins by id, how many passages did not fit, claims dropped by reason."""
    return {
        "pieces": {passage.evidence_id: _origin(passage) for passage in evidence.passages},
        "left_out": evidence.left_out,
        "dropped": dict(dropped),
    }


def _kind(name: str, rules: AnalysisRules) -> AnswerKind:
    kind = ANSWERS.get(name)
    if kind is None:
        raise NothingToAsk(f"no answer type for {name}: add one to enrichment/analysis/answer_schemas.py")
    missing = [d for d in rules.answers if FIELD_OF_DATASET.get(d) not in kind.type.model_fields]
    if missing:
        raise NothingToAsk(
            f"its answers have no field for {', '.join(missing)}: add one to enrichment/analysis/answer_schemas.py"
        )
    return kind


def _asked(kind: AnswerKind) -> str:
    """What an answer says, in words: its lists and what each is about."""
    return " ".join(f"{name} {field.description or ''}" for name, field in kind.type.model_fields.items())


def _subject(fresh: Sequence[Fact], company: Company) -> str:
    names = (f.value.text for f in fresh if f.dataset == "company_name" and isinstance(f.value, Text))
    return next(names, None) or company.name or company.domain or company.key


def _own_names(subject: str, company: Company) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in (subject, company.name, company.domain) if name))


def _audience(text: str | None, rules: AnalysisRules) -> str | None:
    return None if text is None else shortened(as_data(text), rules.max_input_bytes // AUDIENCE_SHARE)


def _origin(passage: Passage) -> dict[str, Json]:
    return {
        "dataset": passage.dataset,
        "sources": sorted({fact.source for fact in passage.facts}),
        "places": [_address(fact) for fact in passage.facts],
        "purchases": sorted({fact.purchase_id for fact in passage.facts}),
    }


def _address(fact: Fact) -> str:
    return f"{fact.reply_id}#{fact.evidence}"


def _capped(until: datetime, oldest: int | None, collected_at: datetime) -> datetime:
    return until if oldest is None else min(until, collected_at + timedelta(seconds=oldest))


def _overhead(instructions: str, kind: AnswerKind) -> int:
    """The size of a question without a passage."""
    return _bytes(instructions) + schema_bytes(kind.type, 0) + FRAMING_TOKENS


def _bytes(text: str) -> int:
    return len(text.encode())
