"""The rank and the department of a job title, in some twenty-five languages. Pure.

    'VP of Sales Operations' -> vp, sales      'Leiterin Einkauf' -> director, procurement      'EA to CFO' -> staff

Title -> its parts, without another person's rank, a former or a future one -> the first pattern that fits decides.
The tables are data/seniorities.csv, data/title_contexts.csv and data/departments.csv.
"""

import re
from collections.abc import Iterator
from itertools import groupby, zip_longest
from typing import get_args

from enrichment.domain.data_tables import rows_of
from enrichment.domain.values import Seniority
from enrichment.identity.letters import fold
from enrichment.parsing.numbers import word_pattern

_LONGEST = 300
_PARTS = re.compile(r"[,;|/()\[\]{}•·:–—]|\s-\s")
_EMPLOYER = re.compile(r"@|(?<=\s)(?:at|bei|chez|presso)(?=\s)")
_WORD = re.compile(r"[\w\u0900-\u0dff\u0e31-\u0e4e]+")  # vowels that are marks are parts of words
_SCRIPTS_MEET = re.compile(r"(?<=[a-z0-9])(?=[\u2e80-\U0003ffff])|(?<=[\u2e80-\U0003ffff])(?=[a-z0-9])")
_IN_RETIREMENT = re.compile(r"\b(?:a\. ?d|i\. ?r)\.")
_MANAGES_ALL_THE_SAME = re.compile(r"\bassistant (?:\w+ ){0,2}(?:manager|director|vice president|vp|chief)\b")
_MEMBER = re.compile(r"(?:mitglied\w*|member|membre|miembro|membro|vorsitz\w*|sprecher\w*|chair\w*|lid|head)\s*$")
_TOP = ("c_level", "vp")


def _patterns(table: str) -> list[tuple[str, re.Pattern[str]]]:
    """Name and pattern; lines of one name that follow each other are one pattern."""
    blocks = groupby(rows_of("enrichment.parsing", table), key=lambda row: row[0])
    return [(name, word_pattern(_alternatives(pattern for _, pattern in rows))) for name, rows in blocks]


def _alternatives(patterns: Iterator[str]) -> list[str]:
    return [rf"(?:{one})" if one[0] < "\u2e80" else one for one in patterns]


_BY_RANK = [
    (rank, pattern) for name, pattern in _patterns("seniorities") for rank in get_args(Seniority) if rank == name
]
_BY_DEPARTMENT = _patterns("departments")
_CONTEXTS = dict(_patterns("title_contexts"))
_TOP_RANKS = "|".join(pattern.pattern for rank, pattern in _BY_RANK if rank in _TOP)
_OF_ANOTHER = re.compile(rf"(?:{_CONTEXTS['of_another'].pattern}) (?:(?:group|global) )?(?:{_TOP_RANKS})")
_NOT_YET = re.compile(rf"(?:{_CONTEXTS['before_rank'].pattern}) (?:{'|'.join(p.pattern for _, p in _BY_RANK)})")
_OFFICE = re.compile(rf"(?:{_TOP_RANKS}) ?(?:{_CONTEXTS['office'].pattern})")


def seniority(title: str) -> Seniority:
    """The rank that the person has today by this title; staff where it names none."""
    parts = list(_own_parts(title))
    return next((rank for rank, pattern in _BY_RANK if any(map(pattern.search, parts))), "staff")


def department(title: str) -> str | None:
    """The department a title names; None where it names none of the table."""
    words = _plain(fold(title[:_LONGEST]))
    return next((name for name, pattern in _BY_DEPARTMENT if pattern.search(words)), None)


def _own_parts(title: str) -> Iterator[str]:
    """The parts of a title that speak of what the person does today, none of another person's rank in them."""
    parts = _PARTS.split(_IN_RETIREMENT.sub(" ausser dienst", fold(title[:_LONGEST])))
    for part, following in zip_longest(parts, parts[1:], fillvalue=""):
        if _CONTEXTS["not_now"].fullmatch(_plain(following)):
            continue
        own = _without_another_person(_of_today(_plain(_EMPLOYER.split(part)[0])))
        if not _CONTEXTS["helps"].search(own) or _MANAGES_ALL_THE_SAME.search(own):
            yield own


def _of_today(part: str) -> str:
    """'ceo and former cfo' -> 'ceo and'; 'former ceo', 'president elect' -> ''."""
    marker = _CONTEXTS["not_now"].search(part) or _NOT_YET.search(part)
    if marker is None:
        return part
    return "" if marker.end() == len(part) else part[: marker.start()].strip()


def _without_another_person(part: str) -> str:
    for pattern in (_OFFICE, _OF_ANOTHER):
        for found in reversed(list(pattern.finditer(part))):
            if pattern is _OFFICE or (found.start() and not _MEMBER.search(part[: found.start()])):
                part = f"{part[: found.start()]} {part[found.end() :]}".strip()
    return part


def _plain(folded: str) -> str:
    """Words parted by one space; a Latin word beside one of a script without spaces is a word of its own."""
    spaced = _SCRIPTS_MEET.sub(" ", re.sub(r"[&+]", " and ", folded.replace(".", "")))
    return " ".join(_WORD.findall(spaced))
