"""Which words of a question name companies, and what each is there: asked about, looked for, or a person. Pure.

words + names that are known -> mentions, each with its part in the question

Where it is not sure that a word names a company, it is none: to look it up costs money, and it would take the place of
the company that was asked about before.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from enrichment.identity.countries import country_in_english, is_country
from enrichment.identity.names import name_words
from enrichment.parsing.mentions import is_common, is_given_name
from enrichment.parsing.technologies import is_technology
from enrichment.research.questions.areas import shows_area
from enrichment.research.questions.measures import measure_asked
from enrichment.research.questions.question_words import (
    Word,
    follows,
    is_english,
    is_german,
    words_of,
    words_of_sentences,
)

_LONGEST_NAME = 6
_FAR = 3
_DIGITS = 2
"""So many words may be between a relation and the company it is with: 'partnered in May with Acme'."""
_SHORTEST_COINED = 3
_POSSESSIVE = re.compile(r"['’]s\s")


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


NOTHING_KNOWN = KnownNames()


def readings(name: str) -> tuple[str, ...]:
    """The whole name, then its owner, if it has one: "BJ's Wholesale Club", "Adobe's Experience Cloud"."""
    owner = _POSSESSIVE.split(name, maxsplit=1)[0]
    return (name,) if owner == name else (name, owner)


def phrases_to_look_up(words: Sequence[Word]) -> tuple[str, ...]:
    """What a registered company may be called in a question, in small letters; the longest first."""
    spans = (words[at : at + most] for most in range(_LONGEST_NAME, 0, -1) for at in range(len(words) - most + 1))
    told = (span for span in spans if not any(word.apart for word in span[1:]))
    return tuple(dict.fromkeys(phrase for span in told if _may_be_called_so(span) for phrase in _phrases(span)))


def mentions_in(words: Sequence[Word], known: KnownNames) -> tuple[Mention, ...]:
    """The companies mentioned, in the order of the question; the seller's own names are only looked for."""
    found = [*_known_ones(words, known)]
    taken = {at for one in found for at in range(one.start, one.end)}
    found += _others(words, taken, has_known=bool(found))
    found.sort(key=lambda one: one.start)
    own = [name_words(name) for name in known.own]
    parted: list[Mention] = []
    for one in found:
        place = _Place(words, one, parted, found, known)
        if place.is_topic:
            continue
        is_own = name_words(one.name) in own and not place.is_sought and not place.is_measured
        part = MentionRole.NONE if is_own else place.part
        parted.append(replace(one, part=part, is_used=place.is_used))
    return tuple(parted)


def _may_be_called_so(span: Sequence[Word]) -> bool:
    """'Bank of America' and 'American Express' may; what begins or ends with a word of grammar may not."""
    if len(span) == 1:
        return not is_of_sentences(span[0])
    return not any(word.does("function", "request", "goes_on", "and_or") for word in (span[0], span[-1]))


def _phrases(words: Sequence[Word]) -> tuple[str, ...]:
    """A possessive within is kept: 'bj's wholesale club'; at the end it may be the name's own: 'macy', 'macy's'."""
    front = [f"{word.small}'s" if word.possessive else word.small for word in words[:-1]]
    last = words[-1].small
    ends = (f"{last}'s", last) if words[-1].possessive else (last,)
    return tuple(" ".join((*front, end)) for end in ends)


def _product(words: Sequence[Word], at: int) -> Mention | None:
    """A technology that the table names; in small letters only behind words such as 'use'."""
    for most in range(_FAR, 0, -1):
        span = words[at : at + most]
        if len(span) < most or any(word.apart for word in span[1:]) or not is_technology(" ".join(w.own for w in span)):
            continue
        is_meant = (
            span[0].is_capital or most > 1 or not is_common(span[0].small) or (at > 0 and words[at - 1].does("use"))
        )
        return Mention(_written(span), at, at + most, is_known=False) if is_meant and not is_dull(span[0]) else None
    return None


def _written(span: Sequence[Word]) -> str:
    return " ".join([*(word.written for word in span[:-1]), span[-1].own])


def is_dull(word: Word) -> bool:
    """A word of any question, of an area or a role: it neither begins nor ends a name."""
    return is_of_sentences(word) or shows_area(word.small)


def is_of_sentences(word: Word) -> bool:
    kinds = ("function", "german", "foreign", "request", "filler", "use", "goes_on", "event")
    return word.does(*kinds) or word.small in words_of_sentences()


# names that are known: by the registry, the session, or as websites


def _known_ones(words: Sequence[Word], known: KnownNames) -> Iterator[Mention]:
    at = 0
    while at < len(words):
        found = (_website(words, at), _registered(words, at, known), _of_session(words, at, known), _product(words, at))
        one = max((one for one in found if one is not None), key=lambda one: one.end, default=None)
        if one is not None:
            yield one
        at = at + 1 if one is None else one.end


def _website(words: Sequence[Word], at: int) -> Mention | None:
    return Mention(words[at].written, at, at + 1, is_known=True) if words[at].is_domain else None


def _registered(words: Sequence[Word], at: int, known: KnownNames) -> Mention | None:
    for most in range(_LONGEST_NAME, 0, -1):
        span = words[at : at + most]
        if len(span) < most or any(word.apart for word in span[1:]):
            continue
        called = next((phrase for phrase in _phrases(span) if phrase in known.registered), None)
        if called in known.short and _goes_on(words, at + most):
            return None
        if called is not None:
            is_meant = most > 1 or _is_its_name(words, at, is_alone=len(known.registered) == 1)
            name = " ".join(word.written for word in span) if called.endswith("'s") else _written(span)
            return Mention(name, at, at + most, is_known=True) if is_meant else None
    return None


def _goes_on(words: Sequence[Word], at: int) -> bool:
    """Whether a word behind a short name belongs to a longer one: 'General Electric'; not 'Ford CFO'."""
    word = words[at] if at < len(words) else None
    if word is None or word.apart or words[at - 1].possessive or word.is_acronym:
        return False
    return word.is_capital and not is_dull(word)


def _is_its_name(words: Sequence[Word], at: int, *, is_alone: bool) -> bool:
    """Whether a word that a registered company is called after is meant as its name here: 'Target', 'zoom in on'."""
    word = words[at]
    if not is_common(word.small) or word.possessive or (word.is_capital and (not word.begins or is_alone)):
        return word.is_capital or not is_dull(word)
    return _is_where_a_name_is(words, at, at + 1)


def _of_session(words: Sequence[Word], at: int, known: KnownNames) -> Mention | None:
    """'Ford' is Ford Motor, where that was asked about."""
    word = words[at]
    if is_dull(word) or (is_common(word.small) and not word.is_capital):
        return None
    for name in known.before:
        own = name_words(name)
        if own[:1] == (word.small,):
            most = next((n for n in range(len(own), 1, -1) if " ".join(own[:n]) in _phrases(words[at : at + n])), 1)
            return Mention(name, at, at + most, is_known=True)
    return None


# names that nothing but the question shows


def _others(words: Sequence[Word], taken: Collection[int], *, has_known: bool) -> Iterator[Mention]:
    german, titled, at = is_german(words), _is_titled(words), 0
    while at < len(words):
        start, end = _run(words, at, taken, titled=titled)
        sure = start < end and (
            _is_german_name(words, start, end) if german else _is_name(words, start, end, taken, has_known=has_known)
        )
        if sure or (start == end and at not in taken and _is_small_name(words, at)):
            end = max(end, start + 1)
            yield Mention(_written_by_itself(words, start, end), start, end, is_known=False)
        at = max(end, at + 1)


def _written_by_itself(words: Sequence[Word], start: int, end: int) -> str:
    """'Macy's', where nothing follows that could be Macy's."""
    own_by = end == len(words) or words[end].apart or words[end].does("subject", "auxiliary")
    return " ".join(word.written for word in words[start:end]) if own_by else _written(words[start:end])


def _run(words: Sequence[Word], at: int, taken: Collection[int], *, titled: bool) -> tuple[int, int]:
    """Words with capitals, joined by '&' or 'of', without those that only begin a sentence; a possessive ends it."""
    end = at
    while end < len(words) and end not in taken and (_is_capital(words[end], titled) or _joins(words, at, end)):
        if end > at and (words[end].apart or words[end - 1].possessive):
            break
        end += 1
    start = at
    while start < end and _only_begins(words[start]):
        start += 1
    while end > start and (words[end - 1].does("joined_by", "function") or _is_role(words[end - 1])):
        end -= 1
    if end - start == 1 and is_dull(words[start]):
        end = start
    return (start, end) if start < end else (at, at)


def _joins(words: Sequence[Word], start: int, at: int) -> bool:
    """'Procter & Gamble', 'Bank of America', 'Phillips 66'; not 'CFO of Acme'."""
    if at == start or at + 1 > len(words):
        return False
    if words[at].written.isdigit():
        return len(words[at].written) <= _DIGITS
    is_joined = at + 1 < len(words) and words[at + 1].is_capital and words[at].does("joined_by")
    return is_joined and (words[at].small == "&" or not _is_of_question(words[at - 1]))


def _only_begins(word: Word) -> bool:
    """A capital that the beginning of a sentence gives it, or a word of grammar."""
    if word.begins:
        return is_dull(word)
    return word.does("function", "german", "foreign") and not word.is_acronym


def _is_role(word: Word) -> bool:
    return word.is_acronym and shows_area(word.small)


def _is_of_question(word: Word) -> bool:
    return word.does("function", "request", "filler", "goes_on") or shows_area(word.small)


def _is_capital(word: Word, titled: bool) -> bool:
    return word.is_capital and not (titled and is_common(word.small))


def _is_titled(words: Sequence[Word]) -> bool:
    """Whether all words have capitals, which then show nothing."""
    later = [word for word in words[1:] if len(word.small) > _SHORTEST_COINED]
    return len(later) > _FAR and all(word.is_capital for word in later)


def _is_name(words: Sequence[Word], start: int, end: int, taken: Collection[int], *, has_known: bool) -> bool:
    """Whether words with capitals surely name a company."""
    first, before = words[start], words[start - 1] if start and not words[start].apart else None
    if _is_none_anyway(words[start:end], before):
        return False
    if _is_where_a_name_is(words, start, end) or (first.apart and not first.begins and start - 1 in taken):
        return True  # of a list of names, too
    if end - start == 1 and first.begins:
        return _stands_alone(words, first, has_known=has_known)
    if all((word.is_acronym or word.own.isdigit()) and "&" not in word.own for word in words[start:end]):
        return _is_pitched_to(words, start)
    is_owned = (before is not None and before.does("article")) or first.own[0].isdigit()
    if all(is_common(word.small) for word in words[start:end]):
        return not is_owned and (_is_in_front(words, start) or (first.begins and _ends_there(words, end)))
    return not is_owned


def _is_none_anyway(span: Sequence[Word], before: Word | None) -> bool:
    """A country, what is in a place or of a company, the name of a setting."""
    name = _written(span)
    if before is not None and (before.possessive or before.small == "in"):
        return True
    return bool(country_in_english(name)) or "_" in name


def _is_pitched_to(words: Sequence[Word], start: int) -> bool:
    """'pitch IBM', 'sell it to IBM': an abbreviation elsewhere may be anything."""
    before = words[start - 1] if start else None
    is_to = before is not None and before.small == "to" and any(word.does("pitches") for word in words[: start - 1])
    return is_to or (before is not None and before.does("pitches"))


def _stands_alone(words: Sequence[Word], first: Word, *, has_known: bool) -> bool:
    """A coined word that begins a sentence: 'Nvidia or Acme?', not 'Háblame de Acme'."""
    if is_common(first.small) or first.is_acronym or not is_english(words):
        return False
    return not has_known or len(words) == 1


def _ends_there(words: Sequence[Word], end: int) -> bool:
    """Whether what is in front of this place may be all that is named: 'Ford Motor and ...', 'Ford Motor: ...'."""
    return end == len(words) or words[end].apart or words[end].does("and_or")


def _is_in_front(words: Sequence[Word], start: int) -> bool:
    """Whether a place is behind a word that a name may follow."""
    return start > 0 and words[start - 1].does("auxiliary", "in_front", "use", "acquires", "request")


def _is_where_a_name_is(words: Sequence[Word], start: int, end: int) -> bool:
    """Whether only a company can be there: 'X's CFO', 'does X run', 'X competitors', 'at X', 'the CFO of X'."""
    before = words[start - 1] if start and not words[start].apart else None
    behind = words[end] if end < len(words) and not words[end].apart else None
    if words[end - 1].possessive and behind is not None:
        return True
    if before is not None and before.small == "at":
        return True
    if before is not None and before.small in ("of", "is", "are") and start > 1 and _is_of_an_area(words[start - 2]):
        return True
    if before is not None and before.does("auxiliary") and behind is not None and behind.does("subject", "article"):
        return True
    beside_another = behind is not None and behind.small in ("vs", "versus")
    if any(word.does("compares") for word in words) or _is_measured(words):
        beside_another |= any(one is not None and one.does("and_or") for one in (before, behind))
    begins = start == 0 and behind is not None and _is_of_an_area(behind)
    return beside_another or begins


def _is_measured(words: Sequence[Word]) -> bool:
    """Whether companies are compared by a figure: 'who is larger?'"""
    asked = measure_asked(" ".join(word.small for word in words), ())
    return asked is not None and asked.how != "count"


def _is_of_an_area(word: Word) -> bool:
    return shows_area(word.small) or word.small in ("large", "big", "old")


def _is_small_name(words: Sequence[Word], at: int) -> bool:
    """A coined word without a capital, where only a company can be."""
    word = words[at]
    if word.is_capital or len(word.small) < _SHORTEST_COINED or not word.small.isalpha() or not is_english(words):
        return False
    if is_common(word.small) or is_dull(word) or is_technology(word.small) or country_in_english(word.small):
        return False
    return _is_where_a_name_is(words, at, at + 1)


def _is_german_name(words: Sequence[Word], start: int, end: int) -> bool:
    """Nouns have capitals, too: a name stands behind a word that has one without an article, and looks like no noun."""
    word, before = words[end - 1], words[start - 1] if start else None
    if before is None or words[start].apart or before.small not in words_of("owner"):
        return word.possessive and not is_country(word.own)
    if is_country(_written(words[start:end])) or is_continent(word.small):
        return False
    return not any(word.small.endswith(ending) for ending in words_of("noun_ending"))


def is_continent(word: str) -> bool:
    return word in words_of("continent")


class _Place:
    """What a mention is where it is. earlier: mentions before it, whose parts are known; every: all of them."""

    def __init__(
        self,
        words: Sequence[Word],
        one: Mention,
        earlier: Sequence[Mention],
        every: Sequence[Mention],
        known: KnownNames,
    ) -> None:
        self.words, self.one, self.earlier, self.every, self.known = words, one, earlier, every, known
        self.front = list(words[: one.start])

    @property
    def is_topic(self) -> bool:
        """'Why would Acme care about DevSecOps?'"""
        is_about = bool(self.front) and self.front[-1].does("about")
        begins = len(self.front) - len(self._in_sentence)
        earlier = (one for one in self.earlier if one.part is MentionRole.ASKED and one.start >= begins)
        return is_about and not self.one.is_known and any(True for _ in earlier)

    @property
    def part(self) -> MentionRole:
        if not self.one.is_known and self._is_person:
            return MentionRole.PERSON
        if self.is_sought:
            return MentionRole.SOUGHT
        is_compared = self.one.is_known and any(word.does("compares") for word in self.words)
        if is_technology(self.one.name) and not (is_compared or self._is_asked_technology):
            return MentionRole.SOUGHT if self._has_another else MentionRole.NONE
        return MentionRole.ASKED

    @property
    def is_sought(self) -> bool:
        return self._continues_sought or (self._has_subject and (self.is_used or self._is_other_party))

    @property
    def is_measured(self) -> bool:
        """Whether it is one of several that are compared by a figure: 'Acme or Bly, who is larger?'"""
        beside = (*self.front[-1:], *self.words[self.one.end : self.one.end + 1])
        is_joined = any(word.does("and_or", "compares") for word in beside) and len(self.every) > 1
        return is_joined and _is_measured(self.words)

    @property
    def _is_person(self) -> bool:
        span = self.words[self.one.start : self.one.end]
        if _is_where_a_name_is(self.words, self.one.start, self.one.end):
            return False
        if len(span) > 1 and (is_given_name(span[0].small) or self._has_a_role):
            return True
        behind_who = follows(self.words, self.one.start, "person")
        return behind_who and (len(span) > 1 or self.front[-1].small in ("for", "of"))

    @property
    def _has_a_role(self) -> bool:
        """'Is Ada Copper still CFO of Acme?', 'Does Ada Copper work at Acme?'"""
        behind = self.words[self.one.end : self.one.end + _FAR]
        has_role = any(shows_area(word.small) or word.does("works") for word in behind)
        return has_role and any(other.start >= self.one.end for other in self.every)

    @property
    def _has_subject(self) -> bool:
        """A company that is asked about is named before it, or a word that means one."""
        if any(one.part is MentionRole.ASKED for one in self.earlier):
            return True
        goes_on = any(word.does("goes_on") for word in self.front)
        return goes_on and bool(self.known.before or any(other.start > self.one.start for other in self.every))

    @property
    def _has_another(self) -> bool:
        others = [one for one in self.every if one is not self.one and not is_technology(one.name)]
        return bool(others or self.known.before) or self._has_subject

    @property
    def _is_asked_technology(self) -> bool:
        """A company that is called as its product: 'Is Salesforce hiring?'"""
        in_place = _is_where_a_name_is(self.words, self.one.start, self.one.end)
        return in_place or (self.one.is_known and not self.is_used and (not self._has_another or not self._has_subject))

    @property
    def is_used(self) -> bool:
        """Whether the name is behind 'use', 'run on', 'moved to', 'they are on'; before 'shop'."""
        if self.one.end < len(self.words) and self.words[self.one.end].does("used_by"):
            return True
        near = self.front[-_FAR:]
        while near and near[-1].does("before_used"):
            if near[-1].does("to_or_from"):
                return any(word.does("moved") for word in self._in_sentence[-_FAR - 2 : -1])
            if near[-1].small == "on" and len(near) > 1 and near[-2].does("goes_on", "being"):
                return True
            near = near[:-1]
        used_before = is_german(self.words) and any(word.does("use") for word in self.front)
        return bool(near) and (near[-1].does("use") or used_before)

    @property
    def _is_other_party(self) -> bool:
        """Whether it is behind 'contract with', 'customer of', 'acquire'; never where companies are compared."""
        if any(word.does("compares") for word in self.words) or not self.front:
            return False
        if self.front[-1].does("acquires"):
            return True
        near = self._in_sentence[-_FAR - 1 : -1]
        return self.front[-1].does("ties") and any(word.does("other_party") for word in near)

    @property
    def _in_sentence(self) -> Sequence[Word]:
        begins = max((at for at, word in enumerate(self.front) if word.begins), default=0)
        return self.front[begins:]

    @property
    def _continues_sought(self) -> bool:
        """'Salesforce or HubSpot'."""
        last = self.earlier[-1] if self.earlier else None
        joined = last is not None and last.end + 1 == self.one.start and self.front[-1].does("and_or")
        return joined and last is not None and last.part is MentionRole.SOUGHT
