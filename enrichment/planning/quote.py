"""What a plan will cost: everything that decides it as a Course, its Outlook, and the Quote people see.

Desk + parts + policy + limits  ->  Course  ->  Outlook  ->  Quote
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from enrichment.domain.money import charge, to_micro
from enrichment.planning.eligibility import Eligibility
from enrichment.policy import Policy, Problem, start
from enrichment.policy.execution_forecast import Outlook
from enrichment.policy.execution_model import Afterwards, Course, Limit, Strand
from enrichment.requirements.requirements import Requirements
from enrichment.rules import Rules


@dataclass(frozen=True, slots=True)
class Quote:
    """Micro-USD and seconds. legacy: asking everybody who could be asked, without memory.

    vendors, last_resorts, analyses: expected. p50, p90: half of the executions, nine in ten, cost no more. upper_bound:
    no execution costs more, whatever fails. above_least: how far what is expected may lie above the least possible;
    None: it is the least, or was not sought.
    """

    vendors: int
    last_resorts: int
    analyses: int
    p50: int
    p90: int
    upper_bound: int
    seconds: float
    from_memory: int
    legacy: int
    above_least: int | None = None

    @property
    def expected(self) -> int:
        return self.vendors + self.last_resorts + self.analyses

    @property
    def saving(self) -> int:
        """Against asking everybody."""
        return self.legacy - self.expected


def course_of(
    eligibility: Eligibility,
    problems: Sequence[Problem],
    policy: Policy,
    *,
    limits: Iterable[Limit],
    mentioned: frozenset[str],
    everything: bool,
) -> Course:
    """How carrying these parts out goes. mentioned: datasets of which something unreliable is known."""
    strands = tuple(strand_of(eligibility, problem, policy) for problem in problems)
    sources = frozenset[str]().union(*(strand.sources for strand in strands))
    return Course(
        calls=tuple(eligibility.call(source) for source in sorted(sources)),
        strands=strands,
        open=frozenset[str]().union(*(strand.state.unsatisfied for strand in strands)),
        limits=tuple(limits),
        skips=() if everything else tuple(skip for skip in eligibility.skips(sources) if skip.source in sources),
        mentioned=mentioned,
        afterwards=afterwards(eligibility.rules, eligibility.requirements),
        everything=everything,
    )


def strand_of(eligibility: Eligibility, problem: Problem, policy: Policy) -> Strand:
    datasets = eligibility.rules.datasets
    return Strand(
        policy=policy,
        state=start(problem),
        required=problem.required,
        last_resorts=tuple(
            (source, frozenset(d for d in problem.required if source in datasets[d].sources))
            for source in eligibility.last_resorts(problem)
        ),
    )


def afterwards(rules: Rules, requirements: Requirements) -> tuple[Afterwards, ...]:
    return tuple(Afterwards(f"analysis:{name}", *model_price(rules, name)) for name in requirements.analyses)


def quote_of(outlook: Outlook, course: Course, *, legacy: int, above_least: int | None) -> Quote:
    return Quote(
        vendors=round(outlook.vendors),
        last_resorts=round(outlook.last_resorts),
        analyses=round(outlook.analyses),
        p50=outlook.p50,
        p90=outlook.p90,
        upper_bound=_upper_bound(course),
        seconds=outlook.seconds,
        from_memory=0,
        legacy=legacy,
        above_least=above_least,
    )


def _upper_bound(course: Course) -> int:
    """Everybody asked and everything analysed, each for the most it may take; or what a limit leaves for it."""
    most = {call.source: call.most for call in course.calls} | {one.name: one.most for one in course.afterwards}
    everything = sum(most.values())
    capped = (_within(limit, most) for limit in course.limits)
    return min([everything, *capped])


def _within(limit: Limit, most: Mapping[str, int]) -> int:
    return limit.left + sum(price for name, price in most.items() if name not in limit.over)


def legacy_cost(eligibility: Eligibility) -> int:
    """Expected micro-USD of asking everybody who could be asked about anything wanted, and every analysis."""
    sources = (s for s in eligibility.rules.sources if eligibility.concerns(s) and eligibility.out_of_reach(s) is None)
    return sum(expected_price(eligibility.rules, source) for source in sources) + _analyses(
        eligibility.rules, eligibility.requirements
    )


def calling_everything(rules: Rules, requirements: Requirements) -> int:
    """Expected micro-USD of asking every source that answers anything wanted, and every analysis, without memory."""
    concerned = {source for dataset in requirements.collected for source in rules.datasets[dataset].sources}
    return sum(expected_price(rules, source) for source in concerned) + _analyses(rules, requirements)


def _analyses(rules: Rules, requirements: Requirements) -> int:
    return sum(likely for likely, _ in (model_price(rules, name) for name in requirements.analyses))


def expected_price(rules: Rules, source: str) -> int:
    """Micro-USD one call costs on average, over companies it knows and does not know."""
    entry, price = rules.sources[source], rules.expected_micro_usd(source)
    return price if entry.charged == "always" else to_micro(Decimal(price) * Decimal(str(entry.match_rate)) / 1_000_000)


def model_price(rules: Rules, analysis: str) -> tuple[int, int]:
    """What an analysis is expected to cost, and at most, in micro-USD.

    At most: every byte of its input a token, and all of its output. Expected: half the input at four bytes a token,
    half the output.
    """
    entry = rules.analyses[analysis]
    usd = rules.usd_per_token(entry.model)
    expected = {"input_token": entry.max_input_bytes // 8, "output_token": entry.max_output_tokens // 2}
    most = {"input_token": entry.max_input_bytes, "output_token": entry.max_output_tokens}
    return charge(expected, usd), charge(most, usd)
