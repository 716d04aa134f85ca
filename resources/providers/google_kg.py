"""Google Knowledge Graph Search: entities by name. One search per answer, nothing found included.

GET /v1/entities:search -> {"search": body}
"""

import json
import re
from typing import Literal

from pydantic import Field, TypeAdapter

from enrichment.domain.json_values import Json
from enrichment.ports import (
    CredentialsRejected,
    KeepHandle,
    ProviderError,
    QuotaExhausted,
    SourceAnswer,
    SourceQuery,
    Throttled,
    UnexpectedReply,
)
from resources.providers.call_session import CallSession, refusal_by_status
from resources.providers.http_call import HttpCall, HttpResponse
from resources.providers.query_templates import Template, filled
from resources.providers.response_reading import as_object
from resources.providers.vendor_client import AccountStatus, ProviderClient, Spec

# of Google's APIs; dailyLimitExceededUnreg means a call without a key
_USED_UP = frozenset({"dailyLimitExceeded", "quotaExceeded", "limitExceeded", "billingNotEnabled", "BILLING_DISABLED"})
_TOO_FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED"})


_PER_DAY = re.compile(r"per ?day", re.IGNORECASE)


class GoogleKgSpec(Spec):
    """path and types are not confirmed by the vendor's documents, so they can be changed here."""

    call: Literal["search"]
    query: Template
    limit: int = Field(5, ge=1, le=100)
    types: tuple[str, ...] = ()
    languages: str = "en"
    path: str = Field("/v1/entities:search", pattern=r"^/")


class GoogleKgClient(ProviderClient[GoogleKgSpec]):
    name = "google_kg"
    spec = TypeAdapter(GoogleKgSpec)
    may_bill = ()  # the vendor bills nothing at all; the price is ours, for a search that was answered

    def secret_params(self) -> dict[str, str]:
        return {"key": self.credentials["api_key"]}

    def refusal(self, response: HttpResponse) -> type[ProviderError]:
        text = response.text
        if "API key" in text and response.status == 400:
            return CredentialsRejected
        reasons = _reasons(response)
        if reasons & _USED_UP or (response.status == 403 and "Daily Limit Exceeded" in text):
            return QuotaExhausted
        if response.status == 429 or reasons & _TOO_FAST:
            return QuotaExhausted if _PER_DAY.search(text) else Throttled
        return refusal_by_status(response)

    async def answer(
        self, question: SourceQuery, spec: GoogleKgSpec, session: CallSession, _keep_handle: KeepHandle
    ) -> SourceAnswer:
        params = [("query", filled(spec.query, question)), ("limit", str(spec.limit)), ("languages", spec.languages)]
        params += [("types", kind) for kind in spec.types]
        owed = {question.unit: 1}
        body = await session.send(HttpCall("GET", spec.path, params, owed=owed, repeatable=False), as_object)
        session.units.update(owed)
        entities = body.get("itemListElement")
        if not isinstance(entities, list):
            raise session.error(UnexpectedReply, "a reply without itemListElement")
        return session.answer(found=bool(entities), payload={"search": body})

    async def account(self, _exchange: CallSession) -> AccountStatus:
        sentence = "google_kg has no free call: the key is there, and the first search will tell whether it works."
        return AccountStatus(self.name, ok=None, sentence=sentence)


def _reasons(response: HttpResponse) -> frozenset[str]:
    """The reasons and the status that an error of Google's names, in the old form and the new one."""
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return frozenset()
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return frozenset()
    parts = [part for key in ("errors", "details") for part in _objects(error.get(key))]
    return frozenset(str(part.get("reason")) for part in parts) | {str(error.get("status"))}


def _objects(value: Json) -> list[dict[str, Json]]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []
