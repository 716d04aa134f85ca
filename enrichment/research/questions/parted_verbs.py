"""Verbs of two words that a question has parted are put together, so that tables of phrases find them. Pure.

'Did Acme lay anyone off?' -> 'Did Acme lay off anyone?'
"""

import re
from functools import cache

from enrichment.research.questions.areas import phrases_of_areas

_PARTICLES = ("off", "out", "up", "down", "away", "over")
_BETWEEN = 3
"""So many words may be between the two: 'lay half the staff off'."""


def joined_verbs(text: str) -> str:
    return _parted().sub(lambda found: f"{found['verb']} {found['particle']} {found['between']}", text)


@cache
def _parted() -> re.Pattern[str]:
    pairs = {phrase for phrase, _ in phrases_of_areas() if len(phrase) == 2 and phrase[1] in _PARTICLES}
    each = "|".join(sorted(re.escape(verb) for verb, _ in pairs))
    particles = "|".join(sorted({particle for _, particle in pairs}))
    return re.compile(
        rf"\b(?P<verb>{each})\s+(?P<between>(?:[\w’'-]+\s+){{0,{_BETWEEN - 1}}}[\w’'-]+)\s+(?P<particle>{particles})\b",
        re.IGNORECASE,
    )
