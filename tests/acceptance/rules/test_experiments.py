"""`enrich experiments`, as a user types it."""

import asyncio
import json
import shutil
from dataclasses import replace
from pathlib import Path

from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.domain.requests import Request
from enrichment.rules import load_rules
from tests.acceptance.conftest import Stack
from tests.support.examples import FROZEN

ORDER = (
    "order: {consumer: profile, since: 2020-01-01, share: 1.0, arms: {one: enhanced, other: enhanced}, metric: cost}"
)


def test_experiments_are_listed_with_what_came_of_them(stack: Stack, tmp_path: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(FROZEN, config)
    none = stack.command("experiments", "--sandbox", ENRICH_CONFIG=str(config))
    assert "No experiment is under way" in none.stdout
    (config / "experiments.yaml").write_text(ORDER, encoding="utf-8")
    asyncio.run(replace(stack, rules=load_rules(config)).ask("tesla.com", "profile"))

    shown = stack.command("experiments", "order", "--sandbox", "--json", ENRICH_CONFIG=str(config))
    assert (shown.returncode, shown.stderr) == (0, "")
    arms = json.loads(shown.stdout)["order"]
    assert arms.keys() == {"one", "other"}
    assert sum(arm["companies"] for arm in arms.values()) == 1
    assert "Infinity" not in shown.stdout
    table = stack.command("experiments", "--sandbox", ENRICH_CONFIG=str(config))
    assert "other" in table.stdout
    unknown = stack.command("experiments", "other", "--sandbox", ENRICH_CONFIG=str(config))
    assert (unknown.returncode, "There is order." in unknown.stderr) == (2, True)


def test_a_company_of_an_arm_is_never_served_from_layer_1(stack: Stack, tmp_path: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(FROZEN, config)

    def served() -> str:
        asked = stack.command(
            "company", "tesla.com", "--for", "profile", "--sandbox", "--json", ENRICH_CONFIG=str(config)
        )
        return str(json.loads(asked.stdout)["served_from"])

    assert [served(), served()] == ["vendors", "layer_1"]
    (config / "experiments.yaml").write_text(ORDER, encoding="utf-8")
    assert served() == "memory"


def test_a_company_of_an_arm_is_served_by_its_rules_and_the_arm_is_on_record(stack: Stack, tmp_path: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(FROZEN, config)
    less = "{rules: {consumers: {profile: {required: [company_name, domain], optional: {}}}}}"
    (config / "experiments.yaml").write_text(
        f"less: {{consumer: profile, since: 2020-01-01, share: 1.0, metric: cost, arms: {{one: {less}, two: {less}}}}}",
        encoding="utf-8",
    )
    rules = load_rules(config)
    asked = asyncio.run(replace(stack, rules=rules).ask("tesla.com", "profile"))
    arm = (asked.request.plan or {})["arm"]
    assert (arm["experiment"], arm["name"] in ("one", "two"), arm["chance"]) == ("less", True, 0.5)
    assert asked.request.rules_hash == asked.profile.rules_hash == rules.arms["less"][arm["name"]].hash
    assert "industry" not in asked.profile.document["datasets"]

    named = asyncio.run(replace(stack, rules=rules).ask("apple.com", "profile", strategy="priority"))
    assert "arm" not in (named.request.plan or {})


def test_an_arm_whose_guard_is_broken_is_named_and_with_stop_gets_no_company_any_more(
    stack: Stack, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    shutil.copytree(FROZEN, config)
    guarded = ORDER.replace("metric: cost", "metric: cost, guard: {least_complete: 0.9}")
    (config / "experiments.yaml").write_text(guarded, encoding="utf-8")
    now = stack.clock.now()
    keys = [f"c{number}.com" for number in range(220)]
    companies = stack.store.companies.add([Company(new_id("com"), key, None, key, now) for key in keys])
    for number, about in enumerate(companies):
        arm = {"experiment": "order", "name": "other" if number % 2 else "one", "chance": 0.5}
        asked = Request(new_id("req"), about.company_id, "profile", None, "enhanced", "hash", now, plan={"arm": arm})
        stack.store.requests.open(asked)
        ended = replace(asked, state="incomplete" if number % 2 else "complete", finished_at=now)
        stack.store.requests.close(ended, profiles=(), reads=())
    named = stack.command("experiments", "--sandbox", ENRICH_CONFIG=str(config))
    assert (named.returncode, "--stop stops it" in named.stdout) == (3, True)
    assert load_rules(config).experiments["order"].stopped == ()
    stopped = stack.command("experiments", "--stop", "--sandbox", "--json", ENRICH_CONFIG=str(config))
    assert stopped.returncode == 3
    assert load_rules(config).experiments["order"].stopped == ("other",)
    again = stack.command("experiments", "--sandbox", ENRICH_CONFIG=str(config))
    assert (again.returncode, "--stop stops it" in again.stdout) == (0, False)
    assert "it is stopped" in " ".join(again.stdout.split())
