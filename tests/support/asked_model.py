"""One question to the language model's client, over any sender: what it gives, or the error that it raises."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from enrichment.analysis.answer_schema import answer_schema
from enrichment.analysis.answer_schemas import Growth
from enrichment.ports import (
    BeforeSend,
    ModelAnswer,
    ProviderError,
)
from resources.providers.http_transport import HttpSender
from resources.providers.openai import OpenAIModel
from resources.providers.rate_limiter import Unlimited
from tests.support import virtual_time
from tests.support.recorded_provider import KEY, RULES, go_ahead

OPENAI = RULES.providers["openai"]
LINE = "Acme opens a plant in Ohio"
EVIDENCE = f'<company>Acme</company>\n<evidence id="e1" source="serp_news" dataset="recent_news">\n{LINE}\n</evidence>'
ANSWER = {
    "growth_signals": [{"evidence_id": "e1", "quote": LINE, "statement": "It builds."}],
    "business_challenges": [],
}
USED = {"input_token": 11, "output_token": 7}
Use = Callable[[OpenAIModel], Awaitable[Any]]


async def ask(model: OpenAIModel, before_send: BeforeSend = go_ahead) -> ModelAnswer:
    return await model.answer(
        answer_schema(Growth, ("e1",)),
        model="gpt-4.1-mini",
        instructions="Say what grows.",
        evidence=EVIDENCE,
        max_output_tokens=500,
        before_send=before_send,
    )


def using(sender: HttpSender | None, use: Use = ask, **changes: Any) -> Any:
    """What `use` gives, or the ProviderError it raises."""

    async def run() -> Any:
        model = OpenAIModel(
            changes.get("rules", OPENAI),
            {"api_key": KEY},
            base_url=changes.get("url", "http://vendor/v1"),
            sender=sender,
            limiter=changes.get("limiter", Unlimited()),
        )
        try:
            return await use(model)
        except ProviderError as error:
            return error
        finally:
            await model.aclose()

    runs = asyncio.run if sender is None else virtual_time.run  # no sender: the sandbox answers, in a thread
    return runs(run())
