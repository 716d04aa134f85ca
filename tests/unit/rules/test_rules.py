"""The rules: what ships is sound, and whatever is wrong is reported, all of it, in one message."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from enrich_cli.commands.rules import check
from enrichment.rules import RulesError, SourceQuestion, load_rules
from resources.rules.rule_checks import checked_rules
from tests.support.edited_rules import Edit, change, lines, problems
from tests.support.examples import FROZEN


def asking_for(thresholds: dict[str, float]) -> Edit:
    return lambda consumers: consumers["profile"].update(quality_thresholds=thresholds)


def test_the_shipped_rules_carry_the_starting_matrix() -> None:
    rules = load_rules(FROZEN)
    assert (len(rules.sources), len(rules.consumers), len(rules.analyses)) == (13, 5, 8)
    assert sum(1 for d in rules.datasets.values() if d.sources) == 14
    assert sum(1 for d in rules.datasets.values() if d.analysis) == 8


@pytest.mark.parametrize(
    ("source", "expected_usd_cents"),
    [
        ("google_knowledge_graph", 2),
        ("serp_organic", 5),
        ("serp_news", 5),
        ("serp_jobs", 5),
        ("serp_linkedin", 8),
        ("snov_contacts", 10),
        ("apollo_contacts", 12),
        ("brightdata_company_db", 15),
        ("brightdata_people_db", 25),
        ("brightdata_technographics", 20),
        ("brightdata_firmographics", 18),
        ("brightdata_intent_data", 30),
        ("brightdata_web_scraping", 10),
    ],
)
def test_one_question_costs_what_the_matrix_states_when_split_into_vendor_units(
    source: str, expected_usd_cents: int
) -> None:
    assert load_rules(FROZEN).expected_micro_usd(source) == expected_usd_cents * 10_000


def test_the_same_rules_have_the_same_hash_and_an_edit_changes_it(config: Path) -> None:
    before = load_rules(config).hash
    assert before == load_rules(FROZEN).hash
    change(config, "providers", lambda d: d["serpapi"]["prices"]["search"].update(usd_per_unit="0.01"))
    assert load_rules(config).hash != before


def test_an_edited_prompt_changes_the_hash(config: Path) -> None:
    prompt = config / "prompts" / "growth.md"
    prompt.write_text(prompt.read_text(encoding="utf-8") + "\nOne more line.", encoding="utf-8")
    assert load_rules(config).hash != load_rules(FROZEN).hash


@pytest.mark.parametrize(
    ("file", "edit", "expected"),
    [
        ("consumers", lambda d: d["profile"]["required"].append("patents"), "no dataset named 'patents'"),
        ("consumers", lambda d: d["profile"].update(analyses=["horoscope"]), "no analysis named 'horoscope'"),
        ("datasets", lambda d: d["industry"]["sources"].append("oracle"), "no source named 'oracle'"),
        ("sources", lambda d: d["serp_news"].update(provider="yahoo"), "no provider named 'yahoo'"),
        ("sources", lambda d: d["serp_news"].update(unit="click"), "no price for a 'click'"),
        ("sources", lambda d: d["serp_news"].update(match_rate=1.5), "less than or equal to 1"),
        ("sources", lambda d: d["serp_news"].update(match_rate=float("nan")), "serp_news.match_rate"),
        ("sources", lambda d: d["serp_news"].update(colour="blue"), "serp_news.colour: means nothing here"),
        ("sources", lambda d: d["serp_news"].update(ttl="soon"), "'soon' is no duration"),
        ("sources", lambda d: d["serp_news"].update(expected_units=9), "expected_units is above max_units"),
        ("consumers", lambda d: d["profile"]["optional"].update(company_description="much"), "company_description"),
        ("datasets", lambda d: d["industry"].update(quality_threshold=0.99), "industry: nothing can satisfy it"),
        ("datasets", lambda d: d["industry"].update(enough=3), "enough is above at_most"),
        (
            "consumers",
            asking_for({"industry": 0.99}),
            "no source or analysis of industry reaches 0.99",
        ),
        ("consumers", asking_for({"industry": 0.5}), "0.5 is below the dataset's own 0.8: a consumer may only ask for"),
        ("consumers", asking_for({"tech_stack": 0.9}), "profile does not ask for tech_stack; name it as required or"),
        ("consumers", lambda d: d["profile"].update(extras=["patents"]), "profile.extras: no dataset named 'patents'"),
        ("consumers", lambda d: d["profile"].update(extras=["industry"]), "industry is asked for already"),
        (
            "consumers",
            lambda d: d["profile"].update(extras=["pricing_model"]),
            "profile.extras: pricing_model is answered by the analysis positioning, which is paid for",
        ),
        ("consumers", asking_for({"patents": 0.9}), "no dataset named 'patents'"),
        ("consumers", asking_for({"industry": 2}), "profile.quality_thresholds.industry: "),
        ("datasets", lambda d: d["industry"].update(analysis="growth"), "by sources or by an analysis"),
        ("providers", lambda d: d["openai"].update(models={}), "no price for model 'gpt-4.1-mini'"),
        ("providers", lambda d: d["serpapi"]["prices"]["search"].update(usd_per_unit="-1"), "serpapi.prices.search"),
        ("sources", lambda d: d["serp_news"].update(match_rate=True), "serp_news.match_rate: "),
        ("sources", lambda d: d["serp_news"].update(match_rate="0.9"), "serp_news.match_rate: "),
        ("sources", lambda d: d["serp_news"].update(seconds=True), "serp_news.seconds: "),
        ("sources", lambda d: d["serp_news"].update(seconds=float("inf")), "serp_news.seconds: "),
        ("sources", lambda d: d["serp_news"].update(ttl=10**30), "serp_news.ttl: "),
        ("sources", lambda d: d["serp_news"].update(max_units=True), "serp_news.max_units: True is no number"),
        ("providers", lambda d: d["serpapi"].update(concurrency=True), "serpapi.concurrency: "),
        ("providers", lambda d: d["serpapi"].update(concurrency="4"), "serpapi.concurrency: "),
        ("providers", lambda d: d["serpapi"]["prices"]["search"].update(as_of=0), "as_of: 0 is no day"),
        ("datasets", lambda d: d["industry"].update(enough=True), "industry.enough: "),
        ("datasets", lambda d: d["industry"].update(empty_is_an_answer=1), "industry.empty_is_an_answer: "),
        ("caps", lambda d: d.update(all=True), "all: True is no number"),
        ("redundancy", lambda d: d[0].update(skip="nobody"), "no source named 'nobody'"),
        ("strategies", lambda d: d.update(default="lucky"), "default"),
        ("caps", lambda d: d["providers"].update(nobody="1.00"), "no provider named 'nobody'"),
    ],
)
def test_a_mistake_is_named_with_file_and_key(config: Path, file: str, edit: Edit, expected: str) -> None:
    change(config, file, edit)
    message = problems(config)
    assert f"config/{file}.yaml" in message or f"config/{'analyses' if file == 'providers' else file}.yaml" in message
    assert expected in message


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("budget_usd_per_day: -1", "config/refresh.yaml: budget_usd_per_day: "),
        ("consumers: {nothing: '1.00'}", "config/refresh.yaml: consumers: no consumer named 'nothing'"),
        ("consumers: {customer_intelligence: '1.00'}", "config/refresh.yaml: consumers.customer_intelligence: "),
        ("pinned: {nothing: 30d}", "config/refresh.yaml: pinned: no dataset named 'nothing'"),
        ("pinned: {industry: often}", "config/refresh.yaml: pinned.industry: 'often' is no duration"),
        ("pinned: {company_products: 30d}", "config/refresh.yaml: pinned.company_products: an analysis answers it"),
        ("{demand_horizon: 30d, idle_after: 31d}", "config/refresh.yaml: idle_after is above demand_horizon"),
        ("hours: [4, 25]", "config/refresh.yaml: hours.1: "),
        ("hours: [4, 4]", "config/refresh.yaml: hours begin and end with the same hour"),
        ("hour: [4, 8]", "config/refresh.yaml: hour: "),
    ],
)
def test_a_mistake_in_the_rules_of_the_refresh_is_named(config: Path, written: str, expected: str) -> None:
    (config / "refresh.yaml").write_text(written, encoding="utf-8")
    assert expected in problems(config)


@pytest.mark.parametrize(
    ("hours", "open_hours"), [("[0, 24]", range(24)), ("[4, 6]", [4, 5]), ("[22, 2]", [22, 23, 0, 1])]
)
def test_hours_are_from_the_first_up_to_the_second_past_midnight_too(
    config: Path, hours: str, open_hours: Iterable[int]
) -> None:
    (config / "refresh.yaml").write_text(f"hours: {hours}", encoding="utf-8")
    refresh = load_rules(config).refresh
    assert {hour for hour in range(24) if refresh.is_time(hour)} == set(open_hours)


def test_a_consumer_s_budget_is_its_own_or_that_of_all(config: Path) -> None:
    written = "{budget_usd_per_day: 2.5, consumers: {profile: '0.75'}, pinned: {industry: 90d}}"
    (config / "refresh.yaml").write_text(written, encoding="utf-8")
    refresh = load_rules(config).refresh
    assert (refresh.budget("profile"), refresh.budget("vendor_enrichment")) == (750_000, 2_500_000)
    assert refresh.pinned == {"industry": 90 * 86_400}


def test_a_source_that_does_not_answer_a_dataset_is_reported_once(config: Path) -> None:
    change(config, "datasets", lambda d: d["industry"].update(sources=["serp_news"]))
    [line] = [line for line in problems(config).splitlines() if "industry" in line]
    assert line == (
        "config/datasets.yaml: industry.sources: serp_news does not answer industry; "
        "add it there, or take the source out"
    )


def test_a_threshold_of_a_consumer_that_some_source_or_analysis_reaches_is_fine(config: Path) -> None:
    thresholds = {"industry": 0.94, "company_products": 0.75}
    change(config, "consumers", lambda d: d["vendor_context"].update(quality_thresholds=thresholds))
    assert load_rules(config).consumers["vendor_context"].quality_thresholds == thresholds


def test_a_source_that_no_dataset_names_is_reported_as_never_asked(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(config, "datasets", lambda d: d["hiring_trends"].update(sources=["brightdata_web_scraping"]))
    change(config, "datasets", lambda d: d["tech_stack"]["sources"].remove("serp_jobs"))
    check(config)
    assert "config/sources.yaml: serp_jobs is never asked: no dataset names it" in " ".join(
        capsys.readouterr().out.split()
    )


def test_a_price_ten_times_the_usual_one_is_remarked_on_and_the_rules_are_fine_all_the_same(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(config, "providers", lambda d: d["serpapi"]["prices"]["search"].update(usd_per_unit="0.50"))
    check(config)
    printed = " ".join(capsys.readouterr().out.split())
    assert "is fine" in printed
    assert "config/providers.yaml: serpapi.prices.search is 10 times dearer than usual" in printed


def test_all_mistakes_stand_in_one_message(config: Path) -> None:
    change(config, "consumers", lambda d: d["profile"]["required"].append("patents"))
    change(config, "sources", lambda d: d["serp_jobs"].update(unit="click"))
    change(config, "datasets", lambda d: d["tech_stack"]["sources"].append("oracle"))
    message = problems(config)
    assert message.count("\n") >= 2
    assert all(word in message for word in ("patents", "click", "oracle"))


def test_prices_and_units_may_be_written_as_decimal_text(config: Path) -> None:
    change(config, "sources", lambda d: d["serp_news"].update(expected_units="1.0", max_units="1"))
    change(
        config, "providers", lambda d: d["serpapi"]["prices"]["search"].update(usd_per_unit=0.04, as_of="2026-11-21")
    )
    assert load_rules(config).expected_micro_usd("serp_news") == 40_000


@pytest.mark.parametrize(
    ("file", "edit", "where"),
    [
        ("sources", lambda d: d["serp_organic"].update(match_rate="high"), "serp_organic.match_rate"),
        ("sources", lambda d: d.update(brightdata_company_db=None), "brightdata_company_db"),
        ("providers", lambda d: d["serpapi"].update(concurrency=0), "serpapi.concurrency"),
        ("providers", lambda d: d["openai"].update(base_url="openai"), "openai.base_url"),
        ("providers", lambda d: d["openai"].update(models=5), "openai.models"),
        ("datasets", lambda d: d["company_name"].update(enough=0), "company_name.enough"),
        ("datasets", lambda d: d["key_contacts"].update(enough=99), "key_contacts"),
        ("consumers", lambda d: d["vendor_enrichment"].update(max_seconds="long"), "vendor_enrichment.max_seconds"),
        ("analyses", lambda d: d["growth"].update(max_output_tokens=0), "growth.max_output_tokens"),
    ],
)
def test_a_broken_entry_is_still_there_by_name_and_causes_no_other_lines(
    config: Path, file: str, edit: Edit, where: str
) -> None:
    change(config, file, edit)
    assert lines(config) == [f"config/{file}.yaml: {where}"]


def test_what_a_broken_entry_names_is_looked_up_all_the_same(config: Path) -> None:
    change(config, "sources", lambda d: d["serp_news"].update(match_rate="high", needs=["oracle"], provider="yahoo"))
    change(config, "redundancy", lambda d: d[0].update(skip="nobody", because=1))
    change(config, "analyses", lambda d: d["growth"].update(max_output_tokens=0, reads=["tea_leaves"]))
    assert lines(config) == [
        "config/sources.yaml: serp_news.match_rate",
        "config/analyses.yaml: growth.max_output_tokens",
        "config/redundancy.yaml: 0.because",
        "config/sources.yaml: serp_news.provider",
        "config/sources.yaml: serp_news.needs",
        "config/analyses.yaml: growth.reads",
        "config/redundancy.yaml: 0.skip",
    ]


def test_a_name_written_wrong_is_not_also_reported_as_leaving_a_dataset_without_sources(config: Path) -> None:
    change(config, "datasets", lambda d: d["purchase_intent"].update(sources=["brightdata_intent"]))
    assert problems(config).splitlines() == [
        "config/datasets.yaml: purchase_intent.sources: no source named 'brightdata_intent'"
    ]


def test_problems_of_other_files_are_reported_beside_a_file_that_cannot_be_read(config: Path) -> None:
    (config / "datasets.yaml").write_text("[", encoding="utf-8")
    change(config, "sources", lambda d: d["serp_news"].update(provider="yahoo"))
    assert lines(config) == ["config/datasets.yaml: line 1, column 2", "config/sources.yaml: serp_news.provider"]


def complaint(source: str, asked: SourceQuestion) -> list[str]:
    return [f"config/sources.yaml: {source}.question: q: nobody asks this"] if "{nme}" in asked.question["q"] else []


def test_problems_of_the_questions_stand_in_the_same_message_even_of_a_broken_source(config: Path) -> None:
    change(config, "consumers", lambda d: d["profile"].update(max_seconds="long"))
    change(config, "sources", lambda d: d["serp_news"].update(question={"q": "{nme}"}, match_rate=2))
    change(config, "sources", lambda d: d.update(broken=5, lost={"question": {}}))

    def of_serp_news(source: str, asked: SourceQuestion) -> list[str]:
        return complaint(source, asked) if source == "serp_news" else []

    found = lines(config, of_serp_news)
    assert "config/consumers.yaml: profile.max_seconds" in found
    assert "config/sources.yaml: serp_news.match_rate" in found
    assert "config/sources.yaml: serp_news.question" in found


def test_a_source_of_an_unknown_provider_is_not_asked_about_its_question(config: Path) -> None:
    change(config, "sources", lambda d: d["serp_news"].update(question={"q": "{nme}"}, provider="yahoo"))

    def of_serp_news(source: str, asked: SourceQuestion) -> list[str]:
        return complaint(source, asked) if source == "serp_news" else []

    assert lines(config, of_serp_news) == ["config/sources.yaml: serp_news.provider"]


def test_the_check_names_what_only_the_clients_and_readers_know_beside_everything_else(config: Path) -> None:
    change(config, "consumers", lambda d: d["profile"].update(max_seconds="long"))
    change(config, "sources", lambda d: d["serp_news"]["question"].update(q="{nme}", colour="blue"))
    change(config, "sources", lambda d: d["serp_jobs"].update(provider="openai", unit="token", reader="tea_leaves"))
    with pytest.raises(RulesError) as caught:
        checked_rules(config)
    expected = [
        "config/consumers.yaml: profile.max_seconds: ",
        "config/sources.yaml: serp_news.question: q: ",
        "config/sources.yaml: serp_news.question: colour: ",
        "config/sources.yaml: serp_jobs.provider: openai has no client: add resources/providers/openai.py",
        "config/sources.yaml: serp_jobs: no reader named 'tea_leaves'",
    ]
    assert [line for line in expected if not any(problem.startswith(line) for problem in caught.value.problems)] == []


def test_an_analysis_without_a_type_of_answer_or_a_field_for_its_dataset_is_named(config: Path) -> None:
    (config / "prompts" / "horoscope.md").write_text("Read the stars.", encoding="utf-8")
    change(config, "analyses", lambda d: d.update(horoscope={**d["growth"], "answers": []}))
    change(config, "analyses", lambda d: d["growth"].update(answers=["growth_signals", "business_challenges", "luck"]))
    change(config, "datasets", lambda d: d.update(luck={"analysis": "growth", "quality_threshold": 0.6}))
    with pytest.raises(RulesError) as caught:
        checked_rules(config)
    assert [problem.partition(" in ")[0] for problem in caught.value.problems] == [
        "config/analyses.yaml: growth.answers: its answer has no field for luck: name it",
        "config/analyses.yaml: horoscope: has no type of answer: add one to ANSWERS",
    ]


def test_circular_needs_are_found(config: Path) -> None:
    def circle(data: dict[str, Any]) -> None:
        for source in ("serp_jobs", "brightdata_web_scraping", "brightdata_technographics"):
            data[source]["needs"] = ["hiring_trends"]
        data["serp_jobs"]["needs"] = ["tech_stack"]

    change(config, "sources", circle)
    assert "circular needs" in problems(config)


def test_without_a_budget_nothing_is_refreshed_that_costs_anything(config: Path) -> None:
    (config / "refresh.yaml").write_text("{}\n", encoding="utf-8")
    assert load_rules(config).refresh.budget("profile") == 0


@pytest.mark.parametrize(("caps", "remarked"), [("{}", True), ("all: 250", False)])
def test_a_check_says_that_nothing_limits_a_day(
    config: Path, capsys: pytest.CaptureFixture[str], caps: str, remarked: bool
) -> None:
    (config / "caps.yaml").write_text(f"{caps}\n", encoding="utf-8")
    check(config)
    assert ("no cap on what a day may cost in all" in capsys.readouterr().out) is remarked


def test_a_name_kept_for_requests_by_hand_is_refused_as_a_consumer(config: Path) -> None:
    change(config, "consumers", lambda d: d.update(custom=d["profile"]))
    assert "custom" in problems(config)


def test_learned_reliability_is_part_of_the_rules_and_of_their_hash(config: Path) -> None:
    before = load_rules(config)
    (config / "reliability.yaml").write_text(
        "employee_count: {sources: {snov_contacts: {right: 95, checked: 100, use: accepted}}}", encoding="utf-8"
    )
    after = load_rules(config)
    assert before.learned_reliability == {}
    assert after.learned_reliability["employee_count"].sources["snov_contacts"].right == 95
    assert after.hash != before.hash


def test_an_empty_mapping_of_learned_reliability_changes_no_hash(config: Path) -> None:
    before = load_rules(config).hash
    (config / "reliability.yaml").write_text("{}", encoding="utf-8")
    assert load_rules(config).hash == before


def test_a_line_of_learned_reliability_counts_once_it_is_accepted_or_pinned(config: Path) -> None:
    (config / "reliability.yaml").write_text(
        """
        employee_count:
          sources:
            snov_contacts: {right: 95, checked: 100}
            apollo_contacts: {right: 90, checked: 100, use: accepted}
            brightdata_company_db: {right: 80, checked: 100, use: pinned}
          feeds:
            - {accuracy: 0.4, copied: {snov_contacts: 0.9, apollo_contacts: 0.9}, use: proposed}
        industry:
          sources: {snov_contacts: {right: 95, checked: 100}}
        """,
        encoding="utf-8",
    )
    rules = load_rules(config)
    counted = rules.learned_reliability["employee_count"]
    assert sorted(counted.sources) == ["apollo_contacts", "brightdata_company_db"]
    assert not counted.feeds
    assert (list(rules.learned_reliability), len(rules.reliability_lines)) == (["employee_count"], 2)


def test_a_source_in_two_feeds_that_count_is_refused(config: Path) -> None:
    feed = "{accuracy: 0.4, copied: {snov_contacts: 0.9, apollo_contacts: 0.9}, use: %s}"
    text = "employee_count: {sources: {}, feeds: [%s, %s]}"
    (config / "reliability.yaml").write_text(text % (feed % "accepted", feed % "pinned"), encoding="utf-8")
    assert "apollo_contacts, snov_contacts: in two feeds that count" in problems(config)
    (config / "reliability.yaml").write_text(text % (feed % "accepted", feed % "proposed"), encoding="utf-8")
    assert len(load_rules(config).learned_reliability["employee_count"].feeds) == 1


def test_learned_reliability_that_cannot_be_is_refused_and_names_that_do_not_exist(config: Path) -> None:
    (config / "reliability.yaml").write_text(
        "{employee_count: {sources: {snov: {right: 1, checked: 2}}}, heads: {sources: {}}}", encoding="utf-8"
    )
    assert lines(config) == ["config/reliability.yaml: employee_count.snov", "config/reliability.yaml: heads"]
    (config / "reliability.yaml").write_text(
        "employee_count: {sources: {snov_contacts: {right: 3, checked: 2}}}", encoding="utf-8"
    )
    assert "3 cannot be right of 2" in problems(config)


def test_rules_read_again_unchanged_are_the_same_object_so_that_plans_of_them_stay_in_memory(config: Path) -> None:
    first = load_rules(config)
    assert load_rules(config) is first
    change(config, "sources", lambda d: d["serp_news"].update(match_rate=0.11))
    assert load_rules(config) is not first
    assert load_rules(config).sources["serp_news"].match_rate == 0.11
