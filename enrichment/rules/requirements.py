"""What a request wants: the datasets of a consumer, or ones named by hand.

Rules + consumer(s) | datasets  ->  Requirements: required, optional with worth, analyses, ages, caps
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from enrichment.domain.money import to_micro
from enrichment.domain.purchases import Cap, DailyCap
from enrichment.rules import Rules

CUSTOM = "custom"
RESEARCH = "research"
"""The consumer of a question's own request: what a model is asked for it."""
IDENTITY = ("company_name", "domain")
_CUSTOM_MAX_COST = 2_000_000
_CUSTOM_MAX_SECONDS = 900
_REMEMBERED = 128
BY_COMMAND_LINE = "raise --max-cost"
BY_CALL = "raise max_cost_usd"
BY_QUOTE = "ask for a new quote"
BY_RULES = "raise max_cost_usd in config/consumers.yaml"
"""How the cap of a request is raised, by the way in: typed, called, accepted as quoted, or with no cap of its own."""
_SHOWN = 60
"""Characters of an unknown name that an error repeats."""


class UnknownName(ValueError):
    """A consumer, dataset or source that the rules do not know; the message lists what they do know."""


@dataclass(frozen=True, slots=True)
class Requirements:
    """Money in micro-USD, time in seconds.

    collected: the datasets that sources answer, needs of analyses included; analysed: those that analyses answer.
    max_age: dataset -> seconds a value may be old, where the consumer asks for less than the dataset's own age.
    quality_thresholds: dataset -> threshold, where the consumer asks for more than the dataset's own.
    budget: the cap that all requests of its batch or session share. daily: the cap of its payer, for each day.
    extras: datasets shown where they are known at no cost; no plan looks at them, and they are no part of completeness.
    topic: what in particular is asked of sources that take one, as topic_of gives it; empty: they are not asked.
    raise_cap: what to do where max_cost leaves too little, in the words of the way in through which it was asked.
    """

    consumer: str
    required: tuple[str, ...]
    optional: Mapping[str, int]
    collected_required: tuple[str, ...]
    collected_optional: Mapping[str, int]
    analyses: tuple[str, ...]
    max_cost: int
    max_seconds: int
    value_of_time: int
    profile_ttl: int
    min_quality: float
    audience: bool = False
    max_age: Mapping[str, int] | None = None
    oldest: int | None = None
    sources: frozenset[str] | None = None
    quality_thresholds: Mapping[str, float] = field(default_factory=dict)
    budget: Cap | None = None
    daily: DailyCap | None = None
    extras: tuple[str, ...] = ()
    topic: str = ""
    raise_cap: str = BY_COMMAND_LINE

    @property
    def datasets(self) -> tuple[str, ...]:
        return (*self.required, *self.optional)

    @property
    def collected(self) -> tuple[str, ...]:
        return (*self.collected_required, *self.collected_optional)

    def age_limit(self, dataset: str) -> int | None:
        """Seconds a value of this dataset may be old for this request; None: no wish of its own."""
        own = self.max_age.get(dataset) if self.max_age else None
        if own is None or self.oldest is None:
            return self.oldest if own is None else own
        return min(own, self.oldest)

    def threshold(self, rules: Rules, dataset: str) -> float:
        """The quality, 0 to 1, from which a value satisfies this dataset here: never below the dataset's own."""
        return max(rules.datasets[dataset].quality_threshold, self.quality_thresholds.get(dataset, 0.0))

    def within(
        self,
        *,
        max_cost: int | None,
        oldest: int | None,
        budget: Cap | None = None,
        daily: DailyCap | None = None,
        topic: str = "",
        raise_cap: str = BY_COMMAND_LINE,
        waited_for: bool = True,
    ) -> "Requirements":
        """These requirements, with what a request sets: micro-USD it may cost, seconds a fact may be old, its caps.

        waited_for: whether a person waits for it; else a second costs nothing.
        """
        most = self.max_cost if max_cost is None else max_cost
        second = self.value_of_time if waited_for else 0
        own = (self.max_cost, self.oldest, self.budget, self.daily, self.topic, self.raise_cap, self.value_of_time)
        if (most, oldest, budget, daily, topic, raise_cap, second) == own:
            return self
        return replace(
            self,
            max_cost=most,
            oldest=oldest,
            budget=budget,
            daily=daily,
            topic=topic,
            raise_cap=raise_cap,
            value_of_time=second,
        )

    def also_analysing(self, analyses: Sequence[str], rules: Rules) -> "Requirements":
        """These requirements, with analyses that it does not ask for by itself, and what these read."""
        more = [name for name in analyses if name not in self.analyses]
        if not more:
            return self
        read = [dataset for dataset in read_by(more, rules) if rules.datasets[dataset].analysis is None]
        return replace(
            self,
            collected_required=_in_order((*self.collected_required, *read)),
            collected_optional={d: worth for d, worth in self.collected_optional.items() if d not in read},
            analyses=(*self.analyses, *more),
        )


def requirements_of(rules: Rules, consumers: Sequence[str]) -> Requirements:
    """What these consumers want together. Raises UnknownName."""
    return _of_consumers(rules, tuple(consumers))


@lru_cache(maxsize=_REMEMBERED)
def _of_consumers(rules: Rules, consumers: tuple[str, ...]) -> Requirements:
    for name in consumers:
        _known("consumer", name, rules.consumers)
    entries = [rules.consumers[name] for name in consumers]
    required = _in_order(dataset for entry in entries for dataset in entry.required)
    optional: dict[str, int] = {}
    for entry in entries:
        for dataset, worth in entry.optional.items():
            if dataset not in required:
                optional[dataset] = max(optional.get(dataset, 0), to_micro(worth))
    ages = [(dataset, age) for entry in entries for dataset, age in entry.max_age.items()]
    thresholds = [(dataset, least) for entry in entries for dataset, least in entry.quality_thresholds.items()]
    wanted = Requirements(
        consumer="+".join(consumers),
        required=required,
        optional=optional,
        collected_required=(),
        collected_optional={},
        analyses=_in_order(name for entry in entries for name in entry.analyses),
        max_cost=max(entry.max_cost_micro_usd for entry in entries),
        max_seconds=max(entry.max_seconds for entry in entries),
        value_of_time=max(to_micro(entry.value_of_time_usd_per_second) for entry in entries),
        profile_ttl=min(entry.profile_ttl for entry in entries),
        min_quality=max(entry.min_quality for entry in entries),
        audience=any(entry.audience for entry in entries),
        max_age={dataset: min(age for d, age in ages if d == dataset) for dataset, _ in ages},
        quality_thresholds={name: max(least for d, least in thresholds if d == name) for name, _ in thresholds},
        extras=_in_order(d for entry in entries for d in entry.extras if d not in (*required, *optional)),
    )
    return _with_collected(rules, wanted)


def read_by(analyses: Sequence[str], rules: Rules) -> tuple[str, ...]:
    """The datasets that these analyses need or read."""
    return _in_order(d for name in analyses for d in (*rules.analyses[name].needs, *rules.analyses[name].reads))


def custom(rules: Rules, datasets: Sequence[str], sources: Sequence[str] | None) -> Requirements:
    """Datasets named by hand, all required; sources: the only ones that may be asked. Raises UnknownName."""
    for name in datasets:
        _known("dataset", name, rules.datasets)
    for name in sources or ():
        _known("source", name, rules.sources)
    wanted = Requirements(
        consumer=CUSTOM,
        required=_in_order(datasets),
        optional={},
        collected_required=(),
        collected_optional={},
        analyses=(),
        max_cost=_CUSTOM_MAX_COST,
        max_seconds=_CUSTOM_MAX_SECONDS,
        value_of_time=0,
        profile_ttl=86400,
        min_quality=0.0,
        sources=frozenset(sources) if sources else None,
    )
    return _with_collected(rules, wanted)


_LONGEST_TOPIC = 300
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)


def topic_of(text: str) -> str:
    """One form for a topic that is written in several: 'European  Expansion' is 'european expansion'.

    An address of a page is kept letter by letter.
    """
    words = " ".join(text.split())
    return (
        words if _ADDRESS.fullmatch(words) else " ".join(re.findall(r"[\w'’&.+#-]+", words.casefold()))[:_LONGEST_TOPIC]
    )


def identity_requirements(requirements: Requirements) -> Requirements:
    """What stage 1 wants where the domain is unknown: name and domain, within the same caps."""
    return replace(
        requirements,
        required=IDENTITY,
        optional={},
        collected_required=IDENTITY,
        collected_optional={},
        analyses=(),
    )


def beyond_identity(requirements: Requirements) -> Requirements:
    """What is left to want when stage 1 has found name and domain."""
    return replace(
        requirements,
        required=tuple(d for d in requirements.required if d not in IDENTITY),
        collected_required=tuple(d for d in requirements.collected_required if d not in IDENTITY),
    )


def requirements_hash(rules: Rules, requirements: Requirements) -> str:
    """Equal for requests with interchangeable profiles: prices, order and strategy do not count."""
    return _hash(
        rules,
        requirements.consumer,
        requirements.required,
        tuple(sorted(requirements.optional)),
        tuple((name, requirements.threshold(rules, name)) for name in requirements.datasets),
        requirements.analyses,
        tuple(sorted(requirements.sources or ())),
        requirements.topic,
    )


@lru_cache(maxsize=_REMEMBERED)
def _hash(
    rules: Rules,
    consumer: str,
    required: tuple[str, ...],
    optional: tuple[str, ...],
    thresholds: tuple[tuple[str, float], ...],
    analyses: tuple[str, ...],
    sources: tuple[str, ...],
    topic: str,
) -> str:
    models = {name: (rules.analyses[name].model, rules.prompts[name]) for name in analyses}
    asked = {name: (least, rules.datasets[name].enough, rules.datasets[name].at_most) for name, least in thresholds}
    of_topic = [topic] if topic else []
    text = json.dumps([consumer, required, optional, asked, models, sources, *of_topic], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _with_collected(rules: Rules, wanted: Requirements) -> Requirements:
    """These requirements, with what sources must answer for the wanted datasets, and the analyses that answer the rest.

    An optional dataset collected for several has the highest of their worths.
    """
    required, analyses = _collected(rules, wanted.required)
    optional: dict[str, int] = {}
    for dataset, worth in wanted.optional.items():
        names, also = _collected(rules, (dataset,))
        analyses = (*analyses, *also)
        for name in names:
            if name not in required:
                optional[name] = max(optional.get(name, 0), worth)
    return replace(
        wanted,
        collected_required=required,
        collected_optional=optional,
        analyses=_in_order((*wanted.analyses, *analyses)),
    )


def _collected(rules: Rules, datasets: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The datasets sources must answer for these, and the analyses that answer the others."""
    collected: list[str] = []
    analyses: list[str] = []
    pending = list(datasets)
    for dataset in pending:  # grows while it is walked: an analysis' needs may be answered by another analysis
        analysis = rules.datasets[dataset].analysis
        if analysis is None:
            collected.append(dataset)
        elif analysis not in analyses:
            analyses.append(analysis)
            pending.extend(rules.analyses[analysis].needs)
    return _in_order(collected), tuple(reversed(analyses))


def _in_order(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _known(kind: str, name: str, known: Mapping[str, object]) -> None:
    if name not in known:
        raise UnknownName(f"There is no {kind} named '{name[:_SHOWN]}'. The rules know: {', '.join(sorted(known))}.")
