"""Every option and argument of the command line, declared once; one name means the same in each command."""

from pathlib import Path
from typing import Annotated

import typer

_COMPANY = 'A name, domain or address: "Tesla", tesla.com'

CompanyText = Annotated[str, typer.Argument(metavar="COMPANY", help=_COMPANY)]
MaybeCompanyText = Annotated[str | None, typer.Argument(metavar="[COMPANY]", help=_COMPANY)]
CompanyIds = Annotated[
    list[str] | None,
    typer.Option("--id", metavar="ID", help="Its id at a vendor: cik:320193, ticker:NASDAQ:AAPL, a LinkedIn page"),
]
Country = Annotated[str | None, typer.Option("--country", help="Where the company is: Germany, de")]
New = Annotated[bool, typer.Option("--new", help="A new company, not one of those registered under this name")]
Parent = Annotated[bool, typer.Option("--parent", help="Its parent company instead, if a source has named one")]
Consumer = Annotated[
    str, typer.Option("--for", metavar="CONSUMER", help="What kind of profile; see config/consumers.yaml")
]
Audience = Annotated[str | None, typer.Option("--audience", help="The vendor that the profile is written for")]
MaxCost = Annotated[str | None, typer.Option("--max-cost", metavar="USD", help="What this request may cost at most")]
MaxAge = Annotated[str | None, typer.Option("--max-age", metavar="AGE", help="No fact older than this, such as 3d")]
ConfirmAbove = Annotated[
    str | None, typer.Option("--confirm-above", metavar="USD", help="Ask before spending more than this")
]
StrategyName = Annotated[
    str | None, typer.Option("--strategy", help="enhanced, priority, legacy, or hybrid; see config/strategies.yaml")
]
AcceptStale = Annotated[
    bool, typer.Option("--accept-stale", help="Serve expired values, marked, where there are no better ones")
]
Datasets = Annotated[str | None, typer.Option("--datasets", help="Just these datasets, comma between them")]
Sources = Annotated[str | None, typer.Option("--sources", help="With --datasets: ask only these sources")]
OtherRules = Annotated[
    Path | None, typer.Option("--rules", metavar="DIR", help="With --replay: the other rules to try")
]
Replay = Annotated[
    str | None, typer.Option("--replay", metavar="AGE", help="Past requests once more under --rules, such as 30d")
]

RequestId = Annotated[str, typer.Argument(metavar="REQUEST", help="The id that `enrich company` printed")]
PurchaseId = Annotated[
    str, typer.Argument(metavar="PURCHASE", help="Its id, as `enrich purchases --uncertain` lists it")
]
SourceName = Annotated[str, typer.Argument(metavar="SOURCE", help="Its name in config/sources.yaml")]
ReviewId = Annotated[
    str | None, typer.Argument(metavar="[REVIEW]", help="Only this review, by the id that the list shows")
]
SameAs = Annotated[str | None, typer.Option("--same-as", metavar="KEY", help="The registered company that is meant")]
NoneOfThem = Annotated[bool, typer.Option("--new", help="None of the companies shown is meant")]
CompanyFile = Annotated[
    Path, typer.Argument(help="CSV, Excel, Parquet or JSON: companies, or people with their companies")
]
SheetName = Annotated[str | None, typer.Option("--sheet", help="Only this sheet of an Excel file")]
Encoding = Annotated[
    str | None, typer.Option("--encoding", help="The encoding of a CSV file, if it is guessed wrong: cp1251")
]
ColumnMap = Annotated[
    str | None,
    typer.Option("--map", metavar="PAIRS", help="What columns contain, if guessed wrong: 'Account=name,Web=website'"),
]
MaybeCompanyFile = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="CSV, Excel, Parquet or JSON of companies")
]
CompanyTexts = Annotated[
    str | None, typer.Option("--companies", help="Instead of a file: names or domains, comma between them")
]
Due = Annotated[
    bool,
    typer.Option("--due", help="Instead of a file: the profiles worth a refresh; see config/refresh.yaml"),
]
BatchConsumers = Annotated[
    str, typer.Option("--for", metavar="CONSUMERS", help="What kind of profiles, comma between them; one plan for all")
]
BatchBudget = Annotated[
    str | None, typer.Option("--max-cost", metavar="USD", help="What the whole batch may cost at most")
]
BatchId = Annotated[str, typer.Argument(metavar="BATCH", help="Its id, as `enrich batch list` shows it")]
Workers = Annotated[int, typer.Option("--workers", help="How many processes work on it, on this machine")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing but errors")]
CsvFile = Annotated[Path | None, typer.Option("--csv", help="Write the table to this CSV file")]
ParquetFile = Annotated[Path | None, typer.Option("--parquet", help="Write the table to this Parquet file")]
Yes = Annotated[bool, typer.Option("--yes", help="Do what is shown without asking")]
OtherCompany = Annotated[str, typer.Argument(metavar="INTO", help="The company that stays")]
NewCompany = Annotated[str, typer.Argument(metavar="NEW", help="Name or domain of the new company")]
EventId = Annotated[str, typer.Argument(metavar="EVENT", help="Its id, as `enrich companies events` lists it")]
TakenAliases = Annotated[
    list[str] | None, typer.Option("--alias", help="An alias of the new company; once for each alias")
]
TakenPurchases = Annotated[
    list[str] | None,
    typer.Option("--purchase", metavar="ID", help="A purchase for the new company; once for each purchase"),
]
Reason = Annotated[str, typer.Option("--reason", help="The reason, for later readers")]
RulesFolder = Annotated[Path | None, typer.Argument(help="Another folder than the configured one")]

Uncertain = Annotated[bool, typer.Option("--uncertain", help="Only uncertain purchases: they may or may not be billed")]
OfCompany = Annotated[str | None, typer.Option("--company", help="Only for this company")]
Since = Annotated[str | None, typer.Option("--since", metavar="AGE", help="No older than this, such as 7d")]
SettledUnits = Annotated[
    str | None, typer.Option("--units", help="How many units the vendor billed; left out, all that was reserved")
]

Rebuild = Annotated[bool, typer.Option("--rebuild", help="Build everything anew, not only what changed")]
Port = Annotated[int, typer.Option(help="0: any free one")]
TimeScale = Annotated[float, typer.Option(help="How much faster than real the vendors' clocks run")]

Sandbox = Annotated[bool, typer.Option("--sandbox", help="The vendors on localhost, and a store of their own")]
All = Annotated[bool, typer.Option("--all", help="Show every item of each list, and whole texts")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables")]


def _print_version(asked: bool) -> None:
    if asked:
        from importlib import metadata  # noqa: PLC0415  every command would pay for it

        typer.echo(f"enrich {metadata.version('enrichment')}")
        raise typer.Exit(0)


Version = Annotated[
    bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version, and nothing else")
]
