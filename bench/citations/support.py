"""Whether a claim says no more than its quotes: word by word, by rules of the bench's own. Pure.

claim -> words of it that its quotes' sentences have not, nor the names of both companies, nor what a seller does

Nothing here is shared with the check that let the claim pass: endings, small words and words of advice are its own.
"""

import csv
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("words.csv")
_ENDINGS = ("ings", "ing", "ies", "ed", "es", "s", "e", "y")
_SHORTEST = 3


def unsupported_words(claim: Mapping[str, Any], companies: Sequence[str] = ()) -> set[str]:
    """claim: as research_complete has it. companies: names of those it may be about."""
    citations, derived = claim["citations"], claim.get("derived")
    if derived is not None and not _follows(claim):
        return {derived}
    around = [_sentences_of(one["quote"], one["evidence"]) for one in citations]
    around += [one["evidence"] for one in citations if one["dataset"] == "key_contacts" or one["source"] == "persona"]
    names = [*companies, *(one["company"] for one in citations)]
    datasets = [word for one in citations for word in _listed(one["dataset"])]
    if derived is not None:  # its numbers are counts of citations, or those of quotes, as was seen
        datasets += [*_listed(derived), *(word for word in _words(claim["text"]) if word.isdigit())]
    beyond = _beyond(
        f"{claim['why'] or ''}" if claim["kind"] == "recommendation" else claim["text"], around, names, datasets
    )
    if claim["kind"] == "recommendation":
        beyond |= _beyond(claim["text"], [one["evidence"] for one in citations], names, [*datasets, *_listed("advice")])
    return beyond


def _follows(claim: Mapping[str, Any]) -> bool:
    """Whether a count is that of its citations, and a comparison names the company whose figure its ending means."""
    text, places = claim["text"], {(one["evidence_id"], one["quote"]) for one in claim["citations"]}
    if claim["derived"] == "count":
        return _number(text.partition(" ")[0]) == len(places)
    said, _, end = text.rpartition(": ")
    parts = re.split(r", | and (?=[\dA-Z])", said)
    figures = [(_number(found[-1]), part) for part in parts if (found := re.findall(r"\d[\d,]*", part))]
    counts = sorted(Counter(one["company"] for one in claim["citations"]).values())
    quoted = {_number(word) for one in claim["citations"] for word in re.findall(r"\d[\d,]*", one["quote"])}
    stated = sorted(figure for figure, _ in figures)
    if counts != stated if " known" in said else not quoted.issuperset(stated):
        return False
    if "does not tell" in end:
        return len(figures) > 1
    is_low = any(word in end for word in ("smaller", "smallest", "older", "oldest", "less", "least", "fewer", "fewest"))
    (figure, first), *others = sorted(figures, key=lambda one: one[0], reverse=not is_low)
    named = re.match(r"(?:begin with )?(.+?)(?: (?:is|has|sells) |\.$)", end)
    return bool(others) and figure != others[0][0] and named is not None and named[1] in first


def _number(digits: str) -> int:
    return int(digits.replace(",", ""))


def is_beyond(said: str, quotes: Iterable[str], company: str) -> bool:
    """Whether it has a word that neither these texts nor the company's name have."""
    return bool(_beyond(said, quotes, (company,), _listed("advice")))


def as_words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _beyond(said: str, texts: Iterable[str], names: Iterable[str], added: Collection[str]) -> set[str]:
    have = {_stem(word) for text in (*texts, *added) for word in _words(text)}
    have |= {_stem(word) for name in names for word in _words(name)}
    return {word for word in _words(said) if word not in _listed("small") and _stem(word) not in have}


@cache
def _listed(of: str) -> frozenset[str]:
    """small: what says nothing by itself, no denial, number or promise. advice: what a seller does, no fact of a side.

    Of a dataset: what its entries say by being there.
    """
    with _FILE.open(encoding="utf-8", newline="") as file:
        return frozenset(word for row in csv.DictReader(file) if row["of"] == of for word in row["words"].split())


def _sentences_of(quote: str, text: str) -> str:
    """The sentences and lines of the passage that the quote is of."""
    at = text.find(quote)
    if at < 0:
        return quote
    after = at + len(quote.rstrip(".!?"))
    begin = max((end.end() for end in re.finditer(r"[.!?]\s+|\n", text[:at])), default=0)
    end = re.search(r"[.!?](?:\s|$)|\n", text[after:])
    return text[begin : len(text) if end is None else after + end.end()]


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


def _stem(word: str) -> str:
    if word.isdigit():
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > _SHORTEST and word[-1] == word[-2] else word
