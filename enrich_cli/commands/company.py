"""`enrich company`: plan, buy what is missing, show the profile and what to do about what it lacks."""

from dataclasses import replace

import typer

from enrich_cli.options import (
    AcceptStale,
    All,
    AsJson,
    Audience,
    CompanyIds,
    CompanyText,
    ConfirmAbove,
    Consumer,
    Country,
    Datasets,
    MaxAge,
    MaxCost,
    New,
    Parent,
    Sandbox,
    Sources,
    StrategyName,
)


def company(
    text: CompanyText,
    parent: Parent = False,
    consumer: Consumer = "profile",
    ids: CompanyIds = None,
    country: Country = None,
    new: New = False,
    audience: Audience = None,
    max_cost: MaxCost = None,
    confirm_above: ConfirmAbove = None,
    strategy: StrategyName = None,
    max_age: MaxAge = None,
    accept_stale: AcceptStale = False,
    datasets: Datasets = None,
    sources: Sources = None,
    sandbox: Sandbox = False,
    every: All = False,
    as_json: AsJson = False,
) -> None:
    """Enrich one company: plan, buy what is missing, and show the profile."""
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
        accept_stale=accept_stale,
        ids=ids,
        country=country,
        new=new,
    )
    settings, rules = settings_and_rules(sandbox=sandbox)
    ask.requirements(rules)  # a wrong name is refused before all that a request needs is imported
    from enrich_cli.errors import INCOMPLETE, REFUSED_BY_CAP
    from enrich_cli.rendering.profile import enriched_data, enriched_view
    from enrich_cli.requests.answering import enriched
    from enrich_cli.requests.choosing import choosing
    from enrich_cli.terminal import show

    if parent:
        from enrich_cli.companies.company_events import parent_asked

        ask = replace(ask, company=parent_asked(text, sandbox=sandbox))
    done, to_mend = choosing(
        lambda ask: enriched(ask, settings, rules, sandbox=sandbox, confirm_above=confirm_above),
        ask,
        sandbox=sandbox,
        as_json=as_json,
    )
    view = enriched_view(done, to_mend, sandbox=sandbox, every=every)
    show(view, enriched_data(done, to_mend), as_json=as_json)
    raise typer.Exit({"incomplete": INCOMPLETE, "refused": REFUSED_BY_CAP}.get(done.request.state, 0))
