"""Plans for many companies at once: who is in the same state, and what is asked first there.

    Rules + Requirements + companies + reply states of the store
        ->  Group: the companies of one state, which sources to ask first, what that costs

Companies are counted into states as the census goes by; each state is planned once. Where the counts leave open how a
company stands (items of several sources may be the same), it is looked at by itself. A whole too large to be solved is
decided greedily here; a plan for one company looks whether what is left of it can be.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from enrichment.domain.records import Company, Known
from enrichment.memory.freshness import DatasetStatus
from enrichment.planning.bulk.state_counts import Counts, Tally
from enrichment.planning.eligibility import Eligibility, SourceDecision, redundancy
from enrichment.policy import Enhanced, Offer, Policy, Problem, State, compile_policy, connected, parts, start
from enrichment.policy.cache import IN_MEMORY, PolicyCache
from enrichment.policy.expected_cost import Expected
from enrichment.ports import ReplyState
from enrichment.purchasing.budgets import RemainingBudget, caps_of_each, limits_of
from enrichment.requirements.requirements import Requirements
from enrichment.rules import Rules

KnownOf = Callable[[Sequence[str]], Mapping[str, Known]]
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Group:
    """Companies in the same state. first: the sources to ask now, as far as caps let them be asked together; none:
    nothing is worth asking. missing: wanted datasets that memory does not satisfy.

    expected_micro_usd: of the vendors, for one company, by the policy alone: caps that bind on the way, redundancy and
    last resorts are the business of a plan's quote.
    """

    companies: tuple[Company, ...]
    strategy: str
    missing: frozenset[str]
    first: frozenset[str]
    expected_micro_usd: int


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is the same for all companies planned for at once.

    out_of_order: source -> why it cannot be asked at all. spent: cap name -> micro-USD taken so far.
    """

    rules: Rules
    requirements: Requirements
    now: datetime
    unavailable: Mapping[str, tuple[SourceDecision, str]]
    spent: Mapping[str, int]
    policies: PolicyCache = IN_MEMORY


def plan_many(
    here: Circumstances,
    companies: Iterable[Company],
    reply_states: Iterable[ReplyState],
    *,
    known_of: KnownOf,
    strategy_of: Callable[[Company], str],
) -> tuple[Group, ...]:
    """The groups of these companies, largest first; each company is in one.

    census: of `pairs_of` these rules and wants; who is not in it is not known. known_of: what the store
    has of some companies; asked for those whose counts are not enough.
    """
    tally = Tally(here.rules, here.requirements, here.now)
    counts = {id_: tally.count(replies) for id_, replies in groupby(reply_states, itemgetter(0))}
    states = _sorted_out(companies, counts, known_of, strategy_of, tally)
    office = _Office(here, tally)
    groups = (office.group(state, tuple(members)) for state, members in states.items())
    return tuple(sorted(groups, key=lambda group: -len(group.companies)))


_NOTHING = frozenset[str]()


class _State(NamedTuple):
    """All that a plan looks at: how it is planned, whether its domain is known, and what memory is good for."""

    strategy: str
    named: bool
    counts: Counts


def _sorted_out(
    companies: Iterable[Company],
    counts: Mapping[str, Counts],
    known_of: KnownOf,
    strategy_of: Callable[[Company], str],
    tally: Tally,
) -> Mapping[_State, list[Company]]:
    states, unclear = defaultdict[_State, list[Company]](list), list[tuple[Company, str]]()
    nothing = tally.count(())
    for company in companies:
        strategy = strategy_of(company)
        known = nothing if strategy == "legacy" else counts.get(company.company_id, nothing)  # legacy has no memory
        if known.unclear:
            unclear.append((company, strategy))
        else:
            states[_State(strategy, company.domain is not None, known)].append(company)
    for some in (unclear[i : i + _AT_ONCE] for i in range(0, len(unclear), _AT_ONCE)):
        known_now = known_of([company.company_id for company, _ in some])
        for company, strategy in some:
            looked_at = tally.look_at(counts[company.company_id], known_now[company.company_id])
            states[_State(strategy, company.domain is not None, looked_at)].append(company)
    return states


_Decided = tuple[frozenset[str], float]
"""Whom one part asks first, and what it is expected to cost to its end, in micro-USD."""


@dataclass(frozen=True, slots=True)
class _Counter:
    """What does not depend on memory. offers: those that can be asked, with what they answer.

    together: datasets that share a clock. decided: of a state of the whole.
    """

    whole: Problem
    offers: tuple[tuple[Offer, frozenset[str]], ...]
    together: tuple[frozenset[str], ...]
    decided: Callable[[State], _Decided]


class _Askable(NamedTuple):
    """about: open datasets it may be asked about. partly: on others it has had its say."""

    offer: Offer
    about: frozenset[str]
    partly: bool


class _Office:
    """Plans one state after another. What does not depend on the state is worked out once."""

    def __init__(self, here: Circumstances, tally: Tally) -> None:
        self._here, self._tally = here, tally
        self._wanted = frozenset(here.requirements.collected)
        self._skips = frozenset(rule.skip for rule in here.rules.redundancy)
        caps = caps_of_each(here.rules, here.requirements, "", here.now)
        room = RemainingBudget(here.rules, limits_of(caps, here.spent))
        self._together = cache(lambda sources: frozenset(room.together(sources)))  # few first steps for many states
        self._counter = cache(self._open_counter)
        self._alone = cache(_decided_alone)

    def group(self, state: _State, companies: tuple[Company, ...]) -> Group:
        counter, open_ = self._counter(state.strategy, state.named), self._tally.open(state.counts)
        usable = self._usable(counter.offers, open_, *self._memory(state))
        if any(askable.partly for askable in usable):
            left = sorted(parts(_left(counter, usable, open_)), key=lambda part: not part.required)
            decided = [self._alone(state.strategy, part) for part in left]
        else:
            states = _states(counter, usable, open_)
            decided = [counter.decided(part) for part in sorted(states, key=self._is_optional)]
        first = self._together(tuple(source for asked, _ in decided for source in sorted(asked)))
        return Group(companies, state.strategy, open_, first, round(sum(spend for _, spend in decided)))

    def _is_optional(self, state: State) -> bool:
        return state.unsatisfied.isdisjoint(self._here.requirements.collected_required)

    def _open_counter(self, strategy: str, named: bool) -> _Counter:
        blank = _State(strategy, named, self._tally.count(()))
        eligibility = self._eligibility(blank, *self._memory(blank))
        whole = eligibility.whole()
        policy = self._here.policies.compiled(strategy, whole)
        return _Counter(
            whole=whole,
            offers=tuple(
                (offer, offer.answers) for offer in whole.offers if eligibility.obstacle(offer.source) is None
            ),
            together=tuple(start(part).unsatisfied for part in parts(whole)) if whole.value_of_time else (),
            decided=cache(_decider(policy, whole)),  # states differ more than their parts do
        )

    def _usable(
        self,
        offers: Iterable[tuple[Offer, frozenset[str]]],
        open_: frozenset[str],
        stands: Mapping[str, DatasetStatus],
        said: Mapping[str, frozenset[str]],
    ) -> list[_Askable]:
        usable: list[_Askable] = []
        for offer, answers in offers:
            fills = answers & open_
            left = fills - said.get(offer.source, _NOTHING)
            if left and not self._redundant(offer.source, left, stands, said):
                usable.append(_Askable(offer, left, left != fills))
        return usable

    def _redundant(
        self, source: str, left: frozenset[str], stands: Mapping[str, DatasetStatus], said: Mapping[str, frozenset[str]]
    ) -> bool:
        requirements = self._here.requirements
        if source not in self._skips or left.intersection(requirements.collected_required):
            return False
        return redundancy(self._here.rules, requirements, source, stands, said) is not None

    def _memory(self, state: _State) -> tuple[dict[str, DatasetStatus], dict[str, frozenset[str]]]:
        """How each dataset stands, and who was heard on what."""
        open_ = self._tally.open(state.counts)
        said, told = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
        for pair in self._tally.pairs(state.counts.said):
            said[pair.source].add(pair.dataset)
        for pair in self._tally.pairs(state.counts.told):
            told[pair.dataset].add(pair.source)
        stands: dict[str, DatasetStatus] = {
            d: DatasetStatus.without_facts(open_=d in open_, sources=frozenset(told.get(d, ()))) for d in self._wanted
        }
        return stands, {source: frozenset(datasets) for source, datasets in said.items()}

    def _eligibility(
        self, state: _State, stands: Mapping[str, DatasetStatus], said: Mapping[str, frozenset[str]]
    ) -> Eligibility:
        here = self._here
        return Eligibility(
            rules=here.rules,
            requirements=here.requirements,
            company=Company("", "", None, "known" if state.named else None, here.now),
            statuses=stands,
            answered=said,
            pursued=self._wanted if state.strategy == "legacy" else self._tally.open(state.counts),
            unavailable=here.unavailable,
            spent=here.spent,
            request_id="",
            now=here.now,
        )


def _states(counter: _Counter, usable: Sequence[_Askable], open_: frozenset[str]) -> Iterator[State]:
    """States of the whole, of parts that share nothing and ask side by side."""
    concerns = {offer.source: about | offer.needs & open_ for offer, about, _ in usable}
    for datasets in connected(open_, [*concerns.values(), *(group & open_ for group in counter.together)]):
        yield State(datasets, frozenset([source for source, its in concerns.items() if its & datasets]))


def _left(counter: _Counter, usable: Sequence[_Askable], open_: frozenset[str]) -> Problem:
    """A problem that is no state of the whole: some source has had its say on a part of its datasets."""
    whole = counter.whole
    return replace(
        whole,
        offers=tuple(
            replace(offer, fill_rates=tuple(f for f in offer.fill_rates if f[0] in about), needs=offer.needs & open_)
            for offer, about, _ in usable
        ),
        required=whole.required & open_,
        worth=tuple((dataset, worth) for dataset, worth in whole.worth if dataset in open_),
        order=tuple((dataset, sources) for dataset, sources in whole.order if dataset in open_),
        together=counter.together,
    )


def _decided_alone(strategy: str, part: Problem) -> _Decided:
    return _decider(compile_policy(strategy, part), part)(start(part))


def _decider(policy: Policy, problem: Problem) -> Callable[[State], _Decided]:
    if isinstance(policy, Enhanced) and policy.exact:
        return lambda state: (policy.next(state), policy.expected_spend(state))
    expected = Expected(policy, problem)
    return lambda state: (policy.next(state), expected.spend(state))
