"""Bright Data: company, people, technology and intent datasets, and the Web Unlocker. Delivered records are charged.

datasets/search -> hits now | datasets/filter -> snap_ -> snapshots/{id} | datasets/v3/trigger -> sd_ -> progress
"""

import json
import math
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from sandbox.calls.jobs import Job
from sandbox.calls.rate_tracking import RateWindow
from sandbox.calls.request import Json, SandboxContext, VendorRequest, VendorRoute, acceptable, bearer, respond
from sandbox.companies.catalogue import CatalogueCompany
from sandbox.companies.coverage import Rates
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
    windows: tuple[RateWindow, ...] = (RateWindow(60),)
    units: tuple[str, ...] = (
        "company_record",
        "person_record",
        "technographic_record",
        "firmographic_record",
        "intent_record",
        "page",
    )
    coverage: Mapping[str, Rates] = {
        "brightdata_company_db": Rates(
            0.90,
            {
                "company_name": 1.0,
                "domain": 0.95,
                "industry": 0.95,
                "employee_count": 0.95,
                "company_description": 0.95,
            },
        ),
        "brightdata_people_db": Rates(0.75, {"key_contacts": 0.95}),
        "brightdata_technographics": Rates(0.75, {"tech_stack": 0.97}),
        "brightdata_firmographics": Rates(0.80, {"industry": 0.97, "employee_count": 0.97}),
        "brightdata_intent_data": Rates(0.60, {"purchase_intent": 0.95}),
        "brightdata_web_scraping": Rates(
            0.88, {"company_description": 0.80, "tech_stack": 0.60, "recent_news": 0.35, "hiring_trends": 0.40}
        ),
    }

    def __init__(self, context: SandboxContext) -> None:
        self.context = context

    def routes(self) -> list[VendorRoute]:
        return [
            VendorRoute("GET", "/datasets/list", self.datasets),
            VendorRoute("POST", "/datasets/filter", self.filter),
            VendorRoute("POST", "/datasets/search/{dataset_id}", self.search),
            VendorRoute("GET", "/datasets/snapshots/{snapshot_id}", self.snapshot_state),
            VendorRoute("GET", "/datasets/snapshots/{snapshot_id}/download", self.snapshot_file),
            VendorRoute("POST", "/datasets/v3/trigger", self.trigger),
            VendorRoute("GET", "/datasets/v3/progress/{snapshot_id}", self.progress),
            VendorRoute("GET", "/datasets/v3/snapshot/{snapshot_id}", self.collected),
            VendorRoute("GET", "/datasets/{dataset_id}/metadata", self.metadata),
            VendorRoute("POST", "/request", self.unlock),
        ]

    def key_of(self, request: VendorRequest) -> str | None:
        return acceptable(bearer(request.http))

    def refuse(self, kind: str, request: VendorRequest) -> Response:
        if kind == "bad_key":
            return _text(401, _credentials_problem(request))
        if kind == "http_429" and request.http.url.path.endswith("/request"):
            return Response(b"", 200, {"x-brd-error": "rate limit reached", "x-brd-error-code": "sr_rate_limit"})
        refusal = _text(*_REFUSALS[kind])
        if kind == "http_429" and request.wait:
            refusal.headers["retry-after"] = str(math.ceil(request.wait))
        return refusal

    async def unlock(self, request: VendorRequest) -> Response:
        return unlock(request)

    async def datasets(self, _request: VendorRequest) -> Response:
        return respond(
            200, [{"id": name, "name": dataset.name, "size": dataset.size} for name, dataset in DATASETS.items()]
        )

    async def metadata(self, request: VendorRequest) -> Response:
        dataset_id = request.http.path_params["dataset_id"]
        if dataset_id not in DATASETS:
            return _text(404, "dataset does not exist")
        return respond(200, {"id": dataset_id, "fields": fields_of(DATASETS[dataset_id], self.context)})

    async def search(self, request: VendorRequest) -> Response:
        """Immediate; one hit, one record charged. Nothing found is an empty list, for some companies a 422."""
        dataset_id = request.http.path_params["dataset_id"]
        dataset = DATASETS.get(dataset_id)
        if dataset is None:
            return _text(404, "dataset does not exist")
        if not dataset.searchable:
            return respond(400, {"error": "Search is not supported for this dataset"})
        try:
            found = self._matching(request, dataset)
        except FilterError as error:
            return respond(400, {"validation_errors": [str(error)]})
        if not found and draw(self.context.seed, "422", str(request.params.get("filter"))) < _ONE_IN_FOUR:
            return respond(422, {"error": "No records match the filter"})
        after = request.number("search_after", 0)
        hits = found[after : after + min(request.number("size", 10), MOST_HITS)] * request.times
        request.bill(dataset.unit, len(hits), f"search {dataset_id} {json.dumps(request.params.get('filter'))}")
        end = after + len(hits) // request.times
        return respond(
            200, {"hits": hits, "total_hits": len(found), "took": 12, "search_after": end if end < len(found) else None}
        )

    async def filter(self, request: VendorRequest) -> Response:
        dataset_id = request.text("dataset_id")
        dataset = DATASETS.get(dataset_id)
        if dataset is None:
            return _text(404, "dataset does not exist")
        if self._is_too_busy(request, dataset_id):
            return self.refuse("http_429", request)
        try:
            found = self._matching(request, dataset)[: request.number("records_limit", 1000)] * request.times
        except FilterError as error:
            return respond(400, {"validation_errors": [str(error)]})
        job = self._open(
            request, dataset, "filter", {"dataset_id": dataset_id, "filter": request.params["filter"]}, found
        )
        return respond(200, {"snapshot_id": job.handle})

    async def snapshot_state(self, request: VendorRequest) -> Response:
        job = self._job(request)
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
            state["error"] = "The sandbox was asked to fail this job"
        elif state["status"] == "ready":
            size = len(job.result)
            state |= {"dataset_size": size, "file_size": len(json.dumps(job.result)), "cost": round(size * 0.0025, 4)}
        return respond(200, state)

    async def snapshot_file(self, request: VendorRequest) -> Response:
        job = self._job(request)
        if job is None:
            return _text(404, "Snapshot does not exist")
        status = self._status(job)
        if status == "failed":
            return _text(400, "Snapshot failed")
        if status != "ready":
            return respond(202, {"status": status, "message": "Snapshot is not ready yet, try again in 10s"})
        return _file(request, job.result)

    async def trigger(self, request: VendorRequest) -> Response:
        dataset_id = request.text("dataset_id")
        dataset = DATASETS.get(dataset_id)
        if dataset is None or self._is_too_busy(request, dataset_id):
            return _text(404, "dataset does not exist") if dataset is None else self.refuse("http_429", request)
        if request.params.get("_unreadable"):
            return respond(400, {"error": "Parser cannot parse input: expected a value", "code": "parse_error"})
        if request.text("type") not in ("", "discover_new", "url_collection"):
            return respond(400, {"validation_errors": ['"type" must be one of [discover_new, url_collection]']})
        inputs = _inputs(request)
        if not inputs:
            return _text(400, "No data to trigger")
        for index, one in enumerate(inputs, 1):
            if not isinstance(one, dict) or not one.get("url"):
                return respond(400, _invalid_input(one, index))
        found = [record for one in inputs for record in self._collected_from(request, dataset, str(one["url"]))]
        job = self._open(request, dataset, "trigger", {"dataset_id": dataset_id, "inputs": inputs}, found)
        return respond(200, {"snapshot_id": job.handle})

    async def progress(self, request: VendorRequest) -> Response:
        job = self._job(request)
        if job is None:
            return _text(404, "Snapshot does not exist")
        head = {"snapshot_id": job.handle, "dataset_id": job.asked["dataset_id"]}
        took = round(1000 * (min(self.context.clock.now(), job.ready_at) - job.created) * self.context.clock.time_scale)
        if self.context.jobs.running(job):
            return respond(200, {"status": "running", **head, "running_time": took})
        if job.failed:
            return respond(200, {"status": "failed", **head, "error_message": "The sandbox was asked to fail this job"})
        errors = [record["error_code"] for record in job.result if "error_code" in record]
        codes = {"error_codes": {code: errors.count(code) for code in errors}} if errors else {}
        counted = {"records": len(job.result) - len(errors), "errors": len(errors)}
        durations = {"collection_duration": took, "avg_duration_per_input": took // len(job.asked["inputs"])}
        return respond(200, {"status": "ready", **head, **codes, **counted, **durations})

    async def collected(self, request: VendorRequest) -> Response:
        job = self._job(request)
        if job is None:
            return _text(404, "Snapshot does not exist")
        if self.context.jobs.running(job):
            return respond(202, {"status": "running", "message": "Snapshot is not ready yet, try again in 30s"})
        if job.failed or not job.result:
            return _text(400, "Snapshot is empty")
        return _file(request, job.result)

    def _matching(self, request: VendorRequest, dataset: Dataset) -> list[Json]:
        asked = request.params.get("filter")
        records: list[Json] = []
        for company in companies_asked(self.context.catalogue, asked):
            if request.knows(dataset.source, company):
                records += [one for one in dataset.records(request, company) if matches(one, asked)]
        return shuffled(records, self.context.seed, str(asked))

    def _collected_from(self, request: VendorRequest, dataset: Dataset, url: str) -> list[Json]:
        """What one input yields: records that repeat it, or the error record that costs nothing."""
        company: CatalogueCompany | None = self.context.catalogue.by_any(url)
        found = dataset.records(request, company) if company and request.knows(dataset.source, company) else []
        limit = request.number("limit_per_input", len(found))
        stamp = self._written(self.context.clock.now())
        if not found:
            return [
                {"timestamp": stamp, "input": {"url": url}, "error": "4XX page - dead page.", "error_code": "dead_page"}
            ]
        return [{"input": {"url": url}, **record, "timestamp": stamp} for record in found[:limit] * request.times]

    def _is_too_busy(self, request: VendorRequest, dataset_id: str) -> bool:
        waits = self.context.jobs.waits(self.name, request.key, dataset_id)
        full = len(waits) >= MOST_RUNNING
        request.wait = waits[len(waits) - MOST_RUNNING] * self.context.clock.time_scale if full else 0.0
        return request.wait > 0

    def _open(self, request: VendorRequest, dataset: Dataset, kind: str, asked: Json, found: list[Json]) -> Job:
        prefix, length = ("snap_", 18) if kind == "filter" else ("sd_", 17)
        mixed = shuffled(found, self.context.seed, str(asked))
        job = self.context.jobs.open(
            *(self.name, request.key),
            kind=kind,
            asked=asked,
            result=mixed,
            seconds=JOB_SECONDS,
            fault=request.fault,
            prefix=prefix,
            length=length,
        )
        delivered = 0 if job.failed else sum("error_code" not in record for record in found)
        request.bill(dataset.unit, delivered, f"{kind} {job.handle} {json.dumps(asked)}", at=job.ready_at)
        return job

    def _job(self, request: VendorRequest) -> Job | None:
        return self.context.jobs.find(self.name, request.http.path_params["snapshot_id"])

    def _status(self, job: Job) -> str:
        """scheduled for the first third, then building, then ready or failed."""
        if self.context.jobs.running(job):
            waited = self.context.clock.now() - job.created
            return "scheduled" if waited < (job.ready_at - job.created) / 3 else "building"
        return "failed" if job.failed else "ready"

    def _written(self, at: float) -> str:
        return self.context.clock.written(at)


def _inputs(request: VendorRequest) -> list[Any]:
    if "_list" in request.params:
        return list(request.params["_list"])
    if isinstance(request.params.get("input"), list):
        return list(request.params["input"])
    return [{"url": request.params["url"]}] if "url" in request.params else []


def _invalid_input(one: Any, index: int) -> Json:
    return {
        "error": "Invalid input provided",
        "code": "validation_error",
        "type": "validation",
        "line": json.dumps(one),
        "index": index,
        "errors": [["url", "Required field"]],
    }


def _credentials_problem(request: VendorRequest) -> str:
    sent = request.http.headers.get("authorization", "")
    if not sent:
        return "Credentials are missing"
    return "Basic auth is not allowed" if sent.lower().startswith("basic") else "Auth method is not supported"


def _file(request: VendorRequest, records: list[Json]) -> Response:
    if request.text("format") in ("jsonl", "ndjson"):
        return Response("\n".join(json.dumps(record) for record in records), 200, media_type="application/x-ndjson")
    return respond(200, records)


def _text(status: int, text: str) -> Response:
    return Response(text, status, media_type="text/html")
