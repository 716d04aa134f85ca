"""`enrich plan`: the quote for one company, or past requests under other rules; nothing is bought.

COMPANY -> plans and their cost        --rules DIR --replay AGE -> today's rules beside the others
"""

from dataclasses import replace
from pathlib import Path

import typer

from enrich_cli.errors import UsageError
from enrich_cli.options import (
    AsJson,
    Audience,
    CompanyIds,
    Consumer,
    Country,
    Datasets,
    MaxAge,
    MaxCost,
    MaybeCompanyText,
    New,
    OtherRules,
    Parent,
    Replay,
    Sandbox,
    Sources,
    StrategyName,
)

_FOR_A_REPLAY = frozenset({"text", "rules", "replay", "sandbox", "as_json"})


def plan(
    context: typer.Context,
    text: MaybeCompanyText = None,
    parent: Parent = False,
    consumer: Consumer = "profile",
    ids: CompanyIds = None,
    country: Country = None,
    new: New = False,
    audience: Audience = None,
    max_cost: MaxCost = None,
    strategy: StrategyName = None,
    max_age: MaxAge = None,
    datasets: Datasets = None,
    sources: Sources = None,
    rules: OtherRules = None,
    replay: Replay = None,
    sandbox: Sandbox = False,
    as_json: AsJson = False,
) -> None:
    """The quote: which sources would be asked, in which order, and what it would cost. Nothing is bought.

    With --rules DIR --replay 30d instead of a company: past requests once more, as they would be under other rules.
    """
    if rules is not None and replay is not None and text is None:
        _replay(rules, replay, _typed_for_one_company(context), sandbox=sandbox, as_json=as_json)
        return
    if text is None or rules is not None or replay is not None:
        raise UsageError("Name a company to plan for, or give both --rules DIR and --replay 30d without a company.")
    from enrich_cli.bootstrap import settings_and_rules
    from enrich_cli.requests.asking import ask_from

    ask = ask_from(
        text,
        consumer,
        audience,
        max_cost=max_cost,
        strategy=strategy,
        max_age=max_age,
        datasets=datasets,
        sources=sources,
        accept_stale=False,
        ids=ids,
        country=country,
        new=new,
    )
    settings, active = settings_and_rules(sandbox=sandbox)
    ask.requirements(active)  # a wrong name is refused before all that planning needs is imported
    from enrich_cli.operations.quoting import quoted
    from enrich_cli.rendering.plan import quote_data, quote_view
    from enrich_cli.requests.choosing import choosing
    from enrich_cli.terminal import show

    if parent:
        from enrich_cli.companies.company_events import parent_asked

        ask = replace(ask, company=parent_asked(text, sandbox=sandbox))
    quote = choosing(lambda ask: quoted(ask, settings, active), ask, sandbox=sandbox, as_json=as_json)
    show(quote_view(quote), quote_data(quote), as_json=as_json)


def _replay(rules: Path, window: str, for_one_company: list[str], *, sandbox: bool, as_json: bool) -> None:
    from enrich_cli.operations.backtest import replayed
    from enrich_cli.rendering.backtest import backtest_data, backtest_view
    from enrich_cli.terminal import show

    compared = replayed(rules, window, for_one_company=for_one_company, sandbox=sandbox)
    show(backtest_view(compared), backtest_data(compared), as_json=as_json)


def _typed_for_one_company(context: typer.Context) -> list[str]:
    """Options that were typed and make sense for one company only."""
    return [
        f"--{'for' if name == 'consumer' else name.replace('_', '-')}"
        for name in context.params
        if name not in _FOR_A_REPLAY and (source := context.get_parameter_source(name)) and source.name == "COMMANDLINE"
    ]
