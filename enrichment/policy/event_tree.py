"""How executions of a plan unfold, moment by moment: who asks now, whose replies come next, what they cost and bring.

    Moment + what was spent  ->  set_off: calls under way  ->  replies: Moments, money, chances

Sources, datasets and rules are bits: `left` holds what is open, what nobody has mentioned, which rules are not met.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from enrichment.policy.execution_model import Call, Course, Limit, Strand
from enrichment.policy.problem import State

Purse = int
"""Milliseconds waited, micro-USD spent, micro-USD taken from each limit: fields of one number, added all at once."""
Purses = dict[Purse, float]
"""-> chance."""

MOST_OUTCOMES = 20_000
_BITS = 64
_FIELD = (1 << _BITS) - 1
_SPENT = _BITS
_OVER = -1


class Flight(NamedTuple):
    """A strand under way. stage: 0 its policy, n its last resorts from the nth on, -1 it is over.

    calls: as bits; none: it is its turn. due: milliseconds until they have replied.
    """

    strand: int
    stage: int = 0
    due: int = 0
    calls: int = 0


class Moment(NamedTuple):
    """second: in the second stage. left, asked: as bits."""

    second: bool
    left: int
    asked: int
    flights: tuple[Flight, ...]


class Event(NamedTuple):
    """What a source that knows the company may say, whatever else it says. gone: the bits of `left` that it ends."""

    dataset: str
    gone: int
    chance: float


Knows = Callable[[Call, Sequence[Event]], Iterable[Event] | None]
"""What a source says of these; None: it does not know the company."""


def bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


@dataclass(frozen=True, slots=True)
class _Strand:
    """A strand as bits. last_resorts: (source, bits of left of which one must be there)."""

    strand: Strand
    watched: int
    usable: int
    required: int
    last_resorts: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Skip:
    """A redundancy rule as bits of sources, but for rule and unless: of left."""

    source: int
    if_held: int
    rule: int
    unless: int


class _Limit:
    """What fits under one limit. shift: where a purse keeps what was taken from it."""

    def __init__(self, limit: Limit, shift: int, prices: Iterable[tuple[int, int]]) -> None:
        self.left, self.over, self.shift = limit.left, limit.over, shift
        ordered = sorted((price, i) for i, price in prices)
        self._prices = [price for price, _ in ordered]
        self._fitting = [0]
        for _, i in ordered:
            self._fitting.append(self._fitting[-1] | 1 << i)
        self.members = self._fitting[-1]

    def too_dear(self, room: int) -> int:
        return self.members & ~self._fitting[bisect_right(self._prices, room)]

    def taken(self, purse: Purse) -> int:
        return purse >> self.shift & _FIELD


class Unfolding:
    """The rules by which all executions of one course go."""

    def __init__(self, course: Course) -> None:
        self.calls = sorted(course.calls, key=lambda call: call.source)
        self.datasets = sorted(course.open)
        self.limited = bool(course.limits)
        self._course = course
        self._index = {call.source: i for i, call in enumerate(self.calls)}
        self._open = {dataset: 1 << n for n, dataset in enumerate(self.datasets)}
        mentions = {d for call in self.calls for d, _ in call.mentions if d in self._open}
        self._unmentioned = {d: 1 << len(self.datasets) + n for n, d in enumerate(sorted(mentions))}
        self._rules = [1 << len(self.datasets) + len(mentions) + n for n, _ in enumerate(course.skips)]
        self._events = [self._events_of(call) for call in self.calls]
        self._reach = [_union(event.gone for event in events) for events in self._events]
        self._limits = [self._limit(limit, _SPENT + _BITS * n) for n, limit in enumerate(course.limits, 1)]
        self._money = [
            sum(1 << one.shift for one in self._limits if one.members >> i & 1) for i in self._index.values()
        ]
        self._skips = [self._skip(n) for n in range(len(course.skips))]
        self._must_reply = _union(skip.if_held for skip in self._skips)
        self._too_dear = 0
        self._useless: dict[int, int] = {}
        self._strands: list[_Strand] = []
        self._second: dict[tuple[int, int], tuple[Flight, ...]] = {}
        self._looked_up: dict[tuple[int, int, int], int] = {}
        self._answers: dict[tuple[int, int, bool], list[tuple[int, int, float]] | None] = {}
        self.start = Moment(False, self._everything_left(), 0, self._begun(course.strands))

    def _everything_left(self) -> int:
        unmentioned = (bit for dataset, bit in self._unmentioned.items() if dataset not in self._course.mentioned)
        unmet = (bit for bit, skip in zip(self._rules, self._course.skips, strict=True) if not skip.met)
        return _union([*self._open.values(), *unmentioned, *unmet])

    def _events_of(self, call: Call) -> tuple[Event, ...]:
        brought = (Event(d, self._ended_by(call.source, d), rate) for d, rate in call.brings)
        mentioned = (Event(d, self._unmentioned.get(d, 0), rate) for d, rate in call.mentions)
        return tuple(event for event in (*brought, *mentioned) if event.gone and event.chance > 0)

    def _ended_by(self, source: str, dataset: str) -> int:
        skips = zip(self._rules, self._course.skips, strict=True)
        met = _union(bit for bit, skip in skips if source in skip.if_held and dataset in skip.shared)
        return self._open.get(dataset, 0) | self._unmentioned.get(dataset, 0) | met

    def _limit(self, limit: Limit, shift: int) -> _Limit:
        return _Limit(limit, shift, [(i, c.most) for i, c in enumerate(self.calls) if c.source in limit.over])

    def _skip(self, number: int) -> _Skip:
        skip = self._course.skips[number]
        return _Skip(
            source=self._sources([skip.source]),
            if_held=self._sources(skip.if_held),
            rule=self._rules[number],
            unless=self._still_open(skip.answers),
        )

    def _begun(self, strands: Sequence[Strand]) -> tuple[Flight, ...]:
        first = len(self._strands)
        self._strands += [self._strand(strand) for strand in strands]
        return tuple(Flight(number) for number in range(first, len(self._strands)))

    def _strand(self, strand: Strand) -> _Strand:
        return _Strand(
            strand=strand,
            watched=self._still_open(strand.state.unsatisfied),
            usable=self._sources(strand.state.usable),
            required=self._still_open(strand.required),
            last_resorts=tuple((self._index[s], self._nothing_said(served)) for s, served in strand.last_resorts),
        )

    def _sources(self, names: Iterable[str]) -> int:
        return _union(1 << self._index[name] for name in names if name in self._index)

    def _still_open(self, datasets: Iterable[str]) -> int:
        return _union(self._open.get(dataset, 0) for dataset in datasets)

    def _nothing_said(self, datasets: Iterable[str]) -> int:
        return _union(self._unmentioned.get(d) or self._open.get(d, 0) for d in datasets)

    def counts(self, moment: Moment) -> bool:
        """Whether what happens now is of the last stage."""
        return moment.second or self._course.then is None

    def set_off(self, moment: Moment, purse: Purse) -> tuple[Moment, int, int]:
        """Whoever's turn it is asks what still fits; and the calls that began: by a policy, as last resorts."""
        second, left, asked, flights = moment
        by_policy = as_last = 0
        under_way = _union(flight.calls for flight in flights)
        said = asked & ~under_way
        rooms = [limit.left - limit.taken(purse) for limit in self._limits]  # one strand at a time: nothing is reserved
        after = list(flights)
        for n, flight in enumerate(flights):
            if self._limits and by_policy | as_last:
                break
            if flight.calls or flight.stage == _OVER:
                continue
            began = after[n] = self._next(flight, left, asked, said, rooms)
            asked |= began.calls
            if began.stage:
                as_last |= began.calls
            else:
                by_policy |= began.calls
        return Moment(second, left, asked, tuple(after)), by_policy, as_last

    def _next(self, flight: Flight, left: int, asked: int, said: int, rooms: list[int]) -> Flight:
        strand = self._strands[flight.strand]
        dear = _union(limit.too_dear(room) for limit, room in zip(self._limits, rooms, strict=True)) if rooms else 0
        if flight.stage == 0:
            usable = strand.usable & ~asked
            if self._skips:
                usable &= ~self._redundant(strand, left, said)
            calls = self._fitting(self._look_up(flight.strand, left & strand.watched, usable & ~dear), rooms)
            if usable & dear:
                self._note_dear(flight.strand, left & strand.watched, usable, dear, to_the_end=not calls)
            if calls:
                return Flight(flight.strand, 0, self._slowest(calls), calls)
        for n in range(max(1, flight.stage), len(strand.last_resorts) + 1):
            i, serves = strand.last_resorts[n - 1]
            if ~asked >> i & 1 and left & serves:
                if not dear >> i & 1:
                    return Flight(flight.strand, n + 1, self._slowest(1 << i), 1 << i)
                self._too_dear |= 1 << i
        return Flight(flight.strand, _OVER)

    def _note_dear(self, number: int, left: int, usable: int, dear: int, *, to_the_end: bool) -> None:
        """Whom the policy would have asked instead, had it fitted; to the end: and after that, if that disappointed."""
        while wanted := self._look_up(number, left, usable):
            self._too_dear |= wanted & dear
            usable &= ~wanted if to_the_end else 0

    def _look_up(self, number: int, left: int, usable: int) -> int:
        key = number, left, usable
        if key not in self._looked_up:
            state = State(self.open_names(left), self.names(usable))
            self._looked_up[key] = self._sources(self._strands[number].strand.policy.next(state)) & usable
        return self._looked_up[key]

    def _redundant(self, strand: _Strand, left: int, said: int) -> int:
        return _union(
            skip.source
            for skip in self._skips
            if not left & skip.rule and not skip.if_held & ~said and not left & strand.required & skip.unless
        )

    def _fitting(self, calls: int, rooms: list[int]) -> int:
        """Of calls each of which fits, those that fit together, reserved one after the other."""
        if not self._limits or calls.bit_count() < 2:
            return calls
        fitting, left = 0, list(rooms)
        for i in bits(calls):
            if not any(one.too_dear(room) >> i & 1 for one, room in zip(self._limits, left, strict=True)):
                fitting |= 1 << i
                left = [
                    room - self.calls[i].most if one.members >> i & 1 else room
                    for one, room in zip(self._limits, left, strict=True)
                ]
        return fitting

    def _slowest(self, calls: int) -> int:
        return max(round(1000 * self.calls[i].seconds) for i in bits(calls))

    def under_way(self, moment: Moment) -> bool:
        return any(flight.calls for flight in moment.flights)

    def replied(self, moment: Moment) -> int:
        """How many will not be asked any more."""
        return (moment.asked & ~_union(flight.calls for flight in moment.flights)).bit_count()

    def replies(self, moment: Moment) -> list[tuple[Moment, Purse, float]] | None:
        """What the next replies may lead to, what they cost and how long they took, how likely; None: too much."""
        due, calls, flights = self._landing(moment.flights)
        counts = self.counts(moment)
        key = calls, moment.left & _union(self._reach[i] for i in bits(calls)), counts
        if key not in self._answers:
            self._answers[key] = self._all_answers(*key)
        answers = self._answers[key]
        if answers is None:
            return None
        waited = due if counts else 0
        return [(self._after(moment, flights, gone), spent + waited, chance) for gone, spent, chance in answers]

    def reply(self, moment: Moment, knows: Knows) -> tuple[Moment, Purse]:
        """The next replies, when sources say what they know: where that leads, and what they cost and took."""
        due, calls, flights = self._landing(moment.flights)
        counts = self.counts(moment)
        gone, spent = 0, due if counts else 0
        for i in bits(calls):
            call = self.calls[i]
            said = knows(call, [event for event in self._events[i] if event.gone & moment.left])
            gone |= _union(event.gone for event in said or ())
            price = call.price_asked + (0 if said is None else call.price_matched)
            spent += self._spent(i, price, counts)
        return self._after(moment, flights, gone), spent

    def _landing(self, flights: tuple[Flight, ...]) -> tuple[int, int, tuple[Flight, ...]]:
        """How long until the next replies, whose they are, and the flights once they have come."""
        due = min(flight.due for flight in flights if flight.calls)
        calls = _union(flight.calls for flight in flights if flight.due == due)
        return due, calls, tuple(_landed(flight, due) for flight in flights)

    def _after(self, moment: Moment, flights: tuple[Flight, ...], gone: int) -> Moment:
        left, asked = moment.left & ~gone, moment.asked
        if not self._course.everything and self.counts(moment):
            asked |= self._of_no_use(left)
        return Moment(moment.second, left, asked, flights)

    def _of_no_use(self, left: int) -> int:
        """Who has nothing more to say counts as asked: so that fewer moments differ."""
        if left not in self._useless:
            mute = _union(1 << i for i, reach in enumerate(self._reach) if not reach & left)
            self._useless[left] = mute & ~self._must_reply
        return self._useless[left]

    def _all_answers(self, calls: int, left: int, counts: bool) -> list[tuple[int, Purse, float]] | None:
        reached: dict[tuple[int, Purse], float] = {(0, 0): 1.0}
        for i in bits(calls):
            answers = [
                (gone, self._spent(i, price, counts), chance) for gone, price, chance in self._answers_of(i, left)
            ]
            further = defaultdict[tuple[int, Purse], float](float)
            for (gone, spent), before in reached.items():
                for more, price, chance in answers:
                    further[gone | more, spent + price] += before * chance
            reached = further
            if len(reached) > MOST_OUTCOMES:
                return None
        return [(gone, spent, chance) for (gone, spent), chance in reached.items()]

    def _answers_of(self, i: int, left: int) -> list[tuple[int, int, float]]:
        call, known = self.calls[i], [(0, self.calls[i].match_rate)]
        for event in self._events[i]:
            if event.gone & left:
                said = [(gone | event.gone & left, chance * event.chance) for gone, chance in known]
                known = said + [(gone, chance * (1 - event.chance)) for gone, chance in known if event.chance < 1]
        due = call.price_asked + call.price_matched
        unknown = [(0, call.price_asked, 1 - call.match_rate)] if call.match_rate < 1 else []
        return [(gone, due, chance) for gone, chance in known if chance > 0] + unknown

    def _spent(self, i: int, price: int, counts: bool) -> Purse:
        return price * (self._money[i] + (1 << _SPENT if counts else 0))

    def next_stage(self, moment: Moment) -> Moment | None:
        """Where the second stage begins; None: this was the last."""
        if moment.second or self._course.then is None:
            return None
        key = moment.left, moment.asked
        if key not in self._second:
            self._second[key] = self._begun(self._course.then(self.open_names(moment.left), self.names(moment.asked)))
        return Moment(True, moment.left, moment.asked, self._second[key])

    def open_names(self, left: int) -> frozenset[str]:
        """Datasets still open."""
        return frozenset([dataset for dataset, bit in self._open.items() if left & bit])

    def names(self, sources: int) -> frozenset[str]:
        return frozenset([self.calls[i].source for i in bits(sources)])

    def too_dear(self) -> frozenset[str]:
        """Sources that would have been asked in an execution followed so far, had they fitted."""
        return self.names(self._too_dear)

    def cost(self, purse: Purse) -> int:
        """Micro-USD spent."""
        return purse >> _SPENT & _FIELD

    def taken(self, purse: Purse) -> int:
        """Equal for purses that have taken as much from every limit."""
        return purse >> 2 * _BITS

    def waited(self, purse: Purse) -> int:
        """Milliseconds."""
        return purse & _FIELD

    def paid_afterwards(self, purse: Purse) -> int:
        """Expected micro-USD of what is bought at the end, all of it side by side, if it still fits."""
        rooms = [limit.left - limit.taken(purse) for limit in self._limits]
        cost = 0
        for one in self._course.afterwards:
            under = [n for n, limit in enumerate(self._limits) if one.name in limit.over]
            if all(one.most <= rooms[n] for n in under):
                cost += one.expected
                for n in under:
                    rooms[n] -= one.most
        return cost


def _landed(flight: Flight, due: int) -> Flight:
    if not flight.calls:
        return flight
    if flight.due == due:
        return Flight(flight.strand, flight.stage)
    return Flight(flight.strand, flight.stage, flight.due - due, flight.calls)


def _union(masks: Iterable[int]) -> int:
    all_ = 0
    for mask in masks:
        all_ |= mask
    return all_
