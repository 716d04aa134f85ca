"""The claims that an answer on a company says: chosen, counted, or of open positions, as its question asks. Pure.

claims of the model + spare ones + QuestionAsked -> chosen -> how many are known | positions wanted -> ClaimsToSay
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from enrichment.analysis.evidence import Passage
from enrichment.domain.numbers import in_number
from enrichment.research.answers.answer import OpenPoint
from enrichment.research.answers.conclusions import with_count
from enrichment.research.answers.positions_wanted import PositionsFound, positions_wanted, with_positions
from enrichment.research.answers.question_asked import FOUND, QuestionAsked
from enrichment.research.answers.recommendations import opening_of
from enrichment.research.answers.selection import chosen
from enrichment.research.answers.unmet_words import asked_in_vain
from enrichment.research.claims.claim import CheckedClaim
from enrichment.research.evidence.event_days import event_day
from enrichment.research.evidence.passages import Sides
from enrichment.research.evidence.relevance import content_words
from enrichment.research.questions.advice_asked import asks_for_sentence
from enrichment.research.questions.areas import AREAS
from enrichment.research.questions.breakdown import QuestionParts
from enrichment.research.questions.measures import OPENINGS, MeasureAsked, measure_asked
from enrichment.research.questions.positions_asked import are_positions_asked, positions_asked
from enrichment.research.questions.to_the_point import asks_what_is_common
from enrichment.rules.names_for_people import called

_THEY = re.compile(r"^They (are|run)\b")
_LISTS = ("tech_stack", "purchase_intent")
_ONLY_NEWEST = re.compile(
    r"\b(?:latest|newest|last|most recent) (?:[a-z]+ )?(?:announcement|headline|news item|press release|story)\b", re.I
)
_EVENTS = ("recent_news", "purchase_intent", *FOUND)
_ONE_OF_THEM = {"are": "is", "run": "runs"}


@dataclass(frozen=True, slots=True)
class ClaimsToSay:
    """open_points: of what was counted or looked through. met: what the question names and an open position is.

    none_wanted: open positions are known, and none of them is what the question asks for.
    """

    claims: Sequence[CheckedClaim]
    open_points: tuple[OpenPoint, ...] = ()
    met: frozenset[str] = frozenset()
    none_wanted: bool = False


def claims_to_say(
    kept: Sequence[CheckedClaim],
    spare: Sequence[CheckedClaim],
    asked: QuestionAsked,
    parts: QuestionParts,
    sides: Sides,
) -> ClaimsToSay:
    """kept: the model's claims; spare: those of the evidence as it is."""
    claims = chosen(kept, spare, asked, sides)
    if sides.company.company_id == sides.vendor.company_id:
        claims = [claim for claim in claims if claim.kind != "recommendation"]  # nobody sells to themselves
    if parts.only_fitting:
        claims = _fitting(claims, asked if parts.of_answer else None)
    if asked.advice and asks_for_sentence(parts.text):
        claims = _one_sentence(claims, sides)
    if parts.asks_for_advice:
        claims = _what_happens(claims, parts.beside_advice)
    if _ONLY_NEWEST.search(parts.text):
        claims = _newest(claims)
    claims, beside = _without_lists_beside(claims, asked, parts, sides)
    claims = [_of_company(claim, sides.names[0], parts) for claim in claims]
    claims, points = _as_counted(claims, sides, asked, parts)
    claims, positions = _positions(claims, sides, asked, parts)
    none_wanted = bool(positions.known) and not positions.passages
    return ClaimsToSay(claims, (*beside, *points, *positions.open_points), positions.met, none_wanted)


def _without_lists_beside(
    claims: Sequence[CheckedClaim], asked: QuestionAsked, parts: QuestionParts, sides: Sides
) -> tuple[list[CheckedClaim], list[OpenPoint]]:
    """Where one thing is asked for by a yes or a no: no list of other things, but how many were looked through."""
    point = asked.point
    findings = [claim for claim in claims if claim.kind == "finding"]
    if not findings or asked.advice or point is None or point.aspects or point.named:
        return [*claims], []
    lists = [one for one in sides.evidence.passages if one.dataset in _LISTS and one.dataset in point.datasets]
    what = asked_in_vain(parts.text, (*parts.companies, *sides.names, sides.vendor.name or ""), findings)
    if not lists or not what:
        return [*claims], []
    kinds = ", ".join(dict.fromkeys(called(one.dataset) for one in lists))
    why = f"none of {in_number(len(lists), 'entry')} that are known of {kinds} names it"
    return [claim for claim in claims if claim.kind != "finding"], [OpenPoint(what, why, sides.company.key)]


def _one_sentence(claims: Sequence[CheckedClaim], sides: Sides) -> list[CheckedClaim]:
    """The first sentence that advice gives to write, and to whom; no sentence where nothing is to be recommended."""
    openings = (opening_of(one, sides) for one in claims if one.kind == "recommendation")
    people = [one for one in claims if one.kind == "person"]
    return [*[one for one in openings if one is not None][:1], *people]


def _what_happens(claims: Sequence[CheckedClaim], areas: Sequence[str]) -> list[CheckedClaim]:
    """Of what is known that with which one may begin: advice and what it rests on, what happens, people.

    areas: what is asked for as well.
    """
    telling_datasets = {*_EVENTS, *(dataset for area in AREAS if area.name in areas for dataset in area.told_by)}
    rests_on = {_needed(one).text for one in claims if one.kind == "recommendation"}
    telling = (
        one
        for one in claims
        if one.kind != "finding" or _needed(one).dataset in telling_datasets or _needed(one).text in rests_on
    )
    return [*telling] or [*claims]


def _newest(claims: Sequence[CheckedClaim]) -> list[CheckedClaim]:
    """Of headlines the newest alone."""
    news = [one for one in claims if _needed(one).dataset == "recent_news"]
    newest = max(news, key=lambda one: event_day(_needed(one).facts[0].value) or date.min, default=None)
    return [one for one in claims if one not in news or one is newest]


def _fitting(claims: Sequence[CheckedClaim], asked: QuestionAsked | None) -> list[CheckedClaim]:
    """Advice, and what it rests on. asked: the question that the advice is to be about; None: the whole company."""
    advice = [one for one in claims if one.kind == "recommendation"]
    advice = [one for one in advice if asked is None or _needed(one).dataset in asked.datasets]
    needed = [_needed(one).text for one in advice]
    return [*advice, *(one for one in claims if one.kind == "finding" and _needed(one).text in needed)]


def _needed(claim: CheckedClaim) -> Passage:
    return claim.citations[0].passage


def measure_of(parts: QuestionParts) -> MeasureAsked | None:
    """What the question counts or compares; None: nothing."""
    return measure_asked(parts.text, parts.areas, compares=parts.compares and not asks_what_is_common(parts.text))


def _of_company(claim: CheckedClaim, name: str, parts: QuestionParts) -> CheckedClaim:
    """With the company, where the question asks for a person by name or about several companies."""
    if parts.of_several and claim.kind == "recommendation":
        return replace(claim, text=_THEY.sub(lambda they: f"{name} {_ONE_OF_THEM[they[1].casefold()]}", claim.text))
    is_sought = claim.text.partition(":")[0].rstrip(".") in parts.sought or parts.of_several
    return replace(claim, text=f"{claim.text.rstrip('.')}, {name}.") if is_sought and claim.kind == "person" else claim


def _as_counted(
    claims: Sequence[CheckedClaim], sides: Sides, asked: QuestionAsked, parts: QuestionParts
) -> tuple[list[CheckedClaim], list[OpenPoint]]:
    """How many are known, where that is asked."""
    measure = measure_of(parts)
    if measure is None or not measure.measure.is_counted or measure.measure is OPENINGS or asked.advice:
        return [*claims], []
    words = [word for words in parts.sought for word in words.casefold().split() if content_words(word)]
    wanted = tuple(dict.fromkeys((*asked.roles, *words)))
    return with_count(claims, sides, measure.measure, wanted, " or ".join(parts.sought or wanted))


def _positions(
    claims: Sequence[CheckedClaim], sides: Sides, asked: QuestionAsked, parts: QuestionParts
) -> tuple[list[CheckedClaim], PositionsFound]:
    """Of open positions those that the question is for, or how many of them are known."""
    measure = measure_of(parts)
    is_counted = measure is not None and measure.measure is OPENINGS
    if asked.advice or not (is_counted or are_positions_asked(parts.text, parts.areas)):
        return [*claims], PositionsFound()
    wanted = positions_asked(parts.text_without(sides.names), parts.sought)
    if not (wanted.wanted or is_counted):
        return [*claims], PositionsFound()
    found = positions_wanted(sides, wanted)
    return with_positions(claims, found, sides, is_counted=is_counted), found
