"""What a question asks about a company and its claims do not say, in the order of the answer. Pure.

evidence + claims -> datasets that nothing satisfies, areas and aspects that no claim tells of    (priced elsewhere)
                  -> words, people and advice that no claim has; what says it more exactly stands in for the rest
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from enrichment.analysis.evidence import Passage
from enrichment.domain.research import Persona
from enrichment.research.answers.answer import OpenPoint, day_in_words, missing_points
from enrichment.research.answers.claims_to_say import ClaimsToSay
from enrichment.research.answers.kinds_asked import kinds_asked, kinds_missing, not_known
from enrichment.research.answers.missing_reasons import NOT_TOLD, NOTHING_KNOWN
from enrichment.research.answers.open_points import (
    is_told_without,
    nobody_fits,
    none_fits,
    none_speaks,
    not_among_the_known,
    nothing_to_recommend,
    only_ranges,
    sources_differ,
    unanswered_areas,
    unanswered_aspects,
    unfound_words,
)
from enrichment.research.answers.people import fits_role
from enrichment.research.answers.unmet_words import are_beside, unmet_words
from enrichment.research.claims.claim import CheckedClaim
from enrichment.research.company_answers.company_evidence import CompanyEvidence
from enrichment.research.questions.areas import AREAS, datasets_of
from enrichment.research.questions.breakdown import QuestionParts
from enrichment.research.questions.to_the_point import Aspect
from enrichment.research.questions.topics import RESULTS, found_on
from enrichment.research.requests.topic_searches import most_of
from enrichment.rules import Rules
from enrichment.rules.names_for_people import called
from enrichment.rules.requirements import topic_of

_NO_DETAILS = "how to reach a person is in no answer: the profile of the company has the addresses that are known"


def unsatisfied(evidence: CompanyEvidence, claims: Sequence[CheckedClaim], rules: Rules) -> list[OpenPoint]:
    """Datasets of the profile that nothing satisfies; of a narrow question without what its claims tell otherwise."""
    one = evidence.collected
    told = {cited.passage.dataset for claim in claims for cited in claim.citations}
    return [
        point
        for point in missing_points(one.company, one.profile, one.done, one.known, rules)
        if evidence.parts.is_whole or not is_told_without(point.what, told, rules)
    ]


def untold(
    evidence: CompanyEvidence, claims: Sequence[CheckedClaim], missing: Collection[str], rules: Rules
) -> list[OpenPoint]:
    """Aspects of the question that no claim tells of, else its areas. missing: datasets that are open points."""
    one, found, asked = evidence.collected, evidence.found, evidence.asked
    if evidence.parts.only_fitting:
        return []
    aspects = [] if asked.point is None else [
        *unanswered_aspects(asked.point, claims, one.company, one.known, rules),
        *only_ranges(asked.point, claims, one.company),
    ]  # fmt: skip
    if aspects or (asked.point is not None and asked.point.subjects):
        return aspects
    looked_for_in = {"technology": (*found.technologies, *found.kinds), "people": (*found.people, *asked.roles)}
    said = {area for area, names in looked_for_in.items() if names}
    return [
        point
        for point in unanswered_areas(evidence.parts, claims, one.company, one.known, rules)
        if point.what not in said and not set(missing) & set(datasets_of((point.what,), rules))
    ]


def in_one_list(
    evidence: CompanyEvidence,
    said: ClaimsToSay,
    claims: Sequence[CheckedClaim],
    priced: Sequence[OpenPoint],
    *,
    persona: Persona,
    rules: Rules,
) -> list[OpenPoint]:
    """All open points, each once. claims: those said, compared with replies; priced: points that have their price."""
    parts, one = evidence.parts, evidence.collected
    points = [*_unsaid(evidence, claims, persona, rules), *priced]
    if more := [*said.open_points, *evidence.older]:  # they say it more exactly
        points = [*more, *(point for point in points if point.what not in (*parts.areas, *parts.sought))]
    points += sources_differ(claims)
    points += not_among_the_known(one.company, evidence.found, one.known, rules)
    points = _first_of_each(point for point in points if point.what not in said.met)
    points = one_of_each_area(
        points, evidence.parts, () if evidence.asked.point is None else evidence.asked.point.aspects
    )
    unmet = [*_kinds_missing(evidence, claims), *_unmet(evidence, claims, points, persona)]
    return [*unmet, *points] if is_beside(evidence, said, claims, persona) else [*points, *unmet]


def _first_of_each(points: Iterable[OpenPoint]) -> list[OpenPoint]:
    """Of several points on the same, the first, where the last of them is."""
    return [*{point.what: point for point in reversed([*points])}.values()][::-1]


def one_of_each_area(points: Sequence[OpenPoint], parts: QuestionParts, aspects: Collection[Aspect]) -> list[OpenPoint]:
    """Of a narrow question's area one open point, with all that was asked for it: 'competitors', not its datasets too.

    aspects: of the question; an open one stands for its area.
    """
    left = [*points]
    for area in AREAS if not parts.is_whole else ():
        if area.name in parts.areas:
            own = {area.name, *area.datasets, *area.told_by}
            of_it = {one.name for one in aspects if not own.isdisjoint(one.datasets)}
            leads = [point for point in left if point.what in of_it] or [p for p in left if p.what == area.name]
            members = [point for point in left if point.what in own]
            first = next(iter([*leads, *members]), None)
            others = [one for one in members if one is not first]
            if first is not None and others:
                left = [_together(first, others) if one is first else one for one in left if one not in others]
    return left


def _together(first: OpenPoint, others: Sequence[OpenPoint]) -> OpenPoint:
    every = [first, *others]
    reasons = [one.because for one in every if one.because not in (NOTHING_KNOWN, NOT_TOLD)] or [first.because]
    prices = [one.micro_usd for one in every if one.micro_usd]
    return replace(
        first,
        because="; ".join(dict.fromkeys(reasons)),
        asked=tuple(dict.fromkeys(asked for one in every for asked in one.asked)),
        micro_usd=max(prices, default=None),
    )


def _unsaid(
    evidence: CompanyEvidence, claims: Sequence[CheckedClaim], persona: Persona, rules: Rules
) -> list[OpenPoint]:
    """What the question asks and no claim says, where no source could be asked for more."""
    both, parts, asked, found = evidence.whole, evidence.parts, evidence.asked, evidence.found
    points = [OpenPoint(one, _NO_DETAILS, both.company.key) for one in parts.contact_details]
    if (claims or parts.only_fitting) and _lacks_advice(evidence, claims):
        points.append(nothing_to_recommend(both))
    people = [claim for claim in claims if claim.kind == "person"]
    are_named_by_rank = bool(people) and all(claim.why is None for claim in people)
    if are_named_by_rank and not (asked.roles or parts.sought or evidence.is_own):
        points.append(nobody_fits(both, persona))
    points += none_fits(both, claims, parts.text, persona)
    known_not = {*found.technologies, *found.people, *found.kinds_asked}
    words = [one for one in unfound_words(parts, claims) if not {one, one.casefold()} & known_not]
    words = [one for one in words if not _is_searched_in_vain(one, evidence)]  # the topic is an open point
    return [*points, *(_unfound(one, evidence, rules) for one in words)]


def _lacks_advice(evidence: CompanyEvidence, claims: Sequence[CheckedClaim]) -> bool:
    recommends = any(claim.kind == "recommendation" for claim in claims)
    return evidence.asked.advice and not evidence.is_own and not recommends


def _is_searched_in_vain(words: str, evidence: CompanyEvidence) -> bool:
    topics = (one for one in evidence.collected.searched.topics if not found_on(one, evidence.collected.known))
    return any(_covers(topic, words) for topic in topics)


def _covers(topic: str, words: str) -> bool:
    return {*topic_of(words).split()} <= {*topic.split()}


def _unfound(words: str, evidence: CompanyEvidence, rules: Rules) -> OpenPoint:
    """Where no dataset answers it and it was not searched for, with the price of a search."""
    parts, both = evidence.parts, evidence.whole
    searched = [one for one in evidence.collected.known.replies if one.topic and _covers(one.topic, words)]
    if searched:
        asked = tuple(f"asked {called(one.source)} on {day_in_words(one.collected_at)}" for one in searched)
        return OpenPoint(
            words, "it was searched for, and no passage that was found speaks of it", both.company.key, asked
        )
    if parts.areas or parts.topics or RESULTS not in rules.datasets:
        told_by = {dataset for area in AREAS if area.name in parts.areas for dataset in area.told_by}
        why = none_speaks(evidence.collected.known, told_by) or "no passage that was found speaks of it"
        return OpenPoint(words, why, both.company.key)
    asks = f'"What about {words} at {both.names[0]}?" searches for it'
    why = f"no dataset answers it, and no passage that is known speaks of it: {asks}"
    return OpenPoint(words, why, both.company.key, micro_usd=most_of(RESULTS, rules) or None)


def _unmet(
    evidence: CompanyEvidence, claims: Sequence[CheckedClaim], points: Sequence[OpenPoint], persona: Persona
) -> list[OpenPoint]:
    """An open point for the words of the question that neither a claim nor another open point speaks of."""
    names = _names(evidence, persona)
    if not (claims or points):
        return []
    unmet = unmet_words(evidence.parts.text, names, claims, points)
    return [OpenPoint(unmet.words, unmet.because, evidence.company.key)] if unmet.words else []


def _kinds_missing(evidence: CompanyEvidence, claims: Sequence[CheckedClaim]) -> list[OpenPoint]:
    """A number, day or place that is asked for and no claim states."""
    missing = kinds_missing(evidence.parts.text, claims) if _looks_up(evidence, claims) else ()
    return [OpenPoint(what, why, evidence.company.key) for what, why in not_known(missing)]


def is_beside(evidence: CompanyEvidence, said: ClaimsToSay, claims: Sequence[CheckedClaim], persona: Persona) -> bool:
    """Whether no claim speaks of what a question names in particular, or is of a kind that it asks for.

    Nor is one an answer where words of the question could not be read.
    """
    parts = evidence.parts
    if parts.asks_for_advice and _lacks_advice(evidence, claims):
        return bool(claims)  # no word of theirs is an answer
    if not _looks_up(evidence, claims):
        return False
    if (
        parts.unread
        or said.none_wanted
        or _lacks_role(evidence, claims)
        or none_fits(evidence.whole, claims, parts.text, persona)
    ):
        return True
    kinds = kinds_asked(parts.text)
    if kinds and kinds == kinds_missing(parts.text, claims):
        return True
    return are_beside(parts.text, _names(evidence, persona), claims)


def _lacks_role(evidence: CompanyEvidence, claims: Sequence[CheckedClaim]) -> bool:
    """Whether all that is said are people, and none of them has the role that is asked for."""
    roles = evidence.asked.roles
    people = [claim for claim in claims if claim.kind == "person"]
    return bool(roles) and people == [*claims] and not any(fits_role(_quoted(one), roles) for one in people)


def _quoted(claim: CheckedClaim) -> Passage:
    return claim.citations[0].passage


def _looks_up(evidence: CompanyEvidence, claims: Sequence[CheckedClaim]) -> bool:
    """Whether claims are to answer a narrow question."""
    parts = evidence.parts
    return bool(claims) and not (evidence.asked.advice or parts.is_whole or parts.of_answer)


def _names(evidence: CompanyEvidence, persona: Persona) -> tuple[str, ...]:
    """What the question names that is no word of it."""
    both, parts = evidence.sides, evidence.parts
    own = (both.vendor.name or "", persona.company, persona.name)
    return (*parts.companies, *parts.named_before, *both.names, *own, *evidence.found.kinds_asked)
