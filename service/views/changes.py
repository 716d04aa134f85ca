"""What changed in profiles, as it is shown."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from service.views.verdicts import StatedValueView
from service.views.view import View


class ChangeView(View):
    """A field of a company states something else since then. before, after: null for what is new, or gone."""

    id: str
    company: str
    company_name: str | None
    dataset: str
    kind: Literal["changed", "added", "removed"]
    before: StatedValueView | None
    after: StatedValueView | None
    since: datetime = Field(description="When the reply that shows it was collected")
    found_at: datetime
    source: str
    why: str = Field(description="Why it counts as a change")
    reply_id: str
    evidence: str = Field(description="Where in that reply")
    consumer: str
    audience: str | None
    request_id: str


class ChangesView(View):
    changes: list[ChangeView]
    cursor: str | None = Field(description="Send it as `after` to read on; null: nothing has changed yet")
    has_more: bool
