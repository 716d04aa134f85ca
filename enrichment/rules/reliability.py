"""How reliable sources proved to be: config/reliability.yaml, written by `enrich report reliability --write`.

dataset -> DatasetReliability: each source's answers that could be compared, and sources that repeat one feed
"""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

_Share = Annotated[float, Field(ge=0, le=1)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceReliability(_Entry):
    """Of `checked` answers that could be compared, `right` were."""

    right: int = Field(ge=0)
    checked: int = Field(ge=0)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.right > self.checked:
            raise ValueError(f"{self.right} cannot be right of {self.checked}: correct one of them")
        return self

    @property
    def accuracy(self) -> float:
        """Shrunk as if one right and one wrong answer had been seen besides, so it is neither 0 nor 1."""
        return (self.right + 1) / (self.checked + 2)


class Feed(_Entry):
    """Sources that repeat one feed. accuracy: how often it is right; copied: source -> share of answers from it."""

    accuracy: float = Field(gt=0, lt=1)
    copied: Mapping[str, _Share] = Field(min_length=2)


class DatasetReliability(_Entry):
    """alternatives: how many wrong values are about equally likely."""

    sources: Mapping[str, SourceReliability]
    feeds: tuple[Feed, ...] = ()
    alternatives: float = Field(10.0, ge=1)
