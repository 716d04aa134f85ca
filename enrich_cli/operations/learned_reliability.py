"""`enrich report reliability`: how often sources were right where their answers could be compared.

warehouse, brought up to date -> answers of the same companies -> Estimate by dataset -> table, config/reliability.yaml
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.text import Text

from enrich_cli.bootstrap import opened_store, opened_warehouse
from enrich_cli.tables import Name, listing
from enrich_cli.terminal import console
from enrichment.learning.estimate_reliability import Estimate
from enrichment.rules import DatasetReliability, Rules
from enrichment.rules.reliability import with_use
from resources.settings import Settings
from resources.warehouse.comparable_answers import comparable_answers, estimates


@dataclass(frozen=True, slots=True)
class LearnedReliability:
    settings: Settings
    rules: Rules
    estimates: Mapping[str, Estimate]

    @property
    def figures(self) -> dict[str, DatasetReliability]:
        """The figures of datasets in which an answer was checked."""
        found = {dataset: estimate.figures for dataset, estimate in self.estimates.items()}
        return {name: one for name, one in found.items() if any(source.checked for source in one.sources.values())}

    @property
    def untold(self) -> list[str]:
        """The datasets that several sources answer, of which nothing can be told."""
        several = (name for name, estimate in self.estimates.items() if len(estimate.figures.sources) > 1)
        return sorted({*several} - self.figures.keys())

    @property
    def lines(self) -> dict[str, DatasetReliability]:
        """The lines as they are written, each used as people said of the one that is there."""
        return with_use(self.rules.reliability_lines, self.figures)


def learned_reliability(*, sandbox: bool) -> LearnedReliability:
    """Nothing is bought, and no rule is written. Raises RulesError, SettingsError, StoreError."""
    with (
        opened_store(sandbox=sandbox) as (settings, rules, store),
        opened_warehouse(settings) as warehouse,
        console.status("comparing answers"),
    ):
        warehouse.build(store)
        with warehouse.reading() as connection:
            found = comparable_answers(connection, rules)
        return LearnedReliability(settings, rules, dict(estimates(found, rules, store.knowledge.rereadings())))


def reliability_view(learned: LearnedReliability) -> RenderableType:
    lines = learned.lines
    if not learned.figures:
        return Text(
            "No three sources, and no person, spoke of the same company yet, so no answer could be checked: how often "
            "two sources agree does not tell which of them is right."
        )
    table = listing("dataset", "source", "in the rules", "right", "90 % interval", "repeats a feed with", "use")
    for dataset, figures in learned.figures.items():
        for source, found in figures.sources.items():
            if not found.checked:
                continue
            low, high = learned.estimates[dataset].interval[source]
            feed = next((f for f in figures.feeds if source in f.copied), None)
            promised = learned.rules.sources[source].datasets.get(dataset)
            table.add_row(
                Name(dataset),
                Name(source),
                f"{promised.reliability:.2f}" if promised else "",
                f"{found.right:,} of {found.checked:,}",
                f"{low:.2f} to {high:.2f}",
                ", ".join(sorted(set(feed.copied) - {source})) if feed else "",
                lines[dataset].sources[source].use,
            )
    people = listing("dataset", "what was said by", "likely right")
    for dataset, estimate in learned.estimates.items():
        for person, said in estimate.people.items():
            people.add_row(Name(dataset), person, f"{said.right:,} of {said.checked:,}")
    how = (
        "by people and by what other sources say"
        if people.row_count
        else "by what other sources say: no person has checked"
    )
    words = Text(f"Right is an estimate, {how}. 0.90 in the rules: 90 of 100 values are expected to be right.")
    if learned.untold:
        words.append(
            f" Nothing can be told of {', '.join(learned.untold)}: only two sources can be compared there, and no "
            "person has checked."
        )
    return Group(table, people, words) if people.row_count else Group(table, words)


def reliability_data(learned: LearnedReliability) -> dict[str, object]:
    return {dataset: lines.model_dump(mode="json") for dataset, lines in learned.lines.items()}
