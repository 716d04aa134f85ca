"""Whether a text speaks of the company of a name, or of something else that is called so. Pure.

speaks_of('Target', 'Target cuts prices') -> True      speaks_of('Delta', 'Delta Dental names a chief') -> False
                                                       speaks_of('Apple', 'Apple harvest begins') -> False

What is beside a name of one word makes it a company's or a part of a longer name. Where it shows nothing, a coined word
(Nvidia) is the company, an English one is not. Names of several words speak for themselves.
"""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from enrichment.domain.data_tables import rows_of
from enrichment.identity.countries import is_country
from enrichment.identity.legal_forms import is_form
from enrichment.identity.letters import fold
from enrichment.identity.names import is_named_in, name_words

_ORDINARY = frozenset(word for (line,) in rows_of("enrichment.parsing", "ordinary_words") for word in line.split())
_CONTEXTS = [(kind, line.split()) for kind, line in rows_of("enrichment.parsing", "name_contexts")]


def _context(*kinds: str) -> frozenset[str]:
    return frozenset(word for kind, words in _CONTEXTS if kind in kinds for word in words)


_ACTS, _OWNS, _OBJECTS, _KINDS = map(_context, ("acts", "owns", "objects", "kinds"))
_PREPOSITIONS, _ARTICLES, _AUXILIARIES, _WHEN = map(_context, ("prepositions", "articles", "auxiliaries", "when"))
_FUNCTION, _FOREIGN, _OF_A_DAY = map(_context, ("function", "foreign", "of_a_day"))
_ASKS, _BEING = map(_context, ("asks", "being"))
_LONGER, _LONGER_OR_OWN, _BEFORE_A_LONGER = map(_context, ("longer", "longer_or_own", "before_a_longer"))
_GIVEN_NAMES = _context("given")
_DAYS = frozenset(day.casefold() for day in (*calendar.day_name, *calendar.month_name) if day)
_OTHERS = _GIVEN_NAMES | _context("named_otherwise") | _DAYS
_ENDINGS = (("ies", "y"), ("es", ""), ("s", ""), ("ied", "y"), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"))
_SHORTEST_STEM = 3
_TOKEN = re.compile(r"\bvs\.|[^\W_]+(?:['’.&][^\W_]+)*['’]?")
_POSSESSIVE = re.compile(r"['’]s$|(?<=s)['’]$")
_FORM = re.compile(r",? (?:Inc|Corp|Ltd|LLC|PLC|plc|AG|SE|SA|NV|GmbH)\b|\s*\((?:[A-Za-z]{2,8}\s?:\s?)?[A-Z]{1,5}\)")
_TITLE_CASE = 0.5
"""Share of capitals among longer words from which a text writes every word so, and a capital shows nothing."""
_LONG_WORD = 4


class _Reading(Enum):
    COMPANY = "company"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a text. beside: a space alone parts it from the one before."""

    written: str
    beside: bool
    start: int
    end: int

    @property
    def plain(self) -> str:
        return fold(_POSSESSIVE.sub("", self.written)).rstrip("'’.")

    @property
    def is_possessive(self) -> bool:
        return _POSSESSIVE.search(self.written) is not None

    @property
    def is_contracted(self) -> bool:
        """A genitive or two words in one: 'Musk's', 'I'm'."""
        return "'" in self.written or "’" in self.written

    @property
    def is_capital(self) -> bool:
        return self.written[0].isupper()

    @property
    def is_branded(self) -> bool:
        """'iPhone', 'eBay': with a capital within, as no word has."""
        return self.written[0].islower() and not self.written.islower()

    @property
    def is_model(self) -> bool:
        """Whether the word is a product's model: 'F-150', 'M3'."""
        return self.is_capital and (len(self.written) == 1 or any(letter.isdigit() for letter in self.written))

    @property
    def is_coined(self) -> bool:
        """Neither an English word nor a day, a person or a place of the tables: Nvidia, Trafalgar."""
        return not is_common(self.plain)


def is_given_name(word: str) -> bool:
    """Whether English-speaking people have this given name. word: folded."""
    return word in _GIVEN_NAMES


def is_common(word: str) -> bool:
    """Whether a folded word is an English one, or a day, person or place that companies are called after."""
    if word in _ORDINARY or word in _OTHERS:
        return True
    cut = ((word.removesuffix(ending), end) for ending, end in _ENDINGS if word.endswith(ending))
    return any(len(stem) >= _SHORTEST_STEM and stem + end in _ORDINARY for stem, end in cut)


def speaks_of(name: str, text: str, domain: str | None = None) -> bool:
    """domain: the company's; a text that has it speaks of the company."""
    if domain and _has_domain(domain, text):
        return True
    if not is_named_in(name, text):
        return False
    own = name_words(name)
    if " " in name and name.casefold() in text.casefold():
        return True
    sentence = _Sentence(text)
    readings = {one.reading for one in sentence.mentions(own[0])} if len(own) == 1 else set()
    if _Reading.COMPANY in readings or not readings:
        return True
    return _Reading.UNKNOWN in readings and (sentence.is_foreign or not is_common(own[0]))


def _has_domain(domain: str, text: str) -> bool:
    if domain.casefold() not in text.casefold():  # almost always: a pattern of its own takes much longer to compile
        return False
    return re.search(rf"(?<![\w.-]){re.escape(domain)}(?![\w-])", text, re.IGNORECASE) is not None


def names_employer(name: str, text: str) -> bool:
    """Whether a place of work is the company, not one of a longer name: 'Delta Dental of Iowa' is not Delta."""
    own = name_words(name)
    others = [one.is_of_other_place for one in _Sentence(text).mentions(own[0])] if len(own) == 1 else []
    return is_named_in(name, text) and not (others and all(others))


class _Sentence:
    """The words of a text, and what each mention of a name is there."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._words = [*_words(text)]
        long = [word for word in self._words[1:] if len(word.written) >= _LONG_WORD]
        self._is_titled = bool(long) and sum(word.is_capital for word in long) / len(long) > _TITLE_CASE
        small = [word.written for word in self._words if word.written.islower()]
        english, other = (sum(word in listed for word in small) for listed in (_FUNCTION, _FOREIGN))
        self.is_foreign = other > english or any(letter >= "\u0370" and letter.isalpha() for letter in text)

    def mentions(self, name: str) -> Iterator["_Mention"]:
        """name: one folded word."""
        for place, word in enumerate(self._words):
            if word.plain.removesuffix(".com") == name and not word.written.islower():
                yield _Mention(
                    name=name,
                    word=word,
                    before=self._words[place - 1] if place and word.beside else None,
                    behind=self._beside(place + 1),
                    third=self._beside(place + 2) if self._beside(place + 1) else None,
                    is_second=place == 1,
                    is_listed=self._is_listed(place),
                    is_titled=self._is_titled,
                    is_foreign=self.is_foreign,
                    has_form=_FORM.match(self._text, word.end) is not None,
                )

    def _is_listed(self, place: int) -> bool:
        """Whether 'and' or a comma joins it to another name: 'Walmart and Target', 'Shell, TotalEnergies'."""
        return any(self._is_a_name(other) for other in self._linked(place))

    def _linked(self, place: int) -> Iterator[int]:
        words = self._words
        for step in (-1, 1):
            near = place + step
            if 0 <= near < len(words) and words[near].plain == "and":
                near += step
            elif self._between(min(place, near), max(place, near)) not in (", ", " & "):
                continue
            if 0 <= near < len(words):
                yield near

    def _between(self, first: int, second: int) -> str:
        if first < 0 or second >= len(self._words):
            return ""
        return self._text[self._words[first].end : self._words[second].start]

    def _is_a_name(self, place: int) -> bool:
        """A capital tells where names alone have one, and not at the beginning."""
        word = self._words[place]
        if not word.is_capital or word.plain in _DAYS or word.plain in _GIVEN_NAMES:
            return False
        return (
            (len(word.written) > 1 and word.written.isupper()) or word.is_coined or not (self._is_titled or place == 0)
        )

    def _beside(self, place: int) -> _Word | None:
        return self._words[place] if place < len(self._words) and self._words[place].beside else None


@dataclass(frozen=True, slots=True)
class _Mention:
    """A name of one word where it stands. before, behind, third: the words that only spaces part from it.

    is_titled: the text writes every longer word with a capital. has_form: a legal form or a ticker follows.
    """

    name: str
    word: _Word
    before: _Word | None
    behind: _Word | None
    third: _Word | None
    is_second: bool
    is_listed: bool
    is_titled: bool
    is_foreign: bool
    has_form: bool

    @property
    def reading(self) -> _Reading:
        if self._is_continued or self._is_preceded or self._is_a_day:
            return _Reading.OTHER
        return _Reading.COMPANY if self._leads or self._is_led_to else _Reading.UNKNOWN

    @property
    def is_of_other_place(self) -> bool:
        """Whether it is a part of another employer's name; a common word is, before any other name."""
        if self.behind is None or not self.behind.is_capital or self.word.is_possessive or self._has_form:
            return False
        if is_common(self.name):
            return self.behind.plain not in _OWNS | _FUNCTION and not is_country(self.behind.written)
        return self.behind.plain in _LONGER

    @property
    def _has_form(self) -> bool:
        return self.has_form or (self.behind is not None and self.behind.is_capital and is_form(self.behind.plain))

    @property
    def _is_continued(self) -> bool:
        """Whether words behind it make it another name: 'Delta Dental'."""
        if self.behind is None or not self.behind.is_capital or self._acts(self.behind):
            return False
        return self.behind.plain in (_LONGER | _LONGER_OR_OWN if is_common(self.name) else _LONGER)

    @property
    def _is_preceded(self) -> bool:
        """Whether words before it make it another name: 'Times Square', 'Harrison Ford'."""
        before = self.before
        if before is None or not before.is_capital or before.is_contracted or before.written.isupper():
            return False
        if before.plain in _GIVEN_NAMES or not is_common(self.name):
            return before.plain in _GIVEN_NAMES
        if before.plain in _BEFORE_A_LONGER:
            return True
        if self.is_foreign or before.plain in _KINDS | _OBJECTS | _DAYS or self._owns:
            return False
        return before.is_coined or not (self.is_titled or self.is_second)

    @property
    def _is_a_day(self) -> bool:
        return self.name in _DAYS and self.before is not None and self.before.plain in _WHEN

    @property
    def _owns(self) -> bool:
        return self.behind is not None and self.behind.plain in _OWNS and self.name not in _DAYS

    @property
    def _leads(self) -> bool:
        """Whether it leads to what a company does or has, or is named beside other names."""
        if self.name in _DAYS:
            return self._has_form or self._acts_as_no_day
        if self._has_form or self._owns or self.is_listed:
            return True
        if self.before is not None and self.before.plain in _ARTICLES:
            return False
        return self.word.is_possessive or (self.behind is not None and self._is_subject_of(self.behind))

    def _is_subject_of(self, behind: _Word) -> bool:
        if self.third is not None and behind.plain in _AUXILIARIES:
            return _is_a_verb(self.third.plain)
        return behind.plain in _BEING or behind.is_branded or behind.is_model or self._acts(behind)

    @property
    def _acts_as_no_day(self) -> bool:
        behind = self.behind
        acts = behind is not None and self._acts(behind) and behind.plain not in _OF_A_DAY
        return self.before is None and acts

    @property
    def _is_led_to(self) -> bool:
        """Whether words before it lead to a company, and the name ends there."""
        if self.before is None or not (self._ends or self.before.plain in _ASKS):
            return False
        before = self.before.plain
        if before in _KINDS or self.name in _DAYS:
            return before in _KINDS
        if before in _OBJECTS:
            return True
        begins = self.is_second and before in _ASKS | _PREPOSITIONS
        return not self.is_titled and before not in _ARTICLES and (begins or not self.before.is_capital)

    @property
    def _ends(self) -> bool:
        if self.behind is None or self.word.is_possessive or self.behind.written[0].isdigit():
            return True
        return self.behind.plain in _FUNCTION or self._acts(self.behind)

    def _acts(self, word: _Word) -> bool:
        """A verb, in the case that this text writes verbs in."""
        return word.plain in _ACTS and (self.is_titled or not word.is_capital)


def _words(text: str) -> Iterator[_Word]:
    end = 0
    for found in _TOKEN.finditer(text):
        yield _Word(found[0], text[end : found.start()].isspace(), found.start(), found.end())
        end = found.end()


def _is_a_verb(word: str) -> bool:
    return word == "be" or not _ACTS.isdisjoint({f"{word}s", f"{word}es", f"{word[:-1]}ies"})
