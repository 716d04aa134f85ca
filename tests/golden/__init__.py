"""What was reviewed by eye, and how it is made again: `python -m tests.golden` renews these and the asset graph.

plan.txt: a plan of an invented company    capped.txt: with a cap that binds    unknown.txt: without a known domain
trace.txt: a request in the sandbox while a vendor is down
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType

from enrich_cli.rendering.plan import plans_view
from enrich_cli.rendering.trace import trace_tree
from enrichment.domain.knowledge import Known
from enrichment.planning.plan import Plan, make_plan, make_plans
from enrichment.planning.plan_inputs import PlanInputs
from enrichment.rules.requirements import custom, requirements_of
from tests.support.examples import MATRIX, NOON, acme, known_from

if TYPE_CHECKING:
    from tests.acceptance.conftest import Stack

FOLDER = Path(__file__).parent
_IDS = re.compile(r"\b(req|pur|rep|com|prf|pro|ana|evt)_[0-9a-f]{12,}")
_SECONDS = re.compile(r"\b\d+(\.\d+)? s\b")


def read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def printed(view: RenderableType) -> str:
    """As on a wide terminal without colours; ids and measured seconds, which differ every time, masked."""
    out = StringIO()
    Console(file=out, width=200, no_color=True, force_terminal=False).print(view)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    return _SECONDS.sub("? s", _IDS.sub(r"\1_", "\n".join(lines))) + "\n"


def plan_text() -> str:
    """Acme, three days after a profile was made of it, and a week after Snov did not know it."""
    profile = known_from(
        ("google_knowledge_graph", ["company_name", "domain", "company_description"]),
        ("brightdata_company_db", ["company_name", "domain", "industry"]),
    )
    contacts = known_from(("snov_contacts", []), at=NOON - timedelta(days=4))
    known = Known((*profile.replies, *contacts.replies), (*profile.facts, *contacts.facts))
    plan = make_plan(
        PlanInputs(
            MATRIX,
            requirements_of(MATRIX, ["customer_enrichment"]),
            acme(),
            known,
            strategy="enhanced",
            now=NOON + timedelta(days=3),
            unavailable={"apollo_contacts": ("no credentials", "set APOLLO_API_KEY in .env")},
        )
    )
    return _printed_plans(plan)


def capped_text() -> str:
    """Acme, of which nothing is known, for 0.45 USD: technographics need the industry, and intent data is too
    unreliable to be more than a last resort.
    """
    intent, technographics = (MATRIX.sources[s] for s in ("brightdata_intent_data", "brightdata_technographics"))
    doubtful = intent.datasets["purchase_intent"].model_copy(update={"reliability": 0.6})
    sources = {
        **MATRIX.sources,
        "brightdata_intent_data": intent.model_copy(update={"datasets": {"purchase_intent": doubtful}}),
        "brightdata_technographics": technographics.model_copy(update={"needs": ("domain", "industry")}),
    }
    rules = MATRIX.model_copy(update={"sources": sources})
    requirements = custom(
        rules,
        ["industry", "tech_stack", "purchase_intent"],
        ["brightdata_firmographics", "brightdata_technographics", "brightdata_intent_data"],
    ).within(max_cost=450_000, oldest=None)
    return _printed_plans(
        make_plan(PlanInputs(rules, requirements, acme(), Known(), strategy="enhanced", now=NOON, unavailable={})),
    )


def unknown_text() -> str:
    """Acme by its name alone."""
    requirements = requirements_of(MATRIX, ["profile"])
    return _printed_plans(*make_plans(PlanInputs(MATRIX, requirements, acme(domain=None), Known(), "enhanced", NOON)))


PLANS: dict[str, Callable[[], str]] = {
    "plan.txt": plan_text,
    "capped.txt": capped_text,
    "unknown.txt": unknown_text,
}


def _printed_plans(*plans: Plan) -> str:
    return printed(plans_view([replace(plan, rules_hash="(hash)") for plan in plans], home="/home/user/.enrich"))


def trace_text(stack: "Stack") -> str:
    """A profile of Tesla while Bright Data is down: the domain bought first, a failure, what the fallbacks brought."""
    stack.fault("brightdata", "down")
    enriched = asyncio.run(stack.ask("Tesla", "profile"))
    store, id_ = stack.store, enriched.request.request_id
    request = store.requests.by_id(id_)
    assert request is not None
    purchases, reads = store.ledger.purchases(id_), store.requests.cache_reads(id_)
    tree = trace_tree(request, store.requests.events(id_), purchases, reads, sandbox=False)
    return printed(tree).replace(stack.rules.hash, "(hash)")
