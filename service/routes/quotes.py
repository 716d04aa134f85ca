"""What a request would cost, before anything is bought."""

from fastapi import APIRouter

from service.answers.enrichments import quoted
from service.http.access import Reader
from service.http.bodies import AskBody
from service.installation.state import Installed
from service.problems import BODY, problems
from service.views.enrichments import QuoteView

router = APIRouter(prefix="/v1/quotes", tags=["enrichments"])


@router.post("", status_code=201, responses=problems("ambiguous_company", "not_a_company", "unknown_name", *BODY))
async def quote(body: AskBody, caller: Reader, state: Installed) -> QuoteView:
    """The plan with its costs, and an id to accept it by within ten minutes. Nothing is bought."""
    return await quoted(body.ask(caller), caller, state)
