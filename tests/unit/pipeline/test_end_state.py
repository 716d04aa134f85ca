"""A request is refused by a cap only where a higher cap might have brought what is missing."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import pytest

from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Known
from enrichment.domain.requests import SourceFailure
from enrichment.pipeline.end_state import end_state
from enrichment.pipeline.stages import Analysed, Ask, request_for
from enrichment.planning.plan import make_plan
from enrichment.planning.plan_inputs import PlanInputs
from tests.support.examples import MATRIX, NOON, acme, known_from


def ended(ask: Ask, *too_dear: str, company: Company | None = None, known: Known | None = None) -> Analysed:
    """A request in which these sources did not fit a cap when their turn came."""
    company, known, requirements = company or acme(), known or Known(), ask.requirements(MATRIX)
    request = request_for(ask, requirements, company, MATRIX, NOON, request_id="req_1")
    failures = tuple(SourceFailure(source, "a vendor", "OverCap", "dear") for source in too_dear)
    return Analysed(
        *(ask, company, request, requirements, (), (), failures),
        plan=make_plan(PlanInputs(MATRIX, requirements, company, known, request.strategy, NOON)),
        known=known,
        analyses=(),
        analysis_facts=(),
        analysis_purchases=(),
        gaps={},
    )


VENDOR = Ask("acme.com", ("vendor_enrichment",))
UNNAMED = acme(domain=None)
POSITIONING = Ask("acme.com", datasets=("company_products",))
INDUSTRY = Ask("Acme", datasets=("industry",))


@pytest.mark.parametrize(
    ("analysed", "missing", "state"),
    [
        (partial(ended, VENDOR), (), "complete"),
        (partial(ended, VENDOR, "serp_news"), (), "complete"),
        (partial(ended, VENDOR), ("industry",), "incomplete"),
        (partial(ended, VENDOR, "serp_news"), ("industry",), "incomplete"),
        (partial(ended, VENDOR, "serp_news", "brightdata_firmographics"), ("industry",), "refused"),
        (partial(ended, VENDOR, "analysis:growth"), ("analysis:growth",), "refused"),
        (partial(ended, VENDOR), ("analysis:growth",), "incomplete"),
        (partial(ended, replace(VENDOR, max_cost=0)), ("industry",), "refused"),
        (partial(ended, INDUSTRY, "google_knowledge_graph", company=UNNAMED), ("industry",), "refused"),
        (partial(ended, INDUSTRY, "google_knowledge_graph"), ("industry",), "incomplete"),
        (partial(ended, POSITIONING, "google_knowledge_graph"), ("company_products",), "refused"),
        (partial(ended, POSITIONING, "serp_news"), ("company_products",), "incomplete"),
        (
            partial(
                ended,
                POSITIONING,
                "google_knowledge_graph",
                known=known_from(("brightdata_company_db", ["company_description"])),
            ),
            ("company_products",),
            "incomplete",
        ),
    ],
    ids=[
        "nothing is missing",
        "only something optional did not fit",
        "all fitted, and no source knew it",
        "no source knew it, and a source of something else did not fit",
        "a source of it did not fit when it was to be asked",
        "a cap left too little for the analysis",
        "the analysis failed for another reason",
        "the plan left all sources out",
        "what would have found the domain that its sources need did not fit",
        "its domain is known, and what would find it does not matter",
        "what an analysis needs for it did not fit",
        "what did not fit is nothing that its analysis needs",
        "what its analysis needs is there all the same",
    ],
)
def test_a_request_is_refused_only_if_what_did_not_fit_could_have_answered_what_is_missing(
    analysed: Callable[[], Analysed], missing: Sequence[str], state: str
) -> None:
    assert end_state(analysed(), missing, MATRIX) == state
