"""SerpApi: Google's result pages as JSON. A success is one search, empty ones too; repeats within an hour are free.

engine google (also LinkedIn people), google_news, google_jobs -> the engine's file -> reply
"""

import json
from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.responses import Response

from sandbox.calls.faults import CONTENT_FAULTS
from sandbox.calls.rate_tracking import RateWindow
from sandbox.calls.request import Json, SandboxContext, VendorRequest, VendorRoute, acceptable, respond
from sandbox.companies.coverage import Rates
from sandbox.seeded_random import draw, token, whole
from sandbox.vendors.serpapi_google import google_results, shown_parameters
from sandbox.vendors.serpapi_jobs import job_results
from sandbox.vendors.serpapi_news import news_results

FREE_SECONDS = 3600
NOTHING_FOUND = "Google hasn't returned any results for this query."
_ENGINES = {
    "google": google_results,
    "google_news": news_results,
    "google_jobs": job_results,
}
_RESULTS = {"google": "organic", "google_news": "news", "google_jobs": "jobs"}
_BAD_KEY = "Invalid API key. Your API key should be here: https://serpapi.com/manage-api-key"
_REFUSALS = {
    "bad_key": (401, _BAD_KEY),
    "expired_token": (401, _BAD_KEY),
    "quota": (429, "Your account has run out of searches."),
    "http_429": (429, "You have exceeded your hourly throughput limit."),
    "http_500": (500, "Internal server error."),
    "http_502": (502, "Bad gateway."),
    "http_503": (503, "We couldn't get valid results for this search. Please try again later."),
}
_SEARCHES_PER_MONTH = 30_000
SEARCHES_PER_HOUR = 6000


class SerpApi:
    name = "serpapi"
    windows: tuple[RateWindow, ...] = (RateWindow(60), RateWindow(3600, most=SEARCHES_PER_HOUR))
    units: tuple[str, ...] = ("search",)
    coverage: Mapping[str, Rates] = {
        "serp_organic": Rates(
            0.97,
            {
                "company_name": 0.90,
                "domain": 0.90,
                "industry": 0.55,
                "employee_count": 0.30,
                "company_description": 0.85,
                "recent_news": 0.40,
                "tech_stack": 0.30,
            },
        ),
        "serp_news": Rates(0.90, {"recent_news": 0.97}),
        "serp_jobs": Rates(0.80, {"hiring_trends": 0.95, "tech_stack": 0.45}),
        "serp_alternatives": Rates(0.85, {"competitor_mentions": 0.75}),
        "serp_reviews": Rates(0.60, {"competitor_mentions": 0.60}),
        "serp_topic": Rates(0.85, {"topic_results": 0.80}),
        "serp_topic_news": Rates(0.60, {"topic_results": 0.70}),
        "serp_linkedin": Rates(0.85, {"key_contacts": 0.80, "employee_count": 0.50, "industry": 0.50}),
    }

    def __init__(self, context: SandboxContext) -> None:
        self.context = context

    def routes(self) -> list[VendorRoute]:
        return [
            VendorRoute("GET", "/search.json", self.search),
            VendorRoute("GET", "/search", self.search),
            VendorRoute("GET", "/account.json", self.account, limited=False),
        ]

    def key_of(self, request: VendorRequest) -> str | None:
        return acceptable(request.text("api_key"))

    def refuse(self, kind: str, request: VendorRequest) -> Response:
        status, message = _REFUSALS[kind]
        body: Json = {"error": message}
        if status == 503:
            body["search_metadata"] = {"id": token(24, self.context.seed, str(request.http.url)), "status": "Error"}
        return respond(status, body)

    async def search(self, request: VendorRequest) -> Response:
        asked = shown_parameters(request)
        engine = asked.setdefault("engine", "google")
        if engine not in _ENGINES:
            return respond(400, {"error": f"Unsupported `{engine}` search engine."})
        if not request.text("q"):
            return respond(400, {"error": "Missing query `q` parameter."})
        if engine == "google_jobs" and "start" in asked:
            return respond(400, {"error": "`start` parameter is discontinued; use `next_page_token`."})
        question = json.dumps(asked)
        if request.text("no_cache") != "true" and (
            cached := self.context.billing.repeat(self.name, request.key, question)
        ):
            return respond(200, cached)
        reply = self._reply(request, engine, asked)
        request.bill("search", request.times, question)
        if request.fault not in CONTENT_FAULTS:
            self.context.billing.remember(self.name, request.key, question, answer=reply, seconds=FREE_SECONDS)
        return respond(200, reply)

    async def account(self, request: VendorRequest) -> Response:
        used = self.context.billing.invoice(request.key)["serpapi"]["search"]
        left = max(0, _SEARCHES_PER_MONTH - used)
        return respond(
            200,
            {
                "account_id": token(24, self.context.seed, request.key),
                "api_key": request.key,
                "account_email": "sandbox@sandbox.example",
                "account_status": "Active",
                "plan_id": "bigdata",
                "plan_name": "Big Data Plan",
                "plan_monthly_price": 275.0,
                "searches_per_month": _SEARCHES_PER_MONTH,
                "plan_searches_left": left,
                "extra_credits": 0,
                "total_searches_left": left,
                "this_month_usage": used,
                "last_hour_searches": used,
                "account_rate_limit_per_hour": SEARCHES_PER_HOUR,
            },
        )

    def _reply(self, request: VendorRequest, engine: str, asked: Json) -> Json:
        results = _ENGINES[engine](request, self.context.catalogue.in_text(request.text("q")))
        heading: Json = {"search_metadata": self._metadata(request, engine, asked), "search_parameters": asked}
        kind = _RESULTS[engine]
        if results is None:
            empty = {f"{kind}_results_state": "Fully empty"}
            return {**heading, "search_information": empty, "error": NOTHING_FOUND}
        if engine != "google":
            return {**heading, **results}
        information = {
            "query_displayed": request.text("q"),
            "total_results": whole(1000, 90_000_000, self.context.seed, request.text("q")),
            "time_taken_displayed": 0.28,
            "organic_results_state": "Results for exact spelling",
        }
        return {**heading, "search_information": information, **results}

    def _metadata(self, request: VendorRequest, engine: str, asked: Json) -> Json:
        moment = self.context.clock.moment()
        identity = token(24, self.context.seed, request.key, str(asked), moment.timestamp())
        written = moment.strftime("%Y-%m-%d %H:%M:%S UTC")
        return {
            "id": identity,
            "status": "Success",
            "json_endpoint": f"{request.base}/searches/{identity[:16]}/{identity}.json",
            "created_at": written,
            "processed_at": written,
            f"{engine}_url": f"https://www.google.com/search?{urlencode({'q': request.text('q')})}",
            "raw_html_file": f"{request.base}/searches/{identity[:16]}/{identity}.html",
            "total_time_taken": round(0.6 + 2 * draw(self.context.seed, identity), 2),
        }
