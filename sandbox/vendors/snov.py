"""Snov.io: contacts of a domain. Token, start, poll; 60 calls a minute; one credit per unique request with results.

POST .../start -> task_hash -> GET .../result until status is completed; the credit is charged at completion
"""

from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import Response

from sandbox.calls.jobs import Job
from sandbox.calls.rate_tracking import RateWindow
from sandbox.calls.request import Handler, Json, SandboxContext, VendorRequest, VendorRoute, acceptable, bearer, respond
from sandbox.companies.catalogue import CatalogueCompany, host
from sandbox.companies.coverage import Rates, bracket
from sandbox.companies.people import MARK, SENIOR, Person, best_matching_first, known_people, title_in_the_words_of
from sandbox.seeded_random import choice, draw, token, whole

SOURCE = "snov_contacts"
TASK_SECONDS = 2
UNIQUE_SECONDS = 24 * 3600
TOKEN_SECONDS = 3600  # real seconds, not scaled: the token itself states its life
PROSPECTS_A_PAGE = 20
_SHARE_OF_ADDRESSES_GUESSED = 0.2  # addresses of leading contacts are never guessed
EMAILS_A_PAGE = 50

_NOT_FOUND = {"errors": {"code": 404, "title": "Sorry, but url or entity not found", "source": ""}}
_REFUSALS: dict[str, tuple[int, Json]] = {
    "bad_key": (401, {"error": "Unauthenticated.", "message": "Unauthenticated."}),
    "expired_token": (401, {"error": "Unauthenticated.", "message": "Unauthenticated."}),
    "quota": (402, {"success": False, "message": "You have run out of credits. Please upgrade your plan."}),
    "http_429": (429, {"error": "Rate limit exceeded"}),
    "http_500": (500, {"success": False, "message": "Server Error"}),
    "http_502": (502, {"success": False, "message": "Bad Gateway"}),
    "http_503": (503, {"success": False, "message": "Service Unavailable"}),
}
_WRONG_CLIENT = {
    "error": "invalid_client",
    "error_description": "Client authentication failed",
    "message": "Client authentication failed",
}
_WEBMAIL = ("gmail.com", "outlook.com", "yahoo.com")
_GENERIC = ("info", "sales", "press", "careers")
_UNKNOWN_BECAUSE = ("banned", "catchall", "connection_error", "greylist", "hidden_by_owner")


class Snov:
    name = "snov"
    windows: tuple[RateWindow, ...] = (RateWindow(60, most=60),)
    units: tuple[str, ...] = ("credit",)
    coverage: Mapping[str, Rates] = {
        SOURCE: Rates(0.70, {"key_contacts": 0.95, "industry": 0.60, "employee_count": 0.60})
    }

    def __init__(self, context: SandboxContext) -> None:
        self.context = context
        self.state = context.state
        self.state.run(
            "CREATE TABLE IF NOT EXISTS snov_tokens (token TEXT PRIMARY KEY, client TEXT NOT NULL, until REAL NOT NULL)"
        )

    def routes(self) -> list[VendorRoute]:
        domain = "/v2/domain-search"
        rows: list[tuple[str, str, Handler]] = [
            ("GET", "/v1/get-balance", self.balance),
            ("POST", "/v1/get-balance", self.balance),
            ("POST", "/v1/get-domain-emails-count", self.emails_count),
            ("POST", f"{domain}/start", self.start_domain),
            ("GET", f"{domain}/result/{{task_hash}}", self.result_of_path),
            ("POST", f"{domain}/prospects/start", self.start_prospects),
            ("GET", f"{domain}/prospects/result/{{task_hash}}", self.result_of_path),
            ("POST", f"{domain}/prospects/search-emails/start/{{prospect}}", self.start_email),
            ("GET", f"{domain}/prospects/search-emails/result/{{task_hash}}", self.result_of_path),
            ("POST", f"{domain}/domain-emails/start", self.start_domain_emails),
            ("GET", f"{domain}/domain-emails/result/{{task_hash}}", self.result_of_path),
            ("POST", f"{domain}/generic-contacts/start", self.start_generic),
            ("GET", f"{domain}/generic-contacts/result/{{task_hash}}", self.result_of_path),
            ("POST", "/v2/emails-by-domain-by-name/start", self.start_by_name),
            ("GET", "/v2/emails-by-domain-by-name/result", self.result_of_query),
            ("POST", "/v2/company-domain-by-name/start", self.start_company_domain),
            ("GET", "/v2/company-domain-by-name/result", self.result_of_query),
            ("POST", "/v2/email-verification/start", self.start_verification),
            ("GET", "/v2/email-verification/result", self.result_of_query),
        ]
        issuing = VendorRoute("POST", "/v1/oauth/access_token", self.issue_token, free_of_key=True)
        return [issuing, *(VendorRoute(method, path, handler) for method, path, handler in rows)]

    def key_of(self, request: VendorRequest) -> str | None:
        """The client id a valid token was issued to."""
        sent = bearer(request.http) or request.text("access_token")
        rows = self.state.rows(
            "SELECT client FROM snov_tokens WHERE token = ? AND until > ?", sent, self.context.clock.now()
        )
        return str(rows[0]["client"]) if rows else None

    def refuse(self, kind: str, request: VendorRequest) -> Response:
        if kind == "expired_token":
            self.state.run("DELETE FROM snov_tokens WHERE token = ?", bearer(request.http) or "")
        status, body = _REFUSALS[kind]
        return respond(status, body)

    async def issue_token(self, request: VendorRequest) -> Response:
        client, secret = request.text("client_id"), request.text("client_secret")
        if request.text("grant_type") != "client_credentials":
            return respond(400, {"error": "unsupported_grant_type", "message": "The grant type is not supported."})
        if not (acceptable(client) and acceptable(secret)):
            return respond(401, _WRONG_CLIENT)
        now = self.context.clock.now()
        issued = token(40, self.context.seed, client, now)
        self.state.run("INSERT OR REPLACE INTO snov_tokens VALUES (?, ?, ?)", issued, client, now + TOKEN_SECONDS)
        return respond(200, {"access_token": issued, "token_type": "Bearer", "expires_in": TOKEN_SECONDS})

    async def balance(self, request: VendorRequest) -> Response:
        left = max(0, 100_000 - self.context.billing.invoice(request.key)["snov"]["credit"])
        data = {
            "balance": f"{left}.00",
            "teamwork": False,
            "unique_recipients_used": 0,
            "limit_resets_in": 29,
            "expires_in": 359,
        }
        return respond(200, {"success": True, "data": data})

    async def emails_count(self, request: VendorRequest) -> Response:
        domain = host(request.text("domain"))
        known = self._contacts(request, self.context.catalogue.by_domain(domain))
        body = {"success": True, "domain": domain, "webmail": domain in _WEBMAIL, "result": 3 * len(known)}
        return respond(200, body)

    async def start_domain(self, request: VendorRequest) -> Response:
        domain = host(request.text("domain"))
        if not domain:
            return _missing("domain")

        def work() -> tuple[Json, int]:
            company = self.context.catalogue.by_domain(domain)
            if company is None or not request.knows(SOURCE, company):
                return {"data": [], "meta": _counts(domain, 0), "links": [], "status": "completed"}, 0
            contacts = len(self._contacts(request, company))
            links = {
                tab.replace("-", "_"): f"{request.base}/v2/domain-search/{tab}/start?domain={domain}"
                for tab in ("prospects", "domain-emails", "generic-contacts")
            }
            data = self._company(request, company)
            return {"data": data, "meta": _counts(domain, contacts), "links": links, "status": "completed"}, 1

        return self._started(request, "", {"domain": domain}, work)

    async def start_prospects(self, request: VendorRequest) -> Response:
        domain, page, positions = host(request.text("domain")), request.number("page", 1), request.texts("positions")
        if not domain:
            return _missing("domain")
        if len(positions) > 10:
            return respond(422, {"errors": {"positions": ["The positions may not have more than 10 items."]}})
        asked = {"domain": domain, "page": page, "positions": positions}

        def work() -> tuple[Json, int]:
            company = self.context.catalogue.by_domain(domain)
            found = best_matching_first(self._contacts(request, company), positions)
            rows = found[(page - 1) * PROSPECTS_A_PAGE : page * PROSPECTS_A_PAGE]
            more = len(found) > page * PROSPECTS_A_PAGE
            following = f"{request.base}/v2/domain-search/prospects/start?domain={domain}&page={page + 1}"
            meta = {
                "domain": domain,
                "tab": "prospects",
                "page": page,
                "positions": positions,
                "total_count": len(found),
            }
            data = [self._prospect(request, person) for person in rows]
            return {
                "data": data,
                "meta": meta,
                "links": {"next": following if more else ""},
                "status": "completed",
            }, min(1, len(rows))

        return self._started(request, "prospects/", asked, work)

    async def start_email(self, request: VendorRequest) -> Response:
        prospect = request.http.path_params["prospect"]
        address = _unhidden(prospect)
        if not address:
            return respond(404, _NOT_FOUND)

        def work() -> tuple[Json, int]:
            status = self._smtp_status(address)
            emails = [{"email": address, "smtp_status": status}] if request.fault not in ("empty", "partial") else []
            data = {"searching_date": self.context.clock.moment().strftime("%Y-%m-%d %H:%M:%S"), "emails": emails}
            return {"data": data, "meta": {}, "links": [], "status": "completed"}, len(emails)

        return self._started(request, "prospects/search-emails/", {"prospect": prospect}, work)

    async def start_domain_emails(self, request: VendorRequest) -> Response:
        return self._start_addresses(request, "domain-emails", "emails")

    async def start_generic(self, request: VendorRequest) -> Response:
        return self._start_addresses(request, "generic-contacts", "service")

    async def start_by_name(self, request: VendorRequest) -> Response:
        rows = [row for row in request.params.get("rows") or [] if isinstance(row, dict)]
        if not 1 <= len(rows) <= 10:
            return _missing("rows")
        data = [self._by_name(request, row) for row in rows]
        found = sum(len(entry["result"]) for entry in data)
        return self._started_by_query(request, "emails-by-domain-by-name", {"rows": rows}, data, credits_=found)

    async def start_company_domain(self, request: VendorRequest) -> Response:
        names = request.texts("names")
        if not 1 <= len(names) <= 10:
            return _missing("names")
        found = {name: self.context.catalogue.by_name(name) for name in names}
        known = {name: company.domain for name, company in found.items() if company and request.knows(SOURCE, company)}
        data = [{"name": name, "result": {"domain": known[name]} if name in known else []} for name in names]
        return self._started_by_query(request, "company-domain-by-name", {"names": names}, data, credits_=len(known))

    async def start_verification(self, request: VendorRequest) -> Response:
        emails = request.texts("emails")
        if not 1 <= len(emails) <= 10:
            return _missing("emails")
        data: list[Json] = [{"email": email, "result": self._verdict(email)} for email in reversed(emails)]
        return self._started_by_query(request, "email-verification", {"emails": emails}, data, credits_=len(emails))

    async def result_of_path(self, request: VendorRequest) -> Response:
        return self._result(request.http.path_params["task_hash"])

    async def result_of_query(self, request: VendorRequest) -> Response:
        return self._result(request.text("task_hash"))

    def _started(self, request: VendorRequest, tab: str, asked: Json, work: Callable[[], tuple[Json, int]]) -> Response:
        """Domain family: the hash is at meta.task_hash; an identical request within a day is not charged again."""
        question = f"domain-search/{tab}{sorted(asked.items())}"
        handle = self.context.billing.repeat(self.name, request.key, question)
        if handle is None:
            result, credits_ = work()
            handle = self._open(request, question, result, credits_)
        meta = {**{name: value for name, value in asked.items() if name != "prospect"}, "task_hash": handle}
        link = f"{request.base}/v2/domain-search/{tab}result/{handle}"
        return respond(200, {"data": [], "meta": meta, "links": {"result": link}})

    def _started_by_query(
        self, request: VendorRequest, family: str, asked: Json, data: list[Json], *, credits_: int
    ) -> Response:
        """The answer of the by-name family: the hash is at data.task_hash."""
        question = f"{family} {asked}"
        handle = self.context.billing.repeat(self.name, request.key, question)
        if handle is None:
            result: Json = {"status": "completed", "data": data, "meta": dict(asked)}
            if request.fault == "not_enough_credits":
                result, credits_ = {"status": "not_enough_credits", "data": [], "meta": dict(asked)}, 0
            handle = self._open(request, question, result, credits_)
        return respond(200, {"data": {"task_hash": handle}, "meta": asked})

    def _open(self, request: VendorRequest, question: str, result: Json, credits_: int) -> str:
        job = self.context.jobs.open(
            self.name,
            request.key,
            kind="task",
            asked={"question": question},
            result=result,
            seconds=TASK_SECONDS,
            fault=request.fault,
        )
        request.bill("credit", credits_, question, at=job.ready_at)
        self.context.billing.remember(self.name, request.key, question, answer=job.handle, seconds=UNIQUE_SECONDS)
        return job.handle

    def _result(self, task_hash: str) -> Response:
        job = self.context.jobs.find(self.name, task_hash)
        if job is None:
            return respond(404, _NOT_FOUND)
        if self.context.jobs.running(job):
            return respond(200, self._unfinished(job))
        return respond(200, {**job.result, "meta": {**job.result["meta"], "task_hash": task_hash}})

    def _unfinished(self, job: Job) -> Json:
        """The documents print both spellings, so does the sandbox."""
        status = choice(("in_progress", "in progress"), self.context.seed, job.handle)
        return {"data": [], "meta": {"task_hash": job.handle}, "links": [], "status": status}

    def _contacts(self, request: VendorRequest, company: CatalogueCompany | None) -> list[Person]:
        if company is None or not request.knows(SOURCE, company):
            return []
        return known_people(self.context.seed, SOURCE, company, filled=request.has(SOURCE, "key_contacts", company))

    def _company(self, request: VendorRequest, company: CatalogueCompany) -> Json:
        coverage = self.context.coverage
        industry = coverage.industry(company).snov if request.has(SOURCE, "industry", company) else ""
        counted = request.has(SOURCE, "employee_count", company)
        return {
            "company_name": company.name,
            "city": company.city,
            "founded": company.founded,
            "website": company.domain,
            "hq_phone": "",
            "industry": industry,
            "size": bracket(coverage.headcount(SOURCE, company)) if counted else "",
            "related_domains": [],
        }

    def _prospect(self, request: VendorRequest, person: Person) -> Json:
        title = title_in_the_words_of(self.context.seed, SOURCE, person)
        start = f"{request.base}/v2/domain-search/prospects/search-emails/start/{_hidden(person.email)}"
        return {
            "first_name": person.given,
            "last_name": person.family,
            "position": f"{title} {MARK}",
            "source_page": person.linkedin,
            "search_emails_start": start,
        }

    def _start_addresses(self, request: VendorRequest, tab: str, name: str) -> Response:
        domain = host(request.text("domain"))
        if not domain:
            return _missing("domain")

        def work() -> tuple[Json, int]:
            known = self._contacts(request, self.context.catalogue.by_domain(domain))
            addresses = [person.email for person in known]
            if tab == "generic-contacts" and known:
                addresses = [f"{box}.sandbox@{domain}" for box in _GENERIC]
            page = [{"email": address} for address in addresses[:EMAILS_A_PAGE]]
            meta = {"domain": domain, "tab": name, "next": "", "total_count": len(addresses)}
            return {"data": page, "meta": meta, "links": {"next": ""}, "status": "completed"}, min(1, len(page))

        return self._started(request, f"{tab}/", {"domain": domain, "tab": name, "next": request.text("next")}, work)

    def _by_name(self, request: VendorRequest, row: Json) -> Json:
        given, family = str(row.get("first_name", "")), str(row.get("last_name", ""))
        domain = host(str(row.get("domain", "")))
        company = self.context.catalogue.by_domain(domain)
        entry: Json = {"people": f"{given} {family}", "result": []}
        address = f"{given}.{family}.sandbox@{domain}".lower()
        leading = [person.email for person in self._contacts(request, company)[:SENIOR]]
        guessed = draw(self.context.seed, "by name", address) < _SHARE_OF_ADDRESSES_GUESSED
        if company and request.knows(SOURCE, company) and (address in leading or guessed):
            entry["result"] = [{"email": address, **self._verdict(address)}] * request.times
        return entry

    def _verdict(self, email: str) -> dict[str, Any]:
        well_formed = "@" in email
        status = self._smtp_status(email) if well_formed else "not_valid"
        verdict: dict[str, Any] = {
            "smtp_status": status,
            "is_valid_format": well_formed,
            "is_disposable": False,
            "is_webmail": email.rpartition("@")[2] in _WEBMAIL,
            "is_gibberish": False,
        }
        if status == "unknown":
            verdict["unknown_status_reason"] = choice(_UNKNOWN_BECAUSE, self.context.seed, email)
        return verdict

    def _smtp_status(self, email: str) -> str:
        return "valid" if whole(1, 5, self.context.seed, "smtp", email) > 1 else "unknown"


def _counts(domain: str, contacts: int) -> Json:
    generic = len(_GENERIC) if contacts else 0
    return {
        "domain": domain,
        "prospects_count": contacts,
        "emails_count": 3 * contacts,
        "generic_contacts_count": generic,
    }


def _missing(field: str) -> Response:
    return respond(422, {"errors": {field: [f"The {field} field is required."]}})


def _hidden(email: str) -> str:
    return email.encode().hex()


def _unhidden(prospect: str) -> str:
    try:
        address = bytes.fromhex(prospect).decode()
    except ValueError:
        return ""
    return address if "@" in address else ""
