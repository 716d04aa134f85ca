"""Plans for many companies at once: who is in the same state, and what is asked first there.

    Rules + Wants + companies + census of the store  ->  Group: the companies of one state, whom to ask, what that costs

Companies are counted into states as the census goes by; each state is planned once. Where the counts leave open how a
company stands (items of several sources may be the same), it is looked at by itself.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from enrichment.desk import Desk, Stands, Verdict, redundancy
from enrichment.plan import compiled_whole
from enrichment.policies import IN_MEMORY, Policies
from enrichment.policy import Enhanced, Policy, State, connected, parts, start
from enrichment.ports import Heard
from enrichment.records import Company, Known
from enrichment.rules import Rules
from enrichment.tally import Counts, Tally
from enrichment.wants import Wants

KnownOf = Callable[[Sequence[str]], Mapping[str, Known]]
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Group:
    """Companies in the same state. first: the sources to ask now; none: nothing is worth asking.

    missing: wanted datasets that memory does not satisfy. expected_micro_usd: of the vendors, for one company.
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
    wants: Wants
    now: datetime
    out_of_order: Mapping[str, tuple[Verdict, str]]
    spent: Mapping[str, int]
    policies: Policies = IN_MEMORY


def plan_many(
    here: Circumstances,
    companies: Iterable[Company],
    census: Iterable[Heard],
    *,
    known_of: KnownOf,
    strategy_of: Callable[[Company], str],
) -> tuple[Group, ...]:
    """The groups of these companies, largest first; each company is in one.

    census: of `pairs_of` these rules and wants; who is not in it is not known. known_of: what the store
    has of some companies; asked for those whose counts are not enough.
    """
    tally = Tally(here.rules, here.wants, here.now)
    counts = {id_: tally.count(replies) for id_, replies in groupby(census, itemgetter(0))}
    states = _sorted_out(companies, counts, known_of, strategy_of, tally)
    office = _Office(here, tally)
    groups = (office.group(state, tuple(members)) for state, members in states.items())
    return tuple(sorted(groups, key=lambda group: -len(group.companies)))


_Askable = tuple[str, frozenset[str], frozenset[str]]
"""A source, what it answers, what it needs."""
_NOTHING = frozenset[str]()


@dataclass(frozen=True, slots=True)
class _Stand:
    open: bool
    sources: frozenset[str]


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


class _Office:
    """Plans one state after another. What does not depend on the state is worked out once."""

    def __init__(self, here: Circumstances, tally: Tally) -> None:
        self._here, self._tally = here, tally
        self._wanted = frozenset(here.wants.collected)
        self._skips = frozenset(rule.skip for rule in here.rules.redundancy)
        self._counter = cache(self._open_counter)
        self._decided = cache(_decided)  # states differ more than their parts do

    def group(self, state: _State, companies: tuple[Company, ...]) -> Group:
        policy, offers = self._counter(state.strategy, state.named)
        stands, said = self._memory(state)
        open_ = self._tally.open(state.counts)
        usable = self._usable(offers, open_, stands, said)
        if usable is not None and isinstance(policy, Enhanced) and policy.exact:
            first, spend = self._looked_up(policy, usable, open_)
        else:
            first, spend = self._by_itself(state, stands, said)
        return Group(companies, state.strategy, open_, first, round(spend))

    def _open_counter(self, strategy: str, named: bool) -> tuple[Policy, tuple[_Askable, ...]]:
        """The policy of the whole, and the offers that can be asked whatever memory has."""
        blank = _State(strategy, named, self._tally.count(()))
        desk = self._desk(blank, *self._memory(blank))
        whole = desk.whole()
        return self._here.policies.compiled(strategy, whole), tuple(
            (o.source, o.answers, o.needs) for o in whole.offers if desk.obstacle(o.source) is None
        )

    def _usable(
        self,
        offers: Iterable[_Askable],
        open_: frozenset[str],
        stands: Mapping[str, Stands],
        said: Mapping[str, frozenset[str]],
    ) -> dict[str, frozenset[str]] | None:
        """Source -> open datasets it answers or waits for; None: this state is none of the whole's."""
        usable: dict[str, frozenset[str]] = {}
        for source, answers, needs in offers:
            fills = open_ & answers
            left = fills - said.get(source, _NOTHING)
            if left and left != fills:
                return None
            if left and not self._redundant(source, left, stands, said):
                usable[source] = left | needs & open_
        return usable

    def _looked_up(
        self, policy: Enhanced, usable: Mapping[str, frozenset[str]], open_: frozenset[str]
    ) -> tuple[frozenset[str], float]:
        """What parts that share nothing ask side by side, and what that is expected to cost."""
        first, spend = frozenset[str](), 0.0
        for datasets in connected(open_, [*usable.values(), *(group & open_ for group in policy.together)]):
            sources = frozenset(source for source, concerns in usable.items() if concerns & datasets)
            if sources:
                asked, cost = self._decided(policy, State(datasets, sources))
                first, spend = first | asked, spend + cost
        return first, spend

    def _redundant(
        self, source: str, left: frozenset[str], stands: Mapping[str, Stands], said: Mapping[str, frozenset[str]]
    ) -> bool:
        wants = self._here.wants
        if source not in self._skips or left.intersection(wants.collected_required):
            return False
        return redundancy(self._here.rules, wants, source, stands, said) is not None

    def _by_itself(
        self, state: _State, stands: Mapping[str, Stands], said: Mapping[str, frozenset[str]]
    ) -> tuple[frozenset[str], float]:
        desk = self._desk(state, stands, said)
        left = desk.left()
        whole = compiled_whole(desk, left, state.strategy, self._here.policies)
        policy = self._here.policies.compiled(state.strategy, whole)
        first = frozenset[str]().union(*(policy.next(start(part)) for part in parts(left)))
        return first, self._here.policies.forecast(state.strategy, whole, left).expected_cost

    def _memory(self, state: _State) -> tuple[dict[str, Stands], dict[str, frozenset[str]]]:
        """How each dataset stands, and who was heard on what."""
        open_ = self._tally.open(state.counts)
        said, told = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
        for pair in self._tally.pairs(state.counts.said):
            said[pair.source].add(pair.dataset)
        for pair in self._tally.pairs(state.counts.told):
            told[pair.dataset].add(pair.source)
        stands: dict[str, Stands] = {d: _Stand(d in open_, frozenset(told.get(d, ()))) for d in self._wanted}
        return stands, {source: frozenset(datasets) for source, datasets in said.items()}

    def _desk(self, state: _State, stands: Mapping[str, Stands], said: Mapping[str, frozenset[str]]) -> Desk:
        here = self._here
        return Desk(
            rules=here.rules,
            wants=here.wants,
            company=Company("", "", None, "known" if state.named else None, here.now),
            stands=stands,
            said=said,
            pursued=self._wanted if state.strategy == "legacy" else self._tally.open(state.counts),
            out_of_order=here.out_of_order,
            spent=here.spent,
            request_id="",
            now=here.now,
        )


def _decided(policy: Enhanced, state: State) -> tuple[frozenset[str], float]:
    """Whom one part asks first, and what it is expected to cost to its end."""
    return policy.next(state), policy.expected_spend(state)
