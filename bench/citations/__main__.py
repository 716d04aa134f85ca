"""Ask 69 labelled questions in sessions over the sandbox: `python -m bench.citations [labels | caps | inventing]`.

no word: claims, verdicts, unsupported, precision and recall, then over pages of another hand
labels: writes labels.csv anew
caps: 100 questions, each within a budget at random: all end, none costs more; exit code 1 where that is not so
inventing: a model that plants sentences nobody wrote among its answers: none of them is kept
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from bench.citations import other_hands
from bench.citations.inventing_model import InventingModel
from bench.citations.measures import CapCounts, CitationCounts, InventionCounts
from bench.citations.questions import NOON, questions, write_labels
from bench.money.sandbox_setup import copied_rules, unlimited_vendors
from enrichment.context.run_context import RunContext
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.domain.knowledge import Fact
from enrichment.domain.research import Persona, Question, Session
from enrichment.pipeline.identify import company_for
from enrichment.research.events.first_events import question_received, session_started
from enrichment.research.requests.question_requests import ResearchContext
from enrichment.research.worker import research
from enrichment.rules import Rules, load_rules
from resources.settings import Settings
from resources.store import SqlStore, open_store
from resources.wiring import open_context, sandbox_file
from sandbox.app import create_app
from sandbox.companies.catalogue import Catalogue
from sandbox.server import served

_SELLER = Persona("Ann", "account executive", "snowflake.com", "a data platform in the cloud, for engineering teams")
_BUDGET, _SEED, _CAPS, _SCALE = 5_000_000, 14, 100, 200


async def answered(text: str, budget: int, rules: Rules, context: RunContext, store: SqlStore) -> Mapping[str, Any]:
    vendor = await _vendor(context, store)
    session = Session(new_id("ses"), "", _SELLER, vendor.company_id, budget, NOON, "bench")
    question = Question(new_id("qst"), session.session_id, 1, text, NOON)
    events = [session_started(session), question_received(question)]
    store.sessions.open(session, events, question=question, key=None)
    claimed = store.sessions.claim_one(question.question_id, "bench", lease_until=NOON + timedelta(minutes=1))
    assert claimed is not None
    runs_in = ResearchContext(store.sessions, rules, context, "bench", "bench", lambda: False, lambda: False)
    await research(claimed, session, runs_in)
    ended = store.sessions.question(question.question_id)
    return {} if ended is None else ended.answer or {}


async def measured(rules: Rules, context: RunContext, store: SqlStore) -> CitationCounts:
    counts = CitationCounts()
    vendor = await _vendor(context, store)
    for asked in questions():
        answer = await answered(asked.question, _BUDGET, rules, context, store)
        counts.add(asked, answer, _facts(store, vendor, asked.company))
    return counts


async def invented(rules: Rules, context: RunContext, store: SqlStore, model: InventingModel) -> InventionCounts:
    counts = InventionCounts()
    vendor = await _vendor(context, store)
    for asked in questions():
        before = len(model.planted)
        answer = await answered(asked.question, _BUDGET, rules, context, store)
        counts.add(answer, model.planted[before:], _facts(store, vendor, asked.company))
    return counts


async def capped(rules: Rules, context: RunContext, store: SqlStore) -> CapCounts:
    """Budgets from a third of a cent to 2 USD, as many small ones as large ones."""
    chance, counts = Random(_SEED), CapCounts()
    vendor = await _vendor(context, store)
    for company in Catalogue().companies[-_CAPS:]:
        budget = int(10 ** chance.uniform(3.5, 6.3))
        text = f"How should I position Snowflake to {company.domain}?"
        answer = await answered(text, budget, rules, context, store)
        counts.add(answer, _facts(store, vendor, company.domain), budget=budget)
    return counts


def _facts(store: SqlStore, vendor: Company, key: str) -> list[Fact]:
    """All stored facts of the company and of the vendor."""
    company = store.companies.by_key(key)
    ids = [vendor.company_id, *([] if company is None else [company.company_id])]
    return [fact for known in store.knowledge.known_many(ids).values() for fact in known.facts]


async def _vendor(context: RunContext, store: SqlStore) -> Company:
    company = await company_for(_SELLER.company, context)
    if company.company_id:
        return company
    (company,) = store.companies.add([replace(company, company_id=new_id("com"))])
    return company


async def _run(url: str, folder: Path, words: Sequence[str]) -> None:
    if "inventing" in words:
        model = InventingModel(url, _SEED)
        with model.served() as address:
            await _measure(url, folder, words, (model, address))
    else:
        await _measure(url, folder, words, None)


async def _measure(url: str, folder: Path, words: Sequence[str], inventing: tuple[InventingModel, str] | None) -> None:
    config = copied_rules(folder / "config", {"providers": unlimited_vendors(_SCALE)})
    settings = Settings(enrich_home=folder / "home", enrich_config=config, enrich_world="sandbox")
    if inventing is not None:
        own = settings.with_variables({"OPENAI_BASE_URL": inventing[1]})
        settings = own.model_copy(update={"enrich_sandbox_model": "own"})
    settings.home.mkdir(parents=True)
    sandbox_file(settings).write_text(json.dumps({"url": url, "time_scale": _SCALE}), encoding="utf-8")
    rules, store = load_rules(config), open_store(settings.store_url, world="sandbox")
    async with open_context(settings, rules, store=store, now=lambda: NOON) as context:
        if inventing is not None:
            _show_inventions(await invented(rules, context, store, inventing[0]))
        elif "caps" in words:
            counts = await capped(rules, context, store)
            _show_caps(counts)
            if not counts.questions == counts.ended == counts.within == counts.cited:
                sys.exit("A question did not end, cost more than its budget, or cites what is not borne out.")
        else:
            _show(await measured(rules, context, store))
            print("pages of another hand:")
            _show(other_hands.measured(rules))
    store.close()


def _show(counts: CitationCounts) -> None:
    print(f"{counts.questions} questions, {counts.answered} cite a labelled piece; {counts.by_rule} answered by rule")
    verdicts = f"exact {counts.exact}, normalised {counts.normalised}, read {counts.read}; dropped {counts.dropped}"
    print(f"claims {counts.claims}: {verdicts}")
    print(f"unsupported among the kept {counts.unsupported}")
    print(f"citation precision {counts.precision:.3f}, citation recall {counts.recall:.3f}")


def _show_inventions(counts: InventionCounts) -> None:
    print(f"a model that invents: {counts.planted} sentences planted in {counts.answers} answers (seed {_SEED})")
    print(f"the rule of the bench sees {counts.seen} of them; kept {counts.kept}")
    print(f"claims {counts.claims}, unsupported among the kept {counts.unsupported}")


def _show_caps(counts: CapCounts) -> None:
    print(f"{counts.questions} random caps (seed {_SEED}): {counts.ended} ended, {counts.within} within their budget")
    print(f"{counts.cited} cite what there is, all of it borne out; {counts.with_claims} had something to cite")
    print(f"{counts.told} say what is missing and why; {counts.over_budget} were cut short, and say what it would cost")


def main(words: Sequence[str]) -> None:
    if "labels" in words:
        write_labels()
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.monotonic()  # on the day of the labels the vendors' jobs need time
        app = create_app(
            folder / "vendors", time_scale=_SCALE, read_time=lambda: NOON.timestamp() + time.monotonic() - began
        )
        with served(app) as url:
            asyncio.run(_run(url, folder, words))


if __name__ == "__main__":
    main(sys.argv[1:])
