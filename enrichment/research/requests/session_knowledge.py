"""What memory has of a company and of the seller's own, as evidence that an answer may cite.

company -> facts and replies that are fresh -> Sides -> how much what the vendor offers matches what the company needs
"""

from collections.abc import Sequence
from dataclasses import replace

from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Known
from enrichment.domain.research import Session
from enrichment.memory.recall import recall
from enrichment.research.answers.answer_question import bytes_for_evidence
from enrichment.research.evidence.passages import VENDOR_READS, Sides, sides
from enrichment.research.evidence.relevance import VendorRelevance, relevance_of, words_of_names
from enrichment.research.requests.question_requests import QuestionRequests

_BYTES_WITHOUT_MODEL = 40_000
_READS = (
    "recent_news",
    "purchase_intent",
    "hiring_trends",
    "key_contacts",
    "tech_stack",
    "topic_results",
    "page_passages",
    "competitor_mentions",
    "website_passages",
    "company_description",
    "employee_count",
    "revenue",
    "headquarters",
    "founded",
    "industry",
)


class SessionKnowledge:
    """What is known for one question of the session."""

    def __init__(self, session: Session, bought: QuestionRequests) -> None:
        self._session, self._bought = session, bought
        self._rules, self._context = bought.rules, bought.context

    async def known(self, company: Company) -> Known:
        """What was found on any topic included."""
        request = replace(self._bought.own_request(""), company_id=company.company_id)
        return await recall(company, request, memory=True, rules=self._rules, context=self._context, topic=None)

    async def has_offer(self, vendor: Company) -> bool:
        """Whether anything is known of what the seller's company offers, besides what the seller says."""
        known = await self.known(vendor)
        return any(fact.dataset in VENDOR_READS and fact.dataset != "industry" for fact in known.facts)

    async def sides(self, company: Company, known: Known, vendor: Company, questions: Sequence[str] = ()) -> Sides:
        asked = self._rules.research.answer
        return sides(
            company,
            known,
            vendor,
            await self.known(vendor),
            self._session,
            rules=self._rules,
            requirements=self._bought.requirements_for_model(),
            reads=_READS if asked is None else asked.reads,
            most_bytes=_BYTES_WITHOUT_MODEL if asked is None else bytes_for_evidence(self._rules, asked),
            now=self._context.now(),
            questions=questions,
        )


def relevance_between(both: Sides) -> VendorRelevance:
    """The relevance of the vendor for the company; their own names show nothing."""
    names = (*both.names, both.vendor.name or "", both.vendor.domain or "")
    return relevance_of(both.evidence, both.vendor_evidence, words_of_names(names))
