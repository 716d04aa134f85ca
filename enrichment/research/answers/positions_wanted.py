"""Which known open positions are those a question asks for, each looked through in whole: title, place, text. Pure.

    open positions + PositionsAsked -> claims on those that are it, and an open point for what none of them names
    where none is, all of them are counted: one can see what was looked through

A line of a posting's text shows it where neither title nor place does; then that line is cited beside the title.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from enrichment.analysis.evidence import Passage
from enrichment.domain.numbers import in_number
from enrichment.domain.plain_text import with_full_stop
from enrichment.domain.values import JobPosting
from enrichment.identity.countries import country_in_english, us_state_in_english
from enrichment.parsing.job_titles import department
from enrichment.research.answers.answer import OpenPoint
from enrichment.research.answers.conclusions import counted
from enrichment.research.answers.people import work_of
from enrichment.research.claims.claim import CheckedClaim, Citation
from enrichment.research.evidence.passages import Sides
from enrichment.research.evidence.relevance import stem_of, words_in
from enrichment.research.evidence.themes import themes_of_title
from enrichment.research.questions.measures import OPENINGS
from enrichment.research.questions.positions_asked import PositionsAsked, PositionWanted
from enrichment.research.questions.to_the_point import has_any

_LISTED = 8
_SENTENCES = re.compile(r"(?<=[\w)][.!?;])\s+(?=[A-Z])|\n+")


@dataclass(frozen=True, slots=True)
class PositionsFound:
    """passages: of the positions that the question asks for. known: of all. met: what the question names and one is."""

    passages: tuple[Passage, ...] = ()
    known: tuple[Passage, ...] = ()
    claims: tuple[CheckedClaim, ...] = ()
    open_points: tuple[OpenPoint, ...] = ()
    met: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Position:
    """One open position, which several passages may tell of. shown: what is wanted -> the line of it that shows it."""

    passages: list[Passage]
    shown: dict[str, str] = field(default_factory=dict)


def with_positions(
    claims: Sequence[CheckedClaim], found: PositionsFound, sides: Sides, *, is_counted: bool
) -> list[CheckedClaim]:
    """The claims with these positions in place of some that are open. is_counted: how many there are is asked."""
    if not found.known:
        return [*claims]
    said = list(found.claims)
    if is_counted or not said:
        said = [counted(sides, found.passages or found.known, OPENINGS)]
    return [*said, *(one for one in claims if one.citations[0].passage.dataset != OPENINGS.dataset)]


def positions_wanted(sides: Sides, asked: PositionsAsked) -> PositionsFound:
    """All that are known where nothing in particular is wanted."""
    every = _positions(sides)
    for one in asked.wanted:
        _show(every, one)
    met = {called for position in every for called in position.shown}
    whole = [one for one in every if len(one.shown) == len(asked.wanted)]
    fitting = whole if whole and not asked.is_any else [one for one in every if one.shown or not asked.wanted]
    points = [_unnamed(one.called, every, sides) for one in asked.wanted if every and one.called not in met]
    if every and not (points or whole or asked.is_any):
        points = [_unnamed(" and ".join(one.called for one in asked.wanted), every, sides)]
    return PositionsFound(
        tuple(one.passages[0] for one in fitting),
        tuple(one.passages[0] for one in every),
        tuple(_said(one, sides) for one in fitting[:_LISTED]),
        tuple(points),
        frozenset(met),
    )


def _show(every: Sequence[_Position], wanted: PositionWanted) -> None:
    """Marks the positions that are it; of an occupation those of its department only where no position names it."""
    lines = [_shown_in(one, wanted) for one in every]
    if not (wanted.is_occupation and any(lines)):
        lines = [line or _title_of_department(one, wanted) for line, one in zip(lines, every, strict=True)]
    for position, line in zip(every, lines, strict=True):
        if line is not None:
            position.shown[wanted.called] = line


def _title_of_department(position: _Position, wanted: PositionWanted) -> str | None:
    title = _values(position)[0].title
    is_of = wanted.department is not None and department(title) == wanted.department
    is_of = is_of or not work_of(wanted.title_words).isdisjoint(themes_of_title(title))
    return title if is_of else None


def _positions(sides: Sides) -> list[_Position]:
    """Each once, though it was left out of what a model is shown."""
    found = dict[tuple[str, str | None], _Position]()
    for passage in (*sides.evidence.passages, *sides.evidence.omitted):
        value = passage.facts[0].value
        if passage.dataset == OPENINGS.dataset and isinstance(value, JobPosting):
            found.setdefault((value.title.casefold(), value.location), _Position([])).passages.append(passage)
    return list(found.values())


def _unnamed(called: str, every: Sequence[_Position], sides: Sides) -> OpenPoint:
    are = "is" if len(every) == 1 else "are"
    has_text = any(value.text for position in every for value in _values(position))
    looked_in = "title, place or text" if has_text else "title or place"
    why = f"no {looked_in} of the {in_number(len(every), OPENINGS.noun)} that {are} known names it"
    return OpenPoint(called, why, sides.company.key)


def _shown_in(position: _Position, wanted: PositionWanted) -> str | None:
    """The line that shows it: the title before the place before a sentence of the text; None: none does."""
    values = _values(position)
    first = values[0]
    if _has_title(first.title, wanted):
        return first.title
    if first.location and _is_place(first.location, wanted.called):
        return first.location
    sentences = (one.strip() for value in values for one in _SENTENCES.split(value.text or ""))
    return next((one for one in sentences if _has_words(one, wanted.called)), None)


def _has_title(title: str, wanted: PositionWanted) -> bool:
    has_role = bool(wanted.title_words) and has_any(title, wanted.title_words)
    return has_role or _has_words(title, wanted.called)


def _is_place(location: str, called: str) -> bool:
    """Also a country or a state of the US, whose code alone the place may have: 'Seattle, WA' is in Washington."""
    if _has_words(location, called):
        return True
    parts = [part.strip() for part in location.split(",")]
    country, state = country_in_english(called), us_state_in_english(called)
    if state and any(us_state_in_english(part) == state for part in parts[1:]):
        return True
    is_in_us = country == "us" and any(map(us_state_in_english, parts[1:]))
    return bool(country) and (is_in_us or any(country_in_english(part) == country for part in parts))


def _has_words(line: str, called: str) -> bool:
    """Whether all of its words are in the line, in any form."""
    wanted = {stem_of(word) for word in words_in(called)} or {called.casefold()}
    return wanted <= {stem_of(word) for word in words_in(line)}


def _said(position: _Position, sides: Sides) -> CheckedClaim:
    """The position, with the place or the sentence that shows that it is one of those asked for."""
    passage = position.passages[0]
    value = _values(position)[0]
    text = f"{sides.names[0]} has an open position: {value.title}"
    cited = [Citation("company", sides.company.key, passage, value.title)]
    for line in dict.fromkeys(position.shown.values()):
        told_by = next((one for one in position.passages if line in one.text), None)
        if line == value.title or told_by is None:
            continue
        text += f", {line}" if line == value.location else f'; it says "{line.rstrip(".")}"'
        cited.append(Citation("company", sides.company.key, told_by, line))
    return CheckedClaim("finding", with_full_stop(text), "exact", tuple(cited))


def _values(position: _Position) -> list[JobPosting]:
    values = (fact.value for passage in position.passages for fact in passage.facts)
    return [value for value in values if isinstance(value, JobPosting)]
