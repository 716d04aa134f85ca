"""Where no time is left to plan, what is missing is priced by the rules alone."""

from enrichment.research.answers.rough_prices import rough_price
from enrichment.rules import load_rules
from tests.support.research_stack import SHIPPED

RULES = load_rules(SHIPPED)


def test_a_dataset_costs_what_its_cheapest_source_does() -> None:
    sources = RULES.datasets["recent_news"].sources
    assert rough_price(["recent_news"], RULES) == min(RULES.expected_micro_usd(name) for name in sources) > 0


def test_what_one_analysis_answers_is_counted_once() -> None:
    analysis = RULES.datasets["company_products"].analysis
    assert analysis == RULES.datasets["value_propositions"].analysis
    assert rough_price(["company_products", "value_propositions"], RULES) == (
        RULES.expected_micro_usd_of_analysis(str(analysis))
    )


def test_nothing_missing_costs_nothing() -> None:
    assert rough_price([], RULES) == 0
