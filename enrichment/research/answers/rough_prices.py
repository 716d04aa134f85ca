"""What datasets would cost by the rules alone: for where no time is left to plan. Pure.

datasets -> the cheapest source of each, or its analysis, each counted once (micro-USD, expected)
"""

from collections.abc import Iterable

from enrichment.domain.ids import analysis_source
from enrichment.rules import Rules


def rough_price(datasets: Iterable[str], rules: Rules) -> int:
    """A plan asks more where the first source knows nothing, and less where one reply fills several of them."""
    prices = dict[str, int]()
    for name in datasets:
        analysis = rules.datasets[name].analysis
        if analysis is not None:
            prices[analysis_source(analysis)] = rules.expected_micro_usd_of_analysis(analysis)
            continue
        sources = rules.datasets[name].sources
        if sources and prices.keys().isdisjoint(sources):
            cheapest = min(sources, key=rules.expected_micro_usd)
            prices[cheapest] = rules.expected_micro_usd(cheapest)
    return sum(prices.values())
