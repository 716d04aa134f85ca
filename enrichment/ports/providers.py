"""Vendors and language models as the business sees them. Errors: ProviderError and its subclasses.

SourceQuery -> Provider.ask -> SourceAnswer
schema, instructions, evidence -> LanguageModel.answer -> ModelAnswer
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from enrichment.domain.json_values import Json


@dataclass(frozen=True, slots=True)
class SourceQuery:
    """One call of one source about one company. spec: `question` of config/sources.yaml.

    max_units: the call must not bill more vendor units (of `unit`) than this.
    handle: the job id that a two-step vendor gave to an earlier process; resume the job instead of starting a new one.
    first_sent_at: UTC, when this purchase was sent before, else None. What the vendor repeats for free since then was
    billed to this purchase. topic: what in particular is asked; empty: the question is about the company as such.
    pages: address -> what came of it for another question; it is not fetched again.
    """

    source: str
    spec: Mapping[str, Json]
    unit: str
    max_units: int
    name: str | None
    domain: str | None
    handle: str | None = None
    first_sent_at: datetime | None = None
    topic: str = ""
    pages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SourceAnswer:
    """found: False when the source knows nothing about the company. payload: step -> the vendor's body, unchanged.

    units: vendor unit -> count that the vendor bills. calls: number of HTTP requests.
    uncertain_units: vendor unit -> count that it may bill in addition, for a call of which the answer was
    lost after other answers had arrived. pages_used: addresses of the question's pages that were not fetched again.
    """

    found: bool
    payload: Mapping[str, Json]
    units: Mapping[str, int]
    calls: int = 1
    notes: tuple[str, ...] = ()
    uncertain_units: Mapping[str, int] = field(default_factory=dict)
    pages_used: tuple[str, ...] = ()


KeepHandle = Callable[[str], Awaitable[None]]
BeforeSend = Callable[[], Awaitable[None]]
"""Awaited immediately before a call is sent. Raises ClaimLost: then the call must not be sent."""


class Provider(Protocol):
    """One vendor. One object per process and event loop; `ask` may run many times at once."""

    @property
    def name(self) -> str: ...

    async def ask(self, question: SourceQuery, *, keep_handle: KeepHandle, before_send: BeforeSend) -> SourceAnswer:
        """Ask one question.

        Awaits before_send() immediately before each call that may be billed, after every wait for a rate limit. A
        two-step vendor's job id goes to keep_handle(handle) before the first poll. Raises only ProviderError.
        """
        ...


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """What a model answered, unread: its text, or why there is none. Tokens: as the vendor counts them.

    finish_reason: 'stop', 'length', 'content_filter', or another word of the vendor's.
    """

    content: str | None
    refusal: str | None
    finish_reason: str | None
    input_tokens: int
    output_tokens: int


class LanguageModel(Protocol):
    """Prompt and JSON schema in, an answer out that should fit the schema."""

    @property
    def name(self) -> str: ...

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
        """Awaits before_send() immediately before each call. schema: with a `title`, the name of the answer's type.

        Raises ProviderError; an answer that is billed but cannot be used is returned as it is.
        """
        ...
