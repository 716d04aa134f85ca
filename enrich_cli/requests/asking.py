"""From what was typed for one company to an Ask.

Imports nothing that a request needs, so that a wrong option is refused at once.
"""

from collections.abc import Sequence

from enrich_cli.errors import UsageError
from enrich_cli.typed_values import names, seconds_of, usd
from enrichment.identity.countries import country_code
from enrichment.identity.vendor_ids import stated_id
from enrichment.pipeline.stages import Ask


def ask_from(
    text: str,
    consumer: str,
    audience: str | None,
    *,
    max_cost: str | None,
    strategy: str | None,
    max_age: str | None,
    datasets: str | None,
    sources: str | None,
    accept_stale: bool,
    ids: Sequence[str] | None = None,
    country: str | None = None,
    new: bool = False,
) -> Ask:
    """Raises UsageError."""
    if not text.strip():
        raise UsageError("No company was given: give its website, such as tesla.com, or its name.")
    if sources and not datasets:
        raise UsageError("--sources goes with --datasets: name the datasets these sources should answer.")
    return Ask(
        company=text,
        consumers=(consumer,),
        audience=_named("--audience", audience),
        strategy=_named("--strategy", strategy),
        max_cost=None if max_cost is None else usd("--max-cost", max_cost),
        max_age=None if max_age is None else _age(max_age),
        datasets=names("--datasets", datasets),
        sources=names("--sources", sources),
        accept_stale=accept_stale,
        ids=_ids(ids or ()),
        country=None if country is None else _country(country),
        new=new,
    )


def _ids(typed: Sequence[str]) -> tuple[str, ...]:
    """Raises UsageError."""
    found = []
    for text in typed:
        if (one := stated_id(text)) is None:
            examples = "cik:320193, ticker:NASDAQ:AAPL, kg:/m/0k8z, linkedin:apple, crunchbase:apple"
            raise UsageError(f"--id takes an id with its kind ({examples}), or a company's page there, not '{text}'.")
        found.append(one)
    return tuple(found)


def _country(text: str) -> str:
    """Raises UsageError."""
    if not (code := country_code(text)):
        raise UsageError(f"--country takes a country such as Germany or de, not '{text}'.")
    return code


def _named(option: str, text: str | None) -> str | None:
    if text is not None and not text.strip():
        raise UsageError(f"{option} is empty: put a name behind it, or leave it out.")
    return text


def _age(text: str) -> int:
    """Seconds a fact may be old; at least one. Raises UsageError."""
    seconds = seconds_of("--max-age", text)
    if seconds <= 0:
        raise UsageError(f"--max-age {text} would let no fact count: give an age such as 3d, or leave it out.")
    return seconds
