"""Plans for many companies from one count in the store are the plans each would get by itself."""

from dataclasses import replace
from random import Random

import pytest

from bench.planner.generated_store import NOW, store_of
from bench.planner.policy_forecast import forecast
from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Known
from enrichment.memory.company_kind import KIND_DATASETS, known_kinds
from enrichment.memory.freshness import answered_datasets, missed_and_matched
from enrichment.memory.reliability import with_current_reliability
from enrichment.planning.bulk.planner import BulkInputs, Group, plan_many
from enrichment.planning.bulk.state_counts import ReplyStates, pairs_of
from enrichment.planning.plan import Plan, make_plan
from enrichment.planning.plan_inputs import PlanInputs
from enrichment.policy.problem import start
from enrichment.rules import LearnedLine, Rules
from enrichment.rules.learned import as_learned
from enrichment.rules.requirements import Requirements, requirements_of
from resources.store import SqlStore
from tests.support.examples import MATRIX
from tests.support.ledger_records import answered, draft, reply_of, sent

SEED = 20_260_331
COMPANIES = 48


@pytest.fixture(scope="module")
def full_store(tmp_path_factory: pytest.TempPathFactory) -> SqlStore:
    return store_of(f"sqlite:///{tmp_path_factory.mktemp('many') / 'store.sqlite'}", MATRIX, COMPANIES, SEED)


def groups_of(
    store: SqlStore, rules: Rules, requirements: Requirements, strategy: str = "enhanced"
) -> tuple[Group, ...]:
    return plan_many(
        BulkInputs(rules, requirements, NOW, {}, {}),
        store.companies.all(),
        reply_states_of(store, rules, requirements),
        known_of=store.knowledge.known_many,
        strategy_of=lambda _: strategy,
        kinds=known_kinds(store.knowledge.newest_values(KIND_DATASETS)) if rules.by_kind else {},
    )


def reply_states_of(store: SqlStore, rules: Rules, requirements: Requirements) -> ReplyStates:
    pairs = pairs_of(rules, requirements, NOW)
    return ReplyStates(pairs, store.knowledge.reply_states(pairs))


def plan_alone(
    store: SqlStore, rules: Rules, requirements: Requirements, company: Company, strategy: str = "enhanced"
) -> Plan:
    known = store.knowledge.known(company.company_id)
    mine = Known() if strategy == "legacy" else Known(known.replies, with_current_reliability(rules, known.facts))
    return make_plan(PlanInputs(rules, requirements, company, mine, strategy=strategy, now=NOW, unavailable={}))


def assert_same(store: SqlStore, rules: Rules, requirements: Requirements, strategy: str = "enhanced") -> None:
    groups = groups_of(store, rules, requirements, strategy)
    assert sorted(c.company_id for group in groups for c in group.companies) == sorted(
        c.company_id for c in store.companies.all()
    )
    for group in groups:
        for company in group.companies:
            plan = plan_alone(store, rules, requirements, company, strategy)
            assert group.missing == {d.dataset for d in plan.datasets if d.status == "unsatisfied"}
            assert group.first == first_of(plan)
            known = store.knowledge.known(company.company_id)
            told = missed_and_matched(known, answered_datasets(rules, requirements, known, NOW))
            assert group.expected_micro_usd == pytest.approx(by_policy_alone(plan, *told), abs=1)


def first_of(plan: Plan) -> set[str]:
    """The sources its parts ask first; where caps may bind, as far as they let them."""
    if plan.in_turn:
        return {source for part in plan.parts for source in (part.chain or ((),))[0]}
    return {source for part in plan.parts for source in plan.policy(part).next(start(part.problem))}


def by_policy_alone(plan: Plan, missed: frozenset[str], matched: frozenset[str]) -> float:
    """What a quote says of vendors, before caps that bind on the way, redundancy and last resorts."""
    states = ((part, replace(start(part.problem), missed=missed, matched=matched)) for part in plan.parts)
    return sum(forecast(plan.policy(part), part.problem, state).expected_cost for part, state in states)


@pytest.mark.parametrize("consumer", ["profile", "vendor_enrichment", "customer_enrichment"])
def test_every_company_gets_the_plan_it_would_get_alone(full_store: SqlStore, consumer: str) -> None:
    assert_same(full_store, MATRIX, requirements_of(MATRIX, [consumer]))


@pytest.mark.parametrize(
    ("strategy", "consumer"), [("priority", "profile"), ("legacy", "profile"), ("priority", "vendor_enrichment")]
)
def test_other_strategies_are_planned_alike(full_store: SqlStore, strategy: str, consumer: str) -> None:
    assert_same(full_store, MATRIX, requirements_of(MATRIX, [consumer]), strategy)


@pytest.mark.parametrize("strategy", ["enhanced", "priority"])
def test_a_reply_still_fresh_for_some_of_its_datasets_is_asked_again_for_the_others(
    full_store: SqlStore, strategy: str
) -> None:
    ages = {"employee_count": 3 * 86_400, "company_description": 20 * 86_400}
    requirements = replace(requirements_of(MATRIX, ["profile"]), max_age=ages)
    assert_same(full_store, MATRIX, requirements, strategy)


@pytest.mark.parametrize("strategy", ["enhanced", "priority"])
def test_where_time_has_a_value_the_same_calls_start_together(full_store: SqlStore, strategy: str) -> None:
    assert_same(full_store, MATRIX, replace(requirements_of(MATRIX, ["profile"]), value_of_time=1_000), strategy)


def line(value: float) -> LearnedLine:
    return LearnedLine(value=value, low=value, high=value, answers=100, use="accepted")


@pytest.mark.parametrize("consumer", ["profile", "vendor_enrichment"])
def test_sources_that_lack_a_dataset_of_the_same_companies_are_counted_alike(
    full_store: SqlStore, consumer: str
) -> None:
    lines = {name: {"industry": line(0.6)} for name in ("brightdata_company_db", "serp_linkedin")}
    rules = as_learned(MATRIX, {**lines, "brightdata_company_db, serp_linkedin": {"industry": line(0.62)}})
    assert_same(full_store, rules, requirements_of(rules, [consumer]), "enhanced")


@pytest.mark.parametrize(("strategy", "consumer"), [("enhanced", "profile"), ("legacy", "vendor_enrichment")])
def test_a_company_is_planned_with_the_rates_of_its_kind(full_store: SqlStore, strategy: str, consumer: str) -> None:
    of_band = {"match_rate of 51-500": line(0.31), "industry of 51-500": line(0.2)}
    rules = as_learned(MATRIX, {"brightdata_company_db": of_band})
    assert_same(full_store, rules, requirements_of(rules, [consumer]), strategy)
    groups = groups_of(full_store, rules, requirements_of(rules, [consumer]), strategy)
    alike = groups_of(full_store, MATRIX, requirements_of(MATRIX, [consumer]), strategy)
    costs = [sum(len(g.companies) * g.expected_micro_usd for g in its) for its in (groups, alike)]
    assert (costs[0] != costs[1]) == (strategy == "enhanced")


@pytest.mark.parametrize("consumer", ["profile", "vendor_enrichment", "customer_enrichment"])
def test_what_sources_missed_that_repeat_one_another_counts(full_store: SqlStore, consumer: str) -> None:
    rules = as_learned(
        MATRIX,
        {
            "apollo_contacts, snov_contacts": {"known_to_any": line(0.82)},
            "brightdata_company_db, brightdata_firmographics": {"known_to_any": line(0.93)},
        },
    )
    assert_same(full_store, rules, requirements_of(rules, [consumer]))


def test_a_consumer_that_asks_for_more_reliable_values_is_planned_alike(full_store: SqlStore) -> None:
    choosy = {"company_name": 0.9, "industry": 0.9, "key_contacts": 0.88, "recent_news": 0.95}
    requirements = replace(requirements_of(MATRIX, ["vendor_enrichment"]), quality_thresholds=choosy)
    assert_same(full_store, MATRIX, requirements)


def test_a_source_that_must_not_be_asked_is_not_asked_first(full_store: SqlStore) -> None:
    sources = frozenset({"serp_organic", "brightdata_firmographics"})
    assert_same(full_store, MATRIX, replace(requirements_of(MATRIX, ["profile"]), sources=sources))


def test_no_more_is_asked_at_once_than_caps_let_be_asked(full_store: SqlStore) -> None:
    requirements = replace(requirements_of(MATRIX, ["customer_enrichment"]), max_cost=200_000)
    groups = groups_of(full_store, MATRIX, requirements)
    together = [sum(MATRIX.max_micro_usd(source) for source in group.first) for group in groups]
    assert 0 < max(together) <= 200_000


def test_the_rules_of_now_decide_what_is_good_enough(full_store: SqlStore) -> None:
    """Believed less or more, needed younger, wanted in greater number: the same change for one and for many."""
    rng = Random(SEED)
    sources = {
        name: entry.model_copy(
            update={
                "datasets": {
                    d: promise.model_copy(update={"reliability": round(rng.uniform(0.7, 1), 2)})
                    for d, promise in entry.datasets.items()
                }
            }
        )
        for name, entry in MATRIX.sources.items()
    }
    requirements = requirements_of(MATRIX, ["customer_enrichment"]).within(max_cost=None, oldest=5 * 86_400)
    assert_same(full_store, MATRIX.model_copy(update={"sources": sources}), requirements)


def test_facts_of_a_source_the_rules_no_longer_name_still_count(full_store: SqlStore) -> None:
    sources = {name: entry for name, entry in MATRIX.sources.items() if name != "brightdata_company_db"}
    datasets = {
        name: entry.model_copy(update={"sources": tuple(s for s in entry.sources if s in sources)})
        for name, entry in MATRIX.datasets.items()
    }
    rules = MATRIX.model_copy(update={"sources": sources, "datasets": datasets, "redundancy": ()})
    assert_same(full_store, rules, requirements_of(rules, ["profile"]))


def test_a_reply_that_no_reader_has_read_yet_says_nothing_of_what_there_is(store: SqlStore) -> None:
    """A news search without news says that there are none; one that was not read says nothing."""
    [acme] = store.companies.add([Company("com_1", "acme.com", "Acme", "acme.com", NOW)])
    made = sent(store, replace(draft("serp_news", at=NOW), company_id=acme.company_id))
    store.ledger.settle(answered(made, at=NOW), reply=replace(reply_of(made, at=NOW), reader_version=0), facts=())
    requirements = requirements_of(MATRIX, ["customer_enrichment"])
    (group,) = groups_of(store, MATRIX, requirements)
    assert "recent_news" in group.missing
    assert_same(store, MATRIX, requirements)


def test_the_count_is_the_same_on_every_kind_of_store(store_url: str, full_store: SqlStore) -> None:
    other = store_of(store_url, MATRIX, COMPANIES, SEED)
    requirements = requirements_of(MATRIX, ["customer_enrichment"])
    counts = [
        {
            company_id: sorted((numbers, sorted(marks.split())) for numbers, _, marks in _replies(states))
            for company_id, states in reply_states_of(one, MATRIX, requirements).of_company.items()
        }
        for one in (other, full_store)
    ]
    other.close()
    assert counts[0] == counts[1]
    assert len(counts[0]) > COMPANIES / 2


def _replies(states: str) -> list[tuple[str, str, str]]:
    return [state.partition(":") for state in states.split(";")]
