"""What a question is about, read by tables of words: its companies, areas, topics, and what is looked for. Pure.

question + names that are known -> QuestionReading: the plain rule takes it, a model is given it and stays within it

A topic is made of content words, or it is none: nothing is searched for the grammar of a question.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from enrichment.identity.countries import country_in_english
from enrichment.parsing.mentions import is_common
from enrichment.parsing.technologies import is_technology
from enrichment.research.questions.areas import AREA_NAMES, AREAS, phrases_of_areas, shows_area
from enrichment.research.questions.company_mentions import mentions_in
from enrichment.research.questions.mention import KnownNames, Mention, MentionRole
from enrichment.research.questions.name_places import is_continent, is_dull
from enrichment.research.questions.question_words import (
    Word,
    follows,
    has_phrase,
    is_english,
    phrases_of,
    places_of,
    words_in_question,
    written_out,
)

_UNREAD = re.compile(r"[\u30a0-\u30ff]{3,}|[\u0400-\u04ff]{3,}|[\uac00-\ud7af]{2,}|[\u0600-\u06ff]{3,}")
"""Words in other scripts, which no table here reads: katakana, as names are written, Cyrillic, Hangul, Arabic."""
_OTHER_SCRIPT = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_ADVICE = re.compile(
    r"\bposition\s+(?!(?:of|in|is|at|on|does|do|are|as)\b)\S|\b(?:pitch|win over|say to|convince|persuade)\b"
    r"|\b(?:should|can|could|would|to|might) (?:(?:I|we|us) )?(?:sell|offer|approach|propose)\b"
    r"|\bwe sell (?:that|which)\b|\bsell (?!and\b)\w+ to\b|\b(?:switch to|work with|fit for|right for) us\b"
    r"|\bbuy (?:\w+ ){0,4}from us\b|\bwhy (?:should|would|might) \w+ buy(?: now| today| it| this)*\s*(?:[?.!,]|$)"
    r"|\bin it for (?:them|us)\b"
    r"|\breasons? to (?:call|contact|reach|write|visit|talk)\b"
    r"|\bworth (?:an? )?(?:call|calling|contacting|visit|email|pursuing)\b"
    r"|\bquestions (?:should|do|can|could) (?:I|we) ask\b|\bavoid (?:saying|mentioning)\b"
    r"|\b(?:opener|opening line|icebreaker|talking points?|subject line|elevator pitch)\b",
    re.I,
)
"""The seller asks what to do: the whole company matters."""
_CONTACT_DETAILS = re.compile(
    r"(?<!\ban )(?<!\ba )(?<!\bcold )(?<!\bfirst )\be-?mails?(?: address(?:es)?)?\b(?= (?:of|for)\b|\s*[?.,]|\s*$)"
    r"|\b(?:phone|telephone|mobile) numbers?\b|\bdirect dial\b|(?<=['’]s )(?:e-?mail|phone|mobile|linkedin)\b",
    re.I,
)
"""How to reach a person."""
_MOST_WORDS = 5
_LONGEST_LISTED = 11
"""Letters of the longest English words that the table of them has."""


@dataclass(frozen=True, slots=True)
class QuestionReading:
    """companies: as they are written. areas: none, and nothing looked for: the whole company.

    topics: to be searched for. sought: names and words to be looked for in what is known. unsure: words that may be
    names of companies. restates: what was asked before is asked for in other words. places: which of the companies
    asked about before, from 0; none: all of them. is_of_competitors: which technology their competitors use.
    contact_details: words such as "email". private: what no source tells of a person.
    """

    companies: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    sought: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    sure_companies: tuple[str, ...] = ()
    no_companies: frozenset[str] = frozenset()
    looks_for_technology: bool = False
    asks_for_advice: bool = False
    restates: bool = False
    places: tuple[int, ...] = ()
    asks_for_a_list: bool = False
    is_of_competitors: bool = False
    contact_details: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    is_sure: bool = False
    """Nothing is left to be understood: companies that are known, areas, advice, technologies, grammar."""

    def may_be_asked_about(self, name: str) -> bool:
        """Whether a name that a model takes from the question may be that of a company asked about."""
        return name in self.companies or name.casefold() not in self.no_companies


def read_question(text: str, known: KnownNames) -> QuestionReading:
    return _read(text, frozenset(known.registered), tuple(known.before), tuple(known.own), frozenset(known.short))


@lru_cache(maxsize=256)
def _read(
    text: str, registered: frozenset[str], before: tuple[str, ...], own: tuple[str, ...], short: frozenset[str]
) -> QuestionReading:
    """Several steps of a question ask for it."""
    reader = _Reader(text, KnownNames(registered, before, own, short))
    if has_phrase(reader.words, "meta") and not any(one.part is MentionRole.ASKED for one in reader.mentions):
        return QuestionReading(restates=True)
    return reader.reading


class _Reader:
    """used: places of words that are read already; phrases: of several words that show an area."""

    def __init__(self, text: str, known: KnownNames) -> None:
        self.text, self.words, self.known = text, words_in_question(text), known
        self.mentions = mentions_in(self.words, known)
        self.used = {at for one in self.mentions for at in range(one.start, one.end)}
        self.is_english = is_english(self.words)
        self.grammar = ("function",) if self.is_english else ("function", "german", "foreign")
        self.phrases = set[int]()
        self.places = dict[tuple[Word, ...], tuple[Word, ...]]()
        self.topics = [*self._marked("topic")]
        if any(word.does("says") for word in self.words):
            self.topics += self._marked("says_of")
        self.tasks = [*self._marked("task")]
        self.spends = [*self._marked("spends")]
        self.areas = self._shown_areas()

    @property
    def reading(self) -> QuestionReading:
        companies = self._named(MentionRole.ASKED)
        spans = [one for one in self._spans() if self._says_something(one) and not _OTHER_SCRIPT.search(_text(one))]
        unsure = [] if companies else [*self._unsure(spans)]
        spans = [span for span in spans if _text(span) not in unsure]
        sought = [
            *self._named(MentionRole.SOUGHT),
            *self._named(MentionRole.PERSON),
            *self._events(),
            *map(_text, self.tasks),
        ]
        topics = [*map(_text, self.topics), *(f"expenditure on {_text(span)}" for span in self.spends)]
        if not self.areas and not unsure:
            topics += [*self._relations(), *self._topics_of(span for span in spans if self._is_in_place(span))]
            left = [span for span in spans if not self._is_in_place(span)]
            sought += self._topics_of(span for span in left if _says_more(span) or not (topics or self._requests))
        elif self.areas:
            sought += self._topics_of(span for span in spans if _says_more(span) or self._is_for(span))
        details = tuple(dict.fromkeys(found[0].casefold() for found in _CONTACT_DETAILS.finditer(self.text)))
        areas = self.areas or self._people_meant(topics) or (("people",) if details else ())
        if not (areas or topics or sought or unsure) and self._asks_a_fact:
            sought = [" ".join(self._left_over)] if self._left_over else []
        if "people" in areas:
            sought, topics = [*sought, *topics], []
        if not (areas or topics or sought or unsure) and any(word.does("asks_people") for word in self.words):
            areas = ("people",)
        if (companies or self.known.before) and self.known.own and has_phrase(self.words, "of_us"):
            areas, topics, sought = ("technology",), [], [self.known.own[-1 if len(self.known.own) > 2 else 0]]
        if "competition" in areas and self.known.own and has_phrase(self.words, "rival_of_us"):
            sought = [*sought, self.known.own[0]]
        private = [" ".join(one) for one in phrases_of("private") if any(True for _ in places_of(self.words, one))]
        if private and {*areas} <= {"people"}:
            areas, topics, sought = (), [], []  # the role only says whose it is
        asks_for_advice = _ADVICE.search(written_out(self.text)) is not None
        if self._buys_ours:
            asks_for_advice, topics, sought = True, [], []
        areas = () if asks_for_advice else areas
        sure = tuple(one.name for one in self.mentions if one.is_known and one.part is MentionRole.ASKED)
        is_left = bool(
            topics or unsure or not all(map(is_technology, sought)) or not self.is_english or set(companies) - set(sure)
        )
        return QuestionReading(
            companies=companies,
            sure_companies=sure,
            is_sure=bool(areas or asks_for_advice or companies) and not is_left,
            no_companies=frozenset(self._no_companies()),
            looks_for_technology=any(self._is_used(one) for one in self.mentions),
            asks_for_advice=asks_for_advice,
            areas=areas,
            topics=tuple(dict.fromkeys(topics)),
            sought=tuple(dict.fromkeys(sought)),
            unsure=tuple(dict.fromkeys(unsure)),
            asks_for_a_list=not companies and has_phrase(self.words, "list"),
            restates=not (areas or topics or sought or unsure) and self._restates(companies),
            is_of_competitors=bool(sought) and self._is_of_competitors,
            contact_details=details,
            private=tuple(private),
            places=tuple(at for at, kind in enumerate(("place_first", "place_second")) if has_phrase(self.words, kind)),
        )

    @property
    def _buys_ours(self) -> bool:
        """'Why would Acme buy Okta?', of a seller of Okta."""
        before = [self.words[one.start - 1] for one in self.mentions if one.start and self.known.is_own(one.name)]
        asks = any(word.small in ("why", "should") for word in self.words[:1])
        return asks and any(word.small in ("buy", "choose", "need") for word in before)

    def _restates(self, companies: Collection[str]) -> bool:
        """'Shorter, please', 'and Acme, same thing?'"""
        return has_phrase(self.words, "same" if companies else "restates")

    @property
    def _asks_a_fact(self) -> bool:
        """'Did Acme open plants?': not 'tell me of Acme', and not what it is to be told of."""
        first, second = (*self.words[:2], None, None)[:2]
        asks = first is not None and first.does("auxiliary") and not (second is not None and second.small == "you")
        return asks and self.is_english and bool(self._named(MentionRole.ASKED))

    @property
    def _left_over(self) -> list[str]:
        """Words that are no name and of no grammar, those of any question included."""
        left = (word for at, word in enumerate(self.words) if at not in self.used and not _is_grammar(word))
        return [word.own for word in left if not word.does("use", "ours", "auxiliary")]

    @property
    def _is_of_competitors(self) -> bool:
        """'Are Acme's competitors using Oracle?', 'do any rivals of Acme run Oracle?'"""
        if "technology" not in self.areas and not any(word.does("use") for word in self.words):
            return False
        ends = {one.end for one in self.mentions if one.part is MentionRole.ASKED}
        starts = {one.start for one in self.mentions if one.part is MentionRole.ASKED}
        rivals = [at for at, word in enumerate(self.words) if word.does("rivals")]
        return any(at in ends or at + 2 in starts for at in rivals)

    @property
    def _requests(self) -> bool:
        """'Give me a ...', 'walk me through ...': what is to be made of the answer."""
        first = next((word for word in self.words if not word.does("function", "filler")), None)
        return first is not None and first.does("request")

    def _people_meant(self, topics: Sequence[str]) -> tuple[str, ...]:
        """The area of people, if 'she' or 'who handles ...' asks for it."""
        handled = bool(topics) and any(word.does("handled") for word in self.words)
        asks = handled and any(word.does("asks_people") for word in self.words)
        asks |= any(word.does("asks_people") for word in self.words) and self._is_at_a_company
        return ("people",) if asks or (not topics and any(word.does("person_meant") for word in self.words)) else ()

    @property
    def _is_at_a_company(self) -> bool:
        """'Who would block a deal at Acme?', not 'who audits Acme?'"""
        asked = (one for one in self.mentions if one.part is MentionRole.ASKED and one.start)
        return any(self.words[one.start - 1].small == "at" for one in asked)

    def _named(self, part: MentionRole) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.name for one in self.mentions if one.part is part))

    def _no_companies(self) -> Iterator[str]:
        """What is looked for, people, places, and single words of any question."""
        yield from (one.name.casefold() for one in self.mentions if one.part is not MentionRole.ASKED)
        yield from (word.small for word in self.words if is_dull(word) or is_place(word))

    # areas

    def _shown_areas(self) -> tuple[str, ...]:
        """Longer phrases first, and each word once: 'how many people' asks for no person."""
        if self.spends:
            return ()
        shown, read, places, by_size, by_people = set[str](), set[int](), list[range](), False, False
        for phrase, area in phrases_of_areas():
            for place in places_of(self.words, phrase):
                if self.used.isdisjoint(place) and (read.isdisjoint(place) or place in places):
                    shown.add(area)
                    by_size |= area == "size" and not self.words[place[0]].does("superlative")
                    by_people |= area == "people" and not self.words[place[0]].does("anybody")
                    places.append(place)
                    read |= {*place}
                    self.phrases |= {*place} if len(place) > 1 else set()
        if len(shown) > 1 and not by_size:
            shown.discard("size")  # 'their biggest rival'
        if len(shown) > 1 and not by_people:
            shown.discard("people")  # 'hires more data people'
        if _OTHER_SCRIPT.search(self.text):
            shown |= {area.name for area in AREAS if any(_OTHER_SCRIPT.match(w) and w in self.text for w in area.words)}
        if any(self._is_used(one) for one in self.mentions) or (not shown and self._asks_what_is_used):
            shown.add("technology")
        if self._named(MentionRole.PERSON) or self.tasks:
            shown.add("people")
        return tuple(name for name in AREA_NAMES if name in shown)

    @property
    def _asks_what_is_used(self) -> bool:
        """'Which provider do they use?', 'what is Acme on?'"""
        words = self.words
        ends_on = len(words) > 1 and words[-1].does("use") and words[0].does("which")
        return ends_on or any(word.does("use") and not word.does("runs") for word in words)

    # what is asked about in particular

    def _marked(self, kind: str) -> Iterator[tuple[Word, ...]]:
        """What follows such a phrase, unless it only shows an area: then its words are read as those of others."""
        for at in range(1, len(self.words)):
            if at in self.used or not follows(self.words, at, kind):
                continue
            start = at
            while start < len(self.words) and start not in self.used and self._is_function(self.words[start]):
                start += 1
            end = self._end_of_joined(start)
            span = self.words[start:end]
            if span and self._is_topic(span, kind):
                self.used |= {*range(start, end)}
                yield span

    def _ends(self, at: int) -> bool:
        return at in self.used or at in self.phrases or self._is_function(self.words[at])

    def _is_topic(self, span: Sequence[Word], kind: str) -> bool:
        if all(word.does("filler") for word in span):
            return False
        if not self._named(MentionRole.ASKED) and any(map(is_coined, span)) and all(map(_is_coined_or_dull, span)):
            return False  # it may be the name of a company
        return kind in ("task", "spends") or not _shows_one_area(span)

    def _is_function(self, word: Word) -> bool:
        return (word.does(*self.grammar) and not word.is_acronym) or word.small == "&"

    def _end_of_span(self, start: int) -> int:
        end = start
        while end < len(self.words) and not self._ends(end):
            if end > start and self.words[end].apart:
                break
            end += 1
        return min(end, start + _MOST_WORDS)

    def _end_of_joined(self, start: int) -> int:
        """'office in Madrid' is one."""
        end = self._end_of_span(start)
        while end > start and end + 1 < len(self.words) and end not in self.used and self.words[end].does("joins"):
            if self.words[end].apart or (more := self._end_of_span(end + 1)) == end + 1:
                break
            end = more
        return end

    def _spans(self) -> Iterator[tuple[Word, ...]]:
        """Words beside each other, without those that ask at their ends."""
        at = 0
        while at < len(self.words):
            end = self._end_of_joined(at)
            if span := _without_ends(self.words[at:end]):
                self.places[span] = self.words[:at]
                yield span
            at = max(end, at + 1)

    def _unsure(self, spans: Sequence[tuple[Word, ...]]) -> Iterator[str]:
        """What may be names: coined words in small letters, unread capitals, what is in a script that is not read."""
        yield from _UNREAD.findall(self.text)
        yield from (_text(span) for span in self._unread_capitals())
        yield from (_text(span) for span in spans if self._is_subject(span))
        if self.is_english and not self.areas:
            yield from (word.written for span in spans if _may_all_be_names(span) for word in span if is_coined(word))

    def _unread_capitals(self) -> Iterator[tuple[Word, ...]]:
        """Several words with capitals beside each other, within a sentence, which nothing has read: 'Salt Security'."""
        at = 0
        while at < len(self.words):
            end = at
            while end < len(self.words) and self._is_unread_capital(at, end):
                end += 1
            if end - at > 1 and not any(is_place(word) or word.is_acronym for word in self.words[at:end]):
                yield self.words[at:end]
            at = max(end, at + 1)

    def _is_unread_capital(self, start: int, at: int) -> bool:
        word = self.words[at]
        is_beside = at == start or not (word.apart or self.words[at - 1].possessive)
        return word.is_capital and not word.begins and is_beside and at not in self.used and not self._is_function(word)

    def _is_subject(self, span: tuple[Word, ...]) -> bool:
        """'does ford motor use ...': it is asked what this does, not what the company of before does."""
        before, end = self.places[span], len(self.places[span]) + len(span)
        does = end < len(self.words) and self.words[end].does("subject")
        return self.is_english and does and bool(before) and before[-1].does("auxiliary")

    def _topics_of(self, spans: Iterable[tuple[Word, ...]]) -> Iterator[str]:
        """Spans of a question in English; words of relations are told with the name they tie to."""
        if self.is_english:
            tied = {word for one in self.mentions if one.part is MentionRole.SOUGHT for word in self._relation(one)}
            yield from (_text(span) for span in spans if not tied.intersection(span))

    def _is_for(self, span: tuple[Word, ...]) -> bool:
        """'interest in analytics', 'the birthday of their CEO'."""
        before, end = self.places[span], len(self.places[span]) + len(span)
        is_of = end < len(self.words) and self.words[end].small == "of"
        return bool(before) and (before[-1].does("joins") or (is_of and before[-1].does("article")))

    def _says_something(self, span: tuple[Word, ...]) -> bool:
        """Words of an area or a role do where a company has it: 'a data team'."""
        is_had = follows(self.words, len(self.places[span]), "has")
        return any(map(_is_content, span)) or (is_had and not all(map(_is_grammar, span)) and len(span) > 1)

    def _is_in_place(self, span: tuple[Word, ...]) -> bool:
        """Whether a topic can be there: behind 'about', 'has a', 'plans a', a possessive; or it is all of it."""
        before = self.places[span]
        is_alone = len(self.words) == len(before) + len(span) and all(word.does("alone") for word in before)
        if is_alone and not self._named(MentionRole.ASKED):
            return True
        if not before or before[-1].possessive or before[-1].does("about"):
            return bool(before) or not self._named(MentionRole.ASKED)
        if before[-1].does("which") and len(span) > 1:
            return True
        if before[-1].does("and_or") and len(before) - 1 in {one.end for one in self.mentions}:
            return True
        *_, last = before
        others = before[:-1]
        is_had = follows(self.words, len(before), "has") and not any(word.does("ours_has") for word in before)
        return is_had or (last.does("article", "any") and bool(others) and others[-1].does("plans"))

    def _relations(self) -> Iterator[str]:
        """'contract Microsoft', 'buy Tesla'."""
        for one in self.mentions:
            if one.part is MentionRole.SOUGHT:
                yield " ".join((*(word.small for word in self._relation(one)), one.name))

    def _relation(self, one: Mention) -> tuple[Word, ...]:
        near = self.words[max(0, one.start - 5) : one.start]
        return tuple(word for word in near if word.does("other_party", "acquires"))[-1:]

    def _is_used(self, one: Mention) -> bool:
        """A technology that is looked for, not a company that something else is done with."""
        ties = [word for word in self._relation(one) if not word.does("works")]
        return one.part is MentionRole.SOUGHT and (one.is_used or (is_technology(one.name) and not ties))

    def _events(self) -> Iterator[str]:
        for phrase in phrases_of("event"):
            if any(True for _ in places_of(self.words, phrase)):
                yield " ".join(phrase)


def _says_more(span: Sequence[Word]) -> bool:
    """Whether it narrows an area down: not a single verb or adjective that is left over, nor a misspelt word."""
    return len(span) > 1 or not span[0].small.isalpha() or span[0].is_capital


def _is_grammar(word: Word) -> bool:
    return word.does("function", "filler", "request")


def may_be_topic(text: str) -> bool:
    """Whether a word of it is none of any question, nor of an area or a role."""
    return any(_is_content(word) for word in words_in_question(text))


def _is_content(word: Word) -> bool:
    if is_place(word) or (word.is_acronym and not shows_area(word.small) and not _is_grammar(word)):
        return True
    return not is_dull(word) and any(map(str.isalpha, word.small[1:]))


def is_place(word: Word) -> bool:
    return word.is_capital and (is_continent(word.small) or bool(country_in_english(word.own)))


def _without_ends(span: tuple[Word, ...]) -> tuple[Word, ...]:
    while span and (span[0].does("request", "use", "moved", "function") or _asks(span[0])):
        span = span[1:]
    while span and (span[-1].does("request", "use", "function") or _asks(span[-1])):
        span = span[:-1]
    return span


def _asks(word: Word) -> bool:
    """A word that by itself shows an area, or a filler such as 'planning'."""
    return shows_area(word.small, roles=False) or (word.small.endswith("ing") and word.does("filler"))


def is_coined(word: Word) -> bool:
    """Whether a word is no English one, and in no table: 'labcorp'."""
    if is_dull(word) or is_common(word.small) or is_technology(word.small) or not word.small.isascii():
        return False
    return word.small.isalpha() and word.written.islower() and len(word.small) <= _LONGEST_LISTED


def _is_coined_or_dull(word: Word) -> bool:
    return is_coined(word) or is_dull(word)


def _may_all_be_names(span: Sequence[Word]) -> bool:
    return all(is_coined(word) or word.does("filler", "request") for word in span)


def _shows_one_area(span: Sequence[Word]) -> bool:
    """Whether its words say no more than which area is meant: 'tech stack', 'pricing'."""
    left = [word for word in span if not word.does("filler", "request")]
    small = {word.small for word in left}
    shown = [{area for phrase, area in phrases_of_areas() if word in phrase} for word in small]
    return all(shown) and bool(not shown or set.intersection(*shown))


def _text(span: Sequence[Word]) -> str:
    return " ".join(word.own for word in span)
