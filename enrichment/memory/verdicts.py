"""What people's verdicts make of the facts of a company. Pure.

Known with verdicts -> wrong facts put aside, right values as facts that come before all others

A later verdict wins over an earlier one: what was right may be judged wrong, and the other way round.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from enrichment.domain.knowledge import VERDICT, Fact, Known, Verdict
from enrichment.domain.profiles import Profile
from enrichment.memory.same_item import item_of

_VALID = timedelta(days=36_525)
"""A verdict is valid until it is withdrawn; this is what its fact states where a date is needed."""

Item = tuple[str, str]
"""Dataset and item_of its value."""


def takes_into_account(profile: Profile, verdict_ids: Sequence[str]) -> bool:
    """Whether it was made, or corrected, with exactly these verdicts."""
    return set(profile.document.get("verdicts", ())) == set(verdict_ids)


def judged(known: Known) -> Known:
    """What is known with its verdicts applied; applied once more it changes nothing."""
    if not known.verdicts:
        return known
    kept, rejected = sorted_out(known.verdicts, (*known.facts, *known.rejected))
    return replace(known, facts=kept, rejected=rejected)


def sorted_out(verdicts: Sequence[Verdict], facts: Iterable[Fact]) -> tuple[tuple[Fact, ...], tuple[Fact, ...]]:
    """Facts that are kept, stated ones first, and those that verdicts reject."""
    wrong, right = rejections(verdicts), _statements(verdicts)
    kept, rejected = list(right), list[Fact]()
    for fact in facts:
        if fact.source != VERDICT:
            (rejected if (fact.dataset, item_of(fact.dataset, fact.value)) in wrong else kept).append(fact)
    return tuple(kept), tuple(rejected)


def rejections(verdicts: Sequence[Verdict]) -> dict[Item, Verdict]:
    """What is wrong now -> the verdict that says so."""
    wrong: dict[Item, Verdict] = {}
    for verdict in _in_order(verdicts):
        if verdict.wrong is not None:
            wrong[verdict.dataset, item_of(verdict.dataset, verdict.wrong)] = verdict
        if verdict.right is not None:
            wrong.pop((verdict.dataset, item_of(verdict.dataset, verdict.right)), None)
    return wrong


def overruled(verdict: Verdict, valid: Sequence[Verdict], *, single: bool) -> list[Verdict]:
    """Verdicts that would no longer count if this one came after them. single: only the latest right value counts."""
    before = [one for one in valid if one.dataset == verdict.dataset]
    after = [*before, verdict]
    wrong, wrong_then = rejections(before), rejections(after)
    right, right_then = _right_of(before, single=single), _right_of(after, single=single)
    lost = [wrong[item] for item in wrong.keys() - wrong_then.keys()]
    lost += [right[item] for item in right.keys() - right_then.keys()]
    return _in_order({one.verdict_id: one for one in lost}.values())


def _right_of(verdicts: Sequence[Verdict], *, single: bool) -> dict[Item, Verdict]:
    by_id = {verdict.verdict_id: verdict for verdict in verdicts}
    right = {(fact.dataset, item_of(fact.dataset, fact.value)): by_id[fact.reply_id] for fact in _statements(verdicts)}
    return dict(list(right.items())[:1]) if single else right


def _statements(verdicts: Sequence[Verdict]) -> tuple[Fact, ...]:
    """The right values, the latest first."""
    right: dict[Item, Fact] = {}
    for verdict in _in_order(verdicts):
        if verdict.wrong is not None:
            right.pop((verdict.dataset, item_of(verdict.dataset, verdict.wrong)), None)
        if verdict.right is not None:
            right[verdict.dataset, item_of(verdict.dataset, verdict.right)] = _stated(verdict)
    return tuple(sorted(right.values(), key=lambda fact: fact.collected_at, reverse=True))


def _stated(verdict: Verdict) -> Fact:
    assert verdict.right is not None  # noqa: S101  only such verdicts come here
    return Fact(
        company_id=verdict.company_id,
        dataset=verdict.dataset,
        value=verdict.right,
        quality=1.0,
        reliability=1.0,
        source=VERDICT,
        reply_id=verdict.verdict_id,
        purchase_id="",
        evidence=verdict.because,
        collected_at=verdict.at,
        holds_until=verdict.at + _VALID,
    )


def _in_order(verdicts: Iterable[Verdict]) -> list[Verdict]:
    valid = (verdict for verdict in verdicts if verdict.is_valid)
    return sorted(valid, key=lambda verdict: (verdict.at, verdict.verdict_id))
