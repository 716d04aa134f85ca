"""Whether a question asks for a person, how to reach one, or what no source tells of one. Pure."""

import re
from collections.abc import Collection

from enrichment.research.questions.asked_words import AskedWords
from enrichment.research.questions.question_words import phrases_of, places_of

_CONTACT_DETAILS = re.compile(
    r"(?<!\ban )(?<!\ba )(?<!\bcold )(?<!\bfirst )\be-?mails?(?: address(?:es)?)?\b(?= (?:of|for)\b|\s*[?.,]|\s*$)"
    r"|\b(?:phone|telephone|mobile) numbers?\b|\bdirect dial\b|(?<=['’]s )(?:e-?mail|phone|mobile|linkedin)\b",
    re.I,
)


def contact_details(text: str) -> tuple[str, ...]:
    """Words for how to reach a person: 'email', 'phone number'."""
    return tuple(dict.fromkeys(found[0].casefold() for found in _CONTACT_DETAILS.finditer(text)))


def private_matters(asked: AskedWords) -> tuple[str, ...]:
    """'home address': what no source tells."""
    return tuple(" ".join(one) for one in phrases_of("private") if any(True for _ in places_of(asked.words, one)))


def asks_who(asked: AskedWords) -> bool:
    return asked.any_does("asks_people")


def means_people(asked: AskedWords, topics: Collection[str]) -> bool:
    """Whether 'she' is asked about, or 'who handles ...', or 'who would block a deal at Acme?'"""
    handles = bool(topics) and asked.any_does("handled")
    if asks_who(asked) and (handles or _is_at_a_company(asked)):
        return True
    return not topics and asked.any_does("person_meant")


def _is_at_a_company(asked: AskedWords) -> bool:
    """'at Acme'; not 'who audits Acme?'"""
    return any(one.start and asked.words[one.start - 1].small == "at" for one in asked.asked)
