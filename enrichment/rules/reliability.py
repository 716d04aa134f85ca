"""How reliable sources proved to be: config/reliability.yaml, written by `enrich report reliability --write`.

dataset -> DatasetReliability: each source's answers that could be compared, and sources that repeat one feed

Each source and each feed is a line that people accept, pin or take out; with_use(lines, found) -> the renewed lines.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

Use = Literal["proposed", "accepted", "pinned"]
"""A proposed line counts for nothing; an accepted one counts and is renewed; a pinned one counts and stays as it is."""
_Share = Annotated[float, Field(ge=0, le=1)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Line(_Entry):
    use: Use = "proposed"

    @property
    def counts(self) -> bool:
        return self.use != "proposed"


_AnyLine = TypeVar("_AnyLine", bound=_Line)


class SourceReliability(_Line):
    """The reliability of a source: of `checked` answers that could be compared, `right` were."""

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


class Feed(_Line):
    """Sources that repeat one feed. accuracy: how often it is right; copied: source -> share of answers from it."""

    accuracy: float = Field(gt=0, lt=1)
    copied: Mapping[str, _Share] = Field(min_length=2)


class DatasetReliability(_Entry):
    """Reliability for one dataset. alternatives: how many wrong values are about equally likely."""

    sources: Mapping[str, SourceReliability]
    feeds: tuple[Feed, ...] = ()
    alternatives: float = Field(10.0, ge=1)

    @model_validator(mode="after")
    def _each_source_in_one_feed(self) -> Self:
        fed = [source for feed in self.feeds if feed.counts for source in feed.copied]
        if twice := sorted({source for source in fed if fed.count(source) > 1}):
            raise ValueError(f"{', '.join(twice)}: in two feeds that count: take one of them out, or propose it")
        return self

    @property
    def counted(self) -> "DatasetReliability":
        """The estimates with only the lines that people accepted or pinned."""
        sources = {name: line for name, line in self.sources.items() if line.counts}
        return self.model_copy(update={"sources": sources, "feeds": tuple(feed for feed in self.feeds if feed.counts)})


def counted(lines: Mapping[str, DatasetReliability]) -> dict[str, DatasetReliability]:
    """Dataset -> the figures that count, where any do."""
    found = {dataset: one.counted for dataset, one in lines.items()}
    return {dataset: one for dataset, one in found.items() if one.sources or one.feeds}


def with_use(
    lines: Mapping[str, DatasetReliability], found: Mapping[str, DatasetReliability]
) -> dict[str, DatasetReliability]:
    """What was found, each line used as people said of the one before it; a pinned one as it was."""
    renewed = {dataset: _renewed(lines.get(dataset), one) for dataset, one in found.items()}
    return dict(sorted({**lines, **renewed}.items()))


def _renewed(before: DatasetReliability | None, found: DatasetReliability) -> DatasetReliability:
    if before is None:
        return found
    fed = {frozenset(feed.copied): feed for feed in before.feeds}
    feeds = [_line(fed.pop(frozenset(feed.copied), None), feed) for feed in found.feeds]
    sources = {name: _line(before.sources.get(name), line) for name, line in found.sources.items()}
    kept = [feed for feed in fed.values() if feed.counts]
    return found.model_copy(update={"sources": {**before.sources, **sources}, "feeds": (*kept, *feeds)})


def _line(before: _AnyLine | None, found: _AnyLine) -> _AnyLine:
    if before is None:
        return found
    return before if before.use == "pinned" else found.model_copy(update={"use": before.use})
