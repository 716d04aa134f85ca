"""Bright Data: datasets and the Web Unlocker. Only delivered records and fetched pages are billed.

search   POST /datasets/search/{id}                                     -> {"records": hits}
filter   POST /datasets/filter -> snapshot_id -> poll -> download       -> {"records": rows}
trigger  POST /datasets/v3/trigger -> snapshot_id -> poll -> download   -> {"records": rows, error rows included}
unlock   POST /request, page by page                                    -> {"page:/careers": html}
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from enrichment.domain.records import Json
from enrichment.ports import (
    CredentialsRejected,
    KeepHandle,
    ProviderError,
    ProviderUnavailable,
    SourceAnswer,
    SourceQuery,
    UnexpectedReply,
)
from resources.providers.brightdata_unlocker import UnlockSpec, unlocked
from resources.providers.call_session import Call, Exchange, Received, as_json, as_object, refusal_by_status
from resources.providers.vendor_client import AccountStatus, ProviderClient, Spec

DatasetId = Annotated[str, Field(pattern=r"^gd_\w+$")]
_NOTHING = re.compile(
    r"\bno (records?|results?|match\w*|data)\b|is empty|nothing (found|match\w*)|\b0 records", re.IGNORECASE
)
_SCHEMES = ("", "https://", "http://")
_UNKNOWN = "Snapshot does not exist"
_ENDED_BADLY = ("failed", "canceled", "cancelled")


class SearchSpec(Spec):
    call: Literal["search"]
    dataset_id: DatasetId
    by: Literal["company", "employer", "domain"]
    size: int = Field(1, ge=1, le=100)


class FilterSpec(Spec):
    call: Literal["filter"]
    dataset_id: DatasetId
    by: Literal["company", "employer", "domain"]
    size: int = Field(1, ge=1, le=1000)


class TriggerSpec(Spec):
    call: Literal["trigger"]
    dataset_id: DatasetId
    size: int = Field(1, ge=1, le=1000)


BrightDataSpec = SearchSpec | FilterSpec | TriggerSpec | UnlockSpec


class BrightDataClient(ProviderClient[Spec]):
    name = "brightdata"
    spec = TypeAdapter(Annotated[BrightDataSpec, Field(discriminator="call")])

    def secret_headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.credentials['api_key']}"}

    def refusal(self, received: Received) -> type[ProviderError]:
        return CredentialsRejected if "is not active" in received.text[:500] else refusal_by_status(received)

    async def answer(
        self, question: SourceQuery, spec: Spec, exchange: Exchange, keep_handle: KeepHandle
    ) -> SourceAnswer:
        match spec:
            case SearchSpec():
                return await self._search(question, spec, exchange)
            case FilterSpec():
                return await self._filter(question, spec, exchange, keep_handle)
            case TriggerSpec():
                return await self._trigger(question, spec, exchange, keep_handle)
            case UnlockSpec():
                return await unlocked(question, spec, exchange, domain=self.domain_of(question))
            case _:
                raise AssertionError(f"no such question: {spec!r}")

    async def account(self, exchange: Exchange) -> AccountStatus:
        listed = await exchange.send(Call("GET", "/datasets/list"), as_json)
        if not isinstance(listed, list):
            raise exchange.error(UnexpectedReply, "a list of datasets that is no list")
        return AccountStatus(
            self.name, ok=True, sentence=f"brightdata accepts the key; it lists {len(listed)} datasets."
        )

    async def _search(self, question: SourceQuery, spec: SearchSpec, exchange: Exchange) -> SourceAnswer:
        asked = {"filter": self._filter_by(spec.by, question), "size": min(spec.size, question.max_units)}
        call = Call(
            "POST",
            f"/datasets/search/{spec.dataset_id}",
            json=asked,
            owed=None,
            repeatable=False,
            accepts=(404, 422),
        )
        received = await exchange.send(call, _hits_or_refusal)
        if isinstance(received, Received):
            if not _says_nothing_matches(received):
                raise exchange.refused(received)
            return exchange.answer(found=False, payload={"records": []})
        return self._delivered(question, exchange, received)

    async def _filter(
        self, question: SourceQuery, spec: FilterSpec, exchange: Exchange, keep_handle: KeepHandle
    ) -> SourceAnswer:
        asked = {
            "dataset_id": spec.dataset_id,
            "filter": self._filter_by(spec.by, question),
            "records_limit": min(spec.size, question.max_units),
        }
        start = Call("POST", "/datasets/filter", json=asked, owed=None, repeatable=False)
        snapshot = await _started(start, question, exchange, keep_handle)
        state = await _finished(f"/datasets/snapshots/{snapshot}", question, exchange)
        if state.get("dataset_size") == 0:
            return self._delivered(question, exchange, [])
        rows = await _downloaded(f"/datasets/snapshots/{snapshot}/download", exchange)
        return self._delivered(question, exchange, rows)

    async def _trigger(
        self, question: SourceQuery, spec: TriggerSpec, exchange: Exchange, keep_handle: KeepHandle
    ) -> SourceAnswer:
        params = [("dataset_id", spec.dataset_id), ("format", "json"), ("include_errors", "true")]
        params.append(("limit_per_input", str(min(spec.size, question.max_units))))
        inputs = [{"url": f"https://{self.domain_of(question)}"}]
        start = Call("POST", "/datasets/v3/trigger", params, json=inputs, owed=None, repeatable=False)
        snapshot = await _started(start, question, exchange, keep_handle)
        await _finished(f"/datasets/v3/progress/{snapshot}", question, exchange)
        rows = await _downloaded(f"/datasets/v3/snapshot/{snapshot}", exchange)
        return self._delivered(question, exchange, rows)

    def _delivered(self, question: SourceQuery, exchange: Exchange, records: Sequence[Json]) -> SourceAnswer:
        exchange.job_running = False
        good = [record for record in records if not _is_error(record)]
        exchange.units[question.unit] += len(good)
        return exchange.answer(found=bool(good), payload={"records": list(records)})

    def _filter_by(self, by: str, question: SourceQuery) -> Json:
        match by:
            case "domain":
                return _website(self.domain_of(question))
            case "employer":
                return {"name": "current_company_name", "operator": "=", "value": self._name_of(question)}
            case _ if question.domain:
                return _website(question.domain)
            case _:
                return {"name": "name", "operator": "=", "value": self._name_of(question)}

    def _name_of(self, question: SourceQuery) -> str:
        return question.name or self.domain_of(question).partition(".")[0]


def _website(domain: str) -> Json:
    """Records write it bare, with a scheme, with www, with a path; no test may fit acme.com.au, which is billed too."""
    hosts = (domain, f"www.{domain}")
    spellings: list[Json] = [f"{before}{host}{after}" for host in hosts for before in _SCHEMES for after in ("", "/")]
    within = [f"//{host}{after}" for host in hosts for after in ("/", "?")]
    leaves: list[Json] = [{"name": "website", "operator": "in", "value": spellings}]
    leaves += [{"name": "website", "operator": "includes", "value": part} for part in within]
    return {"operator": "or", "filters": leaves}


async def _started(start: Call, question: SourceQuery, exchange: Exchange, keep_handle: KeepHandle) -> str:
    """The job's handle: the one of an earlier process, or a new one, kept before anything else happens."""
    handle = question.handle
    if handle is None:
        body = await exchange.send(start, as_object)
        handle = body.get("snapshot_id")
        if not isinstance(handle, str) or not re.fullmatch(r"\w+", handle):
            raise exchange.error(UnexpectedReply, "a job without snapshot_id", uncertain=True)
        await keep_handle(handle)
    exchange.job_running = True
    return handle


async def _finished(path: str, question: SourceQuery, exchange: Exchange) -> Mapping[str, Json]:
    """Polls a job until it is over. A job that found nothing may be called failed: then dataset_size is 0."""

    async def look() -> Mapping[str, Json] | None:
        state = await exchange.send(Call("GET", path, accepts=(404,)), _state_or_refusal)
        if isinstance(state, Received):
            # only what is delivered is billed, and a job unknown long after its start will never be; a new one may
            exchange.job_running = question.handle is None or _UNKNOWN not in state.text
            raise exchange.refused(state)
        if state.get("status") == "ready":
            return state
        if state.get("status") in _ENDED_BADLY:
            exchange.job_running = False
            return _ended_badly(state, exchange)
        return None

    return await exchange.polled(look)


def _state_or_refusal(received: Received) -> dict[str, Json] | Received:
    return received if received.status == 404 else as_object(received)


def _ended_badly(state: Mapping[str, Json], exchange: Exchange) -> Mapping[str, Json]:
    said = (state.get(key) for key in ("error_message", "error", "failure_reason", "message"))
    why = str(next(filter(None, said), "no reason given"))
    if _NOTHING.search(why):
        return {**state, "dataset_size": 0}
    raise exchange.error(ProviderUnavailable, f"its job {state['status']}: {why}")


async def _downloaded(path: str, exchange: Exchange) -> Sequence[Json]:
    """The rows of a finished job; its file may be a little late."""
    call = Call("GET", path, [("format", "json")], accepts=(400,))

    async def look() -> Sequence[Json] | None:
        received = await exchange.send(call, _rows_or_refusal)
        if not isinstance(received, Received):
            return received
        if received.status == 202:
            return None
        if _NOTHING.search(received.text):
            return []
        raise exchange.refused(received)

    rows = await look()
    return await exchange.polled(look) if rows is None else rows


def _hits_or_refusal(received: Received) -> list[Json] | Received:
    if received.status >= 400:
        return received
    hits = as_object(received).get("hits")
    if not isinstance(hits, list):
        raise ValueError("a search without hits")
    return hits


def _rows_or_refusal(received: Received) -> list[Json] | Received:
    """An array, {"data": array}, or an object a line."""
    if received.status != 200:
        return received
    if received.content.lstrip()[:1] != b"{":
        rows = as_json(received)
    else:
        lines = [json.loads(line) for line in _objects(received)]
        rows = lines[0]["data"] if len(lines) == 1 and isinstance(lines[0].get("data"), list) else lines
    if not isinstance(rows, list):
        raise ValueError("a snapshot that is no list of records")
    return rows


def _objects(received: Received) -> list[str]:
    """One object however it is printed, or one a line."""
    text = received.text.strip()
    try:
        json.loads(text)
    except ValueError:
        return [line for line in text.splitlines() if line.strip()]
    return [text]


def _says_nothing_matches(received: Received) -> bool:
    """422 is the vendor's 'no match', unless it names a mistake in the filter; a 404 may be just a wrong address."""
    if received.status == 422:
        return "validation_error" not in received.text
    return bool(_NOTHING.search(received.text))


def _is_error(record: Json) -> bool:
    return not isinstance(record, dict) or bool(record.get("error_code") or record.get("error"))
