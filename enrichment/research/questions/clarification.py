"""Which of the companies that a session asked about is meant by what a person says. Pure.

"the German one", "2", "the second", "mercury.de", its name  -> its key        "I don't know" -> None: ask again
"""

import re
from collections.abc import Mapping, Sequence

from enrichment.domain.json_values import Json
from enrichment.identity.countries import country_in_english, demonyms
from enrichment.identity.domains import registrable_domain
from enrichment.research.questions.question_words import words_in_question

_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6}
_PLACE = re.compile(r"(?:number|no\.?|#)?\s*(\d)(?:st|nd|rd|th)?")
_MOST_WORDS = 3
_LONGEST_YES = 6
_FIRST_OF_YES = (["yes"], ["yep"], ["yeah"], ["ja"], ["oui"], ["sí"], ["correct"], ["right"])
_YES = frozenset({"yes", "yes please", "yep", "that one", "right", "correct", "exactly", "ja", "oui", "sí", "si"})


def company_chosen(said: str, candidates: Sequence[Mapping[str, Json]]) -> str | None:
    """Key of a candidate, or a website that is stated instead; None: it names none, or several."""
    wanted = said.strip().casefold().rstrip(".!")
    if len(candidates) == 1 and _is_yes(wanted):
        return str(candidates[0]["key"])
    exact = {str(one[part]).casefold() for one in candidates for part in ("key", "domain", "name") if one[part]}
    if wanted not in exact and _is_a_question(said):
        return None
    for one in candidates:
        if wanted in {str(one[part]).casefold() for part in ("key", "domain") if one[part]}:
            return str(one["key"])
    if (place := _place(wanted, len(candidates))) is not None:
        return str(candidates[place - 1]["key"])
    websites = [word for word in re.findall(r"[\w-]+(?:\.[\w-]+)+", wanted) if registrable_domain(word)]
    named = [one for one in candidates if one["domain"] in websites or str(one["name"]).casefold() == wanted]
    countries = _countries(said)
    fitting = named or [one for one in candidates if one["country"] and str(one["country"]).lower() in countries]
    if len(fitting) == 1:
        return str(fitting[0]["key"])
    return websites[0] if len(websites) == 1 and not named else None


def _is_yes(wanted: str) -> bool:
    """'Yes', 'yes that one', 'yes, the Austin one', 'that's right'."""
    words = re.findall(r"[\w’']+", wanted)
    says_so = wanted in _YES or words[:1] in _FIRST_OF_YES or words[-1:] == ["right"]
    return says_so and len(words) <= _LONGEST_YES and not {"no", "not", "but"} & {*words}


def _is_a_question(said: str) -> bool:
    """'And when were these numbers last checked?' chooses nothing, though it has the word 'last'."""
    first = words_in_question(said)[:2]
    return any(word.does("asks", "auxiliary") for word in first)


def _place(wanted: str, number: int) -> int | None:
    words = re.findall(r"\w+", wanted)
    exact = _PLACE.fullmatch(wanted)
    places = {int(exact[1])} if exact else {_ORDINALS[word] for word in words if word in _ORDINALS}
    if "last" in words:
        places.add(number)
    (place,) = places if len(places) == 1 else (0,)
    return place if 1 <= place <= number else None


def _countries(said: str) -> frozenset[str]:
    words = re.findall(r"\w+", said)
    phrases = (" ".join(words[at : at + most]) for at in range(len(words)) for most in range(1, _MOST_WORDS + 1))
    found = {demonyms().get(phrase.casefold()) or country_in_english(phrase) for phrase in phrases}
    return frozenset(found - {""})
