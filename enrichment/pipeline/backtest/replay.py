"""Past requests served once more under one set of rules, in their order, each with its own options.

    History + Side  ->  rerun() -> SimulationOutcome

Daily caps are used up as in reality. Finished profiles are not served; what memory has is, so no vendor is asked for
it. No vendor fails. An analysis is asked where its evidence, prompt or model is new, for the tokens it took before.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from enrichment.analysis.question import AnalysisInputs, AnalysisQuestion, NothingToAsk, prepare
from enrichment.domain.companies import Company
from enrichment.domain.ids import analysis_source
from enrichment.domain.knowledge import Known
from enrichment.domain.money import charge
from enrichment.domain.requests import Request
from enrichment.domain.values import Text
from enrichment.memory.freshness import answered_datasets, dataset_status, dataset_statuses
from enrichment.memory.reliability import with_current_reliability
from enrichment.pipeline.backtest.history import History, Spending, SpendingEntry, spending
from enrichment.pipeline.backtest.recorded_vendors import SEED, RecordedVendors, TokensOfAnalyses
from enrichment.pipeline.stages import Ask, asked_before, domain_was_known, was_complete_or_nothing
from enrichment.planning.eligibility import Eligibility, state_now
from enrichment.planning.plan_template import DecidedParts, PlanningState, decided_parts
from enrichment.planning.skip_reasons import Unusable
from enrichment.planning.whether_complete import cannot_be_had, deciding_problems, none_counts
from enrichment.policy.cache import IN_MEMORY, PolicyCache
from enrichment.policy.problem import Policy, Problem, State
from enrichment.purchasing.caps import RemainingCaps, caps_of_each, remaining_caps
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements, identity_requirements
from enrichment.rules.strategy import choose_strategy


@dataclass(frozen=True, slots=True)
class Side:
    """Rules to replay under. unavailable: provider -> why it cannot be asked."""

    rules: Rules
    unavailable: Mapping[str, str] = field(default_factory=dict)


class ServedAgain(NamedTuple):
    """One request: what it cost (micro-USD), and whether it lacks nothing that is required."""

    cost: int
    complete: bool


@dataclass(frozen=True, slots=True)
class SimulationOutcome:
    """What came of the requests under one set of rules.

    completeness: mean over requests, of datasets that sources answer, required ones counting twice. complete: requests
    that lack no required one. never_observed: calls with no recorded answer, so one was sampled; drawn: their cost
    (micro-USD). estimated: questions of which no tokens were observed about that company. each: in their order.
    """

    spent: Spending
    completeness: float
    complete: int
    never_observed: int
    drawn: int
    estimated: int
    each: tuple[ServedAgain, ...]


def rerun(
    side: Side,
    history: History,
    *,
    override: str | None = None,
    policies: PolicyCache = IN_MEMORY,
    seed: int = SEED,
) -> SimulationOutcome:
    """Serve these requests once more. Raises UnknownName, UnknownStrategy."""
    replay = _Replay(side, history, override, policies, seed)
    for request in history.requests:
        replay.serve(request)
    return replay.totals.outcome()


@dataclass(slots=True)
class _ReplayTotals:
    requests: int = 0
    completeness: float = 0.0
    complete: int = 0
    never_observed: int = 0
    drawn: int = 0
    estimated: int = 0
    entries: list[SpendingEntry] = field(default_factory=list)
    each: list[ServedAgain] = field(default_factory=list)

    def outcome(self) -> SimulationOutcome:
        return SimulationOutcome(
            spent=spending(self.entries),
            completeness=self.completeness / self.requests if self.requests else 0.0,
            complete=self.complete,
            never_observed=self.never_observed,
            drawn=self.drawn,
            estimated=self.estimated,
            each=tuple(self.each),
        )


class _Replay:
    """One set of rules: what is known of each company by now, which analyses were made, what caps have taken."""

    def __init__(self, side: Side, history: History, override: str | None, policies: PolicyCache, seed: int) -> None:
        # What if these rules were the rule: without experiments, whose arms would serve some of the companies.
        self.rules, self.history = side.rules.model_copy(update={"experiments": {}, "arms": {}}), history
        self.override, self.policies, self.seed = override, policies, seed
        self.totals, self.tokens = _ReplayTotals(), TokensOfAnalyses(history.answered)
        self.taken = Counter[str]()
        self.unavailable: dict[str, Unusable] = {
            name: ("no credentials", side.unavailable[entry.provider])
            for name, entry in side.rules.sources.items()
            if entry.provider in side.unavailable
        }
        self.silent = frozenset(side.unavailable)
        self._replayed = {request.request_id for request in history.requests}
        self._memory: dict[str, Known] = {}
        self._named = set[str]()
        self._made = dict[str, datetime]()
        for one in history.answered:
            if one.request_id not in self._replayed:
                self._made[one.key] = min(one.at, self._made.get(one.key, one.at))

    def serve(self, request: Request) -> None:
        known_now = self.history.companies[request.company_id]
        ask = asked_before(request, known_now)
        named = domain_was_known(request) or request.company_id in self._named
        company = known_now if named else replace(known_now, domain=None)
        run = _ReplayedRequest(self, request, ask, company)
        memory = self._remembered(request)
        known = run.serve(Known() if run.forgets else memory)
        if run.company.domain is not None:
            self._named.add(request.company_id)
        self._memory[request.company_id] = _joined(memory, known)

    def _remembered(self, request: Request) -> Known:
        """What memory has: from the replay, and what requests that are not replayed had bought until then."""
        known = self._memory.get(request.company_id, Known())
        collected = {head.source: head.collected_at for head in known.replies}
        for one in self.history.observed.get(request.company_id, ()):
            at, source = one.head.collected_at, one.head.source
            others = one.head.request_id not in self._replayed and at < request.asked_at
            if others and (source not in collected or collected[source] < at):
                known, collected[source] = _joined(known, Known((one.head,), one.facts)), at
        return known

    def made_before(self, question: AnalysisQuestion, at: datetime) -> bool:
        return question.key in self._made and self._made[question.key] <= at

    def make(self, question: AnalysisQuestion, at: datetime) -> None:
        self._made[question.key] = at


class _ReplayedRequest:
    """One request served once more."""

    def __init__(self, replay: _Replay, request: Request, ask: Ask, company: Company) -> None:
        self.replay, self.rules, self.totals = replay, replay.rules, replay.totals
        self.request, self.at = request, request.asked_at
        self.company, self.audience = company, ask.audience
        self.requirements = ask.requirements(replay.rules)
        self.strategy = choose_strategy(
            replay.rules, consumer=request.consumer, company=company, asked=ask.strategy, override=replay.override
        )
        self.forgets = self.strategy == "legacy" or not ask.memory
        observed = replay.history.observed.get(company.company_id, ())
        self.vendors = RecordedVendors(replay.rules, company.company_id, observed, replay.seed)
        self.caps = caps_of_each(replay.rules, self.requirements, request.request_id, self.at)
        self.asked = set[str]()
        self.complete_or_nothing, self.given_up = was_complete_or_nothing(request), False

    def serve(self, known: Known) -> Known:
        """Serves the request; returns what is known afterwards."""
        before = len(self.totals.entries)
        known = self._with_current_reliability(known)
        if self.company.domain is None:
            known = self._collect(identity_requirements(self.requirements), known)
            self._learn_domain(known)
        known = self._collect(self.requirements, known)
        if not self.given_up:
            self._analyse(known)
        self._book(known, sum(entry.cost for entry in self.totals.entries[before:]))
        return known

    def _with_current_reliability(self, known: Known) -> Known:
        return Known(known.replies, with_current_reliability(self.rules, known.facts))

    def _learn_domain(self, known: Known) -> None:
        status = dataset_status(self.rules, self.requirements, known, "domain", self.at)
        if not status.open and isinstance(status.facts[0].value, Text):
            self.company = replace(self.company, domain=status.facts[0].value.text)

    def _collect(self, requirements: Requirements, known: Known) -> Known:
        """Collects as `collect` does, without failures; the plan has no reasons and no quote, which would take time."""
        eligibility = self._eligibility(requirements, known)
        decided = decided_parts(PlanningState(eligibility, self.strategy, self.replay.policies))
        if self.complete_or_nothing:
            return self._while_it_can_be_complete(decided, requirements, known)
        for problem in decided.problems:
            known = self._carry_out(decided.policy, problem, requirements, known)
            for source in eligibility.last_resorts(problem):
                if self._needed(source, problem, known):
                    known = self._ask(source, known)
        return known

    def _while_it_can_be_complete(self, decided: DecidedParts, requirements: Requirements, known: Known) -> Known:
        """Within a batch's budget: nothing more once something required cannot be had, and no last resorts."""
        certain = frozenset(d for d in requirements.collected_required if none_counts(self.rules, requirements, d))
        deciding = deciding_problems(decided.problems, decided.whole, certain)
        self.given_up = False
        for problem, whole in (*deciding, *((problem, decided.whole) for problem in decided.problems)):
            policy = self.replay.policies.compiled(self.strategy, whole)
            known = self._carry_out(policy, problem, requirements, known)
            if problem.required & self._state(problem, requirements, known).unsatisfied:
                self.given_up = True
                break
        return known

    def _eligibility(self, requirements: Requirements, known: Known) -> Eligibility:
        statuses = dataset_statuses(self.rules, requirements, known, self.at)
        return Eligibility(
            rules=self.rules,
            requirements=requirements,
            company=self.company,
            statuses=statuses,
            answered=answered_datasets(self.rules, requirements, known, self.at),
            pursued=frozenset(d for d, status in statuses.items() if status.open or self.strategy == "legacy"),
            unavailable=self.replay.unavailable,
            spent=self.replay.taken,
            request_id=self.request.request_id,
            now=self.at,
        )

    def _carry_out(self, policy: Policy, problem: Problem, requirements: Requirements, known: Known) -> Known:
        while True:
            state = self._state(problem, requirements, known)
            given_up = self.complete_or_nothing and cannot_be_had(problem, state)
            asked = frozenset[str]() if given_up else policy.next(state)
            if not asked:
                return known
            for source in self._remaining().together(sorted(asked)):
                known = self._ask(source, known)

    def _state(self, problem: Problem, requirements: Requirements, known: Known) -> State:
        remaining = self._remaining()
        return state_now(
            problem,
            self.rules,
            requirements,
            known,
            self.at,
            everything=self.strategy == "legacy",
            may_ask=lambda source: source not in self.asked and remaining.fits(source),
        )

    def _remaining(self) -> RemainingCaps:
        return RemainingCaps(self.rules, remaining_caps(self.caps, self.replay.taken))

    def _needed(self, source: str, problem: Problem, known: Known) -> bool:
        """Whether a required dataset that this last resort answers is still without any value."""
        required = [d for d in problem.required if source in self.rules.datasets[d].sources]
        statuses = dataset_statuses(self.rules, self.requirements, known, self.at, required)
        without = [d for d, status in statuses.items() if status.open and not status.mentioned]
        return bool(without) and source not in self.asked and self._remaining().fits(source)

    def _ask(self, source: str, known: Known) -> Known:
        self.asked.add(source)
        head, facts, cost, sampled = self.vendors.ask(source, self.at)
        self._pay(source, cost)
        self.totals.never_observed += sampled
        self.totals.drawn += cost if sampled else 0
        return _joined(known, self._with_current_reliability(Known((head,), facts)))

    def _analyse(self, known: Known) -> None:
        """What is new and fits, all of it side by side."""
        questions = [one for one in self._questions(known) if not self.replay.made_before(one, self.at)]
        for question in self._affordable(questions):
            self._ask_model(question)

    def _questions(self, known: Known) -> Iterable[AnalysisQuestion]:
        inputs = AnalysisInputs(self.rules, self.requirements, self.company, self.audience)
        for name in self.requirements.analyses:
            if self.rules.provider_of_model(self.rules.analyses[name].model) not in self.replay.silent:
                try:
                    yield prepare(name, known.facts, inputs, self.at)
                except NothingToAsk:
                    continue

    def _affordable(self, questions: Iterable[AnalysisQuestion]) -> list[AnalysisQuestion]:
        reserved, fitting = Counter(self.replay.taken), list[AnalysisQuestion]()
        for question in questions:
            most = self.rules.max_micro_usd_of_analysis(question.name, question.input_bytes)
            caps = self.caps[analysis_source(question.name)]
            if all(cap.allows(reserved[cap.name] + most) for cap in caps):
                fitting.append(question)
                reserved.update({cap.name: most for cap in caps})
        return fitting

    def _ask_model(self, question: AnalysisQuestion) -> None:
        observed = self.replay.tokens.of(self.company.company_id, question.name, self.at)
        units = observed or self.replay.tokens.usual(question.name)
        cost = (
            charge(units, self.rules.usd_per_token(question.rules.model))
            if units
            else self.rules.expected_micro_usd_of_analysis(question.name)
        )
        self._pay(analysis_source(question.name), cost)
        self.totals.estimated += observed is None
        self.replay.make(question, self.at)

    def _pay(self, source: str, cost: int) -> None:
        for cap in self.caps[source]:
            self.replay.taken[cap.name] += cost
        self.totals.entries.append(SpendingEntry(self.request.consumer, source, 1, cost))

    def _book(self, known: Known, cost: int) -> None:
        statuses = dataset_statuses(self.rules, self.requirements, known, self.at)
        required = [not statuses[d].open for d in self.requirements.collected_required]
        optional = [not statuses[d].open for d in self.requirements.collected_optional]
        self.totals.requests += 1
        self.totals.complete += all(required)
        self.totals.each.append(ServedAgain(cost, all(required)))
        self.totals.completeness += (2 * sum(required) + sum(optional)) / max(1, 2 * len(required) + len(optional))


def _joined(known: Known, newer: Known) -> Known:
    """Replies of the same source replace the older ones, facts and all."""
    sources = {head.source for head in newer.replies}
    return Known(
        (*(head for head in known.replies if head.source not in sources), *newer.replies),
        (*(fact for fact in known.facts if fact.source not in sources), *newer.facts),
    )
