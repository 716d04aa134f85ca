"""A source of a known provider is YAML and a reader; a consumer is YAML alone."""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from enrichment.domain.values import Text
from enrichment.parsing import READERS, ParsedValue, ReaderEntry, ReaderInput
from enrichment.rules import load_rules
from tests.acceptance.conftest import Stack
from tests.support.examples import FROZEN


def edited(tmp_path: Path, **changes: dict[str, Any]) -> Path:
    folder = tmp_path / "config"
    shutil.copytree(FROZEN, folder)
    for name, change in changes.items():
        path = folder / f"{name}.yaml"
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        data.update(change)
        path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return folder


def test_a_consumer_by_yaml_alone_gets_its_profile(stack: Stack, tmp_path: Path) -> None:
    who_is_it = {"required": ["company_name", "industry"], "profile_ttl": "1d", "max_cost_usd": "0.40"}
    stack.rules = load_rules(edited(tmp_path, consumers={"who_is_it": who_is_it}))
    enriched = asyncio.run(stack.ask("tesla.com", "who_is_it"))
    assert enriched.request.state == "complete"
    assert set(enriched.profile.document["datasets"]) == {"company_name", "industry"}


def read_slogan(subject: ReaderInput) -> Iterator[ParsedValue]:
    for index, row in enumerate(subject.payload["search"].get("organic_results", [])[:1]):
        yield ParsedValue("slogan", Text(text=row["title"]), 1.0, f"search.organic_results[{index}].title")


def test_a_source_by_yaml_and_one_reader_is_planned_bought_and_read(stack: Stack, tmp_path: Path) -> None:
    stack.readers = {**READERS, "serp_slogan": ReaderEntry(read_slogan)}
    source = {
        "provider": "serpapi",
        "question": {"engine": "google", "q": "{quoted_name} slogan"},
        "charged": "always",
        "unit": "search",
        "expected_units": 1,
        "max_units": 1,
        "ttl": "7d",
        "match_rate": 0.9,
        "datasets": {"slogan": {"fill_rate": 0.9, "reliability": 0.9}},
    }
    folder = edited(
        tmp_path,
        sources={"serp_slogan": source},
        datasets={"slogan": {"sources": ["serp_slogan"], "quality_threshold": 0.8}},
        consumers={"branding": {"required": ["slogan"], "profile_ttl": "1d", "max_cost_usd": "0.40"}},
    )
    stack.rules = load_rules(folder)
    enriched = asyncio.run(stack.ask("Tesla", "branding"))
    shown = enriched.profile.document["datasets"]["slogan"]
    assert shown["status"] == "satisfied"
    assert shown["values"][0]["source"] == "serp_slogan"


def test_a_cheaper_price_counts_from_the_next_plan(stack: Stack, tmp_path: Path) -> None:
    before = asyncio.run(stack.ask("tesla.com", "profile")).request.cost_micro_usd
    prices = yaml.safe_load((FROZEN / "providers.yaml").read_text(encoding="utf-8"))["brightdata"]
    prices["prices"]["company_record"]["usd_per_unit"] = "0.01"
    stack.rules = load_rules(edited(tmp_path, providers={"brightdata": prices}))
    after = asyncio.run(stack.ask("microsoft.com", "profile")).request.cost_micro_usd
    assert after < before


def test_a_newer_reader_reads_stored_replies_again_for_nothing(stack: Stack) -> None:
    async def read_again() -> None:
        first = await stack.ask("tesla.com", "profile")
        old = READERS["brightdata_company_db"]
        stack.readers = {**READERS, "brightdata_company_db": replace(old, version=old.version + 1)}
        again = await stack.ask("tesla.com", "customer_enrichment", datasets=("industry",))
        assert again.request.cost_micro_usd == 0
        [head] = [
            r
            for r in stack.store.knowledge.known(first.company.company_id).replies
            if r.source == "brightdata_company_db"
        ]
        assert head.reader_version == old.version + 1

    asyncio.run(read_again())
