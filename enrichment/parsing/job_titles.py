"""The rank and the department of a job title, in five languages.

    'VP of Sales Operations' -> vp, sales      'Leiterin Einkauf' -> director, procurement

The tables are data/seniorities.csv and data/departments.csv: their first pattern that fits the title decides.
"""

import re
from itertools import groupby
from typing import get_args

from enrichment.domain.data_tables import rows_of
from enrichment.domain.values import Seniority
from enrichment.identity.letters import fold

_HELPS = re.compile(
    r"\b(?:assistant|(?<!corporate )(?<!company )secretary|sekretar\w*|assistenz|assistent\w*|asistente|adjoint\w*)\b"
)
_MANAGES_ALL_THE_SAME = re.compile(r"\bassistant (?:\w+ ){0,2}(?:manager|director|vice president|vp)\b")


def _patterns(table: str) -> list[tuple[str, re.Pattern[str]]]:
    """Name and pattern; lines of one name that follow each other are one pattern."""
    blocks = groupby(rows_of("enrichment.parsing", table), key=lambda row: row[0])
    return [(name, re.compile(rf"\b(?:{'|'.join(pattern for _, pattern in rows)})\b")) for name, rows in blocks]


_BY_RANK = [
    (rank, pattern) for name, pattern in _patterns("seniorities") for rank in get_args(Seniority) if rank == name
]
_BY_DEPARTMENT = _patterns("departments")


def seniority(title: str) -> Seniority:
    """The rank a title names; staff where it names none, and for an assistant of a person of rank."""
    words = _plain(title)
    if _HELPS.search(words) and not _MANAGES_ALL_THE_SAME.search(words):
        return "staff"
    return next((rank for rank, pattern in _BY_RANK if pattern.search(words)), "staff")


def department(title: str) -> str | None:
    """The department a title names; None where it names none of the table."""
    words = _plain(title)
    return next((name for name, pattern in _BY_DEPARTMENT if pattern.search(words)), None)


def _plain(title: str) -> str:
    return " ".join(re.findall(r"\w+", fold(title[:300]).replace(".", "")))
