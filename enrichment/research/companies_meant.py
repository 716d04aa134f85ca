"""Which companies a question is about: those it names, else those of the question before; or a person is asked.

names -> identity -> companies, points that stay open        two are plausible -> clarification_needed, with candidates
"""

import asyncio

from enrichment.context.run_context import RunContext
from enrichment.domain.records import Company
from enrichment.domain.research import Question, Session
from enrichment.identity.domains import AmbiguousCompany, NotACompany
from enrichment.identity.names import name_words
from enrichment.pipeline.enrich import Ask
from enrichment.pipeline.identify import company_asked_for
from enrichment.research.answer import OpenPoint
from enrichment.research.breakdown import QuestionParts
from enrichment.research.question_requests import ResearchContext
from enrichment.research.session_log import SessionLog


class CompaniesMeant:
    """Of one question. context: one that stops when the question does."""

    def __init__(
        self, question: Question, session: Session, runs_in: ResearchContext, context: RunContext, log: SessionLog
    ) -> None:
        self._question, self._session, self._runs_in = question, session, runs_in
        self._context, self._log = context, log

    async def found(self, parts: QuestionParts) -> tuple[list[Company] | None, list[OpenPoint]]:
        """None: two are plausible, and the session asks back. Raises QuestionLost, StoreError."""
        names, open_points = parts.companies, list[OpenPoint]()
        if not names:
            before = await self._by_ids(await self._last_ids())
            if before or not _names_vendor(self._question.text, self._session.persona.company):
                return before, open_points
            names = (self._session.persona.company,)
        found: list[Company] = []
        for name in names:
            try:
                company = await company_asked_for(Ask(self._question.chosen.get(name, name)), self._context)
            except NotACompany as error:
                open_points.append(OpenPoint(name, f"it cannot be looked up: {error}"))
                continue
            except AmbiguousCompany as error:
                if self._runs_in.stopped():
                    open_points.append(OpenPoint(name, "it is not sure which company is meant, and it was stopped"))
                    continue
                await self._ask_back(name, error)
                return None, open_points
            if all(_identity(company) != _identity(other) for other in found):
                found.append(company)
        return found, open_points

    async def names_before(self) -> list[str]:
        return [company.name or company.key for company in await self._by_ids(await self.ids_before())]

    async def ids_before(self) -> list[str]:
        """Companies of earlier questions, those asked about last first."""
        latest = reversed(await self._earlier())
        return list(dict.fromkeys(company_id for question in latest for company_id in question.companies))

    async def _last_ids(self) -> list[str]:
        latest = await self._earlier()
        return list(latest[-1].companies) if latest else []

    async def _earlier(self) -> list[Question]:
        """Questions of this session before this one that are about a company."""
        asked = await asyncio.to_thread(self._runs_in.sessions.questions, self._session.session_id)
        return [one for one in asked if one.number < self._question.number and one.companies]

    async def _by_ids(self, ids: list[str]) -> list[Company]:
        found = [await asyncio.to_thread(self._context.store.companies.by_id, id_) for id_ in ids]
        return [company for company in found if company is not None]

    async def _ask_back(self, name: str, error: AmbiguousCompany) -> None:
        candidates = [
            {
                "key": one.company.key,
                "name": one.company.name,
                "domain": one.company.domain,
                "country": one.company.country,
                "because": one.comparison.because,
                "probability": round(one.comparison.probability, 4),
            }
            for one in error.candidates
        ]
        await self._log.written()
        event = self._log.event(
            "clarification_needed",
            f"Which company is {name}? {' or '.join(str(one['key']) for one in candidates)}.",
            mark=f"{name}:{self._question.chosen.get(name, '')}",
            data={"asked": name, "candidates": candidates, "answer_to": self._question.question_id},
        )
        written = await asyncio.to_thread(
            self._runs_in.sessions.wait,
            self._question.question_id,
            event,
            worker=self._runs_in.worker,
            at=self._context.now(),
        )
        self._log.show(written)


def _names_vendor(text: str, vendor: str) -> bool:
    wanted = name_words(vendor) or (vendor.casefold(),)
    shown = {word.casefold() for word in text.replace("?", " ").replace("'s", " ").split()}
    return {"we", "our", "us"} & shown != set() or all(word in shown for word in wanted)


def _identity(company: Company) -> str:
    return company.company_id or company.key
