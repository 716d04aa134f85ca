"""A session as its page shows it: each question with its timeline, findings so far, and its answer. Pure.

TranscriptView -> QuestionShown, QuestionShown, ...        quote, evidence -> the quote marked in its surroundings
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.views.sessions import QuestionView, SessionEventView, TranscriptView

_KINDS: Mapping[str, str] = {
    "source_answered": "ok",
    "source_failed": "bad",
    "citation_dropped": "bad",
    "error": "bad",
    "budget_reached": "bad",
    "finding": "find",
    "research_complete": "ok",
    "data_extracted": "ok",
    "vendor_context_loaded": "ok",
}
_MILESTONES = frozenset(
    {
        "vendor_context_loaded",
        "lookup_planned",
        "companies_recognised",
        "clarification_needed",
        "research_plan_created",
        "data_extracted",
        "budget_reached",
        "question_stopped",
        "error",
        "research_complete",
    }
)
"""Events that a screen reader announces: one sentence for each stage, not for each source."""


_COPIED: Mapping[str, str] = {
    "What to say": "recommendation",
    "What was found": "finding",
    "Whom to talk to": "person",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline. kind: ok, free, bad, find or plain."""

    at: datetime
    kind: str
    message: str
    announced: bool


@dataclass(frozen=True, slots=True)
class MarkedQuote:
    """A quote in its surroundings; before and after are empty where it could not be found in them."""

    before: str
    quote: str
    after: str


@dataclass(frozen=True, slots=True)
class CitationShown:
    """bought: what the call had cost, micro-USD; None: it is not known here, as memory had it already. read_from: as a
    citation has it.
    """

    side: str
    company: str
    source: str
    dataset: str
    collected_at: str
    reliability: float
    place: str
    url: str | None
    marked: MarkedQuote
    bought: int | None
    number: int
    read_from: str | None = None


@dataclass(frozen=True, slots=True)
class ClaimShown:
    id: str
    kind: str
    text: str
    why: str | None
    company: str
    verdict: str
    citations: tuple[CitationShown, ...]


@dataclass(frozen=True, slots=True)
class PlanShown:
    """companies: as they were recognised. bought: sources that are asked; remembered: whose replies are still valid.

    expected, most, left: micro-USD.
    """

    companies: Sequence[Mapping[str, Any]]
    areas: Sequence[str]
    bought: Sequence[str]
    searches: Sequence[str]
    remembered: Sequence[str]
    expected: int
    most: int
    left: int


@dataclass(frozen=True, slots=True)
class QuestionShown:
    """answer: the data of research_complete; claims: its claims by id; so_far: findings while it runs."""

    view: QuestionView
    timeline: tuple[Moment, ...]
    plan: PlanShown | None
    clarification: Mapping[str, Any] | None
    so_far: tuple[SessionEventView, ...]
    claims: Mapping[str, ClaimShown]

    @property
    def is_open(self) -> bool:
        return self.view.state != "ended"

    @property
    def answer(self) -> Mapping[str, Any] | None:
        return self.view.answer

    def of_kind(self, kind: str) -> Sequence[ClaimShown]:
        return [claim for claim in self.claims.values() if claim.kind == kind]

    @property
    def cited(self) -> str:
        """The answer as text to be copied: each sentence with its number under what it is, the sources below."""
        said, sources = [], []
        for title, kind in _COPIED.items():
            claims = self.of_kind(kind)
            said += [f"\n{title}"] if claims else []
            said += [f"{one.text} {''.join(f'[{by.number}]' for by in one.citations)}".strip() for one in claims]
        for claim in self.claims.values():
            for one in claim.citations:
                where = f", {one.url}" if one.url else ""
                sources.append(f'[{one.number}] "{one.marked.quote}" ({one.source}, {one.collected_at[:10]}{where})')
        when = f"Answered {self.view.ended_at:%Y-%m-%d}" if self.view.ended_at else ""
        return "\n".join([self.view.question, when, *said, "\nSources", *sources])


def questions_shown(transcript: TranscriptView) -> Sequence[QuestionShown]:
    """The latest first."""
    paid = _paid(transcript.events)
    found = [_shown(one, transcript.events, paid) for one in transcript.session.questions]
    return found[::-1]


def moment_of(event: SessionEventView) -> Moment:
    kind = "free" if event.data.get("from") == "memory" else _KINDS.get(event.type, "plain")
    return Moment(event.timestamp, kind, event.message, event.type in _MILESTONES)


def marked(quote: str, evidence: str) -> MarkedQuote:
    """The quote in the text around it; white space and quotation marks may differ."""
    pattern = r"\s+".join(re.escape(part) for part in quote.split())
    pattern = re.sub("[\"'“”‘’]", "[\"'“”‘’]", pattern)
    found = re.search(pattern, evidence, re.IGNORECASE) if pattern else None
    if found is None:
        return MarkedQuote("", quote, "")
    return MarkedQuote(evidence[: found.start()], found[0], evidence[found.end() :])


def _shown(
    view: QuestionView, events: Sequence[SessionEventView], paid: Mapping[tuple[str, str], int]
) -> QuestionShown:
    its = [event for event in events if event.question_id == view.id]
    waits = view.state == "waiting"
    return QuestionShown(
        view=view,
        timeline=tuple(moment_of(event) for event in its),
        plan=plan_of(its),
        clarification=_last(its, "clarification_needed") if waits else None,
        so_far=tuple(event for event in its if event.type == "finding"),
        claims=_claims(view.answer, paid),
    )


def plan_of(events: Sequence[SessionEventView]) -> PlanShown | None:
    """events: of one question."""
    plan, recognised = _last(events, "research_plan_created"), _last(events, "companies_recognised")
    if plan is None:
        return None
    planned = [one["company"] for one in plan["plans"]]
    named = {} if recognised is None else {one["key"]: one for one in recognised["companies"]}
    held = [source for one in plan["plans"] for source, why in one["why_not"].items() if why.startswith("held:")]
    return PlanShown(
        companies=[named.get(key, {"key": key, "name": key}) for key in planned],
        areas=plan["areas"],
        bought=plan["sources"],
        searches=[str(one["topic"]) for one in plan["searches"]],
        remembered=list(dict.fromkeys(held)),
        expected=plan["expected_micro_usd"],
        most=plan["most_micro_usd"],
        left=plan["left_micro_usd"],
    )


def _last(events: Sequence[SessionEventView], kind: str) -> Mapping[str, Any] | None:
    return next((event.data for event in reversed(events) if event.type == kind), None)


def _paid(events: Sequence[SessionEventView]) -> dict[tuple[str, str], int]:
    """(company, source) -> what its call cost, or had cost where memory served it; micro-USD."""
    return {
        (event.data["company"], event.data["source"]): int(
            event.data.get("cost_micro_usd") or event.data.get("saved_micro_usd") or 0
        )
        for event in events
        if event.type == "source_answered"
    }


def _claims(answer: Mapping[str, Any] | None, paid: Mapping[tuple[str, str], int]) -> dict[str, ClaimShown]:
    claims: dict[str, ClaimShown] = {}
    number = 0
    for claim in () if answer is None else answer["claims"]:
        citations = []
        for one in claim["citations"]:
            number += 1
            citations.append(_citation(one, number, paid))
        claims[claim["id"]] = ClaimShown(
            claim["id"],
            claim["kind"],
            claim["text"],
            claim["why"],
            claim["company"],
            claim["verdict"],
            tuple(citations),
        )
    return claims


def _citation(one: Mapping[str, Any], number: int, paid: Mapping[tuple[str, str], int]) -> CitationShown:
    by_source = {source: cost for (_, source), cost in paid.items()}
    cost = paid.get((one["company"], one["source"]), by_source.get(one["source"]))
    return CitationShown(
        side=one["side"],
        company=one["company"],
        source=one["source"],
        dataset=one["dataset"],
        collected_at=one["collected_at"],
        reliability=one["reliability"],
        place=one["place"],
        url=one["url"],
        marked=marked(one["quote"], one["evidence"]),
        bought=cost,
        number=number,
        read_from=one.get("read_from"),
    )
