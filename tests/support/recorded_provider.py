"""A vendor that answers from tests/replies/: what it is asked is kept, what it answers is programmed per call.

ScriptedVendor({"POST /path": [reply, reply]}) -> an ASGI app; the last reply of a call is repeated
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from enrichment.ports import ProviderError, SourceAnswer, SourceQuery
from enrichment.rules.provider_rules import ProviderRules
from resources.providers import PROVIDERS, credential_names
from resources.providers.http_transport import HttpSender
from resources.providers.rate_limiter import Limiter, NoSlot, RateLimitSlot, Unlimited
from resources.providers.vendor_client import ProviderClient
from tests.support import virtual_time
from tests.support.app_sender import AppSender
from tests.support.examples import MATRIX
from tests.support.manual_clock import NOON

ROOT = Path(__file__).parents[2]
REPLIES = ROOT / "tests" / "replies"
RULES = MATRIX
KEY = "a-key-nobody-may-see"
TIME_SCALE = 1000


@dataclass(frozen=True)
class HttpReply:
    """body: a dictionary or list is sent as JSON, text as it is."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        if isinstance(self.body, str | bytes):
            return Response(self.body, self.status, dict(self.headers), media_type="text/html")
        return Response(json.dumps(self.body), self.status, dict(self.headers), media_type="application/json")


def sample(name: str) -> Any:
    """A file of tests/replies/, as JSON or as text."""
    text = (REPLIES / name).read_text(encoding="utf-8")
    return json.loads(text) if name.endswith(".json") else text


@dataclass
class RecordedCall:
    call: str
    params: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class ScriptedVendor:
    def __init__(self, replies: Mapping[str, HttpReply | Sequence[HttpReply]]) -> None:
        self._replies = {
            call: [reply] if isinstance(reply, HttpReply) else list(reply) for call, reply in replies.items()
        }
        self.asked: list[RecordedCall] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        call = f"{request.method} {request.url.path}"
        params = parse_qsl(request.url.query, keep_blank_values=True)
        self.asked.append(RecordedCall(call, params, dict(request.headers), await request.body()))
        replies = self._replies[call]
        await (replies.pop(0) if len(replies) > 1 else replies[0]).response()(scope, receive, send)

    @property
    def calls(self) -> list[str]:
        return [asked.call for asked in self.asked]


def client(
    provider: str, sender: HttpSender, *, limiter: Limiter | None = None, **changes: object
) -> ProviderClient[Any]:
    """With the shipped rules, but waiting a thousandth of the time, without limits if none are given, always at NOON.

    changes: to the provider's rules.
    """
    kind = PROVIDERS[provider]
    rules: ProviderRules = RULES.providers[provider].model_copy(update=changes)
    credentials = dict.fromkeys(credential_names(provider), KEY)
    return kind(
        rules,
        credentials,
        base_url="http://vendor",
        sender=sender,
        time_scale=TIME_SCALE,
        limiter=limiter or Unlimited(),
        now=lambda: NOON,
    )


def question(
    source: str,
    *,
    handle: str | None = None,
    first_sent_at: datetime | None = None,
    name: str | None = "Acme",
    domain: str | None = "acme.com",
    max_units: int | None = None,
    **spec: object,
) -> SourceQuery:
    """The source's question as shipped. spec: changes to it."""
    rules = RULES.sources[source]
    return SourceQuery(
        source=source,
        spec={**rules.question, **spec},
        unit=rules.unit,
        max_units=max_units or int(rules.max_units),
        name=name,
        domain=domain,
        handle=handle,
        first_sent_at=first_sent_at,
    )


@dataclass
class AskOutcome:
    """What an ask led to: an answer or an error, the handles that were kept on the way, and which calls were announced:
    how many the vendor had been asked by then.
    """

    answer: SourceAnswer | None
    error: ProviderError | None
    handles: list[str]
    announced: list[int]


def outcome(vendor: ScriptedVendor | HttpSender, asked: SourceQuery, **changes: Any) -> AskOutcome:
    """Asks the vendor, or by the sender given."""
    handles: list[str] = []
    announced: list[int] = []

    async def keep(handle: str) -> None:
        handles.append(handle)

    async def before_send() -> None:
        announced.append(len(vendor.asked) if isinstance(vendor, ScriptedVendor) else 0)

    async def ask() -> AskOutcome:
        sender = AppSender(vendor) if isinstance(vendor, ScriptedVendor) else vendor
        async with client(RULES.sources[asked.source].provider, sender, **changes) as asking:
            try:
                return AskOutcome(
                    await asking.ask(asked, keep_handle=keep, before_send=before_send), None, handles, announced
                )
            except ProviderError as error:
                return AskOutcome(None, error, handles, announced)

    return virtual_time.run(ask())


class NoSlotLeft(Unlimited):
    async def slot(self, *, patience: float) -> RateLimitSlot:
        raise NoSlot(patience + 1)


async def forget(_handle: str) -> None:
    """keep_handle of a caller that never resumes."""


async def go_ahead() -> None:
    """A before_send of a claim that is never lost."""


def answered(vendor: ScriptedVendor | HttpSender, asked: SourceQuery, **changes: Any) -> SourceAnswer:
    reached = outcome(vendor, asked, **changes)
    assert reached.answer is not None, reached.error
    return reached.answer


def failed(vendor: ScriptedVendor | HttpSender, asked: SourceQuery, **changes: Any) -> ProviderError:
    reached = outcome(vendor, asked, **changes)
    assert reached.error is not None, reached.answer
    return reached.error
