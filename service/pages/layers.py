"""The layers of a company as a picture: since when each is known, until when it is fresh, what bought it. Pure.

detail, profiles, requests -> Layer, Layer, ...     bar: where it begins and ends, and where now is, in hundredths
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from enrichment.profiles.document import missing
from service.answers.spending import PurchaseView
from service.pages.rendering import words
from service.views.companies import CompanyDetail, ProfileView, RequestView

_WIDTH = 100.0
_THINNEST = 1.0


@dataclass(frozen=True, slots=True)
class LayerLine:
    """A bar of the picture. cost_usd: None: it was assembled from the layers below. start, end, now: 0 to 100."""

    name: str
    note: str
    bought: str
    cost_usd: str | None
    since: datetime
    until: datetime
    fresh: bool
    start: float
    length: float
    now: float


@dataclass(frozen=True, slots=True)
class Layer:
    title: str
    lines: tuple[LayerLine, ...]


def layers_of(
    detail: CompanyDetail,
    profiles: Sequence[ProfileView],
    requests: Sequence[RequestView],
    purchases: Sequence[PurchaseView],
    now: datetime,
) -> Sequence[Layer]:
    """The layers that are not empty."""
    spans = [(one.made_at, one.valid_until) for one in profiles]
    spans += [(one.collected_at, one.valid_until) for one in detail.replies]
    if not spans:
        return ()
    scale = _Scale(min(now, *(since for since, _ in spans)), max(now, *(until for _, until in spans)), now)
    by = {one.id: f"{words(one.consumer)}, {one.asked_by}" for one in requests}
    paid = {one.id: f"{words(one.consumer)}, {one.asked_by}" for one in purchases}
    found = (
        Layer("Profiles", tuple(_profiles(profiles, by, scale))),
        Layer("Replies of sources", tuple(_replies(detail, paid, scale))),
    )
    return [layer for layer in found if layer.lines]


@dataclass(frozen=True, slots=True)
class _Scale:
    first: datetime
    last: datetime
    now: datetime

    def at(self, moment: datetime) -> float:
        whole = (self.last - self.first).total_seconds() or 1.0
        return round(_WIDTH * (moment - self.first).total_seconds() / whole, 2)


def _profiles(profiles: Sequence[ProfileView], by: dict[str, str], scale: _Scale) -> Iterator[LayerLine]:
    for one in profiles:
        note = f"quality {one.quality:.2f} ({one.confidence})" + (", incomplete" if missing(one.profile) else "")
        bought = by.get(one.request_id, "")
        yield _line(words(one.consumer), note, bought, None, (one.made_at, one.valid_until), scale)


def _replies(detail: CompanyDetail, paid: dict[str, str], scale: _Scale) -> Iterator[LayerLine]:
    known: dict[str, dict[str, int]] = {}
    for dataset, facts in detail.facts.items():
        for fact in facts:
            of_it = known.setdefault(fact.purchase_id, {})
            of_it[dataset] = of_it.get(dataset, 0) + 1
    for one in sorted(detail.replies, key=lambda reply: reply.collected_at, reverse=True):
        its = known.get(one.purchase_id, {})
        note = "found" if one.found else "knows nothing of it"
        if its:
            note = ", ".join(words(name).lower() + (f" ({n})" if n > 1 else "") for name, n in its.items())
        yield _line(
            one.source, note, paid.get(one.purchase_id, ""), one.cost_usd, (one.collected_at, one.valid_until), scale
        )


def _line(
    name: str, note: str, bought: str, cost_usd: str | None, span: tuple[datetime, datetime], scale: _Scale
) -> LayerLine:
    since, until = span
    start = min(scale.at(since), _WIDTH - _THINNEST)
    length = max(scale.at(until) - start, _THINNEST)
    fresh = scale.now < until
    return LayerLine(name, note, bought, cost_usd, since, until, fresh, start, length, scale.at(scale.now))
