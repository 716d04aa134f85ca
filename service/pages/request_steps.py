"""What happened in a request, event by event, as a person reads it. Pure.

EventView | its JSON -> Step
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from enrichment.domain.numbers import in_number
from service.pages.rendering import usd, words
from service.views.enrichments import EventView


@dataclass(frozen=True, slots=True)
class Step:
    """kind: ok, free, bad, plain. cost: micro-USD."""

    at: datetime
    kind: str
    title: str
    text: str
    cost: int


def step_of(event: EventView | Mapping[str, Any]) -> Step:
    """The step of one event. Only purchases have a cost, so the costs of all steps add up to that of the request."""
    one = event if isinstance(event, EventView) else EventView.model_validate(event)
    cost = int(one.data.get("cost_micro_usd") or 0) if one.stage in _PAYING else 0
    kind, title, text = _said(one.stage, one.what, one.data)
    return Step(one.at, kind, title, text, cost)


_PAYING = frozenset({"collect", "analyse"})


def _said(stage: str, what: str, data: Mapping[str, Any]) -> tuple[str, str, str]:
    """Kind, title, text."""
    subject = str(data.get("source") or words(str(data.get("analysis") or stage)))
    match what:
        case "planned":
            said = "plain", "Planned", _planned(data)
        case "bought":
            said = "ok", subject, _brought(data)
        case "read":
            said = "free", subject, "from memory, for nothing"
        case "failed":
            said = "bad", subject, f"failed: {data.get('reason') or 'no answer'}"
        case "kept":
            said = "plain", "Kept", f"saved by memory: {usd(int(data['saved_micro_usd']))}"
        case _:
            about = next((data[name] for name in _ABOUT if data.get(name)), "")
            said = "plain", words(what), str(about)
    return said


_ABOUT = ("source", "analysis", "key", "name", "reason")


def _planned(data: Mapping[str, Any]) -> str:
    steps = [source for part in data["chain"] for step in part for source in step]
    asked = ", then ".join(steps) if steps else "nothing is to be bought"
    return f"{asked}; expected {usd(int(data['expected_micro_usd']))}"


def _brought(data: Mapping[str, Any]) -> str:
    if "claims_kept" in data:
        return f"answered: {in_number(int(data['claims_kept']), 'claim')}"
    return f"answered: {in_number(int(data['facts']), 'fact')}" if data["facts"] else "answered: it knows nothing of it"
