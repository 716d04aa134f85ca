"""Which kind of thing a question asks for, a number, a day or a place, and whether a claim states one. Pure.

"How many depots has Acme?" + "Acme closes depots"      -> no number: it is not answered
"When did it open a plant?" + a headline of 3 November  -> a day
"""

import re
from collections.abc import Collection, Sequence
from typing import Literal

from enrichment.domain.values import Founded, Headquarters, JobPosting
from enrichment.research.claims.claim import CheckedClaim
from enrichment.research.evidence.event_days import event_day

Kind = Literal["number", "day", "place"]
_MONTHS = r"january|february|march|april|may|june|july|august|september|october|november|december"
_ASKED: dict[Kind, re.Pattern[str]] = {
    "number": re.compile(r"\bhow (?:many|much)\b|\b(?:what|which) (?:percentage|share|number|amount|sum)\b", re.I),
    "day": re.compile(
        r"\bwhen (?:did|do|does|was|were|is|are|will|has|have)\b|\bsince when\b|\bhow long ago\b"
        r"|\b(?:what|which) (?:day|date|month|year)\b",
        re.I,
    ),
    "place": re.compile(
        r"\bwhere\b[^?.!;,]*\b(?:based|located|headquartered|hire|hiring|recruit\w*|expand\w*|open\w*|build\w*|grow\w*"
        r"|operate|operating|produce|manufacture|offices?|plants?|stores?|sites?|factor(?:y|ies)|warehouses?)\b"
        r"|\b(?:what|which) (?:city|cities|country|countries|state|states|region|regions|place|places)\b",
        re.I,
    ),
}
_A_DAY = re.compile(rf"\b(?:19|20)\d\d\b|\b(?:{_MONTHS})\b", re.I)
_A_PLACE = re.compile(r"\b(?:in|at|near|from|to|across|of) (?:the )?[A-Z][\w'’-]+")
_NOT_KNOWN: dict[Kind, tuple[str, str]] = {
    "number": ("how many", "no number of it is known"),
    "day": ("when", "no day of it is known"),
    "place": ("where", "no place of it is known"),
}


def kinds_asked(text: str) -> frozenset[Kind]:
    return frozenset(kind for kind, asks in _ASKED.items() if asks.search(text))


def kinds_missing(text: str, claims: Sequence[CheckedClaim]) -> frozenset[Kind]:
    """Kinds that the question asks for and no claim states."""
    return frozenset(kind for kind in kinds_asked(text) if not any(_states(one, kind) for one in claims))


def not_known(kinds: Collection[Kind]) -> list[tuple[str, str]]:
    """What is not known, and why, of each of these kinds."""
    return [why for kind, why in _NOT_KNOWN.items() if kind in kinds]


def _states(claim: CheckedClaim, kind: Kind) -> bool:
    values = [one.passage.facts[0].value for one in claim.citations]
    said = " ".join((claim.text, *(one.quote for one in claim.citations)))
    match kind:
        case "number":
            return claim.derived is not None or any(letter.isdigit() for letter in said)
        case "day":
            dated = (isinstance(value, Founded) or event_day(value) is not None for value in values)
            return any(dated) or _A_DAY.search(said) is not None
        case "place":
            placed = (isinstance(value, Headquarters) or _has_place(value) for value in values)
            return any(placed) or _A_PLACE.search(said) is not None


def _has_place(value: object) -> bool:
    return isinstance(value, JobPosting) and bool(value.location)
