"""Run an Ask; where it is not sure which company is meant, once more with the one that a person chose."""

from collections.abc import Callable
from typing import TypeVar

from enrichment.identity.ambiguity import AmbiguousCompany
from enrichment.pipeline.stages import Ask

Answer = TypeVar("Answer")


def choosing(run: Callable[[Ask], Answer], ask: Ask, *, sandbox: bool, as_json: bool) -> Answer:
    """Raises AmbiguousCompany without a terminal; with as_json it prints the candidates and ends with exit code 5."""
    try:
        return run(ask)
    except AmbiguousCompany as error:
        from enrich_cli.requests.company_choice import chosen_company  # noqa: PLC0415  a known company needs no candidates

        ask = chosen_company(error, ask, sandbox=sandbox, as_json=as_json)
    return run(ask)
