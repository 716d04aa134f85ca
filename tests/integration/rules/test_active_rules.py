"""A broken edit of the rules is reported, and the last good ones stay in force."""

import shutil
from pathlib import Path

import pytest

from enrichment.rules import RulesError
from resources.rules.active_rules import active_rules
from resources.settings import Settings
from tests.support.examples import FROZEN


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    shutil.copytree(FROZEN, tmp_path / "config")
    return Settings(enrich_home=tmp_path / "home", enrich_config=tmp_path / "config")


def edit(settings: Settings, old: str, new: str) -> None:
    path = settings.enrich_config / "providers.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def test_a_good_edit_counts_at_once(settings: Settings) -> None:
    before = active_rules(settings).rules
    edit(settings, '"0.05"', '"0.04"')
    after = active_rules(settings)
    assert (after.complaint, after.rules.hash == before.hash) == (None, False)


def test_while_an_edit_is_broken_the_last_good_rules_stay_in_force_and_the_fault_is_reported(
    settings: Settings,
) -> None:
    edit(settings, '"0.05"', '"0.04"')
    good = active_rules(settings).rules
    edit(settings, '"0.04"', '"cheap"')
    active = active_rules(settings)
    assert active.rules.hash == good.hash
    assert "config/providers.yaml: serpapi.prices.search" in (active.complaint or "")
    edit(settings, '"cheap"', '"0.03"')
    assert active_rules(settings).complaint is None


def test_broken_rules_that_never_were_good_are_refused(settings: Settings) -> None:
    edit(settings, '"0.05"', '"cheap"')
    with pytest.raises(RulesError):
        active_rules(settings)


def test_the_rules_a_plan_was_made_by_can_be_looked_up_by_their_hash(settings: Settings) -> None:
    first = active_rules(settings).rules.hash
    edit(settings, '"0.05"', '"0.04"')
    second = active_rules(settings).rules.hash
    kept = {folder.name for folder in (settings.enrich_home / "rules").iterdir() if folder.is_dir()}
    assert kept == {first, second}
