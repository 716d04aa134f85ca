"""How purchases look: the ledger's lines, the uncertain ones with what ends them, and what an ending changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.box import HORIZONTALS
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from enrich_cli.operations.ledger import HandEnding, Purchases, Reconciled
from enrich_cli.rendering.balances import balances_table
from enrich_cli.tables import Name, listing
from enrich_cli.terminal import age, as_plain
from enrichment.domain.money import counted, in_usd
from enrichment.domain.numbers import in_number
from enrichment.domain.purchases import Purchase
from resources.advice import advised
from resources.store import LedgerLine


def purchases_view(found: Purchases, *, sandbox: bool) -> RenderableType:
    if not found.lines:
        return Text(_footer(found))
    table = _uncertain_table(found, sandbox=sandbox) if found.only_uncertain else _table(found.lines)
    return Group(table, Text(advised(_footer(found), sandbox=sandbox)))


def purchases_data(found: Purchases) -> dict[str, Any]:
    return {"purchases": [_line_data(line, found.ends) for line in found.lines], "not_shown": found.not_shown}


def settled_view(ended: HandEnding, *, sandbox: bool) -> RenderableType:
    purchase_id, source = ended.purchase.purchase_id, ended.purchase.source
    state = "settled" if any(ended.units.values()) else "released"
    lines = [Text(f"{purchase_id} is {state} at {counted(ended.units)}, {in_usd(ended.cost_micro_usd)} USD")]
    if ended.above_the_reserve:
        lift = advised(f"`enrich sources resume {source}` lifts it", sandbox=sandbox)
        lines.append(Text(f"{source} is suspended, since it {ended.above_the_reserve}: {lift}", style="red"))
    return Group(*lines)


def released_view(ended: HandEnding) -> RenderableType:
    freed = in_usd(ended.purchase.reserved_micro_usd)
    return Text(f"{ended.purchase.purchase_id} is released: {freed} USD are free again")


def reconciled_view(reconciled: Reconciled, *, sandbox: bool) -> RenderableType:
    vendors: RenderableType = balances_table(reconciled.looks, sandbox=sandbox)
    if reconciled.no_vendor is not None:
        vendors = Text(f"no vendor was asked: {reconciled.no_vendor}", style="yellow")
    overdue = [
        Text(f"{p.purchase_id} ({p.source}) was overdue: settled at {in_usd(p.cost_micro_usd)} USD")
        for p in reconciled.overdue
    ]
    settled, left = len(overdue), reconciled.still_uncertain
    total = Text(
        f"{in_number(settled, 'overdue purchase was', 'overdue purchases were')} settled, "
        f"{in_number(left, 'is', 'are')} still uncertain"
    )
    return Group(vendors, *overdue, total)


def _table(lines: Sequence[LedgerLine]) -> Table:
    table = listing("purchase, its request", "asked", "cost", whole=("purchase, its request",), box=HORIZONTALS)
    table.show_lines = True
    for line in lines:
        purchase = line.purchase
        table.add_row(
            f"{_ids(purchase)}\nreserved {purchase.reserved_at:%Y-%m-%d %H:%M:%S} UTC",
            _asked(line, f"for {purchase.consumer} ({purchase.strategy})"),
            f"{_state(purchase)}\n{in_usd(purchase.cost_micro_usd)} USD\n{counted(purchase.units)}",
        )
    return table


def _uncertain_table(found: Purchases, *, sandbox: bool) -> Table:
    """The handle is for copying, as the ids are; why it is uncertain is folded."""
    now, overdue = found.now, advised("[red]overdue[/]: `enrich purchases reconcile`", sandbox=sandbox)
    table = listing(
        "purchase, its request",
        "asked",
        "may cost, its end by itself",
        "handle, and why",
        whole=("purchase, its request",),
        box=HORIZONTALS,
    )
    table.show_lines = True
    for line in found.lines:
        purchase, end = line.purchase, found.ends[line.purchase.purchase_id]
        sent_at = purchase.sent_at or purchase.reserved_at
        old = f"sent {age(int((now - sent_at).total_seconds()))} ago"
        table.add_row(
            f"{_ids(purchase)}\n{old}",
            _asked(line, f"for {purchase.consumer}"),
            f"{in_usd(purchase.reserved_micro_usd)} USD\n{counted(purchase.reserved_units)}\n"
            + (f"{end:%Y-%m-%d %H:%M} UTC" if end > now else overdue),
            Text(f"{purchase.handle or 'no handle'}\n{purchase.reason or ''}"),
        )
    return table


def _ids(purchase: Purchase) -> str:
    return f"{purchase.purchase_id}\n{purchase.request_id}"


def _asked(line: LedgerLine, wanted: str) -> Group:
    """Of which company, which source, for what and by whom."""
    purchase = line.purchase
    return Group(
        Name(line.company_key or purchase.company_id),
        Name(purchase.source),
        Text(f"of {purchase.provider}"),
        Name(wanted),
        Text(f"by {_by(line)}"),
    )


def _by(line: LedgerLine) -> str:
    return line.asked_by or "unknown"


def _state(purchase: Purchase) -> str:
    """The state; where the end is open, with the USD that stay reserved."""
    if purchase.state in ("settled", "released"):
        return purchase.state
    return f"[yellow]{purchase.state}[/]\nreserves {in_usd(purchase.reserved_micro_usd)}"


def _footer(found: Purchases) -> str:
    many, left_out = len(found.lines), found.not_shown
    if not many:
        return "No purchase is uncertain." if found.only_uncertain else "Nothing was bought in that time."
    earlier = in_number(left_out, "earlier one is", "earlier ones are")
    more = f", {earlier} not shown: narrow them down with --since or --company" if left_out else ""
    if not found.only_uncertain:
        return f"{in_number(many, 'purchase')}{more}"
    reserved = in_usd(sum(line.purchase.reserved_micro_usd for line in found.lines))
    by_hand = "`enrich purchases settle` or `enrich purchases release` ends one"
    way_on = f". {by_hand}, `enrich purchases reconcile` all that can be" if many else ""
    uncertain = in_number(many, "uncertain purchase reserves", "uncertain purchases reserve")
    return f"{uncertain} {reserved} USD{more}{way_on}"


def _line_data(line: LedgerLine, ends: Mapping[str, datetime]) -> dict[str, Any]:
    request = {"company_key": line.company_key, "asked_by": line.asked_by}
    end = ends.get(line.purchase.purchase_id)
    return {**as_plain(line.purchase), **request, "settled_by_itself_at": None if end is None else end.isoformat()}
