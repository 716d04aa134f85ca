"""What a policy decides about: a problem, its states and the actions a policy may choose.

Problem (offers, wanted datasets) + State (unsatisfied, usable)  ->  sources to ask now
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Family:
    """Sources that repeat one another: a company that none of them can know is missed by all of them.

    known: chance that a company is not such a one. rates: source -> match_rate, by name, each below `known`; of a
    company that is not such a one each matches with the chance rate / known, independently.
    """

    known: float
    rates: tuple[tuple[str, float], ...]

    @property
    def sources(self) -> frozenset[str]:
        return frozenset(source for source, _ in self.rates)

    def given(self, missed: frozenset[str], matched: frozenset[str]) -> Family:
        """The family after answers (Bayes): a miss makes it likelier that no member can know; a match excludes that."""
        if not self.sources.isdisjoint(matched):
            return self._if_known(1.0)
        all_missed = self.known
        for source, rate in self.rates:
            if source in missed:
                all_missed *= 1 - rate / self.known
        return self._if_known(all_missed / (all_missed + 1 - self.known))

    def _if_known(self, known: float) -> Family:
        return Family(known, tuple((source, rate / self.known * known) for source, rate in self.rates))

    def within(self, sources: frozenset[str]) -> Family | None:
        """The family reduced to these sources; None if fewer than two are left."""
        kept = tuple((source, rate) for source, rate in self.rates if source in sources)
        return Family(self.known, kept) if len(kept) > 1 else None


@dataclass(frozen=True, slots=True)
class Offer:
    """What asking one source about one company costs and may bring.

    Prices in micro-USD, rates as chances between 0 and 1, time in seconds.
    """

    source: str
    price_asked: int
    """Due whenever it is asked (`charged: always`)."""
    price_matched: int
    """Due only when it knows the company (`on_match`; `per_unit`: the expected charge)."""
    match_rate: float
    fill_rates: tuple[tuple[str, float], ...]
    """Dataset -> chance it is satisfied, given a match; only datasets where the source reaches the threshold."""
    seconds: float = 0.0
    needs: frozenset[str] = frozenset()
    """Datasets that must be satisfied before it may be asked; identity needs are handled outside."""
    mention_rates: tuple[tuple[str, float], ...] = ()
    """Dataset -> chance of a value too unreliable to satisfy it, given a match. Only executions look at it."""
    none_counts: frozenset[str] = frozenset()
    """Of the datasets it fills, those that its reply without any satisfies too, a match or not: there are none. Only
    executions look at it."""
    most: int = 0
    """The most one call may cost, reserved before it is sent. Only executions look at it."""
    family: Family | None = None
    """Sources that miss the same companies, itself among them."""
    fill_families: tuple[tuple[str, Family], ...] = ()
    """Dataset -> sources that lack it of the same companies, itself among them; of a Family there `rates` are chances
    to satisfy the dataset, known or not. Only of sources without a family, where none needs a dataset."""

    @property
    def expected_cost(self) -> float:
        return self.price_asked + self.match_rate * self.price_matched

    def given(self, missed: frozenset[str], matched: frozenset[str], usable: frozenset[str] = frozenset()) -> Offer:
        """The offer after some sources have missed and others have matched the company.

        Datasets that are open were satisfied by none of them but those that are usable, which may be asked again.
        """
        if self.fill_families:
            answered = (missed | matched) - usable - {self.source}
            changed = any(not family.sources.isdisjoint(answered) for _, family in self.fill_families)
            return self._given_lacks(answered) if changed else self
        family = self.family
        if family is None or family.sources.isdisjoint(missed | matched):
            return self
        left = family.given(missed, matched)
        rate = self.match_rate / family.known * left.known
        return replace(self, match_rate=rate, family=left if left.known < 1 else None)

    def _given_lacks(self, answered: frozenset[str]) -> Offer:
        left = tuple((dataset, family.given(answered, frozenset())) for dataset, family in self.fill_families)
        before = dict(self.fill_families)
        by = {dataset: family.known / before[dataset].known for dataset, family in left}
        rates = tuple((dataset, rate * by.get(dataset, 1.0)) for dataset, rate in self.fill_rates)
        return replace(self, fill_rates=rates, fill_families=left)

    @property
    def match_rate_range(self) -> tuple[float, float]:
        """Its lowest and highest match rate in any state: after all others of its family missed, or one matched."""
        if self.family is None:
            return self.match_rate, self.match_rate
        others = self.family.sources - {self.source}
        return self.given(others, frozenset()).match_rate, self.given(frozenset(), others).match_rate

    @property
    def kin(self) -> frozenset[str]:
        """Sources whose answers change its rates, itself among them; none where it is in no family."""
        families = [family for _, family in self.fill_families] + ([self.family] if self.family else [])
        return frozenset[str]().union(*(family.sources for family in families))

    @property
    def answers(self) -> frozenset[str]:
        """The datasets that it may satisfy."""
        return frozenset(dataset for dataset, rate in self.fill_rates if rate > 0 and self.match_rate > 0)


@dataclass(frozen=True, slots=True)
class Problem:
    """The datasets one consumer wants and the sources that may answer them; the same for every company."""

    offers: tuple[Offer, ...]
    required: frozenset[str]
    worth: tuple[tuple[str, int], ...]
    """Optional dataset -> micro-USD lost while it stays unsatisfied."""
    order: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Dataset -> sources in the matrix's order; only `Priority` reads it."""
    value_of_time: int = 0
    """Micro-USD per second of waiting."""
    together: tuple[frozenset[str], ...] = ()
    """Datasets that are decided and waited for in one part, even where no source links them; see `continuing`."""
    once: bool = False
    """What is left for one company at one time: its policy serves no other company."""
    all_or_nothing: bool = False
    """A state in which something required cannot be had any more is an end, and costs nothing further."""

    @property
    def wanted(self) -> frozenset[str]:
        return self.required | {dataset for dataset, _ in self.worth}


@dataclass(frozen=True, slots=True)
class State:
    """What is still open for one company. Any state is allowed, not only those reachable from `start`."""

    unsatisfied: frozenset[str]
    """Wanted datasets, and datasets some source needs, that are not satisfied."""
    usable: frozenset[str]
    """Sources not asked yet and not ruled out."""
    missed: frozenset[str] = frozenset()
    """Sources that answered that they do not know the company."""
    matched: frozenset[str] = frozenset()
    """Sources that answered that they do."""


class Policy(Protocol):
    def next(self, state: State) -> frozenset[str]:
        """Sources to ask now, together; empty: stop."""
        ...


def start(problem: Problem) -> State:
    """The state of a company about which nothing is known and nothing is ruled out."""
    relevant = relevant_offers(problem)
    needed = frozenset[str]().union(*(offer.needs for offer in relevant))
    return State(problem.wanted | needed, frozenset(offer.source for offer in relevant))


def relevant_offers(problem: Problem) -> tuple[Offer, ...]:
    """Offers that answer something wanted, or something that such an offer needs; by name."""
    pursued = with_needs(problem.wanted, [(offer.answers, offer.needs) for offer in problem.offers])
    chosen = [offer for offer in problem.offers if offer.answers & pursued]
    return tuple(sorted(chosen, key=lambda offer: offer.source))


def with_needs(aims: frozenset[str], sources: Sequence[tuple[frozenset[str], frozenset[str]]]) -> frozenset[str]:
    """These datasets, those that must be satisfied before a source that answers them may be asked, and so on.

    sources: of each, the datasets that it answers and those that it needs.
    """
    while True:
        wider = aims.union(*(needs for answers, needs in sources if answers & aims))
        if wider == aims:
            return aims
        aims = wider


def parts(problem: Problem) -> tuple[Problem, ...]:
    """Split into problems that share no source, no need and no waiting time, in the order of their datasets' names.

    Families end where parts do.

    A wanted dataset that no source answers is a part without offers, so that it counts as unsatisfied.
    """
    relevant = relevant_offers(problem)
    datasets = start(problem).unsatisfied
    links = [offer.answers | offer.needs for offer in relevant]
    groups = connected(datasets, [link & datasets for link in (*links, *problem.together)])
    return tuple(_restricted(problem, relevant, group) for group in groups)


def connected(items: Iterable[str], links: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """The items in groups that no link leads out of, in the order of their names."""
    group_of = {item: frozenset({item}) for item in items}
    for link in links:
        apart = {group_of[item] for item in link if item in group_of}
        if len(apart) > 1:
            joined = frozenset[str]().union(*apart)
            group_of.update(dict.fromkeys(joined, joined))
    return sorted(set(group_of.values()), key=sorted)


def _restricted(problem: Problem, relevant: tuple[Offer, ...], datasets: frozenset[str]) -> Problem:
    offers = tuple(offer for offer in relevant if offer.answers & datasets)
    sources = frozenset(offer.source for offer in offers)
    return replace(
        problem,
        offers=tuple(_within(offer, sources) for offer in offers),
        required=problem.required & datasets,
        worth=tuple((dataset, worth) for dataset, worth in problem.worth if dataset in datasets),
        order=tuple((dataset, sources) for dataset, sources in problem.order if dataset in datasets),
        together=tuple(group & datasets for group in problem.together if group & datasets),
    )


def _within(offer: Offer, sources: frozenset[str]) -> Offer:
    """The offer with only its own part in its families: what other parts learn does not change its decisions."""
    if offer.family is None and not offer.fill_families:
        return offer
    kept = ((dataset, family.within(sources)) for dataset, family in offer.fill_families)
    return replace(
        offer,
        family=offer.family and offer.family.within(sources),
        fill_families=tuple((dataset, family) for dataset, family in kept if family is not None),
    )


def without(part: Problem, sources: frozenset[str]) -> Problem:
    """A part without some of its sources, whose families go on without them."""
    offers = tuple(offer for offer in part.offers if offer.source not in sources)
    kept = frozenset(offer.source for offer in offers)
    return replace(part, offers=tuple(_within(offer, kept) for offer in offers))


def continuing(whole: Problem, left: Problem) -> Problem:
    """What is left of a whole problem, split as the whole is: parts that waited together go on waiting together.

    Split anew, each piece would pay for time that the whole waits once, and knowing more could cost more. Where time
    has no value this changes nothing.
    """
    return replace(left, together=tuple(start(part).unsatisfied for part in parts(whole)))
