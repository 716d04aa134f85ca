"""The rank and the department of a job title, in some twenty-five languages. Pure.

    'VP of Sales Operations' -> vp, sales      'Leiterin Einkauf' -> director, procurement      'EA to CFO' -> staff

Title -> its parts, without another person's rank, a former or a future one -> the first pattern that fits decides.
The tables are data/seniorities.csv, data/title_contexts.csv and data/departments.csv.
"""

import re
from collections.abc import Collection, Iterator
from functools import cache, lru_cache
from itertools import chain, groupby, zip_longest
from typing import get_args

from enrichment.domain.data_tables import rows_of
from enrichment.domain.values import Seniority
from enrichment.identity.letters import fold
from enrichment.parsing.numbers import word_pattern

_LONGEST = 300
_REMEMBERED = 4096  # titles: most people have one of a few thousand
_PARTS = re.compile(r"[,;|/()\[\]{}•·:–—]|\s-\s")
_EMPLOYER = re.compile(r"@|(?<=\s)(?:at|bei|chez|presso)(?=\s)")
_WORD = re.compile(r"[\w\u0900-\u0dff\u0e31-\u0e4e]+")  # vowels that are marks are parts of words
_SCRIPTS_MEET = re.compile(r"(?<=[a-z0-9])(?=[\u2e80-\U0003ffff])|(?<=[\u2e80-\U0003ffff])(?=[a-z0-9])")
_IN_RETIREMENT = re.compile(r"\b(?:a\. ?d|i\. ?r)\.")
_MANAGES_ALL_THE_SAME = re.compile(r"\bassistant (?:\w+ ){0,2}(?:manager|director|vice president|vp|chief)\b")
_MEMBER = re.compile(r"(?:mitglied\w*|member|membre|miembro|membro|vorsitz\w*|sprecher\w*|chair\w*|lid|head)\s*$")
_RANKS: tuple[Seniority, ...] = get_args(Seniority)
_TOP = ("c_level", "vp")
_DEGREE = "md"  # behind a comma a doctor's, or Maryland; alone a managing director


def _patterns(table: str) -> list[tuple[str, re.Pattern[str]]]:
    """Name and pattern; lines of one name that follow each other are one pattern."""
    blocks = groupby(rows_of("enrichment.parsing", table), key=lambda row: row[0])
    return [(name, word_pattern(_alternatives(pattern for _, pattern in rows))) for name, rows in blocks]


def _alternatives(patterns: Iterator[str]) -> list[str]:
    return [rf"(?:{one})" if one[0] < "\u2e80" else one for one in patterns]


@cache
def _by_rank() -> list[tuple[Seniority, re.Pattern[str]]]:
    """Compiling takes a tenth of a second, and most commands read no title."""
    return [(rank, pattern) for name, pattern in _patterns("seniorities") for rank in _RANKS if rank == name]


@cache
def _by_department() -> list[tuple[str, re.Pattern[str]]]:
    return _patterns("departments")


@cache
def _contexts() -> dict[str, re.Pattern[str]]:
    return dict(_patterns("title_contexts"))


@lru_cache(_REMEMBERED)
def seniority(title: str) -> Seniority:
    """The rank that the person has today by this title; staff where it names none."""
    leads = _plain(fold(title[:_LONGEST])).startswith(_DEGREE)
    parts = [part for part in _own_parts(title) if leads or part != _DEGREE]
    return next((rank for rank, pattern in _by_rank() if any(map(pattern.search, parts))), "staff")


@lru_cache(_REMEMBERED)
def department(title: str) -> str | None:
    """The department a title names; None where it names none of the table."""
    words = _plain(fold(title[:_LONGEST]))
    return next((name for name, pattern in _by_department() if pattern.search(words)), None)


def _own_parts(title: str) -> Iterator[str]:
    """The parts of a title that speak of what the person does today, none of another person's rank in them."""
    parts = _PARTS.split(_IN_RETIREMENT.sub(" ausser dienst", fold(title[:_LONGEST])))
    for part, following in zip_longest(parts, parts[1:], fillvalue=""):
        if _contexts()["not_now"].fullmatch(_plain(following)):
            continue
        own = _without_another_person(_of_today(_plain(_EMPLOYER.split(part)[0])))
        if not _contexts()["helps"].search(own) or _MANAGES_ALL_THE_SAME.search(own):
            yield own


def _of_today(part: str) -> str:
    """'ceo and former cfo' -> 'ceo and'; 'former ceo', 'president elect' -> ''."""
    marker = _contexts()["not_now"].search(part)
    if marker is None:
        soon = _contexts()["before_rank"].finditer(part)
        marker = next((found for found in soon if _end_of_rank(part, found.end() + 1, ranks=_RANKS)), None)
    if marker is None:
        return part
    return "" if marker.end() == len(part) else part[: marker.start()].strip()


def _without_another_person(part: str) -> str:
    """'ea to cfo' -> 'ea', 'head of ceo office' -> 'head of'; a member or the chair of a board keeps its name."""
    spans = [range(*span) for span in (*_offices(part), *_others(part))]
    left = (" " if any(place in span for span in spans) else letter for place, letter in enumerate(part))
    return " ".join("".join(left).split()) if spans else part


def _offices(part: str) -> Iterator[tuple[int, int]]:
    ranks = (pattern.finditer(part) for rank, pattern in _by_rank() if rank in _TOP)
    for found in chain.from_iterable(ranks):
        place = found.end() + part.startswith(" ", found.end())
        if office := _contexts()["office"].match(part, place):
            yield found.start(), office.end()


def _others(part: str) -> Iterator[tuple[int, int]]:
    for found in _contexts()["of_another"].finditer(part):
        end = _end_of_rank(part, found.end() + 1, ranks=_TOP)
        if end and found.start() and not _MEMBER.search(part[: found.start()]):
            yield found.start(), end


def _end_of_rank(part: str, place: int, *, ranks: Collection[str]) -> int:
    """Where the rank ends that begins here, after 'group' or 'global' at most; 0 where none begins."""
    start = place + next((len(word) for word in ("group ", "global ") if part.startswith(word, place)), 0)
    found = (pattern.match(part, start) for rank, pattern in _by_rank() if rank in ranks)
    return max((match.end() for match in found if match), default=0)


def _plain(folded: str) -> str:
    """Words parted by one space; a Latin word beside one of a script without spaces is a word of its own."""
    spaced = _SCRIPTS_MEET.sub(" ", re.sub(r"[&+]", " and ", folded.replace(".", "")))
    return " ".join(_WORD.findall(spaced))
