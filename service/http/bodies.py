"""What clients send, checked at the door, and the Ask it means.

AskBody | VendorEnrichBody -> Ask        ApiProblem("invalid", ...): one sentence
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, StrictBool, Tag, model_validator

from enrichment.identity.countries import country_code
from enrichment.identity.vendor_ids import stated_id
from enrichment.pipeline.stages import Ask
from enrichment.rules.fields import parse_seconds
from enrichment.rules.requirements import BY_CALL, BY_RULES
from service.http.access import Caller
from service.views.money import AskedUsd, micro
from service.work.batch_work import ASKED_BY

LEAVE_IT_OUT = "leave it out"
_TEN_YEARS = 3_650 * 86_400


def _up_to(most: int) -> str:
    """A regular expression for the whole numbers from 0 to `most`: JSON Schema cannot limit a number inside a text."""
    digits = str(most)
    places = [(at, int(digit)) for at, digit in enumerate(digits) if digit != "0"]
    smaller = [f"{digits[:at]}[0-{digit - 1}][0-9]{{{len(digits) - at - 1}}}" for at, digit in places]
    return "|".join([f"[0-9]{{1,{len(digits) - 1}}}", *smaller, digits])


_AGES = "|".join(rf"(?:{_up_to(_TEN_YEARS // parse_seconds(f'1{unit}'))})\s*{unit}" for unit in "smhd")
_AGE = re.compile(rf"\s*(?=[0-9]*[1-9])(?:{_AGES})\s*")
_AGE_LENGTH = 20


def _written(text: str) -> str:
    if not text.strip():
        raise ValueError("put a name here")
    return text


def has_nul(given: object) -> bool:
    """Whether a text in it has U+0000, which Postgres cannot store."""
    if isinstance(given, str):
        return "\0" in given
    if isinstance(given, Mapping):
        return any(has_nul(name) or has_nul(value) for name, value in given.items())
    return isinstance(given, list) and any(map(has_nul, given))


def _age(text: str) -> str:
    if len(text) > _AGE_LENGTH or not _AGE.fullmatch(text):
        raise ValueError("write an age such as 3d or 12h, above 0 and of ten years at most")
    return text


def _some(given: list[Any]) -> list[Any]:
    if not given:
        raise ValueError(f"name one at least, or {LEAVE_IT_OUT}: an empty list does not mean none")
    return given


def _country(text: str) -> str:
    if not (code := country_code(text)):
        raise ValueError("a country such as Germany or de")
    return code


def _id(text: str) -> str:
    if (one := stated_id(text)) is None:
        raise ValueError("an id with its kind, such as cik:320193 or linkedin:apple, or a company's page there")
    return one


Named = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_written)]
CompanyText = Annotated[
    str,
    Field(min_length=1, max_length=500, description="A name, domain or address", examples=["Tesla", "tesla.com"]),
    AfterValidator(_written),
]
Age = Annotated[
    str,
    Field(
        description="No fact older than this",
        examples=["3d", "12h"],
        json_schema_extra={"maxLength": _AGE_LENGTH, "pattern": f"^{_AGE.pattern}$"},
    ),
    AfterValidator(_age),
]


_Listed = TypeVar("_Listed")
Some = Annotated[list[_Listed], Field(json_schema_extra={"minItems": 1}), AfterValidator(_some)]
"""A list that may be left out but not be empty: an empty list would be taken for the default, which asks for more."""


class Body(BaseModel):
    """A body that refuses fields it does not declare: a misspelt name is an error, not a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, given: Any) -> Any:
        if has_nul(given):
            raise ValueError(f"a text has the character U+0000: {LEAVE_IT_OUT}")
        return given


class AskBody(Body):
    """What is asked about which company: a consumer, or datasets named by hand."""

    company: CompanyText
    consumer: Named | None = Field(None, description="What kind of profile; `profile` where neither is named")
    datasets: Some[Named] = Field(
        default_factory=list, max_length=50, description="Just these datasets, instead of a consumer's"
    )
    sources: Some[Named] = Field(
        default_factory=list, max_length=50, description="With datasets: ask only these sources"
    )
    audience: Named | None = Field(None, description="The vendor that the profile is written for")
    max_age: Age | None = None
    max_cost_usd: AskedUsd | None = Field(None, description="What it may cost at most")
    strategy: Named | None = Field(None, description="enhanced, priority, legacy, or hybrid where it is described")
    accept_stale: StrictBool = Field(False, description="Expired values where nothing better is to be had, marked")
    ids: list[Annotated[str, Field(max_length=500), AfterValidator(_id)]] = Field(
        [], max_length=20, description="Its ids at vendors", examples=[["cik:320193"]]
    )
    country: Annotated[str, Field(max_length=100), AfterValidator(_country)] | None = None
    new: StrictBool = Field(False, description="Another company than those registered under this name")

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        if self.consumer is not None and self.datasets:
            raise ValueError("name a consumer or datasets, not both")
        if self.sources and not self.datasets:
            raise ValueError("sources go with datasets: name the datasets these sources should answer")
        return self

    def ask(self, caller: Caller) -> Ask:
        return Ask(
            company=self.company,
            consumers=(self.consumer or "profile",),
            audience=self.audience,
            strategy=self.strategy,
            max_cost=micro(self.max_cost_usd),
            max_age=None if self.max_age is None else parse_seconds(self.max_age),
            datasets=tuple(self.datasets),
            sources=tuple(self.sources),
            asked_by=asked_by(caller),
            accept_stale=self.accept_stale,
            ids=tuple(self.ids),
            country=self.country,
            new=self.new,
            daily=caller.daily,
            raise_cap=BY_CALL,
        )


def asked_by(caller: Caller) -> str:
    """The name by which requests, batches and the ledger name what asked."""
    return f"{ASKED_BY}:{caller.name}"


class QuoteBody(Body):
    """Accept a quote as it was given."""

    quote_id: Annotated[str, Field(min_length=1, max_length=60)]


def _which(body: Any) -> str:
    return QUOTED if isinstance(body, Mapping) and "quote_id" in body else ASKED


ASKED, QUOTED = "ask", "quote"
"""Tags of the two bodies, which pydantic puts into the place of an error."""
EnrichBody = Annotated[Annotated[AskBody, Tag(ASKED)] | Annotated[QuoteBody, Tag(QUOTED)], Discriminator(_which)]


class VendorEnrichBody(Body):
    """A request as the users' clients send it.

    tier: what strategy was called before; both may be sent where they agree.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    company_name: CompanyText = Field(alias="companyName")
    strategy: Named | None = None
    tier: Named | None = None
    is_async: StrictBool = Field(False, alias="async")

    @model_validator(mode="after")
    def _one_strategy(self) -> Self:
        if self.strategy is not None and self.tier is not None and self.strategy != self.tier:
            raise ValueError("strategy and tier name the same thing and differ: send strategy alone")
        return self

    def ask(self, caller: Caller) -> Ask:
        return Ask(
            company=self.company_name,
            consumers=("vendor_enrichment",),
            strategy=self.strategy or self.tier,
            asked_by=asked_by(caller),
            daily=caller.daily,
            raise_cap=BY_RULES,
        )
