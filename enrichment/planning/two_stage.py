"""The sketch of what follows once the domain is found: it counts only what finding it is likely to leave.

Situation of stage 1 + Situation of the rest, both without a domain  ->  Sketch of the rest
"""

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from functools import lru_cache

from enrichment.memory.freshness import DatasetStatus
from enrichment.planning.explanation import Account
from enrichment.planning.fallback_chains import parts_of
from enrichment.planning.plan_template import Situation, Sketch, decided
from enrichment.planning.quote import legacy_cost, quote_of, strand_of
from enrichment.policy.execution_forecast import likeliest_end, outlook, unfolded
from enrichment.policy.execution_model import Call, Course, Strand

FOUND = "(to be found)"
_SKETCHES = 256


def sketch_beyond(first: Situation, rest: Situation) -> Sketch:
    """Parts and chains as after the likeliest end of stage 1; chances and costs over all its ends.

    The quote is of the rest alone: what stage 1 costs is in its own.
    """
    return _kept(_Key((first.signature(), rest.signature()), first, rest))


@dataclass(frozen=True, slots=True)
class _Key:
    signature: tuple[Hashable, ...]
    first: Situation = field(compare=False)
    rest: Situation = field(compare=False)


@lru_cache(maxsize=_SKETCHES)
def _kept(key: _Key) -> Sketch:
    rest, course = key.rest, _course(key.first, key.rest)
    # `everything`: who is left out as useless must not count as asked here
    open_, asked = likeliest_end(replace(course, then=None, everything=True))
    later = _later(rest, open_, asked)
    drawn, seen = decided(later), outlook(course)
    parts = parts_of(later.course(drawn.problems, drawn.policy), drawn.problems, drawn.whole, seen)
    before = asked.difference(s for s, on in rest.eligibility.answered.items() if on)
    account = Account(later.eligibility, parts, seen, before=before, everything=later.everything)
    return Sketch(
        parts=parts,
        sources=tuple(account.source(name) for name in rest.eligibility.rules.sources),
        chances=seen.satisfied,
        quote=quote_of(
            seen, _still_to_ask(course), legacy=legacy_cost(later.eligibility), above_least=drawn.above_least
        ),
        in_turn=bool(course.binding()),
    )


def _course(first: Situation, rest: Situation) -> Course:
    """Stage 1, then the rest as each of its ends leaves it. Replies say all they may of what either wants."""
    drawn = decided(first)
    one = first.course(drawn.problems, drawn.policy)
    two = rest.course((), drawn.policy)
    found = _found(rest)
    askable = [
        s
        for s in found.eligibility.rules.sources
        if found.eligibility.concerns(s) and found.eligibility.out_of_reach(s) is None
    ]
    calls = {source: found.eligibility.call(source) for source in askable}
    calls |= {call.source: _merged(call, found.eligibility.call(call.source)) for call in one.calls}
    return replace(
        two,
        calls=tuple(calls.values()),
        strands=one.strands,
        open=one.open | rest.eligibility.pursued,
        skips=() if rest.everything else found.eligibility.skips(calls.keys()),
        mentioned=one.mentioned | two.mentioned,
        then=lambda open_, asked: _strands(_later(rest, open_, asked)),
    )


def _merged(one: Call, other: Call) -> Call:
    brings = dict(one.brings) | dict(other.brings)
    mentions = dict(one.mentions) | dict(other.mentions)
    return replace(one, brings=tuple(brings.items()), mentions=tuple(mentions.items()))


def _strands(later: Situation) -> tuple[Strand, ...]:
    drawn = decided(later, by_whole=True)  # there are as many as stage 1 has ends
    return tuple(strand_of(later.eligibility, problem, drawn.policy) for problem in drawn.problems)


def _found(rest: Situation) -> Situation:
    return replace(rest, eligibility=replace(rest.eligibility, company=replace(rest.eligibility.company, domain=FOUND)))


def _later(rest: Situation, open_: frozenset[str], asked: frozenset[str]) -> Situation:
    """The rest, once these were asked and these datasets are still open."""
    here = rest if "domain" in open_ else _found(rest)
    eligibility, wanted = here.eligibility, here.eligibility.requirements.collected
    heard = {s: frozenset(d for d in wanted if d in eligibility.rules.sources[s].datasets) for s in asked}
    return replace(
        here,
        mentioned=here.mentioned & open_,
        eligibility=replace(
            eligibility,
            statuses={
                d: DatasetStatus.without_facts(open_=d in open_, sources=one.sources)
                for d, one in eligibility.statuses.items()
            },
            answered={**eligibility.answered, **heard},
            pursued=frozenset(d for d in wanted if d in open_ or here.everything),
        ),
    )


def _still_to_ask(course: Course) -> Course:
    """Without whom stage 1 asks in any case."""
    began = unfolded(course, frozenset())[0][:1]
    certain = frozenset[str]().union(*began)
    return replace(course, calls=tuple(call for call in course.calls if call.source not in certain))
