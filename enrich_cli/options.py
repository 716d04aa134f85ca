"""Every option and argument of the command line, declared once; one name means the same in each command."""

from pathlib import Path
from typing import Annotated

import typer

_COMPANY = 'A name, domain or address: "Tesla", tesla.com'

CompanyText = Annotated[str, typer.Argument(metavar="COMPANY", help=_COMPANY)]
MaybeCompanyText = Annotated[str | None, typer.Argument(metavar="[COMPANY]", help=_COMPANY)]
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
    str | None, typer.Option("--strategy", help="enhanced, priority, legacy, or hybrid where it is described")
]
AcceptStale = Annotated[
    bool, typer.Option("--accept-stale", help="Serve expired values where nothing better is to be had, marked")
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
CompanyFile = Annotated[
    Path, typer.Argument(help="CSV, Excel, Parquet or JSON: companies, or people with their companies")
]
SheetName = Annotated[str | None, typer.Option("--sheet", help="Of an Excel file, only this sheet")]
Encoding = Annotated[str | None, typer.Option("--encoding", help="Of a CSV file, where it is guessed wrong: cp1251")]
ColumnMap = Annotated[
    str | None,
    typer.Option("--map", metavar="PAIRS", help="What columns hold, where guessed wrong: 'Account=name,Web=website'"),
]
Yes = Annotated[bool, typer.Option("--yes", help="Take what was understood without asking")]
RulesFolder = Annotated[Path | None, typer.Argument(help="Another folder than the configured one")]

Uncertain = Annotated[bool, typer.Option("--uncertain", help="Only those that may or may not be billed")]
OfCompany = Annotated[str | None, typer.Option("--company", help="Only for this company")]
Since = Annotated[str | None, typer.Option("--since", metavar="AGE", help="No older than this, such as 7d")]
SettledUnits = Annotated[
    str | None, typer.Option("--units", help="How many units the vendor billed; left out, all that was reserved")
]

Rebuild = Annotated[bool, typer.Option("--rebuild", help="From nothing, instead of what changed")]
Port = Annotated[int, typer.Option(help="0: any free one")]
TimeScale = Annotated[float, typer.Option(help="How much faster than real the vendors' clocks run")]

Sandbox = Annotated[bool, typer.Option("--sandbox", help="The vendors on localhost, and a store of their own")]
All = Annotated[bool, typer.Option("--all", help="Every item of each list, and texts as a whole")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables")]


def _print_version(asked: bool) -> None:
    if asked:
        from importlib import metadata  # noqa: PLC0415  every command would pay for it

        typer.echo(f"enrich {metadata.version('enrichment')}")
        raise typer.Exit(0)


Version = Annotated[
    bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version, and nothing else")
]
