"""How `enrich sources check` looks: a row per provider, then the suspended sources."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from enrich_cli.operations.source_checks import SourceChecks
from enrichment.domain.purchases import Outage
from enrichment.planning.skip_reasons import because
from enrichment.rules import Rules
from resources.advice import advised
from resources.providers import CLIENTS
from resources.providers.vendor_client import AccountStatus


def providers_view(checks: SourceChecks, *, sandbox: bool) -> RenderableType:
    """provider, mark, what it answered and what to do, prices (USD per unit)."""
    marks = {s.provider: (_mark(s), _answer(s, checks.outages.get(s.provider))) for s in checks.statuses}
    marks |= {
        name: (f"[yellow]{'no credentials' if name in CLIENTS else 'no client'}[/]", why)
        for name, why in checks.missing.items()
    }
    table = Table("provider", "", "answer", "prices (USD per unit)")
    for name in checks.rules.providers:
        table.add_row(name, *marks[name], "\n".join(_prices(checks.rules, name)))
    suspended = (advised(f"suspended: {because(suspension)}.", sandbox=sandbox) for suspension in checks.suspensions)
    return Group(table, *(Text(sentence, style="red") for sentence in suspended))


def _mark(status: AccountStatus) -> str:
    if status.problem is not None:
        return f"[red]{status.problem}[/]"
    if status.ok is False:
        return "[red]refused[/]" if status.left is None else "[red]used up[/]"
    return "[yellow]unknown[/]" if status.ok is None else "[green]ok[/]"


def _answer(status: AccountStatus, outage: Outage | None) -> str:
    """What the vendor answered, and what that changes for a provider that is not asked at the moment."""
    if outage is None:
        return status.sentence
    if status.ok:
        return f"{status.sentence} It was unavailable, and is asked again from now on."
    return f"{status.sentence} It is not asked before {outage.until:%H:%M:%S} UTC."


def _prices(rules: Rules, provider: str) -> Iterator[str]:
    entry = rules.providers[provider]
    for unit, price in entry.prices.items():
        yield f"{unit} {price.usd.normalize():f} ({price.confidence})"
    for model, tokens in entry.models.items():
        yield (
            f"{model}: {tokens.input_token.usd_per_unit} in, {tokens.output_token.usd_per_unit} out "
            f"per {tokens.input_token.per:,} tokens ({tokens.input_token.confidence})"
        )
