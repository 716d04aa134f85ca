"""How a quote looks: each plan as a tree, what the plans cost together, or the profile that needs no plan."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from enrich_cli.operations.quoting import Quoted
from enrich_cli.terminal import age, as_plain
from enrichment.domain.money import in_usd
from enrichment.domain.profiles import Profile
from enrichment.planning.plan import AnalysedPlan, DatasetPlan, Part, Plan, SourcePlan
from enrichment.planning.skip_reasons import shown
from enrichment.planning.total import total_of


def quote_view(quote: Quoted) -> RenderableType:
    return plans_view(quote.plans, home=str(quote.home)) if quote.kept is None else _kept_view(quote.kept)


def quote_data(quote: Quoted) -> dict[str, Any]:
    return {
        "profile_held": None if quote.kept is None else as_plain(quote.kept),
        "plans": [as_plain(plan) for plan in quote.plans],
        "total": as_plain(total_of(quote.plans)) if quote.plans else None,
    }


def _kept_view(profile: Profile) -> Text:
    return Text(
        f"nothing to buy: request {profile.request_id} made this profile on {profile.created_at:%Y-%m-%d %H:%M} UTC, "
        f"and it is valid until {profile.holds_until:%Y-%m-%d %H:%M} UTC. Asking costs 0.00 USD; "
        "--max-age asks for younger facts."
    )


def plans_view(plans: Sequence[Plan], *, home: str) -> RenderableType:
    """Each plan as a tree, and what they cost together."""
    titles = ("first, to find its domain", _then(plans[0])) if len(plans) > 1 else ("plan",)
    trees = [plan_tree(plan, title) for plan, title in zip(plans, titles, strict=True)]
    return Group(
        *trees, Text.from_markup(f"{_total(plans)} Nothing was bought; what a request buys would be kept in {home}")
    )


def _then(first: Plan) -> str:
    """The title of the second plan. first: how its domain is to be found."""
    found = max((one.chance for one in first.datasets if one.dataset == "domain"), default=0.0)
    return "then, if that brings what is likely" if found else "then, with its domain unknown"


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
        wanted.add(f"{_named(dataset)}: {_status(plan, dataset)}")
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
    """Sources that are not asked; those with the same reason together."""
    others: dict[str, list[str]] = {}
    read = {read.source for read in plan.reads}
    for source in plan.sources:
        if source.verdict not in ("chosen", "fallback", "last resort", "explored") and source.source not in read:
            others.setdefault(f"{shown(source.verdict)} ({source.why})", []).append(source.source)
    for source in plan.sources:
        if source.verdict == "explored":
            tree.add(f"{source.source}: {source.why}")
    if others:
        branch = tree.add("not asked")
        for why, names in others.items():
            branch.add(f"{', '.join(names)}: {why}")


def _add_quote(tree: Tree, plan: Plan) -> None:
    quote = plan.quote
    rare = f", last resorts {in_usd(quote.last_resorts)}" if quote.last_resorts else ""
    analyses = f", analyses {in_usd(quote.analyses)}" if quote.analyses else ""
    analyses += f", exploration {in_usd(quote.exploration)}" if quote.exploration else ""
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
            empty = "" if read.found else ", knows nothing"
            branch.add(
                f"{read.source} ({age(read.age_seconds)} old{empty}): saves {in_usd(read.saves_micro_usd)}, "
                f"paid by {read.paid_by}"
            )


def _status(plan: Plan, dataset: DatasetPlan) -> str:
    """Satisfied by which sources; else which may be asked, in the order they are if no answer is enough."""
    if dataset.status != "unsatisfied":
        return f"{dataset.status} by {', '.join(dataset.from_sources)}"
    concerned = [part for part in plan.parts if dataset.dataset in part.problem.wanted]
    chance = f"chance {_percent(dataset.chance)}"
    if dataset.none_counts and dataset.chance:
        chance += ", where the answer that there is none counts"
    if not concerned and dataset.chance:
        return f"by the sources asked first, {chance}"
    order = " -> ".join(entry for part in concerned for entry in _line(plan, part, dataset.dataset))
    return f"{order or _why_none(plan, dataset.dataset)}, {chance}"


def _why_none(plan: Plan, dataset: str) -> str:
    """Why none of the sources of a dataset can be asked; each source's reason is shown under `not asked`."""
    verdicts = (source.verdict for source in plan.sources if dataset in source.answers)
    reasons = dict.fromkeys(shown(verdict) for verdict in verdicts)
    reasons.pop("not needed", None)
    return f"no source is asked ({', '.join(reasons)})" if reasons else "no source is asked"


def _line(plan: Plan, part: Part, dataset: str) -> Iterator[str]:
    may_satisfy = {offer.source for offer in part.problem.offers if dataset in offer.answers}
    yield from (source for step in part.chain for source in step if source in may_satisfy)
    for branch in part.branches:
        yield from (f"{source} ({branch})" for source in branch.asked if source in may_satisfy)
    if dataset in part.problem.required:
        resorts = [s for s in part.last_resorts if dataset in plan.source(s).answers and s not in may_satisfy]
        yield from (f"{source} (last resort, too unreliable to count)" for source in resorts)
    asked = {name for step in part.chain for name in step}.union(*(branch.asked for branch in part.branches))
    for source in plan.sources:  # another part of the plan asks this source earlier
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
    """The source's price with how likely it is asked here: by the policy, or as a last resort."""
    likely = source.as_last_resort if as_last_resort else source.chance - source.as_last_resort
    chance = "" if likely > 1 - 1e-9 else f"; asked {_percent(likely)}"
    return f"{source.source} ({in_usd(source.expected_micro_usd)}; {', '.join(source.answers)}{chance})"


def _percent(chance: float) -> str:
    """'87%', '<1%', '>99%': nothing that may happen reads as impossible, nothing that may fail as certain."""
    if 0 < chance < 0.005:
        return "<1%"
    return ">99%" if 0.995 <= chance < 1 - 1e-9 else f"{chance:.0%}"
