"""Companies asked for by name while vendors show others in their place: each gets its own domain, none another's."""

import asyncio
from collections.abc import Sequence

from enrichment.pipeline.enrich import Ask, Enriched, enrich
from resources.wiring import open_context
from sandbox.companies.catalogue import Catalogue, CatalogueCompany
from sandbox.companies.traps import SHARES, traps_of
from tests.acceptance.conftest import Stack

SEED = 1
"""Of the sandbox: of `create_app` where none is given."""
ASKED = 250
AT_ONCE = 16


def test_of_250_companies_asked_by_name_each_has_its_own_domain_and_none_is_merged(stack: Stack) -> None:
    companies = Catalogue().companies[:ASKED]
    met = {(source, trap) for source in SHARES for one in companies for trap in traps_of(SEED, source, one)}
    assert met == {(source, trap) for source, shares in SHARES.items() for trap in shares}

    found = asyncio.run(_asked(stack, companies))

    assert {one.name: found[one.name].company.domain for one in companies} == {
        one.name: one.domain for one in companies
    }
    assert len({enriched.company.company_id for enriched in found.values()}) == ASKED
    assert {company.key for company in stack.store.companies.all()} == {one.domain for one in companies}


async def _asked(stack: Stack, companies: Sequence[CatalogueCompany]) -> dict[str, Enriched]:
    async with open_context(stack.settings, stack.rules, store=stack.store, now=stack.clock.now) as context:
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(name: str) -> Enriched:
            async with slots:
                ask = Ask(name, datasets=("company_name", "domain"))
                return await enrich(ask, rules=stack.rules, context=context)

        answered = await asyncio.gather(*(one(company.name) for company in companies))
        return {company.name: enriched for company, enriched in zip(companies, answered, strict=True)}
