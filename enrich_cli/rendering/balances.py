"""How balances look: a row per vendor: what is left, what was taken and bought since, and what that ended."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from enrich_cli.tables import listing
from enrichment.domain.money import in_units
from enrichment.domain.numbers import in_number
from enrichment.purchasing.reconciliation import Agreement, in_words, number
from resources.advice import advised
from resources.uncertain_purchases import AccountReading

_STYLES = {Agreement.AGREES: "green", Agreement.UNCERTAIN: "yellow", Agreement.DRIFT: "red"}


def balances_table(looks: Sequence[AccountReading], *, sandbox: bool) -> Table:
    """A row per vendor; where a vendor does not show what is left, the row states so."""
    table = listing("vendor", "left", "since", "taken", "bought", "drift", "", whole=("vendor",))
    for look in looks:
        table.add_row(look.status.provider, *_figures(look), Text("\n").join(_remarks(look, sandbox=sandbox)))
    return table


def is_wrong(look: AccountReading) -> bool:
    """The account could not be read, or differs from the ledger without an explanation."""
    drifts = look.comparison is not None and look.comparison.agreement is Agreement.DRIFT
    return look.status.problem is not None or drifts


def _figures(look: AccountReading) -> tuple[str, ...]:
    """left, since, taken, bought, drift."""
    found = look.comparison
    if found is None:
        return ("",) * 5
    left = in_units(found.now.amount, found.now.unit)
    if found.since is None:
        return (left, "", "", "", "")
    since = f"{found.since.at:%Y-%m-%d %H:%M}"
    return (left, since, number(found.change), str(found.bought), number(found.drift))


def _remarks(look: AccountReading, *, sandbox: bool) -> list[Text]:
    found, end = look.comparison, look.conclusion
    if found is None:
        return [Text(look.status.sentence, style="red" if look.status.problem else "")]
    remarks = [Text(in_words(found), style=_STYLES.get(found.agreement, ""))]
    for ended, what in (
        (end.settle, "billed: settled at what was reserved"),
        (end.release, "not billed: released"),
    ):
        if ended:
            remarks.append(
                Text(f"{in_number(len(ended), 'uncertain purchase was', 'uncertain purchases were')} {what}")
            )
    if end.left and found.since is not None:
        why = f" ({end.why})" if end.why else ""
        see = advised("`enrich purchases --uncertain`", sandbox=sandbox)
        remarks.append(Text(f"{in_number(len(end.left), 'stays', 'stay')} uncertain{why}: see {see}"))
    return remarks


def balances_data(looks: Sequence[AccountReading]) -> list[dict[str, Any]]:
    return [_look_data(look) for look in looks]


def _look_data(look: AccountReading) -> dict[str, Any]:
    status, found, end = look.status, look.comparison, look.conclusion
    data: dict[str, Any] = {"provider": status.provider, "ok": status.ok, "problem": status.problem}
    if found is None:
        return {**data, "says": status.sentence}
    data |= {"says": in_words(found), "at": found.now.at.isoformat(), "unit": found.now.unit}
    data |= {"left": number(found.now.amount), "verdict": found.agreement.name.lower()}
    if found.since is not None:
        data |= {"since": found.since.at.isoformat(), "taken": number(found.change), "bought": found.bought}
        data |= {"drift": number(found.drift), "unexplained": number(found.unexplained)}
    ended = {"settled": end.settle, "released": end.release, "still_uncertain": end.left}
    return {**data, **{name: [one.purchase_id for one in purchases] for name, purchases in ended.items()}}
