"""Which companies are looked up for a question in parts, and what is left open of it; competitors in their place.

parts -> nothing that could be looked up -> an open point that says why
      -> companies that are meant, or whose contact is named
      -> of a question about competitors: those that are registered, else first who they are
"""

from collections.abc import Sequence
from dataclasses import replace

from enrichment.domain.companies import Company
from enrichment.identity.names import name_words
from enrichment.pipeline.enrich import Ask
from enrichment.research.answers.answer import OpenPoint, asked_for
from enrichment.research.questions.breakdown import QuestionParts, asks_nothing, asks_what_nobody_knows, is_unread
from enrichment.research.questions.topics import competitors_named
from enrichment.research.requests.companies_meant import MOST_COMPANIES, CompaniesMeant
from enrichment.research.requests.question_breakdown import RESTATED
from enrichment.research.requests.question_requests import VENDOR_SLOT, QuestionRequests
from enrichment.research.requests.session_knowledge import SessionKnowledge
from enrichment.research.requests.topic_searches import most_of
from enrichment.rules import Rules

NO_COMPANY = OpenPoint("company", "the question names no company: ask again, and name one")
_NO_LISTS = "it asks for a list of companies: a question is answered about one to three companies that it names"
_NOT_READ = "it is not understood, so nothing is bought: say what you want to know, or ask one of those below"
_UNREAD = "it could not be read, so nothing was looked up for it: ask it in other words, or in English"
_TECHNOLOGY, _RUNS_ON, _MENTIONS = "technology", "tech_stack", "competitor_mentions"
_MOST_LOOKED_FOR = 5
"""So many competitors of the seller are looked for among the technologies of a company."""
_MOST_RIVALS = 10
"""So many competitors are looked for among the registered companies."""


class CompaniesToLookUp:
    """The companies of one question."""

    def __init__(self, meant: CompaniesMeant, knowledge: SessionKnowledge, rules: Rules) -> None:
        self._meant, self._knowledge, self._rules = meant, knowledge, rules

    async def of(self, parts: QuestionParts) -> tuple[list[Company] | None, list[OpenPoint]]:
        """The companies to look at, and what is left open about the others; None: a person is asked."""
        if asks_what_nobody_knows(parts):
            return [], []
        if (point := _not_looked_up(parts)) is not None:
            return [], [point]
        if "people" in parts.areas and not parts.companies and (known := await self._meant.of_contacts(parts.sought)):
            return known, []
        companies, open_points = await self._meant.found(parts)
        if parts.unread:
            open_points.append(OpenPoint(" ".join(parts.unread), _UNREAD))
        if companies == [] and not open_points and "people" in parts.areas:
            companies = await self._meant.of_contacts(parts.sought)
        if companies == [] and not open_points:
            open_points.append(NO_COMPANY)
        return companies, open_points

    async def competitors(
        self, parts: QuestionParts, companies: Sequence[Company], points: Sequence[OpenPoint]
    ) -> tuple[QuestionParts, list[Company], list[OpenPoint]]:
        """The question about the known competitors instead, those that are registered; first they have to be known."""
        names = await self._rivals(companies)
        what = f"which of the competitors use {' or '.join(parts.sought)}"
        who_they_are = replace(parts, areas=("competition",), sought=())
        if not names:
            first = OpenPoint(what, "no competitor is known yet: they are looked up first, so ask again then")
            return who_they_are, [*companies], [*points, first]
        found = (await self._meant.registered(names[:_MOST_RIVALS]))[:MOST_COMPANIES]
        left = self._left_out(what, names, found)
        if not found:
            return who_they_are, [*companies], [*points, *left]
        return replace(parts, areas=(_TECHNOLOGY,), datasets=(), sub_questions=()), found, [*points, *left]

    async def our_rivals(
        self, parts: QuestionParts, companies: Sequence[Company], vendor: Company, bought: QuestionRequests
    ) -> tuple[QuestionParts, list[Company], list[OpenPoint]]:
        """The question whether companies use what the seller's competitors make: the names of these are looked for.

        They are looked up first where none is known; where none is found, nothing else is bought.
        """
        names = await self._rivals([vendor])
        if not names and _MENTIONS in self._rules.datasets:
            vendor = await self._rivals_looked_up(vendor, bought)
            names = await self._rivals([vendor])
        if not names:
            asked = asked_for(_MENTIONS, await self._knowledge.known(vendor), self._rules)
            why = f"no competitor of {vendor.name or vendor.key} is known that could be looked for: name one"
            return parts, [], [OpenPoint("your competitors", why, asked=asked)]
        return replace(parts, sought=tuple(names[:_MOST_LOOKED_FOR])), [*companies], []

    async def _rivals_looked_up(self, vendor: Company, bought: QuestionRequests) -> Company:
        """The seller's company with its name, by which pages are searched, and who competes with it."""
        vendor, is_known = await self._meant.vendor(vendor)
        if is_known:
            ask = Ask(vendor.key, datasets=("company_name", _MENTIONS), **bought.booked_to)
            await bought.enriched(bought.within(ask, await bought.share(1)), vendor, slot=VENDOR_SLOT)
        return vendor

    async def _rivals(self, companies: Sequence[Company]) -> list[str]:
        """Names of the known competitors of these companies, their own names aside."""
        known = [await self._knowledge.known(one) for one in companies if one.company_id]
        own = {word for one in companies for word in name_words(one.name or "")}
        rivals = dict.fromkeys(name for one in known for name in competitors_named(one))
        return [name for name in rivals if not own.issuperset(name_words(name))]

    def _left_out(self, what: str, names: Sequence[str], found: Sequence[Company]) -> list[OpenPoint]:
        """An open point for the competitors that are not registered, as far as a question takes them."""
        others = [name for name in names if all(name_words(name) != name_words(one.name or "") for one in found)]
        others = others[: MOST_COMPANIES - len(found)]
        cost = most_of(_RUNS_ON, self._rules) * len(others)
        why = f"{' and '.join(others)} would be looked up first: ask about them by name"
        return [OpenPoint(what, why, micro_usd=cost)] if others else []


def _not_looked_up(parts: QuestionParts) -> OpenPoint | None:
    """Why nothing is looked up for a question; None: it can be."""
    asks_again = parts.of_answer or parts.because == RESTATED
    if parts.asks_for_a_list and not parts.companies:
        return OpenPoint("the question", _NO_LISTS)
    if not asks_again and asks_nothing(parts):
        return OpenPoint("the question", "it asks nothing that can be looked up: ask one of those below")
    if parts.unread and not (parts.areas or parts.topics or parts.sought or parts.asks_for_advice):
        return OpenPoint(" ".join(parts.unread), _UNREAD)
    if not asks_again and is_unread(parts):
        return OpenPoint("the question", _NOT_READ)
    return None
