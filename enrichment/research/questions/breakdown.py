"""A question broken down: companies, areas, datasets, sub-questions; by a model's answer, or by a plain rule. Pure.

    question + persona + session's companies -> AnalysisQuestion for the model -> QuestionParts
    question + words of areas.csv + names with capitals -> QuestionParts, where no model answers

A model may only choose: a company that the question does not name, or an area or dataset that is none, is left out.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, Literal

from enrichment.analysis.evidence import Evidence, as_data, on_one_line
from enrichment.analysis.question import FRAMING_TOKENS, AnalysisQuestion
from enrichment.domain.json_values import Json
from enrichment.domain.research import Persona
from enrichment.identity.domains import registrable_domain
from enrichment.identity.names import name_words
from enrichment.research.claims.leaked_instructions import repeats
from enrichment.research.claims.model_answers import BREAKDOWN, Breakdown
from enrichment.research.evidence.orders import is_an_order
from enrichment.research.evidence.relevance import content_words
from enrichment.research.questions.areas import AREA_NAMES, AREAS, areas_in, datasets_of, is_whole, roles_in
from enrichment.research.questions.company_names import names_in
from enrichment.rules import AnalysisRules, Rules
from enrichment.rules.loader import RESEARCH_BREAKDOWN

_SHOWN_COMPANIES = 5
_COMPARES = re.compile(
    r"\b(?:compare|compared|comparison|versus|vs|against|better than|differ|differs|difference|differences)\b", re.I
)
_POSITIONS = re.compile(r"\b(?:position|pitch|approach|win over|say to)\b|\bsell\b(?! and\b)[^?]*\bto\b", re.I)
_EVERYTHING = re.compile(r"\b(?:everything|all|know|more)\b", re.I)
_GOES_ON = re.compile(r"\b(?:it|its|them|they|their|those|these|both|the two|the (?:first|second|other) one)\b", re.I)
_ABOUT = re.compile(r"\b(?:for|about|on|regarding) (?:their|its|the) ((?:[\w-]+ ){0,2}[\w-]+)", re.I)
"""'for their European expansion': a topic, where no model names any."""


@dataclass(frozen=True, slots=True)
class LookUp:
    """One sub-question, and the datasets that bear on it."""

    question: str
    datasets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuestionParts:
    """companies: as the question names them; none: the ones asked about before. areas: none: the whole company.

    perhaps: words that are companies only if they are registered, or if the question names no other. goes_on: it has
    a word such as "it" or "their"; compares: such as "versus".
    unanswerable: part of the question -> why no source knows it. by: what broke it down; because: why by rule.
    """

    intent: str
    companies: tuple[str, ...]
    areas: tuple[str, ...]
    topics: tuple[str, ...]
    datasets: tuple[str, ...]
    sub_questions: tuple[LookUp, ...]
    unanswerable: Mapping[str, str] = field(default_factory=dict)
    by: Literal["model", "rule"] = "rule"
    because: str | None = None
    perhaps: tuple[str, ...] = ()
    goes_on: bool = False
    compares: bool = False

    @property
    def is_whole(self) -> bool:
        return is_whole(self.areas)

    @property
    def words(self) -> str:
        """What is asked besides the question's own words."""
        return " ".join((*self.topics, *(one.question for one in self.sub_questions)))

    def asked_one_by_one(self, question: str) -> tuple[str, ...]:
        """What evidence is ranked by, each by itself: the question, its topics, its sub-questions."""
        return tuple(dict.fromkeys((question, *self.topics, *(one.question for one in self.sub_questions))))


def breakdown_question(
    text: str, persona: Persona, companies_before: Sequence[str], rules: Rules, asked: AnalysisRules
) -> AnalysisQuestion:
    """For the model. companies_before: names, those asked about last first."""
    areas = "; ".join(f"{area.name}: {', '.join(area.words[:9])}" for area in AREAS)
    there_is = f"## What there is\n\n- areas: {areas}\n- datasets: {', '.join(rules.datasets)}\n"
    instructions = f"{rules.prompts[RESEARCH_BREAKDOWN].rstrip()}\n\n{there_is}"
    seller = f"{persona.role} of {persona.company}, which sells: {persona.sells}"
    before = ", ".join(companies_before[:_SHOWN_COMPANIES])
    prompt = "\n".join(
        (
            f"<seller>{on_one_line(as_data(seller))}</seller>",
            f"<before>{on_one_line(as_data(before))}</before>",
            f"<question>{as_data(text)}</question>",
        )
    )
    schema = breakdown_schema(tuple(rules.datasets))
    key = hashlib.sha256(json.dumps([instructions, prompt, asked.model, schema], sort_keys=True).encode()).hexdigest()
    return AnalysisQuestion(
        name=RESEARCH_BREAKDOWN,
        rules=asked,
        kind=BREAKDOWN,
        evidence=Evidence(),
        instructions=instructions,
        prompt=prompt,
        key=key,
        schema=schema,
    )


def fits(question: AnalysisQuestion) -> bool:
    return question.input_bytes <= question.rules.max_input_bytes + FRAMING_TOKENS


@cache
def breakdown_schema(datasets: tuple[str, ...]) -> dict[str, Json]:
    schema: dict[str, Any] = Breakdown.model_json_schema()
    properties = schema["properties"]
    properties["areas"]["items"] = {"type": "string", "enum": [*AREA_NAMES]}
    properties["datasets"]["items"] = {"type": "string", "enum": [*datasets]}
    schema["$defs"]["SubQuestion"]["properties"]["datasets"]["items"] = {"type": "string", "enum": [*datasets]}
    return schema


def by_model(answer: Breakdown, text: str, persona: Persona, rules: Rules, *, instructions: str) -> QuestionParts:
    """Of what the model says, what may be; nothing that repeats its instructions."""
    answer = _without_instructions(answer, instructions)
    plain = by_rule(text, persona, rules, because=None)
    companies = [one.name for one in answer.companies if _is_named(one.name, text)]
    companies = [name for name in companies if not _is_of(name, persona)]
    companies += [name for name in plain.companies if name[:1].islower() and "." not in name]  # such as eBay
    areas = tuple(dict.fromkeys(name for name in answer.areas if name in AREA_NAMES))
    if "size" in plain.areas and "people" not in plain.areas:
        areas = tuple(name for name in areas if name != "people")  # how many people work there is no person
    datasets = (*answer.datasets, *(d for one in answer.sub_questions for d in one.datasets))
    return QuestionParts(
        intent=answer.intent,
        companies=tuple(dict.fromkeys(companies)) or plain.companies,
        areas=areas or plain.areas,
        topics=tuple(dict.fromkeys(topic for topic in answer.topics if _may_be_searched(topic, text))),
        datasets=_known(datasets, rules),
        sub_questions=tuple(
            LookUp(one.question, _known(one.datasets, rules))
            for one in answer.sub_questions
            if one.question and not is_an_order(one.question)
        ),
        unanswerable={one.what: one.why for one in answer.unanswerable if one.what and one.why},
        by="model",
        perhaps=() if companies else plain.perhaps,
        goes_on=plain.goes_on,
        compares=plain.compares,
    )


def _without_instructions(answer: Breakdown, instructions: str) -> Breakdown:
    gives_away = partial(repeats, instructions=instructions)
    return answer.model_copy(
        update={
            "topics": [topic for topic in answer.topics if not gives_away(topic)],
            "sub_questions": [one for one in answer.sub_questions if not gives_away(one.question)],
            "unanswerable": [one for one in answer.unanswerable if not gives_away(f"{one.what} {one.why}")],
        }
    )


def by_rule(
    text: str, persona: Persona, rules: Rules, *, because: str | None, area: str | None = None
) -> QuestionParts:
    """By names with capitals, domains, and words of areas. area: the one that it is about, where that is known."""
    found = names_in(text)
    companies = tuple(name for name in found.names if not _is_of(name, persona))
    areas = areas_in(text)
    compares = len(companies) > 1 and _COMPARES.search(text)
    if area is not None:
        areas = (area,)
    elif _POSITIONS.search(text):
        areas = ()
    intent = "compare" if compares else "position" if _POSITIONS.search(text) else "look_up" if areas else "other"
    chosen = areas or AREA_NAMES
    asked = {area.name: area.next_question for area in AREAS}
    company = companies[0] if companies else "the company"
    return QuestionParts(
        intent=intent,
        companies=companies,
        areas=areas,
        topics=tuple(dict.fromkeys(found[1] for found in _ABOUT.finditer(text))),
        datasets=datasets_of(chosen, rules),
        sub_questions=tuple(
            LookUp(asked[name].format(company=company, vendor=persona.company), datasets_of((name,), rules))
            for name in chosen
        ),
        by="rule",
        because=because,
        perhaps=tuple(name for name in found.perhaps if not _is_of(name, persona)),
        goes_on=_GOES_ON.search(text) is not None,
        compares=_COMPARES.search(text) is not None,
    )


def asks_nothing(text: str, parts: QuestionParts) -> bool:
    """Such as 'hi': no company, area or topic, and nothing that could be looked up."""
    if parts.companies or parts.perhaps or parts.topics or parts.intent not in ("other", "look_up"):
        return False
    if _EVERYTHING.search(text) or parts.compares or areas_in(text) or roles_in(text):
        return False
    return not content_words(text)


def _may_be_searched(topic: str, text: str) -> bool:
    """Words of anybody, but no address or search operator that the question does not have."""
    marked = [word for word in topic.split() if re.search(r"[.:/\\@]\w", word)]
    return bool(topic) and not is_an_order(topic) and all(word.casefold() in text.casefold() for word in marked)


def _is_of(name: str, persona: Persona) -> bool:
    own = persona.company
    domain = registrable_domain(own)
    same_domain = domain is not None and registrable_domain(name) == domain
    if domain is not None:
        own = domain.partition(".")[0]
    return same_domain or name.casefold() == persona.name.casefold() or name_words(name) == name_words(own)


def _is_named(name: str, text: str) -> bool:
    wanted, shown = on_one_line(name).casefold(), on_one_line(text).casefold()
    return bool(wanted) and re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", shown) is not None


def _known(datasets: Sequence[str], rules: Rules) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in datasets if name in rules.datasets))
