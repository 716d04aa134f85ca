"""A profile: the best value is served, what lost stays visible, what is missing states why."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from enrichment.domain.knowledge import VERDICT, Known
from enrichment.domain.profiles import Profile
from enrichment.domain.requests import Request, SourceFailure
from enrichment.domain.values import EmployeeCount, Founded, Headquarters, Text, Value
from enrichment.pipeline.cached_profile import serves
from enrichment.planning.plan import make_plan
from enrichment.planning.plan_inputs import PlanInputs
from enrichment.profiles.assembly import assemble
from enrichment.profiles.document import missing_required
from enrichment.profiles.ingredients import Ingredients
from enrichment.rules import DatasetReliability, Rules, SourceReliability
from enrichment.rules.requirements import Requirements, requirements_of
from tests.support.examples import MATRIX, NOON, acme, fact, head, known_from

WANTS = requirements_of(MATRIX, ["profile"])
REQUEST = Request("req_1", "com_1", "profile", None, "priority", MATRIX.hash, NOON)
COMPLETE = ("brightdata_company_db", ["company_name", "domain", "industry", "employee_count", "company_description"])


def profile_of(
    known: Known,
    requirements: Requirements = WANTS,
    *,
    after: timedelta = timedelta(hours=1),
    rules: Rules = MATRIX,
    **more: Any,
) -> Profile:
    now = NOON + after
    plan = make_plan(PlanInputs(MATRIX, requirements, acme(), known, strategy="priority", now=now, unavailable={}))
    made_of = Ingredients(
        company=acme(),
        request=REQUEST,
        plan=plan,
        known=known,
        analyses=(),
        analysis_facts=(),
        failures=more.pop("failures", ()),
        gaps={},
        paid={r.purchase_id: r.cost_micro_usd for r in known.replies},
        paid_by={r.purchase_id: r.request_id for r in known.replies},
        **more,
    )
    return assemble(rules, requirements, made_of, now)


def field(profile: Profile, dataset: str) -> dict[str, Any]:
    shown: dict[str, Any] = profile.document["datasets"][dataset]
    return shown


def with_values(*facts: tuple[str, str, Value]) -> Known:
    made = tuple(fact(source, dataset, value) for source, dataset, value in facts)
    return Known(tuple(head(source) for source in {f.source for f in made}), made)


def test_every_value_shows_where_it_came_from_how_old_it_is_and_what_it_cost() -> None:
    value = field(profile_of(known_from(COMPLETE)), "industry")["values"][0]
    assert value["source"] == "brightdata_company_db"
    assert value["age_seconds"] == 3600
    assert value["cost_micro_usd"] == 50_000
    assert value["paid_by"] == "req_before"
    assert value["evidence"] == "search"


def test_what_is_known_besides_is_shown_and_what_is_not_known_besides_is_not_missing() -> None:
    wants = replace(WANTS, extras=("headquarters", "founded", "revenue"))
    facts = known_from(COMPLETE)
    seat = fact("brightdata_company_db", "headquarters", Headquarters(city="Wien", country="AT"))
    old = fact("brightdata_company_db", "founded", Founded(year=1999), at=NOON - timedelta(days=60))
    known = Known(facts.replies, (*facts.facts, seat, old))
    plain, rich = profile_of(known), profile_of(known, wants)
    shown = rich.document["datasets"]
    assert shown["headquarters"]["values"][0]["value"] == {"city": "Wien", "region": None, "country": "AT"}
    assert (shown["headquarters"]["extra"], shown["headquarters"]["required"]) == (True, False)
    assert "founded" not in shown
    assert "revenue" not in shown
    assert rich.document["quality"] == plain.document["quality"]
    assert (rich.holds_until, rich.requirements_hash) == (plain.holds_until, plain.requirements_hash)
    assert plain.document["datasets"].keys() == shown.keys() - {"headquarters"}


def test_two_seats_in_different_cities_are_disputed() -> None:
    wants = replace(WANTS, extras=("headquarters",))
    known = with_values(
        ("brightdata_company_db", "headquarters", Headquarters(city="Austin", country="US")),
        ("apollo_contacts", "headquarters", Headquarters(city="Dallas", country="US")),
    )
    assert field(profile_of(known, wants), "headquarters")["disputed"]


def test_a_complete_profile_is_valid_until_its_first_required_fact_runs_out() -> None:
    profile = profile_of(known_from(COMPLETE))
    assert missing_required(profile.document) == ()
    assert profile.holds_until == NOON + timedelta(days=7)
    assert serves(profile, MATRIX, WANTS, NOON + timedelta(days=6))
    assert not serves(profile, MATRIX, WANTS, NOON + timedelta(days=7))


def test_a_profile_is_not_served_where_younger_facts_are_asked_for() -> None:
    profile = profile_of(known_from(COMPLETE))
    young = WANTS.within(max_cost=None, oldest=3600)
    assert not serves(profile, MATRIX, young, NOON + timedelta(hours=2))
    assert serves(profile, MATRIX, young, NOON + timedelta(minutes=30))


def test_an_incomplete_profile_is_never_served_again_from_layer_1() -> None:
    profile = profile_of(known_from(("google_knowledge_graph", ["company_name", "domain"])))
    assert set(missing_required(profile.document)) == {"industry", "employee_count"}
    assert not serves(profile, MATRIX, WANTS, NOON + timedelta(hours=1))


def test_the_better_value_wins_and_the_disagreement_stays_visible() -> None:
    profile = profile_of(
        with_values(
            ("brightdata_firmographics", "employee_count", EmployeeCount(low=5000, high=5000)),
            ("snov_contacts", "employee_count", EmployeeCount(low=11, high=50)),
        )
    )
    shown = field(profile, "employee_count")
    assert shown["values"][0]["value"] == {"low": 5000, "high": 5000}
    assert shown["others"][0]["value"] == {"low": 11, "high": 50}
    assert shown["disputed"]


def test_bands_that_overlap_are_no_dispute() -> None:
    profile = profile_of(
        with_values(
            ("brightdata_firmographics", "employee_count", EmployeeCount(low=10001, high=None)),
            ("brightdata_company_db", "employee_count", EmployeeCount(low=9100, high=9100)),
        )
    )
    assert not field(profile, "employee_count")["disputed"]


def test_two_names_for_one_industry_share_a_word_and_two_industries_do_not() -> None:
    def dispute(one: str, other: str) -> bool:
        known = with_values(
            ("brightdata_company_db", "industry", Text(text=one)), ("snov_contacts", "industry", Text(text=other))
        )
        return bool(field(profile_of(known), "industry")["disputed"])

    assert not dispute("Motor Vehicle Manufacturing", "Vehicle makers")
    assert dispute("Motor Vehicle Manufacturing", "Hospitality")


def test_what_is_missing_names_each_source_and_what_became_of_it() -> None:
    failure = SourceFailure("brightdata_company_db", "brightdata", "ProviderUnavailable", "brightdata is unavailable")
    known = Known((head("serp_organic", found=False),), ())
    why = field(profile_of(known, failures=(failure,)), "industry")["why"]
    assert "brightdata_company_db failed: brightdata is unavailable" in why
    assert "serp_organic knows nothing" in why


def test_an_expired_value_is_not_served_unless_asked_for_and_then_it_is_marked() -> None:
    known = known_from(COMPLETE)
    after = timedelta(days=8)
    plain = field(profile_of(known, after=after), "industry")
    assert (plain["status"], plain["values"]) == ("expired", [])
    stale = field(profile_of(known, after=after, accept_stale=True), "industry")
    assert stale["status"] == "expired"
    assert stale["values"][0]["expired"]


def test_a_value_of_last_resort_is_served_marked_and_satisfies_nothing() -> None:
    requirements = requirements_of(MATRIX, ["vendor_enrichment"])
    profile = profile_of(known_from(COMPLETE, ("serp_linkedin", ["key_contacts"])), requirements)
    shown = field(profile, "key_contacts")
    assert shown["status"] == "last resort"
    assert all(value["last_resort"] for value in shown["values"])
    assert "key_contacts" in missing_required(profile.document)


def test_too_few_items_are_served_as_partial() -> None:
    requirements = requirements_of(MATRIX, ["vendor_enrichment"])
    known = known_from(COMPLETE, ("snov_contacts", ["key_contacts"]))
    few = Known(known.replies, tuple(f for f in known.facts if f.dataset != "key_contacts") + known.facts[-1:])
    assert field(profile_of(few, requirements), "key_contacts")["status"] == "partial"


def test_the_same_item_from_two_sources_is_listed_once() -> None:
    requirements = requirements_of(MATRIX, ["vendor_enrichment"])
    shown = field(
        profile_of(
            known_from(("snov_contacts", ["key_contacts"]), ("apollo_contacts", ["key_contacts"])), requirements
        ),
        "key_contacts",
    )
    names = [value["value"]["full_name"] for value in shown["values"]]
    assert len(names) == len(set(names)) == 4
    assert {value["source"] for value in shown["others"]} == {"apollo_contacts"}


def headcounts_shown(*counts: tuple[str, EmployeeCount]) -> list[tuple[int, int | None]]:
    known = with_values(*((source, "employee_count", count) for source, count in counts))
    shown = field(profile_of(known), "employee_count")["values"]
    return [(one["value"]["low"], one["value"]["high"]) for one in shown]


OPEN, CLOSED = EmployeeCount(low=10_001), EmployeeCount(low=153_000, high=153_000)


def test_a_closed_headcount_is_shown_where_the_better_source_gives_an_open_band() -> None:
    assert headcounts_shown(("brightdata_firmographics", OPEN), ("brightdata_company_db", CLOSED)) == [
        (153_000, 153_000)
    ]


def test_a_closed_headcount_that_contradicts_the_open_band_is_not_shown() -> None:
    small = EmployeeCount(low=120, high=120)
    known = with_values(
        ("brightdata_firmographics", "employee_count", OPEN), ("brightdata_company_db", "employee_count", small)
    )
    shown = field(profile_of(known), "employee_count")
    assert [one["value"]["low"] for one in shown["values"]] == [10_001]
    assert shown["disputed"]


def test_a_closed_headcount_of_a_better_source_is_not_replaced() -> None:
    other = EmployeeCount(low=140_000, high=150_000)
    assert headcounts_shown(("brightdata_firmographics", CLOSED), ("brightdata_company_db", other)) == [
        (153_000, 153_000)
    ]


LEARNED = MATRIX.model_copy(
    update={
        "learned_reliability": {
            "employee_count": DatasetReliability(
                sources={
                    "brightdata_firmographics": SourceReliability(right=40, checked=100),
                    "snov_contacts": SourceReliability(right=95, checked=100),
                }
            )
        }
    }
)
CONTRADICTING = with_values(
    ("brightdata_firmographics", "employee_count", EmployeeCount(low=5000, high=5000)),
    ("snov_contacts", "employee_count", EmployeeCount(low=11, high=50)),
)


def test_where_figures_were_learned_the_likely_value_wins_and_says_how_often_its_source_was_right() -> None:
    shown = field(profile_of(CONTRADICTING, rules=LEARNED), "employee_count")
    assert [value["source"] for value in (*shown["values"], *shown["others"])] == [
        "snov_contacts",
        "brightdata_firmographics",
    ]
    assert shown["values"][0]["checked"] == {"right": 95, "of": 100}
    assert shown["others"][0]["checked"] == {"right": 40, "of": 100}
    assert shown["disputed"]


def test_without_learned_figures_a_value_does_not_say_how_often_its_source_was_right() -> None:
    shown = field(profile_of(CONTRADICTING), "employee_count")
    assert shown["values"][0]["source"] == "brightdata_firmographics"
    assert "checked" not in shown["values"][0]


def test_what_a_person_states_wins_over_learned_figures() -> None:
    stated = replace(CONTRADICTING.facts[0], source=VERDICT, quality=1.0, value=EmployeeCount(low=70, high=70))
    known = replace(CONTRADICTING, facts=(stated, *CONTRADICTING.facts))
    assert field(profile_of(known, rules=LEARNED), "employee_count")["values"][0]["source"] == VERDICT


@pytest.mark.parametrize(
    ("better", "worse", "served"),
    [
        ("Unitrin Direct", "Acme", "Acme"),  # Google shows a former name as a panel's title now and then
        ("Acme Corporation", "Unitrin", "Acme Corporation"),
        ("Alphabet", "Google", "Alphabet"),  # neither is in the address
        ("Acme", "The Acme Group", "Acme"),
        ("Unitrin of Acme", "Acme", "Unitrin of Acme"),
    ],
)
def test_of_names_that_contradict_each_other_that_of_the_site_s_address_is_served(
    better: str, worse: str, served: str
) -> None:
    stated = {"google_knowledge_graph": better, "brightdata_company_db": worse}
    known = known_from(COMPLETE)
    others = [one for one in known.facts if one.dataset != "company_name"]
    names = [fact(source, "company_name", Text(text=name)) for source, name in stated.items()]
    profile = profile_of(replace(known, replies=tuple(map(head, stated)), facts=(*others, *names)))
    [value] = field(profile, "company_name")["values"]
    assert value["value"] == {"text": served}
    assert len(field(profile, "company_name")["others"]) == 1
