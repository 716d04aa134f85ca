"""Snov: a company by its domain, people there, their addresses; each step started, then polled.

token -> company -> prospects -> addresses of some of them -> {"company": body, "prospects": body, "emails": body}

The handle is JSON, step -> task_hash: results are fetched again for free, so another process can continue.
"""

import asyncio
import json
import math
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

from pydantic import Field, TypeAdapter

from enrichment.domain.json_values import Json
from enrichment.domain.numbers import in_number
from enrichment.ports import (
    ClaimLost,
    CredentialsRejected,
    KeepHandle,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
    SourceAnswer,
    SourceQuery,
    UnexpectedReply,
)
from resources.providers.call_session import CallSession, refusal_by_status
from resources.providers.http_call import HttpCall, HttpResponse
from resources.providers.response_reading import as_object
from resources.providers.units import plan_left
from resources.providers.vendor_client import AccountStatus, ProviderClient, Spec

_RENEWED_EARLY = 60.0  # seconds before a token ends; half its life, if that is less
_TOKEN_LIFETIME = 3600.0  # seconds, as documented
_ADDRESSED = ("valid", "unknown")  # addresses of these states are billed
_USED_UP = "not_enough_credits"
_RESULTS = {
    "company": "/v2/domain-search/result/{task_hash}",
    "prospects": "/v2/domain-search/prospects/result/{task_hash}",
    "emails": "/v2/emails-by-domain-by-name/result",
}


class SnovSpec(Spec):
    call: Literal["domain_contacts"]
    people: int = Field(ge=1, le=10)


class SnovClient(ProviderClient[SnovSpec]):
    name = "snov"
    spec = TypeAdapter(SnovSpec)

    _token = ""
    _token_until = 0.0

    @cached_property
    def _renewing(self) -> asyncio.Lock:
        return asyncio.Lock()

    def refusal(self, response: HttpResponse) -> type[ProviderError]:
        text = response.text[:2000].lower()
        return QuotaExhausted if response.status in (403, 422) and "credit" in text else refusal_by_status(response)

    async def answer(
        self, question: SourceQuery, spec: SnovSpec, session: CallSession, keep_handle: KeepHandle
    ) -> SourceAnswer:
        steps = _Steps(self, question, session, keep_handle)
        domain = self.domain_of(question)
        await steps.take("company", "/v2/domain-search/start", params=[("domain", domain)])
        company = steps.payload["company"]
        if not _knows(company):
            return session.answer(found=False, payload=steps.payload)
        session.units[question.unit] += 1
        try:
            await self._people(steps, domain, most=min(spec.people, question.max_units - 2))
        except ClaimLost:
            raise
        except ProviderError as error:
            if error.uncertain:
                raise
            steps.notes.append(f"not complete: {error}")
        return session.answer(found=True, payload=steps.payload, notes=steps.notes)

    async def account(self, session: CallSession) -> AccountStatus:
        body = await self.authorised(session, HttpCall("GET", "/v1/get-balance"))
        data = body.get("data")
        left = plan_left(data.get("balance")) if isinstance(data, dict) else None
        if left is None:
            raise session.error(UnexpectedReply, "a balance that is no number")
        sentence = f"snov accepts the key; {in_number(left, 'credit is', 'credits are')} left."
        return AccountStatus(self.name, ok=left > 0, sentence=sentence, left=left, unit="credit")

    async def authorised(self, session: CallSession, call: HttpCall) -> dict[str, Json]:
        """Sends a call with a token; with a new one, once, if that is refused."""
        token = await self._current_token(session, refused="")
        try:
            return await session.send(_with(call, token), as_object)
        except CredentialsRejected:
            renewed = await self._current_token(session, refused=token)
            return await session.send(_with(call, renewed), as_object)

    async def _people(self, steps: "_Steps", domain: str, *, most: int) -> None:
        if most < 0 or _counted(steps.payload["company"]) == 0:
            return
        await steps.take("prospects", "/v2/domain-search/prospects/start", params=[("domain", domain), ("page", "1")])
        rows = _rows(steps.payload["prospects"])
        steps.session.units[steps.question.unit] += 1 if rows else 0
        named = [
            {"first_name": row["first_name"], "last_name": row["last_name"], "domain": domain}
            for row in rows
            if row.get("first_name") and row.get("last_name")
        ][:most]
        if named:
            await steps.take("emails", "/v2/emails-by-domain-by-name/start", body={"rows": named})
            steps.session.units[steps.question.unit] += _addresses(steps.payload["emails"])

    async def _current_token(self, session: CallSession, *, refused: str) -> str:
        async with self._renewing:
            now = asyncio.get_running_loop().time()
            if self._token in ("", refused) or now > self._token_until:
                self._transport.secrets.discard(self._token)
                self._token, seconds = await self._new_token(session)
                self._token_until = now + seconds - min(_RENEWED_EARLY, seconds / 2)
                self._transport.secrets.add(self._token)
            return self._token

    async def _new_token(self, session: CallSession) -> tuple[str, float]:
        form = {"grant_type": "client_credentials", **self.credentials}
        body = await session.send(HttpCall("POST", "/v1/oauth/access_token", form=form), as_object)
        token = body.get("access_token")
        if not isinstance(token, str) or not token:
            raise session.error(UnexpectedReply, "a token reply without access_token")
        return token, _lifetime(body.get("expires_in"))


class _Steps:
    """The steps of one question: their task hashes, kept for a process that has to go on, and their results."""

    def __init__(
        self, client: SnovClient, question: SourceQuery, session: CallSession, keep_handle: KeepHandle
    ) -> None:
        self.client = client
        self.question = question
        self.session = session
        self.payload: dict[str, Json] = {}
        self.notes: list[str] = []
        self._keep_handle = keep_handle
        self._hashes = _hashes(question.handle)

    async def take(
        self, step: str, path: str, *, params: list[tuple[str, str]] | None = None, body: Json = None
    ) -> None:
        """Starts a step, unless an earlier process did and the vendor still knows it, and waits for its result."""
        # one request is billed once, however often it is sent
        start = HttpCall("POST", path, params or (), json=body, owed=None)
        resumed = step in self._hashes
        if not resumed:
            await self._start(step, start)
        try:
            await self._finish(step)
        except UnexpectedReply:
            if not resumed or self.session.status != 404:
                raise
            self.session.job_running = False
            await self._start(step, start)
            await self._finish(step)

    async def _start(self, step: str, start: HttpCall) -> None:
        self._hashes[step] = self._task_hash(await self.client.authorised(self.session, start))
        await self._keep_handle(json.dumps(self._hashes))

    async def _finish(self, step: str) -> None:
        self.session.job_running = True
        self.payload[step] = await self._result(step, self._hashes[step])
        self.session.job_running = False

    async def _result(self, step: str, task_hash: str) -> dict[str, Json]:
        path = _RESULTS[step].format(task_hash=task_hash)
        call = HttpCall("GET", path, [] if task_hash in path else [("task_hash", task_hash)])
        return await self.session.polled(lambda: self._poll(step, call))

    async def _poll(self, step: str, call: HttpCall) -> dict[str, Json] | None:
        """The result, or None while the vendor works on it."""
        body = await self.client.authorised(self.session, call)
        implied = "completed" if body.get("data") else "in_progress"
        status = str(body.get("status") or implied).replace(" ", "_")
        if status == "in_progress":
            return None
        if status != "completed":
            self.session.job_running = False
            kind = QuotaExhausted if status == _USED_UP else ProviderUnavailable
            raise self.session.error(kind, f"its step {step} ended as {status}")
        return body

    def _task_hash(self, started: Mapping[str, Json]) -> str:
        """Calls of the two API versions return it under different keys."""
        for key in ("meta", "data"):
            part = started.get(key)
            found = part.get("task_hash") if isinstance(part, dict) else None
            if isinstance(found, str) and re.fullmatch(r"[\w-]+", found):
                return found
        raise self.session.error(UnexpectedReply, "a start without task_hash", uncertain=True)


def _with(call: HttpCall, token: str) -> HttpCall:
    return HttpCall(
        call.method,
        call.path,
        call.params,
        json=call.json,
        headers={"authorization": f"Bearer {token}"},
        owed=call.owed,
        repeatable=call.repeatable,
    )


def _lifetime(stated: Json) -> float:
    """Seconds, given as a number or in digits; the documented hour where they are neither. A refusal renews it too."""
    try:
        seconds = float(stated) if isinstance(stated, int | float | str) and not isinstance(stated, bool) else 0.0
    except (ValueError, OverflowError):
        return _TOKEN_LIFETIME
    return seconds if 0 < seconds < math.inf else _TOKEN_LIFETIME


def _hashes(handle: str | None) -> dict[str, str]:
    """The task hashes an earlier process kept; none where the handle cannot be read."""
    try:
        kept = json.loads(handle or "{}")
    except ValueError:
        return {}
    if not isinstance(kept, dict):
        return {}
    return {step: value for step, value in kept.items() if step in _RESULTS and isinstance(value, str)}


def _knows(company: Mapping[str, Json]) -> bool:
    """`data` is an object, or an empty list where nothing is known."""
    return bool(company.get("data")) or bool(_counted(company))


def _counted(company: Mapping[str, Json]) -> int | None:
    """How many people are known of the company, by the vendor's count; None where it states none."""
    meta = company.get("meta")
    count = meta.get("prospects_count") if isinstance(meta, dict) else None
    return count if isinstance(count, int) else None


def _rows(body: Mapping[str, Json]) -> list[dict[str, Any]]:
    data = body.get("data")
    return [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []


def _addresses(body: Mapping[str, Json]) -> int:
    """`result` is a list of addresses, or an empty one."""
    results = [row.get("result") for row in _rows(body)]
    found = [one for result in results if isinstance(result, list) for one in result if isinstance(one, dict)]
    return sum(1 for one in found if one.get("email") and one.get("smtp_status") in _ADDRESSED)
