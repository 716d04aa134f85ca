"""What all clients of vendors share: keys, transport, rate limits, the check of an account.

VendorClient     (name, credentials, base URL) -> SessionConfig; check() -> AccountStatus
  + ProviderClient   ask(SourceQuery) -> CallSession -> the vendor's own steps -> SourceAnswer | ProviderError
  + OpenAIModel      answer(prompt) -> CallSession -> ModelAnswer | ProviderError
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import TracebackType
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from enrichment.ports import (
    BeforeSend,
    KeepHandle,
    ProviderError,
    ProviderUnavailable,
    SourceAnswer,
    SourceQuery,
    Throttled,
    UnexpectedReply,
)
from enrichment.rules.provider_rules import ProviderRules
from resources.clock import utc_now
from resources.providers import credential_names
from resources.providers.base_urls import checked_base_url, setting
from resources.providers.call_session import GATEWAY_GAVE_UP, WHAT_TO_DO, CallSession, SessionConfig, refusal_by_status
from resources.providers.http_call import HttpResponse
from resources.providers.http_transport import LONGEST_REPLY, HttpSender, HttpTransport
from resources.providers.rate_limiter import Limiter

SpecType = TypeVar("SpecType", bound="Spec")


class Spec(BaseModel):
    """The type of `question` in config/sources.yaml for one provider."""

    model_config = ConfigDict(frozen=True, extra="forbid")


AccountProblem = Literal["unreachable", "unavailable", "throttled", "refused", "model not served"]


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """The result of a free call that checks our account.

    ok None: no free call shows it. left: what is left of the plan, in `unit`s. problem: why the call failed, if it did.
    models: the names of the language models it serves; None: it lists none.
    """

    provider: str
    ok: bool | None
    sentence: str
    left: Decimal | None = None
    unit: str | None = None
    problem: AccountProblem | None = None
    models: frozenset[str] | None = None


class VendorClient(ABC):
    """One vendor behind the shared transport and call session. `async with` it, or `aclose()` it.

    One object per process and event loop. credentials: by the names that `credential_names` gives.
    base_url: instead of the rules' one, for the sandbox. sender: of its HTTP requests.
    time_scale: the vendor's waiting times are divided by it (sandbox).
    may_bill: statuses of failures that a paid call may be billed for all the same.
    longest_reply: seconds one HTTP response may take. now: the clock, UTC.
    Raises ValueError, a sentence that names the setting, for missing credentials and for a base URL that is none.
    """

    name: ClassVar[str]
    may_bill: ClassVar[Collection[int]] = GATEWAY_GAVE_UP
    what_to_do: ClassVar[Mapping[type[ProviderError], str]] = WHAT_TO_DO
    longest_reply: ClassVar[float] = LONGEST_REPLY

    def __init__(
        self,
        rules: ProviderRules,
        credentials: Mapping[str, str],
        *,
        base_url: str | None = None,
        sender: HttpSender | None = None,
        time_scale: float = 1.0,
        limiter: Limiter,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.now, self.wait_for = now, limiter.wait_for
        names = credential_names(self.name)
        missing = [name for name in names if not credentials.get(name)]
        if missing:
            wanted = " and ".join(setting(self.name, name) for name in missing)
            raise ValueError(f"{self.name} has no credentials: set {wanted}.")
        self.credentials = dict(credentials)
        self._transport = HttpTransport(
            self.root(checked_base_url(self.name, base_url or rules.base_url)),
            rules,
            sender=sender,
            headers=self.secret_headers(),
            params=self.secret_params(),
            secrets=set(credentials.values()),
            longest_reply=self.longest_reply,
        )
        self.session_config = SessionConfig(
            name=self.name,
            credentials=" and ".join(setting(self.name, name) for name in names),
            rules=rules,
            transport=self._transport,
            limiter=limiter,
            refusal=self.refusal,
            what_to_do=self.what_to_do,
            advice=self.advice,
            may_bill=self.may_bill,
            time_scale=time_scale,
        )

    async def check(self) -> AccountStatus:
        """The state of our key and plan by a free call. Raises nothing: a refusal is a status too."""
        session = CallSession(self.session_config, _nothing_is_billed)
        try:
            return await self._account(session)
        except ProviderError as error:
            return failed_account(error, answered=session.status is not None)

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @abstractmethod
    async def account(self, session: CallSession) -> AccountStatus: ...

    def refusal(self, response: HttpResponse) -> type[ProviderError]:
        """Which error a refusing response means with this vendor."""
        return refusal_by_status(response)

    def advice(self, _response: HttpResponse) -> str | None:
        """What to do about a refusing response, where `what_to_do` does not fit; {what}: the vendor's message."""
        return None

    def root(self, base_url: str) -> str:
        """The address that the paths of all calls are appended to."""
        return base_url.rstrip("/")

    def secret_headers(self) -> Mapping[str, str]:
        return {}

    def bearer(self) -> Mapping[str, str]:
        """The header of vendors whose key is a bearer token."""
        return {"authorization": f"Bearer {self.credentials['api_key']}"}

    def secret_params(self) -> Mapping[str, str]:
        return {}

    async def _account(self, session: CallSession) -> AccountStatus:
        try:
            return await self.account(session)
        except ProviderError:
            if session.status != 404:
                raise
            return unknown_account(self.name)


class ProviderClient(VendorClient, Generic[SpecType]):
    """A vendor that sources ask. spec: the form of its questions in config/sources.yaml."""

    spec: ClassVar[TypeAdapter[Any]]

    @classmethod
    def check_question(cls, spec: Mapping[str, Any]) -> list[str]:
        """What is wrong with a `question`, a sentence each; empty if it can be asked."""
        try:
            cls.spec.validate_python(dict(spec))
        except ValidationError as error:
            return [_problem(item["loc"], item["msg"]) for item in error.errors()]
        return []

    async def ask(self, question: SourceQuery, *, keep_handle: KeepHandle, before_send: BeforeSend) -> SourceAnswer:
        """Lasts at most the rules' timeout_seconds, and the time before_send and keep_handle take besides."""
        problems = self.check_question(question.spec)
        if problems:
            raise self._impossible(f"the question of {question.source} is wrong: {'; '.join(problems)}")
        spec = self.spec.validate_python(dict(question.spec))
        asked_before = question.first_sent_at is not None
        session = CallSession(self.session_config, before_send, asked_before=asked_before)
        session.job_running = asked_before and question.handle is None
        return await self.answer(question, spec, session, keep_handle)

    @abstractmethod
    async def answer(
        self, question: SourceQuery, spec: SpecType, session: CallSession, keep_handle: KeepHandle
    ) -> SourceAnswer: ...

    def domain_of(self, question: SourceQuery) -> str:
        if not question.domain:
            raise self._impossible(f"{question.source} needs the company's domain: add needs: [domain] to it")
        return question.domain

    def _impossible(self, what: str) -> ProviderError:
        return UnexpectedReply(f"{self.name} was not asked: {what}.", provider=self.name)


async def _nothing_is_billed() -> None:
    raise AssertionError("the check of an account made a call that may be billed")


def failed_account(error: ProviderError, *, answered: bool) -> AccountStatus:
    """The status of an account after its free call failed. answered: some response came."""
    problem: AccountProblem = "refused"
    if isinstance(error, Throttled):
        problem = "throttled"
    elif isinstance(error, ProviderUnavailable):
        problem = "unavailable" if answered else "unreachable"
    return AccountStatus(error.provider, ok=False, sentence=str(error), problem=problem)


def unknown_account(provider: str) -> AccountStatus:
    """The status for a vendor that does not offer the free call."""
    sentence = (
        f"{provider} does not know the call that checks the key (HTTP 404): the first question will show it; "
        f"if that fails too, check {setting(provider, 'base_url')}."
    )
    return AccountStatus(provider, ok=None, sentence=sentence)


def _problem(path: tuple[int | str, ...], message: str) -> str:
    where = ".".join(str(step) for step in path)
    message = message.removeprefix("Value error, ")
    return f"{where}: {message}" if where else message
