"""`enrich publish`: the warehouse that analysts query."""

from enrich_cli.options import Rebuild, Sandbox


def publish(rebuild: Rebuild = False, sandbox: Sandbox = False) -> None:
    """Build the warehouse analysts query, and publish it."""
    from enrich_cli.bootstrap import opened_store
    from enrich_cli.rendering.warehouse import published_view
    from enrich_cli.terminal import console
    from enrichment.domain.numbers import in_number
    from enrichment.memory.rereading import read_again
    from resources.warehouse import Warehouse

    with opened_store(sandbox=sandbox) as (settings, rules, store), console.status("building the warehouse"):
        reread = read_again(store, rules)
        if reread:
            console.print(f"read {in_number(reread, 'stored reply')} again: newer readers find more in them")
        published = Warehouse(settings.warehouse_path).build(store, rebuild=rebuild)
    console.print(published_view(published), soft_wrap=True)
