"""Apollo: people search is free and shows obfuscated names; a match costs one credit per person found.

POST mixed_people/api_search (0) -> ids -> POST people/match?id= (1)
"""

import math
from functools import cached_property

from starlette.responses import Response

from sandbox.catalogue import Company, host
from sandbox.people import Person, best_matching_first, known_people, people, title_in_the_words_of
from sandbox.rate_tracking import Window
from sandbox.request import Call, Endpoint, Json, World, acceptable, say
from sandbox.seeded_random import token

SOURCE = "apollo_contacts"
_WINDOWS = {"minute": Window(60, most=200), "hourly": Window(3600, most=6000), "24-hour": Window(86_400)}
_LIMIT_REACHED = (
    "The maximum number of api calls allowed for {path} is 600 times per hour."
    " Please upgrade your plan from https://app.apollo.io/#/settings/plans/upgrade."
)
_BAD_KEY = "Invalid API key. See https://docs.apollo.io/reference/authentication for how to authenticate."
_CREDIT_KINDS = ("direct_dial_credit", "export_credit", "conversation_credit", "ai_credit", "power_up_credit")


class Apollo:
    name = "apollo"
    windows: tuple[Window, ...] = tuple(_WINDOWS.values())

    def __init__(self, world: World) -> None:
        self.world = world

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint("POST", "/api/v1/mixed_people/api_search", self.search),
            Endpoint("POST", "/api/v1/people/match", self.match),
            Endpoint("POST", "/api/v1/people/bulk_match", self.bulk_match),
            Endpoint("GET", "/api/v1/organizations/enrich", self.enrich),
            Endpoint("POST", "/api/v1/usage_stats/credit_usage_stats", self.credits_left),
            Endpoint("GET", "/api/v1/auth/health", self.health, free_of_key=True),
        ]

    def key_of(self, call: Call) -> str | None:
        return acceptable(call.request.headers.get("x-api-key"))

    def refuse(self, kind: str, call: Call) -> Response:
        path = call.request.url.path.removeprefix("/apollo/")
        if kind in ("bad_key", "expired_token"):
            return say(401, _BAD_KEY)
        if kind == "http_429":
            told = {"retry-after": str(math.ceil(call.wait))} if call.wait else {}
            return say(429, {"message": _LIMIT_REACHED.format(path=path)}, self._usage_headers(call.key) | told)
        if kind == "quota":
            return say(
                422, {"error": "Insufficient credits. Please upgrade your plan.", "error_code": "INSUFFICIENT_CREDITS"}
            )
        return say(int(kind.removeprefix("http_")), {"error": "Internal server error", "error_code": "UNKNOWN_ERROR"})

    async def search(self, call: Call) -> Response:
        domains = [host(domain) for domain in call.texts("q_organization_domains_list")]
        wanted = call.texts("person_titles") or call.texts("person_seniorities")
        per_page, page = call.number("per_page", 10), call.number("page", 1)
        if not 1 <= per_page <= 100 or page < 1 or "_unreadable" in call.params:
            return say(422, {"error": "Invalid parameters"})
        found: list[tuple[Company, Person]] = []
        for company in filter(None, map(self.world.catalogue.by_domain, domains)):
            found += [(company, person) for person in best_matching_first(self._known(call, company), wanted)]
        rows = [self._obfuscated(company, person) for company, person in found[(page - 1) * per_page : page * per_page]]
        return self._say(call, {"total_entries": len(found), "people": rows})

    async def match(self, call: Call) -> Response:
        found = self._matched(call, call.params)
        if found is None:
            return self._say(call, {"person": None, "request_id": self._request_id(call)})
        call.bill("credit", 1, f"people/match {found[1].slug}")
        return self._say(call, {"person": self._person(call, *found), "request_id": self._request_id(call)})

    async def bulk_match(self, call: Call) -> Response:
        details = call.params.get("details")
        if not isinstance(details, list):
            message = "invalid request, missing details"
            return say(400, {"status": "failed", "error_code": "INVALID_REQUEST", "error_message": message})
        if len(details) > 10:
            message = "cannot enrich more than 10 in a single request"
            return say(400, {"status": "failed", "error_code": "RECORD_LIMIT_EXCEEDED", "error_message": message})
        found = [self._matched(call, one) if isinstance(one, dict) else None for one in details]
        known = [one for one in found if one is not None]
        taken = call.times * len(known)
        call.bill("credit", taken, f"people/bulk_match {' '.join(person.slug for _, person in known)}")
        matches = [self._person(call, *one) if one else None for one in found]
        body = {
            "status": "success",
            "error_code": None,
            "error_message": None,
            "total_requested_enrichments": len(details),
            "unique_enriched_records": len(known),
            "missing_records": len(details) - len(known),
            "credits_consumed": taken,
            "matches": matches,
            "request_id": self._request_id(call),
        }
        return self._say(call, body)

    async def enrich(self, call: Call) -> Response:
        asked = call.text("domain") or call.text("website") or call.text("name")
        if not asked:
            return say(422, {"error": "Required parameter 'domain' missing"})
        company = self.world.catalogue.by_any(asked)
        if company is None or not call.knows(SOURCE, company):
            return self._say(call, {"organization": None})
        call.bill("credit", 1, f"organizations/enrich {company.domain}")
        return self._say(call, {"organization": self._organization(company)})

    async def credits_left(self, call: Call) -> Response:
        used = self.world.books.invoice(call.key)["apollo"]["credit"]
        stats = {"lead_credit": {"limit": 100_000, "consumed": used, "left_over": max(0, 100_000 - used)}}
        stats |= {kind: {"limit": 1000, "consumed": 0, "left_over": 1000} for kind in _CREDIT_KINDS}
        first = self.world.clock.today().replace(day=1)
        cycle = {"start_date": f"{first}T00:00:00.000Z", "end_date": f"{first.replace(day=28)}T00:00:00.000Z"}
        return self._say(call, {"credit_usage_stats": stats, "current_credit_cycle": cycle})

    async def health(self, call: Call) -> Response:
        """Answers without a key too, and says whether there was a good one."""
        return say(200, {"healthy": True, "is_logged_in": self.key_of(call) is not None})

    def _known(self, call: Call, company: Company) -> list[Person]:
        if not call.knows(SOURCE, company):
            return []
        return known_people(self.world.seed, SOURCE, company, filled=call.has(SOURCE, "key_contacts", company))

    @cached_property
    def _everybody(self) -> dict[str, tuple[Company, Person]]:
        """Everybody by id, LinkedIn slug and e-mail."""
        found: dict[str, tuple[Company, Person]] = {}
        for company in self.world.catalogue.companies:
            for person in people(self.world.seed, company):
                for name in (self._id(person), person.slug, person.email):
                    found[name] = (company, person)
        return found

    def _matched(self, call: Call, asked: Json) -> tuple[Company, Person] | None:
        slug = str(asked.get("linkedin_url") or "").rstrip("/").rpartition("/")[2]
        for name in (str(asked.get("id") or ""), slug, str(asked.get("email") or "").lower()):
            if name in self._everybody:
                return self._if_known(call, *self._everybody[name])
        company = self.world.catalogue.by_any(str(asked.get("domain") or asked.get("organization_name") or ""))
        wanted = str(asked.get("name") or f"{asked.get('first_name', '')} {asked.get('last_name', '')}").strip().lower()
        for person in people(self.world.seed, company) if company else []:
            if company and person.name.lower() == wanted:
                return self._if_known(call, company, person)
        return None

    def _if_known(self, call: Call, company: Company, person: Person) -> tuple[Company, Person] | None:
        return (company, person) if call.knows(SOURCE, company) else None

    def _id(self, person: Person) -> str:
        return token(24, self.world.seed, "apollo", person.email)

    def _obfuscated(self, company: Company, person: Person) -> Json:
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
            "title": title_in_the_words_of(self.world.seed, SOURCE, person),
            "last_refreshed_at": f"{self.world.clock.today()}T00:00:00.000+00:00",
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

    def _person(self, call: Call, company: Company, person: Person) -> Json:
        title = title_in_the_words_of(self.world.seed, SOURCE, person)
        reachable = call.fault != "partial"
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
            "organization_id": token(24, self.world.seed, "organization", company.domain),
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

    def _organization(self, company: Company) -> Json:
        industry = self.world.knowledge.industry(SOURCE, company).snov.lower()
        return {
            "id": token(24, self.world.seed, "organization", company.domain),
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
            "estimated_num_employees": self.world.knowledge.headcount(SOURCE, company),
            "industries": [industry],
            "secondary_industries": [],
            "city": company.city,
            "state": company.state or None,
            "country": "United States" if company.country == "US" else company.country,
            "technology_names": [],
            "current_technologies": [],
        }

    def _say(self, call: Call, body: Json) -> Response:
        return say(200, body, self._usage_headers(call.key))

    def _usage_headers(self, key: str) -> dict[str, str]:
        """Nine headers; an unlimited window is an empty text."""
        headers: dict[str, str] = {}
        for name, window in _WINDOWS.items():
            used = self.world.traffic.used(self.name, key, window)
            headers[f"x-rate-limit-{name}"] = str(window.most) if window.most else ""
            headers[f"x-{name}-usage"] = str(used) if window.most else ""
            headers[f"x-{name}-requests-left"] = str(max(0, window.most - used)) if window.most else ""
        return headers

    def _request_id(self, call: Call) -> int:
        return int(token(15, self.world.seed, call.key, str(sorted(call.params.items()))), 16)
