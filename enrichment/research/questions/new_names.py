"""Which words of a question are names of companies that nothing but the question shows. Pure.

Where it is not sure that a word names a company, it is none: to look it up costs money, and it would take the place of
the company that was asked about before.
"""

from collections.abc import Collection, Iterator, Sequence

from enrichment.identity.countries import country_in_english, is_country
from enrichment.parsing.mentions import is_common
from enrichment.parsing.technologies import is_technology
from enrichment.research.questions.areas import shows_area
from enrichment.research.questions.mention import Mention
from enrichment.research.questions.name_places import (
    ends_there,
    is_continent,
    is_dull,
    is_in_front,
    is_where_a_name_is,
    written,
)
from enrichment.research.questions.question_words import (
    Word,
    has_phrase,
    is_english,
    is_german,
    words_of,
)

_FAR = 3
"""So many words may be between a relation and the company it is with: 'partnered in May with Acme'."""
_DIGITS = 2
_SHORTEST_COINED = 3
_LONGEST_UNIT = 4
_IN = frozenset({"in", "en", "em", "near"})
"""Words of several languages behind which a place stands."""


def new_names(words: Sequence[Word], taken: Collection[int], *, has_known: bool) -> Iterator[Mention]:
    german, titled, at = is_german(words), _is_titled(words), 0
    named = {*taken}
    while at < len(words):
        start, end = _run(words, at, taken, titled=titled)
        sure = start < end and (
            (_is_german_name(words, start, end) if german else _is_name(words, start, end, taken, has_known=has_known))
            or _is_joined_to_one(words, start, end, named)
        )
        if sure or (start == end and at not in taken and _is_small_name(words, at)):
            end = _with_initials(words, max(end, start + 1))
            named |= {*range(start, end)}
            yield Mention(_written_by_itself(words, start, end), start, end, is_known=False)
        at = max(end, at + 1)


def _with_initials(words: Sequence[Word], end: int) -> int:
    """'skechers u.s.a.': initials behind a name are of it."""
    while end < len(words) and "." in words[end].small and not (words[end].apart or words[end].is_domain):
        end += 1
    return end


def _written_by_itself(words: Sequence[Word], start: int, end: int) -> str:
    """'Macy's', where nothing follows that could be Macy's: 'at Macy's lately', 'from Kohl's in May'."""
    own_by = end == len(words) or words[end].apart or words[end].does("subject", "auxiliary", "adverb", "function")
    return " ".join(word.written for word in words[start:end]) if own_by else written(words[start:end])


def _run(words: Sequence[Word], at: int, taken: Collection[int], *, titled: bool) -> tuple[int, int]:
    """Words with capitals, joined by '&' or 'of', without those that only begin a sentence; a possessive ends it."""
    end = at
    while end < len(words) and end not in taken and (_is_capital(words[end], titled) or _joins(words, at, end)):
        if end > at and (words[end].apart or words[end - 1].possessive):
            break
        end += 1
    if at < end < len(words) and words[end].possessive and _is_coined_behind(words[end]):
        end += 1  # "Lululemon athletica's"
    start = at
    while start < end and _only_begins(words[start]) and not _is_foreign_here(words, start):
        start += 1
    while end > start and (words[end - 1].does("joined_by", "function") or _is_role(words[end - 1])):
        end -= 1
    if end - start == 1 and is_dull(words[start]) and not _is_foreign_here(words, start):
        end = start
    return (start, end) if start < end else (at, at)


def _is_foreign_here(words: Sequence[Word], at: int) -> bool:
    """'About Faire and Whatnot': a word of another language's grammar, with a capital within an English sentence."""
    word = words[at]
    of_english = word.does("function", "request", "filler", "use", "goes_on", "event") or shows_area(word.small)
    is_foreign = word.does("foreign", "german") and not (of_english or is_common(word.small))
    return is_english(words) and is_foreign and not (word.begins or word.is_acronym)


def _is_coined_behind(word: Word) -> bool:
    return not (word.apart or is_common(word.small) or is_dull(word) or is_technology(word.small))


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
    later = [word for word in words[1:] if not word.does("function", "german", "foreign")]
    return len(later) > _FAR and all(word.is_capital for word in later)


def _is_name(words: Sequence[Word], start: int, end: int, taken: Collection[int], *, has_known: bool) -> bool:
    """Whether words with capitals surely name a company."""
    first, before = words[start], words[start - 1] if start and not words[start].apart else None
    if _is_none_anyway(words[start:end], before) or _is_of_places(words, start, taken) or _is_far_from(words, start):
        return False
    if (
        _is_instead(words, start)
        or is_where_a_name_is(words, start, end)
        or (first.apart and not first.begins and start - 1 in taken)
    ):
        return True  # of a list of names, too
    if end - start == 1 and first.begins:
        return _stands_alone(words, first, has_known=has_known)
    if all((word.is_acronym or word.own.isdigit()) and "&" not in word.own for word in words[start:end]):
        return _is_pitched_to(words, start)
    has_article = before is not None and before.does("article") and (is_english(words) or not before.does("foreign"))
    is_owned = has_article or first.own[0].isdigit()
    if all(is_common(word.small) for word in words[start:end]):
        is_behind = is_in_front(words, start) or _is_owner(words, start)
        is_subject = first.begins and (ends_there(words, end) or _does_something(words, end))
        return not is_owned and (is_behind or is_subject or _is_in_another_language(words, start, end))
    return not is_owned


def _does_something(words: Sequence[Word], end: int) -> bool:
    """'Western Digital buys ...'"""
    return words[end].does("subject", "acquires", "auxiliary")


def _is_in_another_language(words: Sequence[Word], start: int, end: int) -> bool:
    """'tiene Mattress Firm ...': English words with capitals within a sentence that is in no English."""
    return end - start > 1 and not words[start].begins and not is_english(words)


def _is_instead(words: Sequence[Word], start: int) -> bool:
    """'not Acme but Bly'"""
    return start > 1 and words[start - 1].small == "but" and any(word.small == "not" for word in words[: start - 1])


def _is_owner(words: Sequence[Word], start: int) -> bool:
    """Behind 'de', 'chez', 'von', 'tiene' of another language than English."""
    return start > 0 and words[start - 1].does("owner", "has_elsewhere") and not is_english(words)


def _is_joined_to_one(words: Sequence[Word], start: int, end: int, taken: Collection[int]) -> bool:
    """'Does Acme or United Parcel Service use Oracle?': joined to a name, and both are in front of what they do.

    Also what is chosen from: 'which one first, Acme or IBM?'
    """
    is_joined = start > 1 and words[start - 1].does("and_or") and start - 2 in taken and not words[start].apart
    is_chosen_from = words[start - 1].small in ("or", "vs", "versus") or has_phrase(words, "whom_first")
    if is_joined and is_chosen_from and ends_there(words, end) and not _is_none_anyway(words[start:end], None):
        return not is_technology(written(words[start:end])) and not is_dull(words[start])
    while end < len(words) and words[end].small in ("both", "each", "also"):
        end += 1
    return is_joined and end < len(words) and words[end].does("use", "subject", "auxiliary")


def _is_none_anyway(span: Sequence[Word], before: Word | None) -> bool:
    """A country, what is in or near a place or of a company, a unit of a number, the name of a setting."""
    name = written(span)
    if before is not None and (before.possessive or before.small in _IN or _is_unit(span, before)):
        return True
    return bool(country_in_english(name)) or "_" in name


def _is_far_from(words: Sequence[Word], start: int) -> bool:
    """'Which is closer to Boston?', 'how far from Lyon?'"""
    front = words[max(0, start - 2) : start]
    return len(front) > 1 and front[0].does("distance") and front[1].small in ("to", "from")


def _is_unit(span: Sequence[Word], before: Word) -> bool:
    """'150 kW', '20 MB'."""
    is_short = len(span) == 1 and len(span[0].small) <= _LONGEST_UNIT
    return is_short and before.own.replace(",", "").isdigit() and not span[0].own[:2].istitle()


def _is_of_places(words: Sequence[Word], start: int, taken: Collection[int]) -> bool:
    """'in Lyon, Tulsa or Leeds': of a list of names behind 'in'."""
    at = start
    while at and at - 1 not in taken and (words[at - 1].does("and_or") or words[at - 1].is_capital):
        at -= 1
    return at < start and at > 0 and words[at - 1].small in _IN and not words[at].apart


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


def _is_small_name(words: Sequence[Word], at: int) -> bool:
    """A coined word without a capital, where only a company can be."""
    word = words[at]
    if word.is_capital or len(word.small) < _SHORTEST_COINED or not word.small.isalpha() or not is_english(words):
        return False
    if is_common(word.small) or is_dull(word) or is_technology(word.small) or country_in_english(word.small):
        return False
    return is_where_a_name_is(words, at, at + 1)


def _is_german_name(words: Sequence[Word], start: int, end: int) -> bool:
    """Nouns have capitals, too: a name stands behind a word that has one without an article, and looks like no noun."""
    word, before = words[end - 1], words[start - 1] if start else None
    if before is None or words[start].apart or before.small not in words_of("owner"):
        return word.possessive and not is_country(word.own)
    if is_country(written(words[start:end])) or is_continent(word.small):
        return False
    return not any(word.small.endswith(ending) for ending in words_of("noun_ending"))
