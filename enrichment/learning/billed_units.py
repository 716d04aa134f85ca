"""How many vendor units a billed answer costs, and since when: what the bills say beside sources.yaml. Pure.

bills by day -> those since the last change -> Lesson of BILLED_UNITS: mean, 90 % interval, number of bills
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from enrichment.learning.drift import levels_since
from enrichment.learning.lessons import Lesson
from enrichment.learning.pooled_rates import RateEstimate
from enrichment.rules import BILLED_UNITS, Rules
from enrichment.rules.learned import stated_rate

Bills = Mapping[int, int]
"""Units billed for one answer -> how many answers."""
_ENOUGH = 10
"""Bills before anything is said of them."""
_Z = 1.645
"""90 % of a normal distribution are within so many standard deviations."""


def bill_lessons(rules: Rules, bills: Mapping[str, Sequence[tuple[date, Bills]]]) -> list[Lesson]:
    """One lesson for each source with enough bills, in the order of the rules.

    bills: source -> by day, the oldest first.
    """
    found = (_lesson(rules, source, bills[source]) for source in rules.sources if source in bills)
    return [lesson for lesson in found if lesson is not None]


def _lesson(rules: Rules, source: str, days: Sequence[tuple[date, Bills]]) -> Lesson | None:
    first = levels_since([its for _, its in days])
    since = sum((Counter(its) for _, its in days[first:]), Counter[int]())
    if since.total() < _ENOUGH:
        return None
    rate = source, BILLED_UNITS
    return Lesson(rate, stated_rate(rules.sources, rate), _mean(since), days[first][0], first > 0, {})


def _mean(bills: Counter[int]) -> RateEstimate:
    """The mean with an interval by Student's distribution (first correction of the normal); all alike: exact."""
    count = bills.total()
    mean = sum(units * times for units, times in bills.items()) / count
    variance = sum(times * (units - mean) ** 2 for units, times in bills.items()) / (count - 1)
    reach = (_Z + (_Z**3 + _Z) / (4 * (count - 1))) * (variance / count) ** 0.5
    return RateEstimate(mean, max(0.0, mean - reach), mean + reach, count)
