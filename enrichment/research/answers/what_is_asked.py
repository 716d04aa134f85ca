"""What an answer is to say: of a narrow question its point, of one for advice all that bears on it. Pure.

text + parts + evidence of both sides -> QuestionAsked: which datasets, roles and lines count, and if advice is wanted
"""

from collections.abc import Collection, Sequence

from enrichment.analysis.evidence import Passage
from enrichment.research.answers.people import fits_role
from enrichment.research.answers.question_asked import QuestionAsked
from enrichment.research.claims.claim import CheckedClaim
from enrichment.research.evidence.passages import Sides
from enrichment.research.evidence.relevance import content_words
from enrichment.research.questions.areas import AREAS
from enrichment.research.questions.breakdown import QuestionParts
from enrichment.research.questions.to_the_point import first_line, point_of, subjects_of
from enrichment.research.questions.topics import PAGE, RESULTS

_LISTED = ("key_contacts", "tech_stack", "hiring_trends", "recent_news")
_LOOKS_UP = ("look_up", "other", "compare")


def what_is_asked(
    text: str,
    parts: QuestionParts,
    sides: Sides,
    collected: Collection[str],
    *,
    topics: Sequence[str] = (),
    looked_for: Collection[str] = (),
    among: frozenset[str] | None = None,
) -> QuestionAsked:
    """collected: datasets that were asked for. topics: that were searched for. looked_for: technologies that are named.

    among: first lines, where some count.
    """
    topics = topics or parts.topics
    topics = topics if parts.areas else (*topics, *parts.sought)
    looks_up = parts.intent in _LOOKS_UP
    is_narrow = not parts.is_whole or (bool(topics) and looks_up)
    datasets, point = set(collected), None
    if is_narrow:
        told_by = [area.told_by for area in AREAS if area.name in parts.areas]
        datasets = {RESULTS, PAGE}.union(*told_by) if told_by or topics else datasets
        areas = told_by or ([] if topics else [tuple(datasets)])
        runs_on = technologies_known(sides)
        subjects = subjects_of(parts.sought, parts.areas, text)
        point = point_of(
            text,
            areas,
            runs_on,
            topics=topics,
            looked_for=looked_for,
            among=among,
            subjects=subjects,
            area_names=parts.areas,
        )
    return QuestionAsked(
        datasets=frozenset(datasets),
        roles=parts.roles,
        words=frozenset(content_words(f"{text} {parts.words}")),
        topic_words=frozenset(content_words(" ".join(topics))),
        point=point,
        advice=not is_narrow or not looks_up,
    )


def known_besides(sides: Sides, asked: QuestionAsked, claims: Sequence[CheckedClaim]) -> dict[str, int]:
    """How many more values than the answer lists are known that answer the question: dataset -> count."""
    found = dict[str, int]()
    for dataset in _LISTED:
        pieces = [one for one in sides.evidence.passages if one.dataset == dataset and _answers(one, asked)]
        said = {one.passage.text for claim in claims for one in claim.citations if one.passage.dataset == dataset}
        if (said or not claims) and (more := len({one.text for one in pieces} - said)):
            found[dataset] = more
    return found


def _answers(passage: Passage, asked: QuestionAsked) -> bool:
    if passage.dataset == "key_contacts":
        return not asked.roles or fits_role(passage, asked.roles)
    return asked.point is None or asked.point.rank(passage, passage.text.partition("\n")[0]) is not None


def technologies_known(sides: Sides) -> set[str]:
    """Names of known technologies, in small letters."""
    return {first_line(one.text) for one in sides.evidence.passages if one.dataset == "tech_stack"}
