"""Past requests served once more under one set of rules, in their order, each with its own options.

    History + Side  ->  rerun() -> Outcome

They take from daily caps as they go. Finished profiles are not served: memory is, from which no vendor has to be asked
either. No vendor fails. An analysis is asked where its evidence, prompt or model is new, and takes as many tokens as
it took before. Audiences are known by their name.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from enrichment.analysis.question import Inquiry, NothingToAsk, Setting, prepare
from enrichment.backtest.history import Entry, History, Spending, spending
from enrichment.backtest.recorded_vendors import SEED, Tokens, Vendors
from enrichment.domain.money import charge
from enrichment.domain.records import Company, Known, Request
from enrichment.domain.values import Text
from enrichment.memory.freshness import dataset_status, dataset_statuses, heard
from enrichment.memory.recall import believed
from enrichment.pipeline.stages import Ask, asked_before, domain_was_known
from enrichment.planning.eligibility import Eligibility, Verdict, state_now
from enrichment.planning.plan_template import Situation, decided
from enrichment.planning.quote import model_price
from enrichment.policy import Policy, Problem, State
from enrichment.policy.cache import IN_MEMORY, PolicyCache
from enrichment.purchasing.budgets import Room, caps_of_each, limits_of
from enrichment.requirements.requirements import Requirements, identity_requirements
from enrichment.requirements.strategy import choose_strategy
from enrichment.rules import Rules


@dataclass(frozen=True, slots=True)
class Side:
    """Rules to replay under. out_of_order: provider -> why it cannot be asked."""

    rules: Rules
    unavailable: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the requests under one set of rules.

    completeness: mean over requests, of datasets that sources answer, required ones counting twice. complete: requests
    that lack no required one. never_observed: calls whose answer was drawn; drawn: what these cost (micro-USD).
    estimated: questions of which no tokens were observed about that company.
    """

    spent: Spending
    completeness: float
    complete: int
    never_observed: int
    drawn: int
    estimated: int


def rerun(
    side: Side,
    history: History,
    *,
    override: str | None = None,
    policies: PolicyCache = IN_MEMORY,
    seed: int = SEED,
) -> Outcome:
    """Serve these requests once more. Raises UnknownName, UnknownStrategy."""
    past = _Past(side, history, override, policies, seed)
    for request in history.requests:
        past.serve(request)
    return past.books.outcome()


@dataclass(slots=True)
class _Books:
    requests: int = 0
    completeness: float = 0.0
    complete: int = 0
    never_observed: int = 0
    drawn: int = 0
    estimated: int = 0
    entries: list[Entry] = field(default_factory=list)

    def outcome(self) -> Outcome:
        return Outcome(
            spent=spending(self.entries),
            completeness=self.completeness / self.requests if self.requests else 0.0,
            complete=self.complete,
            never_observed=self.never_observed,
            drawn=self.drawn,
            estimated=self.estimated,
        )


class _Past:
    """One set of rules: what is known of each company by now, which analyses were made, what caps have taken."""

    def __init__(self, side: Side, history: History, override: str | None, policies: PolicyCache, seed: int) -> None:
        self.rules, self.history = side.rules, history
        self.override, self.policies, self.seed = override, policies, seed
        self.books, self.tokens = _Books(), Tokens(history.answered)
        self.taken = Counter[str]()
        self.unavailable: dict[str, tuple[Verdict, str]] = {
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
        run = _Run(self, request, ask, company)
        memory = self._remembered(request)
        known = run.serve(Known() if run.forgets else memory)
        if run.company.domain is not None:
            self._named.add(request.company_id)
        self._memory[request.company_id] = _joined(memory, known)

    def _remembered(self, request: Request) -> Known:
        """What memory has: of the replay, and of those who are not replayed what they had bought until then."""
        known = self._memory.get(request.company_id, Known())
        held = {head.source: head.collected_at for head in known.replies}
        for one in self.history.observed.get(request.company_id, ()):
            at, source = one.head.collected_at, one.head.source
            others = one.head.request_id not in self._replayed and at < request.asked_at
            if others and (source not in held or held[source] < at):
                known, held[source] = _joined(known, Known((one.head,), one.facts)), at
        return known

    def made_before(self, inquiry: Inquiry, at: datetime) -> bool:
        return inquiry.key in self._made and self._made[inquiry.key] <= at

    def make(self, inquiry: Inquiry, at: datetime) -> None:
        self._made[inquiry.key] = at


class _Run:
    """One request served once more."""

    def __init__(self, past: _Past, request: Request, ask: Ask, company: Company) -> None:
        self.past, self.rules, self.books = past, past.rules, past.books
        self.request, self.at = request, request.asked_at
        self.company, self.audience = company, ask.audience
        self.requirements = ask.requirements(past.rules)
        self.strategy = choose_strategy(
            past.rules, consumer=request.consumer, company=company, asked=ask.strategy, override=past.override
        )
        self.forgets = self.strategy == "legacy" or not ask.memory
        observed = past.history.observed.get(company.company_id, ())
        self.vendors = Vendors(past.rules, company.company_id, observed, past.seed)
        self.caps = caps_of_each(past.rules, self.requirements, request.request_id, self.at)
        self.asked = set[str]()

    def serve(self, known: Known) -> Known:
        """What is known afterwards."""
        known = self._believed(known)
        if self.company.domain is None:
            known = self._collect(identity_requirements(self.requirements), known)
            self._learn_domain(known)
        known = self._collect(self.requirements, known)
        self._analyse(known)
        self._book(known)
        return known

    def _believed(self, known: Known) -> Known:
        return Known(known.replies, believed(self.rules, known.facts))

    def _learn_domain(self, known: Known) -> None:
        stand = dataset_status(self.rules, self.requirements, known, "domain", self.at)
        if not stand.open and isinstance(stand.facts[0].value, Text):
            self.company = replace(self.company, domain=stand.facts[0].value.text)

    def _collect(self, requirements: Requirements, known: Known) -> Known:
        """As `collect` does, but for what fails; what a plan says and quotes besides is left out: it takes its time."""
        eligibility = self._eligibility(requirements, known)
        drawn = decided(Situation(eligibility, self.strategy, self.past.policies))
        for problem in drawn.problems:
            known = self._carry_out(drawn.policy, problem, requirements, known)
            for source in eligibility.last_resorts(problem):
                if self._needed(source, problem, known):
                    known = self._ask(source, known)
        return known

    def _eligibility(self, requirements: Requirements, known: Known) -> Eligibility:
        stands = dataset_statuses(self.rules, requirements, known, self.at)
        return Eligibility(
            rules=self.rules,
            requirements=requirements,
            company=self.company,
            stands=stands,
            said=heard(self.rules, requirements, known, self.at),
            pursued=frozenset(d for d, stand in stands.items() if stand.open or self.strategy == "legacy"),
            unavailable=self.past.unavailable,
            spent=self.past.taken,
            request_id=self.request.request_id,
            now=self.at,
        )

    def _carry_out(self, policy: Policy, problem: Problem, requirements: Requirements, known: Known) -> Known:
        while asked := policy.next(self._state(problem, requirements, known)):
            for source in self._room().together(sorted(asked)):
                known = self._ask(source, known)
        return known

    def _state(self, problem: Problem, requirements: Requirements, known: Known) -> State:
        room = self._room()
        return state_now(
            problem,
            self.rules,
            requirements,
            known,
            self.at,
            everything=self.strategy == "legacy",
            may_ask=lambda source: source not in self.asked and room.fits(source),
        )

    def _room(self) -> Room:
        return Room(self.rules, limits_of(self.caps, self.past.taken))

    def _needed(self, source: str, problem: Problem, known: Known) -> bool:
        """Whether a required dataset that this last resort answers is still without any value."""
        required = [d for d in problem.required if source in self.rules.datasets[d].sources]
        stands = dataset_statuses(self.rules, self.requirements, known, self.at, required)
        without = [d for d, stand in stands.items() if stand.open and not stand.mentioned]
        return bool(without) and source not in self.asked and self._room().fits(source)

    def _ask(self, source: str, known: Known) -> Known:
        self.asked.add(source)
        head, facts, cost, drawn = self.vendors.ask(source, self.at)
        self._pay(source, cost)
        self.books.never_observed += drawn
        self.books.drawn += cost if drawn else 0
        return _joined(known, self._believed(Known((head,), facts)))

    def _analyse(self, known: Known) -> None:
        """What is new and fits, all of it side by side."""
        inquiries = [one for one in self._inquiries(known) if not self.past.made_before(one, self.at)]
        for inquiry in self._affordable(inquiries):
            self._question(inquiry)

    def _inquiries(self, known: Known) -> Iterable[Inquiry]:
        setting = Setting(self.rules, self.requirements, self.company, self.audience)
        for name in self.requirements.analyses:
            if self._provider(self.rules.analyses[name].model) not in self.past.silent:
                try:
                    yield prepare(name, known.facts, setting, self.at)
                except NothingToAsk:
                    continue

    def _affordable(self, inquiries: Iterable[Inquiry]) -> list[Inquiry]:
        reserved, fitting = Counter(self.past.taken), list[Inquiry]()
        for inquiry in inquiries:
            most = charge(inquiry.most_tokens, self._usd_per_token(inquiry))
            caps = self.caps[f"analysis:{inquiry.name}"]
            if all(cap.allows(reserved[cap.name] + most) for cap in caps):
                fitting.append(inquiry)
                reserved.update({cap.name: most for cap in caps})
        return fitting

    def _question(self, inquiry: Inquiry) -> None:
        observed = self.past.tokens.of(self.company.company_id, inquiry.name, self.at)
        units = observed or self.past.tokens.usual(inquiry.name)
        cost = charge(units, self._usd_per_token(inquiry)) if units else model_price(self.rules, inquiry.name)[0]
        self._pay(f"analysis:{inquiry.name}", cost)
        self.books.estimated += observed is None
        self.past.make(inquiry, self.at)

    def _usd_per_token(self, inquiry: Inquiry) -> dict[str, Decimal]:
        prices = self.rules.providers[self._provider(inquiry.rules.model)].models[inquiry.rules.model]
        return {"input_token": prices.input_token.usd, "output_token": prices.output_token.usd}

    def _provider(self, model: str) -> str:
        return next(name for name, entry in self.rules.providers.items() if model in entry.models)

    def _pay(self, source: str, cost: int) -> None:
        for cap in self.caps[source]:
            self.past.taken[cap.name] += cost
        self.books.entries.append(Entry(self.request.consumer, source, 1, cost))

    def _book(self, known: Known) -> None:
        stands = dataset_statuses(self.rules, self.requirements, known, self.at)
        required = [not stands[d].open for d in self.requirements.collected_required]
        optional = [not stands[d].open for d in self.requirements.collected_optional]
        self.books.requests += 1
        self.books.complete += all(required)
        self.books.completeness += (2 * sum(required) + sum(optional)) / max(1, 2 * len(required) + len(optional))


def _joined(known: Known, newer: Known) -> Known:
    """Replies of the same source replace the older ones, facts and all."""
    sources = {head.source for head in newer.replies}
    return Known(
        (*(head for head in known.replies if head.source not in sources), *newer.replies),
        (*(fact for fact in known.facts if fact.source not in sources), *newer.facts),
    )
