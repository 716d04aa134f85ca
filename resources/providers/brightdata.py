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

from enrichment.ports import (
    Answer,
    CredentialsRejected,
    KeepHandle,
    ProviderError,
    ProviderUnavailable,
    Question,
    Throttled,
    UnexpectedReply,
)
from enrichment.records import Json
from resources.providers.client import AccountStatus, ProviderClient, Spec
from resources.providers.exchange import Call, Exchange, Received, as_it_came, as_json, as_object, refusal_by_status

DatasetId = Annotated[str, Field(pattern=r"^gd_\w+$")]
_NOTHING = re.compile(r"no (records?|results?|match|data)|not found|is empty|returned nothing|0 records", re.IGNORECASE)
_NO_SUCH_DATASET = re.compile(r"(dataset|collector) (does not exist|not found)", re.IGNORECASE)
_DEAD = re.compile(r"^(http_status|dead_page|net_err_)", re.IGNORECASE)


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


class UnlockSpec(Spec):
    call: Literal["unlock"]
    zone: str = Field(min_length=1)
    pages: tuple[Annotated[str, Field(pattern=r"^/")], ...] = Field(min_length=1)


BrightDataSpec = SearchSpec | FilterSpec | TriggerSpec | UnlockSpec


class BrightDataClient(ProviderClient[Spec]):
    name = "brightdata"
    spec = TypeAdapter(Annotated[BrightDataSpec, Field(discriminator="call")])

    def secret_headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.credentials['api_key']}"}

    def refusal(self, received: Received) -> type[ProviderError]:
        return CredentialsRejected if "is not active" in received.text[:500] else refusal_by_status(received)

    async def answer(self, question: Question, spec: Spec, exchange: Exchange, keep_handle: KeepHandle) -> Answer:
        match spec:
            case SearchSpec():
                return await self._search(question, spec, exchange)
            case FilterSpec():
                return await self._filter(question, spec, exchange, keep_handle)
            case TriggerSpec():
                return await self._trigger(question, spec, exchange, keep_handle)
            case UnlockSpec():
                return await self._unlock(question, spec, exchange)
            case _:
                raise AssertionError(f"no such question: {spec!r}")

    async def account(self, exchange: Exchange) -> AccountStatus:
        listed = await exchange.send(Call("GET", "/datasets/list"), as_json)
        if not isinstance(listed, list):
            raise exchange.error(UnexpectedReply, "a list of datasets that is no list")
        return AccountStatus(
            self.name, ok=True, sentence=f"brightdata accepts the key; it lists {len(listed)} datasets."
        )

    async def _search(self, question: Question, spec: SearchSpec, exchange: Exchange) -> Answer:
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
            if _NO_SUCH_DATASET.search(received.text) or not _says_nothing_matches(received):
                raise exchange.refused(received)
            return exchange.answer(found=False, payload={"records": []})
        return self._delivered(question, exchange, received)

    async def _filter(
        self, question: Question, spec: FilterSpec, exchange: Exchange, keep_handle: KeepHandle
    ) -> Answer:
        asked = {
            "dataset_id": spec.dataset_id,
            "filter": self._filter_by(spec.by, question),
            "records_limit": min(spec.size, question.max_units),
        }
        start = Call("POST", "/datasets/filter", json=asked, owed=None, repeatable=False)
        snapshot = await _started(start, question, exchange, keep_handle)
        state = await _finished(f"/datasets/snapshots/{snapshot}", exchange)
        if state.get("dataset_size") == 0:
            return self._delivered(question, exchange, [])
        download = Call("GET", f"/datasets/snapshots/{snapshot}/download", [("format", "json")])
        return self._delivered(question, exchange, await _downloaded(download, exchange))

    async def _trigger(
        self, question: Question, spec: TriggerSpec, exchange: Exchange, keep_handle: KeepHandle
    ) -> Answer:
        params = [("dataset_id", spec.dataset_id), ("format", "json"), ("include_errors", "true")]
        params.append(("limit_per_input", str(min(spec.size, question.max_units))))
        inputs = [{"url": f"https://{self.domain_of(question)}"}]
        start = Call("POST", "/datasets/v3/trigger", params, json=inputs, owed=None, repeatable=False)
        snapshot = await _started(start, question, exchange, keep_handle)
        await _finished(f"/datasets/v3/progress/{snapshot}", exchange)
        download = Call("GET", f"/datasets/v3/snapshot/{snapshot}", [("format", "json")])
        return self._delivered(question, exchange, await _downloaded(download, exchange))

    def _delivered(self, question: Question, exchange: Exchange, records: Sequence[Json]) -> Answer:
        exchange.job_running = False
        good = [record for record in records if not _is_error(record)]
        exchange.units[question.unit] += len(good)
        return exchange.answer(found=bool(good), payload={"records": list(records)})

    async def _unlock(self, question: Question, spec: UnlockSpec, exchange: Exchange) -> Answer:
        payload: dict[str, Json] = {}
        notes: list[str] = []
        failures: list[type[ProviderError] | None] = []
        for page in spec.pages[: question.max_units]:
            asked = {
                "zone": spec.zone,
                "url": f"https://{self.domain_of(question)}{page}",
                "format": "raw",
                "method": "GET",
            }
            received = await exchange.send(
                Call("POST", "/request", json=asked, owed=None, repeatable=False), as_it_came
            )
            failed = _page_failure(received)
            if failed is None:
                exchange.units[question.unit] += 1
                payload[f"page:{page}"] = received.text
                continue
            why, kind = failed
            failures.append(kind)
            notes.append(f"{page}: {why}")
        if not payload and any(failures):
            kind = next(kind for kind in failures if kind)
            raise exchange.error(kind, "; ".join(notes))
        return exchange.answer(found=bool(payload), payload=payload, notes=notes)

    def _filter_by(self, by: str, question: Question) -> Json:
        match by:
            case "domain":
                return _website(self.domain_of(question))
            case "employer":
                return {"name": "current_company_name", "operator": "=", "value": self._name_of(question)}
            case _ if question.domain:
                return _website(question.domain)
            case _:
                return {"name": "name", "operator": "=", "value": self._name_of(question)}

    def _name_of(self, question: Question) -> str:
        return question.name or self.domain_of(question).partition(".")[0]


def _website(domain: str) -> Json:
    """Records write it bare, with a scheme, with www or another subdomain."""
    parts = (("=", domain), ("includes", f"//{domain}"), ("includes", f".{domain}"))
    leaves = [{"name": "website", "operator": operator, "value": value} for operator, value in parts]
    return {"operator": "or", "filters": leaves}


async def _started(start: Call, question: Question, exchange: Exchange, keep_handle: KeepHandle) -> str:
    """The job's handle: the one of an earlier process, or a new one, kept before anything else happens."""
    handle = question.handle
    if handle is None:
        body = await exchange.send(start, as_object)
        handle = body.get("snapshot_id")
        if not isinstance(handle, str):
            raise exchange.error(UnexpectedReply, "a job without snapshot_id", uncertain=True)
        await keep_handle(handle)
    if not re.fullmatch(r"\w+", handle):
        raise exchange.error(UnexpectedReply, "a snapshot_id that is none", uncertain=True)
    exchange.job_running = True
    return handle


async def _finished(path: str, exchange: Exchange) -> Mapping[str, Json]:
    """Polls a job until it is over. A job that found nothing may be called failed: then dataset_size is 0."""
    async for _ in exchange.polls():
        state = await exchange.send(Call("GET", path), as_object)
        match state.get("status"):
            case "ready":
                return state
            case "failed" | "canceled" | "cancelled":
                why = str(
                    state.get("error_message") or state.get("error") or state.get("failure_reason") or "no reason given"
                )
                exchange.job_running = False
                if _NOTHING.search(why):
                    return {**state, "dataset_size": 0}
                raise exchange.error(ProviderUnavailable, f"its job {state['status']}: {why}")
    raise AssertionError("polling ends with a state or an error")


async def _downloaded(download: Call, exchange: Exchange) -> Sequence[Json]:
    """The rows of a finished job, once the file is there; an empty snapshot is said in words."""
    call = Call(download.method, download.path, download.params, accepts=(400,))
    while True:
        received = await exchange.send(call, _rows_or_refusal)
        if not isinstance(received, Received):
            return received
        if received.status != 202:
            if _NOTHING.search(received.text):
                return []
            raise exchange.refused(received)
        async for _ in exchange.polls():
            break


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
    """The vendor says 404 or 422 for 'no match'; a 422 that names a mistake in the filter is something else."""
    return received.status == 404 or "validation_error" not in received.text


def _is_error(record: Json) -> bool:
    return not isinstance(record, dict) or bool(record.get("error_code") or record.get("error"))


def _page_failure(received: Received) -> tuple[str, type[ProviderError] | None] | None:
    """Why a page did not come under an outer 200, and which error that is; no error: the page is not there."""
    code = received.headers.get("x-brd-error-code") or received.headers.get("x-brd-err-code") or ""
    said = received.headers.get("x-brd-error") or received.headers.get("x-brd-err-msg") or ""
    status = received.headers.get("x-brd-status-code", "200")
    if code or said:
        why = f"{code} {said}".strip()[:120]
        if code == "sr_rate_limit":
            return why, Throttled
        if code.startswith("client_"):
            return why, CredentialsRejected
        return why, None if _DEAD.match(code) else ProviderUnavailable
    if status != "200":
        return f"the page answered {status}", None if status in ("404", "410") else ProviderUnavailable
    return None if received.content.strip() else ("an empty page", ProviderUnavailable)
