"""Which companies a question is about: those it names, else those of the question before; or a person is asked.

names -> identity -> companies, points that stay open        two are plausible -> clarification_needed, with candidates
      -> a name that is not registered is looked up by what identifies it, and left where no source knows it
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Known
from enrichment.domain.research import Question, Session
from enrichment.identity.domains import AmbiguousCompany, NotACompany, registrable_domain
from enrichment.identity.names import name_words
from enrichment.memory.recall import recall
from enrichment.parsing import companies_that_come_up
from enrichment.parsing.mentions import is_common
from enrichment.pipeline.enrich import Ask, Enriched
from enrichment.pipeline.identify import company_asked_for
from enrichment.research.answers.answer import OpenPoint, asked_for
from enrichment.research.answers.answer_question import most_for_answer
from enrichment.research.questions.breakdown import QuestionParts
from enrichment.research.questions.company_mentions import readings
from enrichment.research.questions.known_mentions import phrases_to_look_up
from enrichment.research.questions.mention import KnownNames
from enrichment.research.questions.question_words import words_in_question
from enrichment.research.requests.company_candidates import (
    CompanyChoice,
    choices_that_come_up,
    registered_choices,
    surely_meant,
    with_website,
)
from enrichment.research.requests.question_requests import QuestionRequests

_ONE_TOO_MANY = "a question looks at three companies at most: ask about it in a question of its own"
_NAME_OR_WORD = (
    "it may be a company's name or a word: ask again with its website, or write it with a capital letter, to look it up"
)
_NOT_READ = "it may be a company that the question names: ask again with its website"
OF_THOSE_BEFORE = "it is about what was asked for before"
"""Why no model takes a question apart that picks or counts some of what the answer before was about."""
_ONE_OF_SEVERAL = "of those asked about before only one is known: name the other one with its website to compare them"

MOST_COMPANIES = 3
"""Of one question; as many names are looked up by sources."""
_MOST_READINGS = 2
_OURS = re.compile(
    r"\b(?:do|are) we (?!know|have)\w+|\bour (?:own )?(?:products?|prices?|pricing|customers|competitors|rivals)\b",
    re.I,
)
"""What a seller asks of their own company, whatever was asked before."""
_MEANS_SEVERAL = re.compile(
    r"\b(?:of the two|which (?:one|of them)|both|compare them|the other one|each of them)\b", re.I
)
_SHORTEST = 2
"""Letters of a word that may be short for a longer name."""
_FIRST_SLOT = 2
_VENDOR_SLOT = _FIRST_SLOT + MOST_COMPANIES * _MOST_READINGS
PICK_SLOTS = range(_VENDOR_SLOT + 1, _VENDOR_SLOT + 1 + MOST_COMPANIES)
"""Of the requests for the figure by which one of several companies is meant."""
SLOTS = MOST_COMPANIES * _MOST_READINGS + 1 + len(PICK_SLOTS)
"""Of the requests that look up names, the vendor and such figures: those after the vendor's context."""


@dataclass(slots=True)
class _Found:
    """Companies found so far; looked_up: how many names sources were asked about."""

    open_points: list[OpenPoint]
    companies: list[Company] = field(default_factory=list)
    looked_up: int = 0

    @property
    def is_full(self) -> bool:
        return MOST_COMPANIES in (len(self.companies), self.looked_up)


class _SeveralMeant(Exception):
    """It is not sure which of these is meant: a person is asked."""

    def __init__(self, choices: Sequence[CompanyChoice]) -> None:
        super().__init__()
        self.choices = tuple(choices)


class CompaniesMeant:
    """The companies of one question. bought: its requests; their context stops when the question does."""

    def __init__(self, question: Question, session: Session, bought: QuestionRequests) -> None:
        self._question, self._session, self._bought = question, session, bought
        self._runs_in, self._context, self._log = bought.runs_in, bought.context, bought.log
        self._chosen: Mapping[str, str] = {}

    async def found(self, parts: QuestionParts) -> tuple[list[Company] | None, list[OpenPoint]]:
        """None: two are plausible, and the session asks back. Raises QuestionLost, StoreError.

        A name that only a source can know is looked up before anything else is bought about it.
        """
        await self._read_choices()
        companies, open_points = await self._named_or_before(parts)
        if companies and parts.beside_ours:
            companies = [*companies, *await self._by_ids([self._session.company_id])]
            companies = list({_identity(one): one for one in companies}.values())[-MOST_COMPANIES:]
        return companies, open_points

    async def without_buying(self, parts: QuestionParts) -> tuple[list[Company], list[OpenPoint]]:
        """The companies that are named, as far as they are registered, or those of before; nothing is looked up."""
        await self._read_choices()
        found, open_points = list[Company](), list[OpenPoint]()
        for name in parts.companies[:MOST_COMPANIES]:
            try:
                found.append(await self._named(name))
            except NotACompany as error:
                open_points.append(OpenPoint(name, f"it cannot be looked up: {error}"))
            except _SeveralMeant as several:
                names = " or ".join(one.in_words for one in several.choices)
                open_points.append(OpenPoint(name, f"it may be {names}: ask with its website"))
        return found or ([] if parts.companies else await self.before(parts)), open_points

    async def _read_choices(self) -> None:
        asked = await asyncio.to_thread(self._runs_in.sessions.questions, self._session.session_id)
        self._chosen = {name.casefold(): key for one in asked for name, key in one.chosen.items()}

    async def _named_or_before(self, parts: QuestionParts) -> tuple[list[Company] | None, list[OpenPoint]]:
        before = await self.before(parts)
        names = (*parts.companies, *await self._nearly_named(parts, has_others=bool(parts.companies or before)))
        unsure = [word for word in parts.unsure if word not in names]
        open_points = [OpenPoint(word, _NAME_OR_WORD if word.islower() else _NOT_READ) for word in unsure]
        if not names and open_points:
            return [], open_points
        if not names and not self._is_ours(parts, before):
            means_several = parts.because != OF_THOSE_BEFORE and _MEANS_SEVERAL.search(self._question.text)
            if len(before) == 1 and means_several:
                open_points.append(OpenPoint("the other company", _ONE_OF_SEVERAL))
            return before, open_points
        names = names or (self._session.persona.company,)
        found = _Found(open_points=open_points)
        if parts.compares_with_before and len(names) == 1:
            found.companies += (await self._by_ids(await self._last_ids(parts)))[: MOST_COMPANIES - 1]
        for name in names:
            if found.is_full:
                found.open_points.append(OpenPoint(name, _ONE_TOO_MANY))
            elif not await self._add(name, found):
                return None, found.open_points
        return found.companies, found.open_points

    def _is_ours(self, parts: QuestionParts, before: Sequence[Company]) -> bool:
        """Whether a question that names no company is about the seller's own."""
        if _OURS.search(self._question.text) is not None and not parts.goes_on:
            return True
        names_vendor = _names_vendor(self._question.text, self._session.persona.company)
        return names_vendor and not before and not parts.asks_for_advice

    async def _nearly_named(self, parts: QuestionParts, *, has_others: bool) -> list[str]:
        """Words that may be a registered company's name, mistyped: where no company is meant, those of a topic too."""
        words = parts.unsure if has_others else (*parts.unsure, *parts.topics, *parts.sought)
        own = self._session.persona.company.casefold()
        return [word for word in words if word.casefold() != own and await self._registered_choices(word)]

    async def _add(self, name: str, found: _Found) -> bool:
        """False: it may be several, and the session asks back."""
        try:
            company = await self._one_meant(name, found)
        except NotACompany as error:
            found.open_points.append(OpenPoint(name, f"it cannot be looked up: {error}"))
            return True
        except _SeveralMeant as several:
            if not self._runs_in.stopped():
                await self._ask_back(name, several.choices)
                return False
            found.open_points.append(OpenPoint(name, "it is not sure which company is meant, and it was stopped"))
            return True
        if company is not None and all(_identity(company) != _identity(other) for other in found.companies):
            found.companies.append(company)
        return True

    async def _one_meant(self, name: str, found: _Found) -> Company | None:
        """None: no source knows it. Raises NotACompany, _SeveralMeant."""
        company = await self._named(name)
        if company.domain is None:
            looked_up = await self._looked_up(name, company, found)
            company = looked_up or await self._named(name)  # it is registered now
        else:
            looked_up = company if await self._was_looked_up(company) else None
        is_chosen = name.casefold() in self._chosen or registrable_domain(name) is not None
        several = [] if is_chosen else await self._that_come_up(name, company)
        is_found = len(several) == 1 and company.domain is not None
        if several and not is_found:
            found.open_points = [one for one in found.open_points if one.what != name]
            if (sure := surely_meant(name, several)) is None:
                raise _SeveralMeant(several)
            return await self._asked_for(sure.domain or sure.key)
        return looked_up or (company if company.domain else None)

    async def registered(self, names: Sequence[str]) -> list[Company]:
        """Registered companies with a website that these names surely mean; nothing is looked up or asked back."""
        found = list[Company]()
        for name in names:
            with suppress(NotACompany, _SeveralMeant):
                company = await self._named(name)
                if company.company_id and company.domain is not None:
                    found.append(company)
        return found

    async def of_contacts(self, names: Sequence[str]) -> list[Company]:
        """The companies that have a known contact of one of these names."""
        knowledge, people = self._context.store.knowledge, [name for name in names if name.istitle() and " " in name]
        ids = [await asyncio.to_thread(knowledge.companies_of_contact, name, most=MOST_COMPANIES) for name in people]
        return (await self._by_ids([*dict.fromkeys(id_ for each in ids for id_ in each)]))[:MOST_COMPANIES]

    async def earlier(self) -> list[Question]:
        """Questions of this session before this one that are about a company, oldest first."""
        asked = await asyncio.to_thread(self._runs_in.sessions.questions, self._session.session_id)
        return [one for one in asked if one.number < self._question.number and one.companies]

    async def known_names(self, text: str) -> KnownNames:
        """The names of registered companies in a question's words, and those the session asked about."""
        phrases = phrases_to_look_up(words_in_question(text))
        registered, short = await asyncio.to_thread(self._registered_among, phrases)
        return KnownNames(frozenset(registered), tuple(await self.names_before()), short=frozenset(short))

    def _registered_among(self, phrases: Sequence[str]) -> tuple[list[str], list[str]]:
        """Phrases that registered companies are called, without phrases inside another one; those that are short."""
        found, short = list[str](), list[str]()
        for phrase in phrases:
            if any(phrase in longer for longer in found):
                continue
            named = self._context.store.companies.named(phrase)
            if any(one.domain is not None for one in named):
                found.append(phrase)
            elif named or self._is_short(phrase):  # of a name without a website a longer one may be meant
                short.append(phrase)
        return [*found, *short], short

    def _is_short(self, phrase: str) -> bool:
        """Whether a longer name begins with this word, or a website is called so."""
        companies = self._context.store.companies
        if not phrase.isalpha() or len(phrase) < _SHORTEST:
            return False
        return bool(companies.named_longer(phrase, most=1) or companies.by_key(f"{phrase}.com"))

    async def _named(self, name: str) -> Company:
        """The company as it is registered in one of its readings; else as it is written.

        Raises NotACompany, AmbiguousCompany.
        """
        for reading in readings(name):
            if (company := await self._asked_for(reading)).company_id:
                return company
        if name.casefold() not in self._chosen and (choices := await self._registered_choices(name)):
            if (sure := surely_meant(name, choices)) is not None:
                return sure
            raise _SeveralMeant(choices)
        return await self._asked_for(name)

    async def _registered_choices(self, name: str) -> list[CompanyChoice]:
        return await asyncio.to_thread(registered_choices, name, self._context.store.companies)

    async def _asked_for(self, name: str) -> Company:
        """Raises NotACompany, _SeveralMeant."""
        try:
            return await company_asked_for(Ask(self._chosen.get(name.casefold(), name)), self._context)
        except AmbiguousCompany as error:
            choices = with_website(error.candidates)
            if len(choices) == 1 and len(error.candidates) > 1:
                return choices[0].company
            raise _SeveralMeant(choices) from error

    async def _was_looked_up(self, company: Company) -> bool:
        """Whether its website was found by its name: then another company of this name may have been meant."""
        aliases = await asyncio.to_thread(self._context.store.companies.aliases, company.company_id)
        return any(one.kind == "former_key" and one.alias.startswith("name:") for one in aliases)

    async def _that_come_up(self, name: str, company: Company) -> list[CompanyChoice]:
        """The companies that stored replies to a search for this name show."""
        if not company.company_id:
            return []
        request = replace(self._bought.own_request(""), company_id=company.company_id)
        rules = self._bought.rules
        known = await recall(company, request, memory=True, rules=rules, context=self._context, topic=None)
        ids = [reply.reply_id for reply in known.replies if reply.source in rules.datasets["domain"].sources]
        replies = [await asyncio.to_thread(self._context.store.knowledge.reply, id_) for id_ in ids]
        found = [one for reply in replies if reply is not None for one in companies_that_come_up(reply, name, rules)]
        return choices_that_come_up(name, found, company)

    async def _looked_up(self, name: str, company: Company, found: _Found) -> Company | None:
        """The company with what identifying it found; None: no source that answered knows such a company."""
        rules = self._bought.rules
        if "domain" not in rules.datasets:
            return company
        first_slot = _FIRST_SLOT + found.looked_up * _MOST_READINGS
        found.looked_up += 1
        for number, reading in enumerate(readings(name)):
            company = company if reading == name else await self._asked_for(reading)
            company, known, failed = await self._identified(company, first_slot + number)
            asked = asked_for("domain", known, rules)
            if company.domain is not None or known.facts or failed or not asked:
                return company
        because = (
            "no source that was asked knows a company of this name: check its spelling, or ask again with its website"
        )
        found.open_points.append(OpenPoint(name, because, asked=asked))
        return None

    async def vendor(self, company: Company) -> tuple[Company, bool]:
        """The vendor with what identifying it found; False: no source asked knows it, so nothing is bought."""
        if company.domain is not None or "domain" not in self._bought.rules.datasets:
            return company, True
        company, known, failed = await self._identified(company, _VENDOR_SLOT)
        asked = asked_for("domain", known, self._bought.rules)
        return company, company.domain is not None or bool(known.facts) or failed or not asked

    async def _identified(self, company: Company, slot: int) -> tuple[Company, Known, bool]:
        """bool: whether a source could not answer, or was left out by a cap: then nothing is sure."""
        most = max(0, await self._bought.left() - most_for_answer(self._bought.rules))
        ask = Ask(company.key, datasets=("domain",), asked_by=self._runs_in.asked_by, daily=self._runs_in.daily)
        ask = self._bought.within(ask, most)
        await self._bought.quote_lookup(ask, company, slot=slot)
        done, _ = await self._bought.enriched(ask, company, slot=slot)
        request = await asyncio.to_thread(self._context.store.requests.by_id, self._bought.requests[slot])
        if request is None:
            return company, Known(), True
        kept = await asyncio.to_thread(self._context.store.companies.by_id, request.company_id)
        company = company if kept is None else kept
        known = await recall(company, request, memory=True, rules=self._bought.rules, context=self._context, topic=None)
        return company, known, done is not None and _left_out(done)

    async def before(self, parts: QuestionParts) -> list[Company]:
        """What the question before was about, or the one of them that is meant; to be compared, several."""
        ids = await self._last_ids(parts)
        if parts.places and len(ids) == 1:  # 'the other one': of those asked about one by one
            ids = [*ids, *(one for one in await self.ids_before() if one not in ids)]
        meant = [ids[place] for place in parts.places if place < len(ids)]
        return await self._by_ids(meant or ids)

    async def names_before(self) -> list[str]:
        return [company.name or company.key for company in await self._by_ids(await self.ids_before())]

    async def is_one_before(self) -> bool:
        """Whether the latest question about companies was about one."""
        return [len(one.companies) for one in await self.earlier()][-1:] == [1]

    async def ids_before(self) -> list[str]:
        """Companies of earlier questions, those asked about last first."""
        latest = reversed(await self.earlier())
        return list(dict.fromkeys(company_id for question in latest for company_id in question.companies))

    async def _last_ids(self, parts: QuestionParts) -> list[str]:
        """The ids of the question before; where companies are to be compared, the last two asked about."""
        latest = await self.earlier()
        ids = list(latest[-1].companies) if latest else []
        ids = [one for one in ids if one != self._session.company_id] or ids  # it was beside another one
        return ids if len(ids) > 1 or not parts.compares or parts.companies else (await self.ids_before())[:2]

    async def _by_ids(self, ids: list[str]) -> list[Company]:
        found = [await asyncio.to_thread(self._context.store.companies.by_id, id_) for id_ in ids]
        return [company for company in found if company is not None]

    async def _ask_back(self, name: str, choices: Sequence[CompanyChoice]) -> None:
        await self._log.written()
        event = self._log.event(
            "clarification_needed",
            f"Which company is {name}? {' or '.join(one.in_words for one in choices)}.",
            mark=f"{name}:{self._chosen.get(name.casefold(), '')}",
            data={
                "asked": name,
                "candidates": [one.as_json() for one in choices],
                "answer_to": self._question.question_id,
            },
        )
        written = await asyncio.to_thread(
            self._runs_in.sessions.wait,
            self._question.question_id,
            event,
            worker=self._runs_in.worker,
            at=self._context.now(),
        )
        self._log.show(written)


def _left_out(done: Enriched) -> bool:
    sources = () if done.plan is None else done.plan.sources
    return bool(done.failures) or any(source.verdict == "over a cap" for source in sources)


def _names_vendor(text: str, vendor: str) -> bool:
    wanted = name_words(vendor) or (vendor.casefold(),)
    shown = {word.casefold() for word in text.replace("?", " ").replace("'s", " ").split()}
    return all(word in shown for word in wanted) or (wanted[0] in shown and not is_common(wanted[0]))


def _identity(company: Company) -> str:
    return company.company_id or company.key
