"""How verdicts look: one just given, and the list of them."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from enrich_cli.companies.verdicts import ListedVerdict
from enrich_cli.tables import listing
from enrichment.domain.json_values import Json
from enrichment.domain.knowledge import Verdict
from enrichment.domain.values import Value, in_words


def verdict_view(listed: ListedVerdict) -> RenderableType:
    verdict = listed.verdict
    right = f"; right is {_words(verdict.right)}" if verdict.right else ""
    wrong = f"{_words(verdict.wrong)} is wrong{_given_by(verdict.sources)}" if verdict.wrong else "nothing was known"
    what = f"{verdict.verdict_id} {_key(listed)} {verdict.dataset}: {wrong}{right}. Nothing was bought."
    return Text(f"{what} `enrich verdicts withdraw {verdict.verdict_id}` takes it back.")


def verdicts_view(listed: Sequence[ListedVerdict]) -> RenderableType:
    if not listed:
        return Text("There are no verdicts: `enrich reject COMPANY DATASET --because WHY` gives one.")
    table = listing("verdict", "wrong, and what is right", "because", whole=("verdict",))
    for one in listed:
        verdict = one.verdict
        table.add_row(
            Text("\n".join((verdict.verdict_id, _key(one), verdict.dataset, *_given(verdict)))),
            Text("\n".join((_words(verdict.wrong) or "nothing was known", *_instead(verdict)))),
            Text(verdict.because),
        )
    return table


def verdict_data(listed: ListedVerdict) -> dict[str, Json]:
    verdict = listed.verdict
    return {
        "verdict_id": verdict.verdict_id,
        "company": _key(listed),
        "dataset": verdict.dataset,
        "wrong": _value(verdict.wrong),
        "right": _value(verdict.right),
        "because": verdict.because,
        "sources": list(verdict.sources),
        "by": verdict.by,
        "at": verdict.at.isoformat(),
        "withdrawn_at": None if verdict.withdrawn_at is None else verdict.withdrawn_at.isoformat(),
        "withdrawn_by": verdict.withdrawn_by,
    }


def _given(verdict: Verdict) -> list[str]:
    """By whom and when it was given, and withdrawn."""
    given = f"by {verdict.by}, {verdict.at:%Y-%m-%d %H:%M} UTC"
    return [given] if verdict.withdrawn_at is None else [given, f"withdrawn {verdict.withdrawn_at:%Y-%m-%d}"]


def _instead(verdict: Verdict) -> list[str]:
    return [f"-> {_words(verdict.right)}"] if verdict.right else []


def _key(listed: ListedVerdict) -> str:
    return listed.verdict.company_id if listed.company is None else listed.company.key


def _value(value: Value | None) -> Json:
    return None if value is None else value.model_dump(mode="json")


def _words(value: Value | None) -> str:
    return "" if value is None else in_words(_value(value))


def _given_by(sources: Sequence[str]) -> str:
    return f" ({', '.join(sources)})" if sources else ""
