"""What config/providers.yaml may contain: prices, limits, repeats and how a vendor is called."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from enrichment.rules.fields import (
    Count,
    Day,
    Number,
    RuleModel,
    Seconds,
    Usd,
)


class Price(RuleModel):
    """What `per` units cost in USD, how sure that is, and since when."""

    usd_per_unit: Usd
    per: Count = 1
    confidence: Literal["stated", "documented", "observed", "assumed"]
    as_of: Day

    @property
    def usd(self) -> Decimal:
        """USD for one unit, exact."""
        return self.usd_per_unit / self.per


class ModelPrices(RuleModel):
    input_token: Price
    output_token: Price


class RateLimits(RuleModel):
    per_minute: Count | None = None
    per_hour: Count | None = None


class Poll(RuleModel):
    """How long to wait between polls of a running job, in seconds."""

    first_seconds: Number = Field(2, gt=0)
    factor: Number = Field(1.5, ge=1)
    longest_seconds: Number = Field(10, gt=0)


class Repeat(RuleModel):
    """What may be asked again without being billed twice.

    window: how long the same question stays free once it was asked; resume_by_handle may have one besides.
    """

    rule: Literal["free_within", "resume_by_handle", "never"]
    window: Seconds | None = None

    @model_validator(mode="after")
    def _window_belongs_to_its_rule(self) -> "Repeat":
        if self.rule == "free_within" and self.window is None:
            raise ValueError("rule free_within needs a window")
        if self.rule == "never" and self.window is not None:
            raise ValueError("rule never has no window")
        return self


class BreakerRules(RuleModel):
    """When a provider is no longer asked: after `failures` in a row, for `first` seconds, later at most `longest`."""

    failures: Count = 5
    first: Seconds = 30
    longest: Seconds = 600
    exhausted: Seconds = 900


class ChatRules(RuleModel):
    """How a language model's endpoint differs from others of the same protocol; docs/models.md has a table.

    output_limits: the fields of a request that limit its answer. schema_leaves_out: JSON schema keywords not sent.
    """

    output_limits: tuple[Literal["max_completion_tokens", "max_tokens"], ...] = Field(
        ("max_completion_tokens",), min_length=1
    )
    schema_leaves_out: tuple[Literal["maxLength", "maxItems", "format", "enum", "title", "description"], ...] = ()


class ProviderRules(RuleModel):
    base_url: str = Field(pattern=r"^https?://\S+$")
    prices: Mapping[str, Price] = {}
    models: Mapping[str, ModelPrices] = {}
    chat: ChatRules = ChatRules()
    rate_limits: RateLimits = RateLimits()
    concurrency: Count = 4
    connect_timeout_seconds: Number = Field(5, gt=0)
    timeout_seconds: Number = Field(60, gt=0)
    poll: Poll = Poll()
    repeat: Repeat
    breaker: BreakerRules = BreakerRules()
    uncertain_after: Seconds = 7 * 86400

    def usd_per_unit(self) -> dict[str, Decimal]:
        """Unit -> USD for one, exact."""
        return {unit: price.usd for unit, price in self.prices.items()}
