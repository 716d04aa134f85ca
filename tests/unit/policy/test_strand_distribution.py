"""What is worked out piece by piece, and kept for other companies, is what following all executions comes to."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from enrichment.domain.records import Known
from enrichment.memory.freshness import DatasetStatus, answered_datasets, dataset_statuses
from enrichment.planning.eligibility import Eligibility
from enrichment.planning.plan_template import Situation, decided
from enrichment.policy import Offer, Problem, compile_policy, start
from enrichment.policy.cache import PolicyCache
from enrichment.policy.execution_forecast import executed, in_pieces, outlook
from enrichment.policy.execution_model import Call, Course, Strand
from enrichment.policy.strand_distribution import came_to
from enrichment.requirements.requirements import requirements_of
from tests.support.examples import EXAMPLES, NOON, SHIPPED, acme, known_from


def strands_of(known: Known, consumer: str, strategy: str, policies: PolicyCache) -> list[Course]:
    """What is left of a company, each strand as if it were alone."""
    requirements, now = requirements_of(SHIPPED, (consumer,)), NOON + timedelta(hours=1)
    stands = dataset_statuses(SHIPPED, requirements, known, now)
    eligibility = Eligibility(
        rules=SHIPPED,
        requirements=requirements,
        company=acme(),
        statuses={
            d: DatasetStatus.without_facts(open_=stand.open, sources=stand.sources) for d, stand in stands.items()
        },
        answered=answered_datasets(SHIPPED, requirements, known, now),
        pursued=frozenset(d for d, stand in stands.items() if stand.open),
        unavailable={},
        spent={},
        request_id="",
        now=now,
    )
    situation = Situation(eligibility, strategy, policies)
    drawn = decided(situation)
    course = replace(situation.course(drawn.problems, drawn.policy), limits=(), afterwards=())
    return [course.only((strand,)) for strand in course.strands]


def some_memory(rng: Random) -> Known:
    def answers(source: str) -> list[str]:
        promised = [dataset for dataset in SHIPPED.sources[source].datasets if dataset in EXAMPLES]
        return [dataset for dataset in promised if rng.random() < 0.5] if rng.random() < 0.6 else []

    return known_from(*((s, answers(s)) for s in rng.sample(sorted(SHIPPED.sources), rng.randint(2, 7))))


@pytest.mark.parametrize("strategy", ["enhanced", "priority"])
@pytest.mark.parametrize("consumer", ["profile", "vendor_enrichment", "customer_enrichment"])
def test_pieces_of_many_companies_come_to_what_their_executions_do(consumer: str, strategy: str) -> None:
    policies, rng, worked_out = PolicyCache(), Random(f"{consumer} {strategy}"), 0
    for _ in range(12):
        for course in strands_of(some_memory(rng), consumer, strategy, policies):
            came, run = came_to(course), executed(course).followed()
            assert came is not None
            found = in_pieces(course, came)
            assert (found.vendors, found.last_resorts) == pytest.approx((run.vendors, run.last_resorts), abs=1e-3)
            for name in ("costs", "waits", "satisfied", "asked", "resorted"):
                assert getattr(found, name) == pytest.approx(getattr(run, name), abs=1e-9), name
            worked_out += 1
    assert worked_out > 10


def course_of(problem: Problem, strategy: str = "enhanced") -> Course:
    strand = Strand(compile_policy(strategy, problem), start(problem), problem.required)
    calls = tuple(
        Call(o.source, o.price_asked, o.price_matched, 0, o.match_rate, o.fill_rates, (), o.seconds)
        for o in problem.offers
    )
    return Course(calls, (strand,), start(problem).unsatisfied)


DB = Offer("db", 100, 0, 0.9, (("industry", 0.8),), seconds=2.0)
WEB = Offer("web", 150, 0, 0.9, (("industry", 0.7),), seconds=3.0)
WANTED = Problem((DB, WEB), frozenset({"industry"}), ())


def test_a_chain_of_two_is_what_one_computes_by_hand() -> None:
    found = came_to(course_of(WANTED))
    assert found is not None
    assert found.costs == pytest.approx({100: 0.72, 250: 0.28})
    assert found.waits == pytest.approx({2000: 0.72, 5000: 0.28})
    assert found.asked == pytest.approx({"db": 1.0, "web": 0.28})
    assert found.resorted == {}
    assert found.open == pytest.approx({"industry": 0.28 * 0.37})


@pytest.mark.parametrize(
    "problem",
    [
        replace(WANTED, value_of_time=10),
        replace(WANTED, offers=(DB, replace(WEB, price_asked=1_000_003))),
    ],
)
def test_what_is_asked_together_or_priced_without_a_common_measure_is_followed_in_executions(problem: Problem) -> None:
    course = course_of(problem)
    assert came_to(course) is None
    assert outlook(course).exact


def test_another_price_under_the_same_policy_is_not_mixed_up_with_the_first() -> None:
    """Also where it makes the common measure finer."""
    first = course_of(WANTED)
    dearer = replace(first, calls=(replace(first.calls[0], price_asked=130), first.calls[1]))
    assert [max(came.costs) for course in (first, dearer, first) if (came := came_to(course))] == [250, 280, 250]


def test_a_legacy_course_is_not_in_pieces() -> None:
    assert came_to(course_of(WANTED, "legacy")) is None
