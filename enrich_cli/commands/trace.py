"""`enrich trace`: what happened in one request."""

from enrich_cli.errors import UsageError
from enrich_cli.options import AsJson, RequestId, Sandbox


def trace(request_id: RequestId, sandbox: Sandbox = False, as_json: AsJson = False) -> None:
    """What happened in a request: each call with time, outcome and cost, fallbacks, quality, what was kept."""
    from contextlib import suppress

    from enrich_cli.bootstrap import opened_store
    from enrich_cli.rendering.trace import trace_data, trace_tree
    from enrich_cli.terminal import show
    from enrichment.ports import StoreError
    from resources.advice import advised
    from resources.clock import utc_now

    with opened_store(sandbox=sandbox) as (settings, _, store):
        with suppress(StoreError):  # a read-only store is shown as it is
            store.requests.end_silent(utc_now())
        request = store.requests.by_id(request_id)
        if request is None:
            found_in = advised("`enrich company` prints its id.", sandbox=sandbox)
            raise UsageError(f"There is no request '{request_id}' in {settings.home}. {found_in}")
        recorded = (
            request,
            store.requests.events(request_id),
            store.ledger.purchases(request_id),
            store.requests.cache_reads(request_id),
        )
    show(trace_tree(*recorded, sandbox=sandbox), trace_data(*recorded), as_json=as_json)
