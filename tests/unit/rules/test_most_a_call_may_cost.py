"""The most a call may cost is computed from the rules, once: what a plan counts with is what is reserved."""

import shutil
from pathlib import Path

import pytest
import yaml

from enrichment.collection.source_call import order_for
from enrichment.pipeline.stages import Ask, request_for
from enrichment.purchasing.purchase_order import draft
from enrichment.rules import RulesError, load_rules
from tests.support.examples import MATRIX, NOON, acme

CONFIG = Path(__file__).parents[3] / "config"
ASK = Ask("acme.com")
WANTED = ASK.requirements(MATRIX)
REQUEST = request_for(ASK, WANTED, acme(), MATRIX, NOON, request_id="req_1")


@pytest.mark.parametrize("source", MATRIX.sources)
def test_what_is_reserved_is_what_the_rules_allow_it_to_cost_at_most(source: str) -> None:
    order = order_for(source, acme(), REQUEST, WANTED, MATRIX, seen=())
    assert draft(order, NOON).reserved_micro_usd == order.most_micro_usd == MATRIX.max_micro_usd(source)


def test_a_part_of_a_unit_is_no_maximum_for_a_vendor_bills_whole_ones(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    shutil.copytree(CONFIG, folder)
    sources = yaml.safe_load((folder / "sources.yaml").read_text(encoding="utf-8"))
    entries = sources.get("sources", sources)
    entries["serp_news"]["max_units"] = 2.5
    (folder / "sources.yaml").write_text(yaml.safe_dump(sources), encoding="utf-8")
    with pytest.raises(RulesError, match=r"serp_news\.max_units: 2\.5 is no whole number"):
        load_rules(folder)


@pytest.mark.parametrize("analysis", MATRIX.analyses)
def test_the_provider_that_sells_a_model_is_the_one_with_its_price(analysis: str) -> None:
    model = MATRIX.analyses[analysis].model
    prices = MATRIX.providers[MATRIX.provider_of_model(model)].models[model]
    assert MATRIX.usd_per_token(model) == {
        "input_token": prices.input_token.usd,
        "output_token": prices.output_token.usd,
    }
