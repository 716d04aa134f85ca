"""How much a company has to do with what a vendor sells: themes, and words besides, that both sides share. Pure.

    passages of the vendor x passages of the company -> VendorRelevance: 0 to 1, and each match with its two passages

A word counts by how rare it is among the company's passages; words of everyday business count nothing, nor do names
in news, nor pages that say nothing of what is sold. Of a posting the title is read: its text says what any would.
Where the seller says what they sell, other products of the vendor count only as far as they are of that.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from enrichment.analysis.evidence import Evidence, Passage
from enrichment.domain.data_tables import rows_of
from enrichment.domain.json_values import Json
from enrichment.domain.values import JobPosting, WebsitePassage
from enrichment.research.evidence.passages import PERSONA
from enrichment.research.evidence.themes import themes_in

_Lines = Sequence[tuple[Passage, str]]

_MOST_MATCHES = 5
_PLAINEST = ("purchase_intent", "recent_news", "topic_results", "page_passages", "hiring_trends", "tech_stack")
_ENOUGH = 3.0
"""So many distinct words, each in one passage of many, are as relevant as it gets."""
_SHORTEST_WORD = 4
_NOT_READ = frozenset(
    {
        "company_name",
        "domain",
        "key_contacts",
        "employee_count",
        "headquarters",
        "founded",
        "revenue",
        "industry",
        "competitor_mentions",
    }
)
_OF_ITSELF = "website_passages"
"""What a company writes to sell is no need of it."""
_IN_SENTENCES = frozenset({"recent_news", "topic_results", "page_passages"})
"""Where a word with a capital is a name: of a partner, a rival, a place."""
_SELLS_NOTHING = re.compile(
    r"(?:about|careers?|jobs?|news\w*|press|blog|legal|privacy|terms|imprint|contact|customers?|references?|case|stories)",
    re.I,
)
"""How the path or the heading begins where a company says nothing of what it sells."""


@dataclass(frozen=True, slots=True)
class RelevanceMatch:
    """What an offer and a need share. word: its stem, or the theme. offer, need: the lines of the passages with it."""

    word: str
    offered: Passage
    needed: Passage
    offer: str
    need: str
    said: str
    """As the need has it."""
    is_theme: bool = False

    def as_json(self) -> dict[str, Json]:
        return {
            "word": self.word,
            "vendor": self.offer,
            "company": self.need,
            "dataset": self.needed.dataset,
            "source": self.needed.facts[0].source,
        }


@dataclass(frozen=True, slots=True)
class VendorRelevance:
    """score: 0 to 1; None: nothing is known of the company yet."""

    score: float | None
    matches: tuple[RelevanceMatch, ...] = ()

    @property
    def in_words(self) -> str:
        if self.score is None:
            return "not known before anything is collected"
        if not self.matches:
            return "nothing that is known of the company meets what the vendor offers"
        shared = ", ".join(dict.fromkeys(match.word if match.is_theme else match.said for match in self.matches))
        return f"{self.score:.2f} of 1: both sides speak of {shared}"

    def as_json(self) -> dict[str, Json]:
        return {
            "score": None if self.score is None else round(self.score, 2),
            "how": self.in_words,
            "matches": [match.as_json() for match in self.matches],
        }


def relevance_of(company: Evidence, vendor: Evidence, own_words: frozenset[str]) -> VendorRelevance:
    """own_words: stems of the words of both companies' names; they match nothing."""
    if not any(passage.dataset not in _NOT_READ for passage in company.passages):
        return VendorRelevance(None)
    sold = what_is_sold(vendor, own_words)
    offers = [
        (one, line)
        for one in filter(_is_telling, vendor.passages)
        for line in _offers(one, own_words)
        if sold.has(line)
    ]
    pieces = [passage for passage in company.passages if _is_telling(passage) and passage.dataset != _OF_ITSELF]
    needs = [(one, line) for one in pieces for line in _read(one).split("\n")]
    themes = _shared_themes(offers, needs, own_words, sold)
    words = [one for one in _shared_words(offers, needs, own_words) if one[1].word not in {m.word for m in themes}]
    score = min(1.0, (len({match.word for match in themes}) + sum(weight for weight, _ in words)) / _ENOUGH)
    return VendorRelevance(score, tuple([*themes, *(match for _, match in words)][:_MOST_MATCHES]))


@dataclass(frozen=True, slots=True)
class Sold:
    """What the seller says they sell. themes, words: of it; none of both: all that the vendor offers counts."""

    themes: frozenset[str]
    words: frozenset[str]
    own_words: frozenset[str]

    def has(self, line: str) -> bool:
        """Whether a line of the vendor is of it."""
        if not (self.themes or self.words):
            return True
        return not (
            self.themes.isdisjoint(themes_in(_without(self.own_words, line)))
            and self.words.isdisjoint(content_words(line))
        )

    def is_of(self, theme: str) -> bool:
        return not self.themes or theme in self.themes


def what_is_sold(vendor: Evidence, own_words: frozenset[str]) -> Sold:
    """own_words: stems of the words of both companies' names."""
    said = "\n".join(one.text for one in vendor.passages if one.dataset == PERSONA)
    themes = frozenset(themes_in(_without(own_words, said)))
    return Sold(themes, frozenset(content_words(said)) - own_words, own_words)


def _shared_themes(offers: _Lines, needs: _Lines, own: frozenset[str], sold: Sold) -> list[RelevanceMatch]:
    """A match for each need, those of the theme that the vendor names first before all others."""
    offered = dict[str, tuple[Passage, str]]()
    for passage, line in offers:
        for theme in filter(sold.is_of, themes_in(_without(own, line))):
            offered.setdefault(theme, (passage, line))
    found = dict[str, tuple[int, RelevanceMatch]]()
    for passage, line in needs:
        said = themes_in(_without(own, _without_names(passage, line)))
        shared = next(((at, theme) for at, theme in enumerate(offered) if theme in said), None)
        if shared is not None:
            offer, text = offered[shared[1]]
            match = RelevanceMatch(shared[1], offer, passage, text, line, said[shared[1]], is_theme=True)
            found.setdefault(line, (shared[0], _in_one_word(match, own)))
    ranked = sorted(found.values(), key=lambda one: (one[0], _plainly(one[1].needed)))
    return [match for _, match in ranked]


def _in_one_word(match: RelevanceMatch, own: frozenset[str]) -> RelevanceMatch:
    """The match by the word itself, where both sides use the same."""
    both = (content_words(match.said) & content_words(match.offer)) - own
    return replace(match, word=min(both), said=as_written(min(both), match.need), is_theme=False) if both else match


def _shared_words(offers: _Lines, needs: _Lines, own: frozenset[str]) -> list[tuple[float, RelevanceMatch]]:
    """Shared words with their weights, the rarest first."""
    words_of = [(passage, line, _words_of_need(passage, line) - own) for passage, line in needs]
    found = Counter(word for word, _ in {(word, id(passage)) for passage, _, words in words_of for word in words})
    many = len({id(passage) for passage, _ in needs})
    matches = dict[str, tuple[float, RelevanceMatch]]()
    for offer, text in offers:
        for word in sorted((content_words(text) - own) & found.keys() - matches.keys()):
            needed, line = next((passage, line) for passage, line, words in words_of if word in words)
            weight = math.log(1 + many / found[word]) / math.log(1 + many)
            matches[word] = (weight, RelevanceMatch(word, offer, needed, text, line, as_written(word, line)))
    return sorted(matches.values(), key=lambda one: (-one[0], one[1].word))


def _words_of_need(passage: Passage, line: str) -> set[str]:
    """The words of a sentence, without the names in it; of a technology's name only where it is one word."""
    if passage.dataset == "tech_stack" and len(line.split()) > 1:
        return set()  # 'Power BI' is no power
    if passage.dataset in _IN_SENTENCES:
        line = " ".join(word for word in line.split() if word[:1].islower())
    return content_words(line)


def _without_names(passage: Passage, line: str) -> str:
    """A sentence without its words with capitals; a title in which all of them have one is left as it is."""
    small = [word for word in line.split() if word[:1].islower()]
    is_sentence = any(len(word) >= _SHORTEST_WORD for word in small)
    return " ".join(small) if passage.dataset in _IN_SENTENCES and is_sentence else line


def _plainly(passage: Passage) -> int:
    """How plainly it says what is needed: 0 the most."""
    return _PLAINEST.index(passage.dataset) if passage.dataset in _PLAINEST else len(_PLAINEST)


def _offers(passage: Passage, own: frozenset[str]) -> list[str]:
    return [line for line in _read(passage).split("\n") if not _is_headline(line, own)]


def _without(own: frozenset[str], line: str) -> str:
    """The line without the words of these names."""
    return re.sub(r"[^\W\d_]+", lambda word: "" if stem_of(word[0].casefold()) in own else word[0], line)


def is_offer(passage: Passage, quote: str, own_words: frozenset[str]) -> bool:
    """Whether the quote says what a vendor offers: no news of it, no vacancy, no customer."""
    lines = [line for line in passage.text.split("\n") if quote.split("\n", maxsplit=1)[0] in line]
    return _is_telling(passage) and not (lines and all(_is_headline(line, own_words) for line in lines))


def meets_what_is_sold(offer: str, need: str, sold: Sold) -> bool:
    """Whether what both lines share, if they share anything in words, has to do with what the seller sells.

    Lines without a word in common may still meet in meaning.
    """
    own = sold.own_words
    themes = themes_in(_without(own, offer)).keys() & themes_in(_without(own, need)).keys()
    words = (content_words(offer) & content_words(need)) - own
    if not (sold.themes and (themes or words)):
        return True
    return not (sold.themes.isdisjoint(themes) and sold.words.isdisjoint(words))


def have_in_common(offer: str, need: str, own_words: frozenset[str], *, is_name: bool = False) -> bool:
    """A theme, or a word that says something. is_name: need is a technology's, of which a part says nothing."""
    themes = themes_in(_without(own_words, offer)).keys() & themes_in(_without(own_words, need)).keys()
    if is_name and len(need.split()) > 1:
        return bool(themes)
    return bool(themes or (content_words(offer) & content_words(need)) - own_words)


def words_of_names(names: Iterable[str]) -> frozenset[str]:
    """Stems."""
    return frozenset(stem_of(word) for name in names for word in words_in(name))


def _is_headline(line: str, own_words: frozenset[str]) -> bool:
    """An item of a list such as '- Acme wins a contract': news that a home page links to, no offer."""
    words = line.removeprefix("- ").split()
    own = next((at for at, word in enumerate(words) if stem_of(word.casefold()) not in own_words), len(words))
    verb = words[own] if 0 < own < len(words) else ""
    return line.startswith("- ") and verb.islower() and (verb.endswith("s") or verb == "to")


def content_words(text: str) -> set[str]:
    """Stems of its words, without those of everyday business."""
    words = (stem_of(word) for word in re.findall(r"[^\W\d_]{2,}", text.casefold()))
    return {word for word in words if len(word) >= _SHORTEST_WORD} - _everyday()


def as_written(word: str, text: str) -> str:
    """The word of a text that has this stem: 'shares', not 'shar'."""
    return next((one for one in words_in(text) if stem_of(one) == word), word)


def _is_telling(passage: Passage) -> bool:
    """Whether it says what is sold, needed or done; an own price table says neither."""
    value = passage.facts[0].value
    if isinstance(value, WebsitePassage):
        begins = (value.page.strip("/").partition("/")[0], (value.heading or "").split(" ")[0])
        return not any(_SELLS_NOTHING.fullmatch(word) for word in begins)
    return passage.dataset not in _NOT_READ


def _read(passage: Passage) -> str:
    if isinstance(passage.facts[0].value, JobPosting):
        return passage.text.partition("\n")[0]
    return "\n".join(line for line in passage.text.split("\n") if "|" not in line)


def words_in(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]{2,}", text.casefold())


def stem_of(word: str) -> str:
    """'shares' -> 'share', 'companies' -> 'company'."""
    for ending in ("ies", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_WORD - 1 and not word.endswith("ss"):
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word


@cache
def _everyday() -> frozenset[str]:
    return frozenset(stem_of(row[0]) for row in rows_of("enrichment.research.evidence", "everyday_words"))
