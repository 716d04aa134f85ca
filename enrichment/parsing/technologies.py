"""Technologies that job postings name, and the traces that technologies leave in web pages.

    'We run Kafka on AWS' -> Apache Kafka, Amazon Web Services        <script src="//js.hs-scripts.com/1.js"> -> HubSpot

The tables are data/named_technologies.csv, data/technology_traces.csv and data/technology_makers.csv.
"""

import re
from collections.abc import Iterator
from functools import cache

from enrichment.domain.data_tables import listed, rows_of
from enrichment.domain.values import Technology
from enrichment.identity.comparison import same_company
from enrichment.identity.names import name_words
from enrichment.parsing.assertions import is_denied_in

_HERE = "enrichment.parsing"
_TOKEN = re.compile(r"[A-Za-z0-9.][\w.+#/-]*")


def _spellings() -> dict[str, list[tuple[tuple[str, ...], Technology]]]:
    """First word -> the phrases it begins, longest first."""
    begun: dict[str, list[tuple[tuple[str, ...], Technology]]] = {}
    for category, name, others in rows_of(_HERE, "named_technologies"):
        for spelling in (name, *listed(others)):
            words = tuple(spelling.split())
            begun.setdefault(words[0], []).append((words, Technology(name=name, category=category)))
    return {word: sorted(phrases, key=lambda phrase: -len(phrase[0])) for word, phrases in begun.items()}


def _traces() -> list[tuple[Technology, tuple[str, ...]]]:
    rows = rows_of(_HERE, "technology_traces")
    return [(Technology(name=name, category=category), listed(traces)) for category, name, traces in rows]


_BEGUN = _spellings()
_FIRST_WORDS = frozenset(_BEGUN)
_LEFT_BEHIND = _traces()


def named_technologies(text: str) -> list[Technology]:
    """The technologies a text names and does not deny ("replacing ...", "no ... needed"), each once, in its order."""
    words = list(_words(text))
    if _FIRST_WORDS.isdisjoint(words):
        return []
    found: dict[str, tuple[Technology, set[str]]] = {}
    for position, word in enumerate(words):
        for phrase, technology in _BEGUN.get(word, ()):
            if tuple(words[position : position + len(phrase)]) == phrase:
                found.setdefault(technology.name, (technology, set()))[1].add(" ".join(phrase))
                break
    return [one for one, spellings in found.values() if not all(is_denied_in(text, name) for name in spellings)]


def is_technology(name: str) -> bool:
    """Whether a name is, whole, that of a technology of the table; capitals do not count."""
    return name.casefold() in _small_names()


@cache
def _small_names() -> frozenset[str]:
    return frozenset(" ".join(words).casefold() for phrases in _BEGUN.values() for words, _ in phrases)


def _words(text: str) -> Iterator[str]:
    """'SAP S/4HANA' keeps its slash, 'AWS/Kubernetes' does not."""
    for token in _TOKEN.findall(text):
        word = token.rstrip(".,/-")
        if word in _FIRST_WORDS or ("/" not in word and "-" not in word):
            yield word
        else:
            yield from re.split(r"[/-]", word)


def traced_technologies(markup: str, generator: str | None) -> list[Technology]:
    """The technologies with traces in a page's markup (in lower case) or in its generator tag ('=wordpress')."""
    made_with = (generator or "").lower()
    return [
        technology for technology, traces in _LEFT_BEHIND if any(_is_in(trace, markup, made_with) for trace in traces)
    ]


def traces_of(technology: str) -> tuple[str, ...]:
    """What shows it in a page's markup, in lower case."""
    return tuple(trace for known, traces in _LEFT_BEHIND if known.name == technology for trace in traces)


def is_own_product(technology: str, *, name: str | None, domain: str | None) -> bool:
    """Whether the company sells it: named after it or its site ('Zoom' of zoom.us), or its brand ('Slack')."""
    words = name_words(technology)
    if any(called and _begins(words, name_words(called)) for called in (name, (domain or "").partition(".")[0])):
        return True
    return any(
        _begins(words, brand) and (domain == home or (name is not None and same_company(name, maker)))
        for beginning in {*words[:1], "".join(words)}
        for brand, maker, home in _makers().get(beginning, ())
    )


@cache
def _makers() -> dict[str, list[tuple[tuple[str, ...], str, str]]]:
    """A brand's first word, and all of them as one -> its words, its maker, the maker's domain."""
    begun: dict[str, list[tuple[tuple[str, ...], str, str]]] = {}
    for brand, maker, domain in rows_of(_HERE, "technology_makers"):
        words = name_words(brand)
        for beginning in {*words[:1], "".join(words)}:
            begun.setdefault(beginning, []).append((words, maker, domain))
    return begun


def _begins(words: tuple[str, ...], first: tuple[str, ...]) -> bool:
    return bool(first) and (words[: len(first)] == first or "".join(words) == "".join(first))


def _is_in(trace: str, markup: str, made_with: str) -> bool:
    return made_with.startswith(trace[1:]) if trace.startswith("=") else trace in markup
