"""The searches that a question makes of its own, and the pages they lead to: ordinary requests with a topic.

    topics x company -> quotes -> requests side by side -> pages worth reading -> requests -> what was found is known

Each is planned, priced and remembered by company, source and topic; a later session that asks the same pays nothing.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from enrichment.domain.companies import Company
from enrichment.domain.json_values import Json
from enrichment.domain.knowledge import Known
from enrichment.domain.numbers import in_number
from enrichment.pipeline.dry_run import profile_or_plans
from enrichment.pipeline.enrich import Ask, Enriched
from enrichment.planning.total import total_of
from enrichment.research.answers.answer import OpenPoint, day_in_words
from enrichment.research.answers.missing_reasons import why_not_answered
from enrichment.research.questions.topics import MENTIONS, PAGE, RESULTS, found_on, pages_worth_reading
from enrichment.research.requests.question_requests import QuestionRequests, left_out_by_caps
from enrichment.research.requests.session_knowledge import SessionKnowledge
from enrichment.rules import Rules
from enrichment.rules.names_for_people import called

_SHARE = 3
"""Of what a company may cost, its searches have at most one part in so many."""


@dataclass(frozen=True, slots=True)
class SearchesMade:
    """About one company. left_out: source -> why a cap did not allow it. reasons: topic -> why it was not answered.

    counts: topic or page -> answers that memory had, and new calls.
    """

    topics: tuple[str, ...]
    pages: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def open_points(self, company: Company, known: Known, rules: Rules) -> list[OpenPoint]:
        """Topics on which nothing was found, with what was asked."""
        points = []
        for topic in self.topics:
            heads = [reply for reply in known.replies if reply.topic == topic]
            if heads and found_on(topic, known):
                continue
            asked = tuple(f"asked {called(one.source)} on {day_in_words(one.collected_at)}: none" for one in heads)
            because = (
                "a search of its own found nothing" if heads else self.reasons.get(topic, "it was not searched for")
            )
            cost = None if heads else most_of(RESULTS, rules)
            points.append(OpenPoint(topic, because, company.key, asked, cost))
        return points


def most_of(dataset: str, rules: Rules) -> int:
    """What asking all its sources once may cost (micro-USD)."""
    return sum(rules.max_micro_usd(source) for source in rules.datasets[dataset].sources)


async def _all(asking: Iterable[Coroutine[None, None, Enriched | None]]) -> list[Enriched | None]:
    """Runs all of them to their end; then the first error is raised."""
    ended = await asyncio.gather(*asking, return_exceptions=True)
    for one in ended:
        if isinstance(one, BaseException):
            raise one
    return [one for one in ended if not isinstance(one, BaseException)]


class TopicSearches:
    """topics: as topics_to_search gives them. first_slot: of the requests for these searches."""

    def __init__(
        self, topics: Sequence[str], questions: Sequence[str], bought: QuestionRequests, *, first_slot: int
    ) -> None:
        self.topics, self._questions, self._bought, self._first_slot = topics, questions, bought, first_slot
        self._rules = bought.rules
        self._most_pages = self._rules.research.pages if topics and PAGE in self._rules.datasets else 0

    @property
    def slots(self) -> int:
        """How many requests one company may take."""
        return len(self.topics) + self._most_pages

    def kept_back(self, share: int) -> int:
        """The part of what a company may cost that is for its searches (micro-USD)."""
        return min(share // _SHARE, self.most) if self.topics else 0

    @property
    def most(self) -> int:
        """What the searches about one company may cost at most (micro-USD)."""
        most = most_of(RESULTS, self._rules) * len(self.topics) if self.topics else 0
        return most + (most_of(PAGE, self._rules) * self._most_pages if self._most_pages else 0)

    async def planned(self, company: Company, asked: Mapping[str, Json], most: int) -> list[dict[str, Json]]:
        """What each search would ask and cost now; nothing is bought."""
        found = []
        for topic in self.topics:
            ask = self._bought.within(Ask(company.key, datasets=(RESULTS,), topic=topic, **asked), most)
            served, plans = await profile_or_plans(
                ask, rules=self._rules, context=self._bought.context, company=company
            )
            plans = plans[-1:]  # where the domain is not known yet, the company's own request finds it
            total = total_of(plans) if plans else None
            chosen = [source.source for plan in plans for source in plan.sources if source.verdict == "chosen"]
            found.append(
                {
                    "company": company.key,
                    "topic": topic,
                    "served": served is not None,
                    "sources": list(dict.fromkeys(chosen)),
                    "expected_micro_usd": 0 if total is None else total.expected,
                    "most_micro_usd": 0 if total is None else total.upper_bound,
                    "seconds": 0.0 if total is None else round(total.seconds, 3),
                    "most_pages": 0,
                }
            )
        if found and any(one["expected_micro_usd"] for one in found):
            self._with_pages(found[0])
        return found

    def _with_pages(self, first: dict[str, Json]) -> None:
        """The pages are chosen once the results are there: they are counted where the first search is."""
        if self._most_pages:
            sources = {name: self._rules.sources[name] for name in self._rules.datasets[PAGE].sources}
            each = sum(self._rules.expected_micro_usd(name) * entry.match_rate for name, entry in sources.items())
            first["most_pages"] = self._most_pages
            first["expected_micro_usd"] += round(each) * self._most_pages
            first["most_micro_usd"] += most_of(PAGE, self._rules) * self._most_pages

    async def made(
        self,
        company: Company,
        number: int,
        asked: Mapping[str, Json],
        most: int,
        knowledge: SessionKnowledge,
        *,
        compares: bool,
    ) -> SearchesMade:
        """number: of the company. most: what all may cost together (micro-USD). compares: its rivals are asked for."""
        if not self.topics or not company.company_id:
            return SearchesMade(())
        slot = self._first_slot + number * self.slots
        each = most // len(self.topics)
        ends = await _all(
            self._search(company, RESULTS, topic, asked, each, slot + at) for at, topic in enumerate(self.topics)
        )
        reasons = {topic: why for topic, end in zip(self.topics, ends, strict=True) if (why := why_not_answered(end))}
        left = most - await self._spent(slot, len(self.topics))
        pages = await self._pages(company, knowledge, compares=compares)
        slot += len(self.topics)
        for at, page in enumerate(pages):
            ends.append(await self._search(company, PAGE, page, asked, max(0, left), slot + at))
            left = most - await self._spent(slot - len(self.topics), len(self.topics) + at + 1)
        over = {source: why for end in ends if end for source, why in left_out_by_caps(end).items()}
        asked_for = zip((*self.topics, *pages), ends, strict=True)
        counts = {what: (len(end.reads), len(end.purchases)) for what, end in asked_for if end is not None}
        return SearchesMade(tuple(self.topics), tuple(pages), over, reasons, counts)

    async def _search(
        self, company: Company, dataset: str, topic: str, asked: Mapping[str, Json], most: int, slot: int
    ) -> Enriched | None:
        ask = self._bought.within(Ask(company.key, datasets=(dataset,), topic=topic, **asked), most)
        done, _ = await self._bought.enriched(ask, company, slot=slot)
        if done is not None:
            self._bought.progress.payers += await self._bought.payers_of(done)
        return done

    async def _spent(self, first: int, number: int) -> int:
        ids = self._bought.requests[first : first + number]
        store = self._bought.context.store
        return sum((await asyncio.to_thread(store.ledger.spent, [f"request:{id_}" for id_ in ids])).values())

    async def _pages(self, company: Company, knowledge: SessionKnowledge, *, compares: bool) -> list[str]:
        known = await knowledge.known(company)
        facts = [fact for topic in self.topics for fact in found_on(topic, known)]
        facts += [fact for fact in known.facts if compares and fact.dataset == MENTIONS]
        questions = (*self._questions, *self.topics)
        return pages_worth_reading(facts, questions, company.domain, self._most_pages)

    async def extracted(self, company: Company, made: SearchesMade, knowledge: SessionKnowledge) -> None:
        """An event for each search and page: how much was found."""
        known = await knowledge.known(company)
        for topic in (*made.topics, *made.pages):
            facts, (hits, calls) = found_on(topic, known), made.counts.get(topic, (0, 0))
            name = company.name or company.key
            quality = round(sum(fact.quality for fact in facts) / len(facts), 3) if facts else None
            found = f"{in_number(len(facts), 'passage')} about {name} on {topic}: "
            counted = f"{in_number(calls, 'new call')}, {in_number(hits, 'answer')} from memory."
            await self._bought.log.emit(
                "data_extracted",
                found + counted if facts else f"Nothing was found about {name} on {topic}.",
                mark=f"{company.key}:{topic}",
                data={
                    "company": company.key,
                    "topic": topic,
                    "facts": len(facts),
                    "cache_hits": hits,
                    "new_calls": calls,
                    "quality": quality,
                },
            )
