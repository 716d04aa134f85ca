"""What past requests would have cost and brought under other rules."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from enrichment.analysis.question import AnalysisInputs, prepare
from enrichment.domain.knowledge import Known
from enrichment.domain.purchases import Cap
from enrichment.domain.requests import Request
from enrichment.pipeline.backtest.compare import Comparison, compare
from enrichment.pipeline.backtest.history import History, Observation, RecordedAnalysis, SpendingEntry
from enrichment.pipeline.backtest.replay import Side, SimulationOutcome, rerun
from enrichment.pipeline.stages import Ask, asked_note
from enrichment.rules import Rules
from enrichment.rules.requirements import requirements_of
from tests.support.examples import MATRIX, NOON, acme, known_from

DAY = timedelta(days=1)
EVERYTHING = ["company_name", "domain", "industry", "employee_count", "company_description"]


def request(day: float = 1, consumer: str = "profile", *, domain: str | None = "acme.com", **options: Any) -> Request:
    note = asked_note(Ask("acme.com", **options), acme(domain=domain))
    at = NOON + day * DAY
    return Request(
        f"req_{day}", "com_1", consumer, None, "enhanced", MATRIX.hash, at, state="complete", plan={"asked": note}
    )


def seen(known: Known, **units: int) -> tuple[Observation, ...]:
    return tuple(
        Observation(head, units, tuple(f for f in known.facts if f.reply_id == head.reply_id)) for head in known.replies
    )


def history(known: Known, *requests: Request, **units: int) -> History:
    return History(NOON, requests, {"com_1": acme()}, {"com_1": seen(known, **units)})


def replay(rules: Rules, past: History, **more: Any) -> SimulationOutcome:
    return rerun(Side(rules), past, **more)


def with_source(rules: Rules, name: str, **changes: object) -> Rules:
    return rules.model_copy(
        update={"sources": {**rules.sources, name: rules.sources[name].model_copy(update=changes)}, "hash": "other"}
    )


def with_caps(**limits: Any) -> Rules:
    return MATRIX.model_copy(update={"caps": MATRIX.caps.model_copy(update=limits)})


def priced(rules: Rules, provider: str, unit: str, usd: str) -> Rules:
    entry = rules.providers[provider]
    price = entry.prices[unit].model_copy(update={"usd_per_unit": Decimal(usd)})
    changed = entry.model_copy(update={"prices": {**entry.prices, unit: price}})
    return rules.model_copy(update={"providers": {**rules.providers, provider: changed}, "hash": "other"})


def everything_from_company_db(at: datetime = NOON + DAY, *, also: list[str] | None = None) -> Known:
    return known_from(("brightdata_company_db", EVERYTHING), ("google_knowledge_graph", also or []), at=at)


def test_what_memory_had_before_a_request_is_not_bought_again() -> None:
    outcome = replay(MATRIX, history(everything_from_company_db(NOON), request(1)))
    assert (outcome.spent.calls, outcome.spent.cost, outcome.complete) == (0, 0, 1)


def test_a_vendor_answers_in_the_replay_as_it_was_observed_to() -> None:
    outcome = replay(MATRIX, history(everything_from_company_db(NOON + 2 * DAY), request(1)))
    assert dict(outcome.spent.by_source) == {"brightdata_company_db": 1}
    assert (outcome.spent.cost, outcome.never_observed, outcome.complete) == (150_000, 0, 1)


@pytest.mark.parametrize(("day", "complete"), [(1, 1), (21, 0), (29, 0), (49, 1)])
def test_of_several_answers_the_one_nearest_in_time_is_given(day: float, complete: int) -> None:
    """It knew the company on day 2, nothing of it on day 25, all again on day 50; no other source knows anything."""
    observed = [
        known_from(
            *((source, EVERYTHING if knows and source == "brightdata_company_db" else []) for source in SOURCES), at=at
        )
        for at, knows in ((NOON + 2 * DAY, True), (NOON + 25 * DAY, False), (NOON + 50 * DAY, True))
    ]
    past = History(NOON, (request(day),), {"com_1": acme()}, {"com_1": sum((seen(k) for k in observed), ())})
    mine = replace(past, observed={"com_1": tuple(by(request(day), o) for o in past.observed["com_1"])})
    assert replay(MATRIX, mine).complete == complete


SOURCES = sorted({s for dataset in MATRIX.consumers["profile"].datasets for s in MATRIX.datasets[dataset].sources})


def by(replayed: Request, one: Observation) -> Observation:
    """Bought by the request that is replayed, so that it is no memory of others."""
    return replace(one, head=replace(one.head, request_id=replayed.request_id))


def test_what_one_replayed_request_buys_serves_the_next_until_it_expires() -> None:
    known = everything_from_company_db(NOON + 20 * DAY)
    soon = replay(MATRIX, history(known, request(1), request(3)))
    late = replay(MATRIX, history(known, request(1), request(9)))
    assert (soon.spent.calls, late.spent.calls) == (1, 2)


def test_what_others_bought_meanwhile_serves_the_next_request_as_it_did() -> None:
    known = everything_from_company_db(NOON + 9 * DAY)
    assert replay(MATRIX, history(known, request(10))).spent.calls == 0
    assert replay(MATRIX, history(known, request(8))).spent.calls == 1


def test_what_a_replayed_request_bought_then_is_no_gift_to_the_next_one() -> None:
    known = everything_from_company_db(NOON + 1.01 * DAY)
    first = request(1, max_cost=0)
    mine = tuple(by(first, one) for one in seen(known))
    past = replace(history(known, first, request(2)), observed={"com_1": mine})
    assert dict(replay(MATRIX, past).spent.by_source) == {"brightdata_company_db": 1}


def test_what_the_replay_bought_last_is_what_memory_has() -> None:
    assert replay(MATRIX, history(everything_from_company_db(NOON), request(8), request(9))).spent.calls == 1


def test_a_legacy_request_reads_no_memory_and_leaves_its_own_to_others() -> None:
    silent: list[tuple[str, list[str]]] = [(source, []) for source in SOURCES if source != "brightdata_company_db"]
    bought = ("apollo_contacts", ["key_contacts"]), ("brightdata_company_db", EVERYTHING)
    known = known_from(*bought, *silent, at=NOON + 30 * DAY)
    contacts: dict[str, Any] = {"consumer": "custom", "datasets": ("key_contacts",), "sources": ("apollo_contacts",)}
    legacy = request(2, strategy="legacy", max_cost=9_000_000)
    outcome = replay(MATRIX, history(known, request(1), request(1.5, **contacts), legacy, request(3, **contacts)))
    assert outcome.spent.by_source["brightdata_company_db"] == 2
    assert outcome.spent.by_source["apollo_contacts"] == 1


def test_another_price_is_applied_to_the_units_that_were_billed() -> None:
    asked = history(everything_from_company_db(NOON + 2 * DAY), request(1), company_record=1)
    assert replay(MATRIX, asked).spent.vendors == 150_000
    assert replay(priced(MATRIX, "brightdata", "company_record", "0.10"), asked).spent.vendors == 100_000


def test_a_source_never_asked_about_a_company_is_sampled_from_its_rates_and_counted_so() -> None:
    certain = with_source(
        MATRIX,
        "brightdata_company_db",
        match_rate=1.0,
        datasets={
            d: p.model_copy(update={"fill_rate": 1.0})
            for d, p in MATRIX.sources["brightdata_company_db"].datasets.items()
        },
    )
    outcome = replay(certain, history(Known(), request(1)))
    assert (outcome.spent.calls, outcome.never_observed, outcome.drawn) == (1, 1, outcome.spent.cost)
    assert outcome.complete == 1


def test_sampled_answers_are_the_same_at_every_replay_and_other_with_another_seed() -> None:
    asked = history(Known(), *(request(1 + 40 * n, "customer_enrichment") for n in range(3)))
    assert replay(MATRIX, asked) == replay(MATRIX, asked)
    assert len({replay(MATRIX, asked, seed=seed).spent.cost for seed in range(8)}) > 1


def test_what_each_request_cost_and_whether_it_was_complete_adds_up_to_the_outcome() -> None:
    asked = history(
        everything_from_company_db(NOON + 2 * DAY), request(1), request(2), request(40, "customer_enrichment")
    )
    outcome = replay(MATRIX, asked)
    assert len(outcome.each) == 3
    assert sum(one.cost for one in outcome.each) == outcome.spent.cost > 0
    assert sum(one.complete for one in outcome.each) == outcome.complete


def test_a_higher_threshold_makes_what_was_observed_insufficient() -> None:
    known = known_from(("serp_organic", ["industry"]), ("brightdata_company_db", EVERYTHING), at=NOON)
    entry = MATRIX.datasets["industry"].model_copy(update={"quality_threshold": 0.95})
    strict = MATRIX.model_copy(update={"datasets": {**MATRIX.datasets, "industry": entry}})
    here, there = (replay(rules, history(known, request(1))) for rules in (MATRIX, strict))
    assert (here.complete, there.complete) == (1, 0)
    assert there.completeness < here.completeness


def test_no_request_is_replayed_above_what_it_may_cost() -> None:
    entry = MATRIX.consumers["profile"].model_copy(update={"max_cost_usd": Decimal("0.10")})
    frugal = MATRIX.model_copy(update={"consumers": {**MATRIX.consumers, "profile": entry}})
    assert replay(frugal, history(Known(), request(1))).spent.cost <= 100_000


def test_a_limit_of_its_own_is_replayed_with_the_request() -> None:
    known = everything_from_company_db(NOON + 20 * DAY)
    assert replay(MATRIX, history(known, request(1, max_cost=150_000))).spent.cost == 150_000
    assert (
        replay(MATRIX, history(known, request(1, max_cost=149_999))).spent.by_source.get("brightdata_company_db")
        is None
    )


def test_an_age_of_its_own_is_replayed_with_the_request() -> None:
    known = everything_from_company_db(NOON)
    assert replay(MATRIX, history(known, request(2))).spent.calls == 0
    assert replay(MATRIX, history(known, request(2, max_age=86_400))).spent.calls == 1


def test_datasets_and_sources_named_by_hand_are_replayed() -> None:
    known = known_from(("apollo_contacts", ["key_contacts"]), ("snov_contacts", []), at=NOON + 20 * DAY)
    by_hand = request(1, "custom", datasets=("key_contacts",), sources=("apollo_contacts",))
    outcome = replay(MATRIX, history(known, by_hand))
    assert dict(outcome.spent.by_source) == {"apollo_contacts": 1}
    assert outcome.complete == 1


def test_within_a_budget_nothing_more_is_bought_in_the_replay_once_it_cannot_be_complete() -> None:
    needed = {s for d in MATRIX.consumers["vendor_enrichment"].datasets for s in MATRIX.datasets[d].sources}
    knowing = ("brightdata_company_db", EVERYTHING), *((source, list[str]()) for source in sorted(needed))
    known = known_from(*{source: (source, has) for source, has in reversed(knowing)}.values(), at=NOON + 30 * DAY)
    plain = replay(MATRIX, history(known, request(1, "vendor_enrichment")))
    budgeted = replay(MATRIX, history(known, request(1, "vendor_enrichment", budget=Cap("batch:1", 9_000_000))))
    assert (plain.complete, budgeted.complete) == (0, 0)
    assert 0 < budgeted.spent.calls < plain.spent.calls
    assert budgeted.spent.questions == 0 < plain.spent.questions
    unlimited = replay(MATRIX, history(known, request(1, "vendor_enrichment", budget=Cap("batch:1", None))))
    assert unlimited.spent == plain.spent


def test_a_strategy_asked_for_is_replayed_and_what_is_in_force_for_all_overrides_it() -> None:
    asked = history(Known(), request(1, strategy="legacy", max_cost=9_000_000))
    plain = history(Known(), request(1, max_cost=9_000_000))
    everything = replay(MATRIX, asked).spent
    assert everything.calls > replay(MATRIX, plain).spent.calls
    assert replay(MATRIX, asked, override="enhanced").spent == replay(MATRIX, plain).spent
    assert replay(MATRIX, plain, override="legacy").spent == everything


def test_a_refresh_buys_again_what_memory_has() -> None:
    known = everything_from_company_db(NOON)
    again: dict[str, Any] = {"datasets": ("industry",), "sources": ("brightdata_company_db",)}
    assert replay(MATRIX, history(known, request(1, "custom", **again))).spent.calls == 0
    assert replay(MATRIX, history(known, request(1, "custom", **again, memory=False))).spent.calls == 1


def test_a_request_from_before_options_were_kept_is_replayed_as_a_plain_one() -> None:
    known = everything_from_company_db(NOON + 20 * DAY)
    older = replace(request(1), plan=None)
    assert replay(MATRIX, history(known, older)) == replay(MATRIX, history(known, request(1)))


@pytest.mark.parametrize("strategy", ["legacy", "priority"])
def test_the_rules_state_the_strategy(strategy: str) -> None:
    strategies = MATRIX.strategies.model_copy(update={"default": strategy, "consumers": {}})
    other = MATRIX.model_copy(update={"strategies": strategies})
    asked = history(Known(), request(1))
    assert replay(other, asked).spent.calls >= replay(MATRIX, asked).spent.calls


def test_a_domain_unknown_then_is_found_first_and_known_from_then_on() -> None:
    known = known_from(
        ("google_knowledge_graph", ["company_name", "domain"]),
        ("brightdata_company_db", EVERYTHING),
        at=NOON + 30 * DAY,
    )
    nameless = replay(MATRIX, history(known, request(1, domain=None), request(9, domain=None)))
    assert nameless.spent.by_source["google_knowledge_graph"] == 1
    assert nameless.spent.by_source["brightdata_company_db"] == 2
    named = replay(MATRIX, history(known, request(1), request(9)))
    assert "google_knowledge_graph" not in named.spent.by_source


def test_a_days_cap_stops_the_next_request_until_midnight() -> None:
    known = everything_from_company_db(NOON + 60 * DAY)
    asked = history(known, *(request(day, max_age=60) for day in (1, 1.1, 1.2, 2)))
    two_a_day = with_caps(all=Decimal("0.30"))
    assert replay(MATRIX, asked).spent.cost == 600_000
    assert replay(two_a_day, asked).spent.by_source["brightdata_company_db"] == 3
    only_one = with_caps(sources={"brightdata_company_db": Decimal("0.15")})
    assert replay(only_one, asked).spent.by_source["brightdata_company_db"] == 2


def test_who_cannot_be_asked_now_is_not_asked_in_the_replay() -> None:
    asked = history(everything_from_company_db(NOON + 20 * DAY), request(1))
    outcome = rerun(Side(MATRIX, {"brightdata": "set BRIGHTDATA_API_KEY in .env"}), asked)
    assert outcome.spent.calls > 0
    assert not [source for source in outcome.spent.by_source if source.startswith("brightdata")]


# analyses


OF_MODEL = known_from(("brightdata_company_db", EVERYTHING), ("apollo_contacts", ["key_contacts"]), at=NOON)
TOKENS = {"input_token": 1_000, "output_token": 500}


def asked_of_model(
    *requests: Request, rules: Rules = MATRIX, made: tuple[RecordedAnalysis, ...] = (), **more: Any
) -> SimulationOutcome:
    return rerun(Side(rules, **more), replace(history(OF_MODEL, *requests), answered=made))


def answered(name: str, *, company: str = "com_1", key: str = "other evidence", by: str = "req_0") -> RecordedAnalysis:
    return RecordedAnalysis(company, name, key, by, NOON, TOKENS)


def model_priced(usd: str) -> Rules:
    openai = MATRIX.providers["openai"]
    model = openai.models["gpt-4.1-mini"]
    dear = model.model_copy(
        update={"output_token": model.output_token.model_copy(update={"usd_per_unit": Decimal(usd)})}
    )
    changed = openai.model_copy(update={"models": {"gpt-4.1-mini": dear}})
    return MATRIX.model_copy(update={"providers": {**MATRIX.providers, "openai": changed}, "hash": "other"})


VENDOR = request(1, "vendor_enrichment")


def test_an_analysis_takes_the_tokens_it_took_of_this_company_at_the_price_of_the_rules() -> None:
    made = tuple(answered(name) for name in ("contact_priorities", "intelligence_summary"))
    here, there = (asked_of_model(VENDOR, rules=rules, made=made) for rules in (MATRIX, model_priced("16")))
    assert (here.spent.questions, here.spent.analyses, here.estimated) == (2, 2 * 1_200, 0)
    assert (there.spent.questions, there.spent.analyses) == (2, 2 * 8_400)


def test_of_a_company_never_analysed_others_tell_how_many_tokens_it_takes_else_the_quote() -> None:
    made = (answered("contact_priorities", company="com_2"), answered("contact_priorities", company="com_3"))
    outcome = asked_of_model(VENDOR, made=made)
    assert (outcome.spent.questions, outcome.estimated) == (2, 2)
    assert outcome.spent.analyses > 1_200


def test_of_several_times_the_nearest_tells_how_many_tokens_it_takes() -> None:
    made = [replace(answered("contact_priorities"), at=NOON + day * DAY, units=UNITS[day]) for day in UNITS]
    rules = with_optional_nothing(analyses=("contact_priorities",))
    costs = [
        asked_of_model(request(day, "vendor_enrichment"), rules=rules, made=tuple(made)).spent.analyses
        for day in (1, 3, 5)
    ]
    assert costs == [400, 4, 40]


UNITS = {0: {"input_token": 1_000}, 3: {"input_token": 10}, 6: {"input_token": 100}}


def test_the_same_evidence_is_analysed_once() -> None:
    later = request(2, "vendor_enrichment")
    assert asked_of_model(VENDOR, later, rules=with_optional_nothing()).spent.questions == 2


@pytest.mark.parametrize(("made_by", "questions"), [("req_0", 0), ("req_1", 1)])
def test_an_analysis_others_made_before_is_remembered_one_of_the_replayed_is_not(made_by: str, questions: int) -> None:
    rules = with_optional_nothing(analyses=("contact_priorities",))
    made = answered("contact_priorities", key=key_of("contact_priorities", rules), by=made_by)
    without, later = request(1, "vendor_enrichment", max_cost=0), request(2, "vendor_enrichment")
    assert asked_of_model(replace(without, request_id="req_1"), later, rules=rules, made=(made,)).spent.questions == (
        questions
    )


def test_a_new_prompt_is_a_new_question() -> None:
    rules = with_optional_nothing(analyses=("contact_priorities",))
    made = answered("contact_priorities", key=key_of("contact_priorities", rules))
    reworded = rules.model_copy(update={"prompts": {**rules.prompts, "contact_priorities": "Who decides?"}})
    questions = [asked_of_model(VENDOR, rules=each, made=(made,)).spent.questions for each in (rules, reworded)]
    assert questions == [0, 1]


def key_of(analysis: str, rules: Rules) -> str:
    setting = AnalysisInputs(rules, requirements_of(rules, ["vendor_enrichment"]), acme(), None)
    return prepare(analysis, OF_MODEL.facts, setting, VENDOR.asked_at).key


def with_optional_nothing(**changes: object) -> Rules:
    entry = MATRIX.consumers["vendor_enrichment"].model_copy(update={"optional": {}, **changes})
    return MATRIX.model_copy(update={"consumers": {**MATRIX.consumers, "vendor_enrichment": entry}, "hash": "other"})


def test_analyses_the_other_rules_do_not_ask_for_are_not_paid() -> None:
    entry = MATRIX.consumers["vendor_enrichment"].model_copy(update={"analyses": ("contact_priorities",)})
    fewer = MATRIX.model_copy(update={"consumers": {**MATRIX.consumers, "vendor_enrichment": entry}})
    assert dict(asked_of_model(VENDOR, rules=fewer).spent.by_source)["analysis:contact_priorities"] == 1
    assert asked_of_model(VENDOR, rules=fewer).spent.questions == 1


def test_without_a_model_no_analysis_is_asked() -> None:
    outcome = asked_of_model(VENDOR, unavailable={"openai": "set OPENAI_API_KEY in .env"})
    assert (outcome.spent.questions, outcome.spent.analyses) == (0, 0)


def test_an_analysis_takes_from_the_caps_as_well() -> None:
    assert asked_of_model(VENDOR, rules=with_caps(providers={"openai": Decimal("0.02")})).spent.questions == 2
    assert asked_of_model(VENDOR, rules=with_caps(providers={"openai": Decimal("0.001")})).spent.questions == 0


# side by side


def side_by_side(other: Rules, *requests: Request, **more: Any) -> Comparison:
    past = replace(history(everything_from_company_db(NOON + 20 * DAY), *requests), **more)
    return compare(past, Side(MATRIX), Side(other))


def test_only_requests_that_both_can_serve_are_compared_and_what_only_these_paid() -> None:
    consumers = {name: entry for name, entry in MATRIX.consumers.items() if name != "vendor_enrichment"}
    other = MATRIX.model_copy(update={"consumers": consumers, "hash": "other"})
    alike, gone = request(1), request(2, "vendor_enrichment")
    bought = {
        alike.request_id: (
            SpendingEntry("profile", "brightdata_company_db", 1, 150_000),
            SpendingEntry("profile", "analysis:x", 1, 7),
        ),
        gone.request_id: (SpendingEntry("vendor_enrichment", "apollo_contacts", 1, 120_000),),
    }
    compared = side_by_side(other, alike, gone, bought=bought, left_out={"they have not come to an end": 3})
    assert compared.requests == 1
    assert (compared.paid.calls, compared.paid.vendors, compared.paid.analyses, compared.paid.cost) == (
        1,
        150_000,
        7,
        150_007,
    )
    assert compared.here.spent == compared.there.spent
    assert dict(compared.left_out) == {
        "there is no consumer named 'vendor_enrichment' in the other rules": 1,
        "they have not come to an end": 3,
    }


def test_what_is_in_force_for_all_is_in_force_on_both_sides() -> None:
    past = history(Known(), request(1, max_cost=9_000_000))
    forced, plain = (compare(past, Side(MATRIX), Side(MATRIX), override=by) for by in ("legacy", None))
    assert forced.here.spent.calls == forced.there.spent.calls > plain.here.spent.calls == plain.there.spent.calls


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (replace(request(consumer="custom"), plan=None), "which datasets they named was not kept then"),
        (request(consumer="research"), "what a model was asked in research sessions is not replayed"),
        (request(consumer="gone"), "there is no consumer named 'gone' in these rules"),
        (request(consumer="custom", datasets=("patents",)), "there is no dataset named 'patents' in these rules"),
        (
            request(consumer="custom", datasets=("industry",), sources=("serp_news", "oracle")),
            "there is no source named 'oracle' in these rules",
        ),
        (request(strategy="hybrid"), "there is no strategy 'hybrid' in the other rules"),
    ],
)
def test_what_cannot_be_replayed_is_left_out_of_all_with_its_reason(asked: Request, why: str) -> None:
    unmixed = MATRIX.model_copy(update={"strategies": MATRIX.strategies.model_copy(update={"hybrid": None})})
    compared = side_by_side(unmixed, asked)
    assert (compared.requests, compared.here.spent.calls, compared.there.spent.calls) == (0, 0, 0)
    assert dict(compared.left_out) == {why: 1}
