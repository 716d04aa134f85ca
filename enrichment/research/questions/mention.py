"""A company that a question mentions: what it is called, where, its part in the question; and names that are known."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum

from enrichment.identity.names import name_words
from enrichment.parsing.mentions import is_common


class MentionRole(Enum):
    ASKED = "asked about"
    SOUGHT = "looked for in what is known of another"
    PERSON = "a person"
    NONE = "nothing that can be asked about"


@dataclass(frozen=True, slots=True)
class Mention:
    """start, end: of its words. is_known: registered, asked about before, or a website; is_used: as a technology."""

    name: str
    start: int
    end: int
    is_known: bool
    part: MentionRole = MentionRole.ASKED
    is_used: bool = False


@dataclass(frozen=True, slots=True)
class KnownNames:
    """registered: of the question's phrases, in small letters, those that are names of registered companies. short: of
    them, those with which a longer name begins, or a website.

    before: names of the companies asked about before, those of the last question first. own: of the seller and their
    company: nobody asks about them, but whether a company uses what they sell.
    """

    registered: Collection[str] = ()
    before: Sequence[str] = ()
    own: Sequence[str] = ()
    short: Collection[str] = ()

    def is_own(self, name: str, *, is_known: bool = False) -> bool:
        """Whether it is the seller's, or the coined beginning of it: 'TriNet' of TriNet Group. is_known: of another."""
        words = name_words(name)
        own = [name_words(one) for one in self.own]
        begins = words[:1] and not is_known and not is_common(words[0])
        return words in own or (bool(begins) and any(one[: len(words)] == words for one in own))


NOTHING_KNOWN = KnownNames()
