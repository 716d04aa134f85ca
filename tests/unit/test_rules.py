"""The rules: what ships is sound, and whatever is wrong is said, all of it, in one message."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from enrichment.rules import RulesError, load_rules

SHIPPED = Path(__file__).parents[2] / "config"

Edit = Callable[[dict[str, Any]], Any]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    shutil.copytree(SHIPPED, folder)
    return folder


def change(folder: Path, name: str, edit: Edit) -> None:
    path = folder / f"{name}.yaml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    edit(data)
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")


def problems(folder: Path) -> str:
    with pytest.raises(RulesError) as caught:
        load_rules(folder)
    return str(caught.value)


def test_the_shipped_rules_carry_the_starting_matrix() -> None:
    rules = load_rules(SHIPPED)
    assert (len(rules.sources), len(rules.consumers), len(rules.analyses)) == (13, 5, 8)
    assert sum(1 for d in rules.datasets.values() if d.sources) == 10
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
def test_one_question_costs_what_the_matrix_says_when_split_into_vendor_units(
    source: str, expected_usd_cents: int
) -> None:
    assert load_rules(SHIPPED).expected_micro_usd(source) == expected_usd_cents * 10_000


def test_the_same_rules_have_the_same_hash_and_an_edit_changes_it(config: Path) -> None:
    before = load_rules(config).hash
    assert before == load_rules(SHIPPED).hash
    change(config, "providers", lambda d: d["serpapi"]["prices"]["search"].update(usd_per_unit="0.01"))
    assert load_rules(config).hash != before


def test_an_edited_prompt_changes_the_hash(config: Path) -> None:
    prompt = config / "prompts" / "growth.md"
    prompt.write_text(prompt.read_text(encoding="utf-8") + "\nOne more line.", encoding="utf-8")
    assert load_rules(config).hash != load_rules(SHIPPED).hash


@pytest.mark.parametrize(
    ("file", "edit", "says"),
    [
        ("consumers", lambda d: d["profile"]["required"].append("patents"), "no dataset named 'patents'"),
        ("consumers", lambda d: d["profile"].update(analyses=["horoscope"]), "no analysis named 'horoscope'"),
        ("datasets", lambda d: d["industry"]["sources"].append("oracle"), "no source named 'oracle'"),
        ("sources", lambda d: d["serp_news"].update(provider="yahoo"), "no provider named 'yahoo'"),
        ("sources", lambda d: d["serp_news"].update(unit="click"), "no price for a 'click'"),
        ("sources", lambda d: d["serp_news"].update(match_rate=1.5), "less than or equal to 1"),
        ("sources", lambda d: d["serp_news"].update(match_rate=float("nan")), "serp_news.match_rate"),
        ("sources", lambda d: d["serp_news"].update(colour="blue"), "serp_news.colour: Extra inputs are not permitted"),
        ("sources", lambda d: d["serp_news"].update(ttl="soon"), "'soon' is no duration"),
        ("sources", lambda d: d["serp_news"].update(expected_units=9), "expected_units is above max_units"),
        ("consumers", lambda d: d["profile"]["optional"].update(company_description="much"), "company_description"),
        ("datasets", lambda d: d["industry"].update(quality_threshold=0.99), "industry: nobody can satisfy it"),
        ("datasets", lambda d: d["industry"].update(enough=3), "enough is above at_most"),
        ("datasets", lambda d: d["industry"].update(analysis="growth"), "by sources or by an analysis"),
        ("providers", lambda d: d["openai"].update(models={}), "no price for model 'gpt-4.1-mini'"),
        ("providers", lambda d: d["serpapi"]["prices"]["search"].update(usd_per_unit="-1"), "serpapi.prices.search"),
        ("redundancy", lambda d: d[0].update(skip="nobody"), "no source named 'nobody'"),
        ("strategies", lambda d: d.update(default="lucky"), "default"),
        ("caps", lambda d: d["providers"].update(nobody="1.00"), "no provider named 'nobody'"),
    ],
)
def test_a_mistake_is_named_with_file_and_key(config: Path, file: str, edit: Edit, says: str) -> None:
    change(config, file, edit)
    message = problems(config)
    assert f"config/{file}.yaml" in message or f"config/{'analyses' if file == 'providers' else file}.yaml" in message
    assert says in message


def test_all_mistakes_stand_in_one_message(config: Path) -> None:
    change(config, "consumers", lambda d: d["profile"]["required"].append("patents"))
    change(config, "sources", lambda d: d["serp_jobs"].update(unit="click"))
    change(config, "datasets", lambda d: d["tech_stack"]["sources"].append("oracle"))
    message = problems(config)
    assert message.count("\n") >= 2
    assert all(word in message for word in ("patents", "click", "oracle"))


def test_circular_needs_are_found(config: Path) -> None:
    def circle(data: dict[str, Any]) -> None:
        for source in ("serp_jobs", "brightdata_web_scraping", "brightdata_technographics"):
            data[source]["needs"] = ["hiring_trends"]
        data["serp_jobs"]["needs"] = ["tech_stack"]

    change(config, "sources", circle)
    assert "circular needs" in problems(config)


def test_a_missing_file_is_one_problem_and_not_a_hundred(config: Path) -> None:
    (config / "datasets.yaml").unlink()
    assert problems(config).splitlines() == [f"config/datasets.yaml: not found in {config}"]


@pytest.mark.parametrize("content", [b"profile: [", b"\xff\xfe\x00", b"- 1", b"profile: {}\nprofile: {}"])
def test_a_broken_file_is_named(config: Path, content: bytes) -> None:
    (config / "consumers.yaml").write_bytes(content)
    assert "config/consumers.yaml" in problems(config)


def test_a_missing_prompt_is_named(config: Path) -> None:
    (config / "prompts" / "growth.md").unlink()
    assert "config/prompts/growth.md" in problems(config)


def test_a_name_kept_for_requests_by_hand_is_refused_as_a_consumer(config: Path) -> None:
    change(config, "consumers", lambda d: d.update(custom=d["profile"]))
    assert "custom" in problems(config)
