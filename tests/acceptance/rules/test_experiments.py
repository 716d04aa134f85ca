"""`enrich experiments`, as a user types it."""

import asyncio
import json
import shutil
from pathlib import Path

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
    asyncio.run(stack.ask("tesla.com", "profile"))

    shown = stack.command("experiments", "order", "--sandbox", "--json", ENRICH_CONFIG=str(config))
    assert (shown.returncode, shown.stderr) == (0, "")
    arms = json.loads(shown.stdout)["order"]
    assert arms.keys() == {"one", "other"}
    assert sum(arm["companies"] for arm in arms.values()) == 1
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
