"""What the API states of batches: a batch, its companies, and what one would cost."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field

from enrichment.batches.progress import pace_in_words, pace_of
from enrichment.domain.batches import BatchSummary
from service.views.money import Usd, usd
from service.views.view import View

MOST_LEFT_OUT = 100


class LeftOut(View):
    """A company that is not in the batch. code: as of a problem."""

    company: str
    code: str
    because: str


class BatchView(View):
    """companies: state -> how many. left_out: the first hundred that are not in it, where it is made."""

    id: str
    state: str
    consumers: list[str]
    audience: str | None
    strategy: str | None
    requested_by: str
    created_at: datetime
    companies: dict[str, int]
    total: int
    max_cost_usd: Usd | None
    taken_usd: Usd = Field(description="Of its budget, reserves included")
    set_aside_usd: Usd = Field(description="For companies under way, beyond what they took")
    to_come_usd: Usd | None = Field(
        description="What those left will cost, once a stopped one is resumed; null: unknown"
    )
    pace: str = Field(description="How fast it goes and how long it will take, in words")
    seconds_left: float | None = Field(description="While it is worked at; null: nothing is left, or it is stopped")
    reasons: dict[str, int] = Field(description="Why companies are as they are, the commonest reasons")
    left_out: list[LeftOut] = Field(default_factory=list)
    links: dict[str, str]


class BatchesView(View):
    """The newest first."""

    batches: list[BatchView]


class BatchCompanyView(View):
    """reason: why it is in this state. request_id: of its last attempt."""

    key: str
    state: str
    reason: str | None
    cost_usd: Usd
    attempt: int
    request_id: str | None


class BatchCompaniesView(View):
    """The first hundred."""

    companies: list[BatchCompanyView]


class BatchQuoteView(View):
    """What a batch would cost and bring; nothing was bought. Without a budget: expected, p90, most, complete.

    within_budget: how many are likely to end complete within it, and today within what the day's caps leave. day_cap:
    which of these limits it, in words, and day_left_usd: what it leaves; null: none does. satisfied: cost
    nothing, as all is fresh. exploration_usd: of what is expected, for sources that are asked only to learn from them.
    """

    companies: int
    satisfied: int
    expected_usd: Usd
    exploration_usd: Usd
    p90_usd: Usd
    most_usd: Usd
    complete: int
    within_budget: int | None
    day_cap: str | None
    day_left_usd: Usd | None
    seconds: float = Field(description="The least that the vendors' limits allow")
    slowest: str | None
    left_out: list[LeftOut]


def view_of(summary: BatchSummary, now: datetime, left_out: Sequence[LeftOut] = ()) -> BatchView:
    batch, pace = summary.batch, pace_of(summary, now)
    return BatchView(
        id=batch.batch_id,
        state=batch.state,
        consumers=list(batch.consumers),
        audience=batch.audience,
        strategy=batch.strategy,
        requested_by=batch.requested_by,
        created_at=batch.created_at,
        companies={state: count for state, count in summary.companies.items() if count},
        total=summary.total,
        max_cost_usd=None if batch.max_cost is None else usd(batch.max_cost),
        taken_usd=usd(summary.taken),
        set_aside_usd=usd(summary.set_aside),
        to_come_usd=None if pace.to_come is None else usd(pace.to_come),
        pace=pace_in_words(summary, now),
        seconds_left=None if pace.seconds_left is None else round(pace.seconds_left, 1),
        reasons=dict(summary.reasons),
        left_out=list(left_out[:MOST_LEFT_OUT]),
        links={"self": f"/v1/batches/{batch.batch_id}"},
    )
