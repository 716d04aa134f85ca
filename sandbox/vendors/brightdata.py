"""Bright Data: company, people, technology and intent datasets, and the Web Unlocker. Delivered records are charged.

datasets/search -> hits now | datasets/filter -> snap_ -> snapshots/{id} | datasets/v3/trigger -> sd_ -> progress
"""

import json
import math
from typing import Any

from starlette.responses import Response

from sandbox.catalogue import Company
from sandbox.jobs import Job
from sandbox.rate_tracking import Window
from sandbox.request import Call, Endpoint, Json, World, acceptable, bearer, say
from sandbox.seeded_random import draw, shuffled
from sandbox.vendors.brightdata_filter import FilterError, companies_asked, matches
from sandbox.vendors.brightdata_records import DATASETS, Dataset, fields_of
from sandbox.vendors.brightdata_unlocker import unlock

JOB_SECONDS = 6
MOST_RUNNING = 100  # jobs of one dataset
MOST_HITS = 100
_ONE_IN_FOUR = 0.25
_TOO_MANY = (
    "You have too many running jobs for this dataset. Please wait until some of them finish or consider combining"
    " multiple inputs into a single request. Running jobs: 100>=100"
)
_REFUSALS = {
    "expired_token": (401, "Auth method is not supported"),
    "quota": (402, "Insufficient account balance. Please add funds to continue."),
    "http_429": (429, _TOO_MANY),
    "http_500": (500, "Internal server error"),
    "http_502": (502, "Bad gateway"),
    "http_503": (503, "Service unavailable"),
}


class BrightData:
    name = "brightdata"
    windows: tuple[Window, ...] = (Window(60),)

    def __init__(self, world: World) -> None:
        self.world = world

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint("GET", "/datasets/list", self.datasets),
            Endpoint("POST", "/datasets/filter", self.filter),
            Endpoint("POST", "/datasets/search/{dataset_id}", self.search),
            Endpoint("GET", "/datasets/snapshots/{snapshot_id}", self.snapshot_state),
            Endpoint("GET", "/datasets/snapshots/{snapshot_id}/download", self.snapshot_file),
            Endpoint("POST", "/datasets/v3/trigger", self.trigger),
            Endpoint("GET", "/datasets/v3/progress/{snapshot_id}", self.progress),
            Endpoint("GET", "/datasets/v3/snapshot/{snapshot_id}", self.collected),
            Endpoint("GET", "/datasets/{dataset_id}/metadata", self.metadata),
            Endpoint("POST", "/request", self.unlock),
        ]

    def key_of(self, call: Call) -> str | None:
        return acceptable(bearer(call.request))

    def refuse(self, kind: str, call: Call) -> Response:
        if kind == "bad_key":
            return _text(401, _credentials_problem(call))
        if kind == "http_429" and call.request.url.path.endswith("/request"):
            return Response(b"", 200, {"x-brd-error": "rate limit reached", "x-brd-error-code": "sr_rate_limit"})
        refusal = _text(*_REFUSALS[kind])
        if kind == "http_429" and call.wait:
            refusal.headers["retry-after"] = str(math.ceil(call.wait))
        return refusal

    async def unlock(self, call: Call) -> Response:
        return unlock(call)

    async def datasets(self, _call: Call) -> Response:
        return say(
            200, [{"id": name, "name": dataset.name, "size": dataset.size} for name, dataset in DATASETS.items()]
        )

    async def metadata(self, call: Call) -> Response:
        dataset_id = call.request.path_params["dataset_id"]
        if dataset_id not in DATASETS:
            return _text(404, "dataset does not exist")
        return say(200, {"id": dataset_id, "fields": fields_of(DATASETS[dataset_id], self.world)})

    async def search(self, call: Call) -> Response:
        """Immediate; one hit, one record charged. Nothing found is an empty list, for some companies a 422."""
        dataset_id = call.request.path_params["dataset_id"]
        dataset = DATASETS.get(dataset_id)
        if dataset is None:
            return _text(404, "dataset does not exist")
        if not dataset.searchable:
            return say(400, {"error": "Search is not supported for this dataset"})
        try:
            found = self._matching(call, dataset)
        except FilterError as error:
            return say(400, {"validation_errors": [str(error)]})
        if not found and draw(self.world.seed, "422", str(call.params.get("filter"))) < _ONE_IN_FOUR:
            return say(422, {"error": "No records match the filter"})
        after = call.number("search_after", 0)
        hits = found[after : after + min(call.number("size", 10), MOST_HITS)] * call.times
        call.bill(dataset.unit, len(hits), f"search {dataset_id} {json.dumps(call.params.get('filter'))}")
        end = after + len(hits) // call.times
        return say(
            200, {"hits": hits, "total_hits": len(found), "took": 12, "search_after": end if end < len(found) else None}
        )

    async def filter(self, call: Call) -> Response:
        dataset_id = call.text("dataset_id")
        dataset = DATASETS.get(dataset_id)
        if dataset is None:
            return _text(404, "dataset does not exist")
        if self._is_too_busy(call, dataset_id):
            return self.refuse("http_429", call)
        try:
            found = self._matching(call, dataset)[: call.number("records_limit", 1000)] * call.times
        except FilterError as error:
            return say(400, {"validation_errors": [str(error)]})
        job = self._open(call, dataset, "filter", {"dataset_id": dataset_id, "filter": call.params["filter"]}, found)
        return say(200, {"snapshot_id": job.handle})

    async def snapshot_state(self, call: Call) -> Response:
        job = self._job(call)
        if job is None:
            return _text(404, "Snapshot does not exist")
        state: Json = {
            "id": job.handle,
            "created": self._written(job.created),
            "status": self._status(job),
            "dataset_id": job.asked["dataset_id"],
            "customer_id": "hl_sandbox",
        }
        if job.failed and state["status"] == "failed":
            state["error"] = "The sandbox was told to fail this job"
        elif state["status"] == "ready":
            size = len(job.result)
            state |= {"dataset_size": size, "file_size": len(json.dumps(job.result)), "cost": round(size * 0.0025, 4)}
        return say(200, state)

    async def snapshot_file(self, call: Call) -> Response:
        job = self._job(call)
        if job is None:
            return _text(404, "Snapshot does not exist")
        status = self._status(job)
        if status == "failed":
            return _text(400, "Snapshot failed")
        if status != "ready":
            return say(202, {"status": status, "message": "Snapshot is not ready yet, try again in 10s"})
        return _file(call, job.result)

    async def trigger(self, call: Call) -> Response:
        dataset_id = call.text("dataset_id")
        dataset = DATASETS.get(dataset_id)
        if dataset is None or self._is_too_busy(call, dataset_id):
            return _text(404, "dataset does not exist") if dataset is None else self.refuse("http_429", call)
        if call.params.get("_unreadable"):
            return say(400, {"error": "Parser cannot parse input: expected a value", "code": "parse_error"})
        if call.text("type") not in ("", "discover_new", "url_collection"):
            return say(400, {"validation_errors": ['"type" must be one of [discover_new, url_collection]']})
        inputs = _inputs(call)
        if not inputs:
            return _text(400, "No data to trigger")
        for index, one in enumerate(inputs, 1):
            if not isinstance(one, dict) or not one.get("url"):
                return say(400, _invalid_input(one, index))
        found = [record for one in inputs for record in self._collected_from(call, dataset, str(one["url"]))]
        job = self._open(call, dataset, "trigger", {"dataset_id": dataset_id, "inputs": inputs}, found)
        return say(200, {"snapshot_id": job.handle})

    async def progress(self, call: Call) -> Response:
        job = self._job(call)
        if job is None:
            return _text(404, "Snapshot does not exist")
        head = {"snapshot_id": job.handle, "dataset_id": job.asked["dataset_id"]}
        took = round(1000 * (min(self.world.clock.now(), job.ready_at) - job.created) * self.world.clock.time_scale)
        if self.world.jobs.running(job):
            return say(200, {"status": "running", **head, "running_time": took})
        if job.failed:
            return say(200, {"status": "failed", **head, "error_message": "The sandbox was told to fail this job"})
        errors = [record["error_code"] for record in job.result if "error_code" in record]
        codes = {"error_codes": {code: errors.count(code) for code in errors}} if errors else {}
        counted = {"records": len(job.result) - len(errors), "errors": len(errors)}
        durations = {"collection_duration": took, "avg_duration_per_input": took // len(job.asked["inputs"])}
        return say(200, {"status": "ready", **head, **codes, **counted, **durations})

    async def collected(self, call: Call) -> Response:
        job = self._job(call)
        if job is None:
            return _text(404, "Snapshot does not exist")
        if self.world.jobs.running(job):
            return say(202, {"status": "running", "message": "Snapshot is not ready yet, try again in 30s"})
        if job.failed or not job.result:
            return _text(400, "Snapshot is empty")
        return _file(call, job.result)

    def _matching(self, call: Call, dataset: Dataset) -> list[Json]:
        asked = call.params.get("filter")
        records: list[Json] = []
        for company in companies_asked(self.world.catalogue, asked):
            if call.knows(dataset.source, company):
                records += [one for one in dataset.records(call, company) if matches(one, asked)]
        return shuffled(records, self.world.seed, str(asked))

    def _collected_from(self, call: Call, dataset: Dataset, url: str) -> list[Json]:
        """What one input yields: records that repeat it, or the error record that costs nothing."""
        company: Company | None = self.world.catalogue.by_any(url)
        found = dataset.records(call, company) if company and call.knows(dataset.source, company) else []
        limit = call.number("limit_per_input", len(found))
        stamp = self._written(self.world.clock.now())
        if not found:
            return [
                {"timestamp": stamp, "input": {"url": url}, "error": "4XX page - dead page.", "error_code": "dead_page"}
            ]
        return [{"input": {"url": url}, **record, "timestamp": stamp} for record in found[:limit] * call.times]

    def _is_too_busy(self, call: Call, dataset_id: str) -> bool:
        waits = self.world.jobs.waits(self.name, call.key, dataset_id)
        full = len(waits) >= MOST_RUNNING
        call.wait = waits[len(waits) - MOST_RUNNING] * self.world.clock.time_scale if full else 0.0
        return call.wait > 0

    def _open(self, call: Call, dataset: Dataset, kind: str, asked: Json, found: list[Json]) -> Job:
        prefix, length = ("snap_", 18) if kind == "filter" else ("sd_", 17)
        mixed = shuffled(found, self.world.seed, str(asked))
        job = self.world.jobs.open(
            *(self.name, call.key),
            kind=kind,
            asked=asked,
            result=mixed,
            seconds=JOB_SECONDS,
            fault=call.fault,
            prefix=prefix,
            length=length,
        )
        delivered = 0 if job.failed else sum("error_code" not in record for record in found)
        call.bill(dataset.unit, delivered, f"{kind} {job.handle} {json.dumps(asked)}", at=job.ready_at)
        return job

    def _job(self, call: Call) -> Job | None:
        return self.world.jobs.find(self.name, call.request.path_params["snapshot_id"])

    def _status(self, job: Job) -> str:
        """scheduled for the first third, then building, then ready or failed."""
        if self.world.jobs.running(job):
            waited = self.world.clock.now() - job.created
            return "scheduled" if waited < (job.ready_at - job.created) / 3 else "building"
        return "failed" if job.failed else "ready"

    def _written(self, at: float) -> str:
        return self.world.clock.written(at)


def _inputs(call: Call) -> list[Any]:
    if "_list" in call.params:
        return list(call.params["_list"])
    if isinstance(call.params.get("input"), list):
        return list(call.params["input"])
    return [{"url": call.params["url"]}] if "url" in call.params else []


def _invalid_input(one: Any, index: int) -> Json:
    return {
        "error": "Invalid input provided",
        "code": "validation_error",
        "type": "validation",
        "line": json.dumps(one),
        "index": index,
        "errors": [["url", "Required field"]],
    }


def _credentials_problem(call: Call) -> str:
    sent = call.request.headers.get("authorization", "")
    if not sent:
        return "Credentials are missing"
    return "Basic auth is not allowed" if sent.lower().startswith("basic") else "Auth method is not supported"


def _file(call: Call, records: list[Json]) -> Response:
    if call.text("format") in ("jsonl", "ndjson"):
        return Response("\n".join(json.dumps(record) for record in records), 200, media_type="application/x-ndjson")
    return say(200, records)


def _text(status: int, text: str) -> Response:
    return Response(text, status, media_type="text/html")
