"""Which sources a selection of raw assets asks."""

from enrichment.rules import load_rules
from enrichment_assets.asset_specs import layer_assets
from enrichment_assets.layers.selected_layers import sources_due
from tests.support.research_stack import SHIPPED

RULES = load_rules(SHIPPED)


def test_a_selection_asks_no_source_that_has_a_fresh_reply_or_needs_a_topic_and_the_asset_says_so() -> None:
    selected = ("serp_news", "serp_topic", "serp_jobs", "brightdata_page")
    assert sources_due(selected, {"serp_jobs"}, RULES) == ("serp_news",)
    by_topic = {asset.name for asset in layer_assets(RULES) if "one topic at a time" in asset.description}
    assert by_topic == {"serp_topic", "serp_topic_news", "brightdata_page"}
