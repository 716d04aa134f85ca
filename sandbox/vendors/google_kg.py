"""Google Knowledge Graph Search: entities by name. One search is charged per reply of status 200."""

from collections.abc import Mapping

from starlette.responses import Response

from sandbox.calls.rate_tracking import RateWindow
from sandbox.calls.request import Json, SandboxContext, VendorRequest, VendorRoute, acceptable, respond
from sandbox.companies.catalogue import CatalogueCompany
from sandbox.companies.coverage import Rates
from sandbox.companies.descriptions import description
from sandbox.companies.traps import (
    LookAlike,
    former_name,
    namesake,
    no_company,
    platform_page,
    same_name,
    subsidiary,
    traps_of,
)
from sandbox.seeded_random import draw, token

SOURCE = "google_knowledge_graph"
_CONTEXT = {
    "@vocab": "http://schema.org/",
    "goog": "http://schema.googleapis.com/",
    "EntitySearchResult": "goog:EntitySearchResult",
    "detailedDescription": "goog:detailedDescription",
    "resultScore": "goog:resultScore",
    "kg": "http://g.co/kg",
}
_REFUSALS = {
    "bad_key": (400, "API key not valid. Please pass a valid API key.", "INVALID_ARGUMENT"),
    "expired_token": (403, "The request is missing a valid API key.", "PERMISSION_DENIED"),
    "quota": (
        429,
        "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per day'.",
        "RESOURCE_EXHAUSTED",
    ),
    "http_429": (
        429,
        "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute'.",
        "RESOURCE_EXHAUSTED",
    ),
    "http_500": (500, "Internal error encountered.", "INTERNAL"),
    "http_502": (502, "Bad gateway.", "UNAVAILABLE"),
    "http_503": (503, "The service is currently unavailable.", "UNAVAILABLE"),
}


class GoogleKnowledgeGraph:
    name = "google_kg"
    windows: tuple[RateWindow, ...] = (RateWindow(60),)
    units: tuple[str, ...] = ("search",)
    coverage: Mapping[str, Rates] = {
        SOURCE: Rates(0.75, {"company_name": 1.0, "domain": 0.85, "company_description": 0.90})
    }

    def __init__(self, context: SandboxContext) -> None:
        self.context = context

    def routes(self) -> list[VendorRoute]:
        return [VendorRoute("GET", "/v1/entities:search", self.search)]

    def key_of(self, request: VendorRequest) -> str | None:
        return acceptable(request.text("key") or request.http.headers.get("x-goog-api-key"))

    def refuse(self, kind: str, _request: VendorRequest) -> Response:
        status, message, name = _REFUSALS[kind]
        return respond(status, {"error": {"code": status, "message": message, "status": name}})

    async def search(self, request: VendorRequest) -> Response:
        query = request.text("query")
        if not query and not request.text("ids"):
            message = "Request contains an invalid argument: one of query and ids is required."
            return respond(400, {"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}})
        catalogue = self.context.catalogue
        company = catalogue.by_any(query) or catalogue.in_text(query) or catalogue.by_beginning(query)
        entities = self._entities(request, company) if company and request.knows(SOURCE, company) else []
        request.bill("search", request.times, query)
        found = entities[: max(1, request.number("limit", 20))]
        return respond(200, {"@context": _CONTEXT, "@type": "ItemList", "itemListElement": found})

    def _entities(self, request: VendorRequest, company: CatalogueCompany) -> list[Json]:
        """The company, between what comes up for its name with a better and with a worse score."""
        seed = self.context.seed
        traps, score = traps_of(seed, SOURCE, company), 500 + 4000 * draw(seed, "kg score", company.domain)
        better = [namesake(seed, company), no_company(seed, company)] if "namesake" in traps else []
        better += [same_name(seed, company)] if "same_name" in traps else []
        better += [subsidiary(seed, SOURCE, company)] if "subsidiary" in traps else []
        worse = [no_company(seed, company)] if draw(seed, "kg namesake", company.domain) < 0.2 else []
        return [
            *(_hit(self._look_alike(one), score * 7 / place) for place, one in enumerate(better, 1)),
            _hit(self._company(request, company), score),
            *(_hit(self._look_alike(one), score / 7) for one in worse),
        ]

    def _look_alike(self, one: LookAlike) -> Json:
        return {
            "@id": f"kg:/m/{token(7, self.context.seed, 'look-alike', one.name, one.website)}",
            "name": one.name,
            "@type": list(one.types),
            "description": f"{one.types[-1]} (sandbox, invented)",
            "url": one.website,
        }

    def _company(self, request: VendorRequest, company: CatalogueCompany) -> Json:
        seed, kind = self.context.seed, self.context.coverage.industry(company).google
        traps = traps_of(seed, SOURCE, company)
        entity: Json = {
            "@id": f"kg:/m/{token(7, seed, 'kg', company.domain)}",
            "name": former_name(seed, SOURCE, company) if "former_name" in traps else company.name,
            "@type": ["Organization", "Corporation", "Thing"],
        }
        if request.has(SOURCE, "company_description", company):
            entity["description"] = "Company"
            entity["detailedDescription"] = {
                "articleBody": description(seed, SOURCE, company, kind=kind),
                "url": f"https://sandbox.example/encyclopedia/{company.slug}",
                "license": "https://sandbox.example/license",
            }
        if request.has(SOURCE, "domain", company):
            entity["url"] = f"https://www.{company.domain}/"
        if "platform_page" in traps:
            entity["url"] = platform_page(seed, SOURCE, company)
        return entity


def _hit(entity: Json, score: float) -> Json:
    return {"@type": "EntitySearchResult", "result": entity, "resultScore": round(score, 3)}
