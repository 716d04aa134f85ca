"""Which of several companies a question means by a figure: 'what did the smaller of them announce?'

companies + measure -> what is known of each, bought where it is not -> the one that has most or least
                    -> all of them, and an open point, where the figures do not tell
"""

from collections.abc import Sequence

from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Fact
from enrichment.pipeline.enrich import Ask
from enrichment.research.answers.answer import OpenPoint
from enrichment.research.answers.conclusions import span_of
from enrichment.research.questions.measures import MeasureAsked
from enrichment.research.requests.companies_meant import PICK_SLOTS
from enrichment.research.requests.question_requests import QuestionRequests
from enrichment.research.requests.session_knowledge import SessionKnowledge


class CompanyPicked:
    """bought: the requests of one question."""

    def __init__(self, bought: QuestionRequests, knowledge: SessionKnowledge) -> None:
        self._bought, self._knowledge = bought, knowledge

    async def of(self, asked: MeasureAsked, companies: Sequence[Company]) -> tuple[list[Company], list[OpenPoint]]:
        """The company that is meant, alone. Raises QuestionLost, StoreError."""
        share = await self._bought.share(len(companies))
        figures = [await self._figure(at, one, asked, share) for at, one in enumerate(companies)]
        picked = place_of_most(figures, asked)
        if picked is not None:
            return [companies[picked]], []
        what = f"which of them has {asked.how} by {asked.measure.dataset.replace('_', ' ')}"
        return [*companies], [OpenPoint(what, "what is known does not tell, so all of them are looked at")]

    async def _figure(self, at: int, company: Company, asked: MeasureAsked, share: int) -> tuple[int, int] | None:
        figure = self._known(await self._facts(company, asked), asked)
        if figure is None:
            ask = Ask(company.key, datasets=(asked.measure.dataset,), **self._bought.booked_to)
            await self._bought.enriched(self._bought.within(ask, share), company, slot=PICK_SLOTS[at])
            figure = self._known(await self._facts(company, asked), asked)
        return figure

    async def _facts(self, company: Company, asked: MeasureAsked) -> list[Fact]:
        known = await self._knowledge.known(company) if company.company_id else None
        return [] if known is None else [one for one in known.facts if one.dataset == asked.measure.dataset]

    def _known(self, facts: Sequence[Fact], asked: MeasureAsked) -> tuple[int, int] | None:
        """The lowest and the highest that it may be: of exact figures, else of ranges, the most reliable."""
        if not facts:
            return None
        if asked.measure.is_counted:
            return len(facts), len(facts)
        spans = [(one.reliability, span) for one in facts if (span := span_of(one.value)) is not None]
        closed = [(low == high, reliability, low, high) for reliability, (low, high, _) in spans if high is not None]
        _, _, low, high = max(closed, default=(False, 0.0, 0, None))
        return None if high is None else (low, high)


def place_of_most(figures: Sequence[tuple[int, int] | None], asked: MeasureAsked) -> int | None:
    """The place of the figure that is more, or less, than all others; None: some are unknown or overlap."""
    known = [one for one in figures if one is not None]
    if len(known) < len(figures) or len(known) < 2:
        return None
    wants_high = (asked.how == "more") == (asked.measure.sign > 0)
    order = sorted(range(len(known)), key=lambda at: known[at], reverse=wants_high)
    first, second = known[order[0]], known[order[1]]
    is_decided = first[0] > second[1] if wants_high else first[1] < second[0]
    return order[0] if is_decided else None
