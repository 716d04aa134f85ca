"""How plans and profiles look on a terminal.

Plan -> tree;  Enriched -> header, table of datasets, what it cost;  events -> a line of progress
"""

import dataclasses
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Self

from pydantic import BaseModel
from rich.console import Console, Group, RenderableType
from rich.status import Status
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from enrichment.domain.money import in_usd
from enrichment.domain.records import Event, Profile
from enrichment.domain.values import in_words
from enrichment.pipeline.enrich import Enriched
from enrichment.planning.plan import AnalysedPlan, DatasetPlan, Part, Plan, SourcePlan

_WIDTH_OF_A_FILE = 160  # where nobody says how wide it is: output that goes to a file or a pipe


def _console() -> Console:
    probe = Console()
    return probe if probe.is_terminal or "COLUMNS" in os.environ else Console(width=_WIDTH_OF_A_FILE)


console = _console()
_errors = Console(stderr=True)
_SHOWN_ITEMS = 5
_MARK = {"satisfied": "[green]ok[/]", "empty": "[green]none[/]", "partial": "[yellow]partial[/]"}


class Progress:
    """One line on stderr that says what is happening now; nothing where nobody looks."""

    def __init__(self) -> None:
        self._status: Status | None = _errors.status("asking") if _errors.is_terminal else None

    def __enter__(self) -> Self:
        if self._status:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status:
            self._status.stop()

    def watch(self, event: Event) -> None:
        if self._status:
            self._status.update(f"{event.stage}: {event.what} {event.data.get('source', '')}")


def age(seconds: int) -> str:
    """'3 d', '5 h', '12 min', 'now'."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return "now"


def held_view(profile: Profile) -> Text:
    """For a request that a kept profile would serve: there is nothing to plan."""
    return Text(
        f"nothing to buy: request {profile.request_id} made this profile on {profile.created_at:%Y-%m-%d %H:%M} UTC, "
        f"and it holds until {profile.holds_until:%Y-%m-%d %H:%M} UTC. Asking costs 0.00 USD; "
        "--max-age asks for younger facts."
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Total:
    """The quote of some plans together: micro-USD, and seconds. As of a Quote."""

    expected: int
    upper_bound: int
    seconds: float
    legacy: int
    saving: int
    from_memory: int


def total_of(plans: Sequence[Plan]) -> Total:
    """Of what is asked, or read, in several of them, nothing counts twice."""
    expected, legacy = sum(plan.quote.expected for plan in plans), plans[-1].quote.legacy
    reads = {read.reply_id: read.saves_micro_usd for plan in plans for read in plan.reads}
    return Total(
        expected=expected,
        upper_bound=min(sum(plan.quote.upper_bound for plan in plans), plans[-1].requirements.max_cost),
        seconds=sum(plan.quote.seconds for plan in plans),
        legacy=legacy,
        saving=legacy - expected,
        from_memory=sum(reads.values()),
    )


def plans_view(plans: Sequence[Plan], *, home: str) -> RenderableType:
    """Each plan as a tree, and what they cost together."""
    titles = ("first, to find its domain", "then, if that brings what is likely") if len(plans) > 1 else ("plan",)
    trees = [plan_tree(plan, title) for plan, title in zip(plans, titles, strict=True)]
    return Group(*trees, Text.from_markup(f"{_total(plans)} Nothing was bought; kept in {home}"))


def _total(plans: Sequence[Plan]) -> str:
    total = total_of(plans)
    saves = f"saves {in_usd(total.saving)} against" if total.saving >= 0 else "costs more than"
    return (
        f"expected [bold]{in_usd(total.expected)}[/] USD, at most {in_usd(total.upper_bound)}, in about "
        f"{timedelta(seconds=round(total.seconds))}; {saves} calling everything ({in_usd(total.legacy)}), "
        f"from memory {in_usd(total.from_memory)}."
    )


def plan_tree(plan: Plan, title: str) -> Tree:
    """What is known, what would be asked in which order, why not the others, and what it would cost."""
    tree = Tree(
        f"{title}: [bold]{plan.company_key}[/] for {plan.consumer} (strategy {plan.strategy}, rules {plan.rules_hash})"
    )
    wanted = tree.add("wanted")
    for dataset in plan.datasets:
        wanted.add(f"{_named(dataset)}: {_standing(plan, dataset)}")
    for one in plan.analysed:
        of = f", from {', '.join(one.needs)}" if one.needs else ""
        wanted.add(f"{_named(one)}: by analysis {one.analysis}{of}")
    _add_memory(tree, plan)
    _add_parts(tree, plan)
    _add_others(tree, plan)
    if plan.analyses:
        tree.add(f"analyses: {', '.join(plan.analyses)} (about {in_usd(plan.quote.analyses)} USD)")
    _add_quote(tree, plan)
    return tree


def _named(wanted: DatasetPlan | AnalysedPlan) -> str:
    kind = "required" if wanted.required else f"optional, worth {in_usd(wanted.worth)}"
    return f"{wanted.dataset} ({kind})"


def _add_parts(tree: Tree, plan: Plan) -> None:
    parts = [part for part in plan.parts if part.chain or part.branches or part.last_resorts]
    order = ", one after another, as a cap may leave too little" if plan.in_turn else ", side by side"
    to_buy = tree.add(f"to buy{order if len(parts) > 1 else ''}" if parts else "nothing to buy")
    for part in parts:
        _add_part(to_buy.add(", ".join(sorted(part.problem.wanted))) if len(parts) > 1 else to_buy, plan, part)


def _add_others(tree: Tree, plan: Plan) -> None:
    """Who is not asked; those with the same reason together."""
    others: dict[str, list[str]] = {}
    read = {read.source for read in plan.reads}
    for source in plan.sources:
        if source.verdict not in ("chosen", "fallback", "last resort") and source.source not in read:
            others.setdefault(f"{source.verdict} ({source.why})", []).append(source.source)
    if others:
        branch = tree.add("not asked")
        for why, names in others.items():
            branch.add(f"{', '.join(names)}: {why}")


def _add_quote(tree: Tree, plan: Plan) -> None:
    quote = plan.quote
    rare = f", last resorts {in_usd(quote.last_resorts)}" if quote.last_resorts else ""
    analyses = f", analyses {in_usd(quote.analyses)}" if quote.analyses else ""
    tree.add(
        f"cost: vendors {in_usd(quote.vendors)} expected{rare}{analyses}; half of the time at most "
        f"{in_usd(quote.p50)}, nine times in ten {in_usd(quote.p90)}, never above {in_usd(quote.upper_bound)} USD"
    )
    if quote.above_least is not None:
        tree.add(
            "too much to weigh to decide exactly, so decided step by step: at most "
            f"{in_usd(quote.above_least)} USD above the least possible, what stays missing counted at its worth"
        )


def _add_memory(tree: Tree, plan: Plan) -> None:
    if plan.reads:
        branch = tree.add("from memory")
        for read in plan.reads:
            says = "" if read.found else ", knows nothing"
            branch.add(
                f"{read.source} ({age(read.age_seconds)} old{says}): saves {in_usd(read.saves_micro_usd)}, "
                f"paid by {read.paid_by}"
            )


def _standing(plan: Plan, dataset: DatasetPlan) -> str:
    """How a dataset stands, or who may be asked for it: in which order, if every answer disappoints; when, else."""
    if dataset.status != "unsatisfied":
        return f"{dataset.status} by {', '.join(dataset.from_sources)}"
    concerned = [part for part in plan.parts if dataset.dataset in part.problem.wanted]
    if not concerned and dataset.chance:
        return f"by those who are asked first, chance {_percent(dataset.chance)}"
    order = " -> ".join(entry for part in concerned for entry in _line(plan, part, dataset.dataset))
    return f"{order or 'nobody is asked'}, chance {_percent(dataset.chance)}"


def _line(plan: Plan, part: Part, dataset: str) -> Iterator[str]:
    may_satisfy = {offer.source for offer in part.problem.offers if dataset in offer.answers}
    yield from (source for step in part.chain for source in step if source in may_satisfy)
    for branch in part.branches:
        yield from (f"{source} ({branch})" for source in branch.asked if source in may_satisfy)
    if dataset in part.problem.required:
        resorts = [s for s in part.last_resorts if dataset in plan.source(s).answers and s not in may_satisfy]
        yield from (f"{source} (last resort, too unreliable to count)" for source in resorts)
    asked = {name for step in part.chain for name in step}.union(*(branch.asked for branch in part.branches))
    for source in plan.sources:  # by another part, before it has its turn in this one
        if source.source in may_satisfy - asked and source.as_last_resort > 0:
            yield f"{source.source} (as a last resort for other datasets)"


def _add_part(branch: Tree, plan: Plan, part: Part) -> None:
    for step, asked in enumerate(part.chain):
        then = "then, if the caps leave enough" if plan.strategy == "legacy" else "then, if something is missing"
        label = "first" if step == 0 else then
        branch.add(f"{label}: {', '.join(_priced(plan.source(name)) for name in asked)}")
    for aside in part.branches:
        branch.add(f"{aside}: {', '.join(_priced(plan.source(name)) for name in aside.asked)}")
    asked_anyway = {name for step in part.chain for name in step}.union(*(aside.asked for aside in part.branches))
    for name in (name for name in part.last_resorts if name not in asked_anyway):
        branch.add(f"last resort: {_priced(plan.source(name), as_last_resort=True)}")


def _priced(source: SourcePlan, *, as_last_resort: bool = False) -> str:
    """With how likely it is asked here: by the policy, or as a last resort."""
    likely = source.as_last_resort if as_last_resort else source.chance - source.as_last_resort
    chance = "" if likely > 1 - 1e-9 else f"; asked {_percent(likely)}"
    return f"{source.source} ({in_usd(source.expected_micro_usd)}; {', '.join(source.answers)}{chance})"


def _percent(chance: float) -> str:
    """'87%', '<1%', '>99%': nothing that may happen reads as impossible, nothing that may fail as certain."""
    if 0 < chance < 0.005:
        return "<1%"
    return ">99%" if 0.995 <= chance < 1 - 1e-9 else f"{chance:.0%}"


def profile_view(enriched: Enriched) -> RenderableType:
    """The profile as a person reads it: what, from whom, how old, how good; what is missing and why; what it cost."""
    document, request = enriched.profile.document, enriched.request
    quality = document["quality"]
    company = document["company"]
    header = Text.assemble(
        (company["name"] or company["key"], "bold"),
        f" ({company['key']}), {request.consumer}: quality "
        f"{quality['overall']:.2f} ({quality['confidence']}), complete {quality['completeness']:.0%}",
    )
    table = Table("dataset", "", "value", "source", "age", "quality")
    for name, field in document["datasets"].items():
        _add_field(table, name, field)
    findings = [_analysis_line(name, a) for name, a in document["analyses"].items()]
    return Group(header, *_refusal(enriched), table, *findings, *_missing(document), _money_line(enriched))


def _add_field(table: Table, name: str, field: Mapping[str, Any]) -> None:
    mark = _MARK.get(field["status"], f"[red]{field['status']}[/]")
    if field["disputed"]:
        mark += " [yellow]disputed[/]"
    if not field["values"]:
        table.add_row(name, mark, "", "", "", "")
    for index, value in enumerate(field["values"][:_SHOWN_ITEMS]):
        old = age(value["age_seconds"]) + (" [red]expired[/]" if value["expired"] else "")
        first = index == 0
        table.add_row(
            name if first else "",
            mark if first else "",
            Text(in_words(value["value"]), overflow="ellipsis"),
            value["source"],
            old,
            f"{value['quality']:.2f}",
        )
    more = len(field["values"]) - _SHOWN_ITEMS
    if more > 0:
        table.add_row("", "", f"and {more} more", "", "", "")


def _analysis_line(name: str, analysis: Mapping[str, Any]) -> Text:
    dropped = f", {analysis['claims_dropped']} dropped for want of a quote" if analysis["claims_dropped"] else ""
    return Text(f"analysis {name}: {analysis['claims_kept']} claims{dropped}")


def _refusal(enriched: Enriched) -> list[Text]:
    """For a request that its cap refused: what would have been enough."""
    if enriched.request.state != "refused" or enriched.plan is None:
        return []
    dear = [s for s in enriched.plan.sources if s.verdict == "over a cap"]
    most = enriched.request.cost_micro_usd + sum(s.max_micro_usd for s in dear)
    return [
        Text(
            f"refused by a cap: {', '.join(s.source for s in dear) or 'what is missing'} did not fit. "
            f"--max-cost {in_usd(most)} leaves room for all of them.",
            style="red",
        )
    ]


def _missing(document: Mapping[str, Any]) -> list[Text]:
    return [
        Text(f"{name}: {field['why']}", style="yellow") for name, field in document["datasets"].items() if field["why"]
    ]


def _money_line(enriched: Enriched) -> Text:
    request = enriched.request
    payers = sorted({read.purchase_id for read in enriched.reads})
    memory = (
        f"; {len(payers)} purchases of earlier requests used, saved {in_usd(request.saved_micro_usd)}" if payers else ""
    )
    return Text(
        f"cost {in_usd(request.cost_micro_usd)} USD, served from {request.served_from or 'nothing'}{memory}. "
        f"What happened: enrich trace {request.request_id}"
    )


def as_plain(record: Any) -> Any:
    """A frozen record as JSON-ready data."""
    if isinstance(record, BaseModel):
        return record.model_dump(mode="json")
    if dataclasses.is_dataclass(record) and not isinstance(record, type):
        return {f.name: as_plain(getattr(record, f.name)) for f in dataclasses.fields(record)}
    if isinstance(record, Mapping):
        return {str(key): as_plain(value) for key, value in record.items()}
    if isinstance(record, frozenset | set):
        return sorted(as_plain(item) for item in record)
    if isinstance(record, tuple | list):
        return [as_plain(item) for item in record]
    return record
