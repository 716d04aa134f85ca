"""Which words of a question name a thing of the trade, so that a search for them is worth its price. Pure.

'Has Acme closed any depots?' -> depots          'Does Acme use robots in its hubs?' -> robots, hubs
'Does Acme publish in Portuguese?', 'Are they remote friendly?', 'What language are their pages in?' -> none

What the company does (the verb), how or when (adverbs), what it is like, and a place alone are no thing.
"""

from collections.abc import Iterator, Sequence

from enrichment.research.evidence.relevance import stem_of
from enrichment.research.questions.areas import shows_area
from enrichment.research.questions.asked_words import AskedWords, Span, is_content, is_demonym, is_place
from enrichment.research.questions.question_words import Word, words_of

_FAR = 4
"""So many words may be looked through behind a company for what it does: 'has Acme ever really closed'."""
_PRONOUNS = frozenset({"they", "it"})
_ABSTRACT = ("tion", "sion", "ment", "ness", "ity", "ship", "ance", "ence", "ism", "ics", "ing", "ure", "logy")
_SHORTEST = 5
"""Letters of a noun that its ending shows."""


def noun_phrases(asked: AskedWords, spans: Sequence[Span]) -> tuple[str, ...]:
    """The things that spans of a question in English name, without the verbs around them; places stay behind one."""
    if not asked.is_english:
        return ()
    verbs, found = frozenset(_verbs(asked)), list[str]()
    for span in spans:
        words = _without_verbs(asked, span, verbs)
        if words and _is_thing(asked, span, words):
            found.append(" ".join(word.own for word in words))
        elif found and words and all(map(_is_where, words)):
            found[-1] += f" {' '.join(word.own for word in words)}"
    return tuple(found)


def is_noun(word: Word) -> bool:
    """Whether its form shows that it is one: a plural, an abbreviation, an abstract noun; no place."""
    if word.does("function", "request", "use", "goes_on") or shows_area(word.small):
        return False
    if _is_where(word) or _is_filler(word):
        return False
    is_long = len(word.small) >= _SHORTEST
    is_abbreviation = word.is_acronym and "_" not in word.small
    return is_abbreviation or _is_plural(word) or (is_long and word.small.endswith(_ABSTRACT))


def _is_filler(word: Word) -> bool:
    return not words_of("filler").isdisjoint((word.small, word.small.removesuffix("s"), stem_of(word.small)))


def _is_plural(word: Word) -> bool:
    return len(word.small) >= _SHORTEST and stem_of(word.small) != word.small and not word.is_capital


def what_happened(asked: AskedWords) -> tuple[str, ...]:
    """'When did they last open a site?': what a company did on a day, without the verb; news tell of it."""
    small = {word.small for word in asked.words}
    verb = next(_verbs(asked), None)
    if (
        verb is None
        or not asked.is_english
        or "when" not in small
        or small.isdisjoint(("did", "was", "has", "have", "will"))
    ):
        return ()
    done = asked.words[verb:]
    return tuple(word.own for word in done[1:] if not word.does("function", "adverb", "request")) or (done[0].own,)


def _verbs(asked: AskedWords) -> Iterator[int]:
    """The places of what a company does, behind it: 'does Acme ...', 'have they ever ...', 'is Acme ...ing'."""
    ends = {one.start: one.end for one in asked.asked}
    for at, auxiliary in enumerate(asked.words[:-1]):
        if auxiliary.does("auxiliary"):
            behind = ends.get(at + 1, at + 2 if asked.words[at + 1].small in _PRONOUNS else len(asked.words))
            rest = ((place, asked.words[place]) for place in range(behind, min(behind + _FAR, len(asked.words))))
            yield from _verb_in(asked, rest, is_being=auxiliary.does("being"))


def _verb_in(asked: AskedWords, rest: Iterator[tuple[int, Word]], *, is_being: bool) -> Iterator[int]:
    """No verb behind an auxiliary has an ending as a plural has: 'has it branches?'"""
    for at, word in rest:
        if word.apart or asked.words[at - 1].possessive or word.does("article", "any", "joins") or _is_plural(word):
            return
        if word.does("adverb") or (word.does("function") and not word.does("subject", "acquires")):
            continue
        if not is_being or word.small.endswith("ing"):
            yield at
        return


def _without_verbs(asked: AskedWords, span: Span, verbs: frozenset[int]) -> tuple[Word, ...]:
    """Also without the words behind the last noun that only say what it is like: 'trucks electric'."""
    verb_words = [asked.words[at] for at in verbs]
    words = [word for word in span.words if not any(word is verb for verb in verb_words)]
    while words and words[0].does("joins"):
        words = words[1:]
    core = [*_before_joins(words)]
    nouns = [at for at, word in enumerate(core) if is_noun(word)]
    if nouns and len(core) == len(words) and stem_of(core[nouns[-1]].small) != core[nouns[-1]].small:
        words = words[: nouns[-1] + 1]
    return tuple(words)


def _before_joins(words: Sequence[Word]) -> Iterator[Word]:
    for word in words:
        if word.does("joins"):
            return
        yield word


def _is_thing(asked: AskedWords, span: Span, words: Sequence[Word]) -> bool:
    core = [*_before_joins(words)]
    if not core or not any(map(is_content, words)) or all(map(_is_where, core)):
        return False
    if is_noun(core[-1]) or any(map(is_noun, words[len(core) :])):
        return True
    is_first = core[0] is span.words[0]
    before = span.before[-1] if span.before and is_first else None
    if before is not None and before.does("which"):
        return len(core) > 1
    if before is not None and (before.possessive or before.does("article", "any", "about")):
        is_quality = asked.any_does("compares") or core[-1].small.endswith("est")
        return not (is_quality or _is_filler(core[-1]) or (len(core) == 1 and core[0].is_capital))
    is_like = before is None or before.does("being", "goes_on") or span.start in {one.end for one in asked.asked}
    return len(core) > 1 and not (is_first and is_like)


def _is_where(word: Word) -> bool:
    return is_place(word) or is_demonym(word)
