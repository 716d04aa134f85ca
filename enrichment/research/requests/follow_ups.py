"""A question about the answer before, as the question that was answered: weighed for the seller, or one point of it.

text + questions before -> the parts of what was asked before, of_answer -> nothing but what is remembered answers it
                        -> None: it asks something of its own
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from enrichment.domain.json_values import Json
from enrichment.domain.numbers import in_number
from enrichment.domain.research import Question
from enrichment.research.questions.areas import AREAS
from enrichment.research.questions.breakdown import QuestionParts
from enrichment.research.questions.follow_up import FollowUp, follow_up, what_else

OF_THE_ANSWER = "it is about the answer before"
"""Why no model takes a question apart that points to what was answered."""

Reads = Callable[[str], QuestionParts]
"""The parts of a text by the plain rule."""


def of_the_answer(text: str, earlier: Sequence[Question], read: Reads) -> QuestionParts | None:
    """earlier: the questions of the session that were about a company, oldest first."""
    now, asks = read(text), follow_up(text)
    before = asked_before(earlier, read)
    if before is None or not _may_follow(now, asks):
        return None
    else_asked = read(what_else(now.text))
    if asks.item is not None and len(earlier[-1].companies) == 1:
        return _one_point(asks.item, _points_of(earlier), before, else_asked)
    if not (asks.weighs and _asks_no_more(else_asked, before)):
        return None
    weighed = replace(before, areas=else_asked.areas or before.areas, intent="position")
    return replace(_of_answer(weighed, now.places), only_fitting=asks.selects)


def _may_follow(now: QuestionParts, asks: FollowUp) -> bool:
    """Whether it names nothing of its own, and weighs the answer before or one point of it."""
    names = now.companies or now.unsure or now.contact_details or now.unanswerable
    by_itself = now.asks_for_a_list or now.compares or (now.asks_for_advice and not asks.selects)
    return not (names or by_itself) and (asks.weighs or asks.item is not None)


def asked_before(earlier: Sequence[Question], read: Reads) -> QuestionParts | None:
    """The parts of the latest question that says by itself what it asks."""
    each = (read(one.text) for one in reversed(earlier))
    return next((parts for parts in each if not (parts.restates or _only_follows(parts, read))), None)


def place_meant(text: str, earlier: Sequence[Question]) -> tuple[int, ...]:
    """Which of several companies of the last question the text means; none: all of them.

    Its place in the order of that question, or the one that the latest answer on them decided for.
    """
    last, asks = earlier[-1], follow_up(text)
    several = len(last.companies)
    if asks.item is not None and several > 1 and -several <= asks.item < several:
        return (asks.item % several,)
    if not asks.picked or several < 2:
        return ()
    on_them = [one.answer for one in reversed(earlier) if one.companies == last.companies and one.answer]
    return next((places for answer in on_them if (places := _decided_for(answer))), ())


def _decided_for(answer: Mapping[str, Json]) -> tuple[int, ...]:
    decided = next((one["text"] for one in answer["claims"] if one["derived"] == "comparison"), "")
    ends = decided.rpartition(":")[2]
    named = [at for at, one in enumerate(answer["companies"]) if _is_in(one["name"] or one["key"], ends)]
    return tuple(named) if len(named) == 1 else ()


def _is_in(name: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.I) is not None


def _only_follows(parts: QuestionParts, read: Reads) -> bool:
    asks = follow_up(parts.text)
    follows = asks.weighs or asks.item is not None
    return follows and not parts.companies and _asks_nothing_new(read(what_else(parts.text)))


def _asks_no_more(now: QuestionParts, before: QuestionParts) -> bool:
    """Whether it asks for nothing that the answer before was not about."""
    return _asks_nothing_new(now) or (
        {*now.areas} <= {*before.asked_areas} and not (now.topics or now.sought or now.asks_for_advice)
    )


def _asks_nothing_new(parts: QuestionParts) -> bool:
    return not (parts.areas or parts.topics or parts.sought)


def _points_of(earlier: Sequence[Question]) -> list[Mapping[str, Json]]:
    """The claims of the latest answer that is no single point of another one."""
    for one in reversed(earlier):
        answer = one.answer or {}
        broken_down = answer.get("how_found", {}).get("breakdown") or {}
        if broken_down.get("because") != OF_THE_ANSWER or len(answer["claims"]) > 1:
            return [claim for claim in answer.get("claims", ()) if claim["derived"] is None]
    return []


def _one_point(
    place: int, points: Sequence[Mapping[str, Json]], before: QuestionParts, now: QuestionParts
) -> QuestionParts | None:
    """None: the answer before lists nothing of the kind that is named, or something else is asked."""
    told_by = {dataset for area in AREAS if area.name in now.areas for dataset in area.told_by}
    listed = [one for one in points if not now.areas or {cited["dataset"] for cited in one["citations"]} & told_by]
    if now.topics or now.sought or not listed:
        return None
    if not -len(listed) <= place < len(listed):
        why = f"the answer before lists {in_number(len(listed), 'point')} of it"
        return replace(_of_answer(before), unanswerable={f"number {place + 1}": why})
    return replace(_of_answer(before), point=listed[place])


def _of_answer(before: QuestionParts, places: tuple[int, ...] = ()) -> QuestionParts:
    return replace(
        before,
        companies=(),
        named_before=before.companies,
        by="rule",
        because=OF_THE_ANSWER,
        of_answer=True,
        places=places,
    )
