"""Nobody waits for a batch: a second costs nothing in its plans."""

from pathlib import Path

from enrichment.batches.worker import WorkerOptions, ask_of
from enrichment.domain.batches import Batch
from enrichment.domain.knowledge import Known
from enrichment.pipeline.stages import Ask, asked_before, request_for
from enrichment.planning.plan import make_plan
from enrichment.planning.plan_inputs import PlanInputs
from enrichment.rules.loader import load_rules
from tests.support.examples import NOON, acme

RULES = load_rules(Path("config"))
BOTH = ("profile", "customer_enrichment")


def of_batch(consumers: tuple[str, ...]) -> Ask:
    return ask_of(Batch("bat_1", NOON, consumers, "ana"), acme(), WorkerOptions())


def chosen_sources(ask: Ask) -> set[str]:
    plan = make_plan(PlanInputs(RULES, ask.requirements(RULES), acme(), Known(), "enhanced", NOON))
    return {source.source for source in plan.sources if source.verdict == "chosen"}


def test_a_second_has_the_value_that_its_consumer_gives_it_where_a_person_waits_and_none_in_a_batch() -> None:
    assert Ask("acme.com", BOTH).requirements(RULES).value_of_time == 10_000
    assert of_batch(BOTH).requirements(RULES).value_of_time == 0


def test_a_slow_source_that_a_person_would_not_wait_for_is_bought_in_a_batch() -> None:
    assert "brightdata_intent_data" in chosen_sources(of_batch(BOTH))


def test_a_request_of_a_batch_is_asked_once_more_as_it_was() -> None:
    ask = of_batch(BOTH)
    request = request_for(ask, ask.requirements(RULES), acme(), RULES, NOON, request_id="req_1")
    assert asked_before(request, acme()).requirements(RULES).value_of_time == 0
