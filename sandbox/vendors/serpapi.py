"""SerpApi: Google's result pages as JSON. A success is one search, empty ones too; repeats within an hour are free.

engine google (also LinkedIn people), google_news, google_jobs -> the engine's file -> reply
"""

import json
from urllib.parse import urlencode

from starlette.responses import Response

from sandbox.faults import IN_THE_ANSWER
from sandbox.rate_tracking import Window
from sandbox.request import Call, Endpoint, Json, World, acceptable, say
from sandbox.seeded_random import draw, token, whole
from sandbox.vendors.serpapi_google import google_results, shown_parameters
from sandbox.vendors.serpapi_jobs import job_results
from sandbox.vendors.serpapi_news import news_results

FREE_SECONDS = 3600
NOTHING_FOUND = "Google hasn't returned any results for this query."
_ENGINES = {"google": google_results, "google_news": news_results, "google_jobs": job_results}
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
    windows: tuple[Window, ...] = (Window(60), Window(3600, most=SEARCHES_PER_HOUR))

    def __init__(self, world: World) -> None:
        self.world = world

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint("GET", "/search.json", self.search),
            Endpoint("GET", "/search", self.search),
            Endpoint("GET", "/account.json", self.account, limited=False),
        ]

    def key_of(self, call: Call) -> str | None:
        return acceptable(call.text("api_key"))

    def refuse(self, kind: str, call: Call) -> Response:
        status, message = _REFUSALS[kind]
        body: Json = {"error": message}
        if status == 503:
            body["search_metadata"] = {"id": token(24, self.world.seed, str(call.request.url)), "status": "Error"}
        return say(status, body)

    async def search(self, call: Call) -> Response:
        asked = shown_parameters(call)
        engine = asked.setdefault("engine", "google")
        if engine not in _ENGINES:
            return say(400, {"error": f"Unsupported `{engine}` search engine."})
        if not call.text("q"):
            return say(400, {"error": "Missing query `q` parameter."})
        if engine == "google_jobs" and "start" in asked:
            return say(400, {"error": "`start` parameter is discontinued; use `next_page_token`."})
        question = json.dumps(asked)
        if call.text("no_cache") != "true" and (cached := self.world.books.repeat(self.name, call.key, question)):
            return say(200, cached)
        reply = self._reply(call, engine, asked)
        call.bill("search", call.times, question)
        if call.fault not in IN_THE_ANSWER:
            self.world.books.remember(self.name, call.key, question, answer=reply, seconds=FREE_SECONDS)
        return say(200, reply)

    async def account(self, call: Call) -> Response:
        used = self.world.books.invoice(call.key)["serpapi"]["search"]
        left = max(0, _SEARCHES_PER_MONTH - used)
        return say(
            200,
            {
                "account_id": token(24, self.world.seed, call.key),
                "api_key": call.key,
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

    def _reply(self, call: Call, engine: str, asked: Json) -> Json:
        results = _ENGINES[engine](call, self.world.catalogue.in_text(call.text("q")))
        heading: Json = {"search_metadata": self._metadata(call, engine, asked), "search_parameters": asked}
        kind = _RESULTS[engine]
        if results is None:
            empty = {f"{kind}_results_state": "Fully empty"}
            return {**heading, "search_information": empty, "error": NOTHING_FOUND}
        if engine != "google":
            return {**heading, **results}
        information = {
            "query_displayed": call.text("q"),
            "total_results": whole(1000, 90_000_000, self.world.seed, call.text("q")),
            "time_taken_displayed": 0.28,
            "organic_results_state": "Results for exact spelling",
        }
        return {**heading, "search_information": information, **results}

    def _metadata(self, call: Call, engine: str, asked: Json) -> Json:
        moment = self.world.clock.moment()
        identity = token(24, self.world.seed, call.key, str(asked), moment.timestamp())
        written = moment.strftime("%Y-%m-%d %H:%M:%S UTC")
        return {
            "id": identity,
            "status": "Success",
            "json_endpoint": f"{call.base}/searches/{identity[:16]}/{identity}.json",
            "created_at": written,
            "processed_at": written,
            f"{engine}_url": f"https://www.google.com/search?{urlencode({'q': call.text('q')})}",
            "raw_html_file": f"{call.base}/searches/{identity[:16]}/{identity}.html",
            "total_time_taken": round(0.6 + 2 * draw(self.world.seed, identity), 2),
        }
