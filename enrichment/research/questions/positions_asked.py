"""Which open positions a question asks for: by what they are, where they are, and what they ask of people. Pure.

'engineers in Austin who know Python?' -> engineers · Austin · Python, each looked for by itself
'does Acme look for recruiters?' -> an occupation is looked for, so open positions are asked about
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from enrichment.parsing.job_titles import department, seniority
from enrichment.research.evidence.relevance import words_in
from enrichment.research.questions.areas import roles_in
from enrichment.research.questions.question_words import Word, follows, phrases_of, words_in_question, words_of

_JOINS = re.compile(r"\s+(?:in|at|near|around|within|with|using|for|who|that|know|knows|based)\s+", re.IGNORECASE)
_AGENT = re.compile(r"(?:er|or|ist|ant|ian|ive|yst|man|woman)s?\Z")
_HIRING, _NEAR = "hiring", frozenset({"hiring", "technology", "people"})
_SECOND_PART = re.compile(
    r"[?.!;]\s+\w|\band\s+(?:who|whom|what|which|how|where|when|why|do|does|did|is|are|has|have|use|uses|run|runs)\b",
    re.I,
)
_FAR = 4
"""So many words may be between 'looking for' and the occupation: 'looking for a senior truck driver'."""


@dataclass(frozen=True, slots=True)
class PositionWanted:
    """One thing that a position has to be. called: as the question has it.

    title_words: words of titles that say the same. department: of job titles; None: it is none. is_occupation: others
    of its department are only near to it.
    """

    called: str
    title_words: tuple[str, ...] = ()
    department: str | None = None
    is_occupation: bool = False


@dataclass(frozen=True, slots=True)
class PositionsAsked:
    """wanted: what a position has to be. is_any: one of these is enough, as in 'sales or marketing'."""

    wanted: tuple[PositionWanted, ...] = ()
    is_any: bool = False


def positions_asked(text: str, sought: Sequence[str]) -> PositionsAsked:
    """sought: what the question looks for."""
    phrases = [part for words in sought for part in map(_without_verb, _JOINS.split(words)) if words_in(part)]
    named = {word for phrase in phrases for word in words_in(phrase)}
    words = (word for word in words_in_question(text) if word.small not in named)
    phrases += [word.own for word in words if is_occupation(word) or roles_in(word.own)]
    wanted = [_wanted(one) for one in dict.fromkeys(phrases)]
    told = {word for one in wanted for word in one.title_words}
    if roles := tuple(word for word in roles_in(text) if word not in told):
        wanted.append(PositionWanted(" or ".join(roles), roles, department(" ".join(roles))))
    return PositionsAsked(tuple(wanted), _is_any(text, phrases))


def _without_verb(phrase: str) -> str:
    """'seeking developers' is about developers."""
    verbs = {word for verb in phrases_of("looks_for") for word in verb}
    return " ".join(word for word in phrase.split() if word.casefold() not in verbs)


def _wanted(phrase: str) -> PositionWanted:
    is_one = len(words_in(phrase)) == 1 and is_occupation(words_in_question(phrase)[0])
    return PositionWanted(phrase, roles_in(phrase), _department_of(phrase), is_one)


def are_positions_asked(text: str, areas: Sequence[str]) -> bool:
    """Whether all that a question looks for is looked for in open positions; a second part may be about all else."""
    is_one_part = {*areas} == {_HIRING} or _SECOND_PART.search(text) is None
    return _HIRING in areas and _NEAR.issuperset(areas) and is_one_part


def looks_for_staff(words: Sequence[Word]) -> bool:
    """'Is Acme looking for a truck driver?', 'does Acme need accountants?'; not 'for a CRM'."""
    starts = (at for at in range(1, len(words)) if follows(words, at, "looks_for"))
    return any(is_occupation(word) for at in starts for word in _until_next_part(words[at : at + _FAR]))


def is_occupation(word: Word) -> bool:
    """A noun for somebody who does a job: 'recruiters', 'nurse'; not another company, as 'suppliers' are."""
    small = word.small
    if small in words_of("trade"):
        return True
    if word.does("other_party", "provider") or not _AGENT.search(small):
        return False
    return department(small) is not None or seniority(small) != "staff"


def _until_next_part(words: Sequence[Word]) -> Iterator[Word]:
    for at, word in enumerate(words):
        if at and word.apart:
            return
        yield word


def _department_of(phrase: str) -> str | None:
    """The department that a phrase names as a whole; of 'security engineers' engineering would be too wide."""
    words = words_in(phrase)
    named = department(phrase)
    return named if len(words) == 1 or not any(map(department, words)) else None


def _is_any(text: str, phrases: Sequence[str]) -> bool:
    """Whether two of the phrases are joined by 'and' or 'or'."""
    each = "|".join(map(re.escape, phrases))
    return len(phrases) > 1 and re.search(rf"(?:{each})\W+(?:and|or)\W+(?:\w+\W+)?(?:{each})", text, re.I) is not None
