"""The endpoint that the users' clients have used before there was this service: its answer has more than theirs had."""

from fastapi import APIRouter, Request, Response
from pydantic import Field

from service.answers.enrichments import enriched
from service.http.access import Enricher
from service.http.bodies import VendorEnrichBody
from service.http.calls import MOST_SECONDS, IdempotencyHeader, idempotency_key, place_kept, say_if_replayed
from service.installation.state import Installed
from service.problems import BODY, problems
from service.views.enrichments import EnrichmentView

router = APIRouter(prefix="/vendor", tags=["vendor"])


class VendorEnrichment(EnrichmentView):
    """An enrichment, and the names that the old clients read."""

    request_id: str = Field(serialization_alias="requestId")
    company_name: str = Field(serialization_alias="companyName")
    status: str


@router.post(
    "/enrich",
    responses={
        202: {"model": VendorEnrichment, "description": "Accepted; `Location` has its state"},
        **problems("ambiguous_company", "refused_by_cap", "busy", *BODY),
    },
)
async def vendor_enrich(
    body: VendorEnrichBody,
    request: Request,
    response: Response,
    caller: Enricher,
    state: Installed,
    idempotency: IdempotencyHeader = None,
) -> VendorEnrichment:
    """A profile for `vendor_enrichment`: waits for it, or with `"async": true` answers 202 with the request's id."""
    key = await idempotency_key(idempotency, request, caller)
    wait = 0.0 if body.is_async else MOST_SECONDS
    answered = await enriched(body.ask(caller), caller, state, key=key, wait_seconds=wait, place=place_kept(request))
    say_if_replayed(response, answered.replayed)
    if not answered.has_ended:
        response.status_code = 202
        response.headers["Location"] = answered.view.links["self"]
    return as_clients_read_it(answered.unless_refused(), body)


def as_clients_read_it(view: EnrichmentView, body: VendorEnrichBody) -> VendorEnrichment:
    return VendorEnrichment(**dict(view), request_id=view.id, company_name=body.company_name, status=view.state)
