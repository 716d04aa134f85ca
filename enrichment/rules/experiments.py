"""config/experiments.yaml: which companies take part in an experiment, and by which rules each arm serves them.

name -> Experiment;  problems_of(experiments, consumers) -> what is wrong with them, one line each
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Strategy = Literal["enhanced", "priority", "legacy"]
Metric = Literal["cost", "cost_per_complete_profile", "quality", "kept_claims", "seconds"]
_ChangedFile = Literal["sources", "datasets", "consumers", "analyses", "redundancy"]


class ArmRules(BaseModel):
    """What an arm does otherwise than the rules; nothing: it serves by the rules as they are.

    rules: file -> its entries, of which only what differs is written. prompts: analysis -> the file in config/prompts
    that is its prompt, without .md. models: analysis -> the language model that it asks.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    strategy: Strategy | None = None
    rules: Mapping[_ChangedFile, Any] = {}
    prompts: Mapping[str, str] = {}
    models: Mapping[str, str] = {}

    @property
    def changes_rules(self) -> bool:
        return bool(self.rules or self.prompts or self.models)


def _strategy_alone(value: object) -> object:
    return {"strategy": value} if isinstance(value, str) else value


Arms = Mapping[str, Annotated[ArmRules, BeforeValidator(_strategy_alone)]]


class Guard(BaseModel):
    """An arm is to be stopped once fewer of its profiles are complete, or one costs more on average, beyond doubt."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    least_complete: float | None = Field(None, ge=0, le=1)
    most_usd: float | None = Field(None, gt=0)


class Experiment(BaseModel):
    """since: requests from then on count (UTC). share: of companies that take part.

    arms: name -> its rules, or its strategy alone; the first one is what the others are compared with.
    stopped: arms that get no company any more; theirs are planned as if there were no experiment.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    consumer: str
    since: date
    share: float = Field(gt=0, le=1)
    arms: Annotated[Arms, Field(min_length=2)]
    metric: Metric
    guard: Guard = Guard()
    stopped: tuple[str, ...] = ()


def with_stopped(
    experiments: Mapping[str, Experiment], stopped: Mapping[str, tuple[str, ...]]
) -> dict[str, Experiment]:
    """stopped: experiment -> arms that a guard stopped; of an experiment that has ended, they count for nothing."""
    return {
        name: one.model_copy(update={"stopped": tuple(dict.fromkeys((*one.stopped, *stopped.get(name, ()))))})
        for name, one in experiments.items()
    }


def problems_of(experiments: Mapping[str, Experiment], consumers: Mapping[str, object]) -> Iterator[str]:
    """What is wrong with the experiments, one line each."""
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
