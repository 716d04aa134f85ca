"""A question broken down: companies, areas, datasets, sub-questions; by a model's answer, or by a plain rule. Pure.

    question + persona + session's companies -> AnalysisQuestion for the model -> QuestionParts
    question + words of areas.csv + names with capitals -> QuestionParts, where no model answers

A model may only choose: a company that the question does not name, or an area or dataset that is none, is left out.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any, Literal

from enrichment.analysis.evidence import Evidence, as_data
from enrichment.analysis.orders import is_an_order, what_is_offered, without_orders
from enrichment.analysis.question import FRAMING_TOKENS, AnalysisQuestion
from enrichment.domain.json_values import Json
from enrichment.domain.plain_text import any_of, on_one_line
from enrichment.domain.research import Persona
from enrichment.identity.domains import registrable_domain
from enrichment.research.claims.leaked_instructions import repeats
from enrichment.research.claims.model_answers import BREAKDOWN, Breakdown
from enrichment.research.evidence.relevance import content_words
from enrichment.research.questions.about_research import about_research
from enrichment.research.questions.advice_asked import asks_whom_first
from enrichment.research.questions.areas import AREA_NAMES, AREAS, datasets_of, is_whole, roles_in
from enrichment.research.questions.asked_words import may_be_topic
from enrichment.research.questions.company_mentions import each_by_its_website
from enrichment.research.questions.measures import MeasureAsked, picks_one_by
from enrichment.research.questions.mention import NOTHING_KNOWN, KnownNames
from enrichment.research.questions.parted_verbs import joined_verbs
from enrichment.research.questions.question_reading import QuestionReading, read_question
from enrichment.research.questions.time_window import NamedDay, time_window
from enrichment.rules import AnalysisRules, Rules
from enrichment.rules.loader import RESEARCH_BREAKDOWN

_SHOWN_COMPANIES = 5
_COMPARES = re.compile(
    r"\b(?:compare|compared|comparison|versus|vs|against(?! who)|better than|differ|differs|difference|differences)\b",
    re.I,
)
_CLAUSE = re.compile(r"[.,;?!]|\band (?=(?:who|whom|what|when|where|why|which|how|do|does|is|are)\b)", re.I)
_CLOSES = re.compile(r"\b(?:thanks|thank you|thx|that's all|that is all|bye|danke|merci|gracias|grazie)\b", re.I)
_GOES_ON = re.compile(r"\b(?:it|its|them|they|their|those|these|both|the two|the (?:first|second|other) one)\b", re.I)
_ORDERS = {"a part of the question": "it gives orders and asks nothing, so it was left out"}
_PRIVATE = "no source that can be asked knows it"
_ONE_OF_THEM = re.compile(r"\b(?:which|whom|who|one) of (?:them|these|those|the (?:two|three))\b|\bwhich one\b", re.I)
_TELL_OF_NEEDS = ("technology", "hiring", "news")
"""Areas whose datasets tell of needs, and cost little."""
_ASKS_FOR_ADVICE = frozenset({"position", "approach", "compare", "qualify", "prepare_meeting"})
"""Intents for which the whole company matters, whatever topic the question has besides."""


@dataclass(frozen=True, slots=True)
class LookUp:
    """One sub-question, and the datasets that bear on it."""

    question: str
    datasets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuestionParts:
    """text: the question without orders and without its time window, which goes back so many days, or since a day.

    companies: as the question names them; none: the ones asked about before. areas: none: the whole company.

    topics: searched for; things: of what is left, what is worth a search; sought: names and words that are looked for
    in what is known. unsure: words that may be names of companies; nothing is bought for them.
    goes_on: it has a word such as "it"; compares: such as "versus";
    compares_with_before: it has both beside each other. restates: it asks for what the question before asked for.
    places: which of the companies asked about before are meant. asks_for_all: it says so, as in "tell me more".
    unanswerable: part of the question -> why no source knows it. by: what broke it down; because: why by rule. is_sure:
    each of its words is a known company's name, shows an area, asks for advice, or is grammar. roles: words in the
    titles of people who are asked for. unread: words that nothing has read. beside_ours: the seller's company is to be
    compared with it. beside_advice: the areas that are asked for as well, where it asks for advice.
    about_research: it asks for the price of research, for the age of what is known, or how sure the answer before is.
    named_before: companies of text that are no longer meant, as another one is asked what they were.
    of_answer: it is about the answer before, and what that was asked is remembered; only_fitting: of that only what
    meets the seller's offer; point: the one claim of it which is meant, as stored. picks_by: the figure by which one
    of several companies is meant. of_several: more than one company is looked at.
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
    things: tuple[str, ...] = ()
    sought: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    goes_on: bool = False
    compares: bool = False
    compares_with_before: bool = False
    restates: bool = False
    places: tuple[int, ...] = ()
    asks_for_a_list: bool = False
    asks_for_all: bool = False
    is_of_competitors: bool = False
    is_of_our_rivals: bool = False
    contact_details: tuple[str, ...] = ()
    is_sure: bool = False
    roles: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    asks_what_it_is: bool = False
    beside_ours: bool = False
    beside_advice: tuple[str, ...] = ()
    about_research: Literal["price", "age", "sureness"] | None = None
    text: str = ""
    days: int | None = None
    since: NamedDay | None = None
    named_before: tuple[str, ...] = ()
    of_answer: bool = False
    only_fitting: bool = False
    picks_by: MeasureAsked | None = None
    of_several: bool = False
    point: Mapping[str, Json] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing narrows the question; a question that only has a topic is about that topic."""
        only_topics = (self.sought or any(map(may_be_topic, self.topics))) and not self.asks_for_advice
        narrowed = only_topics or self.asks_what_it_is or (self.unread and not self.asks_for_advice)
        return is_whole(self.areas) and not (narrowed and not self.areas)

    @property
    def asked_areas(self) -> tuple[str, ...]:
        """All of them for the whole company; none of a question that only has a topic."""
        return self.areas or (AREA_NAMES if self.is_whole else ())

    @property
    def asks_for_advice(self) -> bool:
        return self.intent in _ASKS_FOR_ADVICE

    @property
    def words(self) -> str:
        """What is asked besides the question's own words."""
        return " ".join((*self.topics, *self.sought, *(one.question for one in self.sub_questions)))

    @property
    def asked_one_by_one(self) -> tuple[str, ...]:
        """What evidence is ranked by, each by itself: what is looked for, the question, topics, sub-questions."""
        return tuple(
            dict.fromkeys((*self.sought, self.text, *self.topics, *(one.question for one in self.sub_questions)))
        )

    def text_without(self, names: Sequence[str]) -> str:
        """The text without the names of a company, whose words say nothing of what is asked: 'Salt Security'."""
        written = (*self.companies, *self.named_before, *names)
        return any_of(tuple(written)).sub(" ", self.text) if written else self.text


def breakdown_question(
    text: str, persona: Persona, known: KnownNames, rules: Rules, asked: AnalysisRules
) -> AnalysisQuestion:
    """The question for the model, which is given what tables of words make of the question."""
    areas = "; ".join(f"{area.name}: {', '.join(area.words[:9])}" for area in AREAS)
    there_is = f"## What there is\n\n- areas: {areas}\n- datasets: {', '.join(rules.datasets)}\n"
    instructions = f"{rules.prompts[RESEARCH_BREAKDOWN].rstrip()}\n\n{there_is}"
    seller = f"{persona.role} of {persona.company}, which sells: {what_is_offered(persona.sells)}"
    before = ", ".join(known.before[:_SHOWN_COMPANIES])
    text = without_orders(text)
    reading = json.dumps(
        _shown(read_question(time_window(joined_verbs(text)).text, _with_own(known, persona))), ensure_ascii=False
    )
    prompt = "\n".join(
        (
            f"<seller>{on_one_line(as_data(seller))}</seller>",
            f"<before>{on_one_line(as_data(before))}</before>",
            f"<question>{as_data(text)}</question>",
            f"<reading>{on_one_line(as_data(reading))}</reading>",
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


def _shown(reading: QuestionReading) -> dict[str, Json]:
    parts = {"companies": reading.companies, "areas": reading.areas, "topics": reading.topics}
    shown = {name: [*part] for name, part in parts.items()}
    return {**shown, "looked_for": [*reading.sought], "asks_for_advice": reading.asks_for_advice}


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


def by_model(
    answer: Breakdown,
    text: str,
    persona: Persona,
    rules: Rules,
    *,
    instructions: str,
    known: KnownNames = NOTHING_KNOWN,
) -> QuestionParts:
    """The parts that the model states and that are allowed; nothing that repeats its instructions."""
    answer = _without_instructions(answer, instructions)
    plain = by_rule(text, persona, rules, because=None, known=known)
    own = _with_own(known, persona)
    reading = read_question(plain.text, own)
    companies = _companies_stated(answer, plain, reading, persona, own)
    areas = _areas_stated(answer, plain, reading)
    topics = (topic for topic in answer.topics if _may_be_searched(topic, plain.text))
    why_not = {one.what: one.why for one in answer.unanswerable if one.what and one.why}
    return replace(
        plain,
        intent=plain.intent if plain.only_fitting else answer.intent,
        companies=each_by_its_website(companies) or plain.companies,
        areas=areas or plain.areas,
        topics=tuple(dict.fromkeys(topics)),
        datasets=_known((*answer.datasets, *(d for one in answer.sub_questions for d in one.datasets)), rules),
        sub_questions=tuple(
            LookUp(one.question, _known(one.datasets, rules))
            for one in answer.sub_questions
            if one.question and not is_an_order(one.question)
        ),
        unanswerable={**plain.unanswerable, **why_not},
        by="model",
        because=None,
        unsure=() if companies else plain.unsure,
        unread=plain.unread if (areas, answer.topics) == (plain.areas, [*plain.topics]) else (),
    )


def _companies_stated(
    answer: Breakdown, plain: QuestionParts, reading: QuestionReading, persona: Persona, own: KnownNames
) -> list[str]:
    """Companies that the model states and the question names, the seller's aside; then those that are surely named."""
    named = [one.name for one in answer.companies if _is_named(one.name, plain.text)]
    others = [name for name in named if not _is_of(name, persona, own) and reading.may_be_asked_about(name)]
    return [*others, *(name for name in plain.companies if name in reading.sure_companies or _begins_small(name))]


def _areas_stated(answer: Breakdown, plain: QuestionParts, reading: QuestionReading) -> tuple[str, ...]:
    """The areas that the model states, but for those that the question's words rule out."""
    if plain.only_fitting:
        return plain.areas
    if reading.looks_for_technology and answer.intent not in _ASKS_FOR_ADVICE:
        return ("technology",)
    areas = tuple(dict.fromkeys(name for name in answer.areas if name in AREA_NAMES))
    if "size" in plain.areas and "people" not in plain.areas:
        return tuple(name for name in areas if name != "people")  # how many people work there is no person
    return areas


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
    text: str,
    persona: Persona,
    rules: Rules,
    *,
    because: str | None,
    area: str | None = None,
    known: KnownNames = NOTHING_KNOWN,
) -> QuestionParts:
    """The parts by tables of words and known names. area: the one that it is about, where that is known."""
    asking = without_orders(text)
    about = about_research(asking)
    window = time_window(joined_verbs(about.text))
    reading = read_question(window.text, _with_own(known, persona))
    parts = _by_what_fits(_as_read(reading, area), window.text, known)
    parts = _of_the_one_picked(parts, window.text)
    compares = _COMPARES.search(window.text) is not None
    chosen = parts.areas or (() if parts.topics and not parts.asks_for_advice else AREA_NAMES)
    clauses = _CLAUSE.split(window.text)
    return replace(
        parts,
        intent="compare" if compares and len(parts.companies) > 1 else parts.intent,
        datasets=datasets_of(chosen, rules),
        sub_questions=_asked_of_areas(chosen, parts.companies, persona, rules),
        because=because,
        goes_on=_GOES_ON.search(window.text) is not None,
        compares=compares,
        compares_with_before=any(_COMPARES.search(one) and _GOES_ON.search(one) for one in clauses),
        about_research=about.asks,
        text=window.text,
        days=window.days,
        since=window.since,
        unanswerable={**(_ORDERS if asking != text else {}), **parts.unanswerable},
    )


def _as_read(reading: QuestionReading, area: str | None) -> QuestionParts:
    """What the tables of words make of a question, without its datasets. area: as of by_rule; it leaves no topic."""
    areas = reading.areas if area is None else (area,)
    is_open = area is None
    return QuestionParts(
        intent="position" if reading.asks_for_advice else "look_up" if areas or reading.topics else "other",
        companies=reading.companies,
        areas=areas,
        topics=reading.topics if is_open else (),
        datasets=(),
        sub_questions=(),
        things=reading.things if is_open else (),
        sought=reading.sought if is_open else (),
        unsure=reading.unsure,
        restates=reading.restates,
        places=reading.places,
        asks_for_a_list=reading.asks_for_a_list,
        asks_for_all=reading.asks_for_all,
        is_of_competitors=reading.is_of_competitors,
        is_of_our_rivals=reading.is_of_our_rivals,
        contact_details=reading.contact_details,
        is_sure=reading.is_sure,
        roles=reading.roles,
        unread=reading.unread if is_open else (),
        asks_what_it_is=reading.asks_what_it_is,
        beside_ours=reading.beside_ours,
        beside_advice=reading.beside_advice,
        unanswerable=dict.fromkeys(reading.private, _PRIVATE),
    )


def _by_what_fits(parts: QuestionParts, text: str, known: KnownNames) -> QuestionParts:
    """Of several companies the one to begin with: by the needs of each that meet the offer, of what costs little."""
    is_of_several = len(parts.companies) > 1 or (
        not parts.companies and len(known.before) > 1 and _ONE_OF_THEM.search(text) is not None
    )
    if not (is_of_several and asks_whom_first(text)) or not {*parts.areas} <= {"people"}:
        return parts
    return replace(parts, intent="position", areas=_TELL_OF_NEEDS, topics=(), sought=(), only_fitting=True)


def _of_the_one_picked(parts: QuestionParts, text: str) -> QuestionParts:
    """Of 'what did the smaller of them announce?' the figure that picks one is told besides, as the reason."""
    asked = picks_one_by(text)
    others = {*parts.areas} - ({asked.measure.area} if asked is not None else set())
    if asked is None or not (others or parts.roles or parts.topics):
        return parts
    return replace(parts, picks_by=asked, areas=tuple(dict.fromkeys((*parts.areas, asked.measure.area))))


def _asked_of_areas(
    areas: Sequence[str], companies: Sequence[str], persona: Persona, rules: Rules
) -> tuple[LookUp, ...]:
    """A sub-question for each of these areas, about the first company."""
    asked = {area.name: area.next_question for area in AREAS}
    company = companies[0] if companies else "the company"
    return tuple(
        LookUp(asked[name].format(company=company, vendor=persona.company), datasets_of((name,), rules))
        for name in areas
    )


def _with_own(known: KnownNames, persona: Persona) -> KnownNames:
    domain = registrable_domain(persona.company)
    own = (persona.company, persona.name, *((domain.partition(".")[0],) if domain is not None else ()))
    return replace(known, own=own)


def asks_what_nobody_knows(parts: QuestionParts) -> bool:
    """Nothing but what no source can answer: nothing is looked up."""
    asked = parts.areas or parts.topics or parts.sought or parts.unsure or parts.asks_for_advice
    if _PRIVATE in parts.unanswerable.values() and not asked:
        return True
    asks_besides = parts.companies or (parts.text and parts.unanswerable == _ORDERS)
    return bool(parts.unanswerable) and not (asked or asks_besides)


def asks_nothing(parts: QuestionParts) -> bool:
    """Whether a text asks nothing, such as 'hi': no company, area or topic, and nothing that could be looked up."""
    text = parts.text
    if parts.companies or parts.unsure or parts.topics or parts.sought or parts.intent not in ("other", "look_up"):
        return False
    if _CLOSES.search(text):
        return True
    if parts.asks_for_all or parts.compares or parts.areas or roles_in(text):
        return False
    return not content_words(text)


def is_unread(parts: QuestionParts) -> bool:
    """Whether nothing says what a further question asks, such as 'translate it': the whole company is not meant."""
    says_what = parts.companies or parts.asks_for_advice or parts.asks_for_all or parts.compares or parts.places
    return parts.is_whole and not (says_what or parts.areas or parts.unsure)


def _may_be_searched(topic: str, text: str) -> bool:
    """Words of anybody, but no address or search operator that the question does not have."""
    marked = [word for word in topic.split() if re.search(r"[.:/\\@]\w", word)]
    return bool(topic) and not is_an_order(topic) and all(word.casefold() in text.casefold() for word in marked)


def _is_of(name: str, persona: Persona, own: KnownNames) -> bool:
    domain = registrable_domain(persona.company)
    return own.is_own(name) or (domain is not None and registrable_domain(name) == domain)


def _is_named(name: str, text: str) -> bool:
    wanted, shown = on_one_line(name).casefold(), on_one_line(text).casefold()
    return bool(wanted) and re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", shown) is not None


def _begins_small(name: str) -> bool:
    """Whether a name begins with a small letter, such as eBay, and is no other word."""
    return name[:1].islower() and not name.islower()


def _known(datasets: Sequence[str], rules: Rules) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in datasets if name in rules.datasets))
