"""What is known of one company for a question: of the time, the areas and the names that it asks about.

collected + question's parts -> facts within the time -> facts looked for -> evidence of both sides, QuestionAsked
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from enrichment.analysis.evidence import fact_text
from enrichment.domain.companies import Company
from enrichment.research.answers.answer import OpenPoint
from enrichment.research.answers.open_points import none_within
from enrichment.research.answers.question_asked import QuestionAsked
from enrichment.research.answers.what_is_asked import what_is_asked
from enrichment.research.evidence.event_days import within_window
from enrichment.research.evidence.passages import Sides
from enrichment.research.evidence.relevance import VendorRelevance
from enrichment.research.questions.areas import AREAS
from enrichment.research.questions.breakdown import QuestionParts
from enrichment.research.questions.looked_for import LookedFor, looked_for, mentions
from enrichment.research.questions.time_window import first_day
from enrichment.research.questions.to_the_point import OF_TOPICS, asks_what_is_common, first_line, in_common
from enrichment.research.questions.topics import PAGE, RESULTS, without_other_topics
from enrichment.research.requests.company_requests import CompanyCollected
from enrichment.research.requests.question_requests import QuestionRequests
from enrichment.research.requests.session_knowledge import SessionKnowledge, relevance_between
from enrichment.rules import Rules


@dataclass(frozen=True, slots=True)
class CompanyEvidence:
    """collected: with what is known of the time that the question asks for. found: what it looks for by name.

    whole: the evidence of all that is known; sides: of what the question asks for. older: an open point for each area
    of which all that is known is older than that time.
    """

    collected: CompanyCollected
    parts: QuestionParts
    whole: Sides
    sides: Sides
    relevance: VendorRelevance
    found: LookedFor
    asked: QuestionAsked
    older: tuple[OpenPoint, ...] = ()

    @property
    def company(self) -> Company:
        return self.collected.company

    @property
    def is_own(self) -> bool:
        """Whether the company is the seller's."""
        return self.sides.company.company_id == self.sides.vendor.company_id


async def evidence_on(
    one: CompanyCollected,
    parts: QuestionParts,
    vendor: Company,
    among: frozenset[str] | None,
    *,
    bought: QuestionRequests,
    knowledge: SessionKnowledge,
) -> CompanyEvidence:
    """among: what counts of technologies and the like, where it is asked what companies have in common."""
    searched = (*one.searched.topics, *one.searched.pages)
    one = replace(one, known=without_other_topics(one.known, searched, parts.text))
    one, older = _within(one, parts, bought)
    whole = await knowledge.sides(one.company, one.known, vendor, parts.asked_one_by_one)
    wanted = _wanted(one, parts, bought.rules)
    both, found = whole, LookedFor(one.known.facts)
    if not parts.is_whole:
        found = looked_for(
            [fact for fact in one.known.facts if fact.dataset in wanted], parts.sought, parts.areas, parts.text
        )
        told = mentions(one.known.facts, found.technologies)
        asked_of = replace(one.known, facts=tuple(dict.fromkeys((*found.facts, *told))))
        both = await knowledge.sides(one.company, asked_of, vendor, parts.asked_one_by_one)
        both = replace(both, names=whole.names)
    topics, technologies = one.searched.topics, found.asked_technologies
    asked = what_is_asked(parts.text, parts, both, wanted, topics=topics, looked_for=technologies, among=among)
    relevance = relevance_between(both if parts.of_answer else whole)
    return CompanyEvidence(one, parts, whole, both, relevance, found, asked, older)


def shared_among(question: str, collected: Sequence[CompanyCollected]) -> frozenset[str] | None:
    """First lines of what is known of all these companies; None: the question does not ask what they have in common."""
    if len(collected) < 2 or not asks_what_is_common(question):
        return None
    return in_common([{first_line(fact_text(fact.value)) for fact in one.known.facts} for one in collected])


def _within(
    one: CompanyCollected, parts: QuestionParts, bought: QuestionRequests
) -> tuple[CompanyCollected, tuple[OpenPoint, ...]]:
    """Without what is older than the question asks for, and an open point for each area that has nothing else."""
    since = first_day(parts.days, parts.since, bought.context.now())
    if since is None:
        return one, ()
    within = within_window(one.known.facts, since)
    points = none_within(within, since, parts, one.company)
    return replace(one, known=replace(one.known, facts=within.facts)), tuple(points)


def _wanted(one: CompanyCollected, parts: QuestionParts, rules: Rules) -> set[str]:
    """The datasets that were asked for, that their analyses read, and that tell of an area or a topic."""
    requirements = one.ask.requirements(rules)
    read = {d for name in requirements.analyses for d in rules.analyses[name].reads}
    found = {RESULTS, PAGE} if one.searched.topics else set[str]()
    if not parts.areas and not parts.is_whole:
        found |= {*OF_TOPICS}
    found = found.union(*(area.told_by for area in AREAS if area.name in parts.areas))
    return {*requirements.datasets, *requirements.collected, *read, *found} - {"company_name", "domain"}
