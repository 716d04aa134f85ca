"""Which claims an answer makes, in which order: those of the model and those of the evidence as it is. Pure.

    claims of the model + spare ones + QuestionAsked -> claims

Of a narrow question what says more than is asked is left out, whichever made it; what says it most directly is first.
The model's sentence is taken before another one on the same passage.
"""

from collections.abc import Iterable, Iterator, Sequence

from enrichment.domain.values import CompetitorMention, EmployeeCount
from enrichment.research.answers.answer_without_model import is_range
from enrichment.research.answers.people import contact_rank, fits_role, nearest, with_why
from enrichment.research.answers.question_asked import FOUND, QuestionAsked
from enrichment.research.answers.recommendations import runs_what_is_sold
from enrichment.research.answers.statements import in_full
from enrichment.research.claims.claim import CheckedClaim, ClaimKind
from enrichment.research.evidence.passages import Sides
from enrichment.research.evidence.relevance import words_in
from enrichment.research.questions.to_the_point import Point

_FINDINGS, _PEOPLE, _RECOMMENDATIONS = 8, 3, 3
_PLACE = "headquarters"
"""Of which one is enough: sources write the same place in several ways."""
_FIGURES = ("headquarters", "founded")
_OF_A_FIGURE = {"place", "founding"}
"""Aspects that such a figure is all of."""
_JOINING = frozenset({"is", "was", "are", "an", "the", "and", "its", "it", "in", "of"})
_SENTENCE = 4
"""A name of fewer words may be a part of another one: 'Java', 'JavaScript'."""


def chosen(
    kept: Sequence[CheckedClaim], spare: Sequence[CheckedClaim], asked: QuestionAsked, sides: Sides
) -> list[CheckedClaim]:
    """Recommendations, findings, people; people first where a narrow question asks for them."""
    findings, people = _findings(kept, spare, asked, sides), _people(kept, spare, asked, sides)
    asks_people = not asked.advice and "key_contacts" in asked.datasets
    return [*_recommendations(kept, spare, asked, sides), *(people + findings if asks_people else findings + people)]


def _recommendations(
    kept: Sequence[CheckedClaim], spare: Sequence[CheckedClaim], asked: QuestionAsked, sides: Sides
) -> list[CheckedClaim]:
    """None of a question that asks for no advice. On the topic of the question first."""
    if not asked.advice:
        return []
    own = [one for one in _of("recommendation", kept) if not runs_what_is_sold(one.citations[0].passage, sides)]
    others = _of("recommendation", spare)
    on_topic = [one for one in (*own, *others) if asked.topic_words and _dataset(one) in FOUND]
    return _once((*on_topic[:1], *(own or others)))[:_RECOMMENDATIONS]


def _findings(
    kept: Sequence[CheckedClaim], spare: Sequence[CheckedClaim], asked: QuestionAsked, sides: Sides
) -> list[CheckedClaim]:
    own = [in_full(one, sides.names[0]) for one in _of("finding", kept) if _names_its_rival(one) and _is_legible(one)]
    others = [one for one in _of("finding", spare) if _is_legible(one)]
    if any(_is_headcount(one) and not is_range(one.citations[0].passage) for one in (*own, *others)):
        own, others = ([one for one in said if not is_range(one.citations[0].passage)] for said in (own, others))
    if asked.point is None:
        on_topic = [one for one in (*own, *others) if asked.topic_words and _dataset(one) in FOUND]
        return _once((*on_topic, *(own or others)))
    ranked = [(rank, one) for one in (*own, *others) if (rank := rank_of(one, asked.point)) is not None]
    found = _once(one for _, one in sorted(ranked, key=lambda pair: pair[0]))
    doubled = [*_in_more_words(found, asked.point)]
    places = sorted((one for one in found if _dataset(one) == _PLACE), key=_reliability, reverse=True)
    return [one for one in found if one not in (*places[1:], *doubled)][:_FINDINGS]


def _in_more_words(found: Sequence[CheckedClaim], point: Point) -> Iterator[CheckedClaim]:
    """Sentences that only say what a figure beside them says: 'It was founded in 1923.' beside 1923."""
    told = {one.name for one in point.aspects if any(_dataset(claim) in one.datasets[:1] for claim in found)}
    told &= _OF_A_FIGURE
    for claim in found:
        cited = claim.citations[0]
        says = {one.name for one in point.aspects if one.rank(cited.passage, cited.quote) is not None}
        if says and says <= told and _dataset(claim) not in _FIGURES:
            yield claim


def _people(
    kept: Sequence[CheckedClaim], spare: Sequence[CheckedClaim], asked: QuestionAsked, sides: Sides
) -> list[CheckedClaim]:
    """First those whose work what is sold is for; where that is not known, as the model has them.

    Where a role is asked for, only those with it; if nobody has it, the nearest.
    """
    if "key_contacts" not in asked.datasets:
        return []
    own, others = _of("person", kept), _of("person", spare)
    if asked.roles:
        both = [one for one in (*own, *others) if fits_role(one.citations[0].passage, asked.roles)]
        return _once(both)[:_PEOPLE] or nearest(sides, asked.roles)
    both = [with_why(one, sides) for one in _once((*own, *others))]
    fitting = [one for one in both if one.why is not None]
    if fitting or not own:
        return sorted(both, key=lambda one: contact_rank(one.citations[0].passage, sides))[:_PEOPLE]
    return own[:_PEOPLE]


def rank_of(claim: CheckedClaim, point: Point) -> int | None:
    """How directly its quote says what is asked; None: not at all."""
    cited = claim.citations[0]
    ranks = [rank for line in cited.quote.split("\n") if (rank := point.rank(cited.passage, line)) is not None]
    return min(ranks, default=None)


def _is_headcount(claim: CheckedClaim) -> bool:
    return isinstance(claim.citations[0].passage.facts[0].value, EmployeeCount)


def _reliability(claim: CheckedClaim) -> float:
    return claim.citations[0].passage.facts[0].reliability


def _is_legible(claim: CheckedClaim) -> bool:
    """Whether no letter of its quote was lost on the way."""
    return "\ufffd" not in claim.citations[0].quote


def _names_its_rival(claim: CheckedClaim) -> bool:
    """Whether a claim of a page that compares companies names one of them; True for any other page."""
    cited = claim.citations[0]
    rivals = [one.value.name for one in cited.passage.facts if isinstance(one.value, CompetitorMention)]
    return not rivals or any(rival.casefold() in cited.quote.casefold() for rival in rivals)


def _of(kind: ClaimKind, claims: Iterable[CheckedClaim]) -> list[CheckedClaim]:
    return [one for one in claims if one.kind == kind]


def _dataset(claim: CheckedClaim) -> str:
    return claim.citations[0].passage.dataset


def _once(claims: Iterable[CheckedClaim]) -> list[CheckedClaim]:
    """The claims, only the first of those on the same words."""
    found = list[CheckedClaim]()
    for one in claims:
        if not any(_says_the_same(one, other) for other in found):
            found.append(one)
    return found


def _says_the_same(one: CheckedClaim, other: CheckedClaim) -> bool:
    here, there = one.citations[0], other.citations[0]
    if one.kind != other.kind or here.passage.dataset != there.passage.dataset:
        return False
    quotes = [cited.quote.strip(" .|-").casefold() for cited in (here, there)]
    shorter, longer = sorted(quotes, key=len)
    if shorter == longer or (len(shorter.split()) >= _SENTENCE and shorter in longer):
        return True
    return len(shorter.split()) >= _SENTENCE and _telling_words(shorter) == _telling_words(longer)


def _telling_words(quote: str) -> list[str]:
    """In any order: a sentence that is only turned round says the same."""
    return sorted(word for word in words_in(quote) if word not in _JOINING)
