"""What a plan says of each source and dataset is what its executions bear out."""

from dataclasses import replace
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from enrich_cli.rendering.plan import plan_tree
from enrichment.planning.fallback_chains import Branch
from enrichment.planning.plan import Plan
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements, custom, requirements_of
from tests.support.examples import MATRIX, known_from
from tests.support.plans import plan_of

CONSUMERS = [requirements_of(MATRIX, [name]) for name in ("profile", "vendor_enrichment", "customer_enrichment")]
ASKED = ("chosen", "fallback", "last resort")


def printed(plan: Plan) -> str:
    out = StringIO()
    Console(file=out, width=400, no_color=True).print(plan_tree(plan, "plan"))
    return out.getvalue()


def needing(source: str, dataset: str) -> Rules:
    """The shipped rules, but this source cannot be asked before that dataset is known."""
    entry = MATRIX.sources[source].model_copy(update={"needs": (dataset,)})
    return MATRIX.model_copy(update={"sources": {**MATRIX.sources, source: entry}})


def test_a_source_that_waits_for_a_dataset_is_shown_with_what_it_waits_for_and_how_likely_that_is() -> None:
    rules = needing("brightdata_people_db", "industry")
    requirements = custom(rules, ["industry", "key_contacts"], ["brightdata_people_db", "brightdata_firmographics"])
    plan = plan_of(requirements, rules=rules)
    people = plan.source("brightdata_people_db")
    assert (people.verdict, people.why) == ("fallback", "asked once industry is found")
    assert people.chance == pytest.approx(0.8 * 0.97)
    assert plan.parts[0].branches == (Branch("industry", True, ("brightdata_people_db",)),)
    text = printed(plan)
    assert "key_contacts (required): brightdata_people_db (once industry is found), chance 55%" in text
    assert "once industry is found: brightdata_people_db (0.1875; key_contacts; asked 78%)" in text
    assert "not worth its price" not in text


def test_a_part_with_nothing_but_a_last_resort_is_something_to_buy() -> None:
    plan = plan_of(custom(MATRIX, ["key_contacts"], ["serp_linkedin"]))
    assert plan.source("serp_linkedin").verdict == "last resort"
    text = printed(plan)
    assert "nothing to buy" not in text
    assert "last resort: serp_linkedin (0.08; key_contacts)" in text


def test_what_does_not_fit_when_it_would_be_asked_in_order_is_over_a_cap_and_not_too_dear_for_its_worth() -> None:
    requirements = custom(MATRIX, ["key_contacts"], ["apollo_contacts", "brightdata_people_db"])
    for cap, verdict in ((380_000, "fallback"), (250_000, "fallback"), (240_000, "over a cap")):
        plan = plan_of(requirements.within(max_cost=cap, oldest=None))
        assert plan.source("apollo_contacts").verdict == "chosen"
        assert plan.source("brightdata_people_db").verdict == verdict, cap
    dear = MATRIX.sources["apollo_contacts"].model_copy(update={"charged": "always"})
    rules = MATRIX.model_copy(update={"sources": {**MATRIX.sources, "apollo_contacts": dear}})
    plan = plan_of(requirements.within(max_cost=250_000, oldest=None), rules=rules)
    people = plan.source("brightdata_people_db")
    assert (people.verdict, "when it would be asked in order" in people.why) == ("over a cap", True)


def test_where_less_can_go_wrong_than_a_chain_could_stand_the_rest_of_it_is_left_out() -> None:
    """A source that always satisfies has no fallback."""
    sure = MATRIX.sources["serp_news"].model_copy(
        update={
            "match_rate": 1.0,
            "datasets": {
                "recent_news": MATRIX.sources["serp_news"].datasets["recent_news"].model_copy(update={"fill_rate": 1.0})
            },
        }
    )
    rules = MATRIX.model_copy(update={"sources": {**MATRIX.sources, "serp_news": sure}})
    plan = plan_of(custom(rules, ["recent_news"], None), rules=rules)
    assert [part.chain for part in plan.parts] == [(("serp_news",),)]
    assert plan.source("brightdata_web_scraping").verdict == "not worth its price"


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    requirements=st.sampled_from(CONSUMERS),
    silent=st.sets(st.sampled_from(sorted(MATRIX.sources)), min_size=4),
    cap=st.sampled_from([0, 100_000, 250_000, 400_000, 5_000_000]),
    strategy=st.sampled_from(["enhanced", "priority"]),
    need=st.sampled_from([None, ("brightdata_people_db", "industry"), ("serp_news", "company_description")]),
)
def test_a_source_that_may_be_asked_is_in_the_chains_with_its_chance_and_no_other(
    requirements: Requirements, silent: set[str], cap: int, strategy: str, need: tuple[str, str] | None
) -> None:
    rules = MATRIX if need is None else needing(*need)
    known = known_from(*((source, []) for source in sorted(silent)))
    plan = plan_of(requirements.within(max_cost=cap, oldest=None), rules=rules, strategy=strategy, known=known)
    named = set[str]()
    for part in plan.parts:
        named.update(*part.chain, *(branch.asked for branch in part.branches))
    for source in plan.sources:
        assert (source.chance > 0) == (source.verdict in ASKED), source
        assert (source.source in named) == (source.verdict in ("chosen", "fallback")), source
    for dataset in plan.datasets:
        answering = [s for s in plan.sources if s.verdict in ASKED and dataset.dataset in s.answers]
        assert answering or dataset.chance in (0, 1), dataset
    text = printed(plan)
    assert all(source.source in text for source in plan.sources)


def test_every_source_is_named_once_with_why_it_is_not_asked() -> None:
    plan = plan_of(custom(MATRIX, ["recent_news"], None))
    text = printed(plan)
    assert text.count("(it answers nothing that is wanted)") == 1
    assert all(text.count(name) == 1 for name in ("serp_jobs", "apollo_contacts", "google_knowledge_graph"))


def test_a_source_that_two_parts_count_on_is_shown_in_each_as_likely_as_it_is_asked_there() -> None:
    """LinkedIn pages: for the headcount if firmographics fail, as a last resort if no source has contacts."""
    sources = ["brightdata_firmographics", "brightdata_people_db", "serp_linkedin"]
    plan = plan_of(custom(MATRIX, ["employee_count", "key_contacts"], sources))
    linkedin = plan.source("serp_linkedin")
    by_policy = linkedin.chance - linkedin.as_last_resort
    assert 0 < linkedin.as_last_resort <= 1 - 0.75 * 0.95
    assert 0 < by_policy <= 1 - 0.8 * 0.97
    assert linkedin.chance == pytest.approx(1 - 0.75 * 0.95 * 0.8 * 0.97)
    shown = [line.partition("; asked ")[2] for line in printed(plan).splitlines() if "serp_linkedin (0.08" in line]
    assert sorted(shown) == sorted([f"{by_policy:.0%})", f"{linkedin.as_last_resort:.0%})"])


def test_a_source_asked_as_a_last_resort_before_it_would_be_asked_in_order_is_named_for_what_it_can_satisfy() -> None:
    """LinkedIn is too unreliable for contacts, and good enough for the rest: asked for those, it brings these too."""
    serpapi = frozenset(name for name, source in MATRIX.sources.items() if source.provider == "serpapi")
    plan = plan_of(replace(requirements_of(MATRIX, ["vendor_enrichment"]), sources=serpapi))
    linkedin = plan.source("serp_linkedin")
    assert (linkedin.verdict, linkedin.chance, linkedin.as_last_resort) == ("last resort", 1.0, 1.0)
    assert "before it would be asked in order" in linkedin.why
    text = printed(plan)
    assert "employee_count (required): serp_linkedin (as a last resort for other datasets), chance" in text
    assert "industry (required): serp_organic -> serp_linkedin (as a last resort for other datasets), chance" in text


def test_datasets_that_analyses_answer_are_listed_with_what_they_are_made_from() -> None:
    plan = plan_of(custom(MATRIX, ["company_products"], None))
    assert "company_products (required): by analysis positioning, from company_description" in printed(plan)
    assert [one.dataset for one in plan.analysed] == ["company_products"]
    assert not plan_of(requirements_of(MATRIX, ["profile"])).analysed


def test_under_a_cap_calling_everything_goes_on_while_there_is_room_whatever_is_missing() -> None:
    requirements = requirements_of(MATRIX, ["vendor_enrichment"]).within(max_cost=600_000, oldest=None)
    text = printed(plan_of(requirements, strategy="legacy"))
    assert "then, if the caps leave enough:" in text
    assert "if something is missing" not in text


def test_the_wait_counts_among_what_is_not_worth_it() -> None:
    hurried = replace(requirements_of(MATRIX, ["customer_enrichment"]), value_of_time=20_000)
    intent = plan_of(hurried).source("brightdata_intent_data")
    assert (intent.verdict, "and the wait for it" in intent.why) == ("not worth its price", True)


def test_what_is_left_shares_the_clock_it_had_in_the_whole() -> None:
    """Industry is what linked them; a plan made once it is known is still one part, as the one made before goes on."""
    hurried = replace(requirements_of(MATRIX, ["vendor_enrichment"]), value_of_time=2_000)
    (whole,) = plan_of(hurried).parts
    (left,) = plan_of(hurried, known_from(("brightdata_company_db", ["industry"]))).parts
    assert left.problem.wanted == whole.problem.wanted - {"industry"}
