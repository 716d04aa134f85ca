"""What happens in a request, as events of the session that it is made for: sources queried, answered, failed.

trace event of the pipeline -> session event, or none          WatchedProvider, WatchedModel: when a call begins
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from enrichment.context.run_context import RunContext
from enrichment.domain.json_values import Json
from enrichment.domain.money import in_usd
from enrichment.domain.numbers import in_number
from enrichment.domain.requests import Event
from enrichment.domain.research import NewSessionEvent
from enrichment.ports import BeforeSend, KeepHandle, LanguageModel, ModelAnswer, Provider, SourceAnswer, SourceQuery
from enrichment.research.events.session_log import SessionLog
from enrichment.rules.names_for_people import called

_NOT_BEGUN = "Stopped"
"""Kind of what was left out because a person stopped the question: no source failed."""


def session_event_of(event: Event, company: str, log: SessionLog, topic: str = "") -> NewSessionEvent | None:
    """company: its key. topic: of the request. None: it is none that a session shows."""
    match event.stage, event.what:
        case (("collect" | "identify"), "bought"):
            return _answered(event, company, log, topic)
        case (("collect" | "identify"), "read"):
            said = event.data
            return from_memory(
                log,
                company,
                event.request_id,
                said["source"],
                purchase=said["purchase"],
                saved=said["saved"],
                topic=topic,
            )
        case (("collect" | "identify" | "analyse"), "failed") if event.data["kind"] != _NOT_BEGUN:
            return _failed(event, company, log, topic)
    return None


def from_memory(
    log: SessionLog, company: str, request_id: str, source: str, *, purchase: str, saved: int, topic: str = ""
) -> NewSessionEvent:
    before = f"{_begun(called(source))} was asked about {_subject(company, topic)} before"
    message = f"{before}: its answer is still valid, which saves {in_usd(saved)} USD."
    data = {"company": company, "source": source, "from": "memory", "cost_micro_usd": 0, "saved_micro_usd": saved}
    data |= _topic_data(topic)
    return log.event("source_answered", message, mark=f"{request_id}:{purchase}", data={**data, "purchase": purchase})


def _subject(company: str, topic: str) -> str:
    """company: its key; before its domain is known that is 'name:' and its name."""
    called = company.removeprefix("name:").replace("-", " ").title() if company.startswith("name:") else company
    return f"{called}, {topic}" if topic else called


def _begun(text: str) -> str:
    """The text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def _topic_data(topic: str) -> dict[str, Json]:
    return {"topic": topic} if topic else {}


def _answered(event: Event, company: str, log: SessionLog, topic: str) -> NewSessionEvent:
    said = event.data
    source, found, cost = said["source"], said["outcome"] == "found", said["cost_micro_usd"]
    facts = in_number(said["facts"], "fact")
    with_ = f"with {facts}" if said["facts"] else "with nothing that is asked for"
    what = f"answered {with_}" if found else "knows nothing" if said["outcome"] == "nothing" else "failed"
    return log.event(
        "source_answered",
        f"{_begun(called(source))} {what} about {_subject(company, topic)} for {in_usd(cost)} USD.",
        mark=f"{event.request_id}:{said['purchase']}",
        data={
            "company": company,
            "source": source,
            "provider": said["provider"],
            "from": "vendor",
            "outcome": said["outcome"],
            "facts": said["facts"],
            "cost_micro_usd": cost,
            "saved_micro_usd": 0,
            "seconds": said["seconds"],
            "purchase": said["purchase"],
        }
        | _topic_data(topic),
    )


def _failed(event: Event, company: str, log: SessionLog, topic: str) -> NewSessionEvent:
    said = event.data
    source = said.get("source") or f"analysis:{said.get('analysis')}"
    data = {"company": company, "source": source, "kind": said["kind"], "reason": said["reason"]}
    data |= _topic_data(topic)
    why = str(said["reason"]).rstrip(".")
    message = f"{_begun(called(source))} could not answer about {_subject(company, topic)}: {why}."
    return log.event("source_failed", message, mark=f"{event.request_id}:{source}:{said['kind']}", data=data)


@dataclass(frozen=True, slots=True)
class WatchedProvider:
    """A provider that says when one of its sources is asked, and which ones have not answered yet."""

    provider: Provider
    asking: Callable[[str], None]
    under_way: list[str]

    @property
    def name(self) -> str:
        return self.provider.name

    async def ask(self, question: SourceQuery, *, keep_handle: KeepHandle, before_send: BeforeSend) -> SourceAnswer:
        self.asking(question.source)
        self.under_way.append(question.source)
        try:
            return await self.provider.ask(question, keep_handle=keep_handle, before_send=before_send)
        finally:
            self.under_way.remove(question.source)


@dataclass(frozen=True, slots=True)
class WatchedModel:
    """A language model that says which type of answer it is asked for."""

    model: LanguageModel
    asking: Callable[[str], None]

    @property
    def name(self) -> str:
        return self.model.name

    async def answer(
        self,
        schema: Mapping[str, Json],
        *,
        model: str,
        instructions: str,
        evidence: str,
        max_output_tokens: int,
        before_send: BeforeSend,
    ) -> ModelAnswer:
        self.asking(str(schema.get("title", "")))
        return await self.model.answer(
            schema,
            model=model,
            instructions=instructions,
            evidence=evidence,
            max_output_tokens=max_output_tokens,
            before_send=before_send,
        )


def watched(
    context: RunContext,
    log: SessionLog,
    *,
    company: str,
    request_id: str,
    under_way: list[str],
    topic: str = "",
) -> RunContext:
    """The context, with every call of a source or of the model an event of the session.

    under_way: has the sources that are being asked, as long as they are.
    """

    def source_asked(source: str) -> None:
        data = {"company": company, "source": source} | _topic_data(topic)
        message = f"Asking {called(source)} about {_subject(company, topic)}."
        log.later(log.event("source_queried", message, mark=f"{request_id}:{source}", data=data))

    def model_asked(answer: str) -> None:
        data: dict[str, Any] = {"company": company, "analysis": answer}
        message = f"Asking the language model for {_spaced(answer)} of {_subject(company, '')}."
        log.later(log.event("analysis_started", message, mark=f"{request_id}:{answer}", data=data))

    return replace(
        context,
        providers={name: WatchedProvider(one, source_asked, under_way) for name, one in context.providers.items()},
        model=None if context.model is None else WatchedModel(context.model, model_asked),
    )


def _spaced(name: str) -> str:
    """'NewsEvents' -> 'news events'."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip() or "an answer"
