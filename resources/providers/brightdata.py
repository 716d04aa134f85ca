"""Bright Data: datasets and the Web Unlocker. Only delivered records and fetched pages are billed.

search   POST /datasets/search/{id}                                     -> {"records": hits}
filter   POST /datasets/filter -> snapshot_id -> poll -> download       -> {"records": rows}
trigger  POST /datasets/v3/trigger -> snapshot_id -> poll -> download   -> {"records": rows, error rows included}
unlock   POST /request, page by page                                    -> {"page:/careers": html}
page     POST /request                                                  -> {"page:https://...": html}
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from enrichment.domain.json_values import Json
from enrichment.domain.numbers import in_number
from enrichment.ports import (
    CredentialsRejected,
    KeepHandle,
    ProviderError,
    ProviderUnavailable,
    SourceAnswer,
    SourceQuery,
    UnexpectedReply,
)
from resources.providers.brightdata_unlocker import PageSpec, UnlockSpec, one_page, unlocked
from resources.providers.call_session import CallSession, refusal_by_status
from resources.providers.http_call import FREE, HttpCall, HttpResponse
from resources.providers.response_reading import as_json, as_object
from resources.providers.vendor_client import AccountStatus, ProviderClient, Spec

DatasetId = Annotated[str, Field(pattern=r"^gd_\w+$")]
_NOTHING = re.compile(
    r"\bno (records?|results?|match\w*|data)\b|is empty|nothing (found|match\w*)|\b0 records", re.IGNORECASE
)
_NOT_READY = re.compile(r"\bnot (?:yet )?ready\b|\b(?:still )?(?:building|running)\b|\btry again\b", re.IGNORECASE)
_UNDER_WAY = (
    *("building", "running", "starting", "started", "pending", "queued", "scheduled", "processing", "collecting"),
    *("in_progress", "digesting", "validating", "not_ready"),
)
_OF_A_JOB = frozenset({
    *("status", "state", "message", "detail", "details", "snapshot_id", "dataset_id", "id", "error", "error_message"),
    *("error_code", "progress", "eta", "running_time", "retry_after", "collection_duration", "records", "errors"),
    *("dataset_size", "created"),
})  # fmt: skip
_BESIDE_A_RECORD = frozenset(
    {"timestamp", "input", "discovery_input", "warning", "warning_code", "warnings", "error", "error_code"}
)
_BETWEEN_RECORDS = re.compile(r"[\s,\ufeff\u0085\u2028\u2029]*")
_SCHEMES = ("", "https://", "http://")
_UNKNOWN = "Snapshot does not exist"
_CUT = "its file is cut behind record {kept}: what came before is kept, what came after is lost"
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


BrightDataSpec = SearchSpec | FilterSpec | TriggerSpec | UnlockSpec | PageSpec


class BrightDataClient(ProviderClient[Spec]):
    name = "brightdata"
    spec = TypeAdapter(Annotated[BrightDataSpec, Field(discriminator="call")])

    def secret_headers(self) -> Mapping[str, str]:
        return self.bearer()

    def refusal(self, response: HttpResponse) -> type[ProviderError]:
        return CredentialsRejected if "is not active" in response.text[:500] else refusal_by_status(response)

    async def answer(
        self, question: SourceQuery, spec: Spec, session: CallSession, keep_handle: KeepHandle
    ) -> SourceAnswer:
        match spec:
            case SearchSpec():
                return await self._search(question, spec, session)
            case FilterSpec():
                return await self._filter(question, spec, session, keep_handle)
            case TriggerSpec():
                return await self._trigger(question, spec, session, keep_handle)
            case UnlockSpec():
                return await unlocked(question, spec, session, domain=self.domain_of(question))
            case PageSpec():
                return await one_page(question, spec, session)
            case _:
                raise AssertionError(f"no such question: {spec!r}")

    async def account(self, session: CallSession) -> AccountStatus:
        listed = await session.send(HttpCall("GET", "/datasets/list"), as_json)
        if not isinstance(listed, list):
            raise session.error(UnexpectedReply, "a list of datasets that is no list")
        return AccountStatus(
            self.name, ok=True, sentence=f"brightdata accepts the key; it lists {in_number(len(listed), 'dataset')}."
        )

    async def _search(self, question: SourceQuery, spec: SearchSpec, session: CallSession) -> SourceAnswer:
        asked = {"filter": self._filter_by(spec.by, question), "size": min(spec.size, question.max_units)}
        call = HttpCall(
            "POST",
            f"/datasets/search/{spec.dataset_id}",
            json=asked,
            owed=None,
            repeatable=False,
            accepts={404: "free", 422: "free"},  # nothing matches: no record is delivered,
        )
        response = await session.send(call, _hits_or_refusal)
        if isinstance(response, HttpResponse):
            if not _says_nothing_matches(response):
                raise session.refused(response)
            return session.answer(found=False, payload={"records": []})
        return self._delivered(question, session, response)

    async def _filter(
        self, question: SourceQuery, spec: FilterSpec, session: CallSession, keep_handle: KeepHandle
    ) -> SourceAnswer:
        asked = {
            "dataset_id": spec.dataset_id,
            "filter": self._filter_by(spec.by, question),
            "records_limit": min(spec.size, question.max_units),
        }
        start = HttpCall("POST", "/datasets/filter", json=asked, owed=None, repeatable=False)
        snapshot = await _started(start, question, session, keep_handle)
        state = await _finished(f"/datasets/snapshots/{snapshot}", question, session)
        if state.get("dataset_size") == 0:
            return self._delivered(question, session, [])
        file = await _downloaded(f"/datasets/snapshots/{snapshot}/download", session)
        return self._delivered(question, session, file.rows, is_cut=file.is_cut)

    async def _trigger(
        self, question: SourceQuery, spec: TriggerSpec, session: CallSession, keep_handle: KeepHandle
    ) -> SourceAnswer:
        params = [("dataset_id", spec.dataset_id), ("format", "json"), ("include_errors", "true")]
        params.append(("limit_per_input", str(min(spec.size, question.max_units))))
        inputs = [{"url": f"https://{self.domain_of(question)}"}]
        start = HttpCall("POST", "/datasets/v3/trigger", params, json=inputs, owed=None, repeatable=False)
        snapshot = await _started(start, question, session, keep_handle)
        await _finished(f"/datasets/v3/progress/{snapshot}", question, session)
        file = await _downloaded(f"/datasets/v3/snapshot/{snapshot}", session)
        return self._delivered(question, session, file.rows, is_cut=file.is_cut)

    def _delivered(
        self, question: SourceQuery, session: CallSession, records: Sequence[Json], *, is_cut: bool = False
    ) -> SourceAnswer:
        """Records as an answer. is_cut: the file broke off, so one more record may be lost and billed."""
        session.job_running = False
        good = [record for record in records if _is_record(record)]
        session.units[question.unit] += len(good)
        lost = {question.unit: 1} if is_cut and len(good) < question.max_units else FREE
        notes = [_CUT.format(kept=len(records))] if is_cut else []
        return session.answer(found=bool(good), payload={"records": list(records)}, notes=notes, uncertain_units=lost)

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


async def _started(start: HttpCall, question: SourceQuery, session: CallSession, keep_handle: KeepHandle) -> str:
    """The job's handle: the one of an earlier process, or a new one, kept before anything else happens."""
    handle = question.handle
    if handle is None:
        body = await session.send(start, as_object)
        handle = body.get("snapshot_id")
        if not isinstance(handle, str) or not re.fullmatch(r"\w+", handle):
            raise session.error(UnexpectedReply, "a job without snapshot_id", uncertain=True)
        await keep_handle(handle)
    session.job_running = True
    return handle


async def _finished(path: str, question: SourceQuery, session: CallSession) -> Mapping[str, Json]:
    """Polls a job until it ends. A job that found nothing may report failure with dataset_size 0: that is an answer."""

    async def poll() -> Mapping[str, Json] | None:
        state = await session.send(HttpCall("GET", path, accepts={404: "free"}), _state_or_refusal)
        if isinstance(state, HttpResponse):
            # only what is delivered is billed, and a job unknown long after its start will never be; a new one may
            session.job_running = question.handle is None or _UNKNOWN not in state.text
            raise session.refused(state)
        if state.get("status") == "ready":
            return state
        if state.get("status") in _ENDED_BADLY:
            session.job_running = False
            return _ended_badly(state, session)
        return None

    return await session.polled(poll)


def _state_or_refusal(response: HttpResponse) -> dict[str, Json] | HttpResponse:
    return response if response.status == 404 else as_object(response)


def _ended_badly(state: Mapping[str, Json], session: CallSession) -> Mapping[str, Json]:
    stated = (state.get(key) for key in ("error_message", "error", "failure_reason", "message"))
    why = str(next(filter(None, stated), "no reason given"))
    if _NOTHING.search(why):
        return {**state, "dataset_size": 0}
    raise session.error(ProviderUnavailable, f"its job {_status_of(state)}: {why}")


@dataclass(frozen=True, slots=True)
class _File:
    """The rows of a job's file. is_cut: the file ends in the middle of a further row."""

    rows: Sequence[Json]
    is_cut: bool = False


async def _downloaded(path: str, session: CallSession) -> _File:
    """The rows of a finished job; its file may come a little later. One that is cut is downloaded once more."""
    call = HttpCall("GET", path, [("format", "json")], accepts={400: "free"})

    async def download() -> _File | None:
        response = await session.send(call, _rows_or_refusal)
        if not isinstance(response, HttpResponse):
            state = _state_instead_of_rows(response.rows)
            if state is None:
                return response
            rows = _rows_of_state(state, session)
            return None if rows is None else _File(rows)
        if response.status == 202 or (response.status == 200 and _NOT_READY.search(response.text)):
            return None
        if _NOTHING.search(response.text):
            return _File([])
        raise session.refused(response)

    first = await download()
    file = await session.polled(download) if first is None else first
    if not file.is_cut:
        return file
    try:
        again = await download()
    except ProviderError:
        return file  # a part that is paid for is better than nothing
    return again if again is not None and len(again.rows) >= len(file.rows) else file


def _hits_or_refusal(response: HttpResponse) -> list[Json] | HttpResponse:
    if response.status >= 400:
        return response
    hits = as_object(response).get("hits")
    if not isinstance(hits, list):
        raise ValueError("a search without hits")
    return hits


def _rows_or_refusal(response: HttpResponse) -> _File | HttpResponse:
    """An array, {"data": array}, one object, or objects one after another; a file in words is the vendor's message."""
    if response.status != 200:
        return response
    text = response.text.lstrip("\ufeff \t\r\n")
    if text and text[0] not in "[{":
        if _NOT_READY.search(text) or _NOTHING.search(text):
            return response
        as_json(response)  # raises with the vendor's words
    if not text:
        raise ValueError("an empty body")
    file = _values_in_a_row(text)
    if len(file.rows) == 1 and not file.is_cut:
        only = file.rows[0]
        rows = only if isinstance(only, list) else _listed(only)
        return file if rows is None else _File(rows)
    return file


def _listed(body: Json) -> list[Json] | None:
    """The rows of {"data": rows}; none for {}."""
    if not isinstance(body, dict):
        raise ValueError("a snapshot that is no list of records")
    rows = body.get("data") if body else []
    return rows if isinstance(rows, list) else None


def _values_in_a_row(text: str) -> _File:
    """JSON values one after another, whatever separates them: line breaks may also occur inside their texts.

    Of a file that is cut, and of an array, the values before the cut: they are paid for.
    """
    values, end = _values_from(text, 0)
    is_cut = end < len(text)
    if is_cut and not values and text[0] == "[":
        values, _ = _values_from(text, 1)
    if is_cut and not values:
        raise ValueError("broken JSON")  # it may contain a person's data
    return _File(values, is_cut=is_cut)


def _values_from(text: str, place: int) -> tuple[list[Json], int]:
    """The values from a position on, and the position of the first text that is no value."""
    decoder, values = json.JSONDecoder(strict=False, parse_constant=lambda _: None), list[Json]()
    while place < len(text):
        try:
            value, end = decoder.raw_decode(text, place)
        except ValueError:
            break
        values.append(value)
        between = _BETWEEN_RECORDS.match(text, end)
        place = between.end() if between else end
    return values, place


def _state_instead_of_rows(rows: Sequence[Json]) -> Mapping[str, Json] | None:
    """The job's state, where the file is nothing else: a vendor that is not ready may say so with status 200."""
    only = rows[0] if len(rows) == 1 else None
    if not isinstance(only, dict) or not only.keys() <= _OF_A_JOB:
        return None
    status, message = _status_of(only), str(only.get("message"))
    spoken = _NOT_READY.search(message) or _NOTHING.search(message)
    return only if status in (*_UNDER_WAY, *_ENDED_BADLY) or spoken or only.keys() == {"snapshot_id"} else None


def _status_of(state: Mapping[str, Json]) -> str:
    return str(state.get("status") or state.get("state")).lower().replace(" ", "_").replace("-", "_")


def _rows_of_state(state: Mapping[str, Json], session: CallSession) -> Sequence[Json] | None:
    """None: not ready yet; no rows of a job that found nothing. Raises ProviderError for one that failed otherwise."""
    if _status_of(state) not in _ENDED_BADLY:
        return [] if _NOTHING.search(str(state.get("message"))) else None
    session.job_running = False
    _ended_badly(state, session)
    return []


def _says_nothing_matches(response: HttpResponse) -> bool:
    """422 means 'no match', unless it names an error in the filter; a 404 may be a wrong address."""
    if response.status == 422:
        return "validation_error" not in response.text
    return bool(_NOTHING.search(response.text))


def _is_record(row: Json) -> bool:
    """Whether a row is a record: no error, no warning, not empty, no repeated question, no state of a job."""
    if not isinstance(row, dict) or row.get("error_code") or row.get("error"):
        return False
    repeated = ("url", "input_url") if row.get("warning") or row.get("warning_code") else ()
    beside = _BESIDE_A_RECORD.union(repeated, _OF_A_JOB)
    return any(value not in (None, "", [], {}) for key, value in row.items() if key not in beside)
