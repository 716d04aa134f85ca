"""Which sources can be asked about one company, and the problem that leaves to the policy.

    Rules + Requirements + dataset statuses + unavailable sources + caps  ->  Eligibility
    Eligibility.obstacle(source)  ->  why it is skipped (skip_reasons.py); None: it can be asked
    Eligibility.left(), .whole()  ->  Problem

The whole problem is the same for every company, so its policy is compiled once. What is left of it is a state of it,
unless a source has answered some of its datasets but not others: then what is left is a problem of its own.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Known
from enrichment.domain.purchases import Cap
from enrichment.memory.freshness import DatasetStatus, answered_datasets, dataset_statuses, missed_and_matched
from enrichment.planning.skip_reasons import Unusable, out_of_reach, over_a_cap, redundancy, share
from enrichment.policy.execution_model import Skip
from enrichment.policy.problem import Family, Offer, Problem, State, continuing, parts
from enrichment.purchasing.caps import caps_of_each
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements

_MOST_OF_KNOWN = 0.99
"""No source of a family knows all companies that any of it can know: one miss of it would rule out all others."""


@dataclass(frozen=True)
class Eligibility:
    """All that one plan looks at.

    statuses: of each wanted dataset. answered: source -> wanted datasets that its fresh reply has answered.
    pursued: datasets that are still to be satisfied. unavailable, spent: as of PlanInputs.
    missed, matched: sources that have answered that they do not know the company, or do; where there are families.
    """

    rules: Rules
    requirements: Requirements
    company: Company
    statuses: Mapping[str, DatasetStatus]
    answered: Mapping[str, frozenset[str]]
    pursued: frozenset[str]
    unavailable: Mapping[str, Unusable]
    spent: Mapping[str, int]
    request_id: str
    now: datetime
    missed: frozenset[str] = frozenset()
    matched: frozenset[str] = frozenset()

    @cached_property
    def caps(self) -> Mapping[str, tuple[Cap, ...]]:
        """The caps of each source, as `caps_of_each` gives them."""
        return caps_of_each(self.rules, self.requirements, self.request_id, self.now)

    def left(self) -> Problem:
        """What is still open, and the sources that can be asked about it; in the parts of the whole."""
        left = self._problem(
            tuple(
                self._as_answered(self._offer(name, self.fills(name), self.pursued))
                for name in self.rules.sources
                if name in self._askable
            ),
            self.pursued,
            once=True,
        )
        return continuing(self.whole(), left) if left.value_of_time else left

    def whole(self) -> Problem:
        """The problem as if nothing were known, and every source could be asked."""
        wanted = frozenset(self.requirements.collected)
        return self._problem(
            tuple(
                self._offer(name, self._may_fill(name), wanted)
                for name, entry in self.rules.sources.items()
                if self._may_fill(name) and wanted.issuperset(d for d in entry.needs if d != "domain")
            ),
            wanted,
        )

    def _problem(self, offers: tuple[Offer, ...], pursued: frozenset[str], *, once: bool = False) -> Problem:
        return Problem(
            offers=offers,
            required=frozenset(d for d in self.requirements.collected_required if d in pursued),
            worth=tuple((d, w) for d, w in self.requirements.collected_optional.items() if d in pursued),
            order=tuple((d, self.rules.datasets[d].sources) for d in self.requirements.collected if d in pursued),
            value_of_time=self.requirements.value_of_time,
            once=once,
        )

    def concerns(self, source: str) -> bool:
        """Whether the source answers a wanted dataset, reliably or not."""
        return any(source in self.rules.datasets[d].sources for d in self.requirements.collected)

    def fills(self, source: str) -> tuple[tuple[str, float], ...]:
        """Dataset -> fill rate, of those still open that this source may satisfy and has not answered."""
        answers = self.answered.get(source, frozenset())
        return tuple((d, rate) for d, rate in self._may_fill(source) if d in self.pursued and d not in answers)

    def last_resorts(self, problem: Problem) -> tuple[str, ...]:
        """Sources too unreliable to satisfy, for required datasets only, in the matrix's order."""
        return tuple(
            dict.fromkeys(
                source
                for dataset in self.requirements.collected_required
                if dataset in problem.required
                for source in self.rules.last_resorts(dataset, self.requirements.threshold(self.rules, dataset))
                if dataset not in self.answered.get(source, frozenset()) and self.obstacle(source) is None
            )
        )

    def offer(self, source: str) -> Offer:
        """What the source may cost, and bring of all wanted datasets, also those for which it is not asked."""
        answers, least = self.answered.get(source, frozenset()), self._thresholds
        brought = [
            (d, promise)
            for d, promise in self.rules.sources[source].datasets.items()
            if d in least and d not in answers
        ]
        fills = tuple((d, p.fill_rate) for d, p in brought if p.reliability >= least[d])
        return replace(
            self._as_answered(self._offer(source, fills, self.pursued)),
            mention_rates=tuple(
                (d, p.fill_rate) for d, p in brought if p.reliability < least[d] and d in self._with_last_resorts
            ),
            none_counts=frozenset(d for d, _ in brought if self._none_counts(source, d)),
            most=self.rules.max_micro_usd(source),
        )

    def _none_counts(self, source: str, dataset: str) -> bool:
        """Whether a reply without any value ends the search: not if other sources have some values, though too few."""
        has_some = self.statuses[dataset].sources.intersection(self.rules.sources)
        return self.rules.silence_means_none(source, dataset, self._thresholds[dataset]) and not any(
            dataset in dict(self._may_fill(other)) for other in has_some
        )

    @cached_property
    def _thresholds(self) -> Mapping[str, float]:
        return {d: self.requirements.threshold(self.rules, d) for d in self.requirements.collected}

    @cached_property
    def _with_last_resorts(self) -> frozenset[str]:
        """Required datasets for which some source is asked only if there is no value at all."""
        required = self.requirements.collected_required
        return frozenset(d for d in required if self.rules.last_resorts(d, self._thresholds[d]))

    def skips(self, asked: Collection[str]) -> tuple[Skip, ...]:
        """The redundancy rules that may apply while the plan is carried out. asked: sources it may ask."""
        consumers, wanted = self.requirements.consumer.split("+"), frozenset(self.requirements.collected)
        return tuple(
            Skip(
                source=rule.skip,
                if_held=frozenset(source for source in rule.if_held if not self.answered.get(source)),
                shared=wanted.intersection(self.rules.sources[rule.skip].datasets),
                answers=frozenset(self.rules.sources[rule.skip].datasets),
                met=share(self.rules, self.statuses, rule.if_held, rule.skip),
            )
            for rule in self.rules.redundancy
            if any(consumer in rule.consumers for consumer in consumers)
            and all(source in asked or self.answered.get(source) for source in rule.if_held)
        )

    def _may_fill(self, source: str) -> tuple[tuple[str, float], ...]:
        """Wanted datasets that this source may satisfy."""
        datasets, wanted = self.rules.datasets, self.requirements.collected
        return tuple(
            (dataset, promise.fill_rate)
            for dataset, promise in self.rules.sources[source].datasets.items()
            if dataset in wanted
            and source in datasets[dataset].sources
            and promise.reliability >= self.requirements.threshold(self.rules, dataset)
        )

    def _offer(self, source: str, fills: tuple[tuple[str, float], ...], pursued: frozenset[str]) -> Offer:
        entry, price = self.rules.sources[source], self.rules.expected_micro_usd(source)
        always = entry.charged == "always"
        return Offer(
            source=source,
            price_asked=price if always else 0,
            price_matched=0 if always else price,
            match_rate=entry.match_rate,
            fill_rates=fills,
            seconds=entry.seconds,
            needs=frozenset(d for d in entry.needs if d != "domain" and d in pursued),
            family=next((family for family in self._families if source in family.sources), None),
            fill_families=tuple((d, it) for d, it in self._fill_families if source in it.sources and d in dict(fills)),
        )

    @cached_property
    def _families(self) -> tuple[Family, ...]:
        """The families of the rules; a company that one of its sources knows is one that some of them can know."""
        families = []
        for sources, known in self.rules.families:
            rates = tuple((source, self.rules.sources[source].match_rate) for source in sorted(sources))
            families.append(Family(min(1.0, max(known, *(rate / _MOST_OF_KNOWN for _, rate in rates))), rates))
        return tuple(family for family in families if family.known < 1)

    @cached_property
    def _fill_families(self) -> tuple[tuple[str, Family], ...]:
        """Families of sources in no family of match rates: those tell of misses, not of datasets that are lacking.

        Where a source needs a dataset there are none: whether it is askable would hang on the order of asking.
        """
        if any(need != "domain" for entry in self.rules.sources.values() for need in entry.needs):
            return ()
        matching = frozenset[str]().union(*(family.sources for family in self._families))
        found = []
        for dataset, together, of_known in self.rules.fill_families:
            may = [s for s in sorted(together - matching) if dataset in dict(self._may_fill(s))]
            fills = {source: self.rules.sources[source].datasets[dataset].fill_rate for source in may}
            known = max([of_known, *(fill / _MOST_OF_KNOWN for fill in fills.values())])
            rates = tuple((source, self.rules.sources[source].match_rate * fill) for source, fill in fills.items())
            if len(may) > 1 and known < 1:
                found.append((dataset, Family(known, rates)))
        return tuple(found)

    @cached_property
    def _in_part(self) -> Mapping[str, Offer]:
        return {offer.source: offer for part in parts(self.whole()) for offer in part.offers}

    def _as_answered(self, offer: Offer) -> Offer:
        """The offer with its rates changed by what other members of its families have already answered."""
        if offer.family is None and not offer.fill_families:
            return offer
        whole, filled = self._in_part.get(offer.source), dict(offer.fill_rates)
        families = () if whole is None else tuple(one for one in whole.fill_families if one[0] in filled)
        here = replace(offer, family=None if whole is None else whole.family, fill_families=families)
        return here.given(self.missed, self.matched, self._askable)

    @cached_property
    def _askable(self) -> frozenset[str]:
        """Sources that may be asked, maybe again for what is no longer fresh."""
        return frozenset(name for name in self.rules.sources if self.obstacle(name) is None and self.fills(name))

    def obstacle(self, source: str) -> Unusable | None:
        """Why the source cannot be asked; None: it can."""
        return (
            self.out_of_reach(source)
            or self._redundant(source)
            or over_a_cap(source, self.rules, self.requirements, self.caps[source], self.spent)
        )

    def out_of_reach(self, source: str) -> Unusable | None:
        """Why this request cannot ask the source about this company, apart from caps; None: it can."""
        needs = self.rules.sources[source].needs
        missing = [d for d in needs if d != "domain" and d not in self.pursued and not self._has(d)]
        return out_of_reach(
            source, self.rules, self.requirements, self.unavailable, domain=self.company.domain, missing=missing
        )

    def _has(self, dataset: str) -> bool:
        return dataset in self.statuses and not self.statuses[dataset].open

    def _redundant(self, source: str) -> Unusable | None:
        if any(dataset in self.requirements.collected_required for dataset, _ in self.fills(source)):
            return None  # a rule never takes away what is required
        because = redundancy(self.rules, self.requirements, source, self.statuses, self.answered)
        return None if because is None else ("redundant", because)


def is_state_of(whole: Problem, left: Problem) -> bool:
    """Whether what is left is a state of the whole: no source has answered only a part of its datasets."""
    fills = {offer.source: {d for d, _ in offer.fill_rates} & left.wanted for offer in whole.offers}
    return all({d for d, _ in offer.fill_rates} == fills.get(offer.source) for offer in left.offers)


def askable(problem: Problem, state: State) -> tuple[str, ...]:
    """The sources that a policy may ask in this state: usable, of use, and with all they need. By name."""
    return tuple(
        sorted(
            offer.source
            for offer in problem.offers
            if offer.source in state.usable
            and offer.answers & state.unsatisfied
            and not offer.needs & state.unsatisfied
        )
    )


def state_now(
    problem: Problem,
    rules: Rules,
    requirements: Requirements,
    known: Known,
    now: datetime,
    *,
    everything: bool,
    may_ask: Callable[[str], bool],
) -> State:
    """The state of a part while it is carried out. everything: no source counts as redundant (legacy)."""
    datasets = problem.wanted.union(*(offer.needs for offer in problem.offers))
    statuses = dataset_statuses(rules, requirements, known, now)
    answers = answered_datasets(rules, requirements, known, now)
    usable = frozenset(offer.source for offer in problem.offers if may_ask(offer.source))
    open_ = frozenset(d for d in datasets if statuses[d].open)
    missed, matched = missed_and_matched(known, answers)
    if everything:
        return State(open_, usable, missed, matched)
    pursued = problem.required & open_
    skipped = frozenset(
        source
        for source in usable
        if not pursued.intersection(rules.sources[source].datasets)
        and redundancy(rules, requirements, source, statuses, answers) is not None
    )
    return State(open_, usable - skipped, missed, matched)
