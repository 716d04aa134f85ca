"""Whether a sentence says no more than what it quotes, word by word; what it may add to a quote is in tables. Pure.

"Tesla raises prices", of the quote "Tesla raises prices of its main product line" -> True
"Tesla is close to insolvency", of the same quote                                 -> False

Words count by their stem, whatever their order. Numbers count by value, names by whole words; short words do not count.
"""

from collections.abc import Collection, Iterable, Sequence
from functools import cache

from enrichment.analysis.claim_words import known_words, names_missing_in, numbers_in, with_other_forms
from enrichment.domain.data_tables import listed, rows_of
from enrichment.parsing.assertions import telling_stems


def says_no_more(text: str, quotes: Sequence[str], *, own: Collection[str], dataset: str = "") -> bool:
    """own: words of names that need no quote. dataset: of the quote."""
    return _is_among(text, quotes, own, _of_dataset(dataset))


def advises_no_more(text: str, quotes: Sequence[str], *, own: Collection[str], shown: str) -> bool:
    """A recommendation: it may also say what a seller does. shown: all evidence, by which a word is known as a name."""
    both = " ".join(quotes)
    numbers = numbers_in(with_other_forms(both)).union(*map(numbers_in, own))
    return (
        _is_among(text, quotes, own, _advice())
        and numbers_in(text) <= numbers
        and not names_missing_in(known_words(both), text, own=own, shown=shown)
    )


def _is_among(text: str, quotes: Iterable[str], own: Collection[str], added: Collection[str]) -> bool:
    said = {word for word in telling_stems(text) if not any(letter.isdigit() for letter in word)}
    quoted = frozenset[str]().union(*(telling_stems(with_other_forms(quote)) for quote in quotes))
    return said <= quoted.union(telling_stems(" ".join(own)), added)


@cache
def _of_dataset(dataset: str) -> frozenset[str]:
    rows = rows_of("enrichment.research.claims", "words_of_datasets")
    return frozenset().union(*(telling_stems(" ".join(listed(words))) for one, words in rows if one == dataset))


@cache
def _advice() -> frozenset[str]:
    return frozenset(telling_stems(" ".join(row[0] for row in rows_of("enrichment.research.claims", "advice_words"))))
