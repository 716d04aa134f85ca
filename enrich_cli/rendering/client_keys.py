"""How keys of the service look: one just made, and the list of them."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from enrich_cli.operations.client_keys import ListedKey
from enrich_cli.tables import listing
from enrichment.domain.access import ApiKey
from enrichment.domain.json_values import Json
from enrichment.domain.money import in_usd
from resources.secrets.client_keys import IssuedKey


def issued_view(issued: IssuedKey) -> RenderableType:
    """The secret is on a line of its own, never broken."""
    return Group(
        Text(issued.secret, overflow="ignore", no_wrap=True),
        Text(f"Key {issued.key.name} may {', '.join(issued.key.may)}{_limits(issued.key)}. It is shown only now."),
    )


def issued_data(issued: IssuedKey) -> dict[str, Json]:
    return {**_data(issued.key), "key": issued.secret}


def keys_view(keys: Sequence[ListedKey]) -> RenderableType:
    if not keys:
        return Text("There are no keys: the service answers on loopback only. `enrich keys add NAME` makes one.")
    table = listing("name", "may", "a day", "spent today", "a minute", "made", "", whole=("name",))
    for one in keys:
        key = one.key
        table.add_row(
            Text(key.name),
            ", ".join(key.may),
            "no cap of its own" if key.per_day is None else f"{in_usd(key.per_day)} USD",
            f"{in_usd(one.spent_today)} USD",
            "" if key.per_minute is None else f"{key.per_minute:,}",
            f"{key.created_at:%Y-%m-%d}",
            f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "",
        )
    return table


def keys_data(keys: Sequence[ListedKey]) -> list[dict[str, Json]]:
    return [{**_data(one.key), "spent_today_micro_usd": one.spent_today} for one in keys]


def _data(key: ApiKey) -> dict[str, Json]:
    return {
        "key_id": key.key_id,
        "name": key.name,
        "may": list(key.may),
        "per_day_micro_usd": key.per_day,
        "per_minute": key.per_minute,
        "approve_up_to_micro_usd": key.approve_up_to,
        "created_at": key.created_at.isoformat(),
        "revoked_at": None if key.revoked_at is None else key.revoked_at.isoformat(),
    }


def _limits(key: ApiKey) -> str:
    return "" if key.per_day is None else f", within {in_usd(key.per_day)} USD a day"
