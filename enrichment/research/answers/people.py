"""Which of the known people an answer names: of the role that is asked for, or those that what is sold is for. Pure.

contacts + roles -> those with the role; where nobody has it, the nearest by what they work on, else by rank
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from enrichment.analysis.evidence import Passage
from enrichment.domain.plain_text import with_full_stop
from enrichment.domain.values import Contact
from enrichment.research.answers.question_asked import QuestionAsked
from enrichment.research.claims.claim import CheckedClaim, Citation
from enrichment.research.evidence.passages import PERSONA, Sides
from enrichment.research.evidence.themes import themes_in, themes_of_title

_PEOPLE, _NEAREST = 3, 2
_ALIKE = "No known contact has the role that is asked for: this title is the nearest."
_HIGHEST = "No known contact has the role that is asked for, or a title near it: this is the highest rank known."
_HEADS = ("ceo", "chief executive", "president", "managing director")
_SENIORITY = {"c_level": 0, "vp": 1, "director": 2, "manager": 3, "staff": 4, None: 5}


def people(sides: Sides, asked: QuestionAsked) -> Iterator[CheckedClaim]:
    if "key_contacts" not in asked.datasets:
        return
    pieces = [one for one in sides.evidence.passages if one.dataset == "key_contacts"]
    fitting = [one for one in pieces if fits_role(one, asked.roles)] if asked.roles else pieces
    for passage in sorted(fitting, key=lambda one: contact_rank(one, sides))[:_PEOPLE]:
        yield _person(passage, sides, because_of_role=bool(asked.roles))


def fits_role(passage: Passage, roles: Collection[str]) -> bool:
    title = _title(passage).casefold()
    return any(re.search(rf"(?<!\w){re.escape(role)}(?!\w)", title) for role in roles)


def nearest(sides: Sides, roles: Collection[str]) -> list[CheckedClaim]:
    """Where nobody has one of these roles: whose title is of the same work, else who is of the highest rank."""
    pieces = [one for one in sides.evidence.passages if one.dataset == "key_contacts"]
    work = work_of(roles)
    alike = [one for one in pieces if not work.isdisjoint(themes_of_title(_title(one)))]
    found = sorted(alike or pieces, key=_rank)[: _NEAREST if alike else 1]
    why = _ALIKE if alike else _HIGHEST
    return [replace(_person(one, sides, because_of_role=True), why=why) for one in found]


def work_of(roles: Collection[str]) -> set[str]:
    """The themes that most of these words of titles are of."""
    named = Counter(theme for role in roles for theme in themes_of_title(role))
    most = max(named.values(), default=0)
    return {theme for theme, many in named.items() if many == most}


def _title(passage: Passage) -> str:
    value = passage.facts[0].value
    return (value.title or "") if isinstance(value, Contact) else ""


def _rank(passage: Passage) -> tuple[bool, int, str]:
    """The head of the company first."""
    value = passage.facts[0].value
    seniority = value.seniority if isinstance(value, Contact) else None
    return not fits_role(passage, _HEADS), _SENIORITY[seniority], passage.text


def contact_rank(passage: Passage, sides: Sides) -> tuple[int, int, str]:
    """First those whose work what is sold is for, then by rank."""
    value, sold = passage.facts[0].value, themes_sold(sides)
    fits = min((sold[theme] for theme in themes_of_title(_title(passage)) if theme in sold), default=len(sold))
    return fits, _SENIORITY[value.seniority if isinstance(value, Contact) else None], passage.text


def fits_what_is_sold(passage: Passage, sides: Sides) -> bool:
    return contact_rank(passage, sides)[0] < len(themes_sold(sides))


def themes_sold(sides: Sides) -> Mapping[str, int]:
    """Themes of what is sold, in order: of what the seller says, else of what the vendor's pages say."""
    said = [one for one in sides.vendor_evidence.passages if one.dataset == PERSONA]
    themes = dict.fromkeys(theme for one in said for theme in themes_in(one.text))
    return {theme: at for at, theme in enumerate(themes)}


def _person(passage: Passage, sides: Sides, *, because_of_role: bool) -> CheckedClaim:
    lines = passage.text.split("\n")
    title = getattr(passage.facts[0].value, "title", None)
    quote = "\n".join(lines[:2]) if title and len(lines) > 1 else lines[0]
    text = f"{lines[0]}: {title}" if title else lines[0]
    cited = Citation("company", sides.company.key, passage, quote)
    claim = CheckedClaim("person", with_full_stop(text), "exact", (cited,))
    return claim if because_of_role else with_why(claim, sides)


def with_why(claim: CheckedClaim, sides: Sides) -> CheckedClaim:
    """The claim of a person with the reason: why this one, where the title has to do with what the seller sells."""
    persona = next((one for one in sides.vendor_evidence.passages if one.dataset == PERSONA), None)
    if persona is None or len(claim.citations) > 1 or not fits_what_is_sold(claim.citations[0].passage, sides):
        return claim
    vendor, sells = sides.vendor.name or sides.vendor.key, persona.text.split("\n", 1)[0].rstrip(".")
    cited = (*claim.citations, Citation("vendor", sides.vendor.key, persona, persona.text.split("\n", 1)[0]))
    return replace(claim, citations=cited, why=with_full_stop(f"The title fits what {vendor} sells: {sells}"))
