"""The words of a question with the companies they mention, and what a word or a run of them can be there. Pure.

text + names that are known -> AskedWords -> spans: words beside each other, which name a topic, an area or a company
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from enrichment.identity.countries import country_in_english, demonyms, english_name_of
from enrichment.parsing.mentions import is_common
from enrichment.parsing.technologies import is_technology
from enrichment.research.questions.areas import phrases_of_areas, shows_area
from enrichment.research.questions.company_mentions import each_by_its_website, mentions_in
from enrichment.research.questions.mention import KnownNames, Mention, MentionRole
from enrichment.research.questions.name_places import is_continent, is_dull
from enrichment.research.questions.question_words import Word, is_english, words_in_question

_MOST_WORDS = 5
_LONGEST_LISTED = 11
"""Letters of the longest English words that the table of them has."""


@dataclass(frozen=True, slots=True)
class Span:
    """Words beside each other. start: the place of the first; before: all words in front of it.

    joined_by: the word in front of it that was in a longer span, as 'for' of 'tools for payroll'.
    """

    words: tuple[Word, ...]
    start: int
    before: tuple[Word, ...]
    joined_by: Word | None = None

    @property
    def end(self) -> int:
        return self.start + len(self.words)

    @property
    def text(self) -> str:
        return " ".join(word.own for word in self.words)

    @property
    def narrows(self) -> bool:
        """Whether it narrows an area down: not a single verb or adjective left over, nor a misspelt word."""
        first = self.words[0]
        return len(self.words) > 1 or not first.small.isalpha() or first.is_capital

    def without_ends(self) -> "Span":
        """Without the words at its ends that only ask."""
        first, end = 0, len(self.words)
        while first < end and _only_asks(self.words[first], "request", "use", "moved", "function"):
            if first + 1 < end and self.words[first].does("moved") and self.words[first + 1].small == "into":
                break  # 'move into India'
            first += 1
        while end > first and _only_asks(self.words[end - 1], "request", "use", "function", "compares", "adverb"):
            end -= 1
        joined_by = self.words[first - 1] if first and self.words[first - 1].does("joins") else None
        return Span(self.words[first:end], self.start, self.before, joined_by)


@dataclass(frozen=True, slots=True)
class AskedWords:
    """taken: places of the words of companies, technologies and persons."""

    text: str
    words: tuple[Word, ...]
    known: KnownNames
    mentions: tuple[Mention, ...]
    taken: frozenset[int]
    is_english: bool

    def named(self, role: MentionRole) -> tuple[str, ...]:
        return each_by_its_website(one.name for one in self.mentions if one.part is role)

    @property
    def asked(self) -> tuple[Mention, ...]:
        return tuple(one for one in self.mentions if one.part is MentionRole.ASKED)

    @property
    def without_names(self) -> str:
        """The words of the question but those of names: 'Salt Security' asks for nobody in security."""
        return " ".join(";" if at in self.taken else word.own for at, word in enumerate(self.words))

    def any_does(self, *kinds: str) -> bool:
        return any(word.does(*kinds) for word in self.words)

    @property
    def asks(self) -> bool:
        """Whether it asks or requests something: by a question mark, a question word, a verb in front, 'and their'."""
        if "?" in self.text or self.any_does("asks") or not self.is_english:
            return True
        first = next((word for word in self.words if not word.does("filler", "and_or")), None)
        if first is None or first.small in ("this", "that", "these", "those"):
            return False
        return first.does("auxiliary", "request", "about", "goes_on", "article", "any")

    def is_function(self, word: Word) -> bool:
        grammar = ("function",) if self.is_english else ("function", "german", "foreign")
        return (word.does(*grammar) and not word.is_acronym) or word.small == "&"

    @property
    def clauses(self) -> tuple["AskedWords", ...]:
        """What asks by itself: sentences, and what begins with 'and who'; 'they' means the companies of all of it."""
        starts = [0, *(at for at in range(1, len(self.words)) if self._asks_anew(at))]
        known = replace(self.known, before=(*self.named(MentionRole.ASKED), *self.known.before))
        return tuple(
            self._clause(start, end, known) for start, end in zip(starts, [*starts[1:], len(self.words)], strict=True)
        )

    def _asks_anew(self, at: int) -> bool:
        word, last = self.words[at], self.words[at - 1]
        if word.begins or (word.does("asks") and (word.apart or last.does("and_or"))):
            return True
        behind = self.words[at + 1] if at + 1 < len(self.words) else None
        has_subject = behind is not None and (behind.does("goes_on") or behind.small == "there")
        return has_subject and last.does("and_or") and word.does("auxiliary")

    def _clause(self, start: int, end: int, known: KnownNames) -> "AskedWords":
        within = (one for one in self.mentions if start <= one.start and one.end <= end)
        mentions = tuple(replace(one, start=one.start - start, end=one.end - start) for one in within)
        taken = frozenset(at - start for at in self.taken if start <= at < end)
        words = self.words[start:end]
        return AskedWords(self.text, words, known, mentions, taken, self.is_english)

    def span(self, start: int, end: int) -> Span:
        return Span(self.words[start:end], start, self.words[:start])

    def spans(self, closed: Collection[int]) -> Iterator[Span]:
        """Words beside each other, without those that ask at their ends. closed: places that are read already."""
        at = 0
        while at < len(self.words):
            end = self.end_of_joined(at, closed)
            if (span := self.span(at, end).without_ends()).words:
                yield span
            at = max(end, at + 1)

    def end_of_joined(self, start: int, closed: Collection[int]) -> int:
        """'office in Madrid' is one."""
        end = self._end_of_run(start, closed)
        while end > start and end + 1 < len(self.words) and end not in closed and self.words[end].does("joins"):
            if self.words[end].apart or (more := self._end_of_run(end + 1, closed)) == end + 1:
                break
            end = more
        return end

    def _end_of_run(self, start: int, closed: Collection[int]) -> int:
        end = start
        while end < len(self.words) and not (end in closed or self.is_function(self.words[end])):
            if end > start and self.words[end].apart:
                break
            end += 1
        return min(end, start + _MOST_WORDS)


def asked_words(text: str, known: KnownNames) -> AskedWords:
    words = words_in_question(text)
    mentions = mentions_in(words, known)
    taken = frozenset(at for one in mentions for at in range(one.start, one.end))
    return AskedWords(text, words, known, mentions, taken, is_english(words))


def may_be_topic(text: str) -> bool:
    """Whether a word of it is none of any question, nor of an area or a role."""
    return any(is_content(word) for word in words_in_question(text))


def is_content(word: Word) -> bool:
    if is_place(word) or (word.is_acronym and not shows_area(word.small) and not is_grammar(word)):
        return True
    return not is_dull(word) and any(map(str.isalpha, word.small[1:]))


def is_grammar(word: Word) -> bool:
    return word.does("function", "filler", "request")


def is_place(word: Word) -> bool:
    return word.is_capital and (is_continent(word.small) or bool(country_in_english(word.own)))


def is_demonym(word: Word) -> bool:
    """'in Portuguese', 'the German one'."""
    return word.is_capital and word.small in demonyms()


def countries_named(asked: AskedWords) -> Iterator[str]:
    """Countries that a question in another language than English names, by their English names."""
    for at, word in enumerate(asked.words):
        if word.is_capital and not word.begins and at not in asked.taken and (name := english_name_of(word.own)):
            yield name


def is_coined(word: Word) -> bool:
    """Whether a word is no English one, and in no table: 'labcorp'."""
    if is_dull(word) or is_common(word.small) or is_technology(word.small) or not word.small.isascii():
        return False
    return word.small.isalpha() and word.written.islower() and len(word.small) <= _LONGEST_LISTED


def show_one_area(words: Sequence[Word]) -> bool:
    """Whether words say no more than which area is meant: 'tech stack', 'pricing'."""
    small = {word.small for word in words if not word.does("filler", "request")}
    shown = [{area for phrase, area in phrases_of_areas() if word in phrase} for word in small]
    return all(shown) and bool(not shown or set.intersection(*shown))


def _only_asks(word: Word, *kinds: str) -> bool:
    """Also a word that by itself shows an area, or a filler such as 'planning'."""
    asks = shows_area(word.small, roles=False) or (word.small.endswith("ing") and word.does("filler"))
    return asks or word.does(*kinds)
