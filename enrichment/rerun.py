"""Past requests served once more under one set of rules, in their order, each with its own options.

    History + Side  ->  rerun() -> Outcome

They take from daily caps as they go. Finished profiles are not served: memory is, from which no vendor has to be asked
either. No vendor fails. An analysis is asked where its evidence, prompt or model is new, and takes as many tokens as
it took before. Audiences are known by their name.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from enrichment.caps import caps_of, tightest
from enrichment.desk import Verdict, state_now
from enrichment.history import Entry, History, Spending, spending
from enrichment.holding import standing, standings
from enrichment.inquiry import Inquiry, NothingToAsk, Setting, prepare
from enrichment.money import charge
from enrichment.observed import SEED, Tokens, Vendors
from enrichment.plan import Part, Plan, make_plan, model_price
from enrichment.policies import IN_MEMORY, Policies
from enrichment.policy import State
from enrichment.recall import believed
from enrichment.records import Cap, Company, Known, Request
from enrichment.request import Ask, asked_before, domain_was_known
from enrichment.rules import Rules
from enrichment.strategy import choose_strategy
from enrichment.values import Text
from enrichment.wants import Wants, identity_wants


@dataclass(frozen=True, slots=True)
class Side:
    """Rules to replay under. out_of_order: provider -> why it cannot be asked."""

    rules: Rules
    out_of_order: Mapping[str, str] = field(default_factory=dict)


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
    policies: Policies = IN_MEMORY,
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

    def __init__(self, side: Side, history: History, override: str | None, policies: Policies, seed: int) -> None:
        self.rules, self.history = side.rules, history
        self.override, self.policies, self.seed = override, policies, seed
        self.books, self.tokens = _Books(), Tokens(history.answered)
        self.taken = Counter[str]()
        self.out_of_order: dict[str, tuple[Verdict, str]] = {
            name: ("no credentials", side.out_of_order[entry.provider])
            for name, entry in side.rules.sources.items()
            if entry.provider in side.out_of_order
        }
        self.silent = frozenset(side.out_of_order)
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
        self.wants = ask.wants(past.rules)
        self.strategy = choose_strategy(
            past.rules, consumer=request.consumer, company=company, asked=ask.strategy, override=past.override
        )
        self.forgets = self.strategy == "legacy" or not ask.memory
        observed = past.history.observed.get(company.company_id, ())
        self.vendors = Vendors(past.rules, company.company_id, observed, past.seed)
        self.asked = set[str]()

    def serve(self, known: Known) -> Known:
        """What is known afterwards."""
        known = self._believed(known)
        if self.company.domain is None:
            known = self._collect(identity_wants(self.wants), known)
            self._learn_domain(known)
        known = self._collect(self.wants, known)
        self._analyse(known)
        self._book(known)
        return known

    def _believed(self, known: Known) -> Known:
        return Known(known.replies, believed(self.rules, known.facts))

    def _learn_domain(self, known: Known) -> None:
        stand = standing(self.rules, self.wants, known, "domain", self.at)
        if not stand.open and isinstance(stand.facts[0].value, Text):
            self.company = replace(self.company, domain=stand.facts[0].value.text)

    def _collect(self, wants: Wants, known: Known) -> Known:
        plan = make_plan(
            self.rules,
            wants,
            self.company,
            known,
            strategy=self.strategy,
            now=self.at,
            out_of_order=self.past.out_of_order,
            request_id=self.request.request_id,
            spent=self.past.taken,
            policies=self.past.policies,
        )
        for part in plan.parts:
            known = self._carry_out(plan, part, known)
        return known

    def _carry_out(self, plan: Plan, part: Part, known: Known) -> Known:
        policy = plan.policy(part, self.past.policies)
        while asked := policy.next(self._state(plan, part, known)):
            for source in sorted(asked):
                known = self._ask(source, known)
        for source in part.last_resorts:
            if self._needed(source, part, known):
                known = self._ask(source, known)
        return known

    def _state(self, plan: Plan, part: Part, known: Known) -> State:
        return state_now(
            part.problem,
            self.rules,
            plan.wants,
            known,
            self.at,
            everything=plan.strategy == "legacy",
            may_ask=self._may_ask,
        )

    def _may_ask(self, source: str) -> bool:
        caps = self._caps(self.rules.sources[source].provider, source)
        return source not in self.asked and self._fits(self.rules.max_micro_usd(source), caps)

    def _needed(self, source: str, part: Part, known: Known) -> bool:
        """Whether a required dataset that this last resort answers is still without any value."""
        required = [d for d in part.problem.required if source in self.rules.datasets[d].sources]
        stands = standings(self.rules, self.wants, known, self.at, required)
        without = [d for d, stand in stands.items() if stand.open and not any(f.last_resort for f in stand.facts)]
        return bool(without) and self._may_ask(source)

    def _ask(self, source: str, known: Known) -> Known:
        self.asked.add(source)
        head, facts, cost, drawn = self.vendors.ask(source, self.at)
        self._pay(self.rules.sources[source].provider, source, cost)
        self.books.never_observed += drawn
        self.books.drawn += cost if drawn else 0
        return _joined(known, self._believed(Known((head,), facts)))

    def _analyse(self, known: Known) -> None:
        setting = Setting(self.rules, self.wants, self.company, self.audience)
        for name in self.wants.analyses:
            try:
                inquiry = prepare(name, known.facts, setting, self.at)
            except NothingToAsk:
                continue
            if not self.past.made_before(inquiry, self.at):
                self._question(inquiry)

    def _question(self, inquiry: Inquiry) -> None:
        model, source = inquiry.rules.model, f"analysis:{inquiry.name}"
        provider = next(name for name, entry in self.rules.providers.items() if model in entry.models)
        prices = self.rules.providers[provider].models[model]
        usd = {"input_token": prices.input_token.usd, "output_token": prices.output_token.usd}
        if provider in self.past.silent or not self._fits(
            charge(inquiry.most_tokens, usd), self._caps(provider, source)
        ):
            return
        observed = self.past.tokens.of(self.company.company_id, inquiry.name, self.at)
        units = observed or self.past.tokens.usual(inquiry.name)
        cost = charge(units, usd) if units else model_price(self.rules, inquiry.name)[0]
        self._pay(provider, source, cost)
        self.books.estimated += observed is None
        self.past.make(inquiry, self.at)

    def _caps(self, provider: str, source: str) -> tuple[Cap, ...]:
        return caps_of(
            self.rules,
            request_id=self.request.request_id,
            max_cost=self.wants.max_cost,
            consumer=self.request.consumer,
            provider=provider,
            source=source,
            at=self.at,
        )

    def _fits(self, most: int, caps: Sequence[Cap]) -> bool:
        return most <= tightest(caps, self.past.taken)[1]

    def _pay(self, provider: str, source: str, cost: int) -> None:
        for cap in self._caps(provider, source):
            self.past.taken[cap.name] += cost
        self.books.entries.append(Entry(self.request.consumer, source, 1, cost))

    def _book(self, known: Known) -> None:
        stands = standings(self.rules, self.wants, known, self.at)
        required = [not stands[d].open for d in self.wants.collected_required]
        optional = [not stands[d].open for d in self.wants.collected_optional]
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
