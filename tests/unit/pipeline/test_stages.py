"""What stages hand one another is flat, and can be handed from process to process."""

import pickle
from collections.abc import Sequence

import pytest

from enrichment.domain.knowledge import Known
from enrichment.domain.requests import SourceFailure
from enrichment.pipeline.stages import Analysed, Ask, Collected, Identified, Planned, RequestUnderWay, request_for
from enrichment.planning.plan import make_plan
from enrichment.planning.plan_inputs import PlanInputs
from tests.support.examples import MATRIX, NOON, acme, known_from

ASK = Ask("acme.com")
REQUIREMENTS = ASK.requirements(MATRIX)
REQUEST = request_for(ASK, REQUIREMENTS, acme(), MATRIX, NOON, request_id="req_1")
KNOWN = known_from(("brightdata_company_db", ["industry"]))
PLAN = make_plan(PlanInputs(MATRIX, REQUIREMENTS, acme(), Known(), REQUEST.strategy, NOON))
FAILED = (SourceFailure("serp_news", "serpapi", "OverCap", "it may cost too much"),)
COMMON = (ASK, acme(), REQUEST, REQUIREMENTS, (), (), FAILED)
STAGES: Sequence[RequestUnderWay] = (
    Identified(*COMMON),
    Planned(*COMMON, plan=PLAN, known=KNOWN),
    Collected(*COMMON, plan=PLAN, known=KNOWN),
    Analysed(
        *COMMON, plan=PLAN, known=KNOWN, analyses=(), analysis_facts=(), analysis_purchases=(), gaps={"growth": "down"}
    ),
)


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: type(stage).__name__)
def test_what_a_stage_hands_on_is_the_same_in_another_process(stage: RequestUnderWay) -> None:
    there = pickle.loads(pickle.dumps(stage))  # noqa: S301  our own bytes
    assert there == stage
    assert (there.company, there.request, there.failures) == (acme(), REQUEST, FAILED)
