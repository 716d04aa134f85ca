"""Which companies a question mentions, and what each is there: asked about, looked for, or a person. Pure.

words + names that are known -> known names, then new ones -> mentions, each with its part in the question
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from enrichment.identity.domains import registrable_domain
from enrichment.identity.names import name_words
from enrichment.research.questions.known_mentions import known_mentions
from enrichment.research.questions.mention import KnownNames, Mention, MentionRole
from enrichment.research.questions.mention_place import MentionPlace
from enrichment.research.questions.new_names import new_names
from enrichment.research.questions.question_words import (
    Word,
)

_POSSESSIVE = re.compile(r"['’]s\s")


def readings(name: str) -> tuple[str, ...]:
    """The whole name, then its owner, if it has one: "BJ's Wholesale Club", "Adobe's Experience Cloud"."""
    owner = _POSSESSIVE.split(name, maxsplit=1)[0]
    return (name,) if owner == name else (name, owner)


def each_by_its_website(names: Iterable[str]) -> tuple[str, ...]:
    """The names, once each, without those whose website is there too: of 'Tempo (tempo.fit)' only the website."""
    each = tuple(dict.fromkeys(names))
    sites = {domain.partition(".")[0] for name in each if (domain := registrable_domain(name))}
    return tuple(name for name in each if registrable_domain(name) or "".join(name_words(name)) not in sites)


def mentions_in(words: Sequence[Word], known: KnownNames) -> tuple[Mention, ...]:
    """The companies mentioned, in the order of the question; the seller's own names are only looked for."""
    found = [*known_mentions(words, known)]
    taken = {at for one in found for at in range(one.start, one.end)}
    found += new_names(words, taken, has_known=bool(found))
    found.sort(key=lambda one: one.start)
    parted: list[Mention] = []
    for one in found:
        place = MentionPlace(words, one, parted, found, known)
        if place.is_topic:
            continue
        is_own = known.is_own(one.name, is_known=one.is_known) and not place.is_sought and not place.is_measured
        part = MentionRole.NONE if is_own else place.part
        parted.append(replace(one, part=part, is_used=place.is_used))
    return tuple(parted)
