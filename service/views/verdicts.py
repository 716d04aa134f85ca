"""What people say of values, as it is shown."""

from datetime import datetime
from typing import Any

from pydantic import Field

from service.views.view import View


class StatedValueView(View):
    """text: on one line."""

    text: str
    value: dict[str, Any]


class VerdictView(View):
    """What a person or an agent stated of a value. It counts while `withdrawn_at` is null."""

    id: str
    company: str
    dataset: str
    wrong: StatedValueView | None
    right: StatedValueView | None
    because: str
    sources: list[str] = Field(description="What had given the wrong value")
    by: str
    at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str | None


class VerdictsView(View):
    verdicts: list[VerdictView]
