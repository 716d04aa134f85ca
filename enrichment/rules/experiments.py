"""config/experiments.yaml: which companies take part in an experiment, and by which strategy each arm plans.

name -> Experiment;  problems_of(experiments, consumers) -> what of it cannot be
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Strategy = Literal["enhanced", "priority", "legacy"]
Metric = Literal["cost", "cost_per_complete_profile", "quality", "seconds"]


class Guard(BaseModel):
    """An arm is to be stopped once fewer of its profiles are complete, or one costs more on average, beyond doubt."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    least_complete: float | None = Field(None, ge=0, le=1)
    most_usd: float | None = Field(None, gt=0)


class Experiment(BaseModel):
    """since: requests from then on count (UTC). share: of companies that take part.

    arms: name -> strategy; the first one is what the others are compared with.
    stopped: arms that get no company any more; theirs are planned as if there were no experiment.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    consumer: str
    since: date
    share: float = Field(gt=0, le=1)
    arms: Annotated[Mapping[str, Strategy], Field(min_length=2)]
    metric: Metric
    guard: Guard = Guard()
    stopped: tuple[str, ...] = ()


def problems_of(experiments: Mapping[str, Experiment], consumers: Mapping[str, object]) -> Iterator[str]:
    """A line each."""
    taken: dict[str, str] = {}
    for name, one in experiments.items():
        at = f"config/experiments.yaml: {name}"
        if one.consumer not in consumers:
            yield f"{at}.consumer: no consumer named '{one.consumer}'"
        if taken.setdefault(one.consumer, name) != name:
            yield f"{at}.consumer: {taken[one.consumer]} is under way for {one.consumer}: end one of them"
        for arm in one.stopped:
            if arm not in one.arms:
                yield f"{at}.stopped: it has no arm named '{arm}': write one of {', '.join(one.arms)}"
