"""Apollo: people search is free and shows obfuscated names; a match costs one credit per person found.

POST mixed_people/api_search (0) -> ids -> POST people/match?id= (1)
"""

import math
from collections.abc import Mapping
from functools import cached_property, lru_cache

from starlette.responses import Response

from sandbox.calls.rate_tracking import RateWindow
from sandbox.calls.request import Json, SandboxContext, VendorRequest, VendorRoute, acceptable, respond
from sandbox.companies.catalogue import CatalogueCompany, host
from sandbox.companies.coverage import Rates
from sandbox.companies.people import Person, best_matching_first, known_people, people, title_in_the_words_of
from sandbox.seeded_random import token

SOURCE = "apollo_contacts"
_WINDOWS = {"minute": RateWindow(60, most=200), "hourly": RateWindow(3600, most=6000), "24-hour": RateWindow(86_400)}
_LIMIT_REACHED = (
    "The maximum number of api calls allowed for {path} is 600 times per hour."
    " Please upgrade your plan from https://app.apollo.io/#/settings/plans/upgrade."
)
_BAD_KEY = "Invalid API key. See https://docs.apollo.io/reference/authentication for how to authenticate."
_CREDIT_KINDS = ("direct_dial_credit", "export_credit", "conversation_credit", "ai_credit", "power_up_credit")


class Apollo:
    name = "apollo"
    windows: tuple[RateWindow, ...] = tuple(_WINDOWS.values())
    units: tuple[str, ...] = ("credit",)
    coverage: Mapping[str, Rates] = {SOURCE: Rates(0.78, {"key_contacts": 0.92})}

    def __init__(self, context: SandboxContext) -> None:
        self.context = context

    def routes(self) -> list[VendorRoute]:
        return [
            VendorRoute("POST", "/api/v1/mixed_people/api_search", self.search),
            VendorRoute("POST", "/api/v1/people/match", self.match),
            VendorRoute("POST", "/api/v1/people/bulk_match", self.bulk_match),
            VendorRoute("GET", "/api/v1/organizations/enrich", self.enrich),
            VendorRoute("POST", "/api/v1/usage_stats/credit_usage_stats", self.credits_left),
            VendorRoute("GET", "/api/v1/auth/health", self.health, free_of_key=True),
        ]

    def key_of(self, request: VendorRequest) -> str | None:
        return acceptable(request.http.headers.get("x-api-key"))

    def refuse(self, kind: str, request: VendorRequest) -> Response:
        path = request.http.url.path.removeprefix("/apollo/")
        if kind in ("bad_key", "expired_token"):
            return respond(401, _BAD_KEY)
        if kind == "http_429":
            wait = {"retry-after": str(math.ceil(request.wait))} if request.wait else {}
            return respond(429, {"message": _LIMIT_REACHED.format(path=path)}, self._usage_headers(request.key) | wait)
        if kind == "quota":
            return respond(
                422, {"error": "Insufficient credits. Please upgrade your plan.", "error_code": "INSUFFICIENT_CREDITS"}
            )
        return respond(
            int(kind.removeprefix("http_")), {"error": "Internal server error", "error_code": "UNKNOWN_ERROR"}
        )

    async def search(self, request: VendorRequest) -> Response:
        domains = [host(domain) for domain in request.texts("q_organization_domains_list")]
        wanted = request.texts("person_titles") or request.texts("person_seniorities")
        per_page, page = request.number("per_page", 10), request.number("page", 1)
        if not 1 <= per_page <= 100 or page < 1 or "_unreadable" in request.params:
            return respond(422, {"error": "Invalid parameters"})
        found: list[tuple[CatalogueCompany, Person]] = []
        for company in filter(None, map(self.context.catalogue.by_domain, domains)):
            found += [(company, person) for person in best_matching_first(self._known(request, company), wanted)]
        rows = [self._obfuscated(company, person) for company, person in found[(page - 1) * per_page : page * per_page]]
        return self._respond(request, {"total_entries": len(found), "people": rows})

    async def match(self, request: VendorRequest) -> Response:
        found = self._matched(request, request.params)
        if found is None:
            return self._respond(request, {"person": None, "request_id": self._request_id(request)})
        request.bill("credit", 1, f"people/match {found[1].slug}")
        return self._respond(
            request, {"person": self._person(request, *found), "request_id": self._request_id(request)}
        )

    async def bulk_match(self, request: VendorRequest) -> Response:
        details = request.params.get("details")
        if not isinstance(details, list):
            message = "invalid request, missing details"
            return respond(400, {"status": "failed", "error_code": "INVALID_REQUEST", "error_message": message})
        if len(details) > 10:
            message = "cannot enrich more than 10 in a single request"
            return respond(400, {"status": "failed", "error_code": "RECORD_LIMIT_EXCEEDED", "error_message": message})
        found = [self._matched(request, one) if isinstance(one, dict) else None for one in details]
        known = [one for one in found if one is not None]
        taken = request.times * len(known)
        request.bill("credit", taken, f"people/bulk_match {' '.join(person.slug for _, person in known)}")
        matches = [self._person(request, *one) if one else None for one in found]
        body = {
            "status": "success",
            "error_code": None,
            "error_message": None,
            "total_requested_enrichments": len(details),
            "unique_enriched_records": len(known),
            "missing_records": len(details) - len(known),
            "credits_consumed": taken,
            "matches": matches,
            "request_id": self._request_id(request),
        }
        return self._respond(request, body)

    async def enrich(self, request: VendorRequest) -> Response:
        asked = request.text("domain") or request.text("website") or request.text("name")
        if not asked:
            return respond(422, {"error": "Required parameter 'domain' missing"})
        company = self.context.catalogue.by_any(asked)
        if company is None or not request.knows(SOURCE, company):
            return self._respond(request, {"organization": None})
        request.bill("credit", 1, f"organizations/enrich {company.domain}")
        return self._respond(request, {"organization": self._organization(company)})

    async def credits_left(self, request: VendorRequest) -> Response:
        used = self.context.billing.invoice(request.key)["apollo"]["credit"]
        stats = {"lead_credit": {"limit": 100_000, "consumed": used, "left_over": max(0, 100_000 - used)}}
        stats |= {kind: {"limit": 1000, "consumed": 0, "left_over": 1000} for kind in _CREDIT_KINDS}
        first = self.context.clock.today().replace(day=1)
        cycle = {"start_date": f"{first}T00:00:00.000Z", "end_date": f"{first.replace(day=28)}T00:00:00.000Z"}
        return self._respond(request, {"credit_usage_stats": stats, "current_credit_cycle": cycle})

    async def health(self, request: VendorRequest) -> Response:
        """Answers without a key too, and reports whether there was a good one."""
        return respond(200, {"healthy": True, "is_logged_in": self.key_of(request) is not None})

    def _known(self, request: VendorRequest, company: CatalogueCompany) -> list[Person]:
        if not request.knows(SOURCE, company):
            return []
        return known_people(self.context.seed, SOURCE, company, filled=request.has(SOURCE, "key_contacts", company))

    @cached_property
    def _people_by_id(self) -> Mapping[str, tuple[CatalogueCompany, Person]]:
        return _people_by_id(self.context.seed, tuple(self.context.catalogue.companies))

    def _matched(self, request: VendorRequest, asked: Json) -> tuple[CatalogueCompany, Person] | None:
        slug = str(asked.get("linkedin_url") or "").rstrip("/").rpartition("/")[2]
        for name in (str(asked.get("id") or ""), slug, str(asked.get("email") or "").lower()):
            if name in self._people_by_id:
                return self._if_known(request, *self._people_by_id[name])
        company = self.context.catalogue.by_any(str(asked.get("domain") or asked.get("organization_name") or ""))
        wanted = str(asked.get("name") or f"{asked.get('first_name', '')} {asked.get('last_name', '')}").strip().lower()
        for person in people(self.context.seed, company) if company else []:
            if company and person.name.lower() == wanted:
                return self._if_known(request, company, person)
        return None

    def _if_known(
        self, request: VendorRequest, company: CatalogueCompany, person: Person
    ) -> tuple[CatalogueCompany, Person] | None:
        return (company, person) if request.knows(SOURCE, company) else None

    def _id(self, person: Person) -> str:
        return _id_of(self.context.seed, person)

    def _obfuscated(self, company: CatalogueCompany, person: Person) -> Json:
        organization = {
            "name": company.name,
            "has_industry": True,
            "has_phone": False,
            "has_city": True,
            "has_state": True,
        }
        return {
            "id": self._id(person),
            "first_name": person.given,
            "last_name_obfuscated": f"{person.family[:2]}***{person.family[-1]}",
            "title": title_in_the_words_of(self.context.seed, SOURCE, person),
            "last_refreshed_at": f"{self.context.clock.today()}T00:00:00.000+00:00",
            "has_email": True,
            "has_city": True,
            "has_state": bool(company.state),
            "has_country": True,
            "has_direct_phone": "Maybe: please request direct dial via people/bulk_match",
            "organization": {
                **organization,
                "has_country": True,
                "has_zip_code": False,
                "has_revenue": False,
                "has_employee_count": True,
            },
        }

    def _person(self, request: VendorRequest, company: CatalogueCompany, person: Person) -> Json:
        title = title_in_the_words_of(self.context.seed, SOURCE, person)
        reachable = request.fault != "partial"
        return {
            "id": self._id(person),
            "first_name": person.given,
            "last_name": person.family,
            "name": person.name,
            "linkedin_url": person.linkedin.replace("https://", "http://"),
            "title": title,
            "email_status": "verified" if reachable else "unavailable",
            "photo_url": None,
            "twitter_url": None,
            "github_url": None,
            "facebook_url": None,
            "extrapolated_email_confidence": None,
            "headline": person.headline(company),
            "email": person.email if reachable else None,
            "organization_id": token(24, self.context.seed, "organization", company.domain),
            "employment_history": [],
            "state": company.state or None,
            "city": company.city,
            "country": "United States" if company.country == "US" else company.country,
            "revealed_for_current_team": True,
            "organization": self._organization(company),
            "is_likely_to_engage": False,
            "departments": [person.department],
            "subdepartments": [],
            "functions": [person.department],
            "seniority": person.seniority,
        }

    def _organization(self, company: CatalogueCompany) -> Json:
        industry = self.context.coverage.industry(company).snov.lower()
        return {
            "id": token(24, self.context.seed, "organization", company.domain),
            "name": company.name,
            "website_url": f"http://www.{company.domain}",
            "linkedin_url": f"http://www.linkedin.com/company/sandbox-{company.slug}",
            "primary_phone": {},
            "languages": [],
            "phone": None,
            "founded_year": int(company.founded) if company.founded else None,
            "publicly_traded_symbol": company.ticker.lower() or None,
            "primary_domain": company.domain,
            "industry": industry,
            "keywords": [],
            "estimated_num_employees": self.context.coverage.headcount(SOURCE, company),
            "industries": [industry],
            "secondary_industries": [],
            "city": company.city,
            "state": company.state or None,
            "country": "United States" if company.country == "US" else company.country,
            "technology_names": [],
            "current_technologies": [],
        }

    def _respond(self, request: VendorRequest, body: Json) -> Response:
        return respond(200, body, self._usage_headers(request.key))

    def _usage_headers(self, key: str) -> dict[str, str]:
        """Nine headers; an unlimited window is an empty text."""
        headers: dict[str, str] = {}
        for name, window in _WINDOWS.items():
            used = self.context.rates.used(self.name, key, window)
            headers[f"x-rate-limit-{name}"] = str(window.most) if window.most else ""
            headers[f"x-{name}-usage"] = str(used) if window.most else ""
            headers[f"x-{name}-requests-left"] = str(max(0, window.most - used)) if window.most else ""
        return headers

    def _request_id(self, request: VendorRequest) -> int:
        return int(token(15, self.context.seed, request.key, str(sorted(request.params.items()))), 16)


@lru_cache(maxsize=2)
def _people_by_id(seed: int, companies: tuple[CatalogueCompany, ...]) -> Mapping[str, tuple[CatalogueCompany, Person]]:
    """All people by id, LinkedIn slug and e-mail."""
    found: dict[str, tuple[CatalogueCompany, Person]] = {}
    for company in companies:
        for person in people(seed, company):
            for name in (_id_of(seed, person), person.slug, person.email):
                found[name] = (company, person)
    return found


def _id_of(seed: int, person: Person) -> str:
    return token(24, seed, "apollo", person.email)
