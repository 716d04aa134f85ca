"""Plans for many companies at once: which are in the same state, and which sources are asked first there.

    BulkInputs + companies + ReplyStates of the store  ->  Group: the companies of one state, first sources, cost

Reply states are counted into planning states; each state is planned once. Where the counts leave open
whether a dataset is satisfied (items of several sources may be the same), the facts themselves are read.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import NamedTuple

from enrichment.domain.companies import Company
from enrichment.domain.decisions import CompanyKind
from enrichment.domain.knowledge import Known
from enrichment.memory.freshness import DatasetStatus
from enrichment.planning.bulk.state_counts import Counts, ReplyStates, StateCounter
from enrichment.planning.eligibility import Eligibility
from enrichment.planning.skip_reasons import SourceDecision, redundancy
from enrichment.policy.baselines import Everything, Priority
from enrichment.policy.cache import IN_MEMORY, PolicyCache
from enrichment.policy.compiled import Enhanced, compile_policy
from enrichment.policy.execution_forecast import forecast
from enrichment.policy.execution_model import plain_execution
from enrichment.policy.name_bits import NameBits, union
from enrichment.policy.problem import Offer, Policy, Problem, State, parts, start
from enrichment.purchasing.caps import RemainingCaps, caps_of_each, remaining_caps
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements

KnownOf = Callable[[Sequence[str]], Mapping[str, Known]]
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Group:
    """Companies in the same state.

    missing: wanted datasets that memory does not satisfy. first: the sources to ask now. If a cap leaves too little to
    ask all of them together, it names only those that fit together. If it is empty, no source is worth asking.
    askable: those of the missing ones that some source can be asked about.
    expected_micro_usd: what the vendors cost for one company, by the policy alone. Caps that bind on the way,
    redundancy rules and last resorts are not in it; the quote of a plan has them.
    """

    companies: tuple[Company, ...]
    strategy: str
    missing: frozenset[str]
    first: frozenset[str]
    askable: frozenset[str]
    expected_micro_usd: int


@dataclass(frozen=True, slots=True)
class BulkInputs:
    """What is the same for all companies planned for at once.

    unavailable: source -> why it cannot be asked at all. spent: cap name -> micro-USD taken so far.
    """

    rules: Rules
    requirements: Requirements
    now: datetime
    unavailable: Mapping[str, tuple[SourceDecision, str]]
    spent: Mapping[str, int]
    policies: PolicyCache = IN_MEMORY


def plan_many(
    inputs: BulkInputs,
    companies: Iterable[Company],
    reply_states: ReplyStates,
    *,
    known_of: KnownOf,
    strategy_of: Callable[[Company], str],
    kinds: Mapping[str, CompanyKind],
) -> tuple[Group, ...]:
    """The groups of these companies, largest first; each company is in one.

    reply_states: of pairs that have all of `pairs_of`; of a company that is not in them nothing is known.
    known_of: what the store has of some companies; called for those whose counts are not enough. kinds: company_id ->
    its kind, where that is known and rates differ by it.
    """
    counter = StateCounter(inputs.rules, inputs.requirements, inputs.now, reply_states.pairs)
    asked = {company.company_id: company for company in companies}
    of_kind = {company_id: kind.key for company_id, kind in kinds.items() if kind.key in inputs.rules.by_kind}
    states = _by_state(asked.values(), reply_states.of_company, known_of, strategy_of, counter, of_kind)
    planner = cache(lambda kind: _StatePlanner(_of_kind(inputs, kind), counter))
    groups = (planner(state.kind).group(state, tuple(members)) for state, members in states.items())
    return tuple(sorted(groups, key=lambda group: -len(group.companies)))


_ANY_KIND = ("", "")


def _of_kind(inputs: BulkInputs, kind: tuple[str, str]) -> BulkInputs:
    return inputs if kind == _ANY_KIND else replace(inputs, rules=inputs.rules.by_kind[kind])


class _CompanyState(NamedTuple):
    """All that a plan looks at: the strategy, whether the domain is known, what fresh replies satisfy, and the kind."""

    strategy: str
    named: bool
    counts: Counts
    kind: tuple[str, str]


def _by_state(
    companies: Iterable[Company],
    reply_states: Mapping[str, str],
    known_of: KnownOf,
    strategy_of: Callable[[Company], str],
    counter: StateCounter,
    of_kind: Mapping[str, tuple[str, str]],
) -> Mapping[_CompanyState, list[Company]]:
    def state(company: Company, strategy: str, known: Counts) -> _CompanyState:
        kind = _ANY_KIND if strategy == "legacy" else of_kind.get(company.company_id, _ANY_KIND)
        return _CompanyState(strategy, company.domain is not None, known, kind)

    states, unclear = defaultdict[_CompanyState, list[Company]](list), list[tuple[Company, str]]()
    nothing = counter.count("")
    for company in companies:
        strategy = strategy_of(company)
        its = "" if strategy == "legacy" else reply_states.get(company.company_id, "")  # legacy has no memory
        known = counter.count(its) if its else nothing
        if known.unclear:
            unclear.append((company, strategy))
        else:
            states[state(company, strategy, known)].append(company)
    for some in (unclear[i : i + _AT_ONCE] for i in range(0, len(unclear), _AT_ONCE)):
        known_now = known_of([company.company_id for company, _ in some])
        for company, strategy in some:
            read = counter.read_facts(counter.count(reply_states[company.company_id]), known_now[company.company_id])
            states[state(company, strategy, read)].append(company)
    return states


_Decided = tuple[frozenset[str], float]
"""The sources one part asks first, and what it is expected to cost to its end, in micro-USD."""


@dataclass(frozen=True, slots=True)
class _WholeProblem:
    """What is the same for all states of one strategy. offers: of the sources that can be asked.

    pairs: of each offer, what it answers, as bits of Counts. needs: of each; required; together: waited for in one
    part: bits of `datasets`, which are in the order of their names. about: bits of Counts -> bits of `datasets`.
    decided: of a part, by its datasets and its offers as bits, and the families' answers as in Counts.
    """

    problem: Problem
    offers: tuple[Offer, ...]
    pairs: tuple[int, ...]
    datasets: NameBits
    needs: tuple[int, ...]
    required: int
    together: tuple[int, ...]
    about: Callable[[int], int]
    decided: Callable[[int, int, int, int], _Decided]


class _Askable(NamedTuple):
    """offer: its number. about: open datasets it may be asked about. partly: it has answered others that are open."""

    offer: int
    about: int
    partly: bool


class _StatePlanner:
    """Plans one state after another. What does not depend on the state is worked out once."""

    def __init__(self, inputs: BulkInputs, counter: StateCounter) -> None:
        self._inputs, self._counter = inputs, counter
        self._wanted = frozenset(inputs.requirements.collected)
        consumers = set(inputs.requirements.consumer.split("+"))
        self._skips = frozenset(rule.skip for rule in inputs.rules.redundancy if consumers & set(rule.consumers))
        caps = caps_of_each(inputs.rules, inputs.requirements, "", inputs.now)
        remaining = RemainingCaps(inputs.rules, remaining_caps(caps, inputs.spent))
        # Cached: many states have the same few first steps.
        self._together = cache(lambda sources: frozenset(remaining.together(sources)))
        self._whole = cache(self._whole_problem)
        self._alone = cache(_decided_alone)

    def group(self, state: _CompanyState, companies: tuple[Company, ...]) -> Group:
        whole, counts, open_ = self._whole(state.strategy, state.named), state.counts, self._counter.open(state.counts)
        usable = self._usable(whole, state)
        if any(askable.partly for askable in usable):
            problem = _left(whole, usable, open_, self._counter.of_families(counts))
            decided = [self._alone(state.strategy, part) for part in sorted(parts(problem), key=_is_optional)]
        else:
            each = _parts(whole, usable, whole.datasets.of(open_))
            decided = [whole.decided(datasets, offers, counts.missed, counts.matched) for datasets, offers in each]
        first = self._together(tuple(source for asked, _ in decided for source in sorted(asked)))
        askable = whole.datasets.names(union([one.about for one in usable]))
        return Group(companies, state.strategy, open_, first, askable, round(sum(spend for _, spend in decided)))

    def _whole_problem(self, strategy: str, named: bool) -> _WholeProblem:
        counter, blank = self._counter, _CompanyState(strategy, named, self._counter.count(""), _ANY_KIND)
        eligibility = self._eligibility(blank, self._statuses(blank), self._answered(blank))
        problem = eligibility.whole()
        decide = _decider(self._inputs.policies.compiled(strategy, problem), problem)
        in_part = {offer.source: offer for part in parts(problem) for offer in part.offers}
        askable = [offer for offer in problem.offers if eligibility.obstacle(offer.source) is None]
        datasets, sources = NameBits(sorted(self._wanted)), NameBits(offer.source for offer in askable)
        together = (start(part).unsatisfied for part in parts(problem)) if problem.value_of_time else ()

        def decided(open_: int, offers: int, missed: int, matched: int) -> _Decided:
            of_families = counter.families_in(missed), counter.families_in(matched)
            return decide(State(datasets.names(open_), sources.names(offers), *of_families))

        return _WholeProblem(
            problem=problem,
            offers=tuple(in_part.get(o.source, replace(o, family=None, fill_families=())) for o in askable),
            pairs=tuple(counter.pairs_about(offer.source, offer.answers) for offer in askable),
            datasets=datasets,
            needs=tuple(datasets.of(offer.needs) for offer in askable),
            required=datasets.of(self._inputs.requirements.collected_required),
            together=tuple(datasets.of(group) for group in together),
            about=cache(lambda left: datasets.of(pair.dataset for pair in counter.pairs(left))),
            decided=cache(decided),  # cached: different states share parts
        )

    def _usable(self, whole: _WholeProblem, state: _CompanyState) -> list[_Askable]:
        open_, answered = self._counter.open_pairs(state.counts), state.counts.answered
        usable: list[_Askable] = []
        for number, answers in enumerate(whole.pairs):
            fills = answers & open_
            left = fills & ~answered
            if left:
                about, source = whole.about(left), whole.offers[number].source
                optional = not about & whole.required
                if not (optional and source in self._skips and self._redundant(source, state)):
                    usable.append(_Askable(number, about, left != fills))
        return usable

    def _redundant(self, source: str, state: _CompanyState) -> bool:
        """Whether a rule makes this source needless for optional datasets."""
        inputs, statuses, answered = self._inputs, self._statuses(state), self._answered(state)
        return redundancy(inputs.rules, inputs.requirements, source, statuses, answered) is not None

    def _answered(self, state: _CompanyState) -> dict[str, frozenset[str]]:
        """Source -> the datasets that it has answered."""
        answered = defaultdict[str, set[str]](set)
        for pair in self._counter.pairs(state.counts.answered):
            answered[pair.source].add(pair.dataset)
        return {source: frozenset(datasets) for source, datasets in answered.items()}

    def _statuses(self, state: _CompanyState) -> dict[str, DatasetStatus]:
        open_, with_facts = self._counter.open(state.counts), defaultdict[str, set[str]](set)
        for pair in self._counter.pairs(state.counts.with_facts):
            with_facts[pair.dataset].add(pair.source)
        return {
            d: DatasetStatus.without_facts(open_=d in open_, sources=frozenset(with_facts.get(d, ())))
            for d in self._wanted
        }

    def _eligibility(
        self, state: _CompanyState, statuses: Mapping[str, DatasetStatus], answered: Mapping[str, frozenset[str]]
    ) -> Eligibility:
        inputs = self._inputs
        return Eligibility(
            rules=inputs.rules,
            requirements=inputs.requirements,
            company=Company("", "", None, "known" if state.named else None, inputs.now),
            statuses=statuses,
            answered=answered,
            pursued=self._wanted if state.strategy == "legacy" else self._counter.open(state.counts),
            unavailable=inputs.unavailable,
            spent=inputs.spent,
            request_id="",
            now=inputs.now,
        )


_OfFamilies = tuple[frozenset[str], frozenset[str]]
"""Sources in families that do not know the company, and those that do."""


def _parts(whole: _WholeProblem, usable: Sequence[_Askable], open_: int) -> list[tuple[int, int]]:
    """Datasets and offers of parts that share nothing and are asked side by side: first those with something required.

    Datasets that no offer is about are in none.
    """
    concerns = [one.about | whole.needs[one.offer] & open_ for one in usable]
    groups = list[int]()
    for link in (*concerns, *(group & open_ for group in whole.together)):
        groups = [*(group for group in groups if not group & link), union([link, *(g for g in groups if g & link)])]
    groups.sort(key=lambda group: (not group & whole.required, group & -group))
    numbers = [1 << one.offer for one in usable]
    return [
        (group, union([number for number, its in zip(numbers, concerns, strict=True) if its & group]))
        for group in groups
        if group
    ]


def _is_optional(part: Problem) -> bool:
    return not part.required


def _left(whole: _WholeProblem, usable: Sequence[_Askable], open_: frozenset[str], of_families: _OfFamilies) -> Problem:
    """A problem that is no state of the whole: some source has answered a part of its datasets."""
    problem, askable = whole.problem, [(whole.offers[one.offer], whole.datasets.names(one.about)) for one in usable]
    again = frozenset(offer.source for offer, _ in askable)
    return replace(
        problem,
        offers=tuple(
            replace(
                given,
                fill_rates=tuple(f for f in given.fill_rates if f[0] in about),
                fill_families=tuple(f for f in given.fill_families if f[0] in about),
                needs=given.needs & open_,
            )
            for given, about in ((offer.given(*of_families, again), about) for offer, about in askable)
        ),
        required=problem.required & open_,
        worth=tuple((dataset, worth) for dataset, worth in problem.worth if dataset in open_),
        order=tuple((dataset, sources) for dataset, sources in problem.order if dataset in open_),
        together=tuple(whole.datasets.names(group) for group in whole.together),
    )


def _decided_alone(strategy: str, part: Problem) -> _Decided:
    return _decider(compile_policy(strategy, part), part)(start(part))


def _decider(policy: Policy, problem: Problem) -> Callable[[State], _Decided]:
    return lambda state: (policy.next(state), _expected_spend(policy, problem, state))


def _expected_spend(policy: Policy, problem: Problem, state: State) -> float:
    """Micro-USD of the policy alone: from its table if it has one, otherwise by a forecast of the execution."""
    if isinstance(policy, Enhanced | Priority) and policy.exact:
        return policy.expected_spend(state)
    everything = isinstance(policy, Everything)
    each = (plain_execution(policy, part, state, everything=everything) for part in parts(problem))
    return sum(forecast(execution).vendors for execution in each)
